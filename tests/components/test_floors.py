"""Floors: what a guaranteed price costs whom, on which tonnes."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, flows, makes, paid, party, planned, sells, sums, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.horizon import Period
from sourcing.components.trade import Price
from sourcing.sheets import InstanceError


def cfd(**columns):
    given = {"floor": "CFD", "kind": "cfd", "material": "oxide", "covered": "mine", "payer": "state", "level": 70}
    return Floor(**given | columns)


def market(*more, price: float | dict[int, float] = 50, demand: float = 10):
    """A mine that sells oxide at 50 USD/kg to a buyer, and a state, all allied."""
    return [
        party("mineco", "supplier", "mine"), party("buyer", "buyer", "car"), party("state", "government"),
        Price(index="oxide", price=price), makes("mine", "oxide"), sells("mine", "oxide", price),
        Demand(customer="car", material="oxide", demand=demand), *more,
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ difference


@pytest.mark.parametrize(
    ("columns", "counted", "top_up", "upside"),
    [
        ({}, 10, 20 * 10, 0),  # 70 - 50 USD/kg on ten tonnes
        ({"volume": 4}, 4, 20 * 4, 0),  # on the volume only
        ({"volume": 40}, 10, 20 * 10, 0),
        ({"level": 45}, 10, 0, 0),  # the market is above the level
        ({"benchmark": "china"}, 10, 40 * 10, 0),  # 70 - 30
        ({"level": 0, "upside_from": 40, "upside_share": 30}, 10, 0, 0.3 * 10 * 10),  # 30 % of 50 - 40
        ({"level": 0, "upside_from": 40, "upside_share": 30, "volume": 4}, 4, 0, 0.3 * 10 * 4),
        ({"level": 0, "upside_from": 60, "upside_share": 30}, 10, 0, 0),
        ({"level": 70, "upside_from": 40, "upside_share": 30}, 10, 20 * 10, 0.3 * 10 * 10),
    ],
)
@pytest.mark.parametrize("view", ["system", "buyer"])
def test_a_contract_for_difference(view, columns, counted, top_up, upside):
    plan = planned(market(Price(index="china", price=30)), cfd(**columns), view=view)
    (row,) = [row for row in plan.tabs["Floors"].records() if row["Floor"] == "CFD"]
    assert (row["Output"], row["Counted"]) == (approx(10), approx(counted))
    assert (row["Top-up"], row["Upside"]) == (approx(top_up / 1000), approx(upside / 1000))
    found = paid(plan, "Payer", "Payee", "Kind")
    assert found.get(("state", "mineco", "top-up"), 0) == approx(top_up / 1000)
    assert found.get(("mineco", "state", "upside share"), 0) == approx(upside / 1000)
    # neither the buyer nor the alliance as a whole pays it
    assert plan.objective == approx(0.5 if view == "buyer" else 0)


def test_the_upside_starts_on_its_day():
    floor = cfd(level=0, upside_from=40, upside_share=50, upside_starts="2027-07-01")
    plan = planned(years(2026, 2027, 2028), market(), floor)
    # it applies in the periods that begin on the day or after it: half of 10 USD/kg on 10 t
    assert paid(plan, "Period", Kind="upside share") == approx({"2028": 0.05})


def test_a_level_and_a_volume_over_time():
    rows = Period(period="long", start=2026, years=2), market(), cfd(level={2026: 70, 2027: 60}, volume=4)
    assert paid(planned(rows), Kind="top-up") == approx({"top-up": 15 * 8 / 1000})  # 65 - 50 on 2·4 t


def test_two_covered_producers_share_by_what_they_make():
    rows = [
        party("mineco", "supplier", "mine"), party("other", "supplier", "pit"), party("state", "government"),
        Price(index="oxide", price=50), makes("mine", "oxide", 2), makes("pit", "oxide", 3),
        sells("mine", "oxide", 50), sells("pit", "oxide", 50), Demand(customer="car", material="oxide", demand=5),
    ]  # fmt: skip
    # 20 USD/kg on 4 of the 5 t: two fifths to one, three fifths to the other
    found = paid(planned(rows, cfd(covered="mine; pit", volume=4)), "Payee", Kind="top-up")
    assert found == approx({"mineco": 0.032, "other": 0.048})


def test_a_volume_that_counts_as_a_cost_is_refused():
    # an outsider's mine: the alliance would pay for tonnes above the volume too
    rows = market()[3:], party("mineco", "supplier", "mine", allied=False), party("buyer", "buyer", "car")
    state = party("state", "government")
    with pytest.raises(InstanceError, match="choose the other view, or clear the volume"):
        planned(rows, state, cfd(volume=4))
    plan = planned(rows, state, cfd())
    assert plan.objective == approx(0.5 + 0.2)  # the purchase, and 20 USD/kg on ten tonnes


def test_what_a_contracts_floor_costs_is_shown():
    deal = Contract(contract="DEAL", seller="mine", buyer="car", material="oxide", floor=60)
    assert flows(planned(market(), deal, view="buyer"), "Under") == approx({"spot": 10})  # at 50 USD/kg
    plan = planned(market()[:5], market()[6:], deal, view="buyer")  # without the offer
    assert sums(plan, "Floors", "Top-up", "Floor", "Kind") == approx({("DEAL", "contract floor"): 0.1})
    assert paid(plan) == approx({"purchase": 0.6})


# ------------------------------------------------------------------------------------------------ border


def at_the_border(price: float = 50, members: str = "JP", **columns):
    given = {
        "floor": "BORDER", "kind": "border", "material": "magnet", "covered": "country:CN", "members": members,
        "level": 70,
    }  # fmt: skip
    return [
        party("prc", "supplier", "china", allied=False, country="CN"), party("buyer", "buyer", "car", country="JP"),
        party("state", "government", country="JP"), Price(index="magnet", price=price), makes("china", "magnet"),
        sells("china", "magnet", price), Demand(customer="car", material="magnet", demand=10), Floor(**given | columns),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "members", "columns", "top_up"),
    [
        (50, "JP", {}, 0.2),  # 70 - 50 USD/kg on ten tonnes
        (80, "JP", {}, 0),  # dearer than the floor
        (50, "KR; US", {}, 0),  # not into Japan
        (50, "JP; CN", {}, 0),  # from inside
        (50, "JP", {"covered": "country:RU; mine"}, 0),  # from elsewhere
    ],
)
def test_importers_pay_the_difference_to_their_treasury(price, members, columns, top_up):
    mine = makes("mine", "magnet", 0)
    plan = planned(at_the_border(price, members, **columns), mine, view="buyer")
    found = paid(plan, "Payer", "Payee", Kind="border top-up")
    assert found == approx({("buyer", "state"): top_up} if top_up else {})
    assert plan.objective == approx(price / 100 + top_up)
    # for the alliance it stays in the family
    assert planned(at_the_border(price, members, **columns), mine).objective == approx(price / 100)


def test_a_border_floor_makes_the_dearer_source_the_cheaper():
    home = party("maker", "supplier", "works", country="JP"), makes("works", "magnet"), sells("works", "magnet", 65)
    plan = planned(at_the_border(), home, view="buyer")
    assert flows(plan, "From") == approx({"works": 10})  # 65 against 50 + 20


# ------------------------------------------------------------------------------------------------ faults


def test_what_a_floor_may_not_say():
    assert "nobody pays the difference" in faults(market(), cfd(payer=""))
    assert "means no site" in faults(market(), cfd(covered="country:TV"))
    assert "must be a finite number" in faults(market(), cfd(level=float("inf")))
    assert "whose border is not said" in faults(at_the_border(members=""))
    other = Demand(customer="car", material="other", demand=1), makes("mine", "other", unit="o")
    assert "no benchmark: other has no price index either" in faults(market(), other, cfd(material="other"))
