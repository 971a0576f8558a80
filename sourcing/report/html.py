"""The report: a plan as one HTML file to read, to print and to send, without script and without network.

It tells what the plan workbook tells, from the same tabs and by the same findings, so that their numbers are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from sourcing.components.horizon import periods
from sourcing.plan import Plan
from sourcing.report import findings, report_tables, todo
from sourcing.report.findings import Tile
from sourcing.report.page import (
    Section,
    bullets,
    cell,
    grid,
    header,
    number,
    page,
    picture,
    right,
    table,
    tables,
    write_page,
)
from sourcing.report.phrases import day, percent
from sourcing.report.todo import Due
from sourcing.tables import Table, fields
from sourcing.verdict import first_open

MOST_NOTES = 200
"""Data notes that are listed; the workbook has them all."""


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
    write_page(html(plan, seconds, stress, frontier), path)


def html(
    plan: Plan,
    seconds: Mapping[str, float] | None = None,
    stress: Sequence[Table] = (),
    frontier: Table | None = None,
) -> str:
    """The page that `write_html` writes."""
    warning = findings.warning(plan)
    parts = [
        header(findings.title(plan), plan.verdict, findings.status(plan)),
        f'<div class="warning">{escape(warning)}</div>' if warning else "",
        f'<div class="tiles">{"".join(map(_tile, findings.tiles(plan)))}</div>',
    ]
    sections = _sections(plan, seconds, stress, frontier)
    return page(plan.instance, findings.title(plan), "\n".join(part for part in parts if part), sections)


def _sections(
    plan: Plan, seconds: Mapping[str, float] | None, stress: Sequence[Table], frontier: Table | None
) -> Iterator[Section]:
    """Id, title and content of each section, in the order of reading; one without content is left out."""
    from sourcing.report import pictures

    yield "now", f"What to do now: {first_open(plan.instance)}", _now(plan)
    yield "short", "What is short, and when", picture("demand", pictures.demand(plan)) + _short(plan)
    yield "from", "From mines to customers", picture("sankey", pictures.sankey(plan))
    yield "map", "Where it comes from", picture("world", pictures.world(plan))
    yield "who", "Who supplies whom", table(report_tables.supplies(plan))
    rules = report_tables.rules(plan)
    yield "content", "Content and rules", picture("chains", pictures.chains(plan)) + tables(*rules)
    yield "stocks", "Stockpiles", picture("stockpiles", pictures.stockpiles(plan))
    money = report_tables.ledger(plan)
    yield "costs", "Costs: who pays whom", picture("costs", pictures.costs(plan)) + tables(*money)
    yield "floors", "Price floors", picture("floors", pictures.floors(plan)) + table(report_tables.floors(plan))
    risk = picture("heat", pictures.heat(stress)) if stress else ""
    risk += picture("frontier", pictures.frontier(frontier)) if frontier else ""
    yield "risk", "Risk", risk + _failures(plan) + _futures(plan)
    yield "data", "What the figures rest on", _data(plan)
    yield "run", "How the plan was made", table(report_tables.run(plan, seconds))


# ------------------------------------------------------------------------------------------------ sections


def _now(plan: Plan) -> str:
    due = todo.due(plan)
    waits = any(d.sure != "not worked out" for d in due)
    do, binding = [action.text for action in todo.actions(plan)], findings.bottlenecks(plan)
    panels = [
        f"<div><h3>{title}</h3>\n{bullets(words)}</div>"
        for title, words in (("Buy, draw and take", do), ("What binds", binding))
        if words
    ]
    decide = "<p>The plan signs, builds and qualifies nothing.</p>"
    if due:
        columns = fields("By", "What", ("Outlay", "M USD"), ("Waiting a year costs", "M USD"))[: 4 if waits else 3]
        decide = grid(columns, [_due(d, waits) for d in due])
    return f'<div class="two">{"".join(panels)}</div>\n<h3>Decide by</h3>\n{decide}'


def _due(d: Due, waits: bool) -> list[str]:
    told = "no plan" if d.sure == "no plan" else "not worked out"
    at_least = "≥ " if d.sure == "at least" else ""
    waiting = escape(told) if d.waiting is None else at_least + number(d.waiting, "M USD")
    cells = [cell(day(d.date)), cell(d.what), right(number(d.outlay, "M USD"))]
    return [*cells, right(waiting)] if waits else cells


def _short(plan: Plan) -> str:
    short = findings.shortages(plan, columns=len(periods(plan.instance)) + 1)
    if not short.rows:
        return "<p>Nobody goes short.</p>"
    columns = fields("Customer", *((period, "t") for period in short.periods), ("All", "t"))
    whole = [sum(line) for line in zip(*(line for _, line in short.rows), strict=True)]
    rows = [
        [cell(name), *(right(number(t, "t") if t else "–") for t in (*line, sum(line)))]
        for name, line in (*short.rows, ("All", whole))
    ]
    below = findings.below_service(plan)
    return grid(columns, rows, summed=True) + (f"<p>{escape(below)}</p>" if below else "")


def _failures(plan: Plan) -> str:
    names = "Site", "From", ("Cost", "M USD"), ("Short", "t"), ("First short after", "days")
    shown = Table("What the failure of one site does", fields(*names))
    shown.about = f"Out for a year from its worst period, on what the plan commits to; {findings.tried(plan)}."
    for failure in findings.failures(plan):
        shown.add(failure.name, failure.period, failure.cost, failure.short, failure.until)
    return table(shown)


def _futures(plan: Plan) -> str:
    shown = Table("What may happen", fields("Future", ("Probability", "%"), ("Cost", "M USD"), ("Short", "t")))
    for row in findings.futures(plan):
        shown.add(*row)
    return table(shown)


def _data(plan: Plan) -> str:
    notes = plan.tabs.get("Data notes") or Table("Data notes", fields("Kind", "Where", "Note"))
    shown = Table("Data notes", notes.fields, "", notes.rows[:MOST_NOTES])
    if rest := len(notes.rows) - len(shown.rows):
        shown.about = f"{rest:,} more stand on the tab Data notes of the plan workbook."
    return "".join(f"<p>{escape(text)}</p>\n" for text in findings.caveats(plan)) + table(shown)


def _tile(tile: Tile) -> str:
    alarm = " alarm" if tile.alarm else ""
    value = "–" if tile.value is None else f'<data value="{tile.value!r}">{escape(_large(tile))}</data>'
    return (
        f'<div class="tile{alarm}"><b>{escape(tile.label)}</b><strong>{value}</strong>'
        f"<span>{escape(tile.note)}</span></div>"
    )


def _large(tile: Tile) -> str:
    """A tile's figure as the first page of the workbook shows it."""
    value = tile.value or 0.0
    return percent(value) if tile.unit == "%" else f"{value:,.{1 if abs(value) < 100 else 0}f} {tile.unit}"
