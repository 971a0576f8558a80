"""Places and parties: what a selector means, who holds whom, and who gets a country's duties."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, loose, party

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Entity, Holding, Site, held_by, is_allied, select_sites, treasury_of

WORLD = [
    party("lynas", "supplier", "mt_weld", country="AU"), Site(site="kuantan", entity="lynas", country="MY"),
    party("prc", "supplier", "china", country="CN", allied=False), party("toyota", "buyer", country="JP"),
    Demand(customer="toyota", material="magnet", demand=1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("kuantan", {"kuantan"}),
        ("lynas", {"mt_weld", "kuantan"}),  # no site has the name, so the entity's
        ("toyota", {"toyota"}),  # a site and an entity: the site
        ("entity:lynas", {"mt_weld", "kuantan"}),
        ("country:MY", {"kuantan"}),
        ("country:MY; china", {"kuantan", "china"}),
        ("allied", {"mt_weld", "kuantan", "toyota"}),
        ("any", {"mt_weld", "kuantan", "china", "toyota"}),
    ],
)
def test_what_a_selector_means(text, sites):
    instance = loose(WORLD, Lane(origin=text, destination="any", goods="any"))
    (lane,) = instance[Lane]
    assert select_sites(instance, lane.origin) == sites


def test_a_countrys_duties_go_to_its_government():
    union = Entity(entity="eu", role="government", allied=True, country=("DE", "FR"))
    shop = party("shop", "buyer", country="FR")
    instance = loose(WORLD, union, shop)
    assert treasury_of(instance, "shop") == "eu"
    assert treasury_of(instance, "toyota") == "treasury:JP"
    assert is_allied(instance, "treasury:JP") and not is_allied(instance, "treasury:CN")
    assert treasury_of(loose(Site(site="nowhere", entity="us", country="")), "nowhere") == "treasury:ZZ"


def held(*shares):
    names = {name for lower, upper, _ in shares for name in (lower, upper)}
    rows = [Holding(entity=lower, holder=upper, share=share) for lower, upper, share in shares]
    return held_by(loose([party(name, "supplier") for name in sorted(names)], rows), "a")


@pytest.mark.parametrize(
    ("shares", "found"),
    [
        ([("a", "b", 30.0)], {"a": 100, "b": 30}),
        ([("a", "b", 60.0)], {"a": 100, "b": 100}),  # more than half is control
        ([("a", "b", 50.0)], {"a": 100, "b": 50}),
        ([("a", "b", 40.0), ("b", "c", 50.0)], {"a": 100, "b": 40, "c": 20}),
        ([("a", "b", 40.0), ("b", "c", 51.0)], {"a": 100, "b": 40, "c": 40}),
        (
            [("a", "b", 40.0), ("a", "c", 30.0), ("b", "d", 50.0), ("c", "d", 10.0)],
            {"a": 100, "b": 40, "c": 30, "d": 23},
        ),
        ([("a", "b", 40.0), ("b", "a", 40.0)], {"a": 100, "b": 40}),  # a circle ends
    ],
)
def test_who_holds_whom(shares, found):
    assert held(*shares) == approx(found)


def test_what_a_place_may_not_say():
    assert "is not a two-letter country code" in faults(WORLD, Site(site="x", entity="prc", country="China"))
    assert "counts as covered by every rule" in faults(WORLD, Site(site="x", entity="prc", country=""))
    whole = [Holding(entity="lynas", holder=name, share=60) for name in ("prc", "toyota")]
    assert "add up to more than 100 %" in faults(WORLD, whole)
