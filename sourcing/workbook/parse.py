"""Parse: the grid of one tab becomes rows of its class, with every fault at its cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from sourcing.sheets import Column, Issue, Row, Series, span_of
from sourcing.words import did_you_mean
from sourcing.workbook.cells import Context, Fault, placeholder, value_of
from sourcing.workbook.grid import Cell, Grid, reference
from sourcing.workbook.headers import Heading, Headings, read_headings


@dataclass(frozen=True)
class Entry:
    """One number of a series: where it stands, and the span for which it holds (infinite: for all time)."""

    line: int
    place: int
    start: float
    end: float
    label: str
    value: float | None
    ok: bool = True


@dataclass
class Sheet:
    """What a tab gave: rows, where each field stood, faults, and what cannot be trusted because of them.

    `faulty` are the lines with a faulty cell, `unusable` the names of columns that are missing or whose header is
    faulty; `sound` says that no header is, `ids` that all ids of the tab are known. `firsts` are the first spans of
    the numbers over time: (start, cell, column, label).
    """

    row_type: type[Row]
    rows: list[Row] = field(default_factory=list)
    cells: dict[tuple[str, int, str], str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    faulty: set[int] = field(default_factory=set)
    unusable: set[str] = field(default_factory=set)
    sound: bool = True
    ids: bool = True
    firsts: list[tuple[float, str, Column, str]] = field(default_factory=list)


def parse_tab(
    grid: Grid, row_type: type[Row], spans: Mapping[str, tuple[float, float]], materials: frozenset[str]
) -> Sheet:
    """The rows of a tab; `spans` are the moments of each period's id, `materials` the ids of Materials."""
    grid.tab = row_type.tab
    return _Reader(grid, row_type, spans, materials).sheet


