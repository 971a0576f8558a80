"""Plan: what a solved path means to a planner, tab by tab, with a verdict in words and an audit behind it.

`make_plan(instance)` solves, gathers the tabs of every component and has them audited by code that shares nothing
with the model. A plan that fails is not returned; if none exists, NoPlan carries a report that says why.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sourcing import explain
from sourcing.bottlenecks import bottlenecks
from sourcing.components import REPORTED
from sourcing.datanotes import data_notes
from sourcing.decide import decisions
from sourcing.instance import Instance
from sourcing.ledger import VALUE_KINDS
from sourcing.positions import costs, estimate_share, parties
from sourcing.ruleprice import prices
from sourcing.sheets import AuditFailed, NoPlan, NoSolution
from sourcing.solver import Options, Solution, Stopped, solve_path, untold
from sourcing.tables import Table, fields, total
from sourcing.tracking import tracking
from sourcing.usage import sites
from sourcing.verdict import facts, rules_price, verdict, worst_failure

if TYPE_CHECKING:
    from sourcing.audit import Audit
    from sourcing.futures.figures import Futures
    from sourcing.report.plots import Plots

Failing = Callable[[Solution, Options, Callable[[Any], None] | None], Table]
"""Works out what fails when one site does, of a solution, with the constraints that were added to its model."""


@dataclass
class Plan:
    """A plan that passed its audit: `tabs` by title in reading order, money in M USD, mass in tonnes.

    `verdict` says it in words, `facts` hold the figures of the first page, `summary()` is the JSON of `solve --json`.

    >>> plan.status, plan.audit.passed
    ('optimal', True)
    >>> list(plan.tabs["Demand"].frame().columns[:5])
    ['Customer', 'Material', 'Rules', 'Period', 'Demand (t)']
    >>> plan.summary()["objective_musd"] == plan.objective
    True
    """

    instance: Instance
    view: str
    status: str
    objective: float
    bound: float
    gap: float
    tabs: dict[str, Table]
    facts: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""
    model: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    audit: Audit | None = None
    futures: Futures | None = None
    proven: tuple[float, float] | None = None  # objective and bound over futures, where there are several

    @property
    def plot(self) -> Plots:
        """Its pictures, each a matplotlib Figure.

        >>> figure = plan.plot.demand()  # a notebook shows it; figure.savefig("demand.png") writes it
        >>> "demand is met" in figure.get_label()  # the title says what is to be seen
        True
        """
        import sourcing

        return sourcing.Plots(self)  # of a room below, so through the package's door

    def summary(self) -> dict[str, Any]:
        """The figures of a plan under the names that `solve --json` documents."""
        counts: dict[str, float] = {}
        for row in self.tabs["Costs"].records():
            counts[row["Kind"]] = counts.get(row["Kind"], 0.0) + row["Counts"]
        shortage = counts.pop(VALUE_KINDS[0], 0.0)
        demand = self.tabs["Demand"]
        return {
            "status": self.status,
            "view": self.view,
            "objective_musd": self.objective,
            "bound_musd": self.bound,
            "gap": self.gap,
            "costs_musd": counts,
            "positions_musd": positions(self.tabs["Costs"], self.tabs["Parties"]),
            "shortage_value_musd": shortage,
            "cvar_musd": None,
            "demand_t": total(demand.column("Demand")),
            "delivered_t": total(demand.column("Met")),
            "short_t": total(demand.column("Short")),
            "short": [
                {
                    "customer": row["Customer"], "material": row["Material"], "rules": row["Rules"],
                    "period": row["Period"], "scenario": "base", "t": row["Short"],
                }
                for row in demand.records()
                if row["Short"] > 1e-6
            ],
            "on_estimates_pct": self.facts.get("estimate_share"),
            "rules_price_musd": rules_price(self.tabs),
            "worst_failure": worst_failure(self.tabs),
            "model": self.model,
            "seconds": dict(self.seconds),
            "audit": self.audit.as_dict() if self.audit else None,
            "input_sha256": self.instance.sha256(),
            "version": version("allied-sourcing"),
        } | (self.futures.summary() if self.futures else {})  # fmt: skip


@dataclass
class NoPlanReport:
    """What is written when no plan exists: a headline, the table Why and the table Run."""

    instance: Instance
    status: str
    headline: str
    why: Table
    run: Table


def make_plan(
    instance: Instance,
    extra: Callable[[Any], None] | None = None,
    *,
    view: str | None = None,
    gap: float = 0.005,
    time_limit: float = 600.0,
    seed: int = 0,
    threads: int = 0,
    compare: bool = True,
    failures: Failing | None = None,
    stop: Callable[[], bool] = bool,
    tell: Callable[[str, float | None, float | None], None] = untold,
) -> Plan:
    """Solve an instance's base path and plan it; `extra(path)` may add constraints to the Pyomo model before.

    `compare` solves it again without each rule that is asked for, at the same decisions: the price of the rule.
    `failures` makes the table of what fails when one site does (`sourcing.solve` gives one). `stop` and `tell` are as
    in Options: a stop takes the best plan so far, which is then not compared.

    Raises NoPlan (with `.report`) if it is infeasible or unbounded, NoSolution if the solver stops without an
    answer, Stopped if `stop` said so before there was a plan, AuditFailed if the plan does not pass its audit.
    """
    options = Options(gap=gap, time_limit=time_limit, seed=seed, threads=threads, stop=stop, tell=tell)
    solution = solve_path(instance, extra, view=view, options=options)
    if solution.status in ("infeasible", "unbounded"):
        headline, why = explain.why(instance, solution.arrays, solution.status)
        error = NoPlan(headline)
        error.report = NoPlanReport(instance, solution.status, headline, why, run_table(solution, options))
        raise error
    return plan_of(solution, options, extra, compare=compare, failures=failures)


def plan_of(
    solution: Solution,
    options: Options | None = None,
    extra: Callable[[Any], None] | None = None,
    *,
    compare: bool = True,
    failures: Failing | None = None,
    asked: bool = True,
) -> Plan:
    """The plan that a solution means, audited; `compare`, `failures` and `extra` as in `make_plan`.

    What takes further solves of the path (bottlenecks, what waiting costs, why a site is idle) is left out where it is
    not `asked` for.
    """
    from sourcing.audit import audit
    from sourcing.origin import trace

    options = options or Options()
    instance = solution.instance
    options.tell("bottlenecks and decisions", solution.objective, solution.bound)
    tabs = {table.title: table for component in REPORTED for table in component.tabs(solution)}
    ledger = costs(solution)
    tabs["Costs"], tabs["Parties"] = ledger, parties(solution, ledger)
    tabs["Sites"], tabs["Decisions"] = sites(solution, asked=asked), decisions(solution, asked=asked)
    if asked:
        tabs["Bottlenecks"] = bottlenecks(solution)
    tabs["Data notes"] = data_notes(instance)
    if asked:
        silent = replace(options, tell=untold)
        further: dict[str, Callable[[], Table]] = {}
        if compare:
            further["Price of rules"] = lambda: prices(solution, tabs["Bottlenecks"], silent, extra)
            further["Label tracking"] = lambda: tracking(solution, silent, extra)
        if failures:
            further["Failures"] = lambda: failures(solution, silent, extra)
        _add(tabs, further, solution, options)
    options.tell("origin and audit", solution.objective, solution.bound)
    traced = trace(instance, tabs, solution.ledger.view)
    tabs |= traced.tabs()
    for note in traced.notes():
        tabs["Data notes"].add("origin", "", note)
    order = (
        "Sourcing", "Demand", "Deliveries", "Rules met", "Origin by country", "Origin", "Stockpiles", "Contracts",
        "Decisions", "Projects and qualifications", "Sites", "Production", "Capacity and surplus", "Labels joined",
        "Custody", "Label tracking", "Limits", "Costs", "Parties", "Floors", "Failures", "Price of rules",
        "Bottlenecks", "Data notes",
    )  # fmt: skip
    objective, bound = solution.objective / 1000, solution.bound / 1000
    plan = Plan(
        instance=instance,
        view=solution.ledger.view,
        status=solution.status,
        objective=objective,
        bound=bound,
        gap=abs(objective - bound) / max(abs(objective), 1e-9),
        tabs={title: tabs[title] for title in order if title in tabs},
        model={
            "columns": len(solution.arrays.columns),
            "rows": len(solution.arrays.rows),
            "nonzeros": len(solution.arrays.values),
            "integers": int(solution.arrays.integer.sum()),
            "scenarios": 1,
        },
        seconds=solution.seconds,
    )
    plan.facts = facts(plan, estimate_share(solution))
    plan.verdict = verdict(plan)
    plan.audit = audit(instance, plan)
    plan.tabs["Run"] = run_table(solution, options, plan)
    if traced.contradictions:
        worst = "; ".join(traced.contradictions[:5])
        raise AuditFailed(f"labels and the trace of origin contradict each other, so the plan is not written: {worst}")
    if not plan.audit.passed:
        worst = "; ".join(f"{check.name}: {check.where}" for check in plan.audit.failures[:5])
        raise AuditFailed(f"the plan does not pass its audit and is not written: {worst}")
    return plan


def _add(
    tabs: dict[str, Table], further: Mapping[str, Callable[[], Table]], solution: Solution, options: Options
) -> None:
    """Add tabs that take solves of other models; the plan stands without them if they are stopped or take too long."""
    try:
        for title, work in further.items():
            options.tell(title.lower(), solution.objective, solution.bound)
            if options.stop():
                raise Stopped
            tabs[title] = work()
    except (Stopped, NoSolution) as fault:
        missing = "; ".join(title for title in further if title not in tabs)
        tabs["Data notes"].add("left out", missing, str(fault) or "Stopped before it was worked out.")


def positions(ledger: Table, everyone: Table) -> dict[str, float]:
    """What the parties of each role pay less what they earn, M USD discounted, whatever the view."""
    roles = {row["Party"]: row["Role"] for row in everyone.records()}
    found: dict[str, float] = {}
    for row in ledger.records():
        if row["Kind"] in VALUE_KINDS:
            continue
        amount = row["Amount"] * row["Discount"]
        for party, sign in ((row["Payer"], 1), (row["Payee"], -1)):
            if party:
                found[roles[party]] = found.get(roles[party], 0.0) + sign * amount
    return found


# ------------------------------------------------------------------------------------------------ cross-cutting tabs


def run_table(solution: Solution, options: Options, plan: Plan | None = None) -> Table:
    """How the plan came about: input, versions, options, proof and times."""
    instance = solution.instance
    table = Table("Run", fields("Item", "Value"), "How this came about; with it the same plan can be made again.")
    table.add("Instance", instance.name)
    table.add("Input SHA-256", instance.sha256())
    if instance.switches:
        table.add("Switched", "; ".join(instance.switches))
    table.add("View", solution.ledger.view)
    table.add("Status", solution.status)
    if plan:
        table.add("Objective (M USD)", plan.objective)
        table.add("Bound (M USD)", plan.bound)
        table.add("Bound proven by", solution.proof)
        table.add("Gap (M USD)", max(0.0, plan.objective - plan.bound))
        table.add("Cost that rests on estimates (%)", plan.facts.get("estimate_share"))
        for name, value in solution.residuals.items():
            table.add(f"Largest {name} residual, recomputed", value)
        if plan.audit:
            table.add("Audit", f"{'passed' if plan.audit.passed else 'failed'}, {len(plan.audit.checks)} checks")
            for check in plan.audit.checks:
                table.add(f"Audit: {check.name}", f"{check.count} checked, worst {check.worst:.3g}")
    table.add("Columns", len(solution.arrays.columns))
    table.add("Rows", len(solution.arrays.rows))
    table.add("Nonzeros", len(solution.arrays.values))
    for part, (least, most) in solution.arrays.ranges().items():
        table.add(f"Size of {part}", f"{least:.2g} to {most:.2g}")
    table.add("Options", f"gap {options.gap:g}, time limit {options.time_limit:g} s, seed {options.seed}")
    for package in ("allied-sourcing", "pyomo", "highspy", "numpy"):
        table.add(f"Version of {package}", version(package))
    table.add("Version of Python", platform.python_version())
    for name, value in solution.seconds.items():
        table.add(f"Time to {name} (s)", round(value, 2))
    return table
