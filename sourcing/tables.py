"""Tables: what a plan shows, tab by tab, before it becomes a sheet, a data frame or a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Field:
    """A column of a table: name, unit as the header shows it, and what it means."""

    name: str
    unit: str = ""
    meaning: str = ""

    @property
    def header(self) -> str:
        """`Flow (t)`."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass
class Table:
    """One tab of a plan: columns and rows of plain values (text, float, None), with a sentence that says what it is."""

    title: str
    fields: tuple[Field, ...]
    about: str = ""
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, *values: Any) -> None:
        """Append a row."""
        if len(values) != len(self.fields):
            raise ValueError(f"{self.title}: {len(values)} values for {len(self.fields)} columns")
        self.rows.append(values)

    def records(self) -> Iterator[dict[str, Any]]:
        """Rows as {column name: value}."""
        keys = [column.name for column in self.fields]
        return (dict(zip(keys, row, strict=True)) for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        place = [column.name for column in self.fields].index(name)
        return [row[place] for row in self.rows]

    def frame(self) -> pandas.DataFrame:
        """The table as a DataFrame whose columns carry their units.

        >>> table = Table("Stock", fields("Site", ("Level", "t")))
        >>> table.add("depot", 12.5)
        >>> table.frame()
            Site  Level (t)
        0  depot       12.5
        """
        import pandas

        return pandas.DataFrame(self.rows, columns=[column.header for column in self.fields])


def fields(*columns: str | tuple[str, str] | tuple[str, str, str]) -> tuple[Field, ...]:
    """Columns from `name`, `(name, unit)` or `(name, unit, meaning)`."""
    return tuple(Field(column) if isinstance(column, str) else Field(*column) for column in columns)


def total(values: Iterable[float | None]) -> float:
    """Sum of the numbers that are given."""
    return float(sum(value for value in values if value is not None))
