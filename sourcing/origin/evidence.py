"""Evidence: the rows of the instance that a chain rests on, and which of them are estimates.

A link rests on the row of its process and of the process's site, on its lane, or, at a chain's beginning, on the row
that states the label of an opening stock or of what is under way. A row whose Source is of the basis *estimate*, or
that names no source, is an estimate. Sets of rows are kept as bits of an integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sourcing.components.lanes import Lane
from sourcing.components.places import Site
from sourcing.components.production import Process
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.sheets import Row

Rows = int
"""A set of rows: bit n is the n-th row that `Evidence` was told of."""


class Evidence:
    """Rows by number, and which of them are estimates."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.rows: list[Row] = []
        self.guesses: Rows = 0
        self._bits: dict[tuple[str, str], Rows] = {}
        self._basis = {source.source_id: source.basis for source in instance[Source]}

    def bit(self, *rows: Row | None) -> Rows:
        """The set of these rows."""
        found = 0
        for row in rows:
            if row is None:
                continue
            key = row.tab, row.key
            if key not in self._bits:
                self._bits[key] = 1 << len(self.rows)
                self.rows.append(row)
                if not row.source or any(self.is_estimate(source) for source in row.source):
                    self.guesses |= self._bits[key]
            found |= self._bits[key]
        return found

    def is_estimate(self, source: str) -> bool:
        """Whether a source is an estimate; one that is not on Sources proves nothing."""
        return self._basis.get(source, "estimate") == "estimate"

    def of(self, rows: Rows) -> Iterator[Row]:
        """The rows of a set, in their order."""
        while rows:
            low = rows & -rows
            yield self.rows[low.bit_length() - 1]
            rows ^= low

    def cited(self, rows: Rows, sites: Iterable[tuple[str, tuple[str, ...]]]) -> str:
        """The sources behind each link: `mine x: F1; separation y: F2*; lanes: tariffs*; start: F3`, * an estimate."""
        left = list(self.of(rows))
        links: list[tuple[str, list[Row]]] = []
        for stage, places in sites:
            for place in places:
                own: list[Row] = [
                    row
                    for row in left
                    if (isinstance(row, Process) and (row.site, row.stage) == (place, stage))
                    or (isinstance(row, Site) and row.site == place)
                ]
                links.append((f"{stage} {place}", own))
        told = {id(row) for _, own in links for row in own}
        lanes: list[Row] = [row for row in left if isinstance(row, Lane)]
        links.append(("lanes", lanes))
        told |= {id(row) for row in lanes}
        links.append(("start", [row for row in left if id(row) not in told]))
        return "; ".join(f"{name}: {self._names(own)}" for name, own in links if own)

    def _names(self, rows: Iterable[Row]) -> str:
        names = dict.fromkeys(name for row in rows for name in row.source or ("no source",))
        return ", ".join(f"{name}*" if self.is_estimate(name) else name for name in names)


@dataclass
class Tally:
    """Tonnes that rest on estimates, by row: on it alone, and on it with others."""

    alone: dict[Rows, float] = field(default_factory=dict)
    shared: dict[Rows, float] = field(default_factory=dict)

    def add(self, guesses: Rows, tonnes: float) -> None:
        """Count tonnes that rest on a set of estimates."""
        if guesses and not guesses & (guesses - 1):
            self.alone[guesses] = self.alone.get(guesses, 0.0) + tonnes
        while guesses:
            low = guesses & -guesses
            self.shared[low] = self.shared.get(low, 0.0) + tonnes
            guesses ^= low

    def merge(self, other: Tally) -> None:
        """Count what another tally has counted."""
        for mine, theirs in ((self.alone, other.alone), (self.shared, other.shared)):
            for bit, tonnes in theirs.items():
                mine[bit] = mine.get(bit, 0.0) + tonnes

    def ranked(self) -> list[tuple[Rows, float, bool]]:
        """Rows in the order in which to document them: the row, the tonnes that rest on it, whether on it alone.

        First the rows that alone keep tonnes from being documented, then those on which most rest with others.
        """
        found: list[tuple[Rows, float, bool]] = []
        for tonnes, alone in ((self.alone, True), (self.shared, False)):
            bits = (bit for bit in tonnes if alone or bit not in self.alone)
            found += sorted(((bit, tonnes[bit], alone) for bit in bits), key=lambda item: (-round(item[1], 6), item[0]))
        return found
