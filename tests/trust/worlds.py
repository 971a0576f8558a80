"""Random instances for laws that hold of every plan: short chains from two mines to two customers, by hypothesis.

    north, south (miner: carb) -> refinery (maker: oxide, la_oxide) -> works (maker: magnet) -> car, robot (carmaker)
    exchange (trader, an outsider: oxide)                              forge (rival, an outsider: magnet)

What lies around it (rules, contracts, stocks, limits, projects, qualifications, floors, lanes) is there or not. Every
instance keeps the schema and all checks (`tiny` refuses one that does not); it may have no plan all the same.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Collection
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tiny import china_rule, makes, party, sells, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, ShortageStep, Substitute
from sourcing.components.floors import Floor
from sourcing.components.horizon import Setting
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Waiver
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector, Series

MANY = "SOURCING_SLOW" in os.environ
TREASURY = "treasury"
EXTENSIVE = frozenset({"t", "t/y", "M USD", "M USD/y"})
"""Units of what doubles with the world; prices, shares, rates and times do not."""
MONEY = frozenset({"USD/kg", "USD/t", "USD/t/y", "M USD", "M USD/y"})


def examples(few: int, many: int) -> Callable[[Any], Any]:
    """The same examples in every run: `few` of them, or `many` with SOURCING_SLOW=1."""
    return settings(
        max_examples=many if MANY else few,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# ------------------------------------------------------------------------------------------------ an instance


class Dice:
    """What a test draws: numbers, words, and whether something is there at all."""

    def __init__(self, draw: Callable[[Any], Any]):
        self.draw = draw

    def of(self, low: int, high: int) -> float:
        return float(self.draw(st.integers(low, high)))

    def one(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def coin(self, chance: int = 55) -> bool:
        """Yes in `chance` of 100 draws, no in the simplest."""
        return bool(self.draw(st.integers(0, 99)) >= 100 - chance)

    def some(self, *rows: Callable[[], Any], chance: int = 55) -> list[Any]:
        """The rows of a feature, if it is there."""
        return [row() for row in rows] if self.coin(chance) else []

    def or_none(self, low: int, high: int) -> float | None:
        return self.one(None, self.of(low, high))


@st.composite
def worlds(draw: Callable[[Any], Any], whole: bool = True) -> Instance:
    """A random instance; without `whole` nothing in it is a choice of yes or no."""
    dice = Dice(draw)
    starts = range(2026, 2027 + int(dice.of(0, 2)))
    *horizon, last = years(*starts)
    return tiny(
        *horizon,
        dataclasses.replace(last, years=dice.one(1, 2)),
        chain(dice, whole),
        demands(dice, dice.one(*starts)),
        dice.some(lambda: duties(dice, whole), chance=75),
        dice.some(lambda: stocks(dice), chance=75),
        dice.some(lambda: limits(dice), chance=75),
        dice.some(lambda: shipping(dice), chance=75),
        dice.some(lambda: instruments(dice)),
        dice.some(lambda: options(dice), chance=75) if whole else [],
        discount_rate=dice.of(0, 12),
        shortage_value=dice.of(50, 400),
        view=dice.one("system", "buyer"),
    )


def chain(dice: Dice, whole: bool) -> list[Any]:
    """Parties, sites, recipes, units and offers."""
    refinery = {"minimum_load": dice.of(10, 60)} if whole and dice.coin() else {}
    works = {"running_cost": dice.of(1, 3)} if whole and dice.coin() else {}
    kept_apart = dice.one("", "segregated") if whole else "segregated"
    return [
        party("miner", "supplier", "north", country="AU"),
        party("digger", "supplier", "south", country=dice.one("US", "CN", "ZZ")),
        party("trader", "supplier", "exchange", allied=False, country="CN"),
        party("rival", "supplier", "forge", allied=False, country=dice.one("CN", "VN")),
        party("maker", "buyer", "works", country="JP"),
        Site(site="refinery", entity="maker", country="JP", custody=kept_apart),
        party("carmaker", "buyer", "car", "robot", country="US"),
        Entity(entity=TREASURY, role="government", allied=True, country=("JP",), budget=dice.or_none(1, 6)),
        Material(material="carb", form="carbonate", index="carb"),
        Material(material="oxide", form="oxide", index="oxide"),
        Material(material="la_oxide", form="oxide", disposal=dice.of(0, 900)),
        Material(material="magnet", form="magnet", index="magnet"),
        Material(material="magnet_b", form="magnet", index="magnet"),
        Price(index="carb", price=over(dice, 3, 9)),
        Price(index="oxide", price=over(dice, 20, 60)),
        Price(index="magnet", price=over(dice, 60, 120)),
        makes("north", "carb", over(dice, 5, 60), cost=dice.of(500, 4000), fixed_cost=dice.of(0, 1)),
        makes("south", "carb", over(dice, 5, 60), cost=dice.of(500, 4000)),
        makes("exchange", "oxide", cost=dice.of(0, 9000), stage="separation"),
        makes("forge", "magnet", cost=dice.of(0, 9000), stage="magnet"),
        sells("north", "carb", over(dice, 2, 9), maximum=dice.or_none(5, 40)),
        sells("south", "carb", over(dice, 2, 9), maximum=dice.or_none(5, 40)),
        dataclasses.replace(
            sells("exchange", "oxide", over(dice, 15, 70), maximum=dice.of(10, 40))[1],
            index="oxide", premium=dice.of(-20, 30),
            minimum_order=dice.of(1, 8) if whole and dice.coin() else None,
        ),
        sells("forge", "magnet", over(dice, 60, 150), maximum=dice.of(5, 40)),
        sells("works", "magnet", over(dice, 60, 150)),
        sells("works", "magnet_b", over(dice, 60, 150)),
        Unit(unit="columns", site="refinery", capacity=over(dice, 10, 80), **refinery),
        Process(site="refinery", recipe="separate", unit="columns", cost=dice.of(1000, 9000), stage="separation"),
        RecipeLine(recipe="separate", material="carb", input=1.0),
        RecipeLine(recipe="separate", material="oxide", output=0.5),
        RecipeLine(recipe="separate", material="la_oxide", output=0.25),
        Unit(unit="presses", site="works", capacity=over(dice, 5, 50), **works),
        Process(
            site="works", recipe="press", unit="presses", cost=dice.of(3000, 30000), stage="magnet",
            credit=dice.one(0.0, dice.of(100, 900)), credit_payer=TREASURY,
        ),
        RecipeLine(recipe="press", material="oxide", input=0.5),
        RecipeLine(recipe="press", material="magnet", output=1.0),
        Process(site="works", recipe="press b", unit="presses", use=2.0, cost=dice.of(3000, 30000), stage="magnet"),
        RecipeLine(recipe="press b", material="oxide", input=0.25),
        RecipeLine(recipe="press b", material="magnet_b", output=1.0),
    ]  # fmt: skip


def over(dice: Dice, low: int, high: int) -> float | dict[int, float]:
    """A number that holds at all times, or changes in 2027."""
    first, then = dice.of(low, high), dice.one(None, dice.of(low, high))
    return first if then is None else {2026: first, 2027: then}


def demands(dice: Dice, since: int) -> list[Any]:
    """Two customers; what they ask for, and what may stand in."""
    rule = china_rule(since, tolerance=dice.one(0.0, dice.of(1, 60)), test=dice.one("place", "owner"), threshold=50.0)
    return [
        Demand(customer="car", material="magnet", demand=over(dice, 1, 40), rules=dice.one((), ("zc",), ("zc@1",))),
        Demand(customer="robot", material="magnet", demand=over(dice, 0, 20), rules=dice.one((), ("zc",)),
               shortage_value=dice.or_none(100, 400)),
        rule,
        dice.some(lambda: Waiver(rule="zc", customer="car", tonnes=dice.of(1, 9))),
        dice.some(lambda: ShortageStep(customer="car", material="magnet", up_to=dice.of(5, 50), value=dice.of(5, 50))),
        dice.some(lambda: Substitute(customer="robot", material="magnet", substitute="magnet_b",
                                     ratio=dice.one(1.0, 1.25, 2.0), extra_cost=dice.of(0, 900),
                                     maximum_share=dice.one(None, dice.of(5, 90)))),
    ]  # fmt: skip


def duties(dice: Dice, whole: bool) -> list[Any]:
    """Contracts: one for carbonate, one for magnets, one for the trader's oxide."""
    kind: dict[str, Any] = {"take_or_pay": dice.one("firm", dice.of(0, 100))}
    if whole and dice.coin():
        kind |= {"status": "option", "signing_cost": dice.of(0, 2)}
    least = dice.of(0, 20)
    return [
        Contract(contract="feed", seller=dice.one("miner", "north"), buyer="refinery", material="carb",
                 minimum=least, maximum=dice.one(None, least + dice.of(0, 30)),
                 premium=dice.of(-30, 30), floor=dice.or_none(1, 5), cap=dice.or_none(5, 9), **kind),
        dice.some(lambda: Contract(
            contract="magnets", seller="works", buyer=dice.one("car", "carmaker"), material="magnet",
            fixed=dice.of(50, 150), minimum_share=dice.one(None, dice.of(5, 40)), maximum_share=dice.of(40, 100),
            take_or_pay=dice.of(0, 100), delivered=dice.one(True, False))),
        dice.some(lambda: Contract(
            contract="swap", seller="exchange", buyer="works", material="oxide", since=dice.one(None, 2026, 2027),
            until=dice.one(None, "2027-06-30"), minimum=over(dice, 0, 8),
            rebate_from=dice.of(10, 50), rebate_share=dice.of(0, 80), rebate_cap=dice.or_none(0, 2),
            take_or_pay=dice.of(0, 100), makeup=dice.one(0.0, 2.0) if whole else 0.0)),
    ]  # fmt: skip


