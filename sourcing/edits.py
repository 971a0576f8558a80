"""Edits: cells of an instance written anew, as `--set` does it.

    Tab[key].column=value              Lanes[kuantan|country:JP|form:oxide].Freight=300
    Tab[key].column[period]=value      Units[kuantan_heavy].Capacity[2028]=3000, or [2027H1], or [2027:2030]
    …=*1.2   …=+50   …=                what stands there times 1.2, plus 50 (+-50: less 50), its default

The key of a row are its key columns joined by `|`; case and spacing do not count, and blanks at the end of a key may be
left out. A value is read as a cell of the column would be. A number over time changes in the span alone, a number that
holds at all times becomes one over time where the model reads it period by period (`changes.OVER_TIME`).
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sourcing import components
from sourcing.components.changes import OVER_TIME, Window, counts_as, in_window
from sourcing.components.horizon import UNITS, Setting, Settings, periods, setting_field, span_limits
from sourcing.components.materials import Material
from sourcing.instance import Instance, as_text
from sourcing.integrity import integrity
from sourcing.sheets import TABS, Column, InstanceError, Row, Series, SourcingError
from sourcing.words import did_you_mean, fold
from sourcing.workbook import cells

_EDIT = re.compile(
    r"\s*(?P<tab>[^\[\]]+?)\s*\[(?P<key>.+?)\]\s*\.\s*(?P<column>[^\[\]=]+?)\s*(?:\[(?P<span>[^\[\]]+)\]\s*)?"
    r"=(?P<value>.*)",
    re.DOTALL,
)
_RELATIVE = re.compile(r"([*+])\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_UNIT = re.compile(r"\s*\([^()]*\)$")

NUMBERS = ("number", "series")
"""Kinds of columns whose cells may be multiplied and added to."""

SHOWN = 8
"""Names that a message lists at most."""


class WrongEdit(SourcingError, ValueError):
    """Edits that cannot be made: a message each."""

    exit_code = 2


@dataclass(frozen=True)
class Edit:
    """One cell, or the cells of a span, and what is to stand there; `str` gives the text that `parse` reads.

    `span` is a period, a calendar span or two of them joined by `:`, blank for all time.
    """

    tab: str
    key: str
    column: str
    span: str
    value: str

    def __str__(self) -> str:
        span = f"[{self.span}]" if self.span else ""
        return f"{self.tab}[{self.key}].{self.column}{span}={self.value}"


def parse(text: str) -> Edit:
    """The edit that a text such as `Units[mine].Capacity[2028]=100` means; WrongEdit if it is none."""
    found = _EDIT.fullmatch(text)
    if found is None:
        raise WrongEdit(f"{text!r} is no edit: write Tab[key].column=value or Tab[key].column[period]=value")
    parts = {name: (part or "").strip() for name, part in found.groupdict().items()}
    return Edit(**parts)


def edited(instance: Instance, edits: Iterable[Edit]) -> Instance:
    """The instance with edits made in their order and checked again; its `switches` gain `set EDIT`.

    Raises WrongEdit for what names no cell or is no value of it, all in one, InstanceError with the issues where the
    edits together leave an instance that has errors.
    """
    after, faults = instance, []
    for edit in edits:
        try:
            after = _made(after, edit)
        except WrongEdit as fault:
            faults.append(str(fault))
    if faults:
        raise WrongEdit("\n".join(faults))
    return after if after is instance else _checked(instance, after)


def _checked(before: Instance, after: Instance) -> Instance:
    """An instance whose checks found no error, with the warnings that hold for it."""
    issues = integrity(after) or components.checks(after)
    if any(issue.severity == "error" for issue in issues):
        raise InstanceError(issues)
    once = {(issue.tab, issue.cell, issue.message) for issue in before.once(components.checks)}
    read = [issue for issue in before.warnings if (issue.tab, issue.cell, issue.message) not in once]
    after.warnings = (*read, *issues)
    return after


# ------------------------------------------------------------------------------------------------ one edit


def _made(instance: Instance, edit: Edit) -> Instance:
    row_type = _tab(edit)
    row = _row(instance, row_type, edit)
    column = _column(row_type, edit)
    window = _window(instance, edit)
    old = getattr(row, column.field)
    try:
        new = _new(instance, row, column, window, edit)
    except cells.Fault as fault:
        cell = cell_at(instance, row, column.field, edit.span)
        place = f"{row.tab}!{cell}" if cell else "it"
        hint = f"; {fault.suggestion}" if fault.suggestion else ""
        stands = shown(old, column, window)
        raise WrongEdit(f"{edit}: {edit.value or 'it'} {fault.message}{hint} ({place} holds {stands})") from None
    exact = Edit(row.tab, row.key, column.name, edit.span, edit.value)
    changed = dataclasses.replace(row, **{column.field: new})
    table = list(instance.all(row_type))
    if row in table:
        table = [changed if other is row else other for other in table]
    else:  # a setting that the tab does not list
        table.append(changed)
    return instance.replace(row_type, table, f"set {exact}")


def _tab(edit: Edit) -> type[Row]:
    tab = next((tab for tab in TABS if fold(tab) == fold(edit.tab)), "")
    if not tab:
        raise WrongEdit(f"{edit}: {edit.tab} is no tab; {_hint(edit.tab, list(TABS))}")
    return TABS[tab]


def _row(instance: Instance, row_type: type[Row], edit: Edit) -> Row:
    rows = instance.all(row_type)
    key = _read(instance, row_type, edit.key + "|" * (len(row_type.key_fields) - 1 - edit.key.count("|")))
    for same in (str, fold):
        found = [row for row in rows if same(row.key) in (same(edit.key), same(key))]
        found = [row for row in found if row.active] or found
        if len(found) == 1:
            return found[0]
        if found:
            places = " and ".join(instance.where(row) for row in found[:SHOWN])
            raise WrongEdit(f"{edit}: {len(found)} rows of {row_type.tab} have that key: {places}")
    if row_type is Setting and setting_field(edit.key) in Settings.__dataclass_fields__:
        name = edit.key.strip().capitalize() if setting_field(edit.key) != "cvar_level" else "CVaR level"
        return Setting(setting=name, unit=UNITS.get(setting_field(edit.key), ""))
    columns = "|".join(row_type.columns[name].name for name in row_type.key_fields)
    hint = _hint(edit.key, [row.key for row in rows])
    raise WrongEdit(f"{edit}: {row_type.tab} has no row {edit.key} (a row's key is {columns}); {hint}")


def _read(instance: Instance, row_type: type[Row], key: str) -> str:
    """A key whose selectors are written as the reader keeps them: `form:oxide` for `oxide`."""
    parts = key.split("|")
    if len(parts) != len(row_type.key_fields):
        return key
    for k, (part, name) in enumerate(zip(parts, row_type.key_fields, strict=True)):
        if row_type.columns[name].kind == "selector":
            with suppress(cells.Fault):
                parts[k] = str(_value(instance, row_type.columns[name], part.strip()))
    return "|".join(parts)


def _column(row_type: type[Row], edit: Edit) -> Column:
    wanted = fold(_UNIT.sub("", edit.column))
    for name, column in row_type.columns.items():
        if wanted in (fold(column.name), name, fold(name.replace("_", " "))):
            return column
    names = [column.name for column in row_type.columns.values()]
    raise WrongEdit(f"{edit}: {edit.column} is no column of {row_type.tab}; {_hint(edit.column, names)}")


def _hint(word: str, options: list[str]) -> str:
    more = f" … {len(options)} in all" if len(options) > SHOWN else ""
    return did_you_mean(word, options) or f"there are {', '.join(options[:SHOWN]) or 'none'}{more}"


def _window(instance: Instance, edit: Edit) -> Window | None:
    """When an edit holds; None for all time."""
    if not edit.span:
        return None
    spans = periods(instance)
    ids = {fold(t.id): t.id for t in spans}
    ends = [part.strip() for part in edit.span.split(":")]
    limits = [span_limits(instance, ids.get(fold(end), end)) for end in ends]
    named = f"the periods are {spans[0].id} to {spans[-1].id}"
    if len(ends) > 2 or None in limits:
        hint = "write it as 2028, 2027H1 or 2027:2030"
        raise WrongEdit(f"{edit}: {edit.span} is neither a period nor a calendar span; {hint} ({named})")
    start, end = limits[0][0], limits[-1][1]  # type: ignore[index]
    if start >= end:
        raise WrongEdit(f"{edit}: {edit.span} ends before it begins")
    if end <= spans[0].start + 1e-6 or start >= spans[-1].end - 1e-6:
        raise WrongEdit(f"{edit}: {edit.span} lies outside the horizon; {named}")
    return Window(start, end)


def _new(instance: Instance, row: Row, column: Column, window: Window | None, edit: Edit) -> Any:
    """What the field holds after an edit; Fault where it cannot."""
    old = getattr(row, column.field)
    relative = _RELATIVE.fullmatch(edit.value) if column.kind in NUMBERS else None
    timed = column.kind == "series" or column.field in OVER_TIME.get(row.tab, ())
    if window is not None and not timed:
        raise cells.Fault(f"is for {edit.span}, but {column.name} holds at all times", "leave the period out")
    series = old if isinstance(old, Series) else None
    if window is None:
        if relative is None:
            value = _value(instance, column, edit.value)
            return Series.constant(value) if column.kind == "series" and value is not None else value
        change = _relative(relative, column)
        if series is not None:
            return Series(series.starts, tuple(change(value) for value in series.values))
        return change(_number(old if old is not None else counts_as(row.tab, column)))
    if series is None:
        blank = counts_as(row.tab, column)
        if old is None and blank is None:
            raise cells.Fault("is for one span, but nothing stands there at other times", "leave the period out first")
        series = Series.constant(_number(blank if old is None else old))
    if relative is not None:
        return in_window(series, window, _relative(relative, column))
    if not edit.value:  # as in a sheet, a blank carries on what held before
        earlier = [v for s, v in zip(series.starts, series.values, strict=True) if s < window.start - 1e-6]
        if not earlier:
            raise cells.Fault("is blank, and nothing holds before it", "write a number")
        return in_window(series, window, lambda _: earlier[-1])
    value = _number(_value(instance, column, edit.value))
    return in_window(series, window, lambda _: value)


def _value(instance: Instance, column: Column, text: str) -> Any:
    """The value of a cell; a blank is the default, where there is one."""
    if column.required and not text:
        raise cells.Fault("may not be blank", "write a number" if column.kind in NUMBERS else "write a value")
    return cells.parse(text, column, frozenset(row.material for row in instance[Material]))


def _number(value: Any) -> float:
    """A number that can be changed in part; Fault for a blank and for a word."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise cells.Fault("needs a number to start from", "write the value itself")
    return float(value)


