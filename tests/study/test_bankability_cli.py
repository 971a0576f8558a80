"""Bankability to its users: what a project saves, where there is no answer, the command, allied-2026."""

from __future__ import annotations

import dataclasses
import json

import pytest
from bank_case import outlooks, plant
from bundled import instance as bundled
from bundled import slow
from openpyxl import load_workbook
from pytest import approx
from tiny import makes, party, tiny
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.cli.tables import as_objects, as_text
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Entity
from sourcing.components.projects import Project
from sourcing.components.trade import Offer, Price
from sourcing.sheets import NoPlan
from sourcing.study.bankability import Terms, Unbankable, case, to_the_cent
from sourcing.study.bankability_tables import judge
from sourcing.study.menu import lowest
from sourcing.study.without import with_and_without
from sourcing.tables import Table, fields
from sourcing.workbook.folder import write_folder

# ------------------------------------------------------------------------------------------------ what it saves


def market():
    """The plant beside a foreign seller at 90 USD/kg, for a need of 10 t a year."""
    return [
        plant(demand=10), party("abroad", "supplier", "china", allied=False, country="CN"), makes("china", "oxide"),
        Price(index="dear", price=90), Offer(site="china", material="oxide", index="dear"),
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["option", "committed"])
def test_what_a_project_saves_is_the_plan_without_it_less_the_plan_with_it(status):
    rows = market()
    instance = tiny(rows)
    instance = instance.replace(Project, [dataclasses.replace(instance.row(Project, "p"), status=status)])
    start = "2026" if status == "option" else ""
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], start).records()}
    # without: 10 t at 90 USD/kg in two years. With: 200 + 50 k USD a year, and 300 of capex, which is sunk if committed
    with_it = 1.1 if status == "option" else 0.5
    assert (found["Cost"]["With"], found["Cost"]["Without"]) == (approx(with_it), approx(1.8, rel=1e-3))
    assert found["Cost"]["Saves"] == approx(1.8 - with_it, rel=1e-3)
    assert found["Buyers pay"]["Saves"] == approx(1.8 - 1.0)  # the plant sells at 50
    assert found["Cost"]["Compared"] == "same decisions elsewhere"


def firm(seller, material):
    return Contract(
        contract="deal", seller=seller, buyer="car", material=material, fixed=45, minimum=10, maximum=10,
        take_or_pay="firm", status="option",
    )  # fmt: skip


def test_a_contract_with_the_project_is_not_held_without_it():
    """The buyer signs a firm contract at 45 USD/kg, which nothing could keep without the plant."""
    instance = tiny(market(), firm("maker", "oxide"))
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], "2026", view="buyer").records()}
    assert (found["Buyers pay"]["With"], found["Buyers pay"]["Without"]) == (approx(0.9), approx(1.8))
    assert found["Cost"]["Compared"] == "same decisions elsewhere"


def test_where_other_decisions_need_the_project_too_the_plan_without_it_is_free():
    """The contract is with a smelter, which has no other oxide than the plant's."""
    rows = [
        plant(demand=0), party("smelter", "supplier", "smelter"), makes("smelter", "metal", takes={"oxide": 1.0}),
        party("abroad", "supplier", "china", allied=False, country="CN"), makes("china", "metal"),
        Price(index="dear", price=90), Offer(site="china", material="metal", index="dear"),
        Demand(customer="car", material="metal", demand=10), firm("smelter", "metal"),
    ]  # fmt: skip
    instance = tiny(rows)
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], "2026", view="buyer").records()}
    assert (found["Buyers pay"]["With"], found["Buyers pay"]["Without"]) == (approx(0.9), approx(1.8))
    assert found["Cost"]["Compared"].startswith("planned freely: proven to 0.0 M USD")


def test_a_start_that_no_plan_has_is_told():
    instance = tiny(market())
    project = dataclasses.replace(instance.row(Project, "p"), public_share=50.0, payer="gov")
    poor = dataclasses.replace(instance.row(Entity, "gov"), budget=0.1)
    with pytest.raises(NoPlan, match="no plan starts p in 2026"):
        with_and_without(instance.with_rows(project, poor), [project], "2026")


def test_the_command_tells_what_a_project_saves(tmp_path):
    write_folder(tiny(market()), tmp_path / "market")
    said = " ".join(run(tmp_path / "market", "--project", "p", "--plan").stdout.split())
    assert "The project saves M USD, discounted: cost 0.7" in said


# ------------------------------------------------------------------------------------------------ no answer


def test_what_cannot_be_judged_says_why():
    with pytest.raises(ValueError, match=r"there is no project 'q': projects: p"):
        case(tiny(plant()), "q")
    with pytest.raises(ValueError, match=r"there is no price index 'oxid': did you mean 'oxide'\?"):
        case(tiny(plant()), "p", Terms(benchmark="oxid"))
    with pytest.raises(Unbankable, match="comes on line within the horizon in no outlook"):
        case(tiny(plant(project={"lead_time": 36})), "p")
    with pytest.raises(Unbankable, match="p sells nothing that a floor could cover"):
        case(tiny(plant(), Lane(origin="car", destination="plant", goods="any")), "p")


