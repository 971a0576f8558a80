"""The plan of a bundled instance: optimal in rationals, by another solver, and the same wherever it is made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import bundled
import pytest
from exact import proven
from pytest import approx
from test_other_solvers import other

from sourcing.model import build
from sourcing.plan import Plan

__all__ = ["other"]


@pytest.mark.parametrize("name", ["starter", pytest.param("allied-2026", marks=bundled.slow)])
def test_it_is_optimal_without_rounding_a_few_steps_on(name):
    """Reduced costs of 4e-7 k USD a tonne pass HiGHS's tolerance of 1e-7 on costs in 128 k USD, and are no optimum."""
    found = bundled.solution(name)
    cost, bound = proven(found, steps=50)
    assert cost == bound
    assert found.objective == approx(float(cost), rel=1e-9)


def test_another_solver_finds_the_same_optimum(other):
    assert bundled.solution("starter").objective == approx(other(build(bundled.instance("starter"))), rel=1e-6)


# ------------------------------------------------------------------------------------------------ determinism


def digest(plan: Plan) -> str:
    """A hash of the plan to the last digit, without the tab that tells the time it took."""
    rows = [(title, row) for title, table in plan.tabs.items() if title != "Run" for row in table.rows]
    return hashlib.sha256(repr((plan.verdict, plan.objective, plan.bound, rows)).encode()).hexdigest()


ELSEWHERE = """
import sys
sys.path[:0] = sys.argv[1:3]
import bundled, test_proven
from sourcing.plan import make_plan
plan = make_plan(bundled.instance("starter"), threads=int(sys.argv[3]), compare=False)
print(test_proven.digest(plan))
"""


@pytest.mark.parametrize(
    ("seed", "threads"),
    [("1", 1), *(pytest.param(seed, threads, marks=bundled.slow) for seed in "12" for threads in (1, 2))],
)
def test_it_is_the_same_in_any_process_under_any_hash_seed_on_any_number_of_threads(seed, threads):
    folders = [str(bundled.HOME.parent / "tests"), os.path.dirname(__file__)]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    found = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *folders, str(threads)], env=environment, capture_output=True, text=True
    )
    assert found.stderr == ""
    assert found.stdout.strip() == digest(bundled.plan("starter"))
