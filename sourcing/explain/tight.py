"""Tight: where a plan does exist, the rules that bind it most, from the linear model with decisions in parts.

rent of a row = |dual|·|side|/discount, summed over its periods                                          [M USD]
"""

from __future__ import annotations

from typing import Any

from sourcing.arrays import Arrays
from sourcing.bottlenecks import worths
from sourcing.explain.elastic import OutOfTime
from sourcing.explain.search import possible
from sourcing.instance import Instance
from sourcing.solver import Options, run_linear
from sourcing.tables import Table, fields


def state(arrays: Arrays, until: float) -> tuple[str, Any]:
    """`infeasible`, `unbounded` or `optimal`, and of the last the linear optimum with decisions in parts.

    Raises OutOfTime.
    """
    from dataclasses import replace
    from time import perf_counter

    if not possible(arrays, until):
        return "infeasible", None
    if until - perf_counter() <= 0:
        raise OutOfTime
    parts = replace(arrays, integer=arrays.integer & False)
    found = run_linear(None, parts, Options(time_limit=max(1.0, until - perf_counter())))
    return found.status, found if found.status == "optimal" else None


def tightest(instance: Instance, solution: Any, count: int = 5) -> Table:
    """The rules with the largest rents, largest first."""
    table = Table(
        "Binds most",
        fields("Rule", "Name", "Periods", ("Worth", "USD", "of one more unit, where it is worth most"), "Per",
               ("Rent", "M USD"), "Cell"),
        "What binds most, from the linear model with decisions in parts; rent: worth of one more, times all of it.",
    )  # fmt: skip
    rents: dict[tuple[str, str, str, str], list[tuple[float, float, str, str]]] = {}
    for found in worths(instance, solution.arrays, solution.duals):
        if found.side:
            key = found.binding.kind, found.row.key, found.row.tab, found.binding.unit
            rent = found.usd * abs(found.side) / 1e6
            rents.setdefault(key, []).append((found.usd, rent, found.period, found.cell))
    order = sorted(rents.items(), key=lambda item: -sum(rent for _, rent, _, _ in item[1]))
    for (kind, name, _, unit), told in order[:count]:
        worth, _, period, cell = max(told)
        when = period or None if len(told) == 1 else f"{len(told)} periods, most in {period}"
        table.add(kind, name, when, worth, {"t": "t", "steps": "step"}.get(unit, unit), sum(t[1] for t in told), cell)
    return table
