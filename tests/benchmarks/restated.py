"""The same model in other hands: plain arrays, Pyomo's ordinary rules, linopy.

All three start from `Tables`: every family of columns and rows with its index, bounds, costs and terms, taken from the
compiled model. So they are spared what `sourcing.build` does besides (which columns can exist, what a lane costs in a
period), and hold the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from sourcing.arrays import Arrays, compile_path
from sourcing.model import uncollected


@dataclass(frozen=True)
class Columns:
    """A family of variables."""

    index: list[tuple[Any, ...]]
    lower: np.ndarray
    upper: np.ndarray
    cost: np.ndarray
    integer: bool


@dataclass(frozen=True)
class Rows:
    """A family of constraints: `terms` are (row, column, coefficient) by the family of the columns, all by number."""

    index: list[tuple[Any, ...]]
    lower: np.ndarray
    upper: np.ndarray
    terms: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Tables:
    """A model, family by family. Integers of a family that mixes them stand in a family of their own."""

    columns: dict[str, Columns]
    rows: dict[str, Rows]
    constant: float


def tables_of(arrays: Arrays) -> Tables:
    """The families of a compiled model."""
    names = [
        name + (" whole" if whole else "") for (name, _), whole in zip(arrays.columns, arrays.integer, strict=True)
    ]
    column_groups, column_family, column_number = _grouped(names)
    row_groups, row_family, row_number = _grouped([name for name, _ in arrays.rows])
    columns = {
        name: Columns(
            [arrays.columns[k][1] for k in places.tolist()], arrays.lower[places], arrays.upper[places],
            arrays.cost[places], bool(arrays.integer[places[0]]),
        )
        for name, places in column_groups.items()
    }  # fmt: skip
    of = np.repeat(np.arange(len(names)), np.diff(arrays.starts))
    pair = row_family[arrays.indices] * len(column_groups) + column_family[of]
    order = np.lexsort((of, arrays.indices, pair))
    borders = np.flatnonzero(np.diff(pair[order])) + 1
    terms: dict[str, dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]] = {name: {} for name in row_groups}
    row_names, column_names = list(row_groups), list(column_groups)
    for part in np.split(order, borders) if len(order) else ():
        row, column = divmod(int(pair[part[0]]), len(column_groups))
        numbers = row_number[arrays.indices[part]], column_number[of[part]], arrays.values[part]
        terms[row_names[row]][column_names[column]] = numbers
    rows = {
        name: Rows(
            [arrays.rows[k][1] for k in places.tolist()], arrays.row_lower[places], arrays.row_upper[places],
            terms[name],
        )
        for name, places in row_groups.items()
    }  # fmt: skip
    return Tables(columns, rows, arrays.constant)


def _grouped(names: list[str]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The places of each name, and for each place its group and its number there."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        groups.setdefault(name, []).append(place)
    family, number = np.empty(len(names), dtype=np.int64), np.empty(len(names), dtype=np.int64)
    for group, places in enumerate(groups.values()):
        family[places], number[places] = group, np.arange(len(places))
    return {name: np.array(places) for name, places in groups.items()}, family, number


# ------------------------------------------------------------------------------------------------ plain arrays


def plain(tables: Tables) -> highspy.Highs:
    """The limit: numpy arrays, put together and passed."""
    first, total = {}, 0
    for name, group in tables.columns.items():
        first[name], total = total, total + len(group.index)
    height = sum(len(group.index) for group in tables.rows.values())
    row, column, value, begin = [], [], [], 0
    for group in tables.rows.values():
        for name, (rows, columns, coefficients) in group.terms.items():
            row.append(rows + begin)
            column.append(columns + first[name])
            value.append(coefficients)
        begin += len(group.index)
    rows, columns, values = (np.concatenate(parts) for parts in (row, column, value))
    order = np.lexsort((columns, rows))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_, model.offset_ = total, height, tables.constant
    model.col_cost_ = np.concatenate([group.cost for group in tables.columns.values()])
    model.col_lower_ = np.concatenate([group.lower for group in tables.columns.values()])
    model.col_upper_ = np.concatenate([group.upper for group in tables.columns.values()])
    model.row_lower_ = np.concatenate([group.lower for group in tables.rows.values()])
    model.row_upper_ = np.concatenate([group.upper for group in tables.rows.values()])
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=height))]).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = columns[order].astype(np.int32), values[order]
    whole = np.concatenate([np.full(len(group.index), group.integer) for group in tables.columns.values()])
    if whole.any():
        kinds = highspy.HighsVarType
        model.integrality_ = np.where(whole, kinds.kInteger, kinds.kContinuous).tolist()
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(model)
    return solver


# ------------------------------------------------------------------------------------------------ sourcing


def sourcing_layer(tables: Tables) -> Arrays:
    """As `sourcing.build` writes a model: flat index sets, rows of pairs, and the reader of `sourcing.arrays`."""
    from pyomo.core.expr import LinearExpression
    from pyomo.environ import ConcreteModel, Constraint, Integers, Objective, Reals, Var

    with uncollected():
        model, variables = ConcreteModel(), {}
        for name, group in tables.columns.items():
            var = Var(group.index, within=Integers if group.integer else Reals)
            model.add_component(name, var)
            variables[name] = list(var.values())
            for one, low, high in zip(variables[name], group.lower.tolist(), group.upper.tolist(), strict=True):
                if low > -np.inf:
                    one.setlb(low)
                if high < np.inf:
                    one.setub(high)
        for name, group in tables.rows.items():
            pairs: list[tuple[list[float], list[Any]]] = [([], []) for _ in group.index]
            for family, (rows, columns, coefficients) in group.terms.items():
                of = variables[family]
                for row, column, value in zip(rows.tolist(), columns.tolist(), coefficients.tolist(), strict=True):
                    pairs[row][0].append(value)
                    pairs[row][1].append(of[column])
            place = {index: number for number, index in enumerate(group.index)}

            def rule(_: Any, *key: Any, pairs: Any = pairs, place: Any = place, group: Rows = group) -> Any:
                number = place[key]
                body = LinearExpression(constant=0, linear_coefs=pairs[number][0], linear_vars=pairs[number][1])
                low, high = float(group.lower[number]), float(group.upper[number])
                return body == low if low == high else body <= high if low == -np.inf else body >= low

            model.add_component(name, Constraint(group.index, rule=rule))
        costs = [
            (cost, var)
            for name, group in tables.columns.items()
            for cost, var in zip(group.cost.tolist(), variables[name], strict=True)
            if cost
        ]
        coefficients, counted = zip(*costs, strict=True)
        whole = LinearExpression(constant=tables.constant, linear_coefs=coefficients, linear_vars=counted)
        model.cost = Objective(expr=whole)
        return compile_path(model)


# ------------------------------------------------------------------------------------------------ Pyomo


def pyomo_rules(tables: Tables) -> Any:
    """A ConcreteModel as Pyomo's documentation writes one: indexed variables with bounds, and a rule a family."""
    from pyomo.environ import ConcreteModel, Constraint, Integers, Objective, Reals, Set, Var

    model, variables = ConcreteModel(), {}
    for name, group in tables.columns.items():
        bounds = {
            index: (low if low > -np.inf else None, high if high < np.inf else None)
            for index, low, high in zip(group.index, group.lower.tolist(), group.upper.tolist(), strict=True)
        }
        index = Set(initialize=group.index, dimen=None)
        model.add_component(f"{name} index", index)
        var = Var(
            index,
            within=Integers if group.integer else Reals,
            bounds=lambda _, *key, bounds=bounds: bounds[key],
        )
        model.add_component(name, var)
        variables[name] = var
    for name, group in tables.rows.items():
        terms: dict[tuple[Any, ...], list[tuple[float, Any, Any]]] = {index: [] for index in group.index}
        for family, (rows, columns, coefficients) in group.terms.items():
            var, keys = variables[family], tables.columns[family].index
            for row, column, value in zip(rows.tolist(), columns.tolist(), coefficients.tolist(), strict=True):
                terms[group.index[row]].append((value, var, keys[column]))
        sides = dict(zip(group.index, zip(group.lower.tolist(), group.upper.tolist(), strict=True), strict=True))

        def rule(_: Any, *key: Any, terms: Any = terms, sides: Any = sides) -> Any:
            body, (low, high) = sum(value * var[index] for value, var, index in terms[key]), sides[key]
            if low == high:
                return body == low
            return body <= high if low == -np.inf else body >= low

        index = Set(initialize=group.index, dimen=None)
        model.add_component(f"{name} rows", index)
        model.add_component(name, Constraint(index, rule=rule))
    model.cost = Objective(
        expr=tables.constant
        + sum(
            cost * variables[name][index]
            for name, group in tables.columns.items()
            for index, cost in zip(group.index, group.cost.tolist(), strict=True)
            if cost
        )
    )
    return model


