import json
from dataclasses import fields

from sourcing.components import TAB_ORDER
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, ShortageStep
from sourcing.components.horizon import Settings, setting_field
from sourcing.components.limits import Limit
from sourcing.components.qualifications import Qualification
from sourcing.components.sources import Source
from sourcing.schema import SETTINGS, allowed, as_json, as_markdown, blank, columns_of
from sourcing.sheets import TABS


def test_every_setting_has_a_meaning():
    assert [setting_field(name) for name in SETTINGS] == sorted(
        (field.name for field in fields(Settings)), key=[setting_field(name) for name in SETTINGS].index
    )


def test_every_tab_has_its_place():
    assert sorted(TAB_ORDER) == sorted(TABS)


def test_what_a_cell_may_hold():
    assert allowed(Contract.columns["status"]) == "signed or option"
    assert allowed(Contract.columns["minimum_share"]) == "0 to 100 %"
    assert allowed(ShortageStep.columns["up_to"]) == "above 0, up to 100 %"
    assert allowed(Contract.columns["take_or_pay"]) == "0 to 100 % or firm"
    assert allowed(Contract.columns["premium"]) == "a number in %"
    assert allowed(Contract.columns["delivered"]) == "yes or no"
    assert allowed(Contract.columns["until"]) == "a date (2027-06-30) or a year (its last day)"
    assert allowed(Demand.columns["customer"]) == "an id on Sites"
    assert allowed(Demand.columns["demand"]) == "0 or more"
    assert allowed(Contract.columns["maximum"]) == "0 or more or none (no limit)"
    assert allowed(Demand.columns["source"]) == "ids on Sources joined by ;"
    assert allowed(Qualification.columns["maker"]) == "an id on Sites or any"
    assert allowed(Limit.columns["first"]) == "a period, 2027, 2027H1 or 2027Q3"
    assert allowed(Contract.columns["seller"]) == "an id on Sites or Entities, entity:ID or a list of these joined by ;"


def test_what_a_blank_means():
    assert blank(Contract.columns["contract"]) == "required"
    assert blank(Contract.columns["take_or_pay"]) == "100 %"
    assert blank(Contract.columns["since"]) == "see meaning"  # "first day; blank is always"
    assert blank(Contract.columns["floor"]) == "not given"
    assert blank(Contract.columns["delivered"]) == "no"


def test_a_column_stands_once_in_its_tab():
    assert [column.name for column in columns_of(Source)].count("Source") == 1


def test_the_page_and_the_object_hold_every_column():
    page, data = as_markdown(), as_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert [tab["tab"] for tab in data["tabs"]] == list(TAB_ORDER)
    for tab in data["tabs"]:
        assert f"\n## {tab['tab']}\n" in page
        for column in tab["columns"]:
            assert f"| {column['header']} | {column['meaning']} |" in page
    assert {setting["setting"] for setting in data["settings"]} == set(SETTINGS)


def test_the_object_says_what_a_column_is():
    demand = next(tab for tab in as_json()["tabs"] if tab["tab"] == "Demand")
    share = next(column for column in demand["columns"] if column["column"] == "Service level")
    assert (share["unit"], share["low"], share["high"], share["required"]) == ("%", 0.0, 100.0, False)
    assert demand["key"] == ["Customer", "Material", "Rules"]
