"""Verify: a plan workbook re-checked from itself and its instance alone, without the model and without a solver.

Everything that follows from the tonnes is worked out again: each balance, limit, rule and payment (`audit`), where
every tonne comes from (`origin`), and what the first page and the charts say. What only a solve can tell stands in
NOT_RECOMPUTED; that the plan is the best one is shown at the solve (bound and residuals on Run).
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sourcing.audit import Audit, Check, audit
from sourcing.audit.records import BOOKS, columns
from sourcing.audit.verdict import MONEY, Families, Family
from sourcing.components.horizon import Period
from sourcing.datanotes import data_notes
from sourcing.futures import words
from sourcing.instance import Instance
from sourcing.plan import Plan
from sourcing.sheets import InstanceError
from sourcing.tables import Table, fields, total
from sourcing.variants import in_text, switched
from sourcing.verdict import facts, verdict
from sourcing.words import clean
from sourcing.workbook.planbook import CHART_DATA, FIRST_PAGE, RUN, PlanBook, Value

LEFT_OUT, OBJECTIVE, BOUND = "Tabs left out: nothing to show", "Objective (M USD)", "Bound (M USD)"
NOTES = "Data notes"

GRAM = 1e-6
"""Tonnes (or units of a figure) by which a traced or drawn number may differ from the one in the book."""

NOT_RECOMPUTED = (
    "Bottlenecks, Price of rules, Label tracking, Failures",
    "Demand: One more costs",
    "Capacity and surplus: One more is worth",
    "Decisions: Decide by, Waiting costs, Waiting is, In words",
    "Sites: Stages, Reason",
    "Custody: whether a choice is left out",
    "Data notes: warnings",
    "Sourcing, Stockpiles, decisions and cost of futures that the other tabs do not show",
    "Run: bound, residuals, size, share on estimates, versions and times",
)
"""What comes from further solves, or says how the plan was made: the plan's word has to do."""


