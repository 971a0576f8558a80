"""A plain workbook of tables, a sheet each, in the style of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib.metadata import version
from pathlib import Path

from sourcing.components.horizon import settings
from sourcing.instance import Instance
from sourcing.report import style
from sourcing.report.workbook import opened, write_table
from sourcing.tables import Table


def write_tables(
    tables: Iterable[Table], path: str | Path, instance: Instance | str, title: str, shaded: Collection[str] = ()
) -> None:
    """Write tables as sheets of a workbook; OutputError where the file or a value can't be written.

    The book names the instance that it is about and its hash (of a name alone, only that), but is no plan. The
    numbers of the tables `shaded` (by title) are the darker the larger they are: heat maps.
    """
    with opened(path) as book:
        book.set_properties({"title": title, "subject": instance if isinstance(instance, str) else instance.name})
        if not isinstance(instance, str):
            book.set_custom_property("input_sha256", instance.sha256(), "text")
        book.set_custom_property("sourcing-version", version("allied-sourcing"), "text")
        for table in tables:
            write_table(book, table.title, table, "" if isinstance(instance, str) else settings(instance).marking)
            if table.title in shaded and table.rows:
                scale = {"type": "2_color_scale", "min_color": style.WHITE, "max_color": style.ALARM, "min_type": "num"}
                first = next((place for place, field in enumerate(table.fields) if field.unit), 0)
                sheet, last = book.get_worksheet_by_name(table.title), (len(table.rows), len(table.fields) - 1)
                sheet.conditional_format(1, first, *last, scale | {"min_value": 0})
