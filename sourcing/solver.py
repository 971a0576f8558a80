"""Solving: a Pyomo path becomes named arrays, HiGHS solves them, and a Solution answers by name.

Statuses are checked, never assumed. What HiGHS calls optimal is recomputed here from the arrays: the largest primal
and dual residual and the gap between primal and dual objective.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column, compile_path, residuals
from sourcing.components.horizon import Span, discount
from sourcing.components.production import years_of_capacity
from sourcing.components.projects import capacity_at, project_units
from sourcing.instance import Instance
from sourcing.ledger import Entry, Ledger, Terms
from sourcing.lots import Lots
from sourcing.sheets import NoSolution

if TYPE_CHECKING:
    from sourcing.live import Live

ZERO = 1e-9
"""Tonnes (or k USD) below which a value is the solver's noise: its feasibility tolerance is 1e-7 on a row."""

SCALE = 2.0**-7
"""Costs reach HiGHS in units of 128 k USD. Coefficients run from 1e-6 to 1e5 k USD a tonne (ties, and what a tonne of
defence magnets short is worth), and against 1e-7 the clean-up after the crossover took most of the time: in the buyer
view of allied-2026 8,263 simplex iterations in place of 25,246. A power of two changes no digit."""

PATIENCE = 10.0
"""Seconds for the simplex method from a basis: it may stand still there. On allied-2026 the interior point method takes
7 to 9 from nothing."""

EDGES, DEVEX = "simplex_dual_edge_weight_strategy", 1
"""HiGHS's option for the weights of the dual simplex, and its value for those that need no work before the first."""


@dataclass
class Solution:
    """What a solved path says, by the names of its variables (`channels.flow`) and rows (`production.capacity`).

    `status` is optimal, feasible (stopped with a plan), infeasible, unbounded or none. Values are tonnes and k USD;
    duals are k USD, discounted, per unit of the row. `proof` says what proves the bound. `residuals` are recomputed
    from the arrays. `basis` is HiGHS's at the optimum, `linear` the arrays with integers fixed where there are some.
    """

    path: Any
    arrays: Arrays
    status: str
    objective: float = 0.0
    bound: float = 0.0
    x: Any = None
    duals: Any = None
    residuals: dict[str, float] = field(default_factory=dict)
    proof: str = "the dual solution, recomputed from the arrays"
    seconds: dict[str, float] = field(default_factory=dict)
    _families: dict[str, dict[tuple[Any, ...], float]] = field(default_factory=dict)
    _row_families: dict[str, dict[tuple[Any, ...], float]] = field(default_factory=dict)
    basis: Any = None
    linear: Arrays | None = None
    _live: Live | None = None

    @property
    def instance(self) -> Instance:
        """What was planned."""
        instance: Instance = self.path.instance
        return instance

    @property
    def lots(self) -> Lots:
        """The labels of the path."""
        lots: Lots = self.path.lots
        return lots

    @property
    def ledger(self) -> Ledger:
        """The posted terms of the path."""
        ledger: Ledger = self.path.ledger
        return ledger

    def values(self, family: str) -> dict[tuple[Any, ...], float]:
        """Values of a family of variables by index; noise below 1e-9 reads as 0."""
        if not self._families:
            for (name, index), value in zip(self.arrays.columns, self.x.tolist(), strict=True):
                self._families.setdefault(name, {})[index] = value if abs(value) > ZERO else 0.0
        return self._families.get(family, {})

    def positive(self, family: str) -> Iterator[tuple[tuple[Any, ...], float]]:
        """Index and value of what is not zero, in the order of declaration."""
        return ((index, value) for index, value in self.values(family).items() if value > 0)

    def total(self, terms: Terms) -> float:
        """Σ coefficient·value."""
        x, place = self.x, self.arrays.place
        total = 0.0
        for coefficient, var in terms:
            value = x[place[id(var)]]
            if abs(value) > ZERO:
                total += coefficient * value
        return float(total)

    def amount(self, entry: Entry) -> float:
        """What is paid by an entry, k USD undiscounted, worked out from the flows."""
        return entry.exact(self.total) if entry.exact else self.total(entry.terms) + entry.constant

    def amounts(self) -> Iterator[tuple[Entry, float]]:
        """Every entry of the ledger with its amount (k USD)."""
        return ((entry, self.amount(entry)) for entry in self.ledger.entries)

    @property
    def integers(self) -> dict[Column, float]:
        """The values of the integers, by column."""
        chosen = ((place, round(self.x[place])) for place in self.arrays.integer.nonzero()[0].tolist())
        return {self.arrays.columns[place]: float(value) for place, value in chosen}

    def row_duals(self, family: str) -> dict[tuple[Any, ...], float]:
        """Duals of a family of rows by index, as solved."""
        if not self._row_families:
            for (name, index), value in zip(self.arrays.rows, self.duals.tolist(), strict=True):
                self._row_families.setdefault(name, {})[index] = value
        return self._row_families.get(family, {})

    @property
    def live(self) -> Live:
        """A solver that stands at this solution and answers questions from there."""
        from sourcing.live import Live

        if self._live is None:
            self._live = Live(self)
        return self._live

    def dual(self, family: str, index: tuple[Any, ...], t: Span) -> float:
        """Change of cost per unit of a row's right-hand side, in money of its own period: k USD/t = USD/kg."""
        return self.row_duals(family).get(index, 0.0) / discount(self.instance, t)

    def capacity(self, unit: str, t: Span) -> tuple[float, float]:
        """Tonnes that a unit can do in a period, and what one more is worth (USD/t of that period)."""
        project = project_units(self.instance).get(unit)
        if project:
            constant, terms = capacity_at(self.path, self.instance, project, t)
            limit, family = constant + self.total(terms), "projects.capacity"
        else:
            limit, family = years_of_capacity(self.instance, unit, t), "production.capacity"
        return limit, max(0.0, -1000 * self.dual(family, (unit, t.id), t))


