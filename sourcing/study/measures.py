"""Measures of risk: linear expressions over the columns of a path, or of a tree of futures, that can be capped.

    shortage       = Σ_s probability[s]·Σ short[d,t,s]                                                               [t]
    concentration  = 10,000·Σ_t part[t]·Σ_c square[c,t]            HHI of what a stage makes, by country, 0 to 10,000
                     square[c,t] >= 2a·share[c,t] - a²         tangents at a = 0, 0.025 … 1: at most 0.00016 low [1]
                     share[c,t]  = made[c,t] / made in the cheapest plan in t;   part[t] its part of all periods     [1]
    CVaR           = tail + Σ_s probability[s]·excess[s]/(1 - alpha)                            (`futures.glue`)    [k$]

The denominators of shares are those of the cheapest plan, so that the index is convex and its rows linear. Less made
would then look less concentrated: so nobody may go shorter in a period than in the cheapest plan. What is told of a
plan is its own index, with its own denominators, as the mean of its periods by tonnes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column, compile_path
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.components.production import lines
from sourcing.futures.glue import EXCESS, TAIL, Tree, extended, glue
from sourcing.futures.words import sorted_tail
from sourcing.instance import Instance
from sourcing.sheets import NoSolution

if TYPE_CHECKING:
    import numpy as np

    from sourcing.futures.glue import Path

SHORT = "demand.short"
"""Family of what demands do not get."""

MADE_AT = {"separation": "oxide", "metal": "metal", "alloy": "alloy", "magnet": "magnet"}
"""The form of what a stage makes."""

STEP = 0.025
"""Distance of the tangents of a square."""

SHARE, SQUARE, MAKES, TANGENT, NO_SHORTER = (
    "frontier.share", "frontier.square", "frontier.makes", "frontier.tangent", "frontier.no_shorter",
)  # fmt: skip


@dataclass
class Ground:
    """What is planned: the arrays of a path, or of a tree with its futures.

    `parts` are the futures: probability, arrays of the path, and the places of its columns in the whole. `names` are
    the columns of the whole without the name of the trunk, to tell decisions by.
    """

    instance: Instance
    path: Any
    arrays: Arrays
    names: list[Column]
    parts: list[tuple[float, Arrays, np.ndarray]]
    tree: Tree | None = None

    def sum_of(self, weight: Callable[[str, tuple[Any, ...]], float]) -> np.ndarray:
        """The expected sum of columns as a vector over those of the whole; `weight(family, index)` of each."""
        import numpy as np

        found = np.zeros(len(self.names))
        for probability, arrays, places in self.parts:
            if probability:
                own = np.array([weight(family, index) for family, index in arrays.columns])
                np.add.at(found, places, probability * own)
        return found

    def cost_of(self, wanted: str) -> np.ndarray:
        """The expected cost of a family of columns (k USD) as a vector over those of the whole."""
        import numpy as np

        found = np.zeros(len(self.names))
        for probability, arrays, places in self.parts:
            own = np.array([family == wanted for family, _ in arrays.columns])
            np.add.at(found, places[own], probability * arrays.cost[own])
        return found


@dataclass
class Measure:
    """A measure of risk over a ground: its own arrays, a vector over their columns, and what a plan's risk truly is, in
    `unit`; `scale` turns the unit of the vector into that one.
    """

    name: str
    unit: str
    arrays: Arrays
    terms: np.ndarray
    exact: Callable[[np.ndarray], float]
    scale: float = 1.0


def path_ground(instance: Instance, view: str | None = None) -> Ground:
    """The base path of an instance."""
    import numpy as np

    from sourcing.model import build

    path = build(instance, view=view)
    arrays = compile_path(path)
    return Ground(instance, path, arrays, arrays.columns, [(1.0, arrays, np.arange(len(arrays.columns)))])


def tree_ground(instance: Instance, paths: list[Path], alpha: float) -> Ground:
    """The tree of an instance's futures, expected cost as its objective, with the columns of the tail."""
    import numpy as np

    counted = counting(paths)
    tree = glue(counted, 1.0, alpha)
    arrays = tree.arrays
    tail = np.array([family in (TAIL, EXCESS) for family, _ in arrays.columns])
    arrays = replace(arrays, cost=np.where(tail, 0.0, arrays.cost))
    trunk = counted[0].branch.id
    names = [(family, index[1:] if index[0] == trunk else index) for family, index in arrays.columns]
    parts = [(path.branch.probability, path.arrays, places) for path, places in zip(counted, tree.places, strict=True)]
    return Ground(instance, None, arrays, names, parts, tree)


def counting(paths: list[Path]) -> list[Path]:
    """The paths that count in a plan: likely ones, contingencies, and what those leave; parents by their new number."""
    keep = {0}
    for s, path in enumerate(paths):
        if path.branch.probability > 0 or path.branch.contingency:
            while s >= 0:
                keep.add(s)
                s = paths[s].branch.parent
    number = {-1: -1} | {s: k for k, s in enumerate(sorted(keep))}
    return [
        replace(paths[s], branch=replace(paths[s].branch, parent=number[paths[s].branch.parent])) for s in sorted(keep)
    ]


