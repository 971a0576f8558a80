"""Bankability: the lowest floor that carries a project over the price outlooks.

    rate[s,t](F)  = covered[t]·(max(0, F - B[s,t]) - share[t]·max(0, B[s,t] - U))       U is F unless said    [k USD/t]
    cash[s,t](F)  = most over the ways to run of margin + rate·counted, less fixed cost                         [k USD]
    yearly[s,t]:    cash >= DSCR·debt service, in the tested years: on line, after the grace, in the floor's dates
    worth[s]:       Σ_t cash - debt service, discounted at the cost of capital, >= 0 over the horizon

B is the benchmark of the floor, counted the tonnes that it covers. Cash is convex in F and never falls, so each test
has one root, found by Newton's method in a few steps; the floor is the highest of them. A test holds in each outlook
with a probability, on average (*expected*), or on average over the worst share (*cvar*: 1 - the CVaR level).

What the floor costs is what the treasury pays at it where the project runs as pays it best. A buyer pays the market
price with and without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sourcing.components.horizon import Span, at, discount, periods, settings
from sourcing.components.materials import Material
from sourcing.components.projects import Project, group_starts
from sourcing.components.scenarios import Scenario
from sourcing.components.trade import Price, index_price, market_price
from sourcing.instance import Instance
from sourcing.sheets import Amount, SourcingError
from sourcing.study.plant import Plant, group_of, plant
from sourcing.study.ways import HIGHEST, Way, ways, weights
from sourcing.words import did_you_mean

WORTH = "NPV"
"""The name of the test over the horizon, beside those of the years."""

TINY = 1e-3
"""k USD by which a test may be missed: a dollar, far below what a cent on a kilogram brings."""


class Unbankable(SourcingError):
    """No floor carries the project, and the message says why."""

    exit_code = 6


@dataclass(frozen=True)
class Terms:
    """What a floor covers: material (blank: the output that could bring most), benchmark (an index; blank: that at
    which it is sold), dates (decimal years; from the first output to the end of the horizon unless said).

    `upside_share` is the treasury's part (%) of what the benchmark is above `upside_from` (USD/kg; None: the floor),
    from `upside_starts` on. `volume` is the most that counts in a year, `sold_at` the index at which the project sells
    the material (blank: its own).
    """

    material: str = ""
    benchmark: str = ""
    start: float = -math.inf
    end: float = math.inf
    upside_share: Amount = 0.0
    upside_from: float | None = None
    upside_starts: float = -math.inf
    volume: Amount | None = None
    sold_at: str = ""


@dataclass(frozen=True)
class Hurdle:
    """What carried means: `test` is each, expected or cvar; `tail` the share of the worst outcomes; DSCR; grace."""

    test: str = "each"
    dscr: float = 1.0
    grace: float | None = None
    tail: float = 0.1


@dataclass(frozen=True)
class Year:
    """A period of a project on line in one outlook: prices in USD/kg, money in k USD."""

    t: Span
    price: float | None
    benchmark: float
    covered: float
    upside: float
    upside_from: float | None
    ways: tuple[Way, ...]
    fixed: float
    debt: float
    factor: float
    public_factor: float
    tested: bool

    def top_up(self, level: float) -> float:
        """What the treasury adds to a tonne, k USD."""
        return self.covered * max(0.0, level - self.benchmark)

    def share(self, level: float) -> float:
        """What the treasury gets of a tonne, k USD."""
        threshold = level if self.upside_from is None else self.upside_from
        return self.covered * self.upside * max(0.0, self.benchmark - threshold)

    def best(self, level: float) -> Way:
        """The way to run that leaves most."""
        rate = self.top_up(level) - self.share(level)
        return max(self.ways, key=lambda way: way.earns(rate))

    def cash(self, level: float) -> float:
        """What is left to serve debt."""
        return self.best(level).earns(self.top_up(level) - self.share(level)) - self.fixed

    def slope(self, level: float) -> float:
        """What a USD/kg on the floor adds to the cash."""
        if level >= self.benchmark:
            return self.covered * self.best(level).counted
        return self.covered * self.upside * self.best(level).counted if self.upside_from is None else 0.0


@dataclass(frozen=True)
class Outlook:
    """One future of prices, with the project's years in it; `plant` is None if it cannot be built there."""

    id: str
    probability: float
    plant: Plant | None
    years: tuple[Year, ...]

    def margins(self, level: Callable[[Year], float], dscr: float) -> dict[str, float]:
        """By how much each test is kept, k USD: of tested years, and over the horizon."""
        found = {y.t.id: y.cash(level(y)) - dscr * y.debt for y in self.years if y.tested}
        return found | {WORTH: sum(y.factor * (y.cash(level(y)) - y.debt) for y in self.years)}

    def slopes(self, level: float) -> dict[str, float]:
        """How the tests change with the floor, k USD per USD/kg."""
        found = {y.t.id: y.slope(level) for y in self.years if y.tested}
        return found | {WORTH: sum(y.factor * y.slope(level) for y in self.years)}

    def dscr(self, level: Callable[[Year], float]) -> float | None:
        """The lowest cash over debt service of a tested year."""
        return min((y.cash(level(y)) / y.debt for y in self.years if y.tested and y.debt), default=None)

    def outlay(self, level: Callable[[Year], float]) -> tuple[float, float]:
        """What the treasury pays and gets at a floor, k USD discounted at the rate of the instance."""
        parts = [(y.public_factor * y.best(f).counted, y.top_up(f), y.share(f)) for y in self.years for f in [level(y)]]
        return sum(q * up for q, up, _ in parts), sum(q * share for q, _, share in parts)