def test_a_plant_without_feed_is_carried_by_no_floor():
    found = judge(case(tiny(plant(takes={"ore": 1.0})), "p"), (55.0,))
    assert found.floor is None
    assert found.headline == ("No floor on oxide carries p in each outlook: it can make none; nothing brings ore.")


# ------------------------------------------------------------------------------------------------ the command


def run(*words, code=0):
    done = CliRunner().invoke(app, ["bankability", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def folder(tmp_path):
    write_folder(tiny(plant(), outlooks(low=(25, 40))), tmp_path / "plant")
    return tmp_path / "plant"


def test_the_command_tells_the_floor_in_words(folder):
    said = run(folder, "--project", "p", "--floors", "50:60:2").stdout
    assert "A floor of 55.00 USD/kg on oxide carries p in each outlook; a dollar less" in said
    assert "56 USD/kg" in said
    assert "pays 0.1 M USD" in said


def test_the_command_tells_the_floor_as_json(folder):
    found = json.loads(run(folder, "--project", "p", "--floors", "50:54:2", "--json").stdout)
    assert (found["floor_usd_per_kg"], found["menu_usd_per_kg"], found["needs_floor"]) == (55.0, None, True)
    assert found["treasury_pays_musd"] == approx(0.15)
    assert [row["carries"] for row in found["menu"]] == ["no", "no", "no"]
    assert found["cash"][0]["cash_musd"] == approx(0.3)


def test_the_command_writes_a_workbook_of_the_tables(folder, tmp_path):
    target = tmp_path / "p.xlsx"
    run(folder, "--project", "p", "-o", target)
    book = load_workbook(target)
    assert book.sheetnames == ["Outlooks", "Cash", "Menu", "Floors in force"]
    assert book["Cash"]["A1"].value == "Outlook"
    run(folder, "--project", "p", "-o", target, code=8)
    run(folder, "--project", "p", "-o", target, "--force")


def test_the_options_make_the_terms(folder):
    def level(*words):
        return json.loads(run(folder, "--project", "p", "--json", *words).stdout)["exact_usd_per_kg"]

    # low: 400 - 250 - 300 = -150 in the year without: 10·F - 550 = 150
    assert level("--first", "2027") == approx(70)
    assert level("--dscr", 1.2) == approx(61)
    assert level("--volume", 4) == approx(40 + 150 / 4)
    assert level("--test", "expected") == approx(55)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--project", "pp"), "there is no project 'pp': did you mean 'p'?"),
        (("--project", "p", "--floors", "60"), "write FROM:TO:STEP"),
        (("--project", "p", "--floors", "60:50:1"), "FROM may not be above TO"),
        (("--project", "p", "--floors", "0:100000:1"), "the most"),
        (("--project", "p", "--first", "1999x"), "neither a period (2026 to 2027)"),
        (("--project", "p", "--first", "2027", "--last", "2026"), "is not before"),
        (("--project", "p", "--material", "oxid"), "did you mean 'oxide'?"),
    ],
)
def test_a_wrong_use_is_told(folder, words, said):
    assert said in " ".join(run(folder, *words, code=2).stderr.split())


def test_no_floor_at_all_is_exit_code_6(tmp_path):
    write_folder(tiny(plant(takes={"ore": 1.0})), tmp_path / "plant")
    assert "No floor on oxide carries p" in run(tmp_path / "plant", "--project", "p", code=6).stdout


# ------------------------------------------------------------------------------------------------ allied-2026


@pytest.mark.parametrize("project", ["p_vinton", pytest.param("p_browns_range", marks=slow)])
def test_heavy_projects_of_the_bundled_instance_have_a_floor(project):
    found = case(bundled("allied-2026"), project)
    level = to_the_cent(found.floor())
    assert 0 < level < 1000
    assert found.carried(level)
    assert not found.carried(level - 1)
    levels = [10.0 * k for k in range(30)]
    assert lowest(found, levels) == min(rung for rung in levels if rung >= found.floor())


def test_a_table_shows_the_columns_that_fit_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    table = Table("T", fields("Name", ("Cash", "M USD"), ("Much", "t"), "A long name of a column"))
    table.add("plant", 1234.5, None, "text")
    table.add("other", -1.0, 2.0, "text")
    assert as_text(table, most=1).splitlines() == [
        "Name       Cash  Much",
        "        (M USD)   (t)",
        "plant  1,234.50     -",
        "… 1 more",
        "Not shown here: A long name of",
        "a column (-o FILE.xlsx and",
        "--json have them)",
    ]
    assert as_objects(table)[0] == {
        "name": "plant", "cash_musd": 1234.5, "much_t": None, "a_long_name_of_a_column": "text",
    }  # fmt: skip
