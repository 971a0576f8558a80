import datetime as dt
import io
import math
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sourcing.components import TAB_ORDER
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period, Setting
from sourcing.components.materials import Material
from sourcing.components.places import Entity, Site
from sourcing.components.production import Unit
from sourcing.components.rules import Rule
from sourcing.files import example
from sourcing.instance import Instance
from sourcing.sheets import TABS, Selector, Series
from sourcing.workbook import read
from sourcing.workbook.blank import blank_instance
from sourcing.workbook.dropdowns import INLINE_LIST, TEXT, TITLE, rules_of, short
from sourcing.workbook.guide import guide_rows
from sourcing.workbook.template import table_of, write_workbook

STARTER = Path(__file__).parents[2] / "instances" / "starter.xlsx"


def site(name: str) -> Selector:
    return Selector((("id", name),))


def awkward() -> Instance:
    """A valid instance of everything that a spreadsheet likes to change."""
    return Instance(
        [
            Setting(setting="Title", value="=1+1"),
            *(Period(period=str(year), start=dt.date(year, 1, 1), years=1.0) for year in (2026, 2027, 2028)),
            Material(material="2026", name="007", form="oxide"),  # an id that looks like a number
            Entity(entity="1e5", country=("AU", "JP"), role="buyer", allied=True),
            Site(site="TRUE", entity="1e5", country="AU", latitude=-28.86, note="=HYPERLINK(\"x\")"),
            Site(site="plant", entity="1e5", country="ZZ", active=False, note="off"),
            Unit(unit="u", site="TRUE", minimum_load=7.0, capacity=Series((2026.0, 2027.0, 2027.5), (1.5, 0.0, 2.0))),
            Unit(unit="v", site="TRUE", minimum_load=0.5, capacity=Series((2026.0,), (1 / 3,))),
            Unit(unit="w", site="TRUE", capacity=Series((2026.0, 2027.0), (0.0, math.inf))),
            Rule(rule="r", version="1", since=dt.date(2027, 1, 1), countries=("CN",), stages=("mine", "magnet"),
                 elements=("strict",), tolerance=0.0),
            Demand(customer="TRUE", material="2026", rules=("r@1",), demand=Series((2026.0, 2028.0), (10.0, 12.25))),
            Contract(contract="c", seller=site("plant"), buyer=site("TRUE"), material="2026", fixed=3.5,
                     take_or_pay="firm", until=dt.date(2027, 12, 31), maximum=Series.constant(5.0),
                     minimum=Series((2026.0,), (1.0,)), active=False),
        ]
    )  # fmt: skip


def test_starter_folder_and_workbook_are_one_instance():
    folder, book = read(example("starter")), read(STARTER)
    assert list(book.rows()) == list(folder.rows())
    assert book.sha256() == folder.sha256()


def test_awkward_rows_survive(tmp_path):
    instance = awkward()
    write_workbook(instance, tmp_path / "a.xlsx")
    back = read(tmp_path / "a.xlsx")
    assert list(back.rows()) == list(instance.rows())
    assert back.sha256() == instance.sha256()
    assert not [issue for issue in back.warnings if "read as" in issue.message]  # percentages are never in doubt


