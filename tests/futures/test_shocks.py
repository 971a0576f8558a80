"""Shocks: which rows a shock means, what it makes of their numbers, and what it may not."""

from __future__ import annotations

import math

import bundled
import pytest
from tiny import NONE, at, china_rule, families, line, loose, makes, party, planned, sells, short, tiny, years

from sourcing.components import checks
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.horizon import Period, periods
from sourcing.components.horizon import at as in_period
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project, committed_start, starts
from sourcing.components.qualifications import Qualification
from sourcing.components.qualifications import starts as qualified_from
from sourcing.components.rules import Waiver
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.instance import Instance
from sourcing.model import build
from sourcing.sheets import InstanceError, Series
from sourcing.variants import switched

YEARS = years(2026, 2027, 2028, 2029)
BASE = Scenario(scenario="base", kind="outlook", probability=100)


def event(name: str = "s", **columns) -> Scenario:
    return Scenario(scenario=name, kind="event", hazard=5, **columns)


def shock(of_tab: str, of_column: str, **columns) -> Shock:
    return Shock(**({"scenario": "s", "of_tab": of_tab, "of_column": of_column} | columns))


def struck(*rows, start: str = "", **scenario) -> Instance:
    """The instance of four years after scenario `s`."""
    return under(tiny(YEARS, BASE, event(**scenario), *rows), "s", start)


def over_years(value, instance: Instance) -> list[float]:
    """A number of a row in each of the four years."""
    return [in_period(value, t) for t in periods(instance)]


def refused(*rows, **scenario) -> str:
    """What `check` says of a shock that cannot be; `under` says the same."""
    instance = loose(YEARS, BASE, event(**scenario), *rows)
    told = [str(issue) for issue in checks(instance) if issue.severity == "error"]
    with pytest.raises(InstanceError) as error:
        under(instance, "s")
    assert [str(issue) for issue in error.value.issues] == told
    return "\n".join(told)


# ------------------------------------------------------------------------------------------------ numbers


MINE = makes("mine", "magnet", 100, unit="pit")
NEED = Demand(customer="car", material="magnet", demand=10)


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


# ------------------------------------------------------------------------------------------------ which rows


