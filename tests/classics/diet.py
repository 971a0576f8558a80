"""The diet: eight foods bought within limits for the six nutrients in them.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), sections 2.3 and 2.5, files diet.mod and diet2a.dat
(github.com/ampl/ampl.github.io): 118.0594032 dollars.
"""

from __future__ import annotations

from tiny import makes, party, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.materials import Material

PUBLISHED = 118.0594032

PRICE = {
    "BEEF": 3.19, "CHK": 2.59, "FISH": 2.29, "HAM": 2.89, "MCH": 1.89, "MTL": 1.99, "SPG": 1.99, "TUR": 2.49,
}  # fmt: skip
LEAST, MOST = 2, 10
"""Packages of each food."""

NUTRIENTS = "A", "C", "B1", "B2", "NA", "CAL"
AMOUNT = {
    "BEEF": (60, 20, 10, 15, 938, 295), "CHK": (8, 0, 20, 20, 2180, 770), "FISH": (8, 10, 15, 10, 945, 440),
    "HAM": (40, 40, 35, 10, 278, 430), "MCH": (15, 35, 15, 15, 1182, 315), "MTL": (70, 30, 15, 15, 896, 400),
    "SPG": (25, 50, 25, 15, 1329, 370), "TUR": (60, 20, 15, 10, 1397, 450),
}  # fmt: skip
NEEDED = {"A": 700, "C": 700, "B1": 700, "B2": 700, "CAL": 16_000}
ROOM = {"CAL": 24_000 - 16_000, "NA": 50_000}
"""What may come on top of the need. Vitamins may reach 20,000, which 80 packages never do: their surplus is free."""


def instance():
    """A package and a unit of a nutrient are a tonne. Foods come under firm contracts with a minimum and a maximum.

    What has an upper limit may not be left over: it goes to the need, or to a second customer with room for it.
    """
    return tiny(
        party("family", "buyer", "kitchen", "table", "room"),
        party("grocer", "supplier", "shop", allied=False),
        [Material(material=n, form="oxide", surplus="forbidden" if n in ROOM else "allowed") for n in NUTRIENTS],
        [
            (
                makes("shop", food),
                Contract(
                    contract=f"BUY {food}", seller="shop", buyer="kitchen", material=food, fixed=price / 1000,
                    minimum=LEAST, maximum=MOST, take_or_pay="firm",
                ),
                makes(
                    "kitchen", {n: x for n, x in zip(NUTRIENTS, AMOUNT[food], strict=True) if x}, takes={food: 1},
                    unit=f"cooking {food}",
                ),
            )
            for food, price in PRICE.items()
        ],
        [Demand(customer="table", material=n, demand=least, shortage_value=1) for n, least in NEEDED.items()],
        [Demand(customer="room", material=n, demand=most, shortage_value=0) for n, most in ROOM.items()],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars: the objective is in millions of them."""
    return objective * 1e6
