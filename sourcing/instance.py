"""Instance: frozen tables of rows, by row type.

It knows no row class. What a component derives from the tables (who ships what to whom, which price holds when) it
keeps with `instance.once(function)`, so that each is worked out once an instance.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from sourcing.sheets import TABS, Issue, Row, Selector, Series

R = TypeVar("R", bound=Row)
T = TypeVar("T")


class Instance:
    """One sourcing problem: the rows of every tab, as they stand in a workbook or CSV folder.

    `instance[Unit]`, or `instance["Units"]`, are the active rows of a tab in their order,
    `instance.row(Unit, "kuantan_light")` is the one with that key, `instance.all(Unit)` has the rows
    that are switched off too. Instances do not change: `replace` and `with_rows` make new ones. `cells` maps (tab,
    line, field) to the A1 reference that the row was read from, `switches` say what was switched since (`variants`), so
    that a plan tells it.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        name: str = "instance",
        cells: Mapping[tuple[str, int, str], str] | None = None,
        warnings: Iterable[Issue] = (),
        switches: tuple[str, ...] = (),
    ):
        self.name = name
        self.switches = switches
        self.cells = dict(cells or {})
        self.warnings = tuple(warnings)
        tables: dict[str, list[Row]] = {}
        for row in rows:
            tables.setdefault(row.tab, []).append(row)
        self._all = {tab: tuple(tables.get(tab, ())) for tab in TABS}
        self._active = {tab: tuple(row for row in table if row.active) for tab, table in self._all.items()}
        self._keys = {tab: {row.key: row for row in table} for tab, table in self._active.items()}
        self._once: dict[Callable[[Instance], Any], Any] = {}

    @overload
    def __getitem__(self, row_type: type[R]) -> tuple[R, ...]: ...
    @overload
    def __getitem__(self, row_type: str) -> tuple[Any, ...]: ...
    def __getitem__(self, row_type: type[Row] | str) -> tuple[Any, ...]:
        return self._active[row_type if isinstance(row_type, str) else row_type.tab]

    def all(self, row_type: type[R]) -> tuple[R, ...]:
        """The rows of a tab with those that are switched off."""
        return self._all[row_type.tab]  # type: ignore[return-value]

    def row(self, row_type: type[R], key: str) -> R:
        """The active row with this key (key columns joined by `|`); KeyError if there is none."""
        return self._keys[row_type.tab][key]  # type: ignore[return-value]

    def has(self, row_type: type[R], key: str) -> bool:
        """Whether an active row has this key."""
        return key in self._keys[row_type.tab]

    def rows(self) -> Iterator[Row]:
        """Every row, tab by tab."""
        return (row for table in self._all.values() for row in table)

    def once(self, function: Callable[[Instance], T]) -> T:
        """`function(self)`, worked out at the first call and kept."""
        if function not in self._once:
            self._once[function] = function(self)
        value: T = self._once[function]
        return value

    def replace(self, row_type: type[R], rows: Iterable[R], switch: str = "") -> Instance:
        """The instance with all rows of one tab exchanged, by a switch if one is named.

        >>> from sourcing.components.rules import Rule
        >>> without = instance.replace(Rule, [])
        >>> len(without[Rule]), len(instance[Rule]) > 0
        (0, True)
        """
        kept = [row for row in self.rows() if row.tab != row_type.tab]
        return self._with([*kept, *rows], switch)

    def with_rows(self, *rows: Row) -> Instance:
        """The instance with rows added, or exchanged where a row of the same key stands.

        >>> from dataclasses import replace
        >>> from sourcing.components.demand import Demand
        >>> need = instance[Demand][0]
        >>> changed = instance.with_rows(replace(need, note="to be checked"))
        >>> changed.row(Demand, need.key).note, instance.row(Demand, need.key).note == need.note
        ('to be checked', True)
        """
        new = {(row.tab, row.key): row for row in rows}
        kept = [new.pop((row.tab, row.key), row) for row in self.rows()]
        return self._with([*kept, *new.values()])

    def _with(self, rows: list[Row], switch: str = "") -> Instance:
        switches = (*self.switches, switch) if switch else self.switches
        return Instance(rows, name=self.name, cells=self.cells, warnings=self.warnings, switches=switches)

    def cell(self, row: Row, field: str = "") -> str:
        """The A1 reference of a row's field, or "" if the row was not read from a sheet."""
        return self.cells.get((row.tab, row.line, field or row.key_fields[0]), "") if row.line else ""

    def where(self, row: Row, field: str = "") -> str:
        """A row's place as a person would look for it: `Units!F14`, or `Units[kuantan].capacity` without a sheet."""
        cell = self.cell(row, field)
        return f"{row.tab}!{cell}" if cell else f"{row.name_of_row}{'.' + field if field else ''}"

    def issue(self, row: Row, field: str, message: str, suggestion: str = "", *, warning: bool = False) -> Issue:
        """A fault (or warning) at a row's field."""
        value = getattr(row, field)
        return Issue(
            tab=row.tab,
            cell=self.cell(row, field),
            message=message if self.cell(row, field) else f"{row.key}: {message}",
            value="" if value is None or isinstance(value, Series) else as_text(value),
            column=row.columns[field].name,
            suggestion=suggestion,
            severity="warning" if warning else "error",
        )

    def sha256(self) -> str:
        """Hash over the canonical rows: a folder and its workbook share it."""
        digest = hashlib.sha256()
        for row in self.rows():
            values = [row.tab, *(_canonical(getattr(row, name)) for name in row.columns)]
            digest.update(json.dumps(values, ensure_ascii=False).encode() + b"\n")
        return digest.hexdigest()


def as_text(value: Any) -> str:
    """A cell's value as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(as_text(item) for item in value)
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def _canonical(value: Any) -> Any:
    if isinstance(value, Series):
        return [
            [_canonical(start), _canonical(number)] for start, number in zip(value.starts, value.values, strict=True)
        ]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Selector):
        return str(value)
    if isinstance(value, tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, int | float):
        return f"{float(value):.12g}"
    if dataclasses.is_dataclass(value):
        raise TypeError(f"no canonical form of {type(value).__name__}")
    return str(value)
