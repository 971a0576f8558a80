"""Guide: the front tab of a workbook, which says what it is and what every tab and column means."""

from __future__ import annotations

from typing import Any

from sourcing.components import PLANNER_TABS, TAB_ORDER
from sourcing.components.horizon import UNITS, WORDS, Settings, settings
from sourcing.instance import Instance, as_text
from sourcing.schema import SETTINGS, allowed, blank, columns_of
from sourcing.sheets import TABS
from sourcing.workbook import firstplan

TEXT = (
    (
        "What this is",
        "One instance of a sourcing problem: who needs what, who can make it, what it costs, which rules hold. "
        "`sourcing check` finds faults by cell; `sourcing solve` makes the plan beside it and never writes to "
        "this file.",
    ),
    (
        "Where to begin",
        "The blue tabs are the planner's. The grey tabs behind them hold the network; change them when a site, a "
        "recipe or a lane changes. A blank workbook has prices, rules, materials and recipes already, each with its "
        "source. Cells in blue on yellow are input.",
    ),
    (
        "Rows",
        "One record a row, headers in row 1, no merged cells. New rows go below the last one; drop-downs work "
        "there. `no` under Active switches a row off. Tabs whose name begins with _, and this one, are not read.",
    ),
    (
        "Units",
        "A header carries its unit in brackets, and the reader converts: USD/kg and USD/t, t, kg and kt, USD and "
        "M USD. An unknown unit is an error. Mass is tonnes of the material as its Name says.",
    ),
    (
        "Percent",
        "Cells under % are formatted as percentages and mean what they show. A plain number is in percent; one "
        "between 0 and 1 is read so with a warning.",
    ),
    (
        "Time",
        "A number that changes over time has a column a calendar span: 2026, 2027H1, 2028Q3. It is a rate or a "
        "price during that span; periods of the model read it by overlap. A blank carries the last value forward; "
        "the first may not be blank. In a limit `none` is no limit. Rows with a Period column do as well.",
    ),
    (
        "Limits",
        "In a limit blank is no limit and 0 is closed. In other columns the table below says what blank means.",
    ),
    (
        "Selectors",
        "An id, country:JP, entity:lynas, form:oxide, allied, any, or several of these joined by `;`. The most "
        "specific row wins; a tie is an error.",
    ),
    (
        "Lists",
        "Joined by `;`, as in CN; RU.",
    ),
    (
        "Ids",
        "Short names that other tabs use. A name used elsewhere must stand in its own tab, in an active row.",
    ),
    (
        "Sources",
        "Every row should name where its figures come from. A source whose Basis is estimate is counted as one, "
        "and the plan says how much of its cost rests on estimates. Unknown origin, label or owner is unproven, "
        "never clean.",
    ),
)
"""What holds in every tab: topic and sentences."""

STEPS = ("Step", "Tab", "Row", "Write under each header", "What for")
HEADER = ("Tab", "Column", "Unit", "What it means", "Blank", "Allowed")
WIDTHS = (17, 25, 13, 62, 17, 50)


def guide_rows() -> list[tuple[str, ...]]:
    """The Guide's table: a line a tab, then a line a column; settings by name."""
    rows: list[tuple[str, ...]] = []
    for tab in TAB_ORDER:
        row_type = TABS[tab]
        about = f"One row is {row_type.meaning}. {(row_type.__doc__ or '').split('`settings', maxsplit=1)[0].strip()}"
        rows.append((tab, "", "", about.removesuffix(";").strip(), "", ""))
        for column in columns_of(row_type):
            if column.field not in ("active", "source", "note"):
                rows.append((tab, column.name, column.unit, column.meaning, blank(column), allowed(column)))
        if tab == "Settings":
            for name, meaning in SETTINGS.items():
                field = name.lower().replace(" ", "_")
                value = getattr(Settings, field)
                default = as_text(value) if value or field == "risk_weight" else "not given"
                rows.append((tab, name, UNITS.get(field, ""), meaning, default, " or ".join(WORDS.get(field, ()))))
    for column in columns_of(TABS["Demand"]):
        if column.field in ("active", "source", "note"):
            rows.append(("every tab", column.name, "", column.meaning, blank(column), allowed(column)))
    return rows


