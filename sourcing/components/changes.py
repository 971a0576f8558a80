"""Changes: what a shock does to the rows that it names.

    new[t] = multiply·old[t] + add, or set           for t in First..Last; what holds before and after stays
    lead time[s] = old + delay, or as above          for what is started at s in First..Last, or is not done at First
    off[t]: capacity, maximum, tonnes, level … are 0 for t in First..Last; a project may not be started from First on
    draw[t]: 0 where no shock holds                    of a stock that is released by shocks only, in an event

A number over time changes in the span alone. A number that holds at all times becomes one over time where the model
reads it period by period (`OVER_TIME`); any other can change for the whole horizon only. Rows are named by Row and by
selectors, which must all fit. A lane that is wider than its selectors is split: the part gets a row of its own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from sourcing.components.horizon import periods
from sourcing.components.production import Process
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification, pending
from sourcing.components.selection import Unfit, select, split
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.integrity import integrity
from sourcing.sheets import TABS, Column, Issue, Row, Series, own_columns
from sourcing.words import did_you_mean, fold

if TYPE_CHECKING:
    from sourcing.components.scenarios import Shock

FIXED_TABS = ("Settings", "Periods", "Scenarios", "Shocks", "Sources")
"""Tabs that say what is planned, and not what the world is like: no shock changes them."""

NO_LIMIT, NOTHING = math.inf, 0.0

OVER_TIME: dict[str, dict[str, float | None]] = {
    "Units": {"minimum_load": None, "fixed_cost": None, "running_cost": None},
    "Processes": {"cost": None, "credit": None},
    "Lanes": {"freight": None, "tariff": None, "maximum": NO_LIMIT},
    "Offers": {"premium": None, "adder": None, "maximum": NO_LIMIT},
    "Limits": {
        "maximum": NO_LIMIT, "minimum": NOTHING, "maximum_share": NO_LIMIT, "minimum_share": NOTHING, "penalty": None,
    },
    "Stockpiles": {"minimum": None, "maximum": NO_LIMIT, "fill": NO_LIMIT, "draw": NO_LIMIT, "storage": None},
    "Contracts": {
        "premium": None, "fixed": None, "floor": NOTHING, "cap": NO_LIMIT, "minimum_share": NOTHING,
        "maximum_share": NO_LIMIT,
    },
    "Floors": {"upside_share": None, "volume": NO_LIMIT},
    "Waivers": {"tonnes": None},
}  # fmt: skip
"""Numbers without a time of their own that the model reads period by period, with what a blank cell counts as."""

LEAD_TIMES = {"Projects": "lead_time", "Qualifications": "lead_time"}
"""Numbers that hold by the date at which something is started."""

SWITCHED: dict[str, dict[str, float]] = {
    "Units": {"capacity": NOTHING},
    "Demand": {"demand": NOTHING},
    "Floors": {"level": NOTHING, "upside_share": NOTHING},
    "Waivers": {"tonnes": NOTHING},
    "Lanes": {"maximum": NOTHING},
    "Offers": {"maximum": NOTHING},
    "Contracts": {"maximum": NOTHING, "minimum": NOTHING, "minimum_share": NOTHING},
    "Limits": {"maximum": NO_LIMIT, "minimum": NOTHING, "maximum_share": NO_LIMIT, "minimum_share": NOTHING},
}
"""What is off in a tab, as numbers; a project is off by its latest start."""

MOMENT = 1e-6
"""Two moments closer than this (years) are one."""


class Window(NamedTuple):
    """When a shock holds, in decimal years; `end` is infinite where it holds to the end of the horizon."""

    start: float
    end: float


def changed(
    instance: Instance,
    shocks: Iterable[tuple[Shock, Window | None]],
    switches: tuple[str, ...],
    *,
    releases: bool = False,
) -> tuple[Instance, list[Issue]]:
    """The instance after shocks, in their order, and their faults; without a window a shock is only checked.

    `switches` are those of the instance made. Where the shocks release stocks, those that are kept for shocks may be
    drawn from the first shock's start to the last one's end.
    """
    tables: dict[str, list[Row]] = {tab: list(instance.all(row_type)) for tab, row_type in TABS.items()}
    faults: list[Issue] = []
    woken: set[tuple[str, str]] = set()
    held: list[Window] = []
    for shock, window in shocks:
        try:
            found = _change(instance, tables, shock, window or Window(periods(instance)[0].start, math.inf))
            if window is None:
                continue
            tables[shock.of_tab] = found
            held.append(window)
            if fold(shock.of_column) == "active":
                woken |= {(row.tab, row.key) for row in found if row.active} - {
                    (row.tab, row.key) for row in instance.all(TABS[shock.of_tab]) if row.active
                }
        except Unfit as fault:
            faults.append(instance.issue(shock, fault.field, fault.message, fault.remedy))
    if releases and held:
        window = Window(min(w.start for w in held), max(w.end for w in held))
        stocks = tables["Stockpiles"]
        tables["Stockpiles"] = [released(row, window) if isinstance(row, Stockpile) else row for row in stocks]
    rows = [row for table in tables.values() for row in table]
    after = Instance(rows, name=instance.name, cells=instance.cells, warnings=instance.warnings, switches=switches)
    if woken:  # rows that were off were never checked; their figures are, by now, numbers over time
        plain = [
            dataclasses.replace(row, active=True) if (row.tab, row.key) in woken else row for row in instance.rows()
        ]
        faults += integrity(Instance(plain, name=instance.name, cells=instance.cells))
    return after, faults


def _change(instance: Instance, tables: dict[str, list[Row]], shock: Shock, window: Window) -> list[Row]:
    """The rows of the shock's tab after it."""
    row_type = TABS.get(shock.of_tab)
    if row_type is None:
        raise Unfit("of_tab", "is not a tab", did_you_mean(shock.of_tab, list(TABS)) or "name a tab of the workbook")
    if shock.of_tab in FIXED_TABS:
        raise Unfit("of_tab", "is a tab that no shock can change", "name a tab of the network or of its terms")
    column = _column(row_type, shock)
    if column.name == "Active":
        return _switch(instance, tables, shock, window)
    for other in ("multiply", "add", "delay"):
        if shock.set and getattr(shock, other) is not None:
            raise Unfit("set", f"{_name(shock, other)} is filled too", "fill one of the two")
    if shock.delay is not None:
        if LEAD_TIMES.get(shock.of_tab) != column.field:
            raise Unfit("delay", f"{column.name} of {shock.of_tab} cannot be delayed", "delay a Lead time")
        if shock.multiply is not None or shock.add is not None:
            raise Unfit("delay", "Multiply or Add is filled too", "fill one of the two")
    whole = window.start <= periods(instance)[0].start + 1e-6 and window.end == math.inf
    timed = column.kind == "series" or column.field in OVER_TIME.get(shock.of_tab, ())
    if not timed and LEAD_TIMES.get(shock.of_tab) != column.field and not whole:
        message = f"{column.name} of {shock.of_tab} cannot change in some periods only"
        raise Unfit("of_column", message, "clear First, Last and the scenario's Starts, so that it holds at all times")
    if not any((shock.multiply is not None, shock.add is not None, shock.set, shock.delay is not None)):
        raise Unfit("multiply", "changes nothing", "fill Multiply, Add, Set or Delay")
    table = split(instance, tables, shock)
    found = [row for row in select(instance, table, shock) if not _has_none(row, column)]
    _something(shock, found, column)
    hit = {id(row) for row in found}
    return [
        _with(row, {column.field: _new(shock, row, column, window, whole)}) if id(row) in hit else row for row in table
    ]


