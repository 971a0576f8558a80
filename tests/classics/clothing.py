"""Shirts, shorts and pants: a machine is rented for each kind that is made.

W. L. Winston, Operations Research: Applications and Algorithms (4th edition, 2004), section 9.2, example 3 (Gandhi
Cloth Company): a profit of 75 dollars a week, by 25 pants and nothing else. A week is a year here, and a piece a tonne.
"""

from __future__ import annotations

from itertools import product

from tiny import NONE, makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import RecipeLine
from sourcing.components.production import Process, Unit

PUBLISHED = 75

KINDS = "shirt", "shorts", "pants"
HOURS = 3, 2, 6
CLOTH = 4, 3, 4
PRICE = 12, 8, 15
COST = 6, 4, 8
RENT = 200, 150, 100
MOST_HOURS = 150
MOST_CLOTH = 160


def instance():
    """The rent is the running cost of a machine without limit. Cloth is there; what is sold has a maximum."""
    return tiny(
        party("clothier", "buyer", "shop"),
        party("trade", "buyer", "market", allied=False),
        makes("shop", "cloth", MOST_CLOTH),
        Unit(unit="hours", site="shop", capacity=MOST_HOURS),
        [
            (
                Unit(unit=f"{kind} machine", site="shop", capacity=NONE, running_cost=rent / 1e6),
                Process(site="shop", recipe=kind, unit=f"{kind} machine", cost=cost, stage="magnet"),
                Process(site="shop", recipe=kind, unit="hours", use=hours, stage="magnet"),
                RecipeLine(recipe=kind, material="cloth", input=cloth),
                RecipeLine(recipe=kind, material=kind, output=1),
                sells("shop", kind, price / 1000, maximum=100),
                Demand(customer="market", material=kind, demand=100, shortage_value=0),
            )
            for kind, hours, cloth, price, cost, rent in zip(KINDS, HOURS, CLOTH, PRICE, COST, RENT, strict=True)
        ],
    )


def restated(objective: float) -> float:
    """Dollars of profit, which is a cost below 0."""
    return -objective * 1e6


def counted_through() -> float:
    """The best of every set of machines, each a linear program."""
    from scipy.optimize import linprog

    margin = [cost - price for price, cost in zip(PRICE, COST, strict=True)]
    return max(
        -linprog(
            margin, A_ub=[HOURS, CLOTH], b_ub=[MOST_HOURS, MOST_CLOTH], bounds=[(0, None if on else 0) for on in rented]
        ).fun
        - sum(rent for on, rent in zip(rented, RENT, strict=True) if on)
        for rented in product((0, 1), repeat=3)
    )
