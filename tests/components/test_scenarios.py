"""Scenarios: odds, starts, what they leave, and when their shocks may be."""

from __future__ import annotations

import pytest
from tiny import faults, loose, makes, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.scenarios import Scenario, Shock, starts, windows
from sourcing.futures.shocks import under
from sourcing.sheets import InstanceError

NEED = Demand(customer="car", material="magnet", demand=5)
ROWS = years(2026, 2027, 2028), makes("mine", "magnet", 9, unit="pit"), NEED


def outlook(name: str, probability: float | None = 100, **columns) -> Scenario:
    return Scenario(scenario=name, kind="outlook", probability=probability, **columns)


def event(name: str = "s", hazard: float | None = 5, **columns) -> Scenario:
    return Scenario(scenario=name, kind="event", hazard=hazard, **columns)


def outage(scenario: str = "s", **columns) -> Shock:
    given = {"multiply": 0.5} | columns
    return Shock(scenario=scenario, of_tab="Units", row_id="pit", of_column="Capacity", **given)


def told(*rows) -> str:
    return faults(ROWS, *rows)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([outlook("a", None)], "Probability: a: an outlook needs a probability"),
        ([outlook("a", 60), outlook("b", 30)], "Probability: '30': b: the outlooks add up to 90 %"),
        ([outlook("a", hazard=3)], "Hazard: '3': a: an outlook has a probability, and no hazard"),
        ([event(hazard=None)], "Hazard: s: an event needs a hazard"),
        ([event(probability=3)], "Probability: '3': s: an event has a hazard, and no probability"),
        ([event(hazard=101)], "Hazard: '101': s: must be 0 to 100 %/y"),
        ([event(service_level=101, contingency=True)], "Service level: '101': s: must be 0 to 100 %"),
        ([event(service_level=90)], "Service level: '90': s: binds nothing: the scenario is no contingency"),
        ([event(leaves="t")], "Leaves from: 't': s: is not a scenario"),
        ([event(leaves="t"), outlook("t", 0, active=False)], "Leaves from: 't': s: is switched off"),
        ([event(leaves="s")], "Leaves from: 's': s: leaves itself: s → s"),
        ([event(leaves="t"), event("t", leaves="s")], "Leaves from: 't': s: leaves itself: s → t → s"),
        ([event(starts="2040")], "Starts: '2040': s: is not a period"),
        ([event(starts="2027; soon")], "Starts: '2027; soon': s: soon is not a period"),
        ([outlook("a", starts="2026; 2027")], "Starts: '2026; 2027': a: an outlook parts from its parent once"),
        ([outlook("a", starts="any")], "Starts: 'any': a: an outlook parts from its parent once"),
        (
            [event("t", starts="2028"), event(leaves="t", starts="2027")],
            "'2027': s: lies before the start of t",
        ),
        ([event(), outage(first="soon")], "Shocks First: 'soon': s|Units|pit|||||||||Capacity|soon: is not"),
        ([outage("t")], "Shocks Scenario: 't': t|Units|pit|||||||||Capacity|: is not a scenario"),
        ([event(starts="2028"), outage(first="2027")], "lies before the start of s (2028): what is shared is equal"),
        (
            [event(), outage(first="2028", last="2027")],
            "Last: '2027': s|Units|pit|||||||||Capacity|2028: lies before",
        ),
        ([event(), outage(first="2031")], "First: '2031': s|Units|pit|||||||||Capacity|2031: lies after the horizon"),
    ],
)
def test_what_is_wrong_is_told_at_its_cell(rows, message):
    found = told(*rows)
    assert message in found
    assert len(found.splitlines()) == 1 + ("s → t" in message)  # each of a loop is told


def test_what_is_right_is_not_told():
    assert told(outlook("base", 60), outlook("b", 40, starts="2027"), event(leaves="base", starts="2027; 2028")) == ""
    assert told(event()) == ""  # the tables as they stand have 100 %
    assert told(outlook("a"), outlook("off", 50, active=False)) == ""


def test_a_shock_that_cannot_be_is_told_once_and_of_active_scenarios_only():
    wrong = outage(multiply=-1)
    assert told(event(), event("t", leaves="s"), wrong).count("makes Capacity of Units[pit] -4.5") == 0
    assert told(event(), event("t", leaves="s"), wrong).count("makes Capacity of Units[pit] -9") == 1
    assert told(event(active=False), wrong) == ""


def test_starts_are_periods():
    instance = tiny(
        ROWS, event(starts="2028; 2027"), event("any", starts="any"), event("blank"), event("half", starts="2027H1")
    )
    found = {row.scenario: starts(instance, row.scenario) for row in instance[Scenario]}
    assert found == {"s": ["2028", "2027"], "any": ["2026", "2027", "2028"], "blank": [], "half": ["2027"]}


def test_shocks_are_written_for_the_start_that_stands_first():
    instance = tiny(ROWS, event(starts="2028; 2027"), outage(first="2028", last="2028"))
    row = instance[Scenario][0]
    assert [tuple(window) for _, window in windows(instance, row)] == [(2028, float("inf"))]  # to the horizon's end
    instance = tiny(ROWS, event(starts="2027; 2028"), outage(first="2027", last="2027"))
    row = instance[Scenario][0]
    assert [tuple(window) for _, window in windows(instance, row, "2028")] == [(2028, 2029)]


def test_a_loop_cannot_be_run():
    with pytest.raises(InstanceError, match="leaves itself: s → s"):
        under(loose(ROWS, event(leaves="s")), "s")
