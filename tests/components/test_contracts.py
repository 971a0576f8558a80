"""Contracts: what must and may be taken, what it costs, and what is paid for tonnes that are not."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from pytest import approx
from tiny import at, faults, flows, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.components.contracts import Contract, alternatives, decisions
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.trade import Price
from sourcing.solver import solve_path


def deal(**columns):
    given = {"contract": "DEAL", "seller": "mine", "buyer": "car", "material": "magnet"} | columns
    return Contract(**given)


def market(demand: float | dict[int, float] = 6, capacity: float = 100, *more, index: float = 50):
    """A supplier's mine and a buyer's car plant, both allied; the market price is 50 USD/kg, making costs nothing."""
    return [
        party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"), Price(index="magnet", price=index),
        makes("mine", "magnet", capacity), Demand(customer="car", material="magnet", demand=demand), *more,
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ price


@pytest.mark.parametrize(
    ("columns", "price"),
    [
        ({}, 50),
        ({"premium": 10}, 55),
        ({"premium": -20}, 40),
        ({"fixed": 42}, 42),
        ({"index": "other"}, 80),
        ({"index": "other", "premium": 5}, 84),
        ({"floor": 60}, 60),
        ({"floor": 45}, 50),
        ({"premium": 30, "floor": 60}, 65),  # the floor holds after the premium
        ({"cap": 40}, 40),
        ({"cap": 60}, 50),
        ({"floor": 20, "cap": 30}, 30),
        ({"fixed": 42, "floor": 45}, 45),
    ],
)
def test_the_price_of_a_contract(columns, price):
    plan = planned(market(6), Price(index="other", price=80), deal(**columns), view="buyer")
    assert sums(plan, "Contracts", "Price", "Contract") == approx({"DEAL": price})
    assert sums(plan, "Sourcing", "Price", "Under") == approx({"DEAL": price})
    assert paid(plan, "Payer", "Payee") == approx({("carmaker", "mineco"): 6 * price / 1000})
    assert plan.objective == approx(6 * price / 1000)


# ------------------------------------------------------------------------------------------------ minimum and maximum


def test_a_maximum_is_all_there_is():
    instance = tiny(market(6), deal(maximum=4))
    row, _, high = line(instance, "contracts.most", "DEAL", "2026")
    assert (row, high) == ({"channels.flow[mine,car,magnet,DEAL,clean,2026]": 1}, 4)
    assert short(planned(instance)) == approx(2)


def test_zero_closes_a_contract_and_none_does_not():
    assert short(planned(market(6), deal(maximum=0))) == approx(6)
    assert short(planned(market(6), deal(maximum=math.inf))) == approx(0)


@pytest.mark.parametrize(
    ("columns", "overlap"),
    [
        ({}, {"2026": 1, "2027": 1}),
        ({"since": "2026-07-01"}, {"2026": 0.5, "2027": 1}),
        ({"until": 2026}, {"2026": 1}),  # the year is included
        ({"since": "2026-04-01", "until": dt.date(2027, 3, 31)}, {"2026": 0.75, "2027": 0.25}),
        ({"since": 2027}, {"2027": 1}),
    ],
)
def test_dates_count_by_overlap(columns, overlap):
    # 8 t/y at most: nothing but the contract brings magnets
    plan = planned(years(2026, 2027), market(100), deal(minimum=4, maximum=8, **columns))
    assert flows(plan, "Period") == approx({t: 8 * part for t, part in overlap.items()})
    assert sums(plan, "Contracts", "Minimum", "Period") == approx({t: 4 * part for t, part in overlap.items()})


def test_a_minimum_over_time_and_a_long_period():
    rows = Period(period="long", start=2026, years=2), market(100), deal(minimum={2026: 4, 2027: 6}, maximum=9)
    plan = planned(rows)
    assert sums(plan, "Contracts", "Minimum", "Contract") == approx({"DEAL": 10})
    assert sums(plan, "Contracts", "Maximum", "Contract") == approx({"DEAL": 18})


# ------------------------------------------------------------------------------------------------ shares of output


def two_buyers(**columns):
    """Ten tonnes for two plants that each want ten; a shortage of the other is worse."""
    return [
        market(10, 10), at("AU", "plane"), Demand(customer="plane", material="magnet", demand=10, shortage_value=3000),
        sells("mine", "magnet", 50), deal(**columns),
        Lane(origin="mine", destination="car; plane", goods="any"),
    ]  # fmt: skip


def test_no_more_than_a_share_of_the_sellers_output_may_be_taken():
    rows = market(10, 8), at("AU", "shop"), Demand(customer="shop", material="magnet", demand=10, shortage_value=1)
    instance = tiny(rows, sells("mine", "magnet", 50), deal(maximum_share=25), Lane(
        origin="mine", destination="car; shop", goods="any"
    ))  # fmt: skip
    row, _, high = line(instance, "contracts.most_share", "DEAL", "2026")
    assert row["production.activity[mine,mine magnet,mine magnet,clean,2026]"] == -0.25
    assert high == 0
    no_spot = tiny(rows, deal(maximum_share=25), deal(contract="SHOP", buyer="shop"))
    plan = planned(no_spot)
    assert flows(plan, "To") == approx({"car": 2, "shop": 6})  # a quarter of 8


# ------------------------------------------------------------------------------------------------ rebate


@pytest.mark.parametrize(
    ("cap", "rebate"),
    [
        (None, 0.03),  # half of 100 - 90 USD/kg on 6 t
        (0.05, 0.03),
        (0.03, 0.03),
        (0.02, 0.02),
    ],
)
@pytest.mark.parametrize("view", ["buyer", "system"])
def test_a_part_above_a_price_is_paid_back_up_to_a_cap(view, cap, rebate):
    rows = market(6, index=100), deal(rebate_from=90, rebate_share=50, rebate_cap=cap)
    plan = planned(rows, view=view)
    assert sums(plan, "Contracts", "Rebate", "Contract") == approx({"DEAL": rebate})
    assert paid(plan, "Payer", "Payee", Kind="rebate") == approx({("mineco", "carmaker"): rebate})
    assert plan.objective == approx(0.6 - rebate if view == "buyer" else 0)


def test_the_row_of_a_rebate():
    rows = market(6, index=100), deal(rebate_from=90, rebate_share=50, rebate_cap=0.02)
    row, _, high = line(tiny(rows, view="buyer"), "contracts.granted", "DEAL", "2026")
    assert row == {"contracts.rebate[DEAL,2026]": 1, "channels.flow[mine,car,magnet,DEAL,clean,2026]": -5}  # k USD/t
    assert high == 0


def test_a_rebate_is_on_the_price_before_the_floor():
    plan = planned(market(6, index=80), deal(floor=110, rebate_from=90, rebate_share=50), view="buyer")
    assert paid(plan) == approx({"purchase": 0.66})  # 110·6; the market is below 90


def test_a_cap_on_a_rebate_is_a_yearly_rate():
    rows = Period(period="half", start="2026-01-01", years=0.5), market(12, index=100)
    plan = planned(rows, deal(rebate_from=90, rebate_share=50, rebate_cap=0.02))
    assert paid(plan, Kind="rebate") == approx({"rebate": 0.01})  # 6 t would give 0.03


# ------------------------------------------------------------------------------------------------ several parties


def shared(**columns):
    """One contract that two makers of two parties may use, 4 t and 2 t."""
    return [
        party("mineco", "supplier", "mine"), party("one", "buyer", "car"), party("two", "buyer", "plane"),
        Price(index="magnet", price=50), makes("mine", "magnet"), deal(buyer="car; plane", **columns),
        Demand(customer="car", material="magnet", demand=4), Demand(customer="plane", material="magnet", demand=2),
    ]  # fmt: skip


def test_several_buyers_share_a_rebate_in_proportion_too():
    plan = planned(shared(rebate_from=40, rebate_share=30))
    assert paid(plan, "Payee", Kind="rebate") == approx({"one": 0.012, "two": 0.006})  # 3 USD/kg back


# ------------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"minimum": 5, "maximum": 4}, "is above the maximum in 2026: 5 t against 4 t"),
        ({"minimum_share": 50, "maximum_share": 40}, "is above the maximum share"),
        ({"floor": 50, "cap": 40}, "is above the cap of 40"),
        ({"fixed": 5, "index": "magnet"}, "Index is filled too"),
        ({"since": 2027, "until": 2026}, "is before From"),
        ({"rebate_share": 50}, "a share is given, but not from which price"),
        ({"premium": -101}, "makes the price negative"),
        ({"buyer": "country:TV"}, "means no site"),
    ],
)
def test_what_a_contract_may_not_say(columns, words):
    assert words in faults(market(), deal(**columns))


def test_a_contract_needs_a_price():
    rows = makes("mine", "other"), deal(material="other"), Demand(customer="car", material="other", demand=1)
    assert "no price: neither Index nor Fixed is given" in faults(rows)


# ------------------------------------------------------------------------------------------------ options


def option(**columns):
    return deal(**({"status": "option"} | columns))


def signed_in(*rows, **settings) -> list[str]:
    return [decision.start.id for decision in decisions(solve_path(tiny(*rows, **settings), view="buyer"))]


@pytest.mark.parametrize(
    ("cost", "signed", "objective"),
    [
        # 6 t short are worth 6 M USD; under the option they cost 6·50 k = 0.3 M USD
        (5.6, ["2026"], 0.3 + 5.6),
        (5.8, [], 6),
    ],
)
def test_an_option_is_signed_where_that_pays(cost, signed, objective):
    rows = market(6), option(signing_cost=cost)
    assert signed_in(rows) == signed
    plan = planned(rows, view="buyer")
    assert plan.objective == approx(objective)
    assert list(sums(plan, "Contracts", "Taken", "Period")) == signed


def test_an_option_is_signed_after_the_years_in_which_its_minimum_hurts():
    # 1 t and then 6 t, at 60 USD/kg at spot or 50 under the option, which takes 6 t/y, used or not.
    # signed in 2026: 300 + 300; in 2027: 60 + 300; never: 60 + 360 k USD
    rows = years(2026, 2027), market({2026: 1, 2027: 6}), sells("mine", "magnet", 60), option(minimum=6)
    assert signed_in(rows) == ["2027"]
    plan = planned(rows, view="buyer")
    assert plan.objective == approx(0.36)
    assert flows(plan, "Under", "Period") == approx({("spot", "2026"): 1, ("DEAL", "2027"): 6})
    assert sums(plan, "Contracts", "Minimum", "Period") == approx({"2027": 6})
    # with nothing to take in 2026 the same; a minimum of 1 t/y never hurts
    assert signed_in(rows[:3], option(minimum=1)) == ["2026"]


def test_nothing_flows_before_an_option_is_signed_nor_before_decisions_are_open():
    rows = years(2026, 2027), market(6), option(maximum=8, minimum=2)
    row, _, high = line(tiny(rows), "contracts.most", "DEAL", "2027")
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2027]": 1,
        "contracts.sign[DEAL,2026]": -8,
        "contracts.sign[DEAL,2027]": -8,
    }
    assert high == 0
    row, _, high = line(tiny(rows), "contracts.once", "DEAL")
    assert (row, high) == ({"contracts.sign[DEAL,2026]": 1, "contracts.sign[DEAL,2027]": 1}, 1)
    late = planned(rows, first_period_open_to_decisions="2027")
    assert sums(late, "Demand", "Short", "Period") == approx({"2026": 6, "2027": 0})


def test_an_option_without_a_maximum_is_bounded_by_what_its_channels_can_carry():
    row, _, high = line(tiny(market(6), option()), "contracts.only_signed", "DEAL", "2026")
    # the car plant needs 6 t
    assert row == {"channels.flow[mine,car,magnet,DEAL,clean,2026]": 1, "contracts.sign[DEAL,2026]": -6}
    assert high == 0


def test_a_signing_cost_is_paid_once_in_equal_parts_by_those_who_may_buy():
    rows = years(2026, 2027), shared(status="option", signing_cost=0.5)
    plan = planned(rows)
    assert paid(plan, "Payer", "Where", "Period", Kind="signing") == approx(
        {("one", "DEAL", "2026"): 0.25, ("two", "DEAL", "2026"): 0.25}
    )


def test_a_signature_names_its_column_and_the_other_dates_it_could_have():
    # in its dates are 2027 and 2028
    rows = years(2026, 2027, 2028), market(6), option(since=2027, signing_cost=1)
    instance = tiny(rows, discount_rate=10)
    (decision,) = decisions(solve_path(instance))
    assert (decision.kind, decision.name, decision.where) == ("sign", "DEAL", "mine → car")
    assert (decision.start.id, decision.opens, decision.steps, decision.outlay) == ("2027", decision.start, 1, 1)
    assert decision.column == ("contracts.sign", ("DEAL", "2027"))
    assert [t.id for t in alternatives(instance, decision)] == ["2028"]


def test_what_cannot_be_signed_or_is_signed_already_is_told():
    assert "is sunk, and not counted" in faults(market(), deal(signing_cost=3))
    assert "no period that is open to decisions lies in its dates" in faults(market(), option(since=2030))
    assert faults(market(), option(signing_cost=3)) == ""
