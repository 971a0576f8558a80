"""Effects: what a shock costs and leaves short, against the plan's own recourse from the same period on.

    extra[s]  = short[s] with the shock - short[s] without                                                         [t]
    until     = 365·T·(1 - extra[first] / (Σ_s max(0, extra[s]) + drawn))      from the shock to a shortage      [days]
    recovery  = 365·(end of the last period with an extra shortage - start of the shock)                          [days]

T is how long the shock lasts, `drawn` what stocks give more than in the plan, as tonnes of the goods that go short (by
the oxides of their elements that are contained). Rates are constant within a period, so `until` is an estimate: as if
supply were lost at an even rate, and stocks and goods under way served first. Where the first shortage comes in a later
period it is the begin of that period; of a scenario T is its first period and the sum that of it. A period counts with
an extra shortage of a hundredth of the worst period's, and 0.05 t.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sourcing.arrays import Arrays
from sourcing.components.horizon import periods
from sourcing.components.materials import contents
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.study.recourse import LEFT, UNKEPT, promises

TOLD, OVER = 0.05, 0.01
"""Tonnes of extra shortage in a period, and share of the worst period's, up to which nothing counts as short."""

Need = tuple[str, str, str]
"""Customer, material and rules of a demand."""


@dataclass(frozen=True)
class Effect:
    """What a shock does: k USD discounted, tonnes, shares in %, days from its start.

    `short` is the extra shortage by period, `under_rules` that of demands that ask for a rule. `served` is the share of
    demand that is met in the periods that the shock reaches, `served_before` the same without it. `customer` loses
    most. `fault` says why there is no recourse, if there is none.
    """

    cost: float = 0.0
    shortage_value: float = 0.0
    short: dict[str, float] = field(default_factory=dict)
    under_rules: float = 0.0
    served: float | None = None
    served_before: float | None = None
    unkept: float = 0.0
    left: float = 0.0
    until: float | None = None
    recovery: float | None = None
    customer: str = ""
    customer_short: float = 0.0
    fault: str = ""

    @property
    def total_short(self) -> float:
        """Tonnes short more than without the shock, over all periods."""
        return sum(self.short.values())


@dataclass
class Outcome:
    """What a point of a cut model says of demand and stocks; `drawn` by stock and period."""

    cost: float
    shortage_value: float
    short: dict[tuple[Need, str], float]
    need: dict[str, float]
    drawn: dict[tuple[str, str], float]
    unkept: float
    left: float


class Teller:
    """Reads the outcomes of one cut model."""

    def __init__(self, arrays: Arrays):
        import numpy as np

        self.arrays = arrays
        places: dict[str, list[int]] = defaultdict(list)
        for place, (family, _) in enumerate(arrays.columns):
            places[family].append(place)
        self.short, self.drawn, self.unkept, self.left = (
            np.array(places[family], dtype=np.int64) for family in ("demand.short", "stock.draw", UNKEPT, LEFT)
        )
        self.promised = promises(arrays)
        self.need: dict[str, float] = defaultdict(float)
        for number, (family, index) in enumerate(arrays.rows):
            if family == "demand.demand":
                self.need[index[-1]] += float(arrays.row_lower[number])

    def outcome(self, cost: float, x: Any) -> Outcome:
        """The outcome of a point that costs so much (k USD)."""
        short: dict[tuple[Need, str], float] = defaultdict(float)
        for place in self.short[x[self.short] > 1e-7].tolist():
            customer, material, rules, _, t = self.arrays.columns[place][1]
            short[(customer, material, rules), t] += float(x[place])
        drawn: dict[tuple[str, str], float] = defaultdict(float)
        for place in self.drawn[x[self.drawn] > 1e-7].tolist():
            w, _, t = self.arrays.columns[place][1]
            drawn[w, t] += float(x[place])
        return Outcome(
            cost - float(self.promised @ x), float(self.arrays.cost[self.short] @ x[self.short]), dict(short),
            dict(self.need), dict(drawn), float(x[self.unkept].sum()), float(x[self.left].sum()),
        )  # fmt: skip


def effect(instance: Instance, found: Outcome, base: Outcome, start: str, years: float | None = None) -> Effect:
    """What a shock from a period on does that lasts so many years, or (None) to the end."""
    spans = periods(instance)
    first = next(t for t in spans if t.id == start)
    end = spans[-1].end if years is None else first.start + years
    reached = [t.id for t in spans if t.overlap(first.start, end) > 1e-9]
    extra: dict[str, float] = defaultdict(float)
    by_need: dict[Need, float] = defaultdict(float)
    under_rules = 0.0
    for key in {**base.short, **found.short}:
        need, t_id = key
        more = found.short.get(key, 0.0) - base.short.get(key, 0.0)
        extra[t_id] += more
        by_need[need] += more
        under_rules += more if need[2] else 0.0
    short = {t.id: extra[t.id] for t in spans if abs(extra[t.id]) > 1e-6}
    by_customer: dict[str, float] = defaultdict(float)
    for need, tonnes in by_need.items():
        by_customer[need[0]] += tonnes
    hit = max(sorted(by_customer), key=lambda name: by_customer[name], default="")
    hit = hit if by_customer.get(hit, 0.0) > TOLD else ""
    least = max(TOLD, OVER * max(short.values(), default=0.0))
    late = [t for t in spans if short.get(t.id, 0.0) > least]
    served, before = _served(found, reached), _served(base, reached)
    until = recovery = None
    if late:
        recovery = 365 * (late[-1].end - first.start)
        until = 365 * max(0.0, late[0].start - first.start)
        if late[0] is first:
            if years is None:
                reached, lost, lasts = [start], short[start], first.years
            else:
                lost, lasts = (
                    sum(max(0.0, tonnes) for tonnes in short.values()),
                    min(years, spans[-1].end - first.start),
                )
            until = 365 * lasts * (1 - short[start] / (lost + _drawn(instance, found, base, reached, by_need)))
    return Effect(
        found.cost - base.cost, found.shortage_value - base.shortage_value, short, under_rules,
        served, before, found.unkept - base.unkept, found.left - base.left, until,
        recovery, hit, by_customer.get(hit, 0.0),
    )  # fmt: skip


def _served(outcome: Outcome, reached: list[str]) -> float | None:
    need = sum(outcome.need.get(t, 0.0) for t in reached)
    short = sum(tonnes for (_, t), tonnes in outcome.short.items() if t in reached)
    return 100 * (need - short) / need if need > 1e-9 else None


def _drawn(instance: Instance, found: Outcome, base: Outcome, reached: list[str], by_need: dict[Need, float]) -> float:
    """What stocks give more while the shock lasts, as tonnes of the goods that go short."""
    held = contents(instance)
    short: dict[str, float] = defaultdict(float)
    for (_, material, _), tonnes in by_need.items():
        short[material] += max(0.0, tonnes)
    mix: dict[str, float] = defaultdict(float)
    for material, tonnes in short.items():
        for element, content in held.get(material, {}).items():
            mix[element] += content * tonnes / sum(short.values())
    drawn = 0.0
    for row in instance[Stockpile]:
        more = sum(found.drawn.get((row.stockpile, t), 0.0) - base.drawn.get((row.stockpile, t), 0.0) for t in reached)
        if short.get(row.material):
            drawn += max(0.0, more)
        elif mix:
            own = sum(content for element, content in held.get(row.material, {}).items() if element in mix)
            drawn += max(0.0, more) * own / sum(mix.values())
    return drawn
