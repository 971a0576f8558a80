"""What is written as a folder reads back as the same instance."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from sourcing.components.contracts import Contract
from sourcing.components.lanes import Lane
from sourcing.components.production import Unit
from sourcing.instance import Instance
from sourcing.sheets import OutputError, Selector, Series
from sourcing.workbook import read, write_folder
from sourcing.workbook.folder import layout


def back(instance: Instance, folder: Path) -> Instance:
    write_folder(instance, folder)
    return read(folder)


def test_the_starter_comes_back(starter: Path, tmp_path: Path) -> None:
    instance = read(starter)
    again = back(instance, tmp_path / "again")
    assert list(again.rows()) == list(instance.rows())
    assert again.sha256() == instance.sha256()
    assert (
        (tmp_path / "again" / "Units.csv")
        .read_text(encoding="utf-8")
        .startswith("Unit,Site,Minimum load (%),Fixed cost (M USD/y),Running cost (M USD/y),2026 (t/y),2027 (t/y),")
    )


def test_every_kind_of_cell_comes_back(starter: Path, tmp_path: Path) -> None:
    instance = read(starter)
    lane = dataclasses.replace(
        instance[Lane][0],
        origin=Selector((("country", "AU"), ("any", ""))),
        goods=Selector((("form", "heavy concentrate"), ("form", "oxide"))),
        freight=1 / 3,
        maximum=0.0,
        note='a "quoted", text;\nof two lines',
        active=False,
    )
    contract = dataclasses.replace(
        instance[Contract][0], minimum=Series((2026.0,), (1.0,)), maximum=Series.constant(math.inf), take_or_pay="firm"
    )
    changed = instance.replace(Lane, [lane]).with_rows(contract)
    again = back(changed, tmp_path / "again")
    assert again.all(Lane) == (lane,)
    assert again.sha256() == changed.sha256()


def headers(instance: Instance, row_type: type = Unit) -> tuple[str, ...]:
    return layout(instance, row_type).headers


def units(instance: Instance, *series: Series) -> Instance:
    """The instance with as many of its units, whose capacities are these."""
    rows = [dataclasses.replace(row, capacity=one) for row, one in zip(instance[Unit], series, strict=False)]
    rest = [dataclasses.replace(row, capacity=series[0]) for row in instance[Unit][len(series) :]]
    return instance.replace(Unit, [*rows, *rest])


def test_one_column_where_nothing_changes(starter: Path, tmp_path: Path) -> None:
    instance = units(read(starter), Series.constant(5))
    assert "Capacity (t/y)" in headers(instance)
    assert list(back(instance, tmp_path / "again").rows()) == list(instance.rows())


def test_parts_of_years_get_headers_that_do_not_overlap(starter: Path, tmp_path: Path) -> None:
    instance = units(
        read(starter), Series((2026, 2027, 2027.5, 2028.25), (1, 2, 3, 4)), Series((2026, 2028.25), (5, 6))
    )
    spans = [header for header in headers(instance) if header[:2] == "20"]
    assert spans == ["2026 (t/y)", "2027H1 (t/y)", "2027H2 (t/y)", "2028Q2 (t/y)"]
    assert list(back(instance, tmp_path / "again").rows()) == list(instance.rows())


def test_rows_with_a_period_where_headers_cannot_tell(starter: Path, tmp_path: Path) -> None:
    # constants, one that is constant until it changes, one over time
    mixed = Series.constant(9), Series((-math.inf, 2028), (1, math.inf)), Series((2026, 2027.5), (3, 4))
    instance = units(read(starter), *mixed)
    assert headers(instance)[:3] == ("Unit", "Period", "Site")
    assert list(back(instance, tmp_path / "again").rows()) == list(instance.rows())


def test_two_numbers_over_time_keep_their_names(starter: Path) -> None:
    instance = read(starter)
    first = dataclasses.replace(instance[Contract][0], minimum=Series((2026, 2027), (1, 2)))
    others = [dataclasses.replace(row, minimum=None) for row in instance[Contract][1:]]
    found = headers(instance.replace(Contract, [first, *others]), Contract)
    assert found[6:9] == ("Minimum 2026 (t/y)", "Minimum 2027 (t/y)", "Maximum (t/y)")


def test_a_start_that_no_header_names(starter: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"Units\[mt_weld_mine\]: no calendar span or period lies within 2026"):
        write_folder(units(read(starter), Series((2026.0, 2026.1), (1, 2))), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_folder_is_replaced_whole_or_not_at_all(starter: Path, tmp_path: Path) -> None:
    instance = read(starter)
    (starter / "Waivers.csv").write_text("Rule\n")
    write_folder(instance, starter)
    assert not (starter / "Waivers.csv").exists()
    (starter / "letter.txt").write_text("keep me")
    with pytest.raises(OutputError, match="holds more than the tabs of an instance"):
        write_folder(instance, starter)
    assert (starter / "letter.txt").read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["starter"]


def test_a_place_that_cannot_be_written(starter: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_folder(read(starter), tmp_path / "file" / "again")
