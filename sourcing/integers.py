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

from dataclasses import replace
from time import perf_counter
from typing import Any

from sourcing.arrays import Arrays
from sourcing.sheets import NoSolution
from sourcing.solver import SCALE, Options, Solution, check, highs, run_linear

SMALL = 6000
"""Columns up to which a model is solved to the optimum and without a rounding of our own before."""

EXACT = 1e-6
"""Relative gap at which a plan counts as the optimum."""

WHOLE = 1e-6
"""Distance from a whole number that is the solver's noise (its own tolerance for integers)."""

NODES = 2000
"""Nodes after which a small model's search stops, if it is within the gap that was asked for."""

BATCHES = 8
"""Rounds in which the fractions of a relaxation are fixed; each is a linear solve from the last basis."""


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


def rounded(arrays: Arrays, relaxed: Solution, options: Options) -> Solution | None:
    """A first plan from the relaxation; None if the rounding runs into what cannot be.

    In each round the integers nearest to a whole number are fixed there and the linear model is solved again from its
    basis. A batch that leaves no plan is fixed half by half, and a single number that leaves none the other way.
    """
    import numpy as np

    dive = Dive(arrays, relaxed, options)
    count = -(-len(dive.places) // BATCHES)
    while (free := np.flatnonzero(dive.lower < dive.upper)).size:
        values = dive.x[dive.places[free]]
        off = np.abs(values - np.round(values))
        order = free[np.argsort(off, kind="stable")]
        if not dive.fix(order[: max(int((off <= WHOLE).sum()), min(count, -(-len(order) // 2)))]):
            return None
    full = run_linear(relaxed.path, fixed(arrays, dive.lower), unhurried(options), basis=dive.solver.getBasis())
    return full if full.status == "optimal" else None


class Dive:
    """A linear model whose integers are fixed one batch after the other: `places`, their bounds, the point `x`."""

    def __init__(self, arrays: Arrays, relaxed: Solution, options: Options):
        import numpy as np

        self.places = np.flatnonzero(arrays.integer).astype(np.int32)
        self.lower, self.upper = arrays.lower[self.places].copy(), arrays.upper[self.places].copy()
        self.x = relaxed.x
        self.solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), options)
        for name, value in (("solver", "simplex"), ("presolve", "off")):
            check(self.solver.setOptionValue(name, value), f"option {name}")
        if relaxed.basis is not None:
            check(self.solver.setBasis(relaxed.basis), "the relaxation's basis")

    def fix(self, batch: Any) -> bool:
        """Fix some integers (by number in `places`) at the nearest whole number, or as near as leaves a plan."""
        import numpy as np

        kept = self.lower.copy(), self.upper.copy()
        values = np.clip(self.x[self.places[batch]], self.lower[batch], self.upper[batch])
        nearest = np.round(values)
        other = np.where(nearest > values, np.floor(values), np.ceil(values))
        for chosen in (nearest, other) if len(batch) == 1 else (nearest,):
            self.lower[batch] = self.upper[batch] = chosen
            if self._solve():
                return True
            self.lower, self.upper = kept[0].copy(), kept[1].copy()
        if len(batch) == 1:
            return False
        half = len(batch) // 2
        return self.fix(batch[:half]) and self.fix(batch[half:])

    def _solve(self) -> bool:
        import highspy
        import numpy as np

        check(self.solver.changeColsBounds(len(self.places), self.places, self.lower, self.upper), "fixing integers")
        check(self.solver.run(), "solving")
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        self.x = np.array(self.solver.getSolution().col_value)
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
