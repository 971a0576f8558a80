"""Bankability of the plant of `bank_case`: what carried means, the terms of a floor, the plant, the menu."""

from __future__ import annotations

import dataclasses

import pytest
from bank_case import EACH, floor, outlooks, plant, shock
from pytest import approx
from tiny import makes, party, tiny

from sourcing.components.contracts import Contract
from sourcing.components.floors import Floor
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content, Material
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.trade import Offer, Price
from sourcing.study.bankability import Hurdle, Terms, case, to_the_cent
from sourcing.study.bankability_tables import in_force, judge
from sourcing.study.menu import lowest

# ------------------------------------------------------------------------------------------------ what carried means


def test_a_project_is_carried_at_its_floor_and_not_one_dollar_below():
    found = case(tiny(plant(), outlooks(low=(25, 40))), "p")
    assert found.floor() == approx(55)
    assert found.carried(55)
    assert not found.carried(54)
    # 5 USD/kg on 10 t in two years, 15 USD/kg in the low outlook: 0.75·100 + 0.25·300 k USD
    assert found.treasury(55) == approx((150, 0))


@pytest.mark.parametrize(("price", "level"), [(55, 0), (54.99, 55)])
def test_a_price_that_serves_the_debt_needs_no_floor(price, level):
    assert floor(plant(price=price)) == approx(level)


def test_the_floor_in_cents_is_rounded_up():
    assert [to_the_cent(level) for level in (55.0, 55.0001, 55.01)] == [55.0, 55.01, 55.01]


@pytest.mark.parametrize(
    ("test", "level"),
    [
        (EACH, 55),
        (Hurdle("expected"), 40),  # 1/2·(700 - 250) + 1/2·(10·F - 250) = 300
        (Hurdle("cvar", tail=0.8), 46),  # of the worst 80 % low is 5/8: 3/8·450 + 5/8·(10·F - 250) = 300
        (Hurdle("cvar", tail=0.5), 55),  # the worst half is low
        (Hurdle("cvar", tail=1.0), 40),
    ],
)
def test_an_average_and_a_tail_ask_for_less_than_each_outlook(test, level):
    assert floor(plant(), outlooks(high=(50, 70), low=(50, 36)), test=test) == approx(level)


def test_an_outlook_without_probability_is_shown_and_not_judged():
    found = case(tiny(plant(), outlooks(high=(100, 55), low=(0, 10))), "p")
    assert found.floor() == 0
    assert [row[:2] for row in judge(found, (55.0,)).tables[0].rows] == [
        ("high", approx(100)), ("low", 0), ("expected", approx(100)),
    ]  # fmt: skip


def test_the_dscr_asks_for_more_cash_than_debt_service():
    assert floor(plant(), test=Hurdle(dscr=1.2)) == approx(61)  # 10·F - 250 = 1.2·300


def test_the_public_share_of_capex_is_not_serviced():
    # 0.9 M USD, a fifth of it public, are 360 k USD a year: 10·F - 250 = 360
    assert floor(plant(project={"capex": 0.9, "public_share": 20, "payer": "gov"})) == approx(61)


def test_a_floor_that_ends_before_the_debt_must_earn_what_is_missing_later():
    rows = plant(years_of=(2026, 2027, 2028), project={"capex": 0.9, "life": 3})
    found = case(tiny(rows), "p", Terms(end=2028.0))
    assert found.floor() == approx(57.5)  # 2028 has 250 - 300 = -50 k USD: 2·(10·F - 550) = 50
    assert judge(found, (60.0,)).notes == [
        "After the floor ends, cash does not cover debt service in 2028 in some outlook."
    ]
    assert floor(rows) == approx(55)


def test_a_floor_that_begins_late_pays_the_first_years_back():
    assert floor(plant(), terms=Terms(start=2027.0)) == approx(60)  # (250 - 300) + (10·F - 550) = 0


def test_the_ramp_is_a_grace_unless_another_is_given():
    rows = plant(project={"ramp": (50.0, 100.0)})
    assert floor(rows) == approx(200 / 3)  # 5·F - 150 + 10·F - 250 = 600
    assert floor(rows, test=Hurdle(grace=0)) == approx(90)  # 5·F - 150 = 300


