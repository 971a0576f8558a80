"""Published models, restated in our sheets, give their published optimum; each is a file of tests/classics.

A model's file has its source, its rows (`instance`), the number in the book (`PUBLISHED`) and the arithmetic from our
objective to that number (`restated`). Discount is 0; what the sheets say otherwise than the book stands there. A small
model with decisions also has the optimum counted out of the book's data, without our sheets (`counted_through`).
"""

from __future__ import annotations

import pytest
from classics import (
    blending,
    capital_rationing,
    cars,
    clothing,
    diet,
    facility_location,
    factories,
    fixed_charges,
    food_manufacture,
    furniture,
    inventory,
    jet_engines,
    least_loads,
    lockboxes,
    lot_sizing,
    mexican_steel,
    minimum_cost_flow,
    multicommodity,
    production_plan,
    refinery,
    shipping_network,
    small_refinery,
    transport,
    warehouse,
)
from pytest import approx
from tiny import flows, paid, planned, sums

from sourcing.workbook.folder import write_folder
from sourcing.workbook.read import read

MODELS = [
    transport, multicommodity, shipping_network, minimum_cost_flow,  # what flows
    mexican_steel, furniture, blending, diet, small_refinery, refinery,  # what is made
    warehouse, jet_engines, inventory, production_plan, food_manufacture,  # what is kept
    facility_location, factories, capital_rationing,  # what is built
    lockboxes, fixed_charges, cars,  # what is signed, qualified and ordered
    lot_sizing, clothing, least_loads,  # what runs
]  # fmt: skip

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__.removeprefix("classics."))


# Whoever is allied in these models is a buyer, so that both views count the same.
@pytest.mark.parametrize("view", ["system", "buyer"])
@every_model
def test_the_published_optimum(model, view):
    plan = planned(model.instance(), view=view)
    assert plan.status == "optimal"
    assert model.restated(plan.objective) == approx(model.PUBLISHED, rel=1e-6)


@pytest.mark.parametrize(
    "model", [capital_rationing, cars, clothing, factories, lockboxes, lot_sizing], ids=lambda model: model.__name__
)
def test_the_optimum_counted_out(model):
    assert model.counted_through() == approx(model.PUBLISHED)


@every_model
def test_the_sheets_say_it(model, tmp_path):
    instance = model.instance()
    write_folder(instance, tmp_path / "model")
    assert read(tmp_path / "model").sha256() == instance.sha256()


# ------------------------------------------------------------------------------------------------ published plans


def test_what_one_more_case_costs():
    # thousand dollars a case: freight from san-diego, and from seattle as far as its 350 cases go
    plan = planned(transport.instance())
    costs = {"new-york": 0.225, "chicago": 0.153, "topeka": 0.126}
    assert sums(plan, "Demand", "One more costs", "Customer") == approx(costs)


def test_products_share_a_limit():
    plan = planned(multicommodity.instance())
    assert max(flows(plan).values()) == approx(multicommodity.LIMIT)


def test_the_cheapest_ways_through_a_network():
    assert flows(planned(shipping_network.instance())) == approx(
        {
            ("PITT", "NE"): 250, ("PITT", "SE"): 200, ("NE", "BOS"): 90, ("NE", "EWR"): 100, ("NE", "BWI"): 60,
            ("SE", "EWR"): 20, ("SE", "BWI"): 60, ("SE", "ATL"): 70, ("SE", "MCO"): 50,
        }
    )  # fmt: skip


def test_a_warehouse_passes_on():
    moved = flows(planned(minimum_cost_flow.instance()))
    assert moved == approx(
        {
            ("A", "C"): 40, ("A", "D"): 10, ("B", "C"): 40, ("C", "E"): 80, ("E", "D"): 20,
            ("D", "keeps D"): 30, ("E", "keeps E"): 60,
        }
    )  # fmt: skip


def test_the_mix_that_earns_most():
    # 4·d1 + 10·d4 = 6000, d1 + 40·d4 = 4000
    plan = planned(furniture.instance())
    assert sums(plan, "Production", "Activity", "Recipe") == approx({"d1": 4000 / 3, "d4": 200 / 3})


def test_foods_bought_within_their_limits():
    bought = {"BEEF": 5.36061, "CHK": 2, "FISH": 2, "HAM": 10, "MCH": 10, "MTL": 10, "SPG": 9.30605, "TUR": 2}
    assert flows(planned(diet.instance()), "Material", From="shop") == approx(bought, rel=1e-5)


