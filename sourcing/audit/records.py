"""The records that the audit reads: the columns of the plan's tables, as the plan's contract names them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar


def cell(name: str, kind: str, unit: str = "", *, lacking: bool = False) -> Any:
    """A column that a check reads. Kinds: an id (`site`, `material`, `period`, `party`), `label`, `text`, a number
    that is not negative (`amount`), any number (`number`), and with `?` one that may be blank. `unit` is that of its
    header. A column that may be `lacking` is as if it were blank.
    """
    return field(metadata={"name": name, "kind": kind, "unit": unit, "lacking": lacking})


@dataclass(frozen=True)
class Book:
    """A record of one of the plan's tables; a `lacking` table is as if it were empty."""

    tab: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ()
    lacking: ClassVar[bool] = False


@dataclass(frozen=True)
class Flow(Book):
    """Who ships what to whom."""

    tab = "Sourcing"
    key = ("origin", "destination", "material", "under", "label", "period")
    origin: str = cell("From", "site")
    destination: str = cell("To", "site")
    material: str = cell("Material", "material")
    under: str = cell("Under", "text")
    label: frozenset[str] = cell("Label", "label")
    period: str = cell("Period", "period")
    tonnes: float = cell("Flow", "amount", "t")
    price: float | None = cell("Price", "number?", "USD/kg")
    freight: float = cell("Freight", "amount", "USD/t")
    tariff: float = cell("Tariff", "number", "USD/t")
    later: float = cell("Later", "amount", "t")

    def __str__(self) -> str:
        return f"{self.material} from {self.origin} to {self.destination} under {self.under} in {self.period}"


@dataclass(frozen=True)
class Need(Book):
    """A demand, met or short."""

    tab = "Demand"
    key = ("customer", "material", "rules", "period")
    customer: str = cell("Customer", "site")
    material: str = cell("Material", "material")
    rules: str = cell("Rules", "text")
    period: str = cell("Period", "period")
    demand: float = cell("Demand", "amount", "t")
    met: float = cell("Met", "amount", "t")
    short: float = cell("Short", "amount", "t")
    share: float | None = cell("Met share", "number?", "%")
    value: float = cell("Shortage value", "amount", "M USD")
    level: float | None = cell("Service level", "number?", "%", lacking=True)
    below: float | None = cell("Below service level", "amount?", "t", lacking=True)

    @property
    def demand_row(self) -> tuple[str, str, str]:
        """The demand that it is."""
        return self.customer, self.material, self.rules

    def __str__(self) -> str:
        return f"{self.material} for {self.customer}{f' ({self.rules})' if self.rules else ''} in {self.period}"


@dataclass(frozen=True)
class Delivery(Book):
    """What a demand was met with."""

    tab = "Deliveries"
    key = ("customer", "material", "rules", "delivered_as", "label", "period")
    customer: str = cell("Customer", "site")
    material: str = cell("Material", "material")
    rules: str = cell("Rules", "text")
    delivered_as: str = cell("Delivered as", "material")
    label: frozenset[str] = cell("Label", "label")
    period: str = cell("Period", "period")
    tonnes: float = cell("Delivered", "amount", "t")

    @property
    def demand_row(self) -> tuple[str, str, str]:
        """The demand that it meets."""
        return self.customer, self.material, self.rules


@dataclass(frozen=True)
class Stock(Book):
    """A stockpile's movement of one label."""

    tab = "Stockpiles"
    key = ("stockpile", "label", "period")
    stockpile: str = cell("Stockpile", "stockpile")
    holder: str = cell("Holder", "party")
    site: str = cell("Site", "site")
    material: str = cell("Material", "material")
    label: frozenset[str] = cell("Label", "label")
    period: str = cell("Period", "period")
    opening: float = cell("Opening", "amount", "t")
    fill: float = cell("Fill", "amount", "t")
    draw: float = cell("Draw", "amount", "t")
    loss: float = cell("Loss", "amount", "t")
    closing: float = cell("Closing", "amount", "t")
    cover: float | None = cell("Cover", "amount?", "days", lacking=True)


