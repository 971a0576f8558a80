"""Outages: what closes for how much of which period, by hand."""

from __future__ import annotations

import dataclasses

import pytest
from tiny import NONE, makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.places import Site
from sourcing.components.production import Unit
from sourcing.components.stock import Stockpile
from sourcing.solver import Options, solve_path
from sourcing.study.outages import Outage, shares, with_reserves
from sourcing.study.stress import stress

QUIET = Options(threads=1)
NEED = Demand(customer="buyer", material="car", demand=8)


def short(*rows, name: str = "a", months: float = 6, by: str = "site") -> float:
    """Tonnes that go short when something fails for half a year."""
    found = stress(solve_path(tiny(*rows), options=QUIET), by=by, months=months, options=QUIET)
    return found.single[Outage(by, (name,), "2026", months)].total_short


def test_shares_of_periods():
    instance = tiny(years(2026, 2027, 2028), makes("a", "car"), NEED)
    assert shares(instance, "2026", 12) == {"2026": pytest.approx(1)}
    assert shares(instance, "2027", 3) == {"2027": pytest.approx(0.25)}
    assert shares(instance, "2026", 18) == {"2026": pytest.approx(1), "2027": pytest.approx(0.5)}
    assert shares(instance, "2028", 18) == {"2028": pytest.approx(1)}  # the horizon ends


def test_a_unit_does_its_limit_in_the_rest_of_the_period():
    assert short(makes("a", "car", 12), NEED) == pytest.approx(8 - 12 / 2)
    assert short(makes("a", "car", 12), NEED, months=3) == 0.0  # 9 t would do


def test_a_unit_without_a_limit_does_what_the_plan_runs_in_the_rest_of_the_period():
    assert short(makes("a", "car", NONE), NEED) == pytest.approx(8 - 8 / 2)


def test_a_stock_gives_its_draw_limit_or_what_lies_there_in_the_rest_of_the_period():
    def stocked(**columns):
        return Stockpile(
            stockpile="w", holder="us", site="a", material="car", label="clean", opening=10, **columns
        ), makes("b", "idle", 1)

    assert short(*stocked(), NEED) == pytest.approx(8 - 10 / 2)
    assert short(*stocked(draw=9), NEED) == pytest.approx(8 - 9 / 2)
    assert short(*stocked(), NEED, months=12) == pytest.approx(8)


def test_a_hub_passes_on_what_the_plan_ships_in_the_rest_of_the_period():
    rows = (
        party("trader", "supplier"), dataclasses.replace(Site(site="a", entity="trader", country="AU"), passes_on=True),
        party("pit", "supplier", "mine"), makes("mine", "car", 20), sells("mine", "car", 1), sells("a", "car", 2), NEED,
    )  # fmt: skip
    from sourcing.components.lanes import Lane

    lanes = [Lane(origin="mine", destination="a", goods="any"), Lane(origin="a", destination="buyer", goods="any")]
    assert short(*rows, lanes) == pytest.approx(8 - 8 / 2)
    assert short(*rows, lanes, months=12) == pytest.approx(8)


def test_units_of_one_site_fail_together_and_those_elsewhere_do_not():
    rows = (makes("a", "car", 4), makes("a", "car", 4, unit="second"), makes("b", "car", 1), NEED)
    assert short(*rows, months=12) == pytest.approx(8 - 1)


def test_reserves_are_opened_at_all_times_and_nothing_else_changes():
    kept = Stockpile(
        stockpile="w", holder="us", site="a", material="car", label="clean", opening=1, draw=5, release="shocks only"
    )
    instance = tiny(makes("a", "car", 4), kept, dataclasses.replace(kept, stockpile="v", release="always"), NEED)
    opened = with_reserves(instance)
    assert [row.release for row in opened[Stockpile]] == ["always", "always"]
    assert opened[Unit] == instance[Unit]


def test_outages_sort_and_are_named():
    assert Outage("site", ("a", "b"), "2026").name == "a + b"
    assert sorted([Outage("site", ("b",), "2026"), Outage("site", ("a",), "2027")])[0].names == ("a",)
