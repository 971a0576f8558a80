"""Differences: cell by cell where two instances differ.

Rows are matched by their keys; a number over time is compared period by period of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sourcing import components
from sourcing.components.horizon import periods
from sourcing.edits import cell_at, shown
from sourcing.instance import Instance, as_text
from sourcing.sheets import TABS, Column, Row, Series


@dataclass(frozen=True)
class Difference:
    """A cell in which two instances differ: numbers, texts or None (blank), in the unit of the column.

    Of a row that one of them lacks `column` is blank, and what it holds stands on the side that has it.
    """

    tab: str
    key: str
    column: str
    unit: str
    period: str
    before: Any
    after: Any
    cell: str

    @property
    def kind(self) -> str:
        """changed, or row added, or row removed."""
        return "changed" if self.column else "row added" if self.before is None else "row removed"


def differences(before: Instance, after: Instance) -> list[Difference]:
    """Cell by cell where two instances differ, tab by tab; rows are matched by their keys, the order does not count.

    Of a number over time a cell is what holds in a period of the model.
    """
    return [found for tab in components.TAB_ORDER for found in _in_tab(before, after, TABS[tab])]


def _in_tab(before: Instance, after: Instance, row_type: type[Row]) -> Iterator[Difference]:
    old, new = _by_key(before.all(row_type)), _by_key(after.all(row_type))
    spans = list({t.id: t for one in (before, after) for t in periods(one)}.values())
    for key, row in new.items():
        if key not in old:
            yield Difference(row.tab, row.key, "", "", "", None, _summary(row), after.cell(row))
        elif row != old[key]:
            for column in row_type.columns.values():
                yield from _in_field(before, after, old[key], row, column, spans)
    for key, row in old.items():
        if key not in new:
            yield Difference(row.tab, row.key, "", "", "", _summary(row), None, before.cell(row))


def _by_key(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """Rows by key and, since rows that are off may repeat one, by how many came before; active ones come first."""
    found: dict[tuple[str, int], Row] = {}
    for row in sorted(rows, key=lambda row: not row.active):
        count = 0
        while (row.key, count) in found:
            count += 1
        found[row.key, count] = row
    return found


def _in_field(
    before: Instance, after: Instance, old: Row, new: Row, column: Column, spans: list[Any]
) -> Iterator[Difference]:
    was, now = getattr(old, column.field), getattr(new, column.field)
    if was == now:
        return

    def told(period: str, first: Any, second: Any) -> Difference:
        cell = cell_at(after, new, column.field, period) or cell_at(before, old, column.field, period)
        return Difference(new.tab, new.key, column.name, column.unit, period, first, second, cell)

    if not isinstance(was, Series) and not isinstance(now, Series):
        yield told("", _plain(was), _plain(now))
        return
    values = [(t.id, _held(was, t), _held(now, t)) for t in spans]
    changed = [value for value in values if value[1] != value[2]]
    if not changed:
        if as_steps(was) != as_steps(now):  # they part beyond the horizon, or in spans of which a period takes the mean
            yield told("", as_steps(was), as_steps(now))
    elif len(changed) == len(spans) > 1 and len({value[1:] for value in changed}) == 1:
        yield told("", *changed[0][1:])  # one number for all time, before and after
    else:
        for value in changed:
            yield told(*value)


def _held(value: Any, t: Any) -> Any:
    if not isinstance(value, Series):
        return _plain(value)
    try:
        return _plain(value.mean(t.start, t.end))
    except ValueError:  # it begins later
        return None


def as_steps(value: Any) -> Any:
    """A number over time as text: `100 from 2026, 120 from 2028`."""
    if not isinstance(value, Series):
        return _plain(value)
    pairs = list(zip(value.starts, value.values, strict=True))
    steps = [pair for k, pair in enumerate(pairs) if not k or pairs[k - 1][1] != pair[1]]
    return ", ".join(
        ("none" if math.isinf(v) else f"{v:.10g}") + (f" from {s:.8g}" if math.isfinite(s) else "") for s, v in steps
    )


def _plain(value: Any) -> Any:
    """A value as a table shows it: number, text, or None for a blank."""
    if value is None or value in ("", ()):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "none" if math.isinf(value) else float(value)
    return as_text(value)


def _summary(row: Row) -> str:
    """What a row holds beside its key, in short."""
    own = [
        f"{column.name} {shown(getattr(row, name), column)}"
        for name, column in row.columns.items()
        if name not in (*row.key_fields, "active", "source", "note")
        and getattr(row, name) not in (None, "", (), column.default)
    ]
    return "; ".join([*own[:4], *(["…"] if len(own) > 4 else []), *([] if row.active else ["switched off"])]) or "-"
