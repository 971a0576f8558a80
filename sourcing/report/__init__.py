"""Reports: a plan as a workbook that a planner or an executive opens."""

from sourcing.report.workbook import write_plan

__all__ = ["write_plan"]
