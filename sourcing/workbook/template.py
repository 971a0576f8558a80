"""Template: an instance as a workbook that a planner fills in, with drop-downs, notes, units and a guide.

Everything comes from the row classes, so a new column needs no line here. The same instance gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import textwrap
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcing.components import PLANNER_TABS, TAB_ORDER
from sourcing.components.horizon import periods
from sourcing.instance import Instance
from sourcing.schema import allowed, blank
from sourcing.sheets import TABS, Column, OutputError, Row, span_of
from sourcing.workbook.dropdowns import RULE_ROWS, define_ids, is_percent, rules_of
from sourcing.workbook.folder import Plain, layout
from sourcing.workbook.headers import span_header

if TYPE_CHECKING:
    from openpyxl.comments import Comment
    from openpyxl.worksheet.worksheet import Worksheet

FONT = "Arial"
INK, INPUT_INK, INPUT, PLANNER, NETWORK, RULE, WHITE = (
    "1F2933", "0000FF", "FFFFE6", "123A5C", "5F6B7A", "D9D9C3", "FFFFFF",
)  # fmt: skip

AUTHOR = "sourcing"
"""Whose notes on headers are ours."""

SPARE_ROWS = 20
"""Rows below the data that look like input."""

NARROWEST, A_NAME, WIDEST, LINE, PAGE = 9, 15, 60, 13.5, 250
"""Least width of a column in characters, that of one in which names will stand, and the greatest; height of a line in
points; width of a printed page."""

_MOMENT = dt.datetime(2026, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def write_workbook(instance: Instance, path: str | Path) -> None:
    """Write an instance as an .xlsx workbook: Guide, planner's tabs, network tabs, with every row.

    Reading it back gives the same rows and the same `sha256`. OutputError where it cannot be written.
    """
    from openpyxl import Workbook

    from sourcing.workbook.guide import write_guide

    book = Workbook()
    book.properties.creator = "sourcing"
    book.properties.title = instance.name
    book.properties.created = book.properties.modified = _MOMENT
    guide = book.active
    assert guide is not None
    write_guide(guide, instance)
    tables = {tab: table_of(instance, TABS[tab]) for tab in TAB_ORDER}
    for tab, table in tables.items():
        define_ids(book, table.row_type, table.place_of_ids(), table.length)
        write_tab(book.create_sheet(tab), table)
    stream = io.BytesIO()
    book.save(stream)
    try:
        Path(path).write_bytes(_repeatable(stream.getvalue()))
    except OSError as fault:
        raise OutputError(f"'{path}' cannot be written: {fault.strerror or fault}") from fault


def _repeatable(data: bytes) -> bytes:
    """A workbook's bytes without the time at which they were made."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rf"\g<1>{_MOMENT:%Y-%m-%dT%H:%M:%SZ}\g<2>".encode(), content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return made.getvalue()


# ------------------------------------------------------------------------------------------------ tables


@dataclass(frozen=True)
class Slot:
    """One column of a sheet: the schema's column behind it (None: Period), its header and its values."""

    column: Column
    header: str
    span: str
    values: tuple[Plain, ...]


@dataclass(frozen=True)
class SheetTable:
    """What one sheet shows."""

    row_type: type[Row]
    slots: tuple[Slot, ...]
    length: int

    @property
    def tab(self) -> str:
        """Its name."""
        return self.row_type.tab

    def place_of_ids(self) -> int:
        """Number of the column (from 1) that holds the rows' ids."""
        return 1 + [slot.column.field for slot in self.slots].index(self.row_type.key_fields[0])


PERIOD = Column("Period", "span", "when the numbers of this line begin to hold; blank is from the start",
                refers=("Periods",))  # fmt: skip


def table_of(instance: Instance, row_type: type[Row]) -> SheetTable:
    """The sheet of a tab; what changes over time has a column for every year of the model."""
    plain = layout(instance, row_type)
    values = list(zip(*plain.records, strict=True)) or [()] * len(plain.headers)
    slots: list[Slot] = []
    for header, column, cells in zip(plain.headers, plain.columns, values, strict=True):
        if column and isinstance(column.default, str) and column.default:  # read as the same, plainer than a blank
            cells = tuple(column.default if cell is None else cell for cell in cells)
        slots.append(Slot(column or PERIOD, header, _span_in(header, column), cells))
    if None not in plain.columns:
        several = sum(column.kind == "series" for column in row_type.columns.values()) > 1
        for column in row_type.columns.values():
            if column.kind == "series":
                _add_years(slots, column, several, instance, len(plain.records))
    return SheetTable(row_type, tuple(slots), len(plain.records))


