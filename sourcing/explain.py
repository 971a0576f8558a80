"""Explain: why there is no plan.

Shortage is priced, so what can be infeasible is a duty: a firm or minimum contract, a stock's minimum or end, a
minimum limit, a by-product that must not be left over. Every rule that comes from a cell, and the ban on surplus, may
give way at a price per tonne (1 for a duty, 1.01 for a cap), and the sum is least: what is left is the smallest set of
tonnes that would make a plan possible. Balances, stock rolls and demands always hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sourcing.arrays import Arrays
from sourcing.bindings import BINDINGS, cell_of, period_of
from sourcing.components.materials import Material
from sourcing.components.production import made_at
from sourcing.instance import Instance
from sourcing.solver import Options, highs
from sourcing.tables import Table, fields


def tonnes_text(tonnes: float) -> str:
    """Tonnes in words: whole from a hundred on, three digits below."""
    return f"{tonnes:,.0f} t" if tonnes >= 100 else f"{tonnes:.3g} t"


def why(instance: Instance, arrays: Arrays, status: str) -> tuple[str, Table]:
    """A sentence that says why no plan exists, and the table of what would have to give way."""
    return _infeasible(instance, arrays) if status == "infeasible" else _unbounded(arrays)


def _infeasible(instance: Instance, arrays: Arrays) -> tuple[str, Table]:
    import highspy
    import numpy as np

    table = Table(
        "Why",
        fields("Rule", "Name", "Period", ("Gives way by", "t"), "In words", "Cell"),
        "The least total tonnes by which rules would have to give way so that a plan exists.",
    )
    slacks: list[tuple[int, float]] = []  # row, sign of the slack
    made = made_at(instance)
    for number, (family, index) in enumerate(arrays.rows):
        if family in BINDINGS:
            if np.isfinite(arrays.row_lower[number]):
                slacks.append((number, 1.0))
            if np.isfinite(arrays.row_upper[number]):
                slacks.append((number, -1.0))
        elif family == "balance" and index[1] in made.get(index[0], ()):
            slacks.append((number, -1.0))  # left over where it is made
    count, extra = len(arrays.columns), len(slacks)
    elastic = Arrays(
        arrays.columns + [("give", (number,)) for number, _ in slacks],
        arrays.rows,
        {},
        np.concatenate([np.zeros(count), [_price(arrays.rows[number][0]) for number, _ in slacks]]),
        0.0,
        np.concatenate([arrays.lower, np.zeros(extra)]),
        np.concatenate([arrays.upper, np.full(extra, np.inf)]),
        arrays.row_lower,
        arrays.row_upper,
        np.concatenate([arrays.starts, arrays.starts[-1] + np.arange(1, extra + 1, dtype=np.int32)]).astype(np.int32),
        np.concatenate([arrays.indices, np.array([number for number, _ in slacks], dtype=np.int32)]),
        np.concatenate([arrays.values, np.array([sign for _, sign in slacks], dtype=float)]),
        np.concatenate([arrays.integer, np.zeros(extra, dtype=bool)]),
    )
    solver = highs(elastic, Options())
    solver.setOptionValue("solver", "choose")
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return (
            "No plan exists: the balances themselves contradict each other (fixed arrivals that nobody can use).",
            table,
        )
    given = np.array(solver.getSolution().col_value)[count:]
    found = sorted(
        (
            (tonnes, number, sign)
            for tonnes, (number, sign) in zip(given.tolist(), slacks, strict=True)
            if tonnes > 1e-6
        ),
        key=lambda item: (-item[0], item[1]),
    )
    for tonnes, number, sign in found:
        table.add(*_row(instance, arrays, number, sign, tonnes))
    sentences = [row[4] for row in table.rows[:3]]
    more = f", and {len(table.rows) - 3} more" if len(table.rows) > 3 else ""
    return "No plan exists. It would with: " + "; ".join(sentences) + more + ".", table


def _price(family: str) -> float:
    """What a tonne costs by which a rule gives way: of two that would do as well, the duty does."""
    return 1.0 if family in BINDINGS and BINDINGS[family].duty else 1.01


def _row(instance: Instance, arrays: Arrays, number: int, sign: float, tonnes: float) -> tuple[Any, ...]:
    family, index = arrays.rows[number]
    if family == "balance":
        site, material, label, period = index
        row = instance.row(Material, material)
        words = f"{tonnes_text(tonnes)} of {material} left over at {site} in {period}, where surplus is forbidden"
        return (
            "surplus forbidden",
            f"{site}: {material} ({label})",
            period,
            tonnes,
            words,
            instance.where(row, "surplus"),
        )
    binding = BINDINGS[family]
    row_of = binding.row(instance, index)
    period = period_of(instance, family, index)
    less = "less" if sign > 0 else "more"
    amount = tonnes_text(tonnes) if binding.unit == "t" else f"{tonnes:.3g} {binding.unit}"
    words = f"{amount} {less} for the {binding.words.format(name=row_of.key)}" + (f" in {period}" if period else "")
    return binding.kind, row_of.key, period, tonnes, words, cell_of(instance, row_of, binding.field, period)


def _unbounded(arrays: Arrays) -> tuple[str, Table]:
    import numpy as np

    table = Table(
        "Why", fields("What grows", "Where"), "A combination that earns without end; something must bound it."
    )
    solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), Options())
    for name, value in (("solver", "simplex"), ("presolve", "off")):
        solver.setOptionValue(name, value)
    solver.run()
    answer = solver.getPrimalRay()
    ray = np.array(answer[-1]) if answer[1] else np.zeros(len(arrays.columns))
    for place in np.argsort(-np.abs(ray), kind="stable")[:40]:
        if abs(ray[place]) > 1e-9:
            family, index = arrays.columns[place]
            table.add(family, ", ".join(str(part) for part in index))
    return "No plan exists: the cost could fall without end, so a price or a limit must be wrong.", table
