"""Alternatives: plans almost as cheap as the best, by hand and by law."""

from __future__ import annotations

import json

import bundled
import openpyxl
import pytest
from tiny import NONE, at, china_rule, makes, tiny, years
from typer.testing import CliRunner

import sourcing
from sourcing.cli import app
from sourcing.components.demand import Demand
from sourcing.components.projects import Project
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.solver import Options, solve_path
from sourcing.study.alternatives import BEST, COVERED, DIFFERENT, STOCK, SUPPLIERS, alternatives
from sourcing.study.alternatives_tables import (
    alike,
    covered_tonnes,
    decisions,
    flows,
    mean_stock,
    plans,
    side_by_side,
    suppliers,
    words,
)
from sourcing.workbook import write_folder

EXACT = Options(gap=1e-9, threads=1)


def demand(tonnes=10):
    return Demand(customer="car", material="magnet", demand=tonnes)


def beside(*rows, within=0.01):
    return alternatives(tiny(*rows), within, options=EXACT)


def missing(found):
    """Why each alternative that is left out is."""
    return dict(note.split(" is left out: ") for note in found.notes)


# A tonne from near costs 100 k USD, one from far 100.5.
def near(capacity=NONE):
    return [makes("near", "magnet", capacity, cost=100_000), makes("far", "magnet", cost=100_500)]


FARTHEST = "no plan within the bound goes further than the cheapest."


def test_fewest_suppliers_uses_one_where_the_cheapest_uses_two():
    found = beside(near(6), demand())
    assert suppliers(found.best) == pytest.approx({"near": 6, "far": 4})
    assert found.best.objective == pytest.approx(1.002)  # 6·0.1 + 4·0.1005
    assert found.most == pytest.approx(1.01202)  # 1.01·1.002
    assert suppliers(found.plans[SUPPLIERS]) == pytest.approx({"far": 10})  # near cannot make all of it
    assert found.plans[SUPPLIERS].objective == pytest.approx(1.005)  # 10·0.1005
    assert missing(found)[DIFFERENT] == FARTHEST  # there is no route that the cheapest does not use
    assert words(found).rows[1] == (
        SUPPLIERS,
        "1 site ships, not 2: without near, for 3 k USD (0.30 %) more; no decisions differ; "
        "most moved is magnet from far to car (+6 t).",
    )


def test_most_different_takes_the_supplier_that_the_cheapest_does_not():
    found = beside(near(), demand())
    assert suppliers(found.best) == pytest.approx({"near": 10})
    assert suppliers(found.plans[DIFFERENT]) == pytest.approx({"far": 10})
    assert found.plans[DIFFERENT].objective == pytest.approx(1.005)
    assert alike(found.best, found.plans[DIFFERENT]) == pytest.approx(0, abs=1e-6)
    assert missing(found)[SUPPLIERS] == "the cheapest plan has one supplier."
    assert [row[:5] for row in flows(found).rows] == [
        ("far", "car", "magnet", pytest.approx(0), pytest.approx(10)),
        ("near", "car", "magnet", pytest.approx(10), pytest.approx(0)),
    ]


def test_nothing_costs_more_than_the_bound():
    found = beside(near(), demand(), within=0.002)
    # 0.2 % of 1,000 k USD is 2; a tonne from far costs 0.5 more: 4 t
    assert suppliers(found.plans[DIFFERENT]) == pytest.approx({"near": 6, "far": 4}, abs=1e-4)
    assert found.others[0].limit == pytest.approx(6)
    assert found.plans[DIFFERENT].objective == pytest.approx(1.002)
    assert alike(found.best, found.plans[DIFFERENT]) == pytest.approx(60)


CHINA = [at("CN", "wuhan"), china_rule(), makes("wuhan", "magnet", cost=100_000)]


