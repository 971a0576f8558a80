"""Integers: rounding, polishing and branch and bound, stopped early or not; small models to their very optimum."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from pytest import approx
from test_solver import arrays
from tiny import loose, makes, party, planned, tiny

from sourcing import dive, integers
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.places import Entity
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.dive import Search, within
from sourcing.integers import fixed, improved, polished, rounded
from sourcing.plan import make_plan
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import Options, Stopped, run, run_linear, solve_path
from sourcing.workbook import read

NONE = np.inf


@pytest.fixture(params=[6000, 0], ids=["small", "large"])
def either(request, monkeypatch):
    """Each test twice: as a small model and as a large one."""
    monkeypatch.setattr(integers, "SMALL", request.param)
    return request.param


@pytest.fixture
def large(monkeypatch):
    """Every model counts as a large one."""
    monkeypatch.setattr(integers, "SMALL", 0)


@pytest.fixture(scope="module")
def starter():
    return read(Path(__file__).parents[1] / "instances" / "starter")


def knapsack():
    """max 8a + 11b + 6c + 4d, 5a + 7b + 4c + 3d <= 14: b, c and d are worth 21; with parts a, b and half of c 22."""
    return arrays([-8, -11, -6, -4], [[5, 7, 4, 3]], [-NONE], [14], upper=[1] * 4, integer=[True] * 4)


def relaxed(model):
    return run_linear(None, dataclasses.replace(model, integer=np.zeros(len(model.columns), dtype=bool)), Options())


def at(model, *chosen):
    """The plan with the integers at given values."""
    return run_linear(None, fixed(model, np.array(chosen, dtype=float)), Options())


# ------------------------------------------------------------------------------------------------ statuses


@pytest.mark.parametrize(
    ("model", "status"),
    [
        (arrays([1], [[1], [1]], [2, -NONE], [NONE, 1], integer=[True]), "infeasible"),
        (arrays([1], [[2]], [1], [1], integer=[True]), "infeasible"),  # x = 1/2
        (arrays([-1], [], [], [], integer=[True]), "unbounded"),
        (arrays([1, -1], [[2, 0]], [2], [2], integer=[True, False]), "unbounded"),
        (arrays([1, -1], [[2, 0]], [1], [1], integer=[True, False]), "infeasible"),  # a ray from no plan
    ],
    ids=["linear", "whole", "unbounded", "mixed", "ray"],
)
def test_no_plan_is_recognised(either, model, status):
    assert run(None, model, Options()).status == status


def firm(minimum):
    return Contract(
        contract="DEAL", seller="mine", buyer="car", material="magnet", fixed=1, take_or_pay="firm", minimum=minimum
    )


MARKET = (
    party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"),
    Demand(customer="car", material="magnet", demand=3),
)  # fmt: skip


def why(*rows):
    """What would have to give way."""
    with pytest.raises(NoPlan) as caught:
        planned(MARKET, *rows)
    assert (caught.value.exit_code, caught.value.report.status) == (6, "infeasible")
    return caught.value.report.why.rows


def test_a_duty_below_the_minimum_load_is_named(either):
    # 3 t are asked for, and the works makes at least 60 % of 10 t or nothing; half running would do, were there one
    rows = makes("mine", "magnet", unit="works")[1:], Unit(unit="works", site="mine", capacity=10, minimum_load=60)
    plan = planned(MARKET, rows, firm(0)).summary()
    assert (plan["status"], plan["gap"], plan["short_t"]) == ("optimal", approx(0), approx(3))
    assert plan["model"]["integers"] == 1
    # 60 % of 10 t are 6 t, and 30 % are the 3 t: half of that number goes; of the contract's all 3 t would
    assert [(way, *row[:3], row[-2], row[-1]) for way, *row in why(rows, firm(3))] == [
        (1, "minimum load", "works", "2026", "Units[works].Minimum load=30", "yes"),
        (2, "contract minimum", "DEAL", "2026", "Contracts[DEAL].Minimum=0", "yes"),
        (3, "surplus forbidden", "mine: magnet (clean)", "2026", "Materials[magnet].Surplus=allowed", "yes"),
    ]


def test_a_budget_for_less_than_a_whole_step_is_named(either):
    # a step for 10 t costs 2 M USD; 0.3 of one would do and cost 0.6
    payer = {"entity": "gov", "role": "government", "allied": True, "country": ("AU",)}
    rows = makes("mine", "magnet", 10, unit="works"), Project(
        project="NEW", unit="works", capex=2, cost_of_capital=0, life=1, payer="gov", public_share=100
    )  # fmt: skip
    assert planned(MARKET, rows, firm(3), Entity(**payer, budget=2)).status == "optimal"
    first, second = why(rows, firm(3), Entity(**payer, budget=1))
    assert first == (
        1, "budget", "gov", None, approx(1), "M USD", "1 M USD more for the budget of gov: 1 → 2 M USD",
        "Entities[gov].budget", "Entities[gov].Budget=2", "yes",
    )  # fmt: skip
    assert second[:5] == (2, "contract minimum", "DEAL", "2026", approx(3))  # it would do to drop the contract


def test_what_grows_without_end_is_named(either):
    # a seller pays to be rid of it, and a stock takes it without end; whether a kiln runs is another matter
    rows = loose(
        party("mineco", "supplier", "mine", allied=False), makes("mine", "magnet"), Price(index="magnet", price=5),
        Offer(site="mine", material="magnet", adder=-8), MARKET[-1],
        Stockpile(stockpile="SHELF", holder="us", site="car", material="magnet"),
        Unit(unit="kiln", site="works", capacity=5, minimum_load=60), makes("works", "magnet", unit="kiln")[1:],
    )  # fmt: skip
    with pytest.raises(NoPlan) as caught:
        make_plan(rows)
    assert (caught.value.exit_code, caught.value.report.status) == (6, "unbounded")
    first = caught.value.report.why.rows[0]
    grows = [row[:2] for row in caught.value.report.why.rows]
    # bought at 5 - 8 = -3 USD/kg, so a tonne earns 3,000 USD
    assert first[:3] == ("channels.flow", "mine, car, magnet, spot, clean, 2026", approx(3000))
    assert ("stock.level", "SHELF, clean, 2026") in grows


# ------------------------------------------------------------------------------------------------ optima


def test_a_small_model_is_solved_to_its_optimum_whatever_the_gap():
    solution = run(None, knapsack(), Options(gap=0.5))
    assert (solution.status, solution.objective, solution.bound) == ("optimal", approx(-21), approx(-21))
    assert solution.integers == {("x", ("0",)): 0, ("x", ("1",)): 1, ("x", ("2",)): 1, ("x", ("3",)): 1}


def test_a_large_model_is_solved_within_the_gap(large):
    solution = run(None, knapsack(), Options(gap=0.2))
    assert solution.status == "optimal"
    assert solution.bound <= -21 <= solution.objective <= -17.6  # 22·(1 - 0.2)
    assert run(None, knapsack(), Options(gap=0)).objective == approx(-21)


def test_duals_are_those_with_the_integers_as_they_are(either):
    # y at 10 opens what x runs in, up to 10: one tonne more than 4 costs 1, and in the relaxation 1 + 10/10
    model = arrays([1, 10], [[1, 0], [1, -10]], [4, -NONE], [NONE, 0], integer=[False, True])
    solution = run(None, model, Options())
    assert (solution.objective, solution.bound) == (approx(14), approx(14))
    assert solution.duals.tolist() == approx([1, 0])
    assert relaxed(model).duals.tolist() == approx([2, -1])
    assert not solution.linear.integer.any() and solution.arrays.integer.any()


def test_the_two_ways_agree_within_the_gap(starter, monkeypatch):
    direct = solve_path(starter)
    monkeypatch.setattr(integers, "SMALL", 0)
    options = Options(gap=0.003)
    first, second = (solve_path(starter, options=options) for _ in range(2))
    assert first.status == direct.status == "optimal"
    assert first.bound <= direct.objective <= first.objective * (1 + integers.EXACT)
    assert within(first.objective, direct.objective, options.gap)
    assert first.x.tolist() == second.x.tolist()
    assert first.duals.tolist() == second.duals.tolist()


def test_two_runs_of_a_small_model_agree_to_the_last_digit():
    rows = makes("mine", "magnet", unit="works")[1:], Unit(unit="works", site="mine", capacity=5, minimum_load=60)
    first, second = (solve_path(tiny(MARKET, rows, firm(0)), options=Options(threads=threads)) for threads in (1, 2))
    assert first.arrays.integer.sum() == 1
    assert first.values("production.run")["works", "2026"] == 1  # 3 t are 60 % of 5
    assert first.x.tolist() == second.x.tolist()


# ------------------------------------------------------------------------------------------------ steps


def test_rounding_keeps_to_what_is_possible():
    # a and b whole leave 2 for half of c (4): 1/2 becomes 1, which fits only in place of another, or 0
    model, search = knapsack(), Search(Options())
    found = rounded(model, relaxed(model), search)
    assert found.x.tolist() == approx(np.round(found.x).tolist())
    assert 5 * found.x[0] + 7 * found.x[1] + 4 * found.x[2] + 3 * found.x[3] <= 14 + 1e-6
    assert found.objective <= -17  # no worse than leaving out what was in parts: 8 + 11, or 11 + 6


def test_what_rounding_leaves_no_number_comes_first_in_another_attempt():
    # 3x <= 10y <= 10 - 3x: x is surely 1 in parts, which leaves y between 0.3 and 0.7; with y first x is 0
    model = arrays([-1, 0], [[3, -10], [3, 10]], [-NONE] * 2, [0, 10], upper=[1] * 2, integer=[True] * 2)
    found = rounded(model, relaxed(model), Search(Options()))
    assert found is not None
    assert found.x[0] == approx(0)
    assert found.x[1] in (approx(0), approx(1))


def test_rounding_that_ends_nowhere_is_none():
    half = arrays([1], [[2]], [1], [1], integer=[True])
    assert rounded(half, relaxed(half), Search(Options())) is None


def test_polishing_decides_one_kind_anew():
    # each of two needs is met by the dearer of two: 3 and 5, and not 2 and 4
    model = arrays([3, 2, 5, 4], [[1, 1, 0, 0], [0, 0, 1, 1]], [1, 1], [NONE, NONE], upper=[1] * 4, integer=[True] * 4)
    model = dataclasses.replace(model, columns=[("a", (0,)), ("a", (1,)), ("b", (0,)), ("b", (1,))])
    better = polished(model, at(model, 1, 0, 1, 0), Search(Options(), bound=6.0))
    assert better.objective == approx(6)
    assert better.x.tolist() == approx([0, 1, 0, 1])


def test_improving_changes_one_decision_at_a_time():
    # from nothing: b, then a of what is left; then what is left (2) is too little for c (4) and d (3)
    model = knapsack()
    assert improved(model, at(model, 0, 0, 0, 0), Search(Options(gap=0), bound=-22.0)).objective == approx(-19)


def test_improving_moves_to_another_date():
    # one of the two, and not both: the dearer goes to where the cheaper is
    model = arrays([3, 2], [[1, 1]], [1], [1], upper=[1, 1], integer=[True, True])
    assert improved(model, at(model, 1, 0), Search(Options(), bound=2.0)).x.tolist() == approx([0, 1])


def test_what_is_proven_is_not_searched_on():
    model = knapsack()
    found = at(model, 1, 1, 0, 0)
    search = Search(Options(gap=0.2), bound=-22.0)  # 22 is within 20 % of 19
    assert polished(model, found, search) is found
    assert improved(model, found, search) is found


# ------------------------------------------------------------------------------------------------ stops


class Told:
    """What a search tells; `has_plan` says so once a plan is in hand."""

    def __init__(self):
        self.told = []

    def __call__(self, stage, best=None, bound=None):
        self.told.append((stage, best, bound))

    def has_plan(self):
        return any(best is not None for _, best, _ in self.told)


def test_a_stop_takes_the_plan_in_hand(starter, large):
    tell = Told()
    solution = solve_path(starter, options=Options(gap=0, stop=tell.has_plan, tell=tell))
    assert solution.status == "feasible"
    assert solution.bound < solution.objective == approx(next(best for _, best, _ in tell.told if best))
    assert solution.residuals["primal"] < 1e-6
    stages = [stage for stage, _ in itertools.groupby(stage for stage, _, _ in tell.told)]
    assert stages == ["linear model", "rounding", "polishing", "improving"]


def test_a_stop_before_the_first_plan_gives_none(starter, large):
    with pytest.raises(Stopped):
        solve_path(starter, options=Options(stop=lambda: True))
    tell = Told()
    with pytest.raises(Stopped):
        solve_path(starter, options=Options(tell=tell, stop=lambda: tell.told[-1:][0][0] == "rounding"))
    assert not tell.has_plan()


def test_a_stop_of_a_small_model_takes_what_branch_and_bound_has(starter):
    tell = Told()
    solution = solve_path(starter, options=Options(stop=tell.has_plan, tell=tell))
    assert {stage for stage, _, _ in tell.told} == {"branch and bound"}
    assert solution.status in ("feasible", "optimal")
    assert within(solution.objective, solution.bound, 1) and solution.residuals["primal"] < 1e-6
    with pytest.raises(Stopped):
        solve_path(starter, options=Options(stop=lambda: True))


def test_what_a_stop_raises_goes_through(starter, either):
    def stop():
        raise KeyboardInterrupt("twice")

    with pytest.raises(KeyboardInterrupt, match="twice"):
        solve_path(starter, options=Options(stop=stop))


@pytest.mark.parametrize("ends", ["rounding", "polishing", "improving", "branch and bound"])
def test_the_time_limit_leaves_a_first_plan(starter, large, monkeypatch, ends):
    """The time is over as soon as a stage is reached: a rounding that has begun is finished."""
    late, told = [0.0], Told()

    def tell(stage, *numbers):
        told(stage, *numbers)
        late[0] = 1000.0 if stage == ends else late[0]

    monkeypatch.setattr(dive, "perf_counter", lambda: perf_counter() + late[0])
    solution = solve_path(starter, options=Options(gap=0, time_limit=100, tell=tell))
    assert solution.status == "feasible"
    assert solution.bound < solution.objective < 1.01 * solution.bound
    stages = ["linear model", "rounding", "polishing", "improving", "branch and bound"]
    reached = max(stages.index(ends), stages.index("improving"))  # each is asked for once
    assert [stage for stage, _ in itertools.groupby(stage for stage, _, _ in told.told)] == stages[: reached + 1]


def test_without_time_there_is_no_plan(starter, either):
    with pytest.raises(NoSolution, match="--time-limit"):
        solve_path(starter, options=Options(time_limit=0.0))


def test_a_plan_says_what_proves_its_bound():
    # a whole step is proven by branch and bound; without whole numbers the duals prove it
    need = Demand(customer="car", material="magnet", demand=5)
    step = Project(project="P", unit="works magnet", capex=1, life=1, cost_of_capital=0)
    runs = [
        {row[0]: row[1] for row in planned(makes("works", "magnet", 10), need, *option).tabs["Run"].rows}
        for option in ([step], [])
    ]
    assert [run["Bound proven by"] for run in runs] == [
        "the branch and bound of HiGHS", "the dual solution, recomputed from the arrays",
    ]  # fmt: skip