@dataclass(frozen=True)
class Case:
    """A project with its group, its terms and its outlooks, ready to be judged at any floor."""

    instance: Instance
    group: tuple[Project, ...]
    start: str
    terms: Terms
    test: Hurdle
    outlooks: tuple[Outlook, ...]

    @property
    def judged(self) -> tuple[Outlook, ...]:
        """The outlooks that count: possible, and with a probability."""
        return tuple(o for o in self.outlooks if o.plant and o.probability > 0)

    def shortfalls(self, level: Callable[[Year], float]) -> Iterator[tuple[float, str, dict[str, float]]]:
        """Each test with its value (k USD, kept at 0 or more) and the weights of the outlooks that give it."""
        margins = {o.id: o.margins(level, self.test.dscr) for o in self.judged}
        for name in dict.fromkeys(name for found in margins.values() for name in found):
            values = {id: found[name] for id, found in margins.items() if name in found}
            weight = _worst(values, {o.id: o.probability for o in self.judged}, self.test)
            yield sum(part * values[id] for id, part in weight.items()), name, weight

    def carried(self, level: float | Callable[[Year], float]) -> bool:
        """Whether the project passes every test at a floor (USD/kg)."""
        return all(value >= -TINY for value, _, _ in self.shortfalls(_constant(level)))

    def floor(self) -> float | None:
        """The lowest floor that carries the project, USD/kg; 0 if it needs none, None if none does."""
        level = 0.0
        while True:
            value, name, weight = min(self.shortfalls(_constant(level)), key=lambda item: item[0])
            if value >= -TINY:
                return level
            root = self._root(name, weight, level)
            if root is None or root > HIGHEST:
                return None
            level = max(root, math.nextafter(level, math.inf))

    def _root(self, name: str, weight: Mapping[str, float], low: float) -> float | None:
        """Where a test of weighted outlooks is just kept, above `low`; Newton's method down from where it is."""
        parts = [(weight[o.id], o) for o in self.judged if weight.get(o.id)]

        def value(level: float) -> float:
            return sum(part * o.margins(_constant(level), self.test.dscr)[name] for part, o in parts)

        if value(HIGHEST) < 0:
            return None
        high = max(1.0, 2 * low)
        while value(high) < 0:
            high *= 2
        while True:
            slope = sum(part * o.slopes(high)[name] for part, o in parts)
            lower = high - value(high) / slope if slope else high
            if not lower < high - 1e-12 * high:
                return high
            high = max(lower, low)

    def treasury(self, level: float | Callable[[Year], float]) -> tuple[float, float]:
        """Expected outlay and share of the upside at a floor, k USD discounted."""
        whole = sum(o.probability for o in self.judged)
        parts = [(o.probability / whole, *o.outlay(_constant(level))) for o in self.judged]
        return sum(p * paid for p, paid, _ in parts), sum(p * got for p, _, got in parts)

    def binding(self, level: float | Callable[[Year], float]) -> tuple[str, str]:
        """The test that is closest to failing at a floor, with the outlook that weighs most in it."""
        _, name, weight = min(self.shortfalls(_constant(level)), key=lambda item: item[0])
        return name, max(weight, key=lambda id: weight[id])


def _constant(level: float | Callable[[Year], float]) -> Callable[[Year], float]:
    return level if callable(level) else lambda _: level


def _worst(values: Mapping[str, float], odds: Mapping[str, float], test: Hurdle) -> dict[str, float]:
    """The weights of outlooks under which a test is judged; they sum to 1."""
    whole = sum(odds[id] for id in values)
    if test.test == "expected":
        return {id: odds[id] / whole for id in values}
    order = sorted(values, key=lambda id: values[id])
    if test.test == "each":
        return {order[0]: 1.0}
    left, found = 1.0, {}
    for id in order:
        found[id] = min(left, odds[id] / whole / test.tail)
        left -= found[id]
    return {id: part for id, part in found.items() if part > 0}


def to_the_cent(level: float) -> float:
    """A floor rounded up to a cent."""
    return math.ceil(100 * level - 1e-7) / 100


# ------------------------------------------------------------------------------------------------ the case


def project_row(instance: Instance, project: str) -> Project:
    """The project of that name; ValueError with what is near if there is none."""
    if instance.has(Project, project):
        return instance.row(Project, project)
    known = [row.project for row in instance[Project]]
    hint = did_you_mean(project, known) or ("projects: " + ", ".join(known) if known else "there are none")
    raise ValueError(f"there is no project '{project}': {hint}")


