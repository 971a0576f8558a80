"""Drop-downs: what the cells of a workbook offer and refuse, so that most faults are never typed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sourcing.schema import SETTINGS, allowed
from sourcing.sheets import TABS, Column, Row

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

RULE_ROWS = 500
"""Rows below the data that drop-downs serve, and in which they find new ids."""

TITLE, TEXT, INLINE_LIST = 32, 255, 255
"""What Excel can hold, in characters. A longer one makes it call the file damaged; openpyxl does not check."""


def define_ids(book: Workbook, row_type: type[Row], place: int, length: int) -> None:
    """Name the ids of a tab (in column number `place`, below the header) if others refer to them.

    The name ends at the last used row: lists grow with the tab and hold no blank, which would let anything in.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.workbook.defined_name import DefinedName

    tab = row_type.tab
    if not any(tab in column.refers for other in TABS.values() for column in other.columns.values()):
        return
    letter, sheet = get_column_letter(place), f"'{tab}'"
    cells = f"{sheet}!${letter}$2:${letter}${length + RULE_ROWS + 1}"
    grows = f"{sheet}!${letter}$2:INDEX({cells},MAX(1,COUNTA({cells})))"
    book.defined_names[ids_of(tab)] = DefinedName(ids_of(tab), attr_text=grows)


def ids_of(tab: str) -> str:
    """The defined name of a tab's ids."""
    return f"ids_{tab.replace(' ', '_')}"


def rules_of(column: Column, letter: str) -> Iterator[DataValidation]:
    """What the cells of a column, from row 2 of `letter` down, offer and refuse.

    Where a cell may hold more than one id or another word, the list offers and does not refuse: the check decides.
    """
    words = ("yes", "no") if column.kind == "yesno" else column.choices
    inline = _inline(words)
    if column.refers:
        yield _list(column, ids_of(column.refers[0]), strict=column.kind == "id" and not words)
    elif column.kind in ("choice", "yesno", "choices") and len(inline) <= INLINE_LIST:
        yield _list(column, inline, strict=column.kind != "choices")
    elif column.field == "setting":
        yield _list(column, _inline(tuple(SETTINGS)), strict=True)
    elif column.kind == "date":
        message = "Write a date such as 2027-06-30. This cell would take a year for a day of 1905."
        yield _refusing("date", "32874", column, message)  # after 1 January 1990
    elif column.kind in ("number", "series"):
        yield _refusing("custom", _number_rule(column, f"{letter}2"), column, f"Allowed: {allowed(column)}.")


def is_percent(column: Column) -> bool:
    """Whether a column's cells are formatted as percentages, so that they mean what they show."""
    return column.unit.startswith("%") and column.kind in ("number", "series")


def short(text: str, most: int = TEXT) -> str:
    """A text that Excel can hold, cut between two words if it must be."""
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"


def _inline(words: tuple[str, ...]) -> str:
    return f'"{",".join(words)}"'


def _list(column: Column, formula: str, *, strict: bool) -> DataValidation:
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation("list", formula1=formula, allow_blank=True)
    title, text = column.name[:TITLE], short(f"Allowed: {allowed(column)}.")
    rule.showErrorMessage = strict
    if strict:
        rule.errorTitle, rule.error = title, text
    else:
        rule.showInputMessage, rule.promptTitle, rule.prompt = True, title, text
    return rule


def _refusing(kind: str, formula: str, column: Column, message: str) -> DataValidation:
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation("date" if kind == "date" else "custom", formula1=formula, allow_blank=True)
    if kind == "date":
        rule.operator = "greaterThan"
    rule.showErrorMessage, rule.errorTitle, rule.error = True, column.name[:TITLE], short(message)
    return rule


def _number_rule(column: Column, cell: str) -> str:
    """A formula that is true for the numbers within a column's limits and for its words."""
    scale = 100 if is_percent(column) else 1
    tests = [f"ISNUMBER({cell})"]
    if math.isfinite(column.low):
        tests.append(f"{cell}{'>' if column.positive else '>='}{column.low / scale:.15g}")
    if math.isfinite(column.high):
        tests.append(f"{cell}<={column.high / scale:.15g}")
    number = f"AND({','.join(tests)})" if len(tests) > 1 else tests[0]
    words = [*column.choices, *(["none"] if column.infinite else [])]
    is_word = [f'LOWER({cell})="{word}"' for word in words]
    return f"OR({','.join([number, *is_word])})" if words else number
