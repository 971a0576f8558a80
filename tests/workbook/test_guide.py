"""The Guide of a blank workbook is the only thing that these tests know about a first plan."""

import json
import re
import shlex

import openpyxl
import pytest
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components import PLANNER_TABS, TAB_ORDER
from sourcing.doctor import tiny_instance
from sourcing.files import example
from sourcing.workbook import check, read
from sourcing.workbook.blank import blank_instance
from sourcing.workbook.firstplan import BETWEEN, IS, NEXT, TITLE
from sourcing.workbook.template import write_workbook


def run(*words, code=0):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.stdout


def told(book):
    """The lines of the Guide's ten steps: step, tab, row, what to write or type."""
    rows = [[cell.value for cell in row[:4]] for row in book["Guide"].iter_rows()]
    first = [row[0] for row in rows].index(TITLE) + 2  # below the line of headers
    last = next(k for k in range(first, len(rows)) if rows[k][0] == "Then")
    return rows[first:last]


def put(sheet, row, header, text):
    """Type a text under a header, as a planner does: what is a number becomes one."""
    column = [cell.value for cell in sheet[1]].index(header) + 1
    cell = sheet.cell(row, column)
    assert cell.value is None or sheet.title == "Settings", "the Guide sends to a cell that is filled already"
    cell.value = float(text) if re.fullmatch(r"[\d.]+", text) and cell.number_format != "@" else text


def filled(path):
    """Fill the cells that the Guide names, and no others; the commands that it says to type."""
    book = openpyxl.load_workbook(path)
    typed = []
    for _, tab, row, text in told(book):
        if tab:
            for cell in text.split(BETWEEN):
                put(book[tab], int(row.removeprefix("row ")), *cell.split(IS))
        else:
            typed.append(text)
    book.save(path)
    return typed


def by_supplier(plan):
    """Tonnes that each site sends in a year, of a plan workbook."""
    header, *rows = openpyxl.load_workbook(plan, read_only=True)["Sourcing"].values
    flow = header.index("Flow (t)")
    return {(row[0], row[header.index("Period")]): row[flow] for row in rows}


def test_a_blank_workbook_asks_for_nothing_but_demand(tmp_path):
    run("template", tmp_path / "mine.xlsx")
    instance, issues = check(tmp_path / "mine.xlsx")
    assert instance is None
    assert [(issue.tab, issue.message) for issue in issues] == [
        ("Demand", "no row is active: there is nothing to plan")
    ]


def test_what_the_guide_says_and_nothing_more_gives_a_plan_with_both_suppliers(tmp_path):
    book = tmp_path / "mine.xlsx"
    run("template", book)
    commands = filled(book)
    assert [command.split()[:2] for command in commands] == [["sourcing", "check"], ["sourcing", "solve"]]
    for command in commands:
        done = run(*shlex.split(command.replace("FILE", str(tmp_path / "mine")))[1:])
    assert "Proven optimal" in done
    sent = by_supplier(tmp_path / "mine.plan.xlsx")
    # alpha is cheaper and can make 600 t a year; beta sends the rest of 1,000 t
    assert sent["alpha_works", "2026"] == sent["alpha_works", "2035"] == 600
    assert sent["beta_works", "2026"] == sent["beta_works", "2035"] == 400


def test_the_first_change_does_what_the_guide_says(tmp_path):
    book = tmp_path / "mine.xlsx"
    write_workbook(blank_instance("2030:2031"), book)
    filled(book)
    workbook = openpyxl.load_workbook(book)
    assert NEXT in [row[1].value for row in workbook["Guide"].iter_rows()]
    rule, row, tab = re.search(r"Write (\S+) under Rules in row (\d) of (\w+)", NEXT).groups()
    put(workbook[tab], int(row), "Rules", rule)
    workbook.save(book)
    short = json.loads(run("solve", book, "--json"))["short"]
    # 1,000 t wanted, 600 t from alpha with papers
    assert {row["period"]: round(row["t"], 6) for row in short} == {"2030": 400, "2031": 400}


def test_a_workbook_with_data_has_no_first_plan(tmp_path):
    write_workbook(tiny_instance(), tmp_path / "s.xlsx")
    column = [cell.value for cell in openpyxl.load_workbook(tmp_path / "s.xlsx")["Guide"]["A"]]
    assert TITLE not in column


def test_planners_tabs_stand_before_the_network():
    assert TAB_ORDER[: len(PLANNER_TABS)] == PLANNER_TABS


def test_a_blank_workbook_brings_the_network_with_its_sources():
    blank = blank_instance("2026:2035")
    cited = {name for row in blank.rows() for name in row.source}
    assert {row.key for row in blank.rows() if row.tab == "Sources"} == cited
    starter = {row.key: row for row in read(example("starter")).rows() if row.tab == "Materials"}
    assert {row.key: row for row in blank.rows() if row.tab == "Materials"} == starter
    assert not any("china" in row.key for row in blank.rows() if row.tab == "Recipes")


@pytest.mark.parametrize(("spans", "starts"), [("2024:2025", 2024.0), ("2040:2041", 2026.0)])
def test_prices_hold_from_the_first_year_on(spans, starts):
    price = next(row for row in blank_instance(spans).rows() if row.key == "ndpr_xcn")
    assert (price.price.starts[0], price.price.values[0]) == (starts, 115.0)
    assert ("before 2026" in price.note) == (starts < 2026)
