"""Projects: capacity that is being built, or could be.

    build[p,t] >= 0                steps of an option started in t, whole where only whole steps are built     [steps]
    capacity[u,t]:  Σ use·activity <= size·Σ_s ramp[p,s,t]·build[p,s],  s on line by t                               [t]
    steps[p]:       Σ_t build[p,t] <= steps[p]                                                                 [steps]
    together[p,q,t]: build[p,t]/steps[p] = build[q,t]/steps[q]                                                     [1]
    alternative[p]: Σ_t build[p,t] <= steps[p]·chosen[g,a]         a is p, or the group that is built as one   [steps]
    only_one[g]:    Σ_a chosen[g,a] <= 1, 0 if one of the group is committed;  chosen in {0, 1}                    [1]
    budget[e]:      Σ_p Σ_t public share·capex·build[p,t] <= budget[e],  p of which e is the payer             [M USD]

A committed project is built in full at its start; its capex is sunk and only reported. A project is on line from the
first period that begins at or after start and lead time. Capex of an option is an annuity from then on, for its
life: capex·r/(1-(1+r)^-life) a year. A group that is built as one starts when all its members may; a member that
comes on line only after the horizon is started with the others.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sourcing.components.decisions import Decision
from sourcing.components.horizon import Span, at, decisions_from, moment, periods
from sourcing.components.places import Entity, entity_of
from sourcing.components.production import Unit, load, years_of_capacity
from sourcing.components.qualifications import told
from sourcing.instance import Instance
from sourcing.sheets import (
    Amount,
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
from sourcing.words import did_you_mean

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
    latest: dt.date | None = date("Latest start", "last day on which it may start; blank is no end", last=True)
    lead_time: Amount = number("Lead time", "months", "from start to first output", default=0.0, low=0)
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


def last_start(row: Project) -> float:
    """The moment (decimal year) before which a project must start."""
    return year_of(row.latest + dt.timedelta(days=1)) - 1e-6 if row.latest else math.inf


def on_line(instance: Instance, row: Project, start: float) -> Span | None:
    """The first period that begins at or after start and lead time; None if that is after the horizon."""
    ready = start + moment(row.lead_time, start) / 12 - 1e-6
    return next((t for t in periods(instance) if t.start >= ready), None)


def ramp(row: Project, opens: Span, t: Span) -> float:
    """Share of a step's capacity in a period: the n-th value holds in the n-th year on line, the last for ever."""
    if t.start < opens.start:
        return 0.0
    shares = [share / 100 for share in row.ramp] or [1.0]
    return Series(tuple(opens.start + k for k in range(len(shares))), tuple(shares)).mean(t.start, t.end)


def committed_start(instance: Instance, row: Project) -> Span | None:
    """The period in which a committed project comes on line; None if it is stopped before its start."""
    start = first_start(instance, row)
    return on_line(instance, row, start) if start < last_start(row) else None


def annuity(row: Project) -> float:
    """Yearly payment for a step, M USD."""
    rate = row.cost_of_capital / 100
    return row.capex / row.life if rate == 0 else row.capex * rate / (1 - (1 + rate) ** -row.life)


def most_steps(row: Project) -> float:
    """How many steps of an option can be built."""
    return math.floor(row.steps + 1e-9) if row.whole else row.steps


def built_as_one(instance: Instance, row: Project) -> list[Project]:
    """The options that are built together with one, itself among them, in the order of the rows."""
    return [
        other
        for other in instance[Project]
        if other is row or (row.together and other.together == row.together and other.status == "option")
    ]


def group_starts(instance: Instance, row: Project) -> list[tuple[Span, Span | None]]:
    """The periods in which an option may start, each with the one in which it comes on line.

    A group that is built as one may start when each of its members may, and if one of them comes on line within the
    horizon; of a member that does not, the second is None.
    """
    return instance.once(_starts)[row.project]


