"""The minimum cost flow problem of the Distribution Unlimited Co.

F. S. Hillier, G. J. Lieberman, Introduction to Operations Research (10th edition, 2015), sections 10.6 and 10.7: two
factories A and B, a distribution centre C, two warehouses D and E, Z = 490. Costs are per unit shipped:

    A→B 2 (at most 10)   A→C 4   A→D 9   B→C 3   C→E 1 (at most 80)   D→E 3   E→D 2;  40·4 + 10·9 + 40·3 + 80·1 + 20·2

Warehouses keep 30 and 60 units and pass on the rest. A customer ships nothing in our sheets, so that each warehouse is
a hub, and what it keeps goes to a customer next to it.
"""

from __future__ import annotations

from tiny import makes, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Site
from sourcing.components.trade import Offer, Price

PUBLISHED = 490

ARCS = {
    ("A", "B"): (2, 10), ("A", "C"): (4, None), ("A", "D"): (9, None), ("B", "C"): (3, None), ("C", "E"): (1, 80),
    ("D", "E"): (3, None), ("E", "D"): (2, None), ("D", "keeps D"): (0, None), ("E", "keeps E"): (0, None),
}  # fmt: skip


def instance():
    """The instance; B makes and passes on."""
    return tiny(
        makes("A", "goods", 50),
        makes("B", "goods", 40),
        [Site(site=site, entity="us", country="AU", passes_on=True) for site in "BCDE"],
        [Offer(site=site, material="goods", index="none") for site in "BCDE"],
        Price(index="none", price=0),
        Demand(customer="keeps D", material="goods", demand=30),
        Demand(customer="keeps E", material="goods", demand=60),
        [
            Lane(origin=i, destination=j, goods="goods", freight=cost, maximum=most)
            for (i, j), (cost, most) in ARCS.items()
        ],
    )


def restated(objective: float) -> float:
    """Cost in the unit of the book, a dollar here: the objective is in millions of them."""
    return objective * 1e6
