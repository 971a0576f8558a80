"""Shocks: what they make of numbers, of lead times and of what is switched, and what they may not."""

from __future__ import annotations

import math

import pytest
from shocked import BASE, MINE, NEED, YEARS, over_years, refused, shock, struck
from tiny import NONE, at, china_rule, line, makes, party, planned, sells, short, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Unit
from sourcing.components.projects import Project, committed_start, starts
from sourcing.components.qualifications import Qualification
from sourcing.components.qualifications import starts as qualified_from
from sourcing.components.rules import Waiver
from sourcing.components.scenarios import Scenario
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.sheets import Series

# ------------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"multiply": 0.5}, [100, 50, 50, 100]),
        ({"add": 7}, [100, 107, 107, 100]),
        ({"multiply": 0.5, "add": 7}, [100, 57, 57, 100]),  # times, then plus
        ({"set": "3"}, [100, 3, 3, 100]),
    ],
)
def test_a_number_over_time_changes_in_its_span_alone(change, values):
    found = struck(MINE, NEED, shock("Units", "Capacity", row_id="pit", first="2027", last="2028", **change))
    assert over_years(found.row(Unit, "pit").capacity, found) == values


def test_a_part_of_a_period_counts_by_its_overlap():
    # half of 2027 at 20 t/y, half at 100: 60
    found = struck(MINE, NEED, shock("Units", "Capacity", first="2027H2", last="2027H2", set="20"))
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 60, 100, 100]


def test_no_limit_can_be_set():
    found = struck(MINE, NEED, shock("Units", "Capacity", row_id="pit", first="2028", set="none"))
    assert found.row(Unit, "pit").capacity == Series((-math.inf, 2028.0), (100, NONE))


def test_a_blank_span_is_from_the_start_to_the_end():
    shocks = shock("Units", "Capacity", row_id="pit", set="0")
    assert over_years(struck(MINE, NEED, shocks).row(Unit, "pit").capacity, struck(MINE, NEED, shocks)) == [0, 0, 0, 0]
    found = struck(MINE, NEED, shocks, starts="2028")
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 100, 0, 0]


def test_shocks_of_one_number_follow_each_other():
    found = struck(
        MINE, NEED,
        shock("Units", "Capacity", row_id="pit", first="2027", multiply=0.5),
        shock("Units", "Capacity", row_id="pit", first="2028", last="2028", multiply=0.5),
    )  # fmt: skip
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 50, 25, 50]


SOLD = [
    party("maker", "supplier", "mine", allied=False), MINE, NEED, sells("mine", "magnet", 40),
    Lane(origin="mine", destination="car", goods="magnet", freight=100, tariff=2, maximum=50),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row_type", "key", "column", "values"),
    [
        (Lane, "mine|car|magnet", "Freight", [100, 200, 100, 100]),
        (Lane, "mine|car|magnet", "Tariff", [2, 4, 2, 2]),
        (Lane, "mine|car|magnet", "Maximum", [50, 100, 50, 50]),
    ],
)
def test_a_number_that_holds_at_all_times_can_vary(row_type, key, column, values):
    found = struck(SOLD, shock("Lanes", column, row_id="mine", first="2027", last="2027", multiply=2))
    field = next(c.field for c in row_type.columns.values() if c.name == column)
    assert over_years(getattr(found.row(row_type, key), field), found) == values


def test_what_varies_is_planned_and_audited():
    """In 2027: freight 200 USD/t, 6 t on the lane, an offer at 44 USD/kg (10 % and 0 on 40) of at most 5 t."""
    found = struck(
        SOLD,
        shock("Lanes", "Freight", row_id="mine", first="2027", last="2027", add=100),
        shock("Lanes", "Maximum", row_id="mine", first="2027", last="2027", set="6"),
        shock("Offers", "Premium", site="mine", first="2027", last="2027", set="10"),
        shock("Offers", "Maximum", site="mine", first="2027", last="2027", set="5"),
    )
    plan = planned(found)
    rows = {row["Period"]: row for row in plan.tabs["Sourcing"].records()}
    assert [rows[t]["Flow"] for t in ("2026", "2027", "2028")] == pytest.approx([10, 5, 10])
    assert [rows[t]["Freight"] for t in ("2026", "2027", "2028")] == [100, 200, 100]
    assert [rows[t]["Price"] for t in ("2026", "2027", "2028")] == pytest.approx([40, 44, 40])
    assert short(plan) == pytest.approx(5)


