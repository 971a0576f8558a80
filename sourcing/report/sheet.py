"""Sheets of many cells: columns of values that go into the file whole, a tenth of the time of cell by cell.

XlsxWriter keeps a cell as an object and writes it by half a dozen calls, which takes 10 µs; a plan has 600,000 cells.
Here a column is one list of texts for the file, made once. The header, widths, links, notes and all else that a sheet
has are XlsxWriter's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from sourcing.sheets import OutputError

LONGEST = 32_767
"""Characters that a cell can hold."""


@cache
def sheet_class() -> Any:
    """The class of worksheet that takes whole columns by `fill`."""
    from xlsxwriter.utility import xl_col_to_name
    from xlsxwriter.worksheet import Worksheet

    class TableSheet(Worksheet):  # type: ignore[misc]
        """A worksheet whose rows from the second on are columns of values, with a format for each value."""

        def __init__(self) -> None:
            super().__init__()
            self.columns: list[tuple[Sequence[Any], Sequence[Any]]] = []

        def fill(self, values: Sequence[Any], forms: Sequence[Any], where: str) -> None:
            """Add a column of texts, finite numbers, yes or no, and blanks; OutputError for what no cell holds."""
            held = _held(values, where)
            self.columns.append((held, forms))
            if str in kinds(held):
                words = [value for value in held if isinstance(value, str)]
                shared = self.str_table
                for word in dict.fromkeys(words):
                    shared.string_table.setdefault(word, len(shared.string_table))
                shared.count, shared.unique_count = shared.count + len(words), len(shared.string_table)
            self._index = self.str_table.string_table
            self._check_dimensions(len(values), len(self.columns) - 1)

        def _write_rows(self) -> None:
            last, self.dim_rowmax = len(self.columns[0][0]), 0
            super()._write_rows()  # the header
            self.dim_rowmax = last
            lines = [
                self._cells(xl_col_to_name(place), values, forms) for place, (values, forms) in enumerate(self.columns)
            ]
            self.fh.write("".join(self._row(number, cells) for number, cells in enumerate(zip(*lines, strict=True), 1)))

        def _row(self, number: int, cells: tuple[str, ...]) -> str:
            info = self.row_info.get(number)
            height = f' ht="{info.height * 0.75:.16g}" customHeight="1"' if info else ""
            return f'<row r="{number + 1}"{height}>{"".join(cells)}</row>'

        def _cells(self, letter: str, values: Sequence[Any], forms: Sequence[Any]) -> list[str]:
            styles = {id(form): f'" s="{form._get_xf_index()}"' for form in {id(form): form for form in forms}.values()}
            looks = list(map(styles.__getitem__, map(id, forms)))
            words: dict[Any, str] = {
                word: f' t="s"><v>{self._index[word]}</v></c>' for word in set(values) if isinstance(word, str)
            }
            if len(words) + (None in values) == len(set(values)):
                words |= {None: "/>"}
                return [
                    f'<c r="{letter}{line}{look}{words[value]}'
                    for line, (value, look) in enumerate(zip(values, looks, strict=True), 2)
                ]
            return [
                f'<c r="{letter}{line}{look}/>'
                if value is None
                else f'<c r="{letter}{line}{look}{words[value]}'
                if isinstance(value, str)
                else f'<c r="{letter}{line}{look}><v>{value:.16g}</v></c>'
                for line, (value, look) in enumerate(zip(values, looks, strict=True), 2)
            ]

        def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> list[Any]:
            """What charts keep of these cells, of one column."""
            values = self.columns[col_start][0][row_start - 1 : row_end]
            return [value if isinstance(value, str) else f"{value:.16g}" for value in values]

    return TableSheet


def kinds(values: Sequence[Any]) -> set[type]:
    """The types of the values of a column."""
    return set(map(type, values))


def is_number(kind: type) -> bool:
    """Whether values of a type are numbers: yes and no are none."""
    return issubclass(kind, int | float) and not issubclass(kind, bool)


def _held(values: Sequence[Any], where: str) -> list[Any]:
    """The values of a column as cells hold them."""
    found = kinds(values)
    if any(issubclass(kind, bool) for kind in found):
        values = [("yes" if value else "no") if isinstance(value, bool) else value for value in values]
    if str in found:
        for word in set(values):
            if isinstance(word, str) and len(word) > LONGEST:
                line = list(values).index(word) + 2
                raise OutputError(f"{where}, row {line}: a text of {len(word):,} characters does not fit a cell")
        values = [None if value == "" else value for value in values]
    if any(map(is_number, found)):
        for line, value in enumerate(values, 2):
            if value.__class__ is not str and value is not None and not math.isfinite(value):
                raise OutputError(f"{where}, row {line}: {value} is not a number that a cell can hold")
    return list(values)
