"""Contracts: signed offtakes, their price, their minimum and what is paid for tonnes not taken."""

from __future__ import annotations

import datetime as dt

from sourcing.sheets import (
    PLACES,
    Row,
    Selector,
    Series,
    choice,
    date,
    identifier,
    number,
    over_time,
    reference,
    selector,
    sheet,
    yesno,
)


@sheet("Contracts", "an offtake", key=("contract",))
class Contract(Row):
    """A right, and with a minimum a duty, to buy one material from one seller."""

    contract: str = identifier("Contract", "short name")
    seller: Selector = selector("Seller", ("Sites", "Entities"), ("entity",), "site or entity that sells")
    buyer: Selector = selector("Buyer", ("Sites", "Entities"), PLACES, "sites that may take")
    material: str = reference("Material", "Materials", "what")
    since: dt.date | None = date("From", "first day; blank is always")
    until: dt.date | None = date("To", "last day; a year is included", last=True)
    minimum: Series | None = over_time("Minimum", "t/y", "least taken; blank is 0", required=False, low=0)
    maximum: Series | None = over_time("Maximum", "t/y", "most taken; blank is no limit", required=False, low=0)
    minimum_share: float | None = number("Minimum share", "%", "of the seller's output", low=0, high=100)
    maximum_share: float | None = number("Maximum share", "%", "of the seller's output", low=0, high=100)
    index: str = reference("Index", "Prices", "price index; blank is the material's", required=False)
    premium: float = number("Premium", "%", "on the index", default=0.0)
    fixed: float | None = number("Fixed", "USD/kg", "a fixed price in place of an index", low=0)
    floor: float | None = number("Floor", "USD/kg", "least price", low=0)
    cap: float | None = number("Cap", "USD/kg", "highest price", low=0)
    rebate_from: float | None = number("Rebate from", "USD/kg", "market price above which a part is paid back", low=0)
    rebate_share: float = number(
        "Rebate share", "%", "of what the market price is above it", default=0.0, low=0, high=100
    )
    rebate_cap: float | None = number("Rebate cap", "M USD/y", "most paid back in a year; blank is no limit", low=0)
    take_or_pay: float | str = number(
        "Take-or-pay",
        "%",
        "of the price, for tonnes below the minimum; firm: must flow",
        default=100.0,
        low=0,
        high=100,
        words=("firm",),
    )
    makeup: float = number("Make-up", "years", "years in which paid tonnes may still be taken", default=0.0, low=0)
    delivered: bool = yesno("Delivered", "does the price include freight?", default=False)
    status: str = choice("Status", "signed, or an option that a plan may sign", ("signed", "option"), default="signed")
    signing_cost: float = number("Signing cost", "M USD", "of an option", default=0.0, low=0)
