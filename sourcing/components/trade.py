"""Trade: price indices and spot offers."""

from __future__ import annotations

from sourcing.components.horizon import Span, at, mean, periods
from sourcing.components.materials import Material
from sourcing.instance import Instance
from sourcing.sheets import Amount, Issue, Row, Series, identifier, number, over_time, reference, sheet


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
    premium: Amount = number("Premium", "%", "on the index", default=0.0)
    adder: Amount = number("Adder", "USD/kg", "on top of that", default=0.0)
    minimum_order: float | None = number("Minimum order", "t/y", "least that a buyer takes if any", low=0)
    maximum: Amount | None = number("Maximum", "t/y", "most that is sold at spot; blank is no limit", low=0)


def index_price(instance: Instance, index: str, t: Span) -> float:
    """Mean of an index in a period, USD/kg."""
    known = instance.once(_known_prices)
    if (index, t.id) not in known:
        known[index, t.id] = mean(instance.row(Price, index).price, t)
    return known[index, t.id]


def _known_prices(instance: Instance) -> dict[tuple[str, str], float]:
    return {}


def market_price(instance: Instance, material: str, t: Span) -> float | None:
    """Market price of a material in a period, USD/kg; None if it has no index."""
    index = instance.row(Material, material).index
    return index_price(instance, index, t) if index else None


def offer_price(instance: Instance, offer: Offer, t: Span) -> float:
    """Price of an offer in a period, USD/kg."""
    index = offer.index or instance.row(Material, offer.material).index
    return index_price(instance, index, t) * (1 + at(offer.premium, t) / 100) + at(offer.adder, t)


def checks(instance: Instance) -> list[Issue]:
    """Offers without a price, or with a negative one, which would pay for taking without end."""
    faults = []
    for row in instance[Offer]:
        if any(at(row.premium, t) < -100 for t in periods(instance)):
            faults.append(instance.issue(row, "premium", "makes the price negative", "write -100 or more"))
        if not row.index and not instance.row(Material, row.material).index:
            faults.append(
                instance.issue(row, "index", f"no price: {row.material} has no price index either", "name an index")
            )
        elif any(offer_price(instance, row, t) < 0 for t in periods(instance)):
            faults.append(instance.issue(row, "adder", "makes the price negative", "write a smaller rebate"))
        most = row.maximum  # under a scenario it may vary, and nobody orders while it is too small
        if row.minimum_order and isinstance(most, int | float) and row.minimum_order > most:
            message = f"is above the maximum of {most:g} t/y: nobody could order"
            faults.append(instance.issue(row, "minimum_order", message, "write less, or a higher maximum"))
    return faults
