"""Moves: columns put into a sheet that is in use, and tabs renamed, with all that refers to them.

openpyxl moves the cells of an inserted column and nothing else. Here widths, merged cells, links, filters, conditional
formats, print areas, names and the formulas of every tab follow.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from sourcing.words import fold
from sourcing.workbook.grid import letters, place

_PART = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)(\d*)")
_SHEET = re.compile(r"((?:'(?:[^']|'')+'|[^'!\[\]]+)!)?(.+)", re.DOTALL)
LAST_LETTERS = 16_384


@dataclass
class Moves:
    """`inserted[tab]` are columns (by their old number, repeated for several) after each of which one is put;
    `renamed[tab]` is a tab's new name. Tabs are named as they were."""

    inserted: dict[str, list[int]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def column(self, tab: str, number: int) -> int:
        """Where a column of a tab has gone."""
        return min(LAST_LETTERS, number + sum(after < number for after in self.inserted.get(tab, ())))

    def cells(self, tab: str, text: str) -> str:
        """A range such as `B2:C9`, `$A:$A` or `A1:B2 D4` (or what is none) as it is after the moves."""
        parts = [self._range(tab, part) for part in text.split(" ")]
        return " ".join(parts)

    def _range(self, tab: str, text: str) -> str:
        matches = [_PART.fullmatch(part) for part in text.split(":")]
        if None in matches or (len(matches) == 1 and not matches[0][4]):  # type: ignore[index]
            return text  # a name, a row, or a column of a table
        return ":".join(
            f"{m[1]}{letters(self.column(tab, place(m[2].upper() + '1')[1]))}{m[3]}{m[4]}" for m in matches if m
        )

    def formula(self, text: str, home: str) -> str:
        """A formula of tab `home`, with or without its `=`, as it is after the moves."""
        from openpyxl.formula.tokenizer import Token, Tokenizer

        whole = text if text.startswith("=") else f"={text}"
        tokens = Tokenizer(whole).items
        made = "".join(
            self._operand(token.value, home)
            if token.type == Token.OPERAND and token.subtype == Token.RANGE
            else token.value
            for token in tokens
        )
        return f"={made}" if text.startswith("=") else made

    def _operand(self, text: str, home: str) -> str:
        from openpyxl.utils import quote_sheetname

        match = _SHEET.fullmatch(text)
        if not match:
            return text
        sheet, cells = match[1] or "", match[2]
        name = sheet[:-1].strip("'").replace("''", "'")
        tab = next((tab for tab in {*self.inserted, *self.renamed} if tab.casefold() == name.casefold()), name)
        if tab in self.renamed:
            sheet = f"{quote_sheetname(self.renamed[tab])}!"
        return sheet + self.cells(tab if sheet else home, cells)

    # ------------------------------------------------------------------------------------------ a workbook

    def apply(self, book: Any) -> None:
        """Move what a workbook holds."""
        for sheet in book.worksheets:
            self._formulas(sheet)
        for sheet in book.worksheets:
            if self.inserted.get(sheet.title):
                self._open_up(sheet)
        for names in (book.defined_names, *(sheet.defined_names for sheet in book.worksheets)):
            for name in names.values():
                name.attr_text = self.formula(name.attr_text, "") if name.attr_text else name.attr_text
        for old, new in self.renamed.items():
            sheet = book[old]
            sheet.title = "_moving"  # openpyxl would take a change of case for a second tab of that name
            sheet.title = new

    def _formulas(self, sheet: Any) -> None:
        home = sheet.title
        for cell in list(sheet._cells.values()):
            if getattr(cell, "data_type", "") == "f":
                if isinstance(cell.value, str):
                    cell.value = self.formula(cell.value, home)
                elif hasattr(cell.value, "text"):  # an array formula
                    cell.value.text = self.formula(cell.value.text, home) if cell.value.text else cell.value.text
                    cell.value.ref = self.cells(home, cell.value.ref)
            if getattr(cell, "hyperlink", None):
                link = cell.hyperlink
                link.ref = self.cells(home, link.ref)
                if link.location:
                    link.location = self.formula(link.location, home)
                elif str(link.target).startswith("#"):
                    link.target = f"#{self.formula(link.target[1:], home)}"
        for rule in sheet.data_validations.dataValidation:
            for name in ("formula1", "formula2"):
                if text := getattr(rule, name):
                    setattr(rule, name, self.formula(text, home))
            rule.sqref = type(rule.sqref)(self.cells(home, str(rule.sqref)))
        self._conditional(sheet)

    def _conditional(self, sheet: Any) -> None:
        from openpyxl.formatting.formatting import ConditionalFormattingList

        old, sheet.conditional_formatting = sheet.conditional_formatting, ConditionalFormattingList()
        for formats in old:
            for rule in formats.rules:
                rule.formula = [self.formula(text, sheet.title) for text in rule.formula]
                sheet.conditional_formatting.add(self.cells(sheet.title, str(formats.sqref)), rule)

    def _open_up(self, sheet: Any) -> None:
        """Make room for the new columns of a sheet."""
        tab = sheet.title
        cells = {}
        for (row, column), cell in sheet._cells.items():
            cell.column = self.column(tab, column)
            cells[row, cell.column] = cell
        sheet._cells = cells
        widths = {}
        for dimension in list(sheet.column_dimensions.values()):
            first, last = dimension.min or place(dimension.index + "1")[1], dimension.max or 0
            for number in range(first, min(max(first, last), 200) + 1):  # one entry may stand for many columns
                moved = copy(dimension)
                moved.index = letters(self.column(tab, number))
                moved.min = moved.max = self.column(tab, number)
                widths[moved.index] = moved
        sheet.column_dimensions.clear()
        sheet.column_dimensions.update(widths)
        for merged in sheet.merged_cells.ranges:
            merged.min_col, merged.max_col = self.column(tab, merged.min_col), self.column(tab, merged.max_col)
        if sheet.auto_filter.ref:
            left = place(sheet.auto_filter.ref.replace("$", "").partition(":")[0])[1]
            for column in sheet.auto_filter.filterColumn:
                column.colId = self.column(tab, left + column.colId) - self.column(tab, left)
            sheet.auto_filter.ref = self.cells(tab, sheet.auto_filter.ref)
        if sheet.print_area:
            sheet.print_area = ",".join(
                self.cells(tab, area.rpartition("!")[2].replace("$", "")) for area in sheet.print_area.split(",")
            )


def tab_named(book: Any, name: str) -> Any:
    """The sheet whose name is `name` but for case and spacing; None if there is none."""
    return next((sheet for sheet in book.worksheets if fold(sheet.title) == fold(name)), None)
