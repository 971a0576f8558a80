"""Solving: a model becomes arrays, and what comes back is checked and not believed."""

from __future__ import annotations

import dataclasses

import highspy
import numpy as np
import pytest
from pyomo.environ import Constraint
from pytest import approx
from tiny import dantzig, line, makes, party, planned, sells, tiny, years

from sourcing.arrays import Arrays, compile_path, residuals
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.trade import Price
from sourcing.model import build
from sourcing.plan import plan_of
from sourcing.sheets import InstanceError, NoSolution
from sourcing.solver import Options, highs, launch, run, run_linear, solve_path


def arrays(cost, matrix, row_lower, row_upper, lower=None, upper=None, integer=None):
    """min cost·x, row_lower <= matrix·x <= row_upper, lower <= x <= upper."""
    dense = np.array(matrix, dtype=float).reshape(len(row_lower), len(cost))
    filled = [(j, i, dense[i, j]) for j in range(dense.shape[1]) for i in range(dense.shape[0]) if dense[i, j]]
    starts = np.cumsum([0, *(sum(j == column for j, _, _ in filled) for column in range(len(cost)))])
    given = {
        "columns": [("x", (str(j),)) for j in range(len(cost))],
        "rows": [("row", (str(i),)) for i in range(len(row_lower))],
        "place": {},
        "cost": np.array(cost, dtype=float),
        "constant": 0.0,
        "lower": np.array(lower or [0.0] * len(cost), dtype=float),
        "upper": np.array(upper or [np.inf] * len(cost), dtype=float),
        "row_lower": np.array(row_lower, dtype=float),
        "row_upper": np.array(row_upper, dtype=float),
        "starts": starts.astype(np.int32),
        "indices": np.array([i for _, i, _ in filled], dtype=np.int32),
        "values": np.array([value for _, _, value in filled], dtype=float),
    }
    if "integer" in {field.name for field in dataclasses.fields(Arrays)}:
        given["integer"] = np.array(integer or [False] * len(cost), dtype=bool)
    return Arrays(**given)


# ------------------------------------------------------------------------------------------------ statuses


def test_an_optimum():
    # min 2x + 3y, x + y >= 4, x <= 3: x = 3, y = 1
    solution = run(None, arrays([2, 3], [[1, 1]], [4], [np.inf], upper=[3, np.inf]), Options())
    assert solution.status == "optimal"
    assert solution.x.tolist() == approx([3, 1])
    assert (solution.objective, solution.bound) == (approx(9), approx(9))
    assert solution.duals.tolist() == approx([3])  # one more is made of y


def test_infeasible_is_told_apart_from_unbounded():
    contradiction = arrays([1, 1], [[1, 1], [1, 1]], [4, -np.inf], [np.inf, 3])
    assert run(None, contradiction, Options()).status == "infeasible"
    endless = arrays([-1, 1], [[1, -1]], [-np.inf], [0], lower=[0, -np.inf])
    assert run(None, arrays([-1, 0], [[1, -1]], [-np.inf], [0]), Options()).status == "unbounded"
    assert run(None, endless, Options()).status == "optimal"  # -x + y with x <= y is never below 0


def test_no_rows_at_all():
    assert run(None, arrays([1.0], [], [], []), Options()).objective == approx(0)
    assert run(None, arrays([-1.0], [], [], []), Options()).status == "unbounded"


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        highs(arrays([np.nan], [[1]], [0], [1]), Options())


def test_stopping_without_a_plan_is_no_plan():
    with pytest.raises(NoSolution, match="time-limit"):
        solve_path(dantzig(), options=Options(time_limit=0.0))


def test_what_a_stop_raises_goes_through_and_an_optimum_in_hand_is_taken():
    def stop():
        raise KeyboardInterrupt("twice")

    with pytest.raises(KeyboardInterrupt, match="twice"):
        run(None, arrays([2, 3], [[1, 1]], [4], [np.inf]), Options(stop=stop))
    assert run(None, arrays([2, 3], [[1, 1]], [4], [np.inf]), Options(stop=lambda: True)).objective == approx(8)


# ------------------------------------------------------------------------------------------------ proof


def test_residuals_are_recomputed():
    # min 2x + 3y, x + y >= 4, x <= 3
    model = arrays([2, 3], [[1, 1]], [4], [np.inf], upper=[3, np.inf])
    right = residuals(model, np.array([3.0, 1.0]), np.array([3.0]))
    assert right == approx({"primal": 0, "dual": 0, "dual_objective": 3 * 4 - 1 * 3})  # 4 at 3, and 3 at -1
    short = residuals(model, np.array([3.0, 0.5]), np.array([3.0]))
    assert short["primal"] == approx(0.5)
    beyond = residuals(model, np.array([5.0, 0.0]), np.array([3.0]))
    assert beyond["primal"] == approx(2)
    dear = residuals(model, np.array([3.0, 1.0]), np.array([3.5]))
    assert dear["dual"] == approx(0.5)  # 3 - 3.5 pushes y to where nothing holds it
    cheap = residuals(model, np.array([3.0, 1.0]), np.array([2.0]))
    assert cheap["dual"] == approx(0)
    assert cheap["dual_objective"] == approx(8)  # a bound, and not tight


def test_a_plan_carries_its_proof():
    solution = solve_path(dantzig())
    assert solution.status == "optimal"
    assert solution.objective == approx(153.675)  # thousand USD
    assert solution.bound == approx(153.675)
    assert solution.residuals["primal"] < 1e-6 and solution.residuals["dual"] < 1e-6
    plan = plan_of(solution)
    assert plan.gap < 1e-9
    assert "Proven" in plan.verdict


# ------------------------------------------------------------------------------------------------ arrays


