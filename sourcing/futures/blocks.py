"""Blocks: a tree cut where its futures leave the trunk.

    minimise  c'x + Σ_k q_k'y_k      subject to   x in X,   l_k <= T_k x + W_k y_k <= u_k,   y_k within its bounds
    Q_k(x) = min q_k'y_k             = max_π  π'(side - T_k x) + Σ d·bound,   d = q_k - W_k'π                  [k$]
    cut:     θ_k + (T_k'π)'x >= π'side + Σ d·bound

The master holds the trunk; a block all that leaves it in one branch. The dual solution of a block, whatever the plan of
the trunk for which it was found, bounds its cost for every other (a cut), so the bound that the master gives is one
for the tree. Where a block has no plan for what the trunk leaves it, a ray says by how much (the same cut without a θ).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays
from sourcing.futures.glue import Tree

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Block:
    """What leaves the trunk in one branch: its own model with the sides as if the trunk did nothing, and the link.

    `columns` and `rows` are its places in the whole model, `links` the places in the master that its rows look at,
    `link` (rows x links) is T.
    """

    branch: int
    arrays: Arrays
    columns: np.ndarray
    rows: np.ndarray
    links: np.ndarray
    link: Any

    def at(self, x: Any) -> Arrays:
        """The block's model where the master's columns have the values x."""
        shift = self.link @ x[self.links]
        return replace(self.arrays, row_lower=self.arrays.row_lower - shift, row_upper=self.arrays.row_upper - shift)


@dataclass(frozen=True)
class Cut:
    """θ[block] + Σ slope·x[links] >= side; without θ where `ray`."""

    block: int
    slope: np.ndarray
    side: float
    ray: bool = False


def cut_up(tree: Tree) -> tuple[Block, list[Block]]:
    """The master (a block without links), and the blocks in the order of their branches."""
    import numpy as np
    from scipy.sparse import csr_matrix

    root: list[int] = []
    for path in tree.paths:  # the child of the trunk through which a path leaves it
        parent = path.branch.parent
        root.append(0 if parent < 0 else len(root) if parent == 0 else root[parent])
    whole, kind = tree.arrays, np.array(root)
    column_block, row_block = kind[tree.column_branch], kind[tree.row_branch]
    matrix = whole.matrix().tocsr()
    where = np.full(len(whole.columns), -1)
    first = np.flatnonzero(column_block == 0)
    where[first] = np.arange(len(first))
    first_rows, none = np.flatnonzero(row_block == 0), np.empty(0, dtype=np.int64)
    master = Block(0, _part(whole, first, first_rows), first, first_rows, none, csr_matrix((len(first_rows), 0)))
    blocks = []
    for branch in sorted(set(root) - {0}):
        columns, rows = np.flatnonzero(column_block == branch), np.flatnonzero(row_block == branch)
        link = matrix[rows][:, first].tocsc()
        used = np.flatnonzero(np.diff(link.indptr))
        blocks.append(Block(branch, _part(whole, columns, rows), columns, rows, used, link[:, used].tocsr()))
    return master, blocks


def _part(whole: Arrays, columns: Any, rows: Any) -> Arrays:
    """The model of some columns and rows; the constant stays with the first."""
    matrix = whole.matrix()[:, columns].tocsr()[rows].tocsc()
    matrix.sort_indices()
    return Arrays(
        [whole.columns[k] for k in columns.tolist()], [whole.rows[k] for k in rows.tolist()], {},
        whole.cost[columns], whole.constant if len(columns) and columns[0] == 0 else 0.0,
        whole.lower[columns], whole.upper[columns], whole.row_lower[rows], whole.row_upper[rows],
        matrix.indptr.astype("int32"), matrix.indices.astype("int32"), matrix.data, whole.integer[columns],
    )  # fmt: skip


def cut_of(number: int, block: Block, duals: Any, *, ray: bool = False) -> Cut:
    """What a dual solution (or a ray) of a block says for every plan of the trunk.

    The sides that duals push on are taken as they are without the trunk; a push on an infinite side, the solver's
    noise, is left out together with the row's link, so the cut is that of the duals that remain.
    """
    import numpy as np

    arrays = block.arrays
    side = np.where(duals > 0, arrays.row_lower, arrays.row_upper)
    duals = np.where(np.isfinite(side), duals, 0.0)
    side = np.where(np.isfinite(side), side, 0.0)
    reduced = -(arrays.matrix().T @ duals) if ray else arrays.cost - arrays.matrix().T @ duals
    bound = np.where(reduced > 0, arrays.lower, arrays.upper)
    loose = ~np.isfinite(bound)
    bound = np.where(loose, 0.0, bound)
    return Cut(number, block.link.T @ duals, float(duals @ side + reduced @ bound) + arrays.constant, ray)
