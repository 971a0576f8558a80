"""Glue: paths become one model by the names of their columns and rows.

    minimise  Σ_s probability[s]·loss[s] + Σ_s penalty[s] + weight·(tail + Σ_s probability[s]·excess[s]/(1-alpha))  [k$]
    loss[s] = cost of the path of s                                                                                [k$]
    risk[s]:     excess[s] - loss[s] + tail >= 0,  excess >= 0, tail free                                          [k$]
    service[d,t]: Σ short[d,t] - miss[d,t] <= (1 - service level)·demand[d,t]       in contingencies, from the start [t]
    penalty[s] = Σ 10·(value of the last step of d)·discount[t]·miss[d,t]                                          [k$]

A column lives in the last element of its index, a period, or at the end of the horizon where that is none; a row in
its own period or that of its latest column, whichever is later. What lives before a branch's start is its parent's,
which is all that non-anticipativity needs: no constraint, fewer columns. Rows and bounds there must be equal, or the
scenario changes what is shared; costs may differ (what a project that is started now costs later), and count with the
probability of each future that shares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column
from sourcing.components.demand import Demand, need, steps
from sourcing.components.horizon import discount, periods
from sourcing.components.scenarios import Scenario
from sourcing.futures.branches import Branch
from sourcing.instance import Instance
from sourcing.model import uncollected
from sourcing.sheets import InstanceError

if TYPE_CHECKING:
    import numpy as np

MISS = 10.0
"""What a tonne below the service level of a contingency costs, over the value of the last step of its demand."""

MISSED = "futures.miss"
SERVICE = "futures.service"
EXCESS = "futures.excess"
TAIL = "futures.tail"
RISK = "futures.risk"


@dataclass(frozen=True)
class Path:
    """A branch with the arrays of its whole path, and where its columns and rows live (numbers of periods).

    `penalty` is what a column costs in its own right, whatever the probability of the path (k USD a unit).
    """

    branch: Branch
    arrays: Arrays
    penalty: np.ndarray
    column_period: np.ndarray
    row_period: np.ndarray


@dataclass
class Tree:
    """Paths glued: `arrays` is the whole model, `places[s]` says where each column of path s stands in it.

    `column_branch` and `row_branch` tell the branch (by number) that each belongs to. `weights` are the
    probabilities that count in the objective. `loss(s, x)` is the cost of a path (k USD).
    """

    paths: list[Path]
    arrays: Arrays
    places: list[np.ndarray]
    row_places: list[np.ndarray]
    column_branch: np.ndarray
    row_branch: np.ndarray
    weights: list[float]
    risk_weight: float
    alpha: float

    def values(self, s: int, x: Any) -> Any:
        """The values of a path's own columns at a point of the whole model."""
        return x[self.places[s]]

    def loss(self, s: int, x: Any) -> float:
        """The cost of a path at a point of the whole model (k USD, without what a contingency's misses cost)."""
        own = self.paths[s].arrays
        return float(own.cost @ self.values(s, x)) + own.constant

    def missed(self, s: int, x: Any) -> float:
        """What a contingency's misses cost at a point of the whole model (k USD)."""
        return float(self.paths[s].penalty @ self.values(s, x))


def owner(branches: Sequence[Branch], s: int, period: int) -> int:
    """The branch (by number) that owns the node of a path in a period: itself, or the one that it still shares."""
    while s > 0 and period < branches[s].start:
        s = branches[s].parent
    return s


def lives(arrays: Arrays, instance: Instance) -> tuple[Any, Any]:
    """The periods, by number, in which the columns and the rows of a path live."""
    import numpy as np

    spans = {t.id: t.number for t in periods(instance)}
    end = len(spans) - 1
    columns = np.array([spans.get(index[-1], end) for _, index in arrays.columns], dtype=np.int32)
    rows = np.array([spans.get(index[-1], end) for _, index in arrays.rows], dtype=np.int32)
    entries = np.repeat(columns, np.diff(arrays.starts))
    np.maximum.at(rows, arrays.indices, entries)
    return columns, rows


