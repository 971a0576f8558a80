"""The plan workbook: a first page, a sheet for each tab of the plan, and the figures behind the charts.

Row 1 of every tab is its header, names with units, so that filters and data frames work at once. Cells hold values to
16 digits, never formulas; a text that begins with `=` stays a text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sourcing.components.horizon import settings
from sourcing.plan import NoPlanReport, Plan
from sourcing.report import style
from sourcing.report.charts import Chart, charts
from sourcing.report.sheet import is_number, kinds, sheet_class
from sourcing.report.summary import CHART_DATA, CHART_FIELDS, write_summary
from sourcing.sheets import OutputError
from sourcing.tables import Field, Table, fields

NARROWEST, WIDEST, NARROWER = 9, 80, 48
"""Width of a column in characters; longer texts wrap, and sooner on a tab that is broader than a page."""

PAGE, LETTER = 260, 7.25
"""Characters that can still be read across a page of A4, and pixels of a character of a column's width."""

HEADER, LINE = 36, 18
"""Pixels of the header's row, and of a line of text."""

FROZEN = 60
"""Most characters that the frozen key columns may take of a screen."""

FULL = {("Capacity and surplus", "Use")}
"""Columns in which 100 % stands out."""

WORDS = {("Custody", "Feed"): "not clean"}
"""Columns in which a word stands out."""

FORMATS = {
    ("Decisions", "Steps"): "General",
    ("Failures", "Periods tried"): "0",
    ("Chart data", "Value"): "#,##0.0",
}
"""Columns whose numbers are not shown as their unit asks."""

ALARMS = {
    ("Demand", "Short"),
    ("Demand", "Below service level"),
    ("Contracts", "Deficit"),
    ("Limits", "Over"),
    ("Limits", "Under"),
}
"""Columns in which more than nothing is a warning."""


BARS = {
    ("Demand", "Met share"),
    ("Capacity and surplus", "Use"),
    ("Sites", "Fullest"),
    ("Limits", "Share"),
    ("Origin by country", "Share"),
    ("Origin", "Share"),
    ("Failures", "Cost"),
    ("Failures", "Short"),
    ("Decisions", "Outlay"),
    ("Costs", "Counts"),
    ("Parties", "Net"),
    ("Floors", "Top-up"),
    ("Price of rules", "Price"),
    ("Stockpiles", "Closing"),
}
"""Columns whose numbers lie on bars: shares out of 100 %, amounts out of the largest."""

ADDRESSES, ADDRESS = {"Cell", "Where"}, re.compile(r"([^!']{1,31})!([A-Z]{1,3}[0-9]{1,7})")
"""Columns that may hold the address of a cell of the instance, and how one reads: `Units!F3`."""

WORKBOOKS = (".xlsx", ".xlsm")

LINK = {"font_color": style.SERIES[0], "underline": 1}
"""How a link looks."""


def write_plan(
    plan: Plan | NoPlanReport, path: str | Path, seconds: Mapping[str, float] | None = None, source: str = ""
) -> None:
    """Write a plan, or the report of why there is none, as a workbook.

    `path` is written as it stands; `seconds` (by step of the work) is added to Run; `source` is the path of the
    instance as it is seen from the plan, to which the addresses of its cells are links. A report without a plan gives a
    book of two sheets, Why and Run, so that it can't be taken for a plan. OutputError where the file or a value
    can't be written.
    """
    instance = plan.instance
    with opened(path) as book:
        book.set_properties({"title": f"Sourcing plan of {instance.name}", "subject": plan.status})
        book.set_custom_property("sourcing-plan-of", instance.name, "text")
        book.set_custom_property("input_sha256", instance.sha256(), "text")
        book.set_custom_property("sourcing-version", version("allied-sourcing"), "text")
        if isinstance(plan, NoPlanReport):
            run = _run(plan.run, seconds, [])
            run.rows.insert(0, ("Result", plan.headline))
            marking = settings(instance).marking
            write_table(book, "Why", plan.why, marking, source)
            write_table(book, "Run", run, marking)
        else:
            _write_tabs(book, plan, seconds, source)


