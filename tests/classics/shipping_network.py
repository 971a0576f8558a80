"""Packages from a plant through two distribution centres to five warehouses, with a cost and a capacity on every link.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), section 15.1, files net1.mod and net1.dat
(github.com/ampl/ampl.github.io): 1,819 dollars for 450 thousand packages.
"""

from __future__ import annotations

from tiny import at, makes, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Site
from sourcing.components.trade import Offer, Price

PUBLISHED = 1_819

LINKS = {
    ("PITT", "NE"): (2.5, 250), ("PITT", "SE"): (3.5, 250),
    ("NE", "BOS"): (1.7, 100), ("NE", "EWR"): (0.7, 100), ("NE", "BWI"): (1.3, 100),
    ("SE", "EWR"): (1.3, 100), ("SE", "BWI"): (0.8, 100), ("SE", "ATL"): (0.2, 100), ("SE", "MCO"): (2.1, 100),
}  # fmt: skip
"""Cost of a thousand packages, and how many thousand can be sent."""

DEMAND = {"BOS": 90, "EWR": 120, "BWI": 120, "ATL": 70, "MCO": 50}


def hub(name: str, goods: str) -> list:
    """A site of ours that passes goods on. What it forwards is what its offers name; nobody else buys here."""
    return [Site(site=name, entity="us", country="AU", passes_on=True), Offer(site=name, material=goods, index="none")]


def instance():
    """The instance: a thousand packages are a tonne."""
    return tiny(
        at("AU", "PITT", *DEMAND),
        makes("PITT", "packages", 450),
        hub("NE", "packages"),
        hub("SE", "packages"),
        Price(index="none", price=0),
        [Demand(customer=city, material="packages", demand=tons) for city, tons in DEMAND.items()],
        [
            Lane(origin=i, destination=j, goods="packages", freight=cost, maximum=most)
            for (i, j), (cost, most) in LINKS.items()
        ],
    )


def restated(objective: float) -> float:
    """Dollars: the objective is in millions of them."""
    return objective * 1e6