@dataclass(frozen=True)
class Verification:
    """The verdict on a plan workbook: its checks in their order, and what a reader should know beside (`notes`)."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    not_recomputed: tuple[str, ...] = NOT_RECOMPUTED

    @property
    def passed(self) -> bool:
        """Whether every check passes."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that do not pass."""
        return tuple(check for check in self.checks if not check.passed)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of `sourcing verify --json`; a residual without a size is None."""
        return {
            "passed": self.passed,
            "checks": [
                {
                    "name": check.name, "passed": check.passed, "count": check.count,
                    "worst": check.worst if math.isfinite(check.worst) else None, "tolerance": check.tolerance,
                    "where": check.where,
                }
                for check in self.checks
            ],
            "not_recomputed": list(self.not_recomputed),
            "notes": list(self.notes),
        }  # fmt: skip


@dataclass
class Told:
    """What the audit reads of a plan book."""

    tabs: dict[str, Table]
    view: str
    objective: Any


def verify(book: PlanBook, instance: Instance) -> Verification:
    """Re-check a plan workbook against its instance. Whatever the book holds, this answers with failed checks."""
    before, after, notes = Families(), Families(), []
    instance = _input(book, instance, before)
    _made(book, before)
    tabs = book.tabs | {name: _empty(name) for name in _left_out(book) if name not in book.tabs}
    for fault in book.faults or ("",):
        before("book").holds(not fault, fault)
    told = Told(tabs, str(book.run.get("View")), book.run.get(OBJECTIVE))
    checked = audit(instance, told)
    made_by = book.run.get("Version of allied-sourcing")
    if made_by != version("allied-sourcing"):
        own = version("allied-sourcing")
        notes.append(f"made by version {made_by}, checked by {own}: origin, notes and first page are not compared")
    if not checked.passed or not all(check.passed for check in before.done()):
        notes.append("origin, notes and first page are compared once all else passes")
    else:
        for name, again in _AGAIN.items() if not notes else ():
            try:
                again(book, instance, told, checked, after)
            except Exception as fault:  # an altered cell of a table that no check has read may upset anything
                what = f"cannot be worked out again from the tabs ({type(fault).__name__}: {fault})"
                after(name).holds(False, what)
    return Verification((*before.done(), *checked.checks, *after.done()), tuple(notes))


def _left_out(book: PlanBook) -> list[str]:
    return [name.strip() for name in str(book.run.get(LEFT_OUT) or "").split(",") if name.strip()]


def _empty(name: str) -> Table:
    """A tab that the book leaves out because it would have no row."""
    return Table(name, next((fields(*columns(known)) for known in BOOKS if known.tab == name), ()))


# ------------------------------------------------------------------------------------------------ the run


def _input(book: PlanBook, instance: Instance, families: Families) -> Instance:
    """The instance as it was planned: the one whose hash stands on Run, after the switches that stand there."""
    check = families("input")
    try:
        instance = switched(instance, in_text(str(book.run.get("Switched") or "")))
    except (ValueError, InstanceError) as fault:
        check.holds(False, f"Run, Switched: {fault}")
    told = book.run.get("Input SHA-256")
    own = instance.sha256()
    check.holds(
        told == own, f"this is the plan of another input: it names {str(told)[:12]}, the instance has {own[:12]}"
    )
    return instance


def _made(book: PlanBook, families: Families) -> None:
    """What Run says of the solve agrees with itself."""
    check, run = families("run", MONEY), book.run
    items = [row[0] for row in book.tabs[RUN].rows]
    check.holds(len(set(items)) == len(items), "an item stands on Run twice")
    status, audited = run.get("Status"), str(run.get("Audit"))
    check.holds(status in ("optimal", "feasible"), f"Status is {status!r}")
    check.holds(audited.startswith("passed,"), f"Audit is {audited!r}")
    told: list[Any] = [run.get(name) for name in (OBJECTIVE, BOUND, "Gap (M USD)")]
    check.holds(all(map(_is_number, told)), f"objective, bound and gap are {told}")
    if all(map(_is_number, told)):
        objective, bound, gap = told
        check.equal(gap, max(0.0, objective - bound), "Gap, against objective less bound", size=abs(objective))
        allowed = re.search(r"\bgap ([0-9.e+-]+)", str(run.get("Options")))
        check.holds(allowed is not None, f"Options is {run.get('Options')!r}")
        if allowed and status == "optimal":
            check.at_most(gap, float(allowed[1]) * abs(objective), "Gap of a plan that is proven", size=abs(objective))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# ------------------------------------------------------------------------------------------------ other tables


def _origin(book: PlanBook, instance: Instance, told: Told, checked: Audit, families: Families) -> None:
    """The trace, made once more, gives the tables of the book."""
    from sourcing.origin import trace

    traced = trace(instance, told.tabs, told.view)
    for title, fresh in traced.tabs().items():
        compare(told.tabs.get(title, _empty(title)), fresh, families(title[:1].lower() + title[1:], GRAM))
    notes = Table(NOTES, fields("Kind", "Where", "Note"))
    for note in traced.notes():
        notes.add("origin", "", note)
    _same_notes(told, notes, families)


def _notes(book: PlanBook, instance: Instance, told: Told, checked: Audit, families: Families) -> None:
    """What the plan says of its data; its warnings name cells, which a folder and its workbook number differently."""
    _same_notes(told, data_notes(instance), families)


def _same_notes(told: Told, fresh: Table, families: Families) -> None:
    """The notes of the kinds that are in `fresh`, without warnings, stand in the book as they are there."""
    kinds = {row[0] for row in fresh.rows} - {"warning"}
    found = told.tabs[NOTES]
    mine, its = ([row for row in table.rows if row[:1] and row[0] in kinds] for table in (found, fresh))
    compare(Table(NOTES, found.fields, rows=mine), Table(NOTES, fresh.fields, rows=its), families("data notes", GRAM))


def compare(found: Table, fresh: Table, check: Family) -> None:
    """A table of the book has the rows of one that was made again, in whatever order, and its numbers.

    A column Cell says where to look in the file that was planned, which may be a folder or its workbook.
    """
    title = found.title
    if not found.rows and not fresh.rows:
        check.holds(True, title)
        return
    same = [(f.name, f.unit) for f in found.fields] == [(f.name, f.unit) for f in fresh.fields]
    check.holds(same, f"{title}: its columns are not {', '.join(f.header for f in fresh.fields)}")
    if not same:
        return
    mine, its = _by_text(found), _by_text(fresh)
    for key in {**its, **mine}:
        where = f"{title} ({', '.join(part for part in key if part)[:160]})"
        here, there = mine.get(key, []), its.get(key, [])
        check.holds(len(here) == len(there), f"{where}: {len(here)} rows instead of {len(there)}")
        for numbers, wanted in zip(here, there, strict=False):
            for name, number, value in zip((f.name for f in found.fields), numbers, wanted, strict=True):
                if (number is None) != (value is None):
                    check.holds(False, f"{where}: {name} is {number}, not {value}")
                elif number is not None and value is not None:
                    _same(check, number, value, f"{where}: {name}")


def _same(check: Family, found: float, fresh: float, where: str) -> None:
    """Two numbers agree to GRAM, however large they are."""
    check.none(found - fresh, f"{where} is {found:,.6g}, not {fresh:,.6g}: difference")


def _by_text(table: Table) -> dict[tuple[str, ...], list[tuple[float | None, ...]]]:
    """Numbers of the rows by their texts."""
    found: dict[tuple[str, ...], list[tuple[float | None, ...]]] = {}
    for row in table.rows:
        named = zip(table.fields, row, strict=True)
        texts = tuple(clean(value) if isinstance(value, str) and f.name != "Cell" else "" for f, value in named)
        found.setdefault(texts, []).append(tuple(value if _is_number(value) else None for value in row))
    for rows in found.values():
        rows.sort(key=lambda row: [-math.inf if value is None else value for value in row])
    return found


# ------------------------------------------------------------------------------------------------ first page, charts


def _page(book: PlanBook, instance: Instance, told: Told, checked: Audit, families: Families) -> None:
    """The first page and the figures of its charts, made again from the tabs."""
    from sourcing.report import write_plan
    from sourcing.workbook.planbook import read_first_page

    plan = _plan(book, instance, told, checked)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "again.xlsx")
        write_plan(plan, path)
        again = read_first_page(path)
    if CHART_DATA in again.tabs:
        compare(book.tabs.get(CHART_DATA, Table(CHART_DATA, ())), again.tabs[CHART_DATA], families("chart data", GRAM))
    check = families("first page", GRAM)
    for row, column in sorted({**again.page, **book.page}):
        _cell(check, row, column, book.page.get((row, column)), again.page.get((row, column)))


def _cell(check: Family, row: int, column: int, found: Value, fresh: Value) -> None:
    from sourcing.workbook.grid import reference

    where = f"{FIRST_PAGE}!{reference(row, column)}"
    if isinstance(found, int | float) and isinstance(fresh, int | float):
        _same(check, found, fresh, where)
    else:
        check.holds(found == fresh, f"{where}: {found!r} instead of {fresh!r}")


def _futures(book: PlanBook, instance: Instance, told: Told, checked: Audit, families: Families) -> None:
    """What Run says of a plan over futures, from the tab Futures; that tab's tonnes, from Demand by future."""
    check, run = families("futures", MONEY), book.run
    if words.OVER not in run:
        return
    futures, demand = told.tabs["Futures"], told.tabs["Demand by future"]
    check.equal(total(futures.column("Probability")), 100.0, "Futures, Probability: the sum")
    for item, value in words.figures(futures, run[words.LEVEL] / 100).items():
        check.equal(run[item], value, f"Run, {item}", size=abs(run[words.EXPECTED]))
    whole = run[words.EXPECTED] + run[words.WEIGHT] * run[words.CVAR] + run[words.MISSED]
    check.equal(run[words.OVER], whole, f"Run, {words.OVER}", size=abs(whole))
    check.at_most(run[words.OVER_BOUND], run[words.OVER], f"Run, {words.OVER_BOUND}", size=abs(whole))
    parents = {row["Future"]: row["Leaves"] for row in futures.records()}
    starts = {row["Future"]: row["Starts"] for row in futures.records()}
    spans = {row.period: number for number, row in enumerate(sorted(instance[Period], key=lambda row: row.start))}
    own: dict[str, list[dict[str, Any]]] = {}
    for row in demand.records():
        own.setdefault(row["Future"], []).append(row)
    for row in futures.records():
        rows, name, until = [], row["Future"], len(spans)
        while name is not None:
            rows += [need for need in own.get(name, ()) if spans[need["Period"]] < until]
            until, name = min(until, spans[starts[name]]), parents[name]
        for column in ("Demand", "Short"):
            check.equal(row[column], total(need[column] for need in rows), f"Futures, {row['Future']}: {column}")


