"""The report: a plan as one HTML file to read, to print and to send, without script and without network.

It tells what the plan workbook tells, from the same tabs and by the same findings, so that their numbers are equal:
each stands in a <data> element with its full value. Every text of the instance is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import periods
from sourcing.files import PLAN_OF
from sourcing.plan import Plan, first_open
from sourcing.report import findings, report_tables, style
from sourcing.report.findings import Due, Tile
from sourcing.report.phrases import day, percent
from sourcing.sheets import OutputError
from sourcing.tables import Field, Table, fields

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NOTES = 200
"""Data notes that are listed; the workbook has them all."""


MOST_HEAD = 4000
"""Letters at the beginning of a page that hold whose report it is."""


def write_html(
    plan: Plan,
    path: str | Path,
    seconds: Mapping[str, float] | None = None,
    stress: Sequence[Table] = (),
    frontier: Table | None = None,
) -> None:
    """Write a plan as one HTML file, at `path` as it stands.

    `seconds` (by step of the work) are added to the facts of the run. `stress` are the tables of a stress test and
    `frontier` the points of a frontier, where they were run. ImportError without matplotlib (extra `report`),
    OutputError where the file can't be written.
    """
    text = html(plan, seconds, stress, frontier)
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as fault:
        raise OutputError(f"{path}: the report cannot be written ({fault})") from fault


def report_of(path: Path) -> str | None:
    """Name of the instance whose plan a report tells; None of a file that is no report of this program."""
    try:
        with path.open(encoding="utf-8") as page:
            start = page.read(MOST_HEAD)
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(rf'<meta name="{PLAN_OF}" content="([^"]*)">', start)
    return unescape(found[1]) if found else None


def html(
    plan: Plan,
    seconds: Mapping[str, float] | None = None,
    stress: Sequence[Table] = (),
    frontier: Table | None = None,
) -> str:
    """The page that `write_html` writes."""
    sections = [section for section in _sections(plan, seconds, stress, frontier) if section[2]]
    links = " ".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in sections)
    body = "\n".join(
        f'<section id="{name}"{_paged(name)}>\n<h2>{escape(title)}</h2>\n{inner}\n</section>'
        for name, title, inner in sections
    )
    look = files("sourcing.report").joinpath("report.css").read_text(encoding="utf-8")
    title = findings.title(plan)
    warning = findings.warning(plan)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="{PLAN_OF}" content="{escape(plan.instance.name)}">',
        f"<title>{escape(title)}</title>\n<style>\n{look}</style>\n</head>\n<body>",
        f"<header>\n<h1>{escape(title)}</h1>\n<p>{escape(plan.verdict)}</p>",
        f'<p class="status">{escape(findings.status(plan))}</p>\n</header>',
        f'<div class="warning">{escape(warning)}</div>' if warning else "",
        f'<div class="tiles">{"".join(map(_tile, findings.tiles(plan)))}</div>\n<nav>{links}</nav>',
        f"<main>\n{body}\n</main>",
        "</body>\n</html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _paged(name: str) -> str:
    """Sections that begin a page of print: all but the first."""
    return "" if name == "now" else ' class="page"'


def _sections(
    plan: Plan, seconds: Mapping[str, float] | None, stress: Sequence[Table], frontier: Table | None
) -> Iterator[tuple[str, str, str]]:
    """Id, title and content of each section, in the order of reading; one without content is left out."""
    from sourcing.report import pictures

    yield "now", f"What to do now: {first_open(plan.instance)}", _now(plan)
    yield "short", "What is short, and when", _picture("demand", pictures.demand(plan)) + _short(plan)
    yield "from", "From mines to customers", _picture("sankey", pictures.sankey(plan))
    yield "map", "Where it comes from", _picture("world", pictures.world(plan))
    yield "who", "Who supplies whom", _table(report_tables.supplies(plan))
    rules = report_tables.rules(plan)
    yield "content", "Content and rules", _picture("chains", pictures.chains(plan)) + _tables(*rules)
    yield "stocks", "Stockpiles", _picture("stockpiles", pictures.stockpiles(plan))
    money = report_tables.ledger(plan)
    yield "costs", "Costs: who pays whom", _picture("costs", pictures.costs(plan)) + _tables(*money)
    yield "floors", "Price floors", _picture("floors", pictures.floors(plan)) + _table(report_tables.floors(plan))
    risk = _picture("heat", pictures.heat(stress)) if stress else ""
    risk += _picture("frontier", pictures.frontier(frontier)) if frontier else ""
    yield "risk", "Risk", risk + _futures(plan)
    yield "data", "What the figures rest on", _data(plan)
    yield "run", "How the plan was made", _table(report_tables.run(plan, seconds))


# ------------------------------------------------------------------------------------------------ sections


def _now(plan: Plan) -> str:
    due = findings.due(plan)
    waits = any(d.sure != "not worked out" for d in due)
    do, binding = findings.actions(plan), findings.bottlenecks(plan)
    panels = [
        f"<div><h3>{title}</h3>\n{_list(words)}</div>"
        for title, words in (("Buy, draw and take", do), ("What binds", binding))
        if words
    ]
    decide = "<p>The plan signs, builds and qualifies nothing.</p>"
    if due:
        columns = fields("By", "What", ("Outlay", "M USD"), ("Waiting a year costs", "M USD"))[: 4 if waits else 3]
        decide = _grid(columns, [_due(d, waits) for d in due])
    return f'<div class="two">{"".join(panels)}</div>\n<h3>Decide by</h3>\n{decide}'


def _due(d: Due, waits: bool) -> list[str]:
    told = "no plan" if d.sure == "no plan" else "not worked out"
    at_least = "≥ " if d.sure == "at least" else ""
    waiting = escape(told) if d.waiting is None else at_least + _number(d.waiting, "M USD")
    cells = [_cell(day(d.date)), _cell(d.what), _right(_number(d.outlay, "M USD"))]
    return [*cells, _right(waiting)] if waits else cells


def _short(plan: Plan) -> str:
    table = findings.shortages(plan, columns=len(periods(plan.instance)) + 1)
    if not table.rows:
        return "<p>Nobody goes short.</p>"
    columns = fields("Customer", *((period, "t") for period in table.periods), ("All", "t"))
    whole = [sum(line) for line in zip(*(line for _, line in table.rows), strict=True)]
    rows = [
        [_cell(name), *(_right(_number(t, "t") if t else "–") for t in (*line, sum(line)))]
        for name, line in (*table.rows, ("All", whole))
    ]
    below = findings.below_service(plan)
    return _grid(columns, rows, summed=True) + (f"<p>{escape(below)}</p>" if below else "")


def _futures(plan: Plan) -> str:
    table = Table("What may happen", fields("Future", ("Probability", "%"), ("Cost", "M USD"), ("Short", "t")))
    for row in findings.futures(plan):
        table.add(*row)
    return _table(table)


def _data(plan: Plan) -> str:
    notes = plan.tabs.get("Data notes") or Table("Data notes", fields("Kind", "Where", "Note"))
    shown = Table("Data notes", notes.fields, "", notes.rows[:MOST_NOTES])
    if rest := len(notes.rows) - len(shown.rows):
        shown.about = f"{rest:,} more stand on the tab Data notes of the plan workbook."
    return "".join(f"<p>{escape(text)}</p>\n" for text in findings.caveats(plan)) + _table(shown)


# ------------------------------------------------------------------------------------------------ elements


def _picture(name: str, made: Figure) -> str:
    """A picture; nothing, where it shows nothing."""
    from sourcing.report.pictures import svg

    return f"<figure>{svg(made, f'{name}-')}</figure>\n" if made.axes else ""


def _tile(tile: Tile) -> str:
    alarm = " alarm" if tile.label == "Short" and (tile.value or 0.0) > findings.NOTICEABLE else ""
    value = "–" if tile.value is None else f'<data value="{tile.value!r}">{escape(_large(tile))}</data>'
    return (
        f'<div class="tile{alarm}"><b>{escape(tile.label)}</b><strong>{value}</strong>'
        f"<span>{escape(tile.note)}</span></div>"
    )


def _large(tile: Tile) -> str:
    """A tile's figure as the first page of the workbook shows it."""
    value = tile.value or 0.0
    return percent(value) if tile.unit == "%" else f"{value:,.{1 if abs(value) < 100 else 0}f} {tile.unit}"


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>"