def first_difference(one: Arrays, other: Arrays, instance: Instance) -> int | None:
    """The number of the first period in which two paths differ; None if they are equal.

    A difference in what something costs counts only where rows and bounds are equal throughout.
    """
    import numpy as np

    column_period, row_period = lives(one, instance)
    columns_then, rows_then = lives(other, instance)
    mine, theirs = _matched(one.columns, other.columns)
    first, second = _matched(one.rows, other.rows)
    found = [
        column_period[_without(len(one.columns), mine)], columns_then[_without(len(other.columns), theirs)],
        row_period[_without(len(one.rows), first)], rows_then[_without(len(other.rows), second)],
    ]  # fmt: skip
    moved = (one.lower[mine] != other.lower[theirs]) | (one.upper[mine] != other.upper[theirs])
    found.append(column_period[mine[moved]])
    sides = (one.row_lower[first] != other.row_lower[second]) | (one.row_upper[first] != other.row_upper[second])
    found.append(np.maximum(row_period[first[sides]], rows_then[second[sides]]))
    left, right = one.matrix()[:, mine].tocsr()[first], other.matrix()[:, theirs].tocsr()[second]
    changed = (left != right).tocoo()
    found.append(np.maximum(row_period[first[changed.row]], rows_then[second[changed.row]]))
    numbers = np.concatenate(found)
    if not len(numbers):
        numbers = column_period[mine[one.cost[mine] != other.cost[theirs]]]
    return int(numbers.min()) if len(numbers) else None


def _matched(one: list[Column], other: list[Column]) -> tuple[Any, Any]:
    """The places in two lists of the names that both have."""
    import numpy as np

    if one is other or one == other:
        both = np.arange(len(one))
        return both, both
    known = {name: place for place, name in enumerate(other)}
    pairs = [(place, known[name]) for place, name in enumerate(one) if name in known]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _without(count: int, places: Any) -> Any:
    """Which of so many are not among the places."""
    import numpy as np

    rest = np.ones(count, dtype=bool)
    rest[places] = False
    return rest


def path_of(branch: Branch, arrays: Arrays) -> Path:
    """A branch's path, with the rows of its service levels where it is a contingency."""
    import numpy as np

    instance, spans = branch.instance, periods(branch.instance)
    columns: list[Column] = []
    rows: list[Column] = []
    costs, sides, entries = [], [], []
    place = {index: number for number, (family, index) in enumerate(arrays.columns) if family == "demand.short"}
    for d in instance[Demand] if branch.contingency else ():
        level = d.service_level if branch.service_level is None else branch.service_level
        if level is None:
            continue
        key = (d.customer, d.material, "; ".join(d.rules))
        value = steps(instance, d)[-1][1]
        for t in (t for t in spans[branch.start :] if need(d, t) > 0):
            number = len(rows)
            shorts = [place[(*key, str(n + 1), t.id)] for n in range(len(steps(instance, d)))]
            entries += [(short, number, 1.0) for short in shorts]
            entries.append((len(arrays.columns) + number, number, -1.0))
            columns.append((MISSED, (*key, t.id)))
            rows.append((SERVICE, (*key, t.id)))
            costs.append(MISS * value * discount(instance, t))
            sides.append((1 - level / 100) * need(d, t))
    penalty = np.concatenate([np.zeros(len(arrays.columns)), costs])
    if rows:
        none = np.full(len(rows), -np.inf)
        arrays = extended(arrays, columns, rows, np.zeros(len(rows)), none, np.array(sides), entries)
    return Path(branch, arrays, penalty, *lives(arrays, instance))


