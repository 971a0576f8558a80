"""Positions: the ledger of a solved path as tables, and what every party pays and earns.

The objective and these tables read the same entries, so the two cannot disagree: the column Counts sums to the
objective.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sourcing.components.horizon import discount
from sourcing.components.places import Entity, is_allied, role_of
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.ledger import PLANNER, VALUE_KINDS, Party
from sourcing.sheets import Row
from sourcing.solver import Solution
from sourcing.tables import Table, fields


def shares(solution: Solution, party: Party) -> list[tuple[str, float]]:
    """Who bears an amount, and which part: several share it by what they take, in equal parts if nobody takes."""
    if isinstance(party, str):
        return [(party, 1.0)]
    taken = [solution.total(terms) for _, terms in party]
    whole = sum(taken)
    return [(name, part / whole if whole else 1 / len(party)) for (name, _), part in zip(party, taken, strict=True)]


def payments(solution: Solution) -> Iterator[tuple[str, str, str, str, Any, float, float]]:
    """Every payment: payer, payee, kind, where, period, amount in M USD (undiscounted), weight in the objective."""
    for entry, amount in solution.amounts():
        weight = solution.ledger.count(entry)
        for payer, paid in shares(solution, entry.payer):
            for payee, got in shares(solution, entry.payee):
                part = amount / 1000 * paid * got
                if part:
                    yield payer, payee, entry.kind, entry.where, entry.period, part, weight


def costs(solution: Solution) -> Table:
    """The ledger."""
    table = Table(
        "Costs",
        fields(
            "Payer", "Payee", "Kind", "Where", "Period", ("Amount", "M USD"), ("Weight", "1"), ("Discount", "1"),
            ("Counts", "M USD"),
        ),
        "Who pays whom for what (no payee: a resource cost). Counts = amount·weight·discount sums to the objective.",
    )  # fmt: skip
    for payer, payee, kind, where, t, amount, weight in payments(solution):
        factor = discount(solution.instance, t)
        table.add(payer, payee, kind, where, t.id, amount, weight, factor, amount * weight * factor)
    return table


def parties(solution: Solution, ledger: Table) -> Table:
    """What each party earns and pays over the horizon, undiscounted, without the value of shortage."""
    table = Table(
        "Parties",
        fields(
            "Party",
            "Name",
            "Role",
            "Allied",
            ("Earns", "M USD"),
            ("Pays", "M USD"),
            ("Net", "M USD"),
            ("Margin", "%"),
            "Flag",
        ),
        "What each party earns and pays, whichever view was planned; not discounted, without committed capex. Margin: "
        "what a supplier keeps of what it earns.",
    )
    instance = solution.instance
    earned: dict[str, float] = {}
    paid: dict[str, float] = {}
    for row in ledger.records():
        if row["Kind"] in VALUE_KINDS:
            continue
        paid[row["Payer"]] = paid.get(row["Payer"], 0.0) + row["Amount"]
        if row["Payee"]:
            earned[row["Payee"]] = earned.get(row["Payee"], 0.0) + row["Amount"]
    order = [entity.entity for entity in instance[Entity]]
    extra = sorted((set(earned) | set(paid)) - set(order) - {PLANNER})
    for name in [*order, *extra]:
        got, gave = earned.get(name, 0.0), paid.get(name, 0.0)
        if not got and not gave:
            continue
        role = role_of(instance, name)
        title = instance.row(Entity, name).name if instance.has(Entity, name) else f"Treasury of {name.split(':')[1]}"
        loses = role == "supplier" and got - gave < -1e-6
        allied = "yes" if is_allied(instance, name) else "no"
        margin = 100 * (got - gave) / got if role == "supplier" and got else None
        table.add(name, title, role, allied, got, gave, got - gave, margin, "loses money" if loses else None)
    return table


def is_estimate(instance: Instance, row: Row) -> bool:
    """Whether a row's figures rest on an estimate: a source of that basis, or none at all."""
    found = [instance.row(Source, name) for name in row.source if instance.has(Source, name)]
    return not found or any(source.basis == "estimate" for source in found)


def estimate_share(solution: Solution) -> float | None:
    """Share of cost (%, by what counts in the objective) whose rates rest on a row with an estimate for a source."""
    whole = guessed = 0.0
    for entry, amount in solution.amounts():
        if entry.kind in VALUE_KINDS:
            continue
        counts = abs(amount * solution.ledger.count(entry) * discount(solution.instance, entry.period))
        whole += counts
        if any(is_estimate(solution.instance, row) for row in entry.rows):
            guessed += counts
    return 100 * guessed / whole if whole else None
