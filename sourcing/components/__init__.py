"""The model's table of contents: one module a domain component. Importing this package declares every tab."""

from sourcing.components import (  # noqa: F401
    contracts,
    demand,
    floors,
    horizon,
    lanes,
    limits,
    materials,
    places,
    production,
    projects,
    qualifications,
    rules,
    scenarios,
    sources,
    stock,
    trade,
)

PLANNER_TABS = (
    "Settings", "Demand", "Shortage steps", "Contracts", "Stockpiles", "Prices", "Floors", "Qualifications", "Limits",
    "Rules", "Waivers", "Scenarios", "Shocks",
)  # fmt: skip
"""What a planner edits, in the order of the workbook."""

NETWORK_TABS = (
    "Periods", "Materials", "Content", "Entities", "Ownership", "Sites", "Units", "Processes", "Recipes", "Lanes",
    "Offers", "Substitutes", "Projects", "Sources",
)  # fmt: skip
"""The network behind them, which comes filled in."""

TAB_ORDER = PLANNER_TABS + NETWORK_TABS
