"""Sliders: what a hand moves equals the what-if, and the picture is drawn anew where it is shown."""

from __future__ import annotations

import IPython.display
import ipywidgets
import pytest
from tiny import china_rule, makes, tiny, years

import sourcing
from sourcing.components.demand import Demand
from sourcing.components.places import Site
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.trade import Price
from sourcing.edits import WrongEdit

# `a` makes 10 t/y at 1 k USD/t, `b` in China 4 t/y at 0.5; 8 t a year are needed, none of it of China.
ROWS = (
    years(2026, 2027), makes("a", "car", 10, cost=1000), makes("b", "car", 4, cost=500),
    Site(site="b", entity="us", country="CN"), china_rule(),
    Demand(customer="buyer", material="car", demand=8, rules="zc"),
)  # fmt: skip
CELLS = {"a": "Units[a car].Capacity", "need": "Demand[buyer|car|zc].Demand", "no rule": "Rules[zc|1].Status=suspended"}


@pytest.fixture
def sliders():
    return sourcing.Sliders(tiny(*ROWS), CELLS)


def test_a_slider_is_per_cent_of_what_stands_there(sliders):
    assert sliders.base.objective == pytest.approx(2 * 8)
    assert sliders.move({"a": 50}).solution.objective == pytest.approx(2 * (5 + 3 * 1000))
    assert sliders.move({"need": 50}).solution.objective == pytest.approx(2 * 4)  # with `a` at 50 % still
    assert sliders.move({"a": 100, "need": 100}).solution.objective == pytest.approx(2 * 8)


def test_a_ticked_box_is_an_edit_and_goes_with_the_sliders(sliders):
    assert sliders.move({"no rule": True}).solution.objective == pytest.approx(2 * (4 * 0.5 + 4))
    assert sliders.move({"need": 50}).solution.objective == pytest.approx(2 * 4 * 0.5)
    assert sliders.move({"no rule": False}).solution.objective == pytest.approx(2 * 4)


def test_it_says_what_the_change_costs_and_leaves_short(sliders):
    assert sliders.words == "The base plan costs 0.016 M USD and leaves 0 t short"
    # 2 years: 3 t of 8 short at 1,000 k USD/t, and 3 t less to make at 1
    sliders.move({"a": 50})
    assert sliders.words == "Costs 6.0 M USD more than the base plan (0.016 M USD); 6 t go short, 6 t more"
    assert sliders.figure().get_label() == sliders.words
    assert [round(bar.get_height(), 6) for bar in sliders.figure().axes[0].patches] == [0, 0, 3, 3]  # base behind


def test_a_move_that_cannot_be_is_said_and_taken_back():
    shock = Shock(scenario="more", of_tab="Prices", row_id="car", of_column="Price", multiply=2)
    rows = (*ROWS, Price(index="car", price=5), Scenario(scenario="more", kind="event", hazard=1), shock)
    sliders = sourcing.Sliders(tiny(*rows), {"price": "Prices[car].Price"})
    said = sliders.move({"price": 0}).words
    assert said.startswith("The tables cannot be so: ") and "Price is 0 in all rows that are meant" in said
    assert sliders.figure().get_label() == said
    assert sliders.move({"price": 100}).solution.objective == pytest.approx(2 * 8)


def test_moved_by_hand_it_draws_anew(sliders, monkeypatch):
    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture.get_label())

    monkeypatch.setattr(IPython.display, "display", lambda made, display_id=False: shown.append(made) or Handle())
    sliders._ipython_display_()
    box, picture = shown
    assert picture.get_label() == sliders.words
    a, need, rule = box.children
    assert (a.value, a.continuous_update, rule.value) == (100, False, False)
    assert isinstance(need, ipywidgets.FloatSlider) and isinstance(rule, ipywidgets.Checkbox)
    a.value = 50
    assert shown[-1].startswith("Costs 6.0 M USD more")
    sliders.move({"a": 100})  # by name: the slider follows, and it is drawn once
    assert a.value == 100 and len(shown) == 4
    rule.value = True
    assert sliders.solution.objective == pytest.approx(2 * (4 * 0.5 + 4))


def test_what_names_nothing_is_told_before_a_plan_is_made():
    with pytest.raises(WrongEdit, match="Units has no row c"):
        sourcing.Sliders(tiny(*ROWS), {"c": "Units[c].Capacity"})
    with pytest.raises(ValueError, match="there is no slider b: there are a"):
        sourcing.Sliders(tiny(*ROWS), {"a": "Units[a car].Capacity"}).move({"b": 1})
