"""Whose a site is, what may be filled in, and what may be delivered although it violates a rule."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hand_case import DIRTY, INSTANCE, SECOND_STOCK, Plan, changed, day, failed, plan, renamed

from sourcing.audit import audit
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Entity, Holding, Site
from sourcing.components.rules import Rule, Waiver
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance

# ------------------------------------------------------------------------------------------------ owners

PARTIES = [
    Entity(entity="beijing", country=("CN",), role="government", allied=False),
    Entity(entity="holding", country=("SG",), role="supplier", allied=False),
    Entity(entity="second", country=("SG",), role="supplier", allied=False),
]
MARKS_NOTHING = "prc_dy at china on market in 2026: it adds clean, not zc@1"


def asks_owner(country: tuple[str, ...], holdings: dict[tuple[str, str], float], **rule: object) -> Instance:
    """The case with a rule on whose the separation in China is; its party is of some country and held by some."""
    rows = [Holding(entity=held, holder=holder, share=share) for (held, holder), share in holdings.items()]
    terms = {"test": "owner", "stages": ("separation",)} | rule
    return INSTANCE.with_rows(*PARTIES, *rows, changed(Entity, "prc", country=country), changed(Rule, "zc|1", **terms))


@pytest.mark.parametrize(
    ("holdings", "threshold", "reached"),
    [
        ({}, None, False),
        ({("prc", "beijing"): 100}, None, True),
        ({("prc", "beijing"): 51}, None, True),  # more than half is the whole
        ({("prc", "beijing"): 50}, None, False),
        ({("prc", "beijing"): 50}, 50, True),
        ({("prc", "beijing"): 50}, 51, False),
        ({("prc", "holding"): 50, ("holding", "beijing"): 50}, 25, True),  # 0.5·0.5
        ({("prc", "holding"): 50, ("holding", "beijing"): 50}, 26, False),
        ({("prc", "holding"): 60, ("holding", "beijing"): 30}, 30, True),  # 1·0.3
        ({("prc", "holding"): 60, ("holding", "beijing"): 30}, 31, False),
        # two chains add up: 0.3·1 + 0.2
        ({("prc", "holding"): 30, ("holding", "beijing"): 100, ("prc", "beijing"): 20}, 50, True),
        ({("prc", "holding"): 30, ("holding", "beijing"): 100, ("prc", "beijing"): 20}, 51, False),
        # who holds each other: 0.4·0.2, and round the circle nothing more
        ({("prc", "holding"): 40, ("holding", "prc"): 40, ("holding", "beijing"): 20}, 8, True),
        ({("prc", "holding"): 40, ("holding", "prc"): 40, ("holding", "beijing"): 20}, 9, False),
        # 0.3 of a holding of which nobody holds more than all: min(1, 1 + 0.4)
        (
            {("prc", "holding"): 30, ("holding", "beijing"): 60, ("holding", "second"): 40, ("second", "beijing"): 100},
            30, True,
        ),
        (
            {("prc", "holding"): 30, ("holding", "beijing"): 60, ("holding", "second"): 40, ("second", "beijing"): 100},
            31, False,
        ),
    ],
)  # fmt: skip
def test_who_holds_a_party_in_effect(holdings, threshold, reached):
    found = failed(audit(asks_owner(("SG",), holdings, threshold=threshold), plan()))
    assert found == {} if reached else MARKS_NOTHING in found["labels"]


@pytest.mark.parametrize(
    ("country", "reached"), [(("CN",), True), (("SG", "CN"), True), (("ZZ",), True), ((), True), (("SG",), False)]
)
def test_a_party_holds_itself_and_is_of_any_of_its_countries(country, reached):
    found = failed(audit(asks_owner(country, {}), plan()))
    assert found == {} if reached else MARKS_NOTHING in found["labels"]


@pytest.mark.parametrize(("test", "reached"), [("place", True), ("both", True), ("owner", False)])
def test_a_place_counts_where_the_rule_looks_at_it(test, reached):
    found = failed(audit(asks_owner(("SG",), {}, test=test), plan()))
    assert found == {} if reached else MARKS_NOTHING in found["labels"]


def test_a_holding_counts_whenever_it_begins():
    later = Holding(entity="prc", holder="beijing", share=100, since=day(2029))
    assert failed(audit(asks_owner(("SG",), {}).with_rows(later), plan())) == {}


def test_the_only_allowed_countries_of_an_owner():
    allowed = {"countries": (), "allowed": ("AU", "JP")}
    assert failed(audit(asks_owner(("SG",), {}, **allowed), plan())) == {}
    assert MARKS_NOTHING in failed(audit(asks_owner(("AU",), {}, **allowed), plan()))["labels"]


def test_an_unproven_place_is_covered_whoever_owns_it():
    rule = {"countries": ("RU",), "stages": ("separation",)}
    unknown = asks_owner(("SG",), {}, **rule).with_rows(changed(Site, "china", country="ZZ"))
    assert "labels" not in failed(audit(unknown, plan()))
    assert MARKS_NOTHING in failed(audit(asks_owner(("SG",), {}, **rule), plan()))["labels"]


def test_an_allied_mine_with_a_covered_holder():
    held = INSTANCE.with_rows(
        *PARTIES,
        Holding(entity="mineco", holder="beijing", share=25),
        changed(Rule, "zc|1", test="both", threshold=25.0),
    )
    found = failed(audit(held, plan()))
    assert "dig at mine on pit in 2026: it adds zc@1, not clean" in found["labels"]
    assert "oxide (zc@1) at mine in 2027: what comes and what goes: 16 instead of 0" in found["balance"]


# ------------------------------------------------------------------------------------------------ tolerances, waivers


def lenient(tolerance: float, *waivers: Waiver) -> dict[str, str]:
    """What fails if cheap magnets must be clean too: 10 t of 18 t violate the rule in 2026, 20 t of 40 t in 2027."""
    clean = INSTANCE.row(Demand, "car|cheap|")
    rows = [dataclasses.replace(clean, rules=("zc",)) if row is clean else row for row in INSTANCE.rows()]
    instance = Instance(rows).with_rows(changed(Rule, "zc|1", tolerance=tolerance), *waivers)
    return failed(audit(instance, renamed(plan(), "zc")))


def waiver(tonnes: float, **more: object) -> Waiver:
    return Waiver(**{"rule": "zc", "customer": "car", "tonnes": tonnes} | more)


@pytest.mark.parametrize(
    ("tolerance", "waivers"),
    [
        (56.0, []),  # 10/18 is 55.6 %
        (50.0, [waiver(1, since=day(2026), until=dt.date(2026, 12, 31))]),  # 0.5·18 + 1
        (0.0, [waiver(10)]),  # 10 t and 20 t
        (0.0, [waiver(10, rule="zc@1")]),
        (0.0, [waiver(4), waiver(6, rule="zc@1", since=day(2026))]),
        # 10 t in 2026, and 20 t a year in the first half of 2027
        (0.0, [waiver(10, until=dt.date(2026, 12, 31)), waiver(20, since=day(2027), until=dt.date(2027, 12, 31))]),
    ],
)
def test_what_a_tolerance_and_a_waiver_allow(tolerance, waivers):
    assert lenient(tolerance, *waivers) == {}


@pytest.mark.parametrize(
    ("tolerance", "waivers", "check", "place"),
    [
        (0.0, [], "rules", "magnet for cheap of car in 2027: breaks zc@1: 20 instead of 0"),
        (50.0, [], "tolerances", "car in 2026: breaks zc@1: 10, at most 9"),
        (49.0, [waiver(2, until=dt.date(2026, 12, 31))], "tolerances", "in 2027: breaks zc@1: 20, at most 19.6"),
        (0.0, [waiver(9)], "tolerances", "car in 2026: breaks zc@1: 10, at most 9"),
        # half of 2026
        (0.0, [waiver(10, since=dt.date(2026, 7, 1))], "tolerances", "car in 2026: breaks zc@1: 10, at most 5"),
        (0.0, [waiver(10, until=dt.date(2026, 12, 31))], "rules", "of car in 2027: breaks zc@1: 20 instead of 0"),
        (0.0, [waiver(10, rule="zc@0")], "rules", "of car in 2027: breaks zc@1"),
        (0.0, [waiver(10, customer="plant")], "rules", "of car in 2027: breaks zc@1"),
    ],
)
def test_what_they_do_not_allow(tolerance, waivers, check, place):
    assert place in lenient(tolerance, *waivers)[check]


# ------------------------------------------------------------------------------------------------ labels of lots


def washed() -> Plan:
    """Making magnets starts the class again: all that leave the plant are clean, and swarf keeps its label."""
    made = plan()
    for period, tonnes in (("2026", 18), ("2027", 40)):
        table = made.tabs["Sourcing"]
        table.rows = [row for row in table.rows if row[2:6] != ("magnet", "spot", DIRTY, period)]
        made.edit("Sourcing", {"Material": "magnet", "Period": period}, Flow=tonnes)
        made.edit("Deliveries", {"Material": "cheap", "Period": period}, Label="clean")
    return made


def test_an_exempt_material_starts_the_class_again():
    assert failed(audit(INSTANCE.with_rows(changed(Rule, "zc|1", exempt=("magnet",))), washed())) == {}
    assert "magnet (zc@1) at plant in 2027" in failed(audit(INSTANCE, washed()))["balance"]


def test_its_own_stage_still_counts():
    rule = changed(Rule, "zc|1", exempt=("magnet",), countries=("CN", "JP"), stages=("mine", "separation", "magnet"))
    found = failed(audit(INSTANCE.with_rows(rule), washed()))
    assert "sinter at plant on oven in 2026: it adds zc@1, not clean" in found["labels"]
    assert "balance" in found


def test_what_is_under_way_has_the_label_of_its_lane():
    """0.1 t of clean dysprosium land in 2026 and are sintered as Chinese."""
    clean = INSTANCE.with_rows(changed(Lane, "china|plant|dy", transit_label=("clean",)))
    assert "dy (clean) at plant in 2026: what comes and what goes: 1 inst" in failed(audit(clean, plan()))["balance"]
    altered = plan()
    altered.tabs["Labels joined"].add("plant", "dy", "clean", DIRTY, "2026", 0.1)
    assert failed(audit(clean, altered)) == {}
    assert "at plant in 2026: what comes and what goes" in failed(audit(INSTANCE, altered))["balance"]


# ------------------------------------------------------------------------------------------------ labels of stocks


def second(label: str) -> Plan:
    """The 0.1 t of 2026 go into a second stock, and the first gives 0.2 t from its own."""
    altered = plan()
    altered.settle(SECOND_STOCK)
    altered.edit("Stockpiles", {"Period": "2026"}, Fill=0, Closing=1.8)  # 0.9·2
    altered.edit("Stockpiles", {"Period": "2027"}, Opening=1.8, Loss=0.342, Closing=1.258)  # 0.81·1.8 - 0.2
    for period, moved in (("2026", (0, 0.1, 0, 0, 0.1)), ("2027", (0.1, 0, 0, 0.019, 0.081))):  # 0.81·0.1
        altered.tabs["Stockpiles"].add("second", "state", "plant", "dy", label, period, *moved)
    return altered


def with_second(*label: str) -> Instance:
    """The case with an empty stock of a label, on the terms of the first."""
    return INSTANCE.with_rows(
        changed(Stockpile, "reserve", stockpile="second", label=label, opening=0.0, minimum=0.0, terminal=None)
    )


@pytest.mark.parametrize("label", [("clean",), ("zc",), ("zc@1",), ("zc@0", "zc@1"), ()])
def test_a_stock_is_filled_with_what_is_cleaner_than_its_label(label):
    assert failed(audit(with_second(*label), second("clean"))) == {}


@pytest.mark.parametrize(("label", "fine"), [(("clean",), False), (("zc@0",), False), (("zc",), True), ((), True)])
def test_and_with_nothing_worse(label, fine):
    found = failed(audit(with_second(*label), second(DIRTY)))
    assert "dy (zc@1) at plant in 2026" in found["balance"]  # there is none to spare
    place = "second (zc@1) in 2026: filled with what violates zc@1: 0.1 instead of 0"
    assert "stock label" not in found if fine else place in found["stock label"]
