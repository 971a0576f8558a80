"""Page: one HTML file without script and without network, and the elements that it is made of.

Every text is escaped. A number stands in a <data> element with its full value. A page knows whose report it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import settings
from sourcing.files import PLAN_OF
from sourcing.instance import Instance
from sourcing.report import style
from sourcing.sheets import OutputError
from sourcing.tables import Field, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Section = tuple[str, str, str]
"""Id, title and content of a part of a page."""

MOST_HEAD = 4000
"""Letters at the beginning of a page that hold whose report it is."""


MOST_WHOLE = 28
"""Rows of a table that is never parted between two pages of paper."""


def page(instance: Instance, title: str, head: str, sections: Iterable[Section]) -> str:
    """A page under a head that is made already; sections without content are left out.

    The setting `Marking` stands at the top and at the foot, of every page of paper too.
    """
    shown = [section for section in sections if section[2]]
    links = " ".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in shown)
    body = "\n".join(
        f'<section id="{name}">\n<h2>{escape(title)}</h2>\n{inner}\n</section>' for name, title, inner in shown
    )
    look = files("sourcing.report").joinpath("report.css").read_text(encoding="utf-8")
    marking = settings(instance).marking
    marked = f'<div class="marking">{escape(marking)}</div>' if marking else ""
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="{PLAN_OF}" content="{escape(instance.name)}">',
        f"<title>{escape(title)}</title>\n<style>\n{look}{_on_paper(marking)}</style>\n</head>\n<body>",
        f"{marked}{head}\n<nav>{links}</nav>\n<main>\n{body}\n</main>{marked}",
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _on_paper(marking: str) -> str:
    """The rule that prints a marking over and under every page; its letters are written as numbers."""
    if not marking:
        return ""
    text = "".join(f"\\{ord(letter):06x}" for letter in marking)
    box = f'{{ content: "{text}"; font: bold 9pt Arial, sans-serif; color: {style.ALARM}; }}'
    return f"@page {{ @top-center {box} @bottom-center {box} }}\n"


def header(title: str, words: str, status: str = "") -> str:
    """What a page begins with: its title, what there is to say, and how sure it is."""
    told = f'<p class="status">{escape(status)}</p>\n' if status else ""
    return f"<header>\n<h1>{escape(title)}</h1>\n<p>{escape(words)}</p>\n{told}</header>"


def write_page(text: str, path: str | Path) -> None:
    """Write a page at `path` as it stands; OutputError where that can't be."""
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as fault:
        raise OutputError(f"{path}: the report cannot be written ({fault})") from fault


def report_of(path: Path) -> str | None:
    """Name of the instance that a report is about; None of a file that is no report of this program."""
    try:
        with path.open(encoding="utf-8") as file:
            start = file.read(MOST_HEAD)
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(rf'<meta name="{PLAN_OF}" content="([^"]*)">', start)
    return unescape(found[1]) if found else None


# ------------------------------------------------------------------------------------------------ elements


def picture(name: str, made: Figure) -> str:
    """A picture; nothing, where it shows nothing."""
    from sourcing.report.pictures import svg

    return f"<figure>{svg(made, f'{name}-')}</figure>\n" if made.axes else ""


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>"


def tables(*shown: Table) -> str:
    """Tables one under the other."""
    return "\n".join(map(table, shown))


def table(shown: Table) -> str:
    """A table under its title; nothing, where it has no rows. A first cell `All` is a sum."""
    if not shown.rows:
        return ""
    rows = [[_value(value, field) for field, value in zip(shown.fields, row, strict=True)] for row in shown.rows]
    about = f'<p class="note">{escape(shown.about)}</p>\n' if shown.about else ""
    text = f"<h3>{escape(shown.title)}</h3>\n{about}{grid(shown.fields, rows, summed=shown.rows[-1][0] == 'All')}"
    return f'<div class="whole">\n{text}</div>' if len(rows) <= MOST_WHOLE else text


def grid(columns: Sequence[Field], rows: Sequence[Sequence[str]], summed: bool = False) -> str:
    """Cells under the headers of their columns."""
    head = "".join(f"<th{' class=n' if field.unit else ''}>{escape(field.header)}</th>" for field in columns)
    lines = [f"<tr>{''.join(row)}</tr>" for row in rows]
    if summed:
        lines[-1] = lines[-1].replace("<tr>", '<tr class="sum">', 1)
    kept = " whole" if len(rows) <= MOST_WHOLE else ""
    return (
        f'<div class="scroll{kept}"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def _value(value: Any, field: Field) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, int | float):
        shown = number(value, field.unit)
        return right(shown) if field.unit else f"<td>{shown}</td>"
    return cell(value, alarm=field.name == "Flag")


def cell(text: Any, alarm: bool = False) -> str:
    """A cell of text."""
    return f"<td{' class=alarm' if alarm else ''}>{escape('' if text is None else str(text))}</td>"


def right(inner: str) -> str:
    """A cell of a number that is made already."""
    return f"<td class=n>{inner}</td>"


def number(value: float, unit: str) -> str:
    """A number as the workbook's cells show it, with its full value behind."""
    return f'<data value="{value!r}">{escape(style.shown(value, unit))}</data>'
