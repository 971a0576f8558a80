"""`sourcing risk` and `sourcing solve --scenarios` as they are typed."""

from __future__ import annotations

import json

import openpyxl
import pytest
from tiny import makes, tiny, years
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.demand import Demand
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.workbook import write_folder

TEN = (
    years(2026, 2027), makes("plant", "magnet", 20, cost=1000),
    Demand(customer="car", material="magnet", demand=10, shortage_value=100),
    Stockpile(stockpile="store", holder="us", site="car", material="magnet", label="clean", storage=1000),
)  # fmt: skip
OUTAGE = (
    Scenario(scenario="out", kind="event", hazard=20, starts="2027"),
    Shock(scenario="out", of_tab="Units", row_id="plant magnet", of_column="Capacity", set="0"),
)


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def folder(tmp_path):
    write_folder(tiny(*TEN, *OUTAGE), tmp_path / "case")
    return tmp_path / "case"


def test_risk_tells_what_knowing_the_future_is_worth(folder, tmp_path):
    found = json.loads(run("risk", folder, "--json", "--quiet", "--samples", 10, "-o", tmp_path / "risk.xlsx").stdout)
    figures = {row["figure"]: row["value"] for row in found["Risk"]}
    # 20 t for 20; ten in store half of 2026 and half of 2027 for 10: known, only with 20 %, so EVPI = 10 - 0.2·10
    assert figures["Cost over futures"] == pytest.approx(0.030)
    assert figures["EVPI"] == pytest.approx(0.008)
    assert "Risk" in openpyxl.load_workbook(tmp_path / "risk.xlsx").sheetnames
    assert "EVPI" in run("risk", folder, "--quiet", "--samples", 10).stdout


def test_without_scenarios_there_is_nothing_to_know(tmp_path):
    write_folder(tiny(*TEN), tmp_path / "case")
    found = json.loads(run("risk", tmp_path / "case", "--json", "--quiet", "--samples", 10).stdout)
    assert {row["figure"]: row["value"] for row in found["Risk"]}["EVPI"] == pytest.approx(0)


def test_a_plan_over_futures_is_asked_for_and_can_be_verified(folder, tmp_path):
    plan = tmp_path / "p.xlsx"
    found = json.loads(run("solve", folder, "--scenarios", "--json", "--quiet", "-o", plan).stdout)
    assert (found["objective_musd"], found["cvar_musd"]) == pytest.approx((0.030, 0.030))
    assert found["futures"] == pytest.approx({"base": 0.8, "out": 0.2})
    run("verify", plan, "--against", folder)


def test_a_plan_for_one_scenario_says_so_and_can_be_verified(folder, tmp_path):
    plan = tmp_path / "p.xlsx"
    found = json.loads(run("solve", folder, "--scenario", "out", "--json", "--quiet", "-o", plan).stdout)
    assert found["objective_musd"] == pytest.approx(0.030)  # all of 2027 comes from the store
    told = {row[0].value: row[1].value for row in openpyxl.load_workbook(plan)["Run"].iter_rows()}
    assert told["Switched"] == "scenario out"
    run("verify", plan, "--against", folder)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scenarios", "--scenario", "out"), "give one of the two"),
        (("--risk-weight", 1), "add --scenarios"),
        (("--scenario", "oout"), "did you mean out?"),
    ],
)
def test_a_wrong_use_is_told(folder, words, said):
    assert said in " ".join(run("solve", folder, *words, code=2).stderr.split())
