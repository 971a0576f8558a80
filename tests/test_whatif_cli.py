"""What if: one change, and what it moves."""

from __future__ import annotations

import json

import bundled
import pytest
from tiny import makes, party, tiny, years
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.plan import make_plan
from sourcing.sheets import NoPlan
from sourcing.solver import Options
from sourcing.study.whatif import projects_of, what_if
from sourcing.workbook import write_folder

QUIET = Options(threads=1)

# a makes 10 t/y at 1 k USD/t; b could be built for 1.1 M USD a year and make 10 t/y for nothing; 8 t a year are needed.
BUILD = tiny(
    years(2026, 2027), makes("a", "car", 10, cost=1000), makes("b", "car", 10),
    Project(project="p", unit="b car", capex=2, life=2, lead_time=0),
    Demand(customer="buyer", material="car", demand=8),
)  # fmt: skip


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    return done


@pytest.fixture
def folder(tmp_path):
    write_folder(BUILD, tmp_path / "build")
    return tmp_path / "build"


def test_both_plans_are_those_that_solve_makes():
    found = what_if(BUILD, off=[("a", "", None)], options=QUIET)
    assert found.before.objective == pytest.approx(make_plan(BUILD, compare=False).objective)
    assert found.after.objective == pytest.approx(make_plan(found.after.instance, compare=False).objective)
    assert found.tables["Decisions"].column("After") == ["2026"]
    assert found.proven
    assert found.compared == "Both proven optimal: the differences are those of the best plans."


def test_decisions_may_be_held():
    found = what_if(BUILD, off=[("a", "", None)], hold=True, options=QUIET)
    assert found.tables["Decisions"].rows == []
    assert sum(found.tables["Shortage"].column("Change")) == pytest.approx(2 * 8)
    assert found.compared == "Both with the same decisions: the differences are exact."


def test_decisions_that_only_the_changed_instance_has_are_made():
    # a minimum load brings a whole number of its own: a runs with at least 50 % or not at all
    found = what_if(BUILD, ["Units[a car].Minimum load=90", "Units[a car].Running cost=1"], options=QUIET)
    assert found.after.audit.passed
    # a needs 9 t to run and 8 t are needed: b is built
    assert found.tables["Decisions"].column("After") == ["2026"]


def test_a_change_that_leaves_no_plan_says_so():
    bound = tiny(
        party("firm", "supplier", "p"), makes("p", "car", 10), Demand(customer="buyer", material="car", demand=8),
        Contract(contract="k", seller="p", buyer="buyer", material="car", minimum=5, fixed=2, take_or_pay="firm"),
    )  # fmt: skip
    with pytest.raises(NoPlan, match="with the changes there is no plan: it is infeasible"):
        what_if(bound, ["Units[p car].Capacity=1"], options=QUIET)
    with pytest.raises(NoPlan, match="leave out --hold"):
        what_if(bound, ["Units[p car].Capacity=1"], hold=True, options=QUIET)


def test_what_comes_later_is_a_project_or_all_of_a_site():
    assert projects_of(BUILD, "p") == projects_of(BUILD, "b") == projects_of(BUILD, "b car") == ["p"]
    with pytest.raises(ValueError, match="'c' is no project, and no site or unit with one"):
        projects_of(BUILD, "c")


def test_as_typed(folder):
    done = run("whatif", folder, "--off", "a", "--threads", 1, "-o", folder.with_name("changes.xlsx"))
    assert "- build p: no → 2026: b ships 8.0 t more car to buyer in 2026" in done.stdout
    assert "- car from a to buyer -8.0 t in 2026 (8.0 → 0.0): a is off" in done.stdout
    assert folder.with_name("changes.xlsx").is_file()
    told = json.loads(run("whatif", folder, "--set", "Demand[buyer|car].Demand=9", "--delay", "p=1y", "--json").stdout)
    assert told["changes"] == ["set Demand[buyer|car|].Demand=9", "delay p 12"]
    assert told["after"]["objective_musd"] == pytest.approx(2 * 9 / 1000)
    assert {row["change_t"] for row in told["sourcing"]} == {1.0}


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ((), "nothing changes"),
        (("--off", "aa"), "'aa' is no site"),
        (("--off", "a=6m"), "write SITE, SITE@2028 or SITE@2028=6m"),
        (("--delay", "p"), "write PROJECT=6m"),
        (("--delay", "p=soon"), "'soon' is no time"),
        (("--set", "Units[a].Capacity=1"), "has no row a"),
    ],
)
def test_a_wrong_use_is_told(folder, words, fault):
    done = run("whatif", folder, *words, code=2)
    assert fault in " ".join(done.stderr.split())


def test_starter_tells_what_a_site_that_is_off_moves():
    found = what_if(bundled.solution("starter"), off=[("mountain_pass", "2028", None)], hold=True, options=QUIET)
    assert found.after.audit.passed
    assert found.after.objective > found.before.objective
    why = {(row["Site"], row["Material"]): row["Why"] for row in found.tables["Suppliers"].records()}
    assert why["mountain_pass", "ndpr_oxide"] == "mountain_pass is off"
    assert "in place of mountain_pass" in why["china", "ndpr_oxide"]
    units = {row.unit for row in bundled.instance("starter")[Unit] if row.site == "mountain_pass"}
    assert {row["Row"] for row in found.tables["Inputs"].records() if row["Tab"] == "Units"} <= units


@bundled.slow
def test_allied_is_compared_in_minutes():
    found = what_if(bundled.instance("allied-2026"), off=[("mp_mtpass_mine", "2028", 6.0)], options=QUIET)
    assert found.after.audit.passed
    assert found.tables["Suppliers"].rows
