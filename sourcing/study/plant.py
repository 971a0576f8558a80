"""Plant: a project, with what is built as one with it, as a business: what it runs, buys, sells and owes.

    most bought[m] = Σ_makers output·capacity/use        most sold[m] = Σ_takers input·capacity/use + needs         [t]
    debt service   = Σ_p steps·annuity·(1 - public share), for its life from the year it is on line             [k USD]

What is sold or bought has the market price of its material; what is bought bears freight and tariff of the cheapest
lane, and no more is bought than its makers could make, or sold than its takers could use. A material is sold if some
channel takes it from the plant, bought if one brings it. What a line makes for the next line of the plant is sold
only where it is one of several products. What a standing mine or stockpile of the same party gives costs what making
and moving it costs. An input that nobody brings, but a standing line on the site makes, is made there. Members of a
group stand as if on one site.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sourcing.components.channels import INSIDE, Channel, channels
from sourcing.components.demand import Demand, grades, need
from sourcing.components.horizon import Span, at, periods
from sourcing.components.materials import Material
from sourcing.components.production import Line, Unit, lines, made_at, years_of_capacity
from sourcing.components.projects import (
    Project,
    annuity,
    committed_start,
    group_starts,
    most_steps,
    project_units,
    ramp,
)
from sourcing.components.stock import stocks_at
from sourcing.components.trade import market_price
from sourcing.instance import Instance


class Supply(NamedTuple):
    """A way to get an input: from whom ("" is the market), at what cost at the gate (k USD/t), up to how much (t)."""

    material: str
    origin: str
    cost: float
    most: float


@dataclass(frozen=True)
class Plant:
    """A group of projects under one outlook, with the period in which each member comes on line."""

    instance: Instance
    group: tuple[Project, ...]
    opens: dict[str, Span]

    @property
    def first(self) -> Span:
        """The period in which its first member comes on line."""
        return min(self.opens.values(), key=lambda t: t.start)

    @property
    def years(self) -> list[Span]:
        """The periods from the first output on."""
        return [t for t in periods(self.instance) if t.start >= self.first.start]

    @cached_property
    def sites(self) -> frozenset[str]:
        """Where its units stand."""
        return frozenset(self.instance.row(Unit, row.unit).site for row in self.group)

    @cached_property
    def lines(self) -> list[Line]:
        """What runs on its units, and standing lines on the site for inputs that nobody brings."""
        own = {row.unit for row in self.group}
        found = [line for line in lines(self.instance) if any(unit in own and use > 0 for unit, use in line.units)]
        brought = {h.material for h in channels(self.instance) if h.destination in self.sites}
        projects = project_units(self.instance)
        while True:
            known = brought | {m for line in found for m in line.recipe.outputs}
            missing = {m for line in found for m in line.recipe.inputs} - known
            more = [
                line
                for site in sorted(self.sites)
                for m in sorted(missing)
                for line in made_at(self.instance).get(site, {}).get(m, ())
                if not any(unit in projects for unit, _ in line.units)
            ]
            if not more:
                return found
            found += more

    @cached_property
    def outputs(self) -> list[str]:
        """What it sells, in the order of its recipes: it has a market price, and a channel takes it away."""
        used = {m for line in self.lines for m in line.recipe.inputs}
        made = dict.fromkeys(
            m for line in self.lines for m in line.recipe.outputs if m not in used or len(line.recipe.outputs) > 1
        )
        leaves = {h.material for h in self._leaving}
        return [m for m in made if m in leaves and self.instance.row(Material, m).index]

    @cached_property
    def _leaving(self) -> list[Channel]:
        return [h for h in channels(self.instance) if h.origin in self.sites and h.destination not in self.sites]

    @cached_property
    def _bringing(self) -> list[Channel]:
        used = {m for line in self.lines for m in line.recipe.inputs}
        arriving = (h for h in channels(self.instance) if h.material in used and h.destination in self.sites)
        return [h for h in arriving if h.origin not in self.sites]

    def capacity(self, unit: str, t: Span) -> float:
        """What a unit can do in a period (t): its own with all steps at the ramp, another as it stands."""
        size = years_of_capacity(self.instance, unit, t)
        row = next((row for row in self.group if row.unit == unit), None)
        if row is None:
            return size
        opens = self.opens.get(row.project)
        return steps(row) * size * ramp(row, opens, t) if opens else 0.0

    def supplies(self, t: Span) -> list[Supply]:
        """The ways to get what it uses."""
        market: dict[str, float] = {}
        makers: dict[str, set[str]] = {}
        own: dict[tuple[str, str], Supply] = {}
        for h in self._bringing:
            price = market_price(self.instance, h.material, t)
            moving = at(h.lane.freight, t) / 1000 + at(h.lane.tariff, t) / 100 * (price or 0.0)
            source = _source(self.instance, h) if h.under == INSIDE else None
            if source:
                made = source.recipe.outputs[h.material]
                cost = ((at(source.row.cost, t) or 0.0) - at(source.row.credit, t)) / 1000 / made
                most = made * _most(self.instance, source, t)
                own[h.material, h.origin] = Supply(h.material, h.origin, cost + moving, most)
            elif price is not None:
                market[h.material] = min(market.get(h.material, math.inf), price + moving)
                makers.setdefault(h.material, set()).add(h.origin)
        bought = [Supply(m, "", cost, _could_make(self.instance, makers[m], m, t)) for m, cost in market.items()]
        return [*own.values(), *bought]

    def most_sold(self, material: str, t: Span) -> float:
        """What those who can get a material from the plant could use of it in a period (t)."""
        return _could_use(self.instance, {h.destination for h in self._leaving if h.material == material}, material, t)

    def without_feed(self) -> list[str]:
        """Inputs that it does not make and that nothing brings at a known price."""
        known = {m for line in self.lines for m in line.recipe.outputs}
        known |= {supply.material for supply in self.supplies(self.first)}
        return [m for m in dict.fromkeys(m for line in self.lines for m in line.recipe.inputs) if m not in known]

    def fixed(self, t: Span) -> float:
        """Fixed cost of what is on line, k USD."""
        return sum(
            1000 * steps(row) * at(self.instance.row(Unit, row.unit).fixed_cost, t) * t.years
            for row in self.group
            if row.project in self.opens and self.opens[row.project].start <= t.start
        )

    def debt_service(self, t: Span) -> float:
        """Annuity of the private share of capex, k USD."""
        return sum(
            1000 * steps(row) * annuity(row) * (1 - row.public_share / 100) * t.overlap(o.start, o.start + row.life)
            for row in self.group
            if (o := self.opens.get(row.project))
        )

    @property
    def cost_of_capital(self) -> float:
        """Rate (1/y) of the group: that of its members, by capex."""
        parts = [(steps(row) * row.capex or 1e-9, row.cost_of_capital / 100) for row in self.group]
        return sum(weight * rate for weight, rate in parts) / sum(weight for weight, _ in parts)

    @property
    def ramp_years(self) -> float:
        """Years from the first output until all members have reached the end of their ramps."""
        ends = [o.start + max(len(row.ramp) - 1, 0) for row in self.group if (o := self.opens.get(row.project))]
        return max(ends) - self.first.start


def steps(row: Project) -> float:
    """The steps that are judged: all of them."""
    return row.steps if row.status == "committed" else most_steps(row)


def group_of(instance: Instance, row: Project) -> tuple[Project, ...]:
    """The projects that are built as one with a project, itself among them."""
    return tuple(
        other for other in instance[Project] if other is row or (row.together and other.together == row.together)
    )


def plant(instance: Instance, project: str, start: str) -> Plant | None:
    """A project as it would be if it were started in a period; None if it cannot be, or is late for the horizon.

    A committed project starts when it does.
    """
    if not instance.has(Project, project):
        return None
    group = group_of(instance, instance.row(Project, project))
    opens: dict[str, Span] = {}
    for row in group:
        dates = {t.id: opened for t, opened in group_starts(instance, row)}
        opened = committed_start(instance, row) if row.status == "committed" else dates.get(start)
        if opened:
            opens[row.project] = opened
    return Plant(instance, group, opens) if opens else None


def _source(instance: Instance, h: Channel) -> Line | None:
    """The standing mine or stockpile from which a channel brings its only product."""
    projects = project_units(instance)
    for line in made_at(instance).get(h.origin, {}).get(h.material, ()):
        standing = not any(unit in projects for unit, _ in line.units)
        if standing and not line.recipe.inputs and len(line.recipe.outputs) == 1:
            return line
    return None


def _most(instance: Instance, line: Line, t: Span) -> float:
    """The most activity of a line in a period (t), of a project with all its steps and without its ramp."""
    projects = project_units(instance)
    sizes = [
        years_of_capacity(instance, unit, t) * (steps(projects[unit]) if unit in projects else 1.0) / use
        for unit, use in line.units
        if use
    ]
    return min(sizes, default=math.inf)


def _at_sites(instance: Instance, sites: set[str], rate: str, material: str, t: Span) -> Iterator[tuple[str, float]]:
    """Tonnes of a material that each line at sites could make (`outputs`) or take (`inputs`), with its first unit."""
    for line in lines(instance):
        if line.site in sites and (part := getattr(line.recipe, rate).get(material)):
            yield line.units[0][0], part * _most(instance, line, t)


def _could_make(instance: Instance, sites: set[str], material: str, t: Span) -> float:
    """What sites could make of a material; lines of one unit take turns."""
    best: dict[str, float] = {}
    for unit, tonnes in _at_sites(instance, sites, "outputs", material, t):
        best[unit] = max(best.get(unit, 0.0), tonnes)
    stocked = any((site, material) in stocks_at(instance) for site in sites)
    return math.inf if stocked and not best else sum(best.values())


def _could_use(instance: Instance, sites: set[str], material: str, t: Span) -> float:
    """What sites could use of a material: process, put in stock or need; lines of one unit take turns."""
    best: dict[str, float] = {}
    for unit, tonnes in _at_sites(instance, sites, "inputs", material, t):
        best[unit] = max(best.get(unit, 0.0), tonnes)
    stocks = [row for site in sites for row in stocks_at(instance).get((site, material), ())]
    filled = [at(row.fill, t) for row in stocks]
    room = sum(math.inf if fill is None else fill * t.years for fill in filled)
    needs = [need(d, t) * grades(instance, d).get(material, 0.0) for d in instance[Demand] if d.customer in sites]
    return sum(best.values()) + sum(needs) + room
