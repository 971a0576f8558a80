"""Trade: price indices and spot offers."""

from __future__ import annotations

from sourcing.sheets import Row, Series, identifier, number, over_time, reference, sheet


@sheet("Prices", "a price index", key=("index",))
class Price(Row):
    """A market price, as a buyer pays it at the gate."""

    index: str = identifier("Index", "short name")
    price: Series = over_time("Price", "USD/kg", "constant money of the price year", low=0)


@sheet("Offers", "a spot price at a seller's gate", key=("site", "material"))
class Offer(Row):
    """What a site sells to other parties: price = index·(1 + premium) + adder."""

    site: str = reference("Site", "Sites", "who sells")
    material: str = reference("Material", "Materials", "what")
    index: str = reference("Index", "Prices", "price index; blank is the material's", required=False)
    premium: float = number("Premium", "%", "on the index", default=0.0)
    adder: float = number("Adder", "USD/kg", "on top of that", default=0.0)
    minimum_order: float | None = number("Minimum order", "t/y", "least that a buyer takes if any", low=0)
    maximum: float | None = number("Maximum", "t/y", "most that is sold at spot; blank is no limit", low=0)
