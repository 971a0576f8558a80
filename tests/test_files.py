import os
import stat
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from sourcing import files
from sourcing.cli import app
from sourcing.components.production import Unit
from sourcing.doctor import tiny_instance
from sourcing.report.book import write_tables
from sourcing.sheets import OutputError, Series
from sourcing.tables import Field, Table
from sourcing.workbook import read, write_folder
from sourcing.workbook.template import write_workbook

ROOT = Path(__file__).parents[1]
CUSTOM = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="v">'
    '<property name="sourcing-plan-of"><vt:lpwstr>{}</vt:lpwstr></property></Properties>'
)


def plan(path: Path, of: str, text: str = CUSTOM) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("docProps/custom.xml", text.format(of))
    return path


def test_a_plan_goes_beside_its_instance(tmp_path, monkeypatch):
    (tmp_path / "my.case").mkdir()
    assert files.plan_path(tmp_path / "a.xlsx") == tmp_path / "a.plan.xlsx"
    assert files.plan_path(tmp_path / "my.case") == tmp_path / "my.case.plan.xlsx"
    monkeypatch.chdir(tmp_path / "my.case")
    assert files.plan_path(Path(".")) == tmp_path / "my.case.plan.xlsx"


def test_only_a_plan_of_the_same_instance_is_replaced(tmp_path):
    mine, other, alien = plan(tmp_path / "1.xlsx", "a"), plan(tmp_path / "2.xlsx", "b"), tmp_path / "3.xlsx"
    alien.write_text("notes")
    files.check_output(mine, instance="a")
    for path in (other, alien):
        with pytest.raises(OutputError, match="--force"):
            files.check_output(path, instance="a")
        files.check_output(path, instance="a", force=True)
    with pytest.raises(OutputError, match="exists already"):
        files.check_output(mine)  # no plan is meant to go there


def test_a_hostile_workbook_is_no_plan(tmp_path):
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    assert files.plan_of(plan(tmp_path / "1.xlsx", "a", laughs)) is None
    assert files.plan_of(plan(tmp_path / "2.xlsx", "a" * files.MOST_PROPERTIES)) is None


def test_the_instance_is_never_written_to(tmp_path):
    book, folder = tmp_path / "a.xlsx", tmp_path / "case"
    book.touch()
    folder.mkdir()
    for path, source in ((book, book), (tmp_path / "." / "a.xlsx", book), (folder / "plan.xlsx", folder)):
        with pytest.raises(OutputError, match="never written to"):
            files.check_output(path, instance="a", source=source, force=True)


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        files.check_output(tmp_path / "no" / "a.xlsx")
    with pytest.raises(OutputError, match="is a folder"):
        files.check_output(tmp_path, force=True)


def test_a_file_is_written_whole_with_usual_rights(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_text("old")
    before = os.umask(0o022)
    try:
        with files.written(path) as out:
            out.temporary.write_text("new")
            assert path.read_text() == "old"
    finally:
        os.umask(before)
    assert (path.read_text(), out.path) == ("new", path)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.written(path) as out:
        out.temporary.write_text("half")
        raise RuntimeError
    with pytest.raises(OutputError, match="No space left"), files.written(path):
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_open_elsewhere_gets_a_number(tmp_path, monkeypatch):
    path, replace = tmp_path / "a.xlsx", os.replace
    (tmp_path / "a (2).xlsx").touch()

    def locked(source, target):
        if Path(target) == path:
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr("os.replace", locked)
    with files.written(path) as out:
        out.temporary.write_text("new")
    assert out.path == tmp_path / "a (3).xlsx"
    assert out.path.read_text() == "new"


def test_a_folder_that_is_open_elsewhere_gets_a_number(tmp_path, monkeypatch):
    target, replace = tmp_path / "my.case", os.replace
    assert write_folder(tiny_instance(), target) == target

    def locked(source, place):
        if Path(source) == target:
            raise PermissionError(13, "in use")
        replace(source, place)

    monkeypatch.setattr("os.replace", locked)
    assert write_folder(tiny_instance(), target) == tmp_path / "my.case (2)"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.case", "my.case (2)"]
    monkeypatch.undo()
    assert read(tmp_path / "my.case (2)").sha256() == read(target).sha256()


def test_a_killed_program_leaves_no_half_file(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_text("old")
    code = (
        "import os, signal, sys; from pathlib import Path; from sourcing.files import written\n"
        "with written(Path(sys.argv[1])) as out:\n"
        "    out.temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGTERM if os.name == 'nt' else signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode != 0
    assert path.read_text() == "old"
    (left,) = set(tmp_path.iterdir()) - {path}
    assert left.name.startswith(".a.sourcing-")
    with files.written(path) as out:
        out.temporary.write_text("new")
    assert left.exists()  # its program may still be at work
    os.utime(left, (0, 0))
    with files.written(path) as out:
        out.temporary.write_text("newer")
    assert [*tmp_path.iterdir()] == [path]


def test_every_command_writes_by_the_door_that_tells_of_a_second_name():
    for file in (ROOT / "sourcing" / "cli").glob("*.py"):
        assert file.stem == "shared" or "files.written(" not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize(
    "words",
    [
        "template {out} --periods 2026:2026",
        "convert {tiny} {out}",
        "solve {tiny} -o {out}",
        "tornado {tiny} -o {out}",  # as stress, frontier and every command with tables
    ],
)
def test_a_locked_output_is_told_by_every_command(tmp_path, monkeypatch, words):
    write_folder(tiny_instance(), tmp_path / "tiny")
    path, replace = tmp_path / "a.xlsx", os.replace

    def locked(source, target):
        if Path(target) == path:
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr("os.replace", locked)
    done = CliRunner().invoke(app, words.format(out=path, tiny=tmp_path / "tiny").split())
    assert done.exit_code == 0, done.output
    assert f"'{path}' is open elsewhere, so the " in done.stderr
    assert (tmp_path / "a (2).xlsx").exists()
    assert not path.exists()


def test_text_like_a_formula_is_text_in_every_file(tmp_path):
    words = ("=1+1", "+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x")')
    site = tiny_instance()[Unit][0].site
    units = [Unit(unit=f"u{k}", site=site, capacity=Series.constant(1.0), note=word) for k, word in enumerate(words)]
    instance = tiny_instance().with_rows(*units)
    folder, book, tables = tmp_path / "folder", tmp_path / "book.xlsx", tmp_path / "tables.xlsx"
    write_workbook(instance, book)
    assert CliRunner().invoke(app, ["convert", str(book), str(folder)]).exit_code == 0
    assert CliRunner().invoke(app, ["convert", str(folder), str(book), "--force"]).exit_code == 0
    assert {unit.note for unit in read(book)[Unit]} >= set(words)
    write_tables([Table("T", (Field("Note"),), rows=[(word,) for word in words])], tables, "x", "T")
    for path in (book, tables):
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row]
        assert {cell.value for cell in cells} >= set(words)
        assert not [cell for cell in cells if cell.data_type == "f"]


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"), files.written(tmp_path / "no" / "a.xlsx"):
        pass


def test_examples_are_found():
    assert "starter" in files.examples()
    assert (files.example("starter") / "Demand.csv").exists()
    with pytest.raises(ValueError, match="choose"):
        files.example("nothing")


def test_the_package_lists_every_folder_of_code():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "sourcing").rglob("*.py")}
    assert sorted(listed) == sorted({*found, "sourcing.instances"})
