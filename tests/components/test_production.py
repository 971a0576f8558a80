"""Production: joint products, capacities that processes share, what is left over, and what running costs."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import NONE, faults, flows, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project

# ------------------------------------------------------------------------------------------------ joint products


def separation(demand: dict[str, float], *more, **lanthanum):
    """A tonne of carbonate gives 0.6 t of NdPr oxide and 0.3 t of lanthanum oxide, which costs 200 USD/t to dispose."""
    return [
        makes("mine", "carbonate"), makes("plant", {"ndpr": 0.6, "la": 0.3}, takes={"carbonate": 1}, cost=3000),
        Material(material="la", form="oxide", disposal=200, **lanthanum),
        *(Demand(customer="car", material=name, demand=t) for name, t in demand.items()), *more,
    ]  # fmt: skip


def test_a_by_product_that_nobody_takes_is_disposed_of():
    plan = planned(separation({"ndpr": 6, "la": 1}))
    assert sums(plan, "Production", "Activity", "Site") == approx({"mine": 10, "plant": 10})  # 6/0.6
    assert sums(plan, "Capacity and surplus", "Amount", "Unit or material", Kind="surplus") == approx(
        {"la": 2}
    )  # 3 - 1
    assert paid(plan) == approx({"processing": 0.03, "disposal": 0.0004})  # 10·3,000 and 2·200 USD


def test_the_row_of_a_joint_product():
    row, *sides = line(tiny(separation({"ndpr": 6, "la": 1})), "balance", "plant", "la", "clean", "2026")
    assert row == {
        "production.activity[plant,plant ndpr,plant ndpr,clean,2026]": 0.3,
        "production.surplus[plant,la,clean,2026]": -1,
        "channels.flow[plant,car,la,inside,clean,2026]": -1,
    }
    assert sides == [0, 0]


def test_the_first_output_may_not_be_left_over_unless_its_row_allows_it():
    # 6 t of lanthanum need 20 t of carbonate, which give 12 t of NdPr
    assert short(planned(separation({"ndpr": 6, "la": 6})), Material="la") == approx(3)
    plan = planned(separation({"ndpr": 6, "la": 6}, Material(material="ndpr", form="oxide", surplus="allowed")))
    assert short(plan) == approx(0)
    assert sums(plan, "Capacity and surplus", "Amount", "Unit or material", Kind="surplus") == approx({"ndpr": 6})


def test_a_by_product_that_must_not_be_left_over_holds_up_the_whole():
    # 1 t of lanthanum is taken, so 1/0.3 t of carbonate can be separated, with 2 t of NdPr
    plan = planned(separation({"ndpr": 6, "la": 1}, surplus="forbidden"))
    assert sums(plan, "Demand", "Met", "Material") == approx({"ndpr": 2, "la": 1})
    assert short(planned(separation({"ndpr": 6}, surplus="forbidden"))) == approx(6)


def test_a_single_product_is_not_left_over():
    rows = makes("mine", "magnet"), Demand(customer="car", material="magnet", demand=1)
    path_rows = sums(planned(rows), "Capacity and surplus", "Amount", "Kind")
    assert path_rows == {"capacity": approx(1)}


# ------------------------------------------------------------------------------------------------ capacity


def oven(use_of_hot: float = 2):
    """One oven of 10 t/y bakes two grades; a tonne of the hot one takes twice the room."""
    return [
        Unit(unit="oven", site="works", capacity=10),
        Process(site="works", recipe="std", unit="oven", cost=0, stage="mine"),
        Process(site="works", recipe="hot", unit="oven", use=use_of_hot, cost=0, stage="mine"),
        RecipeLine(recipe="std", material="std", output=1), RecipeLine(recipe="hot", material="hot", output=1),
    ]  # fmt: skip


def test_processes_share_a_unit():
    rows = [
        oven(), Demand(customer="car", material="std", demand=4, shortage_value=1000),
        Demand(customer="car", material="hot", demand=5, shortage_value=3000),
    ]  # fmt: skip
    row, _, high = line(tiny(rows), "production.capacity", "oven", "2026")
    assert row == {
        "production.activity[works,std,oven,clean,2026]": 1,
        "production.activity[works,hot,oven,clean,2026]": 2,
    }
    assert high == 10
    # a tonne of room is worth 1,000 USD/kg in std and 3,000/2 in hot: 5 t of hot fill it
    plan = planned(rows)
    assert sums(plan, "Demand", "Short", "Material") == approx({"std": 4, "hot": 0})
    assert sums(plan, "Capacity and surplus", "Use", "Unit or material") == approx({"oven": 100})
    # one more tonne of room makes a tonne of std
    assert sums(plan, "Capacity and surplus", "One more is worth", "Unit or material") == approx({"oven": 1_000_000})


def test_a_line_with_two_units_needs_both():
    # a tonne takes 1 t of the oven (10 t/y) and 0.5 t of the press (4 t/y): 8 t are the most
    rows = [
        Unit(unit="oven", site="works", capacity=10), Unit(unit="press", site="works", capacity=4),
        Process(site="works", recipe="bake", unit="oven", cost=100, stage="mine"),
        Process(site="works", recipe="bake", unit="press", use=0.5, stage="mine"),
        RecipeLine(recipe="bake", material="magnet", output=1), Demand(customer="car", material="magnet", demand=9),
    ]  # fmt: skip
    plan = planned(rows)
    assert short(plan) == approx(1)
    assert sums(plan, "Capacity and surplus", "Use", "Unit or material") == approx({"oven": 80, "press": 100})
    assert paid(plan, Kind="processing") == approx({"processing": 0.0008})  # 8·100: once, not for each unit
    row, _, high = line(tiny(rows), "production.capacity", "press", "2026")
    assert (row, high) == ({"production.activity[works,bake,oven,clean,2026]": 0.5}, 4)


def test_two_lines_of_one_recipe_fill_the_cheaper_first():
    rows = [
        makes("works", "magnet", 6, unit="new", cost=10), makes("works", "magnet", 6, unit="old", cost=20),
        Demand(customer="car", material="magnet", demand=8),
    ]  # fmt: skip
    plan = planned(rows)
    assert sums(plan, "Production", "Activity", "Unit") == approx({"new": 6, "old": 2})
    assert plan.objective == approx(100e-6)  # 6·10 + 2·20 USD


@pytest.mark.parametrize(
    ("periods", "capacity", "most"),
    [
        (years(2026, 2027), {2026: 3, 2027: 5}, {"2026": 3, "2027": 5}),
        (Period(period="long", start=2026, years=4), {2026: 3, 2027: 5}, {"long": 3 + 3 * 5}),  # by overlap
        (
            [Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)],
            {2026: 3, 2026.75: 5},  # from October on
            {"H1": 1.5, "H2": 0.25 * 3 + 0.25 * 5},
        ),
        (years(2026), NONE, {"2026": 100}),  # none is no limit
    ],
)
def test_a_capacity_over_time_is_read_by_overlap(periods, capacity, most):
    plan = planned(periods, makes("works", "magnet", capacity), Demand(customer="car", material="magnet", demand=100))
    assert flows(plan, "Period") == approx(most)


# ------------------------------------------------------------------------------------------------ money


def test_a_unit_costs_while_it_exists_whether_it_runs_or_not():
    rows = Period(period="both", start=2026, years=2), makes("works", "magnet", fixed_cost=3)
    assert paid(planned(rows, Demand(customer="car", material="magnet", demand=0))) == approx({"fixed": 6})


def test_a_credit_is_paid_for_what_is_made():
    rows = [
        party("maker", "supplier", "works"), party("state", "government"), party("carmaker", "buyer", "car"),
        makes("works", "magnet", cost=500, credit=300, credit_payer="state"), sells("works", "magnet", 1),
        Demand(customer="car", material="magnet", demand=10),
    ]  # fmt: skip
    plan = planned(rows)
    assert paid(plan, "Payer", "Payee", Kind="production credit") == approx({("state", "maker"): 0.003})  # 10·300 USD
    assert plan.objective == approx(0.005)  # both are allies: 10·500 alone


# ------------------------------------------------------------------------------------------------ on or off


def works(demand: float, *more, minimum_load: float = 0, running_cost: float = 0, capacity: float = 10):
    """A works at 1,000 USD/t beside dear magnets at 3,000."""
    return [
        Unit(unit="works", site="w", capacity=capacity, minimum_load=minimum_load, running_cost=running_cost),
        Process(site="w", recipe="works", unit="works", use=2, cost=1000, stage="mine"),
        RecipeLine(recipe="works", material="magnet", output=1),
        makes("dear", "magnet", cost=3000), Demand(customer="car", material="magnet", demand=demand), *more,
    ]  # fmt: skip


def running(plan):
    """Load, minimum load and whether it runs, of the works by period."""
    rows = [row for row in plan.tabs["Capacity and surplus"].records() if row["Unit or material"] == "works"]
    return {
        row["Period"]: (approx(row["Amount"]), row["Least"] and approx(row["Least"]), row["Running"]) for row in rows
    }


@pytest.mark.parametrize(
    ("demand", "made", "cost"),
    [
        (1, {"dear": 1}, 3000),  # 2 t of load are below 60 % of 10
        (2.9, {"dear": 2.9}, 8700),
        (3, {"w": 3}, 3000),  # 6 t of load
        (4, {"w": 4}, 4000),
        (6, {"w": 5, "dear": 1}, 8000),  # 10 t of load
    ],
)
def test_a_unit_runs_at_its_minimum_load_or_not_at_all(demand, made, cost):
    plan = planned(works(demand, minimum_load=60))
    assert sums(plan, "Production", "Activity", "Site") == approx(made)
    assert plan.objective == approx(cost / 1e6)
    on = "w" in made
    assert running(plan) == {"2026": (2 * made.get("w", 0), 6, "yes" if on else "no")}


def test_the_rows_of_a_minimum_load():
    instance = tiny(works(4, minimum_load=60))
    row, low, _ = line(instance, "production.least", "works", "2026")
    assert row == {"production.activity[w,works,works,clean,2026]": 2, "production.run[works,2026]": -6}
    assert low == 0
    row, _, high = line(instance, "production.on", "works", "2026")
    assert row == {"production.activity[w,works,works,clean,2026]": 2, "production.run[works,2026]": -10}
    assert high == 0


PROJECT = Project(project="P", unit="works", steps=2, capex=0.0001)  # 12 USD a year for each step


@pytest.mark.parametrize(
    ("demand", "steps", "made"),
    [
        (2, 0, {"dear": 2}),  # a step of 10 t of load runs at 6 t, that is 3 t of magnets, or more
        (4, 1, {"w": 4}),
        (5.5, 1, {"w": 5, "dear": 0.5}),  # two steps would have to make 6 t
        (7, 2, {"w": 7}),
    ],
)
def test_a_minimum_load_on_a_unit_that_a_project_adds(demand, steps, made):
    plan = planned(works(demand, PROJECT, minimum_load=60))
    assert sums(plan, "Production", "Activity", "Site") == approx(made)
    assert sums(plan, "Projects and qualifications", "On line", "Name") == approx({"P": steps})
    assert running(plan) == {"2026": (2 * made.get("w", 0), 6 * steps, "yes" if steps else "no")}


def test_the_rows_of_a_minimum_load_that_a_project_adds():
    instance = tiny(works(4, PROJECT, minimum_load=60))
    row, low, _ = line(instance, "production.least", "works", "2026")
    # 2·activity >= 60 %·10·build - 60 %·20·(1 - run)
    assert row == {
        "production.activity[w,works,works,clean,2026]": 2,
        "projects.build[P,2026]": -6,
        "production.run[works,2026]": -12,
    }
    assert low == -12
    row, _, high = line(instance, "production.on", "works", "2026")
    assert (row["production.run[works,2026]"], high) == (-20, 0)


def test_a_committed_project_has_its_minimum_load_too():
    started = Project(project="P", unit="works", steps=2, status="committed", ramp="50; 100")
    plan = planned(years(2026, 2027), works(3.5, started, minimum_load=60))
    # 2 steps of 10 t: 60 % of 10 in the first year, of 20 in the second, when 7 t of load are too little
    assert running(plan) == {"2026": (7, 6, "yes"), "2027": (0, 12, "no")}


@pytest.mark.parametrize("capacity", [100, NONE])
def test_running_costs_are_paid_while_a_unit_runs(capacity):
    # 10,000 USD a year save 2,000 USD on each tonne: from 5 t a year on
    for demand, cost in ((4, 4 * 3000), (6, 6 * 1000 + 10_000)):
        plan = planned(works(demand, running_cost=0.01, capacity=capacity))
        assert plan.objective == approx(cost / 1e6)
        assert paid(plan, "Payer", "Where", Kind="running") == approx({("us", "works"): 0.01} if demand == 6 else {})
        assert running(plan) == {"2026": (12 if demand == 6 else 0, None, "yes" if demand == 6 else "no")}
    long = planned(Period(period="both", start=2026, years=2), works(6, running_cost=0.01, capacity=capacity))
    assert paid(long, Kind="running") == approx({"running": 0.02})


def test_without_a_minimum_load_or_a_running_cost_nothing_is_switched():
    plan = planned(works(4))
    assert running(plan) == {"2026": (8, None, None)}
    assert plan.model["integers"] == 0


# ------------------------------------------------------------------------------------------------ faults


def test_what_a_process_may_not_say():
    foreign = [Unit(unit="oven", site="elsewhere", capacity=1), RecipeLine(recipe="r", material="magnet", output=1)]
    process = Process(site="works", recipe="r", unit="oven", cost=0, stage="mine")
    assert "stands at elsewhere, not at works" in faults(foreign, process)
    assert "nobody pays the credit" in faults(makes("works", "magnet", credit=5))
    blank = Process(site="works", recipe="r", unit="oven", stage="mine")
    assert "is blank, but no line stands above" in faults(foreign, blank)


def test_a_minimum_load_needs_a_capacity():
    told = "is a share of the capacity, and the unit has no limit"
    assert told in faults(works(4, minimum_load=60, capacity=NONE))
    assert told in faults(works(4, minimum_load=60, capacity={2026: 10, 2030: NONE}))
    assert told not in faults(works(4, minimum_load=60, running_cost=1))
