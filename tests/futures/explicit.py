"""The tree with every path written out in full, and what is shared tied by equations: a model to compare trees with.

    minimise  Σ_s probability[s]·loss[s] + Σ_s penalty[s] + weight·(tail + Σ_s probability[s]·excess[s]/(1-alpha))
    x[s,c] = x[parent of s,c]        for each column c that lives before the start of s and that both have
    x[s,c] = lower[c]                                                  ... that its parent has not
    excess[s] >= loss[s] - tail,  excess >= 0

Written from this page, for scipy's HiGHS, with nothing of `sourcing.futures` but the paths that it is given.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, coo_matrix, csr_matrix, hstack, vstack

from sourcing.components.horizon import periods


def objective(paths, risk_weight=0.0, alpha=0.9):
    """Least expected cost + risk weight x CVaR of some paths (k USD); fails where there is no plan.

    A path without probability counts only what it misses of its service levels.
    """
    found = solve(paths, risk_weight, alpha)
    assert found.status == 0, found.message
    return found.fun + sum(path.branch.probability * path.arrays.constant for path in paths)


def solve(paths, risk_weight=0.0, alpha=0.9):
    """scipy's answer for the model written out."""
    sizes = [len(path.arrays.columns) for path in paths]
    first = np.concatenate([[0], np.cumsum(sizes)])
    total, ends = int(first[-1]), [s for s, path in enumerate(paths) if path.branch.probability > 0]
    tail, excess = total, {s: total + 1 + k for k, s in enumerate(ends)}
    width = total + 1 + len(ends)
    cost = np.concatenate(
        [path.branch.probability * path.arrays.cost + path.penalty for path in paths]
        + [[risk_weight], [risk_weight * paths[s].branch.probability / (1 - alpha) for s in ends]]
    )
    lower = np.concatenate([*(path.arrays.lower for path in paths), [-np.inf], np.zeros(len(ends))])
    upper = np.concatenate([*(path.arrays.upper for path in paths), [np.inf], np.full(len(ends), np.inf)])
    if not risk_weight:
        lower[tail] = upper[tail] = 0.0
    whole = np.concatenate([*(path.arrays.integer for path in paths), np.zeros(1 + len(ends))])

    rows = [LinearConstraint(wide(block_diag([p.arrays.matrix() for p in paths], format="csr"), width),
                             np.concatenate([p.arrays.row_lower for p in paths]),
                             np.concatenate([p.arrays.row_upper for p in paths]))]  # fmt: skip
    ties = []
    for s, path in enumerate(paths[1:], start=1):
        parent = path.branch.parent
        place = {name: number for number, name in enumerate(paths[parent].arrays.columns)}
        order = [t.id for t in periods(path.branch.instance)]
        for number, name in enumerate(path.arrays.columns):
            last = name[1][-1]
            if last in order and order.index(last) < path.branch.start:
                if name in place:
                    ties.append((first[s] + number, first[parent] + place[name]))
                else:
                    upper[first[s] + number] = lower[first[s] + number]
    if ties:
        count = range(len(ties))
        one, other = zip(*ties, strict=True)
        tied = coo_matrix(
            ([1.0] * len(ties) + [-1.0] * len(ties), ([*count, *count], [*one, *other])), shape=(len(ties), width)
        )
        rows.append(LinearConstraint(tied.tocsr(), 0.0, 0.0))
    if risk_weight:
        losses = vstack([
            hstack([csr_matrix((1, first[s])), csr_matrix(-paths[s].arrays.cost),
                    csr_matrix((1, width - first[s] - sizes[s]))])
            for s in ends
        ]).tolil()  # fmt: skip
        for number, s in enumerate(ends):
            losses[number, tail] = losses[number, excess[s]] = 1.0
        rows.append(LinearConstraint(losses.tocsr(), [paths[s].arrays.constant for s in ends], np.inf))
    return milp(cost, integrality=whole, bounds=Bounds(lower, upper), constraints=rows, options={"mip_rel_gap": 1e-9})


def wide(matrix, width):
    """The matrix with columns of zeros on its right."""
    return hstack([matrix, csr_matrix((matrix.shape[0], width - matrix.shape[1]))], format="csr")
