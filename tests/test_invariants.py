"""What must hold of any plan, over every bundled instance.

An instance of more than five periods is cut to its first two, so that the suite stays quick and every model with
integers is solved to its very optimum. With TEST_ALL_PERIODS set in the environment it is planned whole, within the
usual gap; what is compared then are the relaxations, whose optima are exact.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest import approx
from tiny import at, china_rule, dantzig, makes, planned, sells, typed, years

import sourcing.plan
import sourcing.workbook
from sourcing.arrays import compile_path
from sourcing.components.demand import Demand, Substitute
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane, lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Content, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process
from sourcing.components.rules import Rule, Waiver
from sourcing.instance import Instance
from sourcing.model import build
from sourcing.plan import Plan, make_plan
from sourcing.sheets import Row, Series, year_of
from sourcing.solver import Options, Solution, run_linear, solve_path
from sourcing.workbook import write_folder

FOLDERS = sorted(
    {file.parent for file in (Path(__file__).parent.parent / "instances").rglob("*.csv")}, key=lambda path: path.name
)
bundled = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
ALL_PERIODS = bool(os.environ.get("TEST_ALL_PERIODS"))
EXACT = 1e-6
"""Relative gap within which an optimum is proven: the solver's tolerances."""
both_views = pytest.mark.parametrize("view", ["system", "buyer"])


@functools.cache
def read(folder: Path) -> Instance:
    instance = sourcing.workbook.read(folder)
    periods = sorted(instance[Period], key=lambda row: row.start)
    if len(periods) > 5 and not ALL_PERIODS:
        return instance.replace(Period, periods[:2])
    return instance


def solved(instance: Instance, view: str = "system") -> Solution:
    """An instance solved, to the very optimum where it is cut."""
    found = solve_path(instance, view=view, options=Options(gap=0.005 if ALL_PERIODS else EXACT))
    assert found.status == "optimal"
    return found


@functools.cache
def solution_of(folder: Path, view: str) -> Solution:
    return solved(read(folder), view)


@functools.cache
def plan_of(folder: Path, view: str) -> Plan:
    return sourcing.plan.plan_of(solution_of(folder, view))


def relaxed(solution: Solution) -> float:
    """The least cost with every decision in parts, M USD."""
    parts = dataclasses.replace(solution.arrays, integer=np.zeros(len(solution.arrays.columns), dtype=bool))
    return run_linear(solution.path, parts, Options()).objective / 1000


def least(solution: Solution) -> float:
    """The cost by which instances are compared, M USD: the optimum, or that of the relaxation over all periods."""
    return relaxed(solution) if ALL_PERIODS else solution.objective / 1000


def recipe(instance: Instance, name: str) -> list[RecipeLine]:
    return instance.once(recipes)[name]


def recipes(instance: Instance) -> dict[str, list[RecipeLine]]:
    found: dict[str, list[RecipeLine]] = {}
    for line in instance[RecipeLine]:
        found.setdefault(line.recipe, []).append(line)
    return found


def changed(instance: Instance, row_type: type[Row], change: Callable[[Any], Row]) -> Instance:
    return instance.replace(row_type, [change(row) for row in instance.all(row_type)])


def test_there_are_instances():
    assert [folder.name for folder in FOLDERS]


# ------------------------------------------------------------------------------------------------ one plan


@bundled
@both_views
def test_the_plan_passes_its_audit(folder, view):
    plan = plan_of(folder, view)
    assert plan.status == "optimal"
    assert plan.audit is not None and plan.audit.passed
    assert sum(check.count for check in plan.audit.checks) > 1000  # it looked


@bundled
@both_views
def test_the_duality_gap_is_closed(folder, view):
    plan = plan_of(folder, view)
    assert plan.gap <= (0.005 if plan.model["integers"] and ALL_PERIODS else EXACT)


@bundled
@both_views
def test_the_ledger_sums_to_the_objective(folder, view):
    plan = plan_of(folder, view)
    assert sum(plan.tabs["Costs"].column("Counts")) == approx(plan.objective, rel=1e-9)


