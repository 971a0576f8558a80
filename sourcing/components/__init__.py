"""The model's table of contents: one module a domain component. Importing this package declares every tab.

A component has its row classes and any of `checks(instance)` (faults at their cells), `declare(path, instance, lots,
ledger)` (its Pyomo block, in the names of its equations) and `tabs(solution)` (what the plan shows of it). Components
meet in the ledger and in each other's named blocks, nowhere else.
"""

from __future__ import annotations

from typing import Any

from sourcing.components import (
    channels,
    contracts,
    custody,
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
    takeorpay,
    trade,
)
from sourcing.instance import Instance
from sourcing.sheets import Issue

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

COMPONENTS: tuple[Any, ...] = (
    horizon, places, materials, trade, rules, production, custody, lanes, channels, qualifications, contracts,
    takeorpay, floors, demand, stock, projects, limits, scenarios, sources,
)  # fmt: skip
"""Every component, in the order of the chain."""

DECLARED: tuple[Any, ...] = (
    production,
    channels,
    qualifications,
    contracts,
    takeorpay,
    floors,
    demand,
    stock,
    projects,
    limits,
    custody,
)
"""Those that put something into the model, in the order in which they need each other's blocks."""

REPORTED: tuple[Any, ...] = (channels, demand, stock, takeorpay, projects, production, custody, limits, floors)
"""Those that put something into the plan, in reading order."""


def checks(instance: Instance) -> list[Issue]:
    """Every fault and warning of an instance whose cells and references are sound."""
    first = horizon.checks(instance)
    if any(issue.tab == horizon.Period.tab for issue in first):
        return first  # all others reckon with the periods
    others = [component for component in COMPONENTS if hasattr(component, "checks") and component is not horizon]
    return first + [issue for component in others for issue in component.checks(instance)]