@dataclass(frozen=True)
class Taken(Book):
    """A contract's period."""

    tab = "Contracts"
    key = ("contract", "period")
    contract: str = cell("Contract", "contract")
    seller: str = cell("Seller", "text")
    buyer: str = cell("Buyer", "text")
    material: str = cell("Material", "material")
    period: str = cell("Period", "period")
    minimum: float = cell("Minimum", "amount", "t")
    taken: float = cell("Taken", "amount", "t")
    maximum: float | None = cell("Maximum", "amount?", "t")
    deficit: float = cell("Deficit", "amount", "t")
    makeup: float = cell("Make-up", "amount", "t")
    price: float | None = cell("Price", "number?", "USD/kg")
    paid: float = cell("Paid", "number", "M USD")
    rebate: float = cell("Rebate", "amount", "M USD")
    take_or_pay: float = cell("Take-or-pay", "number", "M USD")


@dataclass(frozen=True)
class Decision(Book):
    """What the plan signs, starts or qualifies, and from when it has effect."""

    tab = "Decisions"
    key = ("kind", "name", "period")
    lacking = True
    kind: str = cell("Kind", "text")
    name: str = cell("Name", "text")
    where: str = cell("Where", "text")
    period: str = cell("Period", "period")
    steps: float = cell("Steps", "amount", "1")
    opens: str | None = cell("Opens", "period?")
    outlay: float | None = cell("Outlay", "amount?", "M USD")

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {self.period}"


@dataclass(frozen=True)
class Step(Book):
    """A project's (or qualification's) period."""

    tab = "Projects and qualifications"
    key = ("kind", "name", "where", "period")
    kind: str = cell("Kind", "text")
    name: str = cell("Name", "text")
    where: str = cell("Where", "text")
    status: str = cell("Status", "text")
    period: str = cell("Period", "text")
    started: float | None = cell("Started", "amount?", "steps")
    online: float | None = cell("On line", "amount?", "steps")
    capacity: float | None = cell("Capacity", "amount?", "t")
    capex: float | None = cell("Capex", "amount?", "M USD")
    remark: str = cell("Remark", "text")


@dataclass(frozen=True)
class Run(Book):
    """Activity of a process on inputs of one label."""

    tab = "Production"
    key = ("site", "recipe", "unit", "label", "period")
    site: str = cell("Site", "site")
    recipe: str = cell("Recipe", "text")
    unit: str = cell("Unit", "text")
    stage: str = cell("Stage", "text")
    label: frozenset[str] = cell("Label", "label")
    adds: frozenset[str] = cell("Adds", "label")
    period: str = cell("Period", "period")
    activity: float = cell("Activity", "amount", "t")

    @property
    def process(self) -> tuple[str, str, str]:
        """The line that runs."""
        return self.site, self.recipe, self.unit


@dataclass(frozen=True)
class Join(Book):
    """A cleaner lot used as a less clean one."""

    tab = "Labels joined"
    key = ("site", "material", "before", "after", "period")
    site: str = cell("Site", "site")
    material: str = cell("Material", "material")
    before: frozenset[str] = cell("From label", "label")
    after: frozenset[str] = cell("To label", "label")
    period: str = cell("Period", "period")
    tonnes: float = cell("Amount", "amount", "t")


@dataclass(frozen=True)
class Use(Book):
    """A capacity's use, or a surplus."""

    tab = "Capacity and surplus"
    key = ("kind", "site", "name", "label", "period")
    kind: str = cell("Kind", "text")
    site: str = cell("Site", "site")
    name: str = cell("Unit or material", "text")
    label: frozenset[str] = cell("Label", "label")
    period: str = cell("Period", "period")
    amount: float = cell("Amount", "amount", "t")
    limit: float | None = cell("Limit", "amount?", "t")
    share: float | None = cell("Use", "number?", "%")
    least: float | None = cell("Least", "amount?", "t", lacking=True)
    running: str | None = cell("Running", "text?", lacking=True)