def _tables(*tables: Table) -> str:
    return "\n".join(map(_table, tables))


def _table(table: Table) -> str:
    """A table under its title; nothing, where it has no rows. A first cell `All` is a sum."""
    if not table.rows:
        return ""
    rows = [[_value(value, field) for field, value in zip(table.fields, row, strict=True)] for row in table.rows]
    about = f'<p class="note">{escape(table.about)}</p>\n' if table.about else ""
    return f"<h3>{escape(table.title)}</h3>\n{about}{_grid(table.fields, rows, summed=table.rows[-1][0] == 'All')}"


def _grid(columns: Sequence[Field], rows: Sequence[Sequence[str]], summed: bool = False) -> str:
    head = "".join(f"<th{' class=n' if field.unit else ''}>{escape(field.header)}</th>" for field in columns)
    lines = [f"<tr>{''.join(row)}</tr>" for row in rows]
    if summed:
        lines[-1] = lines[-1].replace("<tr>", '<tr class="sum">', 1)
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def _value(value: Any, field: Field) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, int | float):
        number = _number(value, field.unit)
        return _right(number) if field.unit else f"<td>{number}</td>"
    return _cell(value, alarm=field.name == "Flag")


def _cell(text: Any, alarm: bool = False) -> str:
    return f"<td{' class=alarm' if alarm else ''}>{escape('' if text is None else str(text))}</td>"


def _right(inner: str) -> str:
    return f"<td class=n>{inner}</td>"


def _number(value: float, unit: str) -> str:
    """A number as the workbook's cells show it, with its full value behind."""
    return f'<data value="{value!r}">{escape(style.shown(value, unit))}</data>'
