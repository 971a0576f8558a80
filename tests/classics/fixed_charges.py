"""Three steel products from three mills to seven factories, with a fixed cost of using a pair of places at all.

R. Fourer, D. M. Gay, B. W. Kernighan, AMPL (2nd edition, 2003), section 20.2, files multmip1.mod and multmip1.dat
(github.com/ampl/ampl.github.io): 229,850 dollars. Products, mills and factories are those of `multicommodity`.
"""

from __future__ import annotations

from classics import multicommodity

from sourcing.components.qualifications import Qualification
from sourcing.instance import Instance

PUBLISHED = 229_850

FIXED = {
    "GARY": (3000, 1200, 1200, 1200, 2500, 3500, 2500),
    "CLEV": (2000, 1000, 1500, 1200, 2500, 3000, 2200),
    "PITT": (2000, 1200, 1500, 1500, 2500, 3500, 2200),
}
"""Dollars, by factory."""


def instance():
    """A factory qualifies a mill, for all products and at once, at the fixed cost."""
    return Instance(
        [
            *multicommodity.instance().rows(),
            *(
                Qualification(customer=factory, material="any", maker=mill, cost=cost / 1e6)
                for mill, costs in FIXED.items()
                for factory, cost in zip(multicommodity.FACTORIES, costs, strict=True)
            ),
        ],
        name="fixed charges",
    )


def restated(objective: float) -> float:
    """Dollars: the objective is in millions of them."""
    return objective * 1e6
