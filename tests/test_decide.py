"""Decide by: until when a decision can wait, and what a year's waiting costs."""

from __future__ import annotations

from pytest import approx
from tiny import makes, party, planned, sells, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.trade import Offer, Price

FIVE = years(2026, 2027, 2028, 2029, 2030)
NEED = {2026: 0, 2028: 10}


def decisions(*rows, **settings):
    return list(planned(FIVE, *rows, **settings).tabs["Decisions"].records())


def kiln(**columns):
    given = {"project": "KILN", "unit": "kiln", "capex": 2, "cost_of_capital": 0, "life": 2} | columns
    return makes("works", "magnet", 10, unit="kiln"), Project(**given)


def test_a_project_is_due_its_lead_time_before_the_need():
    # 10 t from 2028 on; a year of waiting is 10 t short at 1,000 USD/kg, less the 1 M USD a year that falls later
    (row,) = decisions(kiln(lead_time=12, life=10), Demand(customer="car", material="magnet", demand=NEED))
    assert (row["Kind"], row["Name"], row["Period"], row["Opens"], row["Steps"]) == ("build", "KILN", "2027", "2028", 1)
    assert (row["Outlay"], row["Decide by"]) == (approx(2), "2027-01-01")
    assert row["Waiting costs"] == approx(10 * 1.0 - 2 / 10)
    assert row["In words"] == "Start KILN by 1 January 2027: a year later costs 9.8 M USD more."


def test_what_costs_nothing_can_wait_until_it_is_needed():
    # without a cost the solver may qualify at any time before 2028; the date says how long it can wait
    maker = Qualification(customer="car", material="any", maker="works", lead_time=12)
    rows = makes("works", "magnet", 10), maker, Demand(customer="car", material="magnet", demand=NEED)
    (row,) = decisions(rows)
    assert (row["Kind"], row["Name"], row["Decide by"]) == ("qualify", "car|any|works", "2027-01-01")
    assert row["Waiting costs"] == approx(10)


def test_a_signature_that_saves_little_says_how_little():
    # 10 t in 2030 alone: 30 USD/kg at spot, 20 under the contract, less 0.05 M USD for signing it
    option = Contract(
        contract="K", seller="mine", buyer="car", material="magnet", fixed=20, status="option", signing_cost=0.05
    )
    (row,) = decisions(
        party("mineco", "supplier", "mine", allied=False), makes("mine", "magnet"), sells("mine", "magnet", 30), option,
        Demand(customer="car", material="magnet", demand={2026: 0, 2030: 10}),
    )  # fmt: skip
    assert (row["Kind"], row["Decide by"]) == ("sign", "2030-01-01")
    assert row["Waiting costs"] == approx(10 * 0.01 - 0.05)
    assert row["In words"] == "Sign K by 1 January 2030: leaving it costs 0.1 M USD more."


def test_what_is_built_as_one_waits_as_one():
    rows = (
        makes("works", "magnet", 10, unit="kiln", takes={"alloy": 1.0}), makes("works", "alloy", 10, unit="caster"),
        Project(project="KILN", unit="kiln", capex=1, together="plant"),
        Project(project="CASTER", unit="caster", capex=1, together="plant"),
        Demand(customer="car", material="magnet", demand=NEED),
    )  # fmt: skip
    found = decisions(rows)
    assert [row["Name"] for row in found] == ["KILN", "CASTER"]
    assert found[0]["Waiting costs"] == found[1]["Waiting costs"] == approx(10, rel=0.1)


def test_where_what_is_ordered_would_have_to_change_the_cost_is_a_bound():
    # an order of 5 t or more is placed from 2028 on: a maker who is qualified later cannot fill that of 2028
    rows = (
        party("mineco", "supplier", "mine", allied=False), makes("mine", "magnet"),
        Price(index="m", price=20), Offer(site="mine", material="magnet", index="m", minimum_order=5),
        Qualification(customer="car", material="any", maker="mine", lead_time=12),
        Demand(customer="car", material="magnet", demand=NEED),
    )  # fmt: skip
    (row,) = decisions(rows)
    assert (row["Decide by"], row["Waiting costs"]) == ("2027-01-01", approx(10 * (1.0 - 0.02)))
    assert row["Waiting is"] == "at least"
    assert row["In words"].endswith("a year later costs at least 9.8 M USD more.")


def test_a_plan_without_decisions_has_none():
    assert decisions(makes("works", "magnet", 10), Demand(customer="car", material="magnet", demand=1)) == []
