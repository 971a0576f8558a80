"""The production schedule of the Northern Airplane Co.: engines for four months, made when it is cheap, and stored.

F. S. Hillier, G. J. Lieberman, Introduction to Operations Research (10th edition, 2015), section 9.1, table 9.7, and
section 9.2: 77.30 million dollars. A month is a year here, and an engine a tonne.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.stock import Stockpile

PUBLISHED = 77.30

NEEDED = {2026: 10, 2027: 15, 2028: 25, 2029: 20}
MOST = {2026: 25, 2027: 35, 2028: 30, 2029: 10}
COST = {2026: 1080, 2027: 1110, 2028: 1100, 2029: 1130}
"""Thousand dollars an engine (USD/kg). A line's own cost does not change over time, so that engines are bought."""


def instance():
    """Engines wait at the assembly; a month costs 15,000 dollars each."""
    return tiny(
        years(*NEEDED),
        party("airplane", "buyer", "assembly"),
        party("works", "supplier", "engine works", allied=False),
        makes("engine works", "engine", MOST),
        sells("engine works", "engine", COST),
        Demand(customer="assembly", material="engine", demand=NEEDED, shortage_value=100_000),
        Stockpile(
            stockpile="STORE", holder="airplane", site="assembly", material="engine", label="clean", storage=15_000
        ),
    )


def restated(objective: float) -> float:
    """Million dollars, as the objective is.

    Storage on mean levels is storage on closing levels, as nothing is there at the start or at the end.
    """
    return objective
