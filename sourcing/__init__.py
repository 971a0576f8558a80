"""Plans for allied rare-earth sourcing: who supplies whom, with what, when, at what cost and risk.

    import sourcing

    instance = sourcing.read("instances/starter")     # a workbook or a folder of CSV files
    plan = sourcing.make_plan(instance)                # solved and audited; plan.tabs, plan.verdict, plan.summary()
    path = sourcing.build(instance)                    # the Pyomo model, to look at or to add to

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcing.instance import Instance
    from sourcing.model import build
    from sourcing.plan import Plan, make_plan
    from sourcing.report import write_plan
    from sourcing.workbook.read import check, read

__all__ = ["Instance", "Plan", "build", "check", "make_plan", "read", "write_plan"]

_HOMES = {
    "Instance": "sourcing.instance",
    "Plan": "sourcing.plan",
    "build": "sourcing.model",
    "check": "sourcing.workbook",
    "make_plan": "sourcing.plan",
    "read": "sourcing.workbook",
    "write_plan": "sourcing.report",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sourcing' has no attribute {name!r}")
