"""Again: a plan's model with other numbers, solved from where the plan stands.

`held` keeps the plan's decisions: a linear model, solved by the simplex method from the plan's basis. `reconsidered`
lets them go: one decision at a time is changed (one more, one less, another date) as long as that pays; a model of very
few columns is solved to its optimum. Either way a change counts only where it makes the plan cheaper by more than
`integers.WORTH` of its cost, so what comes out as another decision is no noise of a gap. `planned` looks for the plan
itself, from others that may be near to it, and proves how good it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sourcing.arrays import Arrays, Column
from sourcing.dive import PIVOTS, Search
from sourcing.integers import SMALL, WORTH, branch_and_bound, fixed, improved, rounded, run_integer, settled
from sourcing.sheets import NoSolution
from sourcing.solver import DEVEX, EDGES, PATIENCE, Options, Solution, check, highs, launch, run_linear

FEW = 1000
"""Columns up to which other decisions are looked for all at once."""

DECISIONS = {"contracts.sign": "sign", "projects.build": "start", "qualifications.qualify": "qualify"}
"""Families of what is decided, and the verb for it."""

TAKEN = 1e-6
"""Part of a step below which nothing is decided."""

RELAXED = "the linear relaxation, recomputed from the arrays"

Decided = dict[tuple[str, str], list[tuple[str, float]]]
"""Periods and steps of what is decided, by verb and name."""


def held(arrays: Arrays, start: Solution, options: Options) -> Solution:
    """Arrays solved with the integers of a plan as they are, from its basis, which is carried over by name.

    The status is infeasible where the decisions leave no plan.
    """
    linear = _continuous(arrays.held(start.integers))
    if arrays.columns == start.arrays.columns and arrays.rows == start.arrays.rows:
        return warm(start.path, _ungated(linear, start), options, start.basis)
    return warm(start.path, linear, options, basis_for(linear, start))


def reconsidered(arrays: Arrays, start: Solution, options: Options) -> tuple[Solution, bool]:
    """The cheaper plan that other decisions give from a start (of `held`), or the start where none pays; and whether
    all that could pay was tried in the time of the options."""
    if not arrays.integer.any():
        return start, True
    if len(arrays.columns) > FEW:
        search = Search(replace(options, gap=0.0))
        return improved(arrays, start, search), search.left > 0
    other = run_integer(start.path, arrays, replace(options, gap=0.0))
    worth = max(WORTH * abs(start.objective), 1e-6)
    better = other.status in ("optimal", "feasible") and other.objective < start.objective - worth
    return other if better else start, other.status != "feasible"


def planned(
    arrays: Arrays, path: Any, starts: Iterable[Solution], options: Options, basis: Any = None
) -> tuple[Solution, Any]:
    """The plan of arrays within the gap of the options, or as near as it gets in their time, and the basis of its
    relaxation; `starts` are plans that may be near, `basis` that of a relaxation of the same columns and rows.

    The status is optimal, feasible (not proven within the gap) or infeasible; NoSolution if there is no plan in time.
    """
    import numpy as np

    relaxed = warm(path, _continuous(arrays), options, basis)
    if relaxed.status != "optimal" or not arrays.integer.any():
        return relaxed, relaxed.basis
    search = Search(options)
    search.proven(relaxed.bound, RELAXED)
    found = [_from(arrays, start, search) for start in starts]
    best = min((plan for plan in found if plan is not None), key=lambda plan: plan.objective, default=None)
    if best is None or not search.near(best):
        other = rounded(arrays, relaxed, search)
        if other is not None and (best is None or other.objective < best.objective):
            best = other
    if best is not None and not search.near(best):
        best = improved(arrays, best, search)
    if best is None or (not search.near(best) and len(arrays.columns) <= SMALL):
        status, x = branch_and_bound(arrays, search, best)
        if status in ("infeasible", "unbounded"):
            return Solution(path, arrays, status), relaxed.basis
        if x is not None:
            other = run_linear(path, fixed(arrays, np.round(x[arrays.integer])), search.unhurried)
            if other.status == "optimal" and (best is None or other.objective < best.objective):
                best = other
    if best is None:
        raise NoSolution("no plan was found in time (--time-limit)")
    return settled(arrays, best, search), relaxed.basis


def _from(arrays: Arrays, start: Solution, search: Search) -> Solution | None:
    """The plan with the decisions of another; None where they leave none, or too little room for the solver."""
    try:
        found = held(arrays, start, search.unhurried)
    except NoSolution:
        return None
    return found if found.status == "optimal" else None


def warm(path: Any, linear: Arrays, options: Options, basis: Any = None) -> Solution:
    """A linear model solved from a basis if one is given and the optimum is near, else by the interior point method."""
    import highspy

    if basis is None:
        return run_linear(path, linear, options)
    solver = highs(linear, options)
    settings = ("solver", "simplex"), ("presolve", "off"), (EDGES, DEVEX), ("simplex_iteration_limit", PIVOTS)
    for name, value in settings:
        check(solver.setOptionValue(name, value), f"option {name}")
    check(solver.setBasis(basis), "a basis")
    near = launch(solver, options, again=True, seconds=PATIENCE) == highspy.HighsModelStatus.kOptimal
    return run_linear(path, linear, options, basis=solver.getBasis() if near else None)


def decided(columns: list[Column], x: Any) -> Decided:
    """What a plan signs, starts and qualifies."""
    found: Decided = {}
    for (family, index), value in zip(columns, x.tolist(), strict=True):
        if family in DECISIONS and value > TAKEN:
            found.setdefault((DECISIONS[family], ", ".join(map(str, index[:-1]))), []).append((index[-1], value))
    return found


def difference(before: Decided, after: Decided) -> list[str]:
    """What is decided otherwise, in words."""
    words = [f"{verb} {name} in {_when(after[verb, name])}" for verb, name in after if (verb, name) not in before]
    words += [f"do not {verb} {name}" for verb, name in before if (verb, name) not in after]
    for verb, name in after:
        old, new = before.get((verb, name)), after[verb, name]
        if old and [(t, round(n, 3)) for t, n in old] != [(t, round(n, 3)) for t, n in new]:
            words.append(f"{verb} {name} in {_when(new)}, not in {_when(old)}")
    return sorted(words)


def _when(taken: list[tuple[str, float]]) -> str:
    """`2027`, or `2027 (2 steps) and 2029`."""
    return " and ".join(t if abs(n - 1) < TAKEN else f"{t} ({n:.3g} steps)" for t, n in taken)


def basis_for(arrays: Arrays, start: Solution) -> Any:
    """A plan's basis for other arrays: what has the same name keeps its status, new rows are basic, new columns not.

    None if the plan has none.
    """
    import highspy

    if start.basis is None:
        return None
    kinds, basis = highspy.HighsBasisStatus, highspy.HighsBasis()
    columns = dict(zip(start.arrays.columns, start.basis.col_status, strict=True))
    rows = dict(zip(start.arrays.rows, start.basis.row_status, strict=True))
    basis.col_status = [columns.get(name, kinds.kLower) for name in arrays.columns]
    basis.row_status = [rows.get(name, kinds.kBasic) for name in arrays.rows]
    basis.valid, basis.alien = True, True  # there may be too many or too few basic ones
    return basis


def _continuous(arrays: Arrays) -> Arrays:
    return replace(arrays, integer=arrays.integer & False)


def _ungated(linear: Arrays, start: Solution) -> Arrays:
    """With the plan's open gates: rows that its linear model left out, as the limit itself stands in another.

    A gate whose yes is a no in these arrays, as its column was closed, is shut.
    """
    import numpy as np

    if start.linear is None:
        return linear
    loose = np.isinf(start.linear.row_upper) & ~np.isinf(start.arrays.row_upper)
    loose &= linear.matrix() @ np.where(start.arrays.integer, linear.lower, 0.0) < 0.0  # a yes stands in the row
    return replace(linear, row_upper=np.where(loose, np.inf, linear.row_upper))
