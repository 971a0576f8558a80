"""Nine investments within the budgets of two years, all of each or nothing.

J. H. Lorie, L. J. Savage, Three problems in rationing capital, Journal of Business 28 (1955) 229-239, solved in whole
numbers in H. M. Weingartner, Mathematical Programming and the Analysis of Capital Budgeting Problems (1963): a net
present value of 70 by investments 1, 3, 4, 6 and 9.
"""

from __future__ import annotations

from itertools import product

from tiny import makes, party, sells, tiny

from sourcing.components.demand import Demand
from sourcing.components.places import Entity
from sourcing.components.production import Unit
from sourcing.components.projects import Project

PUBLISHED = 70

WORTH = 14, 17, 17, 15, 40, 12, 14, 10, 12
OUTLAY = {"first": (12, 54, 6, 6, 30, 6, 48, 36, 18), "second": (3, 7, 6, 2, 35, 6, 4, 3, 3)}
BUDGET = {"first": 50, "second": 20}


def instance():
    """An investment is two projects that are built as one, each paid out of the budget of its year.

    What is built earns net present value and outlays in the one year that is planned, by 1,000 t a year of something
    sold at as many dollars a kg.
    """
    return tiny(
        party("company", "buyer", "works"),
        party("trade", "buyer", "market", allied=False),
        [
            Entity(entity=f"{year} year", role="buyer", allied=True, country=("US",), budget=most)
            for year, most in BUDGET.items()
        ],
        [
            (
                makes("works", f"goods {k}", 1000, unit=f"first {k}"),
                sells("works", f"goods {k}", worth + sum(outlays), 1000),
                Demand(customer="market", material=f"goods {k}", demand=1000, shortage_value=0),
                Unit(unit=f"second {k}", site="works", capacity=1000),
                [
                    Project(
                        project=f"{year} {k}", unit=f"{year} {k}", capex=outlay, life=1, cost_of_capital=0,
                        public_share=100, payer=f"{year} year", together=f"investment {k}",
                    )
                    for year, outlay in zip(OUTLAY, outlays, strict=True)
                ],
            )
            for k, (worth, *outlays) in enumerate(zip(WORTH, *OUTLAY.values(), strict=True), start=1)
        ],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Net present value in the unit of the paper, a million dollars here; it is a cost below 0."""
    return -objective


def counted_through() -> float:
    """The best of the 512 sets that both budgets allow."""
    return max(
        sum(worth for on, worth in zip(taken, WORTH, strict=True) if on)
        for taken in product((0, 1), repeat=len(WORTH))
        if all(
            sum(outlay for on, outlay in zip(taken, OUTLAY[year], strict=True) if on) <= BUDGET[year] for year in OUTLAY
        )
    )
