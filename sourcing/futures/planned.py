"""A plan over futures: the tree solved, each future's plan audited, and what they share told first.

The tabs of the plan are those of the trunk, the tables as they stand while nothing strikes (of the likeliest future
where every future leaves the trunk); the tabs by future tell the others. What takes further solves of one path
(bottlenecks, waiting costs, price of rules) is left out: its answers would not hold for the tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sourcing import explain
from sourcing.components.decisions import Decision
from sourcing.futures import words
from sourcing.futures.figures import Futures
from sourcing.futures.report import by_future, common_decisions, decisions_by_future, decisions_of, futures_table
from sourcing.futures.solve import TreeSolution, solve_tree
from sourcing.instance import Instance
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import NoPlanReport, Plan, plan_of, positions, run_table
from sourcing.sheets import NoPlan
from sourcing.solver import Options, Solution, run_linear, untold
from sourcing.tables import Table, total
from sourcing.workers import Crew, itself

KEPT = ("Demand", "Sourcing", "Stockpiles", "Contracts")
"""Tabs of each future that the plan shows or counts."""


@dataclass(frozen=True)
class Told:
    """What a future's own plan says: tabs, decisions, cost by kind and by role (M USD), checks of its audit."""

    tabs: dict[str, Table]
    decisions: list[Decision]
    costs: dict[str, float]
    positions: dict[str, float]
    checks: int


def plan_futures(
    instance: Instance,
    *,
    view: str | None = None,
    gap: float = 0.005,
    time_limit: float = 600.0,
    seed: int = 0,
    threads: int = 0,
    risk_weight: float | None = None,
    workers: int = 1,
    dask: str = "",
    stop: Callable[[], bool] = bool,
    tell: Callable[[str, float | None, float | None], None] = untold,
) -> Plan:
    """Plan over all active futures of an instance; options as in `make_plan`.

    Raises NoPlan if some future has none, AuditFailed if the plan of one does not pass its audit, InstanceError where a
    scenario cannot be what it says, NoSolution and Stopped as `make_plan` does.
    """
    options = Options(gap=gap, time_limit=time_limit, seed=seed, threads=threads, stop=stop, tell=tell)
    found = solve_tree(instance, view=view, options=options, risk_weight=risk_weight, workers=workers, dask=dask)
    if found.status in ("infeasible", "unbounded"):
        raise no_plan(found, options)
    shown = shown_future(found)
    silent = replace(options, tell=untold)
    tell("the plan of each future", found.objective, found.bound)
    solution = found.solution(shown)
    plan = plan_of(solution, silent, compare=False, asked=False)
    told = {shown: _told(plan, solution)}
    others = [s for s in range(len(found.paths)) if s != shown and _is_end(found, s)]
    with Crew(itself, found, workers=workers, dask=dask) as crew:
        told |= dict(zip(others, crew.map(tell_future, others), strict=True))
    return _joined(plan, found, shown, dict(sorted(told.items())))


def no_plan(found: TreeSolution, options: Options) -> NoPlan:
    """Why no plan holds in every future: which one has none by itself, or that none begins as the others do."""
    from sourcing.model import build

    for path in found.paths:
        whole = replace(path.arrays, integer=path.arrays.integer & False, cost=path.arrays.cost + path.penalty)
        alone = run_linear(None, whole, options)
        if alone.status == "optimal":
            continue
        built = build(path.branch.instance, view=found.view)
        headline, why = explain.why(path.branch.instance, path.arrays, alone.status)
        headline = f"In “{path.branch.name}”: {headline}"
        error = NoPlan(headline)
        run = run_table(Solution(built, path.arrays, alone.status), options)
        error.report = NoPlanReport(found.instance, alone.status, headline, why, run)
        return error
    return NoPlan(
        "Each future has a plan by itself, but none begins as the others do. Let scenarios part earlier (Starts), or "
        "give limits and firm minimums after their starts a penalty."
    )


def shown_future(found: TreeSolution) -> int:
    """The future whose tabs the plan shows: the trunk, or the likeliest where the trunk has no end."""
    probability = [path.branch.probability for path in found.paths]
    return 0 if _is_end(found, 0) else probability.index(max(probability))


def _is_end(found: TreeSolution, s: int) -> bool:
    """Whether a future can be the one that comes, or was asked for all the same; a trunk that all leave is none."""
    return s > 0 or found.paths[0].branch.probability > 0


