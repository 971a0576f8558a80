"""Outages: what closes when sites, countries, parties or lanes fail for some months, as a change of a plan's recourse.

    out[t] = years of t in [start, start + months/12) / years of t                                                 [1]

Of a site that is out the units make nothing, nothing is shipped from or through it and no stock there is drawn. What
is on its way to it still lands, and stays in a stock there or is lost. A country or a party is all of its sites but
the customers, which need what they need. Of a lane from a site to a site nothing more is shipped; what is under way
arrives. In a period of which a part is out:

    unit, stock      at most (1 - out) of its limit; without one, of what the plan runs there, of what lies there    [t]
    hub, lane        at most (1 - out) of what the plan ships (from the hub, of the material; on the lane)           [t]
    contract         its minimum falls by `out` of the share that the plan ships to or from what is closed           [t]

the last of which is force majeure. Stocks kept for shocks may be drawn in the periods that an outage reaches (in the
first of them what lies there when it strikes), with and without it: so an outage is never credited with what a release
of stocks saves by itself.
"""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sourcing.arrays import Arrays, Column
from sourcing.components.changes import Window, released
from sourcing.components.channels import passed_on
from sourcing.components.demand import customers
from sourcing.components.horizon import periods
from sourcing.components.places import Site
from sourcing.components.production import Unit, lines
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.study.recourse import Base, Change

KINDS = ("site", "country", "entity", "lane")
"""What can fail."""

WHOLE = 1 - 1e-9
"""Share of a period from which on all of it is out."""


@dataclass(frozen=True, order=True)
class Outage:
    """One or more of a kind (`site` …) that fail together at the start of a period, for some months.

    A lane is named `from>to`.
    """

    kind: str
    names: tuple[str, ...]
    period: str
    months: float = 12.0

    @property
    def name(self) -> str:
        """`kuantan`, or `kuantan + takefu`."""
        return " + ".join(self.names)


def with_reserves(instance: Instance) -> Instance:
    """The instance with the stocks that are kept for shocks open at all times."""
    always = Window(-math.inf, math.inf)
    return instance.replace(Stockpile, [released(row, always) for row in instance.all(Stockpile)])


def sites_of(instance: Instance, kind: str, name: str) -> frozenset[str]:
    """The sites that fail with one site, country or party; customers don't."""
    return instance.once(_sites).get((kind, name), frozenset())


def members(instance: Instance, kind: str) -> list[str]:
    """Every site, country or party that has a site that may fail, in the order of the sites."""
    return [name for of, name in instance.once(_sites) if of == kind]


def _sites(instance: Instance) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for row in instance[Site]:
        if row.site not in customers(instance):
            for key in (("site", row.site), ("country", row.country or "ZZ"), ("entity", row.entity)):
                found[key] = found.get(key, frozenset()) | {row.site}
    return found


def shares(instance: Instance, period: str, months: float) -> dict[str, float]:
    """The share of each period that is out, of those of which any is."""
    spans = periods(instance)
    start = next(t.start for t in spans if t.id == period)
    found = {t.id: t.overlap(start, start + months / 12) / t.years for t in spans}
    return {period: min(1.0, share) for period, share in found.items() if share > 1e-9}


def guarded(arrays: Arrays, instance: Instance, out: dict[str, float]) -> Arrays:
    """A cut model in which stocks kept for shocks give nothing but in the periods that are out.

    `instance` is the one as it was written, `arrays` those of `with_reserves`, cut at the first period that is out.
    """
    kept = {row.stockpile for row in instance[Stockpile] if row.release == "shocks only"}
    lies = {index: arrays.row_lower[row] for row, (family, index) in enumerate(arrays.rows) if family == "stock.roll"}
    first, upper = next(iter(out), ""), arrays.upper.copy()
    for place, (family, index) in enumerate(arrays.columns):
        if family == "stock.draw" and index[0] in kept:
            if index[-1] == first:
                upper[place] = min(upper[place], max(0.0, lies.get(index, 0.0)))
            elif index[-1] not in out:
                upper[place] = 0.0
    return dataclasses.replace(arrays, upper=upper)


