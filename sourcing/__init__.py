"""Plans for allied rare-earth sourcing: who supplies whom, with what, when, at what cost and risk.

    import sourcing

    instance = sourcing.read("instances/starter")     # a workbook or a folder of CSV files
    plan = sourcing.solve(instance)                    # solved and audited; plan.tabs, plan.verdict, plan.summary()
    path = sourcing.build(instance)                    # the Pyomo model, to look at or to add to
    study = sourcing.Study(instance)                   # what-ifs: study.off("kuantan").solve().objective
    tables = sourcing.compare(plan, study.report())    # what differs, and why; or of two instances, cell by cell
    found = sourcing.what_if(instance, off=[("kuantan", "2028", 6)])      # the plan before and after, and why
    floor = sourcing.bankability(instance, "seabed_mud").floor            # USD/kg that carries a project
    others = sourcing.alternatives(instance).plans     # plans almost as cheap that differ most

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcing.comparison import compare
    from sourcing.instance import Instance
    from sourcing.model import build
    from sourcing.plan import Plan
    from sourcing.report import pictures, write_plan
    from sourcing.report.html import write_html
    from sourcing.report.plots import Plots
    from sourcing.report.sliders import Sliders
    from sourcing.sheets import SourcingError
    from sourcing.solver import Options
    from sourcing.study.alternatives import alternatives
    from sourcing.study.bankability_tables import bankability
    from sourcing.study.frontier import frontier
    from sourcing.study.live import Study
    from sourcing.study.screening import solve
    from sourcing.study.stress import stress
    from sourcing.study.whatif import what_if
    from sourcing.workbook.read import check, read

__all__ = [
    "Instance",
    "Options",
    "Plan",
    "Plots",
    "Sliders",
    "SourcingError",
    "Study",
    "alternatives",
    "bankability",
    "build",
    "check",
    "compare",
    "frontier",
    "pictures",
    "read",
    "solve",
    "stress",
    "what_if",
    "write_html",
    "write_plan",
]

_HOMES = {
    "Instance": ("sourcing.instance", "Instance"),
    "Options": ("sourcing.solver", "Options"),
    "Plan": ("sourcing.plan", "Plan"),
    "Plots": ("sourcing.report.plots", "Plots"),
    "Sliders": ("sourcing.report.sliders", "Sliders"),
    "SourcingError": ("sourcing.sheets", "SourcingError"),
    "Study": ("sourcing.study.live", "Study"),
    "alternatives": ("sourcing.study.alternatives", "alternatives"),
    "bankability": ("sourcing.study.bankability_tables", "bankability"),
    "build": ("sourcing.model", "build"),
    "check": ("sourcing.workbook", "check"),
    "compare": ("sourcing.comparison", "compare"),
    "frontier": ("sourcing.study.frontier", "frontier"),
    "pictures": ("sourcing.report.plots", "pictures"),
    "read": ("sourcing.workbook", "read"),
    "solve": ("sourcing.study.screening", "solve"),
    "stress": ("sourcing.study.stress", "stress"),
    "what_if": ("sourcing.study.whatif", "what_if"),
    "write_html": ("sourcing.report.html", "write_html"),
    "write_plan": ("sourcing.report", "write_plan"),
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'sourcing' has no attribute {name!r}")
