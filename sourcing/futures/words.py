"""What a plan over futures says of itself, from its tab Futures and its Run alone: `verify` says it again.

expected = Σ_s probability[s]·cost[s]          CVaR = mean of the worst 1 - alpha of the costs              [M USD]
objective = expected + risk weight·CVaR + what contingencies miss                                           [M USD]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sourcing.tables import Table, total
from sourcing.verdict import money_text

OVER, OVER_BOUND, OVER_STATUS = "Objective over futures (M USD)", "Bound over futures (M USD)", "Status over futures"
EXPECTED, CVAR, LEVEL, WEIGHT = "Expected cost (M USD)", "CVaR (M USD)", "CVaR level (%)", "Risk weight"
MISSED, SHOWN = "Missed service levels count (M USD)", "Future that the other tabs show"
"""Items of Run."""


def sorted_tail(losses: Iterable[tuple[float, float]], alpha: float) -> float:
    """Mean of the worst 1 - alpha of some losses with probabilities; the loss at the border counts in part."""
    losses = sorted(losses, reverse=True)
    left = mass = (1 - alpha) * sum(probability for _, probability in losses)
    found = 0.0
    for loss, probability in losses:
        part = min(probability, left)
        found += part * loss
        left -= part
    return found / mass if mass else 0.0


def figures(futures: Table, alpha: float) -> dict[str, float]:
    """Expected cost, CVaR and what is missed (M USD), from the tab Futures."""
    rows = list(futures.records())
    losses = [(row["Cost"], row["Probability"] / 100) for row in rows]
    return {
        EXPECTED: sum(loss * probability for loss, probability in losses),
        CVAR: sorted_tail([pair for pair in losses if pair[1] > 0], alpha),
        MISSED: total(futures.column("Miss counts")),
    }


def verdict(futures: Table, run: Mapping[str, Any], path: str) -> str:
    """A plan over futures in words: how sure, what it costs on average and in the tail, and which future is dearest.

    `path` is the verdict on the future whose tabs are shown.
    """
    rows = list(futures.records())
    gap = max(0.0, run[OVER] - run[OVER_BOUND])
    if run[OVER_STATUS] == "optimal":
        proof = f"Proven within {gap:,.2f} M USD over {len(rows)} futures."
    else:
        proof = f"Not proven: a plan over these {len(rows)} futures could be up to {gap:,.1f} M USD cheaper."
    dearest = max((row for row in rows if row["Probability"] > 0), key=lambda row: row["Cost"])
    words = [
        proof,
        f"Expected {money_text(run[EXPECTED])}, mean of the worst {100 - run[LEVEL]:g} % {money_text(run[CVAR])} "
        f"(risk weight {run[WEIGHT]:g}).",
        f"Dearest: {dearest['Name']} ({money_text(dearest['Cost'])}).",
    ]
    missed = [row for row in rows if (row["Below service level"] or 0.0) > 0.05]
    if missed:
        worst = max(missed, key=lambda row: row["Below service level"])
        words.append(
            f"Service levels are missed in {len(missed)} contingencies, most in {worst['Name']} "
            f"({worst['Below service level']:,.0f} t)."
        )
    shown = next(row["Name"] for row in rows if row["Future"] == run[SHOWN])
    return " ".join([*words, f"Tabs that name no future show “{shown}”: {path.split('. ', 1)[-1]}"])
