"""The audit: a plan re-checked from the instance and the plan's own tables, without the model and without a solver.

It is written from the design, so an error of the model can't hide in it. What it promises is *feasible and paid as
told*: every balance, limit, rule and payment holds within a tolerance that stands where it is used. Whether a plan
is the cheapest is shown at the solve.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sourcing.audit.books import Books
from sourcing.audit.capacity import check_capacity
from sourcing.audit.contracts import check_contracts
from sourcing.audit.custody import check_custody
from sourcing.audit.decisions import check_decisions
from sourcing.audit.facts import Facts
from sourcing.audit.floors import check_floors
from sourcing.audit.material import check_material
from sourcing.audit.money import check_money
from sourcing.audit.places import check_places
from sourcing.audit.scope import check_scope
from sourcing.audit.terms import check_terms
from sourcing.audit.verdict import Audit, Check, Families
from sourcing.instance import Instance
from sourcing.tables import Table

__all__ = ["Audit", "Check", "audit"]


class Planned(Protocol):
    """What is audited: a plan's tables, its view (`system` or `buyer`) and its objective (M USD)."""

    @property
    def tabs(self) -> Mapping[str, Table]:
        """The tables by title."""

    @property
    def view(self) -> str:
        """Whose cost was minimised."""

    @property
    def objective(self) -> float:
        """The minimised cost."""


def audit(instance: Instance, plan: Planned) -> Audit:
    """Re-check a plan. Whatever its tables hold, this answers with failed checks and raises nothing.

    If the plan has a `summary()`, its totals `demand_t`, `delivered_t` and `short_t` are compared with the tables.
    """
    families = Families()
    families("tables").holds(plan.view in ("system", "buyer"), f"{plan.view!r} is no view")
    facts = Facts(instance, plan.view)
    books = Books(plan.tabs, facts, families)
    check_scope(facts, families)
    check_decisions(facts, books, families)
    check_material(facts, books, families)
    check_custody(facts, books, families)
    check_capacity(facts, books, families)
    check_terms(facts, books, families)
    check_contracts(facts, books, families)
    check_floors(facts, books, families)
    check_money(facts, books, families, plan.objective)
    check_places(facts, books, families)
    _summary(plan, books, families)
    return Audit(families.done())


def _summary(plan: Any, books: Books, families: Families) -> None:
    """Totals that a plan tells agree with its tables."""
    check = families("summary")
    if not hasattr(plan, "summary"):
        return
    told = plan.summary()
    for name, total in (
        ("demand_t", sum(need.demand for need in books.needs)),
        ("delivered_t", sum(need.met for need in books.needs)),
        ("short_t", sum(need.short for need in books.needs)),
    ):
        if name in told:
            fine = isinstance(told[name], int | float) and not isinstance(told[name], bool)
            check.holds(fine, f"{name} is {told[name]!r}")
            if fine:
                check.equal(told[name], total, name, size=sum(need.demand for need in books.needs))
