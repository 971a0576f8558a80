"""What if: one change of an instance, and what it moves.

Base and changed instance are planned within the same gap, the second from the decisions of the first. Each plan's
decisions are then tried in the other: so where one of two plans is dearer than the other's decisions would make it, it
takes those, and what comes out as another decision is no noise of the gap. With `hold` the decisions (which contracts,
projects, makers, and what runs and is ordered) stay those of the base, and the difference is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sourcing.arrays import Arrays, compile_path
from sourcing.comparison import compare
from sourcing.components.horizon import span_limits
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.dive import within
from sourcing.edits import edited, parse
from sourcing.instance import Instance
from sourcing.integers import SMALL
from sourcing.plan import Plan, plan_of
from sourcing.sheets import NoPlan
from sourcing.solver import Options, Solution, run
from sourcing.study.again import held, planned, reconsidered
from sourcing.study.live import Study, check_place
from sourcing.tables import Table
from sourcing.words import did_you_mean

GAP, LARGE_GAP = 1e-4, 0.005
"""Relative gap of the two plans where nothing else is asked for; of a model that is not `integers.SMALL`."""

LOOKS = 60.0
"""Seconds for which a large model's other decisions are looked for, from those of the base."""

WORTH = 1e-7
"""Part of the cost by which other decisions must be cheaper to count."""


@dataclass
class WhatIf:
    """Two audited plans and their differences by title (`comparison`); `compared` says how sure the differences are."""

    before: Plan
    after: Plan
    tables: dict[str, Table]
    compared: str

    @property
    def proven(self) -> bool:
        """Whether both plans are proven within the gap that was asked for."""
        return self.before.status == "optimal" == self.after.status


def what_if(
    plan: Instance | Solution,
    edits: Iterable[str] = (),
    off: Iterable[tuple[str, str, float | None]] = (),
    delays: Iterable[tuple[str, float]] = (),
    *,
    hold: bool = False,
    view: str | None = None,
    gap: float | None = None,
    options: Options | None = None,
) -> WhatIf:
    """Plan an instance as it stands (or take a solved plan) and with all changes together, and compare the two.

    `edits` are as `--set` takes them; `off` are (site, unit, party, country or lane; first period; months or None for
    good), as `Study.off` takes them; `delays` are (project or site, months). `gap` is GAP (LARGE_GAP) where none is
    given. Raises WrongEdit or ValueError for what names nothing, InstanceError where the changed instance has errors,
    NoPlan where one of the two has no plan.
    """
    edits, off, delays = list(edits), list(off), list(delays)
    instance = plan if isinstance(plan, Instance) else plan.instance
    changed = edited(instance, [parse(text) for text in edits])  # what is wrong is told before a plan is made
    for what, first, _ in off:
        check_place(changed, what)
        if first and span_limits(changed, first) is None:
            raise ValueError(f"{first!r} is neither a period nor a calendar span")
    late = [(project, months) for what, months in delays for project in projects_of(changed, what)]
    base, options = _planned(plan, view, gap, options or Options())
    study = Study(base, view=view, options=options)
    study.instance = changed
    for what, first, months in off:
        study.off(what, first, months)
    for project, months in late:
        study.delay(project, months)
    base, other, compared = _both(base, study.instance, options, hold=hold)
    before, after = (plan_of(one, options, compare=False, asked=False) for one in (base, other))
    return WhatIf(before, after, compare(before, after), compared)


def _planned(
    plan: Instance | Solution, view: str | None, gap: float | None, options: Options
) -> tuple[Solution, Options]:
    """The plan that is changed, and the options with its gap."""
    from sourcing.model import build

    path = build(plan, view=view) if isinstance(plan, Instance) else plan.path
    arrays = compile_path(path) if isinstance(plan, Instance) else plan.arrays
    if gap is None:
        gap = GAP if len(arrays.columns) <= SMALL else LARGE_GAP
    options = replace(options, gap=gap)
    base = run(path, arrays, options) if isinstance(plan, Instance) else plan
    if base.status not in ("optimal", "feasible"):
        raise NoPlan(f"there is no plan to change: it is {base.status}")
    return base, options


