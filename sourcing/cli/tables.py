"""Tables on a terminal: headers with units, numbers to the right, as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcing import console, files
from sourcing.cli.shared import Usage, writing
from sourcing.tables import Field, Table

if TYPE_CHECKING:
    from sourcing.console import Talk
    from sourcing.instance import Instance

PLACES = {"1": 2, "%": 1, "t": 1, "USD/t": 0, "days": 0, "steps": 0}
"""Decimals of a number in a unit; two where none is said."""


def as_text(table: Table, *names: str, most: int | None = None) -> str:
    """A table in aligned columns, of the fields that are named or of all; `most` rows, then how many more there are.

    What does not fit the terminal is set below: the columns that stand last are left out, and their names told.
    """
    wanted = [k for k, field in enumerate(table.fields) if not names or field.name in names]
    rows = table.rows if most is None else table.rows[:most]
    columns: list[list[str]] = []
    left_out: list[str] = []
    room = console.width()
    for k in wanted:
        field = table.fields[k]
        values = [shown(field, row[k]) for row in rows]
        head = field.header.split(" (") if field.unit else [field.name]
        heads = [head[0], f"({head[1]}" if field.unit else ""]
        wide = max(len(text) for text in (*heads, *values))
        numeric = any(isinstance(row[k], int | float) for row in table.rows)
        column = [text.rjust(wide) if numeric else text.ljust(wide) for text in (*heads, *values)]
        if columns and room < wide + 2:
            left_out.append(field.name)
            continue
        room -= wide + 2
        columns.append(column)
    lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
    lines = [line for k, line in enumerate(lines) if k != 1 or line]
    if most is not None and len(table.rows) > most:
        lines.append(f"… {len(table.rows) - most:,} more")
    if left_out:
        lines.append(console.wrapped(f"Not shown here: {', '.join(left_out)} (-o FILE.xlsx and --json have them)"))
    return "\n".join(lines)


def shown(field: Field, value: Any) -> str:
    """A value as a terminal shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.{PLACES.get(field.unit, 2)}f}" if field.unit else f"{value:g}"
    return str(value)


def check_book(output: Path | None, instance: Path, *, force: bool) -> None:
    """See that the tables may be written where they are asked for, before they are worked out."""
    if output:
        if output.suffix.lower() != ".xlsx":
            raise Usage(f"the tables are an .xlsx workbook: '{output}' is not named so")
        files.check_output(output, source=instance, force=force)


def write_book(
    tables: Sequence[Table],
    output: Path | None,
    problem: Instance | str,
    title: str,
    talk: Talk,
    shaded: Sequence[str] = (),
) -> None:
    """Write tables as a workbook, if one is asked for; numbers of the tables `shaded` are coloured by their size.

    `problem` is the instance that they are about, or only its name.
    """
    if output:
        from sourcing.report.book import write_tables

        with writing(output, talk) as out:
            name = problem if isinstance(problem, str) else problem.name
            write_tables(tables, out.temporary, problem, f"{title} of {name}", tuple(shaded))
        talk.say(f"Tables: {out.path}")


def write_report(text: str, path: Path, talk: Talk) -> dict[str, str]:
    """Write a page with pictures, and say so; where it went, for `--json`."""
    from sourcing.report.page import write_page

    with writing(path, talk, "report") as out:
        write_page(text, out.temporary)
    talk.say(f"Report: {out.path}")
    return {"report": str(out.path)}


def as_objects(table: Table) -> list[dict[str, Any]]:
    """A table's rows for `--json`, under the names of its columns: `Lowest DSCR (1)` is `lowest_dscr`."""
    keys = [_key(field) for field in table.fields]
    return [dict(zip(keys, row, strict=True)) for row in table.rows]


def _key(field: Field) -> str:
    unit = {"M USD": "_musd", "t": "_t", "%": "_pct", "USD/kg": "_usd_per_kg", "USD/t": "_usd_per_t"}.get(
        field.unit, ""
    )
    return "_".join(field.name.lower().replace("-", " ").split()) + unit
