"""Grids: the raw cells of a workbook or of a folder of CSV files, tab by tab, before anybody knows what they mean.

A file from outside is taken for what it is: sniffed, measured before it is loaded, and refused with one sentence
where it cannot be an instance. Cells beyond row 20,000 or column 200 are refused, so nothing can grow without end.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sourcing.sheets import Issue
from sourcing.words import clean, fold

LAST_ROW, LAST_COLUMN = 20_000, 200
MOST_BYTES, MOST_PARTS, MOST_TAGS = 30_000_000, 2_000, 2_500_000
LARGER = 10
"""How many times more rows, bytes and tags a plan may have than an instance."""

MOST_MERGES = 20
MOST = 1e300
"""Beyond this a whole number of a cell is infinite: one of many digits is no float."""
ERROR_VALUES = frozenset(
    {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
SAVE_AS = "open it in Excel or LibreOffice and save it as an .xlsx workbook"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell: text, a number, a date, TRUE or FALSE.

    `percent`: the cell is formatted as a percentage. `error`: it holds an error value such as `#N/A`. `formula`: it
    is a formula without a stored value (`value` is then its text). `computed`: it is a formula, stored value or not.
    `typed`: the file says whether a cell is a number or text, which CSV does not.
    """

    value: str | float | bool | dt.date | dt.time | dt.timedelta
    percent: bool = False
    error: bool = False
    formula: bool = False
    computed: bool = False
    typed: bool = True

    @property
    def shown(self) -> str:
        """The value as a person sees it."""
        if isinstance(self.value, bool):
            return str(self.value).upper()
        if isinstance(self.value, dt.datetime) and self.value.time() == dt.time():
            return self.value.date().isoformat()
        if isinstance(self.value, int | float):
            return f"{self.value * 100:.12g} %" if self.percent else f"{self.value:.15g}"
        return str(self.value)


@dataclass
class Grid:
    """The cells of one tab by row and column number, both from 1; blank cells are absent.

    `merged` is how many cells lie in merged ranges, blank ones too.
    """

    tab: str
    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    last_row: int = LAST_ROW
    merged: int = 0

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Keep a cell."""
        self.rows.setdefault(row, {})[column] = cell

    def fault(self, cell: str, message: str, suggestion: str = "", **more: Any) -> None:
        """Note a fault at a cell ("" for the tab)."""
        self.issues.append(Issue(self.tab, cell, message, suggestion=suggestion, **more))

    def far(self, row: int, column: int) -> None:
        """Note a value far outside any table."""
        message = f"holds a value beyond row {self.last_row:,} or column {letters(LAST_COLUMN)}"
        self.fault(reference(row, column), message, "delete what stands outside the table")


class Refused(Exception):
    """A file or folder that cannot be read at all; `issue` says why and what to do."""

    def __init__(self, path: Path, message: str, suggestion: str = ""):
        self.issue = Issue(path.name, "", message, suggestion=suggestion)
        super().__init__(str(self.issue))


def letters(column: int) -> str:
    """A column's letters: 28 is AB."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def reference(row: int, column: int) -> str:
    """A cell's A1 reference: (14, 6) is F14."""
    return f"{letters(column)}{row}"


def place(cell: str) -> tuple[int, int]:
    """Row and column of an A1 reference; (0, 0) of ""."""
    match = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    if not match:
        return 0, 0
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def ignored(tab: str) -> bool:
    """Whether a tab is not part of the instance: `_anything` and the Guide."""
    return tab.strip().startswith("_") or fold(tab) == "guide"


def load(path: Path, *, plan: bool = False, only: Collection[str] = ()) -> list[Grid]:
    """The grids of a workbook or folder, without the tabs that are ignored; Refused if it cannot be read.

    A `plan` may be LARGER than an instance, and its merged cells hold what they hold. `only` names the tabs that are
    wanted of a workbook, all if none.
    """
    larger = LARGER if plan else 1
    if not path.exists():
        raise Refused(path, "there is no such file or folder")
    try:
        if path.is_dir():
            return list(_csv_grids(path))
        _sniff(path)
        _measure(path, larger)
    except OSError as fault:
        raise Refused(path, f"cannot be opened: {fault.strerror or fault}") from fault
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells what it drops when it writes; nothing is written here
        try:
            return list(_sheet_grids(path, LAST_ROW * larger, only, fill=not plan))
        except MemoryError:
            raise
        except Exception as fault:  # a damaged file fails anywhere inside openpyxl, in any way
            raise Refused(path, f"is damaged, or not a workbook ({type(fault).__name__})", SAVE_AS) from fault


