"""Unbounded: the loop that earns without end, in words and with the cells that price it.

a ray: A r in the cone of the rows, r in the cone of the bounds, c'r < 0
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sourcing.arrays import Arrays
from sourcing.components.channels import channels
from sourcing.components.production import lines
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.sheets import Row
from sourcing.solver import Options, check, highs
from sourcing.tables import Table, fields

SHOWN = 40


def loop(instance: Instance, arrays: Arrays) -> tuple[str, Table]:
    """A sentence that names what earns without end, and the table of what grows with it."""
    import numpy as np

    table = Table(
        "Why",
        fields(
            "What grows",
            "Where",
            ("Earns", "USD", "one more of it, a tonne or a step, discounted; below 0 it costs"),
            "In words",
            "Cell",
        ),
        "A combination that earns without end; something must bound it.",
    )
    solver = highs(replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool)), Options())
    for name, value in (("solver", "simplex"), ("presolve", "off")):
        check(solver.setOptionValue(name, value), f"option {name}")
    solver.run()
    answer = solver.getPrimalRay()
    ray = np.array(answer[-1]) if answer[1] else np.zeros(len(arrays.columns))
    grows = [j for j in np.argsort(-np.abs(ray), kind="stable")[:SHOWN].tolist() if abs(ray[j]) > 1e-9]
    for j in sorted(grows, key=lambda j: arrays.cost[j] * ray[j]):
        family, index = arrays.columns[j]
        words, cell = _told(instance, family, index)
        table.add(family, ", ".join(str(part) for part in index), 0.0 - 1000 * float(arrays.cost[j]), words, cell)
    text = "No plan exists: the cost could fall without end, so a price or a limit must be wrong."
    told = list(dict.fromkeys(f"{row[3]} ({row[4]})" for row in table.rows if row[3] and row[2] > 0))[:2]
    return text + (f" What earns: {'; '.join(told)}." if told else ""), table


def _told(instance: Instance, family: str, index: tuple[Any, ...]) -> tuple[str, str]:
    """A column in words, and the cell that prices or bounds it."""
    for words, row, field in _cells(instance, family, index):
        return words, instance.where(row, field)
    return "", ""


def _cells(instance: Instance, family: str, index: tuple[Any, ...]) -> Iterator[tuple[str, Row, str]]:
    if family == "channels.flow":
        i, j, material, under, _, period = index
        h = next(h for h in channels(instance) if h.id == (i, j, material, under))
        words = f"{material} from {i} to {j} in {period}"
        if h.contract:
            yield f"{words} under contract {under}", h.contract, "fixed" if h.contract.fixed is not None else "premium"
        elif h.offer:
            yield f"{words} at the offer of {i}", h.offer, "adder" if h.offer.adder else "premium"
        else:
            yield words, h.lane, "maximum"
    elif family == "production.activity":
        site, recipe, unit, _, period = index
        line = next(line for line in lines(instance) if line.id == (site, recipe, unit))
        yield f"{recipe} at {site} in {period}", line.row, "credit" if line.row.credit else "cost"
    elif family.startswith("stock."):
        verb = {"stock.level": "what lies in", "stock.fill": "filling", "stock.draw": "drawing"}.get(family, "")
        yield f"{verb} stock {index[0]} in {index[-1]}", instance.row(Stockpile, index[0]), "maximum"
