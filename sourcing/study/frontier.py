"""Frontier: what less risk costs, from the cheapest plan to the least risky one.

    cost(level) = least cost   subject to   risk <= level              for levels from the least risk to the cheapest's

The measure of risk (`measures`) is a linear expression, so a level is one row, and each plan starts from the one
before. The least risky plan is the one that would pay ten per cent of the cost for each per cent of the risk (anything,
where the cheapest costs nothing). Levels are swept from there on: a plan at a tighter level keeps a looser one too, so
cost never rises with risk, and a plan that costs and risks no less than another is dropped. In its place a level is
tried where the gap between two plans is widest. Each plan is proven within a gap, which is told: with whole decisions
the true frontier lies between a point's cost and its bound.

    knee = point farthest below the chord from one end to the other, both axes scaled to 0 … 1

A tree of futures that is too large for one model is swept by risk weight instead: two plans of expected cost E and
CVaR R meet at the weight -(E1 - E2)/(R1 - R2), and the plan there is kept if it lies below their chord.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column
from sourcing.components.horizon import settings
from sourcing.dive import within
from sourcing.futures.glue import extended
from sourcing.instance import Instance
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import Options, Solution, untold
from sourcing.study.again import planned
from sourcing.study.measures import Ground, Measure, concentration, cvar, path_ground, shortage, tree_ground

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from sourcing.futures.glue import Path
    from sourcing.futures.solve import TreeSolution

RISKS = ("cvar", "shortage", "concentration")

CAP = "frontier.cap"

SAME = 1e-6
"""Part of the span of an axis within which two plans are the same."""

DEAREST = 10.0
"""Per cent of the cost that the least risky plan would pay for one per cent less risk."""

LARGEST_WEIGHT = 1000.0
"""Risk weight of the least risky plan of a large tree."""


@dataclass
class Point:
    """A plan on the frontier: cost and what is proven of it (k USD), risk (in the unit that is shown), values.

    `level` is the risk that it was asked to keep.
    """

    cost: float
    bound: float
    risk: float
    level: float
    x: np.ndarray
    plan: Solution | None = None


@dataclass
class Frontier:
    """Plans none of which is dominated, the least risky first; `dropped` were dominated or the same."""

    ground: Ground
    measure: str
    unit: str
    points: list[Point]
    dropped: int

    def plot(self) -> Figure:
        """Its picture: cost (M USD) against risk, with the knee. ImportError, with its remedy, without matplotlib."""
        import sourcing
        from sourcing.study.frontier_tables import points_table

        return sourcing.pictures.frontier(points_table(self))

    def proven(self, gap: float) -> bool:
        """Whether each plan is proven within a relative gap."""
        return all(within(point.cost, point.bound, gap) for point in self.points)

    @property
    def knee(self) -> int | None:
        """The number of the point that is farthest below the chord; None if none is below it."""
        first, last = self.points[0], self.points[-1]
        wide, high = last.risk - first.risk, first.cost - last.cost
        if len(self.points) < 3 or wide <= 0 or high <= 0:
            return None
        under = [1 - (p.risk - first.risk) / wide - (p.cost - last.cost) / high for p in self.points]
        best = max(range(len(under)), key=lambda k: under[k])
        return best if under[best] > SAME else None


def frontier(
    instance: Instance,
    risk: str,
    points: int = 11,
    *,
    stage: str = "magnet",
    scenarios: bool = False,
    view: str | None = None,
    options: Options | None = None,
    workers: int = 1,
    dask: str = "",
) -> Frontier:
    """The frontier of cost against `risk` (cvar, shortage or concentration), of at most so many points.

    `stage` is the one whose concentration counts. `scenarios` takes the expected shortage over the futures; cvar always
    does. `workers` and `dask` share the futures of a large tree. Raises NoPlan if there is no plan, NoSolution if none
    is found in time, or where there is nothing to measure.
    """
    from sourcing.futures.solve import WHOLE, grow

    options = options or Options()
    if risk == "cvar" or scenarios:
        options.tell("futures", None, None)
        alpha = settings(instance).cvar_level / 100
        paths = grow(instance, view)
        if len(paths) < 2:
            raise NoSolution("there is no future to plan for: no scenario is active")
        if sum(len(path.arrays.columns) for path in paths) > WHOLE:
            if risk != "cvar":
                raise NoSolution("the tree of futures is too large to cap its expected shortage: leave out --scenarios")
            return by_weight(instance, paths, points, view, options, workers, dask)
        ground = tree_ground(instance, paths, alpha)
    else:
        ground = path_ground(instance, view)
    return sweep(ground, lambda x: _measure(ground, risk, stage, x), points, options)


def _measure(ground: Ground, risk: str, stage: str, cheapest: np.ndarray) -> Measure:
    if risk == "concentration":
        return concentration(ground, stage, cheapest)
    return {"cvar": cvar, "shortage": shortage}[risk](ground)


def sweep(ground: Ground, measure_of: Callable[[Any], Measure], points: int, options: Options) -> Frontier:
    """The frontier over a ground; `measure_of` is told the values of the cheapest plan."""
    quiet = replace(options, tell=untold)
    options.tell("the cheapest plan", None, None)
    first, _ = _plan(ground.arrays, ground, [], quiet)
    measure = measure_of(first.x)
    capped, row = with_row(measure)
    options.tell("the least risky plan", None, None)
    risk = measure.exact(first.x)
    most = risk / measure.scale
    last = Point(first.objective, first.bound, risk, risk, first.x, first)
    if most <= 0:
        return Frontier(ground, measure.name, measure.unit, [last], 0)
    dear = DEAREST * abs(first.objective) / most
    cost = capped.cost + dear * measure.terms if dear else measure.terms
    safe, _ = _plan(replace(capped, cost=cost), ground, [first], quiet)
    least = float(measure.terms @ safe.x)
    if most - least <= SAME * max(1.0, abs(most)):
        return Frontier(ground, measure.name, measure.unit, [last], 0)
    basis: Any = None

    def at(level: float, starts: Iterable[Solution]) -> Point:
        nonlocal basis
        upper = capped.row_upper.copy()
        upper[row] = level
        found, basis = _plan(replace(capped, row_upper=upper), ground, starts, quiet, basis)
        return Point(found.objective, found.bound, measure.exact(found.x), level * measure.scale, found.x, found)

    span = most - least
    levels = [least + span * k / max(1, points - 1) for k in range(points - 1)]
    levels[0] += SAME * span
    found: list[Point] = []
    for number, level in enumerate(levels):
        options.tell(f"point {number + 1} of {points}", None, None)
        found.append(at(level, [safe if not found else found[-1].plan or safe]))
    found.append(last)
    kept, tried = undominated(found), len(found)
    closed: set[tuple[float, float]] = set()
    while len(kept) < points and tried < 2 * points:
        gaps = [(b.risk - a.risk, a, b) for a, b in pairwise(kept) if (a.risk, b.risk) not in closed]
        if not gaps or max(gaps, key=lambda gap: gap[0])[0] <= SAME * span * measure.scale:
            break
        _, low, high = max(gaps, key=lambda gap: gap[0])
        options.tell(f"between two points, try {tried + 1}", None, None)
        new = at((low.risk + high.risk) / 2 / measure.scale, [p.plan for p in (low, high) if p.plan])
        before = len(kept)
        kept, tried = undominated([*kept, new]), tried + 1
        if len(kept) == before:
            closed.add((low.risk, high.risk))
    return Frontier(ground, measure.name, measure.unit, kept, tried - len(kept))


def with_row(measure: Measure) -> tuple[Arrays, int]:
    """The measure's arrays with the row that caps it, without a limit yet, and the number of the row."""
    import numpy as np

    arrays = measure.arrays
    entries = [(int(place), 0, float(measure.terms[place])) for place in np.flatnonzero(measure.terms)]
    none = np.array([np.inf])
    return extended(arrays, [], [(CAP, ("all",))], np.zeros(0), -none, none, entries), len(arrays.rows)