def test_what_is_earned_later_is_worth_less_at_the_cost_of_capital():
    rows = plant(project={"cost_of_capital": 10})  # 0.6·0.1/(1 - 1.1^-2) = 0.345714 M USD a year
    assert floor(rows) == approx(59.5714286)  # 10·F - 250 = 345.714
    # 250 - 345.714 = -95.714 in 2026 are -105.286 a year later: 10·F - 250 = 345.714 + 105.286
    assert floor(rows, terms=Terms(start=2027.0)) == approx(70.1)


# ------------------------------------------------------------------------------------------------ terms of the floor


def test_a_share_of_the_upside_is_paid_from_what_is_above_the_floor_or_a_price():
    assert floor(plant(price=60), terms=Terms(upside_share=50)) == approx(50)  # 60 - 1/2·(60 - F) = 55
    assert floor(plant(price=60), terms=Terms(upside_share=50, upside_from=70)) == 0


def test_a_floor_on_a_part_of_the_output_must_be_higher():
    assert floor(plant(), terms=Terms(volume=4)) == approx(62.5)  # 10·50 + 4·(F - 50) - 250 = 300


def test_a_share_of_the_upside_is_taken_of_the_volume_only():
    terms = Terms(volume=4, upside_share=50, upside_from=20)
    # 600 - 250 less 1/2·(60 - 20)·4 = 80 is 30 short of 300: 4·(F - 60) = 30
    assert floor(plant(price=60), terms=terms) == approx(67.5)


def test_the_benchmark_may_be_another_price_than_the_one_that_is_paid():
    rows = plant(), Price(index="china", price=30)
    assert floor(*rows, terms=Terms(benchmark="china")) == approx(35)  # 10·(50 + F - 30) - 250 = 300
    assert floor(*rows, terms=Terms(sold_at="china")) == approx(55)  # sold at it and measured by it


def test_a_floor_on_what_a_product_holds_counts_its_content():
    """A tonne of oxide holds half a tonne of Nd; the floor is on Nd oxide, which sells at 100 USD/kg."""
    neo = [
        Material(material="neo", form="oxide", index="neo"), Price(index="neo", price=100),
        Content(material="oxide", element="Nd", content=0.4), Content(material="neo", element="Nd", content=0.8),
    ]  # fmt: skip
    found = case(tiny(plant(), neo), "p", Terms("neo"))
    assert found.floor() == approx(110)  # 5 t count: 500 + 5·(F - 100) - 250 = 300
    with pytest.raises(ValueError, match="p sells nothing of neo: it sells oxide"):
        case(tiny(plant(), neo[:2]), "p", Terms("neo"))


# ------------------------------------------------------------------------------------------------ the plant


def test_joint_products_are_sold_at_their_prices_and_what_nobody_takes_is_disposed_of():
    """10 t of activity give 5 t oxide, 1 t heavy at 200 USD/kg and 3 t rest at 10 USD/kg of disposal."""
    rows = [
        plant({"oxide": 0.5, "heavy": 0.1, "rest": 0.3}, price=25, fixed_cost=0, sold=("oxide", "heavy")),
        Price(index="heavy", price=200), Material(material="rest", form="oxide", disposal=10_000),
    ]  # fmt: skip
    assert floor(rows, terms=Terms("oxide")) == approx(66)  # 5·F + 200 - 200 - 30 = 300
    # heavy brings more, 200 against 125 k USD, and is what a floor is for unless one says
    assert floor(rows) == approx(405)  # 125 + F - 200 - 30 = 300


def test_what_is_bought_costs_the_market_price_and_the_way():
    rows = [
        plant(takes={"ore": 2.0}, cost=0), party("miner", "supplier", "mine"), makes("mine", "ore", 100),
        Price(index="ore", price=8), Offer(site="mine", material="ore"),
        Lane(origin="mine", destination="plant", goods="ore", freight=500, tariff=25),
        Lane(origin="plant", destination="car", goods="oxide"),
    ]  # fmt: skip
    assert floor(rows) == approx(56)  # two tonnes at 8·1.25 + 0.5 are 21 USD/kg: 10·F - 210 - 50 = 300


