"""A sample of all columns spoilt in all ways: each is told at its cell with a remedy, once, or is legal."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sourcing.sheets import TABS, Column
from sourcing.workbook.grid import Cell, Grid, load, place, reference
from sourcing.workbook.headers import read_headings
from sourcing.workbook.read import check_grids

INSTANCES = Path(__file__).parents[2] / "instances"
LATIN, CYRILLIC = (
    "aoecpxAOECPXBHKMT",
    ("\u0430\u043e\u0435\u0441\u0440\u0445\u0410\u041e\u0415\u0421\u0420\u0425\u0412\u041d\u041a\u041c\u0422"),
)
LOOKALIKES = str.maketrans(LATIN, CYRILLIC)
SAMPLES = {"starter": 100, "allied-2026": 8}

PROSE = {"Note", "Name", "Citation", "Link", "Date", "Confidence", "Authority", "Reference", "Title", "Value"}
"""Columns of free text, in which anything may stand."""


@dataclass(frozen=True)
class Spoil:
    """One column of a tab spoilt in one way: what is put where, and what a duplicate's other row is."""

    tab: str
    column: Column
    way: str
    cells: tuple[tuple[int, int, Cell | None], ...]
    other: int = 0


def spoils(grids: list[Grid]) -> Iterator[Spoil]:
    """Every column of every tab in every way, in a row from its middle."""
    for grid in grids:
        row_type = TABS[grid.tab]
        found = read_headings(Grid(grid.tab, grid.rows), row_type)
        headings = [*found.plain.values(), *(spans[len(spans) > 1] for spans in found.spans.values())]
        active = found.plain["active"].place if "active" in found.plain else 0
        lines = [
            n for n, row in sorted(grid.rows.items()) if n > 1 and (active not in row or row[active].shown != "no")
        ]
        for heading in headings:
            filled = [line for line in lines if heading.place in grid.rows[line]]
            if not filled:
                continue
            line, at, head = filled[len(filled) // 2], heading.place, grid.rows[1][heading.place].shown
            was = grid.rows[line][at]
            for way, cell in {
                "typo": Cell(f"{was.shown[:-1]}q"), "1.200": Cell("1.200"), "1,200": Cell("1,200"), "tbc": Cell("tbc"),
                "90%": Cell("90%"), "negative": Cell(-5.0), "blank": None, "error": Cell("#N/A", error=True),
                "date": Cell(dt.datetime(2027, 3, 4)), "boolean": Cell(True),
                "formula": Cell("=A1*2", formula=True, computed=True),
                "letter": Cell(was.shown.translate(LOOKALIKES)),
            }.items():  # fmt: skip
                if cell != was:
                    yield Spoil(grid.tab, heading.column, way, ((line, at, cell),))
            yield Spoil(grid.tab, heading.column, "unit", ((1, at, Cell(f"{head.split(' (')[0]} (furlong)")),))
            keys = [found.plain[name].place for name in row_type.key_fields if name in found.plain]
            if at in keys and len(lines) > 1:
                other = next(n for n in lines if n != line)
                copied = tuple((line, key, grid.rows[other].get(key)) for key in keys)
                yield Spoil(grid.tab, heading.column, "duplicate", copied, other)


def legal(spoil: Spoil) -> bool:
    """Whether the spoilt cell holds what its column may hold, so that nothing need be told."""
    column, way = spoil.column, spoil.way
    return (
        column.name in PROSE
        or (way == "blank" and (not column.required or column.kind == "series"))
        or (way == "date" and column.kind == "date")
        or (way == "boolean" and column.kind == "yesno")
        or (way == "negative" and column.kind in ("number", "series") and column.low < -5)
        or (way in ("typo", "letter") and column.kind in ("number", "series", "date", "span"))  # as 2030 and 2031
        or (way in ("1.200", "negative") and column.name == "Set")
        or (way == "typo" and column.kind == "id" and not column.refers)  # a name that no other row uses
    )


def told(grids: list[Grid], spoil: Spoil) -> str:
    """What is wrong with how a spoilt cell is told; "" if nothing is."""
    copies = [Grid(grid.tab, grid.rows, list(grid.issues)) for grid in grids]
    rows = next(grid for grid in copies if grid.tab == spoil.tab)
    rows.rows = {line: dict(cells) for line, cells in rows.rows.items()}
    for line, at, cell in spoil.cells:
        rows.rows[line].pop(at, None)
        if cell is not None:
            rows.rows[line][at] = cell
    _, issues = check_grids(copies, "spoilt")
    new = [issue for issue in issues if issue not in BEFORE[id(grids)]]
    if not new:
        return "" if legal(spoil) else "is silent"
    if lacking := [str(issue) for issue in new if not issue.suggestion]:
        return f"has no remedy: {lacking}"
    line = spoil.cells[0][0]
    here = {line, 1, spoil.other}
    # a reader needs the row or the header only; a misspelt id may be told once where it is named
    elsewhere = [issue for issue in new if issue.tab != spoil.tab or place(issue.cell)[0] not in here]
    # where one leaves a group of two, both are alone
    strays = [str(issue) for issue in elsewhere if (issue.column, spoil.column.kind) != (spoil.column.name, "text")]
    if strays and not (len(new) == 1 and (legal(spoil) or spoil.way == "blank")):
        return f"is told elsewhere: {strays}"
    cells = {reference(row, at) for row, at, _ in spoil.cells} | {reference(1, at) for _, at, _ in spoil.cells}
    exact = spoil.way in ("blank", "duplicate") or strays or any(issue.cell in cells for issue in new)
    return "" if exact else f"is not told at its cell: {[str(issue) for issue in new]}"


BEFORE: dict[int, set[object]] = {}
"""The issues of each instance as it was."""


@pytest.mark.parametrize("name", list(SAMPLES))
def test_what_is_spoilt_is_told_at_its_cell(name: str) -> None:
    grids = load(INSTANCES / f"{name}.xlsx")
    whole = [Grid(grid.tab, grid.rows, list(grid.issues)) for grid in grids]
    BEFORE[id(grids)] = set(check_grids(whole, name)[1])
    everything = list(spoils(grids))
    assert len(everything) > 2_000
    sample = random.Random(7).sample(everything, SAMPLES[name])
    wrong = [f"{s.tab}.{s.column.name} {s.way}: {fault}" for s in sample if (fault := told(grids, s))]
    assert wrong == []