_AGAIN = {"origin": _origin, "data notes": _notes, "futures": _futures, "first page": _page}


def _plan(book: PlanBook, instance: Instance, told: Told, checked: Audit) -> Plan:
    """The plan that a book tells of, without CHART_DATA, which is no tab of a plan."""
    objective, bound = told.objective, book.run[BOUND]
    plan = Plan(
        instance=instance,
        view=told.view,
        status=book.run["Status"],
        objective=objective,
        bound=bound,
        gap=abs(objective - bound) / max(abs(objective), 1e-9),
        tabs={title: table for title, table in told.tabs.items() if title != CHART_DATA},
        audit=checked,
    )
    plan.facts = facts(plan, book.run.get("Cost that rests on estimates (%)"))
    plan.verdict = verdict(plan)
    if words.OVER in book.run:
        plan.verdict = words.verdict(told.tabs["Futures"], book.run, plan.verdict)
        plan.proven = book.run[words.OVER], book.run[words.OVER_BOUND]
    return plan


# ------------------------------------------------------------------------------------------------ where the instance is


def instances_beside(path: Path, name: Any) -> Sequence[Path]:
    """The files and folders beside a plan workbook that may be the instance that it names."""
    if not isinstance(name, str) or not name or Path(name).name != name:
        return ()
    places = [path.with_name(name), *(path.with_name(f"{name}{ending}") for ending in (".xlsx", ".xlsm"))]
    return [place for place in places if place.exists() and place != path]
