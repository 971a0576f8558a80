"""Qualifications: which makers a customer accepts, and from when."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, flows, line, makes, planned, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.qualifications import Qualification

NEED = Demand(customer="car", material="magnet", demand=10)


def accepts(maker: str = "new", material: str = "magnet", customer: str = "car", **columns):
    return Qualification(customer=customer, material=material, maker=maker, **columns)


def makers():
    """A new works makes magnets for 1,000 USD/t, an old one for 3,000."""
    return makes("new", "magnet", cost=1000), makes("old", "magnet", cost=3000)


def by_maker(*rows, periods=None):
    return flows(planned(periods or years(2026, 2027, 2028), makers(), NEED, *rows), "From", "Period")


def test_a_customer_without_a_row_takes_from_anyone():
    assert by_maker(accepts(customer="plane"), Demand(customer="plane", material="magnet", demand=0)) == approx(
        {("new", "2026"): 10, ("new", "2027"): 10, ("new", "2028"): 10}
    )


def test_with_a_row_only_who_is_named_is_taken():
    assert {maker for maker, _ in by_maker(accepts("old"))} == {"old"}


def test_a_maker_is_taken_from_its_date_on():
    assert by_maker(accepts("old"), accepts(since=2027)) == approx(
        {("old", "2026"): 10, ("new", "2027"): 10, ("new", "2028"): 10}
    )


def test_a_date_inside_a_period_opens_in_the_next():
    assert by_maker(accepts("old"), accepts(since="2026-07-01")) == approx(
        {("old", "2026"): 10, ("new", "2027"): 10, ("new", "2028"): 10}
    )
    halves = Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)
    assert by_maker(accepts("old"), accepts(since="2026-07-01"), periods=halves) == approx(
        {("old", "H1"): 5, ("new", "H2"): 5}
    )


@pytest.mark.parametrize("columns", [{"lead_time": 12}, {"cost": 3}, {"lead_time": 6, "cost": 3}])
def test_a_maker_that_is_not_yet_qualified_is_closed(columns):
    assert {maker for maker, _ in by_maker(accepts("old"), accepts(**columns))} == {"old"}


def test_a_blank_date_without_lead_time_or_cost_is_always():
    assert {maker for maker, _ in by_maker(accepts())} == {"new"}


def test_any_material_and_any_maker():
    assert {maker for maker, _ in by_maker(accepts("old", "any"))} == {"old"}
    assert {maker for maker, _ in by_maker(accepts("any", since=2026))} == {"new"}
    # rows for another material say nothing about this one
    assert {maker for maker, _ in by_maker(accepts("old", "hot"), makes("old", "hot", unit="hot"))} == {"new"}


# ------------------------------------------------------------------------------------------------ first year


def test_in_the_first_year_a_share_of_the_demand_is_taken():
    assert by_maker(accepts("old"), accepts(since=2027, first_year_share=30)) == approx(
        {("old", "2026"): 10, ("new", "2027"): 3, ("old", "2027"): 7, ("new", "2028"): 10}
    )


def test_a_share_in_the_first_period_holds_from_its_start_only():
    assert by_maker(accepts("old"), accepts(since=2026, first_year_share=30))["new", "2026"] == approx(3)
    # qualified long ago: the first year is over
    assert by_maker(accepts("old"), accepts(since=2025, first_year_share=30))["new", "2026"] == approx(10)


def test_the_row_of_a_first_year():
    instance = tiny(
        Period(period="long", start=2026, years=2), makers(), NEED, accepts(since=2026, first_year_share=30)
    )
    row, _, high = line(instance, "qualifications.first_year", "car", "magnet", "new", "long")
    assert row == {"channels.flow[new,car,magnet,inside,clean,long]": 1}
    assert high == 6  # 30 % of 2·10 t


def test_a_maker_of_any_material_has_a_share_of_each():
    rows = makes("new", "hot", unit="hot"), Demand(customer="car", material="hot", demand=40)
    plan = planned(years(2026), makers(), NEED, rows, accepts(material="any", since=2026, first_year_share=50))
    assert flows(plan, "Material") == approx({"magnet": 5, "hot": 20})
    assert short(plan) == approx(25)


def test_the_plan_says_who_is_qualified_from_when():
    plan = planned(years(2026, 2027), makers(), NEED, accepts("old"), accepts(since=2027, first_year_share=30))
    rows = [row for row in plan.tabs["Projects and qualifications"].records() if row["Kind"] == "qualification"]
    assert [(row["Name"], row["Where"], row["Period"]) for row in rows] == [
        ("old for magnet", "car", "2026"),
        ("new for magnet", "car", "2027"),
    ]
    assert sums(plan, "Demand", "Short", "Period") == approx({"2026": 0, "2027": 0})


def test_who_stays_closed_is_told():
    assert "this maker stays closed" in faults(makers(), NEED, accepts(cost=3))