def test_its_own_mine_gives_at_cost_what_it_can_and_the_rest_is_bought():
    rows = [
        plant(price=40, takes={"ore": 1.0}, cost=0, sites=("plant", "pit")), makes("pit", "ore", 4, cost=5_000),
        party("miner", "supplier", "mine"), makes("mine", "ore", 100), Price(index="ore", price=20),
        Offer(site="mine", material="ore"),
    ]  # fmt: skip
    assert floor(rows) == approx(49)  # 10·F - 4·5 - 6·20 - 50 = 300


def test_no_more_is_bought_than_its_makers_could_make():
    rows = [
        plant(takes={"ore": 1.0}, cost=0), party("miner", "supplier", "mine"), makes("mine", "ore", 5),
        Price(index="ore", price=20), Offer(site="mine", material="ore"),
    ]  # fmt: skip
    assert floor(rows) == approx(90)  # 5·(F - 20) - 50 = 300


def test_a_group_is_judged_as_one():
    """A mine and a separation that are built together owe half each, and only the oxide leaves."""
    half = {"capex": 0.3, "together": "g"}
    rows = [
        plant(takes={"ore": 1.0}, cost=15_000, project=half), makes("plant", "ore", 10, unit="pit", cost=5_000),
        Project(project="mine", unit="pit", life=2, cost_of_capital=0, **half),
    ]  # fmt: skip
    found = case(tiny(rows), "mine")
    assert [row.project for row in found.group] == ["p", "mine"]
    assert found.floor() == approx(55)


def test_a_plant_that_loses_on_each_tonne_stands_still():
    """At 10 USD/kg it does not run once the floor is over, and loses its fixed cost only."""
    found = case(tiny(plant(price=10)), "p", Terms(end=2027.0))
    assert found.floor() == approx(90)  # (10·F - 250 - 300) + (-50 - 300) = 0
    assert [year.best(90).counted for year in found.outlooks[0].years] == approx([10, 0])


def test_a_unit_that_runs_costs_its_running_cost_and_does_its_least():
    def of(**unit):
        instance = tiny(plant(demand=4, fixed_cost=0))
        return instance.replace(Unit, [dataclasses.replace(row, **unit) for row in instance[Unit]])

    # 4 t are all that is taken: 4·(F - 20) = 300
    assert floor(plant(demand=4, fixed_cost=0)) == approx(95)
    assert case(of(running_cost=0.02), "p").floor() == approx(100)  # and 20 k USD a year
    assert case(of(minimum_load=50.0), "p").floor() is None  # it would have to make 5


def test_steps_are_all_built():
    # 20 t and 600 k USD a year; the fixed cost is one of each step
    assert floor(plant(project={"steps": 2})) == approx(55)


def test_a_delay_in_an_outlook_leaves_fewer_years_and_a_stop_leaves_it_out():
    rows = [
        plant(project={"ramp": (50.0, 100.0), "life": 1, "capex": 0.3}),
        outlooks(late=(50, 50)), shock("late", "Projects", "p", "Lead time", delay=12),
    ]  # fmt: skip
    # in time: 5·F - 150 - 300 + 10·F - 250 = 0; late, it has 2027 at half: 5·F - 150 = 300
    assert floor(rows) == approx(90)
    stopped = case(tiny(plant(), outlooks(low=(50, 40)), shock("low", "Projects", "p", "Active", set="no")), "p")
    assert [o.id for o in stopped.judged] == ["base"]
    assert judge(stopped, (55.0,)).notes[0] == "It cannot be built in low: left out."


def test_a_committed_project_starts_when_it_does():
    instance = tiny(plant(project={"status": "committed", "lead_time": 12, "life": 2}))
    found = case(instance, "p")
    assert [year.t.id for year in found.outlooks[0].years] == ["2027"]
    assert found.floor() == approx(55)
    with pytest.raises(ValueError, match="is committed"):
        case(instance, "p", start="2026")


