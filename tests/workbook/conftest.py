"""What the tests of reading share: the starter to spoil, and small workbooks made on the spot."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sourcing.components.materials import FORMS
from sourcing.sheets import TABS
from sourcing.workbook.grid import Cell, Grid
from sourcing.workbook.parse import Sheet, parse_tab

STARTER = Path(__file__).parents[2] / "instances" / "starter"
assert "oxide" in FORMS  # importing the components declares the tabs

Tables = dict[str, list[list[Any]]]


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """A copy of the starter's folder that a test may spoil."""
    return Path(shutil.copytree(STARTER, tmp_path / "starter"))


@pytest.fixture(scope="session")
def tables() -> Tables:
    """The starter's tabs as a spreadsheet keeps them: numbers are numbers, blanks are None."""
    found = {}
    for file in sorted(STARTER.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            found[file.stem] = [[_typed(text) for text in row] for row in csv.reader(lines)]
    return found


def _typed(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Writes {tab: rows} as a workbook; `edit` may change it before it is saved."""

    def make(tabs: Tables, edit: Callable[[openpyxl.Workbook], None] | None = None, name: str = "book.xlsx") -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for tab, rows in tabs.items():
            sheet = workbook.create_sheet(tab)
            for row in rows:
                sheet.append(row)
        if edit:
            edit(workbook)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def parse() -> Callable[..., Sheet]:
    """Parses the rows of one tab as a CSV file gives them (`typed`: as a workbook does); None is a blank."""

    def run(tab: str, *rows: list[Any], typed: bool = False, materials: tuple[str, ...] = (), **spans: Any) -> Sheet:
        grid = Grid(tab)
        for line, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if value is not None:
                    grid.put(line, column, value if isinstance(value, Cell) else Cell(value, typed=typed))
        return parse_tab(grid, TABS[tab], spans, frozenset(materials))

    return run
