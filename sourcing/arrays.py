"""Arrays: a Pyomo path as a linear model by name, and what can be said of a solution from the arrays alone.

    minimise c'x + constant   subject to   row lower <= A x <= row upper,   lower <= x <= upper

Names tie the two together: column 17 is ("channels.flow", ("kuantan", "japan", "ndpr_oxide", "spot", "clean", "2027")).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.model import uncollected

if TYPE_CHECKING:
    import numpy as np


Column = tuple[str, tuple[Any, ...]]
"""A family of variables and an index in it."""


@dataclass(frozen=True)
class Arrays:
    """A linear model by name: columns and rows are (family, index), matrices are numpy arrays, A by columns."""

    columns: list[tuple[str, tuple[Any, ...]]]
    rows: list[tuple[str, tuple[Any, ...]]]
    place: dict[int, int]  # id of a Pyomo variable → its column
    cost: np.ndarray
    constant: float
    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray
    starts: np.ndarray
    indices: np.ndarray
    values: np.ndarray
    integer: np.ndarray

    def held(self, values: Mapping[Column, float]) -> Arrays:
        """The same model with those of its integers that have a value held at it, and integers no more."""
        lower, upper, integer = self.lower.copy(), self.upper.copy(), self.integer.copy()
        for place in integer.nonzero()[0].tolist():
            value = values.get(self.columns[place])
            if value is not None:
                lower[place] = upper[place] = min(max(value, lower[place]), upper[place])
                integer[place] = False
        return replace(self, lower=lower, upper=upper, integer=integer)

    def matrix(self) -> Any:
        """A as a scipy sparse matrix."""
        from scipy.sparse import csc_matrix

        return csc_matrix((self.values, self.indices, self.starts), shape=(len(self.rows), len(self.columns)))


@uncollected()
def compile_path(path: Any, look: Callable[[Mapping[str, list[float]]], None] | None = None) -> Arrays:
    """Read a Pyomo model into named arrays; `look` is shown their numbers as the model holds them, before."""
    import numpy as np
    from pyomo.core.expr import LinearExpression
    from pyomo.environ import Constraint, Objective, Var
    from pyomo.environ import value as number_of
    from pyomo.repn import generate_standard_repn

    columns: list[tuple[str, tuple[Any, ...]]] = []
    place: dict[int, int] = {}
    lower, upper, integer = [], [], []
    for family in path.component_objects(Var, active=True, descend_into=True):
        name = family.name  # worked out anew at each look
        for index, var in family.items():
            place[id(var)] = len(columns)
            columns.append((name, index if isinstance(index, tuple) else (index,)))
            low, high = number_of(var.lower), number_of(var.upper)
            if var.fixed:
                low = high = var.value
            lower.append(-np.inf if low is None else low)
            upper.append(np.inf if high is None else high)
            integer.append(not var.is_continuous())

    def linear(body: Any) -> tuple[dict[int, float], float]:
        terms: dict[int, float] = {}
        if body.__class__ is LinearExpression:
            pairs, constant = zip(body.linear_vars, body.linear_coefs, strict=True), body.constant
        else:
            form = generate_standard_repn(body, compute_values=True)
            if not form.is_linear():
                raise ValueError(f"{body} is not linear")
            pairs, constant = zip(form.linear_vars, form.linear_coefs, strict=True), form.constant
        for var, coefficient in pairs:
            column = place[id(var)]
            terms[column] = terms.get(column, 0.0) + coefficient
        return terms, constant

    fixed = [
        var
        for family in path.component_objects(Var, active=True, descend_into=True)
        for var in family.values()
        if var.fixed
    ]
    for var in fixed:
        var.unfix()  # its bounds hold it: the columns of a family stay together
    rows: list[tuple[str, tuple[Any, ...]]] = []
    row_lower, row_upper = [], []
    entries: list[tuple[int, int, float]] = []
    for family in path.component_objects(Constraint, active=True, descend_into=True):
        name = family.name
        for index, row in family.items():
            low, body, high = row.to_bounded_expression()
            terms, constant = linear(body)
            low = -np.inf if low is None else number_of(low) - constant
            high = np.inf if high is None else number_of(high) - constant
            number = len(rows)
            rows.append((name, index if isinstance(index, tuple) else (index,)))
            row_lower.append(low)
            row_upper.append(high)
            entries.extend((column, number, value) for column, value in terms.items() if value)
    objective = next(path.component_data_objects(Objective, active=True))
    terms, constant = linear(objective.expr)
    for var in fixed:
        var.fix()
    cost = [0.0] * len(columns)
    for column, value in terms.items():
        cost[column] = value
    entries.sort()
    starts = np.zeros(len(columns) + 1, dtype=np.int32)
    for column, _, _ in entries:
        starts[column + 1] += 1
    values = [value for _, _, value in entries]
    if look is not None:
        sides = {"lower": lower, "upper": upper, "row_lower": row_lower, "row_upper": row_upper}
        look({"cost": cost, "constant": [constant], "values": values, **sides})
    return Arrays(
        columns, rows, place, np.array(cost, dtype=float), float(constant), np.array(lower, dtype=float),
        np.array(upper, dtype=float), np.array(row_lower, dtype=float), np.array(row_upper, dtype=float),
        np.cumsum(starts, dtype=np.int32), np.array([row for _, row, _ in entries], dtype=np.int32),
        np.array(values, dtype=float), np.array(integer, dtype=bool),
    )  # fmt: skip


def residuals(arrays: Arrays, x: Any, duals: Any) -> dict[str, float]:
    """Largest primal and dual residual and the dual objective, from the arrays alone.

    Dual: reduced costs d = c - A'y; with lower bounds l and upper bounds u the dual objective is
    Σ y·(the side of the row that y pushes on) + Σ d·(the bound that d pushes on), and a push on an infinite side is
    a residual. This is weak duality: no plan can cost less than the dual objective, residuals aside.
    """
    import numpy as np

    matrix = arrays.matrix()
    activity = matrix @ x
    primal = max(
        float(np.max(arrays.row_lower - activity, initial=0.0)),
        float(np.max(activity - arrays.row_upper, initial=0.0)),
        float(np.max(arrays.lower - x, initial=0.0)),
        float(np.max(x - arrays.upper, initial=0.0)),
    )
    reduced = arrays.cost - matrix.T @ duals
    total, dual = arrays.constant, 0.0
    for push, low, high in ((duals, arrays.row_lower, arrays.row_upper), (reduced, arrays.lower, arrays.upper)):
        side = np.where(push > 0, low, high)
        loose = np.isinf(side)
        dual = max(dual, float(np.max(np.abs(push[loose]), initial=0.0)))
        total += float(np.sum(push[~loose] * side[~loose]))
    return {"primal": primal, "dual": dual, "dual_objective": total}