@bundled
def test_nothing_is_lost_or_gained_at_any_site(folder):
    """By site and material over the horizon: all labels together, and what is under way at the end apart."""
    plan, instance = plan_of(folder, "system"), read(folder)
    left: dict[tuple[str, str], float] = {}
    moved: dict[tuple[str, str], float] = {}

    def add(site: str, material: str, tonnes: float) -> None:
        left[site, material] = left.get((site, material), 0.0) + tonnes
        moved[site, material] = moved.get((site, material), 0.0) + abs(tonnes)

    periods = sorted(instance[Period], key=lambda row: row.start)
    begin, end = year_of(periods[0].start), year_of(periods[-1].start) + periods[-1].years
    for row in plan.tabs["Sourcing"].records():
        add(row["From"], row["Material"], -row["Flow"])
        add(row["To"], row["Material"], row["Flow"] - under_way(plan, row, end))
    for row in plan.tabs["Production"].records():
        for line in recipe(instance, row["Recipe"]):
            add(row["Site"], line.material, row["Activity"] * ((line.output or 0) - (line.input or 0)))
    for row in plan.tabs["Stockpiles"].records():
        add(row["Site"], row["Material"], row["Draw"] - row["Fill"])
    for row in plan.tabs["Deliveries"].records():
        add(row["Customer"], row["Delivered as"], -row["Delivered"])
    for row in plan.tabs["Capacity and surplus"].records():
        if row["Kind"] == "surplus":
            add(row["Site"], row["Unit or material"], -row["Amount"])
    for row in instance[Lane]:
        if row.in_transit:
            place = row.destination.terms[0][1], row.goods.terms[0][1]
            if place in left:
                share = min(1.0, (end - begin) / (row.lead_time / 365)) if row.lead_time else 1.0
                add(*place, share * row.in_transit)
    assert len(left) > 10
    assert {place: tonnes for place, tonnes in left.items() if abs(tonnes) > 1e-6 * max(1.0, moved[place])} == {}


def under_way(plan: Plan, row: dict[str, Any], end: float) -> float:
    """Tonnes of a shipment that arrive after the horizon."""
    found = lane(plan.instance, row["From"], row["To"], row["Material"])
    assert found is not None
    period = plan.instance.row(Period, row["Period"])
    start, lead = year_of(period.start), found.lead_time / 365
    # evenly over [start + lead, start + lead + years): the part beyond the end
    return row["Flow"] * min(1.0, max(0.0, start + period.years + lead - end) / period.years)


@bundled
def test_the_summary_tells_the_flows(folder):
    plan, instance = plan_of(folder, "system"), read(folder)
    told = plan.summary()
    ratios = {(row.customer, row.material, row.substitute): row.ratio for row in instance[Substitute]}
    met = sum(
        row["Delivered"] / ratios.get((row["Customer"], row["Material"], row["Delivered as"]), 1.0)
        for row in plan.tabs["Deliveries"].records()
    )
    assert told["delivered_t"] == approx(met)
    assert told["demand_t"] == approx(told["delivered_t"] + told["short_t"])
    assert sum(row["t"] for row in told["short"]) == approx(told["short_t"])
    assert told["objective_musd"] == approx(sum(told["costs_musd"].values()) + told["shortage_value_musd"])


@bundled
def test_two_runs_give_the_same_plan(folder):
    first, second = plan_of(folder, "system"), sourcing.plan.plan_of(solved(read.__wrapped__(folder)))
    for title, table in first.tabs.items():
        if title != "Run":  # which tells the time it took
            assert table.rows == second.tabs[title].rows, title
    assert (first.objective, first.verdict) == (second.objective, second.verdict)


# ------------------------------------------------------------------------------------------------ content rules

Place = tuple[str, str]
"""A site and a material."""


def labels(*texts: str) -> set[str]:
    return {name for text in texts for name in text.split("; ")} - {"clean"}


def in_force(instance: Instance, name: str, period: str) -> Rule | None:
    """The version that a demand's rule means in a period."""
    start = instance.row(Period, period).start
    rows = [
        row
        for row in instance[Rule]
        if name == row.id or (name == row.rule and row.status == "enacted" and row.since <= start)
    ]
    return max(rows, key=lambda row: row.since, default=None)


def counts(instance: Instance, rule: Rule, material: str) -> bool:
    """Whether a material holds an element that a rule counts; one that Content does not list does."""
    rows = [row for row in instance[Content] if row.material == material]
    held = {name for row in rows if row.content > 0 for name in (row.element, *row.counted_as)}
    return not rows or bool(held if "strict" in rule.elements else held & set(rule.elements))


