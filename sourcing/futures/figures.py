"""The figures of a plan over futures, as programs get them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Futures:
    """The figures of a plan over futures: M USD and tonnes, expected over them where nothing else is said.

    `objective` is what was made least: expected cost + risk weight x CVaR + what contingencies miss. `short` has a row
    for each future, `probabilities` the futures with theirs.
    """

    objective: float
    bound: float
    gap: float
    status: str
    proof: str
    expected: float
    cvar: float
    alpha: float
    risk_weight: float
    missed: float
    probabilities: dict[str, float]
    costs: dict[str, float]
    shortage: float
    positions: dict[str, float]
    demand_t: float
    short_t: float
    short: list[dict[str, Any]]
    model: dict[str, int]
    seconds: dict[str, float]

    def summary(self) -> dict[str, Any]:
        """What it says in place of the figures of one path, under the names that `solve --json` documents."""
        return {
            "status": self.status, "objective_musd": self.objective, "bound_musd": self.bound, "gap": self.gap,
            "costs_musd": self.costs, "positions_musd": self.positions, "shortage_value_musd": self.shortage,
            "expected_musd": self.expected, "cvar_musd": self.cvar, "missed_musd": self.missed,
            "demand_t": self.demand_t, "delivered_t": self.demand_t - self.short_t, "short_t": self.short_t,
            "short": self.short, "model": self.model, "seconds": dict(self.seconds),
            "futures": self.probabilities,
        }  # fmt: skip
