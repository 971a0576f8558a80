"""LP duality without rounding: of the plan's linear model, the basis that the solver ends with is optimal in rationals.

`exact.proven` says what is checked.
"""

from __future__ import annotations

from fractions import Fraction

from exact import Exact, proven, solved
from hypothesis import given
from pytest import approx
from test_solver import arrays
from worlds import examples, worlds

from sourcing.solver import Options, run, solve_path


@examples(40, 1000)
@given(worlds(whole=False))
def test_a_linear_plan_is_optimal_without_rounding(instance):
    found = solve_path(instance, options=Options(threads=1))
    if found.status == "optimal":
        cost, bound = proven(found)
        assert float(cost - bound) == approx(0, abs=1e-9)
        assert found.objective == approx(float(cost), rel=1e-10, abs=1e-9)
        assert found.bound == approx(float(bound), rel=1e-10, abs=1e-9)


@examples(25, 1000)
@given(worlds())
def test_so_is_what_is_left_once_the_decisions_are_taken(instance):
    found = solve_path(instance, options=Options(threads=1))
    if found.status == "optimal":
        cost, bound = proven(found)
        assert float(cost - bound) == approx(0, abs=1e-9)
        assert found.objective == approx(float(cost), rel=1e-10, abs=1e-9)


# ------------------------------------------------------------------------------------------------ the arithmetic itself


def test_a_system_is_solved_exactly():
    third = Fraction(1, 3)
    rows = [{0: third, 1: Fraction(1)}, {0: Fraction(1), 2: Fraction(2)}, {1: Fraction(-1), 2: Fraction(7)}]
    x = [Fraction(3), Fraction(5, 7), Fraction(-1, 9)]
    assert solved(rows, [sum(value * x[j] for j, value in row.items()) for row in rows]) == x


def test_a_basis_that_is_not_optimal_is_led_to_one_that_is():
    # min 2x + 3y, x + y >= 4, x <= 3: from y = 4 one step to x = 3, y = 1, at 2·3 + 3·1 = 9
    model = arrays([2, 3], [[1, 1]], [4], [float("inf")], upper=[3, float("inf")])
    exact = Exact.of(model, run(None, model, Options()).basis)
    exact.basic, exact.value = [1], [Fraction(0), Fraction(0), Fraction(4)]
    assert exact.point()[:2] == [0, 4]
    assert exact.improve() == 1
    assert exact.point()[:2] == [3, 1]
    assert exact.duals() == [3]
