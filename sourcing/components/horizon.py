"""Horizon: settings, the periods of the model, and what money in a period is worth today.

discount[t] = (1 + rate)^-(years from the start of the first period to the middle of t)                   [1]
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, fields
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, overload

from sourcing.instance import Instance
from sourcing.sheets import (
    Amount,
    Issue,
    Row,
    Series,
    conversion,
    date,
    identifier,
    number,
    sheet,
    span_of,
    text,
    year_of,
)
from sourcing.traced import Cell


@sheet("Settings", "one setting", key=("setting",))
class Setting(Row):
    """A name, a value and its unit; `settings(instance)` reads them."""

    setting: str = identifier("Setting", "name of the setting")
    value: str = text("Value", "its value")
    unit: str = text("Unit", "its unit")


@sheet("Periods", "a period of the model", key=("period",))
class Period(Row):
    """A stretch of time in which rates are constant."""

    period: str = identifier("Period", "short name")
    start: dt.date = date("Start", "first day", required=True)
    years: float = number("Years", "", "length in years", required=True, low=0, positive=True)


# ------------------------------------------------------------------------------------------------ periods


@dataclass(frozen=True)
class Span:
    """A period on the calendar: id, place in the horizon, start and end in decimal years."""

    id: str
    number: int
    start: float
    end: float

    @property
    def years(self) -> float:
        """Length in years."""
        return self.end - self.start

    def overlap(self, start: float, end: float) -> float:
        """Years of the period that lie between two moments."""
        return max(0.0, min(self.end, end) - max(self.start, start))


def periods(instance: Instance) -> tuple[Span, ...]:
    """The periods in their order."""
    return instance.once(_periods)


def _periods(instance: Instance) -> tuple[Span, ...]:
    rows = sorted(instance[Period], key=lambda row: row.start)
    starts = [year_of(row.start) for row in rows]
    ends = [*starts[1:], *(start + row.years for start, row in zip(starts[-1:], rows[-1:], strict=True))]
    return tuple(Span(row.period, k, starts[k], ends[k]) for k, row in enumerate(rows))


def discount(instance: Instance, t: Span) -> float:
    """What a dollar in the middle of a period is worth at the start of the first."""
    return instance.once(_discounts)[t.number]


def _discounts(instance: Instance) -> list[float]:
    spans, growth = periods(instance), 1 + settings(instance).discount_rate / 100
    return [float(growth ** -((t.start + t.end) / 2 - spans[0].start)) for t in spans]


def mean(series: Series, t: Span) -> float:
    """Mean of a calendar series in a period, in its own unit."""
    return series.mean(t.start, t.end)


@overload
def at(value: Amount, t: Span) -> float: ...


@overload
def at(value: Amount | None, t: Span) -> float | None: ...


def at(value: Amount | None, t: Span) -> float | None:
    """A number in a period: as it stands, or the mean of one that a scenario has made vary; None for no limit."""
    if not isinstance(value, Series):
        return value.mean(t.start, t.end) if isinstance(value, Cell) else value
    number = mean(value, t)
    return None if math.isinf(number) else number


def moment(value: Amount, start: float) -> float:
    """A number that holds by the date of a start, for what starts at a moment (decimal year)."""
    return value if not isinstance(value, Series) else value.mean(start + 1e-6, start + 2e-6)


def span_limits(instance: Instance, text: str) -> tuple[float, float] | None:
    """Start and end of a period's id or a calendar span; None if it is neither."""
    for t in periods(instance):
        if t.id == text:
            return t.start, t.end
    return span_of(text)


# ------------------------------------------------------------------------------------------------ settings


@dataclass(frozen=True)
class Settings:
    """What the Settings tab says, with defaults: rates in %, values in USD/kg."""

    title: str = "Sourcing plan"
    marking: str = ""
    format_version: float = 1
    price_year: float = 0
    discount_rate: float = 7.0
    view: str = "system"
    risk_weight: float = 0.0
    cvar_level: float = 90.0
    shortage_value: float = 2500.0
    year_grid: str = "calendar"
    first_period_open_to_decisions: str = ""


