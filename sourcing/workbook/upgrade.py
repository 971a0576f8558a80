"""Upgrade: an old workbook as one of today's schema, with all that its planner wrote and coloured.

Every tab and column of the schema is there afterwards, with today's notes on headers, drop-downs and Guide. What stood
in the old one stays: values and formulas with what they came to, faults too (the upgrade is no check), the order of
rows and columns, units, formats, widths, comments and tabs of the planner's own. The old file is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sourcing.components import TAB_ORDER
from sourcing.components.horizon import Period
from sourcing.instance import Instance
from sourcing.schema import columns_of
from sourcing.sheets import TABS, Column, InstanceError, Row
from sourcing.words import fold, nearest
from sourcing.workbook.dropdowns import define_ids, ids_of, is_percent
from sourcing.workbook.grid import Grid, Refused, ignored, letters, load
from sourcing.workbook.guide import write_guide
from sourcing.workbook.headers import Heading, Headings, read_headings
from sourcing.workbook.moves import Moves, tab_named
from sourcing.workbook.parse import parse_tab
from sourcing.workbook.read import check
from sourcing.workbook.stored import lost, store_values, whole
from sourcing.workbook.template import (
    PERIOD,
    SPARE_ROWS,
    Slot,
    add_rules,
    comment_of,
    dress,
    input_look,
    number_format_of,
    table_of,
    write_header,
    write_tab,
)

LONGEST = 31
"""Characters of a tab's name."""


