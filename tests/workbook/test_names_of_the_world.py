"""Names that everybody knows, and that a workbook may not get wrong: countries, elements, units of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sourcing.workbook import check


@pytest.mark.parametrize(
    "tab, old, new, column, message",
    [
        ("Sites", ",MY,", ",KQ,", "Country", "is not a two-letter country code"),
        ("Rules", "CN; RU", "CN; R\u0423", "Countries", "R\u0423 is not a two-letter country code"),
        ("Lanes", "country:JP", "country:JQ", "To", "'JQ' is not a two-letter country code"),
        ("Content", ",Dy,", ",Dz,", "Element", "is the symbol of no element, and no other material holds it"),
        ("Content", "Nd; Pr", "Nd; Pz", "Counted as", "Pz is the symbol of no element"),
        ("Settings", "Risk weight,0,", "Risk weight,0,t", "Unit", "Risk weight has no unit"),
    ],
)
def test_a_wrong_one_is_told_once(starter: Path, tab: str, old: str, new: str, column: str, message: str) -> None:
    file = starter / f"{tab}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    [issue] = [issue for issue in check(starter)[1] if issue.severity == "error"]
    assert (issue.tab, issue.column, issue.message) == (tab, column, message)
    assert issue.suggestion
