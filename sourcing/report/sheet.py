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
            self.columns.append(([_held(value, where, line) for line, value in enumerate(values, 2)], forms))
            words = [value for value in self.columns[-1][0] if isinstance(value, str)]
            shared = self.str_table
            for word in dict.fromkeys(words):
                shared.string_table.setdefault(word, len(shared.string_table))
            shared.count, shared.unique_count = shared.count + len(words), len(shared.string_table)
            self._index = shared.string_table
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
            style = {id(form): form._get_xf_index() for form in {id(form): form for form in forms}.values()}
            index = self._index
            return [
                f'<c r="{letter}{line}" s="{style[id(form)]}"/>'
                if value is None
                else f'<c r="{letter}{line}" s="{style[id(form)]}" t="s"><v>{index[value]}</v></c>'
                if isinstance(value, str)
                else f'<c r="{letter}{line}" s="{style[id(form)]}"><v>{value:.16g}</v></c>'
                for line, (value, form) in enumerate(zip(values, forms, strict=True), 2)
            ]

        def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> list[Any]:
            """What charts keep of these cells, of one column."""
            values = self.columns[col_start][0][row_start - 1 : row_end]
            return [value if isinstance(value, str) else f"{value:.16g}" for value in values]

    return TableSheet


def _held(value: Any, where: str, line: int) -> Any:
    """A value as a cell holds it."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise OutputError(f"{where}, row {line}: a text of {len(value):,} characters does not fit a cell")
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not math.isfinite(value):
        raise OutputError(f"{where}, row {line}: {value} is not a number that a cell can hold")
    return value