NETWORK = [
    party("one", "supplier", "a", "b", country="CN"), party("two", "buyer", "c", "car", country="JP"),
    makes("a", "ore", 10, unit="ua"), makes("b", "oxide", 10, unit="ub", takes={"ore": 1}, stage="separation"),
    makes("c", "magnet", 10, unit="uc", takes={"oxide": 1}), NEED,
    sells("b", "oxide", 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("selectors", "hit"),
    [
        ({"site": "a"}, "ua"),
        ({"country": "CN"}, "ua ub"),
        ({"entity": "one", "stage": "separation"}, "ub"),
        ({"stage": "magnet"}, "uc"),
        ({"material": "oxide"}, "ub"),
        ({"row_id": "uc", "country": "JP"}, "uc"),
        ({}, "ua ub uc"),
    ],
)
def test_units_are_meant_by_their_site_and_their_processes(selectors, hit):
    found = struck(NETWORK, shock("Units", "Capacity", multiply=0.5, **selectors))
    changed = [row.unit for row in found[Unit] if row.capacity.values[-1] == 5]
    assert changed == hit.split()


def test_needs_are_meant_by_their_rules():
    needs = [Demand(customer=c, material="magnet", rules=r, demand=10) for c in ("car", "bus") for r in ("zc", "")]
    rows = MINE, china_rule(), needs
    for row, customer, hit in (("zc", "car", "car|magnet|zc"), ("none", "bus", "bus|magnet|")):
        found = struck(rows, shock("Demand", "Demand", row_id=row, customer=customer, multiply=2))
        assert [d.key for d in found[Demand] if d.demand.values[-1] == 20] == [hit]
    found = struck(rows, shock("Demand", "Demand", row_id="bus|magnet|", multiply=2))
    assert [d.key for d in found[Demand] if d.demand.values[-1] == 20] == ["bus|magnet|"]


def test_contracts_limits_and_lanes_are_meant_by_both_ends():
    cap = Limit(limit="cap", material="oxide", origin="b", destination="c", maximum=5)
    deal = Contract(contract="DEAL", seller="b", buyer="c", material="oxide", maximum=5, fixed=4)
    lanes = (
        Lane(origin="any", destination="any", goods="any"),
        Lane(origin="b", destination="c", goods="oxide", maximum=5),
    )
    for tab in ("Limits", "Contracts", "Lanes"):
        ends = {"origin": "country:CN", "destination": "country:JP"}
        found = struck(NETWORK, cap, deal, lanes, shock(tab, "Maximum", material="oxide", multiply=2, **ends))
        row = {"Limits": found[Limit][0], "Contracts": found[Contract][0], "Lanes": found[Lane][1]}[tab]
        assert over_years(row.maximum, found) == [10] * 4
        told = refused(NETWORK, cap, deal, lanes[1], shock(tab, "Maximum", origin="c", multiply=2))
        assert told.endswith(f"fits no row of {tab} (the selectors must all fit)")


def test_a_lane_that_is_wider_is_split():
    """The lane from China to Japan carries ore and oxide; oxide alone is cut to 4 t in 2027."""
    wide = Lane(origin="country:CN", destination="country:JP", goods="any", freight=7)
    inside = Lane(origin="any", destination="any", goods="any")
    found = struck(
        NETWORK, wide, inside,
        shock("Lanes", "Maximum", material="oxide", origin="country:CN", destination="country:JP", first="2027",
              last="2027", set="4"),
    )  # fmt: skip
    part, *others = found[Lane]
    assert (str(part.origin), str(part.goods), part.freight) == ("country:CN", "oxide", 7)
    assert others == [tiny(YEARS, NETWORK, wide, inside)[Lane][0], tiny(YEARS, NETWORK, wide, inside)[Lane][1]]
    assert line(found, "channels.lane", part.key, "2027")[2] == 4
    assert "channels.lane" in families(found)
    assert short(planned(found)) == pytest.approx(6)


def test_a_lane_with_a_joint_maximum_is_not_split():
    wide = Lane(origin="country:CN", destination="country:JP", goods="any", maximum=7)
    cut = shock("Lanes", "Freight", material="oxide", origin="country:CN", destination="country:JP", set="4")
    assert "has a maximum over more than is selected (write a row of its own on Lanes" in refused(NETWORK, wide, cut)


@pytest.mark.parametrize(
    ("given", "column", "message"),
    [
        (shock("Unit", "Capacity", set="1"), "Tab", "is not a tab (did you mean 'Units'?)"),
        (shock("Settings", "Value", set="1"), "Tab", "is a tab that no shock can change"),
        (shock("Units", "", set="1"), "Column", "may not be blank"),
        (shock("Units", "Capacty", set="1"), "Column", "is not a column of Units (did you mean 'Capacity'?)"),
        (shock("Units", "Site", set="a"), "Column", "is a column that no shock can change (columns: Minimum load"),
        (shock("Units", "Capacity", row_id="pot", set="1"), "Row", "is not a row of Units (did you mean 'pit'?)"),
        (shock("Units", "Capacity", site="car", set="1"), "Site", "fits no row of Units (the selectors must all fit)"),
        (shock("Units", "Capacity", customer="car", set="1"), "Customer", "Units have no Customer"),
        (shock("Units", "Capacity", origin="mine", set="1"), "Origin", "Units have no Origin"),
        (shock("Units", "Capacity"), "Multiply", "changes nothing (fill Multiply, Add, Set or Delay)"),
        (shock("Units", "Capacity", set="1", multiply=2), "Set", "Multiply is filled too"),
        (shock("Units", "Capacity", set="much"), "Set", "is not a number (write it in t/y)"),
        (shock("Units", "Capacity", set="nan"), "Set", "is not a number"),
        (
            shock("Units", "Capacity", multiply=-1),
            "Multiply",
            "makes Capacity of Units[pit] -100: it must be 0 or more",
        ),
        (shock("Units", "Fixed cost", set="none"), "Set", "Fixed cost must be a number (write it in M USD/y)"),
        (shock("Units", "Fixed cost", multiply=2), "Multiply", "Fixed cost is 0 in all rows that are meant"),
        (shock("Units", "Capacity", delay=3), "Delay", "Capacity of Units cannot be delayed (delay a Lead time)"),
        (shock("Lanes", "Maximum", multiply=2), "Multiply", "Maximum of Lanes[any|any|any] is no limit, which cannot"),
        (shock("Lanes", "Lead time", first="2027", set="9"), "Column", "Lead time of Lanes cannot change in some"),
        (shock("Units", "Active", set="off"), "Set", "must be yes or no"),
        (shock("Units", "Active", set="yes"), "Tab", "means rows of Units that are on already"),
        (shock("Processes", "Active", set="no"), "Tab", "rows of Processes cannot be switched in a scenario"),
        (shock("Projects", "Active", set="yes"), "Set", "a project can only be stopped (write no)"),
        (shock("Projects", "Active", set="no", last="2027"), "Last", "a project is stopped for good (clear Last)"),
    ],
)
def test_a_shock_that_cannot_be_is_told_at_its_cell(given, column, message):
    told = refused(MINE, NEED, given)
    assert len(told.splitlines()) == 1
    assert told.startswith(f"Shocks {column}: ")
    assert message in told


# ------------------------------------------------------------------------------------------------ starts and lines


OUTAGE = shock("Units", "Capacity", row_id="pit", first="2027", last="2027", set="0")


def test_spans_move_with_the_start():
    rows = MINE, NEED, OUTAGE, shock("Prices", "Price", row_id="magnet", first="2027", last="2029", set="9")
    rows = *rows, Price(index="magnet", price=5)
    for start, capacity, price in (
        ("", [100, 0, 100, 100], [5, 9, 9, 9]),
        ("2027", [100, 0, 100, 100], [5, 9, 9, 9]),
        ("2029", [100, 100, 100, 0], [5, 5, 5, 9]),
    ):
        found = struck(rows, starts="2027; 2029", start=start)
        assert over_years(found.row(Unit, "pit").capacity, found) == capacity
        assert over_years(found.row(Price, "magnet").price, found) == price  # an end at the horizon's stays there
        assert found.switches == (f"scenario s from {start}" if start else "scenario s",)


def test_a_start_at_any_time_is_written_for_its_earliest_first():
    rows = MINE, NEED, OUTAGE, shock("Demand", "Demand", first="2028", last="2028", set="3")
    found = struck(rows, starts="any", start="2026")
    assert over_years(found.row(Unit, "pit").capacity, found) == [0, 100, 100, 100]
    assert over_years(found[Demand][0].demand, found) == [10, 3, 10, 10]
    late = struck(rows, starts="any", start="2029")  # the second shock would come after the horizon
    assert over_years(late.row(Unit, "pit").capacity, late) == [100, 100, 100, 0]
    assert over_years(late[Demand][0].demand, late) == [10, 10, 10, 10]


def test_a_start_that_a_scenario_does_not_have():
    with pytest.raises(ValueError, match="s does not start in 2028: 2027; 2029"):
        struck(MINE, NEED, OUTAGE, starts="2027; 2029", start="2028")
    with pytest.raises(ValueError, match="'x' is no scenario: base, s"):
        under(tiny(YEARS, BASE, event(), MINE, NEED), "x")


def test_the_scenario_that_is_left_comes_first():
    first = event("first", starts="2027")
    rows = [
        MINE, NEED, first, shock("Units", "Capacity", row_id="pit", first="2027", add=-50, scenario="first"),
        shock("Units", "Capacity", row_id="pit", first="2028", multiply=0.5),
    ]  # fmt: skip
    found = struck(rows, leaves="first", starts="2028")
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 50, 25, 25]
    assert found.switches == ("scenario s",)
    instance = tiny(YEARS, BASE, event(leaves="first", starts="2028"), rows)
    assert under(instance, "s", left=under(instance, "first")).sha256() == found.sha256()