def test_costs_of_running_vary_and_are_audited():
    # 10 t a year at 1,000 USD/t is 0.01 M USD, in 2027 at 3,000; a fixed cost of 2 M USD in 2028 is 5
    found = struck(
        makes("mine", "magnet", 100, unit="pit", cost=1000, fixed_cost=2), NEED,
        shock("Processes", "Cost", site="mine", first="2027", last="2027", set="3000"),
        shock("Units", "Fixed cost", site="mine", first="2028", last="2028", add=3),
    )  # fmt: skip
    costs = {(row["Kind"], row["Period"]): row["Amount"] for row in planned(found).tabs["Costs"].records()}
    assert [costs["processing", t] for t in ("2026", "2027", "2028")] == pytest.approx([0.01, 0.03, 0.01])
    assert [costs["fixed", t] for t in ("2026", "2027", "2028")] == pytest.approx([2, 2, 5])


def test_stock_limits_vary():
    shelf = Stockpile(stockpile="SHELF", holder="us", site="shelf", material="magnet", label="clean", opening=9, draw=9)
    found = struck(
        shelf, Demand(customer="car", material="magnet", demand={2026: 0, 2027: 9, 2029: 0}),
        shock("Stockpiles", "Draw", row_id="SHELF", first="2027", last="2027", set="4"),
        shock("Stockpiles", "Draw", row_id="SHELF", first="2028", last="2028", set="3"),
        shock("Stockpiles", "Minimum", row_id="SHELF", first="2028", last="2028", set="2"),
    )  # fmt: skip
    # 4 t may be drawn in 2027 and 3 t in 2028; then the minimum is reached
    levels = {row["Period"]: row["Closing"] for row in planned(found).tabs["Stockpiles"].records()}
    assert levels == pytest.approx({"2026": 9, "2027": 5, "2028": 2, "2029": 2}, abs=1e-6)


def test_a_limit_without_a_number_gets_one_in_its_span():
    cap = Limit(limit="cap", material="magnet", origin="mine", destination="car", maximum=100)
    found = struck(
        MINE, NEED, cap,
        shock("Limits", "Maximum", row_id="cap", first="2027", last="2027", multiply=0.04),
        shock("Limits", "Minimum", row_id="cap", first="2028", last="2028", set="3"),
    )  # fmt: skip
    assert line(found, "limits.most", "cap", "2027")[2] == 4
    assert line(found, "limits.most", "cap", "2028")[2] == 100
    assert line(found, "limits.least", "cap", "2028")[1] == 3
    assert short(planned(found)) == pytest.approx(6)


def test_prices_under_a_contract_vary():
    deal = Contract(contract="DEAL", seller="mine", buyer="car", material="magnet", maximum=10)
    found = struck(
        party("maker", "supplier", "mine", allied=False), MINE, NEED, Price(index="magnet", price=40), deal,
        shock("Contracts", "Floor", row_id="DEAL", first="2027", last="2027", set="50"),
        shock("Contracts", "Cap", row_id="DEAL", first="2028", last="2028", set="30"),
        shock("Contracts", "Premium", row_id="DEAL", first="2029", last="2029", set="-50"),
    )  # fmt: skip
    rows = {row["Period"]: row["Price"] for row in planned(found).tabs["Contracts"].records()}
    assert rows == {"2026": 40, "2027": 50, "2028": 30, "2029": 20}


def test_what_holds_at_all_times_can_change_for_the_whole_horizon():
    found = struck(MINE, NEED, shock("Demand", "Shortage value", customer="car", set="700"))
    assert found[Demand][0].shortage_value == 700
    told = refused(MINE, NEED, shock("Demand", "Shortage value", first="2027", set="700"))
    assert "Column: 'Shortage value': s|Demand|" in told
    assert "Shortage value of Demand cannot change in some periods only (clear First, Last" in told


