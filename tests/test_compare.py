"""Comparison: two plans or two instances, table by table, with a reason a row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny import makes, paid, planned, short, tiny, years
from typer.testing import CliRunner

import sourcing
from sourcing.cli import app
from sourcing.comparison import headline, same
from sourcing.components.demand import Demand
from sourcing.components.projects import Project
from sourcing.edits import edited, parse
from sourcing.workbook import write_folder

# `a` makes 10 t/y at 1 k USD/t, `b` 4 t/y at 3; 8 t a year are needed, and a tonne short costs 1,000.
TWO = tiny(
    years(2026, 2027), makes("a", "car", 10, cost=1000), makes("b", "car", 4, cost=3000),
    Demand(customer="buyer", material="car", demand=8),
)  # fmt: skip


def change(*texts, of=TWO):
    """An instance with edits, planned, against the plan as it stands."""
    before, after = planned(of), planned(edited(of, [parse(text) for text in texts]))
    return before, after, sourcing.compare(before, after)


def rows(table, *names):
    return [tuple(row[name] for name in names) for row in table.records()]


def test_who_gains_who_loses_and_why():
    _, _, found = change("Units[a car].Capacity[2027]=0")
    # in 2027 b makes its 4 t at 3 in place of a's 8 at 1, and 4 t are short
    assert rows(found["Sourcing"], "From", "To", "Period", "Change", "Why") == [
        ("a", "buyer", "2027", pytest.approx(-8), "a is off"),
        ("b", "buyer", "2027", pytest.approx(4), "in place of a (-8.0 t): a is off"),
    ]
    assert rows(found["Suppliers"], "Site", "Change") == [("a", pytest.approx(-8)), ("b", pytest.approx(4))]
    assert rows(found["Shortage"], "Customer", "Period", "Before", "After", "Why") == [
        ("buyer", "2027", 0, pytest.approx(4), "a supplies 8.0 t less, as a is off; b car is full")
    ]
    assert rows(found["Inputs"], "Row", "Period", "Before", "After") == [("a car", "2027", 10, 0)]
    assert headline(found) == (
        "Inputs: 1 cell differs. Cost: +4.00 M USD (0.0 → 4.0). Short: +4.0 t. No decisions differ. "
        "b gains most: +4 t of car. a loses most: -8 t of car."
    )


def test_figures_are_those_of_the_plans():
    before, after, found = change("Units[a car].Capacity[2027]=0")
    costs = {row["Kind"]: row for row in found["Cost"].records()}
    assert costs["total"]["Before"] == pytest.approx(before.objective)
    assert costs["total"]["After"] == pytest.approx(after.objective)
    assert costs["processing"]["Change"] == pytest.approx(paid(after)["processing"] - paid(before)["processing"])
    assert sum(found["Shortage"].column("Change")) == pytest.approx(short(after) - short(before))
    assert found["Cost"].frame().shape == (3, 5)  # processing, shortage, total


def test_more_demand_is_its_own_reason():
    _, _, found = change("Demand[buyer|car].Demand[2026]=+8")
    # 16 t are needed, 14 can be made
    assert rows(found["Shortage"], "Change", "Why") == [
        (pytest.approx(2), "8.0 t more is needed; a car, b car are full")
    ]
    assert set(found["Sourcing"].column("Why")) == {"Demand of buyer|car| rises from 8 to 16 t/y"}


def test_decisions_that_differ():
    can_build = tiny(
        makes("a", "car", 10, cost=1000), makes("b", "car", 10), Project(project="p", unit="b car", capex=1, life=1),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    _, _, found = change("Units[a car].Capacity=0", of=can_build)
    assert rows(found["Decisions"], "Kind", "Name", "Before", "After", "Why") == [
        ("build", "p", "no", "2026", "b ships 8.0 t more car to buyer in 2026")
    ]
    assert rows(found["Sourcing"], "From", "Why") == [("a", "a is off"), ("b", "p is built in 2026")]


def test_nothing_differs():
    plan = planned(TWO)
    found = sourcing.compare(plan, plan)
    assert same(found)
    assert headline(found) == "Nothing differs."
    assert headline(sourcing.compare(TWO, TWO)) == "Nothing differs."
    with pytest.raises(TypeError, match="an instance and a plan cannot be compared"):
        sourcing.compare(TWO, plan)


# ------------------------------------------------------------------------------------------------ as typed


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    return done


@pytest.fixture
def folder(tmp_path) -> Path:
    write_folder(TWO, tmp_path / "two")
    return tmp_path / "two"


def test_two_plans_are_compared_from_their_workbooks(folder):
    edit = "Units[a car].Capacity[2027]=0"
    plan, other = folder.with_name("two.plan.xlsx"), folder.with_name("other.plan.xlsx")
    run("solve", folder)
    done = run("solve", folder, "--set", edit, "-o", other)
    assert f"Planning with --set {edit}" in done.stderr
    run("verify", other)
    told = run("compare", plan, other)
    sentence = "- car from b to buyer +4.0 t in 2027 (0.0 → 4.0): in place of a (-8.0 t): a is off"
    assert sentence in " ".join(told.stdout.split())
    found = json.loads(run("compare", plan, other, "--json", "-o", folder.with_name("differences.xlsx")).stdout)
    assert not found["same"]
    assert [row["after"] for row in found["inputs"]] == [0]
    assert found["cost"][-1] | {"why": ""} == {
        "kind": "total", "before_musd": pytest.approx(0.016), "after_musd": pytest.approx(4.02),
        "change_musd": pytest.approx(4.004), "why": "",
    }  # fmt: skip
    assert "Nothing differs." in run("compare", plan, plan).stdout


def test_two_instances_are_compared_and_a_mix_is_refused(folder):
    other = folder.with_name("other")
    write_folder(edited(TWO, [parse("Units[a car].Capacity=5")]), other)
    assert "- Units[a car].Capacity: 10 → 5 t/y (Units!" in run("compare", folder, other).stdout
    assert "Nothing differs." in run("compare", folder, folder).stdout
    run("solve", folder)
    done = run("compare", folder.with_name("two.plan.xlsx"), folder, code=2)
    assert "give two plans or two instances" in " ".join(done.stderr.split())


def test_a_wrong_edit_is_a_wrong_usage(folder):
    done = run("solve", folder, "--set", "Units[a cra].Capacity=1", code=2)
    assert "did you mean 'a car'?" in " ".join(done.stderr.split())
