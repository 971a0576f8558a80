"""Solving a tree: every decision before a future parts is shared by all that share it.

1. Each branch's path: built once, stamped where only numbers differ (`stamp`).
2. One model while it is small; blocks with cuts where it is large (`benders`).
3. Integers of a large tree: the trunk's are rounded with the cuts of the linear tree as what the futures cost, then
   each future is solved with its own. The bound stays that of the linear tree.
4. A future of probability 0 is planned by itself, with what it shares as it is: so it shows a plan, not noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, compile_path
from sourcing.components.horizon import periods, settings
from sourcing.components.scenarios import Scenario, lineage
from sourcing.futures.branches import branches, is_trunk
from sourcing.futures.glue import Path, Tree, first_difference, glue, owner, path_of
from sourcing.futures.shocks import starts, under
from sourcing.futures.stamp import Form, differing
from sourcing.futures.words import sorted_tail
from sourcing.instance import Instance
from sourcing.lots import reach
from sourcing.sheets import NoSolution
from sourcing.solver import Options, Solution, run

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
    tables = _tables(instance, rows)
    lots = {key: reach(changed) for key, changed in tables.items() if differing(instance, changed) is None}
    stamped: dict[tuple[int, str, str], Arrays | None] = {}
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

    def changed_to(left: Instance, scenario: str, start: str) -> Instance:
        return tables[id(left), scenario, start]

    found_branches = branches(instance, changed_to, parted, only)
    return [path_of(branch, paths[id(branch.instance)]) for branch in found_branches]


def _tables(instance: Instance, rows: list[Scenario]) -> dict[tuple[int, str, str], Instance]:
    """The tables of all scenarios, by the identity of the tables that they leave, their name and their start."""
    found: dict[tuple[int, str, str], Instance] = {}
    known = {row.scenario: row for row in rows}
    made: dict[str, list[tuple[float, Instance]]] = {}  # tables of a scenario, with the moments of their starts
    spans = {t.id: t.start for t in periods(instance)}

    def make(row: Scenario) -> list[tuple[float, Instance]]:
        if is_trunk(instance, row):
            return [(-math.inf, instance)]
        if row.scenario not in made:
            lineage(instance, row.scenario)  # a loop is a fault
            lefts = make(known[row.leaves]) if row.leaves in known else [(-math.inf, instance)]
            times = (starts(instance, row.scenario) if row.kind == "event" else []) or [""]
            made[row.scenario] = []
            for begun, left in lefts:
                for start in times:
                    moment = spans.get(start, begun)
                    if moment >= begun:
                        new = found[id(left), row.scenario, start] = under(instance, row.scenario, start, left)
                        made[row.scenario].append((moment, new))
        return made[row.scenario]

    for row in rows:
        make(row)
    return found


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
    values: dict[int, Any] = {}
    own: dict[int, Any] = {}
    for s, path in enumerate(paths):
        if s in numbers and (path.branch.probability > 0 or s == 0):
            values[s] = x[tree.places[numbers[s]]]
            own[s] = _own_duals(tree, numbers[s], duals)
        elif s not in values:
            group = [s]
            group += [k for k in counted if k > s and paths[k].branch.parent in group]
            for k, (point, prices) in zip(group, _unlikely(group, paths, values, options), strict=True):
                values[k], own[k] = point, prices
    result.values, result.duals = [values[s] for s in range(len(paths))], [own[s] for s in range(len(paths))]
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
    reach = np.array([_reach(tree, s, period) for period in range(int(tree.paths[s].row_period.max()) + 1)])
    found = duals[tree.row_places[s]]
    likely = reach[tree.paths[s].row_period]
    return np.divide(found, likely, out=np.zeros_like(found), where=likely > 0)


def _reach(tree: Tree, s: int, period: int) -> float:
    """The probability of the node of path s in a period: of all ends that still share it."""
    ways = [path.branch for path in tree.paths]
    node = owner(ways, s, period)
    return sum(weight for other, weight in enumerate(tree.weights) if owner(ways, other, period) == node)


def _unlikely(group: list[int], paths: list[Path], values: dict[int, Any], options: Options) -> list[tuple[Any, Any]]:
    """Values and duals of a future without odds and of contingencies that leave it, with what it shares as it is."""
    import numpy as np

    start, parent = paths[group[0]].branch.start, paths[group[0]].branch.parent
    before = dict(zip(paths[parent].arrays.columns, values[parent].tolist(), strict=True))
    held = []
    for s in group:
        arrays, past = paths[s].arrays, paths[s].column_period < start
        known = np.array([before.get(arrays.columns[k], 0.0) for k in np.flatnonzero(past).tolist()])
        lower, upper = arrays.lower.copy(), arrays.upper.copy()
        lower[past] = upper[past] = np.clip(known, lower[past], upper[past])
        branch = replace(paths[s].branch, parent=group.index(paths[s].branch.parent) if s != group[0] else -1)
        arrays = replace(arrays, lower=lower, upper=upper, integer=arrays.integer & ~past)
        held.append(replace(paths[s], branch=branch, arrays=arrays))
    tree = glue(held, weights=[1.0] * len(held))
    found = run(None, tree.arrays, options)
    if found.status not in ("optimal", "feasible"):
        raise NoSolution(f"{held[0].branch.id} has no plan that begins as the others do ({found.status})")
    return [(found.x[tree.places[k]], _own_duals(tree, k, found.duals)) for k in range(len(group))]


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
    proof = "nothing of its own: see the bound over futures"
    return Solution(built, arrays, found.status, cost, cost, x, y, {}, proof)
