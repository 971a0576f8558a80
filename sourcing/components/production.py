"""Production: units, the processes that use them, and what is left over."""

from __future__ import annotations

from sourcing.sheets import Row, Series, choice, identifier, names, number, over_time, reference, sheet

STAGES = ("mine", "crack", "separation", "metal", "alloy", "magnet", "recycling")


@sheet("Units", "a capacity at a site", key=("unit",))
class Unit(Row):
    """A capacity that processes share. The unit of a project exists only once the project is built."""

    unit: str = identifier("Unit", "short name")
    site: str = reference("Site", "Sites", "where it stands")
    minimum_load: float = number("Minimum load", "%", "least load while it runs", default=0.0, low=0, high=100)
    fixed_cost: float = number("Fixed cost", "M USD/y", "cost while it exists", default=0.0, low=0)
    running_cost: float = number("Running cost", "M USD/y", "cost while it runs", default=0.0, low=0)
    capacity: Series = over_time("Capacity", "t/y", "what it can do in a year; none is no limit", low=0)


@sheet("Processes", "a recipe run at a site", key=("site", "recipe", "unit"))
class Process(Row):
    """A recipe at a site on a unit. A row without a cost names a further unit that the row above also uses."""

    site: str = reference("Site", "Sites", "where it runs")
    recipe: str = reference("Recipe", "Recipes", "what it does")
    unit: str = reference("Unit", "Units", "the capacity that it uses")
    use: float = number("Use", "t/t", "capacity used per tonne of activity", default=1.0, low=0)
    cost: float | None = number(
        "Cost", "USD/t", "per tonne of activity; blank: a further unit of the line above; none is written 0", low=0
    )
    stage: str = choice("Stage", "where it stands in the chain", STAGES, required=True)
    adds: tuple[str, ...] = names("Adds", "rules that a first source violates, or clean; blank is worked out")
    credit: float = number("Credit", "USD/t", "production credit per tonne of activity", default=0.0, low=0)
    credit_payer: str = reference("Credit payer", "Entities", "who pays the credit", required=False)