class Stopped(KeyboardInterrupt):
    """`Options.stop` said yes before there was a plan."""


def untold(stage: str, best: float | None = None, bound: float | None = None) -> None:
    """Tell nobody how far the search is."""


@dataclass(frozen=True)
class Options:
    """How to solve: relative gap, seconds, seed, threads (0 is all cores), feasibility tolerance.

    `stop()` is asked while the solver runs: once it says yes, the best plan so far is taken; it may raise. `tell` is
    told how far the search is: (stage, best cost or None, bound or None), k USD.
    """

    gap: float = 0.005
    time_limit: float = 600.0
    seed: int = 0
    threads: int = 0
    feasibility: float = 1e-7
    stop: Callable[[], bool] = bool
    tell: Callable[[str, float | None, float | None], None] = untold


def solve_path(
    instance: Instance,
    extra: Callable[[Any], None] | None = None,
    *,
    view: str | None = None,
    options: Options | None = None,
    held: Mapping[Column, float] | None = None,
) -> Solution:
    """Build and solve the base path of an instance; look at `.status` before anything else.

    `held` are integers of another solution (`Solution.integers`): those of the same name stay as they were.
    Raises NoSolution if HiGHS fails or stops at the time limit without a plan, Stopped if `options.stop` comes first.
    """
    from sourcing.model import build

    begun = perf_counter()
    path = build(instance, extra, view)
    arrays = compile_path(path)
    if held:
        arrays = arrays.held(held)
    built = perf_counter()
    solution = run(path, arrays, options or Options())
    solution.seconds = {"build": built - begun, "solve": perf_counter() - built}
    return solution


def highs(arrays: Arrays, options: Options) -> Any:
    """A HiGHS object that holds the arrays and the options."""
    import highspy
    import numpy as np

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(arrays.columns), len(arrays.rows)
    model.col_cost_, model.offset_ = SCALE * arrays.cost, SCALE * arrays.constant
    model.col_lower_, model.col_upper_ = arrays.lower, arrays.upper
    model.row_lower_, model.row_upper_ = arrays.row_lower, arrays.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
        arrays.starts,
        arrays.indices,
        arrays.values,
    )
    if arrays.integer.any():
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in arrays.integer.tolist()]
    if not np.all(np.isfinite(arrays.cost)) or not np.all(np.isfinite(arrays.values)):
        raise ValueError("a cost or a coefficient is not a finite number")
    with _silent():
        highspy.Highs.resetGlobalScheduler(True)  # this solve may ask for other threads than the one before
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in _settings(options).items():
        check(solver.setOptionValue(name, value), f"option {name}")
    check(solver.passModel(model), "passing the model")
    return solver


