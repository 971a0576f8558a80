"""Warm: linear models that are solved one after another, each from where an optimum is near.

HiGHS holds one model with the columns and rows of all that were asked (a closed site has fewer than the plan). The
columns that a model lacks are held at 0, and the rows lose their limits unless 0 keeps them; else both stay as they
were in the model that had them first, so that a basis stays one. So another model is some other numbers, and the
simplex method goes on from the basis of the plan or of one of the last answers: the one whose model differs least.
(Of allied-2026, after the capacity of Mount Weld had moved, a price cost 2,300 iterations to undo that, and none from
the plan; a closed site that no plan used cost 8,000 from the basis carried over by name to the smaller model, where it
is as often as not singular, and costs none.) Where the new optimum is far away the interior point method, from nothing,
is quicker.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

from sourcing.arrays import Arrays, Column, residuals
from sourcing.solver import DEVEX, EDGES, PATIENCE, SCALE, Options, Solution, check, highs, launch, run_linear

FEW = 5000
"""Coefficients of the matrix that are sent one by one; a model with more changes is passed whole."""

FAR = 8000
"""Simplex iterations that take as long as the interior point method from nothing (7 to 9 s on allied-2026)."""

KEPT = 6
"""Answers that are kept as starts beside the plan: who compares sizes under two shocks asks for each in turn."""

DUAL, PRIMAL = 1, 4
"""HiGHS's simplex strategies. Where only costs change the last plan still keeps every row, and from there the primal
one is 5 times as fast (1.1 s against 5.4 s after a rise of all NdPr prices by 10 %)."""


class _Start(NamedTuple):
    """A model, the same among all columns and rows, and the basis of its optimum: statuses of both."""

    own: Arrays
    wide: Arrays
    columns: list[Any]
    rows: list[Any]


class Warm:
    """HiGHS with a linear model, and the bases of the plan and of the last answers.

    Made of the plan's model with whole decisions held, and its basis (None where it has none).
    """

    def __init__(self, linear: Arrays, basis: Any, options: Options):
        self.options = options
        self._columns: dict[Column, int] = {}
        self._rows: dict[Column, int] = {}
        self._first = _First.none()
        wide = self._widened(linear)
        self._starts: list[_Start] = []
        self._stands: _Start | None = None
        self._keep(linear, wide, basis)
        self._load(wide)

    def solve(self, linear: Arrays, arrays: Arrays, path: Any) -> Solution:
        """A linear model, and the solution that it means for `arrays`, whose integers it holds."""
        import highspy
        import numpy as np

        wide = self._widened(linear)
        self._go(wide)
        status = launch(self._solver, self.options, again=True, seconds=min(PATIENCE, self.options.time_limit))
        self._stands = None
        if status == highspy.HighsModelStatus.kInfeasible:  # from nothing the same answer takes a hundred times as long
            return Solution(path, arrays, "infeasible")
        if status != highspy.HighsModelStatus.kOptimal:
            found = run_linear(path, linear, self.options)
            self._keep(linear, wide, found.basis)
            found.arrays, found.linear = arrays, linear
            return found
        answer, basis = self._solver.getSolution(), self._solver.getBasis()
        columns, rows = _places(linear.columns, self._columns), _places(linear.rows, self._rows)
        x = np.clip(np.array(answer.col_value)[columns], linear.lower, linear.upper)
        duals = np.array(answer.row_dual)[rows] / SCALE
        exact = residuals(linear, x, duals)
        bound = exact.pop("dual_objective")
        cost = float(linear.cost @ x) + linear.constant
        self._stands = _Start(linear, wide, basis.col_status, basis.row_status)
        self._add(self._stands)
        return Solution(path, arrays, "optimal", cost, bound, x, duals, exact, linear=linear)

    # -------------------------------------------------------------------------------------------- models

    def _widened(self, own: Arrays) -> Arrays:
        """A model among all columns and rows, which gain those that are new."""
        import numpy as np
        from scipy.sparse import coo_array

        known = len(self._rows), len(self._columns)
        rows, columns = _places(own.rows, self._rows), _places(own.columns, self._columns)
        size = len(self._rows), len(self._columns)
        row, column, value = rows[own.indices], np.repeat(columns, np.diff(own.starts)), own.values
        if size != known:
            first = (row >= known[0]) | (column >= known[1])
            self._first = self._first.with_(own, rows, columns, size, (row[first], column[first], value[first]))
        whole = self._first
        lacks_row, lacks_column = np.ones(size[0], dtype=bool), np.ones(size[1], dtype=bool)
        lacks_row[rows], lacks_column[columns] = False, False
        more = lacks_row[whole.row] | lacks_column[whole.column]
        idle = (whole.row_lower <= 0) & (whole.row_upper >= 0)
        idle[whole.row[more & ~lacks_column[whole.column]]] = False
        entries = (
            np.concatenate([ours, theirs[more]]) for ours, theirs in zip((row, column, value), whole, strict=False)
        )
        row, column, value = entries
        matrix = coo_array((value, (row, column)), shape=size).tocsc()
        return Arrays(
            columns=list(self._columns),
            rows=list(self._rows),
            place={},
            cost=_wide(own.cost, columns, whole.cost),
            constant=own.constant,
            lower=_wide(own.lower, columns, np.zeros(size[1])),
            upper=_wide(own.upper, columns, np.zeros(size[1])),
            row_lower=_wide(own.row_lower, rows, np.where(idle, whole.row_lower, -math.inf)),
            row_upper=_wide(own.row_upper, rows, np.where(idle, whole.row_upper, math.inf)),
            starts=matrix.indptr,
            indices=matrix.indices,
            values=matrix.data,
            integer=np.zeros(size[1], dtype=bool),
        )

    def _keep(self, own: Arrays, wide: Arrays, basis: Any) -> None:
        """Keep a start from a model's own basis, if it has one: columns that it lacks are not basic, rows are."""
        if basis is None:
            return
        kinds = _kinds()
        columns = dict(zip(own.columns, basis.col_status, strict=True))
        rows = dict(zip(own.rows, basis.row_status, strict=True))
        self._add(
            _Start(
                own,
                wide,
                [columns.get(name, kinds.kLower) for name in self._columns],
                [rows.get(name, kinds.kBasic) for name in self._rows],
            )
        )

    def _add(self, start: _Start) -> None:
        self._starts = [*self._starts[:1], *self._starts[1:][1 - KEPT :], start]

    def _grown(self, start: _Start) -> _Start:
        """A start among all columns and rows that there are by now."""
        more = len(self._columns) - len(start.columns), len(self._rows) - len(start.rows)
        if more == (0, 0):
            return start
        columns, rows = [_kinds().kLower] * more[0], [_kinds().kBasic] * more[1]
        return _Start(start.own, self._widened(start.own), [*start.columns, *columns], [*start.rows, *rows])

    # -------------------------------------------------------------------------------------------- the solver

    def _load(self, wide: Arrays) -> None:
        self._now, self._solver = wide, highs(wide, self.options)
        settings = ("solver", "simplex"), ("presolve", "off"), (EDGES, DEVEX), ("simplex_iteration_limit", FAR)
        for name, value in settings:
            check(self._solver.setOptionValue(name, value), f"option {name}")
        self._stands = None

    def _go(self, wide: Arrays) -> None:
        """Exchange the model, and go to the basis from which its optimum is near."""
        self._starts = [self._grown(start) for start in self._starts]
        if not self._send(wide):
            self._load(wide)
        if self._starts:
            near = min(reversed(self._starts), key=lambda start: _moved(start.wide, wide))
            if near is not self._stands:
                check(self._solver.setBasis(_basis(near.columns, near.rows)), "the basis to go on from")
            strategy = PRIMAL if _moved(replace(near.wide, cost=wide.cost), wide) == 0 else DUAL
            check(self._solver.setOptionValue("simplex_strategy", strategy), "option simplex_strategy")

    def _send(self, new: Arrays) -> bool:
        """Send the numbers in which a model differs from the one that is there; False where more than that differs."""
        import numpy as np

        old, solver = self._now, self._solver
        if not _same_pattern(old, new):
            return False
        entries = np.flatnonzero(old.values != new.values)
        if len(entries) > FEW:
            return False
        of = np.repeat(np.arange(len(new.columns)), np.diff(new.starts))
        for entry in entries.tolist():
            row, column, value = int(new.indices[entry]), int(of[entry]), float(new.values[entry])
            check(solver.changeCoeff(row, column, value), "changing a coefficient")
        columns = np.flatnonzero(old.cost != new.cost).astype(np.int32)
        check(solver.changeColsCost(len(columns), columns, SCALE * new.cost[columns]), "changing costs")
        columns = np.flatnonzero((old.lower != new.lower) | (old.upper != new.upper)).astype(np.int32)
        bounds = new.lower[columns], new.upper[columns]
        check(solver.changeColsBounds(len(columns), columns, *bounds), "changing bounds")
        rows = np.flatnonzero((old.row_lower != new.row_lower) | (old.row_upper != new.row_upper)).astype(np.int32)
        sides = new.row_lower[rows], new.row_upper[rows]
        check(solver.changeRowsBounds(len(rows), rows, *sides), "changing sides")
        self._now = new
        return True