def _span_in(header: str, column: Column | None) -> str:
    """The calendar span that a header names; "" if none."""
    found = re.search(r"\b(\d{4}([HQ]\d)?)(?= \(|$)", header) if column and column.kind == "series" else None
    return found[1] if found else ""


def _add_years(slots: list[Slot], column: Column, several: bool, instance: Instance, length: int) -> None:
    """Columns for the years of the model that no column of a number over time covers, in their place."""
    own = [slot for slot in slots if slot.column is column]
    if not any(slot.span for slot in own):
        if length or not column.required:
            return  # one column for all time says what there is to say
        if not periods(instance):
            return
        first = slots.index(own[0])
        del slots[first]
    else:
        first = slots.index(own[0])
        del slots[first : first + len(own)]
    taken = [limits for slot in own if (limits := span_of(slot.span))]
    begin = min((start for start, _ in taken), default=-math.inf)
    own = [slot for slot in own if slot.span]
    for year in sorted({math.floor(t.start + 1e-9) + k for t in periods(instance) for k in range(math.ceil(t.years))}):
        if year >= begin and not any(start < year + 1 and year < end for start, end in taken):
            own.append(Slot(column, span_header(column, str(year), several), str(year), (None,) * length))
    slots[first:first] = sorted(own, key=lambda slot: span_of(slot.span) or (0.0, 0.0))


# ------------------------------------------------------------------------------------------------ sheets


def write_tab(sheet: Worksheet, table: SheetTable) -> None:
    """Fill a sheet: headers with notes, values, rows to spare, drop-downs, widths and the printed page."""
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter

    sheet.sheet_properties.tabColor = _colour(table.tab)
    lines = [1] * (table.length + 1)
    for place, slot in enumerate(table.slots, start=1):
        letter = get_column_letter(place)
        number_format = number_format_of(slot)
        texts = [shown(value, number_format) for value in slot.values]
        width = _width(slot, texts)
        write_header(sheet, place, slot, table.tab, width)
        wraps = slot.column.kind == "text" and slot.column.field != "note"
        look = input_look() | {"alignment": Alignment(wrap_text=wraps, vertical="top"), "number_format": number_format}
        for line in range(2, table.length + SPARE_ROWS + 2):
            cell: Any = sheet.cell(line, place)
            if line < table.length + 2:
                _put(cell, slot, slot.values[line - 2])
                if wraps:
                    lines[line - 1] = max(lines[line - 1], lines_of(texts[line - 2], width))
            dress(cell, look)
        lines[0] = max(lines[0], lines_of(slot.header, width - 3))
        add_rules(sheet, slot.column, letter, table.length)
    for line, count in enumerate(lines, start=1):
        if line == 1 or count > 1:
            sheet.row_dimensions[line].height = LINE * count + (6 if line == 1 else 1)
    last = get_column_letter(len(table.slots))
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{last}{table.length + 1}"
    lay_out_page(sheet, math.ceil(sum(_widths(sheet)) / PAGE))
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"


