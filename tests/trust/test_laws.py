"""Laws of every plan, over random instances: each has an audited plan or a way to one, and comparisons come out right.

Optima are of models with integers, solved to the tolerances of the solver; an instance without a plan costs infinity.
"""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from tiny import makes, sells, typed
from worlds import EXTENSIVE, MONEY, changed, examples, halved, scaled, shuffled, times, worlds

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, Substitute
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.places import Entity, Site
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer
from sourcing.edits import edited, parse
from sourcing.instance import Instance
from sourcing.plan import make_plan
from sourcing.sheets import NoPlan
from sourcing.solver import Options, solve_path
from sourcing.workbook import read, write_folder

EXACT = 1e-6
"""Relative to a cost, and in k USD: what the solver's tolerances may hide."""


def least(instance: Instance) -> float:
    """The least cost, k USD; infinite if there is no plan."""
    found = solve_path(instance, options=Options(gap=1e-9, threads=1))
    assert found.status in ("optimal", "infeasible")
    return found.objective if found.status == "optimal" else math.inf


def same(cost: float):
    return approx(cost, rel=EXACT, abs=EXACT)


def no_more(cost: float) -> float:
    return cost + EXACT * (1 + abs(cost)) if math.isfinite(cost) else math.inf


# ------------------------------------------------------------------------------------------------ one plan


@examples(30, 1000)
@given(worlds())
def test_there_is_an_audited_plan_or_a_way_to_one(instance):
    try:
        plan = make_plan(instance, threads=1)
    except NoPlan as none:
        report = none.report
        assert report.status == "infeasible"
        edits = [row["Edit"] for row in report.why.records() if row["Way"] == 1]
        assert edits, report.headline
        assert math.isfinite(least(edited(instance, [parse(edit) for edit in edits]))), report.headline
        return
    assert plan.status == "optimal"
    assert plan.audit.passed
    assert sum(plan.tabs["Costs"].column("Counts")) == approx(plan.objective, rel=1e-9, abs=1e-9)
    assert plan.gap <= EXACT or plan.objective - plan.bound <= EXACT


# ------------------------------------------------------------------------------------------------ the same in disguise


@examples(15, 400)
@given(worlds())
def test_k_times_the_tonnes_cost_k_times_as_much(instance):
    assert least(scaled(instance, EXTENSIVE, 4)) == same(4 * least(instance))


@examples(15, 400)
@given(worlds())
def test_at_k_times_the_prices_the_plan_costs_k_times_as_much(instance):
    assert least(scaled(instance, MONEY, 4, "Shortage value")) == same(4 * least(instance))


@examples(15, 400)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_optimum(instance, dice):
    assert least(shuffled(instance, dice)) == same(least(instance))


@examples(10, 200)
@given(worlds(), st.integers(0, 9))
def test_the_hash_is_that_of_the_tables_wherever_they_come_from(tmp_path_factory, instance, seed):
    folder = tmp_path_factory.mktemp("world") / "world"
    write_folder(instance, folder)
    assert read(folder).sha256() == instance.sha256()
    tabs: dict[str, list] = {}
    for row in instance.rows():
        tabs.setdefault(row.tab, []).append(row)
    order = list(tabs.values())
    random.Random(seed).shuffle(order)
    assert Instance([row for rows in order for row in rows]).sha256() == instance.sha256()


HALVES = {"a mine": ("north", "north carb"), "a customer": ("car",), "a works' unit": ("presses",)}


@pytest.mark.parametrize("what", HALVES)
@examples(8, 300)
@given(worlds(whole=False))
def test_two_halves_cost_what_the_whole_does(what, instance):
    assert least(halved(instance, *HALVES[what])) == same(least(instance))


# ------------------------------------------------------------------------------------------------ tighter


def half_the_capacity(instance):  # a minimum load is a share of it: less of that is no tighter
    return changed(instance, Unit, lambda row: {} if row.minimum_load else {"capacity": times(row.capacity, 0.5)})


def half_of_every_maximum(instance):
    for row_type in (Offer, Lane, Contract):
        instance = changed(instance, row_type, lambda row: {"maximum": times(row.maximum, 0.5)})
    return changed(
        instance,
        Limit,
        lambda row: {"maximum": times(row.maximum, 0.5), "maximum_share": times(row.maximum_share, 0.5)},
    )


def higher_minimums_of_limits(instance):
    return changed(
        instance,
        Limit,
        lambda row: {
            "minimum": row.minimum and row.minimum + 3,
            "minimum_share": row.minimum_share and min(100.0, row.minimum_share + 10),
        },
    )


def firm_contracts(instance):
    return changed(instance, Contract, lambda row: {"take_or_pay": "firm"})


