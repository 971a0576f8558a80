"""Misspelt: an id that is wrong where it is defined is told once, there, and not at each cell that names it rightly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sourcing.instance import Instance
from sourcing.sheets import Issue, Row, Selector
from sourcing.words import lookalike, nearest

_UNKNOWN = re.compile(
    r"(?:'([^']+)' |(\S+) )?is not (?:an id on tabs? (.*?)(?::|$)|a (rule)$|a (scenario)$|a row of (.*))"
)
"""How checks say that a name is unknown: the name where the cell holds several, and the tab that does not have it."""


def gathered(instance: Instance, issues: list[Issue]) -> list[Issue]:
    """The issues, those that one misspelt definition causes made one.

    A definition is taken for misspelt if nothing names it, and two cells at least name what is like it and not there.
    """
    unknown = _unknown(issues)
    named = _words(instance) if unknown else set()
    unused: dict[str, dict[str, tuple[Row, str]]] = {}
    told: set[int] = set()
    cells: set[tuple[str, str]] = set()
    made: list[Issue] = []
    for word, (tabs, found) in unknown.items():
        if tabs not in unused:
            unused[tabs] = {
                name: (row, field) for row, field, name in _definitions(instance, tabs) if name not in named
            }
        if lookalike(word):
            continue
        meant = nearest(word, list(unused[tabs])) if len(found) > 1 else ""
        alone = "" if meant else nearest(word, list(unused[tabs]))
        if alone:  # which of the two is wrong cannot be told
            told.add(id(found[0]))
            made.append(replace(found[0], suggestion=f"did you mean '{alone}', which nothing names?"))
        if meant:
            row, field = unused[tabs][meant]
            word, meant, field = _part(row, word, meant, field)
            more = f"{len(found) - 1} more cell{'s' if len(found) > 2 else ''}"
            message = f"is named nowhere, but {found[0].where} and {more} name '{word}'"
            made.append(instance.issue(row, field, message, f"write '{word}' here, or '{meant}' there"))
            cells.add((row.tab, made[-1].cell))
            told |= {id(issue) for issue in found}
    return [issue for issue in issues if id(issue) not in told and (issue.tab, issue.cell) not in cells] + made


def _part(row: Row, word: str, meant: str, field: str) -> tuple[str, str, str]:
    """Of a rule@version the half that differs, with its field."""
    right, found = word.split("@"), meant.split("@")
    if len(right) == len(found) == 2 and right[1] == found[1]:
        return right[0], found[0], row.key_fields[0]
    return (
        (right[1], found[1], field) if len(right) == len(found) == 2 and right[0] == found[0] else (word, meant, field)
    )


def _unknown(issues: list[Issue]) -> dict[str, tuple[str, list[Issue]]]:
    """By unknown name the tabs that should have it (those that all ask for) and the issues that say so."""
    found: dict[str, tuple[str, list[Issue]]] = {}
    for issue in issues:
        match = _UNKNOWN.match(issue.message) if issue.severity == "error" else None
        if not match:
            continue
        tabs = match[3] or match[6] or ("Rules" if match[4] else "Scenarios")
        word = match[1] or match[2] or issue.value
        before, others = found.get(word, (tabs, []))
        common = [tab for tab in before.split(" or ") if tab in tabs.split(" or ")]
        found[word] = " or ".join(common) or before, [*others, issue] if common else others
    return found


def _definitions(instance: Instance, tabs: str) -> Iterator[tuple[Row, str, str]]:
    """The rows that define names on tabs: row, field, name; a version of a rule is a name too."""
    for row in instance.rows():
        if row.active and row.tab in tabs.split(" or "):
            yield row, row.key_fields[0], str(getattr(row, row.key_fields[0]))
            if version := getattr(row, "id", ""):
                yield row, row.key_fields[-1], version


def _words(instance: Instance) -> set[str]:
    """Every word by which a row may name another."""
    words: set[str] = set()
    for row in instance.rows():
        for name, column in row.columns.items():
            own = name == row.key_fields[0] and not column.refers
            if row.active and name not in ("note", "name") and not (own and column.kind == "id"):
                words.update(_texts(getattr(row, name)))
    return words


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Selector):
        yield from (name for _, name in value.terms)
    elif isinstance(value, tuple):
        yield from (item for item in value if isinstance(item, str))
    elif isinstance(value, str):
        yield value
