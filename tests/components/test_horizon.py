"""Horizon: periods on the calendar, settings, and what money is worth when."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, loose, makes, paid, planned, sums, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period, Setting, decisions_from, periods, settings
from sourcing.components.stock import Stockpile

NEED = Demand(customer="car", material="magnet", demand=10)


def test_money_is_discounted_from_the_middle_of_its_period():
    periods = Period(period="2026", start=2026, years=1), Period(period="2027-28", start=2027, years=2)
    plan = planned(periods, makes("mine", "magnet", cost=1000), NEED, discount_rate=10)
    assert paid(plan, "Period") == approx({"2026": 0.01, "2027-28": 0.02})
    # half a year, and two years, from the start
    assert sums(plan, "Costs", "Discount", "Period") == approx({"2026": 1.1**-0.5, "2027-28": 1.1**-2})
    assert plan.objective == approx(0.01 * 1.1**-0.5 + 0.02 * 1.1**-2)


def test_one_more_is_told_in_money_of_its_own_period():
    plan = planned(years(2026, 2027), makes("mine", "magnet", cost=1000), NEED, discount_rate=10)
    assert sums(plan, "Demand", "One more costs", "Period") == approx({"2026": 1, "2027": 1})  # USD/kg


def test_what_is_needed_later_is_made_later():
    # it could be made in 2026 and kept for nothing; a year later the same money is worth less
    shelf = Stockpile(stockpile="SHELF", holder="us", site="mine", material="magnet", label="clean")
    need = Demand(customer="car", material="magnet", demand={2026: 0, 2027: 10})
    plan = planned(years(2026, 2027), makes("mine", "magnet", cost=1000), shelf, need, discount_rate=10)
    assert sums(plan, "Production", "Activity", "Period") == approx({"2027": 10})


def test_periods_follow_each_other():
    gap = Period(period="2026", start=2026, years=1), Period(period="2028", start=2028, years=1)
    assert "period 2026 ends at 2027.00" in faults(gap, NEED)
    overlap = Period(period="2026", start=2026, years=2), Period(period="2027", start=2027, years=1)
    assert "periods must follow each other" in faults(overlap, NEED)


def test_quarters_stand_on_the_calendar():
    starts = ("2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01")
    quarters = [Period(period=f"Q{n}", start=day, years=0.25) for n, day in enumerate(starts, 1)]
    assert [(t.id, t.start, t.years) for t in periods(loose(quarters, NEED))] == [
        ("Q1", 2026, 0.25), ("Q2", 2026.25, 0.25), ("Q3", 2026.5, 0.25), ("Q4", 2026.75, 0.25),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Setting(setting="Discont rate", value="5"), "did you mean Discount rate?"),
        (Setting(setting="View", value="moon"), "must be one of buyer, system"),
        (Setting(setting="Price year", value="soon"), "is not a number"),
        (Setting(setting="CVaR level", value="90", unit="t"), "the unit must be %"),
        (Setting(setting="CVaR level", value="120", unit="%"), "must lie between 0 and 99.99"),
        (Setting(setting="Format version", value="2"), "this version reads format 1"),
        (Setting(setting="First period open to decisions", value="soon"), "neither a period nor a calendar span"),
    ],
)
def test_what_a_setting_may_not_say(setting, words):
    assert words in faults(setting, NEED)


def test_a_setting_is_read_in_its_unit():
    value = Setting(setting="Shortage value", value="5000000", unit="USD/t")
    found = settings(loose(NEED).with_rows(value))
    assert found.shortage_value == approx(5000)


@pytest.mark.parametrize("unit", ["%/y", "%", ""])
def test_a_rate_is_a_percentage_a_year(unit):
    assert settings(loose(NEED).with_rows(Setting(setting="Discount rate", value="7", unit=unit))).discount_rate == 7


def test_decisions_are_open_from_a_period_or_a_span():
    for text, start in (("2027", 2027), ("2027H2", 2027.5), ("", 2026)):
        instance = loose(years(2026, 2027, 2028), NEED, first_period_open_to_decisions=text)
        assert decisions_from(instance) == start
