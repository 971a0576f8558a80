"""The workbook of the bundled instance agrees with its plan."""

from pathlib import Path

import openpyxl
import pytest

from sourcing.plan import make_plan
from sourcing.report import write_plan
from sourcing.workbook import read

STARTER = Path(__file__).parents[2] / "instances" / "starter"


@pytest.fixture(scope="module")
def starter():
    return make_plan(read(STARTER))


@pytest.fixture(scope="module")
def book(starter, tmp_path_factory):
    path = tmp_path_factory.mktemp("starter") / "starter.plan.xlsx"
    write_plan(starter, path)
    return openpyxl.load_workbook(path)


def test_every_row_of_the_plan_stands_in_the_book(starter, book):
    for name, table in starter.tabs.items():
        if not table.rows:
            assert name not in book.sheetnames
            continue
        rows = list(book[name].iter_rows(min_row=2, values_only=True))
        for found, expected in zip(rows, table.rows, strict=name != "Run"):
            for cell, value in zip(found, expected, strict=True):  # a cell holds 16 digits
                assert cell == (pytest.approx(value, rel=1e-15, abs=0) if isinstance(value, float) else value or None)


def test_summary_shows_the_sums_of_the_tabs(starter, book):
    costs, demand = starter.tabs["Costs"], starter.tabs["Demand"]
    paid = sum(row["Counts"] for row in costs.records() if row["Kind"] not in ("shortage", "limit penalty"))
    short = sum(demand.column("Short"))
    met = 100 * sum(demand.column("Met")) / sum(demand.column("Demand"))
    numbers = [cell.value for row in book["Summary"].iter_rows() for cell in row if cell.data_type == "n"]
    for figure in (paid, short, met, starter.facts["largest_country_share"], starter.facts["estimate_share"]):
        assert any(number == pytest.approx(figure, rel=1e-9) for number in numbers if number is not None)


def test_charts_read_what_chart_data_holds(book):
    sheet = book["Chart data"]
    for chart in book["Summary"]._charts:
        for series in chart.series:
            cells = sheet[series.val.numRef.f.split("!")[1].replace("$", "")]
            cached = [float(point.v) for point in series.val.numRef.numCache.pt]
            assert cached == pytest.approx([cell.value for (cell,) in cells])
