"""Projects: capacity that is being built, or could be.

    build[p,t] >= 0                                steps of an option started in t (continuous for now)        [steps]
    capacity[u,t]:  Σ use·activity <= size·Σ_s ramp[p,s,t]·build[p,s],  s on line by t                               [t]
    steps[p]:       Σ_t build[p,t] <= steps[p]                                                                 [steps]
    together[p,q,t]: build[p,t]/steps[p] = build[q,t]/steps[q]                                                     [1]
    only_one[g]:    Σ_p Σ_t build[p,t]/steps[p] <= 1 less those committed                                       [1]

A committed project is built in full at its start; its capex is sunk and only reported. A project is on line from the
first period that begins at or after start and lead time. Capex of an option is an annuity from then on, for its
life: capex·r/(1-(1+r)^-life) a year.
"""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import Span, decisions_from, periods
from sourcing.components.places import Entity, entity_of
from sourcing.components.production import Unit, load, years_of_capacity
from sourcing.components.qualifications import Qualification, opening
from sourcing.instance import Instance
from sourcing.sheets import (
    Issue,
    Row,
    Series,
    choice,
    date,
    identifier,
    number,
    percents,
    reference,
    sheet,
    text,
    year_of,
    yesno,
)
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Projects", "optional capacity", key=("project",))
class Project(Row):
    """A unit that does not stand yet. Its unit's capacity is that of one step."""

    project: str = identifier("Project", "short name")
    unit: str = reference("Unit", "Units", "its own unit")
    steps: float = number("Steps", "", "how many can be built", default=1.0, low=0, positive=True)
    whole: bool = yesno("Whole steps", "only whole steps?", default=True)
    capex: float = number("Capex", "M USD", "of a step", default=0.0, low=0)
    life: float = number("Life", "y", "years over which it is paid", default=20.0, low=0, positive=True)
    cost_of_capital: float = number("Cost of capital", "%", "of the annuity", default=10.0, low=0)
    public_share: float = number("Public share", "%", "of capex, paid by Payer", default=0.0, low=0, high=100)
    payer: str = reference("Payer", "Entities", "who pays the public share", required=False)
    earliest: dt.date | None = date("Earliest start", "first day on which it may start; blank is the first period")
    lead_time: float = number("Lead time", "months", "from start to first output", default=0.0, low=0)
    ramp: tuple[float, ...] = percents("Ramp", "of capacity in the first years: 40; 80; 100; blank is 100")
    together: str = text("Together with", "group that is built as one")
    only_one: str = text("Only one of", "group of which one is built")
    status: str = choice("Status", "a choice of the plan, or being built", ("option", "committed"), default="option")


def project_units(instance: Instance) -> dict[str, Project]:
    """The project that a unit belongs to, by unit."""
    return instance.once(_project_units)


def _project_units(instance: Instance) -> dict[str, Project]:
    return {row.unit: row for row in instance[Project]}


def first_start(instance: Instance, row: Project) -> float:
    """The earliest moment (decimal year) at which a project may start."""
    return year_of(row.earliest) if row.earliest else periods(instance)[0].start


def on_line(instance: Instance, row: Project, start: float) -> Span | None:
    """The first period that begins at or after start and lead time; None if that is after the horizon."""
    ready = start + row.lead_time / 12 - 1e-6
    return next((t for t in periods(instance) if t.start >= ready), None)


def ramp(row: Project, opens: Span, t: Span) -> float:
    """Share of a step's capacity in a period: the n-th value holds in the n-th year on line, the last for ever."""
    if t.start < opens.start:
        return 0.0
    shares = [share / 100 for share in row.ramp] or [1.0]
    return Series(tuple(opens.start + k for k in range(len(shares))), tuple(shares)).mean(t.start, t.end)


def committed_start(instance: Instance, row: Project) -> Span | None:
    """The period in which a committed project comes on line."""
    return on_line(instance, row, first_start(instance, row))


def annuity(row: Project) -> float:
    """Yearly payment for a step, M USD."""
    rate = row.cost_of_capital / 100
    return row.capex / row.life if rate == 0 else row.capex * rate / (1 - (1 + rate) ** -row.life)


