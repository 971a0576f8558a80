"""Estimates: the figures of an instance that are guesses, in groups that are right or wrong together.

A figure is a number of a row whose source is an estimate (or that has none), of the confidence asked for. Most stand by
themselves; freight, tariffs and transit times go by the form of what is shipped, demands and what stands in for them by
customer, offers by seller, the qualifications together. Left out: recipes, contents and uses of capacity (stoichiometry
binds them), places, holdings and rules (facts of record), and what no plan is worked out from (service levels, targets,
probabilities).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sourcing.components.lanes import Lane
from sourcing.components.materials import Material
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.positions import is_estimate
from sourcing.sheets import TABS, Column, Row, Series

LEVELS = ("low", "medium", "high")
"""Confidence, least first; a row without a source has low."""

TABS_OUT = frozenset(
    {"Settings", "Periods", "Content", "Recipes", "Sites", "Entities", "Ownership", "Rules", "Sources", "Scenarios"}
    | {"Shocks", "Floors"}
)
FIELDS_OUT = frozenset(
    {("Stockpiles", "target"), ("Demand", "service_level"), ("Shortage steps", "up_to"), ("Projects", "life")}
    | {("Projects", "steps"), ("Substitutes", "ratio"), ("Processes", "use")}
)

LEAD_TIMES = ("days", "months")
"""Units of figures that change when things happen, and so the form of the model."""


def _forms(instance: Instance, row: Lane) -> str:
    forms = (instance.row(Material, name).form if kind == "id" else name or kind for kind, name in row.goods.terms)
    return f"of {' and '.join(dict.fromkeys(forms))}"


GROUPS: dict[str, Callable[[Instance, Any], str]] = {
    "Lanes": _forms,
    "Demand": lambda _, row: f"of {row.customer}",
    "Shortage steps": lambda _, row: f"of {row.customer}",
    "Substitutes": lambda _, row: f"of {row.customer}",
    "Offers": lambda _, row: f"of {row.site}",
    "Qualifications": lambda _, row: "",
}
"""Which rows of a tab go together; else each goes by itself."""


@dataclass(frozen=True)
class Figure:
    """A number of a row, or of rows that are right or wrong together; `confidence` is the least of theirs."""

    column: Column
    rows: tuple[Row, ...]
    group: str
    confidence: str

    @property
    def tab(self) -> str:
        """Where it stands."""
        return self.rows[0].tab

    @property
    def name(self) -> str:
        """`Processes[kuantan|separate|sep]: Cost`, or `Lanes of oxide: Freight`."""
        of = self.rows[0].name_of_row if len(self.rows) == 1 else f"{self.tab} {self.group}".strip()
        return f"{of}: {self.column.name}"

    @property
    def when(self) -> bool:
        """Whether it is a lead time."""
        return self.column.unit in LEAD_TIMES

    def times(self, instance: Instance, factor: float) -> Instance | None:
        """The instance with it times a factor, within the limits of its column; None if that changes nothing."""
        row_type = TABS[self.tab]
        hit = {id(row) for row in self.rows}
        rows = [self._changed(row, factor) if id(row) in hit else row for row in instance.all(row_type)]
        if all(a is b for a, b in zip(rows, instance.all(row_type), strict=True)):
            return None
        return instance.replace(row_type, rows)

    def value(self, factor: float = 1.0) -> str:
        """It times a factor, as a reader would write it: a number, its range over time, or the factor of a group."""
        if len(self.rows) > 1:
            return f"{len(self.rows)} rows" if factor == 1.0 else f"×{factor:g}"
        values = numbers(getattr(self._changed(self.rows[0], factor), self.column.field))
        low, high = min(values), max(values)
        return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"

    def where(self, instance: Instance) -> str:
        """Its cell, or the first and how many more."""
        first = instance.where(self.rows[0], self.column.field)
        return first if len(self.rows) == 1 else f"{first} and {len(self.rows) - 1} more"

    def _changed(self, row: Row, factor: float) -> Row:
        old = getattr(row, self.column.field)
        new = _times(old, factor, self.column)
        return row if new == old else dataclasses.replace(row, **{self.column.field: new})


def figures(instance: Instance, least: str = "low") -> list[Figure]:
    """The figures that are estimates of confidence `least` or less, in the order of the tabs."""
    wanted = LEVELS[: LEVELS.index(least) + 1]
    groups: dict[tuple[str, str, str], list[Row]] = {}
    level: dict[tuple[str, str, str], str] = {}
    for tab, row_type in TABS.items():
        if tab in TABS_OUT:
            continue
        for row in instance[row_type]:
            confidence = confidence_of(instance, row)
            if confidence not in wanted or not is_estimate(instance, row):
                continue
            for field, column in row_type.columns.items():
                if not _counts(tab, column, getattr(row, field)):
                    continue
                group = GROUPS[tab](instance, row) if tab in GROUPS else row.key
                key = (tab, field, group)
                groups.setdefault(key, []).append(row)
                level[key] = min(level.get(key, confidence), confidence, key=LEVELS.index)
    return [
        Figure(TABS[tab].columns[field], tuple(rows), group, level[tab, field, group])
        for (tab, field, group), rows in groups.items()
    ]


def confidence_of(instance: Instance, row: Row) -> str:
    """The least confidence of a row's sources: the word that each begins with, low where it is none of the three."""
    words = [instance.row(Source, name).confidence.split(" ")[0] for name in row.source if instance.has(Source, name)]
    return min((word if word in LEVELS else "low" for word in words), key=LEVELS.index, default="low")


def numbers(value: Any) -> tuple[float, ...]:
    """The numbers of a cell."""
    return value.values if isinstance(value, Series) else (value,)


def _counts(tab: str, column: Column, value: Any) -> bool:
    """Whether a cell holds a number that can be more or less."""
    if column.kind not in ("number", "series") or isinstance(value, bool | str) or value is None:
        return False
    if column.unit == "t/t" or (tab, column.field) in FIELDS_OUT:
        return False
    return any(number and math.isfinite(number) for number in numbers(value))


def _times(value: Any, factor: float, column: Column) -> Any:
    if isinstance(value, Series):
        return Series(value.starts, tuple(_times(number, factor, column) for number in value.values))
    return value if math.isinf(value) else min(max(value * factor, column.low), column.high)