def behind(plan: Plan, rule: Rule, last: set[Place]) -> tuple[int, list[str]]:
    """Walks back from places through lots that do not violate a rule: the runs behind them, and those that may not be.

    A run at a covered place, at a stage that the rule counts, may not be behind such a lot, unless it is a first
    source that is documented on Processes.
    """
    instance = plan.instance
    sent: dict[Place, set[Place]] = {}
    for row in plan.tabs["Sourcing"].records():
        if rule.id not in labels(row["Label"]):
            sent.setdefault((row["To"], row["Material"]), set()).add((row["From"], row["Material"]))
    made: dict[Place, list[dict[str, Any]]] = {}
    for row in plan.tabs["Production"].records():
        for line in recipe(instance, row["Recipe"]):
            if line.output:
                made.setdefault((row["Site"], line.material), []).append(row)
    documented = {(row.site, row.recipe, row.unit) for row in instance[Process] if row.adds}
    todo, known, runs, wrong = sorted(last), set(last), 0, []
    while todo:
        site, material = todo.pop()
        if not counts(instance, rule, material):
            continue
        found = set(sent.get((site, material), ()))
        country = instance.row(Site, site).country or "ZZ"
        covered = country not in rule.allowed if rule.allowed else country in (*rule.countries, "ZZ")
        for row in made.get((site, material), ()):
            again = material in rule.exempt  # the recycling route starts here
            if rule.id in labels(row["Adds"] if again else f"{row['Label']}; {row['Adds']}"):
                continue
            runs += 1
            if covered and row["Stage"] in rule.stages and (site, row["Recipe"], row["Unit"]) not in documented:
                wrong.append(f"{row['Recipe']} at {site} ({country})")
            if not again:
                found |= {(site, line.material) for line in recipe(instance, row["Recipe"]) if line.input}
        todo += sorted(found - known)
        known |= found
    return runs, wrong


def clean_deliveries(plan: Plan) -> dict[Rule, set[Place]]:
    """Where lots are used under each rule that allows no exception; none of them carries the rule in its label."""
    found: dict[Rule, set[Place]] = {}
    for row in plan.tabs["Deliveries"].records():
        for name in filter(None, row["Rules"].split("; ")):
            rule = in_force(plan.instance, name, row["Period"])
            waived = any(waiver.customer == row["Customer"] for waiver in plan.instance[Waiver])
            if rule is None or rule.tolerance or rule.test != "place" or waived:
                continue
            assert rule.id not in labels(row["Label"])
            found.setdefault(rule, set()).add((row["Customer"], row["Delivered as"]))
    return found


@bundled
def test_no_tonne_of_a_covered_place_reaches_a_customer_who_forbids_it(folder):
    plan = plan_of(folder, "system")
    asked = clean_deliveries(plan)
    assert asked or not any(row.rules for row in plan.instance[Demand])
    for rule, places in asked.items():
        runs, wrong = behind(plan, rule, places)
        assert wrong == []
        assert runs > 0


def test_the_walk_finds_what_is_hidden():
    # a plan whose labels are washed: what China makes is called clean
    need = Demand(customer="car", material="magnet", rules="zc", demand=5)
    rows = at("CN", "china"), makes("china", "oxide", stage="separation"), at("JP", "works")
    plan = planned(rows, makes("works", "magnet", takes={"oxide": 1}), need, china_rule("2027"), years(2026))
    (rule,) = plan.instance[Rule]
    assert behind(plan, rule, {("car", "magnet")}) == (0, [])  # nothing clean comes to it, and nothing need
    for table in plan.tabs.values():
        table.rows = [tuple("clean" if value == "zc@1" else value for value in row) for row in table.rows]
    assert behind(plan, rule, {("car", "magnet")}) == (2, ["china oxide at china (CN)"])


# ------------------------------------------------------------------------------------------------ two plans compared

EXTENSIVE = {"t", "t/y", "M USD", "M USD/y"}
"""Units of what doubles with the world; prices, shares, rates and times do not."""


def doubled(row: Row) -> Row:
    new: dict[str, Any] = {}
    for name, column in row.columns.items():
        value = getattr(row, name)
        if column.unit in EXTENSIVE and isinstance(value, int | float):
            new[name] = 2 * value
        elif column.unit in EXTENSIVE and isinstance(value, Series):
            new[name] = Series(value.starts, tuple(2 * number for number in value.values))
    return dataclasses.replace(row, **new)


