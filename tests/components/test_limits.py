"""Limits: caps and minimums in tonnes and as shares, hard or at a price, while they hold."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import at, faults, flows, line, makes, paid, planned, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.sheets import NoPlan


def limit(**columns):
    given = {"limit": "CAP", "material": "magnet", "origin": "country:CN", "destination": "car"} | columns
    return Limit(**given)


def two_sources(demand: float = 100):
    """China makes a magnet for 1,000 USD/t, Australia for 3,000."""
    return [
        at("CN", "china"), at("AU", "mine"), makes("china", "magnet", cost=1000), makes("mine", "magnet", cost=3000),
        Demand(customer="car", material="magnet", demand=demand),
    ]  # fmt: skip


CHINA = "channels.flow[china,car,magnet,inside,clean,2026]"
MINE = "channels.flow[mine,car,magnet,inside,clean,2026]"
USED = "demand.deliver[car,magnet,,magnet,clean,2026]"


# ------------------------------------------------------------------------------------------------ shares


def test_a_share_is_of_what_the_receivers_use():
    instance = tiny(two_sources(), limit(maximum_share=60))
    row, _, high = line(instance, "limits.most_share", "CAP", "2026")
    assert (row, high) == ({CHINA: 1, USED: -0.6}, 0)
    plan = planned(instance)
    assert flows(plan, "From") == approx({"china": 60, "mine": 40})
    assert plan.objective == approx(60 * 0.001 + 40 * 0.003)
    assert sums(plan, "Limits", "Share", "Limit") == approx({"CAP": 60})
    assert sums(plan, "Limits", "Maximum", "Limit") == approx({"CAP": 60})  # in tonnes of its base


@pytest.mark.parametrize(
    ("penalty", "over"),
    [
        (1000, 40),  # USD/t: cheaper than 2,000 more for Australian magnets
        (3000, 0),
    ],
)
def test_a_soft_share_may_be_passed_at_a_price(penalty, over):
    plan = planned(two_sources(), limit(maximum_share=60, penalty=penalty))
    assert flows(plan, "From").get("china") == approx(60 + over)
    assert sums(plan, "Limits", "Over", "Limit") == approx({"CAP": over})
    assert paid(plan, "Payer", Kind="limit penalty") == approx({"planner": over * penalty / 1e6} if over else {})


def test_a_minimum_share():
    instance = tiny(two_sources(), limit(origin="country:AU", minimum_share=30))
    row, _, high = line(instance, "limits.least_share", "CAP", "2026")
    assert (row, high) == ({MINE: -1, USED: 0.3}, 0)
    assert flows(planned(instance), "From") == approx({"china": 70, "mine": 30})


def test_a_soft_minimum_share_may_be_missed_at_a_price():
    plan = planned(two_sources(), limit(origin="country:AU", minimum_share=30, penalty=500))
    assert sums(plan, "Limits", "Under", "Limit") == approx({"CAP": 30})
    assert plan.objective == approx(100 * 0.001 + 30 * 0.0005)


def test_the_base_is_what_processes_take_in_and_demands_use_from_any_source():
    # 100 t of magnets of 0.5 t of oxide each, and 10 t of oxide as such; the works digs 20 t of its own
    rows = [
        at("CN", "china"), at("AU", "works"), makes("china", "oxide", cost=1), makes("works", "oxide", 20, unit="pit"),
        makes("works", "magnet", takes={"oxide": 0.5}), Demand(customer="car", material="magnet", demand=100),
        Demand(customer="car", material="oxide", demand=10),
        Limit(limit="CAP", material="oxide", origin="country:CN", destination="any", maximum_share=90),
    ]  # fmt: skip
    plan = planned(rows)
    assert sums(plan, "Limits", "Base", "Limit") == approx({"CAP": 60})  # 100·0.5 + 10
    assert sums(plan, "Limits", "Counted", "Limit") == approx({"CAP": 40})  # 20 t are its own
    row, *_ = line(tiny(rows), "limits.most_share", "CAP", "2026")
    assert row["production.activity[works,works magnet,works magnet,clean,2026]"] == approx(-0.9 * 0.5)
    assert row["demand.deliver[car,oxide,,oxide,clean,2026]"] == approx(-0.9)


def test_a_share_of_a_form_counts_all_of_its_materials():
    rows = two_sources(60), makes("china", "hot", unit="hot", cost=1000), makes("mine", "hot", unit="h", cost=9000)
    need = Demand(customer="car", material="hot", demand=40)
    plan = planned(rows, need, limit(material="form:magnet", maximum_share=50))
    # half of 100 t: the hot ones come from China, where they are cheaper by more
    assert flows(plan, "From", "Material") == approx(
        {("china", "hot"): 40, ("china", "magnet"): 10, ("mine", "magnet"): 50}
    )


# ------------------------------------------------------------------------------------------------ tonnes


def test_a_cap_in_tonnes_holds_from_first_to_last():
    periods = years(2026, 2027, 2028, 2029)
    instance = tiny(periods, two_sources(10), limit(maximum=4, first="2027", last="2028"))
    row, _, high = line(instance, "limits.most", "CAP", "2027")
    assert (row, high) == ({CHINA.replace("2026", "2027"): 1}, 4)
    assert flows(planned(instance), "Period", From="china") == approx({"2026": 10, "2027": 4, "2028": 4, "2029": 10})


def test_a_period_that_reaches_out_of_first_to_last_is_free():
    long = Period(period="long", start=2026, years=2)
    plan = planned(long, two_sources(10), limit(maximum=0, first="2027"))
    assert flows(plan, "From") == approx({"china": 20})
    assert "no period lies within First and Last" in faults(long, two_sources(10), limit(maximum=0, first="2027"))


def test_a_cap_is_a_rate():
    plan = planned(Period(period="long", start=2026, years=3), two_sources(10), limit(maximum=4))
    assert flows(plan, "From") == approx({"china": 12, "mine": 18})


def test_a_minimum_in_tonnes():
    instance = tiny(two_sources(10), limit(origin="mine", minimum=3))
    row, low, _ = line(instance, "limits.least", "CAP", "2026")
    assert (row, low) == ({MINE: 1}, 3)
    assert flows(planned(instance), "From") == approx({"china": 7, "mine": 3})


def test_a_minimum_that_cannot_be_is_named():
    with pytest.raises(NoPlan, match="5 t less for the minimum of limit CAP in 2026"):
        planned(two_sources(10), limit(origin="mine", minimum=15))


def test_a_soft_minimum_that_cannot_be_is_paid():
    plan = planned(two_sources(10), limit(origin="mine", minimum=15, penalty=9000))
    assert flows(plan, "From") == approx({"mine": 10})
    assert paid(plan, Kind="limit penalty") == approx({"limit penalty": 0.045})  # 5·9,000 USD


def test_it_counts_what_is_shipped_in_the_period():
    # half a year on the way: 8 t leave in 2026, 4 arrive
    far = Lane(origin="china", destination="car", goods="any", lead_time=182.5)
    plan = planned(two_sources(10), far, limit(maximum=8))
    assert sums(plan, "Limits", "Counted", "Limit") == approx({"CAP": 8})
    assert short(plan) == approx(6)


# ------------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "the row limits nothing"),
        ({"minimum": 5, "maximum": 4}, "is above the maximum of 4"),
        ({"minimum_share": 5, "maximum_share": 4}, "is above the maximum of 4"),
        ({"maximum": 4, "origin": "country:TV"}, "selects nothing: the limit would never hold"),
        ({"maximum": 4, "form": "scrap"}, "selects nothing: the limit would never hold"),
    ],
)
def test_what_a_limit_may_not_say(columns, words):
    assert words in faults(two_sources(), limit(**columns))
