"""`sourcing explain` as it is typed."""

from __future__ import annotations

import json

import openpyxl
import pytest
from tiny import makes, party, tiny
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.workbook import write_folder

ROWS = (
    party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"), makes("mine", "magnet", 8),
    Demand(customer="car", material="magnet", demand=10),
)  # fmt: skip


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output + done.stderr
    return done


@pytest.fixture
def folder(tmp_path):
    """A firm minimum of 10 t from a mine of 8 t."""
    deal = Contract(contract="DEAL", seller="mine", buyer="car", material="magnet", fixed=1, take_or_pay="firm",
                    minimum=10)  # fmt: skip
    write_folder(tiny(*ROWS, deal), tmp_path / "case")
    return tmp_path / "case"


def test_the_ways_are_ranked_each_with_its_edit(folder, tmp_path):
    done = run("explain", folder, "-o", tmp_path / "why.xlsx", code=6)
    assert "1. 2 t less for the minimum of contract DEAL in 2026: 10 → 8 t/y" in done.stdout
    assert "--set 'Contracts[DEAL].Minimum=8'" in done.stdout
    assert openpyxl.load_workbook(tmp_path / "why.xlsx")["Why"]["A2"].value == 1
    run("solve", folder, "--set", "Contracts[DEAL].Minimum=8", "-o", tmp_path / "plan.xlsx")  # it does solve


def test_json_is_one_object_of_remedies_and_alternatives(folder):
    found = json.loads(run("explain", folder, "--json", code=6).stdout)
    assert (found["status"], [remedy["edit"] for remedy in found["remedies"]]) == (
        "infeasible",
        ["Contracts[DEAL].Minimum=8"],
    )
    (other,) = found["alternatives"]
    assert [remedy["edit"] for remedy in other] == ["Units[mine magnet].Capacity=10"]
    assert set(other[0]) == {
        "rule", "name", "tab", "cell", "period", "amount", "unit", "words", "edit", "verified",
    }  # fmt: skip
    assert other[0]["verified"] is True


def test_what_is_kept_does_not_give_way(folder):
    found = json.loads(run("explain", folder, "--json", "--keep", "DEAL", code=6).stdout)
    assert [remedy["edit"] for remedy in found["remedies"]] == ["Units[mine magnet].Capacity=10"]
    done = run("explain", folder, "--keep", "DEAL", "--keep", "mine magnet", code=6)
    assert "nothing is left to give" in " ".join(done.stdout.split())
    assert "did you mean 'DEAL'" in run("explain", folder, "--keep", "DEEL", code=2).stderr


def test_of_a_plan_it_tells_what_binds_and_why_a_site(tmp_path):
    write_folder(tiny(*ROWS[2:]), tmp_path / "case")
    found = json.loads(run("explain", tmp_path / "case", "--json").stdout)
    # a tonne more saves a shortage of 1,000 USD/kg
    assert [(row["name"], round(row["worth"])) for row in found["binds"]] == [("mine magnet", 1_000_000)]
    told = json.loads(run("explain", tmp_path / "case", "--why", "mine", "--json").stdout)
    assert (told["status"], told["flows"]) == (
        "used",
        [{"to": "car", "material": "magnet", "under": "inside", "period": "2026", "t": 8.0}],
    )
    assert "did you mean 'mine'" in run("explain", tmp_path / "case", "--why", "mina", code=2).stderr