# ------------------------------------------------------------------------------------------------ lead times


def test_what_is_under_way_or_started_in_the_span_is_late():
    """A delay of a year in 2027: done before is done; begun in 2026 and not done, or in 2027, is late; 2028 is not."""
    found = struck(
        [makes(f"site {p}", "magnet", 5, unit=f"u {p}") for p in ("done", "under way", "option")], NEED,
        Project(project="done", unit="u done", status="committed", earliest=2026, lead_time=12),
        Project(project="under way", unit="u under way", status="committed", earliest=2026, lead_time=18),
        Project(project="option", unit="u option", earliest=2026, lead_time=12),
        shock("Projects", "Lead time", first="2027", last="2027", delay=12),
    )  # fmt: skip
    opens = {name: committed_start(found, found.row(Project, name)) for name in ("done", "under way")}
    # 12 months from 2026 is 2027 as before; 18 months and 12 are mid-2028, so 2029
    assert {name: t.id for name, t in opens.items()} == {"done": "2027", "under way": "2029"}
    dates = [(t.id, opens.id) for t, opens in starts(found, found.row(Project, "option"))]
    assert dates == [("2026", "2027"), ("2027", "2029"), ("2028", "2029")]
    planned(found)


def test_a_delay_without_a_span_holds_for_all_that_starts():
    rows = makes("site", "magnet", 5, unit="u"), Project(project="p", unit="u", status="committed", earliest=2026)
    assert committed_start(struck(rows, NEED), tiny(YEARS, rows, NEED).row(Project, "p")).id == "2026"
    found = struck(rows, NEED, shock("Projects", "Lead time", row_id="p", delay=18))
    assert committed_start(found, found.row(Project, "p")).id == "2028"  # mid-2027, so 2028
    plan = planned(found)
    assert short(plan) == pytest.approx(10 + 10 + 5 + 5)


def test_a_qualification_takes_longer():
    row = Qualification(customer="car", material="magnet", maker="mine", lead_time=0)
    known = Qualification(customer="car", material="magnet", maker="pit", since=2026)
    found = struck(
        MINE, makes("pit", "magnet", 1), NEED, row, known, shock("Qualifications", "Lead time", first="2027", delay=12)
    )
    dates = [(t.id, opens.id) for t, opens in qualified_from(found, found[Qualification][0])]
    assert dates == [("2026", "2026"), ("2027", "2028"), ("2028", "2029")]


# ------------------------------------------------------------------------------------------------ on and off

PLANT = makes("site", "magnet", 5, unit="u"), Project(project="p", unit="u", earliest=2026)


def test_a_project_that_is_off_cannot_be_started_any_more():
    found = struck(PLANT, NEED, shock("Projects", "Active", row_id="p", first="2028", set="no"))
    assert [t.id for t, _ in starts(found, found.row(Project, "p"))] == ["2026", "2027"]


def test_a_committed_project_that_has_not_begun_is_dropped():
    rows = [
        makes("site", "magnet", 5, unit="u", fixed_cost=1),
        Project(project="p", unit="u", status="committed", earliest=2027),
    ]
    late = struck(rows, NEED, shock("Projects", "Active", row_id="p", first="2028", set="no"))
    assert short(planned(late)) == pytest.approx(10 + 5 + 5 + 5)
    dropped = struck(rows, NEED, shock("Projects", "Active", row_id="p", first="2027", set="no"))
    plan = planned(dropped)
    assert short(plan) == pytest.approx(40)
    assert "fixed" not in {row["Kind"] for row in plan.tabs["Costs"].records()}


