"""Qualifications: which makers a customer accepts, and from when."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import faults, flows, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.arrays import compile_path
from sourcing.bindings import BINDINGS
from sourcing.components.demand import Demand, Substitute
from sourcing.components.horizon import Period
from sourcing.components.qualifications import Qualification, alternatives, decisions
from sourcing.model import build
from sourcing.solver import solve_path

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


@pytest.mark.parametrize("opened", [{"since": 2027}, {"lead_time": 12}])
def test_a_share_of_no_need_of_its_own_holds_no_substitute_back(opened):
    """The new works makes a stand-in at 1,000 that the car takes for up to half its need; magnets cost 3,000."""
    rows = (
        makes("new", "standin", cost=1000), makes("old", "magnet", cost=3000), NEED, accepts("old", "any"),
        Substitute(customer="car", material="magnet", substitute="standin", maximum_share=50),
        accepts("new", "standin", first_year_share=30, **opened),
    )  # fmt: skip
    shipped = flows(planned(years(2026, 2027, 2028), rows), "From", "Period")
    assert {t: shipped.get(("new", t), 0.0) for t in ("2026", "2027", "2028")} == approx(
        {"2026": 0, "2027": 5, "2028": 5}
    )


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


# ------------------------------------------------------------------------------------------------ as a decision

# 10 t/y of the new works save 2,000 USD/t: 0.02 M USD a year against the old one


@pytest.mark.parametrize(
    ("columns", "settings", "tonnes"),
    [
        ({"lead_time": 0}, {}, {2026: 10, 2027: 10, 2028: 10}),
        ({"lead_time": 12}, {}, {2027: 10, 2028: 10}),
        ({"lead_time": 24}, {}, {2028: 10}),  # 12 months more move the first flow by one year
        ({"lead_time": 13}, {}, {2028: 10}),  # the first period that begins after it
        ({"lead_time": 12}, {"first_period_open_to_decisions": "2027"}, {2028: 10}),  # and so does a year's delay
        ({"lead_time": 36}, {}, {}),  # after the horizon
        ({"cost": 0.05}, {}, {2026: 10, 2027: 10, 2028: 10}),  # saves 0.06
        ({"cost": 0.07}, {}, {}),
        ({"cost": 0.03, "lead_time": 12}, {}, {2027: 10, 2028: 10}),  # saves 0.04
        ({"cost": 0.05, "lead_time": 12}, {}, {}),
        ({"lead_time": 12, "first_year_share": 30}, {}, {2027: 3, 2028: 10}),
        ({"cost": 0.06, "first_year_share": 30}, {}, {}),  # saves 0.006 + 0.02 + 0.02
    ],
)
def test_a_maker_is_qualified_where_that_pays(columns, settings, tonnes):
    plan = planned(years(2026, 2027, 2028), makers(), NEED, accepts("old"), accepts(**columns), **settings)
    assert flows(plan, "Period", From="new") == approx({str(year): t for year, t in tonnes.items()})
    cost = columns.get("cost", 0.0) if tonnes else 0.0
    assert plan.objective == approx(0.09 + cost - 0.002 * sum(tonnes.values()))
    assert paid(plan, "Where", Kind="qualification") == approx({"car|magnet|new": cost} if cost else {})


def test_the_customer_pays_when_it_is_started():
    rows = years(2026, 2027, 2028), party("carmaker", "buyer", "car"), sells("new", "magnet", 1)
    plan = planned(rows, makers(), NEED, accepts(lead_time=12, cost=0.5))
    assert paid(plan, "Payer", "Period", Kind="qualification") == approx({("carmaker", "2026"): 0.5})


def test_the_row_that_waits_for_a_qualification():
    instance = tiny(years(2026, 2027, 2028), makers(), NEED, accepts("old"), accepts(lead_time=12, first_year_share=30))
    row, _, high = line(instance, "qualifications.gate", "car", "magnet", "new", "2028")
    assert row == {
        "channels.flow[new,car,magnet,inside,clean,2028]": 1,
        "qualifications.qualify[car,magnet,new,2026]": -10,  # what the customer needs
        "qualifications.qualify[car,magnet,new,2027]": -3,  # it opens in 2028
    }
    assert high == 0
    row, _, high = line(instance, "qualifications.once", "car", "magnet", "new")
    assert (list(row.values()), high) == ([1, 1], 1)
    assert ("qualifications.gate", ("car", "magnet", "old", "2028")) not in compile_path(build(instance)).rows


def test_a_maker_with_a_date_needs_no_decision_from_then_on():
    rows = years(2026, 2027, 2028), makers(), NEED, accepts("old"), accepts("new", "any", since=2027)
    gated = {
        index for family, index in compile_path(build(tiny(rows, accepts(cost=1)))).rows if family.endswith("gate")
    }
    assert gated == {("car", "magnet", "new", "2026")}
    assert flows(planned(rows, accepts(cost=0.01)), "From", "Period")["new", "2026"] == approx(10)  # saves 0.02
    assert flows(planned(rows, accepts(cost=0.03)), "From", "Period")["old", "2026"] == approx(10)


def test_several_rows_for_one_flow_add_up():
    rows = makers(), NEED, accepts("old"), accepts(cost=0.001, first_year_share=30)
    plan = planned(rows, accepts("new", "any", cost=0.001, first_year_share=40))
    assert flows(plan, "From") == approx({"new": 7, "old": 3})


def test_any_maker_that_is_qualified_has_one_share():
    rows = makers(), makes("third", "magnet", cost=2000), NEED, accepts("old")
    plan = planned(rows, accepts("any", cost=0.001, first_year_share=30))
    assert flows(plan, "From") == approx({"new": 3, "old": 7})
    # and one of its own lets the third in beside it
    plan = planned(rows, accepts("any", cost=0.001, first_year_share=30), accepts("third", cost=0.001))
    assert flows(plan, "From") == approx({"new": 3, "third": 7})


def test_the_plan_says_who_qualifies_when():
    rows = years(2026, 2027), makers(), NEED, accepts("old"), accepts(lead_time=12, cost=0.01, first_year_share=80)
    plan = planned(rows, makes("third", "magnet", cost=2999), accepts("third", cost=1))
    found = [row for row in plan.tabs["Projects and qualifications"].records() if row["Kind"] == "qualification"]
    assert [(row["Name"], row["Status"], row["Period"], row["Remark"]) for row in found] == [
        ("old for magnet", "qualified", "2026", None),
        ("new for magnet", "qualifies in 2027", "2027", "started in 2026; first-year share 80 %"),
        ("third for magnet", "not yet qualified", None, None),
    ]


def test_a_qualification_names_its_column_and_the_other_dates_it_could_have():
    instance = tiny(years(2026, 2027, 2028), makers(), NEED, accepts("old"), accepts(lead_time=12, cost=0.01))
    (decision,) = decisions(solve_path(instance))
    assert (decision.kind, decision.name, decision.where) == ("qualify", "car|magnet|new", "car")
    assert (decision.start.id, decision.opens.id, decision.steps, decision.outlay) == ("2026", "2027", 1, 0.01)
    assert decision.column == ("qualifications.qualify", ("car", "magnet", "new", "2026"))
    assert [t.id for t in alternatives(instance, decision)] == ["2027"]


def test_who_stays_closed_is_told():
    assert "this maker stays closed" in faults(makers(), NEED, accepts(lead_time=18))
    assert "it is sunk, and not counted" in faults(makers(), NEED, accepts(since=2026, cost=3))
    assert faults(makers(), NEED, accepts(cost=3)) == ""


def test_a_gate_is_told_at_the_row_that_would_open_it():
    instance = tiny(makers(), NEED, accepts("old"), accepts("any", "any", cost=3))
    for index in compile_path(build(instance)).rows:
        if index[0] == "qualifications.gate":
            assert BINDINGS[index[0]].row(instance, index[1]).key == "car|any|any"
