"""Study: what-ifs from where the plan stands equal plans made anew."""

from __future__ import annotations

import dataclasses

import bundled
import pytest
from tiny import makes, party, sells, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.edits import WrongEdit
from sourcing.sheets import InstanceError, NoPlan
from sourcing.solver import Options, Solution, run_linear, solve_path
from sourcing.study import warm
from sourcing.study.live import Study

QUIET = Options(threads=1, gap=1e-6)

# `a` makes 10 t/y at 1 k USD/t, `b` 4 t/y at 3; 8 t a year are needed, and a tonne short costs 1,000.
TWO = (
    years(2026, 2027), makes("a", "car", 10, cost=1000), makes("b", "car", 4, cost=3000),
    Demand(customer="buyer", material="car", demand=8),
)  # fmt: skip


@pytest.fixture
def study():
    return Study(tiny(*TWO), options=QUIET)


def test_nothing_changed_is_the_plan(study):
    assert study.solve().objective == pytest.approx(2 * 8)


def test_a_cell_in_one_period(study):
    study.set("Units[a car].capacity[2027]", 5)
    assert study.solve().objective == pytest.approx(8 + 5 + 3 * 3)
    assert study.solve().values("production.activity")["b", "b car", "b car", "clean", "2027"] == pytest.approx(3)


def test_a_cell_at_all_times_and_a_key_of_several_parts(study):
    study.set("Processes[b|b car|b car].cost", 500)
    assert study.solve().objective == pytest.approx(2 * (4 * 0.5 + 4 * 1))


def test_what_ifs_add_up_until_they_are_undone(study):
    study.set("Units[a car].capacity", 6).set("Demand[buyer|car|].demand[2026]", 5)
    assert study.solve().objective == pytest.approx(5 + 6 + 2 * 3)
    assert study.instance.switches == ("set Units[a car].Capacity=6", "set Demand[buyer|car|].Demand[2026]=5")
    assert study.reset().solve().objective == pytest.approx(2 * 8)


def test_no_limit_is_none(study):
    assert study.set("Units[b car].capacity", "none").off("a").solve().objective == pytest.approx(2 * 8 * 3)


def test_a_site_off_for_good_for_a_year_and_for_some_months(study):
    assert study.off("a").solve().objective == pytest.approx(2 * (4 * 3 + 4 * 1000))
    assert study.reset().off("a", first="2027").solve().objective == pytest.approx(8 + 4 * 3 + 4 * 1000)
    assert study.reset().off("a", first="2027", months=6).solve().objective == pytest.approx(8 + 5 + 3 * 3)


