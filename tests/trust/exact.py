"""Linear models in rational numbers: what a basis of the solver means without any rounding.

    minimise c'x   subject to   Ax - s = 0,   lower <= x <= upper,   row lower <= s <= row upper

A number of the arrays is a float, and so a rational number. Of a basis (who is basic, who is at which bound) follow
the point and the dual values, here exactly: B·x_B = -N·x_N and B'y = c_B. Where the solver's tolerance let a basis
pass that is optimal but for a rounding, a few steps of the simplex method in rationals lead on to one that is.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import highspy
from pytest import approx

Sparse = dict[int, Fraction]


def solved(rows: list[Sparse], right: list[Fraction]) -> list[Fraction]:
    """x of a square system rows·x = right, by Gauss-Jordan elimination of the sparsest row first."""
    rows, right = [dict(row) for row in rows], list(right)
    holders: dict[int, set[int]] = {}
    for i, row in enumerate(rows):
        for j in row:
            holders.setdefault(j, set()).add(i)
    left, pivots = set(range(len(rows))), {}
    while left:
        i = min(left, key=lambda i: len(rows[i]))
        left.remove(i)
        assert rows[i], "the basis is singular"
        j = min(rows[i], key=lambda j: len(holders[j]))
        pivots[j], pivot = i, rows[i][j]
        for k in holders[j] - {i}:
            factor = rows[k][j] / pivot
            right[k] -= factor * right[i]
            for column, value in rows[i].items():
                new = rows[k].get(column, 0) - factor * value
                if new:
                    rows[k][column] = new
                    holders[column].add(k)
                elif rows[k].pop(column, None) is not None and column != j:
                    holders[column].discard(k)
        holders[j] = {i}
    return [right[pivots[j]] / rows[pivots[j]][j] for j in range(len(rows))]


@dataclass
class Exact:
    """A linear model, and a basis of it: the variables are the columns, then the rows' activities."""

    cost: list[Fraction]
    columns: list[Sparse]
    lower: list[Fraction | None]
    upper: list[Fraction | None]
    basic: list[int]
    value: list[Fraction]  # of those that are not basic

    @classmethod
    def of(cls, arrays: Any, basis: Any) -> Exact:
        """The model of arrays with a basis of HiGHS."""
        matrix, status = arrays.matrix(), highspy.HighsBasisStatus
        n, m = len(arrays.columns), len(arrays.rows)
        columns = [
            {int(matrix.indices[k]): Fraction(float(matrix.data[k])) for k in range(*matrix.indptr[j : j + 2])}
            for j in range(n)
        ]
        lower = [_side(x) for x in (*arrays.lower, *arrays.row_lower)]
        upper = [_side(x) for x in (*arrays.upper, *arrays.row_upper)]
        where = [*basis.col_status, *basis.row_status]
        value = [
            (high if at == status.kUpper else low if at == status.kLower else None) or Fraction(0)
            for at, low, high in zip(where, lower, upper, strict=True)
        ]
        return cls(
            [Fraction(float(c)) for c in arrays.cost] + [Fraction(0)] * m,
            columns + [{i: Fraction(-1)} for i in range(m)],
            lower, upper, [j for j, at in enumerate(where) if at == status.kBasic], value,
        )  # fmt: skip

    def at_rest(self) -> list[int]:
        """The variables that are not basic."""
        basic = set(self.basic)
        return [j for j in range(len(self.columns)) if j not in basic]

    def with_basis(self, right: list[Fraction]) -> list[Fraction]:
        """B^-1 times a vector over the rows, in the order of the basic variables."""
        rows: list[Sparse] = [{} for _ in self.basic]
        for k, j in enumerate(self.basic):
            for i, value in self.columns[j].items():
                rows[i][k] = value
        return solved(rows, right)

    def point(self) -> list[Fraction]:
        """Every variable: B·x_B = -N·x_N."""
        right = [Fraction(0)] * len(self.basic)
        for j in self.at_rest():
            for i, value in self.columns[j].items() if self.value[j] else ():
                right[i] -= value * self.value[j]
        x = list(self.value)
        for j, value in zip(self.basic, self.with_basis(right), strict=True):
            x[j] = value
        return x

    def duals(self) -> list[Fraction]:
        """What one more of each row's right-hand side is worth: B'y = c_B."""
        return solved([self.columns[j] for j in self.basic], [self.cost[j] for j in self.basic])

    def reduced(self, duals: list[Fraction]) -> list[Fraction]:
        """Reduced costs c - A'y; of a row's activity its dual value."""
        return [
            c - sum((value * duals[i] for i, value in column.items()), Fraction(0))
            for c, column in zip(self.cost, self.columns, strict=True)
        ]

    def improve(self) -> int:
        """Primal simplex steps to an optimal basis, by Bland's rule; how many there were."""
        for steps in itertools.count():
            x, d = self.point(), self.reduced(self.duals())
            wrong = (j for j in self.at_rest() if d[j] and x[j] != (self.lower[j] if d[j] > 0 else self.upper[j]))
            if (entering := next(wrong, None)) is None:
                return steps
            self._step(entering, -1 if d[entering] > 0 else 1, x)
        raise AssertionError("unreachable")

    def _step(self, entering: int, sign: int, x: list[Fraction]) -> None:
        """Move a variable that is not basic, up or down, until it or a basic one comes to a bound."""
        right = [Fraction(0)] * len(self.basic)
        for i, value in self.columns[entering].items():
            right[i] = -sign * value
        moves = [(entering, Fraction(sign)), *zip(self.basic, self.with_basis(right), strict=True)]
        stops = [
            (max((bound - x[j]) / move, Fraction(0)), j, bound)
            for j, move in moves
            if move and (bound := self.upper[j] if move > 0 else self.lower[j]) is not None
        ]
        assert stops, "the model is unbounded"
        _, leaving, bound = min(stops, key=lambda stop: stop[:2])
        self.value[leaving] = bound
        if leaving != entering:
            self.basic[self.basic.index(leaving)] = entering


