"""`sourcing compare`: what differs between two instances or two plans, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    Debug,
    Force,
    Json,
    Output,
    Quiet,
    Usage,
    Verbose,
    command,
    existing,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, check_book, write_book
from sourcing.console import Talk

if TYPE_CHECKING:
    from sourcing.instance import Instance
    from sourcing.tables import Table
    from sourcing.workbook.planbook import PlanBook

MOST = 10
"""Rows of a table that a terminal shows, the largest changes first."""


@command
def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="Instance, or plan workbook that `solve` wrote.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another of the same sort.")],
    output: Output = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """What differs between two instances, cell by cell, or between two plans, and why."""
    from sourcing.comparison import compare as compared
    from sourcing.comparison import headline, plans, same
    from sourcing.differences import differences

    talk = Talk(quiet=quiet, verbose=verbose)
    kinds = [is_plan(existing(path)) for path in (before, after)]
    if kinds[0] != kinds[1]:
        plan, other = (before, after) if kinds[0] else (after, before)
        raise Usage(f"'{plan}' is a plan and '{other}' an instance: give two plans or two instances")
    for path in (before, after):
        check_book(output, path, force=force)
    problem: Instance | None
    if kinds[0]:
        from sourcing.workbook.planbook import read_plan_book

        books = [read_plan_book(path) for path in (before, after)]
        known = [planned_from(book, path, talk) for book, path in zip(books, (before, after), strict=True)]
        problem = known[1] or known[0]
        changed = None
        if known[0] and known[1]:
            changed = differences(known[0], known[1])
        elif books[0].run.get("Input SHA-256") == books[1].run.get("Input SHA-256"):
            changed = []
        else:
            talk.say("The inputs are not compared: an instance as it was planned does not stand beside its plan.")
        tables = plans(books[0].tabs, books[1].tabs, changed)
    else:
        first, problem = (read_instance(path, talk) for path in (before, after))
        tables = compared(first, problem)
    if output:
        write_book(list(tables.values()), output, problem or after.stem, "Comparison", talk)
    if json:
        told = {"same": same(tables), "headline": headline(tables)} | objects(tables)
        print_json({"before": str(before), "after": str(after)} | told)
    else:
        talk.result(words(tables))
    return 0


def is_plan(path: Path) -> bool:
    """Whether a file is a plan workbook of this program."""
    return path.is_file() and (files.plan_of(path) is not None or path.name.endswith(".plan.xlsx"))


def planned_from(book: PlanBook, path: Path, talk: Talk) -> Instance | None:
    """The instance that a plan was made of, as it was planned, if it stands beside it unchanged."""
    from sourcing.sheets import InstanceError
    from sourcing.variants import in_text, switched
    from sourcing.verify import instances_beside
    from sourcing.workbook import read

    for place in instances_beside(path, book.run.get("Instance")):
        try:
            found = switched(read(place), in_text(str(book.run.get("Switched") or "")))
        except (InstanceError, ValueError):
            continue
        if found.sha256() == book.run.get("Input SHA-256"):
            talk.detail(f"{path} was made of {place}")
            return found
    return None


# ------------------------------------------------------------------------------------------------ on a terminal


def objects(tables: dict[str, Table]) -> dict[str, Any]:
    """The tables for `--json`, by title."""
    return {title.lower(): as_objects(table) for title, table in tables.items()}


def words(tables: dict[str, Table], most: int = MOST) -> str:
    """The differences as sentences, a row each, the first of each table."""
    from sourcing.comparison import RUN, headline

    parts = [console.wrapped(headline(tables))]
    for title, table in tables.items():
        if not table.rows or title == RUN:
            continue
        lines = [
            console.wrapped(SENTENCES[title](row), first="- ", rest="  ")
            for row in list(table.records())[: most if title != "Cost" else None]
        ]
        more = len(table.rows) - len(lines)
        lines += [f"… {more:,} more (-o FILE.xlsx and --json have them)"] if more else []
        parts.append("\n".join([title, *lines]))
    return "\n\n".join(parts)


def _input(row: dict[str, Any]) -> str:
    place = f"{row['Tab']}[{row['Row']}]"
    at = f" ({row['Tab']}!{row['Cell']})" if row["Cell"] else ""
    if row["Kind"] != "changed":
        return f"{place} {row['Kind'].removeprefix('row ')}{at}: {row['After'] or row['Before']}"
    span, unit = f"[{row['Period']}]" if row["Period"] else "", f" {row['Unit']}" if row["Unit"] else ""
    was, now = (_value(row[side]) for side in ("Before", "After"))
    return f"{place}.{row['Column']}{span}: {was} → {now}{unit}{at}"


def _value(value: Any) -> str:
    return "blank" if value is None else f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _decision(row: dict[str, Any]) -> str:
    return f"{row['Kind']} {row['Name'].replace('|', ', ')}: {row['Before']} → {row['After']}: {row['Why']}"


def _supplier(row: dict[str, Any]) -> str:
    return f"{row['Material']} from {row['Site']} {row['Change']:+,.1f} t{_from_to(row)}: {row['Why']}"


def _flow(row: dict[str, Any]) -> str:
    what = f"{row['Material']} from {row['From']} to {row['To']}"
    return f"{what} {row['Change']:+,.1f} t in {row['Period']}{_from_to(row)}: {row['Why']}"


def _cost(row: dict[str, Any]) -> str:
    return f"{row['Kind']} {row['Change']:+,.2f} M USD{_from_to(row)}: {row['Why']}"


def _short(row: dict[str, Any]) -> str:
    need = f"{row['Material']} for {row['Customer']}" + (f" ({row['Rules']})" if row["Rules"] else "")
    return f"{need} short {row['Change']:+,.1f} t in {row['Period']}{_from_to(row)}: {row['Why']}"


def _risk(row: dict[str, Any]) -> str:
    was, now = ("-" if row[side] is None else f"{row[side]:,.1f}" for side in ("Before", "After"))
    return f"{row['Figure']}, {row['Of']}: {was} → {now} {row['Unit']} ({row['Why']})"


def _from_to(row: dict[str, Any]) -> str:
    return f" ({row['Before']:,.1f} → {row['After']:,.1f})"


SENTENCES = {
    "Inputs": _input, "Decisions": _decision, "Suppliers": _supplier, "Sourcing": _flow, "Cost": _cost,
    "Shortage": _short, "Risk": _risk,
}  # fmt: skip
"""How a row of each table is said."""
