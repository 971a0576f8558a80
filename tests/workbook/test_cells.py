"""What one cell means under its column."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest

from sourcing.components.contracts import Contract
from sourcing.components.demand import ShortageStep, Substitute
from sourcing.components.horizon import Period, Setting
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.rules import Rule
from sourcing.sheets import Column, Selector
from sourcing.workbook.cells import Cell, Context, Fault, parse, value_of

FREIGHT = Lane.columns["freight"]
TARIFF = Lane.columns["tariff"]
CAPACITY = Unit.columns["capacity"]
SHARE = Contract.columns["maximum_share"]


def read(value: Any, column: Column, **marks: Any) -> tuple[Any, list[str]]:
    """Value and warnings of a workbook's cell."""
    heard: list[str] = []
    context = Context(warn=lambda message, remedy: heard.append(f"{message} ({remedy})"))
    return value_of(Cell(value, **marks), column, context), heard


def fault(value: Any, column: Column, **marks: Any) -> str:
    with pytest.raises(Fault) as caught:
        read(value, column, **marks)
    return f"{caught.value.message} ({caught.value.suggestion})"


@pytest.mark.parametrize(
    "text, number", [("1200", 1200), ("1200.5", 1200.5), ("1.200", 1.2), (".5", 0.5), ("1e3", 1e3)]
)
def test_plain_numbers_are_normal_in_csv(text: str, number: float) -> None:
    assert read(text, FREIGHT, typed=False) == (number, [])


@pytest.mark.parametrize("text, number", [("1200", 1200), ("1200.5", 1200.5), ("0.125", 0.125), ("1,234,567", 1234567)])
def test_text_numbers_of_a_workbook_are_read_with_a_warning(text: str, number: float) -> None:
    assert read(text, FREIGHT) == (number, [f"is text; read as {number:.15g} (write it as a number)"])


def test_grouped_thousands_in_csv_are_read_with_a_warning() -> None:
    assert read("1,234,567", FREIGHT, typed=False) == (1234567, ["is text; read as 1234567 (write it as a number)"])


@pytest.mark.parametrize("text, typed", [("1,200", True), ("1.200", True), ("1,200", False)])
def test_what_a_locale_could_read_two_ways_is_refused(text: str, typed: bool) -> None:
    assert fault(text, FREIGHT, typed=typed) == (
        "is text that can be read as two numbers (write 1200 or 1.2 as a number)"
    )


@pytest.mark.parametrize(
    "value, message",
    [
        ("1.200,5", "is text with a decimal comma, a number is needed (write 1200.5 as a number)"),
        ("12,5", "is text with a decimal comma, a number is needed (write 12.5 as a number)"),
        ("½", "is not a number (write a number, or leave the cell blank for 0)"),
        ("tbc", "is not a number (write a number, or leave the cell blank for 0)"),
        ("nan", "is not a number (write a number, or leave the cell blank for 0)"),
        ("inf", "is not a number (write a number, or leave the cell blank for 0)"),
        ("none", "is not a number (write a number, or leave the cell blank for 0)"),
        ("90%", "is text with a percent sign, a number is needed (write a number)"),
        (True, "is yes or no, a number is needed (write a number, or leave the cell blank for 0)"),
        (math.nan, "is not a finite number (write a number, or leave the cell blank for 0)"),
        (math.inf, "is not a finite number (write a number, or leave the cell blank for 0)"),
        (1e16, "is beyond 1e+15, which no figure of a plan is (write a number, or leave the cell blank for 0)"),
        (dt.datetime(2027, 6, 30), "is a date, a number is needed (format the cell as a number)"),
        # day 2026 of the calendar of spreadsheets
        (
            dt.datetime(1905, 7, 18),
            "is a date, a number is needed (perhaps 2026, formatted as a date) (format the cell as a number)",
        ),
        (dt.time(12), "is a date, a number is needed (format the cell as a number)"),
        (-1, "must be 0 or more (did you mean 1?)"),
    ],
)
def test_what_is_no_number_is_refused_with_a_remedy(value: Any, message: str) -> None:
    assert fault(value, FREIGHT) == message


def test_limits_are_told_in_words() -> None:
    assert read(101, TARIFF) == (101, [])
    assert fault(101, SHARE) == "must be 0 to 100 % (write such a number, or leave the cell blank)"
    assert fault(0, Period.columns["years"]) == "must be above 0 (write such a number)"
    assert fault(0, ShortageStep.columns["up_to"]) == (
        "must be above 0 and at most 100 % of demand (write such a number)"
    )
    assert fault(0, Substitute.columns["ratio"]).startswith("must be above 0 (write such a number")
    assert fault(91, Site.columns["latitude"]).startswith("must be -90 to 90 (write such a number")


