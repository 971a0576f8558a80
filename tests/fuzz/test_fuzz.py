"""A short seeded share of the fuzzer; `fuzzing.py` runs it at length."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("resource", reason="the fuzzer's limits are of POSIX systems")

from fuzzing import case, judged

CASES = {"workbook": 8, "folder": 20}


@pytest.mark.parametrize("kind", list(CASES))
def test_whatever_is_in_a_file_is_told_in_words(tmp_path: Path, kind: str) -> None:
    outcomes = set()
    for number in range(CASES[kind]):
        given = case(0, number, kind, tmp_path, "starter")
        outcome, wrong = judged(given.path)
        assert not wrong, f"case {number}, {given.done}: {wrong}"
        outcomes.add(outcome)
    assert {"sound", "faulty"} <= outcomes  # so that both ways through the reader are walked


def test_a_case_is_drawn_from_its_number_alone(tmp_path: Path) -> None:
    first, again = (case(3, 5, "folder", tmp_path, "starter") for _ in range(2))
    assert first == again
    assert first.done != case(3, 6, "folder", tmp_path, "starter").done