def stocks(dice: Dice) -> list[Any]:
    """A stock of oxide at the works, of the maker or of the treasury, and one of magnets."""
    opening = dice.of(0, 12)
    end: dict[str, Any] = dice.one({}, {"terminal": dice.of(0, 12)}, {"terminal_value": dice.of(10, 90)})
    return [
        Stockpile(stockpile="oxide store", holder=dice.one("maker", TREASURY), site="works", material="oxide",
                  label=dice.one(("clean",), ("zc",), ()), opening=opening, maximum=12.0 + dice.of(0, 12),
                  minimum=dice.of(0, 4), fill=dice.or_none(0, 9), draw=dice.or_none(0, 9), loss=dice.of(0, 10),
                  storage=dice.of(0, 2000), release=dice.one("always", "always", "shocks only"), **end),
        dice.some(lambda: Stockpile(stockpile="magnet store", holder="maker", site="works", material="magnet",
                                    label=("clean",), opening=dice.of(0, 9), storage=dice.of(0, 2000))),
    ]  # fmt: skip


def limits(dice: Dice) -> list[Any]:
    """Caps and minimums, some of them soft."""
    soft = {"penalty": dice.or_none(100, 20000)}
    return [
        Limit(limit="cap", material="oxide", origin="exchange", destination="any", maximum=dice.of(0, 8), **soft),
        dice.some(lambda: Limit(limit="share", material="oxide", origin="country:CN", destination="works",
                                maximum_share=dice.of(5, 60), **soft)),
        dice.some(lambda: Limit(limit="home", form="carbonate", material="any", origin="north", destination="refinery",
                                minimum=dice.of(0, 12), **soft)),
        dice.some(lambda: Limit(limit="allies", material="magnet; magnet_b", origin="allied", destination="carmaker",
                                minimum_share=dice.of(5, 90), first=dice.one("", "2026"), **soft)),
    ]  # fmt: skip