def test_least_covered_leaves_china_out():
    found = beside(CHINA, makes("tokyo", "magnet", 8, cost=100_500), demand())
    assert covered_tonnes(found.best) == pytest.approx(10)
    assert covered_tonnes(found.plans[COVERED]) == pytest.approx(2)
    assert found.plans[COVERED].objective == pytest.approx(1.004)  # 2·0.1 + 8·0.1005
    assert dict(words(found).rows)[COVERED].startswith(
        "2.0 t of what is delivered holds content of a covered country (CN), not 10.0 t (no plan within the bound has "
        "less than 2.0 t), for 4 k USD (0.40 %) more"
    )


def test_nobody_goes_shorter_to_have_less_from_china():
    # a tonne short costs 1,000 k USD, one from China 990: without it the cost would be 1 % higher
    found = beside(CHINA[:2], makes("wuhan", "magnet", cost=990_000), demand(), within=0.5)
    assert found.plans == {BEST: found.best}
    assert missing(found)[COVERED] == FARTHEST


def test_most_stock_by_hand():
    found = beside(
        years(2026, 2027), makes("plant", "magnet", 20, cost=1000), demand(), Price(index="magnet", price=50),
        Stockpile(stockpile="store", holder="us", site="plant", material="magnet", label="clean", maximum=5,
                  storage=100),
        within=0.5,
    )  # fmt: skip
    assert mean_stock(found.best) == pytest.approx(0)
    # 5 t from the end of 2026 on: half of them in 2026 and all in 2027, at 50 k USD a tonne, over two years
    assert mean_stock(found.plans[STOCK]) == pytest.approx(0.050 * (2.5 + 5) / 2)
    assert found.others[0].limit == pytest.approx(0.1875)
    # 25 t for 1 k USD each, 7.5 tonne years for 0.1
    assert found.plans[STOCK].objective == pytest.approx(0.02575)


def test_a_stock_without_a_price_is_told():
    stock = Stockpile(stockpile="store", holder="us", site="near", material="magnet", label="clean")
    assert missing(beside(near(), demand(), stock))[STOCK] == "there is no stockpile of a material with a price."


def test_whole_decisions_are_made_anew_and_told():
    plant = Project(project="PLANT", unit="plant", capex=0.005, life=1.0, cost_of_capital=0.0, whole=True)
    found = beside(
        makes("near", "magnet", cost=100_000), makes("works", "magnet", 20, unit="plant", cost=100_000), plant, demand()
    )
    assert found.plans[DIFFERENT].objective == pytest.approx(1.005)  # 10·0.1 + 0.005
    (row,) = decisions(found).records()
    assert (row["Name"], row[BEST], row[DIFFERENT]) == ("PLANT", "no", "2026")
    assert "1 decision differs" in dict(words(found).rows)[DIFFERENT]


def test_a_site_is_spared_by_what_must_then_be_built():
    # b makes all with its plant, which the cheapest plan does without
    plant = Project(project="PLANT", unit="plant", capex=0.005, life=1.0, cost_of_capital=0.0, whole=True)
    found = beside(
        makes("a", "magnet", 5, cost=100_000), makes("b", "magnet", 5, cost=100_000),
        makes("b", "magnet", 20, unit="plant", cost=100_000), plant, demand(),
    )  # fmt: skip
    assert suppliers(found.best) == pytest.approx({"a": 5, "b": 5})
    assert suppliers(found.plans[SUPPLIERS]) == pytest.approx({"b": 10})
    assert found.plans[SUPPLIERS].objective == pytest.approx(1.005)  # 10·0.1 + 0.005


def test_side_by_side_turns_the_figures_round():
    found = beside(near(6), demand())
    figures = plans(found)
    turned = {row["Figure"]: row for row in side_by_side(figures).records()}
    assert turned["Suppliers"][BEST], turned["Suppliers"][SUPPLIERS] == (2, 1)
    assert turned["Over"][SUPPLIERS] == pytest.approx(100 * 0.003 / 1.002)
    assert turned["Largest share"][BEST] == pytest.approx(60)  # 6 of 10 t
    assert turned["HHI of suppliers"][BEST] == pytest.approx(5200)  # 10,000·(0.6² + 0.4²)
    assert figures.column("Short") == pytest.approx([0, 0])