def pyomo_highs(model: Any) -> Any:
    """Pyomo's own HiGHS interface (`contrib.solver`) with the model in it, not solved."""
    from pyomo.contrib.solver.solvers.highs import Highs

    solver = Highs()
    solver.set_instance(model)
    return solver


# ------------------------------------------------------------------------------------------------ linopy


def linopy_model(tables: Tables) -> Any:
    """A linopy model: one array of variables a family, and one of terms for each family of rows.

    Terms are laid out in numpy, as many places a row as the longest has: in grouped sums of products (`groupby`) they
    took twice as long.
    """
    import linopy
    import pandas as pd
    import xarray as xr

    model, variables = linopy.Model(), {}
    for name, group in tables.columns.items():
        places = pd.RangeIndex(len(group.index), name=f"{name} index")
        bounds = (xr.DataArray(side, coords=[places]) for side in (group.lower, group.upper))
        variables[name] = model.add_variables(*bounds, name=name, integer=group.integer)
    for name, group in tables.rows.items():
        places = pd.RangeIndex(len(group.index), name=f"{name} rows")
        row = np.concatenate([rows for rows, _, _ in group.terms.values()])
        order = np.argsort(row, kind="stable")
        label = np.concatenate([variables[of].labels.values[columns] for of, (_, columns, _) in group.terms.items()])
        value = np.concatenate([coefficients for _, _, coefficients in group.terms.values()])
        count = np.bincount(row, minlength=len(places))
        slot = np.arange(len(row)) - (np.cumsum(count) - count)[row[order]]
        labels, values = np.full((len(places), count.max()), -1), np.full((len(places), count.max()), np.nan)
        labels[row[order], slot], values[row[order], slot] = label[order], value[order]
        dims = (places.name, "_term")
        left = xr.Dataset({"coeffs": (dims, values), "vars": (dims, labels)}, coords={places.name: places})
        low, high = group.lower, group.upper
        sign = xr.DataArray(np.where(low == high, "=", np.where(low == -np.inf, "<=", ">=")), coords=[places])
        right = xr.DataArray(np.where(low == -np.inf, high, low), coords=[places])
        model.add_constraints(linopy.LinearExpression(left, model), sign, right, name=name)
    costs = [
        (variables[name] * xr.DataArray(group.cost, coords=[variables[name].indexes[f"{name} index"]])).sum()
        for name, group in tables.columns.items()
        if group.cost.any()
    ]
    model.add_objective(linopy.merge(costs, cls=linopy.LinearExpression))  # linopy takes no constant here
    return model


def linopy_highs(model: Any) -> Any:
    """linopy's model as a HiGHS object, not solved."""
    from linopy.io import to_highspy

    return to_highspy(model)
