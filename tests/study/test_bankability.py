"""Bankability: a plant worked by hand.

It makes 10 t/y at 20 USD/kg of cost and 0.05 M USD/y of fixed cost, and owes 0.3 M USD/y: 0.6 M USD over two years,
without interest. At a price p its cash is 10·p - 200 - 50 k USD, which serves the debt from 55 USD/kg on. The market
pays 50.
"""

from __future__ import annotations

import dataclasses
import json

import pytest
from bundled import instance as bundled
from bundled import slow
from openpyxl import load_workbook
from pytest import approx
from tiny import makes, party, tiny, years
from typer.testing import CliRunner

from sourcing.cli import app
from sourcing.cli.tables import as_objects, as_text
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content, Material
from sourcing.components.places import Entity
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.trade import Offer, Price
from sourcing.sheets import NoPlan
from sourcing.study.bankability import Hurdle, Terms, Unbankable, case, to_the_cent
from sourcing.study.bankability_tables import in_force, judge
from sourcing.study.menu import lowest
from sourcing.study.without import with_and_without
from sourcing.tables import Table, fields
from sourcing.workbook.folder import write_folder

EACH = Hurdle()


def plant(
    out="oxide",
    price=50,
    *,
    years_of=(2026, 2027),
    sites=("plant",),
    sold=("oxide",),
    demand=100,
    project=None,
    **process,
):
    """The plant with its market."""
    terms = {"project": "p", "unit": "u", "capex": 0.6, "life": 2, "cost_of_capital": 0} | (project or {})
    return [
        years(*years_of), party("maker", "supplier", *sites), party("us", "buyer", "car"), party("gov", "government"),
        makes("plant", out, 10, unit="u", **({"cost": 20_000, "fixed_cost": 0.05, "stage": "separation"} | process)),
        Project(**terms), Price(index="oxide", price=price), [Offer(site="plant", material=m) for m in sold],
        [Demand(customer="car", material=m, demand=demand) for m in sold],
    ]  # fmt: skip


def outlooks(**others):
    """The base and other outlooks: their probability (%) and a price of oxide at all times."""
    rest = 100 - sum(odds for odds, _ in others.values())
    rows = [Scenario(scenario="base", kind="outlook", probability=rest)] if rest else []
    for name, (odds, price) in others.items():
        rows.append(Scenario(scenario=name, kind="outlook", probability=odds))
        rows.append(shock(name, "Prices", "oxide", "Price", set=str(price)))
    return rows


def shock(scenario, tab, row, column, **change):
    return Shock(scenario=scenario, of_tab=tab, row_id=row, of_column=column, **change)


def floor(*rows, terms=None, test=None):
    return case(tiny(*rows), "p", terms, test=test).floor()


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


# ------------------------------------------------------------------------------------------------ what it saves


def market():
    """The plant beside a foreign seller at 90 USD/kg, for a need of 10 t a year."""
    return [
        plant(demand=10), party("abroad", "supplier", "china", allied=False, country="CN"), makes("china", "oxide"),
        Price(index="dear", price=90), Offer(site="china", material="oxide", index="dear"),
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["option", "committed"])
def test_what_a_project_saves_is_the_plan_without_it_less_the_plan_with_it(status):
    rows = market()
    instance = tiny(rows)
    instance = instance.replace(Project, [dataclasses.replace(instance.row(Project, "p"), status=status)])
    start = "2026" if status == "option" else ""
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], start).records()}
    # without: 10 t at 90 USD/kg in two years. With: 200 + 50 k USD a year, and 300 of capex, which is sunk if committed
    with_it = 1.1 if status == "option" else 0.5
    assert (found["Cost"]["With"], found["Cost"]["Without"]) == (approx(with_it), approx(1.8, rel=1e-3))
    assert found["Cost"]["Saves"] == approx(1.8 - with_it, rel=1e-3)
    assert found["Buyers pay"]["Saves"] == approx(1.8 - 1.0)  # the plant sells at 50
    assert found["Cost"]["Compared"] == "same decisions elsewhere"


