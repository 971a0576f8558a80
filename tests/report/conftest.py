"""A plan of three sites and two years, small enough to add up by hand."""

import datetime as dt

import pytest

import sourcing.components  # noqa: F401  (declares every tab)
from sourcing.components.contracts import Contract
from sourcing.components.horizon import Period, Setting
from sourcing.components.materials import Material
from sourcing.components.places import Entity, Site
from sourcing.components.projects import Project
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.plan import NoPlanReport, Plan
from sourcing.sheets import Selector
from sourcing.tables import Field, Table, fields

COLUMNS = """
Sourcing: From, To, Material, Under, Label, Period, Flow (t), Price (USD/kg), Freight (USD/t), Tariff (USD/t), \
Later (t)
Demand: Customer, Material, Rules, Period, Demand (t), Met (t), Short (t), Met share (%), Shortage value (M \
USD), One more costs (USD/kg), Service level (%), Below service level (t)
Deliveries: Customer, Material, Rules, Delivered as, Label, Period, Delivered (t)
Stockpiles: Stockpile, Holder, Site, Material, Label, Period, Opening (t), Fill (t), Draw (t), Loss (t), Closing \
(t), Cover (days)
Contracts: Contract, Seller, Buyer, Material, Period, Minimum (t), Taken (t), Maximum (t), Deficit (t), Price \
(USD/kg), Paid (M USD), Rebate (M USD), Take-or-pay (M USD)
Decisions: Kind, Name, Where, Period, Steps (1), Opens, Outlay (M USD), Decide by, Waiting costs (M USD), \
Waiting is, In words
Projects and qualifications: Kind, Name, Where, Status, Period, Started (steps), On line (steps), Capacity (t), \
Capex (M USD), Remark
Custody: Site, Unit, Rule, Period, Feed
Floors: Floor, Kind, Material, Period, Top-up (M USD)
Costs: Payer, Payee, Kind, Where, Period, Amount (M USD), Weight (1), Discount (1), Counts (M USD)
Bottlenecks: Kind, Name, Period, Worth (USD), Per, Holds from (t), Holds to (t), Price (USD/kg), Break-even (USD/kg), \
In words, Cell
Data notes: Kind, Where, Note
Run: Item, Value
"""
MEANINGS = {"One more costs": "cost of one more kilogram"}


def empty_tables():
    """The tabs of a plan without rows, from the lines of COLUMNS."""
    tables = {}
    for line in COLUMNS.split("\n")[1:-1]:
        name, headers = line.split(": ")
        parts = [header.removesuffix(")").split(" (") for header in headers.split(", ")]
        made = tuple(Field(part[0], *part[1:], meaning=MEANINGS.get(part[0], "")) for part in parts)
        tables[name] = Table(name, made, f"What {name} shows.")
    return tables


def an_instance():
    return Instance(
        [
            Setting(setting="Title", value="Two makers, two years"),
            Setting(setting="Price year", value="2026", unit="year"),
            Setting(setting="First period open to decisions", value="2027"),
            Period(period="2026", start=dt.date(2026, 1, 1), years=1.0),
            Period(period="2027", start=dt.date(2027, 1, 1), years=1.0),
            Entity(entity="maker", name="Maker", country=("JP",), role="supplier", allied=True),
            Entity(entity="other", name="Other", country=("CN",), role="supplier", allied=False),
            Entity(entity="buyer", name="Buyer", country=("US",), role="buyer", allied=True),
            Site(site="takefu", name="Takefu (Japan): magnets", entity="maker", country="JP", source=("guess",)),
            Site(site="ningbo", name="Ningbo", entity="other", country="CN", source=("guess",)),
            Site(site="detroit", name="Detroit cars", entity="buyer", country="US", source=("report",)),
            Material(material="mag", name="Magnet (N to SH)", form="magnet"),
            Contract(
                contract="DEAL",
                seller=Selector((("id", "takefu"),)),
                buyer=Selector((("id", "detroit"),)),
                material="mag",
            ),
            Project(project="second_line", unit="takefu_line", together="second"),
            Project(project="second_alloy", unit="takefu_line", together="second"),
            Source(source_id="guess", citation="our guess", date="2026-11-22", basis="estimate"),
            Source(source_id="report", citation="a report", date="2025-03-01", basis="published"),
        ],
        name="small",
    )


