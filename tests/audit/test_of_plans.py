"""Plans of the model where audit and model once read the design differently; each has passed its audit."""

from __future__ import annotations

from pytest import approx
from tiny import at, china_rule, flows, makes, paid, party, planned, sells, sums, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.lanes import Lane
from sourcing.components.qualifications import Qualification
from sourcing.components.trade import Price


def test_an_owner_rule_covers_an_unproven_place():
    """The cheap source is ours but nobody knows where: under a rule on Chinese owners it is not taken."""
    rows = [
        makes("somewhere", "magnet", cost=1000), makes("mine", "magnet", cost=5000),
        Demand(customer="car", material="magnet", rules="zc", demand=10), china_rule(test="owner"),
    ]  # fmt: skip
    assert flows(planned(rows, at("ZZ", "somewhere")), "From") == approx({"mine": 10})
    assert flows(planned(rows, at("CN", "somewhere")), "From") == approx({"somewhere": 10})  # ours, in China


def test_a_border_floor_has_no_row_while_nothing_may_cross():
    """The only maker outside is accepted from 2027 on: 70 - 50 USD/kg on ten tonnes in that year."""
    plan = planned(
        years(2026, 2027), party("prc", "supplier", "china", allied=False, country="CN"),
        party("buyer", "buyer", "car", country="JP"), party("state", "government", country="JP"),
        Price(index="magnet", price=50), makes("china", "magnet"), sells("china", "magnet", 50),
        Demand(customer="car", material="magnet", demand=10),
        Qualification(customer="car", material="magnet", maker="china", since=2027),
        Floor(floor="BORDER", kind="border", material="magnet", covered="country:CN", members="JP", level=70),
        view="buyer",
    )  # fmt: skip
    assert sums(plan, "Floors", "Top-up", "Period") == approx({"2027": 0.2})


def test_who_may_take_bears_a_part_of_what_nobody_takes():
    """Nothing that is shipped to `far` arrives within the horizon, but it signed too: 10·50·100 % in halves."""
    plan = planned(
        party("mineco", "supplier", "mine"), party("near_co", "buyer", "near"), party("far_co", "buyer", "far"),
        makes("mine", "magnet", cost=1000), makes("near", "magnet", unit="own"), Price(index="magnet", price=50),
        [Demand(customer=site, material="magnet", demand=1) for site in ("near", "far")],
        Lane(origin="mine", destination="near", goods="magnet"),
        Lane(origin="mine", destination="far", goods="magnet", lead_time=400),
        Contract(contract="DEAL", seller="mineco", buyer="near; far", material="magnet", minimum=10, take_or_pay=100.0),
    )  # fmt: skip
    assert paid(plan, "Payer", "Payee", Kind="take-or-pay") == approx(
        {("near_co", "mineco"): 0.25, ("far_co", "mineco"): 0.25}
    )
