"""Files that are no instance, or mean harm: each is refused with one sentence, quickly and without much memory."""

from __future__ import annotations

import shutil
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sourcing.sheets import Issue
from sourcing.workbook import check
from sourcing.workbook.grid import SAVE_AS

Tables = dict[str, list[list[Any]]]
Book = Callable[..., Path]
TOO_LARGE = "delete unused tabs, formatted empty rows and pictures, or give a folder of CSV files"


def refusal(path: Path) -> tuple[str, str, str]:
    """The only issue: where, message and remedy."""
    instance, issues = check(path)
    assert instance is None
    assert len(issues) == 1
    return issues[0].where, issues[0].message, issues[0].suggestion


def places(path: Path) -> list[tuple[str, str]]:
    return [(issue.where, issue.message) for issue in check(path)[1] if issue.severity == "error"]


def replace_part(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a workbook with one part of its archive changed."""
    made = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return made


# ------------------------------------------------------------------------------------------------ no workbook at all


@pytest.mark.parametrize(
    "name, content, message, remedy",
    [
        ("a.xlsx", b"", "the file is empty", "give a workbook or a folder of CSV files"),
        ("a.xls", b"\xd0\xcf\x11\xe0 rest", "is protected by a password, or an old .xls workbook",
         f"{SAVE_AS} without a password"),
        ("a.xlsx", b"Unit,Site\nu,s\n", "is not an .xlsx workbook, whatever its name says", SAVE_AS),
        ("a.xlsx", b"PK\x03\x04 cut off", "is damaged: it was not saved or copied completely", SAVE_AS),
    ],
)  # fmt: skip
def test_what_is_no_workbook(tmp_path: Path, name: str, content: bytes, message: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name) == (name, message, remedy)


def test_one_csv_file(starter: Path) -> None:
    message = "is one CSV file; an instance is a folder of them"
    assert refusal(starter / "Units.csv") == ("Units.csv", message, f"give the folder '{starter}'")


def test_nothing_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.xlsx")[1] == "there is no such file or folder"


def test_a_folder_without_csv(tmp_path: Path) -> None:
    assert refusal(tmp_path)[1] == "holds no CSV file"


def test_an_ods_workbook_or_other_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    assert refusal(tmp_path / "a.xlsx")[1] == "is not an .xlsx workbook, whatever its name says"


def test_a_truncated_workbook(tables: Tables, book: Book) -> None:
    path = book(tables)
    path.write_bytes(path.read_bytes()[:20_000])
    assert refusal(path)[1] == "is damaged: it was not saved or copied completely"


def test_a_workbook_with_broken_parts(tables: Tables, book: Book) -> None:
    path = replace_part(book(tables), "xl/worksheets/sheet1.xml", lambda text: text[: len(text) // 2])
    assert refusal(path) == ("changed.xlsx", "is damaged, or not a workbook (ParseError)", SAVE_AS)


def test_a_macro_workbook_reads(tables: Tables, book: Book) -> None:
    path = book(tables, name="book.xlsm")
    assert check(path)[0] is not None


# ------------------------------------------------------------------------------------------------ too much


def test_an_archive_that_unpacks_to_too_much(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 31_000_000)  # 30 kB in the archive
    assert refusal(tmp_path / "a.xlsx") == ("a.xlsx", "is too large: 31 MB unpacked in 1 parts", TOO_LARGE)


def test_an_archive_of_too_many_parts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for k in range(2_001):
            archive.writestr(f"{k}.xml", b"")
    assert refusal(tmp_path / "a.xlsx")[1] == "is too large: 0 MB unpacked in 2,001 parts"


def test_more_entries_than_memory_allows(tables: Tables, book: Book) -> None:
    cells = b"<row>" + b"<c/>" * 2_600_000 + b"</row>"  # 10 MB; as a tree, several hundred
    path = replace_part(
        book(tables), "xl/worksheets/sheet1.xml", lambda text: text.replace(b"</sheetData>", cells + b"</sheetData>")
    )
    assert refusal(path)[1].startswith("is too large: 2,6")


def test_an_entity_bomb(tables: Tables, book: Book) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path = replace_part(book(tables), "xl/worksheets/sheet1.xml", lambda text: bomb + text[text.index(b"<worksheet") :])
    assert refusal(path) == ("changed.xlsx", "is damaged, or not a workbook (ValueError)", SAVE_AS)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "docProps/core.xml"])
def test_an_entity_of_another_file(tables: Tables, book: Book, part: str) -> None:
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    path = replace_part(book(tables), part, lambda text: outside + text[text.index(b"<", text.find(b"?>") + 1) :])
    assert refusal(path)[:2] == ("changed.xlsx", "is damaged, or not a workbook (ValueError)")


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b" " * 20_000_000)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # where an entry says how large it unpacks
        at = content.rindex(mark) + offset
        content[at : at + 4] = (1_000).to_bytes(4, "little")
    path.write_bytes(content)
    assert refusal(path)[1] == "is damaged: it was not saved or copied completely"


def test_an_archive_whose_compressed_bytes_are_damaged(tables: Tables, book: Book) -> None:
    path = book(tables)
    with zipfile.ZipFile(path) as archive:
        part = max(archive.infolist(), key=lambda part: part.compress_size)
    content = bytearray(path.read_bytes())
    middle = part.header_offset + part.compress_size // 2
    content[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(content)
    assert refusal(path)[1] == "is damaged: it was not saved or copied completely"


def test_a_number_of_many_digits(tables: Tables, book: Book) -> None:
    path = replace_part(
        book({"Units": [["Unit", "Site", "Capacity (t/y)"], ["u", "s", 12.5]]}),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"<v>12.5</v>", b"<v>" + b"9" * 400 + b"</v>"),
    )
    assert ("Units!C2", "is not a finite number") in places(path)


@pytest.mark.parametrize("row, column", [(1, 3), (2, 3)])
def test_many_spaces_take_no_time(row: int, column: int, tables: Tables, book: Book) -> None:
    rows = [["Project", "Unit", "Ramp (%)"], ["p", "u", "40; 100"]]
    rows[row - 1][column - 1] = "40" + " " * 30_000 + "100"
    path = book({"Projects": rows})
    start = time.process_time()
    assert f"Projects!C{row}" in [where for where, _ in places(path)]
    assert time.process_time() - start < 3  # a pattern that looks for spaces before something takes more


def test_an_archive_with_a_password(tables: Tables, book: Book) -> None:
    path = book(tables)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    assert refusal(path)[1] == "is damaged: it was not saved or copied completely"


@pytest.mark.parametrize("cell, told", [("XFD1048576", "XFD1048576"), ("A20001", "A20001"), ("GS2", "GS2")])
def test_a_stray_cell(tables: Tables, book: Book, cell: str, told: str) -> None:
    def stray(workbook: openpyxl.Workbook) -> None:
        workbook["Prices"][cell] = 1

    path = book(tables, stray)
    start = time.process_time()
    assert places(path) == [(f"Prices!{told}", "holds a value beyond row 20,000 or column GR")]
    assert time.process_time() - start < 5  # openpyxl's own loop over such a sheet takes minutes


def test_formats_far_away_are_no_cells(tables: Tables, book: Book) -> None:
    def colour(workbook: openpyxl.Workbook) -> None:
        workbook["Prices"]["A30000"].number_format = "0.00"

    assert check(book(tables, colour))[0] is not None


def test_a_sheet_wide_merge(tables: Tables, book: Book) -> None:
    merge = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    path = replace_part(
        book({"Prices": tables["Prices"], **{tab: rows for tab, rows in tables.items() if tab != "Prices"}}),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"</sheetData>", merge),
    )
    assert places(path) == [("Prices!A1", "is merged with others, up to XFD1048576")]


def test_many_unknown_ids_take_no_time(starter: Path) -> None:
    lines = "\n".join(f"wrong{k},ndpr_oxide,,,,,,,,," for k in range(15_000))
    header = (starter / "Offers.csv").read_text(encoding="utf-8").splitlines()[0]
    (starter / "Offers.csv").write_text(f"{header}\n{lines}\n", encoding="utf-8")
    start = time.process_time()
    found = places(starter)
    assert len(found) == 15_000
    assert time.process_time() - start < 20


def test_memory_of_a_long_sheet(tables: Tables, book: Book) -> None:
    row = b"<row>" + b"<c><v>1</v></c>" * 4 + b"</row>"
    path = replace_part(
        book({"Prices": [["Index"]], **{tab: rows for tab, rows in tables.items() if tab != "Prices"}}),
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b"</sheetData>", row * 40_000 + b"</sheetData>"),
    )
    tracemalloc.start()
    try:
        assert ("Prices!A20001", "holds a value beyond row 20,000 or column GR") in places(path)
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()


# ------------------------------------------------------------------------------------------------ CSV


def test_csv_in_another_encoding(starter: Path) -> None:
    (starter / "Sources.csv").write_bytes("Source,Citation\na,ok\nb,Zürich\n".encode("latin-1"))
    assert places(starter)[-1] == ("Sources!A3", "line 3 is not UTF-8 text")


def test_csv_with_a_byte_order_mark_reads(starter: Path) -> None:
    text = (starter / "Units.csv").read_text(encoding="utf-8")
    (starter / "Units.csv").write_text(text, encoding="utf-8-sig")
    assert places(starter) == []


@pytest.mark.parametrize("separator, name", [(";", "semicolons"), ("\t", "tabs")])
def test_csv_with_other_separators(starter: Path, separator: str, name: str) -> None:
    text = (starter / "Content.csv").read_text(encoding="utf-8").replace(";", " ").replace(",", separator)
    (starter / "Content.csv").write_text(text, encoding="utf-8")
    assert places(starter) == [("Content!A1", f"the columns are separated by {name}")]


def test_csv_with_an_open_quote(starter: Path) -> None:
    with (starter / "Ownership.csv").open("a", encoding="utf-8") as file:
        file.write('mp,"us_gov,15\n')
    assert places(starter) == [("Ownership!A3", "cannot be read as CSV (unexpected end of data)")]


def test_csv_beyond_the_last_column(starter: Path) -> None:
    with (starter / "Ownership.csv").open("a", encoding="utf-8") as file:
        file.write("," * 250 + "x\n")
    assert ("Ownership!IQ3", "holds a value beyond row 20,000 or column GR") in places(starter)


def test_a_folder_that_is_too_large(starter: Path) -> None:
    (starter / "Big.csv").write_bytes(b"x" * 30_000_001)
    assert refusal(starter)[1] == "is too large: 30 MB of CSV files"


def test_a_tab_that_is_no_file(starter: Path) -> None:
    (starter / "Waivers.csv").mkdir()
    assert refusal(starter)[1] == "cannot be opened: Is a directory"


def test_issues_are_plain_records(starter: Path) -> None:
    shutil.rmtree(starter)
    assert check(starter) == (
        None,
        [Issue("starter", "", "there is no such file or folder")],
    )