def test_a_scenario_without_shocks_leaves_the_tables_as_they_stand():
    instance = tiny(YEARS, BASE, event(), MINE, NEED)
    assert under(instance, "base").sha256() == instance.sha256()


def test_a_scenario_that_is_switched_off_can_be_run():
    found = struck(MINE, NEED, OUTAGE, active=False)
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 0, 100, 100]


def test_half_years_are_periods_too():
    halves = [Period(period=f"H{n}", start=f"2026-{m:02}-01", years=0.5) for n, m in ((1, 1), (2, 7))]
    rows = halves, BASE, event(starts="H2"), MINE, NEED, shock("Units", "Capacity", row_id="pit", first="H2", set="0")
    found = under(tiny(*rows), "s")
    assert over_years(found.row(Unit, "pit").capacity, found) == [100, 0]


def test_a_scenarios_plan_can_be_replayed():
    instance = tiny(YEARS, BASE, event(starts="2027; 2029"), MINE, NEED, OUTAGE)
    for start in ("", "2029"):
        found = under(instance, "s", start)
        assert switched(instance, found.switches).sha256() == found.sha256()


# ------------------------------------------------------------------------------------------------ bundled instances


@pytest.mark.parametrize("name", ["starter", pytest.param("allied-2026", marks=bundled.slow)])
def test_every_bundled_scenario_can_be_and_breaks_nothing(name):
    instance = bundled.instance(name)
    known = {str(issue) for issue in checks(instance)}
    for row in instance.all(Scenario):
        found = under(instance, row.scenario)
        new = [str(issue) for issue in checks(found) if issue.severity == "error" and str(issue) not in known]
        assert new == [], row.scenario


def differing(instance: Instance, other: Instance) -> dict[str, set[str]]:
    """The tabs and columns in which two instances differ."""
    found: dict[str, set[str]] = {}
    for tab, rows in instance._all.items():
        after = {row.key: row for row in other._all[tab]}
        for row in rows:
            for field, column in row.columns.items():
                if getattr(row, field) != getattr(after[row.key], field):
                    found.setdefault(tab, set()).add(column.name)
        if len(after) > len(rows):
            found.setdefault(tab, set()).add("new")
    return found


