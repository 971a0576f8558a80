"""What an instance asks that this audit has no check for: said, rather than passed over."""

from __future__ import annotations

from sourcing.audit.facts import Facts
from sourcing.audit.verdict import Families
from sourcing.components.floors import Floor
from sourcing.components.production import Unit
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer


def check_scope(facts: Facts, families: Families) -> None:
    """A feature without a check fails, so that *passed* means that all of the instance was looked at.

    A tolerance, a waiver and a make-up would only allow more than what is checked: they need no entry here.
    """
    check, instance = families("scope"), facts.instance
    for row, unread, what in (
        *((row, row.test != "place", "a test of owners") for row in instance[Rule]),
        *((row, row.kind != "cfd", "a border floor") for row in instance[Floor]),
        *((row, bool(row.running_cost), "a running cost") for row in instance[Unit]),
        *((row, row.terminal_value is not None, "a terminal value") for row in instance[Stockpile]),
        *((row, bool(row.minimum_order), "a minimum order") for row in instance[Offer]),
    ):
        check.holds(not unread, f"{row.name_of_row}: {what} is not audited")
