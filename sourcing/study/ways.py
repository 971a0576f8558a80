"""Ways: how a plant can run a period, and what that earns.

    bought[m] + Σ_a output·activity[a] = Σ_a input·activity[a] + sold[m] + left[m]                  balance[m]   [t]
    sold[m] + left[m] <= Σ_a output·activity[a]     what is bought is not sold on                   own[m]       [t]
    Σ_a use·activity[a] <= K[u]                     K: all steps, at the ramp                       capacity[u]  [t]
    Σ_a use·activity[a] >= minimum·K[u]             of a unit that runs                             least[u]     [t]
    counted = output of the floor's material f; where none is made here, Σ content[m]/content[f]·sold[m]         [t]
    margin  = Σ price·sold + credit - price·bought - processing - disposal - running                             [k USD]

The most of margin + rate·counted is a convex function of the rate (what a floor adds to a tonne, k USD): the highest
of few straight lines, the *ways* to run. They say how the plant is best run at every floor.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import product

from sourcing.components.horizon import Span, at
from sourcing.components.materials import Material, contents
from sourcing.components.production import Unit, may_be_left
from sourcing.components.trade import market_price
from sourcing.study.plant import Plant
from sourcing.study.small import Small

HIGHEST = 100_000.0
"""USD/kg that no floor reaches: a project that this does not carry, none does."""

SAME = 1e-7
"""Share of a margin (k USD) below which two ways to run earn the same."""


@dataclass(frozen=True)
class Way:
    """A way to run a period: tonnes that count for the floor and that are sold; what it earns and costs, k USD."""

    counted: float
    sales: float
    credit: float
    inputs: float
    processing: float
    running: float
    disposal: float
    sold: tuple[tuple[str, float], ...] = ()

    @property
    def margin(self) -> float:
        """What is left without a floor, k USD."""
        return self.sales + self.credit - self.inputs - self.processing - self.running - self.disposal

    def earns(self, rate: float) -> float:
        """What is left if each tonne that counts gets `rate` (k USD/t) more."""
        return self.margin + rate * self.counted


def weights(p: Plant, material: str) -> dict[str, float]:
    """Tonnes of the floor's material that a tonne of each output counts as; empty if the group has no output of it.

    Its own output counts as it is. Where none is made, what is sold counts by its content of the element that the
    floor's material holds: NdPr oxide in a magnet.
    """
    if material in p.outputs:
        return {material: 1.0}
    held = contents(p.instance)
    if len(held.get(material, {})) != 1:
        return {}
    ((element, whole),) = held[material].items()
    found = {m: held.get(m, {}).get(element, 0.0) / whole for m in p.outputs}
    return {m: part for m, part in found.items() if part > 0}


def ways(
    p: Plant, t: Span, material: str, volume: float | None = None, sold_at: float | None = None
) -> tuple[Way, ...]:
    """The ways to run a period that are best at some rate, by what counts for a floor; `volume` (t/y) bounds that.

    The floor's material is sold at `sold_at` (USD/kg) where that is not its market price.
    Which units run is tried out; with a volume also whether the output stays within it, so that a share of the upside
    is taken of what counts and of no more.
    """
    switched = [unit for row in p.group if (unit := p.instance.row(Unit, row.unit)).switched]
    most = None if volume is None else volume * t.years
    found: list[Way] = []
    price = market_price(p.instance, material, t) if sold_at is None else sold_at
    for runs in product((True, False), repeat=len(switched)):
        on = {unit.unit: run for unit, run in zip(switched, runs, strict=True)}
        for beyond in (False,) if most is None else (False, True):
            found += _envelope(_Model(p, t, (material, price), on, most, beyond=beyond))
    return tuple(dict.fromkeys(_highest(found)))


class _Model:
    """A period with some units on and others off, whose output stays within a volume or goes beyond it."""

    def __init__(
        self,
        p: Plant,
        t: Span,
        floored: tuple[str, float | None],
        on: Mapping[str, bool],
        volume: float | None,
        *,
        beyond: bool,
    ):
        material = floored[0]
        self.money: dict[Hashable, dict[str, float]] = {}
        self.running = sum(
            1000 * at(p.instance.row(Unit, unit).running_cost, t) * t.years for unit, runs in on.items() if runs
        )
        model, made, used, loads = Small(), _Terms(), _Terms(), _Terms()
        for k, line in enumerate(p.lines):
            if not all(on.get(unit, True) for unit, _ in line.units):
                continue
            row = line.row
            self._add(model, k, credit=at(row.credit, t) / 1000, processing=-(at(row.cost, t) or 0.0) / 1000)
            for m, rate in line.recipe.outputs.items():
                made.add(m, k, rate)
            for m, rate in line.recipe.inputs.items():
                used.add(m, k, -rate)
            for unit, use in line.units:
                loads.add(unit, k, use)
        for m in p.outputs:
            if m in made:
                price = floored[1] if m == material else market_price(p.instance, m, t)
                self._add(model, ("sold", m), p.most_sold(m, t), sales=price or 0.0)
        for m in made:
            if any(may_be_left(p.instance, site, m) for site in p.sites):
                self._add(model, ("left", m), disposal=-p.instance.row(Material, m).disposal / 1000)
        for supply in p.supplies(t):
            if supply.material in used:
                way = ("bought", supply.material, supply.origin)
                self._add(model, way, supply.most, inputs=-supply.cost)
                used.add(supply.material, way, 1.0)
        model.column("counted")
        for m in dict.fromkeys((*made, *used)):
            out: dict[Hashable, float] = {name: -1.0 for name in (("sold", m), ("left", m)) if name in model.columns}
            model.row(("balance", m), _sum(made.get(m, {}), used.get(m, {}), out), 0.0, 0.0)
            model.row(("own", m), _sum(made.get(m, {}), out), 0.0)
        for unit, load in loads.items():
            size = p.capacity(unit, t)
            least = at(p.instance.row(Unit, unit).minimum_load, t) / 100 * size if on.get(unit) else -math.inf
            model.row(("capacity", unit), load, least, size)
        weight = weights(p, material)
        counts = made.get(material, {}) if material in weight else {("sold", m): w for m, w in weight.items()}
        counts = {name: value for name, value in counts.items() if name in model.columns}
        if beyond:
            model.columns["counted"] = 0.0, volume or 0.0, volume or 0.0, False
            model.row("counts", counts, volume or 0.0)
        else:
            model.columns["counted"] = 0.0, 0.0, math.inf if volume is None else volume, False
            model.row("counts", counts | {"counted": -1.0}, 0.0, 0.0)
        self.solver = model.solver()

    def _add(self, model: Small, name: Hashable, upper: float = math.inf, **money: float) -> None:
        """A column with what a tonne of it earns (k USD), by kind."""
        self.money[name] = {kind: rate for kind, rate in money.items() if rate}
        model.column(name, -sum(money.values()), upper=upper)

    def best(self, rate: float) -> Way | None:
        """The best way to run if each tonne that counts gets `rate` (k USD/t) more; None if there is none."""
        x = self.solver.solve({"counted": -rate})
        if x is None:
            return None
        total = dict.fromkeys(("sales", "credit", "inputs", "processing", "disposal"), 0.0)
        for name, rates in self.money.items():
            for kind, value in rates.items():
                total[kind] += abs(value) * x[name]
        sold = tuple(
            (name[1], v) for name, v in x.items() if isinstance(name, tuple) and name[0] == "sold" and v > 1e-6
        )
        return Way(max(0.0, x["counted"]), running=self.running, sold=sold, **total)


class _Terms(dict[str, dict[Hashable, float]]):
    """Sums of terms by what they are of."""

    def add(self, key: str, name: Hashable, value: float) -> None:
        terms = self.setdefault(key, {})
        terms[name] = terms.get(name, 0.0) + value


def _sum(*parts: Mapping[Hashable, float]) -> dict[Hashable, float]:
    total = _Terms()
    for part in parts:
        for name, value in part.items():
            total.add("", name, value)
    return total.get("", {})


def _envelope(model: _Model) -> list[Way]:
    """The ways that are best at some rate from what an upside share could take up to the highest floor."""
    ends = model.best(-HIGHEST), model.best(HIGHEST)

    def between(a: Way, b: Way) -> list[Way]:
        if b.counted - a.counted < 1e-6:
            return []
        rate = (a.margin - b.margin) / (b.counted - a.counted)
        way = model.best(rate)
        if way is None or way.earns(rate) <= a.earns(rate) + SAME * max(1.0, abs(a.earns(rate))):
            return []
        return [*between(a, way), way, *between(way, b)]

    a, b = ends
    return [] if a is None or b is None else [a, *between(a, b), b]


def _highest(found: list[Way]) -> list[Way]:
    """Those of the ways that are on the upper envelope."""
    hull: list[Way] = []
    for way in sorted(found, key=lambda w: (w.counted, w.margin)):
        if hull and way.counted - hull[-1].counted < 1e-6:
            if way.margin <= hull[-1].margin:
                continue
            hull.pop()
        while len(hull) > 1 and _above(hull[-2], hull[-1], way):
            hull.pop()
        hull.append(way)
    return hull


def _above(a: Way, b: Way, c: Way) -> bool:
    """Whether the line from a to c passes above b."""
    return (b.margin - a.margin) * (c.counted - a.counted) <= (c.margin - a.margin) * (b.counted - a.counted)
