"""The plan's tables, read as an outsider would: nothing is trusted, and what cannot be read is told, not raised."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from sourcing.audit.facts import Facts
from sourcing.audit.verdict import Families
from sourcing.tables import Table

ZERO = 1e-9
"""Below this many tonnes a solver's zero is a zero; a number that is less than minus this is negative."""


def cell(name: str, kind: str) -> Any:
    """A column that a check reads. Kinds: an id (`site`, `material`, `period`, `party`), `label`, `text`, a number
    that is not negative (`amount`), any number (`number`), and with `?` one that may be blank.
    """
    return field(metadata={"name": name, "kind": kind})


@dataclass(frozen=True)
class Book:
    """A record of one of the plan's tables."""

    tab: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ()


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
    tonnes: float = cell("Flow", "amount")
    price: float | None = cell("Price", "number?")
    freight: float = cell("Freight", "amount")
    tariff: float = cell("Tariff", "number")
    later: float = cell("Later", "amount")

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
    demand: float = cell("Demand", "amount")
    met: float = cell("Met", "amount")
    short: float = cell("Short", "amount")
    share: float | None = cell("Met share", "number?")
    value: float = cell("Shortage value", "amount")

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
    tonnes: float = cell("Delivered", "amount")

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
    opening: float = cell("Opening", "amount")
    fill: float = cell("Fill", "amount")
    draw: float = cell("Draw", "amount")
    loss: float = cell("Loss", "amount")
    closing: float = cell("Closing", "amount")


@dataclass(frozen=True)
class Taken(Book):
    """A contract's period."""

    tab = "Contracts"
    key = ("contract", "period")
    contract: str = cell("Contract", "contract")
    period: str = cell("Period", "period")
    minimum: float = cell("Minimum", "amount")
    taken: float = cell("Taken", "amount")
    maximum: float | None = cell("Maximum", "amount?")
    deficit: float = cell("Deficit", "amount")
    makeup: float = cell("Make-up", "amount")
    price: float | None = cell("Price", "number?")
    paid: float = cell("Paid", "number")
    rebate: float = cell("Rebate", "amount")
    take_or_pay: float = cell("Take-or-pay", "number")


@dataclass(frozen=True)
class Step(Book):
    """A project's (or qualification's) period."""

    tab = "Projects and qualifications"
    key = ("kind", "name", "where", "period")
    kind: str = cell("Kind", "text")
    name: str = cell("Name", "text")
    where: str = cell("Where", "text")
    period: str = cell("Period", "text")
    started: float | None = cell("Started", "amount?")
    online: float | None = cell("On line", "amount?")
    capacity: float | None = cell("Capacity", "amount?")
    capex: float | None = cell("Capex", "amount?")


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
    activity: float = cell("Activity", "amount")

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
    tonnes: float = cell("Amount", "amount")


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
    amount: float = cell("Amount", "amount")
    limit: float | None = cell("Limit", "amount?")
    share: float | None = cell("Use", "number?")


@dataclass(frozen=True)
class Count(Book):
    """A limit's period."""

    tab = "Limits"
    key = ("limit", "period")
    limit: str = cell("Limit", "limit")
    period: str = cell("Period", "period")
    counted: float = cell("Counted", "amount")
    base: float | None = cell("Base", "amount?")
    share: float | None = cell("Share", "number?")
    maximum: float | None = cell("Maximum", "amount?")
    minimum: float | None = cell("Minimum", "amount?")
    over: float | None = cell("Over", "amount?")
    under: float | None = cell("Under", "amount?")


@dataclass(frozen=True)
class Cost(Book):
    """An entry of the ledger."""

    tab = "Costs"
    payer: str = cell("Payer", "payer")
    payee: str = cell("Payee", "payer")
    kind: str = cell("Kind", "text")
    where: str = cell("Where", "text")
    period: str = cell("Period", "period")
    amount: float = cell("Amount", "number")
    weight: float = cell("Weight", "number")
    discount: float = cell("Discount", "number")
    counts: float = cell("Counts", "number")


