"""Stamping: the arrays of a changed instance without its path are those of its path, or none."""

from __future__ import annotations

import dataclasses
import functools
import random
from time import perf_counter

import bundled
import numpy as np
import pytest
from tiny import makes, party, sells, tiny, years

from sourcing.arrays import Arrays, compile_path
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.lanes import Lane
from sourcing.components.materials import RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.scenarios import Scenario
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.futures.stamp import FRAME_UNITS, Form, differing
from sourcing.instance import Instance
from sourcing.lots import reach
from sourcing.model import build
from sourcing.sheets import TABS, Row, Series

FAMILIES = (
    "cost", "constant", "lower", "upper", "row_lower", "row_upper", "starts", "indices", "values", "integer",
)  # fmt: skip


def built(instance: Instance, view: str | None = None) -> Arrays:
    return compile_path(build(instance, view=view))


def form_of(instance: Instance, view: str | None = None) -> Form:
    path = build(instance, view=view)
    return Form(path, compile_path(path), instance)


@functools.cache
def starter() -> Form:
    return form_of(bundled.instance("starter"))


def same(one: Arrays, other: Arrays) -> bool:
    """Whether two models are one, bit for bit."""
    named = one.columns == other.columns and one.rows == other.rows
    return named and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in FAMILIES)


def changed(instance: Instance, row: Row, **fields: object) -> Instance:
    return instance.with_rows(dataclasses.replace(row, **fields))


def times(value: float | Series, factor: float) -> float | Series:
    """A number, or one over time, times a factor."""
    if isinstance(value, Series):
        return Series(value.starts, tuple(number * factor for number in value.values))
    return value * factor


