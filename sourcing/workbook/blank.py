"""Blank: the workbook that a planner begins with. Its network is filled, its planner's tabs are empty.

Materials, what they hold, recipes, price paths, rules and their sources are those of the bundled starter, so nobody
types a recipe before the first plan. Who there is, where, and who needs what is left to the planner.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from sourcing import files
from sourcing.components.horizon import Period, Setting
from sourcing.components.materials import Content, Material, RecipeLine
from sourcing.components.rules import Rule
from sourcing.components.trade import Price
from sourcing.instance import Instance
from sourcing.schema import SETTINGS
from sourcing.sheets import Row, Series
from sourcing.workbook.read import read

REFERENCE: tuple[type[Row], ...] = (Price, Rule, Material, Content, RecipeLine)
"""Tabs that are the same for everybody."""

ORIGINAL, MARKET = "china_", "market_"
"""How the starter calls its recipes without inputs, and what they are called here."""


def blank_instance(spans: str) -> Instance:
    """Settings, one period a year of `2026:2035`, and the reference tabs. ValueError if that is no span."""
    match = re.fullmatch(r"\s*(\d{4})\s*[:-]\s*(\d{4})\s*", spans)
    first, last = (int(match[1]), int(match[2])) if match else (0, -1)
    if not 1900 <= first <= last <= first + 99:
        raise ValueError(f"'{spans}' is not a span of years such as 2026:2035")
    starter = read(files.example("starter"))
    price_year = next(row.value for row in starter[Setting] if row.setting == "Price year")
    values = [
        ("Title", "New sourcing plan", ""),
        ("Format version", "1", ""),
        ("Price year", price_year, "year"),
        ("Discount rate", "7", "%/y"),
        ("View", "system", ""),
        ("Shortage value", "2500", "USD/kg"),
        ("First period open to decisions", str(first), ""),
    ]
    settings = [Setting(setting=name, value=value, unit=unit, note=SETTINGS[name]) for name, value, unit in values]
    years = [Period(period=str(year), start=dt.date(year, 1, 1), years=1.0) for year in range(first, last + 1)]
    rows = [_generic(row, first) for row_type in REFERENCE for row in starter[row_type]]
    cited = {name for row in rows for name in row.source}
    sources = [row for row in starter.rows() if row.tab == "Sources" and row.key in cited]
    return Instance([*settings, *years, *rows, *sources], name="new")


def _generic(row: Row, first: int) -> Row:
    """A row of the starter as anybody's: markets named for what they are, prices from the first year on."""
    if isinstance(row, RecipeLine) and row.recipe.startswith(ORIGINAL):
        return replace(row, recipe=MARKET + row.recipe.removeprefix(ORIGINAL))
    if isinstance(row, Price) and row.price.starts[0] > first:
        begins = f"before {row.price.starts[0]:.0f}: the price of that year"
        series = Series((float(first), *row.price.starts[1:]), row.price.values)
        return replace(row, price=series, note="; ".join(filter(None, (row.note, begins))))
    return row
