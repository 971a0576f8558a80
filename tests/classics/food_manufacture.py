"""Food manufacture: oils bought month by month at known prices, stored, refined and blended to a hardness.

H. P. Williams, Model Building in Mathematical Programming (5th edition, 2013), section 12.1; SAS/OR Mathematical
Programming Examples, chapter 1: a profit of 107,842.5926 pounds in six months.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.stock import Stockpile

PUBLISHED = 107_842.5926

MONTHS = 6
PRICE = {
    "VEG1": (110, 130, 110, 120, 100, 90), "VEG2": (120, 130, 140, 110, 120, 100),
    "OIL1": (130, 110, 130, 120, 150, 140), "OIL2": (110, 90, 100, 120, 110, 80),
    "OIL3": (115, 115, 95, 125, 105, 135),
}  # fmt: skip
HARDNESS = {"VEG1": 8.8, "VEG2": 6.1, "OIL1": 2.0, "OIL2": 4.2, "OIL3": 5.0}
REFINED = {"VEG": 200, "OIL": 250}
"""Tons a month, of vegetable and of other oils."""

SOFTEST, HARDEST = 3, 6
SELLS_AT, STORING, STOCK, ROOM = 150, 5, 500, 1000


def instance():
    """Pounds are dollars; what the book gives a month is a twelfth of a year's rate here.

    Hardness blends by weight, which the sheets say with a by-product: refining a ton of an oil also makes as many
    `points` as its hardness, and a ton of food takes 3 of them or 6. No point may be left over, so that a mixture of
    the two foods has a hardness between the two.
    """
    return tiny(
        [Period(period=f"2026-{k + 1:02}", start=f"2026-{k + 1:02}-01", years=1 / 12) for k in range(MONTHS)],
        party("maker", "buyer", "works", "shop"),
        party("traders", "supplier", "exchange", allied=False),
        Material(material="points", form="oxide", surplus="forbidden"),
        [Unit(unit=kind, site="works", capacity=12 * most) for kind, most in REFINED.items()],
        [
            (
                makes("exchange", oil),
                sells("exchange", oil, {2026 + k / 12: price / 1000 for k, price in enumerate(prices)}),
                Stockpile(
                    stockpile=oil, holder="maker", site="works", material=oil, label="clean", opening=STOCK,
                    terminal=STOCK, maximum=ROOM, storage=12 * STORING,
                ),
                Process(site="works", recipe=f"refining {oil}", unit=oil[:3], cost=0, stage="magnet"),
                RecipeLine(recipe=f"refining {oil}", material=oil, input=1),
                RecipeLine(recipe=f"refining {oil}", material="refined", output=1),
                RecipeLine(recipe=f"refining {oil}", material="points", output=HARDNESS[oil]),
            )
            for oil, prices in PRICE.items()
        ],
        makes("works", "food", takes={"refined": 1, "points": SOFTEST}, unit="soft food"),
        makes("works", "food", takes={"refined": 1, "points": HARDEST}, unit="hard food"),
        Demand(customer="shop", material="food", demand=12 * sum(REFINED.values()), shortage_value=SELLS_AT / 1000),
    )  # fmt: skip


def restated(objective: float) -> float:
    """Pounds of profit: what the most food would bring, less what is not made, bought oil and storage.

    As much is in stock at the end as at the start, so that the mean levels cost what the closing levels of the book do.
    """
    return MONTHS * sum(REFINED.values()) * SELLS_AT - objective * 1e6
