"""A plan workbook is verified against its instance: true ones pass, and one thing altered in it fails."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
import subprocess
import sys

import openpyxl
import pytest
from bundled import HOME, instance, plan
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components.lanes import Lane
from sourcing.report import write_plan
from sourcing.tables import Field, Table
from sourcing.verify import verify
from sourcing.workbook.planbook import PlanBook, read_plan_book

STARTER = HOME / "starter"


def run(*words, code=0):
    """Run a command line in this process; its result."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    assert "Traceback" not in done.output + done.stderr
    return done


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    """The plan workbook of the starter."""
    file = tmp_path_factory.mktemp("verify") / "starter.plan.xlsx"
    write_plan(plan("starter"), file)
    return file


@pytest.fixture(scope="session")
def book(path) -> PlanBook:
    return read_plan_book(path)


def failed(verification) -> dict[str, str]:
    return {check.name: str(check) for check in verification.failures}


# ------------------------------------------------------------------------------------------------ true plans


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_a_plan_of_this_program_passes(view, path, tmp_path):
    file = path
    if view == "buyer":
        file = tmp_path / "buyer.plan.xlsx"
        write_plan(plan("starter", view), file)
    done = run("verify", file, "--against", STARTER)
    assert "checks pass" in done.stdout
    assert "balance" in done.stdout and "Not worked out again: Bottlenecks" in " ".join(done.stdout.split())


def test_as_json_it_is_one_object(path):
    found = json.loads(run("verify", path, "--against", STARTER, "--json").stdout)
    assert found["passed"] and found["plan"] == str(path) and found["against"] == str(STARTER)
    checks = {check["name"]: check for check in found["checks"]}
    assert checks["balance"]["passed"] and checks["balance"]["count"] > 500
    assert 0 <= checks["balance"]["worst"] <= checks["balance"]["tolerance"]
    assert {"input", "run", "tables", "costs", "origin", "chart data", "first page"} <= set(checks)


