"""One thing changed at a time, in the plan or in what the instance asks, makes the named check fail at its place."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hand_case import DIRTY, INSTANCE, changed, day, failed, flat, of, plan, years

from sourcing.audit import audit
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, Substitute
from sourcing.components.floors import Floor
from sourcing.components.horizon import Setting
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Content, Material
from sourcing.components.places import Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer

# table, row, what is changed, check that must fail, words of its place
OXIDE = {"Material": "oxide", "Period": "2026"}
CHINESE = {"From": "china", "Period": "2026"}
CLEAN = {"Material": "magnet", "Label": "clean", "Period": "2026"}
DEAL = {"Contract": "DEAL", "Period": "2026"}
EARLY = {"Name": "second kiln", "Period": "2026"}
KILN = {"Unit or material": "kiln", "Period": "2027"}
ALTERED = [
    # tonnes
    ("Sourcing", OXIDE, {"Flow": 7.3}, "balance", "oxide (clean) at plant in 2026"),
    ("Sourcing", CHINESE, {"Later": 0.0}, "transit", "dy from china to plant under spot in 2026"),
    ("Sourcing", CHINESE, {"Label": "clean"}, "balance", "dy"),
    ("Sourcing", CLEAN, {"To": "plant"}, "channels", "a site ships to itself"),
    ("Sourcing", CLEAN, {"From": "car", "To": "plant"}, "channels", "a customer ships"),
    ("Sourcing", CLEAN, {"Under": "inside"}, "channels", "not inside one party"),
    ("Sourcing", CLEAN, {"Under": "DEAL"}, "channels", "DEAL does not cover it"),
    ("Sourcing", CLEAN, {"Under": "OLD"}, "channels", "OLD is no signed contract"),
    ("Sourcing", CLEAN, {"To": "china"}, "channels", "china neither uses, stocks nor passes on magnet"),
    ("Sourcing", CLEAN, {"From": "mine"}, "channels", "mine neither makes, stocks nor passes on magnet"),
    ("Sourcing", OXIDE, {"Under": "spot"}, "channels", "there is no offer"),
    ("Production", {"Unit": "kiln"}, {"Activity": 16.0}, "capacity", "kiln in 2027: used: 16, at most 15"),
    ("Production", {"Site": "china", "Period": "2026"}, {"Adds": "clean"}, "labels", "it adds zc@1, not clean"),
    ("Production", {"Unit": "kiln"}, {"Label": DIRTY}, "balance", "magnet (clean) at plant in 2027"),
    ("Production", {"Unit": "pit", "Period": "2026"}, {"Label": DIRTY}, "labels", "its inputs can't carry zc@1"),
    ("Production", {"Unit": "kiln"}, {"Stage": "alloy"}, "labels", "its stage is magnet, not alloy"),
    ("Labels joined", {"Period": "2026"}, {"Amount": 3.0}, "balance", "oxide"),
    (
        "Labels joined", {"Period": "2026"}, {"From label": DIRTY, "To label": "clean"}, "labels",
        "zc@1 can't be used as clean",
    ),
    ("Labels joined", {"Period": "2026"}, {"Material": "magnet"}, "labels", "no process there joins it"),
    ("Capacity and surplus", {"Unit or material": "dy"}, {"Amount": 0.0}, "balance", "dy (clean) at mine in 2027"),
    (
        "Capacity and surplus", {"Unit or material": "dy"}, {"Unit or material": "oxide"}, "surplus",
        "oxide at mine in 2027: may not be left over",
    ),
    ("Capacity and surplus", {"Unit or material": "dy"}, {"Site": "china"}, "surplus", "dy at china"),
    ("Capacity and surplus", KILN, {"Limit": 20.0}, "capacity", "kiln in 2027: limit"),
    ("Capacity and surplus", KILN, {"Limit": None}, "capacity", "kiln in 2027: limit"),
    ("Capacity and surplus", KILN, {"Use": 90.0}, "capacity", "kiln in 2027: use (%)"),
    ("Projects and qualifications", {"Period": "2027"}, {"Started": 0.0}, "capacity", "used: 15, at most 0"),
    ("Projects and qualifications", {"Period": "2027"}, {"Started": 2.0}, "projects", "second kiln"),
    ("Projects and qualifications", EARLY, {"Started": 1.0}, "projects", "not open to decisions yet"),
    ("Projects and qualifications", {"Period": "2027"}, {"Capex": 3.0}, "projects", "second kiln in 2027: capex"),
    ("Stockpiles", {"Period": "2027"}, {"Opening": 2.0}, "stock", "reserve (clean) in 2027: opening"),
    ("Stockpiles", {"Period": "2026"}, {"Closing": 2.0}, "stock", "reserve (clean) in 2027: opening: 1.9 instead of 2"),
    ("Stockpiles", {"Period": "2026"}, {"Label": DIRTY}, "stock", "reserve"),
    ("Stockpiles", {"Period": "2026"}, {"Fill": 1.1}, "stock limits", "reserve in 2026: fill"),
    ("Stockpiles", {"Period": "2027"}, {"Draw": 2.1}, "stock limits", "reserve in 2027: draw"),
    ("Stockpiles", {"Period": "2027"}, {"Closing": 1.1}, "stock limits", "reserve in 2027: level at the end"),
    ("Stockpiles", {"Period": "2026"}, {"Closing": 3.1}, "stock limits", "reserve in 2026: level: 3.1, at most 3"),
    ("Stockpiles", {"Period": "2026"}, {"Closing": 0.9}, "stock limits", "reserve in 2026: level: 0.9, at least 1"),
    ("Stockpiles", {"Period": "2026"}, {"Holder": "maker"}, "stock", "holder, site or material"),
    ("Stockpiles", {"Period": "2027"}, {"Closing": 1.4}, "stock", "closing: 1.4 instead of 1.339"),
    ("Stockpiles", {"Period": "2026"}, {"Label": "zc@0"}, "labels", "reserve: it can't carry zc@0"),
    (
        "Capacity and surplus", KILN, {"Amount": 14.0, "Use": 1400 / 15}, "capacity",
        "kiln in 2027: amount: 14 instead of 15",
    ),
    ("Capacity and surplus", KILN, {"Kind": "load"}, "capacity", "load is neither"),
    ("Capacity and surplus", KILN, {"Unit or material": "pot"}, "capacity", "no such unit"),
    ("Projects and qualifications", {"Period": "2027"}, {"On line": 0.0}, "projects", "second kiln in 2027: on line"),
    ("Projects and qualifications", {"Period": "2027"}, {"Name": "third"}, "projects", "there is no such project"),
    # promises
    ("Demand", {"Period": "2026", "Rules": "zc"}, {"Short": 0.0}, "demand", "(zc) in 2026: met and short"),
    (
        "Demand", {"Period": "2026", "Rules": "zc"}, {"Met": 10.0, "Short": 0.0, "Met share": 100.0}, "demand",
        "magnet for car (zc) in 2026: met, against what is delivered: 10 instead of 8",
    ),
    ("Demand", {"Period": "2026", "Rules": "zc"}, {"Demand": 8.0, "Short": 0.0}, "demand", "8 instead of 10"),
    ("Demand", {"Period": "2026", "Rules": "zc"}, {"Met share": 100.0}, "demand", "met share (%)"),
    ("Demand", {"Period": "2026", "Rules": "zc"}, {"Shortage value": 0.3}, "shortage value", "magnet for car"),
    ("Deliveries", {"Material": "magnet", "Period": "2026"}, {"Label": DIRTY}, "rules", "in 2026: breaks zc@1"),
    ("Deliveries", {"Material": "cheap", "Period": "2026"}, {"Delivered as": "oxide"}, "deliveries", "may not stand"),
    ("Deliveries", {"Material": "cheap", "Period": "2026"}, {"Delivered": 11.0}, "substitutes", "for cheap of car"),
    ("Contracts", DEAL, {"Deficit": 0.0}, "contracts", "DEAL in 2026: deficit: 0 instead of 1.8"),
    ("Contracts", DEAL, {"Minimum": 7.0}, "contracts", "DEAL in 2026: minimum"),
    ("Contracts", DEAL, {"Taken": 9.0}, "contracts", "DEAL in 2026: taken"),
    ("Contracts", DEAL, {"Maximum": None}, "contracts", "DEAL in 2026: maximum"),
    ("Contracts", DEAL, {"Price": 50}, "contract money", "DEAL in 2026: price (USD/kg): 50 instead of 60"),
    ("Contracts", DEAL, {"Paid": 0.36}, "contract money", "DEAL in 2026: paid"),
    ("Contracts", DEAL, {"Take-or-pay": 0.0}, "contract money", "DEAL in 2026: take-or-pay"),
    ("Contracts", {"Period": "2027"}, {"Rebate": 0.08}, "contract money", "DEAL in 2027: rebate: 0.08 instead of 0.06"),
    ("Limits", {"Limit": "half", "Period": "2026"}, {"Over": 0.0}, "limits", "half in 2026: over: 0 instead of 0.1"),
    ("Limits", {"Limit": "half", "Period": "2026"}, {"Counted": 0.9}, "limits", "half in 2026: counted"),
    ("Limits", {"Limit": "half", "Period": "2026"}, {"Base": 2.0}, "limits", "half in 2026: base"),
    ("Limits", {"Limit": "half", "Period": "2026"}, {"Share": 50.0}, "limits", "half in 2026: share"),
    ("Limits", {"Limit": "cap"}, {"Maximum": 2.0}, "limits", "cap in 2026: maximum"),
    ("Limits", {"Limit": "cap"}, {"Under": 1.0}, "limits", "cap in 2026: under: 1 instead of 0"),
    # money
    ("Sourcing", CHINESE, {"Price": 250.0}, "prices", "dy from china to plant under spot in 2026: price"),
    ("Sourcing", CHINESE, {"Price": None}, "prices", "price"),
    ("Sourcing", CHINESE, {"Freight": 50.0}, "prices", "freight"),
    ("Sourcing", CHINESE, {"Tariff": 0.0}, "prices", "tariff"),
    ("Floors", {"Kind": "contract floor", "Period": "2026"}, {"Top-up": 0.0}, "floors", "DEAL in 2026: top-up"),
    ("Floors", {"Kind": "contract floor", "Period": "2026"}, {"Counted": 9}, "floors", "DEAL in 2026: counted: 9"),
    ("Floors", {"Kind": "contract floor", "Period": "2026"}, {"Level": 50}, "floors", "DEAL in 2026: level"),
    ("Floors", {"Kind": "contract floor", "Period": "2026"}, {"Floor": "OLD"}, "floors", "there is no such"),
    ("Floors", {"Floor": "CFD", "Period": "2026"}, {"Top-up": 0.144}, "floors", "top-up: 0.144 instead of 0.1"),
    ("Floors", {"Floor": "CFD", "Period": "2026"}, {"Counted": 7.2}, "floors", "CFD in 2026: counted"),
    ("Floors", {"Floor": "CFD", "Period": "2027"}, {"Upside": 0.0}, "floors", "CFD in 2027: upside"),
    ("Costs", {"Kind": "shortage"}, {"Amount": 2.0}, "costs", "shortage of carmaker in 2026"),
    ("Costs", {"Kind": "rebate"}, {"Payee": "state"}, "costs", "rebate of mineco to"),
    ("Costs", {"Kind": "top-up"}, {"Payer": "maker"}, "costs", "top-up of"),
    ("Costs", {"Kind": "tariff", "Period": "2026"}, {"Payee": ""}, "costs", "tariff of maker"),
    (
        "Costs", {"Kind": "purchase", "Payee": "prc", "Period": "2026"}, {"Weight": 0.0, "Counts": 0.0}, "counts",
        "purchase of maker to prc in 2026",
    ),
    (
        "Costs", {"Kind": "purchase", "Payee": "prc", "Period": "2026"}, {"Weight": 0.0}, "costs by row",
        "purchase of maker at china → plant: dy in 2026: counts",
    ),
    (
        "Costs", {"Kind": "shortage"}, {"Discount": 1.0, "Counts": 2.15}, "costs by row",
        "shortage of carmaker at car: magnet (zc) in 2026: discount: 1 instead of 0.953463",
    ),
    ("Costs", {"Kind": "shortage"}, {"Counts": 0.0}, "costs by row", "at car: magnet (zc) in 2026: counts"),
    ("Costs", {"Kind": "shortage"}, {"Counts": 0.0}, "objective", "sum of Counts"),
    ("Parties", {"Party": "mineco"}, {"Earns": 4.0}, "parties", "mineco: earns"),
    ("Parties", {"Party": "mineco"}, {"Pays": 0.0}, "parties", "mineco: pays"),
    ("Parties", {"Party": "mineco"}, {"Net": 0.0}, "parties", "mineco: net"),
    ("Parties", {"Party": "mineco"}, {"Flag": "loses money"}, "parties", "mineco: is flagged as losing"),
    ("Parties", {"Party": "mineco"}, {"Role": "buyer"}, "parties", "mineco: its role is supplier, not buyer"),
    # what can't be read
    ("Sourcing", OXIDE, {"Flow": math.nan}, "tables", "Sourcing, row 1, Flow: nan is not valid"),
    ("Sourcing", OXIDE, {"Flow": -1.0}, "tables", "Sourcing, row 1, Flow: -1.0 is not valid"),
    ("Sourcing", OXIDE, {"Flow": None}, "tables", "Sourcing, row 1, Flow"),
    ("Sourcing", OXIDE, {"Flow": "much"}, "tables", "Sourcing, row 1, Flow"),
    ("Sourcing", OXIDE, {"From": "pit"}, "tables", "Sourcing, row 1, From: 'pit' is not valid"),
    ("Sourcing", OXIDE, {"Label": "zc"}, "tables", "Sourcing, row 1, Label: 'zc' is not valid"),
    ("Sourcing", OXIDE, {"Period": 2026}, "tables", "Sourcing, row 1, Period"),
    ("Sourcing", OXIDE, {"Period": "2027"}, "tables", "stands there twice"),
    ("Production", {"Unit": "kiln"}, {"Recipe": "bake"}, "tables", "there is no such process (plant, bake, kiln)"),
    ("Deliveries", {"Material": "magnet", "Period": "2026"}, {"Rules": ""}, "tables", "there is no such demand"),
    ("Costs", {"Kind": "shortage"}, {"Payer": "somebody"}, "tables", "Payer: 'somebody' is not valid"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tab", "match", "new", "check", "place"),
    ALTERED,
    ids=[f"{check}-{tab}-{'-'.join(new)}" for tab, _, new, check, _ in ALTERED],
)
def test_one_thing_changed_fails_its_check(tab, match, new, check, place):
    altered = plan()
    altered.edit(tab, match, **new)
    verdict = audit(INSTANCE, altered)
    assert place in failed(verdict)[check]
    assert not verdict.passed and verdict.worst > 1


# what the instance says differently, while the plan stays as it is
OTHERWISE = [
    (changed(Lane, "china|plant|dy", maximum=0.9), "lane maximum", "in 2027: 2, at most 1.8"),
    (changed(Lane, "china|plant|dy", lead_time=73.0), "balance", "dy (zc@1) at plant in 2026"),
    (changed(Lane, "china|plant|dy", in_transit=0.0), "balance", "dy (zc@1) at plant in 2026"),
    # a row by names is closer than one by country, so it holds
    (
        Lane(origin=of("mine"), destination=of("plant"), goods=of("oxide"), freight=60),
        "prices",
        "oxide from mine to plant under DEAL in 2026: freight (USD/t): 50 instead of 60",
    ),
    (changed(Offer, "mine|dy", maximum=0.8), "offer maximum", "dy from mine at spot in 2027: 1.8, at most 1.6"),
    (
        changed(Offer, "mine|dy", adder=10.0),
        "prices",
        "dy from mine to plant under spot in 2026: price (USD/kg): 500 instead",
    ),
    (changed(Offer, "mine|dy", active=False), "channels", "there is no offer"),
    (changed(Contract, "DEAL", until=dt.date(2026, 12, 31)), "channels", "in 2027: DEAL does not run then"),
    (changed(Contract, "DEAL", until=dt.date(2027, 12, 31)), "contracts", "DEAL in 2027: maximum: 40 instead of 20"),
    (changed(Contract, "DEAL", take_or_pay="firm"), "contracts", "is firm; not taken"),
    (changed(Contract, "DEAL", maximum=flat(7)), "contracts", "DEAL in 2026: maximum: 20 instead of 7"),
    (
        changed(Contract, "DEAL", minimum_share=100.0, minimum=None),
        "contracts",
        "DEAL in 2026: deficit: 1.8 instead of 0",
    ),
    (changed(Contract, "DEAL", cap=55.0), "contract money", "DEAL in 2027: price (USD/kg): 100 instead of 55"),
    (changed(Contract, "DEAL", fixed=65.0), "contract money", "DEAL in 2027: price (USD/kg): 100 instead of 65"),
    (changed(Contract, "DEAL", premium=10.0), "contract money", "DEAL in 2027: price (USD/kg): 100 instead of 110"),
    (changed(Contract, "DEAL", rebate_cap=None), "contract money", "DEAL in 2027: rebate: 0.06 instead of 0.08"),
    (
        changed(Contract, "DEAL", maximum=None, maximum_share=50.0),
        "contracts",
        "DEAL in 2026: maximum: 20 instead of 3.6",
    ),
    (changed(Contract, "DEAL", delivered=True), "costs", "freight of m"),
    (changed(Contract, "DEAL", status="option"), "channels", "DEAL is an option that is not signed then"),
    (
        changed(Lane, "plant|car|form:magnet", active=False),
        "channels",
        "plant to car under spot in 2026: there is no lane",
    ),
    (
        changed(Site, "mine", country="CN"),
        "balance",
        "oxide (zc@1) at mine in 2027: what comes and what goes: 16 instead of 0",
    ),
    (
        changed(Site, "mine", country=""),
        "balance",
        "oxide (zc@1) at mine in 2027: what comes and what goes: 16 instead of 0",
    ),
    (changed(Site, "plant", country="KR"), "costs", "tariff of maker to"),
    (changed(Unit, "oven", capacity=years(17, 12.5)), "capacity", "oven in 2026: limit: 20 instead of 17"),
    (changed(Process, "plant|sinter|kiln", cost=None), "tables", "there is no such process (plant, sinter, kiln)"),
    (changed(Process, "china|prc_dy|market", adds=("clean",)), "labels", "it adds clean, not zc@1"),
    (changed(Project, "second kiln", ramp=()), "projects", "second kiln in 2027: capacity: 15 instead of 20"),
    # 10·(0.4 + 0.8), and 10·(0.2 + 0.4): the third year lies beyond
    (changed(Project, "second kiln", ramp=(40.0, 80.0)), "projects", "second kiln in 2027: capacity: 15 instead of 12"),
    (changed(Project, "second kiln", ramp=(20.0, 40.0, 80.0)), "projects", "in 2027: capacity: 15 instead of 6"),
    (changed(Project, "second kiln", lead_time=1.0), "projects", "second kiln in 2027: capacity: 15 instead of 0"),
    (changed(Project, "second kiln", earliest=day(2028)), "projects", "second kiln in 2027: is not open to decisions"),
    (
        changed(Project, "second kiln", steps=0.5, whole=False),
        "projects",
        "second kiln: steps started: 1, at most 0.5",
    ),
    (changed(Project, "second kiln", steps=0.5), "projects", "second kiln: steps started: 1, at most 0"),
    (changed(Project, "second kiln", life=2.0), "costs", "capex annuity"),
    (
        changed(Project, "second kiln", cost_of_capital=0.0),
        "costs",
        "capex annuity of state in 2027 (M USD): 1.1 instead of 1",
    ),
    # a quarter of 4/4 M USD a year for two years
    (
        changed(Project, "second kiln", cost_of_capital=0.0, life=4.0),
        "costs",
        "of state in 2027 (M USD): 1.1 instead of 0.5",
    ),
    (changed(Project, "second kiln", status="committed"), "projects", "second kiln in 2026: its place, status or note"),
    (changed(Stockpile, "reserve", release="shocks only"), "stock limits", "drawn without a shock"),
    (changed(Stockpile, "reserve", draw=0.09), "stock limits", "reserve in 2027: draw: 0.2, at most 0.18"),
    (changed(Stockpile, "reserve", opening=3.0), "stock", "reserve (clean) in 2026: opening"),
    (
        changed(Stockpile, "reserve", label=()),
        "stock",
        "reserve (zc@1) in 2026: has no row and opens",
    ),
    (
        changed(Stockpile, "reserve", label=("zc",)),
        "stock",
        "reserve (zc@1) in 2026: has no row and opens",
    ),
    (changed(Stockpile, "reserve", loss=0.0), "stock", "reserve (clean) in 2027: loss: 0.361 instead of 0"),
    (changed(Stockpile, "reserve", holder="maker"), "costs", "purchase of"),
    (changed(Material, "dy", surplus="forbidden"), "surplus", "dy at mine in 2027"),
    (changed(Material, "swarf", disposal=0.0), "costs", "disposal of maker in 2027 (M USD): 0.0008 instead of 0"),
    # oxide that holds no rare earth can carry no rule, so nothing of it can be joined
    (changed(Content, "oxide|Nd", content=0.0), "labels", "clean can't be used as zc@1"),
    # the suspended rule looks at alloys, of which a first source of oxide knows nothing, and at neodymium
    (changed(Rule, "zc|0", stages=("mine",), countries=("AU",)), "balance", "oxide"),
    (changed(Rule, "zc|1", stages=("separation",), countries=("RU",)), "labels", "it adds clean, not zc@1"),
    (changed(Rule, "zc|1", allowed=("JP", "AU"), countries=(), stages=("alloy",)), "labels", "it adds clean, not zc@1"),
    (changed(Rule, "zc|1", elements=("Nd",)), "labels", "it can't carry zc@1"),
    (changed(Rule, "zc|1", exempt=("magnet",)), "balance", "magnet (zc@1) at plant"),
    (changed(Demand, "car|cheap|", active=False), "tables", "there is no such demand (car, cheap, )"),
    (changed(Demand, "car|magnet|zc", demand=years(11, 10)), "demand", "demand: 10 instead of 11"),
    (changed(Substitute, "car|cheap|magnet", maximum_share=flat(50)), "substitutes", "stands in for: 16, at most 8"),
    (
        changed(Substitute, "car|cheap|magnet", ratio=1.0),
        "demand",
        "cheap for car in 2027: met, against what is delivered: 16 instead of 20",
    ),
    (changed(Substitute, "car|cheap|magnet", extra_cost=0.0), "costs", "substitution of carmaker"),
    (changed(Limit, "half", penalty=None), "limits", "half in 2026: over: 0.1, at most 0"),
    (changed(Limit, "half", penalty=2000.0), "costs", "limit penalty of planner in 2026"),
    (changed(Limit, "half", maximum=0.8), "limits", "half in 2027: over: 0 instead of 0.4"),
    (changed(Limit, "half", minimum=3.0), "limits", "half in 2027: minimum: 0 instead of 6"),
    # 0.8·(2 + 2) - 2 t short of the minimum at 1,000 USD/t
    (
        changed(Limit, "half", maximum_share=None, minimum_share=80.0),
        "costs",
        "of planner in 2027 (M USD): 0 instead of 0.0012",
    ),
    (changed(Limit, "cap", maximum=0.5), "limits", "cap in 2026: maximum: 1.5 instead of 0.5"),
    (changed(Limit, "cap", minimum=1.2), "limits", "cap in 2026: minimum: 0 instead of 1.2"),
    (changed(Limit, "cap", last=""), "limits", "cap in 2027: has no row"),
    (changed(Floor, "CFD", volume=None), "floors", "CFD in 2027: counted: 10 instead of 16"),
    (changed(Floor, "CFD", upside_starts=day(2028)), "floors", "CFD in 2027: upside: 0.06 instead of 0"),
    (changed(Setting, "Discount rate", value="5"), "costs by row", "discount"),
    (changed(Setting, "Shortage value", value="3", unit="k USD/kg"), "shortage value", "2.15 instead of 3.15"),
]


@pytest.mark.parametrize(
    ("row", "check", "place"),
    OTHERWISE,
    ids=[f"{check}-{row.name_of_row}-{number}" for number, (row, check, _) in enumerate(OTHERWISE)],
)
def test_the_plan_fails_an_instance_that_says_otherwise(row, check, place):
    assert place in failed(audit(INSTANCE.with_rows(row), plan()))[check]


@pytest.mark.parametrize(
    ("tab", "key", "check", "place"),
    [
        ("Demand", ("car", "magnet"), "demand", "magnet for car (zc) in 2027: has no row; demand: 0 instead of 20"),
        ("Contracts", ("DEAL",), "contracts", "DEAL in 2026: has no row"),
        ("Floors", ("CFD",), "floors", "CFD in 2026: has no row"),
        ("Limits", ("cap",), "limits", "cap in 2026: has no row"),
        ("Parties", ("prc",), "parties", "prc: has no row"),
        ("Stockpiles", ("reserve",), "stock", "reserve (clean) in 2026: has no row and opens with: 0 instead of 2"),
    ],
)
def test_rows_that_are_left_out(tab, key, check, place):
    altered = plan()
    table = altered.tabs[tab]
    table.rows = [row for row in table.rows if row[: len(key)] != key]
    assert place in failed(audit(INSTANCE, altered))[check]
