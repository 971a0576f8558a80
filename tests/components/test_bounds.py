"""Bounds: what could ever run or flow, from the data."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import makes, tiny, years

from sourcing.components.bounds import most_flow, most_load, most_made
from sourcing.components.channels import channels
from sourcing.components.demand import Demand
from sourcing.components.horizon import periods
from sourcing.components.lanes import Lane
from sourcing.components.materials import Material
from sourcing.components.projects import Project
from sourcing.components.stock import Stockpile
from sourcing.sheets import InstanceError

CAR = Demand(customer="car", material="magnet", demand=10)


def load(*rows, unit: str, period: int = 0) -> float:
    instance = tiny(*rows)
    return most_load(instance, unit, periods(instance)[period])


def test_a_capacity_is_the_bound_and_a_projects_has_all_its_steps():
    assert load(makes("works", "magnet", 40), CAR, unit="works magnet") == approx(40)
    built = Project(project="P", unit="works magnet", steps=3, ramp="50; 120")
    assert load(makes("works", "magnet", 40), CAR, built, unit="works magnet") == approx(3 * 40 * 1.2)


def test_without_a_capacity_it_is_what_is_needed_from_then_on():
    rows = years(2026, 2027, 2028), makes("works", "magnet"), CAR
    assert [load(*rows, unit="works magnet", period=k) for k in range(3)] == approx([30, 20, 10])


def test_needs_go_up_the_chain_by_its_recipes():
    # 10 t of magnets take 15 t of alloy, and these 30 t of metal
    rows = (
        makes("mine", "metal"),
        makes("caster", "alloy", takes={"metal": 2.0}),
        makes("works", "magnet", takes={"alloy": 1.5}),
        CAR,
    )
    assert load(*rows, unit="mine metal") == approx(30)


def test_a_stock_adds_what_must_lie_there_at_the_end():
    stock = Stockpile(stockpile="W", holder="us", site="works", material="magnet", label="clean", terminal=5)
    assert load(makes("works", "magnet"), CAR, stock, unit="works magnet") == approx(10 + 5)


def test_of_joint_products_each_may_be_what_it_runs_for():
    wind = Demand(customer="wind", material="ferrite", demand=4)
    # 10 t of magnets at 0.5 a tonne, or 4 t of ferrite at 0.2: 20 + 20
    rows = makes("works", {"magnet": 0.5, "ferrite": 0.2}), CAR, wind
    assert load(*rows, unit="works magnet") == approx(20 + 20)


def test_what_may_not_be_left_over_is_worked_up_wanted_or_not():
    rows = (
        makes("works", {"magnet": 1.0, "sludge": 0.5}),
        makes("dump", "nothing", takes={"sludge": 1.0}),
        Material(material="sludge", form="scrap", surplus="forbidden"),
        Material(material="nothing", form="scrap", surplus="allowed"),
        CAR,
    )
    assert load(*rows, unit="dump nothing") == approx(10 * 0.5)


def test_a_loop_that_feeds_itself_for_ever_has_none():
    rows = makes("a", "x", takes={"y": 1.0}), makes("b", "y", takes={"x": 1.0}), makes("w", "magnet", takes={"x": 1.0})
    with pytest.raises(InstanceError) as fault:
        load(*rows, CAR, unit="a x")
    assert "write the most that it could do" in str(fault.value.issues[0])


def test_a_channel_to_a_customer_carries_no_more_than_it_needs_and_its_maker_can_do():
    def flow(*rows) -> float:
        instance = tiny(*rows)
        return most_flow(instance, channels(instance)[0], periods(instance)[0])

    assert flow(makes("works", "magnet", 40), CAR) == approx(10)
    assert flow(makes("works", "magnet", 6), CAR) == approx(6)
    lane = Lane(origin="works", destination="car", goods="magnet", maximum=5)
    assert flow(makes("works", "magnet", 6), CAR, lane) == approx(5)
    # half of what is sent in a year arrives in it: at most 10 t may, so 20 t may be sent
    slow = Lane(origin="works", destination="car", goods="magnet", lead_time=365 / 2)
    assert flow(years(2026, 2027), makes("works", "magnet", 40), CAR, slow) == approx(20)


def test_what_a_site_can_make_is_its_lines_together():
    instance = tiny(makes("works", "magnet", 40), makes("works", "magnet", 2, unit="second"), CAR)
    assert most_made(instance, "works", "magnet", periods(instance)[0]) == approx(42)
