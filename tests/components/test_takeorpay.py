"""Take-or-pay: the minimum of a contract, what is paid for tonnes below it, and the right to take them later."""

from __future__ import annotations

import re

import pytest
from pytest import approx
from test_contracts import deal, market, option, shared, two_buyers
from tiny import faults, flows, line, paid, party, planned, sells, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.sheets import InstanceError, NoPlan


def test_a_minimum_is_taken_or_paid():
    row, low, _ = line(tiny(market(6), deal(minimum=10)), "takeorpay.least", "DEAL", "2026")
    assert row == {"channels.flow[mine,car,magnet,DEAL,clean,2026]": 1, "takeorpay.deficit[DEAL,2026]": 1}
    assert low == 10


@pytest.mark.parametrize(
    ("spot", "taken", "cost"),
    [
        # 10 t at least, 6 needed, 80 % of 50 USD/kg for what is not taken: taking a tonne costs 50 and saves 40
        (30, 6, 6 * 50 + 4 * 40),  # 10 more a kilogram than not taking it, 30 at spot: take it
        (5, 0, 6 * 5 + 10 * 40),  # 5 at spot: leave the contract and pay
    ],
)
def test_take_or_pay_at_80_percent(spot, taken, cost):
    plan = planned(market(6), sells("mine", "magnet", spot), deal(minimum=10, take_or_pay=80.0), view="buyer")
    assert plan.objective == approx(cost / 1000)
    assert sums(plan, "Contracts", "Taken", "Contract") == approx({"DEAL": taken})
    assert sums(plan, "Contracts", "Deficit", "Contract") == approx({"DEAL": 10 - taken})
    assert sums(plan, "Contracts", "Take-or-pay", "Contract") == approx({"DEAL": (10 - taken) * 40 / 1000})
    assert paid(plan, "Payer", "Payee", Kind="take-or-pay") == approx({("carmaker", "mineco"): (10 - taken) * 0.04})


def test_nothing_to_pay_for_what_is_not_taken():
    plan = planned(market(6), deal(minimum=10, take_or_pay=0.0), view="buyer")
    assert paid(plan) == approx({"purchase": 0.3})
    assert sums(plan, "Contracts", "Deficit", "Contract") == approx({"DEAL": 4})


def test_a_firm_contract_must_flow():
    # spot is cheaper, but the contract is firm
    plan = planned(market(10), sells("mine", "magnet", 5), deal(minimum=4, take_or_pay="firm"), view="buyer")
    assert flows(plan, "Under") == approx({"DEAL": 4, "spot": 6})
    assert plan.objective == approx((4 * 50 + 6 * 5) / 1000)


@pytest.mark.parametrize(
    ("rows", "least", "missing"),
    [
        (market(6), 10, 4),  # the car plant has no use for more than 6
        ([*market(10), Lane(origin="car", destination="mine", goods="any")], 10, 10),  # no lane
    ],
)
def test_a_firm_contract_that_cannot_flow_is_named(rows, least, missing):
    words = f"It would with: {missing} t less for the minimum of contract DEAL in 2026: 10 → {10 - missing} t/y."
    with pytest.raises(NoPlan, match=re.escape(words)) as caught:
        planned(rows, deal(minimum=least, take_or_pay="firm"))
    why = caught.value.report.why.rows[0]
    assert why[:6] == (1, "contract minimum", "DEAL", "2026", approx(missing), "t")


def test_a_share_of_the_sellers_output_must_be_taken():
    # spot would bring all ten to `plane`; 30 % of the output are the car plant's
    instance = tiny(two_buyers(minimum_share=30, take_or_pay="firm"))
    row, low, _ = line(instance, "takeorpay.least_share", "DEAL", "2026")
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2026]": 1,
        "production.activity[mine,mine magnet,mine magnet,clean,2026]": -0.3,
    }
    assert low == 0
    plan = planned(instance)
    assert flows(plan, "To") == approx({"plane": 7, "car": 3})
    assert sums(plan, "Contracts", "Minimum", "Contract") == approx({"DEAL": 3})


def test_several_buyers_pay_in_proportion_to_what_they_take():
    plan = planned(shared(minimum=9, take_or_pay=100.0))
    # 3 t are missing: 0.15 M USD, 4/6 and 2/6 of it
    assert paid(plan, "Payer", Kind="take-or-pay") == approx({"one": 0.1, "two": 0.05})


