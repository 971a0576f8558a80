"""What an instance asks that a plan does not hold: said, rather than passed over."""

from __future__ import annotations

from sourcing.audit.facts import MOMENT, Facts
from sourcing.audit.verdict import Families
from sourcing.components.floors import Floor
from sourcing.components.places import Entity, Site
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer
from sourcing.sheets import Row, year_of


def check_scope(facts: Facts, families: Families) -> None:
    """An instance that has no meaning fails, so that *passed* means that all of it was looked at.

    What plans leave out on purpose, with a warning of the reader, is not asked here either: a check that passes
    names it.
    """
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
        *((row, _unbounded(row), "a terminal value needs a maximum, and no terminal level") for row in stocks),
    ):
        check.holds(not unclear, f"{row.name_of_row}: {what}")
    left_out: dict[str, list[Row]] = {
        "minimum load": [row for row in instance[Unit] if row.minimum_load],
        "running cost": [row for row in instance[Unit] if row.running_cost],
        "minimum order": [row for row in instance[Offer] if row.minimum_order],
        "whole steps": [row for row in instance[Project] if row.whole and row.status == "option"],
        "blended custody": [row for row in instance[Site] if row.custody == "blended"],
        "budget": [row for row in instance[Entity] if row.budget is not None],
    }
    if any(left_out.values()):
        found = [row for rows in left_out.values() for row in rows]
        name = f"not asked: {', '.join(what for what, rows in left_out.items() if rows)}"
        families(name).noted(len(found), "; ".join(row.name_of_row for row in found))


def _split(facts: Facts, rule: Rule) -> bool:
    """Whether a rule begins inside a period."""
    return any(t.start + MOMENT < year_of(rule.since) < t.end - MOMENT for t in facts.times)


def _unbounded(row: Stockpile) -> bool:
    """Whether a terminal value stands without a maximum, or beside a terminal level."""
    return row.terminal_value is not None and (row.maximum is None or row.terminal is not None)
