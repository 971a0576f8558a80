"""Folder: an instance written as CSV files, one a tab, as git keeps it. Reading it back gives the same rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sourcing.components import TAB_ORDER
from sourcing.components.horizon import Period
from sourcing.files import free_name
from sourcing.instance import Instance
from sourcing.sheets import TABS, Column, OutputError, Row, Selector, Series, year_of
from sourcing.words import fold
from sourcing.workbook.headers import span_header
from sourcing.workbook.read import NEEDED

Plain = str | float | dt.date | None
"""What stands in a cell: text, a number, a day, or nothing."""


@dataclass(frozen=True)
class Layout:
    """A tab as a sheet shows it: its headers, the column behind each (None for Period), and its records."""

    headers: tuple[str, ...]
    columns: tuple[Column | None, ...]
    records: tuple[tuple[Plain, ...], ...]


def write_folder(instance: Instance, folder: str | Path) -> Path:
    """Write every tab that has rows (also inactive ones) as `TAB.csv`; OutputError if it cannot be done.

    The files are written beside the folder and moved there when all are complete. A folder that stands there already
    is replaced if it holds nothing but tabs; where another program holds it, they go to `NAME (2)`. The folder where
    they are is given back.
    """
    folder = Path(folder).resolve()
    if folder.exists() and not _is_ours(folder):
        raise OutputError(f"'{folder}' holds more than the tabs of an instance: give another folder")
    texts = {
        tab: _csv_text(layout(instance, TABS[tab])) for tab in TAB_ORDER if instance.all(TABS[tab]) or tab in NEEDED
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
            made, old = Path(place, "new"), Path(place, "old")
            made.mkdir()  # with the usual rights, unlike the temporary folder itself
            for tab, text in texts.items():
                (made / f"{tab}.csv").write_text(text, encoding="utf-8", newline="")
            if folder.exists():
                try:
                    os.replace(folder, old)
                except PermissionError:
                    folder = free_name(folder)
            try:
                os.replace(made, folder)
            except OSError:
                if old.exists():
                    os.replace(old, folder)
                raise
    except OSError as fault:
        raise OutputError(f"'{folder}' cannot be written: {fault.strerror or fault}") from fault
    return folder


def _is_ours(folder: Path) -> bool:
    tabs = {fold(tab) for tab in TABS}
    return folder.is_dir() and all(
        file.is_file() and file.suffix.lower() == ".csv" and fold(file.stem) in tabs for file in folder.iterdir()
    )


def _csv_text(table: Layout) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.headers)
    writer.writerows([as_csv(value) for value in record] for record in table.records)
    return text.getvalue()


def as_csv(value: Plain) -> str:
    """A cell's text in a CSV file: numbers in full precision, days as 2027-06-30."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


# ------------------------------------------------------------------------------------------------ rows as cells


def plain(value: Any, column: Column) -> Plain:
    """A field's value as a cell holds it; blank where it is the column's default."""
    if value is None or (value == column.default and not column.required):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(as_csv(item) for item in value)
    if isinstance(value, Selector):
        return str(value)
    if isinstance(value, int | float):
        return "none" if math.isinf(value) else float(value)
    return value if isinstance(value, dt.date) else str(value)


def layout(instance: Instance, row_type: type[Row]) -> Layout:
    """A tab's rows as headers and records.

    A number over time takes one column a span; one column for all time where it never changes; and lines with a
    Period where neither can tell it (spans that no header names, or rows that begin at different times).
    """
    rows = instance.all(row_type)
    series = [column for column in row_type.columns.values() if column.kind == "series"]
    spans = {column.field: _common_spans([getattr(row, column.field) for row in rows]) for column in series}
    long = [column for column in series if spans[column.field] is None]
    if long:  # a Period column holds for every number whose header names no span
        long = [column for column in series if not spans[column.field]]
    headers: list[str] = []
    columns: list[Column | None] = []
    starts: list[float] = []  # of each column; minus infinity where it is not over time
    for column in row_type.columns.values():
        for start, label in (spans.get(column.field) or {-math.inf: ""}).items():
            headers.append(span_header(column, label, len(series) > 1) if label else column.header)
            columns.append(column)
            starts.append(start)
    if long:
        headers.insert(len(row_type.key_fields), "Period")
        columns.insert(len(row_type.key_fields), None)
        starts.insert(len(row_type.key_fields), -math.inf)
    records: list[tuple[Plain, ...]] = []
    for row in rows:
        for begin, label in _lines(instance, row, long).items():
            record: list[Plain] = []
            for column_or_period, start in zip(columns, starts, strict=True):
                if column_or_period is None:
                    record.append(label or None)
                elif column_or_period.kind == "series":
                    at = begin if column_or_period in long else start
                    record.append(_at(getattr(row, column_or_period.field), at))
                else:
                    record.append(plain(getattr(row, column_or_period.field), column_or_period))
            records.append(tuple(record))
    return Layout(tuple(headers), tuple(columns), tuple(records))


def _at(series: Series | None, start: float) -> Plain:
    """The value that begins at a moment; blank where none does."""
    if series is None or start not in series.starts:
        return None
    value = series.values[series.starts.index(start)]
    return "none" if math.isinf(value) else float(value)


def _common_spans(series: list[Series | None]) -> dict[float, str] | None:
    """The headers' spans by their start, {} for one column for all time; None if headers cannot tell the rows."""
    given = [one for one in series if one is not None]
    if all(one.starts == (-math.inf,) for one in given):
        return {}
    starts = sorted({start for one in given for start in one.starts})
    if {one.starts[0] for one in given} != {starts[0]}:
        return None
    labels = dict(zip(starts, map(_label, starts, [*starts[1:], math.inf]), strict=True))
    return labels if all(labels.values()) else None


def _label(start: float, end: float) -> str:
    """The longest calendar span that begins at `start` and does not pass `end`; "" if none does."""
    if math.isinf(start):
        return ""
    year = math.floor(start + 1e-9)
    for kind, parts in (("", 1), ("H", 2), ("Q", 4)):
        part = (start - year) * parts
        if part == round(part) and start + 1 / parts <= end + 1e-9:
            return f"{year}{kind}{round(part) + 1 if kind else ''}"
    return ""


def _lines(instance: Instance, row: Row, long: list[Column]) -> dict[float, str]:
    """The starts at which a row needs a line, with the Period that names each; one line if nothing needs a Period."""
    given = [getattr(row, column.field) for column in long]
    starts = sorted({start for one in given if one is not None for start in one.starts}) or [-math.inf]
    ends = [*starts[1:], math.inf]
    periods = {year_of(period.start): period for period in instance[Period]}
    lines: dict[float, str] = {}
    for start, end in zip(starts, ends, strict=True):
        label = _label(start, end)
        if not label and start in periods and start + periods[start].years <= end + 1e-9:
            label = periods[start].period
        if not label and math.isfinite(start):
            raise OutputError(f"{row.name_of_row}: no calendar span or period lies within {start:.4f} to {end:.4f}")
        lines[start] = label
    return lines