def test_an_option_starts_in_the_period_that_is_asked_for():
    instance = tiny(plant(project={"latest": 2027}))
    assert [year.t.id for year in case(instance, "p", start="2027").outlooks[0].years] == ["2027"]
    with pytest.raises(ValueError, match="cannot be started in 2030: it can in 2026, 2027"):
        case(instance, "p", start="2030")


# ------------------------------------------------------------------------------------------------ menu and tables


@pytest.mark.parametrize("test", [EACH, Hurdle("expected"), Hurdle("cvar", tail=0.8)])
@pytest.mark.parametrize("terms", [Terms(), Terms(upside_share=50), Terms(end=2027.0), Terms(volume=4)])
def test_the_menu_gives_the_exact_floor_rounded_up_to_its_levels(test, terms):
    found = case(tiny(plant(), outlooks(high=(50, 52), low=(50, 36))), "p", terms, test=test)
    exact, levels = found.floor(), [20 + 3.7 * k for k in range(40)]
    assert 20 < exact < 160
    assert lowest(found, levels) == min(level for level in levels if level >= exact)
    assert lowest(found, [exact - 1, exact + 0.001, exact + 1]) == exact + 0.001
    assert lowest(found, [exact - 1]) is None


def test_the_years_add_up():
    table = judge(case(tiny(plant(), outlooks(low=(25, 40))), "p"), (55.0,)).tables[1]
    for row in table.records():
        earned = row["Sales"] + row["Top-up"] + row["Credit"] - row["Upside share"]
        spent = row["Inputs"] + row["Processing"] + row["Fixed"] + row["Disposal"]
        assert row["Cash"] == approx(earned - spent)
    low = [row for row in table.records() if row["Outlook"] == "low"]
    assert [(row["Sales"], row["Top-up"], row["Cash"], row["DSCR"]) for row in low] == [approx((0.4, 0.15, 0.3, 1))] * 2


def test_floors_in_force_are_judged_on_their_own_terms():
    cfd = {"kind": "cfd", "material": "oxide", "payer": "gov"}
    rows = [
        plant(), party("other", "supplier", "elsewhere"), makes("elsewhere", "oxide"),
        party("abroad", "supplier", country="CN"),
        Floor(floor="high", covered="plant", level=56, **cfd), Floor(floor="low", covered="elsewhere", level=54, **cfd),
        Floor(floor="part", covered="plant", level=56, volume=1, **cfd),
        Floor(floor="border", kind="border", material="oxide", covered="country:CN", members=("AU",), level=99),
        Contract(contract="deal", seller="maker", buyer="car", material="oxide", floor=58, until="2026"),
    ]  # fmt: skip
    found = {row["Floor"]: row for row in in_force(case(tiny(rows), "p")).records()}
    # the contract ends after 2026: (580 - 550) + (500 - 550) < 0
    assert {name: (row["Covers it"], row["Would carry it"]) for name, row in found.items()} == {
        "high": ("yes", "yes"), "low": ("no", "no"), "part": ("yes", "no"), "border": ("no", None),
        "deal": ("yes", "no"),
    }  # fmt: skip
    assert found["high"]["Payer pays"] == approx(0.12)  # 6 USD/kg on 10 t in two years
    assert (found["deal"]["From"], found["deal"]["To"]) == ("2026", "2026")


def test_what_no_outlook_moves_is_told():
    feed = makes("mine", "ore", 100), party("miner", "supplier", "mine"), Offer(site="mine", material="ore")
    rows = plant(takes={"ore": 1.0}, cost=0), *feed, Price(index="ore", price=20)
    moved = judge(case(tiny(rows, outlooks(low=(25, 40))), "p"), (55.0,)).notes
    assert moved == ["low: prices move, but not of ore, so margins are not what they would be."]
    still = judge(case(tiny(rows, outlooks(same=(25, 50))), "p"), (55.0,)).notes
    assert still == ["No outlook moves oxide, the price that the floor is measured by."]