def market() -> Instance:
    """A mine and a trader sell to one plant, whose price has a floor and a cap; it works for a customer."""
    return tiny(
        party("miner", "supplier", "mine", allied=False),
        party("trader", "supplier", "trader"),
        party("maker", "buyer", "plant", "car"),
        makes("mine", "oxide", {2026: 50, 2027: 80}, cost=100),
        makes("trader", "oxide", 1000),
        makes("plant", "magnet", 200, takes={"oxide": 0.5}, cost=2000),
        sells("trader", "oxide", {2026: 40, 2027: 60}, maximum=500),
        Price(index="oxide", price={2026: 90, 2027: 120}),
        Price(index="magnet", price=200),
        Contract(
            contract="k", seller="mine", buyer="plant", material="oxide", index="oxide", floor=100, cap=130,
            minimum=20, maximum=45, take_or_pay=50,
        ),
        Floor(floor="f", kind="cfd", material="oxide", covered="entity:miner", benchmark="oxide", level=110,
              payer="treasury", upside_from=115, upside_share=30),
        party("treasury", "government"),
        Lane(origin="any", destination="any", goods="any", freight=300, tariff=5),
        Demand(customer="car", material="magnet", demand={2026: 90, 2027: 120}),
        years(2026, 2027),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ what is stamped

STAMPED = (
    "Units", "Prices", "Demand", "Limits", "Contracts", "Lanes", "Offers", "Processes", "Stockpiles", "Shortage steps",
    "Materials", "Qualifications", "Projects",
)  # fmt: skip
"""Tabs of the starter with numbers that are stamped."""

HELD = ("take_or_pay", "cost_of_capital", "up_to")
"""Fields whose use cannot be replayed: a word or a number, a power, a part of a key."""


@pytest.mark.parametrize("tab", STAMPED)
def test_random_changes_of_all_numbers_of_a_tab_are_stamped_as_built(tab):
    seeded, rows = random.Random(tab), []
    for row in bundled.instance("starter").all(TABS[tab]):
        fields = {}
        for name, column in row.columns.items():
            value = getattr(row, name)
            free = column.kind in ("number", "series") and column.unit not in FRAME_UNITS and name not in HELD
            if free and isinstance(value, float | Series):
                fields[name] = times(value, seeded.uniform(0.97, 1 if "%" in column.unit else 1.03))
        rows.append(dataclasses.replace(row, **fields))
    other = bundled.instance("starter").replace(TABS[tab], rows)
    stamped = starter().stamp(other)
    assert stamped is not None
    assert not same(stamped, starter().arrays)
    assert same(stamped, built(other))


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_prices_that_cross_floors_and_caps_are_stamped(view):
    instance = market()  # 90 and 120 USD/kg: the contract's floor is 100, its cap 130
    form = form_of(instance, view)
    for prices in ((70.0, 400.0), (100.0, 130.0), (105.0, 116.0)):
        other = changed(instance, instance.row(Price, "oxide"), price=Series((2026.0, 2027.0), prices))
        stamped = form.stamp(other)
        assert stamped is not None
        assert same(stamped, built(other, view))
    # at 112 USD/kg there is neither a top-up to 110 nor a share of what is above 115: a payment less, and no number
    other = changed(instance, instance.row(Price, "oxide"), price=Series.constant(112.0))
    assert form.stamp(other) is None


def test_a_number_that_varies_where_it_did_not_is_stamped():
    instance = market()
    lane = instance[Lane][0]
    other = changed(instance, lane, freight=Series((2026.0, 2027.0), (300.0, 900.0)), tariff=Series.constant(7.0))
    stamped = form_of(instance).stamp(other)
    assert stamped is not None
    assert same(stamped, built(other))
    # 900 USD/t is 0.9 k USD, and 600 more than before; freight of 2027 goes up by 0.6, that of 2026 stays
    flow = stamped.columns.index(("channels.flow", ("plant", "car", "magnet", "inside", "clean", "2027")))
    assert stamped.cost[flow] - built(instance).cost[flow] == pytest.approx(0.6)


def test_an_instance_with_the_same_numbers_has_the_same_arrays():
    instance = market()
    form = form_of(instance)
    remarked = changed(instance, instance.row(Unit, "mine oxide"), note="as announced")
    assert form.stamp(remarked) is form.arrays


def test_a_path_that_keeps_what_is_of_use_in_another_future_is_stamped():
    instance = no_need(market())
    assert reach(instance).keep([reach(market())])  # in 2026 nothing is needed here, and something is there
    form = form_of(instance)
    other = changed(instance, instance.row(Price, "oxide"), price=Series((2026.0, 2027.0), (100.0, 130.0)))
    reach(other).keep([reach(instance)])
    stamped = form.stamp(other)
    assert stamped is not None
    assert same(stamped, built(other))


def test_stamps_do_not_change_each_other():
    instance = market()
    form = form_of(instance)
    more, less = (
        changed(instance, instance.row(Unit, "plant magnet"), capacity=Series.constant(tonnes))
        for tonnes in (300.0, 100.0)
    )
    first, second, again = form.stamp(more), form.stamp(less), form.stamp(more)
    assert same(first, built(more))
    assert same(second, built(less))
    assert same(again, first)
    assert same(form.arrays, built(instance))


# ------------------------------------------------------------------------------------------------ what has to be built


def stop(instance: Instance) -> Instance:
    return changed(instance, instance.row(Unit, "mine oxide"), capacity=Series((2026.0, 2027.0), (50.0, 0.0)))


def unlimited(instance: Instance) -> Instance:
    return changed(instance, instance.row(Unit, "mine oxide"), capacity=Series.constant(float("inf")))


def no_need(instance: Instance) -> Instance:
    return changed(instance, instance[Demand][0], demand=Series((2026.0, 2027.0), (0.0, 100.0)))


def no_top_up(instance: Instance) -> Instance:
    return changed(instance, instance[Floor][0], level=Series.constant(80.0))


def recipe(instance: Instance) -> Instance:
    return changed(instance, next(row for row in instance[RecipeLine] if row.input), input=0.6)


def way(instance: Instance) -> Instance:
    return changed(instance, instance[Lane][0], lead_time=30.0)


def no_cost(instance: Instance) -> Instance:
    return changed(instance, next(row for row in instance[Process] if row.cost == 100), cost=None)


def no_plant(instance: Instance) -> Instance:
    return changed(instance, next(row for row in instance[Process] if row.site == "trader"), active=False)


def one_more(instance: Instance) -> Instance:
    return instance.with_rows(Lane(**{name: getattr(instance[Lane][0], name) for name in ("destination", "goods")},
                                   origin=instance.row(Contract, "k").seller))  # fmt: skip


@pytest.mark.parametrize(
    "change", [stop, unlimited, no_need, no_top_up, recipe, way, no_cost, no_plant, one_more], ids=lambda f: f.__name__
)
def test_what_could_change_more_than_numbers_is_not_stamped(change):
    instance = market()
    assert form_of(instance).stamp(change(instance)) is None


def test_a_path_with_additions_or_of_other_tables_has_no_form():
    instance = market()
    with pytest.raises(ValueError, match="additions"):
        Form(path := build(instance, extra=lambda path: None), compile_path(path), instance)
    path = build(stop(instance))
    form = Form(path, compile_path(path), instance)
    more = changed(instance, instance.row(Unit, "plant magnet"), capacity=Series.constant(300.0))
    with pytest.raises(ValueError, match="are not those of the instance"):
        form.stamp(more)


# ------------------------------------------------------------------------------------------------ bundled scenarios


@pytest.mark.parametrize(
    ("name", "least"),
    # of the starter's price collapse and of six futures of allied-2026 only numbers differ; an event releases stocks,
    # and a project that is late or off, a waiver or a floor that begins is no number
    [("starter", 1), pytest.param("allied-2026", 6, marks=bundled.slow)],
)
def test_every_bundled_scenario_is_stamped_as_built_or_built(name, least):
    instance = bundled.instance(name)
    form, stamped = form_of(instance), 0
    for row in instance.all(Scenario):
        other = under(instance, row.scenario)
        found = form.stamp(other)
        if found is not None and differing(instance, other):
            assert same(found, built(other)), row.scenario
            stamped += 1
    assert stamped >= least


@bundled.slow
def test_a_stamp_of_allied_2026_costs_less_than_5_percent_of_a_path():
    instance = bundled.instance("allied-2026")
    others = [under(instance, name) for name in ("price_collapse", "japan_ban_long", "detente", "demand_slump")]
    form = form_of(instance)
    form.stamp(others[0])  # makes the traced build
    begun = perf_counter()
    built(instance)
    path = perf_counter() - begun
    for other in others:
        begun = perf_counter()
        assert form.stamp(other) is not None
        assert perf_counter() - begun < 0.05 * path
