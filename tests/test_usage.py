"""Usage: every place of the plan, used or idle, and why."""

from __future__ import annotations

from pytest import approx
from tiny import china_rule, makes, planned, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.places import Site
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.solver import solve_path

NEED = Demand(customer="car", material="magnet", demand=10)


def reason(plan, site):
    (row,) = (row for row in plan.tabs["Sites"].records() if row["Site"] == site)
    return row["Status"], row["Reason"]


def test_an_idle_source_says_what_a_tonne_of_it_would_add():
    plan = planned(makes("near", "magnet", 10, cost=1000), makes("far", "magnet", 10, cost=1500), NEED)
    assert reason(plan, "near") == ("used", "near magnet is full in every period")
    # a tonne from far takes the place of a tonne from near: 1,500 - 1,000 = 500 USD
    assert reason(plan, "far") == ("idle", "a tonne of far magnet would add 500 USD to the cost (discounted)")
    assert reason(plan, "car") == ("used", "100.0 % of its demand is met")


def test_an_idle_option_counts_what_its_plant_costs():
    option = Project(project="new", unit="far magnet", capex=2, life=1, cost_of_capital=0, whole=False)
    plan = planned(makes("near", "magnet", 10, cost=1000), makes("far", "magnet", 100, cost=1200), NEED, option)
    # the plant makes 100 t and costs 2 M USD in its year: 20,000 USD a tonne, and 1,200 - 1,000 to run
    told = "a tonne of far magnet would add 20,200 USD to the cost (discounted), with what it takes of new"
    assert reason(plan, "far") == ("idle", told)


def test_a_whole_step_that_is_not_built_is_told_by_the_part_that_a_tonne_takes():
    option = Project(project="new", unit="far magnet", capex=2, life=1, cost_of_capital=0)
    plan = planned(makes("near", "magnet", 10, cost=1000), makes("far", "magnet", 100, cost=1200), NEED, option)
    # a hundredth of a step for a tonne: 2 M USD / 100 = 20,000 USD, and 1,200 - 1,000 to run
    told = "a tonne of far magnet would add 20,200 USD to the cost (discounted), with the part that it takes of new"
    assert reason(plan, "far") == ("idle", told)


def test_a_part_that_would_pay_where_the_whole_does_not_is_told_so():
    # 10 t for 10 times 1,000 USD/kg saved are worth 10 M USD, a step of 100 t costs 12: a tenth of it would pay
    option = Project(project="new", unit="far magnet", capex=12, life=1, cost_of_capital=0)
    plan = planned(makes("far", "magnet", 100), NEED, option)
    status, told = reason(plan, "far")
    assert status == "idle"
    assert told.startswith("a tonne of far magnet would pay, with the part that it takes of new; the whole does not")


def test_a_maker_who_is_not_qualified_waits_for_it():
    # to qualify costs 20 M USD for 10 t that are worth 10; a tonne takes a tenth of it: 2 - 1 M USD
    asked = Qualification(customer="car", material="any", maker="far", cost=20)
    plan = planned(makes("far", "magnet", 100), NEED, asked)
    told = "a tonne of far magnet would add 1,000,000 USD to the cost (discounted), with the part that it takes of "
    assert reason(plan, "far") == ("idle", told + "car|any|far")


def test_what_a_rule_shuts_out_says_that_nothing_lets_it_through():
    ruled = Demand(customer="car", material="magnet", demand=10, rules="zc")
    plan = planned(makes("china", "magnet", 10), Site(site="china", entity="us", country="CN"), ruled, china_rule())
    status, told = reason(plan, "china")
    assert status == "idle"
    assert told.startswith("nobody can use its magnet")


def test_a_plant_that_comes_too_late_says_so():
    late = Project(project="new", unit="mine magnet", status="committed", earliest="2026-01-01", lead_time=24)
    plan = planned(makes("mine", "magnet", 10), NEED, late, *years(2026, 2027))
    assert reason(plan, "mine") == ("idle", "nothing is on line by 2027: new comes later")


def test_forcing_what_cannot_be_is_none():
    solution = solve_path(tiny(makes("mine", "magnet", 10, cost=1000), NEED))
    flow = ("channels.flow", ("mine", "car", "magnet", "inside", "clean", "2026"))
    short = ("demand.short", ("car", "magnet", "", "1", "2026"))
    assert solution.live.forced([(1.0, flow)]) == (approx(0), flow)  # it flows already
    # k USD: a shortage instead of a tonne made
    assert solution.live.forced([(1.0, short)]) == (approx(1000 - 1), short)
    unclaimed = ("nothing", (None,))
    assert solution.live.forced([(1.0, unclaimed)]) is None
