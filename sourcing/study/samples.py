"""Samples: how a plan over futures fares in futures drawn from the hazards, of which it saw only some.

    outlook ~ probability;   event e strikes in t with   1 - Π_e (1 - hazard[e])^years[t], shared as the hazards are
    cost[k] = what sample k costs if the plan is kept until it parts, and the rest is then planned anew            [k$]
    mean = Σ cost[k]/n      standard error = √(Σ (cost[k] - mean)²/(n·(n-1)))      CVaR: the sorted tail           [k$]

In a plan an event strikes in the periods that its Starts name. Here it may strike in every period from the first of
those on (one with blank Starts only where the plan has it), at most one on a path; an event that leaves an event may
follow it. Its shocks last as they are written. Until then the plan of the undisturbed future is kept, so nothing is
done with a shock in mind that nobody could know of.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from dataclasses import dataclass, replace

from sourcing.arrays import Column
from sourcing.components.horizon import periods
from sourcing.components.scenarios import Scenario, starts
from sourcing.futures.glue import Path
from sourcing.futures.solve import TreeSolution, grow
from sourcing.futures.words import sorted_tail
from sourcing.sheets import NoPlan
from sourcing.solver import Options, run
from sourcing.study.value import held, in_parts
from sourcing.workers import Crew, itself

Way = tuple[tuple[str, int], ...]
"""How a future came about: the scenarios that it took since the trunk, each with the number of its first period."""


@dataclass(frozen=True)
class Sample:
    """Costs of sampled futures (k USD) as often as each was drawn: {name: (times, cost)}; infinite: it has no plan.

    `expected`, `cvar` and `worst` are those of the plan over its own futures.
    """

    costs: dict[str, tuple[int, float]]
    alpha: float
    expected: float
    cvar: float
    worst: float

    @property
    def count(self) -> int:
        """How many were drawn."""
        return sum(times for times, _ in self.costs.values())

    @property
    def stuck(self) -> int:
        """How many of them have no plan that begins as the plan does; they are in none of the figures of cost."""
        return sum(times for times, cost in self.costs.values() if math.isinf(cost))

    @property
    def _known(self) -> list[tuple[int, float]]:
        return [(times, cost) for times, cost in self.costs.values() if not math.isinf(cost)]

    @property
    def mean(self) -> float:
        """Mean cost; nan where no sample has a plan."""
        n = self.count - self.stuck
        return sum(times * cost for times, cost in self._known) / n if n else math.nan

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        n = self.count - self.stuck
        spread = sum(times * (cost - self.mean) ** 2 for times, cost in self._known)
        return math.sqrt(spread / (n * (n - 1))) if n > 1 else math.nan

    @property
    def tail(self) -> float:
        """Mean of the worst 1 - alpha of the costs."""
        return sorted_tail(((cost, float(times)) for times, cost in self._known), self.alpha)

    @property
    def dearest(self) -> tuple[str, float]:
        """The dearest future that was drawn, and what it costs."""
        return max(((name, cost) for name, (_, cost) in self.costs.items() if not math.isinf(cost)), key=lambda p: p[1])

    @property
    def beyond(self) -> float:
        """Share of the samples that cost more than the worst future of the plan, or have no plan at all."""
        more = self.worst + 1e-6 * abs(self.worst)
        return sum(times for times, cost in self.costs.values() if cost > more) / self.count


def out_of_sample(
    found: TreeSolution,
    n: int = 200,
    seed: int = 0,
    *,
    options: Options | None = None,
    workers: int = 1,
    dask: str = "",
) -> Sample:
    """What a plan over futures costs in `n` futures drawn with a seed.

    A future that was drawn several times is solved once, one that the plan has not at all. Raises NoPlan where there is
    none, NoSolution where the solver stops without an answer.
    """
    if found.status not in ("optimal", "feasible"):
        raise NoPlan(f"there is no plan to try out ({found.status})")
    options = replace(options or Options(), threads=1)
    drawn = draw(found, n, seed)
    values: dict[Way, dict[Column, float]] = {}
    losses: dict[Way, float] = {}
    for s in range(len(found.paths)):
        way = way_of(found.paths, s)
        losses[way] = found.loss(s)
        values[way] = dict(zip(found.paths[s].arrays.columns, found.values[s].tolist(), strict=True))
    paths = _paths(found, {way for way in drawn if way not in values})
    waiting = {way[:k] for way in drawn for k in range(1, len(way) + 1) if way[:k] not in values}
    with Crew(itself, (paths, options), workers=workers, dask=dask) as crew:
        for length in range(1, max(map(len, drawn)) + 1):  # what a future leaves is known before it
            tasks = [(way, values[way[:-1]]) for way in sorted(waiting) if len(way) == length and way[:-1] in values]
            for (way, _), (cost, own) in zip(tasks, crew.map(after, tasks), strict=True):
                losses[way] = cost
                if own is not None:
                    values[way] = own
    costs = {_name(found, way): (times, losses.get(way, math.inf)) for way, times in sorted(drawn.items())}
    worst = max(found.loss(s) for s, path in enumerate(found.paths) if path.branch.probability > 0)
    return Sample(costs, found.alpha, found.expected, found.cvar, worst)


def way_of(paths: list[Path], s: int) -> Way:
    """How a branch came about."""
    branch = paths[s].branch
    return () if branch.parent < 0 else (*way_of(paths, branch.parent), (branch.scenario, branch.start))


def draw(found: TreeSolution, n: int, seed: int) -> Counter[Way]:
    """The futures that come, and how often."""
    import numpy as np

    dice = np.random.default_rng(seed)
    paths, spans = found.paths, periods(found.instance)
    events: dict[str, list[tuple[Scenario, frozenset[int]]]] = {}
    odds: dict[int, float] = {}  # of each outlook, with the events that strike it
    opened: set[str] = set()
    for s, path in enumerate(paths):
        row, parent = _event(found, s), path.branch.parent
        if row and row.scenario not in opened:
            opened.add(row.scenario)
            events.setdefault(paths[parent].branch.scenario, []).append((row, _open(found, row, path)))
        while _event(found, s):
            s = paths[s].branch.parent
        odds[s] = odds.get(s, 0.0) + path.branch.probability
    calm = list(odds)
    likely = np.array([odds[s] for s in calm]) / sum(odds.values())
    drawn: Counter[Way] = Counter()
    for _ in range(n):
        way, struck = way_of(paths, calm[int(dice.choice(len(calm), p=likely))]), True
        while struck:
            scenario, first = way[-1] if way else ("", 0)
            struck = False
            for t in spans[first:]:
                near = [row for row, times in events.get(scenario, ()) if t.number in times]
                hazards = [(row.hazard or 0.0) / 100 for row in near]
                if dice.random() >= 1 - math.prod(1 - hazard for hazard in hazards) ** t.years:
                    continue
                share = np.array(hazards) / sum(hazards)
                way, struck = (*way, (near[int(dice.choice(len(near), p=share))].scenario, t.number)), True
                break
        drawn[way] += 1
    return drawn


def _event(found: TreeSolution, s: int) -> Scenario | None:
    """The event that a branch is, if it is one."""
    name = found.paths[s].branch.scenario
    row = found.instance.row(Scenario, name) if name else None
    return row if row and row.kind == "event" else None


def _open(found: TreeSolution, row: Scenario, path: Path) -> frozenset[int]:
    """The periods, by number, in which an event may strike."""
    named = starts(found.instance, row.scenario)
    if not named:
        return frozenset({path.branch.start})
    first = min(t.number for t in periods(found.instance) if t.id in named)
    return frozenset(range(first, len(periods(found.instance))))


def _paths(found: TreeSolution, ways: set[Way]) -> dict[Way, Path]:
    """The paths of futures, and of those that they leave."""
    spans = periods(found.instance)
    steps = {step for way in ways for step in way}
    rows = []
    for row in found.instance.all(Scenario):
        named = starts(found.instance, row.scenario) if row.active else []
        if row.kind == "event" and named:
            more = [spans[number].id for name, number in sorted(steps) if name == row.scenario]
            kept = named[:1] if more else named
            row = dataclasses.replace(row, starts="; ".join(dict.fromkeys([*kept, *more])))
        rows.append(row)
    names = frozenset(name for name, _ in steps)
    if not names:
        return {}
    grown = grow(found.instance.replace(Scenario, rows), found.view, names | _outlooks(found))
    if not any(path.arrays.integer.any() for path in found.paths):
        grown = [replace(path, arrays=in_parts(path.arrays)) for path in grown]
    return {way_of(grown, s): path for s, path in enumerate(grown)}


def _outlooks(found: TreeSolution) -> frozenset[str]:
    """The outlooks that are the trunk."""
    branch = found.paths[0].branch
    return frozenset({branch.id} if found.instance.has(Scenario, branch.id) else ())


def after(
    state: tuple[dict[Way, Path], Options], task: tuple[Way, dict[Column, float]]
) -> tuple[float, dict[Column, float] | None]:
    """What a future costs with what is held before it parts, and its plan (infinite and None: there is none)."""
    (paths, options), (way, before) = state, task
    path = paths[way]
    tied = held(path, before, path.branch.start).arrays
    answer = run(None, replace(tied, cost=tied.cost + path.penalty), options)
    if answer.status not in ("optimal", "feasible"):
        return math.inf, None
    cost = float(path.arrays.cost @ answer.x) + path.arrays.constant
    return cost, dict(zip(path.arrays.columns, answer.x.tolist(), strict=True))


def _name(found: TreeSolution, way: Way) -> str:
    """The future's scenarios with the periods in which they begin."""
    spans = periods(found.instance)
    return ", ".join(f"{name} from {spans[first].id}" for name, first in way) or found.paths[0].branch.id
