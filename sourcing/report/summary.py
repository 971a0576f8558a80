"""The first page: one landscape sheet that says what the plan is, what to do now and what to worry about.

The page is a grid of 20 equal columns. Sentences sit in merged cells that are as many lines high as their text
needs, so nothing is clipped and the page prints as it looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sourcing.components.horizon import settings
from sourcing.plan import Plan
from sourcing.report import findings, style, todo
from sourcing.report.charts import Chart
from sourcing.report.findings import Failure, Tile
from sourcing.report.phrases import day, percent
from sourcing.report.todo import Due
from sourcing.verdict import first_open

COLUMNS, WIDTH = 20, 71
"""Columns of the grid, and the pixels of each."""

LEFT = 8
"""Columns of the left panel, which holds the words; the charts are at its right."""

LINE, SIZE = 17, 9.5
"""Pixels of a line of text, and points of its letters."""

LOWEST, GAP = 275, 10
"""Pixels: the least height of a chart, and what stands between two of them."""

BLUE: dict[str, Any] = {
    "font_color": style.SERIES[0],
    "underline": 1,
    "align": "right",
    "font_size": 8.5,
    "bold": False,
}
"""How a link looks."""

CHART_DATA, CHART_FIELDS = "Chart data", ("Chart", "Series", "Category", "Value", "Unit")
"""The tab that holds what the charts show, one row a point, and its columns."""

MOST_SHORT, MOST_DUE, MOST_FUTURES, MOST_FAILURES = 5, 5, 6, 4
"""Customers that the table of shortages names, and decisions, futures and failures that those of these do."""

ROW_OF_TILES = 5
"""Tiles that fit beside each other; more stand in two rows."""


class Page:
    """A sheet that is filled from top to bottom."""

    def __init__(self, book: Any, sheet: Any):
        self.book = book
        self.sheet = sheet
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.heights: list[int] = []
        sheet.set_column_pixels(0, COLUMNS - 1, WIDTH)

    def rows(self, *pixels: int) -> int:
        """Begin rows of these heights; the number of the first."""
        first = len(self.heights)
        for row, height in enumerate(pixels, first):
            self.sheet.set_row_pixels(row, height)
        self.heights += pixels
        return first

    def pixels(self, first: int) -> int:
        """Height of what stands from a row on."""
        return sum(self.heights[first:])

    def form(self, **look: Any) -> Any:
        """A format, made once."""
        key = tuple(sorted(look.items()))
        if key not in self.formats:
            plain = {"font_name": style.FONT, "font_size": SIZE, "font_color": style.INK, "valign": "top"}
            self.formats[key] = self.book.add_format(plain | look)
        return self.formats[key]

    def cell(
        self, line: int, first: int, last: int, value: Any, *, lines: int = 1, link: str = "", **look: Any
    ) -> None:
        """Write a text or a number over columns and lines; `link` is the tab that a click opens."""
        form = self.form(**look)
        if lines > 1 or last > first:
            self.sheet.merge_range(line, first, line + lines - 1, last, "", form)
        if link:
            target = f"internal:'{link}'!A1"
            self.sheet.write_url(line, first, target, form, string=str(value), tip=f"Open {link}")
        elif isinstance(value, str):
            self.sheet.write_string(line, first, value, form)
        elif value is not None:
            self.sheet.write_number(line, first, value, form)

    def across(self, text: str, pixels: int, **look: Any) -> None:
        """A text over the whole width, as many lines high as it needs, in one row."""
        size, bold = look.get("font_size", SIZE), look.get("bold", False)
        row = self.rows(pixels * style.lines(text, COLUMNS * WIDTH - 10, size, bold=bold) + 6)
        self.cell(row, 0, COLUMNS - 1, text, **{"text_wrap": True, "valign": "vcenter", "indent": 1, **look})

    def heading(self, text: str, link: str = "") -> None:
        """The title of a block in the left panel, with a link to its tab if it has one."""
        look: dict[str, Any] = {
            "bold": True,
            "font_size": 10.5,
            "font_color": style.NAVY,
            "bottom": 1,
            "bottom_color": style.NAVY,
        }
        row = self.rows(LINE + 5)
        self.cell(row, 0, LEFT - 4, text, **look)
        self.cell(row, LEFT - 3, LEFT - 1, f"{link} ›" if link else "", link=link, **look | BLUE)

    def sentence(self, text: str, link: str = "") -> None:
        """A sentence of the left panel, with a link to its tab at its right if it has one."""
        last = LEFT - 2 if link else LEFT - 1
        lines = style.lines(text, (last + 1) * WIDTH, SIZE)
        row = self.rows(*[LINE] * lines)
        self.cell(row, 0, last, text, lines=lines, text_wrap=True)
        if link:
            self.cell(row, LEFT - 1, LEFT - 1, f"{link} ›", link=link, **BLUE)


def write_summary(
    book: Any, sheet: Any, plan: Plan, tabs: Sequence[str], pictures: Sequence[tuple[Chart, int]], data: str
) -> None:
    """Fill the first page. `pictures` are charts with the row of tab `data` where the figures of each begin."""
    page = Page(book, sheet)
    page.across(findings.title(plan), 26, bold=True, font_size=16, font_color=style.WHITE, bg_color=style.NAVY)
    if warning := findings.warning(plan):
        page.across(warning, 22, bold=True, font_size=13, font_color=style.WHITE, bg_color=style.ALARM)
    page.across(plan.verdict, 20, bold=True, font_size=12)
    page.across(findings.status(plan), 15, font_color=style.MUTED)
    page.rows(4)
    tiles = findings.tiles(plan)
    per_row = len(tiles) if len(tiles) <= ROW_OF_TILES else -(-len(tiles) // 2)
    for begin in range(0, len(tiles), per_row):
        _tiles(page, tiles[begin : begin + per_row], COLUMNS // per_row, tabs)
        page.rows(4)
    page.rows(4)
    top = len(page.heights)
    _words(page, plan)
    _draw(page, pictures, data, top)
    page.rows(6)
    for text in findings.caveats(plan):
        page.across(text, 13, font_size=8.5, font_color=style.MUTED)
    _links(page, tabs)
    sheet.hide_gridlines(2)
    sheet.set_zoom(90)
    style.paper(sheet, marking=settings(plan.instance).marking, pages=False)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.print_area(0, 0, len(page.heights) - 1, COLUMNS - 1)


# ------------------------------------------------------------------------------------------------ blocks


def _tiles(page: Page, tiles: list[Tile], width: int, tabs: Sequence[str]) -> None:
    """A row of tiles, so many columns each."""
    lines = max(style.lines(tile.note, width * WIDTH - 10, 8.5) for tile in tiles)
    top = page.rows(20, 34, 13 * lines + 8)
    ground: dict[str, Any] = {
        "bg_color": style.BAND,
        "indent": 1,
        "align": "left",
        "right": 5,
        "right_color": style.WHITE,
    }
    for place, tile in enumerate(tiles):
        first = place * width
        last = COLUMNS - 1 if tile is tiles[-1] else first + width - 1
        ink = style.ALARM if tile.alarm else style.NAVY
        label: dict[str, Any] = {"font_color": style.MUTED, "bold": True, "valign": "vcenter"}
        page.cell(top, first, last, tile.label, link=tile.tab if tile.tab in tabs else "", **ground, **label)
        large: dict[str, Any] = {"font_size": 20, "bold": True, "font_color": ink, "valign": "vcenter"}
        page.cell(top + 1, first, last, tile.value, **ground, **large, num_format=_tile_format(tile))
        page.cell(top + 2, first, last, tile.note, **ground, font_size=8.5, text_wrap=True)


def _tile_format(tile: Tile) -> str:
    if tile.unit == "%" and tile.value is not None:  # 99.98 must not read as 100.0
        digits = len(percent(tile.value).partition(".")[2].split(" ")[0]) or 3
        return f'0.{"0" * digits}" %"'
    small = tile.value is not None and abs(tile.value) < 100
    return f'#,##0{".0" if small else ""}" {tile.unit}"'


def _words(page: Page, plan: Plan) -> None:
    """The left panel: what to do now, what to decide, who is short, what binds."""
    page.heading(f"What to do now: {first_open(plan.instance)}")
    for action in todo.actions(plan):
        page.sentence(f"•  {action.text}", action.tab)
    page.rows(6)
    _decisions(page, todo.due(plan))
    page.rows(6)
    page.heading("Who is short (t)", "Demand")
    _shortages(page, findings.shortages(plan, LEFT - 3))
    if below := findings.below_service(plan):
        page.sentence(below)
    page.rows(6)
    _futures(page, findings.futures(plan))
    _failures(page, findings.failures(plan), findings.tried(plan))
    binding = findings.bottlenecks(plan, 3)
    if binding:
        page.heading("What binds", "Bottlenecks")
        for text in binding:
            page.sentence(f"•  {text}")


def _futures(page: Page, futures: list[tuple[str, float, float, float]]) -> None:
    """Probability, cost and shortage of the dearest futures, if the plan is one over several."""
    if not futures:
        return
    page.heading("What may happen (%, M USD, t short)", "Futures")
    for name, *figures in futures[:MOST_FUTURES]:
        row = page.rows(LINE)
        page.cell(row, 0, LEFT - 4, name)
        for place, (amount, form) in enumerate(zip(figures, ("0.0", "#,##0", "#,##0"), strict=True), LEFT - 3):
            page.cell(row, place, place, amount, num_format=form, align="right")
    if len(futures) > MOST_FUTURES:
        page.sentence(f"{len(futures) - MOST_FUTURES} more, less dear.")


def _failures(page: Page, failures: list[Failure], tried: str) -> None:
    """What the dearest failures of one site leave short and cost, and after how many days."""
    if not failures:
        return
    page.heading("If one site fails for a year", "Failures")
    head = page.rows(LINE)
    page.cell(head, 0, LEFT - 4, f"{tried[0].upper()}{tried[1:]}", font_size=9, font_color=style.MUTED)
    for place, name in enumerate(("Short (t)", "M USD", "After days"), LEFT - 3):
        page.cell(head, place, place, name, bold=True, align="right", font_size=9)
    for failure in failures[:MOST_FAILURES]:
        row = page.rows(LINE)
        page.cell(row, 0, LEFT - 4, f"{failure.name}, from {failure.period}")
        for place, amount in enumerate((failure.short, failure.cost, failure.until), LEFT - 3):
            page.cell(row, place, place, amount, num_format="#,##0", align="right")
    page.rows(6)


def _decisions(page: Page, due: list[Due]) -> None:
    """Latest date, what, outlay and cost of a year's waiting of the decisions that are due first."""
    if not due:
        page.heading("Decide by")
        page.sentence("The plan signs, builds and qualifies nothing.")
        return
    waits = any(d.sure != "not worked out" for d in due)
    page.heading("Decide by (M USD; waiting: a year)" if waits else "Decide by (M USD)", "Decisions")
    head = page.rows(LINE)
    for place, name in ((LEFT - 2, "Outlay"), (LEFT - 1, "Waiting" if waits else "")):
        page.cell(head, place, place, name, bold=True, align="right", font_size=9)
    for d in due[:MOST_DUE]:
        lines = style.lines(d.what, (LEFT - 3) * WIDTH - 10, SIZE)
        row = page.rows(*[LINE] * lines)
        page.cell(row, 0, 0, day(d.date), lines=lines)
        page.cell(row, 1, LEFT - 3, d.what, lines=lines, text_wrap=True, align="left", indent=1)
        form = '"≥ "#,##0.0' if d.sure == "at least" else "#,##0.0"
        told = "no plan" if d.sure == "no plan" else "see tab" if waits else ""
        waiting = told if d.waiting is None else d.waiting
        page.cell(row, LEFT - 2, LEFT - 2, d.outlay, lines=lines, num_format="#,##0.0", align="right")
        page.cell(row, LEFT - 1, LEFT - 1, waiting, lines=lines, num_format=form, align="right")
    if rest := due[MOST_DUE:]:
        row = page.rows(LINE)
        page.cell(row, 0, LEFT - 3, f"{len(rest)} more until {day(rest[-1].date)}")
        outlay = sum(d.outlay for d in rest)
        page.cell(row, LEFT - 2, LEFT - 2, outlay, num_format="#,##0.0", align="right")