class Closer:
    """What outages close in one cut model, whose own recourse (`base`) is the plan that is held to."""

    def __init__(self, arrays: Arrays, base: Base, instance: Instance):
        self.arrays, self.instance, self.x = arrays, instance, base.x
        self.row = {name: number for number, name in enumerate(arrays.rows)}
        self.made: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.line: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        self.out: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.goods: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self.lane: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self.stock: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        self.under: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, (family, index) in enumerate(arrays.columns):
            t = index[-1]
            if family == "production.activity":
                self.made[index[0], t].append(place)
                self.line[*index[:3], t].append(place)
            elif family == "production.surplus":  # of what is made there; what comes to a closed site is none
                self.made[index[0], t].append(place)
            elif family == "channels.flow":
                i, j, material, under = index[:4]
                self.out[i, t].append(place)
                self.goods[i, material, t].append(place)
                self.lane[i, j, t].append(place)
                self.under[under, t].append(place)
            elif family in ("stock.level", "stock.draw", "stock.fill"):
                self.stock[family, index[0], t].append(place)

    @cached_property
    def _at(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in self.instance[Stockpile]:
            found[row.site].append(row.stockpile)
        return found

    @cached_property
    def _contracts(self) -> dict[str, list[Column]]:
        found: dict[str, list[Column]] = defaultdict(list)
        for name in self.row:
            if name[0] in ("takeorpay.least", "takeorpay.least_share"):
                found[name[1][-1]].append(name)
        return found

    def lanes(self) -> list[str]:
        """The lanes on which the plan ships, `from>to`."""
        found = {(i, j): None for (i, j, _), places in self.lane.items() if self.x[places].sum() > 1e-6}
        return [f"{i}>{j}" for i, j in sorted(found)]

    def change(self, outage: Outage) -> Change:
        """What an outage changes."""
        change = Change()
        for t_id, share in shares(self.instance, outage.period, outage.months).items():
            if outage.kind == "lane":
                closed = [self.lane.get((*name.split(">", 1), t_id), []) for name in outage.names]  # type: ignore[arg-type]
                shut = [place for places in closed for place in places]
                if share >= WHOLE:
                    change.upper.update(dict.fromkeys(shut, 0.0))
                else:
                    change.most.extend((places, (1 - share) * self._sum(places)) for places in closed if places)
            else:
                sites = frozenset().union(*(sites_of(self.instance, outage.kind, name) for name in outage.names))
                self._close(change, sites, t_id, share)
                shut = [
                    place
                    for (i, j, t), places in self.lane.items()
                    if t == t_id and (i in sites or j in sites)
                    for place in places
                ]
            self._excuse(change, set(shut), t_id, share)
        return change

    def _close(self, change: Change, sites: frozenset[str], t_id: str, share: float) -> None:
        """Close sites for a share of a period."""
        if share >= WHOLE:
            for site in sites:
                draws = [p for w in self._at.get(site, ()) for p in self.stock.get(("stock.draw", w, t_id), ())]
                for place in (*self.made.get((site, t_id), ()), *self.out.get((site, t_id), ()), *draws):
                    change.upper[place] = 0.0
            return
        rows = {name: self.row.get((name[0], (*name[1], t_id))) for name in self._limits(sites)}
        for row in rows.values():
            if row is not None:
                change.sides[row] = float(self.arrays.row_lower[row]), (1 - share) * float(self.arrays.row_upper[row])
        for line in lines(self.instance):
            places = self.line.get((*line.id, t_id), [])
            free = all(rows.get((f, (u,))) is None for u, _ in line.units for f in CAPACITIES)
            if line.site in sites and places and free:
                change.most.append((places, (1 - share) * self._sum(places)))
        for site in sites:
            for w in self._at.get(site, ()):
                if rows.get(("stock.drawing", (w,))) is None and (w_draws := self.stock.get(("stock.draw", w, t_id))):
                    level, fill = (self._sum(self.stock.get((f, w, t_id), [])) for f in ("stock.level", "stock.fill"))
                    change.most.append((w_draws, (1 - share) * (level + self._sum(w_draws) - fill)))
        for site, material in passed_on(self.instance):
            if site in sites and (places := self.goods.get((site, material, t_id), [])):
                change.most.append((places, (1 - share) * self._sum(places)))

    def _limits(self, sites: frozenset[str]) -> list[Column]:
        """The rows that limit units and stocks of sites, without their period."""
        units = [(family, (row.unit,)) for row in self.instance[Unit] if row.site in sites for family in CAPACITIES]
        stocks = [("stock.drawing", (w,)) for site in sorted(sites) for w in self._at.get(site, ())]
        return [*units, *stocks]

    def _excuse(self, change: Change, shut: set[int], t_id: str, share: float) -> None:
        """Take from the minimum of each contract the part that what is closed had of it in the plan."""
        for name in self._contracts.get(t_id, ()):
            flows = self.under.get((name[1][0], t_id), [])
            whole = self._sum(flows)
            part = share * self._sum([place for place in flows if place in shut]) / whole if whole > 1e-6 else 0.0
            if part:
                row = self.row[name]
                low, high = float(self.arrays.row_lower[row]), float(self.arrays.row_upper[row])
                owed = self._owed(row) if name[0] == "takeorpay.least_share" else low
                change.sides[row] = low - part * owed, high

    def _owed(self, row: int) -> float:
        """What a share of the seller's output comes to in the plan (t)."""
        line = self._by_row[[row]]
        return -sum(
            float(value * self.x[place])
            for place, value in zip(line.indices.tolist(), line.data.tolist(), strict=True)
            if self.arrays.columns[place][0] == "production.activity"
        )

    @cached_property
    def _by_row(self) -> Any:
        return self.arrays.matrix().tocsr()

    def _sum(self, places: list[int]) -> float:
        return float(self.x[places].sum()) if places else 0.0


CAPACITIES = ("production.capacity", "projects.capacity")
"""Rows of what units can do."""