class _Reader:
    """Reads the records of one tab in order."""

    def __init__(
        self, grid: Grid, row_type: type[Row], spans: Mapping[str, tuple[float, float]], materials: frozenset[str]
    ):
        self.grid, self.row_type, self.spans = grid, row_type, spans
        self.sheet = Sheet(row_type, issues=grid.issues)
        self.materials = materials
        self.periods: dict[int, tuple[float, float, str]] = {}
        if not grid.rows:
            self.sheet.sound = self.sheet.ids = not grid.issues
            return
        self.sheet.ids = all(issue.severity == "warning" for issue in grid.issues)
        self.found: Headings = read_headings(grid, row_type)
        self.sheet.sound = all(issue.severity == "warning" for issue in grid.issues)
        unusable = {h.column.field for h in self._headings() if not h.usable} | set(self.found.missing)
        self.sheet.unusable = {row_type.columns[name].name for name in unusable}
        if unusable & set(row_type.key_fields):
            self.sheet.ids = False
            self.sheet.faulty |= set(grid.rows)
        self._note_firsts()
        lines = [line for line in sorted(grid.rows) if line > 1]
        if self.found.period is None:
            for line in lines:
                self._record([line])
        else:
            for group in self._groups(lines):
                self._record(group)
        if any(row.line in self.sheet.faulty and not _has_key(row) for row in self.sheet.rows):
            self.sheet.ids = False

    def _headings(self) -> list[Heading]:
        return [*self.found.plain.values(), *(h for group in self.found.spans.values() for h in group)]

    def _note_firsts(self) -> None:
        for headings in self.found.spans.values():
            if (first := headings[0]).usable:
                self.sheet.firsts.append((first.start, reference(1, first.place), first.column, first.span))

    # ---- one cell

    def _value(self, line: int, heading: Heading, column: Column | None = None) -> tuple[Any, bool]:
        """The value under a heading and whether it can be trusted; a fault is noted."""
        column = column or heading.column
        cell = self.grid.rows[line].get(heading.place)
        if not heading.usable:
            return placeholder(column), False
        context = Context(heading.factor, self.materials, partial(self._warn, line, heading, cell))
        try:
            return value_of(cell, column, context), True
        except Fault as fault:
            self._fault(line, heading.place, column, fault.message, fault.suggestion)
            return placeholder(column), False

    def _fault(self, line: int, place: int, column: Column, message: str, suggestion: str = "") -> None:
        cell = self.grid.rows[line].get(place)
        shown = cell.shown if cell else ""
        self.grid.fault(reference(line, place), message, suggestion, value=shown, column=column.name)
        self.sheet.faulty.add(line)

    def _warn(self, line: int, heading: Heading, cell: Cell | None, message: str, suggestion: str) -> None:
        shown = cell.shown if cell else ""
        self.grid.fault(reference(line, heading.place), message, suggestion, value=shown,
                        column=heading.column.name, severity="warning")  # fmt: skip

    # ---- one row

    def _plain(self, line: int) -> dict[str, Any]:
        """The fields of a line that do not change over time."""
        values: dict[str, Any] = {}
        for name, column in self.row_type.columns.items():
            if column.kind == "series":
                continue
            if heading := self.found.plain.get(name):
                values[name], _ = self._value(line, heading)
                self.sheet.cells[self.row_type.tab, line, name] = reference(line, heading.place)
            else:
                values[name] = placeholder(column)
        return values

    def _record(self, lines: list[int]) -> None:
        """One row object, of one line or of several that a Period column tells apart."""
        line = lines[0]
        values = self._plain(line)
        for other in lines[1:]:
            self._must_agree(line, other, values)
        for name, column in self.row_type.columns.items():
            if column.kind == "series":
                values[name] = self._series(lines, name, column)
        self.sheet.rows.append(self.row_type(**values, line=line))
        if self.sheet.faulty & set(lines):
            self.sheet.faulty |= set(lines)

    def _series(self, lines: list[int], name: str, column: Column) -> Series | None:
        line = lines[0]
        if name in self.found.spans:
            entries = [self._entry(line, h, h.start, h.end, h.span) for h in self.found.spans[name]]
        elif heading := self.found.plain.get(name):
            entries = []
            for other in lines:
                start, end, label = self._period(other)
                entries.append(self._entry(other, heading, start, end, label))
            entries.sort(key=lambda entry: entry.start)
            if math.isfinite(entries[0].start) and any(entry.value is not None for entry in entries):
                at = reference(entries[0].line, self.found.period or 0)
                self.sheet.firsts.append((entries[0].start, at, column, entries[0].label))
        else:
            return Series.constant(0.0) if column.required else None
        for entry in entries:
            at = reference(entry.line, entry.place)
            self.sheet.cells.setdefault((self.row_type.tab, line, name), at)
            if entry.label:
                self.sheet.cells[self.row_type.tab, line, f"{name}@{entry.label}"] = at
        return self._joined(entries, column)

    def _entry(self, line: int, heading: Heading, start: float, end: float, label: str) -> Entry:
        value, ok = self._value(line, heading)
        return Entry(line, heading.place, start, end, label, value if ok else 0.0, ok)

    def _joined(self, entries: list[Entry], column: Column) -> Series | None:
        """The entries, in order of time, as a series: a blank carries the last value forward."""
        neutral = Series.constant(0.0) if column.required else None
        if not all(entry.ok for entry in entries) or self.sheet.faulty & {entry.line for entry in entries}:
            self.sheet.faulty.add(entries[0].line)
            return neutral
        if len(entries) > 1 and entries[0].start == -math.inf and entries[0].value is None:
            entries = entries[1:]
        for before, after in pairwise(entries):
            same = after.start == before.start
            if same or (math.isfinite(before.start) and after.start < before.end - 1e-9):
                again = f"{after.label or 'blank'} stands also in line {before.line}, for the same row"
                self._fault(after.line, self.found.period or 0, column, again, "keep one of the two")
                return neutral
        if all(entry.value is None for entry in entries) and not column.required:
            return None
        if entries[0].value is None:
            remedy = "write 0 or none" if column.infinite else "write it, or 0"
            self._fault(entries[0].line, entries[0].place, column, "the first value may not be blank", remedy)
            return neutral
        given = [entry for entry in entries if entry.value is not None]
        return Series(tuple(entry.start for entry in given), tuple(entry.value or 0.0 for entry in given))

    # ---- rows with a Period

    def _groups(self, lines: list[int]) -> list[list[int]]:
        """Lines of the same key, in the order of their first."""
        groups: dict[Any, list[int]] = {}
        for line in lines:
            cells = self.grid.rows[line]
            places = [self.found.plain[name].place for name in self.row_type.key_fields if name in self.found.plain]
            key = tuple(cells[place].shown if place in cells else "" for place in places)
            groups.setdefault(key if any(key) else line, []).append(line)
        return list(groups.values())

    def _must_agree(self, first: int, other: int, values: dict[str, Any]) -> None:
        # a cell that repeats the first line's is as good or as bad as that one, which has been told
        for name, heading in self.found.plain.items():
            if heading.column.kind == "series":
                continue
            a, b = (self.grid.rows[line].get(heading.place) for line in (first, other))
            if (a.shown if a else "") == (b.shown if b else ""):
                continue
            value, ok = self._value(other, heading)
            if ok and value != values[name]:
                self._fault(other, heading.place, heading.column, f"differs from line {first} of the same row",
                            "only Period and the numbers over time may differ")  # fmt: skip

    def _period(self, line: int) -> tuple[float, float, str]:
        """The span of a line's Period cell: first and last moment and label; blank holds from the start on."""
        if line not in self.periods:
            self.periods[line] = self._read_period(line)
        return self.periods[line]

    def _read_period(self, line: int) -> tuple[float, float, str]:
        always = (-math.inf, math.inf, "")
        place = self.found.period
        cell = self.grid.rows[line].get(place) if place else None
        if place is None or cell is None:
            return always
        column = Column("Period", "span", "a calendar span or a period")
        try:
            label = str(value_of(cell, column))
        except Fault as fault:
            self._fault(line, place, column, fault.message, fault.suggestion)
            return always
        moments = span_of(label) or self.spans.get(label)
        if moments is None:
            remedy = did_you_mean(label, list(self.spans)) or "write a span such as 2027, 2027H1 or 2027Q3"
            self._fault(line, place, column, "is neither a calendar span nor a period", remedy)
            return always
        return *moments, label


def _has_key(row: Row) -> bool:
    return all(getattr(row, name) not in ("", (), None) for name in row.key_fields[:1])