def test_joint_products_that_are_left_over():
    plan = planned(small_refinery.instance())
    assert sums(plan, "Demand", "Met", "Material") == approx({"jet 1": 72.6667, "jet 2": 33.0417}, rel=1e-5)
    left = sums(plan, "Capacity and surplus", "Amount", "Unit or material", Kind="surplus")
    # 110 t of arabian light and 80 t of brega, less what both fuels take of it: 0.2·33.0417 of light naphtha
    assert left == approx({"light naphtha": 110 * 0.035 + 80 * 0.045 - 0.2 * 33.0417}, rel=1e-4)


def test_a_refinery_that_must_make_lube_oil():
    plan = planned(refinery.instance())
    assert sums(plan, "Demand", "Met", "Material")["lube oil"] == approx(500)
    run = sums(plan, "Production", "Activity", "Recipe")
    assert [run[f"distilling {crude}"] for crude in refinery.CRUDES] == approx([15_000, 30_000])


def test_buying_low_to_sell_high():
    # full when it is sold at the best price; what is bought and sold within a quarter earns nothing and is not told
    levels = sums(planned(warehouse.instance()), "Stockpiles", "Closing", "Period")
    assert levels["q-1"] == approx(100)
    assert (levels.get("q-2", 0), levels.get("q-4", 0)) == (approx(0), approx(0))


# ------------------------------------------------------------------------------------------------ published decisions


@pytest.mark.parametrize("problem", facility_location.OTHERS)
def test_larger_and_dearer_warehouses(problem):
    size, cost, published = facility_location.OTHERS[problem]
    plan = planned(facility_location.instance(size, cost))
    assert facility_location.restated(plan.objective) == approx(published, rel=1e-9)


def test_warehouses_are_opened_whole():
    # 58,268 t of demand need 12 warehouses of 5,000 t, of which one is free
    plan = planned(facility_location.instance())
    opened = decided(plan)
    assert set(opened.values()) == {1} and len(opened) >= 12
    assert paid(plan)["capex annuity"] == approx(0.0075 * len(opened.keys() - {"warehouse 11"}))


def test_both_factories_and_no_warehouse():
    assert decided(planned(factories.instance())) == {"factory in Los Angeles": 1, "factory in San Francisco": 1}


def test_investments_within_two_budgets():
    chosen = {f"{year} {k}" for year in ("first", "second") for k in (1, 3, 4, 6, 9)}
    assert decided(planned(capital_rationing.instance())) == dict.fromkeys(chosen, 1)


def test_lockboxes_in_two_cities():
    plan = planned(lockboxes.instance())
    assert decided(plan) == {"Los Angeles": 1, "New York": 1}
    west, east = "Los Angeles", "New York"
    assert flows(plan) == approx({(west, "west"): 70, (east, "midwest"): 50, (east, "east"): 60, (east, "south"): 40})


def test_cars_of_one_type():
    assert flows(planned(cars.instance()), "Material", From="plant", To="market") == approx({"midsize": 2000})


def test_pants_only():
    assert flows(planned(clothing.instance()), "Material", To="market") == approx({"pants": 25})


def test_months_that_make_for_the_next_ones():
    # 69 + 29, 36 + 61, 61 + 26 + 34, 67 + 45, 67, 79 + 56 in months 1, 3, 5, 8, 10 and 11
    made = sums(planned(lot_sizing.instance()), "Production", "Activity", "Period")
    assert made == approx({"2026": 98, "2028": 97, "2030": 121, "2033": 112, "2035": 67, "2036": 135})


def test_truck_lines_with_a_least_load():
    plan = planned(least_loads.instance(lines=len(least_loads.FACTORIES)))
    assert least_loads.restated(plan.objective) == approx(least_loads.AS_MANY_AS_IT_LIKES, rel=1e-6)
    loads = [row["Amount"] for row in plan.tabs["Capacity and surplus"].records() if row["Running"] == "yes"]
    assert min(loads) >= least_loads.LEAST - 1e-6


def test_no_mill_runs_more_truck_lines_than_its_fund_pays():
    built = decided(planned(least_loads.instance()))
    assert max(sum(line.startswith(mill) for line in built) for mill in least_loads.SUPPLY) == least_loads.LINES


def decided(plan):
    """What a plan signs, builds and qualifies: steps by name."""
    return sums(plan, "Decisions", "Steps", "Name")
