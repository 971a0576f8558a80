"""Three steel products from three mills to seven factories, with a limit on all products of a pair of places together.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), section 4.1, files multi.mod and multi.dat
(github.com/ampl/ampl.github.io): 199,500 dollars.
"""

from __future__ import annotations

from tiny import makes, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit

PUBLISHED = 199_500

FACTORIES = "FRA", "DET", "LAN", "WIN", "STL", "FRE", "LAF"
SUPPLY = {
    "GARY": {"bands": 400, "coils": 800, "plate": 200},
    "CLEV": {"bands": 700, "coils": 1600, "plate": 300},
    "PITT": {"bands": 800, "coils": 1800, "plate": 300},
}
DEMAND = {
    "bands": (300, 300, 100, 75, 650, 225, 250),
    "coils": (500, 750, 400, 250, 950, 850, 500),
    "plate": (100, 100, 0, 50, 200, 100, 250),
}
FREIGHT = {
    ("GARY", "bands"): (30, 10, 8, 10, 11, 71, 6),
    ("CLEV", "bands"): (22, 7, 10, 7, 21, 82, 13),
    ("PITT", "bands"): (19, 11, 12, 10, 25, 83, 15),
    ("GARY", "coils"): (39, 14, 11, 14, 16, 82, 8),
    ("CLEV", "coils"): (27, 9, 12, 9, 26, 95, 17),
    ("PITT", "coils"): (24, 14, 17, 13, 28, 99, 20),
    ("GARY", "plate"): (41, 15, 12, 16, 17, 86, 8),
    ("CLEV", "plate"): (29, 9, 13, 9, 28, 99, 18),
    ("PITT", "plate"): (26, 14, 17, 13, 31, 104, 20),
}
LIMIT = 625
"""Tons of all products from a mill to a factory. Freight differs by product, so that a lane's own maximum, which is
joint over what its row matches, cannot say it: Limits does."""


def instance():
    """The instance; a ton is a tonne."""
    return tiny(
        [makes(mill, product, tons) for mill, supply in SUPPLY.items() for product, tons in supply.items()],
        [
            Demand(customer=factory, material=product, demand=tons)
            for product, row in DEMAND.items()
            for factory, tons in zip(FACTORIES, row, strict=True)
        ],
        [
            Lane(origin=mill, destination=factory, goods=product, freight=rate)
            for (mill, product), row in FREIGHT.items()
            for factory, rate in zip(FACTORIES, row, strict=True)
        ],
        [
            Limit(limit=f"{mill} {factory}", material="any", origin=mill, destination=factory, maximum=LIMIT)
            for mill in SUPPLY
            for factory in FACTORIES
        ],
    )


def restated(objective: float) -> float:
    """Dollars: the objective is in millions of them."""
    return objective * 1e6
