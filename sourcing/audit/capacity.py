"""What units can do and do: projects on line, their groups and budgets, capacity, and what runs at all."""

from __future__ import annotations

import math
from collections import defaultdict

from sourcing.audit.books import ZERO, Books
from sourcing.audit.decisions import STEP, steps_started
from sourcing.audit.facts import MOMENT, Facts, Time, mean
from sourcing.audit.records import Use
from sourcing.audit.verdict import MONEY, Families
from sourcing.components.production import Unit
from sourcing.components.projects import Project


def check_capacity(facts: Facts, books: Books, families: Families) -> None:
    """Every promise about units and what is built."""
    _projects(facts, books, families)
    _groups(facts, books, families)
    _budgets(facts, books, families)
    _capacity(facts, books, families)


# -------------------------------------------------------------------------------------------------- projects


def steps_online(facts: Facts, books: Books, project: Project) -> list[tuple[Time, float]]:
    """(period from which they are on line, steps) of a project: data if it is committed, else as the plan started."""
    if project.status == "committed":
        start = facts.start_of(project)
        online = facts.online_from(project, start) if start < facts.end_of(project) else None
        return [(online, project.steps)] if online else []
    found = []
    for step in books.steps:
        if step.kind == "project" and step.name == project.project and step.started and step.period in facts.time:
            online = facts.online_from(project, facts.time[step.period].start)
            if online:
                found.append((online, step.started))
    return found


def _projects(facts: Facts, books: Books, families: Families) -> None:
    check = families("projects")
    for step in books.steps:
        if step.kind != "project":
            check.holds(step.kind == "qualification", f"{step.name}: {step.kind} is neither project nor qualification")
            continue
        project, t = facts.projects.get(step.name), facts.time.get(step.period)
        where = f"{step.name} in {step.period}"
        check.holds(project is not None and t is not None, f"{where}: there is no such project or period")
        if project is None or t is None:
            continue
        known = (facts.units[project.unit].site, project.status, project.note)
        check.holds((step.where, step.status, step.remark) == known, f"{where}: its place, status or note is not so")
        if project.status == "committed":
            start = max(facts.start_of(project), facts.times[0].start)
            begins = t.start - MOMENT <= start < min(t.end - MOMENT, facts.end_of(project))
            check.equal(step.started or 0.0, project.steps if begins else 0.0, f"{where}: started")
        steps = steps_online(facts, books, project)
        check.equal(step.online or 0.0, sum(n for on, n in steps if on.start <= t.start + MOMENT), f"{where}: on line")
        size = facts.units[project.unit].capacity.mean(t.start, t.end) * t.years
        capacity = sum(n * facts.ramp(project, on, t) for on, n in steps) * size
        check.equal(step.capacity or 0.0, capacity, f"{where}: capacity")
        check.equal(step.capex or 0.0, (step.started or 0.0) * project.capex, f"{where}: capex")
        if project.status == "option" and (step.started or 0.0) > STEP:
            early = t.start < max(facts.open_to_decisions, facts.start_of(project)) - MOMENT
            check.holds(not early, f"{where}: is not open to decisions yet")
            check.holds(t.start < facts.end_of(project), f"{where}: starts after {project.latest}")
    told = {(step.name, step.period) for step in books.steps if step.kind == "project"}
    for name in facts.projects:
        for t in facts.times:
            check.holds((name, t.id) in told, f"{name} in {t.id}: has no row")
    whole = families("whole steps", STEP)
    for project in _options(facts):
        started = steps_started(books, project)
        most = math.floor(project.steps + STEP) if project.whole else project.steps
        check.at_most(sum(started.values()), most, f"{project.project}: steps started")
        for period, count in started.items():
            if project.whole:
                whole.equal(count, round(count), f"{project.project} in {period}: steps started")


def _options(facts: Facts) -> list[Project]:
    return [project for project in facts.projects.values() if project.status == "option"]


def _groups(facts: Facts, books: Books, families: Families) -> None:
    """Projects that are built as one start equal parts at a time; of alternatives one is built at all, or is already.

    What is built as one is one alternative.
    """
    together, only_one = families("built together", STEP), families("only one of")
    started = {project.project: steps_started(books, project) for project in _options(facts)}
    for project in _options(facts):
        for other in _options(facts):
            if project.together and other.together == project.together and other is not project:
                for t in facts.times:
                    mine = started[project.project].get(t.id, 0.0) / project.steps
                    its = started[other.project].get(t.id, 0.0) / other.steps
                    together.equal(mine, its, f"{project.project} with {other.project} in {t.id}: part started")
    for group in dict.fromkeys(project.only_one for project in _options(facts) if project.only_one):
        members = [project for project in facts.projects.values() if project.only_one == group]
        committed = [project.project for project in members if project.status == "committed"]
        built: dict[tuple[str, str], str] = {}
        for project in members:
            if project.status == "option" and sum(started[project.project].values()) > STEP * project.steps:
                key = ("group", project.together) if project.together else ("project", project.project)
                built.setdefault(key, project.project)
        names = ", ".join([*committed, *built.values()])
        fine = len(built) <= (0 if committed else 1)
        only_one.holds(fine, f"{group}: {names} are built")


