"""Dive: a search for plans with whole numbers, by linear models whose integers are fixed a batch at a time."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from sourcing.arrays import Arrays
from sourcing.solver import DEVEX, EDGES, PATIENCE, SCALE, Options, Solution, check, highs, launch, untold

WHOLE = 1e-6
"""Distance from a whole number that is the solver's noise (its own tolerance for integers)."""

LAST = 10
"""Integers that are few enough to be fixed in one round."""

PIVOTS = 3000
"""Simplex iterations after which a linear model of a dive is left to the interior point method."""

JUMP = 3e-4
"""Share of the cost by which a batch may make a plan dearer before it is fixed in halves."""

CHEAP = 1e-4
"""Share of the cost up to which a yes is taken for granted where the relaxation has a part of one."""


@dataclass
class Search:
    """How far a search is: its stage, the plan in hand (`best`, k USD), the bound and what proves it, and when its time
    is over."""

    options: Options
    stage: str = "rounding"
    best: float | None = None
    bound: float = -math.inf
    proof: str = ""
    begun: float = field(default_factory=perf_counter)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.begun + self.options.time_limit - perf_counter())

    def over(self) -> bool:
        """Whether to stop here: the user says so, or there is a plan and no time. Tells how far the search is."""
        self.options.tell(self.stage, self.best, self.bound if self.bound > -math.inf else None)
        return self.options.stop() or (self.best is not None and not self.left)

    def proven(self, bound: float, proof: str) -> None:
        """Take note of a bound (k USD), if it is the best so far."""
        if bound > self.bound:
            self.bound, self.proof = bound, proof

    def near(self, found: Solution) -> bool:
        """Take note of the plan in hand; whether it is proven within the gap."""
        self.best = found.objective
        return within(found.objective, self.bound, self.options.gap)

    @property
    def unhurried(self) -> Options:
        """Options without a limit, for a linear model that must be solved; `stop` is asked, as it may raise."""
        stop = self.options.stop
        return replace(self.options, time_limit=math.inf, stop=lambda: stop() and False, tell=untold)


def within(objective: float, bound: float, gap: float) -> bool:
    """Whether a plan is proven within a relative gap."""
    return objective - bound <= gap * max(abs(objective), 1e-9) + 1e-9