def test_text_that_begins_with_an_equals_sign_is_no_formula(tmp_path):
    write_workbook(awkward(), tmp_path / "a.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Settings"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_the_same_instance_gives_the_same_bytes(tmp_path, monkeypatch):
    write_workbook(awkward(), tmp_path / "a.xlsx")
    monkeypatch.setattr("openpyxl.writer.excel.datetime", _NextYear)
    write_workbook(awkward(), tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


class _NextYear:
    """openpyxl's `datetime` module, a year on."""

    timezone = dt.timezone

    class datetime(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime(2027, 1, 1, tzinfo=tz)


def test_tabs_stand_in_the_order_of_the_schema_behind_the_guide(tmp_path):
    write_workbook(blank_instance("2026:2027"), tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert book.sheetnames == ["Guide", *TAB_ORDER]
    assert all(len(name) <= 31 for name in book.sheetnames)  # Excel's limit


def test_every_header_has_a_note_a_filter_and_stays_in_view(tmp_path):
    write_workbook(blank_instance("2026:2027"), tmp_path / "b.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "b.xlsx").worksheets[1:]:
        assert all(cell.comment and cell.comment.text for cell in sheet[1])
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")


def test_texts_of_drop_downs_fit_into_excel():
    for row_type in TABS.values():
        for column in row_type.columns.values():
            for rule in rules_of(column, "C"):
                for text, most in (
                    (rule.errorTitle, TITLE),
                    (rule.promptTitle, TITLE),
                    (rule.error, TEXT),
                    (rule.prompt, TEXT),
                ):
                    assert len(text or "") <= most, f"{row_type.tab}: {column.name}"
                if rule.formula1.startswith('"'):
                    assert len(rule.formula1) - 2 <= INLINE_LIST


def test_a_text_too_long_for_excel_is_cut_between_words():
    assert short("one two three", 10) == "one two…"
    assert short("one two", 7) == "one two"


def test_drop_downs_follow_new_rows(tmp_path):
    write_workbook(awkward(), tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    # two sites in rows 2 and 3, and 500 rows below them: 2 + 1 + 500 = 503
    name = book.defined_names["ids_Sites"].attr_text
    assert name == "'Sites'!$A$2:INDEX('Sites'!$A$2:$A$503,MAX(1,COUNTA('Sites'!$A$2:$A$503)))"
    # of three units
    rules = {str(rule.sqref): rule for rule in book["Units"].data_validations.dataValidation}
    assert rules["B2:B504"].formula1 == "ids_Sites"  # no `=` before it, or Excel calls the file damaged
    assert rules["B2:B504"].showErrorMessage


def test_number_cells_refuse_what_breaks_the_limits_of_their_column():
    (share,) = rules_of(Unit.columns["minimum_load"], "C")  # a percentage: 0 to 100 % is 0 to 1 in the cell
    assert share.formula1 == "AND(ISNUMBER(C2),C2>=0,C2<=1)"
    (capacity,) = rules_of(Unit.columns["capacity"], "F")
    assert capacity.formula1 == 'OR(AND(ISNUMBER(F2),F2>=0),LOWER(F2)="none")'


def test_cells_that_take_a_list_offer_ids_and_refuse_nothing():
    (rule,) = rules_of(Contract.columns["buyer"], "C")
    assert (rule.formula1, rule.showErrorMessage) == ("ids_Sites", False)


def test_a_number_over_time_has_a_column_for_every_year_of_the_model():
    headers = [slot.header for slot in table_of(awkward(), Demand).slots]
    assert headers[5:8] == ["2026 (t/y)", "2027 (t/y)", "2028 (t/y)"]  # 2027 has no value of its own
    headers = [slot.header for slot in table_of(awkward(), Unit).slots]
    # 2027 changes in the middle of the year
    assert headers[5:9] == ["2026 (t/y)", "2027H1 (t/y)", "2027H2 (t/y)", "2028 (t/y)"]


def test_a_blank_workbook_has_years_where_they_are_needed():
    blank = blank_instance("2026:2028")
    assert [slot.header for slot in table_of(blank, Unit).slots][5:8] == ["2026 (t/y)", "2027 (t/y)", "2028 (t/y)"]
    assert "Minimum (t/y)" in [slot.header for slot in table_of(blank, Contract).slots]  # one number is enough there


@pytest.mark.parametrize("text", ["2026", "2035:2026", "soon", "2026:2126"])
def test_what_is_no_span_of_years_is_refused(text):
    with pytest.raises(ValueError, match="span of years"):
        blank_instance(text)


def test_a_filled_workbook_is_looked_at_as_a_planner_would(tmp_path):
    write_workbook(awkward(), tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Units"]
    assert sheet["C2"].number_format == "0.0%"
    assert sheet["C2"].value == 0.07
    assert (sheet["A2"].font.color.rgb, sheet["A2"].fill.fgColor.rgb) == ("000000FF", "00FFFFE6")  # blue on pale yellow
    assert sheet["A24"].fill.fgColor.rgb == "00FFFFE6"  # rows 5 to 24 are spare
    assert sheet["A25"].fill.fgColor.rgb == "00000000"


def test_the_guide_names_every_column():
    told = {(row[0], row[1]) for row in guide_rows()}
    for tab in TAB_ORDER:
        for name, column in TABS[tab].columns.items():
            assert (tab, column.name) in told or (
                name in ("active", "source", "note") and ("every tab", column.name) in told
            )


def test_what_cannot_be_written_is_told(tmp_path):
    from sourcing.sheets import OutputError

    with pytest.raises(OutputError, match="cannot be written"):
        write_workbook(awkward(), tmp_path / "no folder" / "a.xlsx")


def test_a_workbook_is_a_sound_archive(tmp_path):
    write_workbook(awkward(), tmp_path / "a.xlsx")
    assert zipfile.ZipFile(io.BytesIO((tmp_path / "a.xlsx").read_bytes())).testzip() is None