@contextmanager
def opened(path: str | Path) -> Iterator[Any]:
    """A book to write sheets to, which then goes to a file as a whole; OutputError as of `write_plan`.

    It is made in memory: a program that is killed leaves no temporary files, and a full disk nothing half open.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": style.FONT, "font_size": 10, "font_color": style.INK},
    }
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, options)
    yield book
    try:
        book.close()
        Path(path).write_bytes(made.getbuffer())
    except OSError as fault:
        raise OutputError(f"'{path}' cannot be written: {fault.strerror or fault}") from fault
    except XlsxWriterException as fault:
        raise OutputError(f"'{path}' cannot be written: {fault}") from fault


def _write_tabs(book: Any, plan: Plan, seconds: Mapping[str, float] | None, source: str) -> None:
    marking = settings(plan.instance).marking
    empty = [name for name, table in plan.tabs.items() if not table.rows and name != "Run"]
    filled = {name: table for name, table in plan.tabs.items() if name not in empty}
    filled["Run"] = _run(plan.tabs["Run"], seconds, empty)
    pictures = charts(plan)
    summary = book.add_worksheet("Summary")
    for name, table in filled.items():
        write_table(book, name, table, marking, source)
    figures, begins = _chart_data(pictures)
    write_table(book, CHART_DATA, figures, marking)
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


def write_table(book: Any, name: str, table: Table, marking: str = "", source: str = "") -> None:
    """Write a table as a sheet: header, filter, frozen keys, number formats, widths, links and print set-up.

    `marking` stands above and below each page, `source` is the instance (seen from the book) that its cells link to.
    """
    from xlsxwriter.utility import xl_range

    sheet = book.add_worksheet(name, sheet_class())
    last = max(len(table.rows), 1), len(table.fields) - 1
    lines = [1] * len(table.rows)
    columns: list[Sequence[Any]] = list(zip(*table.rows, strict=True)) or [()] * len(table.fields)
    units = next((values for field, values in zip(table.fields, columns, strict=True) if field.name == "Unit"), ())
    longest = [_longest(field, values) for field, values in zip(table.fields, columns, strict=True)]
    widths = [_width(field, most, WIDEST) for field, most in zip(table.fields, longest, strict=True)]
    if broad := sum(widths) > PAGE:
        widths = [_width(field, most, NARROWER) for field, most in zip(table.fields, longest, strict=True)]
    for place, (field, values) in enumerate(zip(table.fields, columns, strict=True)):
        numeric, wrap = _is_numeric(field, values), longest[place] > (NARROWER if broad else WIDEST)
        sheet.set_column(place, place, widths[place])
        sheet.write_string(0, place, field.header, book.add_format(_header(numeric)))
        look = _body(field, numeric, wrap=wrap)
        if form := FORMATS.get((name, field.name)):
            look["num_format"] = form
        formats = _formats(book, look, field, values, units, numeric)
        if source and field.name in ADDRESSES:
            formats = _linked(sheet, book.add_format(look | LINK), values, formats, place, source)
        sheet.fill(values, formats, f"{name}, {field.name}")
        if wrap:
            texts = {value for value in values if isinstance(value, str)}
            high = {text: style.lines(text, widths[place] * LETTER, 10) for text in texts}
            lines = [max(count, high.get(value, 1)) for count, value in zip(lines, values, strict=True)]
        _highlight(book, sheet, name, field, place, last[0])
        note = "\n".join(part for part in ("" if place else table.about, field.meaning) if part)
        if note:
            sheet.write_comment(0, place, note, {"author": "", "width": 260, "height": 30 + 16 * (len(note) // 40)})
    sheet.set_row_pixels(0, HEADER)
    for line, count in enumerate(lines, 1):
        if count > 1:
            sheet.set_row_pixels(line, LINE * count)
    sheet.freeze_panes(1, _keys(table, columns, widths))
    sheet.autofilter(0, 0, *last)
    sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, *last)})
    sheet.hide_gridlines(2)
    style.paper(sheet, name, marking, large=sum(widths) > PAGE)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, *last)


def _formats(
    book: Any, look: dict[str, Any], field: Field, values: Sequence[Any], units: Sequence[Any], numeric: bool
) -> list[Any]:
    """The format of each value of a column: one for all, but by the row's unit where that stands in the row."""
    form = book.add_format(look)
    if numeric and not field.unit and (own := set(units) & style.NUMBERS.keys()):
        forms = {unit: book.add_format(look | {"num_format": style.NUMBERS[unit]}) for unit in own}
        return [forms.get(unit, form) for unit in units]
    if not numeric and _has_numbers(values):  # numbers of all kinds, as on Run
        plain = {number: book.add_format(look | {"num_format": number}) for number in ("#,##0", "#,##0.00", "0.0E+00")}
        return [plain[style.plain_format(value)] if _is_number(value) else form for value in values]
    return [form] * len(values)


