"""What an audit says: one check a family of promises, each with its worst residual, the tolerance and the place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

RELATIVE = 1e-6
"""Of the sizes compared: a solver that holds its rows to 1e-7 of them is ten times closer."""

TONNES = 1e-5
"""Least tolerance of a mass (t), ten grams: what a solver's 1e-7 leaves after some hundred terms of one balance."""

MONEY = 1e-6
"""Least tolerance of an amount (M USD), one dollar."""


@dataclass(frozen=True)
class Check:
    """One family of promises.

    `count` comparisons were made. `worst` is the residual that is largest in units of its own tolerance, `tolerance`
    that tolerance, and `where` its place in words ("" if nothing was compared). What has no size, an unknown id or
    a lane that isn't there, is an infinite residual.
    """

    name: str
    count: int
    worst: float
    tolerance: float
    where: str

    @property
    def ratio(self) -> float:
        """The worst residual in units of its tolerance: the check passes up to 1."""
        return self.worst / self.tolerance if self.tolerance else math.inf if self.worst else 0.0

    @property
    def passed(self) -> bool:
        """Whether every comparison is within its tolerance."""
        return self.ratio <= 1

    def __str__(self) -> str:
        if math.isinf(self.worst):
            return f"{self.name}: {self.where}"
        return f"{self.name}: {self.where} (off by {self.worst:.3g}, tolerance {self.tolerance:.3g})"


@dataclass(frozen=True)
class Audit:
    """The verdict on a plan: it passes when every check does."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether all checks pass."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that do not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def worst(self) -> float:
        """The largest residual in units of its own tolerance: up to 1 passes, infinite where something has no size."""
        return max((check.ratio for check in self.checks), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """`passed`, `checks` (how many) and `worst` as `solve --json` shows them; an infinite worst is None."""
        worst = None if math.isinf(self.worst) else self.worst
        return {"passed": self.passed, "checks": len(self.checks), "worst": worst}


class Family:
    """A check while it is being made."""

    def __init__(self, name: str, floor: float = TONNES):
        self.name = name
        self.floor = floor
        self.count = 0
        self.worst, self.tolerance, self.where = 0.0, floor, ""

    def equal(self, found: float, wanted: float, where: str, *, size: float = 0.0, floor: float | None = None) -> None:
        """Two numbers agree; `size` is the sum of what they were added up from, where that is larger than they are."""
        size = max(size, abs(found), abs(wanted))
        self._note(abs(found - wanted), size, floor, f"{where}: {_number(found)} instead of {_number(wanted)}")

    def at_most(self, value: float, limit: float, where: str, *, size: float = 0.0) -> None:
        """A number does not pass its limit."""
        size = max(size, abs(value), abs(limit) if math.isfinite(limit) else 0.0)
        self._note(max(0.0, value - limit), size, None, f"{where}: {_number(value)}, at most {_number(limit)}")

    def at_least(self, value: float, limit: float, where: str, *, size: float = 0.0) -> None:
        """A number does not stay below its limit."""
        size = max(size, abs(value), abs(limit))
        self._note(max(0.0, limit - value), size, None, f"{where}: {_number(value)}, at least {_number(limit)}")

    def none(self, value: float, where: str) -> None:
        """There is exactly nothing of it: the family's floor is the tolerance, whatever the sizes are."""
        self._note(abs(value), 0.0, None, f"{where}: {_number(value)} instead of 0")

    def holds(self, condition: bool, where: str) -> None:
        """Something that has no size is as it must be; `where` says what is wrong otherwise."""
        self.count += 1
        if not condition and not math.isinf(self.worst):  # the first such fault is the one told
            self.worst, self.where = math.inf, where

    def noted(self, count: int, where: str) -> None:
        """What is only named: it passes."""
        self.count, self.where = self.count + count, where

    def _note(self, residual: float, size: float, floor: float | None, where: str) -> None:
        self.count += 1
        residual = math.inf if math.isnan(residual) else residual
        tolerance = max(self.floor if floor is None else floor, RELATIVE * size)
        if not self.where or residual / tolerance > self.worst / self.tolerance:
            self.worst, self.tolerance, self.where = residual, tolerance, where

    def done(self) -> Check:
        """The finished check."""
        return Check(self.name, self.count, self.worst, self.tolerance, self.where)


def _number(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


class Families:
    """All checks of an audit, made on first use under their names."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def __call__(self, name: str, floor: float = TONNES) -> Family:
        """The check of that name, begun if it is new."""
        return self._families.setdefault(name, Family(name, floor))

    def done(self) -> tuple[Check, ...]:
        """The finished checks in the order in which they were begun."""
        return tuple(family.done() for family in self._families.values())
