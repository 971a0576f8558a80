"""Screening: which sites are tried, and what their failures do, by hand."""

from __future__ import annotations

import pytest
from tiny import makes, tiny, years

import sourcing
from sourcing.components.demand import Demand
from sourcing.components.materials import Content
from sourcing.solver import Options, solve_path
from sourcing.study.screening import exposed, failures_of, most_exposed, screened
from sourcing.study.stress import stress

QUIET = Options(threads=1)


@pytest.fixture(scope="module")
def instance():
    """Makers of 5, 3 and 2 t a year for a need of 8 t; the last is dear, and idle."""
    return tiny(
        years(2026, 2027), makes("a", "car", 5), makes("b", "car", 3), makes("c", "car", 2, cost=900),
        Content(material="car", element="Nd", content=0.3), Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def solution(instance):
    return solve_path(instance, options=QUIET)


def test_what_passes_through_a_site_is_its_share_of_what_is_delivered(solution):
    found = exposed(solution)
    worth = max(
        cost for (family, index), cost in zip(solution.arrays.columns, solution.arrays.cost, strict=True)
        if family == "demand.short" and index[-1] == "2026"
    )  # fmt: skip
    assert found["a", "2026"] == pytest.approx(5 / 8 * 8 * worth)
    assert found["b", "2026"] == pytest.approx(3 / 8 * 8 * worth)
    assert ("c", "2026") not in found


def test_the_sites_through_which_most_passes_are_tried_in_the_period_of_the_first(solution):
    assert most_exposed(solution, 1) == (["a"], "2026")
    assert most_exposed(solution, 8) == (["a", "b"], "2026")


def test_a_screening_tells_what_the_stress_test_tells(solution):
    few = screened(solution, QUIET, most=1)
    row = next(few.records())
    assert (row["Site"], row["From"], row["Periods tried"]) == ("a", "2026", 1)
    assert row["Short"] == pytest.approx(3)  # 8 - 3 of b - 2 of c
    whole = failures_of(stress(solution, scenarios=(), options=QUIET))
    of_a = next(record for record in whole.records() if record["Site"] == "a")
    assert of_a["Cost"] == pytest.approx(row["Cost"])
    assert set(whole.column("Periods tried")) == {2}


def test_as_many_as_there_are_is_every_site_in_every_period(solution):
    whole = failures_of(stress(solution, scenarios=(), options=QUIET))
    assert screened(solution, QUIET, most=3).rows == whole.rows


def test_every_solve_tells_of_failures_unless_they_are_not_asked_for(instance):
    assert sourcing.solve(instance, threads=1).summary()["worst_failure"]["site"] == "a"
    plan = sourcing.solve(instance, threads=1, failing=0)
    assert "Failures" not in plan.tabs
    assert plan.summary()["worst_failure"] is None
    assert ("left out", "Failures") in {(row["Kind"], row["Where"]) for row in plan.tabs["Data notes"].records()}


def test_a_stop_leaves_failures_out_and_says_so(instance):
    stages = []
    plan = sourcing.solve(
        instance, threads=1, compare=False,
        tell=lambda stage, *_: stages.append(stage), stop=lambda: "failures" in stages,
    )  # fmt: skip
    assert "Failures" not in plan.tabs
    assert ("left out", "Failures") in {(row["Kind"], row["Where"]) for row in plan.tabs["Data notes"].records()}