def test_who_takes_nothing_bears_an_equal_part():
    rows = [row for row in shared(minimum=9) if not isinstance(row, Demand)]
    needs = Demand(customer="car", material="magnet", demand=0), Demand(customer="plane", material="magnet", demand=0)
    assert paid(planned(rows, needs), "Payer") == approx({"one": 0.225, "two": 0.225})  # half of 9 t at 50 USD/kg


def test_a_minimum_of_parties_that_count_differently_is_refused():
    odd = shared(minimum=9)[3:]
    parties = party("mineco", "supplier", "mine"), party("one", "buyer", "car"), party(
        "two", "buyer", "plane", allied=False
    )  # fmt: skip
    with pytest.raises(InstanceError, match="write a contract for each"):
        planned(odd, parties)


# ------------------------------------------------------------------------------------------------ make-up


def uneven(demand: dict[int, float], **columns):
    """At least 10 t/y at 50 USD/kg, half of which is paid for what is not taken; three years."""
    given = {"minimum": 10, "take_or_pay": 50.0} | columns
    return years(2026, 2027, 2028), market(demand), deal(**given)


@pytest.mark.parametrize(
    ("demand", "makeup", "regained"),
    [
        ({2026: 6, 2027: 14, 2028: 10}, 0, {}),  # no such right
        ({2026: 6, 2027: 14, 2028: 10}, 1, {"2027": 4}),
        ({2026: 6, 2027: 12, 2028: 10}, 1, {"2027": 2}),  # only what is above the year's own minimum
        ({2026: 6, 2027: 30, 2028: 10}, 1, {"2027": 4}),  # only what was missing
        ({2026: 6, 2027: 10, 2028: 14}, 1, {}),  # too late by a year
        ({2026: 6, 2027: 10, 2028: 14}, 2, {"2028": 4}),
        ({2026: 10, 2027: 14, 2028: 6}, 2, {}),  # it was not missing before
    ],
)
@pytest.mark.parametrize("view", ["buyer", "system"])
def test_what_was_paid_and_not_taken_may_be_taken_later(view, demand, makeup, regained):
    plan = planned(uneven(demand, makeup=makeup), view=view)
    found = {t: tonnes for t, tonnes in sums(plan, "Contracts", "Make-up", "Period").items() if tonnes}
    assert found == approx(regained)
    missing = sum(max(0, 10 - tonnes) for tonnes in demand.values())
    # 25 USD/kg for what is missing, and as much less for what is made good; all that is taken costs 50
    cost = 0.05 * sum(demand.values()) + 0.025 * (missing - sum(regained.values()))
    assert sum(paid(plan).values()) == approx(cost)
    if view == "buyer":
        assert plan.objective == approx(cost)


@pytest.mark.parametrize("view", ["buyer", "system"])
@pytest.mark.parametrize("minimum", [{2026: 10, 2027: 0, 2028: 10}, {2026: 10, 2027: 0}])
def test_it_may_be_taken_in_a_year_without_a_minimum(view, minimum):
    plan = planned(uneven({2026: 0, 2027: 8, 2028: 10}, minimum=minimum, makeup=1), view=view)
    assert sums(plan, "Contracts", "Make-up", "Period") == approx({"2026": 0, "2027": 8, "2028": 0})
    # half of 50 USD/kg for 10 t that are missing, and as much less for the 8 t made good
    assert sum(paid(plan).values()) == approx(0.05 * (8 + 10) + 0.025 * (10 - 8))


def test_the_rows_of_make_up():
    instance = tiny(uneven({2026: 6, 2027: 14}, makeup=1), view="buyer")
    row, low, _ = line(instance, "takeorpay.least", "DEAL", "2027")
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2027]": 1,
        "takeorpay.deficit[DEAL,2027]": 1,
        "takeorpay.makeup[DEAL,2026,2027]": -1,
    }
    assert low == 10
    row, low, high = line(instance, "takeorpay.vintage", "DEAL", "2026")
    assert row == {"takeorpay.makeup[DEAL,2026,2027]": 1, "takeorpay.deficit[DEAL,2026]": -1}
    assert high == 0
    # above = 1: no deficit; above = 0: nothing is made good, and the deficit is no more than what is missing
    row, _, high = line(instance, "takeorpay.none_above", "DEAL", "2027")
    assert (row, high) == ({"takeorpay.deficit[DEAL,2027]": 1, "takeorpay.above[DEAL,2027]": 10}, 10)
    row, _, high = line(instance, "takeorpay.makeup_above", "DEAL", "2027")
    assert (row, high) == ({"takeorpay.makeup[DEAL,2026,2027]": 1, "takeorpay.above[DEAL,2027]": -10}, 0)
    row, _, high = line(instance, "takeorpay.missing", "DEAL", "2027")
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2027]": 1,
        "takeorpay.deficit[DEAL,2027]": 1,
        "takeorpay.above[DEAL,2027]": -14,  # what the car plant can use in that year
    }
    assert high == 10