def test_a_percent_cell_means_what_it_shows() -> None:
    assert read(0.07, TARIFF, percent=True) == (7, [])  # 0.07·100 is 7.000000000000001
    assert read(0.005, TARIFF, percent=True) == (0.5, [])
    assert fault(92, SHARE, percent=True) == "must be 0 to 100 % (did you mean 92 %?)"
    assert fault(0.07, FREIGHT, percent=True) == (
        "is formatted as a percentage, but the column is in USD/t (format the cell as a number)"
    )
    assert fault("90%", TARIFF) == "is text with a percent sign, a number is needed (write 90)"


@pytest.mark.parametrize("value", [0.07, 0.5])
def test_a_plain_number_below_1_under_percent_is_told_both_readings(value: float) -> None:
    shown = f"is read as {value:g} %, not as {value * 100:g} % (write {value * 100:g} if that is meant)"
    assert read(value, TARIFF) == (value, [shown])


@pytest.mark.parametrize("value", [0, 1, 7])
def test_whole_percents_are_told_nothing(value: float) -> None:
    assert read(value, TARIFF) == (value, [])


def test_words_stand_for_numbers_where_the_column_says_so() -> None:
    assert read("FIRM", Contract.columns["take_or_pay"]) == ("firm", [])
    assert read("None", CAPACITY) == (math.inf, [])


def test_errors_and_uncalculated_formulas() -> None:
    assert fault("#N/A", FREIGHT, error=True) == "is an error value (repair its formula, or write the value)"
    assert fault("=B2*3", FREIGHT, formula=True) == (
        "is a formula without a stored value (open in Excel or LibreOffice, save, try again)"
    )


def test_blanks() -> None:
    assert value_of(None, FREIGHT) == 0
    assert value_of(None, Lane.columns["maximum"]) is None
    with pytest.raises(Fault) as caught:
        value_of(None, Lane.columns["origin"])
    assert (caught.value.message, caught.value.suggestion) == ("may not be blank", "write any if it is meant")


@pytest.mark.parametrize("value, id", [(2026, "2026"), (2026.0, "2026"), ("2026.0", "2026"), ("1.0", "1.0"), (7, "7")])
def test_a_number_in_an_id_is_its_shortest_text(value: Any, id: str) -> None:
    assert read(value, Period.columns["period"]) == (id, [])


def test_a_date_or_truth_value_is_no_id() -> None:
    assert fault(dt.datetime(2026, 1, 1), Period.columns["period"]).startswith("is a date, a text is needed")
    assert fault(True, Period.columns["period"]).startswith("is TRUE or FALSE, a text is needed")


def test_texts_keep_what_is_shown() -> None:
    value = Setting.columns["value"]
    assert read(0.07, value, percent=True) == ("7", [])
    assert read(7.0, value) == ("7", [])
    assert read(2.5, value) == ("2.5", [])
    assert read(dt.datetime(2026, 11, 22), value) == ("2026-11-22", [])
    assert read(True, value) == ("yes", [])


@pytest.mark.parametrize(
    "value, first, last",
    [
        (dt.datetime(2027, 6, 30), dt.date(2027, 6, 30), dt.date(2027, 6, 30)),
        ("2027-06-30", dt.date(2027, 6, 30), dt.date(2027, 6, 30)),
        ("2027-06-30 00:00:00", dt.date(2027, 6, 30), dt.date(2027, 6, 30)),
        (2027, dt.date(2027, 1, 1), dt.date(2027, 12, 31)),
        ("2027", dt.date(2027, 1, 1), dt.date(2027, 12, 31)),
        ("2027H1", dt.date(2027, 1, 1), dt.date(2027, 6, 30)),
        ("2028 q3", dt.date(2028, 7, 1), dt.date(2028, 9, 30)),
        ("2028Q1", dt.date(2028, 1, 1), dt.date(2028, 3, 31)),
    ],
)
def test_dates(value: Any, first: dt.date, last: dt.date) -> None:
    assert read(value, Contract.columns["since"]) == (first, [])
    assert read(value, Contract.columns["until"]) == (last, [])