def outlooks_of(instance: Instance) -> list[tuple[str, float, Instance]]:
    """The active outlooks with their probability (0 to 1) and tables; the tables as they stand if there are none."""
    from sourcing.futures.shocks import under

    rows = [row for row in instance[Scenario] if row.kind == "outlook"]
    found = [(row.scenario, (row.probability or 0.0) / 100, under(instance, row.scenario)) for row in rows]
    return found or [("as it stands", 1.0, instance)]


def default_material(p: Plant) -> str:
    """The output that could bring most at market prices over the horizon; Unbankable if nothing can be sold."""

    def most(material: str) -> float:
        sold = [
            line.recipe.outputs[material] * min(p.capacity(u, t) / use for u, use in line.units if use)
            * (market_price(p.instance, material, t) or 0.0)
            for line in p.lines if material in line.recipe.outputs
            for t in p.years
        ]  # fmt: skip
        return max(sold, default=0.0)

    if not p.outputs:
        name = p.group[0].project
        raise Unbankable(f"{name} sells nothing that a floor could cover: no channel takes what it makes at a price")
    return max(p.outputs, key=most)


def case(
    instance: Instance, project: str, terms: Terms | None = None, *, start: str = "", test: Hurdle | None = None
) -> Case:
    """A project under every outlook, ready to be judged; `start` is the period in which an option is started.

    ValueError for what is unknown; Unbankable where nothing is sold, or it comes on line in no outlook.
    """
    row = project_row(instance, project)
    start, test = _start(instance, row, start), test or Hurdle(tail=1 - settings(instance).cvar_level / 100)
    tables = outlooks_of(instance)
    plants = [plant(found, project, start) for _, _, found in tables]
    first = next((p for p, (_, odds, _) in zip(plants, tables, strict=True) if p and odds > 0), None)
    if first is None:
        raise Unbankable(f"{project} comes on line within the horizon in no outlook that has a probability")
    terms = _filled(first, project, terms or Terms())
    outlooks = tuple(
        Outlook(name, odds, p, tuple(_years(p, terms, test)) if p else ())
        for (name, odds, _), p in zip(tables, plants, strict=True)
    )
    return Case(instance, group_of(instance, row), start, terms, test, outlooks)


def _start(instance: Instance, row: Project, start: str) -> str:
    """The period in which a project is started, "" of a committed one; ValueError where it may not be."""
    if row.status == "committed":
        if start:
            raise ValueError(f"{row.project} is committed and starts when it does: leave the start out")
        return ""
    dates = [t.id for t, _ in group_starts(instance, row)]
    if start and start not in dates:
        raise ValueError(f"{row.project} cannot be started in {start}: it can in {', '.join(dates) or 'no period'}")
    return start or next(iter(dates), "")


def _filled(p: Plant, project: str, terms: Terms) -> Terms:
    """The terms with what they leave open; ValueError for a material or an index that cannot be."""
    sells = ", ".join(p.outputs) or "nothing"
    material = terms.material or default_material(p)
    if not p.instance.has(Material, material):
        raise ValueError(
            f"there is no material '{material}': {did_you_mean(material, p.outputs) or f'it sells {sells}'}"
        )
    if not weights(p, material):
        raise ValueError(f"{project} sells nothing of {material}: it sells {sells}")
    benchmark = terms.benchmark or terms.sold_at or p.instance.row(Material, material).index
    for index in (benchmark, terms.sold_at):
        if index and not p.instance.has(Price, index):
            hint = did_you_mean(index, [row.index for row in p.instance[Price]]) or "name a row of Prices"
            raise ValueError(f"there is no price index '{index}': {hint}")
    if not benchmark:
        raise ValueError(f"{material} has no price index: name the one that the floor is measured by")
    return replace(terms, material=material, benchmark=benchmark)


def _years(p: Plant, terms: Terms, test: Hurdle) -> Iterator[Year]:
    grace = p.ramp_years if test.grace is None else test.grace
    begin = periods(p.instance)[0].start
    for t in p.years:
        covered = t.overlap(terms.start, terms.end) / t.years
        upside = at(terms.upside_share, t) / 100 if terms.upside_starts <= t.start + 1e-6 else 0.0
        price = (
            index_price(p.instance, terms.sold_at, t) if terms.sold_at else market_price(p.instance, terms.material, t)
        )
        yield Year(
            t, price, index_price(p.instance, terms.benchmark, t), covered,
            upside, terms.upside_from, ways(p, t, terms.material, at(terms.volume, t), price),
            p.fixed(t), p.debt_service(t),
            (1 + p.cost_of_capital) ** (begin - (t.start + t.end) / 2), discount(p.instance, t),
            covered > 1 - 1e-6 and t.start >= p.first.start + grace - 1e-6,
        )  # fmt: skip


def under_terms(found: Case, terms: Terms) -> Case:
    """The same project under a floor on other terms."""
    outlooks = tuple(
        replace(o, years=tuple(_years(o.plant, terms, found.test)) if o.plant else ()) for o in found.outlooks
    )
    return replace(found, terms=terms, outlooks=outlooks)
