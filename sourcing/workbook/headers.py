"""Headers: which column of a tab stands where, in which unit, and for which span of time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sourcing.sheets import Column, Row, span_of
from sourcing.units import conversion, needs_unit
from sourcing.words import clean, fold, nearest
from sourcing.workbook.grid import Cell, Grid, reference

_HEADER = re.compile(r"(.*?)\s*(?:\(([^()]*)\))?", re.DOTALL)
_OVER_TIME = re.compile(r"(.*?)\s*(\d{4}(?:\s*[HhQq]\s*\d)?)(?:\.0)?", re.DOTALL)
EXAMPLE = "2026"


@dataclass(frozen=True)
class Heading:
    """A column found in a sheet: its number there, the factor to its unit, and its span if it is over time.

    `usable` is False where the header itself is faulty: the column is there, but its cells mean nothing.
    """

    column: Column
    place: int
    factor: float = 1.0
    span: str = ""
    usable: bool = True

    @property
    def start(self) -> float:
        """First moment of the span, in decimal years; minus infinity without one."""
        moments = span_of(self.span)
        return moments[0] if moments else float("-inf")

    @property
    def end(self) -> float:
        """Last moment of the span, in decimal years; infinity without one."""
        moments = span_of(self.span)
        return moments[1] if moments else float("inf")


@dataclass
class Headings:
    """The headings of a tab: by field, and by field the spans of what changes over time; where `Period` stands."""

    plain: dict[str, Heading] = field(default_factory=dict)
    spans: dict[str, list[Heading]] = field(default_factory=dict)
    period: int | None = None
    missing: list[str] = field(default_factory=list)


def read_headings(grid: Grid, row_type: type[Row]) -> Headings:
    """The headings in row 1; faults go to the grid, at their cells."""
    found = Headings()
    series = {f: c for f, c in row_type.columns.items() if c.kind == "series"}
    names = {fold(c.name): c for c in row_type.columns.values()}
    takes_period = bool(series) and "period" not in names
    header = grid.rows.get(1, {})
    _blank_headers(grid, header)
    near: set[str] = set()
    guessed: list[Column] = []  # what an unknown header may have been meant for
    for place, cell in sorted(header.items()):
        at, text = reference(1, place), _text(cell)
        match = _HEADER.fullmatch(text)
        name, unit = (match[1], match[2]) if match else (text, None)
        over_time = _OVER_TIME.fullmatch(name)
        if column := names.get(fold(name)):
            _add(grid, found, column, place, "", unit)
        elif takes_period and fold(name) == "period":
            if found.period is not None:
                grid.fault(at, "this column stands twice", "delete one of the two", value=text, column="Period")
            found.period = place
        elif over_time and series and (fold(over_time[1]) in names or not over_time[1]):
            _add_span(grid, found, over_time, names, list(series.values()), place, unit)
        else:
            options = [c.name for c in row_type.columns.values()] + (["Period"] if takes_period else [])
            guess = nearest(over_time[1] if over_time and over_time[1] else name.partition("(")[0], options)
            near.add(guess)
            known = names.get(fold(guess))
            guessed += [known] if known else [] if guess else list(row_type.columns.values())
            remedy = f"did you mean '{known.header if known else guess}'?" if guess else "delete it, or begin the " \
                "tab's name with '_' if it is no part of the instance"  # fmt: skip
            grid.fault(at, f"is not a column of tab {row_type.tab}", remedy, value=text)
    _check_spans(grid, found)
    there = {*found.plain, *found.spans}
    found.missing += [c.field for c in dict.fromkeys(guessed) if not c.required and c.field not in there]
    for column in row_type.columns.values():
        if column.required and column.field not in found.plain and column.field not in found.spans:
            found.missing.append(column.field)
            if column.name not in near:
                wanted = span_header(column, EXAMPLE, len(series) > 1) if column.kind == "series" else column.header
                grid.fault("", f"the column {column.name} is missing", f"add it: '{wanted}'", column=column.name)
    return found


def span_header(column: Column, span: str, several: bool) -> str:
    """The header of one span: `2026 (t/y)`, or `Minimum 2026 (t/y)` where a tab has several numbers over time."""
    return f"{column.name + ' ' if several else ''}{span}{f' ({column.unit})' if column.unit else ''}"


def _text(cell: Cell) -> str:
    """A header as text; a year may be a number. Long runs of spaces would take the patterns a long time."""
    return " ".join(clean(cell.shown).split())


def _blank_headers(grid: Grid, header: dict[int, Cell]) -> None:
    first: dict[int, int] = {}
    for line, cells in grid.rows.items():
        for place in cells:
            first.setdefault(place, line)
    if first and not header:
        grid.fault("A1", "row 1 is blank; it must hold the headers", "delete the rows above the headers")
        return
    for place in sorted(set(first) - set(header)):
        message = f"the header is blank, but the column holds values (first in {reference(first[place], place)})"
        grid.fault(reference(1, place), message, "write the header, or delete the column")


def _factor(grid: Grid, column: Column, place: int, text: str, unit: str | None) -> float | None:
    """From the header's unit to the column's; None, with a fault, if it cannot be read."""
    at, wanted = reference(1, place), f"{text} ({column.unit})" if column.unit else text
    shown = f"{text} ({unit})" if unit is not None else text
    if unit is None or not unit.strip():
        if needs_unit(column.unit):
            grid.fault(at, "the unit is missing", f"write '{wanted}'", value=shown, column=column.name)
            return None
        return 1.0
    factor = conversion(unit, column.unit) if column.unit or column.kind in ("number", "series") else None
    if factor is None:
        reads = f"this column is in {column.unit}" if column.unit else "this column has no unit"
        grid.fault(
            at, f"the unit '{unit}' cannot be read: {reads}", f"write '{wanted}'", value=shown, column=column.name
        )
    return factor


def _add(grid: Grid, found: Headings, column: Column, place: int, span: str, unit: str | None) -> None:
    factor = _factor(grid, column, place, column.name, unit)
    if column.field in found.plain:
        first = reference(1, found.plain[column.field].place)
        grid.fault(reference(1, place), f"this column stands already in {first}", "delete one of the two",
                   value=column.name, column=column.name)  # fmt: skip
        return
    found.plain[column.field] = Heading(column, place, factor or 1.0, usable=factor is not None)


def _add_span(
    grid: Grid,
    found: Headings,
    match: re.Match[str],
    names: dict[str, Column],
    series: list[Column],
    place: int,
    unit: str | None,
) -> None:
    at, text = reference(1, place), f"{match[0]}{f' ({unit})' if unit else ''}"
    span = "".join(match[2].split()).upper()
    if not match[1] and len(series) > 1:
        wanted = " or ".join(f"'{span_header(column, span, True)}'" for column in series)
        grid.fault(at, "does not say which number it is", f"write {wanted}", value=text)
        return
    column = names[fold(match[1])] if match[1] else series[0]
    usable = True
    if column.kind != "series":
        grid.fault(at, f"{column.name} does not change over time", f"write '{column.header}'", value=text)
        return
    if span_of(span) is None:
        grid.fault(at, "is not a calendar span", "write a span such as 2026, 2027H1 or 2028Q3", value=text)
        usable = False
    written = f"{column.name} {span}" if match[1] else span
    factor = _factor(grid, column, place, written, unit)
    usable = usable and factor is not None
    found.spans.setdefault(column.field, []).append(Heading(column, place, factor or 1.0, span, usable))


def _check_spans(grid: Grid, found: Headings) -> None:
    """Spans of one number may not overlap, nor stand beside a column for all time; then put them in order of time."""
    for name, headings in found.spans.items():
        good: list[Heading] = []
        for k, heading in enumerate(headings):
            if not heading.usable:
                continue
            for other in good:
                if heading.start < other.end - 1e-9 and other.start < heading.end - 1e-9:
                    again = "stands already in" if heading.span == other.span else "overlaps"
                    message = f"{again} {reference(1, other.place)} ({other.span})"
                    grid.fault(reference(1, heading.place), message, "keep one of the two",
                               value=heading.span, column=heading.column.name)  # fmt: skip
                    headings[k] = replace(heading, usable=False)
                    break
            else:
                good.append(heading)
        headings.sort(key=lambda heading: heading.start)
        if both := found.plain.pop(name, None):
            message = f"stands also over time, from {reference(1, headings[0].place)} on"
            grid.fault(reference(1, both.place), message, "keep one of the two",
                       value=both.column.name, column=both.column.name)  # fmt: skip
