"""Sound but odd workbooks: however a planner's program lays it out, the same instance is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sourcing.workbook import read

Tables = dict[str, list[list[Any]]]
Book = Callable[..., Path]
INSTANCES = Path(__file__).parents[2] / "instances"
SHA = read(INSTANCES / "starter").sha256()


def texts(tables: Tables, change: Callable[[str], str]) -> Tables:
    """The tables with every text changed, headers too."""
    return {
        tab: [[change(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        for tab, rows in tables.items()
    }


def reversed_columns(tables: Tables) -> Tables:
    return {tab: [row[::-1] for row in rows] for tab, rows in reversed(tables.items())}


def spaced_rows(tables: Tables) -> Tables:
    return {tab: [rows[0], *[line for row in rows[1:] for line in (row, [None])]] for tab, rows in tables.items()}


def headers(tables: Tables, change: Callable[[str], str]) -> Tables:
    return {change(tab): [[change(str(cell)) for cell in rows[0]], *rows[1:]] for tab, rows in tables.items()}


def long(tables: Tables) -> Tables:
    """Prices with a line a year and a Period column in place of a column a year."""
    head, *rows = tables["Prices"]
    years = [k for k, name in enumerate(head) if re.match(r"\d{4}", str(name))]
    rest = [k for k in range(len(head)) if k not in years]
    made = [[*[head[k] for k in rest], "Period", "Price (USD/kg)"]]
    made += [[*[row[k] for k in rest], int(head[k][:4]), row[k]] for row in rows for k in years]
    return tables | {"Prices": made}


@pytest.mark.parametrize(
    "odd",
    [
        lambda t: headers(t, str.upper),
        lambda t: headers(t, lambda name: f"  {name.lower().replace(' ', chr(160) + ' ')} "),
        lambda t: texts(t, lambda text: f"{text}\u00a0 "),
        lambda t: texts(t, lambda text: f" {text}\u200b"),
        reversed_columns,
        spaced_rows,
        long,
        lambda t: t | {"_notes": [["call Ms Tanaka", 7]], "_Issues": [["Severity"]], "Guide": [["read me"]]},
    ],
    ids=["upper case", "spaces", "no-break spaces", "invisible marks", "reversed", "blank rows", "long", "notes"],
)
def test_an_odd_layout_is_the_same_instance(tables: Tables, book: Book, odd: Callable[[Tables], Tables]) -> None:
    assert read(book(odd(tables))).sha256() == SHA


def google(source: Path, target: Path) -> Path:
    """As Google Sheets writes it: no dimension, no table; every text apart from the sheets, in one list."""
    shared: list[str] = []

    def moved(match: re.Match[str]) -> str:
        shared.append(match[3])
        return f'{match[1]} t="s"{match[2]}><v>{len(shared) - 1}</v>'

    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name.startswith("xl/worksheets/sheet"):
                text = re.sub(r"<dimension[^>]*/>", "", text)
                text = re.sub(r'(<c [^>]*?) t="inlineStr"([^>]*)><is>(.*?)</is>', moved, text, flags=re.DOTALL)
            if name == "xl/_rels/workbook.xml.rels":
                kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
                link = f'<Relationship Id="texts" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
                text = text.replace("</Relationships>", link)
            if name == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
                link = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
                text = text.replace("</Types>", link)
            new.writestr(name, text)
        items = "".join(f"<si>{text}</si>" for text in shared)
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        new.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{items}</sst>')
    assert len(shared) > 1_000
    return target


def test_a_workbook_from_google(tables: Tables, book: Book, tmp_path: Path) -> None:
    assert read(google(book(tables), tmp_path / "google.xlsx")).sha256() == SHA


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_saved_by_libreoffice(tmp_path: Path) -> None:
    out, profile = tmp_path / "out", (tmp_path / "profile").as_uri()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "xlsx", "--outdir", out,
         INSTANCES / "starter.xlsx"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert read(out / "starter.xlsx").sha256() == SHA
