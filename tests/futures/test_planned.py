"""Plans over futures: what is shared is told once, what each future does after it, and verify agrees."""

from __future__ import annotations

import pytest
from tiny import makes, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.limits import Limit
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures import words
from sourcing.futures.planned import plan_futures
from sourcing.report import write_plan
from sourcing.sheets import NoPlan
from sourcing.verify import verify
from sourcing.workbook.planbook import read_plan_book

OUT = Shock(scenario="out", of_tab="Units", row_id="plant magnet", of_column="Capacity", set="0")


def outage(*more, room: float = 10, **columns):
    """Ten tonnes a year for two years from a plant that makes 20 at 1 k USD/t, and stops in 2027 with 10 %; a store."""
    given = {"scenario": "out", "kind": "event", "hazard": 10, "starts": "2027"} | columns
    return tiny(
        years(2026, 2027),
        makes("plant", "magnet", 20, cost=1000),
        Demand(customer="car", material="magnet", demand=10, shortage_value=5, service_level=90),
        Stockpile(stockpile="store", holder="us", site="car", material="magnet", label="clean", maximum=room,
                  storage=1000),
        Scenario(**given), OUT, *more,
    )  # fmt: skip


def rows(plan, tab):
    return {row["Future"]: row for row in plan.tabs[tab].records()}


def test_a_store_is_not_worth_it_where_the_outage_is_rare():
    """A tonne in store costs 1 to make and 0.5 in each of two years (mean level); 0.1·5 = 0.5 is what it saves."""
    plan = plan_futures(outage())
    # base: 20 t at 1 k USD = 20; out: 10 t made, 10 short at 5 k USD/t = 60; expected 0.9·20 + 0.1·60 = 24 k USD
    futures = rows(plan, "Futures")
    assert futures["base"]["Cost"] == pytest.approx(0.020)
    assert futures["out"]["Cost"] == pytest.approx(0.060)
    assert plan.futures.expected == pytest.approx(0.024)
    assert (futures["base"]["Probability"], futures["out"]["Probability"]) == pytest.approx((90, 10))


def test_the_mean_of_the_worst_tenth_is_the_outage_and_a_weight_on_it_fills_the_store():
    plan = plan_futures(outage(), risk_weight=0.0)
    assert plan.futures.cvar == pytest.approx(0.060)  # the outage is just the worst tenth
    plan = plan_futures(outage(), risk_weight=10.0)
    # in 2026 20 t are made for 20, and stored for half of 10 t·1 k USD = 5; base draws them in 2027 (5 more): 30
    # and out likewise, 30; without the weight it would be 24
    assert rows(plan, "Futures")["out"]["Short"] == pytest.approx(0)
    assert (plan.futures.expected, plan.futures.cvar) == pytest.approx((0.030, 0.030))
    assert plan.futures.objective == pytest.approx(0.030 + 10 * 0.030)


def test_a_contingency_holds_its_service_level_whatever_its_probability():
    plan = plan_futures(outage(contingency="yes", hazard=0))
    # 90 % of 10 t must be served in the outage: 9 t lie in store
    futures = rows(plan, "Futures")
    assert futures["out"]["Short"] == pytest.approx(1)
    assert futures["out"]["Miss counts"] == pytest.approx(0)
    assert futures["base"]["Cost"] == pytest.approx(0.020 + 0.009)  # 9 t·(0.5 + 0.5) years·1 k USD


def test_what_a_contingency_misses_is_priced_at_ten_times_its_last_step():
    plan = plan_futures(outage(contingency="yes", service_level=100, room=4))
    # 4 t fit in the store, 6 of 10 are missed: 6 t·10·5 k USD = 300 k USD
    assert rows(plan, "Futures")["out"]["Below service level"] == pytest.approx(6)
    assert plan.futures.missed == pytest.approx(0.300)
    assert "Service levels are missed in 1 contingencies, most in out (6 t)" in plan.verdict


def test_what_is_shared_stands_once():
    plan = plan_futures(outage(contingency="yes"))
    told = [(row["Future"], row["Period"]) for row in plan.tabs["Demand by future"].records()]
    assert told == [("base", "2026"), ("base", "2027"), ("out", "2027")]


def test_the_figures_for_programs_are_those_of_the_tree():
    numbers = plan_futures(outage()).summary()
    assert numbers["futures"] == pytest.approx({"base": 0.9, "out": 0.1})
    assert numbers["objective_musd"] == pytest.approx(0.024)
    assert numbers["cvar_musd"] == pytest.approx(0.060)
    assert [(row["scenario"], row["t"]) for row in numbers["short"]] == [("out", pytest.approx(10))]
    assert numbers["short_t"] == pytest.approx(0.1 * 10)
    assert numbers["model"]["scenarios"] == 2


def test_verify_works_the_figures_out_again(tmp_path):
    instance = outage(contingency="yes")
    plan, path = plan_futures(instance, risk_weight=1.0), tmp_path / "plan.xlsx"
    write_plan(plan, path)
    book = read_plan_book(path)
    cells = list(book.page.values())
    begin = cells.index("out", cells.index("What may happen (%, M USD, t short)"))
    # the weight on the worst tenth fills the store: 20 t made for 20 and stored for 10, nobody short
    assert cells[begin + 1 : begin + 4] == pytest.approx([10, 0.030, 0])
    checked = verify(book, instance)
    assert not checked.failures
    place = next(k for k, row in enumerate(book.tabs["Run"].rows) if row[0] == words.CVAR)
    book.tabs["Run"].rows[place] = (words.CVAR, 0.5)
    assert {check.name for check in verify(book, instance).failures} >= {"futures"}


def test_where_one_future_has_no_plan_it_is_named_with_what_would_have_to_give_way():
    duty = Limit(limit="duty", material="magnet", origin="plant", destination="car", minimum=5)
    with pytest.raises(NoPlan, match=r"In “out”: .*5 t less for the minimum of limit duty in 2027"):
        plan_futures(outage(duty))
