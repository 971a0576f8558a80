"""Demand: what customers need, what may stand in, and the value of what they do not get."""

from __future__ import annotations

from sourcing.sheets import Row, Series, names, number, over_time, reference, sheet


@sheet("Demand", "a customer's need", key=("customer", "material", "rules"))
class Demand(Row):
    """A need for one material under a set of content rules."""

    customer: str = reference("Customer", "Sites", "who needs it")
    material: str = reference("Material", "Materials", "what")
    rules: tuple[str, ...] = names("Rules", "rules it must meet: `rule` takes the version in force, `rule@version` one")
    shortage_value: float | None = number(
        "Shortage value", "USD/kg", "value of the last tonne not met; blank is the setting", low=0
    )
    service_level: float | None = number(
        "Service level", "%", "share that must be met in contingencies", low=0, high=100
    )
    demand: Series = over_time("Demand", "t/y", "need in a year", low=0)


@sheet("Shortage steps", "a cheaper first part of a shortage", key=("customer", "material", "up_to"))
class ShortageStep(Row):
    """The first tonnes short cost less than the last."""

    customer: str = reference("Customer", "Sites", "whose demand")
    material: str = reference("Material", "Materials", "what")
    up_to: float = number("Up to", "% of demand", "where the step ends", required=True, low=0, high=100, positive=True)
    value: float = number("Value", "USD/kg", "value of a kilogram short in this step", required=True, low=0)


@sheet("Substitutes", "a grade that can stand in", key=("customer", "material", "substitute"))
class Substitute(Row):
    """Another material that meets the same need."""

    customer: str = reference("Customer", "Sites", "whose need")
    material: str = reference("Material", "Materials", "what is needed")
    substitute: str = reference("Substitute", "Materials", "what stands in")
    ratio: float = number("Ratio", "t/t", "tonnes of it for one tonne of the need", default=1.0, low=0, positive=True)
    extra_cost: float = number("Extra cost", "USD/t", "per tonne of the substitute", default=0.0, low=0)
    maximum_share: Series | None = over_time(
        "Maximum share", "%", "of the need; blank is no limit", required=False, low=0, high=100
    )
