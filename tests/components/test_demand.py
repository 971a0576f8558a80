"""Demand: what a shortage is worth, what may stand in, and how needs are read over time."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import NONE, at, china_rule, faults, flows, line, makes, paid, planned, short, sums, tiny, years

from sourcing.components.demand import Demand, ShortageStep, Substitute
from sourcing.components.horizon import Period
from sourcing.components.trade import Price

HUNDRED = Demand(customer="car", material="magnet", demand=100, shortage_value=2500)
STEPS = [
    ShortageStep(customer="car", material="magnet", up_to=10, value=150),
    ShortageStep(customer="car", material="magnet", up_to=30, value=1800),
]


# ------------------------------------------------------------------------------------------------ shortage


def test_a_shortage_is_worth_its_steps():
    plan = planned(makes("mine", "magnet", 50), HUNDRED, STEPS)
    # short of 50: 10 at 150, 20 at 1,800 and 20 at 2,500 USD/kg
    assert plan.objective == approx((10 * 150 + 20 * 1800 + 20 * 2500) / 1000)
    assert sums(plan, "Demand", "Shortage value", "Customer") == approx({"car": 87.5})
    assert sums(plan, "Demand", "One more costs", "Customer") == approx({"car": 2500})
    assert sums(plan, "Demand", "Met share", "Customer") == approx({"car": 50})


@pytest.mark.parametrize(
    ("cost", "missing"),
    [
        (149_000, 0),  # USD/t
        (151_000, 10),  # dearer than the first step of 150 USD/kg
        (1_801_000, 30),
        (2_501_000, 100),
    ],
)
def test_what_costs_more_than_a_step_is_not_made_for_it(cost, missing):
    assert short(planned(makes("mine", "magnet", cost=cost), HUNDRED, STEPS)) == approx(missing)


def test_a_blank_shortage_value_is_the_setting():
    plan = planned(Demand(customer="car", material="magnet", demand=2), shortage_value=700)
    assert plan.objective == approx(1.4)  # 2 t at 700 USD/kg


def test_a_last_step_of_the_whole_takes_the_place_of_the_value():
    whole = ShortageStep(customer="car", material="magnet", up_to=100, value=40)
    assert planned(HUNDRED, whole).objective == approx(4)  # 100 t at 40 USD/kg


def test_steps_hold_for_each_demand_row_of_the_customer():
    # the clean half and the other half each have a first tenth at 150
    rows = china_rule(), Demand(customer="car", material="magnet", rules="zc", demand=10), Demand(
        customer="car", material="magnet", demand=20
    ), STEPS[0]  # fmt: skip
    plan = planned(rows)
    assert sums(plan, "Demand", "Shortage value", "Rules") == approx(
        {"zc": (1 * 150 + 9 * 1000) / 1000, "": (2 * 150 + 18 * 1000) / 1000}
    )


def test_a_need_is_met_or_short():
    row, low, high = line(tiny(makes("mine", "magnet"), HUNDRED, STEPS), "demand.demand", "car", "magnet", "", "2026")
    assert row == {
        "demand.deliver[car,magnet,,magnet,clean,2026]": 1,
        **{f"demand.short[car,magnet,,{step},2026]": 1 for step in (1, 2, 3)},
    }
    assert (low, high) == (100, 100)


# ------------------------------------------------------------------------------------------------ over time


@pytest.mark.parametrize(
    ("periods", "demand", "needed"),
    [
        (years(2026, 2027, 2028), {2026: 4, 2028: 6}, {"2026": 4, "2027": 4, "2028": 6}),  # the last value holds
        (Period(period="2026-28", start=2026, years=3), {2026: 4, 2028: 6}, {"2026-28": 2 * 4 + 6}),
        (
            [Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)],
            {2026: 4, 2026.25: 8},  # from April on
            {"H1": 0.25 * 4 + 0.25 * 8, "H2": 4},
        ),
        ([Period(period="Q", start="2026-01-01", years=0.25)], 4, {"Q": 1}),
    ],
)
def test_a_need_over_time_is_read_by_overlap(periods, demand, needed):
    plan = planned(periods, makes("mine", "magnet"), Demand(customer="car", material="magnet", demand=demand))
    assert sums(plan, "Demand", "Demand", "Period") == approx(needed)
    assert flows(plan, "Period") == approx(needed)


# ------------------------------------------------------------------------------------------------ substitutes


def stands_in(**columns):
    return Substitute(customer="car", material="cheap", substitute="magnet", **columns)


CHEAP = Demand(customer="car", material="cheap", demand=8)


def test_a_substitute_meets_a_need_at_its_ratio():
    plan = planned(makes("mine", "magnet"), CHEAP, stands_in(ratio=1.25, extra_cost=50))
    assert flows(plan) == approx({("mine", "car"): 10})  # 1.25·8
    assert paid(plan) == approx({"substitution": 0.0005})  # 50 USD on each tonne of the substitute
    assert sums(plan, "Deliveries", "Delivered", "Material", "Delivered as") == approx({("cheap", "magnet"): 10})


def test_a_substitutes_share_is_of_the_need():
    instance = tiny(makes("mine", "magnet"), CHEAP, stands_in(ratio=1.25, maximum_share=50))
    row, _, high = line(instance, "demand.share", "car", "cheap", "", "magnet", "2026")
    assert row == {"demand.deliver[car,cheap,,magnet,clean,2026]": approx(1 / 1.25)}
    assert high == 4  # half of 8 t
    plan = planned(instance)
    assert flows(plan) == approx({("mine", "car"): 5})
    assert short(plan) == approx(4)


def test_a_substitutes_share_may_change():
    rows = years(2026, 2027), makes("mine", "magnet"), CHEAP, stands_in(maximum_share={2026: 0, 2027: 25})
    assert sums(planned(rows), "Demand", "Short", "Period") == approx({"2026": 8, "2027": 6})


def test_chains_of_substitutes_are_not_followed():
    rows = [
        makes("mine", "best"), CHEAP, stands_in(),
        Substitute(customer="car", material="magnet", substitute="best"),
    ]  # fmt: skip
    assert short(planned(rows)) == approx(8)


def test_a_substitute_must_meet_the_rules_of_the_need_itself():
    chinese = at("CN", "china"), makes("china", "magnet"), china_rule(), stands_in()
    assert short(planned(chinese, Demand(customer="car", material="cheap", rules="zc", demand=8))) == approx(8)
    assert short(planned(chinese, CHEAP)) == approx(0)


def test_another_customers_substitute_is_not_mine():
    other = Substitute(customer="plane", material="cheap", substitute="magnet")
    assert short(planned(makes("mine", "magnet"), CHEAP, other)) == approx(8)


# ------------------------------------------------------------------------------------------------ service level


@pytest.mark.parametrize(
    ("level", "below"),
    [
        (None, None),
        (70.0, 20),  # 50 of 100 t are met
        (40.0, 0),
    ],
)
def test_what_is_missing_to_a_service_level_is_said(level, below):
    need = Demand(customer="car", material="magnet", demand=100, service_level=level)
    (row,) = planned(makes("mine", "magnet", 50), need).tabs["Demand"].records()
    assert (row["Service level"], row["Below service level"]) == (level, below if below is None else approx(below))


def test_a_service_level_binds_nothing_on_the_base_path():
    need = Demand(customer="car", material="magnet", demand=100, service_level=100.0, shortage_value=1)
    assert short(planned(makes("mine", "magnet", cost=2000), need)) == approx(100)  # 2 against 1 USD/kg


# ------------------------------------------------------------------------------------------------ faults


def test_steps_must_rise():
    falling = ShortageStep(customer="car", material="magnet", up_to=50, value=100)
    assert "is below the 1800 of the step before" in faults(HUNDRED, STEPS, falling)
    dear = ShortageStep(customer="car", material="magnet", up_to=50, value=9000)
    assert "is above the full shortage value 2500" in faults(HUNDRED, STEPS, dear)


def test_steps_and_substitutes_of_no_demand_are_told():
    assert faults(HUNDRED, stands_in()).count("the customer has no demand for it") == 1
    step = ShortageStep(customer="plane", material="magnet", up_to=50, value=9)
    assert "the customer has no demand for it" in faults(HUNDRED, step)


def test_a_need_or_a_price_is_never_none():
    endless = Demand(customer="car", material="magnet", demand=NONE)
    assert "must be a finite number" in faults(makes("mine", "magnet", 10), endless)
    needed = Demand(customer="car", material="magnet", demand=1)
    assert "must be a finite number" in faults(makes("mine", "magnet", 10), needed, Price(index="magnet", price=NONE))