def _linked(sheet: Any, link: Any, values: Sequence[Any], formats: Sequence[Any], place: int, source: str) -> list[Any]:
    """Link every address of a cell (`Units!F3`) to it, in the instance; the formats of the column with those."""
    found = list(formats)
    for number, value in enumerate(values):
        if isinstance(value, str) and (match := ADDRESS.fullmatch(value)):
            tab, cell = match.groups()
            target = f"{source}#'{tab}'!{cell}" if source.endswith(WORKBOOKS) else f"{source}/{tab}.csv"
            sheet.write_url(number + 1, place, f"external:{target}", link, value, f"Open {target}")
            found[number] = link
    return found


def _longest(field: Field, values: Sequence[Any]) -> int:
    """Characters of the longest value as it is shown."""
    found = set(values)
    numbers = {value for value in found if _is_number(value)} if _has_numbers(values) else set()
    others = found - numbers
    if field.unit and numbers:  # of so many decimals the largest are the longest
        numbers = {min(numbers), max(numbers)}
    return max((len(_as_shown(field, value)) for value in (*numbers, *others)), default=0)


def _is_numeric(field: Field, values: Sequence[Any]) -> bool:
    """Whether a column holds numbers; one of numbers and texts, as in Run, is read as texts are."""
    return bool(field.unit or _has_numbers(values)) and str not in kinds(values)


def _has_numbers(values: Sequence[Any]) -> bool:
    return any(map(is_number, kinds(values)))


def _is_number(value: Any) -> bool:
    return is_number(value.__class__)


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


def _width(field: Field, longest: int, widest: int) -> float:
    """Characters that show every value up to the widest, and the header on at most two lines that never part a unit."""
    words, header = field.header.split(" "), len(field.header)
    if field.unit and " " not in field.unit:
        header = min(max(len(" ".join(words[:k])), len(" ".join(words[k:]))) for k in range(1, len(words)))
    return min(widest + 4, max(NARROWEST, header * 1.1 + 4, longest * 1.05 + 3))


def _keys(table: Table, columns: Sequence[Sequence[Any]], widths: list[float]) -> int:
    """How many leading text columns stay in sight."""
    keys, taken = 0, 0.0
    for place, field in enumerate(table.fields[:-1]):
        taken += widths[place]
        if field.unit or taken > FROZEN or _has_numbers(columns[place]):
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
    if key in BARS:
        bar: dict[str, Any] = {"type": "data_bar", "data_bar_2010": True, "bar_solid": True, "bar_no_border": True}
        bar |= {"bar_color": style.PALE_BLUE, "bar_negative_color": style.PALE_ALARM, "bar_axis_color": style.RULE}
        limits = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 100} if field.unit == "%" else {}
        sheet.conditional_format(1, place, last, place, bar | limits)
    if rule:
        sheet.conditional_format(1, place, last, place, rule | {"format": book.add_format(look)})
