"""The plan workbook: a first page, a sheet for each tab of the plan, and the figures behind the charts.

Row 1 of every tab is its header, names with units, so that filters and data frames work at once. Cells hold values to
16 digits, never formulas; a text that begins with `=` stays a text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sourcing.plan import NoPlanReport, Plan
from sourcing.report import style
from sourcing.report.charts import Chart, charts
from sourcing.report.summary import CHART_DATA, CHART_FIELDS, write_summary
from sourcing.sheets import OutputError
from sourcing.tables import Field, Table, fields

NARROWEST, WIDEST, ROOM = 9, 80, 580
"""Width of a column in characters; longer texts wrap, in as many pixels as they then have."""

HEADER, LINE = 36, 18
"""Pixels of the header's row, and of a line of text."""

FROZEN = 60
"""Most characters that the frozen key columns may take of a screen."""

FULL = {("Capacity and surplus", "Use")}
"""Columns in which 100 % stands out."""

WORDS = {("Custody", "Feed"): "not clean"}
"""Columns in which a word stands out."""

COUNTS = {("Decisions", "Steps")}
"""Columns of counts, shown as they come."""

ALARMS = {
    ("Demand", "Short"),
    ("Demand", "Below service level"),
    ("Contracts", "Deficit"),
    ("Limits", "Over"),
    ("Limits", "Under"),
}
"""Columns in which more than nothing is a warning."""


def write_plan(plan: Plan | NoPlanReport, path: str | Path, seconds: Mapping[str, float] | None = None) -> None:
    """Write a plan, or the report of why there is none, as a workbook.

    `path` is written as it stands; `seconds` (by step of the work) is added to Run. A report without a plan gives a
    book of two sheets, Why and Run, so that it can't be taken for a plan. OutputError where the file or a value
    can't be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": style.FONT, "font_size": 10, "font_color": style.INK},
    }
    book = xlsxwriter.Workbook(str(path), options)
    instance = plan.instance
    book.set_properties({"title": f"Sourcing plan of {instance.name}", "subject": plan.status})
    book.set_custom_property("sourcing-plan-of", instance.name, "text")
    book.set_custom_property("input_sha256", instance.sha256(), "text")
    book.set_custom_property("sourcing-version", version("allied-sourcing"), "text")
    if isinstance(plan, NoPlanReport):
        run = _run(plan.run, seconds, [])
        run.rows.insert(0, ("Result", plan.headline))
        write_table(book, "Why", plan.why)
        write_table(book, "Run", run)
    else:
        _write_tabs(book, plan, seconds)
    try:
        book.close()
    except (OSError, XlsxWriterException) as fault:
        raise OutputError(f"{path}: the workbook cannot be written ({fault})") from fault


def _write_tabs(book: Any, plan: Plan, seconds: Mapping[str, float] | None) -> None:
    empty = [name for name, table in plan.tabs.items() if not table.rows and name != "Run"]
    filled = {name: table for name, table in plan.tabs.items() if name not in empty}
    filled["Run"] = _run(plan.tabs["Run"], seconds, empty)
    pictures = charts(plan)
    summary = book.add_worksheet("Summary")
    for name, table in filled.items():
        write_table(book, name, table)
    figures, begins = _chart_data(pictures)
    write_table(book, CHART_DATA, figures)
    write_summary(book, summary, plan, [*filled, CHART_DATA], list(zip(pictures, begins, strict=True)), CHART_DATA)
    summary.activate()


def _chart_data(pictures: list[Chart]) -> tuple[Table, list[int]]:
    """What the charts show, a row a point, and the sheet's row at which each chart begins."""
    table = Table(CHART_DATA, fields(*CHART_FIELDS), "The figures behind the charts of the first page.")
    begins = []
    for chart in pictures:
        begins.append(len(table.rows) + 1)
        for name, values in chart.series:
            for category, value in zip(chart.categories, values, strict=True):
                table.add(chart.name, name, category, value, chart.unit)
    return table, begins


def _run(run: Table, seconds: Mapping[str, float] | None, empty: list[str]) -> Table:
    """Run with the times of the work, and the tabs that are left out because nothing stands in them."""
    rows: list[tuple[Any, ...]] = list(run.rows)
    told = set(run.column("Item"))
    times = {f"Time to {step} (s)": round(value, 2) for step, value in (seconds or {}).items()}
    rows += [(item, value) for item, value in times.items() if item not in told]
    if empty:
        rows.append(("Tabs left out: nothing to show", ", ".join(empty)))
    return Table(run.title, run.fields, run.about, rows)


# ------------------------------------------------------------------------------------------------ one tab


