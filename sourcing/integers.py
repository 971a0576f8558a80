"""Integers: models with whole numbers and yes-or-no, solved to a gap that is proven.

    1. The linear relaxation gives a bound that is recomputed from the arrays, and fractions.
    2. Rounding: fractions are fixed a batch at a time, the surest first, and the rest solved again, so that what one
       decision takes away from another is seen. This is the first plan.
    3. Polishing: one kind of decision at a time is set free and rounded anew. Improving: one decision at a time is
       changed, where its reduced cost says that this could save. Both end as soon as the gap is proven.
    4. Branch and bound (HiGHS) starts from the best plan and stops within the gap.
    5. The integers are fixed, and the linear model that is left gives flows and duals.

A model of few columns goes straight to branch and bound and is taken to its very optimum, whatever the gap: nobody
wants half a per cent off ten magnets. A stop (the time limit, or the user) at any point after the first plan leaves
that plan with its bound. The time limit waits for a rounding that has begun: nothing that is quicker is sure to end
with a plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sourcing.arrays import Arrays
from sourcing.dive import LAST, WHOLE, Dive, Search, within
from sourcing.sheets import NoSolution
from sourcing.solver import SCALE, Options, Solution, Stopped, check, highs, launch, no_plan, run_linear

SMALL = 6000
"""Columns up to which a model is solved to the optimum and without a rounding of our own before."""

EXACT, CLOSER = 1e-6, 1e-8
"""Relative gap at which a plan counts as the optimum, and to which HiGHS takes a small model: of two plans that are
both as good as that, which one is found first would hang on the number of threads."""

DIGITS = 1e-9
"""Relative gap that is a matter of the last digits, which differ with the number of threads."""

NODES = 2000
"""Nodes after which a small model's search stops, if it is within the gap that was asked for."""

SEARCHES = ("mip_heuristic_run_rins", "mip_heuristic_run_rens", "mip_heuristic_run_root_reduced_cost")
"""HiGHS's searches by models within the model, which a small model does without: of the starter's 7 s they took 5."""

WORTH = 1e-5
"""Share of the cost that a change of one decision must be able to save to be tried."""

SEARCHED = "the branch and bound of HiGHS"
"""What proves a bound that no relaxation of ours gives."""

RESTARTS = 3
"""How often a rounding begins anew."""

GATED = frozenset({"production.on", "channels.ordered"})
"""Rows that let something through where a yes stands: quantity - most·yes <= 0."""


def run_integer(path: Any, arrays: Arrays, options: Options, *, patient: bool = False) -> Solution:
    """Solve a model with integers; duals are those of the linear model with the integers fixed.

    The status is optimal when the gap is proven within `options.gap`, feasible when the time limit or a stop came
    first. Raises NoSolution when the time limit came before the first plan, Stopped when a stop did. Where there must
    be a plan, `patient` waits for the relaxation and a first rounding, whatever the time.
    """
    import numpy as np

    search = Search(options)
    start = None
    if len(arrays.columns) > SMALL:
        none = np.zeros(len(arrays.columns), dtype=bool)
        relaxed = run_linear(path, replace(arrays, integer=none), search.unhurried if patient else options)
        if relaxed.status == "infeasible":
            return Solution(path, arrays, "infeasible")
        if relaxed.status == "optimal":
            search.proven(relaxed.bound, "the linear relaxation, recomputed from the arrays")
            start = rounded(arrays, relaxed, search)
            if start is not None:
                start = polished(arrays, start, search)
                start = improved(arrays, start, search)
                if search.near(start) or search.over():
                    return settled(arrays, start, search)
            elif options.stop():
                raise Stopped
    status, x = branch_and_bound(arrays, search, start)
    if status in ("infeasible", "unbounded"):
        return Solution(path, arrays, status)
    if x is not None and (start is None or float(arrays.cost @ x) + arrays.constant < start.objective - 1e-9):
        found = run_linear(path, fixed(arrays, np.round(x[arrays.integer])), search.unhurried)
        if found.status == "optimal" and (start is None or found.objective < start.objective):
            start = found  # what was cheaper within the tolerance need not be with whole numbers
    if start is None:
        raise NoSolution("the plan's integers cannot be held exactly: a tolerance let through what no plan can do")
    return settled(arrays, start, search)


