"""Custody: what a plant that does not keep its batches apart makes of clean feed and dirty feed."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import at, china_rule, faults, flat, flows, line, makes, party, planned, sells, short, sums, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.custody import choices
from sourcing.components.demand import Demand
from sourcing.components.materials import Content, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit, lines
from sourcing.components.stock import Stockpile
from sourcing.lots import reach
from sourcing.model import build
from sourcing.solver import solve_path

DIRTY = "zc@1"


def blended(*sites: str) -> list[Site]:
    return [Site(site=site, entity="us", country="AU", custody="blended") for site in sites]


def segregated(*sites: str) -> list[Site]:
    return [Site(site=site, entity="us", country="AU", custody="segregated") for site in sites]


def ores(clean: float = 10, dirty: float = 10):
    """Ore from Australia at 9,000 USD/t and from China at 1,000."""
    return [
        china_rule(), at("AU", "outback"), at("CN", "china"),
        makes("outback", "ore", clean, cost=9000), makes("china", "ore", dirty, cost=1000),
    ]  # fmt: skip


def needs(car: float, plane: float):
    """4 t a year that must be clean, for the car, and 4 t that need not, for the plane; what a kg short is worth."""
    return [
        Demand(customer="car", material="oxide", rules="zc", demand=4, shortage_value=car),
        Demand(customer="plane", material="oxide", demand=4, shortage_value=plane),
    ]


SEPARATOR = makes("plant", "oxide", 10, takes={"ore": 1}, stage="separation", unit="sep")


# ------------------------------------------------------------------------------------------------ one shared separator


def test_tracked_labels_serve_both_and_a_mix_lets_the_dirty_feed_lie():
    plan = planned(segregated("plant"), ores(), SEPARATOR, needs(1000, 1000))
    assert plan.objective == approx(0.040)  # 4 t of clean ore at 9,000 USD and 4 t of dirty at 1,000
    assert plan.tabs["Custody"].rows == []
    plan = planned(ores(), SEPARATOR, needs(1000, 1000))
    assert plan.objective == approx(0.072)  # 8 t of clean ore at 9,000: any dirty ore would cost the car its 4 t
    assert flows(plan, To="plant") == approx({("outback", "plant"): 8})
    assert plan.tabs["Custody"].rows == [("plant", "sep", DIRTY, "2026", "clean")]


def test_where_clean_ore_is_short_the_mix_costs_the_clean_customer_its_need():
    # 5 t of clean ore: kept clean, 3 t miss the plane, 45,000 + 3·1,000,000 USD; mixed, the car goes without, at
    # 4·10,000 USD, and 4 t of dirty ore at 1,000 feed the plane
    plan = planned(ores(clean=5), SEPARATOR, needs(10, 1000))
    assert plan.objective == approx(0.044)
    assert sums(plan, "Demand", "Short", "Customer") == approx({"car": 4, "plane": 0})
    assert plan.tabs["Custody"].rows == [("plant", "sep", DIRTY, "2026", "not clean")]
    # tracked: 4 t of clean ore for the car, 4 t of dirty for the plane
    plan = planned(segregated("plant"), ores(clean=5), SEPARATOR, needs(10, 1000))
    assert (plan.objective, short(plan)) == (approx(0.040), approx(0))


def duties(custody: str) -> list:
    """A separator that must take 4 t of Chinese ore and must deliver 4 t of clean oxide."""
    return [
        china_rule(), party("prc", "supplier", "china", country="CN", allied=False), party("oz", "supplier", "outback"),
        Entity(entity="sepco", role="supplier", allied=True, country=("AU",)),
        Site(site="plant", entity="sepco", country="AU", custody=custody),
        party("carmaker", "buyer", "car"), party("planemaker", "buyer", "plane"),
        makes("china", "ore", 10), makes("outback", "ore", 10), sells("outback", "ore", 9), sells("plant", "oxide", 20),
        Contract(contract="ORE", seller="prc", buyer="plant", material="ore", fixed=1, minimum=4, take_or_pay="firm"),
        Contract(contract="OUT", seller="plant", buyer="car", material="oxide", fixed=9, minimum=4, take_or_pay="firm"),
        SEPARATOR, needs(1000, 1000),
    ]  # fmt: skip


def test_what_tracked_labels_can_do_a_mix_cannot():
    tracked = solve_path(tiny(duties("segregated")), view="buyer")
    assert tracked.status == "optimal"
    assert tracked.values("channels.flow")["china", "plant", "ore", "ORE", DIRTY, "2026"] == approx(4)
    assert tracked.values("demand.deliver")["car", "oxide", "zc", "oxide", "clean", "2026"] == approx(4)
    # the dirty ore has to go in, so no oxide is clean, and the clean oxide has to come out
    assert solve_path(tiny(duties("blended")), view="buyer").status == "infeasible"


def test_the_rows_of_a_mix():
    instance = tiny(ores(), makes("plant", "oxide", 10, takes={"ore": 1}, stage="separation", unit="sep", use=2),
                    needs(1, 1))  # fmt: skip
    row, low, high = line(instance, "custody.dirty", "sep", DIRTY, "2026")
    # 2·activity <= 10·(1 - clean)
    assert row == {f"production.activity[plant,sep,sep,{DIRTY},2026]": 2, f"custody.clean[sep,{DIRTY},2026]": 10}
    assert (low, high) == (-float("inf"), 10)
    row, low, high = line(instance, "custody.pure", "sep", DIRTY, "2026")
    # 2·activity <= 10·clean
    assert row == {"production.activity[plant,sep,sep,clean,2026]": 2, f"custody.clean[sep,{DIRTY},2026]": -10}
    assert (low, high) == (-float("inf"), 0)


def test_a_class_is_bounded_by_what_its_lines_can_do():
    # dirty ore has a line of its own, which also needs a press of 3 t/y: 3 t of the unit's 20 at most are dirty by it
    press = (
        Unit(unit="press", site="plant", capacity=3),
        Process(site="plant", recipe="light", unit="press", stage="metal"),
    )
    rows = [row for row in flat(two_lines(ND, CLEAN_DY)) if getattr(row, "recipe", "") != "light"]
    light = [
        Process(site="plant", recipe="light", unit="sep", cost=0, stage="separation"), *press,
        RecipeLine(recipe="light", material="light-ore", input=1), RecipeLine(recipe="light", material="nd", output=1),
    ]  # fmt: skip
    row, _, high = line(tiny(rows, light), "custody.dirty", "sep", DIRTY, "2026")
    assert (row[f"custody.clean[sep,{DIRTY},2026]"], high) == (3, 3)


# ------------------------------------------------------------------------------------------------ several feeds


def two_lines(*more):
    """Light ore from China and heavy ore from Australia on one unit of 20 t/y; a tonne gives a tonne."""
    return [
        china_rule(), at("AU", "outback"), at("CN", "china"),
        makes("china", "light-ore"), makes("outback", "heavy-ore"),
        Unit(unit="sep", site="plant", capacity=20),
        Process(site="plant", recipe="light", unit="sep", cost=0, stage="separation"),
        Process(site="plant", recipe="heavy", unit="sep", cost=0, stage="separation"),
        RecipeLine(recipe="light", material="light-ore", input=1), RecipeLine(recipe="light", material="nd", output=1),
        RecipeLine(recipe="heavy", material="heavy-ore", input=1), RecipeLine(recipe="heavy", material="dy", output=1),
        *more,
    ]  # fmt: skip


def runs(plan) -> dict[tuple[str, str], float]:
    """Tonnes run at the plant, by recipe and label."""
    return sums(plan, "Production", "Activity", "Recipe", "Label", Site="plant")


ND = Demand(customer="plane", material="nd", demand=4, shortage_value=2)
CLEAN_DY = Demand(customer="car", material="dy", rules="zc", demand=3, shortage_value=1)
ANY_DY = Demand(customer="plane", material="dy", demand=5, shortage_value=1)


def test_the_feed_of_one_line_marks_what_another_makes():
    # nothing costs but shortage: 4 t of nd at 2 USD/kg make the mix dirty, which costs the car 3 t of dy at 1 USD/kg
    plan = planned(two_lines(ND, CLEAN_DY, ANY_DY))
    assert plan.objective == approx(0.003)
    assert runs(plan) == approx({("light", DIRTY): 4, ("heavy", DIRTY): 5})
    # 5 t of clean heavy ore are run as dirty ones
    assert sums(plan, "Labels joined", "Amount", "Material", "From label", "To label") == approx(
        {("heavy-ore", "clean", DIRTY): 5}
    )
    plan = planned(segregated("plant"), two_lines(ND, CLEAN_DY, ANY_DY))
    assert (plan.objective, plan.tabs["Labels joined"].rows) == (approx(0), [])


def test_a_segregated_line_takes_no_part_in_the_mix_of_its_unit():
    # the same unit also makes metal of the clean heavy ore, in batches
    metal = [
        Process(site="plant", recipe="reduce", unit="sep", cost=0, stage="metal"),
        RecipeLine(recipe="reduce", material="heavy-ore", input=1),
        RecipeLine(recipe="reduce", material="metal", output=1),
        Demand(customer="car", material="metal", rules="zc", demand=6),
    ]
    plan = planned(two_lines(ND, ANY_DY, metal))
    assert short(plan) == approx(0)
    assert runs(plan) == approx({("light", DIRTY): 4, ("heavy", DIRTY): 5, ("reduce", "clean"): 6})


def test_a_mix_does_not_mark_what_holds_nothing_that_a_rule_counts():
    # the rule counts light elements: nothing in dysprosium oxide can violate it, whatever it was mixed with
    content = [
        Content(material=name, element=element, content=0.5)
        for name, element in (("light-ore", "Nd"), ("nd", "Nd"), ("heavy-ore", "Dy"), ("dy", "Dy"))
    ]
    rows = [row for row in two_lines(ND, CLEAN_DY, content) if row != china_rule()]
    plan = planned(rows, china_rule(elements="Nd"))
    assert (plan.objective, short(plan)) == (approx(0), approx(0))
    assert runs(plan) == approx({("light", DIRTY): 4, ("heavy", DIRTY): 3})
    assert sums(plan, "Deliveries", "Delivered", "Customer", "Label") == approx(
        {("plane", DIRTY): 4, ("car", "clean"): 3}
    )


def test_a_mix_of_lines_with_several_inputs_carries_what_any_of_them_brings():
    # alloy of oxide and dysprosium in one furnace: Chinese dysprosium marks all of it
    rows = [
        china_rule(), at("AU", "outback"), at("CN", "china"), blended("works"),
        makes("outback", "oxide"), makes("outback", "dy", 1, unit="outback dy"), makes("china", "dy"),
        makes("works", "oxide-alloy", 20, takes={"oxide": 0.5, "dy": 0.5}, stage="alloy", unit="furnace"),
        Demand(customer="car", material="oxide-alloy", rules="zc", demand=2, shortage_value=1),
        Demand(customer="plane", material="oxide-alloy", demand=4, shortage_value=1),
    ]  # fmt: skip
    # clean: 1 t of dysprosium makes 2 t of alloy, 4 t miss; mixed: 2 t miss the car
    plan = planned(rows)
    assert sums(plan, "Demand", "Short", "Customer") == approx({"car": 2, "plane": 0})
    assert sums(plan, "Production", "Activity", "Label", Site="works") == approx({DIRTY: 4})
    # the oxide is clean by itself, and is taken as dirty: half a tonne a tonne of alloy
    assert sums(plan, "Labels joined", "Amount", "Material", Material="oxide") == approx({"oxide": 2})


def test_what_leaves_one_mix_dirty_enters_the_next_so():
    # a cracker of two feeds, all of it carbonate, then a separator that also takes clean carbonate from elsewhere
    rows = [
        ores(), blended("cracker", "plant"), makes("cracker", "carbonate", 10, takes={"ore": 1}, stage="crack"),
        makes("plant", "oxide", 10, takes={"carbonate": 1}, stage="separation", unit="sep"),
        makes("outback", "carbonate", 3, unit="clay", cost=2000, stage="mine"),
    ]  # fmt: skip
    instance = tiny(rows, needs(1000, 1000))
    assert sorted(unit for unit, *_ in choices(instance, reach(instance))) == ["cracker carbonate", "sep"]
    # clean throughout: 3 t of clay at 2,000 USD and 5 t of clean ore at 9,000
    assert planned(instance).objective == approx(0.051)
    # a car whose need is worth 10 USD/kg goes without: 4·10,000 USD, and 4 t of dirty ore at 1,000 through both plants
    plan = planned(rows, needs(10, 1000))
    assert plan.objective == approx(0.044)
    assert sums(plan, "Production", "Activity", "Stage", "Label", Period="2026") == approx(
        {("mine", "clean"): 4, ("crack", DIRTY): 4, ("separation", DIRTY): 4}
    )


def test_a_stock_keeps_its_label_while_the_mix_changes():
    # 2026 fills 4 t of clean oxide, when no dirty ore is to be had; in 2027 the mix is dirty and the car lives on it
    rows = [
        years(2026, 2027), china_rule(), at("AU", "outback"), at("CN", "china"),
        makes("outback", "ore", {2026: 4, 2027: 0}), makes("china", "ore", {2026: 0, 2027: 9}), SEPARATOR,
        Stockpile(stockpile="SHELF", holder="us", site="plant", material="oxide", label="clean"),
        Demand(customer="car", material="oxide", rules="zc", demand={2026: 0, 2027: 4}),
        Demand(customer="plane", material="oxide", demand={2026: 0, 2027: 6}),
    ]  # fmt: skip
    plan = planned(rows)
    assert short(plan) == approx(0)
    assert sums(plan, "Stockpiles", "Closing", "Label", "Period") == approx(
        {("clean", "2026"): 4, ("clean", "2027"): 0}
    )
    assert sums(plan, "Production", "Activity", "Label", "Period", Unit="sep") == approx(
        {("clean", "2026"): 4, (DIRTY, "2027"): 6}
    )


# ------------------------------------------------------------------------------------------------ where it is a choice


def binaries(*rows) -> list[tuple[str, str, str]]:
    """Unit, rules and period of each choice."""
    path = build(tiny(*rows))
    return sorted(path.custody.clean.keys())


def test_there_is_no_choice_where_all_output_carries_the_rule_anyway():
    assert binaries(ores(), SEPARATOR, needs(1, 1)) == [("sep", DIRTY, "2026")]
    assert binaries(ores(), SEPARATOR, needs(1, 1), at("CN", "plant")) == []


def test_there_is_no_choice_where_one_class_alone_arrives():
    assert binaries(ores(dirty=0), SEPARATOR, needs(1, 1)) == []
    assert binaries(ores(), SEPARATOR, needs(1, 1)[:1]) == []  # dirty ore would be of no use to anybody


def test_there_is_no_choice_for_a_rule_that_nobody_asks_for_any_more():
    # version 1 looks at China and is asked in 2026; version 2 looks at Russia and is in force from 2027
    rows = [
        years(2026, 2027), china_rule(), china_rule(since=2027, version="2", countries="RU"),
        at("CN", "china"), at("RU", "russia"), at("AU", "outback"),
        *(makes(site, "ore", 10) for site in ("china", "russia", "outback")), SEPARATOR, needs(1, 1),
    ]  # fmt: skip
    assert binaries(rows) == [("sep", "zc@1", "2026"), ("sep", "zc@2", "2026"), ("sep", "zc@2", "2027")]
    lots = reach(instance := tiny(rows))
    (separation,) = (line for line in lines(instance) if line.row.unit == "sep")
    # in 2027 Chinese ore is kept apart from Russian: no label is formed of the two
    assert lots.runs(separation, lots.spans["2026"]) == ("clean", "zc@1", "zc@1; zc@2", "zc@2")
    assert lots.runs(separation, lots.spans["2027"]) == ("clean", "zc@1", "zc@1; zc@2", "zc@2")


def test_rules_that_always_come_together_share_a_choice():
    rows = [china_rule(), china_rule(version="2", since=2025), ores()[1:], SEPARATOR, needs(1000, 1000)]
    pinned = Demand(customer="train", material="oxide", rules="zc@2", demand=1)
    assert binaries(*rows, pinned) == [("sep", "zc@1; zc@2", "2026")]
    plan = planned(*rows, pinned)
    assert [row[2:] for row in plan.tabs["Custody"].rows] == [(f"zc@{n}", "2026", "clean") for n in "12"]


@pytest.mark.parametrize(
    ("stage", "custody", "mixes"),
    [("separation", "", True), ("separation", "segregated", False), ("metal", "", False), ("metal", "blended", True)],
)
def test_blank_is_blended_at_separation_alone(stage, custody, mixes):
    site = Site(site="plant", entity="us", country="AU", custody=custody)
    unit = makes("plant", "oxide", 10, takes={"ore": 1}, stage=stage, unit="sep")
    assert binaries(ores(), site, unit, needs(1, 1)) == ([("sep", DIRTY, "2026")] if mixes else [])


def test_a_first_source_may_not_bring_into_a_mix_what_its_labels_hide():
    source = Process(site="plant", recipe="bought", unit="sep", cost=0, stage="separation", adds=DIRTY)
    rows = ores(), SEPARATOR, needs(1, 1), source, RecipeLine(recipe="bought", material="oxide", output=1)
    assert "it is blended, and this first source brings zc@1 into it unseen" in faults(*rows)
    assert "unseen" not in faults(*rows, segregated("plant"))
