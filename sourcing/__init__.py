"""Plans for allied rare-earth sourcing: who supplies whom, with what, when, at what cost and risk.

    import sourcing

    instance = sourcing.read("instances/starter")     # a workbook or a folder of CSV files
    plan = sourcing.solve(instance)                    # solved and audited; plan.tabs, plan.verdict, plan.summary()
    path = sourcing.build(instance)                    # the Pyomo model, to look at or to add to
    study = sourcing.Study(instance)                   # what-ifs: study.off("kuantan").solve().objective
    tables = sourcing.compare(plan, study.report())    # what differs, and why; or of two instances, cell by cell

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
    from sourcing.plan import make_plan as solve
    from sourcing.report import write_plan
    from sourcing.study.live import Study
    from sourcing.workbook.read import check, read

__all__ = ["Instance", "Plan", "Study", "build", "check", "compare", "read", "solve", "write_plan"]

_HOMES = {
    "Instance": ("sourcing.instance", "Instance"),
    "Plan": ("sourcing.plan", "Plan"),
    "Study": ("sourcing.study.live", "Study"),
    "build": ("sourcing.model", "build"),
    "check": ("sourcing.workbook", "check"),
    "compare": ("sourcing.comparison", "compare"),
    "read": ("sourcing.workbook", "read"),
    "solve": ("sourcing.plan", "make_plan"),
    "write_plan": ("sourcing.report", "write_plan"),
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        module, attribute = _HOMES[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'sourcing' has no attribute {name!r}")
