"""Rules switched on the command line: the plan says so, and a rule that is not there is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from sourcing.cli import app

STARTER = Path(__file__).parents[1] / "instances" / "starter"


def run(*args: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    return result.exit_code, result.stdout, result.stderr


def test_a_plan_without_a_rule_says_so(tmp_path):
    code, out, err = run("solve", STARTER, "--without-rule", "zero-china", "--json", "-o", tmp_path / "a.xlsx")
    assert code == 0
    assert "Planning with --without-rule zero-china" in err
    found = json.loads(out)
    assert not any(row["rules"] for row in found["short"] if row["t"] > 1)  # nobody waits for clean goods
    run_tab = {row[0].value: row[1].value for row in load_workbook(tmp_path / "a.xlsx")["Run"].iter_rows()}
    assert run_tab["Switched"] == "without-rule zero-china"


def test_versions_and_readings_can_be_switched(tmp_path):
    asked = "--rule", "zero-china@2026", "--elements", "literal"
    code, out, _ = run("solve", STARTER, *asked, "--json", "-o", tmp_path / "b.xlsx")
    assert (code, json.loads(out)["status"]) == (0, "optimal")


@pytest.mark.parametrize(
    ("option", "name", "told"),
    [
        ("--without-rule", "zero-chna", "did you mean zero-china?"),
        ("--rule", "zero-china", "is no version of a rule"),
        ("--elements", "loose", "Invalid value"),
    ],
)
def test_what_is_no_rule_is_a_wrong_usage(option, name, told, tmp_path):
    code, _, err = run("solve", STARTER, option, name, "-o", tmp_path / "c.xlsx")
    assert code == 2
    assert told in err
    assert not list(tmp_path.iterdir())