def _relative(found: re.Match[str], column: Column) -> Any:
    factor = float(found[2])

    def change(value: float) -> float:
        if math.isinf(value):
            raise cells.Fault("cannot change what is no limit", "write the limit itself")
        new = value * factor if found[1] == "*" else value + factor
        new = float(f"{new:.15g}")
        if broken := column.broken_limit(new):
            raise cells.Fault(f"makes it {new:g}: it {broken}")
        return new

    return change


# ------------------------------------------------------------------------------------------------ where and what


def cell_at(instance: Instance, row: Row, field: str, span: str) -> str:
    """The A1 reference of a field's value in a period or calendar span; "" if the row was not read from a sheet."""
    first = span.split(":")[0].strip().upper()
    for label in (first, first[:4]):
        if row.line and (cell := instance.cells.get((row.tab, row.line, f"{field}@{label}"))):
            return cell
    return instance.cell(row, field)


def shown(value: Any, column: Column, window: Window | None = None) -> str:
    """What stands in a field, briefly."""
    unit = f" {column.unit}" if column.unit else ""
    if isinstance(value, Series):
        values = value.values
        if window is not None:
            inside = in_window(value, window, lambda number: number)
            ends = (*inside.starts[1:], math.inf)
            values = tuple(
                v
                for v, start, end in zip(inside.values, inside.starts, ends, strict=True)
                if start < window.end - 1e-6 and end > window.start + 1e-6
            )
        texts = ["none" if math.isinf(v) else f"{v:.10g}" for v in (min(values), max(values))]
        return " to ".join(dict.fromkeys(texts)) + unit
    if value is None or value in ("", ()):
        return "nothing"
    return as_text(value) + (unit if isinstance(value, int | float) and not isinstance(value, bool) else "")
