"""Bottlenecks: what binds and what it is worth, how far that holds, and what unused sources would have to cost."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import at, makes, party, planned, sells, years

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Unit
from sourcing.components.projects import Project

NEED = Demand(customer="car", material="magnet", demand=10)


def bottlenecks(*rows, **settings):
    return list(planned(*rows, **settings).tabs["Bottlenecks"].records())


def test_what_binds_is_told_with_its_worth_and_how_far_it_holds():
    # 6 t of 10 needed: one more tonne of the mine saves a shortage of 1,000 USD/kg, until all 10 t are met
    (found,) = bottlenecks(makes("mine", "magnet", 6), NEED)
    assert found == {
        "Kind": "capacity", "Name": "mine magnet", "Period": "2026", "Worth": approx(1_000_000), "Per": "tonne",
        "Holds from": approx(0), "Holds to": approx(10), "Price": None, "Break-even": None,
        "In words": "One more tonne of capacity of mine magnet in 2026 saves 1,000,000 USD.",
        "Cell": "Units[mine magnet].capacity",
    }  # fmt: skip


def test_a_worth_is_told_in_money_of_its_own_period():
    found = bottlenecks(years(2026, 2027), makes("mine", "magnet", 6), NEED, discount_rate=10)
    assert {row["Period"]: row["Worth"] for row in found} == approx({"2026": 1e6, "2027": 1e6})


def test_what_cannot_be_more_is_no_bottleneck():
    # a unit of nothing, and a demand that is met
    assert bottlenecks(makes("mine", "magnet"), makes("pit", "magnet", 0), NEED) == []


@pytest.mark.parametrize(
    ("row", "kind", "worth"),
    [
        (Lane(origin="mine", destination="car", goods="any", maximum=6), "lane", 1e6 - 1000),
        (Limit(limit="CAP", material="any", origin="any", destination="any", maximum=6), "limit", 1e6 - 1000),
    ],
)
def test_other_bottlenecks(row, kind, worth):
    (found,) = bottlenecks(makes("mine", "magnet", cost=1000), NEED, row)
    assert (found["Kind"], found["Worth"], found["Holds to"]) == (kind, approx(worth), approx(10))


def test_an_offers_maximum_is_worth_what_it_spares():
    found, *_ = bottlenecks(
        party("mineco", "supplier", "mine", allied=False), party("dear", "supplier", allied=False), at("AU", "car"),
        makes("mine", "magnet"), sells("mine", "magnet", 10, maximum=6), makes("dear", "magnet"),
        sells("dear", "magnet", 30), NEED,
    )  # fmt: skip
    assert (found["Kind"], found["Name"], found["Worth"]) == ("offer", "mine|magnet", approx(20_000))
    assert (found["Holds from"], found["Holds to"]) == approx((0, 10))


def test_an_unused_offer_has_a_break_even_price():
    # the cheap seller has enough at 10 USD/kg; the dear one pays 2 USD/kg of freight more
    (found,) = bottlenecks(
        years(2026, 2027), party("cheap", "supplier", allied=False), party("dear", "supplier", allied=False),
        at("AU", "car"), makes("cheap", "magnet"), sells("cheap", "magnet", 10), makes("dear", "magnet"),
        sells("dear", "magnet", {2026: 30, 2027: 25}), NEED,
        Lane(origin="any", destination="any", goods="any"),
        Lane(origin="dear", destination="car", goods="magnet", freight=2000), discount_rate=10,
    )  # fmt: skip
    assert (found["Kind"], found["Name"], found["Period"]) == ("unused offer", "dear|magnet", "2027")
    assert (found["Price"], found["Break-even"]) == approx((25, 10 - 2))
    assert found["In words"] == "dear|magnet would be used at 8.00 USD/kg or less; it costs 25.00 in 2027."


def test_an_unused_source_has_a_break_even_cost():
    (found,) = bottlenecks(makes("near", "magnet", 10, cost=1000), makes("far", "magnet", 10, cost=1500), NEED)[-1:]
    assert (found["Kind"], found["Price"], found["Break-even"]) == ("unused source", approx(1.5), approx(1.0))


def test_a_step_that_is_built_whole_is_a_bottleneck_as_far_as_it_is_full():
    # 10 t/y of a whole step for 1 M USD of its only year, 12 needed: a tonne more of it saves a shortage
    built = Project(project="P", unit="works magnet", capex=1, life=1, cost_of_capital=0)
    found = bottlenecks(makes("works", "magnet", 10), Demand(customer="car", material="magnet", demand=12), built)
    assert [(row["Kind"], row["Worth"], row["Holds to"]) for row in found] == [
        ("project capacity", approx(1_000_000), approx(12))
    ]


def test_a_unit_that_is_on_is_worth_what_its_capacity_is():
    # a running cost puts a yes before the 6 t/y, and its bound is the same 6 t: the worth is the capacity's
    kiln = Unit(unit="kiln", site="mine", capacity=6, running_cost=1, minimum_load=50)
    found = bottlenecks(kiln, [row for row in makes("mine", "magnet", 6, unit="kiln") if row.tab != "Units"], NEED)
    assert [(row["Kind"], row["Worth"], row["Holds to"]) for row in found] == [
        ("capacity", approx(1_000_000), approx(10))
    ]
