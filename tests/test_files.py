import os
import stat
import tomllib
import zipfile
from pathlib import Path

import pytest

from sourcing import files
from sourcing.sheets import OutputError

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