def write_header(sheet: Worksheet, place: int, slot: Slot, tab: str, width: float = 0.0) -> None:
    """Write the header of a column with its note; 0 makes it as wide as the header needs."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    top = sheet.cell(1, place, slot.header)
    dress(top, {
        "font": Font(name=FONT, size=10, bold=True, color=WHITE),
        "fill": PatternFill("solid", fgColor=_colour(tab)),
        "alignment": Alignment(wrap_text=True, vertical="center"),
    })  # fmt: skip
    top.comment = comment_of(slot.column)
    sheet.column_dimensions[get_column_letter(place)].width = width or _width(slot, [])


def comment_of(column: Column, more: str = "") -> Comment:
    """The note on a header, and below it what somebody else has written there."""
    from openpyxl.comments import Comment

    text = note_of(column) + (f"\n\n{more}" if more else "")
    note = Comment(text, AUTHOR)
    note.width, note.height = 320, 20 + 17 * sum(1 + len(line) // 46 for line in text.splitlines())
    return note


def add_rules(sheet: Worksheet, column: Column, letter: str, length: int) -> None:
    """The drop-down or the limits of a column, for its rows and for those that may come below."""
    for rule in rules_of(column, letter):
        rule.add(f"{letter}2:{letter}{length + RULE_ROWS + 1}")
        sheet.add_data_validation(rule)


def input_look() -> dict[str, Any]:
    """How a cell that a planner fills looks."""
    from openpyxl.styles import Border, Font, PatternFill, Side

    thin = Side(style="thin", color=RULE)
    return {
        "font": Font(name=FONT, size=10, color=INPUT_INK),
        "fill": PatternFill("solid", fgColor=INPUT),
        "border": Border(thin, thin, thin, thin),
    }


def _colour(tab: str) -> str:
    return PLANNER if tab in PLANNER_TABS else NETWORK


def _widths(sheet: Worksheet) -> list[float]:
    return [float(column.width) for column in sheet.column_dimensions.values()]


def lines_of(text: str, width: float) -> int:
    """Lines that a text takes in a cell; a character of our font is narrower than a column's unit of width."""
    return len(textwrap.wrap(text, max(1, int(width * 1.18)))) or 1


def dress(cell: Any, look: dict[str, Any]) -> None:
    """Give a cell fonts, fills, borders and formats."""
    for name, value in look.items():
        setattr(cell, name, value)


def _put(cell: Any, slot: Slot, value: Plain) -> None:
    """Write a value: percentages as Excel keeps them, texts as texts also where they look like formulas or numbers."""
    if isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
    elif isinstance(value, float) and is_percent(slot.column):
        cell.value = float(f"{value / 100:.15g}")
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        cell.value = int(value)
    else:
        cell.value = value


def lay_out_page(sheet: Any, wide: int = 1) -> None:
    """A4, landscape, so many pages wide."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = wide, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.4, 0.7, 0.3
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P of &N"


def number_format_of(slot: Slot) -> str:
    """How a column's values are shown: with the decimals that they need, at most six."""
    column = slot.column
    if column.kind == "date":
        return "yyyy-mm-dd"
    if column.kind not in ("number", "series"):
        return "@"
    numbers = [value for value in slot.values if isinstance(value, float)]
    decimals = max((_decimals(value) for value in numbers), default=0)
    point = f".{'0' * decimals}" if decimals else ""
    if is_percent(column):
        return f"0{point}%"
    return f"#,##0{point}" if column.unit else f"0{point}" if numbers else "General"


def _decimals(value: float) -> int:
    text = f"{float(f'{value:.6g}'):.6f}".rstrip("0")
    return len(text.partition(".")[2])


def shown(value: Plain, number_format: str) -> str:
    """A value about as its cell shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        decimals = len(number_format.rstrip("%").partition(".")[2])
        return f"{value:,.{decimals}f}" + ("%" if number_format.endswith("%") else "")
    return str(value)


def _width(slot: Slot, texts: list[str]) -> float:
    """Characters that the values need, and the header's longest word beside its filter button."""
    longest = max((len(text) for text in texts), default=0) * 1.05
    name, _, unit = slot.header.partition(" (")  # the unit stays on one line
    words = max(len(word) for word in [*name.split(), f"({unit}"]) + 3
    header = max(words, len(slot.header) / 3 + 3)
    words_to_come = not texts and slot.column.kind not in ("number", "series", "yesno", "date")
    return float(min(WIDEST, max(A_NAME if words_to_come else NARROWEST, math.ceil(max(longest + 2, header)))))


def note_of(column: Column) -> str:
    """The note on a header: meaning, unit, what a blank means, what is allowed."""
    lines = [f"{column.name}: {column.meaning}."]
    if column.unit:
        lines.append(f"Unit: {column.unit}")
    lines += [f"{title}: {text}" for title, text in (("Blank", blank(column)), ("Allowed", allowed(column))) if text]
    return "\n".join(lines).replace("`", "'")