def test_a_unit_a_party_and_a_country_off():
    rows = (
        party("firm", "supplier", "p", "q", country="MY"), makes("p", "car", 5), makes("q", "car", 5),
        sells("p", "car", 0), sells("q", "car", 0), Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    study = Study(tiny(*rows), options=QUIET)
    assert study.off("p car").solve().objective == pytest.approx(3 * 1000)
    assert study.reset().off("firm").solve().objective == pytest.approx(8 * 1000)
    assert study.reset().off("country:MY").solve().objective == pytest.approx(8 * 1000)


def test_a_lane_off():
    rows = (
        makes("a", "car", 10), makes("b", "car", 4, cost=3000), Demand(customer="buyer", material="car", demand=8),
        Lane(origin="any", destination="any", goods="any"),
    )  # fmt: skip
    assert Study(tiny(*rows), options=QUIET).off("a>buyer").solve().objective == pytest.approx(4 * 3 + 4 * 1000)


def test_a_starved_plant_that_would_have_to_run_may_stop():
    plant = [dataclasses.replace(row, minimum_load=50, running_cost=1) if isinstance(row, Unit) else row
             for row in makes("plant", "car", 10, takes={"ore": 1.0})]  # fmt: skip
    study = Study(tiny(makes("mine", "ore", 10), plant, TWO[-1]), options=QUIET)
    assert study.solve().objective == pytest.approx(1000)
    assert study.off("mine").solve().objective == pytest.approx(8 * 1000)
    assert study.reset().off("mine", months=9).solve().objective == pytest.approx(5.5 * 1000 + 250)  # 2.5 t need 0.25


def test_of_what_several_sellers_owe_the_share_of_the_closed_one_is_struck_out():
    rows = (
        party("firm", "supplier", "p", "q"), makes("p", "car", 5), makes("q", "car", 5, cost=1000),
        Contract(contract="k", seller="firm", buyer="buyer", material="car", minimum=8, fixed=2, take_or_pay="firm"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    assert Study(tiny(*rows), options=QUIET).off("p").solve().objective == pytest.approx(5 * 1 + 3 * 1000)


def test_what_a_closed_seller_owes_is_struck_out():
    rows = (
        party("firm", "supplier", "p"), makes("p", "car", 10),
        Contract(contract="k", seller="p", buyer="buyer", material="car", minimum=5, fixed=2, take_or_pay="firm"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    assert Study(tiny(*rows), options=QUIET).off("p").solve().objective == pytest.approx(8 * 1000)


def test_a_project_that_comes_later():
    rows = (
        years(2026, 2027, 2028), makes("a", "car", 8),
        Project(project="p", unit="a car", lead_time=12, status="committed"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    study = Study(tiny(*rows), options=QUIET)
    assert study.solve().objective == pytest.approx(8 * 1000)
    assert study.delay("p", 6).solve().objective == pytest.approx(2 * 8 * 1000)  # 18 months: on line from 2028


def test_decisions_are_the_plans_unless_they_are_free():
    rows = (
        makes("a", "car", 10, cost=1000), makes("b", "car", 10), Project(project="p", unit="b car", capex=1, life=1),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    study = Study(tiny(*rows), options=QUIET)
    assert study.solve().objective == pytest.approx(8)  # building costs 1,100
    study.off("a")
    assert study.solve().objective == pytest.approx(8 * 1000)
    assert study.solve(free=True).objective == pytest.approx(1100)
    assert 1000 * study.report(free=True).objective == pytest.approx(1100)


def test_an_answer_is_that_of_a_model_made_anew_whatever_was_asked_before():
    plan = bundled.solution("starter")
    study = Study(plan, options=QUIET)
    first = study.off("vietnam_metal", first="2029").solve().objective
    study.set("Units[sumter_magnet].capacity[2029]", 100).solve()
    study.reset().set("Prices[ndpr_xcn].price[2028]", 70).solve()
    assert study.reset().off("vietnam_metal", first="2029").solve().objective == pytest.approx(first, rel=1e-9)
    assert first == pytest.approx(solve_path(study.instance, options=QUIET, held=plan.integers).objective, rel=1e-7)
    assert study.reset().solve().objective == pytest.approx(plan.objective, rel=1e-9)


def test_a_simplex_method_that_stands_still_is_left_for_the_interior_point(monkeypatch):
    plan, cold = bundled.solution("starter"), []
    monkeypatch.setattr(warm, "PATIENCE", 0.0)
    monkeypatch.setattr(warm, "run_linear", lambda *given: cold.append(run_linear(*given)) or cold[-1])
    found = Study(plan, options=QUIET).off("vietnam_metal", first="2029").solve()
    assert [answer.status for answer in cold] == ["optimal"]
    monkeypatch.undo()
    again = Study(plan, options=QUIET).off("vietnam_metal", first="2029").solve()
    assert found.objective == pytest.approx(again.objective, rel=1e-9)


def test_after_a_simplex_method_that_stood_still_the_next_has_its_time(monkeypatch):
    cold = []

    def none(path, arrays, options):
        cold.append(arrays)
        return Solution(path, arrays, "infeasible")

    monkeypatch.setattr(warm, "run_linear", none)
    monkeypatch.setattr(warm, "PATIENCE", 0.0)
    study = Study(bundled.solution("starter"), options=QUIET).off("vietnam_metal", first="2029")
    assert study.solve().status == "infeasible"
    before = len(cold)
    monkeypatch.setattr(warm, "PATIENCE", 60.0)
    assert study.solve().status == "optimal"
    assert len(cold) == before > 0


def test_a_what_if_is_reported_and_audited(study):
    plan = study.set("Units[a car].capacity[2027]", 5).report()
    assert plan.audit.passed
    assert 1000 * plan.objective == pytest.approx(8 + 5 + 3 * 3)


def test_a_what_if_without_a_plan_says_so():
    rows = (
        party("firm", "supplier", "p"), makes("p", "car", 10),
        Contract(contract="k", seller="p", buyer="buyer", material="car", minimum=5, fixed=2, take_or_pay="firm"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    study = Study(tiny(*rows), options=QUIET)
    assert study.set("Units[p car].capacity", 1).solve().status == "infeasible"
    with pytest.raises(NoPlan, match="infeasible"):
        study.report()
    assert study.reset().solve().status == "optimal"


@pytest.mark.parametrize(
    ("ask", "fault", "words"),
    [
        (lambda s: s.set("Units.capacity", 1), ValueError, "is no edit"),
        (lambda s: s.set("Units[nobody].capacity", 1), WrongEdit, "Units has no row nobody"),
        (lambda s: s.set("Units[a car].colour", 1), WrongEdit, "colour is no column of Units"),
        (lambda s: s.set("Units[a car].capacity[2026]", "many"), WrongEdit, "many is not a number"),
        (lambda s: s.set("Units[a car].capacity[2050]", 1), WrongEdit, "2050 lies outside the horizon"),
        (lambda s: s.set("Demand[buyer|car|].customer", "nobody"), InstanceError, "is not an id on tab Sites"),
        (lambda s: s.set("Units[a car].capacity[someday]", 1), ValueError, "neither a period nor a calendar span"),
        (lambda s: s.off("aa"), ValueError, "'aa' is no site, party or unit"),
        (lambda s: s.off("buyer"), ValueError, "no site that could close"),
        (lambda s: s.delay("p", 6), ValueError, "'p' is no project"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(study, ask, fault, words):
    with pytest.raises(fault, match=words):
        ask(study)
    assert study.instance is study.plan.instance
