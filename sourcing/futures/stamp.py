"""Stamping: the arrays of an instance that differs from another one only in numbers, without building its path.

The path of the first instance is built once more with traced cells (`traced`): a tape of how every cost, bound, side
and coefficient follows from the cells, and of what was asked of them on the way (is a capacity above zero, is a
coefficient zero). For another instance the cells that differ are read, and the tape is run on them:

    every question has the same answer   =>   its arrays are those of its own path, bit for bit

so whether columns, rows or the pattern of the matrix could differ needs no rules of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, compile_path
from sourcing.instance import Instance
from sourcing.lots import reach
from sourcing.model import build, uncollected
from sourcing.sheets import TABS, Column, Series
from sourcing.traced import Replay, Tape, Traced

if TYPE_CHECKING:
    import numpy as np

Cell = tuple[str, int, str]
"""A tab, the place of a row among its active ones, and a field."""

UNREAD_TABS = ("Scenarios", "Shocks", "Sources")
UNREAD_FIELDS = ("source", "note")
"""Of these nothing stands in a path."""

FRAME_UNITS = ("", "t/t", "days", "months", "years", "y")
"""Units of the columns that frame a path rather than fill it (recipes, lead times): a stamp does not change those."""


class Form:
    """The form of a path: what gives the arrays of other instances without building their paths.

    `path` and `arrays` are built and compiled from `instance`. The traced build is made at the first stamp that needs
    it, and takes somewhat longer than the path's own. A path with an addition of the caller's is a ValueError: what
    that reads is not known.
    """

    def __init__(self, path: Any, arrays: Arrays, instance: Instance):
        if path.component("extra") is not None:
            raise ValueError("a path with additions cannot be stamped")
        self.path, self.arrays, self.instance = path, arrays, instance
        self._traced: _TracedBuild | None = None

    def stamp(self, other: Instance) -> Arrays | None:
        """The arrays of another instance, equal to those of its own path; None where that has to be built.

        It has to be where anything but a number differs (a row that is added or switched off, a date, a recipe), and
        where a number decides more than numbers: a capacity that becomes zero takes columns away.
        """
        changed = differing(self.instance, other)
        if changed is None:
            return None
        if not changed:
            return self.arrays
        if self._traced is None:
            self._traced = _TracedBuild(self.path, self.arrays, self.instance)
        return self._traced.arrays_of(other, changed)


def differing(one: Instance, other: Instance) -> set[Cell] | None:
    """The cells with a number in which two instances differ; None if they differ in anything else."""
    found: set[Cell] = set()
    for tab, row_type in TABS.items():
        if tab in UNREAD_TABS:
            continue
        ours, theirs = one[row_type], other[row_type]
        if len(ours) != len(theirs):
            return None
        for place, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            if a is b:
                continue
            for field, column in row_type.columns.items():
                x, y = getattr(a, field), getattr(b, field)
                if field in UNREAD_FIELDS or x is y or (x.__class__ is y.__class__ and x == y):
                    continue
                if not (_traceable(column, x) and _traceable(column, y)):
                    return None
                found.add((tab, place, field))
    return found


def _traceable(column: Column, value: Any) -> bool:
    """Whether a cell holds a number that a tape can follow."""
    number = isinstance(value, float | int | Series) and not isinstance(value, bool)
    return number and column.kind in ("number", "series") and column.unit not in FRAME_UNITS


class _TracedBuild:
    """The tape of a path's numbers, and where they stand in its arrays."""

    @uncollected()
    def __init__(self, path: Any, arrays: Arrays, instance: Instance):
        import numpy as np

        self._arrays = arrays
        self._tape = Tape()
        self._places: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        tables = _traced(instance, self._tape)
        reach(tables).keep([path.lots])  # a path may have kept what is of use in other futures
        again = compile_path(build(tables, view=path.ledger.view), self._end)
        if (
            again.columns != arrays.columns
            or again.rows != arrays.rows
            or not all(np.array_equal(getattr(again, name), getattr(arrays, name)) for name in self._places)
        ):
            raise ValueError("the arrays are not those of the instance's path")
        used = self._tape.used().union(*(which.tolist() for _, which in self._places.values()))
        self._leaves: dict[Cell, list[tuple[tuple[float, float] | None, int]]] = {}
        for (tab, place, field, span), leaf in self._tape.leaves.items():
            if leaf.place in used:
                self._leaves.setdefault((tab, place, field), []).append((span, leaf.place))
        self._replay = Replay(self._tape)
        del self._tape

    def _end(self, numbers: Mapping[str, list[float]]) -> None:
        """Note where traced numbers stand, and close the tape."""
        import numpy as np

        for name, values in numbers.items():
            found = [(k, value.place) for k, value in enumerate(values) if isinstance(value, Traced)]
            where, which = np.array(found, dtype=np.int64).reshape(-1, 2).T
            self._places[name] = where, which
        self._tape.closed = True

    def arrays_of(self, other: Instance, changed: set[Cell]) -> Arrays | None:
        """The arrays of an instance that differs in some cells; None where a question has another answer."""
        given: dict[int, float] = {}
        for tab, place, field in changed:
            value = getattr(other[TABS[tab]][place], field)
            for span, leaf in self._leaves.get((tab, place, field), ()):
                if not isinstance(value, Series):
                    given[leaf] = value
                elif span is None:
                    return None  # what reads it knows one number for all time
                else:
                    given[leaf] = value.mean(*span)
        values = self._replay.run(given)
        if values is None:
            return None
        new: dict[str, Any] = {}
        for name, (where, which) in self._places.items():
            if len(where) and name == "constant":
                new[name] = float(values[which[0]])
            elif len(where):
                new[name] = getattr(self._arrays, name).copy()
                new[name][where] = values[which]
        return dataclasses.replace(self._arrays, **new)


class _TracedSeries(Series):
    """A cell with a number over time."""

    def __init__(self, series: Series, name: Cell, tape: Tape):
        super().__init__(series.starts, series.values)
        self.__dict__.update(name=name, tape=tape)

    def mean(self, start: float, end: float) -> float:
        """The mean from `start` to `end`."""
        value, tape = super().mean(start, end), self.__dict__["tape"]
        return value if tape.closed else tape.leaf((*self.__dict__["name"], (start, end)), value)


def _traced(instance: Instance, tape: Tape) -> Instance:
    """The instance with numbers that write to a tape; a cell's leaves are named (tab, row, field, span)."""
    rows = []
    for tab, row_type in TABS.items():
        for place, row in enumerate(instance[row_type]):
            cells: dict[str, Any] = {}
            for field, column in row_type.columns.items():
                value, name = getattr(row, field), (tab, place, field)
                if isinstance(value, Series) and _traceable(column, value):
                    cells[field] = _TracedSeries(value, name, tape)
                elif _traceable(column, value):
                    cells[field] = tape.cell(name, value)
            rows.append(dataclasses.replace(row, **cells) if cells else row)
    return Instance(rows, name=instance.name)
