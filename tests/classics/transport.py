"""Dantzig's transport problem: canneries, markets and freight by the mile.

G. B. Dantzig, Linear Programming and Extensions (1963), chapter 3.3; GAMS model library `trnsport`: 153.675 thousand
dollars. A case is a tonne here. `tiny` has the rows.
"""

from __future__ import annotations

from tiny import dantzig

PUBLISHED = 153.675


def instance():
    """The rows."""
    return dantzig()


def restated(objective: float) -> float:
    """Thousand dollars: the objective is in millions."""
    return objective * 1000
