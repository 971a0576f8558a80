"""Variants: another rule, version or reading without editing the instance; and what a rule costs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from pytest import approx
from tiny import at, china_rule, makes, party, planned, sells, short, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.materials import Content
from sourcing.components.rules import Rule
from sourcing.plan import make_plan
from sourcing.solver import solve_path
from sourcing.variants import UnknownRule, reading, switched, with_version, without_rule
from sourcing.workbook import read

ASKS = Demand(customer="car", material="magnet", demand=10, rules="zc")
BOTH = [
    party("cn", "supplier", "china", allied=False, country="CN"), makes("china", "magnet"),
    sells("china", "magnet", 50), party("jp", "supplier", "japan", allied=False, country="JP"),
    makes("japan", "magnet", 6), sells("japan", "magnet", 90), at("US", "car"),
]  # fmt: skip


def test_without_a_rule_nobody_asks_for_it():
    asked = tiny(BOTH, ASKS, china_rule())
    assert planned(asked).objective == approx(6 * 0.09 + 4 * 1.0)  # 6 t from Japan, 4 t short at 1,000 USD/kg
    free = without_rule(asked, "zc")
    assert planned(free).objective == approx(10 * 0.05)
    assert free.switches == ("without-rule zc",)
    assert asked[Rule], "the instance itself is as it was"


def test_a_pinned_version_that_is_left_out_asks_nothing():
    pinned = Demand(customer="car", material="magnet", demand=10, rules="zc@1")
    assert short(planned(without_rule(tiny(BOTH, pinned, china_rule()), "zc@1"))) == approx(0)


def test_a_version_can_be_put_in_force_for_all_time():
    # the second version begins in 2027 and covers Japan too
    rules = china_rule(), china_rule(2027, "2", countries="CN; JP")
    instance = tiny(years(2026, 2027), BOTH, ASKS, *rules)
    assert short(planned(instance)) == approx(4 + 10)
    assert short(planned(with_version(instance, "zc@1"))) == approx(4 + 4)
    assert short(planned(with_version(instance, "zc@2"))) == approx(10 + 10)


def test_the_literal_reading_counts_what_the_text_names():
    held = [Content(material="magnet", element="Dy", content=0.3)]
    heavy = tiny(BOTH, ASKS, china_rule(), held, Content(material="ore", element="Nd", content=1), makes("pit", "ore"))
    assert short(planned(heavy)) == approx(4)
    assert short(planned(reading(heavy, "literal"))) == approx(0)  # dysprosium is not named
    assert short(planned(reading(reading(heavy, "literal"), "strict"))) == approx(4)


def test_what_is_not_there_is_told_with_what_is():
    instance = tiny(BOTH, ASKS, china_rule())
    with pytest.raises(UnknownRule, match=r"zcc is no rule on the tab Rules: did you mean zc\?"):
        without_rule(instance, "zcc")
    with pytest.raises(UnknownRule, match="zc is no version of a rule"):
        with_version(instance, "zc")
    with pytest.raises(ValueError, match="strict or literal"):
        reading(instance, "loose")


def test_switches_can_be_made_again():
    instance = tiny(BOTH, ASKS, china_rule())
    once = reading(without_rule(instance, "zc"), "strict")
    assert switched(instance, once.switches).sha256() == once.sha256() != instance.sha256()
    with pytest.raises(ValueError, match="no switch"):
        switched(instance, ("everything off",))


def test_the_price_of_a_rule_is_the_plan_without_it():
    twin = Demand(customer="car", material="magnet", demand=5)
    (row,) = planned(BOTH, ASKS, twin, china_rule()).tabs["Price of rules"].records()
    # with it: 6 t at 90, 4 t short, 5 t at 50; without: 15 t at 50. A kilogram more: 1,000 against 50
    assert (row["Cost with"], row["Cost without"]) == approx((0.54 + 4 + 0.25, 0.75))
    assert row["Price"] == approx(0.54 + 4 + 0.25 - 0.75)
    assert (row["Asked"], row["Short with"], row["Short without"]) == approx((10, 4, 0))
    assert row["Premium"] == approx(1000 - 50)
    assert (row["Rule"], row["Versions"], row["First met"], row["Compared"]) == ("zc", "zc@1", None, "same decisions")
    assert "japan magnet in 2026 saves" in row["What would help"]


def test_a_rule_that_is_met_says_from_when():
    ramp = makes("japan", "magnet", {2026: 6, 2027: 20})
    rows = [*BOTH[:4], ramp, *BOTH[5:]]
    (row,) = planned(years(2026, 2027), rows, ASKS, china_rule()).tabs["Price of rules"].records()
    assert (row["First met"], row["Short with"]) == ("2027", approx(4))


def test_without_rules_there_is_nothing_to_compare():
    assert planned(BOTH, Demand(customer="car", material="magnet", demand=1)).tabs["Price of rules"].rows == []
    plan = make_plan(tiny(BOTH, ASKS, china_rule()), compare=False)
    assert "Price of rules" not in plan.tabs


def test_a_tolerance_of_nothing_is_the_columns_removed():
    """With a tolerance of 1e-9 % there are columns for what violates and a row that bounds them; with 0 there are none.

    At the same decisions both cost the same, on a whole instance.
    """
    starter = read(Path(__file__).parents[1] / "instances" / "starter")
    exact = solve_path(starter)
    hair = [dataclasses.replace(row, tolerance=1e-9) for row in starter.all(Rule)]
    loose = solve_path(starter.replace(Rule, hair), held=exact.integers)
    assert len(loose.arrays.columns) > len(exact.arrays.columns)
    assert loose.objective == approx(exact.objective, rel=1e-6)
