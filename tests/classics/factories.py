"""Factories and a warehouse in two cities: at most one warehouse, next to a factory, within a capital of 10 million.

F. S. Hillier, G. J. Lieberman, Introduction to Operations Research (10th edition, 2015), section 12.1 (California
Manufacturing Co.): a net present value of 14 million dollars, by both factories and no warehouse.
"""

from __future__ import annotations

from itertools import product

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.places import Entity
from sourcing.components.projects import Project

PUBLISHED = 14

CAPITAL = 10
CITIES = "Los Angeles", "San Francisco"
FACTORY = (9, 6), (5, 3)
WAREHOUSE = (6, 5), (4, 2)
"""Net present value and capital needed, million dollars."""


def instance():
    """What is built earns its net present value and its capital in the one year that is planned.

    It does so by 1,000 t a year of something sold, at as many dollars a kg. A factory has room for a warehouse.
    """
    return tiny(
        Entity(entity="board", role="buyer", allied=True, country=("US",), budget=CAPITAL),
        party("company", "buyer", *CITIES),
        party("trade", "buyer", "market", allied=False),
        [
            (
                makes(city, {f"goods of {city}": 1, f"room in {city}": 1}, 1000, unit=f"factory in {city}"),
                makes(
                    city, f"stores of {city}", 1000, takes={f"room in {city}": 1}, unit=f"warehouse in {city}",
                ),
                earns(city, f"goods of {city}", *factory),
                earns(city, f"stores of {city}", *warehouse),
                invests(f"factory in {city}", factory[1]),
                invests(f"warehouse in {city}", warehouse[1], only_one="warehouses"),
            )
            for city, factory, warehouse in zip(CITIES, FACTORY, WAREHOUSE, strict=True)
        ],
    )  # fmt: skip


def earns(city: str, goods: str, value: float, capital: float):
    """Goods that are sold for what an investment is worth."""
    return sells(city, goods, value + capital, 1000), Demand(
        customer="market", material=goods, demand=1000, shortage_value=0
    )


def invests(unit: str, capital: float, only_one: str = ""):
    """A yes or no that the board pays, at once."""
    return Project(
        project=unit, unit=unit, capex=capital, life=1, cost_of_capital=0, public_share=100, payer="board",
        only_one=only_one,
    )  # fmt: skip


def restated(objective: float) -> float:
    """Million dollars of net present value, which is a cost below 0."""
    return -objective


def counted_through() -> float:
    """The best of every choice that the rules admit."""
    return max(
        sum(value for on, (value, _) in zip(built, (*FACTORY, *WAREHOUSE), strict=True) if on)
        for built in product((0, 1), repeat=4)
        if sum(capital for on, (_, capital) in zip(built, (*FACTORY, *WAREHOUSE), strict=True) if on) <= CAPITAL
        and sum(built[2:]) <= 1
        and all(warehouse <= factory for factory, warehouse in zip(built[:2], built[2:], strict=True))
    )
