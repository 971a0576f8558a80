"""A rolling mill's plan for four weeks: hours shared by two products, stocks, and prices that rise.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), section 4.2, files steelT.mod and steelT.dat
(github.com/ampl/ampl.github.io): a profit of 515,033 dollars. A week is a year here.
"""

from __future__ import annotations

from tiny import party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.materials import RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.stock import Stockpile

PUBLISHED = 515_033

WEEKS = 2026, 2027, 2028, 2029
HOURS = 40, 40, 32, 40
RATE = {"bands": 200, "coils": 140}
OPENING = {"bands": 10, "coils": 0}
MAKING = {"bands": 10, "coils": 11}
KEEPING = {"bands": 2.5, "coils": 3}
PRICE = {"bands": (25, 26, 27, 27), "coils": (30, 35, 37, 39)}
MARKET = {"bands": (6000, 6000, 4000, 6500), "coils": (4000, 2500, 3500, 4200)}


def by_week(values, factor=1.0):
    return {week: value * factor for week, value in zip(WEEKS, values, strict=True)}


def instance():
    """The unit's capacity is hours, a ton of a product uses 1/rate of them. Sales are exports at a price."""
    return tiny(
        years(*WEEKS),
        party("steel", "buyer", "mill"),
        party("trade", "buyer", "market", allied=False),
        Unit(unit="hours", site="mill", capacity=by_week(HOURS)),
        [Process(site="mill", recipe=p, unit="hours", use=1 / RATE[p], cost=MAKING[p], stage="magnet") for p in RATE],
        [RecipeLine(recipe=p, material=p, output=1) for p in RATE],
        [sells("mill", p, by_week(PRICE[p], 1e-3), maximum=10_000) for p in RATE],
        [Demand(customer="market", material=p, demand=by_week(MARKET[p]), shortage_value=0) for p in RATE],
        [
            Stockpile(
                stockpile=p, holder="steel", site="mill", material=p, label="clean", opening=OPENING[p],
                storage=KEEPING[p],
            )
            for p in RATE
        ],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars of profit, which is a cost below 0.

    The book charges what is left at the end of a week, the sheet the mean of start and end: half of 2.5 dollars more on
    the 10 t of bands at the start, and nothing is left at the end.
    """
    return -objective * 1e6 + 10 * 2.5 / 2
