"""Screening: what the most exposed single sites would cost a plan if they failed, few enough to try at every solve.

    share[e,i,t]  = min(1, tonnes of e that i ships in t / tonnes of e that customers get in t)                     [1]
    exposed[i,t]  = max_e share[e,i,t] · Σ_d that holds e  met[d,t]·value[d,t]                       [k USD, discounted]

e is an element (as its contained oxide), met what a demand gets, value what its last tonne is worth if it is short.
A good is lost whole if one of its elements is, so the sum is of whole goods. It is what passes through a site, as if
nobody else could step in: an order in which to try sites, and no bound. The first of them are tried as in `stress`,
each for a year from the period in which most passes through the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from sourcing.components.materials import contents
from sourcing.instance import Instance
from sourcing.plan import Plan, make_plan
from sourcing.solver import Options, Solution, untold
from sourcing.study.outages import members
from sourcing.study.stress import Stress, stress, when
from sourcing.study.stress_tables import failures
from sourcing.tables import Table

MOST = 8
"""Sites that are tried after a solve."""


def exposed(solution: Solution) -> dict[tuple[str, str], float]:
    """What passes through each site in each period that is open to decisions: k USD, discounted."""
    instance = solution.instance
    held, spans = contents(instance), {t.id for t in when(instance)}
    worth: dict[tuple[Any, ...], float] = {}
    for (family, index), cost in zip(solution.arrays.columns, solution.arrays.cost.tolist(), strict=True):
        if family == "demand.short":
            key = (*index[:3], index[-1])
            worth[key] = max(worth.get(key, 0.0), cost)
    got: dict[tuple[str, str], float] = defaultdict(float)
    value: dict[tuple[str, str], float] = defaultdict(float)
    for (customer, material, rules, grade, _, t), tonnes in solution.positive("demand.deliver"):
        for element, content in held.get(grade, {}).items():
            got[element, t] += content * tonnes
            value[element, t] += tonnes * worth.get((customer, material, rules, t), 0.0)
    shipped: dict[tuple[str, str, str], float] = defaultdict(float)
    for (origin, _, material, _, _, t), tonnes in solution.positive("channels.flow"):
        for element, content in held.get(material, {}).items() if t in spans else ():
            shipped[origin, t, element] += content * tonnes
    found: dict[tuple[str, str], float] = {}
    for (site, t, element), tonnes in shipped.items():
        if whole := got.get((element, t)):
            at_stake = min(1.0, tonnes / whole) * value[element, t]
            found[site, t] = max(found.get((site, t), 0.0), at_stake)
    return found


def most_exposed(solution: Solution, most: int = MOST) -> tuple[list[str], str]:
    """The sites through which most passes, most first, and the period of the first of them; blank if there is none."""
    found = exposed(solution)
    sites = set(members(solution.instance, "site"))
    order = sorted((key for key in found if key[0] in sites), key=lambda key: (-round(found[key], 3), key))
    names = list(dict.fromkeys(site for site, _ in order))
    return names[:most], order[0][1] if order else ""


def screened(
    solution: Solution,
    options: Options | None = None,
    extra: Callable[[Any], None] | None = None,
    *,
    most: int = MOST,
) -> Table:
    """What outages of the most exposed sites do, dearest first; `extra` are constraints that were added to the model.

    With as many as there are sites it is the whole stress test: every site, in every period. Raises NoSolution where a
    model cannot be solved, Stopped where `options.stop` says so.
    """
    names, period = most_exposed(solution, most)
    whole = most >= len(members(solution.instance, "site"))
    only, at = (None, "") if whole else (names, period)
    return failures_of(stress(solution, only=only, at=at, scenarios=(), options=options, extra=extra))


def failures_of(found: Stress) -> Table:
    """The plan's tab Failures of a stress test of sites, which may replace that of a screening."""
    return failures(found, exposed(found.solution))


def solve(
    instance: Instance,
    extra: Callable[[Any], None] | None = None,
    *,
    view: str | None = None,
    gap: float = 0.005,
    time_limit: float = 600.0,
    seed: int = 0,
    threads: int = 0,
    compare: bool = True,
    failing: int = MOST,
    stop: Callable[[], bool] = bool,
    tell: Callable[[str, float | None, float | None], None] = untold,
) -> Plan:
    """The audited plan of an instance, with what happens to it when one site fails.

    `extra(path)` may add constraints to the Pyomo model before it is solved. `gap` is relative, `time_limit` in
    seconds, `threads` 0 for all cores. `compare` prices the rules, `failing` is how many of the most exposed sites are
    tried (0: none; as many as there are: all in every period); both take further solves. `stop` and `tell` are as in
    `sourcing.solver.Options`.

    Raises what `make_plan` does: NoPlan, NoSolution, Stopped, AuditFailed.
    """
    plan = make_plan(
        instance, extra, view=view, gap=gap, time_limit=time_limit, seed=seed, threads=threads, compare=compare,
        failures=partial(screened, most=failing) if failing else None, stop=stop, tell=tell,
    )  # fmt: skip
    if not failing:
        note = "Failures of sites were not asked for (--failing); `sourcing stress` tries every one."
        plan.tabs["Data notes"].add("left out", "Failures", note)
    return plan
