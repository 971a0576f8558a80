"""Decide by: what the plan signs, builds and qualifies, until when each can wait, and what a year's waiting costs.

    waiting[d] = least cost with d a year later, all other decisions as they are - least cost     [M USD, discounted]

Until its date a decision can wait at no cost; it is the last period in which it could be taken so. What is built as
one waits as one. A decision that cannot be taken a year later within the horizon is left out in its place. Where that
leaves no plan, what follows from decisions (which units run, which orders are placed, what runs clean) may change too,
in parts: the cost is then at least what is told.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sourcing.components import contracts, projects, qualifications
from sourcing.components.decisions import Decision
from sourcing.components.horizon import Period, Span
from sourcing.components.projects import Project
from sourcing.instance import Instance
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    from sourcing.solver import Solution

FREE = 0.001
"""M USD below which waiting counts as free: the solver's noise, and far below what a decision costs to take."""

YEAR = 1 - 1e-6

FOLLOWING = frozenset({"production.run", "channels.order", "custody.clean", "takeorpay.above"})
"""Whole numbers that follow from what is decided: what runs, what is ordered, what is clean, what is made good."""


def decisions(solution: Solution, *, asked: bool = True) -> Table:
    """Every decision of the plan with its date and the cost of waiting, in the order in which they are due.

    What waiting costs takes further solves: it is left out where they are not `asked` for.
    """
    table = Table(
        "Decisions",
        fields(
            "Kind", "Name", "Where", "Period", ("Steps", "1"), "Opens", ("Outlay", "M USD"), "Decide by",
            ("Waiting costs", "M USD"), "Waiting is", "In words",
        ),
        "What is signed, built and qualified, and when. Decide by: the latest date at no extra cost. Waiting costs: "
        "a year later than that, with all other decisions as they are (discounted); Waiting is: exact, at least (what "
        "runs and is ordered would have to change), no plan, or not worked out.",
    )  # fmt: skip
    found = []
    for group in _groups(solution):
        latest, wait, never = _wait(solution, group) if asked else (group[0].start, (None, False), False)
        due, (cost, exact) = _date(solution.instance, latest), wait
        kind = _kind(cost, exact=exact) if asked else "not worked out"
        told = cost if kind in ("exact", "at least") else None
        for d in group:
            words = _words(d, due, cost, never=never, exact=exact) if asked else f"{_what(d)} by {_day(due)}."
            row = (
                d.kind,
                d.name,
                d.where,
                d.start.id,
                d.steps,
                d.opens and d.opens.id,
                d.outlay,
                due.isoformat(),
                told,
                kind,
            )
            found.append((due, -d.outlay, (*row, words)))
    for _, _, values in sorted(found, key=lambda item: item[:2]):
        table.add(*values)
    return table


def _groups(solution: Solution) -> list[list[Decision]]:
    """Decisions that are moved together: all that is built as one in one period, else each by itself."""
    groups: dict[tuple[str, ...], list[Decision]] = {}
    for component in (contracts, projects, qualifications):
        for d in component.decisions(solution):
            group = solution.instance.row(Project, d.name).together if d.kind == "build" else ""
            groups.setdefault(("group", group, d.start.id) if group else (d.kind, d.name, d.start.id), []).append(d)
    return list(groups.values())


def _alternatives(instance: Instance, d: Decision) -> list[Span]:
    component = {"sign": contracts, "build": projects, "qualify": qualifications}[d.kind]
    found: list[Span] = component.alternatives(instance, d)
    return found


def _wait(solution: Solution, group: list[Decision]) -> tuple[Span, tuple[float | None, bool], bool]:
    """The last period in which a group can be decided at no cost, what a year more costs and whether that is exact,
    and whether that year leads out of the horizon."""
    latest = group[0].start
    dates = [t for t in _alternatives(solution.instance, group[0]) if t.start > latest.start]
    while True:
        later = next((t for t in dates if t.start >= latest.start + YEAR), None)
        wait = _moved(solution, group, later)
        if later is None or not wait[1] or wait[0] is None or wait[0] > FREE:
            return latest, wait, later is None
        latest = later


def _moved(solution: Solution, group: list[Decision], later: Span | None) -> tuple[float | None, bool]:
    """M USD that a plan costs more with a group decided in another period, or never (None: there is none), and whether
    all else that is whole could stay as it is."""
    values = {}
    for d in group:
        family, index = d.column
        values[family, index] = 0.0
        if later is not None:
            column = family, (*index[:-1], later.id)
            values[column] = d.steps + solution.values(family).get(column[1], 0.0)
    cost = solution.live.with_values(values)
    exact = cost is not None
    if not exact:
        cost = solution.live.with_values(values, FOLLOWING)
    return None if cost is None else (cost - solution.objective) / 1000, exact


def _date(instance: Instance, t: Span) -> dt.date:
    start: dt.date = instance.row(Period, t.id).start
    return start


def _kind(cost: float | None, *, exact: bool) -> str:
    """How sure a cost of waiting is; a bound of nothing tells nothing."""
    if exact:
        return "exact"
    return "no plan" if cost is None else "at least" if cost > FREE else "not worked out"


VERBS = {"sign": "Sign", "build": "Start", "qualify": "Qualify"}


def _words(d: Decision, due: dt.date, cost: float | None, *, never: bool, exact: bool) -> str:
    text = f"{_what(d)} by {_day(due)}"
    instead = "leaving it" if never else "a year later"
    if cost is None:
        return f"{text}: {instead} there is no plan with the other decisions."
    if cost > FREE:
        return f"{text}: {instead} costs {'' if exact else 'at least '}{cost:,.1f} M USD more."
    if not exact:
        return f"{text}: {instead} other units would have to run; what that costs is not worked out."
    if cost < -FREE:
        return f"{text}: {instead} saves {-cost:,.1f} M USD, within the gap that the plan is proven to."
    return f"{text}: {instead} costs nothing."


def _what(d: Decision) -> str:
    return f"{VERBS[d.kind]} {d.name.replace('|', ', ')}" + (f" ({d.steps:g} steps)" if d.steps != 1 else "")


def _day(due: dt.date) -> str:
    return f"{due.day} {due:%B %Y}"
