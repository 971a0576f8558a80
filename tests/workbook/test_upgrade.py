"""An upgrade adds what today's schema has, and changes nothing that a planner did."""

import datetime as dt
import shutil
import subprocess
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.components import TAB_ORDER
from sourcing.doctor import tiny_instance
from sourcing.schema import columns_of
from sourcing.sheets import TABS, InstanceError
from sourcing.workbook import check, read
from sourcing.workbook.moves import Moves
from sourcing.workbook.template import write_workbook
from sourcing.workbook.upgrade import upgrade

RED = PatternFill("solid", fgColor="FF0000")


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A sound workbook of few tabs and columns, in odd order and units, with a formula and a planner's own marks."""
    rows = {
        "_mine": [["call Perth"]],
        "periods": [["Years", "Period", "Start"], [1, "2026", dt.date(2026, 1, 1)], [1, "2027", dt.date(2027, 1, 1)]],
        "Materials": [["Material", "Form"], ["ndpr", "oxide"]],
        "Entities": [["Entity", "Country", "Role", "Allied"],
                     ["e", "AU", "supplier", "yes"], ["c", "JP", "buyer", "yes"]],
        "Sites": [["Site", "Entity", "Country", "Active"], ["mine", "e", "AU", None], ["plant", "c", "JP", None],
                  ["shut", "e", "AU", "no"]],
        "Recipes": [["Recipe", "Material", "Output (t/t)"], ["dig", "ndpr", 1]],
        "Units": [["Unit", "Capacity (kt/y)", "Site"], ["u", 1, "mine"], ["v", 0.5, "mine"]],
        "Processes": [["Site", "Recipe", "Unit", "Cost (USD/kg)", "Stage"], ["mine", "dig", "u", 10, "mine"]],
        "Lanes": [["From", "To", "Material or Form", "Freight (USD/t)"], ["mine", "plant", "ndpr", 300]],
        "Prices": [["Index", "Period", "Price (USD/kg)"], ["p", "2026", 90], ["p", "2027", 95]],
        "Offers": [["Site", "Material", "Index"], ["mine", "ndpr", "p"]],
        "Demand": [["Customer", "Material", "Demand (t/y)"], ["plant", "ndpr", 800]],
    }  # fmt: skip

    def edit(workbook):
        sheet = workbook["Units"]
        sheet["A3"].fill, sheet["A3"].font = RED, Font(name="Courier New", bold=True)
        sheet["B2"].number_format = "0.000"
        sheet["A1"].comment = Comment("mine to fill", "Ann")
        sheet["C2"].comment = Comment("ask again in May", "Ann")
        sheet["C2"].hyperlink = "#Sites!C2"
        sheet.column_dimensions["B"].width = 33
        sheet.conditional_formatting.add("B2:C9", FormulaRule(formula=["$B2>Sites!$C$2"], fill=RED))
        workbook["Lanes"]["D3"] = "=Processes!D2*30"  # outside any row of the table below; stored value comes later
        workbook["Lanes"]["A3"], workbook["Lanes"]["B3"], workbook["Lanes"]["C3"] = "mine", "country:JP", "form:oxide"
        workbook.defined_names["mines"] = DefinedName("mines", attr_text="Sites!$B$2:$C$3")

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for tab, lines in rows.items():
        sheet = workbook.create_sheet(tab)
        for line in lines:
            sheet.append(line)
    edit(workbook)
    path = tmp_path_factory.mktemp("old") / "old.xlsx"
    workbook.save(path)
    return _stored(path, b"Processes!D2*30", b"300")


