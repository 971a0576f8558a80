"""Warm: a linear model that stays in HiGHS, for optima one after another.

What a model differs in from the one that is there is sent as numbers; where columns, rows or pattern differ it is
passed whole. Either way the simplex method goes on from the basis of the plan or of the last answer, whichever's model
differs in fewer numbers (after the capacity of Mount Weld had moved, a price cost 2,300 iterations to undo that, and
none from the plan), or else from the last one, carried over by name. Where the new optimum is far away the interior
point method, from nothing, is quicker.
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any, NamedTuple

from sourcing.arrays import Arrays, residuals
from sourcing.solver import DEVEX, EDGES, SCALE, Options, Solution, check, highs, launch, run_linear

FEW = 5000
"""Coefficients of the matrix that are sent one by one; a model with more changes is passed whole."""

FAR, PATIENCE = 8000, 10.0
"""Simplex iterations that take as long as the interior point method from nothing (7 to 9 s on allied-2026), and seconds
after which that is taken whatever the count says: from a basis that was carried over simplex may stand still."""

DUAL, PRIMAL = 1, 4
"""HiGHS's simplex strategies. Where only costs change the last plan still keeps every row, and from there the primal
one is 5 times as fast (1.1 s against 5.4 s after a rise of all NdPr prices by 10 %)."""


class _Start(NamedTuple):
    """A model and the basis of its optimum, from which the simplex method may go on."""

    arrays: Arrays
    basis: Any


class _Moves(NamedTuple):
    """Where two models of the same columns, rows and pattern differ: numbers of coefficients, columns and rows."""

    entries: Any
    costs: Any
    bounds: Any
    sides: Any

    def total(self) -> int:
        """How many numbers differ."""
        return sum(len(which) for which in self)


def _moves(old: Arrays, new: Arrays) -> _Moves | None:
    """The numbers in which two models differ; None where more than that differs."""
    import numpy as np

    if not (
        (old.columns is new.columns or old.columns == new.columns)
        and (old.rows is new.rows or old.rows == new.rows)
        and np.array_equal(old.starts, new.starts)
        and np.array_equal(old.indices, new.indices)
    ):
        return None
    return _Moves(
        np.flatnonzero(old.values != new.values),
        np.flatnonzero(old.cost != new.cost).astype(np.int32),
        np.flatnonzero((old.lower != new.lower) | (old.upper != new.upper)).astype(np.int32),
        np.flatnonzero((old.row_lower != new.row_lower) | (old.row_upper != new.row_upper)),
    )


class Warm:
    """HiGHS with a linear model, and the bases of the plan and of the last answer."""

    def __init__(self, linear: Arrays, basis: Any, options: Options):
        self.options = options
        self._plan = self._last = _Start(linear, basis)
        self._stands: _Start | None = None
        self._until = math.inf
        self._load(*self._plan)

    def basis(self, arrays: Arrays) -> Any:
        """A basis for a model: that of the nearest of the same columns and rows, else the last answer's by name."""
        near = self._nearest(arrays)
        return near[0].basis if near else self._carried(arrays)

    def _load(self, arrays: Arrays, basis: Any) -> None:
        def watch(event: Any) -> None:
            event.data_in.user_interrupt = perf_counter() > self._until  # HiGHS would keep it for the runs to come

        self._arrays, self._solver = arrays, highs(arrays, self.options)
        self._solver.cbSimplexInterrupt += watch
        settings = ("solver", "simplex"), ("presolve", "off"), (EDGES, DEVEX), ("simplex_iteration_limit", FAR)
        for name, value in settings:
            check(self._solver.setOptionValue(name, value), f"option {name}")
        if basis is not None:
            check(self._solver.setBasis(basis), "the basis to go on from")

    def solve(self, linear: Arrays, arrays: Arrays, path: Any) -> Solution:
        """A linear model, and the solution that it means for `arrays`, whose integers it holds."""
        import highspy
        import numpy as np

        self._go(linear)
        self._until = perf_counter() + PATIENCE
        status = launch(self._solver, self.options, again=True)
        self._stands = None
        if status == highspy.HighsModelStatus.kInfeasible:  # from nothing the same answer takes a hundred times as long
            check(self._solver.clearSolver(), "clearing")
            return Solution(path, arrays, "infeasible")
        if status != highspy.HighsModelStatus.kOptimal:
            found = run_linear(path, linear, self.options)
            if found.status == "optimal" and found.basis is not None:
                self._last = _Start(linear, found.basis)
            found.arrays, found.linear = arrays, linear
            return found
        answer = self._solver.getSolution()
        x = np.clip(np.array(answer.col_value), linear.lower, linear.upper)
        duals = np.array(answer.row_dual) / SCALE
        exact = residuals(linear, x, duals)
        bound = exact.pop("dual_objective")
        cost = float(linear.cost @ x) + linear.constant
        self._last = self._stands = _Start(linear, self._solver.getBasis())
        return Solution(path, arrays, "optimal", cost, bound, x, duals, exact, basis=self._last.basis, linear=linear)

    def _nearest(self, new: Arrays) -> tuple[_Start, _Moves] | None:
        """The plan or the last answer, whichever's model differs in fewer numbers from a new one."""
        near: tuple[_Start, _Moves] | None = None
        for start in (self._last, self._plan):
            moves = _moves(start.arrays, new) if start.basis is not None else None
            if moves is not None and (near is None or moves.total() < near[1].total()):
                near = start, moves
        return near

    def _go(self, new: Arrays) -> None:
        """Exchange the model, and go to a basis from which its optimum is near."""
        near = self._nearest(new)
        if not self._send(new):
            self._load(new, near[0].basis if near else self._carried(new))
        elif near and near[0] is not self._stands:
            check(self._solver.setBasis(near[0].basis), "the basis to go on from")
        if near:
            strategy = PRIMAL if near[1].total() == len(near[1].costs) else DUAL
            check(self._solver.setOptionValue("simplex_strategy", strategy), "option simplex_strategy")

    def _send(self, new: Arrays) -> bool:
        """Send the numbers in which a model differs from the one that is there; False where more than that differs."""
        import numpy as np

        moves, solver = _moves(self._arrays, new), self._solver
        if moves is None or len(moves.entries) > FEW:
            return False
        of = np.repeat(np.arange(len(new.columns)), np.diff(new.starts))
        for entry in moves.entries.tolist():
            row, column, value = int(new.indices[entry]), int(of[entry]), float(new.values[entry])
            check(solver.changeCoeff(row, column, value), "changing a coefficient")
        columns = moves.costs
        if len(columns):
            check(solver.changeColsCost(len(columns), columns, SCALE * new.cost[columns]), "changing costs")
        columns = moves.bounds
        if len(columns):
            bounds = new.lower[columns], new.upper[columns]
            check(solver.changeColsBounds(len(columns), columns, *bounds), "changing bounds")
        for row in moves.sides.tolist():
            sides = float(new.row_lower[row]), float(new.row_upper[row])
            check(solver.changeRowBounds(row, *sides), "changing sides")
        self._arrays = new
        return True

    def _carried(self, new: Arrays) -> Any:
        """The last answer's basis for another model: what has the same name keeps its status."""
        import highspy

        kinds, basis, last = highspy.HighsBasisStatus, highspy.HighsBasis(), self._last
        if last.basis is None:
            return None
        columns = dict(zip(last.arrays.columns, last.basis.col_status, strict=True))
        rows = dict(zip(last.arrays.rows, last.basis.row_status, strict=True))
        basis.col_status = [columns.get(name, kinds.kLower) for name in new.columns]
        basis.row_status = [rows.get(name, kinds.kBasic) for name in new.rows]
        basis.valid, basis.alien = True, True  # there may be too many or too few basic ones
        return basis
