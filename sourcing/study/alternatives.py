"""Alternatives: plans that cost little more than the best one and differ from it most.

    cost(x) <= (1 + within)·cost(best);   short[d,t](x) <= short[d,t](best) for every need d       of every alternative

    fewest suppliers   as few sites that ship anything as are found                            (`suppliers`)         [1]
    least covered      Σ deliver[d,c,t] least        over labels c that tell a rule: content of a covered country    [t]
    most stock         Σ price[m,t]·years[t]·(level[w,t-1] + level[w,t])/2 most                            [k USD years]
    most different     Σ flow[i,j,m,t] least         over the routes (i,j,m) that the best plan uses                 [t]

The last is the Hop-Skip-Jump objective of Modelling to Generate Alternatives (Brill, Chang & Hopkins 1982, Management
Science 28:221). Of the last three the linear relaxation, or the search, proves how far any plan within the bound can
go; of the first it is not proven. What is minimised for them is

    cost + dear·measure          dear = PRICE·(cost allowed above the best)/(range of the measure)               [k USD]

so that nothing is spent that does not move the measure. Decisions in whole numbers are made anew (`again.planned`: the
best plan's are the start) for LOOKS seconds at most; where that is not enough for anything else the best plan's stay.
Then they and the measure are held, and the cost is made least: so prices and duals are those of a plan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays
from sourcing.comparison import NOISE
from sourcing.components.horizon import periods
from sourcing.components.rules import CLEAN_TEXT
from sourcing.components.stock import Stockpile
from sourcing.components.trade import market_price
from sourcing.dive import Search
from sourcing.dive import within as is_within
from sourcing.instance import Instance
from sourcing.integers import SMALL
from sourcing.plan import Plan, plan_of
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import Options, Solution, Stopped, solve_path, untold
from sourcing.study.again import held, planned, warm
from sourcing.study.frontier import SAME, with_row
from sourcing.study.measures import SHORT, Ground, Measure
from sourcing.study.suppliers import FLOW, fewest

if TYPE_CHECKING:
    import numpy as np

    from sourcing.tables import Table

WITHIN = 0.01
"""Share of the best cost that an alternative may cost more."""

LOOKS, QUICK = 60.0, 15.0
"""Seconds for which decisions are looked for, for each alternative; of a model that is `integers.SMALL`."""

SPARING = 180.0
"""Seconds for which sites are tried one by one, if the options allow: 40 of 52 on allied-2026, the smallest first."""

PRICE = 1000.0
"""The cost allowed above the best is all spent where it moves a measure by one part of its range in so many."""

NOTHING = 1e-6
"""Tonnes that are none."""

BEST, SUPPLIERS, COVERED, STOCK, DIFFERENT = (
    "Cheapest", "Fewest suppliers", "Least covered", "Most stock", "Most different",
)  # fmt: skip
"""Names of the plans, in the order in which they are told."""


@dataclass
class Alternative:
    """An audited plan and what it was made for. `limit`: how far its measure could go in any plan within the bound, as
    far as that is proven (t of COVERED and DIFFERENT, M USD held on average of STOCK, None of SUPPLIERS).
    """

    name: str
    plan: Plan
    limit: float | None = None


@dataclass
class Alternatives:
    """The best plan and its alternatives; `notes` say which are missing, why, and what to keep in mind."""

    instance: Instance
    within: float
    best: Plan
    others: list[Alternative]
    notes: list[str]

    @property
    def plans(self) -> dict[str, Plan]:
        """All plans by name, the best first."""
        return {BEST: self.best} | {other.name: other.plan for other in self.others}

    @property
    def most(self) -> float:
        """What an alternative may cost (M USD)."""
        return self.best.objective + self.within * abs(self.best.objective)

    def tables(self) -> list[Table]:
        """Side by side, in words, decisions and flows that differ."""
        from sourcing.study.alternatives_tables import tables

        return tables(self)


def alternatives(
    plan: Instance | Plan | Solution, within: float = WITHIN, *, view: str | None = None, options: Options | None = None
) -> Alternatives:
    """The plans within a share of the best plan's cost that differ from it most, each audited.

    Made of an instance, which is planned first; of a plan, whose instance is planned again in its view; or of a solved
    plan (`Study.plan`). Each search is given LOOKS seconds (small models: QUICK; that of the fewest suppliers
    SPARING), or the options' time if that is less; a linear model that is begun is finished.

    Raises ValueError where `within` is not above 0 and at most 1, NoPlan where there is no plan, NoSolution where none
    is found in time, AuditFailed where one does not pass its audit.
    """
    if not 0 < within <= 1:
        raise ValueError(f"within is {within:g}: give a share of the cost above 0 and at most 1, as 0.01 for 1 %")
    options = options or Options()
    best = _best(plan, view, options)
    near = _Near(best, within, options)
    found = Alternatives(best.instance, within, plan_of(best, options, compare=False, asked=False), [], [])
    if within < found.best.gap:
        found.notes.append(
            f"The cheapest plan is proven within {100 * found.best.gap:.3g} % only, which is more than the "
            f"{100 * within:.3g} % that alternatives may cost more: a smaller --gap might find a cheaper one."
        )
    for name, search in _SEARCHES.items():
        options.tell(name.lower(), None, None)
        try:
            if options.stop():
                raise Stopped
            solution, limit = search(near)
        except NoSolution as fault:
            found.notes.append(f"{name} is left out: {fault}.")
            continue
        except Stopped:
            found.notes.append(f"Stopped: {name} and what comes after it were not looked for.")
            break
        own = plan_of(solution, options, compare=False, asked=False)
        found.others.append(Alternative(name, own, limit))
    return found


def _best(plan: Instance | Plan | Solution, view: str | None, options: Options) -> Solution:
    if isinstance(plan, Plan):
        view = view or plan.view
        plan = plan.instance
    if isinstance(plan, Instance):
        options.tell("the cheapest plan", None, None)
        plan = solve_path(plan, view=view, options=options)
    if plan.status not in ("optimal", "feasible"):
        raise NoPlan(f"there is no plan to look beside: it is {plan.status} (`sourcing explain` tells why)")
    return plan


# --------------------------------------------------------------------------------------------- the model near the best


class _Near:
    """The model of the plans within the bound: `arrays` let nobody go shorter than the best plan does, `capped` has the
    row of the cost besides."""

    def __init__(self, best: Solution, within: float, options: Options):
        import numpy as np

        self.best, own = best, best.arrays
        looks = LOOKS if len(own.columns) > SMALL else QUICK
        self.options = replace(options, tell=untold, time_limit=min(options.time_limit, looks))
        self.unhurried = Search(self.options).unhurried
        self.sparing = replace(options, time_limit=min(options.time_limit, SPARING))
        self.allowance = within * abs(best.objective)
        self.most = best.objective + self.allowance
        short = np.array([family == SHORT for family, _ in own.columns])
        self.arrays = replace(own, upper=np.where(short, np.clip(best.x, own.lower, own.upper), own.upper))
        cost = own.cost / 1000  # rows in M USD: their sides are of the size of the others
        self.capped = self._with(cost, (self.most - own.constant) / 1000)
        self.ground = Ground(best.instance, best.path, own, own.columns, [(1.0, own, np.arange(len(own.columns)))])

    def _with(self, terms: np.ndarray, most: float) -> Arrays:
        """The arrays with a row: terms <= most."""
        arrays, row = with_row(Measure("", "", self.arrays, terms, lambda x: float(terms @ x)))
        upper = arrays.row_upper.copy()
        upper[row] = most
        return replace(arrays, row_upper=upper)

    def relaxed(self, terms: np.ndarray, basis: Any = None) -> Solution:
        """The least of a sum within the bound, decisions in parts."""
        arrays = replace(self.capped, cost=terms, constant=0.0, integer=self.capped.integer & False)
        found = warm(self.best.path, arrays, self.unhurried, basis)
        if found.status == "unbounded":
            raise NoSolution("the data set it no limit")
        if found.status != "optimal":
            raise NoSolution(f"the model of plans within the bound is {found.status}")
        return found

    def least(self, terms: np.ndarray, basis: Any = None) -> tuple[Solution, float]:
        """The plan within the bound that makes a sum least, and what is proven of the least.

        NoSolution where no plan within the bound has less than the best.
        """
        relaxed = self.relaxed(terms, basis)
        before = float(terms @ self.best.x)
        span = before - relaxed.objective
        if span <= SAME * max(1.0, abs(before)):
            raise NoSolution("no plan within the bound goes further than the cheapest")
        dear = PRICE * self.allowance / span
        arrays = replace(self.capped, cost=self.capped.cost + dear * terms)
        try:
            found, _ = planned(arrays, self.best.path, [self.best], self.options, relaxed.basis)
        except NoSolution:  # not even one linear model in that time
            found = held(arrays, self.best, self.unhurried)
            found.arrays, found.linear, found.bound = arrays, found.arrays, -math.inf
        if found.status not in ("optimal", "feasible"):
            raise NoSolution(f"the search within the bound ended {found.status}")
        return found, max(relaxed.bound, (found.bound - self.most) / dear)

    def cheapest(self, found: Solution, terms: np.ndarray) -> Solution:
        """The least cost with the decisions of a plan and no more of a sum than it has."""
        level = float(terms @ found.x)
        return self.told(held(self._with(terms, level + SAME * abs(level)), found, self.unhurried))

    def told(self, found: Solution) -> Solution:
        """A plan of other arrays as one of the best's own: what it costs, and what is proven of the least cost."""
        best = self.best
        if found.status not in ("optimal", "feasible"):
            raise NoSolution(f"with its decisions held it is {found.status}")
        x, count = found.x, len(best.arrays.rows)
        cost = float(best.arrays.cost @ x) + best.arrays.constant
        made = Solution(
            best.path, best.arrays, "optimal" if is_within(cost, best.bound, self.options.gap) else "feasible",
            cost, min(best.bound, cost), x, found.duals[:count], found.residuals, best.proof,
        )  # fmt: skip
        made.linear = best.arrays.held(made.integers)
        return made