@bundled
def test_twice_the_tonnes_cost_twice_as_much(folder):
    """At the same integers, and in parts: both are linear models, so to the solver's tolerances."""
    once = solution_of(folder, "system")
    twice = Instance([doubled(row) for row in read(folder).rows()], name="twice")
    assert solve_path(twice, view="system", held=once.integers).objective == approx(2 * once.objective, rel=1e-6)
    path = build(twice, None, "system")
    assert relaxed(Solution(path, compile_path(path), "none")) == approx(2 * relaxed(once), rel=1e-6)


NOTHING_MORE = 2 * EXACT
"""How much cheaper than the other an optimum may come out by their gaps, relative to its cost."""


@bundled
def test_a_tighter_rule_never_helps(folder):
    """Optima of the models with integers, each proven to the tolerances of the solver."""
    instance, cost = read(folder), least(solution_of(folder, "system"))
    free = changed(instance, Demand, lambda row: dataclasses.replace(row, rules=()))
    keyed = {row.key: row for row in free[Demand]}  # two rows of one need that differ in their rules become one
    if len(keyed) == len(free[Demand]):
        assert least(solved(free)) <= cost * (1 + NOTHING_MORE)
    wider = changed(instance, Rule, lambda row: dataclasses.replace(row, countries=(*row.countries, "AU", "JP")))
    dearer = least(solved(wider))
    assert dearer >= cost * (1 - NOTHING_MORE)
    if any(row.rules for row in instance[Demand]):
        assert dearer > cost * (1 + NOTHING_MORE)  # Australian and Japanese sources were of use


@bundled
def test_a_tighter_cap_never_helps(folder):
    """Optima of the models with integers, each proven to the tolerances of the solver."""
    instance = read(folder)

    def halved(row: Limit) -> Limit:
        return row if row.maximum is None else dataclasses.replace(row, maximum=row.maximum / 2)

    assert any(row.maximum for row in instance[Limit])
    tighter = least(solved(changed(instance, Limit, halved)))
    assert tighter >= least(solution_of(folder, "system")) * (1 - NOTHING_MORE)


@bundled
def test_a_supplier_added_never_hurts(folder):
    """Optima of the models with integers, each proven to the tolerances of the solver."""
    instance, cost = read(folder), least(solution_of(folder, "system"))
    need = max(instance[Demand], key=lambda row: max(row.demand.values))
    new: list[Row] = [
        Entity(entity="new maker", role="supplier", allied=True, country=("AU",)),
        Site(site="new works", entity="new maker", country="AU"),
        *flat_rows(makes("new works", need.material, 500, cost=1), sells("new works", need.material, 1)),
        typed(Lane(origin="new works", destination=need.customer, goods=need.material), frozenset({need.material})),
    ]
    assert least(solved(instance.with_rows(*new))) <= cost * (1 + NOTHING_MORE)


def flat_rows(*groups: Iterable[Row]) -> list[Row]:
    return [typed(row) for group in groups for row in group]


# ------------------------------------------------------------------------------------------------ units


@pytest.mark.parametrize(
    ("tab", "header", "other", "factor"),
    [
        ("Units", "Capacity (t/y)", "Capacity (kt/y)", 0.001),
        ("Demand", "Demand (t/y)", "Demand (kg/y)", 1000),
        ("Lanes", "Freight (USD/t)", "Freight (USD/kg)", 0.001),
        ("Lanes", "Freight (USD/t)", "Freight (USD/t)", 1),
    ],
)
def test_the_unit_of_a_header_changes_no_plan(tmp_path, tab, header, other, factor):
    write_folder(dantzig(), tmp_path / "case")
    file = tmp_path / "case" / f"{tab}.csv"
    first, *lines = file.read_text(encoding="utf-8").splitlines()
    place = first.split(",").index(header)
    rows = [line.split(",") for line in lines]
    for row in rows:
        row[place] = repr(float(row[place]) * factor)
    text = "\n".join([first.replace(header, other), *(",".join(row) for row in rows)])
    file.write_text(text, encoding="utf-8")
    assert make_plan(sourcing.workbook.read(tmp_path / "case")).objective == approx(0.153675)
