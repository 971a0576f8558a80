"""Decisions: what a plan signs, builds and qualifies, in one shape for all three."""

from __future__ import annotations

from typing import NamedTuple

from sourcing.components.horizon import Span


class Decision(NamedTuple):
    """One decision that a plan takes.

    `start` is the period at whose start it is taken, `opens` the one from which it has effect (None: after the
    horizon), `steps` how many (1 of a signature or qualification), `outlay` what it commits in M USD, undiscounted.
    `column` is the variable: family and index.
    """

    kind: str
    name: str
    where: str
    start: Span
    steps: float
    opens: Span | None
    outlay: float
    column: tuple[str, tuple[str, str] | tuple[str, str, str, str]]