def starts(instance: Instance, row: Project) -> list[tuple[Span, Span]]:
    """The periods in which an option may start, each with the one in which it comes on line."""
    earliest = max(first_start(instance, row), decisions_from(instance)) - 1e-6
    pairs = [(t, on_line(instance, row, t.start)) for t in periods(instance) if t.start >= earliest]
    return [(t, opens) for t, opens in pairs if opens]


def steps_at(path: Any, instance: Instance, row: Project, t: Span) -> tuple[float, list[tuple[float, Any]]]:
    """Steps on line in a period, ramp aside: a constant, and terms in `build`."""
    if row.status == "committed":
        opens = committed_start(instance, row)
        return (row.steps if opens and opens.start <= t.start else 0.0), []
    return 0.0, [
        (1.0, path.projects.build[row.project, s.id]) for s, opens in starts(instance, row) if opens.start <= t.start
    ]


def capacity_at(path: Any, instance: Instance, row: Project, t: Span) -> tuple[float, list[tuple[float, Any]]]:
    """Tonnes that a project's unit can do in a period: a constant, and terms in `build`."""
    size = years_of_capacity(instance, row.unit, t)
    if row.status == "committed":
        opens = committed_start(instance, row)
        return (row.steps * size * ramp(row, opens, t) if opens and opens.start <= t.start else 0.0), []
    return 0.0, [
        (size * ramp(row, opens, t), path.projects.build[row.project, s.id])
        for s, opens in starts(instance, row)
        if opens.start <= t.start
    ]