def _shortages(page: Page, table: findings.Shortages) -> None:
    if not table.rows:
        page.sentence("Nobody: all demand is met.")
        return
    rows = list(table.rows)
    if len(rows) > MOST_SHORT:
        rest = rows[MOST_SHORT - 1 :]
        rows[MOST_SHORT - 1 :] = [(f"{len(rest)} more", tuple(map(sum, zip(*(line for _, line in rest), strict=True))))]
    whole = tuple(map(sum, zip(*(line for _, line in rows), strict=True)))
    first = LEFT - len(table.periods)
    head = page.rows(LINE)
    for place, period in enumerate(table.periods):
        page.cell(head, first + place, first + place, period, bold=True, align="right", font_size=9)
    for name, line in [*rows, ("All", whole)]:
        look: dict[str, Any] = {"bold": True, "top": 1, "top_color": style.RULE} if name == "All" else {}
        row = page.rows(LINE)
        page.cell(row, 0, first - 1, name, **look)
        for place, amount in enumerate(line):
            page.cell(row, first + place, first + place, amount, num_format="#,##0.0;-#,##0.0;–", align="right", **look)


def _links(page: Page, tabs: Sequence[str]) -> None:
    """A row of links, each as wide as its name."""
    page.rows(4)
    row, place = page.rows(LINE), 0
    for tab in tabs:
        width = -(-(len(tab) * 6 + 10) // WIDTH)
        if place + width > COLUMNS:
            row, place = page.rows(LINE), 0
        look: dict[str, Any] = {"font_color": style.SERIES[0], "underline": 1, "font_size": 9, "align": "left"}
        page.cell(row, place, place + width - 1, tab, link=tab, **look)
        place += width


# ------------------------------------------------------------------------------------------------ charts


def _draw(page: Page, pictures: Sequence[tuple[Chart, int]], data: str, top: int) -> None:
    """Two columns of charts beside the left panel, as high as it; an odd last one takes both columns."""
    if not pictures:
        return
    lines = -(-len(pictures) // 2)
    page.rows(max(1, LOWEST * lines - page.pixels(top)))
    height = page.pixels(top) // lines
    whole = (COLUMNS - LEFT) * WIDTH
    for number, (picture, row) in enumerate(pictures):
        alone = number == len(pictures) - 1 and number % 2 == 0
        chart = _chart(page.book, picture, data, row)
        chart.set_size({"width": (whole if alone else whole // 2) - GAP, "height": height - 4})
        place = {
            "x_offset": GAP + number % 2 * whole // 2,
            "y_offset": number // 2 * height,
            "object_position": 2,
            "description": picture.title,
        }
        page.sheet.insert_chart(top, LEFT, chart, place)


def _chart(book: Any, picture: Chart, data: str, row: int) -> Any:
    kind: dict[str, Any] = {"type": "column", "subtype": "stacked"}
    if picture.kind == "bar":
        kind = {"type": "bar"}
    elif picture.kind == "line":
        kind = {"type": "line"}
    chart = book.add_chart(kind)
    count = len(picture.categories)
    for number, (name, values) in enumerate(picture.series):
        first = row + number * count
        colour = style.NAMED.get(name, style.SERIES[number % len(style.SERIES)])
        line: dict[str, Any] = {
            "name": [data, first, CHART_FIELDS.index("Series")],
            "categories": [
                data,
                first,
                CHART_FIELDS.index("Category"),
                first + count - 1,
                CHART_FIELDS.index("Category"),
            ],
            "values": [data, first, CHART_FIELDS.index("Value"), first + count - 1, CHART_FIELDS.index("Value")],
        }
        if picture.kind == "line":
            line["line"] = {"color": colour, "width": 2}
            line["marker"] = {"type": "circle", "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        else:
            line |= {"fill": {"color": colour}, "border": {"color": style.WHITE, "width": 0.75}, "gap": 45}
            line["data_labels"] = _labels(picture, values, colour)
        chart.add_series(line)
    _axes(chart, picture)
    return chart


def _labels(picture: Chart, values: Sequence[float], colour: str) -> dict[str, Any]:
    """Numbers on the parts that are large enough to hold one."""
    font = {"name": style.FONT, "size": 8, "color": style.INK if colour in style.LIGHT else style.WHITE}
    if picture.kind == "bar":
        return {"value": True, "num_format": "#,##0", "font": font | {"color": style.INK}, "position": "outside_end"}
    columns = list(zip(*(line for _, line in picture.series), strict=True))
    highest = max(sum(column) for column in columns)
    wide = len(f"{highest:,.0f}") > 4 and len(columns) > 7  # a number is broader than its column
    hidden = [{"delete": True} if wide or value < 0.1 * highest else {} for value in values]
    return {"value": True, "num_format": "#,##0", "font": font, "custom": hidden, "position": "center"}


def _axes(chart: Any, picture: Chart) -> None:
    small = {"name": style.FONT, "size": 8, "color": style.MUTED}
    scale: dict[str, Any] = {
        "name": picture.unit,
        "name_font": small | {"bold": False},
        "num_font": small,
        "num_format": "#,##0",
        "line": {"none": True},
        "major_gridlines": {"visible": True, "line": {"color": "#E1E6EB", "width": 0.5}},
    }
    if picture.kind == "share":
        scale |= {"min": 0, "max": 100, "major_unit": 25}
    elif picture.kind in ("line", "stack"):
        scale |= {"min": 0}
    names: dict[str, Any] = {"num_font": small, "line": {"color": style.RULE}, "major_tick_mark": "none"}
    if picture.kind == "bar":  # the largest on top
        names |= {"reverse": True, "label_position": "low"}
        scale |= {"visible": False, "major_gridlines": {"visible": False}}
    across, up = (scale, names) if picture.kind == "bar" else (names, scale)
    chart.set_x_axis(across)
    chart.set_y_axis(up)
    font = {"name": style.FONT, "size": 10, "bold": True, "color": style.INK}
    chart.set_title({"name": picture.title, "name_font": font, "overlay": False})
    if len(picture.series) > 1:
        chart.set_legend({"position": "bottom", "font": small | {"color": style.INK}})
    else:
        chart.set_legend({"none": True})
    chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": style.WHITE}})