# ------------------------------------------------------------------------------------------------ what is given


def test_a_gap_wider_than_the_bound_is_told():
    plan = solve_path(tiny(near(), demand()), options=EXACT)
    plan.bound = 0.9 * plan.objective
    assert alternatives(plan, options=EXACT).notes[0].startswith("The cheapest plan is proven within 10 % only")


def test_a_plan_may_be_given():
    plan = sourcing.solve(tiny(near(), demand()))
    assert suppliers(sourcing.alternatives(plan).plans[DIFFERENT]) == pytest.approx({"far": 10})


@pytest.mark.parametrize("within", [0, -0.01, 2, float("nan")])
def test_a_share_that_is_none_is_refused(within):
    with pytest.raises(ValueError, match="give a share of the cost above 0 and at most 1"):
        alternatives(tiny(near(), demand()), within)


def test_a_stop_leaves_what_was_found():
    plan = solve_path(tiny(near(), demand()), options=EXACT)
    found = alternatives(plan, options=Options(stop=lambda: True))
    assert found.plans == {BEST: found.best}
    assert found.notes == [f"Stopped: {SUPPLIERS} and what comes after it were not looked for."]


def test_laws_on_starter():
    found = alternatives(bundled.solution("starter"), options=Options(time_limit=2, threads=1))
    best = found.best
    for plan in found.plans.values():
        assert plan.audit.passed
        assert best.bound <= plan.objective <= found.most + 1e-6
        assert sum(plan.tabs["Demand"].column("Short")) <= sum(best.tabs["Demand"].column("Short")) + 1e-3
    by_name = {other.name: other for other in found.others}  # in two seconds perhaps not the fewest suppliers
    assert by_name[COVERED].limit - 1e-3 <= covered_tonnes(by_name[COVERED].plan) < covered_tonnes(best)
    assert mean_stock(best) < mean_stock(by_name[STOCK].plan) <= by_name[STOCK].limit + 1e-3
    assert alike(best, by_name[DIFFERENT].plan) < 100


@bundled.slow
def test_starter_can_spare_a_supplier():
    found = alternatives(bundled.solution("starter"))
    assert len(suppliers(found.plans[SUPPLIERS])) < len(suppliers(found.best))
    assert found.plans[SUPPLIERS].objective <= found.most


# ------------------------------------------------------------------------------------------------ as it is typed


def run(*given, code=0):
    done = CliRunner().invoke(app, ["alternatives", *map(str, given)])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    return done


@pytest.fixture
def folder(tmp_path):
    write_folder(tiny(near(6), demand()), tmp_path / "two")
    return tmp_path / "two"


def test_it_writes_a_book_beside_the_instance_and_prints_a_table(folder, tmp_path):
    shown = run(folder, "--quiet").stdout
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "- Fewest suppliers: 1 site ships, not 2: without near" in shown
    book = openpyxl.load_workbook(tmp_path / "two.alternatives.xlsx")
    assert book.sheetnames == ["Side by side", "In words", "Decisions", "Flows"]
    assert "exists already: add --force" in " ".join(run(folder, code=8).stderr.split())


def test_it_prints_one_object(folder, tmp_path):
    told = json.loads(run(folder, "--json", "--quiet", "-o", tmp_path / "a.xlsx", "--within", 0.02).stdout)
    assert (told["status"], told["within"], told["most_musd"]) == ("optimal", 0.02, pytest.approx(1.02 * 1.002))
    plan = {row["plan"]: row for row in told["plans"]}[SUPPLIERS]
    assert (plan["suppliers"], plan["over_pct"]) == (1, pytest.approx(100 * 0.003 / 1.002))
    assert plan["words"].startswith("1 site ships")
    assert {row["from"] for row in told["flows"]} == {"near", "far"}
