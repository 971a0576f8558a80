"""With and without a project: what a plan costs with it started on a date against the best plan that leaves it out.

    saves = cost without - cost with      [M USD, discounted], and the same for buyers, treasuries and what is short

Both are plans of the tables as they stand. The decisions of the plan with the project are held in the other, but for
those about its sites (contracts with it, its qualifications and orders): so the difference is not drowned in the gap of
two plans. What else might be decided otherwise without it is left out, and the saving is this or less. Where no plan
keeps those decisions, the other is planned freely, and the difference is as good as both are proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sourcing.arrays import Column
from sourcing.components.contracts import contracts
from sourcing.components.horizon import discount
from sourcing.components.places import is_allied, role_of
from sourcing.components.production import Unit
from sourcing.components.projects import Project, most_steps
from sourcing.instance import Instance
from sourcing.ledger import PLANNER, VALUE_KINDS
from sourcing.positions import payments
from sourcing.ruleprice import EXACT
from sourcing.sheets import NoPlan
from sourcing.solver import Options, Solution, solve_path
from sourcing.tables import Table, fields


def with_and_without(
    instance: Instance, group: Iterable[Project], start: str, *, view: str | None = None, options: Options | None = None
) -> Table:
    """Cost, buyers, treasuries and shortage with a group of projects started in a period, and without it.

    A committed project is left as it is, and against it never started. Raises NoPlan where no plan has the project.
    """
    names = [row.project for row in group]
    inside = solve_path(instance, _held(instance, names, start), view=view, options=options)
    if inside.status not in ("optimal", "feasible"):
        raise NoPlan(f"no plan starts {', '.join(names)} in {start}")
    open_rows = [
        replace(row, status="option", latest=None) if row.project in names else row for row in instance.all(Project)
    ]
    bare = instance.replace(Project, open_rows)
    never = _held(bare, names, "")
    held = _others(instance, names, inside)
    exact = replace(options or Options(), gap=min(EXACT, (options or Options()).gap))
    outside = solve_path(bare, never, view=view, options=exact, held=held)
    compared = "same decisions elsewhere"
    if outside.status not in ("optimal", "feasible"):
        outside = solve_path(bare, never, view=view, options=options)
        gap = sum(abs(s.objective - s.bound) for s in (inside, outside)) / 1000
        compared = f"planned freely: proven to {gap:,.1f} M USD"
    if outside.status not in ("optimal", "feasible"):
        raise NoPlan(f"no plan leaves {', '.join(names)} out")
    table = Table(
        "With and without",
        fields("What", ("With", "M USD"), ("Without", "M USD"), ("Saves", "M USD"), "Compared"),
        "The plan of the tables as they stand with the project and without it, discounted. Cost is what the view "
        "counts, with the value of what is short. Buyers and treasuries: what they pay less what they earn. The three "
        "are not to be added: payments between them are in each.",
    )
    one, other = _sums(inside), _sums(outside)
    for what in one:
        table.add(what, one[what], other[what], other[what] - one[what], compared)
    return table


def _held(instance: Instance, names: list[str], start: str) -> Callable[[Any], None]:
    """A function that holds the starts of options: in full in one period, and none in the others."""

    def hold(path: Any) -> None:
        for (name, t_id), var in path.projects.build.items():
            if name in names:
                var.fix(most_steps(instance.row(Project, name)) if t_id == start else 0.0)

    return hold


def _others(instance: Instance, names: list[str], solution: Solution) -> dict[Column, float]:
    """The whole decisions of a plan that are not about the projects, their units and sites, or contracts with these."""
    units = {instance.row(Project, name).unit for name in names}
    sites = {instance.row(Unit, unit).site for unit in units}
    deals = {row.contract for row, sellers, buyers in contracts(instance) if sites & (sellers | buyers)}
    about = {*names, *units, *sites, *deals}
    return {column: value for column, value in solution.integers.items() if about.isdisjoint(column[1])}


def _sums(solution: Solution) -> dict[str, float]:
    """Cost, value of what is short, and what allied buyers and treasuries pay net, M USD discounted."""
    instance = solution.instance
    found = {"Cost": solution.objective / 1000, "Value of what is short": 0.0, "Buyers pay": 0.0, "Treasuries pay": 0.0}
    lines = {"buyer": "Buyers pay", "government": "Treasuries pay"}
    for payer, payee, kind, _, t, amount, _ in payments(solution):
        part = amount * discount(instance, t)
        if kind == "shortage":
            found["Value of what is short"] += part
        if kind in VALUE_KINDS:
            continue
        for party, sign in ((payer, 1.0), (payee, -1.0)):
            if (
                party
                and party != PLANNER
                and is_allied(instance, party)
                and (line := lines.get(role_of(instance, party)))
            ):
                found[line] += sign * part
    return found
