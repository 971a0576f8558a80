"""Usage: every place of the instance in the plan, used or idle, and why.

An idle place's reason is what a tonne of its activity, forced into the plan, would add to the cost: a second solve from
the plan's own basis. (Its reduced cost would not do: where nothing flows, prices along the chain may be anything
between what a buyer would give and what a seller would ask.)
"""

from __future__ import annotations

from sourcing.components.channels import passed_on
from sourcing.components.contracts import contracts
from sourcing.components.demand import Demand, customers, need
from sourcing.components.horizon import Span, periods
from sourcing.components.places import Site
from sourcing.components.production import Line, Unit, lines
from sourcing.components.projects import built_as_one, can_run, project_units
from sourcing.components.stock import Stockpile, drawable
from sourcing.instance import Instance
from sourcing.solver import Solution
from sourcing.tables import Table, fields, total

IDLE = 1e-6
"""Tonnes over the whole horizon below which a place counts as idle."""


def sites(solution: Solution, *, asked: bool = True, only: str = "") -> Table:
    """One row a site: what it does in the plan, how full it gets, and why it is used or idle; or `only` that of one.

    Why a site is idle takes further solves: it is left out where they are not `asked` for.
    """
    table = Table(
        "Sites",
        fields(
            "Site", "Name", "Party", "Country", "Stages", "Status", ("Activity", "t"), ("Shipped", "t"),
            ("Fullest", "%"), "Reason",
        ),
        "Every place, used or idle, and why. Activity and Shipped are over all periods; Fullest is the fullest unit.",
    )  # fmt: skip
    instance = solution.instance
    by_site: dict[str, list[Line]] = {}
    for line in lines(instance):
        by_site.setdefault(line.site, []).append(line)
    activity: dict[str, float] = {}
    for (site, *_), tonnes in solution.positive("production.activity"):
        activity[site] = activity.get(site, 0.0) + tonnes
    shipped: dict[str, float] = {}
    for (site, *_), tonnes in solution.positive("channels.flow"):
        shipped[site] = shipped.get(site, 0.0) + tonnes
    hubs = {site for site, _ in passed_on(instance)}
    for row in (row for row in instance[Site] if only in ("", row.site)):
        own = by_site.get(row.site, [])
        stages = "; ".join(dict.fromkeys(line.row.stage for line in own))
        done, sent = activity.get(row.site, 0.0), shipped.get(row.site, 0.0)
        fullest, when = _fullest(solution, own)
        if own:
            used = done > IDLE
            reason = _full(solution, when, fullest) if used else _why_idle(solution, own) if asked else ""
        elif row.site in customers(instance):
            used, reason, stages = True, _served(solution, row.site), "customer"
        else:
            held = [stock for stock in instance[Stockpile] if stock.site == row.site]
            used = sent > IDLE or any(_level(solution, stock) > IDLE for stock in held)
            stages = "; ".join(word for word, found in (("hub", row.site in hubs), ("stock", held)) if found)
            reason = "; ".join(_stocked(solution, stock) for stock in held)
            if not reason and not used:
                reason = "nothing is bought and passed on here at the plan's prices" if stages else "has no task"
        status = "used" if used else "idle"
        table.add(row.site, row.name, row.entity, row.country, stages, status, done, sent, fullest, reason or None)
    return table


def _fullest(solution: Solution, own: list[Line]) -> tuple[float | None, list[tuple[str, Span]]]:
    """The fullest use (%) of a site's units over the periods, and the units and periods that are full."""
    best: float | None = None
    full = []
    for unit in dict.fromkeys(unit for line in own for unit, _ in line.units):
        for t in periods(solution.instance):
            limit, _ = solution.capacity(unit, t)
            if 0 < limit < float("inf"):
                use = 100 * solution.total(solution.path.production.loads.get((unit, t.id), [])) / limit
                best = use if best is None else max(best, use)
                if use > 99.99:
                    full.append((unit, t))
    return best, full


def _full(solution: Solution, when: list[tuple[str, Span]], fullest: float | None) -> str:
    if not when:
        return "has room in every period" if fullest is None else f"has room in every period (fullest {fullest:.0f} %)"
    units: dict[str, list[str]] = {}
    for unit, t in when:
        units.setdefault(unit, []).append(t.id)
    count = len(periods(solution.instance))
    told = [
        f"{unit} is full in {'every period' if len(found) == count else ', '.join(found)}"
        for unit, found in units.items()
    ]
    return "; ".join(told)


