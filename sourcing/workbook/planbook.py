"""Plan book: a plan workbook read back into tables, as an outsider would: nothing in it is trusted.

The file is opened with the care that an instance gets (`grid`). A cell gives what it holds, a number in full precision
or a text; a header gives name and unit of its column. What a plan of this program never holds (a formula, a merged
range, a value without a header) is noted in `faults`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sourcing.sheets import SourcingError
from sourcing.tables import Field, Table
from sourcing.workbook.grid import Cell, Grid, Refused, load, reference

FIRST_PAGE, CHART_DATA, RUN = "Summary", "Chart data", "Run"
"""The tab that is a page and no table, the figures behind its charts, and what says how the plan came about."""

_HEADER = re.compile(r"(.*\S)\s*\(([^()]*)\)")

Value = str | float | bool | None


class NoPlanBook(SourcingError):
    """A file that is no plan workbook, or that holds no plan."""

    exit_code = 2


@dataclass
class PlanBook:
    """A plan workbook: its tables by title, the cells of its first page by row and column (from 1), its faults."""

    tabs: dict[str, Table]
    page: dict[tuple[int, int], Value] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def run(self) -> dict[str, Any]:
        """What the tab Run says, by item; of an item that stands there twice the first."""
        found: dict[str, Any] = {}
        for row in self.tabs[RUN].rows:
            if len(row) == 2 and isinstance(row[0], str):
                found.setdefault(row[0], row[1])
        return found


def read_plan_book(path: str | Path) -> PlanBook:
    """The tables of a plan workbook; NoPlanBook if it is none."""
    path = Path(path)
    if path.is_dir():
        raise NoPlanBook(f"'{path}' is a folder: give the plan workbook that `sourcing solve` wrote")
    try:
        grids = load(path, plan=True)
    except Refused as refused:
        hint = f": {refused.issue.suggestion}" if refused.issue.suggestion else ""
        raise NoPlanBook(f"'{path}' {refused.issue.message}{hint}") from refused
    titles = [grid.tab for grid in grids]
    if "Why" in titles and RUN in titles:
        raise NoPlanBook(f"'{path}' holds no plan, but why there is none: see its tab Why")
    if RUN not in titles or len(titles) < 3:
        raise NoPlanBook(f"'{path}' is no plan workbook of this program: it has no tab Run beside its tables")
    book = PlanBook({})
    for grid in grids:
        if grid.tab == FIRST_PAGE:
            book.page = {(row, column): _value(cell) for row, column, cell in _cells(grid)}
        else:
            book.tabs[grid.tab] = _table(grid, book.faults)
            book.faults += [str(issue) for issue in grid.issues if issue.severity == "error"]
        book.faults += [
            f"{grid.tab}!{reference(row, column)}: is a formula, and a plan holds none"
            for row, column, cell in _cells(grid)
            if cell.computed
        ]
    return book


def read_first_page(path: Path) -> PlanBook:
    """The first page and the figures of its charts, of a plan workbook of this program."""
    book = PlanBook({})
    for grid in load(path, plan=True, only=(FIRST_PAGE, CHART_DATA)):
        if grid.tab == FIRST_PAGE:
            book.page = {(row, column): _value(cell) for row, column, cell in _cells(grid)}
        else:
            book.tabs[grid.tab] = _table(grid, book.faults)
    return book


def _cells(grid: Grid) -> list[tuple[int, int, Cell]]:
    return [(row, column, cell) for row, cells in grid.rows.items() for column, cell in cells.items()]


def _value(cell: Cell | None) -> Value:
    """What a cell holds; a date or a time, which no plan holds, as a text."""
    if cell is None:
        return None
    return cell.value if isinstance(cell.value, str | int | float) else str(cell.value)


def _table(grid: Grid, faults: list[str]) -> Table:
    """A tab as a table: row 1 are its headers, and every other row that is not blank is a record."""
    headers = grid.rows.get(1, {})
    wide = max(headers, default=0)
    columns = tuple(_field(_value(headers.get(number))) for number in range(1, wide + 1))
    table = Table(grid.tab, columns)
    for number, cells in sorted(grid.rows.items()):
        if number > 1:
            table.rows.append(tuple(_value(cells.get(column)) for column in range(1, wide + 1)))
            if stray := [column for column in cells if column > wide]:
                faults.append(f"{grid.tab}!{reference(number, min(stray))}: stands beside the table, under no header")
    return table


def _field(header: Value) -> Field:
    text = "" if header is None else str(header)
    match = _HEADER.fullmatch(text)
    return Field(match[1], match[2]) if match else Field(text)
