"""Three crudes distilled into joint products, which are blended into two jet fuels.

SAS/OR User's Guide, Mathematical Programming, the OPTLP procedure, example Oil Refinery Problem
(support.sas.com/documentation/cdl/en/ormpug/65554): a profit of 1,347.916667 dollars.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.materials import Material

PUBLISHED = 1_347.916667

CRUDES = {
    "arabian light": (175, 110, {"light naphtha": 0.035, "naphtha": 0.100, "heating oil": 0.390}),
    "arabian heavy": (165, 165, {"light naphtha": 0.030, "naphtha": 0.075, "heating oil": 0.300}),
    "brega": (205, 80, {"light naphtha": 0.045, "naphtha": 0.135, "heating oil": 0.430}),
}
"""Price in dollars, most that can be bought, and what a unit yields."""

JET = {"jet 1": {"naphtha": 0.3, "heating oil": 0.7}, "jet 2": {"light naphtha": 0.2, "heating oil": 0.8}}
PRICE, ENOUGH = 350, 200
"""Of both fuels: dollars, and what the market wants, more than can be made."""


def instance():
    """Everything may be left over: blank, that would not hold for the first output of a recipe."""
    return tiny(
        party("refiner", "buyer", "refinery", "market"),
        party("producers", "supplier", "field", allied=False),
        [Material(material=m, form="oxide", surplus="allowed") for m in ("light naphtha", "naphtha", "heating oil")],
        [
            (
                makes("field", crude),
                sells("field", crude, price / 1000, maximum=most),
                makes("refinery", yields, takes={crude: 1}, unit=f"distilling {crude}"),
            )
            for crude, (price, most, yields) in CRUDES.items()
        ],
        [
            (
                makes("refinery", fuel, takes=parts),
                Demand(customer="market", material=fuel, demand=ENOUGH, shortage_value=PRICE / 1000),
            )
            for fuel, parts in JET.items()
        ],
    )


def restated(objective: float) -> float:
    """Dollars of profit: what all that is wanted would bring, less what is not sold and what crude costs."""
    return len(JET) * ENOUGH * PRICE - objective * 1e6
