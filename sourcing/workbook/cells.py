"""Cells: what one cell means under its column, by the column's kind. A fault says the rule and the remedy."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sourcing.components.materials import FORMS
from sourcing.components.places import COUNTRIES
from sourcing.sheets import Column, Selector, Series, span_of
from sourcing.words import did_you_mean, fold, latin, lookalike
from sourcing.workbook.grid import Cell

Value = Any

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}((,\d{3}){2,}(\.\d+)?|,\d{3}\.\d+)")
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_PERCENT_TEXT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%")
_YEAR_AS_NUMBER = re.compile(r"\d{4}\.0")
_AMOUNT = re.compile(r"[+-]\s*[\d.,]+|\d+[.,]\d{3}|\d+,[\d.,]*|[\d.,]+\s*%")
_PLACEHOLDERS = frozenset(("tbc", "tbd", "tba", "todo", "n/a", "?", "??", "???", "-", "--", "..."))
_FIRST_SERIAL = dt.date(1899, 12, 30)

LARGEST = 1e15
"""What a solver's arithmetic could not bear beside ordinary tonnes and dollars."""


class Fault(Exception):
    """A cell that breaks a rule: `message` says the rule, `suggestion` the remedy."""

    def __init__(self, message: str, suggestion: str = ""):
        super().__init__(message)
        self.message, self.suggestion = message, suggestion


def _no_warning(message: str, suggestion: str) -> None:
    pass


@dataclass(frozen=True)
class Context:
    """What a cell's meaning depends on: its header's factor, the ids of materials, and who hears warnings."""

    factor: float = 1.0
    materials: frozenset[str] = frozenset()
    warn: Callable[[str, str], None] = field(default=_no_warning)


def value_of(cell: Cell | None, column: Column, context: Context = Context()) -> Value:
    """The value of a cell (None: blank) under a column, in the column's unit; Fault if it has none.

    A column over time gives the number (or infinity) of this one cell, and None for a blank.
    """
    if cell is None:
        if column.required and column.kind != "series":
            raise Fault("may not be blank", _what_to_write(column))
        return column.default
    if cell.error:
        raise Fault("is an error value", "repair its formula, or write the value")
    if cell.formula:
        raise Fault("is a formula without a stored value", "open in Excel or LibreOffice, save, try again")
    return _READERS[column.kind](cell, column, context)


def parse(text: str, column: Column, materials: frozenset[str] = frozenset()) -> Value:
    """The value that a text such as a command line gives has under a column; Fault if it has none."""
    return value_of(Cell(text, typed=False) if text else None, column, Context(materials=materials))


def placeholder(column: Column) -> Value:
    """A neutral value that stands where a cell is faulty, so that one fault does not become many."""
    if not column.required:
        return column.default
    neutral: dict[str, Value] = {
        "number": 1.0 if column.positive else max(column.low, 0.0),
        "series": Series.constant(0.0),
        "date": dt.date(2000, 1, 1),
        "yesno": False,
        "choice": column.choices[0] if column.choices else "",
        "selector": Selector((("any", ""),)),
        "names": (),
        "choices": (),
        "percents": (),
    }
    return neutral.get(column.kind, "")


def _what_to_write(column: Column) -> str:
    if column.kind == "selector":
        return "write any if it is meant" if "any" in column.selects else f"write {column.meaning}"
    if column.kind == "yesno":
        return "write yes or no"
    if column.kind in ("choice", "choices"):
        return f"write one of {', '.join(column.choices)}"
    if column.kind == "date":
        return "write a date such as 2027-06-30, or a year"
    return f"write {column.meaning}" + (f" in {column.unit}" if column.unit else "")


# ------------------------------------------------------------------------------------------------ words and lists


def _word(cell: Cell) -> str:
    """One word or list as text; a year that a spreadsheet keeps as a number stays a year."""
    value = cell.value
    if isinstance(value, bool):
        raise Fault("is TRUE or FALSE, a text is needed", "format the cell as text and write it again")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        raise Fault("is a date, a text is needed", "format the cell as text and write it again")
    if isinstance(value, int | float):
        if cell.percent:
            raise Fault("is formatted as a percentage, a text is needed", "format the cell as text")
        return _shortest(value)
    return value[:4] if _YEAR_AS_NUMBER.fullmatch(value) else value