def write_guide(sheet: Any, instance: Instance) -> None:
    """Fill the front sheet: what holds everywhere, the first plan if the workbook is blank, every tab and column."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    from sourcing.workbook.template import FONT, INK, LINE, NETWORK, PLANNER, RULE, WHITE, lay_out_page, lines_of

    sheet.title = "Guide"
    sheet.sheet_properties.tabColor = "2E7D5B"
    sheet.sheet_view.showGridLines = False
    for place, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEF"[place]].width = width
    plain, bold = Font(name=FONT, size=10, color=INK), Font(name=FONT, size=10, color=INK, bold=True)
    white = Font(name=FONT, size=10, bold=True, color=WHITE)
    wrap = Alignment(wrap_text=True, vertical="top")
    under = Border(bottom=Side(style="thin", color=RULE))
    line = 1

    def put(place: int, text: str, font: Any) -> Any:
        cell = sheet.cell(line, place, text.replace("`", "'") or None)
        if text:
            cell.data_type = "s"
        cell.font, cell.alignment = font, wrap
        return cell

    def wide(first: int, text: str) -> float:
        """Let a text of the line have all columns from `first` on; the height that it needs."""
        sheet.merge_cells(start_row=line, end_row=line, start_column=first, end_column=len(WIDTHS))
        return LINE * lines_of(text, sum(WIDTHS[first - 1 :])) + 3

    def head(names: tuple[str, ...]) -> None:
        for place, name in enumerate(names, start=1):
            put(place, name, white).fill = PatternFill("solid", fgColor=PLANNER)
        sheet.row_dimensions[line].height = LINE + 4

    def link(place: int, tab: str) -> None:
        cell, colour = sheet.cell(line, place), PLANNER if tab in PLANNER_TABS else NETWORK
        cell.hyperlink = f"#'{tab}'!A1"
        cell.font = Font(name=FONT, size=10, bold=True, underline="single", color=colour)

    put(1, settings(instance).title, Font(name=FONT, size=16, bold=True, color=PLANNER)).alignment = Alignment()
    sheet.row_dimensions[line].height = 26
    for topic, text in TEXT:
        line += 1
        put(1, topic, bold)
        put(2, text, plain)
        sheet.row_dimensions[line].height = wide(2, text)
    if firstplan.begins_blank(instance):
        line += 2
        put(1, firstplan.TITLE, Font(name=FONT, size=12, bold=True, color=PLANNER)).alignment = Alignment()
        line += 1
        head(STEPS)
        sheet.merge_cells(start_row=line, end_row=line, start_column=5, end_column=6)
        for number, tab, where, text, does in firstplan.lines(instance):
            line += 1
            for place, word in enumerate((number, tab, where, text, does), start=1):
                put(place, word, bold if place == 1 else plain).border = under
            if tab:
                link(2, tab)
            height = LINE * lines_of(text, WIDTHS[3]) + 3
            sheet.row_dimensions[line].height = max(height, wide(5, does))
        line += 1
        put(1, "Then", bold)
        put(2, firstplan.NEXT, plain)
        sheet.row_dimensions[line].height = wide(2, firstplan.NEXT)
    line += 2
    top = line
    head(HEADER)
    for row in guide_rows():
        line += 1
        heading = not row[1]
        for place, text in enumerate(row, start=1):
            cell = put(place, text, bold if heading else plain)
            cell.border = under
            if heading:
                cell.alignment = Alignment(vertical="top")
                cell.fill = PatternFill("solid", fgColor="E3EAF1" if row[0] in PLANNER_TABS else "ECEEF0")
        if heading:
            link(1, row[0])
        lines = 1 if heading else max(lines_of(text, width) for text, width in zip(row, WIDTHS, strict=True))
        sheet.row_dimensions[line].height = LINE * lines + 3
    sheet.auto_filter.ref = f"A{top}:F{line}"
    lay_out_page(sheet)