# ------------------------------------------------------------------------------------------------ what is looked for


def _covered(near: _Near) -> tuple[Solution, float]:
    terms = near.ground.sum_of(lambda family, index: float(family == "demand.deliver" and index[4] != CLEAN_TEXT))
    if float(terms @ near.best.x) <= NOTHING:
        raise NoSolution("nothing that the cheapest plan delivers has content from a covered country")
    found, limit = near.least(terms)
    return near.cheapest(found, terms), max(limit, 0.0)


def _stock(near: _Near) -> tuple[Solution, float]:
    instance = near.best.instance
    spans = periods(instance)
    rows = {row.stockpile: row for row in instance[Stockpile]}
    # a level at the end of a period counts half in it, and half in the next, which it begins
    worth = {
        (name, t.id): sum(span.years / 2 * (market_price(instance, row.material, span) or 0.0)
                          for span in spans[t.number : t.number + 2])
        for name, row in rows.items() for t in spans
    }  # fmt: skip
    if not any(worth.values()):
        raise NoSolution("there is no stockpile of a material with a price")

    def weight(family: str, index: tuple[Any, ...]) -> float:
        return -worth[index[0], index[-1]] if family == "stock.level" else 0.0

    terms = near.ground.sum_of(weight)
    found, limit = near.least(terms)
    opening = sum(row.opening * spans[0].years / 2 * (market_price(instance, row.material, spans[0]) or 0.0)
                  for row in rows.values())  # fmt: skip
    return near.cheapest(found, terms), (opening - limit) / sum(t.years for t in spans) / 1000


def _different(near: _Near) -> tuple[Solution, float]:
    shipped: dict[tuple[Any, ...], float] = {}
    for index, tonnes in near.best.positive(FLOW):
        shipped[index[:3]] = shipped.get(index[:3], 0.0) + tonnes
    used = {route for route, tonnes in shipped.items() if tonnes >= NOISE["t"]}
    if not used:
        raise NoSolution("the cheapest plan ships nothing")
    terms = near.ground.sum_of(lambda family, index: float(family == FLOW and index[:3] in used))
    found, limit = near.least(terms)
    return near.cheapest(found, terms), max(limit, 0.0)


def _fewest(near: _Near) -> tuple[Solution, None]:
    found = fewest(near.best, near.arrays, near.capped, near.most, near.sparing)
    return near.told(found), None


_SEARCHES: dict[str, Callable[[_Near], tuple[Solution, float | None]]] = {
    SUPPLIERS: _fewest, COVERED: _covered, STOCK: _stock, DIFFERENT: _different,
}  # fmt: skip