def test_an_analyst_may_add_a_constraint():
    def no_more_from_san_diego(path):
        flows = [var for key, var in path.channels.flow.items() if key[0] == "san-diego"]
        path.extra.cap = Constraint(expr=sum(flows) <= 560)

    solution = solve_path(dantzig(), no_more_from_san_diego)
    # Seattle can ship 350 of the 900, so 550 must come from San Diego: the cap costs nothing
    assert solution.objective == approx(153.675)
    assert ("extra.cap", (None,)) in solution.arrays.rows

    def none_to_topeka_from_san_diego(path):
        path.extra.closed = Constraint(
            expr=path.channels.flow["san-diego", "topeka", "cans", "inside", "clean", "2026"] <= 0
        )

    # Topeka's 275 from Seattle at 1.8 and not 1.4; Seattle's last 75 go to Chicago at 1.7, the other 225 of Chicago
    # and New York's 325 come from San Diego at 1.8 and 2.5 thousand miles of 0.09
    cost = 0.09 * (275 * 1.8 + 75 * 1.7 + 225 * 1.8 + 325 * 2.5)
    assert solve_path(dantzig(), none_to_topeka_from_san_diego).objective == approx(cost)


def test_values_and_duals_answer_by_name():
    solution = solve_path(
        tiny(makes("mine", "magnet", 6, cost=1000), Demand(customer="car", material="magnet", demand=10))
    )
    assert solution.values("channels.flow") == approx({("mine", "car", "magnet", "inside", "clean", "2026"): 6})
    assert list(solution.positive("demand.short")) == [(("car", "magnet", "", "1", "2026"), approx(4))]
    (t,) = solution.lots.spans.values()
    assert solution.dual("demand.demand", ("car", "magnet", "", "2026"), t) == approx(1000)  # USD/kg
    # one more tonne of capacity saves a shortage of 1,000 USD/kg and costs 1,000 USD
    assert solution.capacity("mine magnet", t) == (6, approx(999_000))


def test_what_is_fixed_has_bounds_and_stays_fixed():
    path = build(dantzig())
    var = path.channels.flow["seattle", "topeka", "cans", "inside", "clean", "2026"]
    var.fix(20.0)
    found = compile_path(path)
    column = found.place[id(var)]
    assert (found.lower[column], found.upper[column]) == (20, 20)
    assert var.fixed
    # Topeka's last 20 at 1.8 and not 1.4 thousand miles, Seattle's 20 less to where both are 2.5 away
    assert run(path, found, Options()).objective == approx(153.675 + 20 * 0.4 * 0.09)


def test_a_curved_row_is_refused():
    def squared(path):
        var = next(iter(path.channels.flow.values()))
        path.extra.curve = Constraint(expr=var**2 <= 4)

    with pytest.raises(ValueError, match="is not linear"):
        solve_path(dantzig(), squared)


def test_the_view_is_the_settings_unless_said():
    instance = tiny(Demand(customer="car", material="magnet", demand=1), view="buyer")
    assert build(instance).ledger.view == "buyer"
    assert build(instance, view="system").ledger.view == "system"


def test_the_model_says_its_rows_in_words_of_the_trade():
    row, *_ = line(dantzig(), "production.capacity", "seattle cans", "2026")
    assert row == {"production.activity[seattle,seattle cans,seattle cans,clean,2026]": 1}
    row, *sides = line(dantzig(), "demand.demand", "topeka", "cans", "", "2026")
    assert row == {"demand.deliver[topeka,cans,,cans,clean,2026]": 1, "demand.short[topeka,cans,,1,2026]": 1}
    assert sides == [275, 275]


def test_two_runs_agree_to_the_last_digit():
    rows = years(2026, 2027, 2028), makes("mine", "magnet", {2026: 3, 2028: 7}, cost=17), makes(
        "pit", "magnet", 4, cost=17
    ), Demand(customer="car", material="magnet", demand={2026: 5, 2027: 9})  # fmt: skip
    first, second = (solve_path(tiny(rows), options=Options(threads=threads)) for threads in (1, 2))
    assert first.x.tolist() == second.x.tolist()
    assert planned(rows).objective * 1000 == approx(first.objective)


def test_what_the_view_cannot_count_is_a_fault_of_the_instance():
    # the alliance would pay an outsider for tonnes above the volume too
    floor = Floor(floor="CFD", kind="cfd", material="magnet", covered="mine", payer="us", level=70, volume=1)
    rows = makes("mine", "magnet"), sells("mine", "magnet", 5), Demand(customer="car", material="magnet", demand=9)
    instance = tiny(rows, Price(index="magnet", price=5), party("prc", "supplier", "mine", allied=False), floor)
    with pytest.raises(InstanceError) as caught:
        solve_path(instance)
    assert caught.value.exit_code == 4
    assert caught.value.issues[0].column == "Volume"


@pytest.mark.parametrize("failure", [highspy.HighsModelStatus.kSolveError, highspy.HighsModelStatus.kTimeLimit])
def test_a_basis_that_leads_nowhere_is_left_for_the_interior_point(monkeypatch, failure):
    model = arrays([1, 2], [[1, 1]], [3], [5], upper=[2, 2])  # 2 of the first and 1 of the second: 2·1 + 1·2
    basis, ways = run_linear(None, model, Options()).basis, []

    def once(model, options, **given):
        ways.append(model.getOptionValue("solver")[1])
        status = launch(model, options, **given)
        return failure if len(ways) == 1 else status

    monkeypatch.setattr("sourcing.solver.launch", once)
    assert run_linear(None, model, Options(), basis=basis).objective == approx(4)
    assert ways == ["simplex", "ipx"]