class _First(NamedTuple):
    """All columns and rows with their numbers in the model that had them first."""

    row: Any
    column: Any
    value: Any
    cost: Any
    row_lower: Any
    row_upper: Any

    @classmethod
    def none(cls) -> _First:
        """No column and no row."""
        import numpy as np

        return cls(*(np.empty(0, dtype=kind) for kind in (np.int32, np.int32, float, float, float, float)))

    def with_(
        self, own: Arrays, rows: Any, columns: Any, size: tuple[int, int], entries: tuple[Any, Any, Any]
    ) -> _First:
        """With those that a model has and these have not; `entries` are its coefficients in them."""
        import numpy as np

        def longer(ours: Any, theirs: Any, places: Any, length: int) -> Any:
            found = np.zeros(length)
            found[places] = theirs
            found[: len(ours)] = ours
            return found

        row, column, value = (np.concatenate([ours, theirs]) for ours, theirs in zip(self[:3], entries, strict=True))
        return _First(
            row,
            column,
            value,
            cost=longer(self.cost, own.cost, columns, size[1]),
            row_lower=longer(self.row_lower, own.row_lower, rows, size[0]),
            row_upper=longer(self.row_upper, own.row_upper, rows, size[0]),
        )


def _wide(part: Any, places: Any, lacking: Any) -> Any:
    """Numbers at their places, and those of what is lacking at the others."""
    found = lacking.copy()
    found[places] = part
    return found


