"""What the README shows is what the program prints: its tutorial is run, its table of changes compared with a plan."""

import re
import shlex
from importlib.metadata import version
from pathlib import Path

import bundled
from typer.testing import CliRunner

from sourcing.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return re.search(rf"^## {title}\n(.*?)(?=^## )", README, re.DOTALL | re.MULTILINE)[1]


def words(text: str) -> str:
    """A text without its line breaks, which fall where the terminal ends."""
    return " ".join(text.split())


def test_the_tutorial_is_what_the_program_prints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    blocks = re.findall(r"```(sh|text)\n(.*?)```", section("Ten minutes with the starter"), re.DOTALL)
    assert len(blocks) == 9
    printed = ""
    for kind, block in blocks:
        if kind == "sh":
            printed = " ".join(output(line) for line in block.splitlines())
        else:
            for line in re.split(r"\n(?=[-A-Z]|many)", block.strip()):
                assert words(line) in words(printed)
    assert (tmp_path / "mine.plan.xlsx").is_file()


def output(line: str) -> str:
    """What a command line of the tutorial prints; a comment names its exit code where that is not 0."""
    done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
    assert done.exit_code == int((re.findall(r"# exit code (\d)", line) or ["0"])[0]), done.output
    return done.output


def test_the_last_change_is_of_this_version_and_gives_this_plan():
    row = re.findall(r"^\| (\d+\.\d+\.\d+) \| .* \| ([\d,.]+) \| [\d,.]+ \(within", README, re.MULTILINE)[-1]
    assert row[0] == version("allied-sourcing")
    plan = bundled.plan("starter")
    assert f"{plan.objective:,.1f}" == row[1]
