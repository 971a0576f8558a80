"""Lockboxes: where to have checks sent, so that little interest is lost while they travel.

W. L. Winston, Operations Research: Applications and Algorithms (4th edition, 2004), section 9.2, example 4 (J. C.
Nickles): 242 thousand dollars a year, with lockboxes in Los Angeles and New York. Without limits of size this is
uncapacitated facility location.
"""

from __future__ import annotations

from itertools import product

from tiny import makes, party, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane

PUBLISHED = 242

DAILY = {"west": 70, "midwest": 50, "east": 60, "south": 40}
"""Checks mailed a day, thousand dollars."""
DAYS = {
    "Los Angeles": (2, 6, 8, 8), "Chicago": (6, 2, 5, 5), "New York": (8, 5, 2, 5), "Atlanta": (8, 5, 5, 2),
}  # fmt: skip
"""From the mail to the bank, by where it comes from."""
INTEREST = 0.2
COST = 50
"""Thousand dollars a year for a lockbox."""


def instance():
    """A lockbox is an option on a bank's service, signed at a cost; a tonne of it clears 1,000 dollars a day."""
    return tiny(
        party("nickles", "buyer", *DAILY),
        party("bank", "supplier", *DAYS, allied=False),
        [
            (
                makes(city, "clearing"),
                Contract(
                    contract=city, seller=city, buyer="entity:nickles", material="clearing", fixed=0, status="option",
                    signing_cost=COST / 1000,
                ),
                [
                    Lane(origin=city, destination=region, goods="clearing", freight=INTEREST * 1000 * wait)
                    for region, wait in zip(DAILY, days, strict=True)
                ],
            )
            for city, days in DAYS.items()
        ],
        [Demand(customer=region, material="clearing", demand=value) for region, value in DAILY.items()],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Thousand dollars."""
    return objective * 1e3


def counted_through() -> float:
    """The best of every set of lockboxes."""
    return min(
        COST * sum(signed)
        + sum(
            INTEREST * value * min(DAYS[city][k] for city, on in zip(DAYS, signed, strict=True) if on)
            for k, value in enumerate(DAILY.values())
        )
        for signed in product((0, 1), repeat=len(DAYS))
        if any(signed)
    )
