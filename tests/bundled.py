"""The bundled instances and what solves them, each once a session; the numbers of their README; sums over plans."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from pathlib import Path

import numpy as np
import pytest

import sourcing.workbook
from sourcing.components.horizon import periods
from sourcing.instance import Instance
from sourcing.plan import Plan, plan_of
from sourcing.solver import Options, Solution, run_linear, solve_path

HOME = Path(__file__).parents[1] / "instances"
README = (HOME / "README.md").read_text(encoding="utf-8")
slow = pytest.mark.skipif("SOURCING_SLOW" not in os.environ, reason="long, or holds for one plan: SOURCING_SLOW=1")
both = pytest.mark.parametrize("name", ["starter", "allied-2026"])


@functools.cache
def instance(name: str) -> Instance:
    """A bundled instance, as its folder has it."""
    return sourcing.workbook.read(HOME / name)


def solution(name: str, view: str = "system") -> Solution:
    """It solved within the usual gap."""
    return _solution(name, view)


def plan(name: str, view: str = "system") -> Plan:
    """Its audited plan, without the price of rules."""
    return _plan(name, view)


@functools.cache  # by both arguments: the cache takes f(x) and f(x, default) for two calls
def _solution(name: str, view: str) -> Solution:
    return solve_path(instance(name), view=view)


@functools.cache
def _plan(name: str, view: str) -> Plan:
    return plan_of(solution(name, view), compare=False)


@functools.cache
def relaxed(name: str) -> Solution:
    """Its optimum with every decision in parts."""
    found = solution(name)
    parts = dataclasses.replace(found.arrays, integer=np.zeros(len(found.arrays.columns), dtype=bool))
    return run_linear(found.path, parts, Options())


def told(pattern: str) -> float:
    """The number that the README says at (…); the words around it may be broken anywhere."""
    found = re.findall(pattern.replace(" ", r"\s+").replace("#", r"(-?[\d,]+(?:\.\d+)?)"), README)
    assert len(found) == 1, f"{len(found)} places in the README say {pattern!r}"
    return float(found[0].replace(",", ""))


def total(plan, tab: str, value: str, **where: object) -> float:
    """Sum of a column of a plan's tab over the rows that match."""
    return sum(
        row[value] or 0.0
        for row in plan.tabs[tab].records()
        if all(row[key] in (want if isinstance(want, set) else {want}) for key, want in where.items())
    )


def worth(plan, name: str, period: str) -> float:
    """USD by which one more tonne would lower the cost."""
    return total(plan, "Bottlenecks", "Worth", Name=name, Period=period)


def capacity_worth(solution, unit: str, period: str) -> float:
    """USD by which one more tonne of a unit would lower the cost.

    What a unit with a minimum load can do bounds it twice while it is on, and its worth may stand on either row.
    """
    t = next(span for span in periods(solution.instance) if span.id == period)
    return -1000 * sum(solution.dual(rows, (unit, period), t) for rows in ("production.capacity", "production.on"))


def decided(plan, kind: str) -> dict[str, tuple[str, float]]:
    """Period and steps of what a plan signs, builds or qualifies, by name."""
    rows = [row for row in plan.tabs["Decisions"].records() if row["Kind"] == kind]
    return {row["Name"]: (row["Period"], row["Steps"]) for row in rows}


def in_parts(solution, family: str, *name: str) -> dict[str, float]:
    """What a relaxation takes of a decision, by period."""
    return {index[-1]: value for index, value in solution.positive(family) if index[:-1] == name and value > 1e-3}