def stocks_that_must_hold_more(instance):
    return changed(
        instance,
        Stockpile,
        lambda row: {
            "minimum": row.minimum + 2,
            "terminal": None if row.terminal is None else row.terminal + 2,
            "fill": 3.0 if row.fill is None else row.fill / 2,
            "draw": 3.0 if row.draw is None else row.draw / 2,
        },
    )


def rules_that_cover_more(instance):
    return changed(instance, Rule, lambda row: {"countries": (*row.countries, "AU", "US"), "tolerance": 0.0})


def rules_for_everybody(instance):
    return changed(instance, Demand, lambda row: {"rules": ("zc@1",)})


def half_the_budget(instance):
    return changed(instance, Entity, lambda row: {"budget": times(row.budget, 0.5)})


def half_of_what_new_makers_may_send(instance):
    return changed(instance, Qualification, lambda row: {"first_year_share": times(row.first_year_share, 0.5)})


TIGHTER = [
    half_the_capacity, half_of_every_maximum, higher_minimums_of_limits, firm_contracts, stocks_that_must_hold_more,
    rules_that_cover_more, rules_for_everybody, half_the_budget, half_of_what_new_makers_may_send,
]  # fmt: skip


@pytest.mark.parametrize("tighter", TIGHTER, ids=lambda change: change.__name__)
@examples(5, 150)
@given(worlds())
def test_what_is_tighter_is_never_cheaper(tighter, instance):
    assert least(instance) <= no_more(least(tighter(instance)))


# ------------------------------------------------------------------------------------------------ looser


def twice_every_maximum(instance):
    for row_type in (Offer, Lane, Contract, Limit):
        instance = changed(instance, row_type, lambda row: {"maximum": times(row.maximum, 2)})
    return instance


def no_limits(instance):
    return instance.replace(Limit, [])


def no_rules(instance):
    return changed(instance, Demand, lambda row: {"rules": ()})


def batches_kept_apart(instance):
    return changed(instance, Site, lambda row: {"custody": "segregated"})


def no_least_load(instance):
    return changed(instance, Unit, lambda row: {"minimum_load": 0.0, "running_cost": 0.0})


def decisions_in_parts(instance):
    return changed(instance, Project, lambda row: {"whole": False})


def anybody_accepted(instance):
    return instance.replace(Qualification, [])


def no_duties(instance):
    return changed(instance, Contract, lambda row: {"minimum": None, "minimum_share": None, "makeup": 0.0})


def stocks_that_need_hold_nothing(instance):
    return changed(instance, Stockpile, lambda row: {"minimum": 0.0, "terminal": None, "fill": None, "draw": None})


def lanes_for_nothing(instance):
    return changed(instance, Lane, lambda row: {"freight": 0.0, "tariff": 0.0})


LOOSER = [
    twice_every_maximum, no_limits, no_rules, batches_kept_apart, no_least_load, decisions_in_parts, anybody_accepted,
    no_duties, stocks_that_need_hold_nothing, lanes_for_nothing,
]  # fmt: skip


@pytest.mark.parametrize("looser", LOOSER, ids=lambda change: change.__name__)
@examples(5, 150)
@given(worlds())
def test_what_is_looser_is_never_dearer(looser, instance):
    assert least(looser(instance)) <= no_more(least(instance))


# ------------------------------------------------------------------------------------------------ more to choose from


def a_supplier():
    return [
        Entity(entity="newcomer", role="supplier", allied=True, country=("AU",)),
        Site(site="new mine", entity="newcomer", country="AU"),
        *makes("new mine", "carb", 30, cost=700),
        *sells("new mine", "carb", 2, maximum=20),
    ]


def a_substitute():
    return [Substitute(customer="car", material="magnet", substitute="magnet_b", ratio=1.5)]


def a_contract():
    return [
        Contract(contract="new", seller="works", buyer="robot", material="magnet", fixed=70, minimum=5, maximum=9,
                 status="option", signing_cost=0.1)
    ]  # fmt: skip


def a_project():
    _, process, *_ = makes("works", "magnet", unit="third", cost=100)
    return [
        Unit(unit="third", site="works", capacity=12),
        dataclasses.replace(process, recipe="press", unit="third", stage="magnet"),
        Project(project="third", unit="third", capex=3, life=10),
    ]


def a_stock():
    return [Stockpile(stockpile="new", holder="maker", site="refinery", material="oxide", label=("clean",), maximum=9)]


@pytest.mark.parametrize("more", [a_supplier, a_substitute, a_contract, a_project, a_stock], ids=lambda f: f.__name__)
@examples(5, 150)
@given(worlds())
def test_an_option_more_is_never_dearer(more, instance):
    assert least(instance.with_rows(*map(typed, more()))) <= no_more(least(instance))
