"""Three steel products from three mills to seven factories: a truck line costs a fixed sum, carries at least 375 tons
if any, and a mill runs five of them at most.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), section 20.2, files multmip3.mod and multmip3.dat
(github.com/ampl/ampl.github.io): 235,625 dollars; 233,150 where a mill may run as many as it likes (multmip2).
Products, mills and factories are those of `multicommodity`, the fixed costs those of `fixed_charges`.
"""

from __future__ import annotations

from classics.fixed_charges import FIXED
from classics.multicommodity import DEMAND, FACTORIES, FREIGHT, LIMIT, SUPPLY
from tiny import makes, tiny

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.materials import RecipeLine
from sourcing.components.places import Entity
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project

PUBLISHED = 235_625
AS_MANY_AS_IT_LIKES = 233_150

LEAST = 375
LINES = 5


def instance(lines: float = LINES):
    """A line is a unit at the mill that makes a product *for a factory* out of it, at the cost of the trip.

    Its fixed cost is a running cost, its least load 375/625. A line is also a project of 1,000 dollars, out of a fund
    outside of ours that has money for five a mill. What others pay counts 0.1 %, and the sum is spread over 1,000
    years: a tenth of a cent a line.
    """
    return tiny(
        [makes(mill, product, tons) for mill, supply in SUPPLY.items() for product, tons in supply.items()],
        [
            (
                Demand(customer=factory, material=f"{product} for {factory}", demand=tons),
                RecipeLine(recipe=f"{product} to {factory}", material=product, input=1),
                RecipeLine(recipe=f"{product} to {factory}", material=f"{product} for {factory}", output=1),
            )
            for product, row in DEMAND.items()
            for factory, tons in zip(FACTORIES, row, strict=True)
        ],
        [
            (
                Unit(unit=line, site=mill, capacity=LIMIT, minimum_load=100 * LEAST / LIMIT, running_cost=cost / 1e6),
                [
                    Process(
                        site=mill, recipe=f"{product} to {factory}", unit=line, stage="magnet",
                        cost=FREIGHT[mill, product][FACTORIES.index(factory)],
                    )
                    for product in DEMAND
                ],
                Project(
                    project=line, unit=line, capex=0.001, life=1000, cost_of_capital=0, public_share=100,
                    payer=f"{mill} fund",
                ),
            )
            for mill, costs in FIXED.items()
            for factory, cost in zip(FACTORIES, costs, strict=True)
            for line in [f"{mill} to {factory}"]
        ],
        [Lane(origin=mill, destination=factory, goods="any") for mill in SUPPLY for factory in FACTORIES],
        [
            Entity(entity=f"{mill} fund", role="government", allied=False, country=("US",), budget=0.001 * lines)
            for mill in FIXED
        ],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Dollars: the objective is in millions of them."""
    return objective * 1e6