def shipping(dice: Dice) -> list[Any]:
    """Lanes that cost, take time or are narrow, goods under way at the start, and who accepts whom."""
    return [
        Lane(origin="any", destination="any", goods="any", freight=dice.of(0, 900), tariff=dice.of(0, 30),
             lead_time=dice.one(0.0, dice.of(1, 200))),
        dice.some(lambda: Lane(origin="exchange", destination="works", goods="oxide", maximum=dice.or_none(1, 8),
                               freight=dice.of(0, 900), lead_time=dice.of(0, 400), in_transit=dice.of(0, 9),
                               transit_label=dice.one(("clean",), ("zc",)))),
        dice.some(lambda: Lane(origin="forge", destination="carmaker", goods="form:magnet", tariff=dice.of(0, 60),
                               maximum=dice.or_none(2, 20))),
        dice.some(lambda: [
            Qualification(customer="car", material="magnet", maker="works"),
            Qualification(customer="car", material="magnet", maker="forge", since=dice.one(2026, 2027),
                          first_year_share=dice.or_none(0, 60)),
        ]),
    ]  # fmt: skip


def instruments(dice: Dice) -> list[Any]:
    """Price floors: a contract for difference of the works, and one at a border."""
    return [
        Floor(floor="cfd", kind="cfd", material="magnet", covered="works", payer=TREASURY, level=over(dice, 50, 150),
              upside_from=dice.or_none(60, 100), upside_share=dice.of(0, 50)),
        Floor(floor="border", kind="border", material="oxide", covered="country:CN", members=("JP", "US"),
              level=over(dice, 20, 90)),
    ]  # fmt: skip


