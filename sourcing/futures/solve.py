"""Solving a tree: every decision before a future parts is shared by all that share it.

1. Each branch's path: built once, stamped where only numbers differ (`stamp`).
2. One model while it is small; blocks with cuts where it is large (`benders`).
3. Integers of a large tree: the trunk's are rounded with the cuts of the linear tree as what the futures cost, then
   each future is solved with its own. The bound stays that of the linear tree.
4. A future of probability 0 is planned by itself, with what it shares as it is: so it shows a plan, not noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, compile_path
from sourcing.components.horizon import settings
from sourcing.components.scenarios import Scenario
from sourcing.futures.branches import branches
from sourcing.futures.glue import Path, Tree, first_difference, glue, path_of
from sourcing.futures.shocks import starts, under
from sourcing.futures.stamp import Form, differing
from sourcing.futures.words import sorted_tail
from sourcing.instance import Instance
from sourcing.lots import reach
from sourcing.sheets import NoSolution
from sourcing.solver import Options, Solution, run, run_linear

if TYPE_CHECKING:
    import numpy as np

WHOLE = 100_000
"""Columns up to which a tree is solved as one model."""


@dataclass
class TreeSolution:
    """A solved tree: values and duals of `tree.arrays`, k USD.

    `status` is optimal, feasible, infeasible or unbounded. `paths` are all futures, those of probability 0 too, and
    `values[s]` what each does: the values of its path's columns.
    """

    instance: Instance
    view: str
    paths: list[Path]
    tree: Tree | None
    status: str
    objective: float = 0.0
    bound: float = 0.0
    proof: str = ""
    values: list[np.ndarray] = field(default_factory=list)
    duals: list[np.ndarray | None] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    risk_weight: float = 0.0
    alpha: float = 0.9

    @property
    def ends(self) -> list[int]:
        """The futures that can come true, and contingencies: those that the plan was made for."""
        return [s for s, path in enumerate(self.paths) if path.branch.probability > 0 or path.branch.contingency]

    def loss(self, s: int) -> float:
        """What a future costs (k USD), without what it misses of service levels."""
        own = self.paths[s].arrays
        return float(own.cost @ self.values[s]) + own.constant

    def missed(self, s: int) -> float:
        """What a contingency's misses of service levels count (k USD)."""
        return float(self.paths[s].penalty @ self.values[s])

    @property
    def expected(self) -> float:
        """Expected cost (k USD)."""
        return sum(path.branch.probability * self.loss(s) for s, path in enumerate(self.paths))

    @property
    def cvar(self) -> float:
        """Mean cost of the worst 1 - alpha of the futures (k USD), from the sorted losses."""
        return sorted_tail(((self.loss(s), p.branch.probability) for s, p in enumerate(self.paths)), self.alpha)

    def solution(self, s: int) -> Solution:
        """A future's plan as the solution of its path."""
        return solution_of(self, s)


def grow(instance: Instance, view: str | None = None, only: frozenset[str] | None = None) -> list[Path]:
    """The paths of all futures of an instance, the trunk first; `only` names the scenarios that count.

    What is of use in one future is kept in all, so that they share the same columns. Raises InstanceError where a
    scenario cannot be what it says.
    """
    from sourcing.model import build

    rows = [row for row in instance[Scenario] if only is None or row.scenario in only]
    tables = {
        (row.scenario, start): under(instance, row.scenario, start)
        for row in rows
        for start in {"", *starts(instance, row.scenario)}
    }
    lots = {key: reach(changed) for key, changed in tables.items() if differing(instance, changed) is None}
    stamped: dict[tuple[str, str], Arrays | None] = {}
    grown = True
    while grown:  # what only a shock makes useful must be there before it
        reach(instance).keep(lots.values())
        form = Form(trunk := build(instance, view=view), compile_path(trunk), instance)
        stamped = {key: None if key in lots else form.stamp(changed) for key, changed in tables.items()}
        unlike = {key: reach(tables[key]) for key, found in stamped.items() if found is None and key not in lots}
        lots |= unlike
        grown = reach(instance).keep(unlike.values())
    for own in lots.values():
        own.keep([reach(instance)])
    paths = {id(instance): form.arrays}
    for key, changed in tables.items():
        found = stamped[key]
        paths[id(changed)] = compile_path(build(changed, view=view)) if found is None else found

    def parted(parent: Instance, child: Instance) -> int:
        return first_difference(paths[id(parent)], paths[id(child)], instance) or 0

    found_branches = branches(instance, lambda scenario, start: tables[scenario, start], parted, only)
    return [path_of(branch, paths[id(branch.instance)]) for branch in found_branches]


