"""Lanes: who may ship to whom, how long it takes and what it costs."""

from __future__ import annotations

from sourcing.sheets import PLACES, Row, Selector, number, selector, sheet


@sheet("Lanes", "who may ship to whom", key=("origin", "destination", "goods"))
class Lane(Row):
    """A right to ship. The most specific row that matches a pair of sites and a material holds."""

    origin: Selector = selector("From", ("Sites", "Entities"), PLACES, "sender")
    destination: Selector = selector("To", ("Sites", "Entities"), PLACES, "receiver")
    goods: Selector = selector(
        "Material or Form", ("Materials",), ("form", "any"), "a material, a form, a list, or any"
    )
    freight: float = number(
        "Freight", "USD/t", "paid by the receiver, or by the seller when delivered", default=0.0, low=0
    )
    tariff: float = number("Tariff", "%", "on the price at the gate, without freight", default=0.0, low=0)
    lead_time: float = number("Lead time", "days", "from gate to gate", default=0.0, low=0)
    maximum: float | None = number("Maximum", "t/y", "joint over all that the row matches; blank is no limit", low=0)
    in_transit: float = number(
        "In transit",
        "t",
        "under way at the start; only on a row of one site to one site and one material",
        default=0.0,
        low=0,
    )
