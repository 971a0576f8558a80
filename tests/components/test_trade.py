"""Trade: what an offer asks."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, makes, paid, party, planned, sums, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.trade import Offer, Price


def market(*more, price=50):
    return [
        party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"), makes("mine", "magnet"),
        Price(index="magnet", price=price), Demand(customer="car", material="magnet", demand=2), *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "price"),
    [
        ({}, 50),
        ({"premium": 10}, 55),
        ({"premium": -100, "adder": 3}, 3),
        ({"adder": 4}, 54),
        ({"premium": 10, "adder": 4}, 59),  # the adder comes after the premium
        ({"index": "other"}, 80),
    ],
)
def test_an_offers_price(columns, price):
    plan = planned(market(Price(index="other", price=80)), Offer(site="mine", material="magnet", **columns))
    assert sums(plan, "Sourcing", "Price", "From") == approx({"mine": price})
    assert paid(plan, "Payer", "Payee") == approx({("carmaker", "mineco"): 2 * price / 1000})


def test_a_price_over_time_is_read_by_overlap():
    offer = Offer(site="mine", material="magnet")
    plan = planned(years(2026, 2027), market(price={2026: 50, 2027: 60}), offer)
    assert sums(plan, "Sourcing", "Price", "Period") == approx({"2026": 50, "2027": 60})
    long = Period(period="long", start=2026, years=4)
    plan = planned(long, market(price={2026: 50, 2027: 60}), offer)
    assert sums(plan, "Sourcing", "Price", "Period") == approx({"long": (50 + 3 * 60) / 4})


def test_what_an_offer_may_not_say():
    assert "makes the price negative" in faults(market(Offer(site="mine", material="magnet", premium=-101)))
    other = Offer(site="mine", material="other"), makes("mine", "other", unit="o")
    assert "no price: other has no price index either" in faults(market(other))


def test_an_adder_may_not_make_a_price_negative():
    rows = [
        makes("mine", "magnet", 10),
        Price(index="magnet", price=1),
        Demand(customer="car", material="magnet", demand=4),
    ]
    assert "makes the price negative" in faults(*rows, Offer(site="mine", material="magnet", adder=-3))
    assert "makes the price negative" not in faults(*rows, Offer(site="mine", material="magnet", adder=-1))


def test_a_minimum_order_above_the_maximum_is_told():
    told = "is above the maximum of 4 t/y"
    assert told in faults(market(Offer(site="mine", material="magnet", minimum_order=5, maximum=4)))
    assert told not in faults(market(Offer(site="mine", material="magnet", minimum_order=4, maximum=4)))