def locks(path: Path) -> list[Issue]:
    """A warning for each file that another program holds open."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [
        Issue(file.name, "", "is open elsewhere; unsaved edits are not seen", severity="warning")
        for file in files
        if not file.name.startswith((".", "~$"))
        if (file.parent / f".~lock.{file.name}#").exists() or (file.parent / f"~${file.name}").exists()
    ]


# ------------------------------------------------------------------------------------------------ workbooks


def _sniff(path: Path) -> None:
    """Refuse what is no zip file by its first bytes."""
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return
    if not start:
        raise Refused(path, "the file is empty", "give a workbook or a folder of CSV files")
    if start == b"\xd0\xcf\x11\xe0":
        raise Refused(path, "is protected by a password, or an old .xls workbook", f"{SAVE_AS} without a password")
    if path.suffix.lower() == ".csv":
        raise Refused(path, "is one CSV file; an instance is a folder of them", f"give the folder '{path.parent}'")
    raise Refused(path, "is not an .xlsx workbook, whatever its name says", SAVE_AS)


def _measure(path: Path, larger: int) -> None:
    """Refuse an archive that would not fit, before anything of it is parsed."""
    too_large = "delete unused tabs, formatted empty rows and pictures, or give a folder of CSV files"
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            size = sum(part.file_size for part in parts)
            if size > MOST_BYTES * larger or len(parts) > MOST_PARTS:
                raise Refused(path, f"is too large: {size / 1e6:,.0f} MB unpacked in {len(parts):,} parts", too_large)
            if "[Content_Types].xml" not in names or "mimetype" in names:
                raise Refused(path, "is not an .xlsx workbook, whatever its name says", SAVE_AS)
            tags = 0
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        for chunk in iter(partial(file.read, 1 << 20), b""):
                            tags += chunk.count(b"<")
            if tags > MOST_TAGS * larger:
                raise Refused(path, f"is too large: {tags:,} entries", too_large)
    except (Refused, MemoryError):
        raise
    except Exception as fault:  # a damaged archive fails anywhere inside zipfile or zlib, in any way
        raise Refused(path, "is damaged: it was not saved or copied completely", SAVE_AS) from fault


def _sheet_grids(path: Path, last_row: int, only: Collection[str], *, fill: bool) -> Iterator[Grid]:
    import openpyxl
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    with path.open("rb") as file:  # openpyxl leaves a path open when it fails halfway
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        styles = _percent_styles(book)
        for sheet in book.worksheets:
            wanted = not only or sheet.title in only
            if wanted and isinstance(sheet, ReadOnlyWorksheet) and not ignored(sheet.title):
                yield _sheet_grid(book, sheet, styles, last_row, fill=fill)


def _percent_styles(book: Any) -> set[int]:
    """The cell styles that show a number as a percentage."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

    def shown(style: Any) -> str:
        number = style.numFmtId
        if number < BUILTIN_FORMATS_MAX_SIZE:
            return BUILTIN_FORMATS.get(number, "General")
        return str(book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])

    literal = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
    return {k for k, style in enumerate(book._cell_styles) if "%" in literal.sub("", shown(style))}


def _sheet_grid(book: Any, sheet: Any, percent: set[int], last_row: int, *, fill: bool) -> Grid:
    """One sheet's cells, streamed: neither a huge merged range nor a stray cell can make openpyxl loop.

    openpyxl's own parser of a sheet is used, so that one pass tells blank, error and uncalculated formula apart.
    """
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):
        def parse_cell(self, element: Any) -> Any:
            cell = super().parse_cell(element)
            if not len(element):
                return None  # formatting alone; a hostile row may have millions
            formula = element.find(FORMULA_TAG)
            cell["formula"] = None if formula is None else f"={formula.text or ''}"
            return cell

    grid = Grid(sheet.title, last_row=last_row)
    with sheet._get_source() as source:
        parser = Parser(source, sheet._shared_strings, True, book.epoch, book._date_formats, book._timedelta_formats)
        for row, cells in parser.parse():
            for found in cells:
                if found is None or (cell := _cell(found, percent)) is None:
                    continue
                if row > last_row or found["column"] > LAST_COLUMN:
                    grid.far(row, found["column"])
                    break
                grid.put(row, found["column"], cell)
            if row > last_row and grid.issues and place(grid.issues[-1].cell)[0] > last_row:
                break  # rows ascend: all that follows is farther
    merges = parser.merged_cells.mergeCell if parser.merged_cells else []
    grid.merged = sum(_area(str(merge.ref)) for merge in merges)
    for merge in merges[:MOST_MERGES]:
        first, _, last = str(merge.ref).partition(":")
        grid.fault(first, f"is merged with others, up to {last or first}", "unmerge, and fill every cell")
        if fill:
            _fill(grid, first, last or first)
    if len(merges) > MOST_MERGES:
        grid.fault("", f"has {len(merges):,} merged ranges", "unmerge all cells")
    _tell_hidden(grid, sheet.sheet_state != "visible", parser)
    return grid