def _with(row: Row, fields: dict[str, Any]) -> Row:
    return dataclasses.replace(row, **fields)


def _has_none(row: Row, column: Column) -> bool:
    """Whether a row has no such number by its nature: a further unit of a line no cost, a qualified maker no wait."""
    if isinstance(row, Process):
        return row.cost is None and column.field in ("cost", "credit")
    return isinstance(row, Qualification) and column.field == "lead_time" and not pending(row)


def _something(shock: Shock, rows: list[Row], column: Column) -> None:
    """Unfit if no row has a number that the shock could change."""
    values = [getattr(row, column.field) for row in rows]
    if not values:
        raise Unfit("of_column", f"no row that is meant has a {column.name}", "name other rows, or another column")
    if shock.multiply is not None and shock.add is None:
        zero = [all(n == 0 for n in v.values) if isinstance(v, Series) else v == 0 for v in values]
        if all(zero):
            raise Unfit("multiply", f"{column.name} is 0 in all rows that are meant", "write Add or Set")


def _column(row_type: type[Row], shock: Shock) -> Column:
    """The column that a shock changes."""
    if not shock.of_column:
        raise Unfit("of_column", "may not be blank: which column changes is not said", "name a column of the tab")
    known = {fold(column.name): column for column in row_type.columns.values()}
    column = known.get(fold(shock.of_column))
    changeable = [c.name for c in own_columns(row_type) if c.kind in ("number", "series")] + ["Active"]
    if column is None:
        remedy = did_you_mean(shock.of_column, changeable) or f"columns: {', '.join(changeable)}"
        raise Unfit("of_column", f"is not a column of {shock.of_tab}", remedy)
    if column.name not in changeable:
        raise Unfit("of_column", "is a column that no shock can change", f"columns: {', '.join(changeable)}")
    return column