def firm(seller, material):
    return Contract(
        contract="deal", seller=seller, buyer="car", material=material, fixed=45, minimum=10, maximum=10,
        take_or_pay="firm", status="option",
    )  # fmt: skip


def test_a_contract_with_the_project_is_not_held_without_it():
    """The buyer signs a firm contract at 45 USD/kg, which nothing could keep without the plant."""
    instance = tiny(market(), firm("maker", "oxide"))
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], "2026", view="buyer").records()}
    assert (found["Buyers pay"]["With"], found["Buyers pay"]["Without"]) == (approx(0.9), approx(1.8))
    assert found["Cost"]["Compared"] == "same decisions elsewhere"


def test_where_other_decisions_need_the_project_too_the_plan_without_it_is_free():
    """The contract is with a smelter, which has no other oxide than the plant's."""
    rows = [
        plant(demand=0), party("smelter", "supplier", "smelter"), makes("smelter", "metal", takes={"oxide": 1.0}),
        party("abroad", "supplier", "china", allied=False, country="CN"), makes("china", "metal"),
        Price(index="dear", price=90), Offer(site="china", material="metal", index="dear"),
        Demand(customer="car", material="metal", demand=10), firm("smelter", "metal"),
    ]  # fmt: skip
    instance = tiny(rows)
    found = {row["What"]: row for row in with_and_without(instance, instance[Project], "2026", view="buyer").records()}
    assert (found["Buyers pay"]["With"], found["Buyers pay"]["Without"]) == (approx(0.9), approx(1.8))
    assert found["Cost"]["Compared"].startswith("planned freely: proven to 0.0 M USD")


def test_a_start_that_no_plan_has_is_told():
    instance = tiny(market())
    project = dataclasses.replace(instance.row(Project, "p"), public_share=50.0, payer="gov")
    poor = dataclasses.replace(instance.row(Entity, "gov"), budget=0.1)
    with pytest.raises(NoPlan, match="no plan starts p in 2026"):
        with_and_without(instance.with_rows(project, poor), [project], "2026")


def test_the_command_tells_what_a_project_saves(tmp_path):
    write_folder(tiny(market()), tmp_path / "market")
    said = " ".join(run(tmp_path / "market", "--project", "p", "--plan").stdout.split())
    assert "The project saves M USD, discounted: cost 0.7" in said


# ------------------------------------------------------------------------------------------------ no answer


def test_what_cannot_be_judged_says_why():
    with pytest.raises(ValueError, match=r"there is no project 'q': projects: p"):
        case(tiny(plant()), "q")
    with pytest.raises(ValueError, match=r"there is no price index 'oxid': did you mean 'oxide'\?"):
        case(tiny(plant()), "p", Terms(benchmark="oxid"))
    with pytest.raises(Unbankable, match="comes on line within the horizon in no outlook"):
        case(tiny(plant(project={"lead_time": 36})), "p")
    with pytest.raises(Unbankable, match="p sells nothing that a floor could cover"):
        case(tiny(plant(), Lane(origin="car", destination="plant", goods="any")), "p")


def test_a_plant_without_feed_is_carried_by_no_floor():
    found = judge(case(tiny(plant(takes={"ore": 1.0})), "p"), (55.0,))
    assert found.floor is None
    assert found.headline == ("No floor on oxide carries p in each outlook: it can make none; nothing brings ore.")


# ------------------------------------------------------------------------------------------------ the command


def run(*words, code=0):
    done = CliRunner().invoke(app, ["bankability", *map(str, words)])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture
def folder(tmp_path):
    write_folder(tiny(plant(), outlooks(low=(25, 40))), tmp_path / "plant")
    return tmp_path / "plant"


def test_the_command_tells_the_floor_in_words(folder):
    said = run(folder, "--project", "p", "--floors", "50:60:2").stdout
    assert "A floor of 55.00 USD/kg on oxide carries p in each outlook; a dollar less" in said
    assert "56 USD/kg" in said
    assert "pays 0.1 M USD" in said