def _budgets(facts: Facts, books: Books, families: Families) -> None:
    """What a party pays for the options of which it bears the public share stays within its budget."""
    check = families("budgets", MONEY)
    for party, row in facts.entities.items():
        if row.budget is not None:
            spent = sum(
                project.public_share / 100 * project.capex * sum(steps_started(books, project).values())
                for project in _options(facts)
                if project.payer == party
            )
            check.at_most(spent, row.budget, f"{party}: public shares of what is started (M USD)")


# -------------------------------------------------------------------------------------------------- units


def capacity_of(facts: Facts, books: Books, unit: str, t: Time) -> float:
    """What a unit can do in a period (t); infinite without a limit."""
    projects = [project for project in facts.projects.values() if project.unit == unit]
    nominal = facts.units[unit].capacity.mean(t.start, t.end) * t.years
    if not projects:
        return nominal
    factor = sum(n * facts.ramp(p, online, t) for p in projects for online, n in steps_online(facts, books, p))
    return nominal * factor if factor else 0.0


def is_switched(unit: Unit) -> bool:
    """Whether a unit either runs or does not: it has a minimum load or a running cost."""
    return bool(unit.minimum_load or unit.running_cost)


def _capacity(facts: Facts, books: Books, families: Families) -> None:
    check = families("capacity")
    used: dict[tuple[str, str], float] = defaultdict(float)
    for run in books.runs:
        for unit, rate in facts.line[run.process].uses.items():
            used[unit, run.period] += rate * run.activity
    for (unit, period), amount in used.items():
        check.at_most(amount, capacity_of(facts, books, unit, facts.time[period]), f"{unit} in {period}: used")
    rows: dict[tuple[str, str], Use] = {}
    for use in books.uses:
        where = f"{use.name} in {use.period}"
        check.holds(use.kind in ("capacity", "surplus"), f"{where}: {use.kind} is neither capacity nor surplus")
        if use.kind != "capacity":
            continue
        check.holds(use.name in facts.units, f"{where}: there is no such unit")
        if use.name in facts.units:
            rows[use.name, use.period] = use
            site = facts.units[use.name].site
            check.holds(use.site == site, f"{where}: stands at {site}, not at {use.site}")
            limit = capacity_of(facts, books, use.name, facts.time[use.period])
            check.equal(use.amount, used.get((use.name, use.period), 0.0), f"{where}: amount")
            check.holds(math.isfinite(limit) or use.limit is None, f"{where}: has no limit")
            if math.isfinite(limit):
                check.equal(math.nan if use.limit is None else use.limit, limit, f"{where}: limit")
            if math.isfinite(limit) and limit > ZERO:
                share = math.nan if use.share is None else use.share
                check.equal(share, 100 * use.amount / limit, f"{where}: use (%)")
            else:
                check.holds(not use.share or use.amount > ZERO, f"{where}: use is {use.share} % of no limit")
    for name, row in facts.units.items():
        for t in facts.times:
            told = rows.get((name, t.id))
            check.holds(told is not None, f"{name} in {t.id}: has no row")
            if is_switched(row):
                _running(facts, books, families, row, t, told, used.get((name, t.id), 0.0))
            elif told is not None:
                fine = told.least is None and told.running is None
                families("running").holds(fine, f"{name} in {t.id}: has neither minimum load nor running cost")


def _running(
    facts: Facts, books: Books, families: Families, unit: Unit, t: Time, told: Use | None, load: float
) -> None:
    """A unit that runs bears its minimum load at least, and one that does not run bears none."""
    check, where = families("running"), f"{unit.unit} in {t.id}"
    capacity = capacity_of(facts, books, unit.unit, t)
    size = capacity if math.isfinite(capacity) else 0.0
    if told is None:
        check.at_most(load, 0.0, f"{where}: has no row; load", size=size)
        return
    least = mean(unit.minimum_load, t) / 100 * size
    check.holds(told.running in ("yes", "no"), f"{where}: running is {told.running!r}, neither yes nor no")
    if told.running == "yes":
        check.at_least(load, least, f"{where}: load while it runs", size=size)
    else:
        check.at_most(load, 0.0, f"{where}: does not run; load", size=size)
    if unit.minimum_load:
        check.equal(math.nan if told.least is None else told.least, least, f"{where}: least")
    else:
        check.holds(told.least is None, f"{where}: has no minimum load")
