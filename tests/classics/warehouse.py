"""The simple warehouse problem: buy and sell a good whose price changes, with room for 100 units.

G. B. Dantzig, Linear Programming and Extensions (1963), chapter 3.6 (after A. S. Cahn); GAMS model library `whouse`:
a cost of -600 dollars over four quarters at prices of 10, 12, 8 and 9 dollars, 50 units being there at the start:
50 more are bought at 10, 100 are kept for a quarter at 1 and sold at 12, and nothing after that earns.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.stock import Stockpile

PUBLISHED = -600

PRICES = {2026.0: 0.010, 2026.25: 0.012, 2026.5: 0.008, 2026.75: 0.009}
"""USD/kg by quarter: a unit is a tonne."""


def instance():
    """An allied trader between two outsiders. What it sells has a maximum, or its income would not count.

    Storage costs a dollar a quarter, which is 4 USD/t/y.
    """
    return tiny(
        [Period(period=f"q-{k + 1}", start=f"2026-{3 * k + 1:02}-01", years=0.25) for k in range(4)],
        party("trader", "buyer", "warehouse"),
        party("makers", "supplier", "source", allied=False),
        party("users", "buyer", "sink", allied=False),
        makes("source", "goods"),
        sells("source", "goods", PRICES),
        sells("warehouse", "goods", PRICES, maximum=4000),
        Demand(customer="sink", material="goods", demand=4000, shortage_value=0),
        Stockpile(
            stockpile="STOCK", holder="trader", site="warehouse", material="goods", label="clean", opening=50,
            maximum=100, storage=4,
        ),
        Lane(origin="source", destination="warehouse", goods="goods"),
        Lane(origin="warehouse", destination="sink", goods="goods"),
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars.

    The book charges a dollar on what is left at the end of a quarter, the sheet on the mean of start and end: half a
    dollar more on the 50 t at the start, and half a dollar less on the nothing at the end.
    """
    return objective * 1e6 - 50 * 1 / 2