def projects_of(instance: Instance, what: str) -> list[str]:
    """The project of a name, or all projects of a site or a unit; ValueError if there is none."""
    if instance.has(Project, what):
        return [what]
    sites = {row.unit: row.site for row in instance[Unit]}
    found = [row.project for row in instance[Project] if what in (row.unit, sites.get(row.unit))]
    if not found:
        names = [row.project for row in instance[Project]] + [sites[row.unit] for row in instance[Project]]
        raise ValueError(f"{what!r} is no project, and no site or unit with one. {did_you_mean(what, names)}".strip())
    return found


def _both(base: Solution, instance: Instance, options: Options, *, hold: bool) -> tuple[Solution, Solution, str]:
    """The plan as it stands and the one of a changed instance, and how they compare."""
    from sourcing.model import build

    options.tell("the changed plan", None, None)
    path = build(instance, view=base.ledger.view)
    arrays = compile_path(path)
    if hold:
        changed = with_decisions(path, arrays, base, options)
        if changed.status not in ("optimal", "feasible"):
            raise NoPlan("with the decisions of the plan there is none: leave out --hold, or change less")
        return base, changed, "Both with the same decisions: the differences are exact."
    start = with_decisions(path, arrays, base, options)
    changed, _ = planned(arrays, path, [start] if start.status in ("optimal", "feasible") else [], options)
    if changed.status not in ("optimal", "feasible"):
        raise NoPlan(f"with the changes there is no plan: it is {changed.status}")
    changed.path = path
    if len(arrays.columns) > SMALL:
        options.tell("other decisions", changed.objective, changed.bound)
        bound, proof = changed.bound, changed.proof
        changed, _ = reconsidered(arrays, changed, replace(options, time_limit=LOOKS))
        _proven(changed, path, arrays, bound, proof, options)
    base = _better(base, changed, options)
    within = [max(0.0, one.objective - one.bound) / 1000 for one in (base, changed)]
    if max(within) < 0.005:
        return base, changed, EXACT
    tried = "the decisions of each were tried in the other"
    return base, changed, f"Base proven within {within[0]:,.2f} M USD, changed within {within[1]:,.2f}; {tried}."


EXACT = "Both proven optimal: the differences are those of the best plans."


def with_decisions(path: Any, arrays: Arrays, other: Solution, options: Options) -> Solution:
    """The plan of arrays with the decisions of another; those that only these arrays have are made anew."""
    chosen = other.integers
    places = arrays.integer.nonzero()[0].tolist()
    if all(arrays.columns[place] in chosen for place in places):
        found = held(arrays, other, options)
    else:
        found = run(path, arrays.held(chosen), options)
    found.path, found.arrays, found.linear = path, arrays, found.linear or found.arrays
    return found


def _better(base: Solution, other: Solution, options: Options) -> Solution:
    """The base, or what the decisions of another plan make of it where that is cheaper."""
    if base.integers == other.integers:
        return base
    options.tell("the base with the decisions of the changed plan", base.objective, base.bound)
    found = with_decisions(base.path, base.arrays, other, options)
    if found.status not in ("optimal", "feasible") or found.objective > base.objective - WORTH * abs(base.objective):
        return base
    return _proven(found, base.path, base.arrays, base.bound, base.proof, options)


def _proven(found: Solution, path: Any, arrays: Arrays, bound: float, proof: str, options: Options) -> Solution:
    """A plan that was found from another of the same arrays, with the bound of that one."""
    if found.arrays is not arrays:
        found.arrays, found.linear = arrays, found.linear or found.arrays
    found.path, found.bound, found.proof = path, min(bound, found.objective), proof
    found.status = "optimal" if within(found.objective, found.bound, options.gap) else "feasible"
    return found