def settled(arrays: Arrays, found: Solution, search: Search) -> Solution:
    """The solution of the linear model with the integers fixed, as that of the model with integers.

    A yes puts a bound of the data on what it gates, which the limit that the bound comes from has already: of the two
    rows the limit's own is kept, or its worth might stand on either.
    """
    import numpy as np

    linear = found.arrays
    gated = np.array([family in GATED for family, _ in arrays.rows], dtype=bool)
    if gated.any():
        off = arrays.matrix() @ np.where(arrays.integer, found.x, 0.0) >= 0.0  # no yes stands in the row
        upper = np.where(gated & ~off, np.inf, linear.row_upper)
        plain = run_linear(found.path, replace(linear, row_upper=upper), search.unhurried, basis=found.basis)
        if plain.status == "optimal" and plain.objective >= found.objective - EXACT * abs(found.objective):
            found, linear = plain, plain.arrays
    found.arrays, found.linear = arrays, linear
    close = within(found.objective, search.bound, DIGITS)
    found.bound, found.proof = found.objective if close else min(search.bound, found.objective), search.proof
    found.status = "optimal" if within(found.objective, found.bound, max(search.options.gap, EXACT)) else "feasible"
    return found


def fixed(arrays: Arrays, chosen: Any) -> Arrays:
    """The linear model with the integers at given values."""
    import numpy as np

    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    lower[arrays.integer] = upper[arrays.integer] = chosen
    return replace(arrays, lower=lower, upper=upper, integer=np.zeros(len(arrays.columns), dtype=bool))


def rounded(arrays: Arrays, start: Solution, search: Search, free: Any = None) -> Solution | None:
    """A plan from a relaxation, or from a plan with some of its integers set `free` (all by default).

    In each round the integers that are surest are fixed and the linear model is solved again from its basis. One that
    can be neither of its numbers by the time it is its turn comes first in another attempt. None if RESTARTS of them
    run into what cannot be (where some are not free: the first), or the search is over before its end.
    """
    import numpy as np

    first: list[int] = []
    while True:
        dive = Dive(arrays, start, search)
        if free is not None:
            held = ~free[dive.places]
            dive.lower[held] = dive.upper[held] = np.round(start.x[dive.places[held]])
            if not dive.solve():
                return None
        if _rounds(dive, first, search):
            full = run_linear(start.path, fixed(arrays, dive.lower), search.unhurried, basis=dive.solver.getBasis())
            return full if full.status == "optimal" else None
        if dive.stuck is None or dive.stuck in first or free is not None or len(first) == RESTARTS or search.over():
            return None
        first.append(dive.stuck)


