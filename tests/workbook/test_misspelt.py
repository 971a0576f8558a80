"""An id that is wrong where it is defined is told once, there."""

from __future__ import annotations

from pathlib import Path

import pytest

from sourcing.workbook import check


def renamed(folder: Path, tab: str, old: str, new: str) -> list[tuple[str, str, str]]:
    """The errors after the first cell of one row is overwritten."""
    file = folder / f"{tab}.csv"
    text = file.read_text(encoding="utf-8")
    assert text.count(f"\n{old},") == 1
    file.write_text(text.replace(f"\n{old},", f"\n{new},"), encoding="utf-8")
    return [(i.where, i.message, i.suggestion) for i in check(folder)[1] if i.severity == "error"]


def test_a_site_that_many_rows_name(starter: Path) -> None:
    [(where, message, remedy)] = renamed(starter, "Sites", "kuantan", "kuantam")
    assert where.startswith("Sites!A")
    assert message.startswith("is named nowhere, but ")
    assert message.endswith(" more cells name 'kuantan'")
    assert remedy == "write 'kuantan' here, or 'kuantam' there"


def test_a_name_that_one_cell_uses_is_told_there(starter: Path) -> None:
    file = starter / "Units.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",kuantan,", ",kuantam,", 1), encoding="utf-8")
    [issue] = [issue for issue in check(starter)[1] if issue.severity == "error"]
    assert (issue.tab, issue.value, issue.suggestion) == ("Units", "kuantam", "did you mean 'kuantan'?")


@pytest.mark.parametrize("wrong", ["tbc", "-5", "1,200", "90%", "ku\u0430ntan"])
def test_what_is_no_name_is_told_at_its_definition(starter: Path, wrong: str) -> None:
    text = f'"{wrong}"'
    [(where, _, remedy)] = renamed(starter, "Sites", "kuantan", text)
    assert where.startswith("Sites!A")
    assert remedy
