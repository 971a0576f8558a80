"""Published linear models, restated in our sheets, give their published optimum; each is a file of tests/classics.

A model's file has its source, its rows (`instance`), the number in the book (`PUBLISHED`) and the arithmetic from our
objective to that number (`restated`). Discount is 0; what the sheets say otherwise than the book stands there.
"""

from __future__ import annotations

import pytest
from classics import (
    blending,
    diet,
    food_manufacture,
    furniture,
    inventory,
    jet_engines,
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
from tiny import flows, planned, sums

from sourcing.workbook.folder import write_folder
from sourcing.workbook.read import read

MODELS = [
    transport, multicommodity, shipping_network, minimum_cost_flow,  # what flows
    mexican_steel, furniture, blending, diet, small_refinery, refinery,  # what is made
    warehouse, jet_engines, inventory, production_plan, food_manufacture,  # what is kept
]  # fmt: skip

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__.removeprefix("classics."))


# Whoever is allied in these models is a buyer, so that both views count the same.
@pytest.mark.parametrize("view", ["system", "buyer"])
@every_model
def test_the_published_optimum(model, view):
    plan = planned(model.instance(), view=view)
    assert plan.status == "optimal"
    assert model.restated(plan.objective) == approx(model.PUBLISHED, rel=1e-6)


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
