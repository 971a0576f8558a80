import zipfile

import openpyxl
import pytest

from sourcing.components.horizon import Setting
from sourcing.report import write_plan
from sourcing.sheets import OutputError


@pytest.fixture
def book(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.xlsx", {"solve": 0.25})
    return openpyxl.load_workbook(tmp_path / "plan.xlsx", rich_text=False)


def test_sheets_are_the_summary_the_tabs_with_rows_and_the_chart_data(book, plan):
    assert book.sheetnames == ["Summary", *(name for name in plan.tabs if name != "Floors"), "Chart data"]


def test_header_names_the_unit_of_every_column(book, plan):
    for name in book.sheetnames[1:-1]:
        assert [cell.value for cell in book[name][1]] == [field.header for field in plan.tabs[name].fields]


def test_cells_hold_the_values_of_the_tables_in_full_precision(book, plan):
    for name in book.sheetnames[1:-2]:
        rows = [row[: len(plan.tabs[name].fields)] for row in book[name].iter_rows(min_row=2, values_only=True)]
        assert rows == [tuple(None if value == "" else value for value in row) for row in plan.tabs[name].rows]


def test_run_tells_the_times_and_the_tabs_left_out(book):
    assert list(book["Run"].iter_rows(min_row=2, values_only=True)) == [
        ("Instance", "small"),
        ("Gap", 0),
        ("Time to solve (s)", 0.25),
        ("Tabs left out: nothing to show", "Floors"),
    ]


def test_no_cell_is_a_formula_and_a_text_stays_a_text(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert len(cells) > 300
    assert not any(cell.data_type == "f" for cell in cells)
    assert book["Projects and qualifications"]["J2"].value == "=HYPERLINK(1)"


def test_an_equals_sign_is_stored_as_a_string_and_not_as_a_formula(book, tmp_path):
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as archive:
        assert "=HYPERLINK(1)" in archive.read("xl/sharedStrings.xml").decode()
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_every_tab_filters_freezes_and_prints(book):
    for sheet in book.worksheets[1:]:
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.freeze_panes.endswith("2") and sheet.freeze_panes != "A2"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage  # one page wide, as many high as it takes
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.oddFooter.right.text == "Page &P"  # of its own sheet, without how many there are in the book
        assert sheet.page_setup.useFirstPageNumber


def test_a_marking_stands_above_and_below_every_page(plan, tmp_path):
    plan.instance = plan.instance.with_rows(Setting(setting="Marking", value="R&D ONLY"))
    write_plan(plan, tmp_path / "plan.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "plan.xlsx"):
        assert sheet.oddHeader.center.text == sheet.oddFooter.center.text == "R&&D ONLY"


def test_addresses_link_to_the_cells_of_the_instance(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.xlsx", source="../small.xlsx")
    link = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Bottlenecks"]["K2"]
    assert (link.value, link.hyperlink.target, link.hyperlink.location) == ("Units!F3", r"..\small.xlsx", "'Units'!F3")
    write_plan(plan, tmp_path / "plan.xlsx", source="small")
    assert openpyxl.load_workbook(tmp_path / "plan.xlsx")["Bottlenecks"]["K2"].hyperlink.target == r"small\Units.csv"


def test_shares_lie_on_bars_out_of_100(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Demand"]
    (bar,) = [rule.dataBar for rules in sheet.conditional_formatting for rule in rules.rules if rule.type == "dataBar"]
    assert [(end.type, end.val) for end in bar.cfvo] == [("num", 0), ("num", 100)]


def test_numbers_of_all_kinds_on_run_are_readable(plan, tmp_path):
    plan.tabs["Run"].add("Rows", 12345)
    plan.tabs["Run"].add("Residual", 4.2e-7)
    write_plan(plan, tmp_path / "plan.xlsx")
    run = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Run"]
    assert [run[cell].number_format for cell in ("B2", "B4", "B5")] == ["General", "#,##0", "0.0E+00"]


def test_keys_stay_in_sight(book):
    # Demand's first number is in column E; Costs' first in F
    assert book["Demand"].freeze_panes == "E2"
    assert book["Costs"].freeze_panes == "F2"


@pytest.mark.parametrize(
    ("tab", "cell", "form"),
    [
        ("Sourcing", "G2", "#,##0.0"),  # t
        ("Sourcing", "H2", "#,##0.00"),  # USD/kg
        ("Demand", "H2", "0.0"),  # %
        ("Demand", "I2", "#,##0.00"),  # M USD
        ("Projects and qualifications", "F2", "0.00"),  # steps
        ("Costs", "H2", "0.0000"),  # 1
        ("Decisions", "E2", "General"),  # a count
        ("Decisions", "G2", "#,##0.00"),  # M USD
        ("Bottlenecks", "D2", "#,##0"),  # USD
        ("Bottlenecks", "F2", "#,##0.0"),  # t
        ("Sourcing", "F2", "General"),  # a period is a text
    ],
)
def test_a_number_is_shown_as_its_unit_asks(book, tab, cell, form):
    assert book[tab][cell].number_format == form


@pytest.mark.parametrize(
    ("tab", "column", "rule"),
    [("Demand", "L", ("greaterThan", "0.05")), ("Custody", "E", ("equal", '"not clean"'))],
)
def test_what_needs_attention_stands_out(book, tab, column, rule):
    found = {
        str(cells.sqref).split(":")[0]: (one.operator, one.formula[0])
        for cells, rules in book[tab].conditional_formatting._cf_rules.items()
        for one in rules
        if one.type != "dataBar"
    }
    assert found[f"{column}2"] == rule


def test_numbers_stand_right_and_texts_left(book):
    assert book["Sourcing"]["G2"].alignment.horizontal == "right"
    assert book["Sourcing"]["F2"].alignment.horizontal == "left"
    assert book["Sourcing"]["F2"].value == "2026"
    assert book["Bottlenecks"]["K2"].value == "Units!F3"


def test_columns_hold_their_longest_text_and_long_texts_wrap(book):
    sheet = book["Sourcing"]
    for column in sheet.iter_cols():
        longest = max(len(str(cell.value)) for cell in column[1:])
        assert sheet.column_dimensions[column[0].column_letter].width > longest
    notes = book["Data notes"]
    # 40 words of 33 pixels are three lines of at most 545: 3 * 18 pixels = 40.5 points
    assert notes["C2"].alignment.wrap_text
    assert notes.row_dimensions[2].height == 40.5


def test_a_long_header_takes_two_lines(book):
    # "Below service" has 13 characters: 13 * 1.1 + 4, and 0.7 for the cell's edges; on one line it would be 27
    assert book["Demand"].column_dimensions["L"].width == pytest.approx(18.3 + 0.7, abs=0.1)


def test_first_header_says_what_the_tab_is(book):
    assert book["Sourcing"]["A1"].comment.text == "What Sourcing shows."
    assert book["Demand"]["J1"].comment.text == "cost of one more kilogram"


def test_properties_say_what_the_book_may_replace(book, instance):
    found = {item.name: item.value for item in book.custom_doc_props.props}
    assert found["sourcing-plan-of"] == "small"
    assert found["input_sha256"] == instance.sha256()
    assert found["sourcing-version"].count(".") == 2


def test_a_book_without_a_plan_holds_only_why_and_run(no_plan, tmp_path):
    write_plan(no_plan, tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Why", "Run"]
    assert [cell.value for cell in book["Why"][1]] == ["Where", "Rule", "Amount (t)"]
    assert [cell.value for cell in book["Why"][2]] == ["Contracts!F2", "a firm minimum above the capacity", 12.5]
    assert [cell.value for cell in book["Run"][2]] == ["Result", "No plan."]
    assert {item.name for item in book.custom_doc_props.props} >= {"sourcing-plan-of", "input_sha256"}


def test_two_writings_differ_in_nothing_but_the_date(plan, tmp_path):
    contents = []
    for name in ("a.xlsx", "b.xlsx"):
        write_plan(plan, tmp_path / name)
        with zipfile.ZipFile(tmp_path / name) as archive:
            contents.append({part: archive.read(part) for part in archive.namelist() if part != "docProps/core.xml"})
    assert contents[0] == contents[1]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_with_its_place(plan, tmp_path, value):
    plan.tabs["Demand"].rows[1] = (*plan.tabs["Demand"].rows[1][:-1], value)
    with pytest.raises(OutputError, match="Demand, Below service level, row 3"):
        write_plan(plan, tmp_path / "plan.xlsx")


def test_a_text_too_long_for_a_cell_is_refused(plan, tmp_path):
    plan.tabs["Data notes"].add("estimate", "", "x" * 40_000)
    with pytest.raises(OutputError, match="40,000 characters"):
        write_plan(plan, tmp_path / "plan.xlsx")


def test_a_folder_that_is_not_there_is_told(plan, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_plan(plan, tmp_path / "nowhere" / "plan.xlsx")