def extended(
    arrays: Arrays,
    columns: list[Column],
    rows: list[Column],
    cost: Any,
    row_lower: Any,
    row_upper: Any,
    entries: list[tuple[int, int, float]],
    lower: Any = None,
) -> Arrays:
    """Arrays with columns (from 0 or `lower` up) and rows added; entries: (column, place among the new rows, value)."""
    import numpy as np
    from scipy.sparse import csc_matrix, hstack, vstack

    old = arrays.matrix()
    total = len(arrays.columns) + len(columns)
    wide = hstack([old, csc_matrix((len(arrays.rows), len(columns)))], format="csc")
    places = np.array([entry[:2] for entry in entries], dtype=np.int64).reshape(-1, 2)
    new = csc_matrix(([entry[2] for entry in entries], (places[:, 1], places[:, 0])), shape=(len(rows), total))
    matrix = vstack([wide, new], format="csc")
    matrix.sort_indices()
    low = np.zeros(len(columns)) if lower is None else lower
    return replace(
        arrays,
        columns=[*arrays.columns, *columns],
        rows=[*arrays.rows, *rows],
        cost=np.concatenate([arrays.cost, cost]),
        lower=np.concatenate([arrays.lower, low]),
        upper=np.concatenate([arrays.upper, np.full(len(columns), np.inf)]),
        row_lower=np.concatenate([arrays.row_lower, row_lower]),
        row_upper=np.concatenate([arrays.row_upper, row_upper]),
        starts=matrix.indptr.astype(np.int32),
        indices=matrix.indices.astype(np.int32),
        values=matrix.data,
        integer=np.concatenate([arrays.integer, np.zeros(len(columns), dtype=bool)]),
    )


@uncollected()
def glue(paths: list[Path], risk_weight: float = 0.0, alpha: float = 0.9, weights: list[float] | None = None) -> Tree:
    """The tree of some paths, the trunk first and parents before children.

    `weights` are the probabilities of the ends (default: the branches'); a path of weight 0 counts only its penalty.
    Raises InstanceError if a path differs from its parent before its start.
    """
    import numpy as np
    from scipy.sparse import coo_matrix

    weights = [path.branch.probability for path in paths] if weights is None else weights
    columns: list[Column] = []
    rows: list[Column] = []
    places: list[Any] = []
    row_places: list[Any] = []
    parts: list[tuple[Any, ...]] = []  # what each branch owns: bounds, kinds and branches of columns, the like of rows
    triples: list[tuple[Any, Any, Any]] = []
    for s, path in enumerate(paths):
        arrays = path.arrays
        own, own_rows = np.ones(len(arrays.columns), dtype=bool), np.ones(len(arrays.rows), dtype=bool)
        place, row_place = np.empty(len(own), dtype=np.int64), np.empty(len(own_rows), dtype=np.int64)
        upper = arrays.upper
        if s:
            parent = path.branch.parent
            mine, theirs, my_rows, their_rows = _shared(path, paths[parent])
            place[mine], row_place[my_rows] = places[parent][theirs], row_places[parent][their_rows]
            own[mine], own_rows[my_rows] = False, False
            stray = own & (path.column_period < path.branch.start)  # the parent has it not: nobody may use it yet
            upper = np.where(stray, arrays.lower, arrays.upper)
        place[own] = len(columns) + np.arange(own.sum())
        row_place[own_rows] = len(rows) + np.arange(own_rows.sum())
        columns += _named(path.branch.id, arrays.columns, own)
        rows += _named(path.branch.id, arrays.rows, own_rows)
        places.append(place)
        row_places.append(row_place)
        parts.append((
            arrays.lower[own], upper[own], arrays.integer[own], np.full(own.sum(), s, dtype=np.int32),
            arrays.row_lower[own_rows], arrays.row_upper[own_rows], np.full(own_rows.sum(), s, dtype=np.int32),
        ))  # fmt: skip
        matrix = arrays.matrix().tocoo()
        kept = own_rows[matrix.row]
        triples.append((matrix.data[kept], row_place[matrix.row[kept]], place[matrix.col[kept]]))
    cost, constant = np.zeros(len(columns)), 0.0
    for path, place, weight in zip(paths, places, weights, strict=True):
        cost[place[path.column_period >= path.branch.start]] += path.penalty[path.column_period >= path.branch.start]
        if weight:
            np.add.at(cost, place, weight * path.arrays.cost)
            constant += weight * path.arrays.constant
    data, row, column = (np.concatenate(values) for values in zip(*triples, strict=True))
    matrix = coo_matrix((data, (row, column)), shape=(len(rows), len(columns))).tocsc()
    matrix.sort_indices()
    lower, upper, integer, branch, row_lower, row_upper, row_branch = (
        np.concatenate(values) for values in zip(*parts, strict=True)
    )
    arrays = Arrays(
        columns, rows, {}, cost, constant, lower, upper, row_lower, row_upper,
        matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data, integer,
    )  # fmt: skip
    tree = Tree(paths, arrays, places, row_places, branch, row_branch, weights, risk_weight, alpha)
    return weighed(tree) if risk_weight else tree


