"""Whole instances: the starter reads, and every spoilt cell gives one error, at that cell."""

from __future__ import annotations

import csv
import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.sheets import TABS, InstanceError, Issue
from sourcing.workbook import check, read
from sourcing.workbook.grid import reference

Tables = dict[str, list[list[Any]]]
Book = Callable[..., Path]


def errors(path: Path) -> list[Issue]:
    return [issue for issue in check(path)[1] if issue.severity == "error"]


def told(path: Path) -> list[tuple[str, str, str]]:
    """Place, message and remedy of each error."""
    return [(issue.where, issue.message, issue.suggestion) for issue in errors(path)]


def rewrite(folder: Path, tab: str, change: Callable[[list[list[str]]], object]) -> None:
    """Change the records of a CSV file."""
    file = folder / f"{tab}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        records = list(csv.reader(lines))
    change(records)
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(records)


def put(folder: Path, tab: str, row: int, column: int, text: str) -> None:
    """Write one cell of a CSV file."""
    rewrite(folder, tab, lambda records: records[row - 1].__setitem__(column - 1, text))


# ------------------------------------------------------------------------------------------------ the starter


def test_the_starter_reads(starter: Path) -> None:
    instance = read(starter)
    assert instance.name == "starter"
    assert [period.period for period in instance[Period]] == ["2026", "2027", "2028", "2029", "2030"]
    first = instance[Demand][0]
    assert (first.customer, first.demand.values) == ("us_defence", (147.9, 248.5, 269.5, 290.5, 315))
    assert instance.where(first, "demand@2027") == "Demand!G2"


def test_a_workbook_and_its_folder_are_one_instance(starter: Path, tables: Tables, book: Book) -> None:
    workbook = book(tables)
    assert read(workbook).sha256() == read(starter).sha256()
    assert [str(issue) for issue in read(workbook).warnings] == [str(issue) for issue in read(starter).warnings]


# ------------------------------------------------------------------------------------------------ one spoilt cell

COLUMNS = {
    "id": ("Sites", "Site"),
    "reference": ("Units", "Site"),
    "number": ("Lanes", "Freight (USD/t)"),
    "date": ("Periods", "Start"),
    "yesno": ("Entities", "Allied"),
    "choice": ("Materials", "Form"),
    "choices": ("Rules", "Stages"),
    "names": ("Rules", "Elements"),
    "percents": ("Projects", "Ramp (%)"),
    "span": ("Limits", "First"),
    "selector": ("Lanes", "From"),
    "series": ("Units", "2026 (t/y)"),
}
"""A column of each kind, in the starter."""

TEXTS = ("", "tbc", "½", "1,200", "1.200,5", "90%", "#N/A", "none", "a, b", "2027-13-01", "coutry:JP", "-1", ";")
ACCEPTED = {("id", text) for text in ("½", "none", "a, b", "2027-13-01", "coutry:JP", "1.200,5")} | {
    ("number", ""), ("percents", ""), ("percents", ";"), ("span", ""), ("series", "none"),
}  # fmt: skip
"""What is no fault of the cell by itself: many a text may be an id, a blank may be a default."""


@pytest.mark.parametrize("kind", list(COLUMNS))
@pytest.mark.parametrize("text", TEXTS)
def test_a_spoilt_text_gives_one_error_at_its_cell(starter: Path, kind: str, text: str) -> None:
    tab, header = COLUMNS[kind]
    column = (starter / f"{tab}.csv").read_text(encoding="utf-8").splitlines()[0].split(",").index(header) + 1
    put(starter, tab, 2, column, text)
    found = [issue.where for issue in errors(starter)]
    if (kind, text) in ACCEPTED:
        assert f"{tab}!{reference(2, column)}" not in found
    else:
        assert found == [f"{tab}!{reference(2, column)}"]


@pytest.mark.parametrize("value", [True, dt.date(1905, 7, 18), "#DIV/0!", "=1+1"])
def test_spoilt_values_give_one_error_each_at_their_cells(tables: Tables, book: Book, value: Any) -> None:
    places = {tab: tables[tab][0].index(header) + 1 for kind, (tab, header) in COLUMNS.items() if kind != "yesno"}

    def spoil(workbook: openpyxl.Workbook) -> None:
        for tab, column in places.items():
            workbook[tab].cell(2, column).value = value

    found = [issue.where for issue in errors(book(tables, spoil))]
    assert sorted(found) == sorted(f"{tab}!{reference(2, column)}" for tab, column in places.items())


def test_every_error_comes_in_one_pass_and_in_order(starter: Path) -> None:
    put(starter, "Units", 3, 2, "kuantn")
    put(starter, "Units", 3, 5, "lots")  # the row is faulty: what else is wrong in it waits
    put(starter, "Units", 2, 2, "mt_wled")
    put(starter, "Demand", 4, 6, "tbc")
    put(starter, "Demand", 4, 1, "#REF!")
    (starter / "Lanse.csv").write_text("From\n")
    with pytest.raises(InstanceError) as caught:
        read(starter)
    assert [issue.where for issue in caught.value.issues if issue.severity == "error"] == [
        "Lanse", "Demand!A4", "Demand!F4", "Units!B2", "Units!E3",
    ]  # fmt: skip
    assert "Units!B2 Site: 'mt_wled': is not an id on tab Sites (did you mean 'mt_weld'?)" in str(caught.value)


# ------------------------------------------------------------------------------------------------ tabs