def _why_idle(solution: Solution, own: list[Line]) -> str:
    """Why no line of a site runs."""
    instance, lots = solution.instance, solution.lots
    spans = periods(instance)
    able = [(line, t) for line in own for t in spans if all(can_run(instance, unit, t) for unit, _ in line.units)]
    if not able:
        projects = [project_units(instance).get(unit) for line in own for unit, _ in line.units]
        names = list(dict.fromkeys(project.project for project in projects if project))
        return f"nothing is on line by {spans[-1].id}" + (f": {', '.join(names)} comes later" if names else "")
    open_lines = [(line, t, label) for line, t in able for label in lots.runs(line, t)]
    if not open_lines:
        inputs = list(dict.fromkeys(m for line, _ in able for m in line.recipe.inputs))
        makes = list(dict.fromkeys(m for line, _ in able for m in line.recipe.outputs))
        missing = f"{', '.join(inputs)} cannot come to it, or " if inputs else ""
        return f"{missing}nobody can use its {', '.join(makes)}: no lane, offer, qualification or rule lets it through"
    terms = [(1.0, ("production.activity", (*line.id, label, t.id))) for line, t, label in open_lines]
    forced = solution.live.forced(terms)
    taken = [] if forced else undecided(solution, own[0].site)
    if taken:  # it waits for a decision: what would a tonne cost with the part of one that it takes?
        forced = solution.live.forced(terms, decided_for(instance, own[0].site))
    if forced is None:
        what = "nothing that it makes could go anywhere, or nothing that it needs could come"
        return what + (", with the plan's other decisions as they are" if solution.arrays.integer.any() else "")
    added, _ = forced
    recipe = " or ".join(dict.fromkeys(line.row.recipe for line, _, _ in open_lines))
    projects = [project_units(instance).get(unit) for line, _, _ in open_lines for unit, _ in line.units]
    options = taken or list(dict.fromkeys(row.project for row in projects if row and row.status == "option"))
    part = "the part that it takes of " if taken else "what it takes of "
    built = f", with {part}{', '.join(options)}" if options else ""
    if taken and not added:
        return f"a tonne of {recipe} would pay{built}; the whole does not, or by less than the gap of the plan"
    return f"a tonne of {recipe} would add {1000 * added:,.0f} USD to the cost (discounted){built}"


def decided_for(instance: Instance, site: str) -> frozenset[str]:
    """What a decision about a site may be named by: itself, its units, their projects, and the contracts it is in."""
    units = {row.unit for row in instance[Unit] if row.site == site}
    own = [row for unit, row in project_units(instance).items() if unit in units]
    projects = {member.project for row in own for member in built_as_one(instance, row)}
    groups = {name for row in own for name in (row.only_one, row.together) if name}
    signed = {row.contract for row, sellers, buyers in contracts(instance) if site in sellers | buyers}
    return frozenset({site} | units | projects | groups | signed)


def undecided(solution: Solution, site: str) -> list[str]:
    """Projects, options to sign and qualifications of a site that the plan does not take, by name."""
    names = decided_for(solution.instance, site)
    found: dict[str, float] = {}
    for family in ("projects.build", "contracts.sign", "qualifications.qualify"):
        for index, value in solution.values(family).items():
            if names.intersection(index[:-1]):
                name = "|".join(index[:-1])
                found[name] = found.get(name, 0.0) + value
    return [name for name, value in found.items() if value < IDLE]


def _served(solution: Solution, customer: str) -> str:
    instance = solution.instance
    needed = total(need(d, t) for d in instance[Demand] if d.customer == customer for t in periods(instance))
    short = total(tonnes for (site, *_), tonnes in solution.positive("demand.short") if site == customer)
    return f"{100 * (needed - short) / needed:.1f} % of its demand is met" if needed else "needs nothing"


def _level(solution: Solution, row: Stockpile) -> float:
    """Tonnes in a stock at the end."""
    last = periods(solution.instance)[-1].id
    return total(tonnes for (w, _, t), tonnes in solution.positive("stock.level") if (w, t) == (row.stockpile, last))


def _stocked(solution: Solution, row: Stockpile) -> str:
    told = f"{row.stockpile} goes from {row.opening:,.0f} to {_level(solution, row):,.0f} t"
    drawn = any(drawable(row, t) for t in periods(solution.instance))
    return told if drawn else f"{told}, and is not drawn without a shock"
