"""Integrity: what must hold between the rows of any instance: keys are unique, and every id that is named exists.

It works on rows alone, whether they were read from a sheet or made in code, and knows no row class.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

from sourcing.instance import Instance
from sourcing.sheets import TABS, Column, Issue, Row, Selector, Series, span_of
from sourcing.words import did_you_mean, latin, lookalike

MOST_SUGGESTIONS = 200


def integrity(
    instance: Instance, incomplete: Collection[str] = (), doubtful: Collection[tuple[str, int]] = ()
) -> list[Issue]:
    """Duplicate keys, ids that do not exist or are switched off, and numbers beyond their limits.

    Ids of the tabs in `incomplete` (some of their rows could not be read) are taken on trust, and `doubtful` rows
    (tab, line), of which a cell could not be read, are no doubles.
    """
    check = _Check(instance, incomplete)
    issues = [issue for row_type in TABS.values() for issue in _doubles(instance, row_type, doubtful)]
    for row_type in TABS.values():
        for row in instance[row_type]:
            for name, column in row_type.columns.items():
                issues += check.field(row, name, column)
    return issues


def ids_named(row: Row) -> set[str]:
    """The ids in a row: its own and those that it refers to."""
    own = str(getattr(row, row.key_fields[0]))
    return {own} | {
        word
        for name, column in row.columns.items()
        for word, _ in _named(getattr(row, name), column)
        if name != "source"
    }


def overwritten(instance: Instance) -> bool:
    """Whether an id stands twice, so that one that others name may be gone."""
    return any(
        not row_type.columns[row_type.key_fields[0]].refers
        and len({row.key for row in instance[row_type]}) < len(instance[row_type])
        for row_type in TABS.values()
    )


def _doubles(instance: Instance, row_type: type[Row], doubtful: Collection[tuple[str, int]]) -> Iterator[Issue]:
    first: dict[str, Row] = {}
    for row in instance[row_type]:
        if (row.tab, row.line) in doubtful:
            continue
        if row.key in first:
            cell = instance.cell(first[row.key])
            columns = " and ".join(row_type.columns[name].name for name in row_type.key_fields[:4])
            message = f"the same {columns} as {f'in {cell}' if cell else 'in another row'}"
            remedy = "change or delete one, or set Active to no"
            yield instance.issue(row, row_type.key_fields[0], message, remedy)
        first.setdefault(row.key, row)


class _Check:
    """The ids of an instance, and what of a row breaks their rules."""

    def __init__(self, instance: Instance, incomplete: Collection[str]):
        self.instance, self.incomplete = instance, set(incomplete)
        self.ids: dict[str, dict[str, str]] = {}
        self.off: dict[str, set[str]] = {}
        for tab, row_type in TABS.items():
            id_field = row_type.key_fields[0]
            active = {str(getattr(row, id_field)): str(getattr(row, "name", "")) for row in instance[row_type]}
            self.ids[tab] = active
            self.off[tab] = {str(getattr(row, id_field)) for row in instance.all(row_type)} - set(active)
        self.faults: dict[tuple[str, tuple[str, ...]], tuple[str, str] | None] = {}
        self.unknown = 0  # words looked for among the ids
        self.displaced = self._displaced()

    def _displaced(self) -> set[tuple[str, str]]:
        """Unknown ids (tab, id) that a double took the place of: the double tells of them already.

        A tab with as many doubles as unknown ids that others name was whole before one id was overwritten.
        """
        doubles: dict[str, int] = {}
        for tab, row_type in TABS.items():
            keys = [row.key for row in self.instance[row_type]]
            doubles[tab] = len(keys) - len(set(keys))
        missing: dict[str, set[str]] = {tab: set() for tab in TABS}
        for row in self.instance.rows():
            for name, column in row.columns.items() if row.active else ():
                for word, tabs in _named(getattr(row, name), column):
                    tab = tabs[0]
                    if len(tabs) == 1 and doubles[tab] and word not in self.ids[tab] and word not in self.off[tab]:
                        missing[tab].add(word)
        return {(tab, word) for tab, words in missing.items() if len(words) <= doubles[tab] for word in words}

    def field(self, row: Row, name: str, column: Column) -> Iterator[Issue]:
        """Faults of one field."""
        value = getattr(row, name)
        for number in _numbers(value):
            if broken := column.broken_limit(number):
                yield self.instance.issue(row, name, broken, f"correct it: {column.meaning}")
        if column.required and value in (None, "", ()):
            yield self.instance.issue(row, name, "may not be blank", f"write {column.meaning}")
        for word, tabs in _named(value, column):
            if fault := self._fault(word, tabs):
                message, remedy = fault
                many = isinstance(value, tuple) or (isinstance(value, Selector) and str(value) != word)
                yield self.instance.issue(row, name, f"'{word}' {message}" if many else message, remedy)

    def _fault(self, word: str, tabs: tuple[str, ...]) -> tuple[str, str] | None:
        if (word, tabs) not in self.faults:
            self.faults[word, tabs] = self._judge(word, tabs)
        return self.faults[word, tabs]

    def _judge(self, word: str, tabs: tuple[str, ...]) -> tuple[str, str] | None:
        """Message and remedy where a word is no id of the tabs."""
        if any(word in self.ids[tab] for tab in tabs) or self.incomplete & set(tabs):
            return None
        for tab in tabs:
            if (tab, word) in self.displaced:
                return None
            if word in self.off[tab]:
                return f"is switched off on tab {tab}", "set its Active to yes, or name another"
        message = f"is not an id on tab{'s' if len(tabs) > 1 else ''} {' or '.join(tabs)}"
        ids = [key for tab in tabs for key in self.ids[tab]]
        twin = next((key for key in ids if latin(key) == latin(word)), "")
        if twin:
            letter, holder = (lookalike(word), "it") if lookalike(word) else (lookalike(twin), "the id there")
            message += f": {holder} holds a letter that looks like Latin '{letter}' but is not"
            return message, f"write '{twin}' anew" if holder == "it" else f"write the id of '{word}' there anew"
        anywhere = f"write an id of {' or '.join(tabs)}, or add it there"
        self.unknown += 1
        if self.unknown > MOST_SUGGESTIONS:  # looking for the nearest of many ids takes its time
            return message, anywhere
        options = {key: key for key in ids}
        options |= {name: key for tab in tabs for key, name in self.ids[tab].items() if name}
        if "Sites" in tabs and len(word) == 2 and word.isupper():
            return message, f"did you mean 'country:{word}'?"
        return message, did_you_mean(word, options) or anywhere


def _named(value: Any, column: Column) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The ids that a value names, each with the tabs in which it must stand."""
    if isinstance(value, Selector):
        for kind, name in value.terms:
            if kind in ("id", "entity"):
                yield name, column.refers if kind == "id" else ("Entities",)
    elif not column.refers:
        return
    elif isinstance(value, tuple):
        yield from ((str(item), column.refers) for item in value)
    elif value and str(value) not in column.choices and not (column.kind == "span" and span_of(str(value))):
        yield str(value), column.refers


def _numbers(value: Any) -> Iterator[float]:
    """The finite and infinite numbers in a value."""
    if isinstance(value, Series):
        yield from value.values
    elif isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
        yield float(value)
    elif isinstance(value, tuple):
        yield from (item for item in value if isinstance(item, float))
