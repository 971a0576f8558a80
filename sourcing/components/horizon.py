"""Horizon: settings, the periods of the model, and what money in a period is worth today.

discount[t] = (1 + rate)^-(years from the start of the first period to the middle of t)                   [1]
"""

from __future__ import annotations

import datetime as dt

from sourcing.sheets import Row, date, identifier, number, sheet, text


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
