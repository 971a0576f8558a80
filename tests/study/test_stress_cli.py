"""`sourcing stress` as it is typed."""

from __future__ import annotations

import json

import openpyxl
import pytest
from tiny import makes, tiny, years
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.demand import Demand
from sourcing.components.scenarios import Scenario, Shock
from sourcing.workbook import write_folder


def run(*words, code=0):
    done = CliRunner().invoke(app, ["stress", *map(str, words)])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    return done


@pytest.fixture
def folder(tmp_path):
    """Two makers of 5 t a year for a need of 8 t, over two years; a shock takes one in the second."""
    instance = tiny(
        years(2026, 2027), makes("a", "car", 5), makes("b", "car", 5),
        Demand(customer="buyer", material="car", demand=8),
        Scenario(scenario="gone", kind="event", hazard=5, starts="2027"),
        Shock(scenario="gone", of_tab="Units", row_id="a car", of_column="Capacity", multiply=0.0),
    )  # fmt: skip
    write_folder(instance, tmp_path / "two")
    return tmp_path / "two"


def test_it_prints_the_worst_and_tables(folder):
    shown = run(folder, "--level", 2, "--quiet").stdout
    words = " ".join(shown.split())
    assert "The worst outage of one: a for 12 months from 2026, 3.0 M USD and 3 t short" in words
    assert "The worst outage of two: a and b for 12 months from 2026, 8.0 M USD and 8 t short" in words
    assert "Exposure: a site out for 12 months from its worst period" in shown
    assert "gone" in shown


def test_it_prints_one_object(folder):
    found = json.loads(run(folder, "--level", 2, "--json", "--quiet", "--at", "2027").stdout)
    assert found["status"] == "optimal"
    assert [(row["site"], row["worst_from"], row["short_t"]) for row in found["exposure"]] == [
        ("a", "2027", pytest.approx(3)), ("b", "2027", pytest.approx(3)),
    ]  # fmt: skip
    assert found["outages_of_two"][0]["cost_musd"] == pytest.approx(8)
    assert (found["scenarios"][0]["scenario"], found["scenarios"][0]["short_t"]) == ("gone", pytest.approx(3))


def test_it_writes_a_workbook_with_a_shaded_map(folder, tmp_path):
    target = tmp_path / "stress.xlsx"
    run(folder, "-o", target, "--quiet", "--no-scenarios")
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["Exposure", "Heat map", "Outages of one", "Without a shock"]
    (shaded,) = book["Heat map"].conditional_formatting
    assert str(shaded.sqref) == "B2:C3"  # sites a and b, 2026 and 2027
    assert shaded.rules[0].type == "colorScale"


def test_it_writes_a_page(folder):
    page = folder.with_name("two.stress.html")
    assert json.loads(run(folder, "--report", "html", "--json", "--quiet").stdout)["report"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert "The worst outage of one: a for 12 months from 2026, 3.0 M USD and 3 t short" in text
    assert 'id="heat"' in text and "<h3>Scenarios</h3>" in text and "<h3>Outages of two</h3>" not in text
    run(folder, "--report", "html", "--quiet")  # a page of the same instance is replaced without asking
    page.write_text("mine", encoding="utf-8")
    assert "--force" in run(folder, "--report", "html", code=8).stderr


def test_wrong_uses_are_told(folder, tmp_path):
    assert "'2050' is no period: 2026, 2027" in run(folder, "--at", "2050", code=2).stderr
    assert "is not named so" in " ".join(run(folder, "-o", tmp_path / "s.csv", code=2).stderr.split())
