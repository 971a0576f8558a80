"""The answer to whether a project is bankable, as tables: each year's cash, the outlooks, the menu, floors in force."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from sourcing.components.contracts import Contract, contract_overlap, contracts
from sourcing.components.floors import Floor
from sourcing.components.floors import covered as covered_sites
from sourcing.components.horizon import Span, at, mean, periods
from sourcing.components.materials import Material
from sourcing.components.trade import market_price
from sourcing.instance import Instance
from sourcing.sheets import year_of
from sourcing.study.bankability import TINY, Case, Hurdle, Terms, Year, to_the_cent, under_terms
from sourcing.study.bankability import case as make_case
from sourcing.study.menu import lowest
from sourcing.study.ways import HIGHEST
from sourcing.tables import Table, fields

MENU = tuple(range(60, 165, 5))
"""Levels (USD/kg) from which one is chosen where none are given."""


@dataclass(frozen=True)
class Bankability:
    """The lowest floor that carries a project (USD/kg) with what it costs; money in M USD.

    `exact` is None if no floor carries it, `floor` is `exact` rounded up to a cent, `chosen` the lowest of the menu.
    """

    case: Case
    exact: float | None
    chosen: float | None
    levels: tuple[float, ...]

    @property
    def floor(self) -> float | None:
        """The lowest floor in whole cents."""
        return None if self.exact is None else to_the_cent(self.exact)

    @property
    def tables(self) -> list[Table]:
        """Cash by year at the floor (at none if no floor carries it), outlooks, menu, floors in force."""
        level = self.floor or 0.0
        return [outlooks(self.case, level), cash(self.case, level), menu(self.case, self.levels), in_force(self.case)]

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        names = self.case.group[0].project + (" and its group" if len(self.case.group) > 1 else "")
        over = {"each": "in each outlook", "expected": "on average", "cvar": "on average over the worst outcomes"}
        words, material = over[self.case.test.test], self.case.terms.material
        if self.floor is None:
            return f"No floor on {material} carries {names} {words}: {self._why()}"
        if not self.floor:
            return f"Without a floor, market prices carry {names} {words}."
        return f"A floor of {self.floor:,.2f} USD/kg on {material} carries {names} {words}; a dollar less does not."

    def _why(self) -> str:
        p = next(o.plant for o in self.case.outlooks if o.plant)
        test, outlook = self.case.binding(HIGHEST)
        if all(way.counted <= 0 for o in self.case.judged for y in o.years for way in y.ways):
            feed = p.without_feed()
            return f"it can make none; nothing brings {', '.join(feed)}." if feed else "it can make none."
        return f"{test} is missed in {outlook} at {HIGHEST:,.0f} USD/kg too, where too little or nothing of it counts."

    @property
    def when(self) -> str:
        """When it is started and gives its first output."""
        first = self.case.judged[0].plant
        started = f"started in {self.case.start}" if self.case.start else "committed"
        return f"; {started}, first output in {first.first.id}" if first else f"; {started}"

    @property
    def dates(self) -> str:
        """The periods that the floor covers."""
        covered = {y.t.start: y.t.id for o in self.case.judged for y in o.years if y.covered}
        return f"{covered[min(covered)]} to {covered[max(covered)]}" if covered else "in no period on line"

    @property
    def notes(self) -> list[str]:
        """What the numbers leave open."""
        found: list[str] = []
        level = self.floor or 0.0
        if out := [o.id for o in self.case.outlooks if o.plant is None]:
            found.append(f"It cannot be built in {', '.join(out)}: left out.")
        prices: dict[str, set[float]] = {}
        for y in (y for o in self.case.judged for y in o.years):
            prices.setdefault(y.t.id, set()).add(y.benchmark)
        if len(self.case.judged) > 1 and all(len(values) == 1 for values in prices.values()):
            found.append(f"No outlook moves {self.case.terms.benchmark}, the price that the floor is measured by.")
        found += _one_sided(self.case)
        if not any(y.tested for o in self.case.judged for y in o.years):
            found.append("No year is tested by itself: none is past the grace within the dates of the floor.")
        late = dict.fromkeys(
            y.t.id
            for o in self.case.judged
            for y in o.years
            if not y.covered
            and y.t.start >= self.case.terms.end
            and y.cash(level) < self.case.test.dscr * y.debt - TINY
        )
        if late:
            found.append(
                f"After the floor ends, cash does not cover debt service in {', '.join(late)} in some outlook."
            )
        return found


def _one_sided(case: Case) -> Iterator[str]:
    """Outlooks that move prices of what is sold and not of what is bought, or the other way round."""
    told: dict[str, list[str]] = {}
    for o in case.judged:
        if o.plant is None or o.plant.instance is case.instance:
            continue
        used = {supply.material for y in o.years for supply in o.plant.supplies(y.t) if not supply.origin}
        sold, bought = (
            {m: any(market_price(o.plant.instance, m, y.t) != market_price(case.instance, m, y.t) for y in o.years)
             for m in materials}
            for materials in (set(o.plant.outputs), used)
        )  # fmt: skip
        still = [
            m for side, other in ((sold, bought), (bought, sold)) if any(other.values()) for m in side if not side[m]
        ]
        if still:
            told.setdefault(", ".join(sorted(still)), []).append(o.id)
    for materials, ids in told.items():
        yield f"{', '.join(ids)}: prices move, but not of {materials}, so margins are not what they would be."


def bankability(
    instance: Instance,
    project: str,
    terms: Terms | None = None,
    *,
    levels: Iterable[float] = MENU,
    start: str = "",
    test: Hurdle | None = None,
) -> Bankability:
    """The lowest floor that carries a project over the price outlooks: exact, and of some levels (USD/kg).

    `start` is the period in which an option is started, the first that may be unless said. ValueError for what is
    unknown, Unbankable where nothing is sold or the project comes on line in no outlook.
    """
    return judge(make_case(instance, project, terms, start=start, test=test), tuple(levels))


def judge(case: Case, levels: tuple[float, ...]) -> Bankability:
    """The lowest floor of a case: exact, and from a menu of levels (USD/kg)."""
    return Bankability(case, case.floor(), lowest(case, levels), levels)


def cash(case: Case, level: float) -> Table:
    """What each year earns, pays and leaves at a floor."""
    table = Table(
        "Cash",
        fields(
            "Outlook", "Period", ("Price", "USD/kg"), ("Benchmark", "USD/kg"), ("Floor", "USD/kg"), ("Counted", "t"),
            ("Sales", "M USD"), ("Top-up", "M USD"), ("Upside share", "M USD"), ("Credit", "M USD"),
            ("Inputs", "M USD"), ("Processing", "M USD"), ("Fixed", "M USD"), ("Disposal", "M USD"),
            ("Cash", "M USD"), ("Debt service", "M USD"), ("DSCR", "1"), "Tested", "Sold",
        ),
        "A project's years at the floor, run as pays it best. Floor: blank where its dates do not reach. Counted: "
        "tonnes that the floor counts. Fixed: with what units cost while they run. Tested: whether cash must cover "
        "debt service in this year; all years count in the NPV.",
    )  # fmt: skip
    for o in case.outlooks:
        for y in o.years:
            way, left = y.best(level), y.cash(level)
            sold = "; ".join(f"{m} {tonnes:,.1f} t" for m, tonnes in way.sold)
            table.add(
                o.id, y.t.id, y.price, y.benchmark, level if y.covered else None, way.counted, way.sales / 1000,
                y.top_up(level) * way.counted / 1000, y.share(level) * way.counted / 1000, way.credit / 1000,
                way.inputs / 1000, way.processing / 1000, (y.fixed + way.running) / 1000, way.disposal / 1000,
                left / 1000, y.debt / 1000, left / y.debt if y.debt else None, "yes" if y.tested else "no", sold,
            )  # fmt: skip
    return table


def outlooks(case: Case, level: float) -> Table:
    """What each outlook means for the project and the treasury at a floor."""
    table = Table(
        "Outlooks",
        fields(
            "Outlook", ("Probability", "%"), "On line", ("Lowest DSCR", "1"), ("NPV", "M USD"),
            ("Treasury pays", "M USD"), ("Treasury gets", "M USD"), "Remark",
        ),
        "The project in each outlook at the floor. NPV: cash less debt service over the horizon, at the cost of "
        "capital. What the treasury pays and gets is discounted at the instance's rate; the last line is expected.",
    )  # fmt: skip
    for o in case.outlooks:
        if o.plant is None:
            table.add(o.id, 100 * o.probability, None, None, None, None, None, "cannot be built here: left out")
            continue
        paid, got = o.outlay(lambda _: level)
        worth = o.margins(lambda _: level, case.test.dscr)["NPV"]
        remark = None if o.probability else "probability 0: shown, not judged"
        table.add(
            o.id, 100 * o.probability, o.plant.first.id, o.dscr(lambda _: level), worth / 1000, paid / 1000,
            got / 1000, remark,
        )  # fmt: skip
    paid, got = case.treasury(level)
    odds = 100 * sum(o.probability for o in case.judged)
    table.add("expected", odds, None, None, None, paid / 1000, got / 1000, None)
    return table


def menu(case: Case, levels: tuple[float, ...]) -> Table:
    """Every level of a menu: whether it carries the project, and at what cost."""
    table = Table(
        "Menu",
        fields(("Level", "USD/kg"), "Carries", *_COST, "Closest test", "In outlook"),
        "Each level of the menu. Payer pays and gets: what the treasury does, expected and discounted. Closest test: "
        "the year, or NPV, that comes closest to failing.",
    )
    for level in levels:
        table.add(level, "yes" if case.carried(level) else "no", *_costs(case, level), *case.binding(level))
    return table


_COST = (("Lowest DSCR", "1"), ("Worst NPV", "M USD"), ("Payer pays", "M USD"), ("Payer gets", "M USD"))


def _costs(case: Case, level: float | Callable[[Year], float]) -> tuple[float | None, float, float, float]:
    floor = level if callable(level) else lambda _: level
    covers = [value for o in case.judged if (value := o.dscr(floor)) is not None]
    worths = [o.margins(floor, case.test.dscr)["NPV"] for o in case.judged]
    paid, got = case.treasury(level)
    return min(covers, default=None), min(worths) / 1000, paid / 1000, got / 1000


# ------------------------------------------------------------------------------------------------ floors in force


def in_force(case: Case) -> Table:
    """The floors of the instance on the same material: their terms, and whether they would carry the project."""
    table = Table(
        "Floors in force",
        fields(
            "Floor", "Kind", "Payer", "Benchmark", "Level", "From", "To", "Covers it", "Would carry it", *_COST,
        ),
        "Floors and contract floors on the same material. Would carry it: if the project had a floor on these terms, "
        "dates and volume, whether or not it is covered now. A border floor pays no producer and is not judged; a cap "
        "on a contract's rebate is left out, so such a contract carries at least as well.",
    )  # fmt: skip
    sites = next(o.plant for o in case.outlooks if o.plant).sites
    for name, kind, payer, where, terms, level in _rows(case):
        spans = [t for t in periods(case.instance) if level(t) > 0]
        if not spans:
            continue
        levels = [level(t) for t in spans]
        shown = f"{min(levels):g}" if min(levels) == max(levels) else f"{min(levels):g} to {max(levels):g}"
        covers = "yes" if sites & where else "no"
        head = (name, kind, payer or None, terms.benchmark, f"{shown} USD/kg", spans[0].id, spans[-1].id, covers)
        if kind == "border":
            table.add(*head, None, None, None, None, None)
            continue
        other = under_terms(case, terms)
        at_level = partial(_in_year, level)
        table.add(*head, "yes" if other.carried(at_level) else "no", *_costs(other, at_level))
    return table


def _in_year(level: Callable[[Span], float], year: Year) -> float:
    return level(year.t)


def _rows(case: Case) -> Iterator[tuple[str, str, str, frozenset[str], Terms, Callable[[Span], float]]]:
    """Floors and contract floors on the case's material: name, kind, payer, sites, terms, level by period."""
    instance, index = case.instance, case.instance.row(Material, case.terms.material).index
    for row in instance[Floor]:
        if row.material == case.terms.material:
            spans = [t for t in periods(instance) if mean(row.level, t) > 0]
            terms = Terms(
                row.material,
                row.benchmark or index,
                min((t.start for t in spans), default=math.inf),
                max((t.end for t in spans), default=math.inf),
                row.upside_share,
                math.inf if row.upside_from is None else row.upside_from,
                year_of(row.upside_starts) if row.upside_starts else -math.inf,
                row.volume,
                case.terms.sold_at,
            )
            sites = frozenset(covered_sites(instance, row)) if row.kind == "cfd" else frozenset()
            yield row.floor, row.kind, row.payer, sites, terms, partial(mean, row.level)
    for contract, sellers, _ in contracts(instance):
        if contract.material == case.terms.material and contract.floor is not None and contract.fixed is None:
            terms = Terms(
                contract.material,
                contract.index or index,
                year_of(contract.since) if contract.since else -math.inf,
                year_of(contract.until + dt.timedelta(days=1)) if contract.until else math.inf,
                contract.rebate_share,
                math.inf if contract.rebate_from is None else contract.rebate_from,
                sold_at=contract.index,
            )
            level = partial(_contract_level, contract)
            yield contract.contract, "contract floor", str(contract.buyer), sellers, terms, level


def _contract_level(row: Contract, t: Span) -> float:
    return (at(row.floor, t) or 0.0) if contract_overlap(row, t) > 0 else 0.0
