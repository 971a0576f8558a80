"""Projects: when capacity comes on line, how it ramps, what it costs, and which may be built with which."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, flows, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.places import Entity
from sourcing.components.projects import Project, alternatives, annuity, decisions, group_starts
from sourcing.solver import solve_path

FIVE = years(2026, 2027, 2028, 2029, 2030)


def kiln(**columns):
    given = {"project": "KILN", "unit": "kiln", "whole": False, "cost_of_capital": 0.0, "life": 10.0} | columns
    return Project(**given)


def works(demand: float = 10, size: float = 10, **process):
    """A works whose kiln of 10 t/y is a project; a tonne short costs 1,000 USD/kg."""
    return makes("works", "magnet", size, unit="kiln", **process), Demand(
        customer="car", material="magnet", demand=demand
    )


def built(plan) -> dict[str, float]:
    """Steps started by project."""
    return sums(plan, "Projects and qualifications", "Started", "Name", Kind="project")


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
        ({"latest": 2025}, {}),  # it may not start any more when the horizon does
        ({"earliest": 2027, "latest": "2027-01-01"}, {2027: 10, 2028: 10, 2029: 10, 2030: 10}),
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


@pytest.mark.parametrize(
    ("capex", "whole", "steps", "cost"),
    [
        # 5 t short are worth 5 M USD; a step of 10 t/y costs a tenth of its capex a year, half a step half of that
        (60, False, 0.5, 3),
        (60, True, 0, 5),  # half of it would pay, a whole one does not
        (40, False, 0.5, 2),
        (40, True, 1, 4),  # a whole one pays, half of it idle
    ],
)
def test_a_step_that_is_built_as_a_whole_or_in_part(capex, whole, steps, cost):
    plan = planned(years(2026), works(5), kiln(capex=capex, whole=whole))
    assert built(plan) == approx({"KILN": steps})
    assert plan.objective == approx(cost)


def test_no_part_of_a_step_is_left_over():
    # two and a half steps are there, and 50 t wanted
    plan = planned(years(2026), works(50), kiln(capex=1, steps=2.5, whole=True))
    assert built(plan) == approx({"KILN": 2})
    assert "only whole steps are built: 2 at most" in faults(works(), kiln(steps=2.5, whole=True))


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


def test_nothing_starts_after_its_latest_day():
    instance = tiny(FIVE, works(10), kiln(capex=10, latest=2027))  # the year is included
    assert [t.id for t, _ in group_starts(instance, instance.row(Project, "KILN"))] == ["2026", "2027"]
    told = faults(FIVE, works(10), kiln(status="committed", earliest=2028, latest=2027))
    assert "Projects Latest start: '2027-12-31': KILN: lies before the earliest start: it is never built" in told


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
    assert (row, high) == ({"projects.chosen[ONE,KILN]": 1, "projects.chosen[ONE,HOT]": 1}, 1)
    row, _, high = line(instance, "projects.alternative", "HOT")
    assert (row, high) == ({"projects.build[HOT,2026]": 1, "projects.chosen[ONE,HOT]": -4}, 0)
    # a step of either makes 10 t, worth 10 M USD, and costs 1; 15 t of the hot grade are wanted: 1.5 steps
    more = Demand(customer="car", material="hot", demand=15)
    plan = planned(instance.with_rows(*[row for row in tiny(more).rows() if isinstance(row, Demand)]))
    assert built(plan) == approx({"KILN": 0, "HOT": 1.5})
    assert plan.objective == approx(10 + 1.5)
    # a fifth of the one and the rest of the other is no way out
    plan = planned(instance)
    assert sorted(built(plan).values()) == approx([0, 1])
    assert plan.objective == approx(10 + 1)


def test_those_that_are_built_as_one_are_one_alternative():
    # LONE makes 10 t alone; KILN and HOT come together, 10 t of each of two grades: 2 M USD a year and 10 t short
    rows = [row for row in two(together="BOTH", only_one="ONE") if not (isinstance(row, Project) and row.steps > 1)]
    rows += [
        kiln(project="HOT", unit="hot kiln", capex=10, together="BOTH", only_one="ONE"),
        makes("works", "cold", 10, unit="cold kiln"), Demand(customer="car", material="cold", demand=10),
        kiln(project="LONE", unit="cold kiln", capex=10, only_one="ONE"),
    ]  # fmt: skip
    row, _, _ = line(tiny(years(2026), rows), "projects.only_one", "ONE")
    assert row == {"projects.chosen[ONE,KILN]": 1, "projects.chosen[ONE,LONE]": 1}
    plan = planned(years(2026), rows)
    assert built(plan) == approx({"KILN": 1, "HOT": 1, "LONE": 0})
    assert plan.objective == approx(2 + 10)


def test_a_committed_one_takes_the_right():
    rows = [row for row in two() if not isinstance(row, Project)]
    built = kiln(only_one="ONE", status="committed")
    plan = planned(years(2026), rows, built, kiln(project="HOT", unit="hot kiln", only_one="ONE"))
    assert sums(plan, "Demand", "Short", "Material") == approx({"magnet": 0, "hot": 10})


def together(**hot):
    """KILN and HOT, one step each, built as one; HOT has columns of its own."""
    rows = [row for row in two(together="BOTH") if not (isinstance(row, Project) and row.steps > 1)]
    return rows, kiln(project="HOT", unit="hot kiln", capex=10, together="BOTH", **hot)


@pytest.mark.parametrize(
    ("hot", "first"),
    [
        ({"earliest": 2028}, {"magnet": "2028", "hot": "2028"}),  # it holds the other back
        ({"lead_time": 12}, {"magnet": "2026", "hot": "2027"}),  # it comes on line later
        ({"lead_time": 72}, {"magnet": "2026"}),  # it comes on line after the horizon
        ({"latest": 2026, "earliest": 2027}, {}),  # its last day is before its first: neither can the other
        ({"earliest": 2031}, {}),  # it cannot start within the horizon: neither can the other
    ],
)
def test_a_member_that_may_not_start_holds_its_group_back(hot, first):
    found: dict[str, str] = {}
    for material, t in sorted(flows(planned(FIVE, together(**hot)), "Material", "Period")):
        found.setdefault(material, t)
    assert found == first


def test_a_member_that_comes_on_line_after_the_horizon_is_started_with_the_others():
    instance = tiny(FIVE, together(lead_time=72))
    solution = solve_path(instance)
    kilns = {decision.name: decision for decision in decisions(solution)}
    assert {name: decision.start.id for name, decision in kilns.items()} == {"KILN": "2026", "HOT": "2026"}
    assert (kilns["HOT"].opens, kilns["HOT"].outlay) == (None, 10)
    # its annuity falls after the horizon: 1 M USD a year for KILN, and 10 t of the hot grade short in each year
    assert solution.objective == approx(5_000 + 50_000)


# ------------------------------------------------------------------------------------------------ budgets


def funded(budget: float | None, **columns):
    """A state that pays half of each step of 10 M USD, with a budget for that; 50 t/y wanted, five steps."""
    return [
        Entity(entity="state", role="government", allied=True, country=("AU",), budget=budget), works(50),
        kiln(capex=10, steps=5.0, public_share=50, payer="state", **columns),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "whole", "steps"),
    [
        (None, True, 5),
        (17, True, 3),  # 5 M USD a step
        (17, False, 3.4),
        (0, True, 0),
    ],
)
def test_a_budget_bounds_what_its_party_commits(budget, whole, steps):
    assert built(planned(years(2026, 2027), funded(budget, whole=whole))) == approx({"KILN": steps})


def test_the_row_of_a_budget_counts_the_public_share_of_every_start():
    other = makes("works", "hot", 10, unit="hot kiln"), kiln(
        project="HOT", unit="hot kiln", capex=8, public_share=25, payer="state"
    )  # fmt: skip
    row, _, high = line(tiny(years(2026, 2027), funded(17), other), "projects.budget", "state")
    assert row == {
        "projects.build[KILN,2026]": 5,
        "projects.build[KILN,2027]": 5,
        "projects.build[HOT,2026]": 2,
        "projects.build[HOT,2027]": 2,
    }
    assert high == 17


def test_a_budget_of_a_party_that_pays_for_nothing_is_told():
    assert "bounds nothing" in faults(funded(17)[0], works(50), kiln(capex=10))
    committed = kiln(capex=10, public_share=50, payer="state", status="committed")
    assert "bounds nothing" in faults(funded(17)[:2], committed)  # its capex is sunk
    assert faults(funded(17)) == ""


# ------------------------------------------------------------------------------------------------ what was decided


def test_a_start_names_its_column_and_the_other_dates_it_could_have():
    instance = tiny(years(2026, 2027, 2028), works(10), kiln(capex=20, lead_time=12, earliest=2026, whole=True))
    (decision,) = decisions(solve_path(instance))
    assert (decision.kind, decision.name, decision.where, decision.steps) == ("build", "KILN", "works", 1)
    assert (decision.start.id, decision.opens.id, decision.outlay) == ("2026", "2027", 20)
    assert decision.column == ("projects.build", ("KILN", "2026"))
    assert [t.id for t in alternatives(instance, decision)] == ["2027"]  # from 2028 it would come too late


# ------------------------------------------------------------------------------------------------ faults


def test_what_a_project_may_not_say():
    assert "belongs to project KILN already" in faults(works(), kiln(), kiln(project="OTHER"))
    assert "nobody pays the public share" in faults(works(), kiln(public_share=5))
    assert "has no limit: a project needs the size of a step" in faults(works(size=float("inf")), kiln())
    mixed = [row for row in two(together="BOTH") if not isinstance(row, Project)]
    options = kiln(together="BOTH"), kiln(project="HOT", unit="hot kiln", together="BOTH", status="committed")
    assert "the group holds options and committed projects" in faults(mixed, options)
