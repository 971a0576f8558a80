"""Desks that need hours in two shops: a mix that earns most.

G. B. Dantzig, Linear Programming and Extensions (1963), chapter 3.5; GAMS model library `prodmix`: a profit of
18,666 2/3 dollars.
"""

from __future__ import annotations

from tiny import tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import RecipeLine
from sourcing.components.production import Process, Unit

PUBLISHED = 18_666 + 2 / 3

HOURS = {"carpentry": 6000, "finishing": 4000}
LABOUR = {"d1": (4, 1), "d2": (9, 1), "d3": (7, 3), "d4": (10, 40)}
PRICE = {"d1": 12, "d2": 20, "d3": 18, "d4": 40}
ENOUGH = 2000
"""Desks of a kind that are wanted: more than the shops could make, so that this never limits."""


def instance():
    """A desk is a tonne; not selling one costs its price. A line is two rows: the second names its further unit."""
    return tiny(
        [Unit(unit=shop, site="works", capacity=hours) for shop, hours in HOURS.items()],
        [
            (
                Process(site="works", recipe=desk, unit="carpentry", use=first, cost=0, stage="magnet"),
                Process(site="works", recipe=desk, unit="finishing", use=second, cost=None, stage="magnet"),
                RecipeLine(recipe=desk, material=desk, output=1),
                Demand(customer="shop", material=desk, demand=ENOUGH, shortage_value=PRICE[desk] / 1000),
            )
            for desk, (first, second) in LABOUR.items()
        ],
    )


def restated(objective: float) -> float:
    """Dollars of profit: what all that is wanted would bring, less what is not sold."""
    return ENOUGH * sum(PRICE.values()) - objective * 1e6