def test_the_command_tells_the_floor_as_json(folder):
    found = json.loads(run(folder, "--project", "p", "--floors", "50:54:2", "--json").stdout)
    assert (found["floor_usd_per_kg"], found["menu_usd_per_kg"], found["needs_floor"]) == (55.0, None, True)
    assert found["treasury_pays_musd"] == approx(0.15)
    assert [row["carries"] for row in found["menu"]] == ["no", "no", "no"]
    assert found["cash"][0]["cash_musd"] == approx(0.3)


def test_the_command_writes_a_workbook_of_the_tables(folder, tmp_path):
    target = tmp_path / "p.xlsx"
    run(folder, "--project", "p", "-o", target)
    book = load_workbook(target)
    assert book.sheetnames == ["Outlooks", "Cash", "Menu", "Floors in force"]
    assert book["Cash"]["A1"].value == "Outlook"
    run(folder, "--project", "p", "-o", target, code=8)
    run(folder, "--project", "p", "-o", target, "--force")


def test_the_options_make_the_terms(folder):
    def level(*words):
        return json.loads(run(folder, "--project", "p", "--json", *words).stdout)["exact_usd_per_kg"]

    # low: 400 - 250 - 300 = -150 in the year without: 10·F - 550 = 150
    assert level("--first", "2027") == approx(70)
    assert level("--dscr", 1.2) == approx(61)
    assert level("--volume", 4) == approx(40 + 150 / 4)
    assert level("--test", "expected") == approx(55)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--project", "pp"), "there is no project 'pp': did you mean 'p'?"),
        (("--project", "p", "--floors", "60"), "write FROM:TO:STEP"),
        (("--project", "p", "--floors", "60:50:1"), "FROM may not be above TO"),
        (("--project", "p", "--floors", "0:100000:1"), "the most"),
        (("--project", "p", "--first", "1999x"), "neither a period (2026 to 2027)"),
        (("--project", "p", "--first", "2027", "--last", "2026"), "is not before"),
        (("--project", "p", "--material", "oxid"), "did you mean 'oxide'?"),
    ],
)
def test_a_wrong_use_is_told(folder, words, said):
    assert said in " ".join(run(folder, *words, code=2).stderr.split())


def test_no_floor_at_all_is_exit_code_6(tmp_path):
    write_folder(tiny(plant(takes={"ore": 1.0})), tmp_path / "plant")
    assert "No floor on oxide carries p" in run(tmp_path / "plant", "--project", "p", code=6).stdout


# ------------------------------------------------------------------------------------------------ allied-2026


@pytest.mark.parametrize("project", ["p_vinton", pytest.param("p_browns_range", marks=slow)])
def test_heavy_projects_of_the_bundled_instance_have_a_floor(project):
    found = case(bundled("allied-2026"), project)
    level = to_the_cent(found.floor())
    assert 0 < level < 1000
    assert found.carried(level)
    assert not found.carried(level - 1)
    levels = [10.0 * k for k in range(30)]
    assert lowest(found, levels) == min(rung for rung in levels if rung >= found.floor())


def test_a_table_shows_the_columns_that_fit_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    table = Table("T", fields("Name", ("Cash", "M USD"), ("Much", "t"), "A long name of a column"))
    table.add("plant", 1234.5, None, "text")
    table.add("other", -1.0, 2.0, "text")
    assert as_text(table, most=1).splitlines() == [
        "Name       Cash  Much",
        "        (M USD)   (t)",
        "plant  1,234.50     -",
        "… 1 more",
        "Not shown here: A long name of",
        "a column (-o FILE.xlsx and",
        "--json have them)",
    ]
    assert as_objects(table)[0] == {
        "name": "plant", "cash_musd": 1234.5, "much_t": None, "a_long_name_of_a_column": "text",
    }  # fmt: skip
