"""Explain: why there is no plan, what would have to give way so that there is one, and what a site does in a plan.

Shortage is priced, so what can be infeasible is a duty: a firm or minimum contract, a stock's minimum or end, a
minimum limit or load, a by-product that must not be left over, or a clash among them. `explain(instance)` names the
cheapest set of rules to give way and what else would do, each with its cell and the edit that does it (`elastic`,
`remedies`, `search`); `site` says what a source does in a plan and what blocks it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sourcing.arrays import Arrays, compile_path
from sourcing.explain.elastic import OutOfTime
from sourcing.explain.remedies import Remedy, tonnes_text
from sourcing.explain.search import Search, Way
from sourcing.explain.unbounded import loop
from sourcing.instance import Instance
from sourcing.model import build
from sourcing.tables import Table, fields
from sourcing.words import did_you_mean, fold

__all__ = ["Explanation", "Remedy", "Way", "explain", "kept_rules", "tonnes_text", "why"]

SECONDS = 45.0
"""How long ways are looked for and checked."""


@dataclass
class Explanation:
    """Why there is no plan: `status` is infeasible or unbounded (or optimal: there is one), `ways` the best first."""

    status: str
    headline: str
    ways: list[Way] = field(default_factory=list)
    table: Table = field(default_factory=lambda: why_table())

    def as_dict(self) -> dict[str, Any]:
        """The object of `explain --json`."""
        lists = [[remedy.record(way.verified) for remedy in way.remedies] for way in self.ways]
        return {
            "status": self.status,
            "headline": self.headline,
            "remedies": lists[0] if lists else [],
            "alternatives": lists[1:],
        }


def why_table() -> Table:
    """The empty table Why."""
    return Table(
        "Why",
        fields(
            ("Way", "", "rows of one number belong together; 1 is the best"), "Rule", "Name", "Period",
            ("Gives way by", "", "in the unit that stands beside it"), "Unit", "In words", "Cell",
            ("Edit", "", "what `--set` takes"), ("Checked", "", "with it, the instance was solved"),
        ),
        "What would have to give way so that a plan exists: the best way first, then what else would do by itself.",
    )  # fmt: skip


def why(instance: Instance, arrays: Arrays, status: str) -> tuple[str, Table]:
    """A sentence that says why no plan exists, and the table of what would have to give way."""
    found = explain(instance, arrays, status)
    return found.headline, found.table


def explain(
    instance: Instance,
    arrays: Arrays | None = None,
    status: str = "infeasible",
    *,
    keep: Iterable[str] = (),
    seconds: float = SECONDS,
) -> Explanation:
    """Why an instance whose model is infeasible or unbounded has no plan, and what would make one possible.

    `keep` are rules that may not give way: ids, or `Tab[key]`; ValueError where one means no row.
    """
    until = perf_counter() + seconds
    if arrays is None:
        arrays = compile_path(build(instance))
    if status == "unbounded":
        headline, table = loop(instance, arrays)
        return Explanation(status, headline, [], table)
    pinned = kept_rules(instance, keep)
    search = Search(instance, arrays, lambda rule: rule[:2] in pinned, until)
    try:
        ways = search.ways()
    except OutOfTime:
        return Explanation(status, "No plan exists; what would make one possible was not found in time.")
    if not ways:
        return Explanation(status, _nothing(pinned))
    table = why_table()
    for number, way in enumerate(ways, 1):
        for cell in way.remedies:
            table.add(
                number, cell.rule, cell.name, cell.period or None, cell.amount, cell.unit, cell.words, cell.cell,
                cell.edit, "yes" if way.verified else "no: the time was up",
            )  # fmt: skip
    return Explanation(status, _headline(ways), ways, table)


def kept_rules(instance: Instance, keep: Iterable[str]) -> frozenset[tuple[str, str]]:
    """The rows (tab, key) that ids or `Tab[key]` mean; ValueError, with the nearest, where one means none."""
    found = set()
    rows = [row for row in instance.rows() if row.active]
    for text in keep:
        wanted = fold(text)
        hits = [row for row in rows if fold(row.name_of_row) == wanted]
        hits = hits or [row for row in rows if fold(row.key) == wanted]
        hits = hits or [row for row in rows if wanted in (fold(part) for part in row.key.split("|"))]
        if not hits:
            hint = did_you_mean(text, [row.key for row in rows])
            raise ValueError(f"--keep {text}: no row has this id" + (f"; {hint}" if hint else ""))
        found |= {(row.tab, row.key) for row in hits}
    return frozenset(found)


def _nothing(pinned: frozenset[tuple[str, str]]) -> str:
    if pinned:
        names = ", ".join(f"{tab}[{key}]" for tab, key in sorted(pinned)[:5])
        return f"No plan exists, and none can be had while {names} may not give way: nothing is left to give."
    return "No plan exists: the balances themselves contradict each other (fixed arrivals that nobody can use)."


def _headline(ways: list[Way]) -> str:
    sentences = [cell.words for cell in ways[0].remedies[:3]]
    more = len(ways[0].remedies) - len(sentences)
    text = "No plan exists. It would with: " + "; ".join(sentences) + (f", and {more} more" if more else "") + "."
    others = list(itertools.islice((way for way in ways[1:] if len(way.remedies) == 1), 2))
    return text + (" Or: " + "; or ".join(way.remedies[0].words for way in others) + "." if others else "")