def _area(merged: str) -> int:
    """Cells in a range such as A1:C3."""
    first, _, last = merged.partition(":")
    (top, left), (bottom, right) = place(first), place(last or first)
    return (bottom - top + 1) * (right - left + 1)


def _fill(grid: Grid, first: str, last: str) -> None:
    """Give the cells of a merged range the first one's value, so that they are not said to be blank as well."""
    (top, left), (bottom, right) = place(first), place(last)
    cell = grid.rows.get(top, {}).get(left)
    if cell and (bottom - top + 1) * (right - left + 1) <= LAST_COLUMN:
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                grid.put(row, column, cell)


def _cell(found: dict[str, Any], percent: set[int]) -> Cell | None:
    value, kind = found["value"], found["data_type"]
    if value is None and found["formula"] is not None and kind != "str":  # a stored empty text has that type
        return Cell(found["formula"], formula=True, computed=True)
    if isinstance(value, str):
        value = clean(value)
    if isinstance(value, int) and abs(value) > MOST:
        value = math.inf if value > 0 else -math.inf
    if value is None or value == "":
        return None
    percentage, computed = kind == "n" and found["style_id"] in percent, found["formula"] is not None
    return Cell(value, percent=percentage, error=kind == "e" or _error(value), computed=computed)


def _error(value: Any) -> bool:
    return isinstance(value, str) and value in ERROR_VALUES


def _tell_hidden(grid: Grid, hidden: bool, parser: Any) -> None:
    """One warning for what a reader of the tab does not see but the program reads."""

    def off(attributes: dict[str, str]) -> bool:
        return attributes.get("hidden") in ("1", "true")

    rows = sum(off(a) for row, a in parser.row_dimensions.items() if int(float(row)) in grid.rows)
    used = {column for row in grid.rows.values() for column in row}
    columns = sum(
        int(a["min"]) <= column <= int(a["max"]) for a in parser.column_dimensions.values() if off(a) for column in used
    )
    counts = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((rows, "row"), (columns, "column")) if n]
    if hidden and grid.rows:
        counts.insert(0, "the whole tab")
    if counts:
        message = f"{' and '.join(counts)} hidden or filtered out, but read too"
        grid.fault("", message, "show all, and set Active to no where a row shall not count", severity="warning")


# ------------------------------------------------------------------------------------------------ CSV folders


def _csv_grids(folder: Path) -> Iterator[Grid]:
    files = sorted(
        file for file in folder.iterdir() if file.suffix.lower() == ".csv" and not file.name.startswith((".", "~$"))
    )
    if not files:
        raise Refused(folder, "holds no CSV file", "give a folder with one CSV file a tab, named as the tab")
    size = sum(file.stat().st_size for file in files)
    if size > MOST_BYTES:
        raise Refused(folder, f"is too large: {size / 1e6:,.0f} MB of CSV files", "take out what is no instance")
    return (_csv_grid(file) for file in files if not ignored(file.stem))


def _csv_grid(file: Path) -> Grid:
    grid = Grid(file.stem)
    content = file.read_bytes()
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        grid.fault(f"A{line}", f"line {line} is not UTF-8 text", "save it as 'CSV UTF-8'")
        return grid
    record = 0
    try:
        for record, values in enumerate(csv.reader(lines, strict=True), start=1):
            if record == 1 and len(values) == 1 and (separator := _other_separator(values[0])):
                grid.fault("A1", f"the columns are separated by {separator}", "save it with commas between columns")
                return grid
            for column, text in enumerate(map(clean, values), start=1):
                if not text:
                    continue
                if record > LAST_ROW or column > LAST_COLUMN:
                    grid.far(record, column)
                    break
                grid.put(record, column, Cell(text, error=_error(text), typed=False))
            if record > LAST_ROW and grid.issues:
                break
    except csv.Error as fault:
        grid.fault(f"A{record + 1}", f"cannot be read as CSV ({fault})", "look for a quote that is not closed")
    return grid


def _other_separator(header: str) -> str:
    return next((name for sign, name in ((";", "semicolons"), ("\t", "tabs")) if sign in header), "")