def _starts(instance: Instance) -> dict[str, list[tuple[Span, Span | None]]]:
    found = {}
    for row in instance[Project]:
        group = built_as_one(instance, row)
        earliest = max(decisions_from(instance), *(first_start(instance, member) for member in group)) - 1e-6
        latest = min(last_start(member) for member in group)
        found[row.project] = [
            (t, on_line(instance, row, t.start))
            for t in periods(instance)
            if earliest <= t.start < latest and any(on_line(instance, member, t.start) for member in group)
        ]
    return found


def _follows(instance: Instance, row: Project) -> bool:
    """Whether whole steps of the first of its group make its own steps whole: then it is no choice of its own."""
    first = built_as_one(instance, row)[0]
    return first is not row and first.whole and (row.steps / first.steps).is_integer()


def starts(instance: Instance, row: Project) -> list[tuple[Span, Span]]:
    """The periods in which an option may start and come on line within the horizon, with the one in which it does."""
    return [(t, opens) for t, opens in group_starts(instance, row) if opens]


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
    """Variables build and chosen; rows of capacity, steps, groups and budgets."""
    from pyomo.environ import Binary, Block, Constraint, NonNegativeIntegers, NonNegativeReals, Var, quicksum

    spans = periods(instance)
    path.projects = block = Block()
    dates = {row.project: group_starts(instance, row) for row in instance[Project] if row.status == "option"}
    live = {name: instance.row(Project, name) for name, found in dates.items() if found}
    block.build = Var([(name, s.id) for name in live for s, _ in dates[name]], within=NonNegativeReals)
    build = dict(block.build.items())
    for (name, _), var in build.items():
        var.setub(most_steps(live[name]))
        if live[name].whole and not _follows(instance, live[name]):
            var.domain = NonNegativeIntegers

    def capacity(_: Any, unit: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        terms = load(path, unit, t)
        constant, built = capacity_at(path, instance, project_units(instance)[unit], t)
        if not terms:
            return Constraint.Skip
        return quicksum(use * var for use, var in terms) - quicksum(size * var for size, var in built) <= constant

    block.capacity = Constraint([(unit, t.id) for unit in project_units(instance) for t in spans], rule=capacity)

    def started(name: str) -> Any:
        return quicksum(build[name, s.id] for s, _ in dates[name])

    block.steps = Constraint(list(live), rule=lambda _, name: started(name) <= most_steps(live[name]))
    pairs = [
        (*names, s.id)
        for name, row in live.items()
        if row.together and (group := built_as_one(instance, row))[0] is row
        for names in pairwise(member.project for member in group)
        for s, _ in dates[name]
    ]
    block.together = Constraint(
        pairs,
        rule=lambda _, a, b, t_id: build[a, t_id] / live[a].steps - build[b, t_id] / live[b].steps == 0,
    )
    exclusive = [row for row in live.values() if row.only_one]
    taken = {row.only_one for row in instance[Project] if row.only_one and row.status == "committed"}
    one_of: dict[str, dict[str, None]] = {}
    for row in exclusive:
        one_of.setdefault(row.only_one, {})[_alternative(instance, row)] = None
    block.chosen = Var([(g, name) for g, names in one_of.items() for name in names], within=Binary)

    def alternative(_: Any, name: str) -> Any:
        row = live[name]
        return started(name) - most_steps(row) * block.chosen[row.only_one, _alternative(instance, row)] <= 0

    block.alternative = Constraint([row.project for row in exclusive], rule=alternative)
    block.only_one = Constraint(
        list(one_of),
        rule=lambda _, g: quicksum(block.chosen[g, name] for name in one_of[g]) <= (0 if g in taken else 1),
    )

    def budget(_: Any, payer: str) -> Any:
        paid = [(row.public_share / 100 * row.capex, row.project) for row in live.values() if row.payer == payer]
        limit = instance.row(Entity, payer).budget
        spent = [(part, name) for part, name in paid if part]
        return quicksum(part * started(name) for part, name in spent) <= limit if spent else Constraint.Skip

    bounded = [row.entity for row in instance[Entity] if row.budget is not None]
    block.budget = Constraint(bounded, rule=budget)

    for row in instance[Project]:
        unit = instance.row(Unit, row.unit)
        owner = entity_of(instance, unit.site)
        for t in spans:
            constant, terms = steps_at(path, instance, row, t)
            fixed = at(unit.fixed_cost, t) * 1000 * t.years
            if fixed:
                ledger.pay(
                    owner, "", "fixed", row.unit, t, [(fixed, var) for _, var in terms], fixed * constant, rows=(unit,)
                )
            paid = [
                (annuity(row) * 1000 * t.overlap(opens.start, opens.start + row.life), build[row.project, s.id])
                for s, opens in dates.get(row.project, ())
                if opens
            ]
            paid = [(amount, var) for amount, var in paid if amount]
            public = row.public_share / 100
            for payer, share in ((row.payer, public), (owner, 1 - public)):
                if share and paid:
                    part = [(share * amount, var) for amount, var in paid]
                    ledger.pay(payer, "", "capex annuity", row.project, t, part, rows=(row,))


def _alternative(instance: Instance, row: Project) -> str:
    """The alternative of an only-one-of group that a project belongs to: the first of those built as one with it."""
    return built_as_one(instance, row)[0].project


def decisions(solution: Solution) -> Iterator[Decision]:
    """The options that a plan starts."""
    instance = solution.instance
    spans = {t.id: t for t in periods(instance)}
    for index, steps in solution.positive("projects.build"):
        row, t = instance.row(Project, index[0]), spans[index[1]]
        if steps > (0.5 if row.whole else 1e-6):
            site = instance.row(Unit, row.unit).site
            opens, column = on_line(instance, row, t.start), ("projects.build", (row.project, t.id))
            yield Decision("build", row.project, site, t, steps, opens, steps * row.capex, column)


def alternatives(instance: Instance, decision: Decision) -> list[Span]:
    """The other periods in which a project could start."""
    dates = group_starts(instance, instance.row(Project, decision.name))
    return [t for t, _ in dates if t.id != decision.start.id]


def checks(instance: Instance) -> list[Issue]:
    """Two projects on one unit, public shares without payer, unequal groups, parts of steps and idle budgets."""
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
        if row.status == "option" and row.steps - most_steps(row) > 1e-9:
            message = f"only whole steps are built: {most_steps(row)} at most"
            faults.append(
                instance.issue(row, "steps", message, "write a whole number, or Whole steps no", warning=True)
            )
        if row.status == "committed" and first_start(instance, row) >= last_start(row):
            message = "lies before the earliest start: it is never built"
            faults.append(instance.issue(row, "latest", message, "write a later day", warning=True))
        group = [other.status for other in instance[Project] if row.together and other.together == row.together]
        if len(set(group)) > 1 and 2 * group.count(row.status) <= len(group):  # told at those that are fewer
            faults.append(
                instance.issue(row, "together", "the group holds options and committed projects", "separate them")
            )
        for field in ("together", "only_one"):
            name = getattr(row, field)
            if name and not any(getattr(other, field) == name for other in instance.all(Project) if other is not row):
                groups_there = {getattr(other, field) for other in instance[Project]} - {name, ""}
                remedy = did_you_mean(name, groups_there) or "leave it blank, or write the same in others"
                faults.append(instance.issue(row, field, "no other project is in this group", remedy, warning=True))
    paid = [row for row in instance[Project] if row.status == "option" and row.public_share and row.capex]
    payers = {row.payer for row in paid}
    for entity in instance[Entity] if all(instance.has(Entity, payer) for payer in payers) else ():
        if entity.budget is not None and entity.entity not in payers:
            message = "bounds nothing: the party is the payer of no option with a public share"
            faults.append(
                instance.issue(entity, "budget", message, "name it as Payer, or clear the cell", warning=True)
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
                start = max(first_start(instance, row), periods(instance)[0].start)
                started = row.steps if t.start <= start < min(t.end, last_start(row)) else 0
            else:
                started = solution.values("projects.build").get((row.project, t.id), 0.0)
            table.add(
                "project", row.project, site, row.status, t.id, float(started), constant + solution.total(terms),
                size + solution.total(built), started * row.capex, row.note or None,
            )  # fmt: skip
    for name, customer, status, period, remark in told(solution):
        table.add("qualification", name, customer, status, period, None, None, None, None, remark)
    return [table]
