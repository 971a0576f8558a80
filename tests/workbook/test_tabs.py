"""How headers are read, and how the cells of a tab become rows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import pytest

from sourcing.sheets import Series
from sourcing.workbook.grid import Cell
from sourcing.workbook.parse import Sheet

Parse = Callable[..., Sheet]
UNIT = ["Unit", "Site", "2026 (t/y)", "2027 (t/y)"]


def told(sheet: Sheet) -> list[tuple[str, str, str]]:
    """Cell, message and remedy of each issue."""
    return [(issue.cell, issue.message, issue.suggestion) for issue in sheet.issues]


# ------------------------------------------------------------------------------------------------ headers


def test_headers_ignore_case_and_spacing(parse: Parse) -> None:
    sheet = parse("Units", ["UNIT", "si\u202fte", "minimum\u00a0LOAD ( % )", "2026(t/y)"], ["u", "s", "40", "1"])
    assert told(sheet) == []
    assert (sheet.rows[0].site, sheet.rows[0].minimum_load) == ("s", 40)


@pytest.mark.parametrize(
    "header, typed, kept",
    [
        ("Freight (USD/kg)", "0.3", 300),  # 0.3 USD/kg = 300 USD/t
        ("Freight (k USD/t)", "0.3", 300),
        ("Freight (USD/kt)", "300000", 300),
        ("Lead time (months)", "6", 182.5),  # 6/12·365 days
        ("Maximum (kt/y)", "2", 2000),
    ],
)
def test_a_known_unit_is_converted(parse: Parse, header: str, typed: str, kept: float) -> None:
    sheet = parse("Lanes", ["From", "To", "Material or Form", header], ["a", "b", "any", typed])
    fields = {"Freight": "freight", "Lead time": "lead_time", "Maximum": "maximum"}
    assert told(sheet) == []
    assert getattr(sheet.rows[0], fields[header.split(" (")[0]]) == pytest.approx(kept, rel=1e-12)


@pytest.mark.parametrize("unit", ["USD/lb", "EUR/t", "USD", "USD/mt", "t"])
def test_an_unknown_or_other_unit_is_an_error(parse: Parse, unit: str) -> None:
    sheet = parse("Lanes", ["From", "To", "Material or Form", f"Freight ({unit})"], ["a", "b", "any", "tbc"])
    message = f"the unit '{unit}' cannot be read: this column is in USD/t"
    assert told(sheet) == [("D1", message, "write 'Freight (USD/t)'")]  # and nothing about its cells


@pytest.mark.parametrize(
    "header, wanted",
    [("Freight", "Freight (USD/t)"), ("Tariff", "Tariff (%)"), ("Maximum ()", "Maximum (t/y)")],
)
def test_a_missing_unit_is_an_error(parse: Parse, header: str, wanted: str) -> None:
    sheet = parse("Lanes", ["From", "To", "Material or Form", header], ["a", "b", "any", "1"])
    assert told(sheet) == [("D1", "the unit is missing", f"write '{wanted}'")]


def test_times_and_pure_numbers_may_omit_the_unit(parse: Parse) -> None:
    lanes = parse("Lanes", ["From", "To", "Material or Form", "Lead time"], ["a", "b", "any", "30"])
    assert (told(lanes), lanes.rows[0].lead_time) == ([], 30)
    content = parse("Content", ["Material", "Element", "Content"], ["m", "Nd", "0.5"])
    assert (told(content), content.rows[0].content) == ([], 0.5)


def test_a_text_column_has_no_unit(parse: Parse) -> None:
    sheet = parse("Recipes", ["Recipe", "Material (t)", "Input", "Output"], ["r", "m", "1", None])
    message = "the unit 't' cannot be read: this column has no unit"
    assert told(sheet) == [("B1", message, "write 'Material'")]


def test_an_unknown_column_names_the_nearest(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "Sight", "2026 (t/y)", "Colour"], ["u", "s", "1", "red"])
    remedy = "delete it, or begin the tab's name with '_' if it is no part of the instance"
    assert told(sheet) == [
        ("B1", "is not a column of tab Units", "did you mean 'Site'?"),
        ("D1", "is not a column of tab Units", remedy),
    ]


def test_a_missing_or_doubled_column(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "2026 (t/y)", "unit"], ["u", "1", "v"])
    assert told(sheet) == [
        ("C1", "this column stands already in A1", "delete one of the two"),
        ("", "the column Site is missing", "add it: 'Site'"),
    ]


def test_values_under_a_blank_header(parse: Parse) -> None:
    sheet = parse("Units", [*UNIT, None], ["u", "s", "1", None, None], ["v", "s", "1", None, "stray"])
    message = "the header is blank, but the column holds values (first in E3)"
    assert told(sheet) == [("E1", message, "write the header, or delete the column")]


def test_a_blank_first_row(parse: Parse) -> None:
    sheet = parse("Units", [], UNIT)
    assert told(sheet)[0][:2] == ("A1", "row 1 is blank; it must hold the headers")


# ------------------------------------------------------------------------------------------------ rows and their cells


def test_rows_know_their_line_and_cells(parse: Parse) -> None:
    sheet = parse("Units", UNIT, [None] * 4, ["u", "s", "1", "2"])
    assert [row.line for row in sheet.rows] == [3]  # the blank row is skipped and counted
    assert sheet.cells == {
        ("Units", 3, "unit"): "A3",
        ("Units", 3, "site"): "B3",
        ("Units", 3, "capacity"): "C3",
        ("Units", 3, "capacity@2026"): "C3",
        ("Units", 3, "capacity@2027"): "D3",
    }


def test_a_row_that_is_off_is_kept_and_its_cells_are_read(parse: Parse) -> None:
    sheet = parse("Units", [*UNIT, "Active"], ["u", "s", "tbc", "2", "no"])
    assert [row.active for row in sheet.rows] == [False]
    assert [issue.cell for issue in sheet.issues] == ["C2"]


def test_a_faulty_row_is_kept_with_neutral_values(parse: Parse) -> None:
    sheet = parse("Periods", ["Period", "Start", "Years"], ["2026", "soon", "long"])
    row = sheet.rows[0]
    assert [issue.cell for issue in sheet.issues] == ["B2", "C2"]
    assert (row.period, row.start, row.years) == ("2026", dt.date(2000, 1, 1), 1)
    assert sheet.faulty == {2}


def test_an_issue_shows_what_was_typed(parse: Parse) -> None:
    header = ["From", "To", "Material or Form", "Freight (USD/t)"]
    sheet = parse(
        "Lanes", header, ["a", "b", "any", Cell(0.07, percent=True)], ["a", "b", "any", Cell("=A1", formula=True)]
    )
    assert [(issue.cell, issue.column, issue.value) for issue in sheet.issues] == [
        ("D2", "Freight", "7 %"),
        ("D3", "Freight", "=A1"),
    ]


# ------------------------------------------------------------------------------------------------ numbers over time


def capacity(sheet: Sheet) -> list[Any]:
    return [row.capacity for row in sheet.rows]


def test_spans_in_columns(parse: Parse) -> None:
    header = ["Unit", "Site", "2027H1 (t/y)", "2026 (kt/y)", "2028Q3 (t/y)"]
    sheet = parse("Units", header, ["u", "s", "10", "0.02", "none"], ["v", "s", None, "1", "0"])
    assert told(sheet) == []
    # each header has its own unit; a blank carries the last value forward
    assert capacity(sheet) == [Series((2026, 2027, 2028.5), (20, 10, math.inf)), Series((2026, 2028.5), (1000, 0))]


def test_span_headers_may_be_numbers(parse: Parse) -> None:
    header: list[Any] = ["Index", "2026.0 (USD/kg)", "2027 (USD/t)"]
    sheet = parse("Prices", header, ["x", 60, 61000], typed=True)
    assert (told(sheet), sheet.rows[0].price) == ([], Series((2026, 2027), (60, 61)))
    bare = parse("Units", ["Unit", "Site", 2026, 2027.0], ["u", "s", 1, 2], typed=True)
    assert [(issue.cell, issue.suggestion) for issue in bare.issues] == [
        ("C1", "write '2026 (t/y)'"),
        ("D1", "write '2027 (t/y)'"),
    ]


def test_a_bare_span_needs_a_tab_with_one_number_over_time(parse: Parse) -> None:
    header = ["Contract", "Seller", "Buyer", "Material", "2026 (t/y)", "Maximum 2026 (t/y)", "Premium 2026 (%)"]
    sheet = parse("Contracts", header, ["c", "s", "any", "m", "1", "2", "3"])
    assert told(sheet) == [
        ("E1", "does not say which number it is", "write 'Minimum 2026 (t/y)' or 'Maximum 2026 (t/y)'"),
        ("G1", "Premium does not change over time", "write 'Premium (%)'"),
    ]
    assert sheet.rows[0].maximum == Series((2026,), (2,))


def test_one_column_for_all_time(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "Site", "Capacity (t/y)"], ["u", "s", "5"])
    assert (told(sheet), capacity(sheet)) == ([], [Series.constant(5)])


def test_an_optional_number_over_time_may_be_blank(parse: Parse) -> None:
    header = ["Contract", "Seller", "Buyer", "Material", "Minimum (t/y)", "Maximum 2026 (t/y)"]
    sheet = parse("Contracts", header, ["c", "s", "any", "m", None, None])
    assert (told(sheet), sheet.rows[0].minimum, sheet.rows[0].maximum) == ([], None, None)


def test_a_leading_blank_is_an_error(parse: Parse) -> None:
    sheet = parse("Units", UNIT, ["u", "s", None, "2"], ["v", "s", None, None])
    rule = ("the first value may not be blank", "write 0 or none")
    assert told(sheet) == [("C2", *rule), ("C3", *rule)]


def test_overlapping_spans(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "Site", "2027H1 (t/y)", "2027 (t/y)", "2027H1 (t/y)"], ["u", "s", "1", "2", "3"])
    assert told(sheet) == [
        ("D1", "overlaps C1 (2027H1)", "keep one of the two"),
        ("E1", "stands already in C1 (2027H1)", "keep one of the two"),
    ]


def test_no_span_of_the_calendar(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "Site", "2027Q5 (t/y)"], ["u", "s", "1"])
    assert told(sheet) == [("C1", "is not a calendar span", "write a span such as 2026, 2027H1 or 2028Q3")]


def test_a_number_both_over_time_and_for_all_time(parse: Parse) -> None:
    sheet = parse("Units", [*UNIT, "Capacity (t/y)"], ["u", "s", "1", "2", "3"])
    assert told(sheet) == [("E1", "stands also over time, from C1 on", "keep one of the two")]


def test_a_number_over_time_that_is_missing(parse: Parse) -> None:
    sheet = parse("Units", ["Unit", "Site"], ["u", "s"])
    assert told(sheet) == [("", "the column Capacity is missing", "add it: '2026 (t/y)'")]


# ------------------------------------------------------------------------------------------------ rows with a Period

LONG = ["Unit", "Period", "Site", "Capacity (t/y)"]


def test_rows_with_a_period_merge(parse: Parse) -> None:
    sheet = parse(
        "Units",
        LONG,
        ["u", "2027H1", "s", "2"],
        ["v", None, "s", "9"],
        ["u", "first", "s", "1"],
        first=(2026.0, 2027.0),
    )
    assert told(sheet) == []
    assert [(row.unit, row.line) for row in sheet.rows] == [("u", 2), ("v", 3)]
    assert capacity(sheet) == [Series((2026, 2027), (1, 2)), Series.constant(9)]
    assert sheet.cells["Units", 2, "capacity@2027H1"] == "D2"
    assert sheet.cells["Units", 2, "capacity@first"] == "D4"


def test_a_blank_period_holds_until_the_next_begins(parse: Parse) -> None:
    sheet = parse("Units", LONG, ["u", None, "s", "1"], ["u", "2028", "s", "2"])
    assert (told(sheet), capacity(sheet)) == ([], [Series((-math.inf, 2028), (1, 2))])


def test_other_columns_of_merged_rows_must_agree(parse: Parse) -> None:
    sheet = parse("Units", LONG, ["u", "2026", "s", "1"], ["u", "2027", "t", "2"])
    assert told(sheet) == [
        ("C3", "differs from line 2 of the same row", "only Period and the numbers over time may differ")
    ]


def test_periods_of_one_row_may_not_overlap(parse: Parse) -> None:
    sheet = parse("Units", LONG, ["u", "2026", "s", "1"], ["u", "2026H2", "s", "2"])
    assert told(sheet) == [("B3", "2026H2 stands also in line 2, for the same row", "keep one of the two")]


def test_a_period_that_is_none(parse: Parse) -> None:
    header = ["Contract", "Seller", "Buyer", "Material", "Period", "Minimum (t/y)", "Maximum (t/y)"]
    sheet = parse("Contracts", header, ["c", "s", "any", "m", "frist", "1", "2"], first=(2026.0, 2027.0))
    assert told(sheet) == [("E2", "is neither a calendar span nor a period", "did you mean 'first'?")]
