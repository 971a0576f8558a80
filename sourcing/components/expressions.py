"""Expressions: sums for rules, never a bare number.

An empty sum is the variable `path.nothing`, which is zero. So a duty that nothing can meet (a firm contract without a
lane) becomes a row that the solver finds infeasible and `explain` can name, and not a Python False.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def total(path: Any, variables: Iterable[Any]) -> Any:
    """Σ of variables or products."""
    from pyomo.environ import quicksum

    found = list(variables)
    return quicksum(found) if found else path.nothing
