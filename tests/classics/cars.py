"""Three types of cars: of each none, or at least a thousand.

W. L. Winston, Operations Research: Applications and Algorithms (4th edition, 2004), section 9.2, example 6 (Dorian
Auto): a profit of 6,000 thousand dollars, by 2,000 midsize cars. A car is a tonne here.
"""

from __future__ import annotations

import dataclasses
from itertools import product

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.trade import Offer

PUBLISHED = 6000

TYPES = "compact", "midsize", "large"
STEEL = 1.5, 3, 5
HOURS = 30, 25, 40
PROFIT = 2, 3, 4
"""Thousand dollars a car."""
MOST_STEEL = 6_000
MOST_HOURS = 60_000
LEAST = 1_000


def instance():
    """The least number of a type is the least order of its buyer; what is sold has a maximum."""
    return tiny(
        party("maker", "buyer", "plant"),
        party("trade", "buyer", "market", allied=False),
        makes("plant", "steel", MOST_STEEL),
        Unit(unit="hours", site="plant", capacity=MOST_HOURS),
        [
            (
                Process(site="plant", recipe=car, unit="hours", use=hours, cost=0, stage="magnet"),
                RecipeLine(recipe=car, material="steel", input=steel),
                RecipeLine(recipe=car, material=car, output=1),
                [ordered(row) for row in sells("plant", car, profit, maximum=5_000)],
                Demand(customer="market", material=car, demand=5_000, shortage_value=0),
            )
            for car, steel, hours, profit in zip(TYPES, STEEL, HOURS, PROFIT, strict=True)
        ],
    )


def ordered(row):
    """The row, an offer with its least order."""
    return dataclasses.replace(row, minimum_order=LEAST) if isinstance(row, Offer) else row


def restated(objective: float) -> float:
    """Thousand dollars of profit, which is a cost below 0."""
    return -objective * 1e3


def counted_through() -> float:
    """The best of every set of types, each a linear program."""
    from scipy.optimize import linprog

    found = [
        linprog(
            [-profit for profit in PROFIT], A_ub=[STEEL, HOURS], b_ub=[MOST_STEEL, MOST_HOURS],
            bounds=[(LEAST, None) if on else (0, 0) for on in made],
        )
        for made in product((0, 1), repeat=3)
    ]  # fmt: skip
    return max(-result.fun for result in found if result.success)
