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

    def ranges(self) -> dict[str, tuple[float, float]]:
        """The least and the largest magnitude of what is neither zero nor infinite: coefficients, costs (k USD a unit,
        discounted), bounds of columns, sides of rows. A part without such a number is left out.

        Wide ranges cost accuracy: a solver's tolerances (1e-7) are absolute.
        """
        import numpy as np

        found = {}
        for name, parts in (
            ("coefficients", [self.values]),
            ("costs", [self.cost]),
            ("bounds", [self.lower, self.upper]),
            ("sides", [self.row_lower, self.row_upper]),
        ):
            sizes = np.abs(np.concatenate(parts))
            sizes = sizes[(sizes > 0) & np.isfinite(sizes)]
            if len(sizes):
                found[name] = float(sizes.min()), float(sizes.max())
        return found

    def matrix(self) -> Any:
        """A as a scipy sparse matrix."""
        from scipy.sparse import csc_matrix

        return csc_matrix((self.values, self.indices, self.starts), shape=(len(self.rows), len(self.columns)))


@uncollected()
def compile_path(path: Any, look: Callable[[Mapping[str, list[float]]], None] | None = None) -> Arrays:
    """Read a Pyomo model into named arrays; `look` is shown their numbers as the model holds them, before."""
    import numpy as np
    from pyomo.environ import Constraint, Objective, Var
    from pyomo.environ import value as number_of

    columns: list[Column] = []
    place: dict[int, int] = {}
    lower, upper, integer, fixed = [], [], [], []
    for family in path.component_objects(Var, active=True, descend_into=True):
        name = family.name  # worked out anew at each look
        for index, var in family.items():
            place[id(var)] = len(columns)
            columns.append((name, index if isinstance(index, tuple) else (index,)))
            low, high = var.lower, var.upper
            if var.fixed:
                low = high = var.value
                fixed.append(var)
            lower.append(-np.inf if low is None else number_of(low))
            upper.append(np.inf if high is None else number_of(high))
            integer.append(not var.is_continuous())
    for var in fixed:
        var.unfix()  # its bounds hold it: the columns of a family stay together
    linear = reader(place)
    rows: list[Column] = []
    row_lower, row_upper = [], []
    of_row: list[int] = []
    of_column: list[int] = []
    values: list[float] = []
    for family in path.component_objects(Constraint, active=True, descend_into=True):
        name = family.name
        for index, row in family.items():
            low, body, high = row.to_bounded_expression()
            terms, constant = linear(body)
            row_lower.append(-np.inf if low is None else number_of(low) - constant)
            row_upper.append(np.inf if high is None else number_of(high) - constant)
            for column, value in terms.items():
                if value:
                    of_row.append(len(rows))
                    of_column.append(column)
                    values.append(value)
            rows.append((name, index if isinstance(index, tuple) else (index,)))
    objective = next(path.component_data_objects(Objective, active=True))
    terms, constant = linear(objective.expr)
    for var in fixed:
        var.fix()
    cost = [0.0] * len(columns)
    for column, value in terms.items():
        cost[column] = value
    row_of, column_of = np.array(of_row, dtype=np.int32), np.array(of_column, dtype=np.int32)
    order = np.lexsort((row_of, column_of))
    values = [values[k] for k in order.tolist()]
    if look is not None:
        sides = {"lower": lower, "upper": upper, "row_lower": row_lower, "row_upper": row_upper}
        look({"cost": cost, "constant": [constant], "values": values, **sides})
    counts = np.bincount(column_of, minlength=len(columns))
    return Arrays(
        columns, rows, place, np.array(cost, dtype=float), float(constant), np.array(lower, dtype=float),
        np.array(upper, dtype=float), np.array(row_lower, dtype=float), np.array(row_upper, dtype=float),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), row_of[order],
        np.array(values, dtype=float), np.array(integer, dtype=bool),
    )  # fmt: skip


def reader(place: Mapping[int, int]) -> Callable[[Any], tuple[dict[int, float], float]]:
    """What reads an expression: its coefficients by column, and its constant; ValueError if it is not linear.

    Sums are read straight off, in a third of the time that Pyomo's own reader takes; that one does the rest.
    """
    from pyomo.core.expr import LinearExpression, MonomialTermExpression, NegationExpression, SumExpression
    from pyomo.repn import generate_standard_repn

    sums = {LinearExpression, SumExpression}

    def add(terms: dict[int, float], column: int, number: float) -> None:
        terms[column] = terms[column] + number if column in terms else number

    def read(part: Any, terms: dict[int, float], negated: bool) -> float:
        kind, constant = part.__class__, 0.0
        if kind is NegationExpression:
            return read(part.args[0], terms, not negated)
        for arg in part.args if kind in sums else (part,):
            if arg.__class__ is MonomialTermExpression:
                number, var = arg.args
                add(terms, place[id(var)], -number if negated else number)
            elif (column := place.get(id(arg))) is not None:
                add(terms, column, -1.0 if negated else 1.0)
            elif kind in sums:
                constant = constant + read(arg, terms, negated)
            else:
                form = generate_standard_repn(part, compute_values=True)
                if not form.is_linear():
                    raise ValueError(f"{part} is not linear")
                for var, number in zip(form.linear_vars, form.linear_coefs, strict=True):
                    add(terms, place[id(var)], -number if negated else number)
                constant = -form.constant if negated else form.constant
        return constant

    def linear(body: Any) -> tuple[dict[int, float], float]:
        terms: dict[int, float] = {}
        return terms, read(body, terms, False)

    return linear


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
