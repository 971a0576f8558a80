"""Days of cover, by hand."""

from __future__ import annotations

import pytest
from tiny import at, makes, planned, years

from sourcing.components.demand import Demand
from sourcing.components.materials import Content
from sourcing.components.stock import Stockpile
from sourcing.study.cover import cover

HELD = [Content(material="oxide", element="Nd", content=1.0), Content(material="magnet", element="Nd", content=0.25)]


def stocked(**stock):
    """A Japanese maker that turns 100 t of oxide a year (80 from one mine, 20 from the other) into 400 t of magnets."""
    given = {"site": "tokyo", "material": "oxide", "holder": "us", "label": "clean", "opening": 50, "minimum": 50}
    return planned(
        years(2026, 2027),
        at("AU", "pit"), at("BR", "serra"), at("JP", "tokyo", "car"), HELD,
        makes("pit", "oxide", 80),
        makes("serra", "oxide", 20, cost=10),
        makes("tokyo", "magnet", takes={"oxide": 0.25}),
        Demand(customer="car", material="magnet", demand=400),
        Stockpile(**(given | {"stockpile": "reserve"} | stock)),
    )  # fmt: skip


def rows(plan):
    return list(cover(plan).records())


def test_what_a_maker_takes_in_is_what_its_stock_covers():
    first, second = rows(stocked(target=180, target_of="tokyo"))
    assert first["Use"] == pytest.approx(100)
    assert first["Cover"] == pytest.approx(182.5)  # 365·50/100
    assert first["Target met"] == "yes"
    assert (first["Largest source"], first["Its share"]) == ("pit", pytest.approx(80))
    assert first["Cover without it"] == pytest.approx(228.125)  # 182.5/0.8
    assert second["Level"] == pytest.approx(50)


def test_it_is_what_the_plan_tells():
    plan = stocked(target=180, target_of="country:JP")
    told = [row["Cover"] for row in plan.tabs["Stockpiles"].records()]
    assert [row["Cover"] for row in rows(plan)] == pytest.approx(told)


def test_who_uses_what_holds_its_elements_is_covered_too():
    first, _ = rows(stocked(target=200, target_of="car"))
    assert first["Use"] == pytest.approx(100)  # 400 t of magnets of 0.25 t of oxide each
    assert first["Target met"] == "no"  # 182.5 < 200
    assert (first["Largest source"], first["Its share"]) == ("pit", pytest.approx(80))


def test_a_stock_without_a_target_covers_its_own_site():
    first, _ = rows(stocked())
    assert (first["Of"], first["Cover"], first["Target met"]) == ("tokyo", pytest.approx(182.5), None)


def test_a_site_that_makes_it_itself_is_its_own_source():
    first, _ = rows(stocked(site="car", material="magnet", opening=40, minimum=40, target=30, target_of="tokyo; car"))
    assert first["Use"] == pytest.approx(400)
    assert (first["Largest source"], first["Its share"]) == ("tokyo", pytest.approx(100))
    assert first["Cover without it"] == first["Cover"] == pytest.approx(36.5)  # 365·40/400


def test_nothing_used_is_no_cover():
    first, _ = rows(stocked(target=30, target_of="pit"))
    assert (first["Cover"], first["Cover without it"], first["Target met"]) == (None, None, None)
