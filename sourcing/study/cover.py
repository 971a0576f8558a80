"""Cover: for how many days a stock would last.

    cover[w,t]   = 365·level[w,t] / use[w,t]                                  if no more came in                 [days]
    cover[w,t,s] = 365·level[w,t] / (use[w,t]·share[s,t])                     if only the source s fell out      [days]

level is the closing level of all labels, use what the places of its *Target of* (its own site, where that is blank)
take of the material in a year: processes and demands of the material itself or, if there are none, demands for what
holds its elements, in tonnes of it. share is the part of what these places got that one site supplied: what it shipped
to them of the material, or made there; where its elements are used, what it did at the stage that makes the material,
by the origin trace. Worked out from the plan's tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sourcing.components.horizon import Span, periods
from sourcing.components.materials import contents, recipes
from sourcing.components.places import select_sites
from sourcing.components.production import lines
from sourcing.components.stock import Stockpile
from sourcing.origin import ORDER, Trace, trace
from sourcing.plan import Plan
from sourcing.tables import Table, fields

NOTHING = 1e-6
"""Tonnes below which nothing is used, as on the tab Stockpiles."""

Tonnes = dict[str, float]


def cover(plan: Plan, traced: Trace | None = None) -> Table:
    """Days of cover of every stock in every period; `traced` is the plan's origin, if it is there already."""
    traced = traced or trace(plan.instance, plan.tabs, plan.view)
    books = _Books(plan, traced)
    table = Table(
        "Cover",
        fields(
            "Stockpile", "Holder", "Material", ("Of", "", "whose use is covered"), "Period", ("Level", "t"),
            ("Use", "t/y"), ("Cover", "days", "if no more came in"), ("Target", "days"), "Target met",
            ("Largest source", "", "site that supplied most of it"), ("Its share", "%"),
            ("Cover without it", "days", "if only this source fell out"),
        ),
        "How long the closing level of each stock would last at the use of its Target of (of its own site where that "
        "is blank), and if only the largest source fell out. No days: nothing of it is used there.",
    )  # fmt: skip
    for row in plan.instance[Stockpile]:
        sites = select_sites(plan.instance, row.target_of) if row.target_of else frozenset({row.site})
        for t in periods(plan.instance):
            level = books.levels.get((row.stockpile, t.id), 0.0)
            used, sources = books.use(row.material, sites, t)
            use = used / t.years
            days = 365 * level / use if use > NOTHING else None
            source = max(sorted(sources), key=lambda name: sources[name], default=None)
            share = sources[source] / sum(sources.values()) if source else None
            table.add(
                row.stockpile, row.holder, row.material, str(row.target_of or row.site), t.id, level, use, days,
                row.target, None if row.target is None or days is None else "yes" if days >= row.target else "no",
                source, None if share is None else 100 * share, days / share if days is not None and share else None,
            )  # fmt: skip
    return table


class _Books:
    """What the plan's tables say of use and supply, by period."""

    def __init__(self, plan: Plan, traced: Trace):
        self.instance, self.traced = plan.instance, traced
        self.levels: dict[tuple[str, str], float] = defaultdict(float)
        for row in plan.tabs["Stockpiles"].records():
            self.levels[row["Stockpile"], row["Period"]] += row["Closing"]
        self.taken, self.made = (_by_place(plan, side) for side in ("inputs", "outputs"))
        self.used: dict[tuple[str, str, str], float] = defaultdict(float)
        for row in plan.tabs["Deliveries"].records():
            self.used[row["Customer"], row["Delivered as"], row["Period"]] += row["Delivered"]
        self.shipped: dict[tuple[str, str], list[tuple[str, str, float]]] = defaultdict(list)
        for row in plan.tabs["Sourcing"].records():
            self.shipped[row["Material"], row["Period"]].append((row["From"], row["To"], row["Flow"]))

    def use(self, material: str, sites: frozenset[str], t: Span) -> tuple[float, Tonnes]:
        """Tonnes of a material that places use in a period, and what of it came from which site."""
        direct = sum(held.get((site, material, t.id), 0.0) for site in sites for held in (self.taken, self.used))
        held = contents(self.instance)
        mine = held.get(material, {})
        if direct > NOTHING or not mine:
            return direct, self._suppliers(material, sites, t)
        final = sum(
            tonnes * sum(content for element, content in held.get(grade, {}).items() if element in mine)
            for (customer, grade, period), tonnes in self.used.items()
            if period == t.id and customer in sites
        )
        return final / sum(mine.values()), self._makers(material, sites, t)

    def _suppliers(self, material: str, sites: frozenset[str], t: Span) -> Tonnes:
        found: Tonnes = defaultdict(float)
        for origin, destination, tonnes in self.shipped.get((material, t.id), ()):
            if destination in sites and origin not in sites and tonnes > 0:
                found[origin] += tonnes
        for site in sites:
            if made := self.made.get((site, material, t.id), 0.0):
                found[site] += made
        return found

    def _makers(self, material: str, sites: frozenset[str], t: Span) -> Tonnes:
        """Who did, for what was delivered to some sites, the stage that makes a material of one of its elements."""
        stage = next((line.row.stage for line in lines(self.instance) if material in line.recipe.outputs), None)
        found: Tonnes = defaultdict(float)
        if stage is None:
            return found
        mine = contents(self.instance)[material]
        for (customer, _, _, period), lots in self.traced.lots.items():
            if period != t.id or customer not in sites:
                continue
            for lot in lots:
                held = contents(self.instance).get(lot.delivery.delivered_as, {})
                if content := sum(share for element, share in held.items() if element in mine):
                    _shared(found, ((p.chain.sites[ORDER.index(stage)], content * p.tonnes) for p in lot.parts))
        return found


def _shared(found: Tonnes, parts: Iterable[tuple[tuple[str, ...], float]]) -> None:
    """Add tonnes to sites, in equal parts where several stand in one stage of a chain."""
    for sites, tonnes in parts:
        for site in sites:
            found[site] += tonnes / len(sites)


def _by_place(plan: Plan, side: str) -> dict[tuple[str, str, str], float]:
    """Tonnes taken in (`inputs`) or made (`outputs`) by site, material and period."""
    found: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in plan.tabs["Production"].records():
        for material, rate in getattr(recipes(plan.instance)[row["Recipe"]], side).items():
            found[row["Site"], material, row["Period"]] += rate * row["Activity"]
    return found
