"""A lead-zinc-tin alloy blended from nine others.

G. B. Dantzig, Linear Programming and Extensions (1963), chapter 3.4; GAMS model library `blend` (data and optimum as in
github.com/GAMS-dev/gamspy, tests/integration/models/blend.py): 4.98 dollars a pound.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import Material

PUBLISHED = 4.98

LEAD = dict(zip("ABCDEFGHI", (10, 10, 40, 60, 30, 30, 30, 50, 20), strict=True))
ZINC = dict(zip("ABCDEFGHI", (10, 30, 50, 30, 30, 40, 20, 40, 30), strict=True))
TIN = dict(zip("ABCDEFGHI", (80, 60, 10, 10, 40, 30, 50, 10, 50), strict=True))
PRICE = dict(zip("ABCDEFGHI", (4.1, 4.3, 5.8, 6.0, 7.6, 7.5, 7.3, 6.9, 7.3), strict=True))


def instance():
    """What is bought is molten into its metals, all of which go into the blend: 30 % lead, 30 % zinc, 40 % tin.

    Dollars a pound are USD/kg here.
    """
    return tiny(
        party("founder", "buyer", "foundry", "customer"),
        party("dealers", "supplier", "dealer", allied=False),
        [Material(material=metal, form="metal", surplus="forbidden") for metal in ("lead", "zinc", "tin")],
        [
            (
                makes("dealer", name),
                sells("dealer", name, price),
                makes(
                    "foundry", {"lead": LEAD[name] / 100, "zinc": ZINC[name] / 100, "tin": TIN[name] / 100},
                    takes={name: 1}, unit=f"melting {name}",
                ),
            )
            for name, price in PRICE.items()
        ],
        makes("foundry", "blend", takes={"lead": 0.3, "zinc": 0.3, "tin": 0.4}),
        Demand(customer="customer", material="blend", demand=1),
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars a pound, here a kilogram: a tonne is made, and the objective is in million dollars."""
    return objective * 1e6 / 1000
