"""The model of one path: components declare, this module alone balances, discounts and weighs.

    balance[i,m,c,t]:  arriving + made + drawn + downgraded in = shipped + taken + filled + delivered
                                                                 + downgraded out + surplus                       [t]
    cost = Σ_entries weight·discount[t]·amount                                                                   [k$]

`build(instance)` gives an ordinary Pyomo ConcreteModel with one block a component, so an analyst can look at
`path.stock.roll` or add a constraint with `extra=`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sourcing.components import DECLARED, channels, production
from sourcing.components.horizon import discount, settings
from sourcing.instance import Instance
from sourcing.ledger import Entry, Ledger
from sourcing.lots import reach
from sourcing.traced import Cell, Traced


@contextmanager
def uncollected() -> Iterator[None]:
    """Without collecting garbage: a build makes many small objects and no garbage, and looking for it takes longer."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@uncollected()
def build(instance: Instance, extra: Callable[[Any], None] | None = None, view: str | None = None) -> Any:
    """The Pyomo model of an instance's base path; tonnes and k USD.

    `extra(path)` may add constraints before it is compiled. `view` ("system" or "buyer") replaces the setting. The
    model carries `path.ledger` (posted terms), `path.lots` (labels) and `path.instance`.

    >>> from pyomo.environ import Constraint, value
    >>> def at_most_2000_t_short(path):
    ...     path.extra.cap = Constraint(expr=sum(path.demand.short.values()) <= 2000)
    >>> path = build(instance, at_most_2000_t_short)
    >>> value(path.extra.cap.upper)
    2000.0
    """
    from pyomo.common.numeric_types import RegisterNumericType
    from pyomo.core.expr import LinearExpression
    from pyomo.environ import Block, ConcreteModel, Constraint, Objective, Var

    for number in (Traced, Cell):  # the model of traced rows is built like any other
        RegisterNumericType(number)
    lots = reach(instance)
    ledger = Ledger(instance, view or settings(instance).view)
    path = ConcreteModel(name=instance.name)
    path.nothing = Var(bounds=(0.0, 0.0))
    for component in DECLARED:
        component.declare(path, instance, lots, ledger)
    channels.declare_resale(path, instance, lots, ledger)
    production.declare_running(path, instance, lots, ledger)

    def balance(_: Any, site: str, material: str, label: str, t_id: str) -> Any:
        key = (site, material, label, t_id)
        pairs = ledger.balances[key]
        if not pairs:
            return Constraint.Skip
        constant = ledger.supplies.get(key, 0.0)
        coefficients, variables = zip(*pairs, strict=True)
        body = LinearExpression(constant=0, linear_coefs=list(coefficients), linear_vars=list(variables))
        return body == -constant

    path.balance = Constraint(list(ledger.balances), rule=balance)
    coefficients, variables, constant = [], [], 0.0
    for entry in ledger.entries:
        if factor := counted(instance, ledger, entry):
            constant += factor * entry.constant
            coefficients += [factor * coefficient for coefficient, _ in entry.terms]
            variables += [variable for _, variable in entry.terms]
    path.cost = Objective(expr=LinearExpression(constant=constant, linear_coefs=coefficients, linear_vars=variables))
    if extra is not None:
        path.extra = Block()
        extra(path)
    path.instance, path.ledger, path.lots = instance, ledger, lots
    return path


def counted(instance: Instance, ledger: Ledger, entry: Entry) -> float:
    """What a k USD of an entry counts in the objective: its weight times the discount of its period."""
    return ledger.count(entry) * discount(instance, entry.period)
