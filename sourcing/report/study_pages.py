"""Study pages: a stress test, or a frontier, as one HTML file like the report of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from sourcing.components.horizon import settings
from sourcing.instance import Instance
from sourcing.report import pictures
from sourcing.report.page import header, page, picture, table
from sourcing.study.frontier import Frontier
from sourcing.study.frontier_tables import changes_table, points_table
from sourcing.study.stress import Stress
from sourcing.study.stress_tables import headline, tables
from sourcing.tables import Table

MOST = 60
"""Rows of a table; the workbook (`-o`) has them all."""

ASIDE = {"Name", "Shortage value", "Served without", "Unkept", "Left"}
"""Columns of a stress test for which a page of paper has no room."""


def stress_page(found: Stress) -> str:
    """A stress test: its worst, the heat map, and its tables, dearest first.

    ImportError without matplotlib (extra `report`).
    """
    made = {made.title: made for made in tables(found)}
    proof = "" if found.solution.status == "optimal" else "The plan that was tested is not proven within the gap."
    sections = [
        ("heat", "What fails, and when", picture("heat", pictures.heat(made.values()))),
        ("exposure", "What is lost with each", _shown(made["Exposure"])),
        ("one", "Every outage of one", _shown(made["Outages of one"])),
        ("two", "Every outage of two", _shown(made.get("Outages of two"))),
        ("scenarios", "Named scenarios", _shown(made.get("Scenarios"))),
    ]
    return _page(found.instance, "Stress test", headline(found) or "No outage costs anything.", proof, sections)


def frontier_page(found: Frontier) -> str:
    """A frontier: its picture, its points, and what changes between them.

    ImportError without matplotlib (extra `report`).
    """
    made = pictures.frontier(points_table(found))
    sections = [
        ("frontier", f"Cost against {found.measure}", picture("frontier", made)),
        ("points", "The plans", _shown(points_table(found))),
        ("changes", "What changes from one to the next", _shown(changes_table(found))),
    ]
    return _page(found.ground.instance, "Frontier", str(made.get_label()), "", sections)


def _page(instance: Instance, kind: str, words: str, status: str, sections: Sequence[tuple[str, str, str]]) -> str:
    title = f"{kind}: {settings(instance).title}"
    told = f"{status} Input {instance.sha256()[:12]}.".strip()
    return page(instance, title, header(title, words, told), sections)


def _shown(made: Table | None) -> str:
    """The rows of a table for which there is room, and the columns in which anything stands; nothing of none."""
    if made is None:
        return ""
    filled = [any(row[k] is not None for row in made.rows) for k in range(len(made.fields))]
    kept = [k for k, field in enumerate(made.fields) if filled[k] and field.name not in ASIDE]
    rows = [tuple(row[k] for k in kept) for row in made.rows[:MOST]]
    about = made.about
    if rest := len(made.rows) - len(rows):
        about += f" {rest:,} more rows stand in the workbook (-o)."
    return table(Table(made.title, tuple(made.fields[k] for k in kept), about, rows))
