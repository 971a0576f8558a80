"""Suppliers: the sites that ship anything, and a plan with as few of them as a bound on the cost allows.

    Σ_i w[i]·out[i] least,   w[i] = mean out/(out[i] before + EPSILON·mean out)                  sites i that ship   [t]

Weights that follow the last flows make a sum of tonnes count sites (Candès, Wakin & Boyd 2008, J. Fourier Analysis and
Applications 14:877): a few linear rounds with the plan's decisions held. Sites that ship nothing by then are closed.
Then each that is left is tried without, the smallest first, together with those that are gone. Where even decisions in
parts leave no plan within the bound it stays, now and for good: closing more only takes plans away. Else it is closed
with the decisions in hand, but for what it runs and orders itself, or at last with new ones (`again.planned`), while
there is time. So of a plan that was tried to the end no site is known that can be spared; another set may be smaller
all the same. At the end one decision at a time is changed where that pays.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays
from sourcing.components.demand import customers
from sourcing.components.production import Unit
from sourcing.dive import PIVOTS, Search
from sourcing.sheets import NoSolution
from sourcing.solver import DEVEX, EDGES, PATIENCE, SCALE, Options, Solution, Stopped, check, highs, launch, untold
from sourcing.study.again import held, planned, reconsidered, warm

if TYPE_CHECKING:
    import numpy as np

ROUNDS = 4
"""Rounds of weights."""

EPSILON = 1e-3
"""Part of what a supplier ships on average, below which one is as good as none."""

TRIAL = 20.0
"""Seconds for the linear model without a site; one that hardly has a plan can take minutes."""

NOTHING = 1e-6
"""Tonnes that are none."""

FLOW, ORDER, RUN = "channels.flow", "channels.order", "production.run"


class Suppliers:
    """The sites that may ship (`names`), and the columns of what each ships, orders and runs."""

    def __init__(self, plan: Solution):
        import numpy as np

        home = {row.unit: row.site for row in plan.instance[Unit]}
        own_use = customers(plan.instance)
        flows: dict[str, list[int]] = {}
        gates: dict[str, list[int]] = {}
        for place, (family, index) in enumerate(plan.arrays.columns):
            if family == FLOW:
                flows.setdefault(index[0], []).append(place)
            elif family == ORDER:
                gates.setdefault(index[0], []).append(place)
            elif family == RUN and home[index[0]] not in own_use:
                gates.setdefault(home[index[0]], []).append(place)
        self.names = sorted(flows)
        self._flows = [np.array(flows[name]) for name in self.names]
        self._gates = [np.array(gates.get(name, []), dtype=np.int64) for name in self.names]
        self._width = len(plan.arrays.columns)

    def out(self, x: np.ndarray) -> np.ndarray:
        """What each site ships (t)."""
        import numpy as np

        return np.array([float(np.maximum(x[places], 0.0).sum()) for places in self._flows])

    def spread(self, weights: np.ndarray) -> np.ndarray:
        """A weight of each site as one of its flows, over all columns."""
        import numpy as np

        found = np.zeros(self._width)
        for places, weight in zip(self._flows, weights.tolist(), strict=True):
            found[places] = weight
        return found

    def columns(self, number: int, *, gates: bool) -> np.ndarray:
        """Places of what a site ships; with `gates` of its yes-or-no too: what is ordered there, whether units run."""
        import numpy as np

        return np.concatenate([self._flows[number], self._gates[number]]) if gates else self._flows[number]


def fewest(plan: Solution, arrays: Arrays, capped: Arrays, most: float, options: Options) -> Solution:
    """The plan with as few sites that ship as are found, of least cost with these.

    `arrays` are those of the plan, or narrower, `capped` the same with a row of the cost, `most` what a plan may cost
    (k USD). NoSolution where no site can be closed.
    """
    import numpy as np

    sites, slow = Suppliers(plan), Search(options).unhurried
    before = sites.out(plan.x)
    used = before > NOTHING
    if used.sum() < 2:
        raise NoSolution("the cheapest plan has one supplier")
    mean = float(before[used].mean())
    linear = capped.held(plan.integers)
    x, basis = plan.x, None
    for number in range(ROUNDS):
        options.tell(f"suppliers, round {number + 1}", None, None)
        terms = sites.spread(mean / (sites.out(x) + EPSILON * mean))
        counted = replace(linear, cost=terms, constant=0.0, integer=linear.integer & False)
        found = warm(plan.path, counted, slow, basis)
        if found.status != "optimal":
            raise NoSolution(f"with the decisions of the cheapest plan the model within the bound is {found.status}")
        x, basis = found.x, found.basis
    out = sites.out(x)
    closed = [sites.columns(k, gates=False) for k in np.flatnonzero(out <= NOTHING).tolist()]
    shut = _shut(arrays, closed)
    found = _held(shut, plan, slow)
    if found.status != "optimal":
        raise NoSolution(f"without the sites that ship nothing the model is {found.status}")
    found = _spared(sites, shut, found, most, options)
    if (sites.out(found.x) > NOTHING).sum() >= used.sum():
        raise NoSolution("no supplier of the cheapest plan can be spared within the bound")
    return found


def _spared(sites: Suppliers, arrays: Arrays, found: Solution, most: float, options: Options) -> Solution:
    """A plan of arrays with one site after the other closed that can be spared, of least cost with those left."""
    import numpy as np

    search, quiet = Search(options), replace(options, tell=untold)
    brief = replace(search.unhurried, time_limit=TRIAL)
    relaxed = warm(found.path, replace(arrays, integer=arrays.integer & False), search.unhurried, found.basis)
    trials = _Trials(relaxed, most, search.unhurried)
    left = np.argsort(sites.out(found.x), kind="stable").tolist()
    for anew in (False, True):
        tried, left = left, []
        for number in tried:
            if sites.out(found.x)[number] <= NOTHING or options.stop() or not search.left:
                continue
            options.tell(f"without {sites.names[number]}{', decided anew' if anew else ''}", None, None)
            flows = sites.columns(number, gates=False)
            if not trials.without(flows):
                continue
            after = _shut(arrays, [flows])
            if anew:
                other = _new(after, found, replace(quiet, time_limit=search.left))
            else:
                other = _held(_shut(after, [sites.columns(number, gates=True)]), found, brief)
            if other.status == "optimal" and other.objective <= most:
                arrays, found = after, other
            else:
                left.append(number)
                trials.again(flows)
    last = _held(arrays, found, search.unhurried)
    if last.status != "optimal":
        return found
    return reconsidered(arrays, last, replace(quiet, time_limit=search.left))[0] if search.left else last


def _held(arrays: Arrays, start: Solution, options: Options) -> Solution:
    """A plan's decisions in arrays, as a plan of these that others can start from; or one that says there is none."""
    try:
        found = held(arrays, start, options)
    except NoSolution:  # room too narrow for the solver is none
        return Solution(start.path, arrays, "none")
    found.linear, found.arrays = found.arrays, arrays
    return found