def test_a_firm_contract_has_nothing_to_make_good():
    rows = market(6), deal(minimum=4, take_or_pay="firm", makeup=2)
    assert "a firm contract has no deficit to make good" in faults(rows)
    rows = market(6), deal(minimum_share=40, makeup=2)
    assert "make-up rights of a minimum share are not planned" in faults(rows)


# ------------------------------------------------------------------------------------------------ options


def test_an_option_owes_its_minimum_only_if_it_is_signed():
    instance = tiny(market(6), option(minimum=10))
    row, low, _ = line(instance, "takeorpay.least", "DEAL", "2026")
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2026]": 1,
        "takeorpay.deficit[DEAL,2026]": 1,
        "contracts.sign[DEAL,2026]": -10,
    }
    assert low == 0
    row, _, high = line(instance, "takeorpay.owed", "DEAL", "2026")
    assert (row, high) == ({"takeorpay.deficit[DEAL,2026]": 1, "contracts.sign[DEAL,2026]": -10}, 0)
    # at spot 6 t cost 180 k USD; under the option 10 t are paid at 50 USD/kg
    plan = planned(instance.with_rows(*tiny(market(6), sells("mine", "magnet", 30)).rows()), view="buyer")
    assert paid(plan) == approx({"purchase": 0.18})
    assert plan.tabs["Contracts"].rows == []


def test_an_option_on_a_share_of_output_binds_only_if_it_is_signed():
    rows = two_buyers(minimum_share=30, take_or_pay="firm", status="option", fixed=40)
    row, low, _ = line(tiny(rows), "takeorpay.least_share", "DEAL", "2026")
    # M: 30 % of the 10 t that the mine can make
    assert row == {
        "channels.flow[mine,car,magnet,DEAL,clean,2026]": 1,
        "production.activity[mine,mine magnet,mine magnet,clean,2026]": -0.3,
        "contracts.sign[DEAL,2026]": -3,
    }
    assert low == -3
    # 10 USD/kg less than spot, but signed it takes 3 t from the plane plant, where a tonne short is worth most
    assert flows(planned(rows, view="buyer"), "To", "Under") == approx({("plane", "spot"): 10})
    # the plane plant wants 4 t only: it is signed for the rest
    rows = [row for row in rows if not (isinstance(row, Demand) and row.customer == "plane")]
    needs = Demand(customer="plane", material="magnet", demand=4, shortage_value=3000)
    plan = planned(rows, needs, view="buyer")
    assert flows(plan, "To", "Under") == approx({("plane", "spot"): 4, ("car", "DEAL"): 6})
    assert sums(plan, "Contracts", "Minimum", "Contract") == approx({"DEAL": 3})


@pytest.mark.parametrize("view", ["buyer", "system"])
@pytest.mark.parametrize(
    ("first_open", "missing", "regained"),
    [
        ("2026", {"2026": 4, "2027": 0, "2028": 0}, {"2027": 4}),
        ("2027", {"2027": 0, "2028": 0}, {}),  # what is missing before it is signed is not owed
    ],
)
def test_make_up_rights_begin_with_the_signature(view, first_open, missing, regained):
    rows = uneven({2026: 6, 2027: 14, 2028: 10}, makeup=1, status="option", signing_cost=0.1)
    plan = planned(rows, view=view, first_period_open_to_decisions=first_open)
    assert sums(plan, "Contracts", "Deficit", "Period") == approx(missing)
    found = {t: tonnes for t, tonnes in sums(plan, "Contracts", "Make-up", "Period").items() if tonnes}
    assert found == approx(regained)