def _named(branch: str, names: list[Column], own: Any) -> list[Column]:
    """The names of what is a branch's own, with the branch before their index."""
    return [(family, (branch, *index)) for (family, index), mine in zip(names, own.tolist(), strict=True) if mine]


def _shared(path: Path, parent: Path) -> tuple[Any, Any, Any, Any]:
    """The places in a path and in its parent of the columns that both have before its start, and of the rows.

    Raises InstanceError at the scenario if bounds, sides or coefficients are not equal there.
    """
    one, two, start = path.arrays, parent.arrays, path.branch.start
    mine, theirs = _matched(one.columns, two.columns)
    mine, theirs = (places[path.column_period[mine] < start] for places in (mine, theirs))
    rows, their_rows = _matched(one.rows, two.rows)
    rows, their_rows = (places[path.row_period[rows] < start] for places in (rows, their_rows))
    moved = (one.lower[mine] != two.lower[theirs]) | (one.upper[mine] != two.upper[theirs])
    sides = (one.row_lower[rows] != two.row_lower[their_rows]) | (one.row_upper[rows] != two.row_upper[their_rows])
    changed = (one.matrix()[:, mine].tocsr()[rows] != two.matrix()[:, theirs].tocsr()[their_rows]).tocoo().row
    names = [one.columns[k] for k in mine[moved][:1]] + [one.rows[k] for k in rows[sides][:1]]
    names += _gone(path, parent)[:1] + [one.rows[k] for k in rows[changed][:1]]
    if names:
        (family, index), tables = names[0], path.branch.instance
        since = periods(tables)[start].id
        message = f"changes {family}[{', '.join(map(str, index))}], which is shared: it starts in {since}"
        row = tables.row(Scenario, path.branch.scenario)
        raise InstanceError([tables.issue(row, "starts", message, "start it earlier, or let its shocks begin later")])
    return mine, theirs, rows, their_rows


def _gone(path: Path, parent: Path) -> list[Column]:
    """Capacities and needs of shared periods that a path's parent has and it has not: they are zero there."""
    own, kept = set(path.arrays.rows), ("production.capacity", "projects.capacity", "demand.demand")
    rows = zip(parent.arrays.rows, parent.row_period.tolist(), strict=True)
    return [row for row, t in rows if t < path.branch.start and row[0] in kept and row not in own]


def weighed(tree: Tree) -> Tree:
    """A tree with the tail of its losses in the objective."""
    import numpy as np

    arrays, weight = tree.arrays, tree.risk_weight
    ends = [s for s, probability in enumerate(tree.weights) if probability > 0]
    first = len(arrays.columns)
    names = [tree.paths[s].branch.id for s in ends]
    columns = [(TAIL, ("all",)), *((EXCESS, (name,)) for name in names)]
    total = sum(tree.weights)
    cost = [weight, *(weight * tree.weights[s] / total / (1 - tree.alpha) for s in ends)]
    entries: list[tuple[int, int, float]] = []
    sides = []
    for number, s in enumerate(ends):
        own = tree.paths[s].arrays
        costs = np.zeros(first)
        np.add.at(costs, tree.places[s], own.cost)
        for place in np.flatnonzero(costs).tolist():
            entries.append((place, number, -float(costs[place])))
        entries += [(first, number, 1.0), (first + 1 + number, number, 1.0)]
        sides.append(own.constant)
    lower = np.zeros(len(columns))
    lower[0] = -np.inf
    rows = [(RISK, (name,)) for name in names]
    wide = extended(arrays, columns, rows, np.array(cost), np.array(sides), np.full(len(rows), np.inf), entries, lower)
    return replace(
        tree,
        arrays=wide,
        column_branch=np.concatenate([tree.column_branch, [0], ends]).astype(np.int32),
        row_branch=np.concatenate([tree.row_branch, ends]).astype(np.int32),
    )
