"""Large trees: blocks and cuts for the linear tree, then whole numbers from the trunk outwards.

The trunk's integers are rounded in the master, where the cuts of the linear tree stand for what the futures cost; then
each block is solved with its own integers at the trunk's plan. The bound is that of the linear tree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sourcing.dive import Search, within
from sourcing.futures.benders import PROVEN, Tails, benders
from sourcing.futures.blocks import cut_up
from sourcing.futures.glue import Tree
from sourcing.integers import polished, rounded, run_integer
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import Options, Solution, Stopped, run_linear
from sourcing.workers import Crew

if TYPE_CHECKING:
    from sourcing.futures.solve import TreeSolution

PART = 0.7
"""Share of the gap that is allowed for the integers of a future: the rest is the trunk's."""

CLOSE = 0.01
"""Share of the gap to which the linear tree is solved where whole numbers come after it: closer would not be seen."""

LEAST = 60.0
"""Seconds that a future gets at the least for its integers, whatever is left: it must end with a plan."""


def solve_large(tree: Tree, result: TreeSolution, options: Options, *, workers: int, dask: str) -> tuple[Any, Any]:
    """Solve a large tree into `result`; values and duals of the whole model."""
    import numpy as np

    trunk, blocks = cut_up(tree)
    master = trunk.arrays
    quiet = Options(seed=options.seed, threads=1, feasibility=options.feasibility, time_limit=np.inf)
    begin = replace(master, integer=np.zeros(len(master.columns), dtype=bool), cost=_sure(tree, trunk.columns))
    first = run_linear(None, begin, options)
    if first.status != "optimal":
        result.status = first.status
        return None, None
    enough = max(PROVEN, CLOSE * options.gap) if tree.arrays.integer.any() else PROVEN
    with Crew(Tails, (blocks, quiet), workers=workers, dask=dask) as crew:
        try:
            linear = benders(tree, crew, options, first.x, enough)
        except NoPlan:
            result.status = "infeasible"
            return None, None
        result.objective, result.bound = linear.objective, min(linear.bound, linear.objective)
        result.proof = f"the cuts of {linear.rounds} rounds, recomputed from the arrays"
        if not tree.arrays.integer.any():
            result.status = "optimal" if within(linear.objective, linear.bound, options.gap) else "feasible"
            return linear.x, linear.duals
        if linear.master is None or linear.relaxed is None:  # stopped before the trunk was planned with a cut
            raise Stopped if options.stop() else NoSolution("no whole numbers for the trunk within the time limit")
        search = Search(options)
        search.proven(linear.bound, result.proof)
        whole = np.zeros(len(linear.master.columns), dtype=bool)
        whole[: len(master.columns)] = master.integer
        arrays = replace(linear.master, integer=whole)
        start = rounded(arrays, linear.relaxed, search)
        if start is None:
            raise Stopped if options.stop() else NoSolution("no whole numbers for the trunk within the time limit")
        start = polished(arrays, start, search)
        x = start.x[: len(master.columns)]
        turns = -(-len(blocks) // max(1, workers))
        own = replace(quiet, gap=PART * options.gap, time_limit=max(search.left / turns, LEAST))
        tasks = [(number, x, own) for number in range(len(blocks))]
        found: list[Solution] = crew.map(whole_block, tasks)
    point, duals = np.zeros(len(tree.arrays.columns)), np.zeros(len(tree.arrays.rows))
    point[trunk.columns] = x
    if start.duals is not None:
        duals[trunk.rows] = start.duals[: len(trunk.rows)]
    for block, answer in zip(blocks, found, strict=True):
        if answer.status not in ("optimal", "feasible"):
            raise NoSolution(f"{block.arrays.columns[0][1][0]} has no plan in whole numbers ({answer.status})")
        point[block.columns], duals[block.rows] = answer.x, answer.duals
    result.objective = float(tree.arrays.cost @ point) + tree.arrays.constant
    result.status = "optimal" if within(result.objective, result.bound, options.gap) else "feasible"
    return point, duals


def _sure(tree: Tree, places: Any) -> Any:
    """The master's costs as if the trunk were sure to come: where it begins."""
    import numpy as np

    cost = np.zeros(len(tree.arrays.columns))
    np.add.at(cost, tree.places[0], tree.paths[0].arrays.cost)
    return cost[places]


def whole_block(tails: Tails, task: tuple[int, Any, Options]) -> Solution:
    """A block with its integers at the trunk's plan."""
    import numpy as np

    number, x, options = task
    arrays = tails.blocks[number].at(x)
    if arrays.integer.any():
        found = run_integer(None, arrays, options, patient=True)
    else:
        found = run_linear(None, arrays, replace(options, time_limit=np.inf))
    return Solution(None, arrays, found.status, found.objective, found.bound, found.x, found.duals)