@dataclass(frozen=True)
class Mix(Book):
    """What a blended unit was fed in a period, by one rule."""

    tab = "Custody"
    key = ("unit", "rule", "period")
    lacking = True
    site: str = cell("Site", "site")
    unit: str = cell("Unit", "unit")
    rule: str = cell("Rule", "rule")
    period: str = cell("Period", "period")
    feed: str = cell("Feed", "text")


@dataclass(frozen=True)
class Count(Book):
    """A limit's period."""

    tab = "Limits"
    key = ("limit", "period")
    limit: str = cell("Limit", "limit")
    period: str = cell("Period", "period")
    counted: float = cell("Counted", "amount", "t")
    base: float | None = cell("Base", "amount?", "t")
    share: float | None = cell("Share", "number?", "%")
    maximum: float | None = cell("Maximum", "amount?", "t")
    minimum: float | None = cell("Minimum", "amount?", "t")
    over: float | None = cell("Over", "amount?", "t")
    under: float | None = cell("Under", "amount?", "t")


@dataclass(frozen=True)
class Cost(Book):
    """An entry of the ledger."""

    tab = "Costs"
    payer: str = cell("Payer", "payer")
    payee: str = cell("Payee", "payer")
    kind: str = cell("Kind", "text")
    where: str = cell("Where", "text")
    period: str = cell("Period", "period")
    amount: float = cell("Amount", "number", "M USD")
    weight: float = cell("Weight", "number", "1")
    discount: float = cell("Discount", "number", "1")
    counts: float = cell("Counts", "number", "M USD")


@dataclass(frozen=True)
class Sums(Book):
    """A party's sums."""

    tab = "Parties"
    key = ("party",)
    party: str = cell("Party", "payer")
    name: str = cell("Name", "text")
    role: str = cell("Role", "text")
    allied: str = cell("Allied", "text")
    earns: float = cell("Earns", "number", "M USD")
    pays: float = cell("Pays", "number", "M USD")
    net: float = cell("Net", "number", "M USD")
    margin: float | None = cell("Margin", "number?", "%", lacking=True)
    flag: str = cell("Flag", "text")


@dataclass(frozen=True)
class Instrument(Book):
    """A price floor's period."""

    tab = "Floors"
    key = ("floor", "kind", "period")
    floor: str = cell("Floor", "text")
    kind: str = cell("Kind", "text")
    material: str = cell("Material", "material")
    period: str = cell("Period", "period")
    level: float | None = cell("Level", "number?", "USD/kg")
    benchmark: float | None = cell("Benchmark", "number?", "USD/kg")
    output: float | None = cell("Output", "amount?", "t")
    counted: float | None = cell("Counted", "amount?", "t")
    top_up: float | None = cell("Top-up", "amount?", "M USD")
    upside: float | None = cell("Upside", "amount?", "M USD")
    payer: str = cell("Payer", "text")
    payee: str = cell("Payee", "text")


@dataclass(frozen=True)
class Place(Book):
    """A site over all periods."""

    tab = "Sites"
    key = ("site",)
    lacking = True
    site: str = cell("Site", "site")
    name: str = cell("Name", "text")
    party: str = cell("Party", "party")
    country: str = cell("Country", "text")
    status: str = cell("Status", "text")
    activity: float = cell("Activity", "amount", "t")
    shipped: float = cell("Shipped", "amount", "t")
    fullest: float | None = cell("Fullest", "amount?", "%")


BOOKS: tuple[type[Book], ...] = (
    Flow, Need, Delivery, Stock, Taken, Decision, Step, Place, Run, Use, Join, Mix, Count, Cost, Sums, Instrument,
)  # fmt: skip
"""Every table that the audit reads."""


def columns(book: type[Book]) -> tuple[tuple[str, str], ...]:
    """Name and unit of the columns of a table that the audit reads."""
    return tuple((item.metadata["name"], item.metadata["unit"]) for item in dataclasses.fields(book))
