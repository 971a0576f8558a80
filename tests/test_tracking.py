"""Label tracking: what a mass balance by label would pass through a plant that blends."""

from __future__ import annotations

from pytest import approx
from tiny import at, china_rule, makes, planned, short

from sourcing.components.demand import Demand
from sourcing.components.places import Site

ROWS = [
    at("CN", "pit"), makes("pit", "ore", 10), at("AU", "mine"), makes("mine", "ore", 10),
    makes("plant", "oxide", 20, takes={"ore": 1.0}, stage="separation"), china_rule(),
    Demand(customer="car", material="oxide", demand=10, rules="zc", shortage_value=500),
    Demand(customer="toy", material="oxide", demand=10, shortage_value=400),
]  # fmt: skip


def test_what_tracking_would_have_hidden():
    # blended: clean feed alone, and the toys' 10 t short at 400; tracked: both feeds, nothing short
    plan = planned(ROWS)
    assert short(plan) == approx(10)
    (row,) = plan.tabs["Label tracking"].records()
    assert (row["Site"], row["Unit"], row["Rule"], row["Period"]) == ("plant", "plant oxide", "zc@1", "2026")
    assert (row["Not clean"], row["Hidden"], row["Looks cheaper by"]) == approx((10, 10, 10 * 0.4))


def test_a_plant_that_keeps_its_batches_apart_hides_nothing():
    plan = planned(ROWS, Site(site="plant", entity="us", country="AU", custody="segregated"))
    assert short(plan) == approx(0)
    assert plan.tabs["Label tracking"].rows == []
