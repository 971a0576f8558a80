"""Which rows a shock means, and when: selectors, starts, and scenarios that leave others."""

from __future__ import annotations

import pytest
from shocked import BASE, MINE, NEED, YEARS, event, over_years, refused, shock, struck
from tiny import china_rule, families, line, makes, party, planned, sells, short, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Unit
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.variants import switched

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