def test_neither_the_model_nor_the_solver_is_loaded(path):
    code = (
        "import sys; from sourcing.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "heavy = [name for name in sys.modules if name.split('.')[0] in ('pyomo', 'highspy', 'pandas')]\n"
        "assert not heavy, heavy"
    )
    words = [sys.executable, "-c", code, "verify", str(path), "--against", str(STARTER), "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_a_folder_and_its_workbook_are_one_instance(path):
    run("verify", path, "--against", HOME / "starter.xlsx")


def test_numbers_come_back_in_full_precision_and_blanks_as_blanks(book):
    for title, table in plan("starter").tabs.items():
        if not table.rows or title == "Run":
            continue
        found = book.tabs[title]
        assert [(f.name, f.unit) for f in found.fields] == [(f.name, f.unit) for f in table.fields]
        for mine, its in zip(found.rows, table.rows, strict=True):
            for cell, value in zip(mine, its, strict=True):
                if isinstance(value, float):  # a cell holds 16 digits
                    assert cell == pytest.approx(value, rel=1e-15, abs=0)


# ------------------------------------------------------------------------------------------------ which instance


def test_the_instance_beside_the_plan_is_found_by_its_name(path, tmp_path):
    file = tmp_path / "any name.xlsx"
    file.write_bytes(path.read_bytes())
    asked = run("verify", file, code=2)
    assert "--against INSTANCE" in asked.stderr
    (tmp_path / "starter.xlsx").write_bytes((HOME / "starter.xlsx").read_bytes())
    found = run("verify", file)
    assert "starter.xlsx" in found.stderr
    (tmp_path / "starter").mkdir()
    assert "stand beside it" in " ".join(run("verify", file, code=2).stderr.split())


def test_of_another_instance_the_plan_fails(book):
    dearer = [dataclasses.replace(row, freight=row.freight + 1) for row in instance("starter")[Lane]]
    other = instance("starter").replace(Lane, dearer)
    found = failed(verify(book, other))
    assert "is the plan of another input" in found["input"]
    assert "freight (USD/t)" in found["prices"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("no.xlsx", None, "there is no file"),
        ("text.xlsx", b"Flow,12", "is not an .xlsx workbook"),
        ("empty.xlsx", b"", "is empty"),
        ("cut.xlsx", b"PK\x03\x04cut", "is damaged"),
    ],
)
def test_what_is_no_plan_workbook_is_refused(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert words in " ".join(run("verify", tmp_path / name, "--against", STARTER, code=2).stderr.split())


def test_an_instance_a_folder_and_a_book_of_why_are_no_plans(tmp_path):
    assert "no plan workbook" in " ".join(run("verify", HOME / "starter.xlsx", code=2).stderr.split())
    assert "is a folder" in run("verify", STARTER, code=2).stderr
    made = openpyxl.Workbook()
    made.active.title = "Why"
    made.create_sheet("Run")
    made.save(tmp_path / "why.xlsx")
    assert "holds no plan" in " ".join(run("verify", tmp_path / "why.xlsx", code=2).stderr.split())


def test_a_faulty_instance_is_told_as_always(path, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "Periods.csv").write_text("Period\n")
    run("verify", path, "--against", tmp_path / "bad", code=4)
    run("verify", path, "--against", tmp_path / "nowhere", code=2)


# ------------------------------------------------------------------------------------------------ altered cells


def cell(book: PlanBook, tab: str, match: dict[str, object], **new: object) -> PlanBook:
    """A copy of a book in which columns (`_` for a space) of the first row that matches are altered.

    What is new may be a function of what stood there.
    """
    table = book.tabs[tab]
    number = next(k for k, row in enumerate(table.records()) if fits(row, match))
    row = dict(zip([f.name for f in table.fields], table.rows[number], strict=True))
    for name, value in new.items():
        name = name.replace("_", " ")
        assert name in row
        changed = value(row[name]) if callable(value) else value
        assert changed != row[name]
        row[name] = changed
    rows = list(table.rows)
    rows[number] = tuple(row.values())
    return with_table(book, Table(tab, table.fields, rows=rows))


def fits(row: dict[str, object], match: dict[str, object]) -> bool:
    """Whether a row has these values; `more` stands for a number above 1, `some` for one that is not 0."""
    tests = {"more": lambda v: isinstance(v, float | int) and v > 1, "some": bool}
    return all(tests[want](row[name]) if want in tests else row[name] == want for name, want in match.items())


def with_table(book: PlanBook, table: Table) -> PlanBook:
    made = copy.copy(book)
    made.tabs = book.tabs | {table.title: table}
    return made


def plus(amount):
    return lambda value: value + amount


def times(factor):
    return lambda value: value * factor


FLOW, BOUGHT = {"Flow": "more"}, {"Under": "spot", "Flow": "more"}
DIRTY = "zero-china@2026; zero-china@2027"
OURS, PURCHASE = {"Label": "clean", "Flow": "more"}, {"Kind": "purchase", "Amount": "some"}
DEAL, STOCK = {"Contract": "LYNAS-JARE", "Taken": "more"}, {"Opening": "more"}
SHORT, MET, TARIFF = {"Short": "more"}, {"Met": "more"}, {"Kind": "tariff", "Amount": "some"}
FULL, BUILT = {"Kind": "capacity", "Use": "more"}, {"Kind": "build"}
ONLINE = {"Kind": "project", "On line": "some"}
SUPPLIER = {"Role": "supplier", "Earns": "more"}

ALTERED = [
    # tab, row, what is altered, check that must fail
    ("Sourcing", FLOW, {"Flow": plus(0.1)}, "balance"),
    ("Sourcing", FLOW, {"Flow": times(-1)}, "tables"),
    ("Sourcing", BOUGHT, {"Price": plus(0.01)}, "prices"),
    ("Sourcing", FLOW, {"Freight": plus(1)}, "prices"),
    ("Sourcing", FLOW, {"Tariff": plus(1)}, "prices"),
    ("Sourcing", {"Later": "more"}, {"Later": 0}, "transit"),
    ("Sourcing", OURS, {"Label": DIRTY}, "balance"),
    ("Sourcing", {"To": "us_auto", "Flow": "more"}, {"To": "us_defence"}, "balance"),
    ("Sourcing", {"To": "us_auto", "Flow": "more"}, {"From": "mt_weld"}, "channels"),
    ("Sourcing", {"Period": "2027", "Flow": "more"}, {"Period": "2028"}, "balance"),
    ("Sourcing", BOUGHT, {"Under": "LYNAS-JARE"}, "channels"),
    ("Sourcing", {"Under": "inside"}, {"Under": "spot"}, "channels"),
    ("Deliveries", {"Label": "clean"}, {"Label": "zero-china@2026"}, "balance"),
    ("Deliveries", {"Rules": "zero-china"}, {"Label": DIRTY}, "rules"),
    ("Deliveries", {"Delivered": "more"}, {"Delivered": plus(1)}, "demand"),
    ("Deliveries", {"Delivered as": "mag_std"}, {"Delivered_as": "ndpr_oxide"}, "deliveries"),
    ("Deliveries", {"Customer": "us_auto"}, {"Customer": "us_defence"}, "tables"),
    ("Demand", MET, {"Demand": plus(1)}, "demand"),
    ("Demand", SHORT, {"Met": plus(1), "Short": plus(-1)}, "demand"),
    ("Demand", SHORT, {"Short": 0}, "demand"),
    ("Demand", MET, {"Met_share": 99.0}, "demand"),
    ("Demand", SHORT, {"Met_share": None}, "demand"),
    ("Demand", SHORT, {"Shortage_value": 0}, "shortage value"),
    ("Demand", {"Rules": "zero-china"}, {"Rules": ""}, "tables"),
    ("Demand", {"Service level": "some"}, {"Service_level": 50}, "demand"),
    ("Stockpiles", STOCK, {"Opening": plus(1)}, "stock"),
    ("Stockpiles", STOCK, {"Closing": plus(1)}, "stock"),
    ("Stockpiles", STOCK, {"Fill": plus(1)}, "stock"),
    ("Stockpiles", STOCK, {"Draw": plus(1)}, "stock"),
    ("Stockpiles", STOCK, {"Loss": plus(1)}, "stock"),
    ("Stockpiles", STOCK, {"Label": "clean"}, "stock"),
    ("Stockpiles", {"Cover": "some"}, {"Cover": times(2)}, "cover"),
    ("Contracts", DEAL, {"Taken": plus(1)}, "contracts"),
    ("Contracts", DEAL, {"Minimum": plus(1)}, "contracts"),
    ("Contracts", DEAL, {"Maximum": None}, "contracts"),
    ("Contracts", DEAL, {"Deficit": plus(1)}, "contracts"),
    ("Contracts", DEAL, {"Seller": "mp"}, "contracts"),
    ("Contracts", DEAL, {"Paid": plus(1)}, "contract money"),
    ("Contracts", DEAL, {"Price": plus(1)}, "contract money"),
    ("Contracts", DEAL, {"Rebate": plus(1)}, "contract money"),
    ("Contracts", {"Take-or-pay": "some"}, {"Take-or-pay": 0}, "contract money"),
    ("Decisions", BUILT, {"Period": "2030"}, "decisions"),
    ("Decisions", BUILT, {"Steps": plus(1)}, "decisions"),
    ("Decisions", BUILT, {"Opens": "2027"}, "decisions"),
    ("Decisions", BUILT, {"Outlay": plus(1)}, "outlays"),
    ("Decisions", BUILT, {"Where": "kuantan"}, "decisions"),
    ("Projects and qualifications", ONLINE, {"On_line": plus(1)}, "projects"),
    ("Projects and qualifications", ONLINE, {"Capacity": plus(1)}, "projects"),
    ("Projects and qualifications", {"Started": "some"}, {"Started": 0}, "projects"),
    ("Projects and qualifications", {"Started": "some"}, {"Capex": 0}, "projects"),
    ("Projects and qualifications", {"Status": "qualified"}, {"Status": "not yet qualified"}, "makers"),
    ("Production", {"Activity": "more"}, {"Activity": plus(1)}, "balance"),
    ("Production", {"Label": "clean", "Stage": "magnet"}, {"Label": DIRTY}, "balance"),
    ("Production", {"Stage": "magnet"}, {"Adds": "zero-china@2026"}, "labels"),
    ("Production", {"Stage": "magnet"}, {"Stage": "alloy"}, "labels"),
    ("Labels joined", {"Amount": "some"}, {"Amount": plus(1)}, "balance"),
    ("Labels joined", {}, {"From_label": DIRTY, "To_label": "clean"}, "labels"),
    ("Custody", {"Feed": "clean"}, {"Feed": "not clean"}, "custody"),
    ("Capacity and surplus", FULL, {"Amount": plus(1)}, "capacity"),
    ("Capacity and surplus", FULL, {"Limit": plus(1)}, "capacity"),
    ("Capacity and surplus", FULL, {"Use": plus(1)}, "capacity"),
    ("Capacity and surplus", {"Kind": "surplus"}, {"Amount": plus(1)}, "balance"),
    ("Limits", {"Counted": "more"}, {"Counted": plus(-1)}, "limits"),
    ("Limits", {"Maximum": "more"}, {"Maximum": plus(1)}, "limits"),
    ("Floors", {"Kind": "cfd", "Top-up": "some"}, {"Top-up": plus(1)}, "floors"),
    ("Floors", {"Kind": "cfd"}, {"Payer": "lynas"}, "floors"),
    ("Costs", PURCHASE, {"Amount": plus(0.1)}, "costs"),
    ("Costs", PURCHASE, {"Payee": "us_gov"}, "costs"),
    ("Costs", PURCHASE, {"Payer": "us_gov"}, "costs"),
    ("Costs", PURCHASE, {"Kind": "rebate"}, "costs"),
    ("Costs", PURCHASE, {"Where": "elsewhere"}, "costs"),
    ("Costs", PURCHASE, {"Weight": plus(1)}, "costs by row"),
    ("Costs", TARIFF, {"Discount": 1}, "costs by row"),
    ("Costs", TARIFF, {"Counts": plus(1)}, "objective"),
    ("Parties", SUPPLIER, {"Net": plus(1)}, "parties"),
    ("Parties", SUPPLIER, {"Earns": plus(1)}, "parties"),
    ("Parties", SUPPLIER, {"Margin": plus(1)}, "parties"),
    ("Parties", {"Flag": "loses money"}, {"Flag": None}, "parties"),
    ("Parties", {"Allied": "no"}, {"Allied": "yes"}, "parties"),
    ("Sites", {"Activity": "more"}, {"Activity": plus(1)}, "sites"),
    ("Sites", {"Country": "CN"}, {"Country": "JP"}, "sites"),
    ("Sites", {"Status": "idle"}, {"Status": "used"}, "sites"),
    ("Run", {"Item": "Objective (M USD)"}, {"Value": plus(-1)}, "objective"),
    ("Run", {"Item": "Bound (M USD)"}, {"Value": plus(-1)}, "run"),
    ("Run", {"Item": "View"}, {"Value": "buyer"}, "objective"),
    ("Run", {"Item": "Status"}, {"Value": "infeasible"}, "run"),
    ("Run", {"Item": "Audit"}, {"Value": "failed, 42 checks"}, "run"),
    ("Run", {"Item": "Input SHA-256"}, {"Value": "0" * 64}, "input"),
    ("Run", {"Item": "Instance"}, {"Item": "Switched", "Value": "without-rule zero-china"}, "input"),
    ("Run", {"Item": "Instance"}, {"Item": "Switched", "Value": "nonsense"}, "input"),
    ("Origin", {"Tonnes": "more"}, {"Tonnes": plus(0.001)}, "origin"),
    ("Origin", {"Tonnes": "more"}, {"Mine": "elsewhere (CN)"}, "origin"),
    ("Origin", {"Tonnes": "more"}, {"Rules_met": "certified"}, "origin"),
    ("Origin by country", {"Tonnes": "more", "Country": "CN"}, {"Country": "AU"}, "origin by country"),
    ("Rules met", {"Tonnes": "more"}, {"Tonnes": plus(0.001)}, "rules met"),
    ("Data notes", {"Kind": "scope"}, {"Note": "This is evidence."}, "data notes"),
    ("Chart data", {"Value": "more"}, {"Value": plus(0.1)}, "chart data"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tab", "match", "new", "check"),
    ALTERED,
    ids=[f"{tab}-{'-'.join(new)}-{number}" for number, (tab, _, new, _) in enumerate(ALTERED)],
)
def test_one_cell_altered_fails_its_check(book, tab, match, new, check):
    assert check in failed(verify(cell(book, tab, match, **new), instance("starter")))


COUNTED = [
    "Sourcing", "Demand", "Deliveries", "Stockpiles", "Contracts", "Decisions", "Projects and qualifications", "Sites",
    "Production", "Capacity and surplus", "Labels joined", "Origin", "Origin by country", "Rules met", "Limits",
    "Costs", "Parties", "Floors", "Chart data",
]  # fmt: skip


@pytest.mark.parametrize("tab", COUNTED)
def test_a_row_left_out_a_row_twice_and_a_tab_left_out_fail(book, tab):
    table = book.tabs[tab]
    middle = len(table.rows) // 2
    less = Table(tab, table.fields, rows=[*table.rows[:middle], *table.rows[middle + 1 :]])
    more = Table(tab, table.fields, rows=[*table.rows, table.rows[middle]])
    without = copy.copy(book)
    without.tabs = {title: table for title, table in book.tabs.items() if title != tab}
    for altered in (with_table(book, less), with_table(book, more), without):
        assert not verify(altered, instance("starter")).passed


NUMBERED = [tab for tab in COUNTED if tab not in ("Chart data", "Labels joined")]


@pytest.mark.parametrize("tab", NUMBERED)
def test_a_column_renamed_and_another_unit_fail(book, tab):
    table = book.tabs[tab]
    number = next(k for k, field in enumerate(table.fields) if field.unit)
    for name, unit in (("Other", table.fields[number].unit), (table.fields[number].name, "kt")):
        columns = (*table.fields[:number], Field(name, unit), *table.fields[number + 1 :])
        assert not verify(with_table(book, Table(tab, columns, rows=table.rows)), instance("starter")).passed


# ------------------------------------------------------------------------------------------------ altered files


def number_of(sheet, header: str) -> int:
    """The column of a header."""
    return next(cell.column for cell in sheet[1] if cell.value == header)


def put(tab: str, header: str, value):
    """Write a value under a header in row 2."""

    def alter(workbook):
        sheet = workbook[tab]
        sheet.cell(2, number_of(sheet, header)).value = value

    return alter


def stray(workbook):
    workbook["Sourcing"]["Z3"] = "certified"


def merged(workbook):
    workbook["Demand"].merge_cells("E2:E3")


def renamed(workbook):
    workbook["Sourcing"]["G1"] = "Flow (kt)"


def twice(workbook):
    sheet = workbook["Sourcing"]
    sheet.cell(1, sheet.max_column + 1).value = "Flow (t)"


def certified(workbook):
    sheet = workbook["Summary"]
    cell = next(cell for row in sheet.iter_rows() for cell in row if "Short" in str(cell.value))
    cell.value = "This plan is certified."


def larger(workbook):
    sheet = workbook["Summary"]
    cell = next(cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, float))
    cell.value += 1


EDITS = {
    "a flow": (put("Sourcing", "Flow (t)", 1.0), "balance"),
    "a formula": (put("Sourcing", "Price (USD/kg)", "=1+1"), "is a formula"),
    "a text for a number": (put("Costs", "Amount (M USD)", "74"), "Costs, row 1, Amount: '74' is not valid"),
    "an error value": (put("Costs", "Amount (M USD)", "#N/A"), "'#N/A' is not valid"),
    "a date": (put("Demand", "Period", dt.date(2026, 1, 1)), "is not valid"),
    "a row deleted": (lambda workbook: workbook["Costs"].delete_rows(9), "costs"),
    "a tab deleted": (lambda workbook: workbook.remove(workbook["Bottlenecks"]), "first page"),
    "the first page deleted": (lambda workbook: workbook.remove(workbook["Summary"]), "first page"),
    "a value beside the table": (stray, "Sourcing!Z3: stands beside the table"),
    "cells merged": (merged, "is merged with others"),
    "another unit": (renamed, "Sourcing, Flow: is in kt, not in t"),
    "a column twice": (twice, "two columns have one name"),
    "a claim on the first page": (certified, "This plan is certified."),
    "a figure of the first page": (larger, "Summary!"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_file_that_was_edited_fails_and_says_where(path, tmp_path, name):
    alter, words = EDITS[name]
    workbook = openpyxl.load_workbook(path)
    alter(workbook)
    workbook.save(tmp_path / "edited.xlsx")
    done = run("verify", tmp_path / "edited.xlsx", "--against", STARTER, "--quiet", code=5)
    assert words in " ".join(done.stdout.split())


def test_a_file_that_was_only_saved_again_passes(path, tmp_path):
    openpyxl.load_workbook(path).save(tmp_path / "saved.xlsx")
    run("verify", tmp_path / "saved.xlsx", "--against", STARTER)
