"""Stored: a workbook as openpyxl loads it whole, what its formulas came to, and what openpyxl drops from it."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterable
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from sourcing.sheets import OutputError
from sourcing.workbook.grid import Grid, reference
from sourcing.workbook.moves import Moves

KINDS = (
    ("pictures", r"xl/media/", b""),
    ("charts", r"xl/charts/chart\d", b""),
    ("pivot tables", r"xl/pivotTables/", b""),
    ("slicers", r"xl/slicers/", b""),
    ("threaded comments", r"xl/threadedComments/", b""),
    ("form controls", r"xl/ctrlProps/", b""),
    ("macros", r"xl/vbaProject\.bin", b""),
    ("shapes", r"xl/drawings/drawing\d", rb"<xdr:(?:sp|cxnSp)[ >]"),
    ("sparklines", r"xl/worksheets/sheet\d", rb"<x14:sparkline>"),
    ("conditional formats of newer kinds", r"xl/worksheets/sheet\d", rb"<x14:conditionalFormatting[ >]"),
)
"""What may not survive: its name, the parts of an archive that hold it, and what to count in them (b"": the parts)."""

MOST_MERGED = 100_000
"""Merged cells of a tab that are loaded at most: openpyxl makes an object of each, also of blank ones."""

_CELL = re.compile(rb'<c r="([A-Z]+\d+)"([^>]*)>(<f[^>]*?(?:/>|>.*?</f>))<v\s*(?:/>|></v>)</c>', re.DOTALL)
_TYPE = re.compile(rb'\s+t="\w+"')


def whole(path: Path, grids: Iterable[Grid], *, macros: bool = False) -> Any:
    """A workbook with its formats and notes, of which `grids` are the cells; what it loses, `lost` tells afterwards.

    OutputError if so many cells are merged that it would not fit into memory.
    """
    import openpyxl

    if wide := next((grid.tab for grid in grids if grid.merged > MOST_MERGED), ""):
        raise OutputError(f"no copy of '{path.name}' can be made: unmerge the cells of tab {wide} first")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(path, rich_text=True, keep_vba=macros)


def store_values(book: Any, old: Path, new: Path, moves: Moves) -> None:
    """Give the formulas of `book`, which openpyxl wrote to `new` without values, the values that stand in `old`.

    Without them no program but a spreadsheet could read the cells.
    """
    import openpyxl

    computed = {
        number: sheet.title
        for number, sheet in enumerate(book.worksheets, start=1)
        if any(getattr(cell, "data_type", "") == "f" for cell in sheet._cells.values())
    }
    if not computed:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = openpyxl.load_workbook(old, data_only=True)
    sheets: dict[str, dict[bytes, Any]] = {}
    for number, title in computed.items():
        was = next((name for name, now in moves.renamed.items() if now == title), title)
        sheets[f"xl/worksheets/sheet{number}.xml"] = {
            reference(row, moves.column(was, column)).encode(): cell.value
            for (row, column), cell in before[was]._cells.items()
            if getattr(cell, "value", None) is not None
        }
    beside = new.with_name(f"{new.name}.stored")
    try:
        with zipfile.ZipFile(new) as archive, zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as made:
            for part in archive.infolist():
                content = archive.read(part)
                if values := sheets.get(part.filename):
                    content = _CELL.sub(partial(_stored, values), content)
                made.writestr(part, content)
        shutil.copyfile(beside, new)
    finally:
        os.unlink(beside)


def _stored(values: dict[bytes, Any], match: re.Match[bytes]) -> bytes:
    """A cell's XML with its value."""
    from openpyxl.utils.datetime import to_excel

    value = values.get(match[1])
    if value is None:
        return match[0]
    kind, text = "", str(value)
    if isinstance(value, bool):
        kind, text = "b", str(int(value))
    elif isinstance(value, int | float):
        text = repr(value)
    elif isinstance(value, dt.date | dt.time | dt.timedelta):
        text = repr(to_excel(value))  # type: ignore[no-untyped-call]
    else:
        kind = "e" if text.startswith("#") and text.rstrip("!?").isupper() else "str"
    mark = f' t="{kind}"' if kind else ""
    attributes = _TYPE.sub(b"", match[2]).decode()
    head = f'<c r="{match[1].decode()}"{attributes}{mark}>'.encode()
    return head + match[3] + f"<v>{escape(text, quote=False)}</v></c>".encode()


def lost(old: Path, new: Path) -> list[str]:
    """A sentence on what `old` holds more of than `new`, if anything."""
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(new) as after:
        gone = [name for name, parts, mark in KINDS if _count(before, parts, mark) > _count(after, parts, mark)]
    return [f"not carried over: {', '.join(gone)}; they are still in '{old.name}'"] if gone else []


def _count(archive: zipfile.ZipFile, parts: str, mark: bytes) -> int:
    names = [name for name in archive.namelist() if re.match(parts, name)]
    return sum(len(re.findall(mark, archive.read(name))) for name in names) if mark else len(names)
