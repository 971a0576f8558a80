"""Integers: models with whole numbers and yes-or-no, solved to a gap that is proven.

    1. The linear relaxation gives a bound that is recomputed from the arrays, and fractions.
    2. Rounding: fractions are fixed a batch at a time, the surest first, and the rest solved again, so that what one
       decision takes away from another is seen. This is the first plan.
    3. Branch and bound (HiGHS) starts from it and stops within the gap. A model of few columns is taken to its very
       optimum, whatever the gap: nobody wants half a per cent off ten magnets.
    4. The integers are fixed, and the linear model that is left gives flows and duals.

A stop (the time limit, or the user) at any point after the first plan leaves that plan with its bound.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any

from sourcing.arrays import Arrays
from sourcing.sheets import NoSolution
from sourcing.solver import DEVEX, EDGES, SCALE, Options, Solution, check, highs, run_linear

SMALL = 6000
"""Columns up to which a model is solved to the optimum and without a rounding of our own before."""

EXACT = 1e-6
"""Relative gap at which a plan counts as the optimum."""

WHOLE = 1e-6
"""Distance from a whole number that is the solver's noise (its own tolerance for integers)."""

NODES = 2000
"""Nodes after which a small model's search stops, if it is within the gap that was asked for."""

LAST = 10
"""Integers that are few enough to be fixed in one round."""

PIVOTS = 3000
"""Simplex iterations after which a linear model of a dive is left to the interior point method."""

JUMP = 3e-4
"""Share of the cost by which a batch may make a plan dearer before it is fixed in halves."""

WORTH = 1e-5
"""Share of the cost that a change of one decision must be able to save to be tried."""

CHEAP = 1e-4
"""Share of the cost up to which a yes is taken for granted where the relaxation has a part of one."""


def run_integer(path: Any, arrays: Arrays, options: Options) -> Solution:
    """Solve a model with integers; duals are those of the linear model with the integers fixed.

    The status is optimal when the gap is proven within `options.gap`, feasible when the time limit or a stop came
    first. Raises NoSolution when it came before the first plan.
    """
    import numpy as np

    begun = perf_counter()
    none = np.zeros(len(arrays.columns), dtype=bool)
    start, bound = None, -np.inf
    if len(arrays.columns) > SMALL:
        relaxed = run_linear(path, replace(arrays, integer=none), options)
        if relaxed.status == "infeasible":
            return Solution(path, arrays, "infeasible")
        if relaxed.status == "optimal":
            bound = relaxed.bound
            start = rounded(arrays, relaxed, options)
            if start is not None:
                start = polished(arrays, start, bound, options)
                start = improved(arrays, start, bound, options)
            if start is not None and within(start.objective, bound, options.gap):
                return settled(arrays, start, bound, options)
    left = replace(options, time_limit=max(1.0, options.time_limit - (perf_counter() - begun)))
    status, x, proven = branch_and_bound(arrays, left, start.x if start else None)
    if status in ("infeasible", "unbounded"):
        return Solution(path, arrays, status)
    if x is None and start is None:
        raise NoSolution(f"HiGHS stopped without a plan: {status}")
    bound = max(bound, proven)
    if start is None or (x is not None and float(arrays.cost @ x) + arrays.constant < start.objective - 1e-9):
        start = run_linear(path, fixed(arrays, np.round(x[arrays.integer])), unhurried(options))
        if start.status != "optimal":
            raise NoSolution("the plan's integers cannot be held exactly: a tolerance let through what no plan can do")
    return settled(arrays, start, bound, options)


def unhurried(options: Options) -> Options:
    """Options without a limit or a stop: what is left is a linear model, and without it there is no plan."""
    return replace(options, time_limit=float("inf"), stop=bool)


def within(objective: float, bound: float, gap: float) -> bool:
    """Whether a plan is proven within a relative gap."""
    return objective - bound <= gap * max(abs(objective), 1e-9) + 1e-9


def settled(arrays: Arrays, found: Solution, bound: float, options: Options) -> Solution:
    """The solution of the linear model with the integers fixed, as that of the model with integers."""
    found.arrays, found.linear = arrays, found.arrays
    found.bound = min(bound, found.objective)
    found.status = "optimal" if within(found.objective, found.bound, max(options.gap, EXACT)) else "feasible"
    return found