def _name(shock: Shock, field: str) -> str:
    return shock.columns[field].name


# ------------------------------------------------------------------------------------------------ numbers


def _new(shock: Shock, row: Row, column: Column, window: Window, whole: bool) -> float | Series | None:
    """A row's number after a shock."""
    old = getattr(row, column.field)
    blank = counts_as(row.tab, column)
    change = _operation(shock, column, infinite=column.infinite or blank == NO_LIMIT)
    if old is None and blank is None and not (column.kind == "number" and whole and shock.set):
        raise Unfit("of_column", f"{row.name_of_row} has no {column.name}", "fill the cell there, or name other rows")
    if isinstance(old, str):
        raise Unfit("of_column", f"{column.name} of {row.name_of_row} is {old}, which is no number", "name other rows")
    if LEAD_TIMES.get(row.tab) == column.field:
        return _late(shock, row, column, Series.constant(old) if isinstance(old, int | float) else old, window)

    def checked(value: float) -> float | None:
        new: float | None = change(row, value)
        if new is not None and not (new == math.inf and blank == NO_LIMIT) and (fault := column.broken_limit(new)):
            raise Unfit(
                _operand(shock), f"makes {column.name} of {row.name_of_row} {new:g}: it {fault}", "write another number"
            )
        return new

    if not isinstance(old, Series):
        if column.kind == "number" and column.field not in OVER_TIME.get(row.tab, {}):
            return checked(math.nan if old is None else old)
        old = Series.constant((blank or 0.0) if old is None else old)
    return in_window(old, window, checked)


def counts_as(tab: str, column: Column) -> float | None:
    """What a blank cell counts as, where it is a number all the same."""
    if column.kind == "series":
        return None if column.required else NO_LIMIT if column.infinite else NOTHING
    return OVER_TIME.get(tab, {}).get(column.field)


def _operand(shock: Shock) -> str:
    return next(f for f in ("set", "delay", "multiply", "add") if getattr(shock, f) not in (None, ""))


def _operation(shock: Shock, column: Column, infinite: bool) -> Any:
    """What a shock makes of a number of a row."""
    if shock.set:
        word = fold(shock.set)
        if word == "none" and not infinite:
            raise Unfit(
                "set",
                f"{column.name} must be a number",
                f"write it in {column.unit or 'numbers'}",
            )
        try:
            number = math.inf if word == "none" else float(shock.set)
            if math.isnan(number):
                raise ValueError
        except ValueError:
            raise Unfit("set", "is not a number", f"write it in {column.unit or 'numbers'}") from None
        return lambda _, __: number
    times, plus = (1.0 if shock.multiply is None else shock.multiply), (shock.add or 0.0) + (shock.delay or 0.0)

    def change(row: Row, value: float) -> float:
        if math.isinf(value):
            message = f"{column.name} of {row.name_of_row} is no limit, which cannot be multiplied or added to"
            raise Unfit(_operand(shock), message, "write the limit under Set, or name other rows")
        return value * times + plus

    return change


def in_window(old: Series, window: Window, change: Any) -> Series:
    """A series with other values in a window: `change` of those that stand there."""
    start = max(window.start, old.starts[0])
    marks = {start, window.end} - {math.inf}
    starts = sorted({*old.starts, *(mark for mark in marks if mark > old.starts[0])})
    inside = [start - MOMENT <= at < window.end - MOMENT for at in starts]
    values = [_value(old, at) for at in starts]
    return Series(tuple(starts), tuple(change(v) if hit else v for v, hit in zip(values, inside, strict=True)))


