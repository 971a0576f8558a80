"""Edits and differences: cells written anew from text, and found again."""

from __future__ import annotations

import bundled
import pytest
from tiny import makes, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import settings
from sourcing.components.lanes import Lane
from sourcing.components.production import Unit
from sourcing.datanotes import data_notes
from sourcing.differences import differences
from sourcing.edits import WrongEdit, edited, parse
from sourcing.sheets import InstanceError, Series
from sourcing.variants import in_text, switched


@pytest.fixture
def instance():
    return tiny(
        years(2026, 2027, 2028), makes("mine", "car", 10), Demand(customer="buyer", material="car", demand=8),
        Lane(origin="any", destination="any", goods="form:magnet", freight=100),
    )  # fmt: skip


def changes(instance, *texts):
    """What edits change: (column, period, before, after)."""
    after = edited(instance, [parse(text) for text in texts])
    return [(d.column, d.period, d.before, d.after) for d in differences(instance, after)]


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("Units[mine car].Capacity=12", [("Capacity", "", 10, 12)]),
        ("units[ MINECAR ] . capacity (t/y) [2027] = 12", [("Capacity", "2027", 10, 12)]),
        ("Units[mine car].Capacity[2027:2028]=*1.2", [("Capacity", "2027", 10, 12), ("Capacity", "2028", 10, 12)]),
        ("Units[mine car].Capacity[2027H1]=+5", [("Capacity", "2027", 10, 12.5)]),  # 15 for half of the year
        ("Units[mine car].Capacity=+-4", [("Capacity", "", 10, 6)]),
        ("Units[mine car].Capacity[2027]=", []),  # a blank carries 10 on
        ("Lanes[any|any|magnet].Freight=", [("Freight", "", 100, 0)]),
        ("Lanes[any|any|form:magnet].Freight[2028]=300", [("Freight", "2028", 100, 300)]),
        ("Demand[buyer|car].Shortage value=3", [("Shortage value", "", None, 3)]),
        ("Settings[Discount rate].Value=5", [("Value", "", "0", "5")]),
        ("Units[mine car].Note=a; b", [("Note", "", None, "a; b")]),
    ],
)
def test_a_cell_is_written_anew(instance, text, change):
    assert changes(instance, text) == change


def test_edits_are_read_back_from_their_text(instance):
    for text in ("Units[mine car].Capacity[2027:2028]=*1.2", "Demand[buyer|car|].Demand=3", "Units[a].Note="):
        assert str(parse(text)) == text
    after = edited(instance, [parse("units[minecar].CAPACITY=12"), parse("Settings[discount rate].value=5")])
    assert after.switches == ("set Units[mine car].Capacity=12", "set Settings[Discount rate].Value=5")
    assert settings(after).discount_rate == 5
    assert after.row(Unit, "mine car").capacity == Series.constant(12)
    assert switched(instance, after.switches).sha256() == after.sha256() != instance.sha256()


def test_switches_are_told_apart_in_one_text(instance):
    switches = ("set Units[mine car].Note=a; b", "without-rule zc", "set Lanes[any; x|any|car].Freight=1")
    assert tuple(in_text("; ".join(switches))) == switches
    after = edited(instance, [parse("Units[mine car].Capacity=9")])
    notes = [row for row in data_notes(after).rows if row[0] == "switched"]
    assert [row[1] for row in notes] == ["Units"]
    assert notes[0][2].startswith("planned with --set Units[mine car].Capacity=9,")


def test_a_setting_that_the_tab_does_not_list_is_added(instance):
    after = edited(instance, [parse("Settings[cvar level].Value=80")])
    assert settings(after).cvar_level == 80
    assert [d.kind for d in differences(instance, after)] == ["row added"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Units.Capacity=3", "is no edit: write Tab"),
        ("Unit[mine car].Capacity=3", "Unit is no tab; did you mean 'Units'?"),
        ("Units[mine cra].Capacity=3", "has no row mine cra .*did you mean 'mine car'?"),
        ("Units[mine car].Capcity=3", "Capcity is no column of Units; did you mean 'Capacity'?"),
        ("Units[mine car].Capacity[someday]=3", "someday is neither a period nor a calendar span"),
        ("Units[mine car].Capacity[2028:2027]=3", "ends before it begins"),
        ("Units[mine car].Capacity[2040]=3", "lies outside the horizon; the periods are 2026 to 2028"),
        ("Units[mine car].Capacity=-3", "-3 must be 0 or more; did you mean 3. .it holds 10 t/y"),
        ("Units[mine car].Capacity=many", "many is not a number"),
        ("Units[mine car].Capacity=", "may not be blank"),
        ("Units[mine car].Capacity=*-1", "makes it -10: it must be 0 or more"),
        ("Units[mine car].Site[2027]=mine", "Site holds at all times; leave the period out"),
        ("Lanes[any|any|magnet].Maximum=*2", "cannot change what is no limit"),
        ("Demand[buyer|car].Shortage value=*2", "needs a number to start from"),
    ],
)
def test_what_is_no_cell_or_no_value_of_it_is_told(instance, text, words):
    with pytest.raises(WrongEdit, match=words):
        edited(instance, [parse(text)])


def test_all_wrong_edits_are_told_at_once(instance):
    with pytest.raises(WrongEdit) as told:
        edited(instance, [parse("Unit[a].b=1"), parse("Units[mine car].Capacity=9"), parse("Units[b].Site=a")])
    assert len(str(told.value).splitlines()) == 2


def test_an_instance_that_cannot_be_is_refused_at_its_cell():
    starter = bundled.instance("starter")
    with pytest.raises(InstanceError) as told:
        edited(starter, [parse("Units[mt_weld_mine].Site=kuanta")])
    assert [(issue.where, issue.value) for issue in told.value.issues] == [("Units!B2", "kuanta")]
    with pytest.raises(WrongEdit, match=r"Units!H2 holds 44032\.5 t/y"):  # column H is 2028
        edited(starter, [parse("Units[mt_weld_mine].Capacity[2028]=-1")])


def test_edits_that_hold_only_together_are_checked_together():
    starter = bundled.instance("starter")
    first = min(row.key for row in starter[Unit])
    off = [f"Units[{first}].Active=no", f"Units[{first}].Active=yes"]
    with pytest.raises(InstanceError):
        edited(starter, [parse(off[0])])
    assert edited(starter, map(parse, off)).sha256() == starter.sha256()
    assert switched(starter, [f"set {text}" for text in off]).sha256() == starter.sha256()


def test_differences_name_cells_and_rows():
    starter = bundled.instance("starter")
    after = edited(starter, [parse("Units[mt_weld_mine].Capacity[2028]=1")])
    assert [(d.tab, d.key, d.cell) for d in differences(starter, after)] == [("Units", "mt_weld_mine", "H2")]
    lanes = starter.all(Lane)
    gone = starter.replace(Lane, lanes[1:])
    assert [(d.kind, d.key) for d in differences(starter, gone)] == [("row removed", lanes[0].key)]
    assert [(d.kind, d.key) for d in differences(gone, starter)] == [("row added", lanes[0].key)]
    assert differences(starter, starter.replace(Lane, lanes[::-1])) == []