class Dive:
    """A linear model whose integers are fixed one batch after the other: `places`, their bounds, the point `x`.

    `stuck` is the integer (by number in `places`) that could be neither of its numbers with those before it fixed.
    """

    def __init__(self, arrays: Arrays, relaxed: Solution, search: Search):
        import numpy as np

        def watch(event: Any) -> None:
            if search.over():
                event.interrupt()

        self.places = np.flatnonzero(arrays.integer).astype(np.int32)
        self.lower, self.upper = arrays.lower[self.places].copy(), arrays.upper[self.places].copy()
        self.arrays, self.matrix, self.search = arrays, arrays.matrix(), search
        self.x, self.value = relaxed.x, relaxed.objective
        self.stuck: int | None = None
        self.solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), search.unhurried)
        self.solver.cbIpmInterrupt += watch
        self.solver.cbSimplexInterrupt += watch
        for name, value in (("solver", "simplex"), ("presolve", "off")):
            check(self.solver.setOptionValue(name, value), f"option {name}")
        if relaxed.basis is not None:
            check(self.solver.setBasis(relaxed.basis), "the relaxation's basis")

    @functools.cached_property
    def alone(self) -> list[list[int]]:
        """The columns of each row that holds integers alone, and at least two."""
        rows = self.matrix.tocsr()
        members = (rows.indices[first:last] for first, last in itertools.pairwise(rows.indptr.tolist()))
        return [found.tolist() for found in members if len(found) > 1 and self.arrays.integer[found].all()]

    def cost_at(self, point: Any, basis: Any, least: float) -> float | None:
        """The cost with the integers at a point (k USD), from a basis; None if it is not below `least`, or far away."""
        import highspy

        check(self.solver.changeColsBounds(len(self.places), self.places, point, point), "fixing integers")
        options = ("simplex_iteration_limit", PIVOTS), ("objective_bound", SCALE * least), (EDGES, DEVEX)
        for name, value in options:
            check(self.solver.setOptionValue(name, value), f"option {name}")
        check(self.solver.setBasis(basis), "the plan's basis")
        status = launch(self.solver, self.search.options, again=True, seconds=PATIENCE)  # a failure is none
        cost = float(self.solver.getInfo().objective_function_value) / SCALE
        return cost if status == highspy.HighsModelStatus.kOptimal and cost < least else None

    def aims(self, free: Any) -> tuple[Any, Any]:
        """The whole number that each integer (by number in `places`) is rounded to, and how doubtful that is: 0 to 1
        of what costs much, 1 to 2 of the rest.

        A yes-or-no that only gates a quantity may stand anywhere between what the quantity takes of its most and of
        its least: it is a yes where the point as it is allows one and it costs next to nothing, or where it comes
        half way. All else goes to the nearest.
        """
        import numpy as np

        places = self.places[free]
        values = np.clip(self.x[places], self.lower[free], self.upper[free])
        room = self._room(places)
        up = np.ceil(values - WHOLE)
        dear = self.arrays.cost[places] * (up - values) > CHEAP * abs(self.value)
        gates = room < np.inf
        reach = np.minimum(values + room, up)
        aims = np.where(
            gates & ~dear, np.where(reach - np.floor(values) >= 0.5, up, np.floor(values)), np.round(values)
        )
        doubts = np.where(gates & ~dear, np.abs(reach - aims), np.abs(values - aims))
        doubts = np.where(gates & ~dear, 1.0 + doubts, doubts)  # what costs much is fixed while much is free
        whole = np.abs(values - np.round(values)) <= WHOLE
        doubts, aims = np.where(whole, 0.0, doubts), np.where(whole, np.round(values), aims)
        return np.clip(aims, self.lower[free], self.upper[free]), doubts

    def _room(self, places: Any) -> Any:
        """How far each column may rise, all else as it is, until a row stops it; infinite where none ever does."""
        import numpy as np

        matrix = self.matrix[:, places].tocoo()
        activity = self.matrix @ self.x
        up = np.maximum(self.arrays.row_upper - activity, 0.0)[matrix.row] / np.abs(matrix.data)
        down = np.maximum(activity - self.arrays.row_lower, 0.0)[matrix.row] / np.abs(matrix.data)
        room = np.full(len(places), np.inf)
        np.minimum.at(room, matrix.col, np.where(matrix.data > 0, up, down))
        return room

    def fix(self, batch: Any, aims: Any) -> bool:
        """Fix some integers (by number in `places`) at their aims.

        Where that leaves no plan, half of them are fixed after the other, and a single one also tried at the next
        number; so are the last few where it leaves a much dearer plan: the cheaper holds. False if none is left, or
        the search is over.
        """
        import numpy as np

        before = self.lower.copy(), self.upper.copy(), self.x, self.value
        values = self.x[self.places[batch]]
        other = np.clip(aims + np.where(aims > values, -1.0, 1.0), before[0][batch], before[1][batch])
        found: list[tuple[float, Any, Any]] = []
        for chosen in (aims, other) if len(batch) == 1 else (aims,):
            self.lower[batch] = self.upper[batch] = chosen
            if self.solve() and (len(batch) > LAST or self.value <= before[3] + JUMP * abs(before[3])):
                return True
            if self.value < np.inf:
                found.append((self.value, self.x, chosen))
            self.lower, self.upper, self.x, self.value = before[0].copy(), before[1].copy(), before[2], before[3]
        if self.search.over():
            return False
        if len(batch) == 1:
            if not found:
                self.stuck = int(batch[0])
                return False
            self.value, self.x, chosen = min(found, key=lambda plan: plan[0])
            self.lower[batch] = self.upper[batch] = chosen
            return True
        half = len(batch) // 2
        return self.fix(batch[:half], aims[:half]) and self.fix(batch[half:], aims[half:])

    def solve(self) -> bool:
        """Solve the linear model within the bounds of the integers as they are; whether that leaves a plan."""
        import highspy
        import numpy as np

        kind = highspy.HighsModelStatus
        check(self.solver.changeColsBounds(len(self.places), self.places, self.lower, self.upper), "fixing integers")
        check(self.solver.setOptionValue("simplex_iteration_limit", PIVOTS), "option simplex_iteration_limit")
        status = launch(self.solver, self.search.options, again=True, seconds=PATIENCE)
        if status in (kind.kIterationLimit, kind.kTimeLimit, kind.kSolveError, kind.kNotset, kind.kUnknown):
            # far from the last basis, or that is of no use: an interior point is faster, and surer
            for name, value in (("solver", "ipx"), ("presolve", "on"), ("simplex_iteration_limit", 2**31 - 1)):
                check(self.solver.setOptionValue(name, value), f"option {name}")
            check(self.solver.clearSolver(), "clearing")
            status = launch(self.solver, self.search.options, seconds=math.inf)
            for name, value in (("solver", "simplex"), ("presolve", "off")):
                check(self.solver.setOptionValue(name, value), f"option {name}")
        if status != kind.kOptimal:
            self.value = np.inf
            return False
        self.x = np.array(self.solver.getSolution().col_value)
        self.value = float(self.solver.getInfo().objective_function_value) / SCALE
        return True