def options(dice: Dice) -> list[Any]:
    """What may be built and who may be qualified."""
    group = dice.one({}, {"together": "both"}, {"only_one": "either"})
    public: dict[str, Any] = {"public_share": dice.of(0, 60), "payer": TREASURY}
    new = {"cost_of_capital": dice.of(0, 12), "life": dice.of(5, 20), "lead_time": dice.of(0, 14), **group}
    return [
        Unit(unit="new columns", site="refinery", capacity=dice.of(5, 40)),
        Process(site="refinery", recipe="separate", unit="new columns", cost=dice.of(500, 5000), stage="separation"),
        Project(project="columns 2", unit="new columns", capex=dice.of(0, 9), **public, **new),
        Unit(unit="new presses", site="works", capacity=dice.of(5, 20), fixed_cost=dice.of(0, 1)),
        Process(site="works", recipe="press", unit="new presses", cost=dice.of(500, 20000), stage="magnet"),
        Project(project="presses 2", unit="new presses", steps=dice.one(1.0, 2.0), whole=dice.one(True, False),
                capex=dice.of(0, 9), ramp=dice.one((), (50.0, 100.0)), **new),
        dice.some(lambda: Qualification(customer="robot", material="any", maker="forge", lead_time=dice.of(0, 14),
                                        cost=dice.of(0, 2), first_year_share=dice.or_none(10, 60)),
                  lambda: Qualification(customer="robot", material="any", maker="works")),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ the same, otherwise


def changed(instance: Instance, row_type: type[Row], change: Callable[[Any], dict[str, Any]]) -> Instance:
    """The instance with new fields in each row of a tab."""
    return instance.replace(row_type, [dataclasses.replace(row, **change(row)) for row in instance.all(row_type)])


def times(value: Any, factor: float) -> Any:
    """A cell's number, or its numbers over time, times a factor; blank, none and words stay."""
    if isinstance(value, Series):
        return Series(value.starts, tuple(factor * number for number in value.values))
    return factor * value if isinstance(value, int | float) else value


def scaled(instance: Instance, units: Collection[str], factor: float, *named: str) -> Instance:
    """The instance with every number in one of these units times a factor, and these settings too."""

    def change(row: Row) -> Row:
        new = {name: times(getattr(row, name), factor) for name, column in row.columns.items() if column.unit in units}
        if isinstance(row, Setting) and row.setting in named:
            new["value"] = str(factor * float(row.value))
        return dataclasses.replace(row, **new)

    return Instance([change(row) for row in instance.rows()], name=instance.name)


def shuffled(instance: Instance, dice: random.Random) -> Instance:
    """The instance with the rows of each tab in another order; lines of a recipe stay together and in theirs."""
    blocks: dict[tuple[str, str], list[Row]] = {}
    for row in instance.rows():
        name = row.recipe if isinstance(row, RecipeLine) else row.key
        blocks.setdefault((row.tab, name), []).append(row)
    order = list(blocks.values())
    dice.shuffle(order)
    return Instance([row for block in order for row in block], name=instance.name)


def halved(instance: Instance, *names: str) -> Instance:
    """The instance with two halves in place of each of these sites, units or recipes.

    A row that is of one of them becomes two, each with half its tonnes and money; a selector means both.
    """
    rows: list[Row] = []
    for row in instance.rows():
        own = [name for name, column in row.columns.items() if column.kind == "id" and getattr(row, name) in names]
        both = {
            name: Selector(tuple(part for kind, value in getattr(row, name).terms for part in (
                [(kind, f"{value} 1"), (kind, f"{value} 2")] if value in names else [(kind, value)]
            )))
            for name, column in row.columns.items() if isinstance(getattr(row, name), Selector)
        }  # fmt: skip
        if not own:
            rows.append(dataclasses.replace(row, **both))
            continue
        for half in ("1", "2"):
            parts = {
                name: times(getattr(row, name), 0.5) for name, column in row.columns.items() if column.unit in EXTENSIVE
            }
            named = {name: f"{getattr(row, name)} {half}" for name in own}
            rows.append(dataclasses.replace(row, **both, **parts, **named))
    return Instance(rows, name=instance.name)
