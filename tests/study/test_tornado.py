"""The tornado: each estimate by itself, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny import makes, party, sells, tiny, years

from sourcing.arrays import compile_path
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.projects import Project
from sourcing.components.sources import Source
from sourcing.model import build
from sourcing.solver import Options, solve_path
from sourcing.study.estimates import confidence_of, figures
from sourcing.study.tornado import as_table, first_order, tornado

DEMAND = Demand(customer="car", material="magnet", demand=10, source="paper")
PAPERS = [
    Source(source_id="paper", citation="a paper", basis="published", confidence="high"),
    Source(source_id="guess", citation="our guess", basis="estimate", confidence="low"),
    Source(source_id="model", citation="our model", basis="estimate", confidence="medium"),
]
LANE = Lane(origin="any", destination="any", goods="any", source="paper")


def swings(*rows, **options):
    """{figure: (low, high)} of the tornado of an instance in k USD, and the table."""
    solution = solve_path(tiny(*rows, PAPERS, LANE), options=Options(gap=1e-9))
    found = tornado(solution, options=Options(threads=1), **options)
    table = list(as_table(solution, found).records())
    return {row["Figure"]: (row["Cost if low"], row["Cost if high"]) for row in table}, table


def test_what_a_cost_moves_is_cost_times_tonnes():
    found, (row,) = swings(makes("pit", "magnet", cost=1000, source="guess"), DEMAND, decisions=0)
    # 10 t at 1,000 USD/t, 20 % less and more: 2,000 USD
    assert found == {"Processes[pit|pit magnet|pit magnet]: Cost": (pytest.approx(-0.002), pytest.approx(0.002))}
    assert (row["Value"], row["Low"], row["High"]) == ("1,000", "800", "1,200")
    assert (row["Short if low"], row["First order, high"]) == (0, pytest.approx(0.002))


def test_a_limit_that_had_room_is_seen_when_it_has_none():
    found, rows = swings(makes("pit", "magnet", 12), DEMAND, decisions=0)
    # 12 t/y · 0.8 = 9.6: 0.4 t short at 1,000 USD/kg; its dual is 0, so the first order tells nothing
    assert found == {"Units[pit magnet]: Capacity": (pytest.approx(0.4), 0)}
    assert (rows[0]["Short if low"], rows[0]["First order, low"]) == (pytest.approx(0.4), 0)


def test_demands_of_a_customer_go_together():
    guessed = [Demand(customer="car", material=name, demand=5, source="guess") for name in ("one", "two")]
    found, (row,) = swings(
        makes("pit", "one", cost=1000), makes("dig", "two", cost=3000), guessed, decisions=0, top=1
    )  # fmt: skip
    assert row["Figure"] == "Demand of car: Demand"
    # 1 t of each less: 4,000 USD
    assert found["Demand of car: Demand"] == (pytest.approx(-0.004), pytest.approx(0.004))
    assert (row["Value"], row["Low"], row["Cell"]) == ("2 rows", "×0.8", "Demand[car|one|].demand and 1 more")


def test_the_widest_swing_comes_first_and_no_more_than_the_top_are_told():
    mines = [makes("pit", "magnet", 5, cost=1000), makes("dig", "magnet", cost=3000)]
    found, _ = swings(mines, DEMAND, decisions=0)
    # dig: 5 t · 600 USD; pit: its 5 t · 200 USD, and its capacity 1 t · 2,000 USD
    assert list(found) == [
        "Processes[dig|dig magnet|dig magnet]: Cost",
        "Units[pit magnet]: Capacity",
        "Processes[pit|pit magnet|pit magnet]: Cost",
    ]
    assert list(found.values()) == [
        (pytest.approx(-0.003), pytest.approx(0.003)),
        (pytest.approx(0.002), pytest.approx(-0.002)),
        (pytest.approx(-0.001), pytest.approx(0.001)),
    ]
    assert list(swings(mines, DEMAND, decisions=0, top=1)[0]) == list(found)[:1]


def test_by_confidence_medium_counts_too_and_changes_less():
    rows = [makes("pit", "magnet", 5, cost=1000, source="guess"), makes("dig", "magnet", cost=3000, source="model")]
    found, _ = swings(rows, DEMAND, decisions=0, change=None)
    assert found["Processes[dig|dig magnet|dig magnet]: Cost"][1] == pytest.approx(0.00225)  # 5 t · 3,000 · 15 %
    assert found["Processes[pit|pit magnet|pit magnet]: Cost"][1] == pytest.approx(0.0015)  # 5 t · 1,000 · 30 %
    assert "Processes[dig|dig magnet|dig magnet]: Cost" not in swings(rows, DEMAND, decisions=0)[0]


# ------------------------------------------------------------------------------------------------ decisions and dates


def plant(**columns):
    """A plant of 10 t/y for 1 M USD over 10 years, without interest: 100 k USD a year."""
    given = {"project": "PLANT", "unit": "plant", "capex": 1.0, "life": 10.0, "cost_of_capital": 0.0, "whole": True}
    return makes("works", "magnet", 10, unit="plant"), Project(**(given | columns))


def test_a_price_that_would_change_the_first_decision_is_told():
    # Market: 10 t at 11 USD/kg, 110 k USD a year, against 100 of the plant. At 8.8 the market is cheaper: 88.
    found, rows = swings(plant(), party_market(11), DEMAND, decisions=9)
    (price,) = [row for row in rows if row["Figure"] == "Projects[PLANT]: Capex"]
    assert (price["Decisions if low"], price["Decisions if high"]) == (
        "same",
        "do not start PLANT (saves 0.01 M USD)",  # 120 of the plant, 110 of the market
    )
    # held, the plant costs 80 or 120 k USD a year
    assert found["Projects[PLANT]: Capex"] == (pytest.approx(-0.02), pytest.approx(0.02))


def test_decisions_are_not_looked_for_unless_asked():
    _, rows = swings(plant(), party_market(11), DEMAND, decisions=0)
    assert {row["Decisions if high"] for row in rows} == {None}


def party_market(price):
    return (
        party("trader", "supplier", "market", allied=False),
        makes("market", "magnet"),
        sells("market", "magnet", price),
    )


def test_a_lead_time_is_built_anew():
    three = years(2026, 2027, 2028)
    found, rows = swings(three, plant(lead_time=11, status="committed"), DEMAND, decisions=0)
    # 11 months · 1.2 = 13.2: on line in 2028 in place of 2027, 10 t short at 1,000 USD/kg; no sooner at 8.8
    assert found["Projects[PLANT]: Lead time"] == (0, pytest.approx(10.0))
    (row,) = [row for row in rows if row["Figure"] == "Projects[PLANT]: Lead time"]
    assert row["Short if high"] == pytest.approx(10)
    without, _ = swings(three, plant(lead_time=11, status="committed"), DEMAND, decisions=0, lead_times=False)
    assert "Projects[PLANT]: Lead time" not in without


def test_a_lead_time_that_nothing_waits_for_is_left_alone():
    found, _ = swings(plant(lead_time=11, capex=99), party_market(11), DEMAND, decisions=0)
    assert "Projects[PLANT]: Lead time" not in found


# ------------------------------------------------------------------------------------------------ figures


def test_the_first_order_is_exact_where_nothing_changes_its_mind():
    rows = [makes("pit", "magnet", 5, cost=1000), makes("dig", "magnet", cost=3000), DEMAND]
    solution = solve_path(tiny(rows, PAPERS))
    other = tiny(makes("pit", "magnet", 6, cost=1000), makes("dig", "magnet", cost=3500), DEMAND, PAPERS)
    arrays = compile_path(build(other))
    # to first order: 1 t more of pit saves 2 k USD, 5 t of dig cost 0.5 more each (its sixth tonne is second order)
    assert first_order(solution, arrays) == pytest.approx(-2 + 2.5)


def test_lanes_of_one_form_go_together():
    lanes = [Lane(origin="any", destination="any", goods=goods, freight=9) for goods in ("magnet", "form:magnet")]
    instance = tiny(makes("pit", "magnet", source="paper"), DEMAND, PAPERS, lanes)
    freight = [figure for figure in figures(instance) if figure.column.name == "Freight"]
    assert [(figure.name, len(figure.rows)) for figure in freight] == [("Lanes of magnet: Freight", 2)]


def test_published_figures_recipes_and_facts_are_no_guesses():
    instance = tiny(
        makes("pit", "ore", cost=1, source="paper"), makes("works", "magnet", takes={"ore": 1.2}, cost=2),
        DEMAND, PAPERS, LANE,
    )  # fmt: skip
    assert [figure.name for figure in figures(instance)] == ["Processes[works|works magnet|works magnet]: Cost"]


def test_a_change_stays_within_the_limits_of_its_column():
    instance = tiny(makes("pit", "magnet", 10), DEMAND, PAPERS, LANE, plant(public_share=90, payer="us"))
    (share,) = [figure for figure in figures(instance) if figure.column.name == "Public share"]
    assert share.value(1.2) == "100"  # not 108 %
    assert share.times(instance, 1.2).row(Project, "PLANT").public_share == 100


def test_no_source_is_the_least_sure_and_the_least_of_several_counts():
    instance = tiny(makes("pit", "magnet"), DEMAND, PAPERS)
    row = instance[Demand][0]
    assert confidence_of(instance, row) == "high"
    assert confidence_of(instance, replace(row, source=())) == "low"
    assert confidence_of(instance, replace(row, source=("paper", "model"))) == "medium"