def test_units_contracts_and_needs_can_be_off():
    deal = Contract(contract="DEAL", seller="mine", buyer="car", material="magnet", minimum=4, take_or_pay="firm")
    rows = party("maker", "supplier", "mine", allied=False), MINE, NEED, Price(index="magnet", price=40), deal
    span = {"first": "2027", "last": "2028", "set": "no"}
    unsigned = planned(struck(rows, shock("Contracts", "Active", row_id="DEAL", **span)))
    assert {row["Period"] for row in unsigned.tabs["Sourcing"].records()} == {"2026", "2029"}
    assert short(planned(struck(MINE, NEED, shock("Units", "Active", row_id="pit", **span)))) == pytest.approx(20)
    idle = planned(struck(MINE, NEED, shock("Demand", "Active", row_id="none", **span)))
    assert [row["Demand"] for row in idle.tabs["Demand"].records()] == [10, 0, 0, 10]


def test_lanes_offers_and_limits_can_be_off():
    cap = Limit(limit="cap", material="magnet", origin="mine", destination="car", maximum=3)
    for tab, row, missing in (("Lanes", "mine", 7 * 3 + 10), ("Offers", "mine", 7 * 3 + 10), ("Limits", "cap", 7 * 3)):
        found = struck(SOLD, cap, shock(tab, "Active", row_id=row, first="2027", last="2027", set="no"))
        assert short(planned(found)) == pytest.approx(missing), tab


def test_a_floor_that_is_off_can_be_switched_on():
    floor = Floor(
        floor="F", kind="cfd", material="magnet", covered="mine", payer="state", level=100, active=False,
        upside_from=10, upside_share=50,
    )  # fmt: skip
    rows = [
        party("maker", "supplier", "mine"), party("state", "government"), MINE, NEED, sells("mine", "magnet", 40),
        Price(index="magnet", price=40), floor,
    ]  # fmt: skip
    found = struck(rows, shock("Floors", "Active", row_id="F", first="2027", last="2028", set="yes"))
    told = {row["Period"]: (row["Top-up"], row["Upside"]) for row in planned(found).tabs["Floors"].records()}
    # (100 - 40) USD/kg and half of (40 - 10), on 10 t
    assert told == {"2026": (0, 0), "2027": (0.6, 0.15), "2028": (0.6, 0.15), "2029": (0, 0)}


def test_a_waiver_that_is_off_can_be_switched_on():
    waiver = Waiver(rule="zc", customer="car", tonnes=4, active=False)
    clean = Demand(customer="car", material="magnet", rules="zc", demand=10)
    rows = at("CN", "mine"), MINE, china_rule(), clean, waiver
    found = struck(rows, shock("Waivers", "Active", row_id="zc", customer="any", first="2027", last="2027", set="yes"))
    assert short(planned(found)) == pytest.approx(10 + 6 + 10 + 10)


def test_a_row_that_is_switched_on_is_checked():
    cap = Limit(limit="cap", material="magnet", origin="pit", destination="car", maximum=3, active=False)
    told = refused(MINE, NEED, cap, shock("Limits", "Active", row_id="cap", set="yes"))
    assert "Limits From: 'pit': cap: is not an id on tabs Sites or Entities" in told


def test_stocks_for_shocks_open_in_events():
    """9 t that may be drawn from the first shock (2027) to the end of the last (2028); never in an outlook."""
    shelf = Stockpile(stockpile="S", holder="us", site="S", material="magnet", label="clean", opening=9,
                      release="shocks only", draw=3)  # fmt: skip
    shocks = [
        shock("Units", "Capacity", row_id="pit", first="2027", last="2027", set="0"),
        shock("Units", "Capacity", row_id="pit", first="2028", last="2028", set="9"),
    ]
    found = struck(makes("mine", "magnet", 10, unit="pit"), NEED, shelf, shocks)
    assert over_years(found.row(Stockpile, "S").draw, found) == [0, 3, 3, 0]
    assert short(planned(found)) == pytest.approx(7 + 0)
    outlook = Scenario(scenario="s", kind="outlook", probability=0)
    calm = under(tiny(YEARS, BASE, outlook, makes("mine", "magnet", 10, unit="pit"), NEED, shelf, shocks), "s")
    assert calm.row(Stockpile, "S").release == "shocks only"
