"""Small models: a few columns and rows, written down by name and solved at once, for sums that need no path.

minimise Σ cost·x   subject to   lower <= x <= upper,   lower <= Σ coefficient·x <= upper for each row
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from sourcing.arrays import Arrays
from sourcing.sheets import NoSolution
from sourcing.solver import Options, highs, launch

EXACT = Options(gap=0.0, threads=1)


@dataclass
class Small:
    """A model that is being written: columns and rows by name, in the order in which they are added."""

    columns: dict[Hashable, tuple[float, float, float, bool]] = field(default_factory=dict)
    rows: dict[Hashable, tuple[Mapping[Hashable, float], float, float]] = field(default_factory=dict)

    def column(
        self, name: Hashable, cost: float = 0.0, lower: float = 0.0, upper: float = math.inf, *, whole: bool = False
    ) -> None:
        """Add a column."""
        self.columns[name] = cost, lower, upper, whole

    def row(
        self, name: Hashable, terms: Mapping[Hashable, float], lower: float = -math.inf, upper: float = math.inf
    ) -> None:
        """Add a row."""
        self.rows[name] = terms, lower, upper

    def arrays(self) -> Arrays:
        """The model as arrays."""
        import numpy as np

        place = {name: k for k, name in enumerate(self.columns)}
        entries = sorted(
            (place[name], k, value)
            for k, (terms, _, _) in enumerate(self.rows.values())
            for name, value in terms.items()
            if value
        )
        cost, lower, upper, whole = zip(*self.columns.values(), strict=True)
        _, low, high = zip(*self.rows.values(), strict=True)
        counts = np.bincount([column for column, _, _ in entries], minlength=len(place))
        return Arrays(
            [("column", (name,)) for name in self.columns], [("row", (name,)) for name in self.rows], {},
            np.array(cost, dtype=float), 0.0, np.array(lower, dtype=float), np.array(upper, dtype=float),
            np.array(low, dtype=float), np.array(high, dtype=float),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            np.array([row for _, row, _ in entries], dtype=np.int32),
            np.array([value for _, _, value in entries], dtype=float), np.array(whole, dtype=bool),
        )  # fmt: skip

    def solver(self) -> Solver:
        """The model in a solver, ready for several costs."""
        return Solver(self)


class Solver:
    """A small model in HiGHS, kept so that another cost starts from the answer before."""

    def __init__(self, model: Small):
        self._places = {name: k for k, name in enumerate(model.columns)}
        self._arrays = model.arrays()
        self._highs = highs(self._arrays, EXACT)
        self._highs.setOptionValue("solver", "simplex")

    def solve(self, costs: Mapping[Hashable, float] | None = None) -> dict[Hashable, float] | None:
        """The values of the optimum, with other costs of some columns; None if nothing keeps all rows.

        Raises NoSolution where HiGHS ends neither way.
        """
        import highspy

        from sourcing.solver import SCALE

        for name, cost in (costs or {}).items():
            self._highs.changeColCost(self._places[name], SCALE * cost)
        status, kind = launch(self._highs, EXACT), highspy.HighsModelStatus
        if status == kind.kInfeasible:
            return None
        if status != kind.kOptimal:
            raise NoSolution(f"HiGHS stopped a small model: {self._highs.modelStatusToString(status)}")
        return dict(zip(self._places, self._highs.getSolution().col_value, strict=True))