def can_run(instance: Instance, unit: str, t: Span) -> bool:
    """Whether a unit can have any capacity in a period: it stands, or its project could be on line by then."""
    if years_of_capacity(instance, unit, t) <= 0:
        return False
    row = project_units(instance).get(unit)
    if row is None:
        return True
    if row.status == "committed":
        opens = committed_start(instance, row)
        return opens is not None and ramp(row, opens, t) > 0
    return any(ramp(row, opens, t) > 0 for _, opens in starts(instance, row))


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variable build; rows of capacity, steps and groups."""
    from pyomo.environ import Block, Constraint, NonNegativeReals, Var, quicksum

    spans = periods(instance)
    path.projects = block = Block()
    options = [row for row in instance[Project] if row.status == "option"]
    dates = {row.project: starts(instance, row) for row in options}
    block.build = Var([(row.project, s.id) for row in options for s, _ in dates[row.project]], within=NonNegativeReals)
    build = dict(block.build.items())

    def capacity(_: Any, unit: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        terms = load(path, unit, t)
        constant, built = capacity_at(path, instance, project_units(instance)[unit], t)
        if not terms:
            return Constraint.Skip
        return quicksum(use * var for use, var in terms) - quicksum(size * var for size, var in built) <= constant

    block.capacity = Constraint([(unit, t.id) for unit in project_units(instance) for t in spans], rule=capacity)

    def started(row: Project) -> Any:
        return quicksum(build[row.project, s.id] for s, _ in dates[row.project])

    live = {row.project: row for row in options if dates[row.project]}
    block.steps = Constraint(list(live), rule=lambda _, name: started(live[name]) <= live[name].steps)
    together: dict[str, list[Project]] = {}
    only_one: dict[str, list[Project]] = {}
    for row in live.values():
        if row.together:
            together.setdefault(row.together, []).append(row)
        if row.only_one:
            only_one.setdefault(row.only_one, []).append(row)
    pairs = [(a, b) for group in together.values() for a, b in pairwise(group)]

    def as_one(_: Any, first: str, second: str, t_id: str) -> Any:
        shares = [build[name, t_id] / live[name].steps if (name, t_id) in build else 0.0 for name in (first, second)]
        return shares[0] == shares[1]

    dated = [
        (a.project, b.project, t.id)
        for a, b in pairs
        for t in spans
        if (a.project, t.id) in build or (b.project, t.id) in build
    ]
    block.together = Constraint(dated, rule=as_one)
    chosen = [row.only_one for row in instance[Project] if row.only_one and row.status == "committed"]
    block.only_one = Constraint(
        list(only_one),
        rule=lambda _, g: quicksum(started(row) / row.steps for row in only_one[g]) <= 1 - chosen.count(g),
    )

    for row in instance[Project]:
        unit = instance.row(Unit, row.unit)
        owner = entity_of(instance, unit.site)
        for t in spans:
            constant, terms = steps_at(path, instance, row, t)
            fixed = unit.fixed_cost * 1000 * t.years
            if fixed:
                ledger.pay(
                    owner, "", "fixed", row.unit, t, [(fixed, var) for _, var in terms], fixed * constant, rows=(unit,)
                )
            paid = [
                (annuity(row) * 1000 * t.overlap(opens.start, opens.start + row.life), build[row.project, s.id])
                for s, opens in dates.get(row.project, ())
            ]
            paid = [(amount, var) for amount, var in paid if amount]
            public = row.public_share / 100
            for payer, share in ((row.payer, public), (owner, 1 - public)):
                if share and paid:
                    part = [(share * amount, var) for amount, var in paid]
                    ledger.pay(payer, "", "capex annuity", row.project, t, part, rows=(row,))


def checks(instance: Instance) -> list[Issue]:
    """Two projects on one unit, public shares without payer, unequal groups, and what needs binaries."""
    faults = []
    seen: dict[str, str] = {}
    for row in instance[Project]:
        if row.unit in seen:
            faults.append(
                instance.issue(row, "unit", f"belongs to project {seen[row.unit]} already", "give it its own unit")
            )
        seen.setdefault(row.unit, row.project)
        if row.public_share and not row.payer:
            faults.append(instance.issue(row, "payer", "nobody pays the public share", "name a party"))
        if math.isinf(max(instance.row(Unit, row.unit).capacity.values)):
            faults.append(
                instance.issue(row, "unit", "has no limit: a project needs the size of a step", "give a capacity")
            )
        if row.status == "option" and row.whole:
            message = "is planned as continuous: a part of a step may be built"
            faults.append(instance.issue(row, "whole", message, warning=True))
        if row.status == "option" and row.only_one:
            message = "is planned as shares that add up to one at most"
            faults.append(instance.issue(row, "only_one", message, warning=True))
        if row.status == "option" and row.payer and instance.row(Entity, row.payer).budget is not None:
            faults.append(instance.issue(row, "payer", "its budget is not planned yet", warning=True))
        groups = {other.status for other in instance[Project] if row.together and other.together == row.together}
        if len(groups) > 1:
            faults.append(
                instance.issue(row, "together", "the group holds options and committed projects", "separate them")
            )
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What is built and when it comes on line, and which makers are qualified from when."""
    instance = solution.instance
    table = Table(
        "Projects and qualifications",
        fields(
            "Kind", "Name", "Where", "Status", "Period", ("Started", "steps"), ("On line", "steps"), ("Capacity", "t"),
            ("Capex", "M USD"), "Remark",
        ),
        "What is started, what is on line and what it can do; committed capex is sunk and only reported.",
    )  # fmt: skip
    for row in instance[Project]:
        site = instance.row(Unit, row.unit).site
        for t in periods(instance):
            constant, terms = steps_at(solution.path, instance, row, t)
            size, built = capacity_at(solution.path, instance, row, t)
            if row.status == "committed":
                started = (
                    row.steps if t.start <= max(first_start(instance, row), periods(instance)[0].start) < t.end else 0
                )
            else:
                started = solution.values("projects.build").get((row.project, t.id), 0.0)
            table.add(
                "project", row.project, site, row.status, t.id, float(started), constant + solution.total(terms),
                size + solution.total(built), started * row.capex, row.note or None,
            )  # fmt: skip
    for q in instance[Qualification]:
        opens = opening(instance, q)
        remark = f"first-year share {q.first_year_share:g} %" if q.first_year_share is not None else None
        name = f"{q.maker} for {q.material}"
        status = "not yet qualified" if opens is None else "qualified"
        table.add("qualification", name, q.customer, status, opens, None, None, None, None, remark)
    return [table]
