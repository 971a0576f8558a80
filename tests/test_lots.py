"""Lots: which labels exist where, how they join, and that what may not be delivered has no column."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest import approx
from tiny import at, china_rule, flows, line, makes, planned, short, sums, tiny

from sourcing.components.demand import Demand
from sourcing.components.horizon import periods
from sourcing.components.materials import Content, RecipeLine
from sourcing.components.places import Site
from sourcing.components.production import Process, Unit, lines
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.lots import Lots, _texts, reach
from sourcing.model import build
from sourcing.solver import solve_path
from sourcing.workbook import read

ROOT = Path(__file__).parents[1]

DIRTY = "zc@1"
CLEAN_NEED = Demand(customer="car", material="magnet", rules="zc", demand=4)
ANY_NEED = Demand(customer="car", material="magnet", demand=4)


def joined(*more):
    """Magnets of half Australian oxide and half dysprosium, which China sells for nothing and Australia dear."""
    return [
        china_rule(), at("AU", "mine", "works"), at("CN", "china"),
        makes("mine", "oxide", cost=1), makes("china", "dy", cost=0), makes("mine", "dy", cost=9, unit="dear"),
        makes("works", "magnet", takes={"oxide": 0.5, "dy": 0.5}), *more,
    ]  # fmt: skip


def test_a_magnet_of_two_lots_carries_the_labels_of_both():
    plan = planned(joined(CLEAN_NEED, ANY_NEED))
    # 4 t for each need; the clean ones of clean dysprosium, 0.5 t a tonne
    assert sums(plan, "Deliveries", "Delivered", "Rules", "Label") == approx({("zc", "clean"): 4, ("", DIRTY): 4})
    assert flows(plan, "From", "Material", To="works") == approx(
        {("mine", "oxide"): 4, ("mine", "dy"): 2, ("china", "dy"): 2}
    )
    # half a tonne of clean oxide in each of the 4 t that are not clean any more
    assert sums(plan, "Labels joined", "Amount", "Material", "From label", "To label") == approx(
        {("oxide", "clean", DIRTY): 2}
    )


def test_a_cleaner_lot_is_taken_as_a_less_clean_one():
    row, *_ = line(tiny(joined(CLEAN_NEED, ANY_NEED)), "balance", "works", "oxide", DIRTY, "2026")
    assert row == {
        f"production.activity[works,works magnet,works magnet,{DIRTY},2026]": -0.5,
        f"production.downgrade[works,oxide,clean,{DIRTY},2026]": 1,
    }


def test_the_union_of_two_rules():
    # one input breaks one rule, the other another: the magnet breaks both
    rows = [
        china_rule(version="1", countries="CN"), china_rule(version="2", countries="RU"), at("AU", "works"),
        at("CN", "china"), at("RU", "russia"), makes("china", "oxide"), makes("russia", "dy"),
        makes("works", "magnet", takes={"oxide": 0.5, "dy": 0.5}), ANY_NEED,
    ]  # fmt: skip
    assert sums(planned(rows), "Deliveries", "Delivered", "Label") == approx({"zc@1; zc@2": 4})


def test_a_material_carries_only_rules_that_count_what_it_holds():
    # Chinese neodymium, Australian dysprosium: a rule about dysprosium finds nothing in it
    content = [
        Content(material="dy", element="Dy", content=0.5), Content(material="oxide", element="Nd", content=0.5),
        Content(material="magnet", element="Dy", content=0.25), Content(material="magnet", element="Nd", content=0.25),
    ]  # fmt: skip
    rows = at("CN", "china"), at("AU", "works"), makes("china", "oxide"), makes("works", "dy")
    works = makes("works", "magnet", takes={"oxide": 0.5, "dy": 0.5}, unit="line")
    for elements, label in (("Dy", "clean"), ("strict", DIRTY)):
        plan = planned(rows, works, content, ANY_NEED, china_rule(elements=elements))
        assert sums(plan, "Deliveries", "Delivered", "Label") == approx({label: 4})
        assert flows(plan, "Label", Material="oxide") == approx({label: 2})


def labels(instance, family, place):
    """The labels of a family of variables, by the place in its index."""
    path = build(instance)
    return {index[place] for index in dict(path.find_component(family).items())}


def test_what_may_not_be_delivered_has_no_column():
    both = tiny(joined(CLEAN_NEED, ANY_NEED))
    deliver = dict(build(both).demand.deliver.items())
    assert {(rules, label) for _, _, rules, _, label, _ in deliver} == {("zc", "clean"), ("", "clean"), ("", DIRTY)}
    # where only clean magnets are asked for, no lot that breaks the rule has a column anywhere
    strict = tiny(joined(CLEAN_NEED))
    for family, place in (("channels.flow", 4), ("production.activity", 3), ("demand.deliver", 4)):
        assert labels(strict, family, place) == {"clean"}


def test_what_is_of_no_use_has_no_column():
    rows = makes("mine", "magnet"), makes("mine", "toy", unit="toys"), ANY_NEED
    columns = dict(build(tiny(rows)).production.activity.items())
    assert {unit for _, _, unit, _, _ in columns} == {"mine magnet"}  # nobody wants toys


def test_a_by_product_is_made_with_what_is_of_use():
    rows = makes("mine", {"magnet": 1, "tailings": 3}), ANY_NEED
    plan = planned(rows)
    assert sums(plan, "Capacity and surplus", "Amount", "Unit or material", Kind="surplus") == approx({"tailings": 12})


def test_scrap_keeps_its_label():
    # 2 t of Chinese magnets give 1 t of swarf, of which a works mills magnets: not clean either
    rows = [
        china_rule(), at("CN", "china"), at("AU", "works"), makes("china", {"magnet": 1, "swarf": 0.5}, 2),
        makes("works", "milled", takes={"swarf": 1}, stage="recycling"),
        Demand(customer="car", material="magnet", demand=2), Demand(customer="car", material="milled", demand=1),
    ]  # fmt: skip
    assert sums(planned(rows), "Deliveries", "Delivered", "Delivered as", "Label") == approx(
        {("magnet", DIRTY): 2, ("milled", DIRTY): 1}
    )


def test_a_loop_of_recycling_keeps_its_labels_apart():
    # magnets give swarf that goes into magnets again: a clean loop stays clean beside one that is not
    rows = [
        china_rule(), at("AU", "mine", "works"), at("CN", "china"), makes("mine", "oxide"), makes("china", "oxide"),
        makes("works", {"magnet": 1, "swarf": 0.2}, takes={"oxide": 1}, unit="sinter"),
        makes("works", "oxide", takes={"swarf": 1}, stage="recycling", unit="recycle"), CLEAN_NEED, ANY_NEED,
    ]  # fmt: skip
    assert labels(tiny(rows), "production.surplus", 2) == {"clean", DIRTY}  # of swarf
    plan = planned(rows)
    assert short(plan) == approx(0)
    assert sums(plan, "Deliveries", "Delivered", Rules="zc", Label="clean") == approx({"all": 4})


def test_an_unproven_stock_is_of_no_use_to_a_clean_need():
    shelf = Stockpile(stockpile="SHELF", holder="us", site="depot", material="magnet", opening=4)
    assert short(planned(china_rule(), shelf, CLEAN_NEED)) == approx(4)
    assert short(planned(china_rule(), shelf, ANY_NEED)) == approx(0)
    proven = Stockpile(stockpile="SHELF", holder="us", site="depot", material="magnet", opening=4, label="clean")
    assert short(planned(china_rule(), proven, CLEAN_NEED)) == approx(0)


def test_a_shared_plant_keeps_its_batches_apart():
    # 10 t of capacity for 4 t of each: both labels run through one unit, and both need it
    plan = planned(joined(CLEAN_NEED, ANY_NEED))
    assert sums(plan, "Production", "Activity", "Site", "Label", Site="works") == approx(
        {("works", "clean"): 4, ("works", DIRTY): 4}
    )


def test_a_blended_line_can_run_on_the_label_of_a_mix():
    # Chinese and Australian ore on one separator, each with its line: so the Australian can be run as Chinese
    def separator(custody: str) -> Instance:
        return tiny(
            china_rule(), at("AU", "mine"), at("CN", "china"), makes("mine", "heavy ore"), makes("china", "light ore"),
            Site(site="plant", entity="us", country="AU", custody=custody), Unit(unit="sep", site="plant", capacity=9),
            [Process(site="plant", recipe=name, unit="sep", cost=0, stage="separation") for name in ("heavy", "light")],
            [RecipeLine(recipe=name, material=f"{name} ore", input=1) for name in ("heavy", "light")],
            [RecipeLine(recipe=name, material=f"{name} oxide", output=1) for name in ("heavy", "light")],
            [Demand(customer="car", material=f"{name} oxide", demand=1) for name in ("heavy", "light")],
            Demand(customer="plane", material="heavy oxide", rules="zc", demand=1),
        )  # fmt: skip

    for custody, labels, downgrades in (
        ("blended", ("clean", DIRTY), [("heavy ore", "clean", DIRTY)]),
        ("segregated", ("clean",), []),
    ):
        instance = separator(custody)
        lots, t = reach(instance), periods(instance)[0]
        heavy, light = (line for line in lines(instance) if line.site == "plant")
        assert lots.runs(heavy, t) == labels
        assert lots.downgrades(heavy, t) == downgrades
        assert lots.labels("car", "heavy oxide", t) == labels
        assert (lots.runs(light, t), lots.downgrades(light, t)) == ((DIRTY,), [])  # no clean light ore exists


class Unpruned(Lots):
    """Every label that can exist moves and runs, whether or not it is of use anywhere."""

    def shipped(self, h, t):
        return _texts(self._reach[h.origin, h.material, t.number])

    def runs(self, line, t):
        return _texts(self._able[line.id, t.number])


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_leaving_out_what_is_of_no_use_changes_no_optimum(view):
    instance = read(ROOT / "instances" / "starter")
    pruned = solve_path(instance, view=view)
    whole = read(ROOT / "instances" / "starter")
    whole._once[Lots] = Unpruned(whole)
    unpruned = solve_path(whole, view=view)
    assert len(unpruned.arrays.columns) > len(pruned.arrays.columns)
    assert unpruned.objective == approx(pruned.objective, rel=1e-9)