def test_tabs_are_found_by_name(starter: Path) -> None:
    (starter / "Shortage steps.csv").rename(starter / "shortage\u00a0STEPS.CSV")
    (starter / "_notes.csv").write_text("anything\n1")
    (starter / "Guide.csv").write_text("anything\n1")
    (starter / "README.md").write_text("no tab")
    (starter / "Untis.csv").write_text("Unit\n")
    assert told(starter) == [("Untis", "is not a tab of an instance", "did you mean 'Units'?")]


def test_a_needed_tab_that_is_missing_is_told_once(starter: Path) -> None:
    (starter / "Materials.csv").unlink()
    (starter / "Settings.csv").unlink()
    assert told(starter) == [
        ("Materials", "the tab is missing or empty, and it is needed", "add the tab; a row is a material")
    ]


def test_a_misnamed_tab_is_told_once(starter: Path) -> None:
    (starter / "Prices.csv").rename(starter / "Price.csv")
    assert told(starter) == [("Price", "is not a tab of an instance", "did you mean 'Prices'?")]


def test_a_tab_that_stands_twice(starter: Path) -> None:
    (starter / "sites.csv").write_text((starter / "Sites.csv").read_text(encoding="utf-8"), encoding="utf-8")
    assert told(starter) == [("Sites", "the tab stands twice: as 'Sites' and as 'sites'", "keep one of the two")]


def test_a_faulty_header_of_ids_is_told_once(starter: Path) -> None:
    put(starter, "Sites", 1, 1, "Place")
    assert [issue.where for issue in errors(starter)] == ["Sites", "Sites!A1"]


# ------------------------------------------------------------------------------------------------ time


def test_a_number_that_begins_after_the_model(starter: Path) -> None:
    rewrite(starter, "Prices", lambda records: [record.pop(1) for record in records])
    message = "begins after the model does, on 2026-01-01"
    assert told(starter) == [("Prices!B1", message, "add a column for 2026")]


def test_a_long_tab_that_begins_after_the_model(starter: Path) -> None:
    def lengthen(records: list[list[str]]) -> None:
        prices = [[row[0], "2027" if k == 1 else "", row[1]] for k, row in enumerate(records)]
        records[:] = [["Index", "Period", "Price (USD/kg)"], *prices[1:]]

    rewrite(starter, "Prices", lengthen)
    assert told(starter) == [("Prices!B2", "begins after the model does, on 2026-01-01", "add a row for 2026")]


# -------------------------------------------------------------------------------- what only a workbook has


def test_a_percent_format_means_what_it_shows(tables: Tables, book: Book) -> None:
    def format_cell(workbook: openpyxl.Workbook) -> None:
        cell = workbook["Lanes"].cell(2, 5)
        cell.value, cell.number_format = 0.07, "0.0%"
        cell = workbook["Lanes"].cell(3, 4)
        cell.value, cell.number_format = 0.07, '0" %"'  # a sign in quotes is no percent format

    workbook = book(tables, format_cell)
    lanes = read(workbook).all(TABS["Lanes"])
    assert (lanes[0].tariff, lanes[1].freight) == (7, 0.07)  # type: ignore[attr-defined]


def test_merged_cells_are_told_once(tables: Tables, book: Book) -> None:
    def merge(workbook: openpyxl.Workbook) -> None:
        workbook["Units"].merge_cells("B2:B3")

    assert told(book(tables, merge)) == [
        ("Units!B2", "is merged with others, up to B3", "unmerge, and fill every cell")
    ]


def test_hidden_rows_are_read_and_told(tables: Tables, book: Book) -> None:
    def hide(workbook: openpyxl.Workbook) -> None:
        workbook["Units"].row_dimensions[2].hidden = True
        workbook["Units"].row_dimensions[4].hidden = True
        workbook["Units"].row_dimensions[900].hidden = True  # holds nothing
        workbook["Units"].column_dimensions["D"].hidden = True
        workbook["Prices"].sheet_state = "veryHidden"

    instance = read(book(tables, hide))
    assert len(instance.all(TABS["Units"])) == len(tables["Units"]) - 1
    assert [(issue.tab, issue.message) for issue in instance.warnings if "hidden" in issue.message] == [
        ("Prices", "the whole tab hidden or filtered out, but read too"),
        ("Units", "2 rows and 1 column hidden or filtered out, but read too"),
    ]


def test_formulas_with_stored_values_read(tables: Tables, book: Book) -> None:
    def calculate(workbook: openpyxl.Workbook) -> None:
        workbook["Periods"]["C2"] = "=2-1"
        workbook["Periods"]["F2"] = '=""'

    path = book(tables, calculate)
    store = {  # what Excel and LibreOffice add when they save
        b'<c r="C2"><f>2-1</f><v /></c>': b'<c r="C2"><f>2-1</f><v>1</v></c>',
        b'<c r="F2"><f>""</f><v /></c>': b'<c r="F2" t="str"><f>""</f><v></v></c>',
    }
    assert told(path)[0][0] == "Periods!C2"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(path.with_name("saved.xlsx"), "w") as new:
        for part in old.namelist():
            content = old.read(part)
            for before, after in store.items():
                content = content.replace(before, after)
            new.writestr(part, content)
    first = read(path.with_name("saved.xlsx"))[Period][0]
    assert (first.years, first.note) == (1, "")


def test_a_file_that_is_open_elsewhere(starter: Path, tables: Tables, book: Book) -> None:
    (starter / ".~lock.Units.csv#").touch()
    assert ("Units.csv", "is open elsewhere; unsaved edits are not seen") in [
        (issue.tab, issue.message) for issue in read(starter).warnings
    ]
    workbook = book(tables)
    (workbook.parent / "~$book.xlsx").touch()
    assert read(workbook).warnings[0].message == "is open elsewhere; unsaved edits are not seen"
