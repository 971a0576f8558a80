"""The plan's tables, read as an outsider would: nothing is trusted, and what cannot be read is told, not raised."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sourcing.audit.facts import Facts
from sourcing.audit.records import (
    Book,
    Cost,
    Count,
    Decision,
    Delivery,
    Flow,
    Instrument,
    Join,
    Mix,
    Need,
    Place,
    Run,
    Step,
    Stock,
    Sums,
    Taken,
    Use,
    columns,
)
from sourcing.audit.verdict import Families
from sourcing.tables import Table

ZERO = 1e-9
"""Below this many tonnes a solver's zero is a zero; a number that is less than minus this is negative."""


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
        self.decisions = self._read(Decision)
        self.steps = self._read(Step)
        self.places = self._read(Place)
        self.runs = self._known(self._read(Run), lambda run: run.process in facts.line, "process")
        self.joins = self._read(Join)
        self.uses = self._read(Use)
        self.mixes = self._read(Mix)
        self.counts = self._read(Count)
        self.costs = self._read(Cost)
        self.sums = self._read(Sums)
        self.floors = self._read(Instrument)
        # by period, as most is looked up so
        self.flows_of = {t: [flow for flow in self.flows if flow.period == t] for t in facts.time}
        self.runs_of = {t: [run for run in self.runs if run.period == t] for t in facts.time}
        self.deliveries_of = {t: [d for d in self.deliveries if d.period == t] for t in facts.time}
        self.decided: dict[tuple[str, str], list[Decision]] = {}  # by kind and name
        for decision in self.decisions:
            self.decided.setdefault((decision.kind, decision.name), []).append(decision)

    def _read(self, book: type[B]) -> list[B]:
        table = self._tabs.get(book.tab)
        if table is None:
            self._check.holds(book.lacking, f"the table {book.tab} is missing")
            return []
        units = {field.name: field.unit for field in table.fields}
        names = [field.name for field in table.fields]
        self._check.holds(len(units) == len(names), f"{book.tab}: two columns have one name")
        for name, unit in columns(book):
            told = units.get(name, unit)
            self._check.holds(told == unit, f"{book.tab}, {name}: is in {told or 'no unit'}, not in {unit or 'none'}")
        wanted, lacks = {}, []
        for item in dataclasses.fields(book):
            column = item.metadata["name"]
            if column in units or item.metadata["lacking"]:
                wanted[item.name] = column, item.metadata["kind"]
            else:
                lacks.append(column)
        self._check.holds(not lacks, f"{book.tab} has no column {', '.join(lacks)}")
        if lacks:
            return []
        found, seen = [], set()
        for number, row in enumerate(table.rows, 1):
            place = f"{book.tab}, row {number}"
            if len(row) != len(names):
                self._check.holds(False, f"{place}: {len(row)} values for {len(names)} columns")
                continue
            values = dict(zip(names, row, strict=True))
            read = {name: self._value(values.get(column), kind) for name, (column, kind) in wanted.items()}
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
