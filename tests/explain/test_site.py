"""Why a site: what it ships, at what price it would, and what blocks it, each with its cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest import approx
from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.qualifications import Qualification
from sourcing.explain.site import known_site, why_site
from sourcing.solver import solve_path

NEED = Demand(customer="car", material="magnet", demand=10)
PARTIES = [party("nearco", "supplier", "near"), party("farco", "supplier", "far"), party("carmaker", "buyer", "car")]


def answer(site, *rows):
    return why_site(solve_path(tiny(PARTIES, NEED, *rows)), site)


def two(far=20.0):
    return [
        makes("near", "magnet", 10, cost=10), makes("far", "magnet", 10, cost=15_000), sells("near", "magnet", 12),
        sells("far", "magnet", far),
    ]  # fmt: skip


def test_a_site_that_is_used_tells_its_flows_and_what_binds():
    found = why_site(solve_path(tiny(PARTIES, replace(NEED, demand=15), two())), "near")
    assert found.status == "used"
    assert found.flows.rows == [("car", "magnet", "spot", "2026", approx(10))]
    # one tonne more from near in place of one from far: 15,000 - 10 USD
    words = "the capacity of near magnet binds: one tonne there is worth 14,990 USD in 2026"
    assert found.blocks == [{"what": "capacity", "words": words, "cell": "Units[near magnet].capacity"}]


def test_an_idle_site_tells_its_break_even_price():
    found = answer("far", two())
    assert found.status == "idle"
    (price,) = found.prices
    # in the system view the price is between allies: a tonne from far adds 15,000 - 10 USD
    assert price["price_usd_per_kg"] == approx(20)
    assert price["break_even_usd_per_kg"] == approx(20 - 14.99)


def test_a_site_without_a_lane_is_cut_off():
    found = answer("far", two(), Lane(origin="near", destination="car", goods="any"))
    assert found.status == "cut off"
    assert {"what": "lane", "words": "no lane carries magnet from far to car", "cell": "Lanes"} in found.blocks


def test_a_maker_that_nobody_accepts_is_cut_off_by_it():
    found = answer("far", two(), Qualification(customer="car", material="any", maker="near"))
    assert found.status == "cut off"
    assert found.blocks[0] == {
        "what": "qualification",
        "words": "car does not accept magnet from far in every period",
        "cell": "Qualifications[car|any|near].maker",
    }


def test_an_unknown_site_gets_the_nearest():
    instance = tiny(PARTIES, NEED, two())
    assert known_site(instance, "FAR") == "far"
    with pytest.raises(ValueError, match="did you mean 'near'"):
        known_site(instance, "neer")