@dataclass
class _Old:
    """A tab of the old workbook: its name there, its cells and headings, headers that mean nothing, and the columns
    that it lacks with the number of the one that each follows."""

    name: str
    row_type: type[Row]
    grid: Grid
    found: Headings
    lacks: list[tuple[int, Column]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Rows down to the last that holds anything."""
        return max([1, *self.grid.rows]) - 1

    def headings(self) -> Iterator[Heading]:
        """Every heading of a column of the schema."""
        yield from self.found.plain.values()
        for spans in self.found.spans.values():
            yield from spans


def upgrade(old: Path, new: Path) -> list[str]:
    """Write `old` as a workbook of today's schema to `new`; sentences on what was added, renamed and lost.

    InstanceError if the old workbook cannot be read at all, OutputError if too many cells are merged. A sound one gives
    the same instance, to its sha256.
    """
    try:
        grids = load(old)
    except Refused as refused:
        raise InstanceError([refused.issue]) from refused
    instance, _ = check(old)
    book = whole(old, grids)
    tabs = _tabs(grids)
    told: list[str] = []
    moves = Moves({book_tab: [at for at, _ in tab.lacks] for book_tab, tab in tabs.items() if tab.lacks})
    absent = _strangers(book, tabs, moves, told)
    told += [f"the table format of tab {tab} is gone, since columns were added to it" for tab in moves.inserted
             if _without_tables(book[tab])]  # fmt: skip
    moves.apply(book)
    shown = instance or _framework(tabs)
    for tab in tabs.values():
        _renew(book, tab, moves)
    _add_tabs(book, absent, shown)
    _new_guide(book, shown, moves, told)
    book.save(new)
    store_values(book, old, new, moves)
    if instance is not None:
        again, _ = check(new)
        if again is None or again.sha256() != instance.sha256():
            raise RuntimeError("the upgraded workbook does not read as the old one does")
    return _added(tabs, absent) + told + lost(old, new)


# ------------------------------------------------------------------------------------------------ what is there


def _tabs(grids: list[Grid]) -> dict[str, _Old]:
    """The tabs of the schema that the old workbook has, by the name that they have there."""
    known = {fold(tab): tab for tab in TAB_ORDER}
    found: dict[str, _Old] = {}
    for grid in grids:
        if tab := known.pop(fold(grid.tab), None):
            found[grid.tab] = _old(grid, TABS[tab])
    return found


def _old(grid: Grid, row_type: type[Row]) -> _Old:
    tab = _Old(grid.tab, row_type, grid, read_headings(grid, row_type) if grid.rows else Headings())
    strange = [issue.value for issue in grid.issues if "is not a column of tab" in issue.message]
    names = [column.name for column in columns_of(row_type)]
    meant = {nearest(re.sub(r"\(.*|\d{4}.*", "", text), names) for text in strange}
    tab.unknown += strange
    at = 0
    for column in columns_of(row_type):
        own = [h.place for h in tab.headings() if h.column.name == column.name]
        if own:
            at = max(at, *own)
            if column.field == row_type.key_fields[-1]:
                at = max(at, tab.found.period or 0)
        elif column.name not in meant:  # a misspelt header is the planner's to mend; a second one would hide it
            tab.lacks.append((at, column))
    return tab


def _strangers(book: Any, tabs: dict[str, _Old], moves: Moves, told: list[str]) -> list[str]:
    """Name the tabs that are no tabs of an instance so that they are ignored; the tabs that are absent."""
    absent = [tab for tab in TAB_ORDER if tab not in {old.row_type.tab for old in tabs.values()}]
    for name, old in tabs.items():
        if name != old.row_type.tab:
            moves.renamed[name] = old.row_type.tab
    for sheet in book.worksheets:
        name = sheet.title
        if name in tabs or ignored(name):
            continue
        if guess := nearest(name, absent):  # blank one beside it would pass, and the planner's rows would count no more
            told.append(f"tab '{name}' is kept as it is, but is no tab of an instance: did you mean '{guess}'?")
            absent.remove(guess)
        else:
            moves.renamed[name] = _free(book, f"_{name}")
            told.append(f"tab '{name}' is no tab of an instance: kept as '{moves.renamed[name]}', which is not read")
    return absent


def _free(book: Any, name: str) -> str:
    """A name for a tab that no other has."""
    taken = {sheet.casefold() for sheet in book.sheetnames}
    made, number = name[:LONGEST], 2
    while made.casefold() in taken:
        made = f"{name[: LONGEST - 4]} ({number})"
        number += 1
    return made


def _without_tables(sheet: Any) -> bool:
    """Take a sheet's table formats away: they list their headers, and one that does not fit damages the file."""
    had = bool(sheet.tables)
    sheet.tables.clear()
    return had


def _framework(tabs: dict[str, _Old]) -> Instance:
    """What is needed of a faulty workbook to add tabs to it: its periods."""
    rows: list[Row] = []
    for tab in tabs.values():
        if tab.row_type is Period:
            sheet = parse_tab(tab.grid, Period, {}, frozenset())
            rows = [row for row in sheet.rows if sheet.sound and row.line not in sheet.faulty]
    return Instance(rows)


# ------------------------------------------------------------------------------------------------ what is renewed


def _renew(book: Any, tab: _Old, moves: Moves) -> None:
    """Put the columns that a tab lacks into their gaps; renew its notes, drop-downs and list of ids."""
    name, row_type = tab.name, tab.row_type
    sheet = book[row_type.tab]
    sheet.data_validations.dataValidation.clear()
    after: dict[int, int] = {}
    for at, column in tab.lacks:
        after[at] = after.get(at, 0) + 1
        # columns that follow the same one stand side by side, in the order of the schema
        _new_column(sheet, moves.column(name, at) + after[at], column, tab)
    for heading in tab.headings():
        place = moves.column(name, heading.place)
        head = sheet.cell(1, place)
        head.comment = comment_of(heading.column, _others(head.comment, heading.column))
        if _bears_rules(sheet, place, heading):
            add_rules(sheet, heading.column, letters(place), tab.length)
    if tab.found.period:
        place = moves.column(name, tab.found.period)
        head = sheet.cell(1, place)
        head.comment = comment_of(PERIOD, _others(head.comment, PERIOD))
        add_rules(sheet, PERIOD, letters(place), tab.length)
    book.defined_names.pop(ids_of(row_type.tab), None)
    key = tab.found.plain.get(row_type.key_fields[0])
    if key:
        define_ids(book, row_type, moves.column(name, key.place), tab.length)


def _new_column(sheet: Any, place: int, column: Column, tab: _Old) -> None:
    slot = Slot(column, column.header, "", ())
    write_header(sheet, place, slot, tab.row_type.tab)
    look = input_look() | {"number_format": number_format_of(slot)}
    for line in range(2, tab.length + SPARE_ROWS + 2):
        dress(sheet.cell(line, place), look)
    add_rules(sheet, column, letters(place), tab.length)


def _others(comment: Any, column: Column) -> str:
    """What somebody else than this program has noted on a header."""
    text = str(comment.text) if comment else ""
    return text.partition("\n\n")[2] if text.startswith(f"{column.name}: ") else text


def _bears_rules(sheet: Any, place: int, heading: Heading) -> bool:
    """Whether the limits of a column hold for its cells as they are written: in its unit, a share as a percentage."""
    if heading.column.kind not in ("number", "series"):
        return True
    if is_percent(heading.column):
        return "%" in sheet.cell(2, place).number_format
    return heading.usable and heading.factor == 1.0


def _add_tabs(book: Any, absent: list[str], shown: Instance) -> None:
    """Add the tabs that are absent, blank, where the schema has them."""
    for tab in absent:
        before = [book.sheetnames.index(name) for name in TAB_ORDER[: TAB_ORDER.index(tab)] if name in book.sheetnames]
        table = table_of(Instance(shown[Period]), TABS[tab])
        write_tab(book.create_sheet(tab, max(before) + 1 if before else 0), table)
        define_ids(book, table.row_type, table.place_of_ids(), 0)


def _new_guide(book: Any, shown: Instance, moves: Moves, told: list[str]) -> None:
    """Put today's Guide in front; one that says something else is kept, since there may be notes in it."""
    old = tab_named(book, "Guide")
    guide = book.create_sheet("Guide of today", 0)
    write_guide(guide, shown)
    if old is not None and _texts(old) == _texts(guide):
        book.remove(old)
    elif old is not None:
        moves.renamed[old.title] = old.title = _free(book, "_Guide (old)")
        told.append(f"the old Guide is kept as '{old.title}': delete it if nobody wrote into it")
    guide.title = "Guide"
    book.active = 0
    for sheet in book.worksheets:
        sheet.sheet_view.tabSelected = sheet is guide


def _texts(sheet: Any) -> dict[tuple[int, int], str]:
    return {(cell.row, cell.column): str(cell.value) for row in sheet.iter_rows() for cell in row
            if cell.value is not None}  # fmt: skip


# ------------------------------------------------------------------------------------------------ what is told


def _added(tabs: dict[str, _Old], absent: list[str]) -> list[str]:
    """What the old workbook lacked, and what in it is strange."""
    told = [f"added tabs: {', '.join(absent)}"] if absent else []
    for tab in tabs.values():
        if tab.lacks:
            told.append(f"added to {tab.row_type.tab}: {', '.join(column.header for _, column in tab.lacks)}")
        if tab.unknown:
            named = ", ".join(f"'{text}'" for text in tab.unknown)
            told.append(f"kept on {tab.row_type.tab}, though no column of today's: {named}")
    return told
