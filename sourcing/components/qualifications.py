"""Qualifications: which makers a customer accepts, and from when."""

from __future__ import annotations

import datetime as dt

from sourcing.sheets import Row, date, number, reference, sheet


@sheet("Qualifications", "a maker that a customer accepts", key=("customer", "material", "maker"))
class Qualification(Row):
    """A customer with a row for a material takes it only from makers that a row names."""

    customer: str = reference("Customer", "Sites", "who accepts")
    material: str = reference("Material", "Materials", "what", also=("any",))
    maker: str = reference("Maker", "Sites", "whom", also=("any",))
    since: dt.date | None = date("From", "first day; blank with a lead time or cost is not yet qualified")
    lead_time: float | None = number("Lead time", "months", "to qualify", low=0)
    cost: float | None = number("Cost", "M USD", "to qualify", low=0)
    first_year_share: float | None = number(
        "First-year share", "%", "of the customer's demand, in the period in which it opens", low=0, high=100
    )