def _rounds(dive: Dive, first: list[int], search: Search) -> bool:
    """Fix all integers of a dive, some (by number) before the others; whether that ends with a plan."""
    import numpy as np

    for number in first:
        alone = np.array([number])
        if not dive.fix(alone, dive.aims(alone)[0]):
            return False
    while (left := np.flatnonzero(dive.lower < dive.upper)).size:
        if search.over():
            return False
        aims, doubts = dive.aims(left)
        order = np.argsort(doubts, kind="stable")
        sure, dear = int((doubts <= WHOLE).sum()), int((doubts <= 1.0).sum())
        count = sure + -(-(dear - sure) // 3) if dear > sure else max(sure, -(-len(order) // 3), LAST)
        if not dive.fix(left[order[:count]], aims[order[:count]]):
            return False
    return True


def polished(arrays: Arrays, found: Solution, search: Search) -> Solution:
    """A plan at least as good, by setting one kind of decision free at a time and rounding it anew."""
    import numpy as np

    families = np.array([family for family, _ in arrays.columns])
    kinds = sorted(set(families[arrays.integer].tolist()))
    search.stage, idle = "polishing", 0
    for kind in itertools.cycle(kinds):
        if idle == len(kinds) or search.near(found) or search.over():
            return found
        other = rounded(arrays, found, search, arrays.integer & (families == kind))
        better = other is not None and other.objective < found.objective - WORTH / 10 * abs(found.objective)
        found, idle = (other, 0) if other is not None and better else (found, idle + 1)
    return found


def improved(arrays: Arrays, found: Solution, search: Search) -> Solution:
    """A plan at least as good, by changing one decision at a time, until it is proven within the gap or none helps.

    A change is one more or one less, or a move to another column of a row of decisions alone (another date). The least
    cost of the linear model is convex in its integers, so the reduced costs of the plan say what a change could save
    at most: only those that could save something are tried, the most promising first, each but once.
    """
    import numpy as np

    search.stage = "improving"
    dive = Dive(arrays, found, search)
    tried: set[tuple[tuple[int, float], ...]] = set()
    while not search.near(found):
        chosen = np.round(found.x)
        least, better = WORTH * abs(found.objective), None
        for saving, change in sorted(_changes(arrays, found, chosen, dive.alone), reverse=True):
            if saving <= least or search.over():
                return found
            if change in tried:
                continue
            tried.add(change)
            point = chosen.copy()
            for place, value in change:
                point[place] = value
            if dive.cost_at(point[dive.places], found.basis, found.objective - least / 10) is not None:
                better = run_linear(
                    found.path, fixed(arrays, point[dive.places]), search.unhurried, basis=dive.solver.getBasis()
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


def branch_and_bound(arrays: Arrays, search: Search, start: Solution | None) -> tuple[str, Any]:
    """HiGHS's branch and bound: a status and the best point, or None if it is no better than the start.

    The bound goes to `search`. Raises NoSolution or Stopped if there is neither a point nor a start.
    """
    import highspy
    import numpy as np

    kind, options = highspy.HighsModelStatus, search.options
    search.stage = "branch and bound"
    solver = highs(arrays, replace(options, time_limit=search.left))
    check(solver.setOptionValue("solver", "choose"), "option solver")
    small = len(arrays.columns) <= SMALL
    if small:
        check(solver.setOptionValue("mip_rel_gap", min(CLOSER, options.gap)), "option gap")
        check(solver.setOptionValue("mip_abs_gap", 1e-9), "option gap")
        for name in SEARCHES:
            check(solver.setOptionValue(name, False), f"option {name}")
    else:  # the simplex method takes ten times as long for the first relaxation of a large network
        check(solver.setOptionValue("mip_lp_solver", "ipx"), "option mip_lp_solver")
    if start is not None:
        point = highspy.HighsSolution()
        point.col_value = list(start.x)
        check(solver.setSolution(point), "the first plan")

    def watch(event: Any) -> None:
        data = event.data_out
        found, proven = data.mip_primal_bound / SCALE, data.mip_dual_bound / SCALE
        search.best = found if np.isfinite(found) else search.best
        if np.isfinite(proven):
            search.proven(proven, SEARCHED)
        enough = small and data.mip_node_count >= NODES and data.mip_gap <= options.gap
        if search.over() or enough:
            event.interrupt()

    solver.cbMipInterrupt += watch
    status, info = launch(solver, options), solver.getInfo()
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible and status != kind.kUnbounded:
        search.proven(info.mip_dual_bound / SCALE, SEARCHED)
        return "solved", np.array(solver.getSolution().col_value)
    if status in (kind.kUnbounded, kind.kUnboundedOrInfeasible):
        # a ray says nothing of whether there are whole numbers at all, and without costs there is no ray
        columns = np.arange(len(arrays.columns), dtype=np.int32)
        check(solver.changeColsCost(len(columns), columns, np.zeros(len(columns))), "leaving out costs")
        status = launch(solver, options)
        if status == kind.kOptimal:
            return "unbounded", None
    if status == kind.kInfeasible:
        return "infeasible", None
    if start is None:
        raise Stopped if options.stop() else no_plan(solver, status)
    return "stopped", None
