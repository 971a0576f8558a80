"""Limits: caps and minimums on what is shipped, in tonnes or as a share of use."""

from __future__ import annotations

from sourcing.components.materials import FORMS
from sourcing.sheets import PLACES, Row, Selector, choice, identifier, number, selector, sheet, span


@sheet("Limits", "a cap or a minimum", key=("limit",))
class Limit(Row):
    """It counts what is shipped in the period from From to To, inside one party too."""

    limit: str = identifier("Limit", "short name")
    form: str = choice("Form", "only materials of this form; blank is every form", FORMS)
    material: Selector = selector("Material", ("Materials",), ("form", "any"), "materials that count")
    origin: Selector = selector("From", ("Sites", "Entities"), PLACES, "senders that count")
    destination: Selector = selector("To", ("Sites", "Entities"), PLACES, "receivers that count")
    maximum_share: float | None = number("Maximum share", "%", "of what To uses", low=0, high=100)
    minimum_share: float | None = number("Minimum share", "%", "of what To uses", low=0, high=100)
    maximum: float | None = number("Maximum", "t/y", "blank is no limit", low=0)
    minimum: float | None = number("Minimum", "t/y", "blank is none", low=0)
    first: str = span("First", "first period; blank is from the start")
    last: str = span("Last", "last period; blank is to the end")
    penalty: float | None = number("Penalty", "USD/t", "per tonne over; blank is a hard limit", low=0)