def tell_future(found: TreeSolution, s: int) -> Told:
    """The audited plan of a future, in short."""
    solution = found.solution(s)
    return _told(plan_of(solution, compare=False, asked=False), solution)


def _told(plan: Plan, solution: Solution) -> Told:
    costs: dict[str, float] = {}
    for row in plan.tabs["Costs"].records():
        costs[row["Kind"]] = costs.get(row["Kind"], 0.0) + row["Counts"]
    return Told(
        {title: plan.tabs[title] for title in KEPT if title in plan.tabs},
        decisions_of(solution),
        costs,
        positions(plan.tabs["Costs"], plan.tabs["Parties"]),
        len(plan.audit.checks) if plan.audit else 0,
    )


def _joined(plan: Plan, found: TreeSolution, shown: int, told: dict[int, Told]) -> Plan:
    """The plan of the future that is shown, with what the others do."""
    tabs = {s: own.tabs for s, own in told.items()}
    decided = {s: own.decisions for s, own in told.items()}
    new = [
        futures_table(found, tabs),
        common_decisions(found, decided),
        decisions_by_future(found, decided),
        *by_future(found, tabs),
    ]
    likely = {s: found.paths[s].branch.probability for s in told}

    def expected(values: Callable[[Told], float]) -> float:
        return sum(likely[s] * values(own) for s, own in told.items())

    kinds = sorted({kind for own in told.values() for kind in own.costs})
    costs = {kind: expected(lambda own, kind=kind: own.costs.get(kind, 0.0)) for kind in kinds}  # type: ignore[misc]
    shortage = costs.pop(VALUE_KINDS[0], 0.0)
    roles = sorted({role for own in told.values() for role in own.positions})
    objective, bound = found.objective / 1000, found.bound / 1000
    plan.futures = Futures(
        objective=objective,
        bound=bound,
        gap=abs(objective - bound) / max(abs(objective), 1e-9),
        status=found.status,
        proof=found.proof,
        expected=found.expected / 1000,
        cvar=found.cvar / 1000,
        alpha=found.alpha,
        risk_weight=found.risk_weight,
        missed=sum(found.missed(s) for s in told) / 1000,
        probabilities={found.paths[s].branch.id: likely[s] for s in told},
        costs=costs,
        shortage=shortage,
        positions={role: expected(lambda own, role=role: own.positions.get(role, 0.0)) for role in roles},  # type: ignore[misc]
        demand_t=expected(lambda own: total(own.tabs["Demand"].column("Demand"))),
        short_t=expected(lambda own: total(own.tabs["Demand"].column("Short"))),
        short=[
            {
                "customer": row["Customer"], "material": row["Material"], "rules": row["Rules"],
                "period": row["Period"], "scenario": found.paths[s].branch.id, "t": row["Short"],
            }
            for s, own in told.items()
            for row in own.tabs["Demand"].records()
            if row["Short"] > 1e-6
        ],
        model={
            "columns": len(found.tree.arrays.columns), "rows": len(found.tree.arrays.rows),
            "nonzeros": len(found.tree.arrays.values), "integers": int(found.tree.arrays.integer.sum()),
            "scenarios": len(told),
        } if found.tree else {},
        seconds=found.seconds,
    )  # fmt: skip
    plan.tabs = {**{table.title: table for table in new if table.rows or table.title == "Futures"}, **plan.tabs}
    run, facts, plan.proven = plan.tabs["Run"], plan.futures, (objective, bound)
    for item, value in (
        ("Planned over", f"{len(told)} futures"),
        (words.SHOWN, found.paths[shown].branch.id),
        (words.OVER_STATUS, facts.status),
        (words.OVER, facts.objective),
        (words.OVER_BOUND, facts.bound),
        ("Bound over futures proven by", facts.proof),
        (words.EXPECTED, facts.expected),
        (words.CVAR, facts.cvar),
        (words.LEVEL, 100 * facts.alpha),
        (words.WEIGHT, facts.risk_weight),
        (words.MISSED, facts.missed),
        ("Audited futures", f"{len(told)}, {sum(own.checks for own in told.values())} checks passed"),
    ):
        run.add(item, value)
    plan.verdict = words.verdict(plan.tabs["Futures"], dict(run.rows), plan.verdict)
    return plan