@bundled.both
def test_a_bundled_scenario_changes_what_its_shocks_name(name):
    """And nothing else, but for the lane that is split and the stocks that events open."""
    instance = bundled.instance(name)
    for row in instance.all(Scenario):
        named: dict[str, set[str]] = {}
        for change in instance[Shock]:
            if change.scenario == row.scenario:
                named.setdefault(change.of_tab, set()).add(change.of_column)
        if row.kind == "event":
            named["Stockpiles"] = {"Release", "Draw"}
        found = differing(instance, under(instance, row.scenario))
        for tab, columns in (("Projects", {"Latest start"}), ("Floors", {"Active"}), ("Waivers", {"Active", "Tonnes"})):
            if "Active" in named.get(tab, ()):
                named[tab] = named[tab] - {"Active"} | columns
        if "Lanes" in named:
            named["Lanes"] = {"new"}
        assert found == named, row.scenario


@pytest.mark.parametrize(
    ("scenario", "row_type", "key", "field", "values"),
    [
        # 5,000 t/y to Japan: 78 % in 2027 and 80 % in 2028
        ("japan_embargo", Limit, "CN magnets to Japan", "maximum", [5000, 3900, 4000, 5000]),
        ("japan_embargo", Lane, "country:CN|country:JP|ndpr_oxide", "maximum", [None, 500, None, None]),
        ("japan_ban_long", Demand, "jp_ind|mag_h|zero-china", "demand", [1, 1.7, 1.7, 1.7]),
        ("japan_ban_long", Demand, "jp_ind|mag_h|", "demand", [1, 0.6, 0.6, 0.6]),
        ("kuantan_outage", Unit, "u_lamp_hre1", "capacity", [1, 1, 0.67, 1]),
        ("hre_plant_delay", Unit, "u_src_metal", "capacity", [1, 1, 1, 1]),  # metal is not separation
        ("taiwan_crisis", Unit, "u_cn_magnet", "capacity", [1, 1, 1, 0]),
        ("ndaa_waiver", Waiver, "7052|us_def_smco|2027-01-01", "tonnes", [0, 75, 75, 75]),
        ("floor_bloc", Floor, "Plurilateral Dy", "level", [0, 0, 450, 450]),
        ("price_collapse", Price, "ndpr_cn", "price", [1, 1, 58, 58]),
    ],
)  # fmt: skip
def test_what_bundled_shocks_say(scenario, row_type, key, field, values):
    """Values of 2026 to 2029; those of 1 and near it are multiples of the base."""
    instance = bundled.instance("allied-2026")
    found = under(instance, scenario)
    after = [in_period(getattr(found.row(row_type, key), field), t) for t in periods(instance)[:4]]
    if values[0] == 1:
        before = [in_period(getattr(instance.row(row_type, key), field), t) for t in periods(instance)[:4]]
        values = [value if value > 2 else value * old for value, old in zip(values, before, strict=True)]
    assert after == [value if value is None else pytest.approx(value) for value in values]


def test_a_process_is_cheaper_from_2032_on():
    instance = bundled.instance("allied-2026")
    found = under(instance, "mud_success")
    cost = found.row(Process, "minamitorishima|mine_mud|u_minamitorishima").cost
    values = {t.id: in_period(cost, t) for t in periods(instance)}
    assert (values["2026"], values["2031"], values["2032"], values["2035"]) == (150_000, 150_000, 120_000, 120_000)


def test_projects_are_late_or_cannot_start():
    instance = bundled.instance("allied-2026")
    late = under(instance, "us_magnet_late")  # 12 and 24 months from 2026, so 2029; 24 and 18, so mid-2029
    opens = {name: committed_start(late, late.row(Project, name)).id for name in ("p_vulcan", "p_10x", "p_eneabba")}
    assert opens == {"p_vulcan": "2029", "p_10x": "2030", "p_eneabba": "2027"}
    assert starts(under(instance, "nolans_no_fid"), instance.row(Project, "p_nolans_mine")) == []  # built as one
    rules = under(instance, "oct_rules_return")
    opens = {t.id: opens.id for t, opens in starts(rules, rules.row(Project, "p_kmp2"))}
    assert (opens["2027"], opens["2029"], opens["2030"]) == ("2029", "2031", "2031")  # 12 and 9 months to 2029, then 12
    assert committed_start(rules, rules.row(Project, "p_kangankunde")).id == "2026"  # done before


@pytest.mark.parametrize("name", ["starter", pytest.param("allied-2026", marks=bundled.slow)])
def test_every_bundled_scenario_builds(name):
    instance = bundled.instance(name)
    for row in instance.all(Scenario):
        path = build(under(instance, row.scenario))
        assert path.instance.switches == (f"scenario {row.scenario}",)