def solve_tree(
    instance: Instance,
    *,
    view: str | None = None,
    options: Options | None = None,
    risk_weight: float | None = None,
    only: frozenset[str] | None = None,
    workers: int = 1,
    dask: str = "",
    paths: list[Path] | None = None,
) -> TreeSolution:
    """Plan over all futures: least expected cost + risk weight x CVaR (both from Settings where not given).

    `paths` are those of an earlier `grow` of the same instance. Raises NoSolution if the solver stops without a plan,
    InstanceError where a scenario cannot be what it says.
    """
    begun = perf_counter()
    options = options or Options()
    given = settings(instance)
    weight = given.risk_weight if risk_weight is None else risk_weight
    alpha = given.cvar_level / 100
    paths = grow(instance, view, only) if paths is None else paths
    counted = _counted(paths)
    numbers = {s: number for number, s in enumerate(counted)}
    chosen = [
        replace(paths[s], branch=replace(paths[s].branch, parent=numbers.get(paths[s].branch.parent, -1)))
        for s in counted
    ]
    tree = glue(chosen, weight, alpha)
    built = perf_counter()
    result = TreeSolution(
        instance, view or given.view, paths, tree, "optimal", risk_weight=weight, alpha=alpha,
    )  # fmt: skip
    if len(tree.arrays.columns) <= WHOLE:
        found = run(None, tree.arrays, options)
        x, duals = found.x, found.duals
        result.status, result.objective, result.bound, result.proof = (
            found.status, found.objective, found.bound, found.proof,
        )  # fmt: skip
    else:
        from sourcing.futures.large import solve_large

        x, duals = solve_large(tree, result, options, workers=workers, dask=dask)
    result.seconds = {"build": built - begun, "solve": perf_counter() - built}
    if result.status not in ("optimal", "feasible"):
        return result
    for s, path in enumerate(paths):
        if s in numbers and (path.branch.probability > 0 or s == 0):
            number = numbers[s]
            result.values.append(x[tree.places[number]])
            result.duals.append(_own_duals(tree, number, duals))
        elif s in numbers and path.branch.contingency is False:  # leads to a future that counts, and has no end itself
            result.values.append(x[tree.places[numbers[s]]])
            result.duals.append(None)
        else:
            known = x[tree.places[numbers[s]]] if s in numbers else None
            values, own = _alone(path, paths, result.values, known, options)
            result.values.append(values)
            result.duals.append(own)
    return result


def _counted(paths: list[Path]) -> list[int]:
    """The paths that count in a plan: likely ones, contingencies, and what those leave."""
    keep = {0}
    for s, path in enumerate(paths):
        if path.branch.probability > 0 or path.branch.contingency:
            while s >= 0:
                keep.add(s)
                s = paths[s].branch.parent
    return sorted(keep)


def _own_duals(tree: Tree, s: int, duals: Any) -> Any:
    """The duals of a path's rows, given that its node is reached: those of the tree over the node's probability."""
    import numpy as np

    if duals is None:
        return None
    below = np.zeros(len(tree.paths))
    for number, weight in enumerate(tree.weights):
        below[number] += weight
    reach = np.array([_reach(tree, s, period) for period in range(int(tree.paths[s].row_period.max()) + 1)])
    found = duals[tree.row_places[s]]
    likely = reach[tree.paths[s].row_period]
    return np.divide(found, likely, out=np.zeros_like(found), where=likely > 0)


def _reach(tree: Tree, s: int, period: int) -> float:
    """The probability of the node of path s in a period: of all ends that still share it."""
    total = 0.0
    for other, weight in enumerate(tree.weights):
        if weight and _owner(tree, other, period) == _owner(tree, s, period):
            total += weight
    return total


def _owner(tree: Tree, s: int, period: int) -> int:
    while s > 0 and period < tree.paths[s].branch.start:
        s = tree.paths[s].branch.parent
    return s


def _alone(path: Path, paths: list[Path], values: list[Any], known: Any, options: Options) -> tuple[Any, Any]:
    """A future that does not count, planned with what it shares as it is (or as the tree has it, if `known`)."""
    import numpy as np

    arrays = path.arrays
    past = path.column_period < path.branch.start
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    if known is None:
        parent = paths[path.branch.parent]
        before = dict(zip(parent.arrays.columns, values[path.branch.parent].tolist(), strict=True))
        known = np.array([before.get(name, 0.0) for name in arrays.columns])
    held = np.clip(known, arrays.lower, arrays.upper)
    lower[past] = upper[past] = held[past]
    cost = arrays.cost + path.penalty
    own = replace(arrays, lower=lower, upper=upper, cost=cost, integer=arrays.integer & ~past)
    found = run(None, own, options) if own.integer.any() else run_linear(None, own, options)
    if found.status not in ("optimal", "feasible"):
        raise NoSolution(f"{path.branch.id} has no plan that begins as the others do ({found.status})")
    return found.x, found.duals


def solution_of(found: TreeSolution, s: int) -> Solution:
    """A future's plan as the solution of its path, which is built anew for its report."""
    import numpy as np

    from sourcing.model import build

    path = found.paths[s]
    built = build(path.branch.instance, view=found.view)
    arrays = compile_path(built)
    values = dict(zip(path.arrays.columns, found.values[s].tolist(), strict=True))
    x = np.array([values[name] for name in arrays.columns])
    duals = found.duals[s]
    rows = dict(zip(path.arrays.rows, duals.tolist(), strict=True)) if duals is not None else {}
    y = np.array([rows.get(name, 0.0) for name in arrays.rows])
    cost = float(arrays.cost @ x) + arrays.constant
    return Solution(built, arrays, found.status, cost, cost, x, y, {}, found.proof)
