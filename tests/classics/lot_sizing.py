"""Dynamic lot sizing: in which of twelve months to set up, when stock costs money.

H. M. Wagner, T. M. Whitin, Dynamic version of the economic lot size model, Management Science 5 (1958) 89-96, table 1:
864 for set-ups in months 1, 3, 5, 8, 10 and 11. A month is a year here.
"""

from __future__ import annotations

from tiny import NONE, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.materials import RecipeLine
from sourcing.components.places import Entity
from sourcing.components.production import Process, Unit
from sourcing.components.stock import Stockpile

PUBLISHED = 864

MONTHS = range(2026, 2038)
NEEDED = 69, 29, 36, 61, 61, 26, 34, 67, 45, 67, 79, 56
SET_UP = 85, 102, 102, 101, 98, 114, 105, 86, 119, 110, 98, 114
HOLDING = 1


def instance():
    """A running cost does not change over time, so that each month has a unit of its own, without limit in it."""
    return tiny(
        years(*MONTHS),
        Entity(entity="us", role="buyer", allied=True, country=("AU",)),
        RecipeLine(recipe="making", material="goods", output=1),
        [
            (
                Unit(
                    unit=f"set-up {month}", site="works", running_cost=cost / 1e6,
                    capacity={year: NONE if year == month else 0 for year in MONTHS},
                ),
                Process(site="works", recipe="making", unit=f"set-up {month}", cost=0, stage="mine"),
            )
            for month, cost in zip(MONTHS, SET_UP, strict=True)
        ],
        Demand(customer="shop", material="goods", demand=dict(zip(MONTHS, NEEDED, strict=True))),
        Stockpile(stockpile="STORE", holder="us", site="shop", material="goods", label="clean", storage=HOLDING),
    )  # fmt: skip


def restated(objective: float) -> float:
    """The unit of the paper, a dollar here.

    Storage on mean levels is storage on closing levels, as nothing is there at the start or at the end.
    """
    return objective * 1e6


def counted_through() -> float:
    """The optimum by the paper's recursion: best[t] = min over the last set-up s of best[s] + set-up + holding."""
    best = [0.0]
    for t in range(1, len(NEEDED) + 1):
        best.append(
            min(
                best[s] + SET_UP[s] + sum(HOLDING * (month - s) * NEEDED[month] for month in range(s, t))
                for s in range(t)
            )
        )
    return best[-1]