BLUR = Fraction(1, 10**12)
"""Tonnes (or k USD) by which a bound may be missed where the data meet but for a rounding: 4e-16 was seen."""


def proven(solution: Any, steps: int = 0) -> tuple[Fraction, Fraction]:
    """Cost and dual bound of the linear model of a solution (k USD), checked in rationals; at most `steps` further on.

    primal feasible:  lower <= x <= upper,  row lower <= Ax <= row upper, but for BLUR
    dual bound:       Σ d·(the bound that d pushes on) over columns and rows, d = c - A'y:  no plan costs less
    strong duality:   c'x = the dual bound, but for what BLUR allows
    """
    model = solution.linear or solution.arrays
    exact = Exact.of(model, solution.basis)
    assert exact.improve() <= steps
    x, duals = exact.point(), exact.duals()
    reduced, n = exact.reduced(duals), len(model.columns)
    activity = [Fraction(0)] * len(model.rows)
    for j in range(n):
        for i, value in exact.columns[j].items():
            activity[i] += value * x[j]
    assert activity == x[n:]
    missed = [
        max(Fraction(0) if low is None else low - at, Fraction(0) if high is None else at - high)
        for at, low, high in zip(x, exact.lower, exact.upper, strict=True)
    ]
    assert max(missed) <= BLUR
    bound = cost = Fraction(model.constant)
    for push, at, c, low, high in zip(reduced, x, exact.cost, exact.lower, exact.upper, strict=True):
        cost += c * at
        if push:
            side = low if push > 0 else high
            assert side is not None
            bound += push * side
    assert cost == bound or max(missed) > 0
    if not steps:
        assert solution.x.tolist() == approx([float(at) for at in x[:n]], rel=1e-7, abs=1e-7)
        assert solution.duals.tolist() == approx([float(y) for y in duals], rel=1e-7, abs=1e-7)
    return cost, bound


def _side(value: float) -> Fraction | None:
    return Fraction(float(value)) if math.isfinite(value) else None