def _value(series: Series, moment: float) -> float:
    """The value that holds from a moment on."""
    return [v for s, v in zip(series.starts, series.values, strict=True) if s <= moment + MOMENT][-1]


def _late(shock: Shock, row: Row, column: Column, old: Series, window: Window) -> Series:
    """Lead times (months) by date of start: of what is started in the window, or is still under way at its start."""
    change = _operation(shock, column, infinite=False)
    under_way = [window.start - months / 12 + 2 * MOMENT for months in old.values]
    starts = sorted({*old.starts, *under_way, window.start, window.end} - {math.inf})
    values = []
    for at in starts:
        months = _value(old, at) if at > old.starts[0] else old.values[0]
        hit = at < window.end - MOMENT and (at >= window.start - MOMENT or at + months / 12 > window.start + MOMENT)
        values.append(change(row, months) if hit else months)
        if fault := column.broken_limit(values[-1]):
            raise Unfit(
                _operand(shock),
                f"makes {column.name} of {row.name_of_row} {values[-1]:g}: it {fault}",
                "write another number",
            )
    return Series(tuple(starts), tuple(values))


# ------------------------------------------------------------------------------------------------ on and off


def _switch(instance: Instance, tables: dict[str, list[Row]], shock: Shock, window: Window) -> list[Row]:
    """The rows of a tab of which some are switched on or off in a window."""
    word = fold(shock.set)
    if word not in ("yes", "no"):
        raise Unfit("set", "must be yes or no", "write it under Set")
    if shock.of_tab == "Projects":
        return _stop(instance, tables, shock, window)
    off = SWITCHED.get(shock.of_tab)
    if off is None:
        can = ", ".join(sorted([*SWITCHED, "Projects"]))
        raise Unfit("of_tab", f"rows of {shock.of_tab} cannot be switched in a scenario", f"these can: {can}")
    table = split(instance, tables, shock)
    hit = {id(row) for row in select(instance, table, shock)}
    first = periods(instance)[0].start

    def without(row: Row) -> Row:
        outside = [Window(min(first, window.start), window.start), Window(window.end, math.inf)]
        fields: dict[str, Any] = {}
        for field, value in off.items():
            old, blank = getattr(row, field), counts_as(row.tab, row.columns[field])
            if value in (old, blank if old is None else None):
                continue  # there is nothing to switch off
            series = old if isinstance(old, Series) else Series.constant((blank or 0.0) if old is None else old)
            for span in outside if word == "yes" else [window]:
                if span.start < span.end:
                    series = in_window(series, span, lambda _, value=value: value)
            fields[field] = series
        return dataclasses.replace(row, active=True, **fields)

    return [without(row) if id(row) in hit else row for row in table]


def released(row: Stockpile, window: Window) -> Stockpile:
    """A stock that is kept for shocks, with its draw open in a window."""
    if row.release != "shocks only":
        return row
    draw = row.draw if isinstance(row.draw, Series) else Series.constant(NO_LIMIT if row.draw is None else row.draw)
    for closed in (Window(-math.inf, window.start), Window(window.end, math.inf)):
        draw = in_window(draw, closed, _nothing)
    return dataclasses.replace(row, release="always", draw=draw)


def _nothing(_: float) -> float:
    return NOTHING


def _stop(instance: Instance, tables: dict[str, list[Row]], shock: Shock, window: Window) -> list[Row]:
    """The projects, of which some may not be started from the window on."""
    if fold(shock.set) == "yes":
        raise Unfit("set", "a project can only be stopped", "write no")
    if window.end != math.inf:
        raise Unfit("last", "a project is stopped for good", "clear Last")
    hit = {id(row) for row in select(instance, tables[shock.of_tab], shock)}
    moment = window.start + MOMENT
    year, month = int(moment), int((moment - int(moment)) * 12) + 1
    last = dt.date(year, month, 1) - dt.timedelta(days=1)
    return [
        dataclasses.replace(row, latest=min(row.latest or last, last))
        if id(row) in hit and isinstance(row, Project)
        else row
        for row in tables[shock.of_tab]
    ]
