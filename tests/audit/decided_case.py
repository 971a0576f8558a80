"""A second problem that is small enough to solve by hand, in which a plan has something to decide.

Three years; from 2027 on the plan may decide. An Australian mine and a Chinese one, whose feed violates `zc@1`, feed a
Japanese separator that blends. A smelter takes oxide of any label, a car maker from 2028 on only clean oxide, and it
has to qualify the separator first. In 2027 the mine's contract is signed, the car maker begins to qualify, and an
extension is started with its dryer: it runs clean in 2028, beside the old unit that doesn't.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from hand_case import DIRTY, Plan, day, flat, of, tables

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period, Setting
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content, Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.trade import Offer, Price
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector, Series

ANYWHERE = Selector((("any", ""),))
NONE = flat(float("inf"))

INSTANCE = Instance(
    [
        Setting(setting="Discount rate", value="0", unit="%/y"),
        Setting(setting="Shortage value", value="1000", unit="USD/kg"),
        Setting(setting="First period open to decisions", value="2027"),
        *(Period(period=str(year), start=day(year), years=1) for year in (2026, 2027, 2028)),
        Entity(entity="mineco", country=("AU",), role="supplier", allied=True),
        Entity(entity="plantco", country=("JP",), role="supplier", allied=True),
        Entity(entity="prc", country=("CN",), role="supplier", allied=False),
        Entity(entity="carmaker", country=("JP",), role="buyer", allied=True),
        Entity(entity="smelter", country=("JP",), role="buyer", allied=True),
        Entity(entity="state", country=("JP",), role="government", allied=True, budget=5),
        Site(site="mine", entity="mineco", country="AU"),
        Site(site="china", entity="prc", country="CN"),
        Site(site="plant", entity="plantco", country="JP"),
        Site(site="car", entity="carmaker", country="JP"),
        Site(site="furnace", entity="smelter", country="JP"),
        Price(index="feed", price=flat(10)),
        Price(index="oxide", price=flat(100)),
        Material(material="feed", form="concentrate", index="feed"),
        Material(material="oxide", form="oxide", index="oxide"),
        Content(material="feed", element="Nd", content=1),
        Content(material="oxide", element="Nd", content=1),
        RecipeLine(recipe="dig", material="feed", output=1),
        RecipeLine(recipe="split", material="feed", input=1),
        RecipeLine(recipe="split", material="oxide", output=1),
        Unit(unit="pit", site="mine", capacity=NONE),
        Unit(unit="quarry", site="china", capacity=NONE),
        Unit(unit="mixer", site="plant", capacity=flat(10)),
        Unit(unit="ext", site="plant", minimum_load=50, running_cost=0.2, capacity=flat(4)),
        Unit(unit="dryer", site="plant", capacity=flat(3)),
        Unit(unit="rival", site="plant", capacity=flat(9)),
        Process(site="mine", recipe="dig", unit="pit", cost=0, stage="mine"),
        Process(site="china", recipe="dig", unit="quarry", cost=0, stage="mine"),
        Process(site="plant", recipe="split", unit="mixer", cost=1000, stage="separation"),
        Process(site="plant", recipe="split", unit="ext", cost=1000, stage="separation"),
        Process(site="plant", recipe="split", unit="dryer", cost=None, stage="separation"),  # used by the line above
        Project(
            project="ext", unit="ext", steps=2, capex=10, life=10, cost_of_capital=0, public_share=50, payer="state",
            lead_time=12, together="site", only_one="choice",
        ),
        Project(
            project="dryer", unit="dryer", steps=4, whole=False, capex=1, life=10, cost_of_capital=0, lead_time=12,
            together="site", only_one="choice",
        ),
        Project(project="rival", unit="rival", capex=20, only_one="choice"),
        Lane(origin=ANYWHERE, destination=ANYWHERE, goods=ANYWHERE, freight=0),
        Offer(site="mine", material="feed", minimum_order=3),
        Offer(site="china", material="feed", premium=-50),
        Offer(site="plant", material="oxide"),
        Contract(
            contract="OPT", seller=of("mine"), buyer=Selector((("id", "plant"), ("id", "car"))), material="feed",
            minimum=flat(5), maximum=flat(8), fixed=8, take_or_pay=100.0, status="option", signing_cost=2,
        ),
        Qualification(customer="car", material="oxide", maker="plant", lead_time=12, cost=0.5, first_year_share=60),
        Rule(rule="zc", version="1", since=day(2026), countries=("CN",), stages=("mine",), elements=("strict",)),
        Demand(
            customer="car", material="oxide", rules=("zc",), service_level=80,
            demand=Series((2026.0, 2028.0), (0.0, 10.0)),
        ),
        Demand(customer="furnace", material="oxide", demand=Series((2026.0, 2027.0, 2028.0), (6.0, 8.0, 6.0))),
    ]
)  # fmt: skip

TABS: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "Sourcing": (
        ("From", "To", "Material", "Under", "Label", "Period", "Flow", "Price", "Freight", "Tariff", "Later"),
        [
            ("mine", "plant", "feed", "spot", "clean", "2026", 4, 10, 0, 0, 0),
            ("mine", "plant", "feed", "OPT", "clean", "2027", 6, 8, 0, 0, 0),
            ("mine", "plant", "feed", "OPT", "clean", "2028", 3, 8, 0, 0, 0),
            ("china", "plant", "feed", "spot", DIRTY, "2027", 2, 5, 0, 0, 0),
            ("china", "plant", "feed", "spot", DIRTY, "2028", 6, 5, 0, 0, 0),
            ("plant", "furnace", "oxide", "spot", "clean", "2026", 4, 100, 0, 0, 0),
            ("plant", "furnace", "oxide", "spot", DIRTY, "2027", 8, 100, 0, 0, 0),
            ("plant", "furnace", "oxide", "spot", DIRTY, "2028", 6, 100, 0, 0, 0),
            ("plant", "car", "oxide", "spot", "clean", "2028", 3, 100, 0, 0, 0),
        ],
    ),
    "Demand": (
        (
            "Customer", "Material", "Rules", "Period", "Demand", "Met", "Short", "Met share", "Shortage value",
            "Service level", "Below service level",
        ),
        [
            ("car", "oxide", "zc", "2026", 0, 0, 0, None, 0, 80, 0),
            ("car", "oxide", "zc", "2027", 0, 0, 0, None, 0, 80, 0),
            ("car", "oxide", "zc", "2028", 10, 3, 7, 30, 7, 80, 5),  # 0.8·10 - 3
            ("furnace", "oxide", "", "2026", 6, 4, 2, 400 / 6, 2, None, None),
            ("furnace", "oxide", "", "2027", 8, 8, 0, 100, 0, None, None),
            ("furnace", "oxide", "", "2028", 6, 6, 0, 100, 0, None, None),
        ],
    ),
    "Deliveries": (
        ("Customer", "Material", "Rules", "Delivered as", "Label", "Period", "Delivered"),
        [
            ("furnace", "oxide", "", "oxide", "clean", "2026", 4),
            ("furnace", "oxide", "", "oxide", DIRTY, "2027", 8),
            ("furnace", "oxide", "", "oxide", DIRTY, "2028", 6),
            ("car", "oxide", "zc", "oxide", "clean", "2028", 3),
        ],
    ),
    "Stockpiles": (
        ("Stockpile", "Holder", "Site", "Material", "Label", "Period", "Opening", "Fill", "Draw", "Loss", "Closing"),
        [],
    ),
    "Contracts": (
        (
            "Contract", "Seller", "Buyer", "Material", "Period", "Minimum", "Taken", "Maximum", "Deficit", "Make-up",
            "Price", "Paid", "Rebate", "Take-or-pay",
        ),
        [
            ("OPT", "mine", "plant; car", "feed", "2027", 5, 6, 8, 0, 0, 8, 0.048, 0, 0),
            ("OPT", "mine", "plant; car", "feed", "2028", 5, 3, 8, 2, 0, 8, 0.024, 0, 0.016),  # 2·8
        ],
    ),
    "Decisions": (
        ("Kind", "Name", "Where", "Period", "Steps", "Opens", "Outlay"),
        [
            ("sign", "OPT", "mine → plant; car", "2027", 1, "2027", 2),
            ("build", "ext", "plant", "2027", 1, "2028", 10),
            ("build", "dryer", "plant", "2027", 2, "2028", 2),
            ("qualify", "car|oxide|plant", "car", "2027", 1, "2028", 0.5),
        ],
    ),
    "Projects and qualifications": (
        ("Kind", "Name", "Where", "Status", "Period", "Started", "On line", "Capacity", "Capex", "Remark"),
        [
            ("project", "ext", "plant", "option", "2026", 0, 0, 0, 0, ""),
            ("project", "ext", "plant", "option", "2027", 1, 0, 0, 10, ""),
            ("project", "ext", "plant", "option", "2028", 0, 1, 4, 0, ""),
            *(("project", "rival", "plant", "option", str(year), 0, 0, 0, 0, "") for year in (2026, 2027, 2028)),
            ("project", "dryer", "plant", "option", "2026", 0, 0, 0, 0, ""),
            ("project", "dryer", "plant", "option", "2027", 2, 0, 0, 2, ""),
            ("project", "dryer", "plant", "option", "2028", 0, 2, 6, 0, ""),  # 2·3
            ("qualification", "plant for oxide", "car", "qualifies in 2028", "2028", None, None, None, None, ""),
        ],
    ),
    "Production": (
        ("Site", "Recipe", "Unit", "Stage", "Label", "Adds", "Period", "Activity"),
        [
            ("mine", "dig", "pit", "mine", "clean", "clean", "2026", 4),
            ("mine", "dig", "pit", "mine", "clean", "clean", "2027", 6),
            ("mine", "dig", "pit", "mine", "clean", "clean", "2028", 3),
            ("china", "dig", "quarry", "mine", "clean", DIRTY, "2027", 2),
            ("china", "dig", "quarry", "mine", "clean", DIRTY, "2028", 6),
            ("plant", "split", "mixer", "separation", "clean", "clean", "2026", 4),
            ("plant", "split", "mixer", "separation", DIRTY, "clean", "2027", 8),
            ("plant", "split", "mixer", "separation", DIRTY, "clean", "2028", 6),
            ("plant", "split", "ext", "separation", "clean", "clean", "2028", 3),
        ],
    ),
    "Labels joined": (
        ("Site", "Material", "From label", "To label", "Period", "Amount"),
        [("plant", "feed", "clean", DIRTY, "2027", 6)],  # it is mixed with 2 t from China
    ),
    "Capacity and surplus": (
        (
            "Kind", "Site", "Unit or material", "Label", "Period", "Amount", "Limit", "Use", "One more is worth",
            "Least", "Running",
        ),
        [
            ("capacity", "plant", "mixer", "", "2026", 4, 10, 40, 0, None, None),
            ("capacity", "plant", "mixer", "", "2027", 8, 10, 80, 0, None, None),
            ("capacity", "plant", "mixer", "", "2028", 6, 10, 60, 0, None, None),
            ("capacity", "mine", "pit", "", "2026", 4, None, None, None, None, None),
            ("capacity", "mine", "pit", "", "2027", 6, None, None, None, None, None),
            ("capacity", "mine", "pit", "", "2028", 3, None, None, None, None, None),
            ("capacity", "china", "quarry", "", "2026", 0, None, None, None, None, None),
            ("capacity", "china", "quarry", "", "2027", 2, None, None, None, None, None),
            ("capacity", "china", "quarry", "", "2028", 6, None, None, None, None, None),
            *(("capacity", "plant", "rival", "", t, 0, 0, None, None, None, None) for t in ("2026", "2027", "2028")),
            *(("capacity", "plant", "dryer", "", t, 0, 0, None, None, None, None) for t in ("2026", "2027")),
            ("capacity", "plant", "ext", "", "2026", 0, 0, None, None, 0, "no"),
            ("capacity", "plant", "ext", "", "2027", 0, 0, None, None, 0, "no"),
            ("capacity", "plant", "ext", "", "2028", 3, 4, 75, 0, 2, "yes"),  # half of 4
            ("capacity", "plant", "dryer", "", "2028", 3, 6, 50, 0, None, None),
        ],
    ),
    "Custody": (
        ("Site", "Unit", "Rule", "Period", "Feed"),
        [
            ("plant", "mixer", DIRTY, "2026", "clean"),
            ("plant", "mixer", DIRTY, "2027", "not clean"),
            ("plant", "mixer", DIRTY, "2028", "not clean"),
            ("plant", "ext", DIRTY, "2028", "clean"),
        ],
    ),
    "Limits": (("Limit", "Period", "Counted", "Base", "Share", "Maximum", "Minimum", "Over", "Under"), []),
    "Floors": (
        (
            "Floor", "Kind", "Material", "Period", "Level", "Benchmark", "Output", "Counted", "Top-up", "Upside",
            "Payer", "Payee",
        ),
        [],
    ),
}  # fmt: skip

LEDGER: list[tuple[str, str, str, str, str, float]] = [
    ("plantco", "mineco", "purchase", "mine → plant: feed", "2026", 0.04),  # 4·10
    ("smelter", "plantco", "purchase", "plant → furnace: oxide", "2026", 0.4),
    ("plantco", "", "processing", "plant: split on mixer", "2026", 0.004),
    ("smelter", "", "shortage", "furnace: oxide", "2026", 2.0),
    ("plantco", "", "signing", "OPT", "2027", 2.0),  # the carmaker may buy, but has no use for feed
    ("carmaker", "", "qualification", "car|oxide|plant", "2027", 0.5),
    ("plantco", "mineco", "purchase", "mine → plant: feed (OPT)", "2027", 0.048),
    ("plantco", "prc", "purchase", "china → plant: feed", "2027", 0.01),  # 2·5
    ("smelter", "plantco", "purchase", "plant → furnace: oxide", "2027", 0.8),
    ("plantco", "", "processing", "plant: split on mixer", "2027", 0.008),
    ("plantco", "mineco", "purchase", "mine → plant: feed (OPT)", "2028", 0.024),
    ("plantco", "mineco", "take-or-pay", "OPT", "2028", 0.016),
    ("plantco", "prc", "purchase", "china → plant: feed", "2028", 0.03),
    ("smelter", "plantco", "purchase", "plant → furnace: oxide", "2028", 0.6),
    ("carmaker", "plantco", "purchase", "plant → car: oxide", "2028", 0.3),
    ("plantco", "", "processing", "plant: split on mixer", "2028", 0.006),
    ("plantco", "", "processing", "plant: split on ext", "2028", 0.003),
    ("plantco", "", "running", "ext", "2028", 0.2),
    ("state", "", "capex annuity", "ext", "2028", 0.5),  # half of 10/10
    ("plantco", "", "capex annuity", "ext", "2028", 0.5),
    ("plantco", "", "capex annuity", "dryer", "2028", 0.2),  # 2·1/10
    ("carmaker", "", "shortage", "car: oxide (zc)", "2028", 7.0),
]

ROLES = {
    "mineco": "supplier", "plantco": "supplier", "prc": "supplier", "carmaker": "buyer", "smelter": "buyer",
    "state": "government",
}  # fmt: skip


def plan(view: str = "system") -> Plan:
    """The plan above, with a ledger that counts as the view says."""
    made = Plan(
        tables(TABS),
        view,
        totals={"demand_t": 30, "delivered_t": 21, "short_t": 9},
        roles=ROLES,
        discount=dict.fromkeys(("2026", "2027", "2028"), 1.0),
    )
    made.settle(LEDGER)
    return made


def changed(row_type: type[Row], key: str, **new: object) -> Row:
    """A row of the case with some of its fields exchanged."""
    return dataclasses.replace(INSTANCE.row(row_type, key), **new)
