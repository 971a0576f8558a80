"""Stockpiles: material carried over time, between the limits of its row, by whoever holds it."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import at, china_rule, faults, line, makes, paid, party, planned, sells, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.sheets import NoPlan

TWO = years(2026, 2027)


def shelf(**columns):
    given = {"stockpile": "SHELF", "holder": "us", "site": "mine", "material": "magnet", "label": "clean"} | columns
    return Stockpile(**given)


def lean_and_fat(*more):
    """Ten tonnes a year are made; 5 are needed in the first year and 14 in the second."""
    return TWO, makes("mine", "magnet", 10), Demand(customer="car", material="magnet", demand={2026: 5, 2027: 14}), more


def levels(plan, column="Closing"):
    return sums(plan, "Stockpiles", column, "Period")


# ------------------------------------------------------------------------------------------------ carrying over


def test_what_is_spared_in_one_year_is_used_in_the_next():
    plan = planned(lean_and_fat(shelf(loss=10, storage=100)))
    assert short(plan) == approx(0)
    # 4 t are missing in 2027, so 4/0.9 t are put in before
    assert levels(plan, "Fill") == approx({"2026": 4 / 0.9, "2027": 0})
    assert levels(plan, "Loss") == approx({"2026": 0, "2027": 0.4 / 0.9})
    assert levels(plan, "Draw") == approx({"2026": 0, "2027": 4})
    assert levels(plan) == approx({"2026": 4 / 0.9, "2027": 0})
    # on the mean level: (0 + 4.444)/2 in 2026 and (4.444 + 0)/2 in 2027, at 100 USD
    assert paid(plan, "Period", Kind="storage") == approx({"2026": 222.222e-6, "2027": 222.222e-6}, rel=1e-5)


def test_the_roll_of_a_period_of_two_years():
    # 10 % a year is lost: 0.81 of the opening is left after two years, 0.9 of it after one more
    periods = Period(period="long", start=2026, years=2), Period(period="short", start=2028, years=1)
    rows = makes("mine", "magnet"), Demand(customer="car", material="magnet", demand=1), shelf(loss=10, opening=7)
    row, low, high = line(tiny(periods, rows), "stock.roll", "SHELF", "clean", "long")
    names = {name: f"stock.{name}[SHELF,clean,long]" for name in ("level", "fill", "draw")}
    assert row == approx({names["level"]: 1, names["fill"]: -1, names["draw"]: 1})
    assert (low, high) == (approx(0.81 * 7), approx(0.81 * 7))
    row, *_ = line(tiny(periods, rows), "stock.roll", "SHELF", "clean", "short")
    assert row["stock.level[SHELF,clean,long]"] == approx(-0.9)


def test_storage_is_paid_for_every_year_of_a_period():
    need = Demand(customer="car", material="magnet", demand=0)
    plan = planned(Period(period="long", start=2026, years=3), need, shelf(opening=4, draw=0, storage=100))
    assert paid(plan) == approx({"storage": 3 * 4 * 100e-6})


def test_labels_lie_apart():
    # 3 t unproven at the start; what is made is clean, and the clean need takes no other
    rows = china_rule(), TWO, makes("mine", "magnet", {2026: 5, 2027: 0}), shelf(label="", opening=3)
    plan = planned(rows, Demand(customer="car", material="magnet", rules="zc", demand={2026: 0, 2027: 8}))
    assert short(plan) == approx(3)
    assert sums(plan, "Stockpiles", "Closing", "Label", Period="2026") == approx({"zc@1": 3, "clean": 5})


def test_a_labelled_stock_is_filled_with_nothing_worse():
    # Chinese magnets could be kept for 2027; a clean stock takes none
    rows = [
        china_rule(), TWO, at("CN", "mine"), makes("mine", "magnet", {2026: 10, 2027: 0}),
        Demand(customer="car", material="magnet", demand={2026: 1, 2027: 8}),
    ]  # fmt: skip
    assert short(planned(rows, shelf(label="clean"))) == approx(8)
    assert short(planned(rows, shelf(label="zc@1"))) == approx(0)
    assert short(planned(rows, shelf(label=""))) == approx(0)


# ------------------------------------------------------------------------------------------------ limits


def test_a_minimum_is_never_undercut():
    instance = tiny(lean_and_fat(shelf(opening=3, minimum=2)))
    row, low, _ = line(instance, "stock.least", "SHELF", "2027")
    assert (row, low) == ({"stock.level[SHELF,clean,2027]": 1}, 2)
    plan = planned(instance)
    assert levels(plan)["2027"] == approx(2)
    assert short(plan) == approx(0)  # 5 + 14 + 2 <= 20 + 3


def test_a_maximum_is_never_passed():
    instance = tiny(lean_and_fat(shelf(maximum=3)))
    row, _, high = line(instance, "stock.most", "SHELF", "2026")
    assert (row, high) == ({"stock.level[SHELF,clean,2026]": 1}, 3)
    assert short(planned(instance)) == approx(1)  # 4 were needed


def test_what_must_lie_there_at_the_end():
    instance = tiny(lean_and_fat(shelf(opening=2, terminal=4)))
    row, low, _ = line(instance, "stock.terminal", "SHELF")
    assert (row, low) == ({"stock.level[SHELF,clean,2027]": 1}, 4)
    plan = planned(instance)
    assert levels(plan)["2027"] == approx(4)
    assert short(plan) == approx(1)  # 20 made and 2 opened; 19 needed and 4 left


@pytest.mark.parametrize(
    ("columns", "family", "variable", "missing"),
    [({"fill": 1.5}, "stock.filling", "fill", 4 - 1.5), ({"draw": 1}, "stock.drawing", "draw", 4 - 1)],
)
def test_what_goes_in_and_out_in_a_year_is_limited(columns, family, variable, missing):
    instance = tiny(lean_and_fat(shelf(**columns)))
    row, _, high = line(instance, family, "SHELF", "2027")
    assert (row, high) == ({f"stock.{variable}[SHELF,clean,2027]": 1}, next(iter(columns.values())))
    assert short(planned(instance)) == approx(missing)


def test_zero_closes_and_a_blank_does_not():
    assert short(planned(lean_and_fat(shelf(fill=0)))) == approx(4)
    assert short(planned(lean_and_fat(shelf(draw=0, opening=9)))) == approx(4)
    assert short(planned(lean_and_fat(shelf()))) == approx(0)


def test_limits_are_rates():
    # half a year of 4 t/y is 2 t
    halves = Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)
    rows = halves, shelf(opening=9, draw=4), Demand(customer="car", material="magnet", demand=10)
    assert levels(planned(rows), "Draw") == approx({"H1": 2, "H2": 2})


def test_a_stock_for_shocks_is_not_drawn_without_one():
    rows = shelf(opening=9, release="shocks only"), Demand(customer="car", material="magnet", demand=5)
    plan = planned(rows)
    assert short(plan) == approx(5)
    assert levels(plan) == approx({"2026": 9})


def test_a_minimum_that_cannot_be_reached_is_no_plan():
    with pytest.raises(NoPlan, match=r"3 t less for the minimum of stock SHELF in 2026"):
        planned(makes("mine", "magnet", 4), shelf(minimum=7), Demand(customer="car", material="magnet", demand=1))


# ------------------------------------------------------------------------------------------------ whose it is


def agency(**columns):
    """A government agency's stock at a maker's mine; magnets are worth 40 USD/kg."""
    return [
        party("maker", "supplier", "mine"), party("agency", "government"), party("carmaker", "buyer", "car"),
        Price(index="magnet", price=40), shelf(holder="agency", **columns),
    ]  # fmt: skip


def test_a_holder_who_is_not_the_sites_party_buys_what_is_filled():
    need = Demand(customer="car", material="magnet", demand=0)
    plan = planned(agency(opening=3, terminal=5, draw=0, storage=1000), makes("mine", "magnet", 2), need)
    assert paid(plan, "Payer", "Payee", "Kind", "Where") == approx(
        {
            ("agency", "maker", "purchase", "SHELF"): 0.08,  # 2 t at 40 USD/kg
            ("agency", "", "storage", "SHELF"): 0.004,  # 1,000·(3 + 5)/2
        }
    )


def test_a_holder_who_is_not_the_sites_party_sells_what_is_drawn():
    need = Demand(customer="car", material="magnet", demand=3)
    plan = planned(agency(opening=3, fill=0), sells("mine", "magnet", 50), need)
    assert paid(plan, "Payer", "Payee", "Kind") == approx(
        {("maker", "agency", "purchase"): 0.12, ("carmaker", "maker", "purchase"): 0.15}  # 3 t at 40, and at 50 USD/kg
    )


# ------------------------------------------------------------------------------------------------ worth at the end


def ending(shortage: float, opening: float = 10, **columns):
    """Ten tonnes lie there; a need of 4 t is worth `shortage`, what is left at the end 80 % of 100 USD/kg."""
    stock = shelf(opening=opening, maximum=20, terminal_value=80, **columns)
    need = Demand(customer="car", material="magnet", demand={2026: 0, 2027: 4}, shortage_value=shortage)
    return [TWO, Price(index="magnet", price={2026: 500, 2027: 100}), stock, need]


@pytest.mark.parametrize(
    ("shortage", "left", "value"),
    [
        (79, 10, 0.8),  # what is needed is worth less than what is kept: 10 t at 80 USD/kg
        (81, 6, 0.48),
    ],
)
def test_a_stock_may_be_kept_for_its_value(shortage, left, value):
    plan = planned(ending(shortage))
    assert levels(plan)["2027"] == approx(left)
    assert paid(plan, "Payer", Kind="terminal value") == approx({"us": -value})
    assert plan.objective == approx(-value + (4 * 0.079 if left == 10 else 0))


def test_a_stock_is_not_filled_for_its_value():
    # magnets cost 1,000 USD/t to make; 20 t would fit
    plan = planned(ending(81), makes("mine", "magnet", cost=1000))
    assert paid(plan, Kind="terminal value") == approx({"terminal value": -0.8})  # as far as it was there
    assert plan.objective == approx(-0.8 + 4 * 0.001)  # what is needed is made
    row, _, high = line(tiny(ending(81), makes("mine", "magnet")), "stock.value", "SHELF")
    assert (row, high) == ({"stock.valued[SHELF]": 1, "stock.level[SHELF,clean,2027]": -1}, 0)


def test_what_a_terminal_value_needs():
    assert "needs a maximum" in faults(ending(9), shelf(stockpile="B", terminal_value=5))
    assert "Terminal (t) is filled too" in faults(ending(9, terminal=2))


# ------------------------------------------------------------------------------------------------ how long it lasts


def test_cover_is_the_level_over_the_use():
    rows = makes("mine", "magnet", 20), Demand(customer="car", material="magnet", demand=20)
    plan = planned(rows, shelf(opening=5, minimum=5, target=60, target_of="car"))
    assert sums(plan, "Stockpiles", "Cover", "Stockpile") == approx({"SHELF": 365 * 5 / 20})


def test_cover_goes_through_content_where_the_use_is_indirect():
    # a tonne of dysprosium oxide holds 1 t, a magnet 0.02 t: 500 t of magnets use 10 t
    rows = [
        makes("mine", "magnet", 500), Demand(customer="car", material="magnet", demand=500),
        Content(material="dy", element="Dy", content=1), Content(material="magnet", element="Dy", content=0.02),
        shelf(material="dy", opening=5, minimum=5, target=60, target_of="car"),
    ]  # fmt: skip
    assert sums(planned(rows), "Stockpiles", "Cover", "Stockpile") == approx({"SHELF": 365 * 5 / 10})


def test_a_warehouse_forwards_through_its_stock():
    rows = [
        lean_and_fat(), at("AU", "store"), shelf(site="store"),
        Lane(origin="mine", destination="store", goods="any"), Lane(origin="store", destination="car", goods="any"),
    ]  # fmt: skip
    plan = planned(rows)
    assert short(plan) == approx(0)
    assert levels(plan) == approx({"2026": 4, "2027": 0})


# ------------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize("field", ["minimum", "opening", "terminal"])
def test_no_level_may_be_above_the_maximum(field):
    assert "is above the maximum of 3 t" in faults(makes("mine", "magnet"), shelf(maximum=3, **{field: 4}))


def test_what_else_a_stock_may_not_say():
    assert "the material has no price index" in faults(party("agency", "government"), shelf(holder="agency"))
    assert "xx is not a rule" in faults(shelf(label="xx"))
    assert "whose use is not said" in faults(shelf(target=60))
    assert "the opening stock is unproven" in faults(shelf(label="", opening=1))