def _settings(options: Options) -> dict[str, Any]:
    return {
        "output_flag": False,
        "log_to_console": False,
        "solver": "ipx",
        "run_crossover": "on",
        "random_seed": options.seed,
        "threads": options.threads,
        "time_limit": float(options.time_limit),
        "mip_rel_gap": float(options.gap),
        "primal_feasibility_tolerance": options.feasibility,
        "dual_feasibility_tolerance": options.feasibility,
    }


@contextmanager
def _silent() -> Iterator[None]:
    """Send what is written to the process's standard output to nowhere: HiGHS 1.16 greets there when it is made."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output to keep clean
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def check(status: Any, what: str) -> None:
    """Raise NoSolution if HiGHS says that a call failed: it returns statuses and raises nothing."""
    import highspy

    if status == highspy.HighsStatus.kError:
        raise NoSolution(f"HiGHS refused: {what}")


def launch(solver: Any, options: Options, *, again: bool = False, seconds: float | None = None) -> Any:
    """Run HiGHS, for some `seconds` at most if they are given; its model status. Where it would be run `again`, a
    failure is a status and no fault.

    What a callback raises is lost inside HiGHS, which reports a solve error: so `options.stop`, which may raise, is
    asked once more.
    """
    if seconds is not None:  # HiGHS counts from when the object was made
        check(solver.setOptionValue("time_limit", solver.getRunTime() + seconds), "option time_limit")
    status = solver.run()
    options.stop()
    if not again:
        check(status, "solving")
    return solver.getModelStatus()


def no_plan(solver: Any, status: Any) -> NoSolution:
    """The fault of having stopped at a status without a plan."""
    words = solver.modelStatusToString(status)
    return NoSolution(f"HiGHS stopped without a plan: {words}" + (" (--time-limit)" if "ime" in words else ""))


def run(path: Any, arrays: Arrays, options: Options) -> Solution:
    """Solve named arrays; statuses that are neither a plan nor a proof of none raise NoSolution or Stopped."""
    if arrays.integer.any():
        from sourcing.integers import run_integer

        return run_integer(path, arrays, options)
    return run_linear(path, arrays, options)


def run_linear(path: Any, arrays: Arrays, options: Options, basis: Any = None) -> Solution:
    """Solve named arrays without integers, from a basis if one is given."""
    import highspy
    import numpy as np

    solver = highs(arrays, options)
    kind = highspy.HighsModelStatus

    def watch(event: Any) -> None:
        options.tell("linear model", None, None)
        if options.stop():
            event.interrupt()

    solver.cbIpmInterrupt += watch
    solver.cbSimplexInterrupt += watch
    # presolve cannot tell unbounded from infeasible, and an interior point may stop short: simplex without presolve can
    unsure = [kind.kUnboundedOrInfeasible, kind.kUnknown, kind.kSolveError, kind.kNotset]
    ways, seconds = [("simplex", "off")], options.time_limit
    if basis is not None:  # it may be of no use
        for name, value in (("solver", "simplex"), ("presolve", "off")):
            check(solver.setOptionValue(name, value), f"option {name}")
        check(solver.setBasis(basis), "a basis")
        unsure.append(kind.kTimeLimit)
        ways, seconds = [("ipx", "choose"), *ways], min(PATIENCE, seconds)
    status = launch(solver, options, again=True, seconds=seconds)
    for name, presolve in ways:
        if status in unsure:
            check(solver.setOptionValue("solver", name), "option solver")
            check(solver.setOptionValue("presolve", presolve), "option presolve")
            check(solver.clearSolver(), "clearing")
            status = launch(solver, options, again=name == "ipx", seconds=options.time_limit)
    if status == kind.kInfeasible:
        return Solution(path, arrays, "infeasible")
    if status == kind.kUnbounded:
        return Solution(path, arrays, "unbounded")
    if status != kind.kOptimal:
        raise Stopped if options.stop() else no_plan(solver, status)
    answer = solver.getSolution()
    x, duals = np.array(answer.col_value), np.array(answer.row_dual) / SCALE
    x = np.clip(x, arrays.lower, arrays.upper)
    found = residuals(arrays, x, duals)
    bound = found.pop("dual_objective")
    objective = float(arrays.cost @ x) + arrays.constant
    return Solution(path, arrays, "optimal", objective, bound, x, duals, found, basis=solver.getBasis())
