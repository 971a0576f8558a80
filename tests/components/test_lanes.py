"""Lanes: of all rows that match a shipment the most specific holds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pytest import approx
from tiny import at, china_rule, faults, loose, makes, paid, planned, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane, lane
from sourcing.components.materials import Material
from sourcing.components.places import Entity

# From, To, Material or Form: each more specific than the next. More filled selectors (other than any) win, then the
# places, site before entity before country before allied, then the material before its form.
RISING = [
    ("any", "any", "any"),
    ("any", "any", "form:magnet"),
    ("any", "any", "hot"),
    ("any", "allied", "hot"),
    ("allied", "allied", "hot"),
    ("country:AU", "allied", "hot"),
    ("country:AU", "country:JP", "hot"),
    ("us", "country:JP", "hot"),
    ("mine", "country:JP", "hot"),
    ("mine", "us", "hot"),
    ("mine", "car", "form:magnet"),
    ("mine", "car", "hot"),
]


def network(*more):
    return [
        at("AU", "mine"), at("JP", "car"), makes("mine", "hot"), Demand(customer="car", material="hot", demand=1),
        Material(material="hot", form="magnet"), Entity(entity="us", role="buyer", allied=True, country=("AU",)), *more,
    ]  # fmt: skip


@pytest.mark.parametrize(("wide", "close"), list(pairwise(RISING)))
def test_the_more_specific_row_holds_wherever_it_stands(wide, close):
    rows = [Lane(origin=o, destination=d, goods=g, freight=n) for n, (o, d, g) in ((1, wide), (2, close))]
    for order in (rows, rows[::-1]):
        found = lane(tiny(network(order)), "mine", "car", "hot")
        assert found is not None and found.freight == 2


def test_two_filled_selectors_beat_one_whatever_their_kind():
    by_country = Lane(origin="country:AU", destination="allied", goods="any", freight=1)
    by_site = Lane(origin="mine", destination="any", goods="any", freight=2)
    assert lane(tiny(network(by_country, by_site)), "mine", "car", "hot").freight == 1


def test_a_tie_is_a_fault_at_its_row():
    first = Lane(origin="mine", destination="any", goods="any")
    second = Lane(origin="any", destination="car", goods="any")
    assert "is as specific as Lanes[mine|any|any] for hot from mine to car" in faults(network(first, second))


def test_the_closest_rows_freight_is_paid():
    rates = (
        Lane(origin="any", destination="any", goods="any", freight=900),
        Lane(origin="mine", destination="car", goods="hot", freight=100),
    )
    assert paid(planned(network(rates))) == approx({"freight": 100e-6})  # one tonne


def test_no_lane_means_no_way():
    back = Lane(origin="car", destination="mine", goods="any")
    assert lane(tiny(network(back)), "mine", "car", "hot") is None


def test_goods_under_way_need_a_row_of_their_own_and_a_label():
    wide = Lane(origin="any", destination="car", goods="hot", in_transit=1, transit_label="clean")
    assert "the row must be one site to one site and one material" in faults(network(wide))
    wrong = Lane(origin="mine", destination="car", goods="hot", in_transit=1, transit_label="zc@7")
    assert "zc@7 is not a rule" in faults(network(wrong, china_rule()))


def test_a_lane_that_names_nobody_is_told():
    nowhere = Lane(origin="country:TV", destination="any", goods="any")
    assert "means no site" in faults(network(nowhere))
    assert loose(network(nowhere))  # a warning: the lane is kept