def the_tabs():
    tabs = empty_tables()
    # 100 t a year are asked; 60 + 40 t come in 2026, 75 + 20 t in 2027, where 5 t are short.
    tabs["Sourcing"].add("ningbo", "detroit", "mag", "spot", "china@1", "2026", 60.0, 50.0, 300.0, 0.0, 0.0)
    tabs["Sourcing"].add("takefu", "detroit", "mag", "DEAL", "clean", "2026", 40.0, 80.0, 300.0, 0.0, 0.0)
    tabs["Sourcing"].add("takefu", "detroit", "mag", "DEAL", "clean", "2027", 30.0, 80.0, 300.0, 0.0, 0.0)
    tabs["Sourcing"].add("takefu", "detroit", "mag", "spot", "clean", "2027", 45.0, 90.0, 300.0, 0.0, 0.0)
    tabs["Sourcing"].add("ningbo", "detroit", "mag", "spot", "china@1", "2027", 20.0, 50.0, 300.0, 0.0, 0.0)
    tabs["Demand"].add("detroit", "mag", "", "2026", 60.0, 60.0, 0.0, 100.0, 0.0, 51.0, None, None)
    tabs["Demand"].add("detroit", "mag", "", "2027", 20.0, 20.0, 0.0, 100.0, 0.0, 51.0, None, None)
    tabs["Demand"].add("detroit", "mag", "china", "2026", 40.0, 40.0, 0.0, 100.0, 0.0, 80.3, None, None)
    tabs["Demand"].add("detroit", "mag", "china", "2027", 80.0, 75.0, 5.0, 93.75, 0.75, 150.0, 95.0, 1.0)
    tabs["Deliveries"].add("detroit", "mag", "china", "mag", "clean", "2026", 40.0)
    tabs["Stockpiles"].add("RESERVE", "maker", "takefu", "mag", "clean", "2026", 10.0, 0.0, 0.0, 0.0, 10.0, None)
    tabs["Stockpiles"].add("RESERVE", "maker", "takefu", "mag", "clean", "2027", 10.0, 0.0, 4.0, 0.0, 6.0, None)
    tabs["Contracts"].add("DEAL", "maker", "detroit", "mag", "2026", 30.0, 40.0, 40.0, 0.0, 80.0, 3.2, 0.0, 0.0)
    tabs["Contracts"].add("DEAL", "maker", "detroit", "mag", "2027", 30.0, 30.0, None, 0.0, 80.0, 2.4, 0.0, 0.0)
    tabs["Projects and qualifications"].add(
        "project", "second_line", "takefu", "option", "2027", 1.0, 0.0, 0.0, 12.0, "=HYPERLINK(1)"
    )
    # The second line is two projects that are built as one; each row has the cost of waiting of both.
    for name, outlay in (("second_line", 12.0), ("second_alloy", 3.0)):
        tabs["Decisions"].add(
            "build", name, "takefu", "2027", 2.0, "2028", outlay, "2027-01-01", 0.4, "at least", "costs at least 0.4."
        )
    tabs["Decisions"].add("sign", "DEAL", "maker → buyer", "2027", 1.0, "2027", 0.0, "2027-01-01", None, "no plan", "")
    qualify = "detroit|any|takefu"
    tabs["Decisions"].add(
        "qualify", qualify, "detroit", "2027", 1.0, "2028", 2.0, "2027-01-01", None, "not worked out", ""
    )
    tabs["Custody"].add("takefu", "takefu_line", "china@1", "2026", "clean")
    tabs["Custody"].add("takefu", "takefu_line", "china@1", "2027", "not clean")
    tabs["Costs"].add("buyer", "other", "purchase", "detroit", "2026", 3.0, 1.0, 0.97, 2.91)
    tabs["Costs"].add("maker", "", "processing", "takefu", "2027", 1 / 3, 1.0, 0.9, 0.3)
    tabs["Costs"].add("buyer", "", "shortage", "detroit", "2027", 0.75, 1.0, 0.9, 0.675)
    tabs["Bottlenecks"].add(
        "capacity",
        "takefu_line",
        "2027",
        900.0,
        "tonne",
        90.0,
        None,
        None,
        None,
        "One more tonne is worth 900 USD.",
        "Units!F3",
    )
    tabs["Bottlenecks"].add(
        "capacity",
        "takefu_line",
        "2026",
        20.0,
        "tonne",
        90.0,
        99.0,
        None,
        None,
        "One more tonne is worth 20 USD.",
        "Units!F3",
    )
    tabs["Data notes"].add("estimate", "Sites!A2", "word " * 40)
    tabs["Run"].add("Instance", "small")
    tabs["Run"].add("Gap", 0.0)
    return tabs


@pytest.fixture
def instance():
    return an_instance()


@pytest.fixture
def plan(instance):
    return Plan(
        instance=instance,
        view="system",
        status="optimal",
        objective=3.885,  # 2.91 + 0.3 + 0.675
        bound=3.885,
        gap=0.0,
        verdict="Proven optimal. Short 5 t in 2027.",
        tabs=the_tabs(),
        facts={"largest_country": "JP", "largest_country_share": 57.5, "estimate_share": 80.0},
    )


@pytest.fixture
def no_plan(instance):
    why = Table("Why", fields("Where", "Rule", ("Amount", "t")), "What stands in the way.")
    why.add("Contracts!F2", "a firm minimum above the capacity", 12.5)
    run = Table("Run", fields("Item", "Value"))
    run.add("Instance", "small")
    return NoPlanReport(instance=instance, status="infeasible", headline="No plan.", why=why, run=run)
