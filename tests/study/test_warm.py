"""Warm: models of different columns and rows have the optimum that each has by itself, in whatever order."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from sourcing.arrays import Arrays
from sourcing.solver import Options, run_linear
from sourcing.study.warm import Warm

FREE = math.inf
QUIET = Options()


def model(columns, rows):
    """Arrays of columns {name: (cost, lower, upper)} and rows {name: (lower, upper, {column: coefficient})}."""
    entries = [[(k, row[2][c]) for k, row in enumerate(rows.values()) if c in row[2]] for c in columns]
    flat = [entry for column in entries for entry in column]
    cost, lower, upper = (np.array(part, dtype=float) for part in zip(*columns.values(), strict=True))
    return Arrays(
        columns=[(c, ()) for c in columns], rows=[(r, ()) for r in rows], place={}, cost=cost, constant=0.0,
        lower=lower, upper=upper,
        row_lower=np.array([row[0] for row in rows.values()], dtype=float),
        row_upper=np.array([row[1] for row in rows.values()], dtype=float),
        starts=np.cumsum([0, *map(len, entries)]).astype(np.int32),
        indices=np.array([k for k, _ in flat], dtype=np.int32), values=np.array([v for _, v in flat], dtype=float),
        integer=np.zeros(len(columns), dtype=bool),
    )  # fmt: skip


# 10 t are needed; a makes up to 6 at 1, b up to 6 at 2, and short costs 100.
NEED = {"need": (10, FREE, {"a": 1, "b": 1, "short": 1})}
SHORT = {"short": (100, 0, FREE)}
PLAN = model({"a": (1, 0, 6), "b": (2, 0, 6), **SHORT}, NEED)

MODELS = {
    "plan": (PLAN, 6 * 1 + 4 * 2),
    # b is closed: its column is gone
    "without b": (model({"a": (1, 0, 6), **SHORT}, {"need": (10, FREE, {"a": 1, "short": 1})}), 6 * 1 + 4 * 100),
    # a must run at 3 at least with b: a row that others lack, whose columns they have
    "shared": (
        model({"a": (1, 0, 6), "b": (2, 0, 6), **SHORT}, {**NEED, "shared": (-FREE, 0, {"a": 1, "b": -1})}),
        5 * 1 + 5 * 2,
    ),
    # c is new, at 0.5, and owes 2 at least: a row and a column that others lack, and 0 breaks the row
    "with c": (
        model(
            {"a": (1, 0, 6), "c": (0.5, 0, 4), **SHORT},
            {"owed": (2, FREE, {"c": 1}), "need": (10, FREE, {"a": 1, "c": 1, "short": 1})},
        ),
        4 * 0.5 + 6 * 1,
    ),
    # the price of a alone, and a coefficient alone: a loses half on the way
    "dearer": (model({"a": (3, 0, 6), "b": (2, 0, 6), **SHORT}, NEED), 6 * 2 + 4 * 3),
    "lossy": (
        model({"a": (1, 0, 6), "b": (2, 0, 6), **SHORT}, {"need": (10, FREE, {"a": 0.5, "b": 1, "short": 1})}),
        6 * 1 + 6 * 2 + 1 * 100,
    ),
}


@pytest.mark.parametrize("order", list(permutations(MODELS, 3)), ids="-".join)
def test_each_optimum_is_its_own_whatever_was_asked_before(order):
    warm = Warm(PLAN, run_linear(None, PLAN, QUIET).basis, QUIET)
    for name in (*order, "plan"):
        arrays, cost = MODELS[name]
        found = warm.solve(arrays, arrays, None)
        assert found.status == "optimal"
        assert found.objective == pytest.approx(cost)
        assert found.bound == pytest.approx(cost)  # from its duals and its own numbers
        assert len(found.x) == len(arrays.columns)


def test_after_a_model_without_a_solution_the_next_has_its_own():
    warm = Warm(PLAN, run_linear(None, PLAN, QUIET).basis, QUIET)
    none = model({"a": (1, 0, 6)}, {"need": (10, FREE, {"a": 1})})
    assert warm.solve(none, none, None).status == "infeasible"
    assert warm.solve(PLAN, PLAN, None).objective == pytest.approx(6 * 1 + 4 * 2)


def test_what_a_model_lacks_does_not_move_it_from_the_plans_basis():
    idle = model({"a": (1, 0, 6), "b": (2, 0, 6), "idle": (9, 0, 5), **SHORT}, NEED)
    warm = Warm(idle, run_linear(None, idle, QUIET).basis, QUIET)
    assert warm.solve(PLAN, PLAN, None).objective == pytest.approx(6 * 1 + 4 * 2)
    assert warm._solver.getInfo().simplex_iteration_count == 0
