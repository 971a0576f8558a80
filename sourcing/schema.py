"""Schema: every tab and column of an instance in words and as data, from the row classes alone.

The notes on a template's headers, its Guide tab and `sourcing schema` say what these functions say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sourcing.components import PLANNER_TABS, TAB_ORDER
from sourcing.components.horizon import UNITS, WORDS, Settings
from sourcing.instance import as_text
from sourcing.sheets import TABS, Column, Row

SETTINGS = {
    "Title": "what the plan is called",
    "Marking": "printed on every page of the plan, such as CONFIDENTIAL; blank is none",
    "Format version": "format of the workbook",
    "Price year": "year whose money all prices and costs are in",
    "Discount rate": "by which money of a later year counts less",
    "View": "whose cost is made least: system is all allied parties together, buyer is the buyers alone",
    "Risk weight": "weight of the CVaR beside the expected cost; 0 is risk neutral",
    "CVaR level": "share of the better futures that the CVaR leaves out",
    "Shortage value": "value of what a customer does not get, where Demand names none",
    "Year grid": "calendar: a number over time stands under the calendar years, halves or quarters for which it holds",
    "First period open to decisions": "before it nothing new is started; blank is the first period",
}
"""What each setting means, by the name that a workbook shows."""

_SELECTOR_TERMS = {
    "country": "country:XX",
    "entity": "entity:ID",
    "form": "form:F",
    "allied": "allied",
    "any": "any",
}


def columns_of(row_type: type[Row]) -> Iterator[Column]:
    """The columns of a tab in their order; a shared one gives way to the tab's own of the same name."""
    seen = set()
    for column in row_type.columns.values():
        if column.name not in seen:
            seen.add(column.name)
            yield column


def allowed(column: Column) -> str:
    """What a cell may hold, as a phrase: `0 to 100`, `an id on Sites`, `signed or option`."""
    words = list(column.choices)
    if column.kind in ("number", "series"):
        words = [_limits(column), *words, *(["none (no limit)"] if column.infinite else [])]
    elif column.kind == "yesno":
        words = ["yes", "no"]
    elif column.kind == "date":
        words = ["a date (2027-06-30)", "a year (its last day)" if column.last else "a year (its first day)"]
    elif column.kind == "span":
        words = ["a period", "2027", "2027H1", "2027Q3"]
    elif column.kind == "percents":
        words = ["percentages joined by ;"]
    elif column.kind == "selector":
        ids = " or ".join(column.refers)
        words = [f"an id on {ids}", *(_SELECTOR_TERMS[word] for word in column.selects), "a list of these joined by ;"]
    elif column.kind == "names":
        words = [f"ids on {column.refers[0]} joined by ;" if column.refers else "names joined by ;"]
    elif column.kind == "choices":
        return f"one or more of {', '.join(words)}, joined by ;"
    elif column.refers:
        words = [f"an id on {' or '.join(column.refers)}", *words]
    elif column.kind == "id":
        words = ["a short name of your own"]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def blank(column: Column) -> str:
    """What a blank cell means, as a phrase: `required`, `0 %`, `no`, `see meaning`."""
    if column.required:
        return "required"
    if "blank" in column.meaning.lower():
        return "see meaning"
    if column.default in (None, "", ()):
        return "not given"
    unit = f" {column.unit}" if column.unit and column.kind == "number" else ""
    return as_text(column.default) + unit


def _limits(column: Column) -> str:
    """The limits of a number as a phrase."""
    percent = " %" if column.unit.startswith("%") else ""
    low, high = f"{column.low:.15g}", f"{column.high:.15g}{percent}"
    if math.isfinite(column.low) and math.isfinite(column.high):
        return f"above {low}, up to {high}" if column.positive else f"{low} to {high}"
    if math.isfinite(column.low):
        return f"a number above {low}" if column.positive else f"{low}{percent} or more"
    return f"a number{percent and ' in %'}"


def as_json() -> dict[str, Any]:
    """The schema as one object: `tabs`, each with its columns, and `settings`."""
    return {
        "format_version": 1,
        "tabs": [_tab(TABS[tab]) for tab in TAB_ORDER],
        "settings": [
            {
                "setting": name,
                "unit": UNITS.get(field, ""),
                "default": getattr(Settings, field),
                "choices": list(WORDS.get(field, ())),
                "meaning": meaning,
            }
            for name, meaning in SETTINGS.items()
            for field in [name.lower().replace(" ", "_")]
        ],
    }


def _tab(row_type: type[Row]) -> dict[str, Any]:
    return {
        "tab": row_type.tab,
        "group": "planner" if row_type.tab in PLANNER_TABS else "network",
        "row": row_type.meaning,
        "about": (row_type.__doc__ or "").strip(),
        "key": [row_type.columns[name].name for name in row_type.key_fields],
        "columns": [_column(column) for column in columns_of(row_type)],
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "column": column.name,
        "header": column.header,
        "unit": column.unit,
        "kind": column.kind,
        "required": column.required,
        "default": list(column.default) if isinstance(column.default, tuple) else column.default,
        "low": column.low if math.isfinite(column.low) else None,
        "high": column.high if math.isfinite(column.high) else None,
        "above_low": column.positive,
        "none_is_no_limit": column.infinite,
        "refers": list(column.refers),
        "choices": list(column.choices),
        "selects": list(column.selects),
        "meaning": column.meaning,
        "blank": blank(column),
        "allowed": allowed(column),
    }


def as_markdown() -> str:
    """The schema as a page: one table a tab."""
    parts = ["# The instance, tab by tab"]
    for tab in TAB_ORDER:
        row_type = TABS[tab]
        key = ", ".join(row_type.columns[name].name for name in row_type.key_fields)
        rows = [[c.header, c.meaning, blank(c), allowed(c)] for c in columns_of(row_type)]
        about = f"One row is {row_type.meaning}. {(row_type.__doc__ or '').strip()} Rows are unique in {key}."
        parts += [f"## {tab}", about, _table(["Column", "Meaning", "Blank", "Allowed"], rows)]
        if tab == "Settings":
            settings = as_json()["settings"]
            rows = [[s["setting"], s["unit"], as_text(s["default"]) or "blank", s["meaning"]] for s in settings]
            parts.append(_table(["Setting", "Unit", "Default", "Meaning"], rows))
    return "\n\n".join(parts) + "\n"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