def _new(arrays: Arrays, start: Solution, options: Options) -> Solution:
    """A plan with new decisions, or one that says that none was found in the time of the options, plan or none."""
    until = perf_counter() + options.time_limit
    hasty = replace(options, stop=lambda: options.stop() or perf_counter() > until)
    try:
        found, _ = planned(arrays, start.path, [start], hasty)
    except (NoSolution, Stopped):
        return Solution(start.path, arrays, "none")
    return replace(found, status="optimal") if found.status == "feasible" else found


def _shut(arrays: Arrays, closed: list[np.ndarray]) -> Arrays:
    """Arrays with columns at 0."""
    import numpy as np

    upper = arrays.upper.copy()
    if closed:
        upper[np.concatenate(closed)] = 0.0
    return replace(arrays, upper=upper)


class _Trials:
    """A linear model that stands at a plan, in which columns are closed as long as the cost stays within a bound."""

    def __init__(self, found: Solution, most: float, options: Options):
        self._arrays, self._most, self._options = found.arrays, most, options
        self._solver: Any = highs(found.arrays, options)
        settings = ("solver", "simplex"), ("presolve", "off"), (EDGES, DEVEX), ("simplex_iteration_limit", PIVOTS)
        for name, value in (*settings, ("objective_bound", SCALE * most)):
            check(self._solver.setOptionValue(name, value), f"option {name}")
        self._basis, self._before = found.basis, found.basis

    def without(self, places: np.ndarray) -> bool:
        """Close columns if a plan within the bound is left that is not far away, and say whether they are closed."""
        import highspy
        import numpy as np

        none = np.zeros(len(places))
        self._bound(places, none, none)
        check(self._solver.setBasis(self._basis), "a basis")
        status = launch(self._solver, self._options, again=True, seconds=PATIENCE)  # a failure closes nothing
        cost = float(self._solver.getInfo().objective_function_value) / SCALE
        if status == highspy.HighsModelStatus.kOptimal and cost <= self._most:
            self._before, self._basis = self._basis, self._solver.getBasis()
            return True
        self._bound(places, self._arrays.lower[places], self._arrays.upper[places])
        return False

    def again(self, places: np.ndarray) -> None:
        """Open the columns that were closed last."""
        self._bound(places, self._arrays.lower[places], self._arrays.upper[places])
        self._basis = self._before

    def _bound(self, places: np.ndarray, lower: Any, upper: Any) -> None:
        import numpy as np

        columns = places.astype(np.int32)
        check(self._solver.changeColsBounds(len(columns), columns, lower, upper), "changing bounds")