UNITS = {"discount_rate": "%/y", "cvar_level": "%", "shortage_value": "USD/kg"}
WORDS = {"view": ("buyer", "system"), "year_grid": ("calendar",)}
LIMITS = {"discount_rate": (-50, 100), "cvar_level": (0, 99.99), "shortage_value": (0, 1e9), "risk_weight": (0, 1e6)}


def setting_field(name: str) -> str:
    """The field of Settings that a name on the tab means: `Discount rate` is `discount_rate`."""
    return "_".join(name.lower().replace("-", " ").split())


def settings(instance: Instance) -> Settings:
    """The settings, typed."""
    return instance.once(_settings)


def _settings(instance: Instance) -> Settings:
    found: dict[str, Any] = {}
    for row in instance[Setting]:
        name = setting_field(row.setting)
        if name in Settings.__dataclass_fields__ and row.value:
            value, fault = _value(name, row)
            if not fault:
                found[name] = value
    return Settings(**found)


def _value(name: str, row: Setting) -> tuple[Any, tuple[str, str, str] | None]:
    """A setting's value, or (field, fault, remedy)."""
    if isinstance(getattr(Settings, name), str):
        words = WORDS.get(name)
        value = row.value.strip()
        if words and value.lower() not in words:
            return None, ("value", f"must be one of {', '.join(words)}", "write one of these")
        return value.lower() if words else value, None
    try:
        amount = float(row.value)
    except ValueError:
        return None, ("value", "is not a number", "write a number")
    if wanted := UNITS.get(name):
        factor = conversion(row.unit, wanted) if row.unit else None
        if wanted.startswith("%") and row.unit.strip() in ("", "%", "% a year"):
            factor = 1.0  # a rate in percent is a year's, said or not; money without a unit could be off by 1,000
        if factor is None:
            return None, ("unit", f"the unit must be {wanted}", f"write {wanted}")
        amount *= factor
    low, high = LIMITS.get(name, (float("-inf"), float("inf")))
    if not low <= amount <= high:
        return None, ("value", f"must lie between {low:g} and {high:g}", "write one that does")
    return amount, None


def checks(instance: Instance) -> list[Issue]:
    """Unknown or wrong settings, and periods that leave a gap or overlap."""
    faults = []
    known = {field.name: field.name.replace("_", " ").capitalize() for field in fields(Settings)}
    known["cvar_level"] = "CVaR level"
    for row in instance[Setting]:
        name = setting_field(row.setting)
        if name not in known:
            near = get_close_matches(name, list(known), 1)
            hint = f"did you mean {known[near[0]]}?" if near else "settings: " + ", ".join(known.values())
            faults.append(instance.issue(row, "setting", "is not a setting", hint))
        elif row.unit and name not in UNITS and not (name == "price_year" and row.unit == "year"):
            faults.append(instance.issue(row, "unit", f"{row.setting} has no unit", "leave it blank"))
        elif row.value:
            _, fault = _value(name, row)
            if fault:
                faults.append(instance.issue(row, *fault))
        if name == "risk_weight" and settings(instance).risk_weight:
            faults.append(
                instance.issue(
                    row,
                    "value",
                    "is weighed where a plan is made with --scenarios only",
                    "plan with --scenarios, or write 0",
                    warning=True,
                )
            )
        if name == "first_period_open_to_decisions" and row.value and not span_limits(instance, row.value):
            faults.append(instance.issue(row, "value", "is neither a period nor a calendar span", "write 2027, say"))
        if name == "format_version" and row.value not in ("", "1"):
            faults.append(instance.issue(row, "value", "this version reads format 1", "write 1"))
    for period, following in pairwise(sorted(instance[Period], key=lambda row: row.start)):
        end = year_of(period.start) + period.years
        if abs(end - year_of(following.start)) > 0.003:  # a day
            message = f"period {period.period} ends at {end:.2f}"
            faults.append(instance.issue(following, "start", message, "periods must follow each other"))
            break  # one that is out of place makes two gaps
    return faults


def decisions_from(instance: Instance) -> float:
    """The moment (decimal year) from which projects may start."""
    text = settings(instance).first_period_open_to_decisions
    limits = span_limits(instance, text) if text else None
    return limits[0] if limits else periods(instance)[0].start
