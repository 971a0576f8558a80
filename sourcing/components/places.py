"""Places and parties: entities, who holds whom, sites, and what a selector of places means.

A selector's term is a site, `country:XX`, `entity:ID`, `allied` (sites of allied parties) or `any`; a plain id is a
site or, where none has it, an entity.
"""

from __future__ import annotations

from sourcing.sheets import Row, choice, date, identifier, names, number, reference, sheet, text, yesno


@sheet("Entities", "a party", key=("entity",))
class Entity(Row):
    """Who owns sites, holds stocks, pays and earns."""

    entity: str = identifier("Entity", "short name")
    name: str = text("Name", "what people call it")
    country: tuple[str, ...] = names("Country", "two-letter code; a list for a union of countries")
    role: str = choice("Role", "what it does here", ("buyer", "supplier", "government", "carrier"), required=True)
    allied: bool = yesno("Allied", "does its cost count in the system view?", required=True)
    budget: float | None = number("Budget", "M USD", "most it may spend on projects; blank is no limit", low=0)


@sheet("Ownership", "a holding", key=("entity", "holder"))
class Holding(Row):
    """A share of one party that another holds."""

    entity: str = reference("Entity", "Entities", "the party that is held")
    holder: str = reference("Holder", "Entities", "who holds it")
    share: float = number("Share", "%", "share held", required=True, low=0, high=100)
    since: object = date("From", "first day; blank is always")


@sheet("Sites", "a place", key=("site",))
class Site(Row):
    """Where things are made, stocked, sold or used. Customers are sites."""

    site: str = identifier("Site", "short name")
    name: str = text("Name", "what people call it")
    entity: str = reference("Entity", "Entities", "whose site it is")
    country: str = text("Country", "two-letter code; blank or ZZ is unproven and counts as covered by every rule")
    latitude: float | None = number("Latitude", "", "degrees north", low=-90, high=90)
    longitude: float | None = number("Longitude", "", "degrees east", low=-180, high=180)
    custody: str = choice(
        "Custody",
        "are batches kept apart? Blank: blended at separation, segregated elsewhere",
        ("segregated", "blended"),
    )
    passes_on: bool = yesno("Passes on", "a trader's hub forwards what its offers name", default=False)