def fixed(arrays: Arrays, chosen: Any) -> Arrays:
    """The linear model with the integers at given values."""
    import numpy as np

    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[arrays.integer] = upper[arrays.integer] = chosen
    return replace(arrays, lower=lower, upper=upper, integer=np.zeros(len(arrays.columns), dtype=bool))


def rounded(arrays: Arrays, start: Solution, options: Options, free: Any = None) -> Solution | None:
    """A plan from a relaxation, or from a plan with some of its integers set `free` (all by default).

    In each round the integers that are surest are fixed and the linear model is solved again from its basis. None if
    the rounding runs into what cannot be.
    """
    import numpy as np

    dive = Dive(arrays, start, options)
    if free is not None:
        held = ~free[dive.places]
        dive.lower[held] = dive.upper[held] = np.round(start.x[dive.places[held]])
        if not dive.solve():
            return None
    while (left := np.flatnonzero(dive.lower < dive.upper)).size:
        if options.stop():
            return None
        aims, doubts = dive.aims(left)
        order = np.argsort(doubts, kind="stable")
        sure, dear = int((doubts <= WHOLE).sum()), int((doubts <= 1.0).sum())
        count = sure + -(-(dear - sure) // 3) if dear > sure else max(sure, -(-len(order) // 3), LAST)
        if not dive.fix(left[order[:count]], aims[order[:count]]):
            return None
    full = run_linear(start.path, fixed(arrays, dive.lower), unhurried(options), basis=dive.solver.getBasis())
    return full if full.status == "optimal" else None


def polished(arrays: Arrays, found: Solution, bound: float, options: Options) -> Solution:
    """A plan at least as good, by setting one kind of decision free at a time and rounding it anew."""
    import numpy as np

    families = np.array([family for family, _ in arrays.columns])
    kinds = sorted(set(families[arrays.integer].tolist()))
    idle = 0
    for kind in itertools.cycle(kinds):
        if idle == len(kinds) or within(found.objective, bound, options.gap) or options.stop():
            return found
        other = rounded(arrays, found, options, arrays.integer & (families == kind))
        better = other is not None and other.objective < found.objective - WORTH / 10 * abs(found.objective)
        found, idle = (other, 0) if other is not None and better else (found, idle + 1)
    return found


def improved(arrays: Arrays, found: Solution, bound: float, options: Options) -> Solution:
    """A plan at least as good, by changing one decision at a time, until it is proven within the gap or none helps.

    A change is one more or one less, or a move to another column of a row of decisions alone (another date). The least
    cost of the linear model is convex in its integers, so the reduced costs of the plan say what a change could save
    at most: only those that could save something are tried, the most promising first, each but once.
    """
    import numpy as np

    dive = Dive(arrays, found, options)
    tried: set[tuple[tuple[int, float], ...]] = set()
    while not within(found.objective, bound, options.gap):
        chosen = np.round(found.x)
        least, better = WORTH * abs(found.objective), None
        for saving, change in sorted(_changes(arrays, found, chosen, dive.alone), reverse=True):
            if saving <= least or options.stop():
                return found
            if change in tried:
                continue
            tried.add(change)
            point = chosen.copy()
            for place, value in change:
                point[place] = value
            if dive.cost_at(point[dive.places], found.basis, found.objective - least / 10) is not None:
                better = run_linear(
                    found.path, fixed(arrays, point[dive.places]), unhurried(options), basis=dive.solver.getBasis()
                )
                break
        if better is None or better.status != "optimal":
            return found
        found = better
    return found


def _changes(
    arrays: Arrays, found: Solution, chosen: Any, alone: list[list[int]]
) -> Iterator[tuple[float, tuple[tuple[int, float], ...]]]:
    """What each change of one decision could save at most (k USD), and the change: columns with their new values."""
    import numpy as np

    reduced = arrays.cost - arrays.matrix().T @ found.duals
    for j in np.flatnonzero(arrays.integer).tolist():
        for step in (1.0, -1.0):
            if arrays.lower[j] <= chosen[j] + step <= arrays.upper[j]:
                yield float(-step * reduced[j]), ((j, float(chosen[j] + step)),)
    for members in alone:
        for j in (j for j in members if chosen[j] > arrays.lower[j]):
            for k in (k for k in members if k != j and chosen[k] + chosen[j] <= arrays.upper[k]):
                saving = chosen[j] * (reduced[j] - reduced[k])
                yield float(saving), ((j, 0.0), (k, float(chosen[k] + chosen[j])))


class Dive:
    """A linear model whose integers are fixed one batch after the other: `places`, their bounds, the point `x`."""

    def __init__(self, arrays: Arrays, relaxed: Solution, options: Options):
        import numpy as np

        self.places = np.flatnonzero(arrays.integer).astype(np.int32)
        self.lower, self.upper = arrays.lower[self.places].copy(), arrays.upper[self.places].copy()
        self.arrays, self.matrix = arrays, arrays.matrix()
        self.x, self.value = relaxed.x, relaxed.objective
        self.solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), options)
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
        check(self.solver.run(), "solving")
        cost = float(self.solver.getInfo().objective_function_value) / SCALE
        return cost if self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal and cost < least else None

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
        number; so are the last few where it leaves a much dearer plan: the cheaper holds. False if none is left.
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
        if len(batch) == 1:
            if not found:
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
        check(self.solver.run(), "solving")
        if self.solver.getModelStatus() == kind.kIterationLimit:  # far from the last basis: an interior point is faster
            for name, value in (("solver", "ipx"), ("presolve", "on"), ("simplex_iteration_limit", 2**31 - 1)):
                check(self.solver.setOptionValue(name, value), f"option {name}")
            check(self.solver.clearSolver(), "clearing")
            check(self.solver.run(), "solving")
            for name, value in (("solver", "simplex"), ("presolve", "off")):
                check(self.solver.setOptionValue(name, value), f"option {name}")
        if self.solver.getModelStatus() != kind.kOptimal:
            self.value = np.inf
            return False
        self.x = np.array(self.solver.getSolution().col_value)
        self.value = float(self.solver.getInfo().objective_function_value) / SCALE
        return True