@dataclass(frozen=True)
class Sums(Book):
    """A party's sums."""

    tab = "Parties"
    key = ("party",)
    party: str = cell("Party", "payer")
    role: str = cell("Role", "text")
    earns: float = cell("Earns", "number")
    pays: float = cell("Pays", "number")
    net: float = cell("Net", "number")
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
    level: float | None = cell("Level", "number?")
    benchmark: float | None = cell("Benchmark", "number?")
    output: float | None = cell("Output", "amount?")
    counted: float | None = cell("Counted", "amount?")
    top_up: float | None = cell("Top-up", "amount?")
    upside: float | None = cell("Upside", "amount?")
    payer: str = cell("Payer", "text")
    payee: str = cell("Payee", "text")


B = TypeVar("B", bound=Book)


class Books:
    """Every record that could be read; the check `tables` tells of the others."""

    def __init__(self, tabs: Mapping[str, Table], facts: Facts, families: Families):
        self._tabs, self._facts, self._check = tabs, facts, families("tables")
        self.flows = self._read(Flow)
        self.needs = self._known(self._read(Need), lambda need: need.demand_row in facts.demands, "demand")
        self.deliveries = self._known(self._read(Delivery), lambda d: d.demand_row in facts.demands, "demand")
        self.stocks = self._read(Stock)
        self.contracts = self._read(Taken)
        self.steps = self._read(Step)
        self.runs = self._known(self._read(Run), lambda run: run.process in facts.line, "process")
        self.joins = self._read(Join)
        self.uses = self._read(Use)
        self.counts = self._read(Count)
        self.costs = self._read(Cost)
        self.sums = self._read(Sums)
        self.floors = self._read(Instrument)
        # by period, as most is looked up so
        self.flows_of = {t: [flow for flow in self.flows if flow.period == t] for t in facts.time}
        self.runs_of = {t: [run for run in self.runs if run.period == t] for t in facts.time}
        self.deliveries_of = {t: [d for d in self.deliveries if d.period == t] for t in facts.time}

    def _read(self, book: type[B]) -> list[B]:
        table = self._tabs.get(book.tab)
        if table is None:
            self._check.holds(False, f"the table {book.tab} is missing")
            return []
        columns = [field.name for field in table.fields]
        wanted = {item.name: (item.metadata["name"], item.metadata["kind"]) for item in dataclasses.fields(book)}
        lacks = [name for name, _ in wanted.values() if name not in columns]
        self._check.holds(not lacks, f"{book.tab} has no column {', '.join(lacks)}")
        if lacks:
            return []
        found, seen = [], set()
        for number, row in enumerate(table.rows, 1):
            place = f"{book.tab}, row {number}"
            if len(row) != len(columns):
                self._check.holds(False, f"{place}: {len(row)} values for {len(columns)} columns")
                continue
            values = dict(zip(columns, row, strict=True))
            read = {name: self._value(values[column], kind) for name, (column, kind) in wanted.items()}
            wrong = [wanted[name][0] for name, (_, fine) in read.items() if not fine]
            self._check.holds(
                not wrong, f"{place}, {', '.join(wrong)}: {', '.join(repr(values[c]) for c in wrong)} is not valid"
            )
            if wrong:
                continue
            record = book(**{name: value for name, (value, _) in read.items()})
            if key := tuple(getattr(record, name) for name in book.key):
                self._check.holds(key not in seen, f"{place}: stands there twice ({', '.join(map(str, row[:6]))})")
                if key in seen:
                    continue
                seen.add(key)
            found.append(record)
        return found

    def _known(self, records: list[B], test: Callable[[B], bool], what: str) -> list[B]:
        """The records that pass a test; the others are told."""
        for record in records:
            key = ", ".join(str(getattr(record, name)) for name in record.key[:3])
            self._check.holds(test(record), f"{record.tab}: there is no such {what} ({key})")
        return [record for record in records if test(record)]

    def _value(self, value: Any, kind: str) -> tuple[Any, bool]:
        """The value, and whether it is one."""
        if kind.endswith("?") and value is None:
            return None, True
        kind = kind.rstrip("?")
        if kind in ("amount", "number"):
            fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return value, fine and (kind == "number" or value >= -ZERO)
        if value is None and kind in ("text", "label", "payer"):
            value = ""
        if not isinstance(value, str):
            return value, False
        if kind == "label":
            label = self._facts.rules.label(value)
            return label, label is not None
        if kind == "payer" and value.startswith("treasury:"):
            return value, True
        known = self._facts.ids.get(kind)
        return value, known is None or value in known
