"""Trees: the same optimum as every path written out, whatever the way it is solved; what is shared is equal."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random

import bundled
import explicit
import numpy as np
import pytest
from pytest import approx
from tiny import loose, makes, party, sells, tiny, years
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.limits import Limit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures import benders, solve
from sourcing.futures.glue import glue
from sourcing.futures.planned import plan_futures
from sourcing.futures.solve import grow, solve_tree
from sourcing.sheets import InstanceError, NoSolution
from sourcing.solver import Options, run_linear
from sourcing.workbook.folder import write_folder
from sourcing.workbook.read import read

EXACT = Options(gap=1e-9)


def shock(scenario, tab, row, column, **change):
    return Shock(scenario=scenario, of_tab=tab, row_id=row, of_column=column, **change)


def market(seed, *more, whole=False):
    """Two mines, a trader and a plant with a store over three years; outlooks, events, and what leaves them, by a seed.

    With `whole` a plant can be built and a contract signed.
    """
    dice = random.Random(seed)

    def of(low, high):
        return round(dice.uniform(low, high), 2)

    return tiny(
        years(2026, 2027, 2028),
        party("miner", "supplier", "near", "far"),
        party("trader", "supplier", "exchange", allied=False),
        party("maker", "buyer", "plant", "car"),
        makes("near", "oxide", of(5, 15), cost=of(5000, 9000)),
        makes("far", "oxide", of(10, 30), cost=of(12_000, 20_000)),
        makes("exchange", "oxide"),
        sells("near", "oxide", of(5, 9)),
        sells("far", "oxide", of(8, 12)),
        sells("exchange", "oxide", of(25, 35), maximum=40),
        makes("plant", "magnet", of(15, 25), takes={"oxide": 1}),
        Stockpile(stockpile="store", holder="maker", site="plant", material="oxide", label="clean", maximum=of(5, 20),
                  opening=of(0, 4), storage=of(100, 900)),
        Demand(customer="car", material="magnet", demand=of(12, 22), shortage_value=of(60, 90),
               service_level=of(40, 90)),
        Scenario(scenario="base", kind="outlook", probability=60),
        Scenario(scenario="boom", kind="outlook", probability=25, starts="2027", leaves="base"),
        shock("boom", "Demand", "none", "Demand", multiply=of(1.1, 1.5)),
        Scenario(scenario="bubble", kind="outlook", probability=15, starts="2028", leaves="boom"),
        shock("bubble", "Prices", "oxide at exchange", "Price", multiply=of(1.5, 3)),
        Scenario(scenario="outage", kind="event", hazard=of(3, 20), leaves="base",
                 starts=dice.choice(["any", "2027", "2027; 2028"])),
        shock("outage", "Units", "near oxide", "Capacity", multiply=of(0.1, 0.5)),
        Scenario(scenario="worse", kind="event", hazard=of(3, 20), leaves="outage",
                 starts=dice.choice(["any", "2027", "2027; 2028"])),
        shock("worse", "Units", "far oxide", "Capacity", multiply=of(0.1, 0.5)),
        Scenario(scenario="strike", kind="event", hazard=of(3, 20), starts="2028", leaves="boom", contingency=True),
        shock("strike", "Units", "plant magnet", "Capacity", multiply=of(0, 0.6)),
        [
            makes("plant", "magnet", 10, takes={"oxide": 0.9}, unit="new"),
            Project(project="new", unit="new", capex=of(0.1, 0.4), life=10, cost_of_capital=5, lead_time=12),
            Contract(contract="far away", seller="far", buyer="plant", material="oxide", fixed=of(6, 9),
                     minimum=of(2, 6), maximum=15, status="option", signing_cost=of(0.001, 0.03)),
        ] if whole else (),
        more,
    )  # fmt: skip


every_seed = pytest.mark.parametrize("seed", range(6))


@every_seed
@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_the_optimum_is_that_of_every_path_written_out(seed, weight):
    instance = market(seed)
    found = solve_tree(instance, risk_weight=weight)
    assert found.status == "optimal"
    assert found.objective == approx(explicit.objective(found.paths, weight), rel=1e-7)


@pytest.mark.parametrize("weight", [0.0, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_the_optimum_in_whole_decisions_is_that_of_every_path_written_out(seed, weight):
    found = solve_tree(market(seed, whole=True), risk_weight=weight, options=EXACT)
    assert found.tree.arrays.integer.any()
    assert found.objective == approx(explicit.objective(found.paths, weight), rel=1e-6)


# ------------------------------------------------------------------------------------------------ what is shared


def of(path, values):
    """The values of a future by column, with the number of the period that each lives in."""
    return {name: (value, int(period)) for name, value, period in
            zip(path.arrays.columns, values.tolist(), path.column_period.tolist(), strict=True)}  # fmt: skip


def untrue(found):
    """Columns of futures that differ from what they leave before they leave it: (future, column, here, there)."""
    strays = []
    for s, path in enumerate(found.paths[1:], start=1):
        parent = of(found.paths[path.branch.parent], found.values[path.branch.parent])
        for name, (value, period) in of(path, found.values[s]).items():
            there = parent.get(name, (0.0, period))[0]
            if period < path.branch.start and abs(value - there) > 1e-6:
                strays.append((path.branch.id, name, value, there))
    return strays


def unlikely(scenario, parent="base", start="2027", times=0.4, **columns):
    """An event that cannot come, in which the plant does less."""
    return [
        Scenario(scenario=scenario, kind="event", hazard=0, leaves=parent, starts=start, **columns),
        shock(scenario, "Units", "plant magnet", "Capacity", multiply=times),
    ]


@every_seed
def test_until_futures_part_they_do_the_same(seed):
    assert untrue(solve_tree(market(seed, unlikely("rare"), unlikely("rarer", "rare", "2028")))) == []


@every_seed
def test_contingencies_that_leave_contingencies_share_what_comes_before(seed):
    rows = (
        unlikely("rare", contingency=True),
        unlikely("rarer", "rare", "2028", 0.1, contingency=True, service_level=95),
    )
    assert untrue(solve_tree(market(seed, *rows))) == []


# ------------------------------------------------------------------------------------------------ odds and tails


@every_seed
def test_the_tail_of_the_model_is_the_mean_of_the_sorted_losses(seed):
    """The objective is expected cost + weight x CVaR + misses, so the tail of the model is what is left of it."""
    found = solve_tree(market(seed), risk_weight=0.7)
    missed = sum(found.missed(s) for s in found.ends)
    assert (found.objective - found.expected - missed) / 0.7 == approx(found.cvar, rel=1e-6)
    losses = sorted((found.loss(s), path.branch.probability) for s, path in enumerate(found.paths))
    left, tail = 0.1, 0.0
    for loss, probability in reversed(losses):
        tail += loss * min(left, probability)
        left -= min(left, probability)
    assert found.cvar == approx(tail / 0.1)


@every_seed
def test_a_future_told_twice_changes_nothing(seed):
    """Base is 60 %: 45 % as it was, and 15 % under another name."""
    outlooks = market(seed)
    events = ("outage", "worse")
    before = outlooks.replace(Scenario, [row for row in outlooks[Scenario] if row.scenario not in events])
    before = before.replace(Shock, [row for row in outlooks[Shock] if row.scenario not in events])
    twin = Scenario(scenario="twin", kind="outlook", probability=15.0, starts="2028", leaves="base")
    after = before.with_rows(dataclasses.replace(before.row(Scenario, "base"), probability=45.0), twin)
    one, two = solve_tree(before, risk_weight=0.7), solve_tree(after, risk_weight=0.7)
    assert len(two.paths) == len(one.paths) + 1
    assert two.objective == approx(one.objective, rel=1e-8)
    assert (two.expected, two.cvar) == (approx(one.expected, rel=1e-6), approx(one.cvar, rel=1e-6))


@every_seed
def test_a_future_that_cannot_come_changes_nothing_but_has_a_plan(seed):
    found = solve_tree(market(seed), risk_weight=0.7)
    outlook = Scenario(scenario="never", kind="outlook", probability=0, starts="2028", leaves="boom")
    never = outlook, shock("never", "Demand", "none", "Demand", multiply=3)
    more = solve_tree(market(seed, never, unlikely("rare")), risk_weight=0.7)
    assert more.objective == approx(found.objective, rel=1e-8)
    assert len(more.paths) == len(found.paths) + 2
    for s, path in enumerate(more.paths):
        if path.branch.id in ("never", "rare"):  # it goes on from what the plan does, as well as can be
            assert s not in more.ends
            assert more.loss(s) == approx(alone(more, s), rel=1e-7)


def alone(found, s):
    """What a future costs at least from what the plan does before it."""
    path, parent = found.paths[s], found.paths[found.paths[s].branch.parent]
    before = dict(zip(parent.arrays.columns, found.values[path.branch.parent].tolist(), strict=True))
    lower, upper = path.arrays.lower.copy(), path.arrays.upper.copy()
    for number in np.flatnonzero(path.column_period < path.branch.start).tolist():
        value = before.get(path.arrays.columns[number], 0.0)
        lower[number], upper[number] = value - 1e-7, value + 1e-7
    sure = dataclasses.replace(path.branch, parent=-1, start=0, probability=1.0)
    return explicit.objective(
        [dataclasses.replace(path, branch=sure, arrays=dataclasses.replace(path.arrays, lower=lower, upper=upper))]
    )


@every_seed
def test_a_contingency_counts_what_it_misses_and_nothing_else(seed):
    """Probability 0: its cost does not count, its misses at ten times the last step do, and stock is held for it."""
    rows = unlikely("rare", times=0.1, contingency=True, service_level=90)
    free, found = solve_tree(market(seed)), solve_tree(market(seed, rows))
    s = next(s for s, path in enumerate(found.paths) if path.branch.id == "rare")
    missed = found.missed(s)
    assert found.objective == approx(explicit.objective(found.paths), rel=1e-7)
    assert free.objective <= found.objective * (1 + 1e-9)
    assert found.objective == approx(found.expected + sum(found.missed(s) for s in found.ends), rel=1e-7)
    assert missed > 0  # at a tenth of its capacity no store of 20 t serves 90 % for two years


# ------------------------------------------------------------------------------------------------ faults


def reaching_back(folder):
    """An outlook that starts in 2028 with a shock of 2027, as a folder."""
    rows = (
        Scenario(scenario="base", kind="outlook", probability=60),
        Scenario(scenario="slump", kind="outlook", probability=40, starts="2028"),
        shock("slump", "Demand", "none", "Demand", multiply=0.5, first="2027"),
    )
    write_folder(
        loose(years(2026, 2027, 2028), makes("plant", "magnet", 20),
              Demand(customer="car", material="magnet", demand=10), rows),
        folder,
    )  # fmt: skip
    return folder


def test_a_shock_before_its_scenario_starts_is_a_fault_at_its_cell(tmp_path):
    with pytest.raises(InstanceError) as fault:
        read(reaching_back(tmp_path / "back"))
    [issue] = fault.value.issues
    assert (issue.tab, issue.cell, issue.column, issue.value) == ("Shocks", "M2", "First", "2027")
    assert "lies before the start of slump (2028): what is shared is equal" in issue.message


def test_check_tells_it(tmp_path):
    done = CliRunner().invoke(app, ["check", str(reaching_back(tmp_path / "back")), "--json"])
    assert done.exit_code == 4
    [issue] = json.loads(done.stdout)["issues"]
    assert (issue["tab"], issue["cell"]) == ("Shocks", "M2")


def test_what_the_reader_let_through_is_a_fault_at_the_scenario():
    """The paths themselves are compared: this one differs from its parent before it says it does."""
    paths = grow(market(1))
    s = next(s for s, path in enumerate(paths) if path.branch.id == "boom")
    late = dataclasses.replace(paths[s].branch, start=2)
    paths[s] = dataclasses.replace(paths[s], branch=late)
    with pytest.raises(InstanceError, match=r"Scenarios Starts: '2027': boom: changes .*2027.*: it starts in 2028"):
        glue(paths)


# ------------------------------------------------------------------------------------------------ large trees


@every_seed
@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_blocks_give_what_one_model_gives(seed, weight, monkeypatch):
    instance = market(seed, unlikely("rare", times=0.1, contingency=True))
    one = solve_tree(instance, risk_weight=weight)
    monkeypatch.setattr(solve, "WHOLE", 0)
    found = solve_tree(instance, risk_weight=weight)
    assert found.status == "optimal"
    assert found.objective == approx(one.objective, rel=1e-6)
    assert found.bound <= found.objective * (1 + 1e-9)
    assert found.bound == approx(one.objective, rel=2e-6)
    assert untrue(found) == []


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_of_blocks_are_within_what_is_said(seed, monkeypatch):
    instance = market(seed, whole=True)
    one = solve_tree(instance, options=EXACT)
    monkeypatch.setattr(solve, "WHOLE", 0)
    found = solve_tree(instance, options=Options(gap=0.05))
    assert found.bound <= one.objective * (1 + 1e-7) <= found.objective * (1 + 2e-7)
    assert (found.status == "optimal") == (found.objective - found.bound <= 0.05 * abs(found.objective) + 1e-6)
    assert untrue(found) == []
    whole = found.tree.arrays.integer
    for path, values in zip(found.paths, found.values, strict=True):
        whole = values[path.arrays.integer]
        assert whole == approx(np.round(whole), abs=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_a_block_may_have_no_plan_for_what_the_trunk_would_do_by_itself(weight, monkeypatch):
    """By itself it fills the store with 5 t at 10 each, before prices double; where it closes, 1 t can be used.

    So 1 t is bought in 2026: 10 + 4·20 = 90 in base, 10 where the store closes. Each is as likely, and 90 the tail.
    """
    instance = tiny(
        years(2026, 2027),
        party("maker", "buyer", "plant", "car"),
        party("trader", "supplier", "exchange", allied=False),
        makes("exchange", "magnet"),
        sells("exchange", "magnet", {2026: 10, 2027: 20}),
        makes("plant", "motor", takes={"magnet": 1}),
        Stockpile(stockpile="kept", holder="maker", site="plant", material="magnet", label="clean", maximum=5),
        Demand(customer="car", material="motor", demand={2026: 0, 2027: 5}),
        Scenario(scenario="base", kind="outlook", probability=50),
        Scenario(scenario="closed", kind="outlook", probability=50, starts="2027"),
        shock("closed", "Stockpiles", "kept", "Maximum", set="0"),
        shock("closed", "Demand", "none", "Demand", set="1"),
    )
    monkeypatch.setattr(solve, "WHOLE", 0)
    found = solve_tree(instance, risk_weight=weight)
    assert found.objective == approx(0.5 * 90 + 0.5 * 10 + weight * 90)
    assert found.bound == approx(found.objective, rel=2e-6)


def test_time_that_ends_before_the_trunk_knows_its_futures_is_told(monkeypatch):
    monkeypatch.setattr(solve, "WHOLE", 0)
    clock = itertools.chain([0.0], itertools.repeat(1e9))
    monkeypatch.setattr(benders, "perf_counter", clock.__next__)
    with pytest.raises(NoSolution, match="no whole numbers for the trunk within the time limit"):
        solve_tree(market(1, whole=True))


def test_a_solver_that_loses_its_way_among_the_cuts_leaves_a_gap_not_no_plan(monkeypatch):
    instance = market(2)
    one = solve_tree(instance)
    solved = itertools.count(1)

    def lost(*given, **named):
        found = run_linear(*given, **named)
        return found if next(solved) == 1 else dataclasses.replace(found, status="infeasible")

    monkeypatch.setattr(solve, "WHOLE", 0)
    monkeypatch.setattr(benders, "run_linear", lost)
    found = solve_tree(instance)
    assert next(solved) > 2  # it did lose its way
    assert found.status in ("optimal", "feasible")
    assert found.bound <= one.objective * (1 + 1e-6) <= found.objective * (1 + 2e-6)
    assert untrue(found) == []


def test_blocks_without_a_plan(monkeypatch):
    """The car must get 5 t a year of a plant that may stop."""
    duty = Limit(limit="duty", material="magnet", origin="plant", destination="car", minimum=5)
    instance = market(1, unlikely("rare", times=0, contingency=True), duty)
    assert solve_tree(instance).status == "infeasible"
    monkeypatch.setattr(solve, "WHOLE", 0)
    assert solve_tree(instance).status == "infeasible"


@pytest.mark.parametrize("crew", ["two processes", "a cluster"])
def test_whoever_works_the_numbers_are_the_same(crew, monkeypatch, request):
    monkeypatch.setattr(solve, "WHOLE", 0)
    given = {"workers": 2} if crew == "two processes" else {"dask": request.getfixturevalue("cluster")}
    instance = market(2, whole=True)
    here, there = solve_tree(instance, risk_weight=0.7), solve_tree(instance, risk_weight=0.7, **given)
    assert (there.objective, there.bound) == (here.objective, here.bound)
    for one, other in zip(here.values, there.values, strict=True):
        assert np.array_equal(one, other)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50, processes=True
    ) as found:
        yield found.scheduler_address


# ------------------------------------------------------------------------------------------------ plans


def rows_by_future(plan):
    return {row["Future"]: row for row in plan.tabs["Futures"].records()}


@pytest.mark.parametrize("seed", range(3))
def test_the_plan_of_every_future_passes_its_audit(seed):
    instance = market(seed, unlikely("rare", contingency=True), whole=True)
    plan, found = plan_futures(instance, gap=1e-6), solve_tree(instance, options=Options(gap=1e-6))
    run = dict(plan.tabs["Run"].rows)
    assert run["Audited futures"].startswith(f"{len(found.paths)}, ")
    assert {name: row["Cost"] for name, row in rows_by_future(plan).items()} == approx(
        {path.branch.id: found.loss(s) / 1000 for s, path in enumerate(found.paths)}
    )


def test_every_future_of_the_starter_passes_its_audit():
    plan = plan_futures(bundled.instance("starter"), gap=0.005, threads=2)
    assert dict(plan.tabs["Run"].rows)["Audited futures"].startswith("4, ")
    assert list(rows_by_future(plan)) == ["base", "price_collapse", "china_slowdown", "kuantan_outage"]
    assert plan.futures.status == "optimal"


def test_a_store_without_a_limit_does_not_run_away_before_cuts_hold_it(monkeypatch):
    """After one cut each tonne stored would save 0.5·1,000 k USD for ever; the second says that ten are enough."""
    monkeypatch.setattr(solve, "WHOLE", 0)
    found = solve_tree(
        tiny(
            years(2026, 2027), makes("plant", "magnet", cost=1000),
            Demand(customer="car", material="magnet", demand=10, shortage_value=1000),
            Stockpile(stockpile="store", holder="us", site="car", material="magnet", label="clean", storage=100),
            Scenario(scenario="out", kind="event", hazard=50, starts="2027"),
            Shock(scenario="out", of_tab="Units", row_id="plant magnet", of_column="Capacity", set="0"),
        )
    )  # fmt: skip
    assert found.status == "optimal"
    # 20 t are made in 2026 at 1 k USD/t; ten lie half of 2026 and, till they are drawn, half of 2027 at 0.1 k USD/t/y
    assert found.objective == approx(20 + 10 * 0.1 * (0.5 + 0.5))
