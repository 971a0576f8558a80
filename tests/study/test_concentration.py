"""Concentration and supply risk, by hand."""

from __future__ import annotations

import pytest
from tiny import at, makes, planned, tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import Content
from sourcing.components.places import Entity
from sourcing.study.concentration import concentration, squares, supply_risk, weighed
from sourcing.study.governance import FIGURES, risk


@pytest.fixture(scope="module")
def plan():
    """100 t of magnets for a Japanese and 100 t for a German customer, of 150 t mined in Australia and 50 in Brazil."""
    return planned(
        tiny(
            at("AU", "pit"), at("BR", "serra"), at("JP", "tokyo", "car"), at("DE", "bahn"),
            makes("pit", "ore", 150),
            makes("serra", "ore", 50, cost=10),
            makes("tokyo", "magnet", 400, takes={"ore": 1}),
            [Content(material=name, element="Nd", content=0.3) for name in ("ore", "magnet")],
            Demand(customer="car", material="magnet", demand=100),
            Demand(customer="bahn", material="magnet", demand=100),
            Entity(entity="union", role="government", country=("DE", "FR"), allied=True),
        )
    )  # fmt: skip


def rows(table, **where):
    return [row for row in table.records() if all(row[key.replace("_", " ")] == want for key, want in where.items())]


def test_the_index_is_the_sum_of_squared_shares(plan):
    table, shares = concentration(plan)
    (mine,) = rows(table, By="country", Stage="mine", Period="2026")
    assert mine["HHI"] == pytest.approx(6250)  # 10,000·(0.75² + 0.25²)
    assert mine["Equal"] == pytest.approx(1.6)  # 1/0.625
    assert (mine["Largest"], mine["Largest share"]) == ("AU", pytest.approx(75))
    assert (mine["Delivered"], mine["Placed"]) == (pytest.approx(200), pytest.approx(100))
    told = rows(shares, By="country", Stage="mine", Period="all")
    assert [(row["Name"], row["Tonnes"]) for row in told] == [("AU", pytest.approx(150)), ("BR", pytest.approx(50))]


def test_one_party_may_hold_what_two_countries_do(plan):
    (mine,) = rows(concentration(plan)[0], By="party", Stage="mine", Period="all")
    assert (mine["HHI"], mine["Largest"]) == (pytest.approx(10_000), "us")


def test_a_stage_that_nothing_passes_has_no_row(plan):
    assert {row["Stage"] for row in concentration(plan)[0].records()} == {"mine", "magnet"}


def test_supply_risk_by_hand(plan):
    # Governance: AU 2·(2.5 - 1.49) = 2.02, BR 2·(2.5 + 0.29) = 5.58, JP 2·(2.5 - 1.37) = 2.26, at home 0.8 of that.
    table = supply_risk(plan)
    (mine,) = rows(table, Home="JP", Stage="mine", Period="all")
    hhi = 0.5625 * 2.02 + 0.0625 * 5.58  # capacity is shared as the deliveries are
    assert (mine["Supply"], mine["Sourcing"]) == (pytest.approx(hhi), pytest.approx(hhi))
    assert (mine["Import reliance"], mine["Supply risk"]) == (pytest.approx(100), pytest.approx(hhi))
    (magnet,) = rows(table, Home="JP", Stage="magnet", Period="all")
    assert magnet["Import reliance"] == 0
    assert magnet["Supply risk"] == pytest.approx(0.8 * 2.26)  # nothing is imported: of home's own sourcing alone
    assert [row["Critical"] for row in (mine, magnet)] == ["yes", "yes"]


def test_a_union_is_home_to_its_members(plan):
    (magnet,) = rows(supply_risk(plan, substitution=0.5), Home="union", Stage="magnet", Period="2026")
    assert magnet["Import reliance"] == pytest.approx(100)
    assert magnet["Supply risk"] == pytest.approx(0.5 * 2.26)  # (2.26·1/2 + 2.26·1/2)·0.5


def test_recycled_feed_lowers_the_risk():
    plan = planned(
        at("AU", "pit"), at("JP", "tokyo", "car", "yard"),
        makes("pit", "ore", 75),
        makes("yard", "scrap", 25, stage="recycling"),
        makes("yard", "ore", takes={"scrap": 1}, stage="recycling"),
        makes("tokyo", "magnet", takes={"ore": 1}),
        [Content(material=name, element="Nd", content=0.3) for name in ("ore", "scrap", "magnet")],
        Demand(customer="car", material="magnet", demand=100),
    )  # fmt: skip
    (mine,) = rows(supply_risk(plan), Home="JP", Stage="mine", Period="2026")
    assert mine["Recycled input"] == pytest.approx(25)
    assert mine["Supply risk"] == pytest.approx(0.75 * 2.02)  # all that is mined is from Australia, and imported


def test_governance_runs_from_0_to_10_and_unknown_is_the_worst():
    assert risk(FIGURES["ZZ"]) == 10
    assert max(risk(figure) for figure in FIGURES.values()) == 10
    assert weighed({"AU": 1.0, "KR": 1.0}) == pytest.approx(0.25 * 2.02 + 0.25 * 3.2)  # KR: 2·(2.5 - 0.9)


def test_no_figure_is_told_and_not_filled_in():
    assert weighed({"AU": 1.0, "TV": 1.0}) is None
    assert weighed({"AU": 1.0, "TV": 0.0}) == pytest.approx(2.02)
    plan = planned(at("TV", "pit", "car"), makes("pit", "magnet", 9, stage="magnet"),
                   Demand(customer="car", material="magnet", demand=9))  # fmt: skip
    (row,) = rows(supply_risk(plan), Home="TV", Period="2026")
    assert (row["Supply risk"], row["Governance"]) == (None, "no figure for TV")


def test_what_is_not_there_is_not_concentrated():
    assert squares({}) == 0
    assert weighed({}) is None