@pytest.mark.parametrize("value", ["soon", "30.06.2027", "2027-02-30", "2027-06-30 12:00:00", 46000, True, "2027Q5"])
def test_what_is_no_date(value: Any) -> None:
    assert fault(value, Contract.columns["since"]) == "is not a date (write a date such as 2027-06-30, or a year)"


def test_a_year_that_is_formatted_as_a_date() -> None:
    assert fault(dt.datetime(1905, 7, 19), Contract.columns["since"]).startswith(
        "is a date long ago (perhaps 2027, formatted as a date)"
    )


def test_yes_and_no() -> None:
    allied = Entity.columns["allied"]
    assert [read(value, allied)[0] for value in ("Yes", "NO", True, "false")] == [True, False, True, False]
    assert fault("maybe", allied) == "must be yes or no (write yes or no)"
    assert fault(1, allied) == "must be yes or no (write yes or no)"


def test_choices() -> None:
    assert read(" Signed", Contract.columns["status"])[0] == "signed"
    assert fault("signd", Contract.columns["status"]) == "must be signed or option (did you mean 'signed'?)"
    assert read("Alloy;  magnet", Rule.columns["stages"])[0] == ("alloy", "magnet")
    assert fault("alloy; magnetic", Rule.columns["stages"]) == (
        "must be one of mine, crack, separation, metal, alloy, magnet, recycling (did you mean 'magnet'?)"
    )


def test_lists() -> None:
    assert read("CN; RU;", Rule.columns["countries"])[0] == ("CN", "RU")
    assert read(7052, Rule.columns["countries"])[0] == ("7052",)
    assert fault("CN, RU", Rule.columns["countries"]) == "is a list joined by ',' (write 'CN; RU')"


def test_lists_of_percents() -> None:
    ramp = Project.columns["ramp"]
    assert read("40; 80; 100", ramp) == ((40, 80, 100), [])
    assert read(0.4, ramp, percent=True) == ((40,), [])
    assert fault("40; most", ramp).startswith("is not a number")
    assert fault("-1; 50", ramp) == "must be 0 or more (did you mean 1?)"


def test_spans() -> None:
    assert read(2027, Limit.columns["first"])[0] == "2027"
    assert read("2027h1", Limit.columns["first"])[0] == "2027H1"


def test_selectors() -> None:
    origin, goods = Lane.columns["origin"], Lane.columns["goods"]
    assert read("country:jp; Entity: lynas; kuantan", origin)[0] == Selector(
        (("country", "JP"), ("entity", "lynas"), ("id", "kuantan"))
    )
    assert read("ANY", origin)[0] == Selector((("any", ""),))
    assert str(read("allied; any", origin)[0]) == "allied; any"
    assert read("Form: Oxide", goods)[0] == Selector((("form", "oxide"),))


def test_a_bare_form_is_a_form_unless_a_material_has_that_id() -> None:
    goods = Lane.columns["goods"]
    assert parse("heavy concentrate", goods) == Selector((("form", "heavy concentrate"),))
    assert parse("oxide", goods, frozenset({"oxide"})) == Selector((("id", "oxide"),))
    assert parse("oxide", Lane.columns["origin"]) == Selector((("id", "oxide"),))


@pytest.mark.parametrize(
    "text, message",
    [
        ("county:JP", "begins with 'county:', which selects nothing (did you mean 'country:'?)"),
        ("q:JP", "begins with 'q:', which selects nothing (write an id, or country:…, entity:…, allied, any)"),
        ("form:oxide", "'form' may not be used here (write an id, or country:…, entity:…, allied, any)"),
        ("country:Japan", "'Japan' is not a two-letter country code (write it as in country:JP)"),
        ("entity:", "names no entity (write it as in entity:ID)"),
        ("kuantan, japan", "is a list joined by ',' (write 'kuantan; japan')"),
        (";", "names nothing (write any if it is meant)"),
    ],
)
def test_selectors_that_select_nothing(text: str, message: str) -> None:
    assert fault(text, Lane.columns["origin"]) == message


def test_any_only_where_it_may_stand() -> None:
    assert fault("any", Contract.columns["seller"]) == "'any' may not be used here (write an id, or entity:…)"


def test_a_unit_factor_leaves_no_dust() -> None:
    # 1.1 USD/kg is 1,100 USD/t, and 1.1·1000 is 1100.0000000000002
    assert value_of(Cell(1.1), Process.columns["cost"], Context(factor=1000.0)) == 1100