def _stored(path, formula, value):
    """Give a formula its value, as a spreadsheet does when it saves, and add a picture."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
            for empty in (b"<v></v>", b"<v/>", b"<v />"):
                parts[name] = parts[name].replace(formula + b"</f>" + empty, formula + b"</f><v>" + value + b"</v>")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (parts | {"xl/media/image1.png": b"a picture"}).items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def new(old):
    """The old workbook, upgraded once: where it is, and what was told."""
    path = old.with_name("new.xlsx")
    before = old.read_bytes()
    told = upgrade(old, path)
    assert old.read_bytes() == before
    return path, told


def headers(sheet):
    return [cell.value for cell in sheet[1] if cell.value]


def test_every_tab_and_column_is_there_and_the_instance_is_the_same(old, new):
    path, told = new
    assert read(path).sha256() == read(old).sha256()  # with the row that is switched off
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["Guide", "Settings"]
    assert set(book.sheetnames) == {"Guide", "_mine", *TAB_ORDER}
    for tab in TAB_ORDER:
        shown = [header.split(" (")[0] for header in headers(book[tab])]
        for column in columns_of(TABS[tab]):
            assert column.name in shown or column.kind == "series", f"{tab}: {column.name}"
        assert all(cell.comment for cell in book[tab][1] if cell.value)
    # what was there stands where it stood to its neighbours; what was missing follows its neighbour of the schema
    assert headers(book["Units"])[:3] == ["Unit", "Capacity (kt/y)", "Site"]
    assert headers(book["Lanes"])[:6] == [
        "From", "To", "Material or Form", "Freight (USD/t)", "Tariff (%)", "Lead time (days)",
    ]  # fmt: skip
    assert headers(book["Prices"])[:3] == ["Index", "Period", "Price (USD/kg)"]
    assert any("Settings" in line and line.startswith("added tabs: ") for line in told)
    assert (
        "added to Units: Minimum load (%), Fixed cost (M USD/y), Running cost (M USD/y), Active, Source, Note" in told
    )
    assert book["_mine"]["A1"].value == "call Perth"
    assert told[-1] == "not carried over: pictures; they are still in 'old.xlsx'"


def test_formats_comments_and_formulas_follow_their_cells(new):
    path, _ = new
    book = openpyxl.load_workbook(path)
    units = book["Units"]
    assert (units["A3"].fill.fgColor.rgb, units["A3"].font.name) == ("00FF0000", "Courier New")
    assert (units["B2"].number_format, units.column_dimensions["B"].width) == ("0.000", 33)
    assert units["A1"].comment.text.startswith("Unit: ")
    assert units["A1"].comment.text.endswith("mine to fill")
    assert units["C2"].comment.text == "ask again in May"
    # Sites gets Name after Site, so that its columns B and C stand in C and D
    assert headers(book["Sites"])[:4] == ["Site", "Name", "Entity", "Country"]
    assert units["C2"].hyperlink.target == "#Sites!D2"
    (formats,) = units.conditional_formatting
    assert (str(formats.sqref), formats.rules[0].formula) == ("B2:C9", ["$B2>Sites!$D$2"])
    assert book.defined_names["mines"].attr_text == "Sites!$C$2:$D$3"
    # Processes gets Use before Cost
    assert book["Lanes"]["D3"].value == "=Processes!E2*30"
    assert openpyxl.load_workbook(path, data_only=True)["Lanes"]["D3"].value == 300


def test_drop_downs_are_those_of_today(new):
    path, _ = new
    book = openpyxl.load_workbook(path)
    rules = {str(rule.sqref): rule.formula1 for rule in book["Units"].data_validations.dataValidation}
    assert rules["C2:C503"] == "ids_Sites"  # two units in rows 2 and 3, and 500 rows below
    assert "B2:B503" not in rules  # in kt the limits of a column in t would say something else
    assert book.defined_names["ids_Sites"].attr_text.startswith("'Sites'!$A$2:INDEX(")


def test_an_upgrade_of_an_upgrade_changes_nothing(new, tmp_path):
    path, _ = new
    assert upgrade(path, tmp_path / "again.xlsx") == []
    first, second = openpyxl.load_workbook(path), openpyxl.load_workbook(tmp_path / "again.xlsx")
    assert first.sheetnames == second.sheetnames
    for sheet in first.worksheets:
        other = second[sheet.title]
        cells = {(cell.coordinate, cell.value, cell.comment and cell.comment.text) for row in sheet for cell in row}
        assert cells == {
            (cell.coordinate, cell.value, cell.comment and cell.comment.text) for row in other for cell in row
        }
        assert len(sheet.data_validations.dataValidation) == len(other.data_validations.dataValidation)


def test_faults_are_kept_where_they_are(tmp_path):
    write_workbook(tiny_instance(), tmp_path / "old.xlsx")
    book = openpyxl.load_workbook(tmp_path / "old.xlsx")
    cells = {"Demand": ("A2", "nobody"), "Units": ("Z1", "Colour")}
    for tab, (cell, value) in cells.items():
        book[tab][cell] = value
    book["Materials"]["B1"] = "Nmae"
    book["Recipes"].title = "Recipies"
    book.create_sheet("Notes")["A1"] = "call Perth"
    book.create_sheet("_links")["A1"] = "=Notes!A1"
    book.save(tmp_path / "old.xlsx")
    told = upgrade(tmp_path / "old.xlsx", tmp_path / "new.xlsx")
    assert "kept on Units, though no column of today's: 'Colour'" in told
    assert "kept on Materials, though no column of today's: 'Nmae'" in told
    assert "tab 'Recipies' is kept as it is, but is no tab of an instance: did you mean 'Recipes'?" in told
    assert "tab 'Notes' is no tab of an instance: kept as '_Notes', which is not read" in told
    book = openpyxl.load_workbook(tmp_path / "new.xlsx")
    assert (book["_Notes"]["A1"].value, book["_links"]["A1"].value) == ("call Perth", "='_Notes'!A1")
    assert {tab: book[tab][cell].value for tab, (cell, _) in cells.items()} == {"Demand": "nobody", "Units": "Colour"}
    assert "Name" not in headers(book["Materials"])  # beside the misspelt one it would hide that one's values
    assert "Recipes" not in book.sheetnames
    old_issues, new_issues = (check(tmp_path / name)[1] for name in ("old.xlsx", "new.xlsx"))
    old_errors, new_errors = ({i for i in issues if i.severity == "error"} for issues in (old_issues, new_issues))
    assert {issue for issue in old_errors if issue.tab != "Notes"} == new_errors


def test_a_table_format_gives_way_to_new_columns(old, tmp_path):
    book = openpyxl.load_workbook(old)
    book["Sites"].add_table(Table(displayName="T", ref="A1:D4"))
    book.save(tmp_path / "old.xlsx")
    told = upgrade(tmp_path / "old.xlsx", tmp_path / "new.xlsx")
    assert "the table format of tab Sites is gone, since columns were added to it" in told
    assert not openpyxl.load_workbook(tmp_path / "new.xlsx")["Sites"].tables


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("=SUM(B2:C9)+A1", "=SUM(C2:D9)+A1"),
        ("=$B$2*B", "=$C$2*B"),  # B by itself is a name
        ("=SUM(B:B,2:3)", "=SUM(C:C,2:3)"),
        ("=Units!B2", "=Units!D2"),
        ("='My tab'!C4&\"B2\"", "='_My tab'!C4&\"B2\""),
        ("=IF(units!C1>0,Other!B2,[1]Units!B2)", "=IF(units!E1>0,Other!B2,[1]Units!B2)"),
    ],
)
def test_formulas_follow_moved_columns(before, after):
    moves = Moves({"Sites": [1], "Units": [1, 1]}, {"My tab": "_My tab"})
    assert moves.formula(before, "Sites") == after


def test_what_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "old.xlsx").write_text("no")
    with pytest.raises(InstanceError):
        upgrade(tmp_path / "old.xlsx", tmp_path / "new.xlsx")
    assert not (tmp_path / "new.xlsx").exists()


def test_the_command_never_touches_the_old_file(old, tmp_path):
    def run(*words):
        done = CliRunner().invoke(app, ["template", *map(str, words)])
        return done.exit_code, done.stderr

    assert run(old, "--from", old, "--force")[0] == 8
    assert run(tmp_path / "new.xlsx", "--from", tmp_path)[0] == 2
    assert run(tmp_path / "new.xlsx", "--from", old, "--example", "starter")[0] == 2
    assert run(tmp_path / "new.xlsx", "--from", tmp_path / "none.xlsx")[0] == 2
    code, told = run(tmp_path / "new.xlsx", "--from", old)
    assert code == 0
    assert "Added tabs: Settings" in told
    assert run(tmp_path / "new.xlsx", "--from", old)[0] == 8  # it is there already


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
def test_a_workbook_saved_by_libreoffice(old, tmp_path):
    (tmp_path / "lo").mkdir()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", tmp_path / "lo", old],
        check=True, capture_output=True,
    )  # fmt: skip
    upgrade(tmp_path / "lo" / "old.xlsx", tmp_path / "new.xlsx")
    assert read(tmp_path / "new.xlsx").sha256() == read(old).sha256()
    units = openpyxl.load_workbook(tmp_path / "new.xlsx")["Units"]
    assert (units["A3"].fill.fgColor.rgb, units["A3"].font.name) == ("FFFF0000", "Courier New")
    assert "ask again in May" in units["C2"].comment.text