def shortage(ground: Ground) -> Measure:
    """Tonnes short over the horizon, expected over futures."""
    terms = ground.sum_of(lambda family, _: 1.0 if family == SHORT else 0.0)
    return Measure("shortage", "t", ground.arrays, terms, lambda x: float(terms @ x[: len(terms)]))


def cvar(ground: Ground) -> Measure:
    """Mean cost of the worst futures."""
    import numpy as np

    tree = ground.tree
    if tree is None:
        raise NoSolution("CVaR needs futures: there is no active scenario")
    total = sum(tree.weights)
    likely = {path.branch.id: weight for path, weight in zip(tree.paths, tree.weights, strict=True)}
    terms = np.zeros(len(ground.arrays.columns))
    for place, (family, index) in enumerate(ground.arrays.columns):
        if family == TAIL:
            terms[place] = 1.0
        elif family == EXCESS:
            terms[place] = likely[index[-1]] / total / (1 - tree.alpha)

    def exact(x: Any) -> float:
        losses = [(tree.loss(s, x), weight) for s, weight in enumerate(tree.weights) if weight > 0]
        return sorted_tail(losses, tree.alpha) / 1000

    return Measure("CVaR", "M USD", ground.arrays, terms, exact, 1e-3)


def concentration(ground: Ground, stage: str, cheapest: np.ndarray) -> Measure:
    """HHI of what a stage makes by country; `cheapest` is the cheapest plan, which gives the denominators.

    Raises NoSolution where that plan makes nothing at the stage.
    """
    import numpy as np

    if ground.tree is not None:
        raise NoSolution("concentration is measured on the tables as they stand, without futures")
    arrays = ground.arrays
    made = makers(ground.instance, ground.arrays.columns, stage)
    whole: dict[str, float] = {}
    for (_, t), pairs in made.items():
        whole[t] = whole.get(t, 0.0) + sum(rate * float(cheapest[place]) for place, rate in pairs)
    periods = {t: tonnes for t, tonnes in whole.items() if tonnes > 1e-6}
    if not periods:
        raise NoSolution(f"the cheapest plan makes nothing at the stage {stage}")
    groups = [key for key in made if key[1] in periods]
    first, count = len(arrays.columns), len(groups)
    columns: list[Column] = [(SHARE, key) for key in groups] + [(SQUARE, key) for key in groups]
    rows: list[Column] = []
    low: list[float] = []
    high: list[float] = []
    entries: list[tuple[int, int, float]] = []
    for number, key in enumerate(groups):
        entries += [(place, len(rows), rate / periods[key[1]]) for place, rate in made[key]]
        entries.append((first + number, len(rows), -1.0))
        rows.append((MAKES, key))
        low.append(0.0)
        high.append(0.0)
    for number, key in enumerate(groups):
        for step in range(1, round(1 / STEP) + 1):
            a = step * STEP
            entries += [(first + count + number, len(rows), 1.0), (first + number, len(rows), -2 * a)]
            rows.append((TANGENT, (*key[:1], str(step), key[1])))
            low.append(-a * a)
            high.append(np.inf)
    missing: dict[str, list[int]] = {}
    for place, (family, index) in enumerate(arrays.columns):
        if family == SHORT:
            missing.setdefault(index[-1], []).append(place)
    for t, places in missing.items():
        entries += [(place, len(rows), 1.0) for place in places]
        rows.append((NO_SHORTER, (t,)))
        low.append(-np.inf)
        high.append(float(sum(cheapest[place] for place in places)) + 1e-6)
    wide = extended(arrays, columns, rows, np.zeros(2 * count), np.array(low), np.array(high), entries)
    terms = np.zeros(first + 2 * count)
    everything = sum(periods.values())
    for number, (_, t) in enumerate(groups):
        terms[first + count + number] = 10_000 * periods[t] / everything

    def exact(x: Any) -> float:
        tonnes = {key: sum(rate * float(x[place]) for place, rate in pairs) for key, pairs in made.items()}
        totals: dict[str, float] = {}
        squares: dict[str, float] = {}
        for (_, t), part in tonnes.items():
            totals[t] = totals.get(t, 0.0) + part
            squares[t] = squares.get(t, 0.0) + part**2
        # Σ_t total[t]·HHI[t] / Σ_t total[t]
        return 10_000 * sum(squares[t] / totals[t] for t in totals if totals[t] > 1e-6) / sum(totals.values())

    return Measure(f"concentration of {stage}", "0-10,000", wide, terms, exact)


def makers(instance: Instance, columns: list[Column], stage: str) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """What a stage makes (t of the form that it makes) as sums over columns, by country and period."""
    rates = {line.id: _rate(instance, line, stage) for line in lines(instance)}
    country = {row.site: row.country or "ZZ" for row in instance[Site]}
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for place, (family, index) in enumerate(columns):
        if family == "production.activity" and (rate := rates[index[:3]]):
            found.setdefault((country[index[0]], index[-1]), []).append((place, rate))
    return found


def _rate(instance: Instance, line: Any, stage: str) -> float:
    if line.row.stage != stage:
        return 0.0
    outputs = line.recipe.outputs.items()
    return float(sum(rate for name, rate in outputs if instance.row(Material, name).form == MADE_AT[stage]))
