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

    In each round the integers nearest to a whole number are fixed there, at least an eighth of them; the linear
    model is solved again from its basis. A batch that leaves no plan is undone and fixed upwards instead.
    """
    import highspy
    import numpy as np

    solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), options)
    for name, value in (("solver", "simplex"), ("presolve", "off")):
        check(solver.setOptionValue(name, value), f"option {name}")
    if relaxed.basis is not None:
        check(solver.setBasis(relaxed.basis), "the relaxation's basis")
    places = np.flatnonzero(arrays.integer).astype(np.int32)
    lower, upper = arrays.lower[places].copy(), arrays.upper[places].copy()
    x = relaxed.x
    optimal = highspy.HighsModelStatus.kOptimal

    def solve_with(low: Any, high: Any) -> bool:
        check(solver.changeColsBounds(len(places), places, low, high), "fixing integers")
        check(solver.run(), "solving")
        return bool(solver.getModelStatus() == optimal)

    for _ in range(BATCHES + 1):
        values = x[places]
        free = lower < upper
        if not free.any():
            break
        off = np.abs(values - np.round(values))
        order = np.argsort(np.where(free, off, np.inf), kind="stable")
        count = max(int((free & (off <= WHOLE)).sum()), -(-len(places) // BATCHES))
        batch = order[: min(count, int(free.sum()))]
        if free.sum() - len(batch) < len(places) // (2 * BATCHES):
            batch = order[: int(free.sum())]
        kept = lower.copy(), upper.copy()
        lower[batch] = upper[batch] = np.clip(np.round(values[batch]), lower[batch], upper[batch])
        if not solve_with(lower, upper):
            lower, upper = kept[0].copy(), kept[1].copy()
            lower[batch] = upper[batch] = np.clip(np.ceil(values[batch] - WHOLE), lower[batch], upper[batch])
            if not solve_with(lower, upper):
                return None
        x = np.array(solver.getSolution().col_value)
    full = run_linear(relaxed.path, fixed(arrays, lower), unhurried(options), basis=solver.getBasis())
    return full if full.status == "optimal" else None


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
