"""Projects: when capacity comes on line, how it ramps, what it costs, and which may be built with which."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, flows, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.projects import Project, annuity

FIVE = years(2026, 2027, 2028, 2029, 2030)


def kiln(**columns):
    given = {"project": "KILN", "unit": "kiln", "whole": False, "cost_of_capital": 0.0, "life": 10.0} | columns
    return Project(**given)


def works(demand: float = 10, size: float = 10, **process):
    """A works whose kiln of 10 t/y is a project; a tonne short costs 1,000 USD/kg."""
    return makes("works", "magnet", size, unit="kiln", **process), Demand(
        customer="car", material="magnet", demand=demand
    )


def output(*rows, periods=FIVE):
    return flows(planned(periods, *rows), "Period")


# ------------------------------------------------------------------------------------------------ committed


@pytest.mark.parametrize(
    ("columns", "tonnes"),
    [
        ({}, {2026: 10, 2027: 10, 2028: 10, 2029: 10, 2030: 10}),
        ({"earliest": 2028}, {2028: 10, 2029: 10, 2030: 10}),
        ({"lead_time": 12}, {2027: 10, 2028: 10, 2029: 10, 2030: 10}),
        ({"lead_time": 13}, {2028: 10, 2029: 10, 2030: 10}),  # the first period that begins after it
        ({"earliest": "2026-07-01", "lead_time": 12}, {2028: 10, 2029: 10, 2030: 10}),
        ({"earliest": 2024, "lead_time": 36}, {2027: 10, 2028: 10, 2029: 10, 2030: 10}),
        ({"lead_time": 12, "ramp": "40; 80; 100"}, {2027: 4, 2028: 8, 2029: 10, 2030: 10}),
        ({"ramp": "20; 50"}, {2026: 2, 2027: 5, 2028: 5, 2029: 5, 2030: 5}),  # the last value holds for ever
        ({"steps": 3.0}, dict.fromkeys(range(2026, 2031), 30)),
        ({"lead_time": 72}, {}),  # after the horizon
    ],
)
def test_a_committed_project_comes_on_line_by_its_lead_time_and_ramps(columns, tonnes):
    found = output(works(demand=100), kiln(status="committed", **columns))
    assert found == approx({str(year): t for year, t in tonnes.items()})


def test_a_ramp_over_a_long_period_is_read_by_overlap():
    periods = Period(period="long", start=2026, years=3), Period(period="next", start=2029, years=1)
    found = output(works(100), kiln(status="committed", ramp="40; 80; 100"), periods=periods)
    assert found == approx({"long": 4 + 8 + 10, "next": 10})


def test_a_ramp_in_half_years():
    halves = Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=1)
    found = output(works(100), kiln(status="committed", ramp="40; 80"), periods=halves)
    assert found == approx({"H1": 2, "H2": 0.5 * 4 + 0.5 * 8})


def test_committed_capex_is_sunk_and_fixed_cost_is_paid_from_when_it_stands():
    plan = planned(years(2026, 2027), works(fixed_cost=2), kiln(status="committed", capex=50, lead_time=12, steps=2.0))
    assert paid(plan, "Kind", "Period") == approx({("fixed", "2027"): 4, ("shortage", "2026"): 10})
    assert sums(plan, "Projects and qualifications", "Capex", "Period") == approx({"2026": 100, "2027": 0})
    assert sums(plan, "Projects and qualifications", "On line", "Period") == approx({"2026": 0, "2027": 2})


# ------------------------------------------------------------------------------------------------ options


def test_an_option_is_built_as_far_as_it_pays():
    # 5 of 10 t/y are needed: half a step for a yearly 5/10 M USD
    plan = planned(years(2026), works(5), kiln(capex=10))
    assert plan.objective == approx(0.5)
    assert sums(plan, "Projects and qualifications", "Started", "Name") == approx({"KILN": 0.5})
    # 10 t short are worth 10 M USD a year: a step of 10 M USD a year and more is not built
    assert short(planned(years(2026), works(10), kiln(capex=99))) == approx(0)
    assert short(planned(years(2026), works(10), kiln(capex=101))) == approx(10)


def test_no_more_steps_than_there_are():
    instance = tiny(years(2026, 2027), works(50), kiln(capex=1, steps=3.0))
    row, _, high = line(instance, "projects.steps", "KILN")
    assert (row, high) == ({"projects.build[KILN,2026]": 1, "projects.build[KILN,2027]": 1}, 3)
    assert short(planned(instance)) == approx(40)


def test_the_capacity_row_ramps_each_start():
    instance = tiny(years(2026, 2027, 2028), works(50), kiln(capex=1, lead_time=12, ramp="40; 100"))
    row, _, high = line(instance, "projects.capacity", "kiln", "2028")
    assert row == {
        "production.activity[works,kiln,kiln,clean,2028]": 1,
        "projects.build[KILN,2026]": -10,  # its second year
        "projects.build[KILN,2027]": -4,
    }
    assert high == 0


def test_an_annuity_is_paid_from_the_day_it_stands_for_its_life():
    # 12 M USD over two years without interest
    plan = planned(FIVE, works(10), kiln(capex=12, life=2.0, lead_time=12))
    assert paid(plan, "Period", Kind="capex annuity") == approx({"2027": 6, "2028": 6})
    assert short(plan, Period="2030") == approx(0)  # and stands after it


def test_an_annuity_at_a_cost_of_capital():
    # 10 M USD at 10 %: over one year 11; over two years 10·0.1/(1 - 1/1.21)
    assert annuity(kiln(capex=10.0, cost_of_capital=10.0, life=1.0)) == approx(11)
    assert annuity(kiln(capex=10.0, cost_of_capital=10.0, life=2.0)) == approx(10 * 0.1 / (1 - 1 / 1.21))
    plan = planned(years(2026), works(10), kiln(capex=5, cost_of_capital=10.0, life=1.0))
    assert paid(plan) == approx({"capex annuity": 5.5})


def test_a_life_that_ends_inside_a_period():
    long = Period(period="long", start=2026, years=4)
    plan = planned(long, works(10), kiln(capex=9, life=3.0))
    assert paid(plan) == approx({"capex annuity": 9})  # three years of 3 in a period of four


def test_the_public_share_is_the_payers():
    rows = [
        party("maker", "supplier", "works"), party("state", "government"), party("carmaker", "buyer", "car"),
        sells("works", "magnet", 1),
    ]  # fmt: skip
    plan = planned(years(2026), rows, works(10), kiln(capex=10, public_share=25, payer="state"))
    assert paid(plan, "Payer", Kind="capex annuity") == approx({"state": 0.25, "maker": 0.75})


def test_nothing_starts_before_decisions_are_open():
    found = output(works(10), kiln(capex=1, lead_time=12))
    assert found == approx(dict.fromkeys(("2027", "2028", "2029", "2030"), 10))
    rows = FIVE, works(10), kiln(capex=1, lead_time=12)
    plan = planned(*rows, first_period_open_to_decisions="2027")
    assert flows(plan, "Period") == approx(dict.fromkeys(("2028", "2029", "2030"), 10))
    plan = planned(*rows[:2], kiln(capex=1, lead_time=12, earliest=2028), first_period_open_to_decisions="2027")
    assert flows(plan, "Period") == approx(dict.fromkeys(("2029", "2030"), 10))


def test_a_unit_without_an_option_is_no_project():
    assert short(planned(works(10))) == approx(0)
    assert short(planned(works(10), kiln(capex=1e9))) == approx(10)


# ------------------------------------------------------------------------------------------------ groups


def two(demand_each: float = 10, **columns):
    """Two kilns of 10 t/y for two grades; the second has four steps."""
    return [
        works(demand_each), makes("works", "hot", 10, unit="hot kiln"),
        Demand(customer="car", material="hot", demand=demand_each), kiln(capex=10, **columns),
        kiln(project="HOT", unit="hot kiln", capex=10, steps=4.0, **columns),
    ]  # fmt: skip


def test_a_group_is_built_as_one():
    instance = tiny(years(2026), two(together="BOTH"))
    row, low, high = line(instance, "projects.together", "KILN", "HOT", "2026")
    assert row == {"projects.build[KILN,2026]": 1, "projects.build[HOT,2026]": -0.25}
    assert (low, high) == (0, 0)
    # one step of the one comes with four of the other: 1 M USD and 4 M USD a year
    plan = planned(instance)
    assert sums(plan, "Projects and qualifications", "Started", "Name") == approx({"KILN": 1, "HOT": 4})
    assert plan.objective == approx(5)


def test_one_of_a_group():
    instance = tiny(years(2026), two(only_one="ONE"))
    row, _, high = line(instance, "projects.only_one", "ONE")
    assert (row, high) == ({"projects.build[KILN,2026]": 1, "projects.build[HOT,2026]": 0.25}, 1)
    # one step of HOT takes a quarter of the right, which leaves three quarters of KILN
    plan = planned(instance)
    assert sums(plan, "Projects and qualifications", "Started", "Name") == approx({"KILN": 0.75, "HOT": 1})
    assert sums(plan, "Demand", "Short", "Material") == approx({"magnet": 2.5, "hot": 0})


def test_a_committed_one_takes_the_right():
    rows = [row for row in two() if not isinstance(row, Project)]
    built = kiln(only_one="ONE", status="committed")
    plan = planned(years(2026), rows, built, kiln(project="HOT", unit="hot kiln", only_one="ONE"))
    assert sums(plan, "Demand", "Short", "Material") == approx({"magnet": 0, "hot": 10})


# ------------------------------------------------------------------------------------------------ faults


def test_what_a_project_may_not_say():
    assert "belongs to project KILN already" in faults(works(), kiln(), kiln(project="OTHER"))
    assert "nobody pays the public share" in faults(works(), kiln(public_share=5))
    assert "has no limit: a project needs the size of a step" in faults(works(size=float("inf")), kiln())
    mixed = [row for row in two(together="BOTH") if not isinstance(row, Project)]
    options = kiln(together="BOTH"), kiln(project="HOT", unit="hot kiln", together="BOTH", status="committed")
    assert "the group holds options and committed projects" in faults(mixed, options)