def undominated(points: list[Point]) -> list[Point]:
    """The points that no other beats or equals in both cost and risk, the least risky first."""
    wide = max(p.risk for p in points) - min(p.risk for p in points)
    high = max(p.cost for p in points) - min(p.cost for p in points)
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (p.risk, p.cost)):
        if kept and point.cost >= kept[-1].cost - SAME * high:
            continue
        if kept and point.risk - kept[-1].risk <= SAME * wide:
            kept.pop()  # as risky, and cheaper
        kept.append(point)
    return kept


def _plan(
    arrays: Arrays, ground: Ground, starts: Iterable[Solution], options: Options, basis: Any = None
) -> tuple[Solution, Any]:
    found, basis = planned(arrays, ground.path, starts, options, basis)
    if found.status not in ("optimal", "feasible"):
        raise NoPlan(f"no plan exists ({found.status}): `sourcing explain` tells why")
    return found, basis


# ---------------------------------------------------------------------------------------- a tree too large for one row


def by_weight(
    instance: Instance,
    paths: list[Path],
    points: int,
    view: str | None,
    options: Options,
    workers: int,
    dask: str,
) -> Frontier:
    """The frontier of a tree by risk weight: plans of least expected cost + weight x CVaR, at the corners alone."""
    from sourcing.futures.solve import solve_tree

    quiet = replace(options, tell=untold)
    ground: Ground | None = None
    tried = 0

    def at(weight: float) -> Point:
        nonlocal ground, tried
        tried += 1
        options.tell(f"point {tried}, risk weight {weight:.3g}", None, None)
        found = solve_tree(
            instance, view=view, options=quiet, risk_weight=weight, workers=workers, dask=dask, paths=paths
        )
        if found.status not in ("optimal", "feasible"):
            raise NoPlan(f"no plan holds in every future ({found.status})")
        if ground is None:
            ground = _ground_of(found)
        bound = found.expected - max(0.0, found.objective - found.bound)
        return Point(found.expected, bound, found.cvar / 1000, found.cvar / 1000, _values(found))

    ends = [at(LARGEST_WEIGHT), at(0.0)]
    kept, closed = undominated(ends), set[tuple[float, float]]()
    while len(kept) < points and tried < 2 * points:
        gaps = [(abs(b.risk - a.risk), a, b) for a, b in pairwise(kept) if (a.risk, b.risk) not in closed]
        if not gaps:
            break
        _, low, high = max(gaps, key=lambda gap: gap[0])
        new = at((low.cost - high.cost) / (1000 * (high.risk - low.risk)))
        before = len(kept)
        kept = undominated([*kept, new])
        if len(kept) == before:
            closed.add((low.risk, high.risk))
    assert ground is not None
    return Frontier(ground, "CVaR", "M USD", kept, tried - len(kept))


def _ground_of(found: TreeSolution) -> Ground:
    """The columns of all futures one after the other; what a future shares stands in its parent."""
    import numpy as np

    names: list[Column] = []
    parts = []
    for s, path in enumerate(found.paths):
        columns = path.arrays.columns
        parts.append((path.branch.probability, path.arrays, np.arange(len(names), len(names) + len(columns))))
        for (family, index), period in zip(columns, path.column_period.tolist(), strict=True):
            own = s == 0 or period >= path.branch.start
            names.append((family if own else "shared", index if s == 0 else (path.branch.id, *index)))
    return Ground(found.instance, None, found.paths[0].arrays, names, parts)


def _values(found: TreeSolution) -> np.ndarray:
    import numpy as np

    return np.concatenate(
        [values[: len(p.arrays.columns)] for values, p in zip(found.values, found.paths, strict=True)]
    )
