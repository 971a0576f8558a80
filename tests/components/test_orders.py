"""Minimum orders: a channel at spot carries nothing, or at least what its offer asks for."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import flows, line, makes, party, planned, sells, short, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price


def lot(demand, *more, minimum: float = 5):
    """Magnets at 10 USD/kg in orders of 5 t a year or more, or at 12 in any."""
    return [
        party("mineco", "supplier", "mine"), party("small", "supplier", "shop"), party("carmaker", "buyer", "car"),
        makes("mine", "magnet"), makes("shop", "magnet"), sells("shop", "magnet", 12),
        Price(index="list", price=10), Offer(site="mine", material="magnet", index="list", minimum_order=minimum),
        Demand(customer="car", material="magnet", demand=demand), *more,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("demand", "bought"), [(4, {"shop": 4}), (4.9, {"shop": 4.9}), (5, {"mine": 5}), (6, {"mine": 6})]
)
def test_an_order_is_at_least_the_minimum_or_none(demand, bought):
    assert flows(planned(lot(demand), view="buyer"), "From") == approx(bought)


def test_the_rows_of_a_minimum_order():
    instance = tiny(lot(7, Period(period="both", start=2026, years=2)))
    key = ("mine", "car", "magnet", "both")
    flow, order = f"channels.flow[{','.join(key[:3])},spot,clean,both]", f"channels.order[{','.join(key)}]"
    row, low, _ = line(instance, "channels.least_order", *key)
    assert (row, low) == ({flow: 1, order: -10}, 0)  # 5 t/y for two years
    row, _, high = line(instance, "channels.ordered", *key)
    assert (row, high) == ({flow: 1, order: -14}, 0)  # nobody needs more than 7 t/y


def test_a_minimum_order_holds_for_each_buyer():
    # 3 t each: together they would reach it
    plane = party("planemaker", "buyer", "plane"), Demand(customer="plane", material="magnet", demand=3)
    assert flows(planned(lot(3, plane), view="buyer"), "From") == approx({"shop": 6})


def test_who_has_a_stock_orders_for_two_years():
    shelf = Stockpile(stockpile="S", holder="carmaker", site="car", material="magnet", label="clean")
    plan = planned(years(2026, 2027), lot(3, shelf), view="buyer")
    assert flows(plan, "From", "Period") == approx({("mine", "2026"): 6})
    # an order above all need: the 4 t left over cost 40,000 USD, and 1 t at the shop 12,000
    plan = planned(lot(1, shelf, minimum=5), view="buyer")
    assert flows(plan, "From") == approx({"shop": 1})
    # without the shop 5 t are ordered for the one that is needed
    plan = planned([row for row in lot(1, shelf) if row != lot(1)[4]], view="buyer")
    assert (flows(plan, "From"), short(plan)) == (approx({"mine": 5}), approx(0))
