"""A sourcing problem of two periods that is small enough to solve by hand, and its plan.

A mine digs oxide and a little dysprosium, a Japanese plant sinters magnets from both, and China sells dysprosium that
violates the rule `zc@1`. A car maker needs clean magnets, and cheap ones of any label for which a magnet stands in.
2026 is one year, 2027 stands for two.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from sourcing.audit import Audit
from sourcing.audit.records import BOOKS, columns
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, ShortageStep, Substitute
from sourcing.components.floors import Floor
from sourcing.components.horizon import Period, Setting
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Content, Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector, Series
from sourcing.tables import Field, Table

ANY = Selector((("any", ""),))


def of(name: str, kind: str = "id") -> Selector:
    return Selector(((kind, name),))


def years(first: float, then: float) -> Series:
    return Series((2026.0, 2027.0), (first, then))


def day(year: int) -> dt.date:
    return dt.date(year, 1, 1)


flat = Series.constant

INSTANCE = Instance(
    [
        Setting(setting="Discount rate", value="10", unit="%/y"),
        Setting(setting="Shortage value", value="2000", unit="USD/kg"),
        Setting(setting="First period open to decisions", value="2027"),
        Period(period="2026", start=day(2026), years=1),
        Period(period="2027", start=day(2027), years=2),
        Entity(entity="mineco", country=("AU",), role="supplier", allied=True),
        Entity(entity="maker", country=("JP",), role="supplier", allied=True),
        Entity(entity="prc", country=("CN",), role="supplier", allied=False),
        Entity(entity="carmaker", country=("JP",), role="buyer", allied=True),
        Entity(entity="state", country=("JP",), role="government", allied=True, budget=1),
        Site(site="mine", entity="mineco", country="AU"),
        Site(site="plant", entity="maker", country="JP"),
        Site(site="china", entity="prc", country="CN"),
        Site(site="car", entity="carmaker", country="JP"),
        Price(index="oxide", price=years(50, 100)),
        Price(index="dy", price=flat(400)),
        Price(index="magnet", price=flat(200)),
        Material(material="oxide", form="oxide", index="oxide"),
        Material(material="dy", form="oxide", index="dy"),
        Material(material="magnet", form="magnet", index="magnet"),
        Material(material="cheap", form="magnet"),
        Material(material="swarf", form="scrap", disposal=100),
        Content(material="oxide", element="Nd", content=1),
        Content(material="dy", element="Dy", content=1),
        Content(material="magnet", element="NdDy", content=0.5, counted_as=("Nd", "Dy")),
        Content(material="swarf", element="NdDy", content=0.5, counted_as=("Nd", "Dy")),
        RecipeLine(recipe="dig", material="oxide", output=1),
        RecipeLine(recipe="dig", material="dy", output=0.125),
        RecipeLine(recipe="prc_dy", material="dy", output=1),
        RecipeLine(recipe="sinter", material="oxide", input=0.4),
        RecipeLine(recipe="sinter", material="dy", input=0.1),
        RecipeLine(recipe="sinter", material="magnet", output=1),
        RecipeLine(recipe="sinter", material="swarf", output=0.2),
        Unit(unit="pit", site="mine", capacity=flat(10)),
        Unit(unit="oven", site="plant", minimum_load=80, fixed_cost=0.5, running_cost=0.1, capacity=years(20, 12.5)),
        Unit(unit="kiln", site="plant", fixed_cost=0.2, capacity=flat(10)),
        Unit(unit="market", site="china", capacity=flat(float("inf"))),
        Process(site="mine", recipe="dig", unit="pit", cost=1000, stage="mine"),
        Process(site="china", recipe="prc_dy", unit="market", cost=0, stage="separation"),
        Process(
            site="plant", recipe="sinter", unit="oven", cost=5000, stage="magnet", credit=10, credit_payer="state"
        ),
        Process(
            site="plant", recipe="sinter", unit="kiln", cost=5000, stage="magnet", credit=10, credit_payer="state"
        ),
        Project(
            project="second kiln", unit="kiln", capex=4, life=1, cost_of_capital=10, public_share=25, payer="state",
            ramp=(50, 100),
        ),
        Lane(origin=of("mine"), destination=of("JP", "country"), goods=ANY, freight=50),
        Lane(origin=ANY, destination=ANY, goods=of("oxide", "form"), freight=999),  # less specific: never used
        Lane(
            origin=of("china"), destination=of("plant"), goods=of("dy"), freight=80, tariff=5, lead_time=36.5,
            in_transit=0.1, maximum=2,
        ),
        Lane(origin=of("plant"), destination=of("car"), goods=of("magnet", "form"), freight=100),
        Offer(site="mine", material="dy", premium=25, minimum_order=0.9, maximum=1),
        Offer(site="china", material="dy", premium=-25),
        Offer(site="plant", material="magnet"),
        Contract(
            contract="DEAL", seller=of("mineco"), buyer=of("JP", "country"), material="oxide", since=day(2026),
            until=dt.date(2028, 12, 31), minimum=flat(9), maximum=flat(20), floor=60, rebate_from=90, rebate_share=50,
            rebate_cap=0.03, take_or_pay=50.0,
        ),
        Stockpile(
            stockpile="reserve", holder="state", site="plant", material="dy", label=("clean",), opening=2, minimum=1,
            maximum=3, fill=1, draw=1, loss=10, storage=1000, terminal=1.2,
        ),
        Floor(
            floor="CFD", kind="cfd", material="oxide", covered=of("mine"), level=flat(70), volume=5, payer="state",
            upside_from=80, upside_share=30, upside_starts=day(2027),
        ),
        Limit(
            limit="half", material=of("dy"), origin=of("CN", "country"), destination=of("JP", "country"),
            maximum_share=50, penalty=1000,
        ),
        Limit(limit="cap", material=ANY, origin=of("prc"), destination=ANY, maximum=1.5, first="2026", last="2026"),
        Qualification(customer="car", material="any", maker="plant"),
        Rule(
            rule="zc", version="1", since=day(2026), countries=("CN",), stages=("mine", "separation"),
            elements=("strict",),
        ),
        Rule(rule="zc", version="0", status="suspended", since=day(2026), stages=("alloy",), elements=("Nd",)),
        Demand(customer="car", material="magnet", rules=("zc",), demand=flat(10)),
        Demand(customer="car", material="cheap", demand=flat(8)),
        ShortageStep(customer="car", material="magnet", up_to=10, value=150),
        Substitute(
            customer="car", material="cheap", substitute="magnet", ratio=1.25, extra_cost=50, maximum_share=flat(100)
        ),
    ]
)  # fmt: skip

DIRTY = "zc@1"

# tab: columns, rows
TABS: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "Sourcing": (
        ("From", "To", "Material", "Under", "Label", "Period", "Flow", "Price", "Freight", "Tariff", "Later"),
        [
            ("mine", "plant", "oxide", "DEAL", "clean", "2026", 7.2, 60, 50, 0, 0),  # 0.4·(8 + 10)
            ("mine", "plant", "oxide", "DEAL", "clean", "2027", 16, 100, 50, 0, 0),  # 0.4·(20 + 20)
            ("mine", "plant", "dy", "spot", "clean", "2026", 0.9, 500, 50, 0, 0),  # 400·1.25 USD/kg
            ("mine", "plant", "dy", "spot", "clean", "2027", 1.8, 500, 50, 0, 0),
            ("china", "plant", "dy", "spot", DIRTY, "2026", 1, 300, 80, 15000, 0.1),  # a tenth of a year late
            ("china", "plant", "dy", "spot", DIRTY, "2027", 2, 300, 80, 15000, 0.1),
            ("plant", "car", "magnet", "spot", "clean", "2026", 8, 200, 100, 0, 0),
            ("plant", "car", "magnet", "spot", DIRTY, "2026", 10, 200, 100, 0, 0),
            ("plant", "car", "magnet", "spot", "clean", "2027", 20, 200, 100, 0, 0),
            ("plant", "car", "magnet", "spot", DIRTY, "2027", 20, 200, 100, 0, 0),
        ],
    ),
    "Demand": (
        ("Customer", "Material", "Rules", "Period", "Demand", "Met", "Short", "Met share", "Shortage value"),
        [
            ("car", "magnet", "zc", "2026", 10, 8, 2, 80, 2.15),  # 1 t at 150 and 1 t at 2,000 USD/kg
            ("car", "magnet", "zc", "2027", 20, 20, 0, 100, 0),
            ("car", "cheap", "", "2026", 8, 8, 0, 100, 0),
            ("car", "cheap", "", "2027", 16, 16, 0, 100, 0),
        ],
    ),
    "Deliveries": (
        ("Customer", "Material", "Rules", "Delivered as", "Label", "Period", "Delivered"),
        [
            ("car", "magnet", "zc", "magnet", "clean", "2026", 8),
            ("car", "magnet", "zc", "magnet", "clean", "2027", 20),
            ("car", "cheap", "", "magnet", DIRTY, "2026", 10),  # 1.25·8
            ("car", "cheap", "", "magnet", DIRTY, "2027", 20),
        ],
    ),
    "Stockpiles": (
        ("Stockpile", "Holder", "Site", "Material", "Label", "Period", "Opening", "Fill", "Draw", "Loss", "Closing"),
        [
            ("reserve", "state", "plant", "dy", "clean", "2026", 2, 0.1, 0, 0.2, 1.9),  # 0.9·2 + 0.1
            ("reserve", "state", "plant", "dy", "clean", "2027", 1.9, 0, 0.2, 0.361, 1.339),  # 0.81·1.9 - 0.2
        ],
    ),
    "Contracts": (
        (
            "Contract", "Seller", "Buyer", "Material", "Period", "Minimum", "Taken", "Maximum", "Deficit", "Make-up",
            "Price", "Paid", "Rebate", "Take-or-pay",
        ),
        [
            # 7.2·60; nothing above 90; half of 60·1.8
            ("DEAL", "mineco", "country:JP", "oxide", "2026", 9, 7.2, 20, 1.8, 0, 60, 0.432, 0, 0.054),
            # 16·100; half of (100 - 90)·16 is 80 k, the cap is 60 k; half of 100·2
            ("DEAL", "mineco", "country:JP", "oxide", "2027", 18, 16, 40, 2, 0, 100, 1.6, 0.06, 0.1),
        ],
    ),
    "Decisions": (
        ("Kind", "Name", "Where", "Period", "Steps", "Opens", "Outlay"),
        [("build", "second kiln", "plant", "2027", 1, "2027", 4)],
    ),
    "Projects and qualifications": (
        ("Kind", "Name", "Where", "Status", "Period", "Started", "On line", "Capacity", "Capex", "Remark"),
        [
            ("project", "second kiln", "plant", "option", "2026", 0, 0, 0, 0, ""),
            ("project", "second kiln", "plant", "option", "2027", 1, 1, 15, 4, ""),  # 10·(0.5 + 1)
            ("qualification", "plant for any", "car", "qualified", "2026", None, None, None, None, ""),
        ],
    ),
    "Production": (
        ("Site", "Recipe", "Unit", "Stage", "Label", "Adds", "Period", "Activity"),
        [
            ("mine", "dig", "pit", "mine", "clean", "clean", "2026", 7.2),
            ("mine", "dig", "pit", "mine", "clean", "clean", "2027", 16),
            ("china", "prc_dy", "market", "separation", "clean", DIRTY, "2026", 1),
            ("china", "prc_dy", "market", "separation", "clean", DIRTY, "2027", 2),
            ("plant", "sinter", "oven", "magnet", "clean", "clean", "2026", 8),
            ("plant", "sinter", "oven", "magnet", DIRTY, "clean", "2026", 10),
            ("plant", "sinter", "oven", "magnet", "clean", "clean", "2027", 5),
            ("plant", "sinter", "oven", "magnet", DIRTY, "clean", "2027", 20),
            ("plant", "sinter", "kiln", "magnet", "clean", "clean", "2027", 15),
        ],
    ),
    "Labels joined": (
        ("Site", "Material", "From label", "To label", "Period", "Amount"),
        [
            ("plant", "oxide", "clean", DIRTY, "2026", 4),  # 0.4·10, sintered with Chinese dysprosium
            ("plant", "oxide", "clean", DIRTY, "2027", 8),
        ],
    ),
    "Capacity and surplus": (
        (
            "Kind", "Site", "Unit or material", "Label", "Period", "Amount", "Limit", "Use", "One more is worth",
            "Least", "Running",
        ),
        [
            ("capacity", "mine", "pit", "", "2026", 7.2, 10, 72, 0, None, None),
            ("capacity", "mine", "pit", "", "2027", 16, 20, 80, 0, None, None),
            ("capacity", "plant", "oven", "", "2026", 18, 20, 90, 0, 16, "yes"),
            ("capacity", "plant", "oven", "", "2027", 25, 25, 100, 0, 20, "yes"),
            ("capacity", "plant", "kiln", "", "2026", 0, 0, None, None, None, None),
            ("capacity", "plant", "kiln", "", "2027", 15, 15, 100, 0, None, None),
            ("capacity", "china", "market", "", "2026", 1, None, None, None, None, None),
            ("capacity", "china", "market", "", "2027", 2, None, None, None, None, None),
            ("surplus", "plant", "swarf", "clean", "2026", 1.6, None, None, None, None, None),  # 0.2·8
            ("surplus", "plant", "swarf", DIRTY, "2026", 2, None, None, None, None, None),
            ("surplus", "plant", "swarf", "clean", "2027", 4, None, None, None, None, None),
            ("surplus", "plant", "swarf", DIRTY, "2027", 4, None, None, None, None, None),
            ("surplus", "mine", "dy", "clean", "2027", 0.2, None, None, None, None, None),  # 0.125·16 - 1.8
        ],
    ),
    "Limits": (
        ("Limit", "Period", "Counted", "Base", "Share", "Maximum", "Minimum", "Over", "Under"),
        [
            ("half", "2026", 1, 1.8, 100 / 1.8, 0.9, None, 0.1, 0),  # 1 - 0.5·1.8
            ("half", "2027", 2, 4, 50, 2, None, 0, 0),
            ("cap", "2026", 1, 27, 100 / 27, 1.5, None, 0, 0),  # 0.5·18 sintered, 8 + 10 delivered
        ],
    ),
    "Floors": (
        (
            "Floor", "Kind", "Material", "Period", "Level", "Benchmark", "Output", "Counted", "Top-up", "Upside",
            "Payer", "Payee",
        ),
        [
            ("CFD", "cfd", "oxide", "2026", 70, 50, 7.2, 5, 0.1, 0, "state", "mineco"),  # 20·5
            ("CFD", "cfd", "oxide", "2027", 70, 100, 16, 10, 0, 0.06, "state", "mineco"),  # 0.3·(100 - 80)·10
            ("DEAL", "contract floor", "oxide", "2026", 60, 50, 7.2, 7.2, 0.072, 0, "maker", "mineco"),  # (60 - 50)·7.2
            ("DEAL", "contract floor", "oxide", "2027", 60, 100, 16, 16, 0, 0, "maker", "mineco"),
        ],
    ),
}  # fmt: skip

OXIDE, OUR_DY = "mine → plant: oxide (DEAL)", "mine → plant: dy"
CHINESE_DY, MAGNETS = "china → plant: dy", "plant → car: magnet"

LEDGER: list[tuple[str, str, str, str, str, float]] = [
    # payer, payee, kind, where, period, M USD
    ("maker", "mineco", "purchase", OXIDE, "2026", 0.432),
    ("maker", "mineco", "purchase", OUR_DY, "2026", 0.45),  # 0.9·500
    ("maker", "prc", "purchase", CHINESE_DY, "2026", 0.3),
    ("carmaker", "maker", "purchase", MAGNETS, "2026", 3.6),  # 18·200
    ("state", "maker", "purchase", "reserve", "2026", 0.04),  # 0.1·400
    ("maker", "state", "tariff", CHINESE_DY, "2026", 0.015),  # 5 % of 300
    ("maker", "", "freight", OXIDE, "2026", 360e-6),  # 7.2·50
    ("maker", "", "freight", OUR_DY, "2026", 45e-6),
    ("maker", "", "freight", CHINESE_DY, "2026", 80e-6),
    ("carmaker", "", "freight", MAGNETS, "2026", 0.0018),
    ("maker", "mineco", "take-or-pay", "DEAL", "2026", 0.054),
    ("mineco", "", "processing", "mine: dig on pit", "2026", 0.0072),
    ("maker", "", "processing", "plant: sinter on oven", "2026", 0.09),
    ("state", "maker", "production credit", "plant: sinter on oven", "2026", 180e-6),
    ("maker", "", "disposal", "plant: swarf", "2026", 360e-6),
    ("maker", "", "fixed", "oven", "2026", 0.5),
    ("maker", "", "running", "oven", "2026", 0.1),
    ("state", "", "storage", "reserve", "2026", 0.00195),  # 1,000·(2 + 1.9)/2
    ("carmaker", "", "shortage", "car: magnet (zc)", "2026", 2.15),
    ("carmaker", "", "substitution", "car: magnet for cheap", "2026", 500e-6),
    ("planner", "", "limit penalty", "half", "2026", 100e-6),
    ("state", "mineco", "top-up", "CFD", "2026", 0.1),
    ("maker", "mineco", "purchase", OXIDE, "2027", 1.6),
    ("maker", "mineco", "purchase", OUR_DY, "2027", 0.9),
    ("maker", "prc", "purchase", CHINESE_DY, "2027", 0.6),
    ("carmaker", "maker", "purchase", MAGNETS, "2027", 8.0),
    ("maker", "state", "purchase", "reserve", "2027", 0.08),  # 0.2·400
    ("maker", "state", "tariff", CHINESE_DY, "2027", 0.03),
    ("maker", "", "freight", OXIDE, "2027", 800e-6),
    ("maker", "", "freight", OUR_DY, "2027", 90e-6),
    ("maker", "", "freight", CHINESE_DY, "2027", 160e-6),
    ("carmaker", "", "freight", MAGNETS, "2027", 0.004),
    ("maker", "mineco", "take-or-pay", "DEAL", "2027", 0.1),
    ("mineco", "maker", "rebate", "DEAL", "2027", 0.06),
    ("mineco", "", "processing", "mine: dig on pit", "2027", 0.016),
    ("maker", "", "processing", "plant: sinter on oven", "2027", 0.125),
    ("maker", "", "processing", "plant: sinter on kiln", "2027", 0.075),
    ("state", "maker", "production credit", "plant: sinter on oven", "2027", 250e-6),
    ("state", "maker", "production credit", "plant: sinter on kiln", "2027", 150e-6),
    ("maker", "", "disposal", "plant: swarf", "2027", 800e-6),
    ("maker", "", "fixed", "oven", "2027", 1.0),
    ("maker", "", "running", "oven", "2027", 0.2),
    ("maker", "", "fixed", "kiln", "2027", 0.4),
    (
        "state",
        "",
        "capex annuity",
        "second kiln",
        "2027",
        1.1,
    ),  # 4·0.1/(1 - 1/1.1) = 4.4 for one year, a quarter public
    ("maker", "", "capex annuity", "second kiln", "2027", 3.3),
    ("state", "", "storage", "reserve", "2027", 0.003239),  # 1,000·2·(1.9 + 1.339)/2
    ("carmaker", "", "substitution", "car: magnet for cheap", "2027", 0.001),
    ("mineco", "state", "upside share", "CFD", "2027", 0.06),
]

SECOND_STOCK: list[tuple[str, str, str, str, str, float]] = [
    # the 0.1 t of 2026 go into a second stock: 1,000·(2 + 1.8)/2 and 1,000·2·(1.8 + 1.258)/2 for the first
    *(row for row in LEDGER if row[3] != "reserve" or (row[4] == "2027" and row[2] == "purchase")),
    ("state", "maker", "purchase", "second", "2026", 0.04),
    ("state", "", "storage", "reserve", "2026", 0.0019),
    ("state", "", "storage", "second", "2026", 50e-6),
    ("state", "", "storage", "reserve", "2027", 0.003058),
    ("state", "", "storage", "second", "2027", 181e-6),  # 1,000·2·(0.1 + 0.081)/2
]

COSTS = ("Payer", "Payee", "Kind", "Where", "Period", "Amount", "Weight", "Discount", "Counts")
PARTIES = ("Party", "Name", "Role", "Allied", "Earns", "Pays", "Net", "Flag")
DISCOUNT = {"2026": 1.1**-0.5, "2027": 1.1**-2}
ROLES = {"mineco": "supplier", "maker": "supplier", "prc": "supplier", "carmaker": "buyer", "state": "government"}


def weight(view: str, roles: dict[str, str], payer: str, payee: str) -> float:
    """Every party but `prc` is allied; only buyers count in their own view."""
    counting = [party for party, role in roles.items() if party != "prc" and (view == "system" or role == "buyer")]
    if payer == "planner" or not payee:
        return 1 if payer in (*counting, "planner") else 0.001
    return (payer in counting) - (payee in counting)


@dataclass
class Plan:
    """What the audit reads of a plan."""

    tabs: dict[str, Table]
    view: str = "system"
    objective: float = 0.0
    totals: dict[str, Any] = field(default_factory=lambda: {"demand_t": 54, "delivered_t": 52, "short_t": 2})
    roles: dict[str, str] = field(default_factory=lambda: ROLES)
    discount: dict[str, float] = field(default_factory=lambda: DISCOUNT)

    def summary(self) -> dict[str, Any]:
        return self.totals

    def settle(self, ledger: list[tuple[str, str, str, str, str, float]]) -> None:
        """Write a ledger, with what counts in the view, what every party has of it, and the objective."""
        costs, parties = self.tabs["Costs"], self.tabs["Parties"]
        costs.rows, parties.rows = [], []
        for payer, payee, kind, where, period, amount in ledger:
            w, d = weight(self.view, self.roles, payer, payee), self.discount[period]
            costs.add(payer, payee, kind, where, period, amount, w, d, amount * w * d)
        paid = [row for row in ledger if row[2] not in ("shortage", "limit penalty")]
        for party, role in self.roles.items():
            earns = sum(row[5] for row in paid if row[1] == party)
            pays = sum(row[5] for row in paid if row[0] == party)
            flag = "loses money" if role == "supplier" and earns < pays else ""
            parties.add(party, "", role, "no" if party == "prc" else "yes", earns, pays, earns - pays, flag)
        self.objective = sum(costs.column("Counts"))

    def edit(self, tab: str, match: dict[str, Any], **new: Any) -> None:
        """Change columns (`_` for a space) of the one row that matches."""
        table = self.tabs[tab]
        names = [column.name for column in table.fields]
        hits = [k for k, row in enumerate(table.records()) if match.items() <= row.items()]
        assert len(hits) == 1, f"{len(hits)} rows of {tab} match {match}"
        values = list(table.rows[hits[0]])
        for name, value in new.items():
            values[names.index(name.replace("_", " "))] = value
        table.rows[hits[0]] = tuple(values)


def tables(written: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]) -> dict[str, Table]:
    """Tables as they are written down, and the two that follow from a ledger."""
    every = {name: Table(name, with_units(name, columns), rows=list(rows)) for name, (columns, rows) in written.items()}
    follow = {name: Table(name, with_units(name, names)) for name, names in (("Costs", COSTS), ("Parties", PARTIES))}
    return every | follow


def with_units(tab: str, names: tuple[str, ...]) -> tuple[Field, ...]:
    """Columns with the units that a plan gives them."""
    units = {book.tab: dict(columns(book)) for book in BOOKS}[tab]
    return tuple(Field(name, units.get(name, "")) for name in names)


def plan(view: str = "system") -> Plan:
    """The plan above, with a ledger that counts as the view says."""
    made = Plan(tables(TABS), view)
    made.settle(LEDGER)
    return made


def failed(verdict: Audit) -> dict[str, str]:
    return {check.name: str(check) for check in verdict.failures}


def changed(row_type: type[Row], key: str, **new: object) -> Row:
    """A row of the case with some of its fields exchanged."""
    return dataclasses.replace(INSTANCE.row(row_type, key), **new)


def renamed(altered: Plan, rules: str) -> Plan:
    """The plan in which the demand for cheap magnets asks some rules."""
    told = copy.deepcopy(altered)
    for tab in ("Demand", "Deliveries"):
        for period in ("2026", "2027"):
            told.edit(tab, {"Material": "cheap", "Period": period}, Rules=rules)
    return told