def branch_and_bound(arrays: Arrays, options: Options, start: Any) -> tuple[str, Any, float]:
    """HiGHS's branch and bound: (status, best point or None, bound in k USD)."""
    import highspy
    import numpy as np

    kind = highspy.HighsModelStatus
    solver = highs(arrays, options)
    check(solver.setOptionValue("solver", "choose"), "option solver")
    small = len(arrays.columns) <= SMALL
    if small:
        check(solver.setOptionValue("mip_rel_gap", min(EXACT, options.gap)), "option gap")
        check(solver.setOptionValue("mip_abs_gap", 1e-9), "option gap")
    else:  # the simplex method takes ten times as long for the first relaxation of a large network
        check(solver.setOptionValue("mip_lp_solver", "ipx"), "option mip_lp_solver")
    if start is not None:
        point = highspy.HighsSolution()
        point.col_value = list(start)
        check(solver.setSolution(point), "the first plan")

    def watch(event: Any) -> None:
        data = event.data_out
        enough = small and data.mip_node_count >= NODES and data.mip_gap <= options.gap
        if enough or options.stop():
            event.interrupt()
        if options.tell is not None:
            found, proven = data.mip_primal_bound / SCALE, data.mip_dual_bound / SCALE
            options.tell("searching", found if np.isfinite(found) else None, proven if np.isfinite(proven) else None)

    solver.cbMipInterrupt += watch
    check(solver.run(), "solving")
    status = solver.getModelStatus()
    if status == kind.kUnboundedOrInfeasible:
        check(solver.setOptionValue("presolve", "off"), "option presolve")
        check(solver.clearSolver(), "clearing")
        check(solver.run(), "solving")
        status = solver.getModelStatus()
    if status == kind.kInfeasible:
        return "infeasible", None, np.inf
    if status == kind.kUnbounded:
        return "unbounded", None, -np.inf
    info = solver.getInfo()
    found = info.primal_solution_status == 2
    x = np.array(solver.getSolution().col_value) if found else None
    return solver.modelStatusToString(status), x, info.mip_dual_bound / SCALE
