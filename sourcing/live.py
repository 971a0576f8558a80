"""Live: questions to a solved path, answered from its basis with the integers as they are.

A question changes a little of the linear model, is solved by the simplex method from the plan's own basis, and is
undone: so the answer to one never depends on another.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Column
from sourcing.solver import DEVEX, EDGES, SCALE, Options, check, highs

if TYPE_CHECKING:
    from sourcing.solver import Solution

NUDGE = 1e-9
"""Change of a basic variable, per unit of the side, below which it counts as standing still."""


class Live:
    """A solver that stands at a plan."""

    def __init__(self, solution: Solution):
        self.solution = solution
        self.arrays = solution.linear or solution.arrays
        self.place = {column: number for number, column in enumerate(self.arrays.columns)}
        self.solver = highs(self.arrays, Options())
        # Devex weights start at once; steepest edge would work out 17,000 before each question
        for name, value in (("solver", "simplex"), ("presolve", "off"), (EDGES, DEVEX)):
            check(self.solver.setOptionValue(name, value), f"option {name}")
        self._basic: Any = None
        self._standing = False

    def forced(
        self, terms: list[tuple[float, Column]], names: frozenset[str] = frozenset()
    ) -> tuple[float, Column] | None:
        """What one unit of Σ weight·column, forced into the plan, adds to the cost (k USD, discounted), and the column
        that takes most of it; None if the sum cannot be a unit.

        Decisions about `names` (of a site, its units, projects and contracts) may be taken further for it, in parts;
        what is negative then, since parts would pay where the whole does not, is 0.
        """
        import highspy
        import numpy as np

        places = np.array([self.place[column] for _, column in terms], dtype=np.int32)
        weights = np.array([weight for weight, _ in terms])
        about = [place for place in self._decisions if names.intersection(self.arrays.columns[place][1])]
        self._stand()
        self._bound(about, self.arrays.lower[about], self.solution.arrays.upper[about])
        check(self.solver.addRow(1.0, highspy.kHighsInf, len(places), places, weights), "a row")
        cost = self._cost()
        x = np.array(self.solver.getSolution().col_value)[places]
        check(self.solver.deleteRows(1, np.array([len(self.arrays.rows)], dtype=np.int32)), "deleting a row")
        self._bound(about, self.arrays.lower[about], self.arrays.upper[about])
        if cost is None:
            return None
        return max(cost - self.solution.objective, 0.0), terms[int(np.argmax(x * weights))][1]

    def with_values(self, values: dict[Column, float], free: frozenset[str] = frozenset()) -> float | None:
        """The least cost (k USD, discounted) with some columns at other values; None if there is no plan.

        Integers of the families `free` may take any value between their bounds, parts too: then the cost is a bound.
        """
        import numpy as np

        given = [self.place[column] for column in values]
        loose = [
            p for p in self._integers if self.arrays.columns[p][0] in free and self.arrays.columns[p] not in values
        ]
        own, chosen = self.solution.arrays, list(values.values())
        self._stand()
        self._bound(
            given + loose,
            np.concatenate([chosen, own.lower[loose]]),
            np.concatenate([chosen, own.upper[loose]]),
        )
        cost = self._cost()
        self._bound(given + loose, self.arrays.lower[given + loose], self.arrays.upper[given + loose])
        return cost

    def range_of(self, row: int) -> tuple[float, float]:
        """By how much a binding row's side may fall and rise while its dual holds.

        A nonbasic row moves by δ, and with it the basic variables by δ·(its column of the basis' inverse); the dual
        holds until the first of them meets a bound.
        """
        import numpy as np

        if not self._standing:
            self._stand()
            check(self.solver.run(), "solving")
            self._standing = True
        if self._basic is None:
            status, basic = self.solver.getBasicVariables()
            check(status, "the basis")
            basic = np.array(basic)
            columns = basic >= 0
            rows = -basic[~columns] - 1
            activity = self.arrays.matrix() @ self.solution.x
            value, low, high = (np.empty(len(basic)) for _ in range(3))
            value[columns], value[~columns] = self.solution.x[basic[columns]], activity[rows]
            low[columns], low[~columns] = self.arrays.lower[basic[columns]], self.arrays.row_lower[rows]
            high[columns], high[~columns] = self.arrays.upper[basic[columns]], self.arrays.row_upper[rows]
            self._basic = columns, np.maximum(value - low, 0.0), np.maximum(high - value, 0.0), set(rows.tolist())
        columns, down, up, basic_rows = self._basic
        if row in basic_rows:
            return 0.0, 0.0
        status, moves = self.solver.getBasisInverseCol(row)
        check(status, "the basis")
        moves = np.array(moves)
        moves[~columns] *= -1.0  # a row's own variable stands on the other side
        rising, falling = moves > NUDGE, moves < -NUDGE
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = min(
                float(np.min(up[rising] / moves[rising], initial=np.inf)),
                float(np.min(down[falling] / -moves[falling], initial=np.inf)),
            )
            fall = min(
                float(np.min(down[rising] / moves[rising], initial=np.inf)),
                float(np.min(up[falling] / -moves[falling], initial=np.inf)),
            )
        return fall, rise

    @functools.cached_property
    def _integers(self) -> list[int]:
        """Columns that are whole numbers in the plan."""
        found: list[int] = self.solution.arrays.integer.nonzero()[0].tolist()
        return found

    @functools.cached_property
    def _decisions(self) -> list[int]:
        """Those of which a part makes sense: not whether a mix is clean."""
        return [place for place in self._integers if self.arrays.columns[place][0] != "custody.clean"]

    def _bound(self, places: list[int], lower: Any, upper: Any) -> None:
        import numpy as np

        if places:
            columns = np.array(places, dtype=np.int32)
            check(self.solver.changeColsBounds(len(columns), columns, lower, upper), "changing bounds")

    def _stand(self) -> None:
        check(self.solver.setBasis(self.solution.basis), "the plan's basis")
        self._standing = False

    def _cost(self) -> float | None:
        import highspy

        check(self.solver.run(), "solving")
        if self.solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return float(self.solver.getInfo().objective_function_value) / SCALE