def write_table(book: Any, name: str, table: Table) -> None:
    """Write a table as a sheet: header, filter, frozen keys, number formats, widths and print set-up."""
    from xlsxwriter.utility import xl_range

    sheet = book.add_worksheet(name)
    last = max(len(table.rows), 1), len(table.fields) - 1
    widths, lines = [], [1] * len(table.rows)
    for place, field in enumerate(table.fields):
        values = [row[place] for row in table.rows]
        numeric = _is_numeric(field, values)
        longest = max((len(_as_shown(field, value)) for value in values), default=0)
        widths.append(_width(field, longest))
        sheet.set_column(place, place, widths[-1])
        sheet.write_string(0, place, field.header, book.add_format(_header(numeric)))
        look = _body(field, numeric, wrap=longest > WIDEST)
        form = book.add_format(look | {"num_format": "General"} if (name, field.name) in COUNTS else look)
        for line, value in enumerate(values, 1):
            _write_cell(sheet, line, place, value, form, f"{name}, {field.name}, row {line + 1}")
            if longest > WIDEST:
                lines[line - 1] = max(lines[line - 1], style.lines(_as_shown(field, value), ROOM, 10))
        _highlight(book, sheet, name, field, place, last[0])
        note = "\n".join(part for part in ("" if place else table.about, field.meaning) if part)
        if note:
            sheet.write_comment(0, place, note, {"author": "", "width": 260, "height": 30 + 16 * (len(note) // 40)})
    sheet.set_row_pixels(0, HEADER)
    for line, count in enumerate(lines, 1):
        if count > 1:
            sheet.set_row_pixels(line, LINE * count)
    sheet.freeze_panes(1, _keys(table, widths))
    sheet.autofilter(0, 0, *last)
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, *last)})
    sheet.hide_gridlines(2)
    style.paper(sheet, top=0.7)
    sheet.set_header(f'&L&"{style.FONT},Bold"&11{name.replace("&", "&&")}')
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, *last)


def _write_cell(sheet: Any, line: int, place: int, value: Any, form: Any, where: str) -> None:
    if value is None or value == "":
        sheet.write_blank(line, place, None, form)
        return
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, str):
        if sheet.write_string(line, place, value, form):
            raise OutputError(f"{where}: a text of {len(value):,} characters does not fit a cell")
    elif math.isfinite(value):
        sheet.write_number(line, place, value, form)
    else:
        raise OutputError(f"{where}: {value} is not a number that a cell can hold")


def _is_numeric(field: Field, values: list[Any]) -> bool:
    """Whether a column holds numbers; one of numbers and texts, as in Run, is read as texts are."""
    return bool(field.unit or any(map(_is_number, values))) and not any(isinstance(value, str) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _header(numeric: bool) -> dict[str, Any]:
    look = {"bold": True, "font_color": style.WHITE, "bg_color": style.NAVY, "text_wrap": True, "valign": "vcenter"}
    side = {"align": "right", "indent": 2} if numeric else {"align": "left", "indent": 1}  # beside the filter's button
    return look | side | {"border": 1, "border_color": style.NAVY}


def _body(field: Field, numeric: bool, *, wrap: bool) -> dict[str, Any]:
    look: dict[str, Any] = {"valign": "vcenter", "bottom": 4, "bottom_color": style.RULE, "text_wrap": wrap}
    if numeric:
        return look | {"align": "right", "num_format": style.number_format(field.unit)}
    return look | {"align": "left", "indent": 1}


def _as_shown(field: Field, value: Any) -> str:
    return style.shown(value, field.unit) if _is_number(value) else "" if value is None else str(value)


def _width(field: Field, longest: int) -> float:
    """Characters that show every value, and the header on at most two lines that never part a unit."""
    words, header = field.header.split(" "), len(field.header)
    if field.unit and " " not in field.unit:
        header = min(max(len(" ".join(words[:k])), len(" ".join(words[k:]))) for k in range(1, len(words)))
    return min(WIDEST + 4, max(NARROWEST, header * 1.1 + 4, longest * 1.05 + 3))


def _keys(table: Table, widths: list[float]) -> int:
    """How many leading text columns stay in sight."""
    keys, taken = 0, 0.0
    for place, field in enumerate(table.fields[:-1]):
        taken += widths[place]
        if field.unit or taken > FROZEN or any(_is_number(row[place]) for row in table.rows):
            break
        keys = place + 1
    return keys


def _highlight(book: Any, sheet: Any, name: str, field: Field, place: int, last: int) -> None:
    key, rule = (name, field.name), None
    alarm = {"font_color": style.ALARM, "bg_color": style.PALE_ALARM, "bold": True}
    if key in ALARMS:
        rule, look = {"type": "cell", "criteria": ">", "value": 0.05}, alarm
    elif key in FULL:
        rule, look = {"type": "cell", "criteria": ">=", "value": 99.95}, {"bg_color": style.PALE_BLUE, "bold": True}
    elif key == ("Parties", "Flag"):
        rule, look = {"type": "no_blanks"}, alarm
    elif key in WORDS:
        rule = {"type": "cell", "criteria": "==", "value": f'"{WORDS[key]}"'}
        look = {"bg_color": style.PALE_BLUE, "bold": True}
    if rule:
        sheet.conditional_format(1, place, last, place, rule | {"format": book.add_format(look)})
