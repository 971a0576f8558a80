"""Marked: a copy of an instance in which every fault can be seen at its cell, with a list of all of them in front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sourcing.sheets import InstanceError, Issue
from sourcing.workbook.grid import Refused, load, place
from sourcing.workbook.moves import Moves, tab_named
from sourcing.workbook.stored import lost, store_values, whole
from sourcing.workbook.template import FONT, PLANNER, WHITE, lay_out_page

LIST = "_Issues"
"""The first tab of a marked copy; its name makes the reader pass over it, so the copy can be worked on."""

HEADERS = (("Severity", 10), ("Tab", 16), ("Cell", 8), ("Column", 22), ("Found", 24), ("What is wrong", 60),
           ("What to do", 60))  # fmt: skip
"""Columns of the list and their widths in characters."""

LOOKS = {"error": ("9C0006", "FFC7CE", "C00000"), "warning": ("7F6000", "FFEB9C", "FFC000")}
"""By severity the colours of letters, of the cell, and of its tab; letters too, since a header's are white."""


def mark(source: Path, target: Path, issues: Sequence[Issue]) -> list[str]:
    """Write a copy of a workbook, or of a folder as one, with its issues marked; sentences on what was lost.

    A cell with a fault is red (yellow for a warning) with the rule and the remedy in its comment, and so is its tab.
    InstanceError with the refusal if the file cannot be read at all, OutputError if too many cells are merged.
    """
    try:
        grids = load(source)
    except Refused as refused:
        raise InstanceError([refused.issue]) from refused
    book = _as_book(grids) if source.is_dir() else whole(source, grids, macros=target.suffix.lower() == ".xlsm")
    if (old := tab_named(book, LIST)) is not None:
        book.remove(old)
    worst: dict[str, str] = {}
    places = {}
    for number, issue in enumerate(issues):
        sheet = tab_named(book, issue.tab)
        if sheet is not None:
            places[number] = sheet.title, issue.cell or "A1"
            if issue.cell:
                _colour(sheet, issue)
            if worst.get(sheet.title) != "error":
                worst[sheet.title] = issue.severity
    for title, severity in worst.items():
        book[title].sheet_properties.tabColor = LOOKS[severity][2]
    _list(book, issues, places)
    book.save(target)
    if source.is_dir():
        return []
    store_values(book, source, target, Moves())
    return lost(source, target)


def _as_book(grids: Sequence[Any]) -> Any:
    """The cells of a folder as they stand, a tab a file."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for grid in grids:
        sheet = book.create_sheet(grid.tab)
        for row, cells in grid.rows.items():
            for column, cell in cells.items():
                _text(sheet.cell(row, column), cell.value)
        sheet.freeze_panes = "B2"
    return book


def _text(cell: Any, value: Any) -> Any:
    """Write a value; a text stays one, also where it looks like a formula."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _colour(sheet: Any, issue: Issue) -> None:
    """Mark a cell; of a merged area its first, which alone can bear a comment. An error is not painted over."""
    from copy import copy

    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    row, column = place(issue.cell)
    for area in sheet.merged_cells.ranges:
        if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col:
            row, column = area.min_row, area.min_col
    cell = sheet.cell(row, column)
    told = f"{issue.severity.upper()}: {words(issue)}"
    before = cell.comment.text if cell.comment else ""
    if LOOKS["error"][1] not in str(cell.fill.fgColor.rgb) or issue.severity == "error":
        ink, ground, _ = LOOKS[issue.severity]
        font = copy(cell.font)
        font.color = ink
        cell.font, cell.fill = font, PatternFill("solid", fgColor=ground)
    note = Comment("\n\n".join([told, *([before] if before else [])]), "sourcing")
    note.width, note.height = 340, 30 + 18 * sum(1 + len(line) // 48 for line in note.text.splitlines())
    cell.comment = note


def words(issue: Issue) -> str:
    """The rule and the remedy in a sentence."""
    return issue.message + (f" → {issue.suggestion}" if issue.suggestion else "")


def _list(book: Any, issues: Sequence[Issue], places: dict[int, tuple[str, str]]) -> None:
    """The first tab: one issue a row, with a link to its cell."""
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet = book.create_sheet(LIST, 0)
    sheet.sheet_properties.tabColor = LOOKS["error"][2]
    for column, (header, width) in enumerate(HEADERS, start=1):
        cell = _text(sheet.cell(1, column), header)
        cell.font = Font(name=FONT, size=10, bold=True, color=WHITE)
        cell.fill = PatternFill("solid", fgColor=PLANNER)
        sheet.column_dimensions[cell.column_letter].width = width
    for number, issue in enumerate(issues):
        row = number + 2
        values = (issue.severity, issue.tab, issue.cell, issue.column, issue.value, issue.message, issue.suggestion)
        for column, value in enumerate(values, start=1):
            cell = _text(sheet.cell(row, column), value)
            cell.font = Font(name=FONT, size=10)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        ink, ground, _ = LOOKS[issue.severity]
        sheet.cell(row, 1).font = Font(name=FONT, size=10, bold=True, color=ink)
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=ground)
        if number in places:
            title, at = places[number]
            link = sheet.cell(row, 3)
            link.value = issue.cell or "tab"
            link.hyperlink = f"#'{title.replace(chr(39), chr(39) * 2)}'!{at}"
            link.font = Font(name=FONT, size=10, underline="single", color="0563C1")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:G{len(issues) + 1}"
    lay_out_page(sheet)
    sheet.print_title_rows = "1:1"
    book.active = 0
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is sheet
