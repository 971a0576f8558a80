"""From a Pyomo model to named arrays: every kind of expression, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pyomo.environ import Binary, ConcreteModel, Constraint, NonNegativeReals, Objective, Var, quicksum

from sourcing.arrays import compile_path


def model(**rows):
    """A model of x, y >= 0, z in {0, 1} and the rows that expressions of it give."""
    path = ConcreteModel()
    path.x, path.y = Var(within=NonNegativeReals), Var(within=NonNegativeReals, bounds=(None, 9.0))
    path.z = Var(within=Binary)
    for name, row in rows.items():
        path.add_component(name, Constraint(expr=row(path)))
    path.cost = Objective(expr=5 * path.x + 2 * path.y - path.x + 7)
    return path


@pytest.mark.parametrize(
    ("row", "entries", "low", "high"),
    [
        (lambda p: 2 * p.x - (3 * p.y - p.x) <= 7 + p.y, [3.0, -4.0, 0.0], -np.inf, 7.0),
        (lambda p: 3 * (p.x + 2 * p.y) - p.y / 4 >= 1, [3.0, 5.75, 0.0], 1.0, np.inf),
        (lambda p: quicksum([p.x, p.y]) == 4 * (1 - p.z), [1.0, 1.0, 4.0], 4.0, 4.0),
        (lambda p: -(p.x - 2) - 3 <= -p.z, [-1.0, 0.0, 1.0], -np.inf, 1.0),
        (lambda p: p.x - p.x + p.z >= 0.5, [0.0, 0.0, 1.0], 0.5, np.inf),
    ],
)
def test_a_row_is_read(row, entries, low, high):
    arrays = compile_path(model(row=row))
    assert arrays.matrix().toarray().tolist() == [entries]
    assert (arrays.row_lower[0], arrays.row_upper[0]) == (low, high)
    assert 0.0 not in arrays.values


def test_columns_bounds_and_cost():
    arrays = compile_path(model(row=lambda p: p.x + p.y >= 1))
    assert [name for name, _ in arrays.columns] == ["x", "y", "z"]
    assert arrays.cost.tolist() == [4.0, 2.0, 0.0]  # 5 - 1
    assert arrays.constant == 7.0
    assert arrays.upper.tolist() == [np.inf, 9.0, 1.0]
    assert arrays.integer.tolist() == [False, False, True]


def test_a_fixed_variable_is_a_column_between_equal_bounds():
    path = model(row=lambda p: p.x + p.y >= 1)
    path.x.fix(3.0)
    arrays = compile_path(path)
    assert (arrays.lower[0], arrays.upper[0]) == (3.0, 3.0)
    assert arrays.matrix().toarray().tolist() == [[1.0, 1.0, 0.0]]
    assert path.x.fixed


def test_what_is_not_linear_is_refused():
    with pytest.raises(ValueError, match="is not linear"):
        compile_path(model(row=lambda p: p.x * p.y <= 1))


def test_ranges_leave_out_zero_and_infinity():
    found = compile_path(model(row=lambda p: 0.5 * p.x - 20 * p.y >= 3)).ranges()
    assert found == {"coefficients": (0.5, 20.0), "costs": (2.0, 4.0), "bounds": (1.0, 9.0), "sides": (3.0, 3.0)}
