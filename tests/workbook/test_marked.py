"""A marked copy: what is wrong stands at its cell and in a list, and nothing else has changed."""

import json

import openpyxl
import pytest
from bundled import HOME
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.sheets import OutputError
from sourcing.workbook import check
from sourcing.workbook.marked import LIST, LOOKS, mark
from sourcing.workbook.upgrade import upgrade


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """The starter with a misspelt site in Lanes!B8, a negative capacity in Units!F5 and a text in Contracts!G3."""
    path = tmp_path_factory.mktemp("spoilt") / "bad.xlsx"
    book = openpyxl.load_workbook(HOME / "starter.xlsx")
    book["Lanes"]["B8"], book["Units"]["F5"], book["Contracts"]["G3"] = "kuantam", -3, "tbc"
    book["Contracts"]["G3"].data_type = "s"
    book.save(path)
    return path


@pytest.fixture(scope="module")
def copy(spoilt):
    """Its marked copy, made by the command."""
    path = spoilt.with_name("copy.xlsx")
    done = CliRunner().invoke(app, ["check", str(spoilt), "--mark", str(path), "--json"])
    assert done.exit_code == 4
    assert json.loads(done.stdout)["marked"] == str(path)
    return path


def test_each_fault_is_listed_with_a_link_to_its_cell(copy):
    sheet = openpyxl.load_workbook(copy).worksheets[0]
    assert sheet.title == LIST
    rows = [[cell.value for cell in row[:3]] for row in sheet.iter_rows(min_row=2)]
    assert sorted(rows) == [["error", "Contracts", "G3"], ["error", "Lanes", "B8"], ["error", "Units", "F5"]]
    links = {row[1].value: row[2].hyperlink.location or row[2].hyperlink.target for row in sheet.iter_rows(min_row=2)}
    assert links["Lanes"].lstrip("#") == "'Lanes'!B8"


def test_each_fault_is_coloured_and_told_at_its_cell(copy):
    book = openpyxl.load_workbook(copy)
    rules = {("Lanes", "B8"): "did you mean 'kuantan'?", ("Units", "F5"): "0 or more", ("Contracts", "G3"): "number"}
    for (tab, at), rule in rules.items():
        cell = book[tab][at]
        assert cell.fill.fgColor.rgb == f"00{LOOKS['error'][1]}"
        assert cell.font.color.rgb == f"00{LOOKS['error'][0]}"
        assert rule in cell.comment.text
        assert book[tab].sheet_properties.tabColor.rgb == f"00{LOOKS['error'][2]}"
    assert book["Demand"].sheet_properties.tabColor.rgb != f"00{LOOKS['error'][2]}"


def test_the_copy_has_the_same_faults_and_the_original_is_as_it_was(spoilt, copy):
    before = spoilt.read_bytes()
    assert check(copy)[1] == check(spoilt)[1]
    assert spoilt.read_bytes() == before


def test_a_copy_can_be_repaired_and_marked_again(copy, tmp_path):
    book = openpyxl.load_workbook(copy)
    book["Lanes"]["B8"], book["Units"]["F5"], book["Contracts"]["G3"] = "kuantan", 100, 2500
    book.save(tmp_path / "mended.xlsx")
    again = CliRunner().invoke(
        app, ["check", str(tmp_path / "mended.xlsx"), "--mark", str(tmp_path / "again.xlsx"), "--json"]
    )
    told = {(issue["tab"], issue["cell"]) for issue in json.loads(again.stdout)["issues"]}
    assert not told & {("Units", "F5")}
    assert openpyxl.load_workbook(tmp_path / "again.xlsx").sheetnames.count(LIST) == 1


def test_a_folder_is_marked_as_a_workbook(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for file in (HOME / "starter").glob("*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())
    lanes = (folder / "Lanes.csv").read_text(encoding="utf-8")
    (folder / "Lanes.csv").write_text(lanes.replace("kuantan", "kuantam"), encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(folder), "--mark", str(tmp_path / "copy.xlsx"), "--json"])
    cells = [issue["cell"] for issue in json.loads(done.stdout)["issues"] if issue["tab"] == "Lanes"]
    assert cells
    sheet = openpyxl.load_workbook(tmp_path / "copy.xlsx")["Lanes"]
    assert all(sheet[cell].fill.fgColor.rgb == f"00{LOOKS['error'][1]}" for cell in cells)


@pytest.mark.parametrize(("copy", "code"), [("bad.xlsx", 8), ("mine.csv", 2), ("no_folder/copy.xlsx", 8)])
def test_what_may_not_be_written_is_refused(spoilt, copy, code):
    before = spoilt.read_bytes()
    done = CliRunner().invoke(app, ["check", str(spoilt), "--mark", str(spoilt.parent / copy), "--force"])
    assert done.exit_code == code
    assert spoilt.read_bytes() == before


def test_what_cannot_be_read_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "old.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    done = CliRunner().invoke(app, ["check", str(tmp_path / "old.xlsx"), "--mark", str(tmp_path / "copy.xlsx")])
    assert done.exit_code == 4
    assert [path.name for path in tmp_path.iterdir()] == ["old.xlsx"]


@pytest.mark.parametrize("make", [lambda old, new: mark(old, new, check(old)[1]), upgrade], ids=["mark", "upgrade"])
def test_a_sheet_wide_merge_is_not_loaded(tmp_path, make):
    path = tmp_path / "wide.xlsx"
    book = openpyxl.load_workbook(HOME / "starter.xlsx")
    book["Prices"].merge_cells("A100:CV1200")  # 100 columns by 1,101 rows are 110,100 cells
    book.save(path)
    with pytest.raises(OutputError, match="unmerge the cells of tab Prices first"):
        make(path, tmp_path / "copy.xlsx")