def _places(names: list[Column], known: dict[Column, int]) -> Any:
    """The places of names, of which new ones get the next."""
    import numpy as np

    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int32)


def _same_pattern(one: Arrays, other: Arrays) -> bool:
    """Whether two wide models have their coefficients in the same places, and as many columns and rows."""
    import numpy as np

    return (
        len(one.rows) == len(other.rows)
        and np.array_equal(one.starts, other.starts)
        and np.array_equal(one.indices, other.indices)
    )


def _moved(old: Arrays, new: Arrays) -> int:
    """In how many numbers two wide models of the same columns and rows differ."""
    import numpy as np

    parts = ("cost", "lower", "upper", "row_lower", "row_upper")
    found = sum(int(np.count_nonzero(getattr(old, part) != getattr(new, part))) for part in parts)
    if _same_pattern(old, new):
        return found + int(np.count_nonzero(old.values != new.values))
    return found + int((new.matrix() != old.matrix()).nnz)


def _kinds() -> Any:
    """Statuses in a basis."""
    import highspy

    return highspy.HighsBasisStatus


def _basis(columns: list[Any], rows: list[Any]) -> Any:
    """A basis of HiGHS, of which there may be too many or too few basic ones."""
    import highspy

    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status, basis.valid, basis.alien = columns, rows, True, True
    return basis