def _shortest(value: float) -> str:
    """A number as text: 7 for 7.0."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _items(text: str) -> list[str]:
    items = [item for part in text.split(";") if (item := " ".join(part.split()))]
    if any("," in item for item in items):
        raise Fault("is a list joined by ','", f"write '{'; '.join(re.split(r'[,;] *', text))}'")
    return items


def _one_of(word: str, words: tuple[str, ...]) -> str:
    found = {fold(option): option for option in words}.get(fold(word))
    if found is None:
        raise Fault(f"must be {' or '.join(words) if len(words) < 3 else 'one of ' + ', '.join(words)}",
                    did_you_mean(word, words) or f"write {' or '.join(words)}")  # fmt: skip
    return found


def _id(cell: Cell, column: Column, context: Context) -> str:
    word = " ".join(_word(cell).split())
    if not column.refers:
        _must_be_name(word)
    return next((option for option in column.choices if fold(option) == fold(word)), word)


def _must_be_name(word: str) -> None:
    """A row's own id is a name: no amount, no placeholder, nothing that has a meaning in lists and selectors.

    `NA` may be a name: it is the symbol of sodium and the code of Namibia.
    """
    remedy = "write a short name of letters, digits and _"
    if _AMOUNT.fullmatch(word):
        raise Fault("is an amount, a name is needed", remedy)
    if fold(word) in _PLACEHOLDERS:
        raise Fault("stands for nothing yet, a name is needed", remedy)
    if latin(word) != word and latin(word).isascii():
        raise Fault(
            f"holds a letter that looks like Latin '{lookalike(word)}' but is not", f"write '{latin(word)}' anew"
        )
    if sign := next((sign for sign in ";|" if sign in word), ""):
        raise Fault(f"holds a '{sign}', which joins names elsewhere", remedy)


def _text(cell: Cell, column: Column, context: Context) -> str:
    value = cell.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _shortest(_shown_percent(value) if cell.percent else value)
    return cell.shown


def _choice(cell: Cell, column: Column, context: Context) -> str:
    return _one_of(_word(cell), column.choices)


def _choices(cell: Cell, column: Column, context: Context) -> tuple[str, ...]:
    return tuple(_one_of(item, column.choices) for item in _items(_word(cell)))


def _names(cell: Cell, column: Column, context: Context) -> tuple[str, ...]:
    return tuple(_items(_word(cell)))


def _yesno(cell: Cell, column: Column, context: Context) -> bool:
    if isinstance(cell.value, bool):
        return cell.value
    answer = {"yes": True, "true": True, "no": False, "false": False}.get(fold(cell.shown))
    if answer is None:
        raise Fault("must be yes or no", "write yes or no" + ("" if column.required else ", or leave the cell blank"))
    return answer


def _selector(cell: Cell, column: Column, context: Context) -> Selector:
    terms = tuple(_term(item, column, context.materials) for item in _items(_word(cell)))
    if not terms:
        raise Fault("names nothing", _what_to_write(column))
    return Selector(terms)


def _term(item: str, column: Column, materials: frozenset[str]) -> tuple[str, str]:
    prefix, colon, name = (part.strip() for part in item.partition(":"))
    kind = fold(prefix)
    forms = {fold(form): form for form in FORMS}
    if not colon:
        if kind in ("any", "allied"):
            prefix = kind
        elif "form" in column.selects and kind in forms and item not in materials:
            return "form", forms[kind]
        else:
            return "id", item
    if kind not in ("any", "allied", "country", "entity", "form"):
        known = [f"{word}:" for word in column.selects if word not in ("any", "allied")]
        remedy = did_you_mean(f"{prefix}:", known) or f"write an id{_or_words(column)}"
        raise Fault(f"begins with '{prefix}:', which selects nothing", remedy)
    if kind not in column.selects:
        raise Fault(f"'{kind}' may not be used here", f"write an id{_or_words(column)}")
    if kind == "form":
        return kind, _one_of(name, FORMS)
    if kind == "country" and name.upper() not in COUNTRIES:
        raise Fault(f"'{name}' is not a two-letter country code", "write it as in country:JP")
    if kind == "entity" and not name:
        raise Fault("names no entity", "write it as in entity:ID")
    return (kind, "") if kind in ("any", "allied") else (kind, name.upper() if kind == "country" else name)


def _or_words(column: Column) -> str:
    shown = [word if word in ("any", "allied") else f"{word}:…" for word in column.selects]
    return f", or {', '.join(shown)}" if shown else ""


# ------------------------------------------------------------------------------------------------ numbers


def _number(cell: Cell, column: Column, context: Context) -> float | str:
    value = cell.value
    if isinstance(value, str):
        if word := next((option for option in column.choices if fold(option) == fold(value)), ""):
            return word
        if fold(value) == "none" and column.infinite:
            return math.inf
        number = _number_of_text(value, cell, column, context)
    elif isinstance(value, bool):
        raise Fault("is yes or no, a number is needed", _number_or_blank(column))
    elif isinstance(value, dt.date | dt.time | dt.timedelta):
        raise Fault(f"is a date, a number is needed{_serial(value)}", "format the cell as a number")
    else:
        number = float(value)
    if not math.isfinite(number):
        raise Fault(
            "is not a finite number", "write none for no limit" if column.infinite else _number_or_blank(column)
        )
    if abs(number) > LARGEST:
        raise Fault(f"is beyond {LARGEST:g}, which no figure of a plan is", _number_or_blank(column))
    percent = column.unit.startswith("%")
    if cell.percent and not percent:
        unit = f"in {column.unit}" if column.unit else "a pure number"
        raise Fault(f"is formatted as a percentage, but the column is {unit}", "format the cell as a number")
    if cell.percent:
        number = _shown_percent(number)
    elif percent and 0 < number < 1:
        shown = f"{number:.12g}"
        context.warn(
            f"is read as {shown} %, not as {number * 100:.12g} %", f"write {number * 100:.12g} if that is meant"
        )
    if context.factor != 1.0:
        number = float(f"{number * context.factor:.15g}")
    if broken := column.broken_limit(number):
        raise Fault(broken, _within(number, cell, column))
    return number


def _within(number: float, cell: Cell, column: Column) -> str:
    """What may have been meant by a number that is out of its limits."""
    if cell.percent and not column.broken_limit(number / 100):
        return f"did you mean {number / 100:.12g} %?"
    if number < 0 and not column.broken_limit(-number):
        return f"did you mean {-number:.12g}?"
    return _number_or_blank(column).replace("a number", "such a number", 1)


def _shown_percent(number: float) -> float:
    """What a percent-formatted cell shows: 7 for 0.07."""
    return float(f"{number * 100:.12g}")


def _number_of_text(text: str, cell: Cell, column: Column, context: Context) -> float:
    if _PERCENT_TEXT.fullmatch(text):
        share = text.rstrip("% \t")
        remedy = f"write {share}" if column.unit.startswith("%") else "write a number"
        raise Fault("is text with a percent sign, a number is needed", remedy)
    if _AMBIGUOUS.fullmatch(text) and (cell.typed or "," in text):
        whole, point = re.sub(r"[.,]", "", text), text.replace(",", ".")
        raise Fault("is text that can be read as two numbers", f"write {whole} or {float(point):.15g} as a number")
    if _DECIMAL_COMMA.fullmatch(text):
        point = text.replace(".", "").replace(",", ".")
        raise Fault("is text with a decimal comma, a number is needed", f"write {point} as a number")
    grouped = _GROUPED.fullmatch(text) is not None
    if not grouped and not _PLAIN.fullmatch(text):
        raise Fault("is not a number", _number_or_blank(column))
    number = float(text.replace(",", ""))
    if cell.typed or grouped:
        context.warn(f"is text; read as {number:.15g}", "write it as a number")
    return number


def _number_or_blank(column: Column) -> str:
    if column.required:
        return "write a number"
    words = [*column.choices, *(["none for no limit"] if column.infinite else [])]
    blank = "leave the cell blank" + (f" for {column.default:.15g}" if isinstance(column.default, float) else "")
    return ", ".join(["write a number", *words]) + f", or {blank}"


def _serial(value: dt.date | dt.time | dt.timedelta) -> str:
    """The year that a date is when somebody formatted it as one: 1905-07-18 is 2026."""
    if not isinstance(value, dt.date):
        return ""
    day = value.date() if isinstance(value, dt.datetime) else value
    serial = (day - _FIRST_SERIAL).days
    return f" (perhaps {serial}, formatted as a date)" if 1900 <= serial <= 2200 else ""


def _percents(cell: Cell, column: Column, context: Context) -> tuple[float, ...]:
    if not isinstance(cell.value, str):
        return (float(_number(cell, column, context)),)
    return tuple(
        float(_number(Cell(item, typed=cell.typed and bool(_AMBIGUOUS.fullmatch(item))), column, context))
        for item in _items(cell.value)
    )


# ------------------------------------------------------------------------------------------------ dates


def _date(cell: Cell, column: Column, context: Context) -> dt.date:
    value = cell.value
    remedy = "write a date such as 2027-06-30, or a year"
    if isinstance(value, dt.date):
        if perhaps := _serial(value):
            raise Fault(f"is a date long ago{perhaps}", "format the cell as a number, or write the date")
        return value.date() if isinstance(value, dt.datetime) else value
    if isinstance(value, bool) or not isinstance(value, str | int | float) or cell.percent:
        raise Fault("is not a date", remedy)
    text = _word(cell)
    if (moments := span_of(text)) and dt.MINYEAR <= moments[0] < dt.MAXYEAR:
        return _last_day(moments[1]) if column.last else _day(moments[0])
    try:
        return dt.date.fromisoformat(re.sub(r"[ T]00:00(:00(\.0+)?)?$", "", text))
    except ValueError:
        raise Fault("is not a date", remedy) from None


def _day(moment: float) -> dt.date:
    """The first day of a month that is given in decimal years."""
    months = round(moment * 12)
    return dt.date(months // 12, months % 12 + 1, 1)


def _last_day(moment: float) -> dt.date:
    return _day(moment) - dt.timedelta(days=1)


def _span(cell: Cell, column: Column, context: Context) -> str:
    word = " ".join(_word(cell).split())
    return word.upper() if span_of(word) else word


_READERS: dict[str, Callable[[Cell, Column, Context], Value]] = {
    "id": _id,
    "text": _text,
    "number": _number,
    "date": _date,
    "yesno": _yesno,
    "choice": _choice,
    "choices": _choices,
    "names": _names,
    "percents": _percents,
    "span": _span,
    "selector": _selector,
    "series": _number,
}
