"""Elementary production and inventory: three products out of a stock of two raw materials, whose rest has a value.

R. Fourer, Modeling Languages versus Matrix Generators for Linear Programming, ACM Transactions on Mathematical Software
9 (1983) 143-183; GAMS model library `robert`: a profit of 11,025 dollars in three periods (optimum as in
github.com/jeffreyhorn/nlp2mcp). There the opening stock is chosen too; free, and of value when left, it is full.
"""

from __future__ import annotations

from tiny import party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price

PUBLISHED = 11_025

PERIODS = 2026, 2027, 2028
TAKES = {"low": {"scrap": 5, "new": 1}, "medium": {"scrap": 3, "new": 2}, "high": {"scrap": 1, "new": 3}}
PROFIT = {"low": (25, 20, 10), "medium": (50, 50, 50), "high": (75, 80, 100)}
STOCK = {"scrap": 400, "new": 275}
STORING = {"scrap": 0.5, "new": 2}
WORTH = {"scrap": 15, "new": 25}
MOST = 40


def instance():
    """A period is a year, a unit a tonne.

    The paper charges storage on what is there when a period begins, the sheet on the mean of start and end. Over three
    periods it is half the storage of the opening stock less, and half that of the last rest more, which goes on top of
    the rest's worth here.
    """
    return tiny(
        years(*PERIODS),
        party("us", "buyer", "works"),
        party("trade", "buyer", "market", allied=False),
        Unit(unit="machine", site="works", capacity=MOST),
        [
            (
                Price(index=raw, price=(WORTH[raw] + STORING[raw] / 2) / 1000),
                Material(material=raw, form="oxide", index=raw),
                Stockpile(
                    stockpile=raw, holder="us", site="works", material=raw, label="clean", opening=opening,
                    maximum=opening, storage=STORING[raw], terminal_value=100,
                ),
            )
            for raw, opening in STOCK.items()
        ],
        [
            (
                Process(site="works", recipe=product, unit="machine", cost=0, stage="magnet"),
                [RecipeLine(recipe=product, material=raw, input=rate) for raw, rate in takes.items()],
                RecipeLine(recipe=product, material=product, output=1),
                sells("works", product, {t: p / 1000 for t, p in zip(PERIODS, PROFIT[product], strict=True)}, MOST),
                Demand(customer="market", material=product, demand=MOST, shortage_value=0),
            )
            for product, takes in TAKES.items()
        ],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars of profit, less half the storage of the opening stock: 400·0.5/2 + 275·2/2."""
    return -objective * 1e6 - sum(STOCK[raw] * STORING[raw] / 2 for raw in STOCK)
