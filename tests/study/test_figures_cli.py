"""`sourcing tornado` and `sourcing frontier` as they are typed."""

from __future__ import annotations

import json

import openpyxl
import pytest
from tiny import makes, tiny
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.demand import Demand
from sourcing.workbook import write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """6 t for nothing, 4 t at 2,000 k USD a tonne, 10 t needed; a tonne short costs 1,000."""
    place = tmp_path_factory.mktemp("cli") / "case"
    instance = tiny(
        makes("free", "magnet", 6), makes("dear", "magnet", 4, cost=2e6),
        Demand(customer="car", material="magnet", demand=10),
    )  # fmt: skip
    write_folder(instance, place)
    return place


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


def test_tornado_prints_a_table_and_one_object(folder):
    shown = run("tornado", folder, "--quiet").stdout
    assert "Demand[car|magnet|]: Demand" in shown
    found = json.loads(run("tornado", folder, "--json", "--quiet", "--top", 1).stdout)
    (figure,) = found["figures"]
    # 10 t · 20 %, each short at 1,000 USD/kg
    assert figure["figure"] == "Demand[car|magnet|]: Demand"
    assert (figure["cost_if_low_musd"], figure["cost_if_high_musd"]) == (pytest.approx(-2), pytest.approx(2))
    assert found["objective_musd"] == pytest.approx(4)


def test_frontier_prints_a_table_and_one_object(folder):
    shown = run("frontier", folder, "--risk", "shortage", "--points", 3, "--quiet").stdout
    assert "Over cheapest" in shown
    found = json.loads(run("frontier", folder, "--risk", "shortage", "--points", 3, "--json", "--quiet").stdout)
    assert [point["risk_t"] for point in found["frontier"]] == pytest.approx([0, 2, 4], abs=1e-3)
    assert [point["cost_musd"] for point in found["frontier"]] == pytest.approx([8, 6, 4], abs=1e-3)
    assert (found["risk"], found["unit"], found["knee"]) == ("shortage", "t", None)


def test_frontier_writes_a_page(folder, tmp_path):
    words = ("--risk", "shortage", "--points", 3, "--report", "html", "--quiet")
    run("frontier", folder, *words, "-o", tmp_path / "sweep.xlsx")
    text = (tmp_path / "sweep.html").read_text(encoding="utf-8")
    assert "Risk falls from 4 to 0 t for 4.0 M USD" in text  # 4 t more at 1 M USD each
    assert 'id="frontier"' in text and "<h3>Changes</h3>" in text


@pytest.mark.parametrize(
    ("words", "sheets"),
    [(("tornado",), ["Tornado"]), (("frontier", "--risk", "shortage", "--points", 3), ["Frontier", "Changes"])],
)
def test_tables_are_written_as_a_workbook(folder, tmp_path, words, sheets):
    book = tmp_path / "tables.xlsx"
    run(words[0], folder, *words[1:], "-o", book, "--quiet")
    assert openpyxl.load_workbook(book).sheetnames == sheets
    again = run(words[0], folder, *words[1:], "-o", tmp_path / "tables.csv", "--quiet", code=2)
    assert "is not named so" in " ".join(again.stderr.split())


def test_what_cannot_be_weighed_is_told(folder):
    assert "no scenario is active" in " ".join(run("frontier", folder, code=7).stderr.split())
    told = run("frontier", folder, "--scenarios", "--risk", "concentration", code=2).stderr
    assert "as they stand" in " ".join(told.split())
