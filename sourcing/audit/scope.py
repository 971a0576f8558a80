"""What an instance asks that has no meaning: said, rather than passed over."""

from __future__ import annotations

import math

from sourcing.audit.facts import MOMENT, Facts
from sourcing.audit.verdict import Families
from sourcing.components.floors import Floor
from sourcing.components.production import Unit
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.sheets import year_of


def check_scope(facts: Facts, families: Families) -> None:
    """An instance that has no meaning fails, so that *passed* means that all of it was looked at."""
    check, instance = families("scope"), facts.instance
    rules, stocks = instance[Rule], instance[Stockpile]
    for row, unclear, what in (
        *((row, row.test not in ("place", "owner", "both"), f"no test {row.test!r} is known") for row in rules),
        *((row, _split(facts, row), "it begins inside a period") for row in rules),
        *((row, row.kind not in ("cfd", "border"), f"no kind {row.kind!r} is known") for row in instance[Floor]),
        *(
            (row, row.makeup > 0 and row.minimum_share is not None, "a make-up of a minimum share is not audited")
            for row in facts.contracts.values()
        ),
        *((row, _endless(row), "a minimum load needs a capacity") for row in instance[Unit]),
        *((row, _unbounded(row), "a terminal value needs a maximum, and no terminal level") for row in stocks),
    ):
        check.holds(not unclear, f"{row.name_of_row}: {what}")


def _split(facts: Facts, rule: Rule) -> bool:
    """Whether a rule begins inside a period."""
    return any(t.start + MOMENT < year_of(rule.since) < t.end - MOMENT for t in facts.times)


def _endless(row: Unit) -> bool:
    """Whether a minimum load stands on a unit without limit."""
    return row.minimum_load != 0 and math.isinf(max(row.capacity.values))


def _unbounded(row: Stockpile) -> bool:
    """Whether a terminal value stands without a maximum, or beside a terminal level."""
    return row.terminal_value is not None and (row.maximum is None or row.terminal is not None)
