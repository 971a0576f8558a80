"""Stress: outages on what a plan commits to, each worked by hand, and the batch against models built by hand."""

from __future__ import annotations

import dataclasses
import math
import resource

import bundled
import highspy
import pytest
from tiny import makes, party, sells, tiny, years

from sourcing.arrays import compile_path
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import periods
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.model import build
from sourcing.sheets import Selector, Series
from sourcing.solver import Options, launch, solve_path
from sourcing.study import recourse
from sourcing.study.outages import Outage, guarded, members, shares, sites_of, with_reserves
from sourcing.study.recourse import UNKEPT, base_of, cut, values_of
from sourcing.study.stress import stress
from sourcing.study.stress_tables import headline, tables

QUIET = Options(threads=1)


def stressed(*rows, level=1, settings=None, **how):
    """A tiny instance planned and tested."""
    return stress(solve_path(tiny(*rows, **(settings or {})), options=QUIET), level=level, options=QUIET, **how)


def cost(found, *names: str, period: str = "2026") -> float:
    """k USD that an outage costs."""
    rows = found.single if len(names) == 1 else found.pairs
    return rows[Outage(found.by, names, period, found.months)].cost


def effect(found, *names: str, period: str = "2026"):
    rows = found.single if len(names) == 1 else found.pairs
    return rows[Outage(found.by, names, period, found.months)]


# Two makers of a good: `a` makes 10 t/y at 1 k USD/t, `b` 4 t/y at 3. The customer needs 8 t a year.
TWO = (
    makes("a", "car", 10, cost=1000),
    makes("b", "car", 4, cost=3000),
    Demand(customer="buyer", material="car", demand=8),
)


# ------------------------------------------------------------------------------------------------ by hand


def test_one_fails_and_the_other_does_what_it_can():
    found = stressed(*TWO)
    assert cost(found, "a") == pytest.approx(4 * 3 + 4 * 1000 - 8 * 1)  # 4 t from b, 4 t short at 1,000 USD/kg
    assert effect(found, "a").short == {"2026": pytest.approx(4)}
    assert effect(found, "a").served == pytest.approx(50)
    assert effect(found, "a").served_before == pytest.approx(100)
    assert effect(found, "a").until == pytest.approx(0)
    assert effect(found, "a").recovery == pytest.approx(365)
    assert (effect(found, "a").customer, effect(found, "a").customer_short) == ("buyer", pytest.approx(4))


def test_what_the_plan_does_not_use_costs_exactly_nothing():
    assert cost(stressed(*TWO), "b") == 0.0


def test_months_are_a_share_of_the_period():
    found = stressed(*TWO, months=6)
    assert cost(found, "a") == pytest.approx(5 * 1 + 3 * 3 - 8 * 1)  # a makes 10·½, b the rest


def test_two_fail_at_once():
    found = stressed(*TWO, level=2, most=2)
    assert found.pairs == {}  # b alone costs nothing, so it is not among the exposed
    both = stressed(makes("a", "car", 5, cost=1000), makes("b", "car", 4, cost=3000), TWO[2], level=2)
    assert cost(both, "a") == pytest.approx(4 * 3 + 4 * 1000 - (5 * 1 + 3 * 3))
    assert cost(both, "a", "b") == pytest.approx(8 * 1000 - (5 * 1 + 3 * 3))
    assert both.worst_pair[0].names == ("a", "b")


def test_two_fail_in_the_period_in_which_they_cost_most_together():
    rows = (
        makes("a", "car", 5), makes("b", "car", 5), years(2026, 2027),
        Demand(customer="buyer", material="car", demand={2026: 6, 2027: 9}),
    )  # fmt: skip
    found = stressed(*rows, level=2)
    assert [outage.period for outage in found.pairs] == ["2027"]  # alone each costs 1,000 in 2026 and 4,000 in 2027
    assert cost(found, "a", "b", period="2027") == pytest.approx(9000)


def test_an_outage_longer_than_a_period_goes_on_in_the_next():
    rows = (makes("a", "car", 10), Demand(customer="buyer", material="car", demand=8), years(2026, 2027))
    found = stressed(*rows, months=18, at="2026")
    assert effect(found, "a").short == {"2026": pytest.approx(8), "2027": pytest.approx(3)}  # 10·½ are made in 2027
    assert effect(found, "a").recovery == pytest.approx(730)


def test_a_lane_fails_and_what_is_shipped_goes_another_way():
    rows = (
        makes("a", "car", 10), [Demand(customer="buyer", material="car", demand=8)],
        makes("shop", "idle", 1),
        Lane(origin="a", destination="buyer", goods="car"),
        makes("b", "car", 3, cost=2000), Lane(origin="b", destination="buyer", goods="car"),
    )  # fmt: skip
    found = stressed(*rows, by="lane")
    assert list({outage.names for outage in found.single}) == [("a>buyer",)]  # b>buyer carries nothing
    assert cost(found, "a>buyer") == pytest.approx(3 * 2 + 5 * 1000)
    half = stressed(*rows, by="lane", months=6)
    assert cost(half, "a>buyer") == pytest.approx(3 * 2 + 1 * 1000)  # 8·½ = 4 t are still shipped


def test_a_country_and_a_party_are_all_their_sites_but_the_customers():
    rows = (
        party("jp", "supplier", "osaka", "kobe", country="JP"), party("users", "buyer", "toyota", country="JP"),
        makes("osaka", "car", 5), makes("kobe", "car", 5), sells("osaka", "car", 1), sells("kobe", "car", 1),
        Demand(customer="toyota", material="car", demand=8),
    )  # fmt: skip
    country, entity = stressed(*rows, by="country"), stressed(*rows, by="entity")
    assert [outage.names for outage in country.single] == [("JP",)]
    assert [outage.names for outage in entity.single] == [("jp",)]
    assert effect(country, "JP").total_short == effect(entity, "jp").total_short == pytest.approx(8)


def test_a_stock_kept_for_shocks_is_drawn_and_says_when_the_shortage_begins():
    rows = (
        makes("a", "car", 10),
        Stockpile(stockpile="w", holder="us", site="depot", material="car", label="clean", opening=6,
                  release="shocks only"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    found = stressed(*rows)
    assert effect(found, "a").total_short == pytest.approx(2)  # 6 t are drawn, which the plan may not
    assert effect(found, "a").until == pytest.approx(365 * 6 / 8)
    assert effect(found, "depot").total_short == 0.0
    assert effect(stressed(*rows, level=2, most=1), "a").total_short == pytest.approx(2)


def test_a_stock_at_a_site_that_is_out_stays_there():
    rows = (
        makes("a", "car", 10),
        Stockpile(stockpile="w", holder="us", site="a", material="car", label="clean", opening=6),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    assert effect(stressed(*rows), "a").total_short == pytest.approx(8)
    # half a year: 5 t are made; the stock has no draw limit, so half of the 6 t that lie there
    assert effect(stressed(*rows, months=6), "a").total_short == pytest.approx(0)


def test_goods_under_way_arrive_and_what_they_were_for_may_be_left():
    rows = (
        makes("mine", "ore", 10), makes("plant", "car", 10, takes={"ore": 1.0}), years(2026, 2027),
        Lane(origin="mine", destination="plant", goods="ore", lead_time=73),
        Lane(origin="any", destination="any", goods="any"),
        Demand(customer="buyer", material="car", demand={2026: 8, 2027: 8}),
    )  # fmt: skip
    found = stressed(*rows, at="2027")
    # a fifth of what the mine ships in 2026 (8 t landing need 10 shipped) lands in 2027 and is worked up
    assert effect(found, "mine", period="2027").short == {"2027": pytest.approx(6)}
    assert effect(found, "mine", period="2027").until == pytest.approx(0)
    lost = effect(found, "plant", period="2027")
    assert (lost.total_short, lost.left) == (pytest.approx(8), pytest.approx(2))


def test_a_failed_seller_is_excused_and_one_that_is_starved_is_told():
    rows = (
        party("firm", "supplier", "smelter"), party("pit", "supplier", "mine"),
        makes("mine", "ore", 10), sells("mine", "ore", 1), makes("smelter", "car", 10, takes={"ore": 1.0}),
        Contract(contract="k", seller="smelter", buyer="buyer", material="car", minimum=5, maximum=9, fixed=2,
                 take_or_pay="firm"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    found = stressed(*rows)
    assert effect(found, "smelter").unkept == 0.0
    assert effect(found, "mine").unkept == pytest.approx(5)
    assert effect(found, "smelter").total_short == effect(found, "mine").total_short == pytest.approx(8)
    # what is unkept is no cost: 8 t short, less what they cost in the plan
    assert effect(found, "mine").cost == pytest.approx(effect(found, "smelter").cost)
    half = stressed(*rows, months=6)
    assert effect(half, "smelter").unkept == 0.0  # 2.5 t are still owed, and 5 t made
    assert effect(half, "smelter").total_short == pytest.approx(3)


def test_a_hard_limit_that_cannot_be_kept_is_told():
    rows = (
        makes("a", "car", 10), Demand(customer="buyer", material="car", demand=8),
        Limit(limit="least", material="any", origin="a", destination="any", minimum=3),
    )  # fmt: skip
    assert effect(stressed(*rows), "a").unkept == pytest.approx(3)


def test_a_starved_unit_with_a_minimum_load_stops():
    rows = (
        makes("mine", "ore", 10),
        [row if not isinstance(row, Unit) else dataclasses.replace(row, minimum_load=50, running_cost=1)
         for row in makes("plant", "car", 10, takes={"ore": 1.0})],
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    found = stressed(*rows)
    # without ore the plant stops and saves its 1,000 k USD a year; 0.8 of the year would do for 8 t
    assert cost(found, "mine") == pytest.approx(8 * 1000 - 0.8 * 1000)
    assert found.own["2026"] == pytest.approx(-0.2 * 1000)


def test_projects_are_held_as_the_plan_has_them():
    rows = (
        makes("a", "car", 10), makes("b", "car", 10), Project(project="p", unit="b car", capex=1),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    assert effect(stressed(*rows), "a").total_short == pytest.approx(8)  # b is not built, and cannot be now


def test_a_unit_of_a_project_runs_at_its_own_minimum_load():
    rows = (
        makes("mine", "ore", {2026: 10}),
        [row if not isinstance(row, Unit) else dataclasses.replace(row, minimum_load=50, running_cost=1)
         for row in makes("plant", "car", 10, takes={"ore": 1.0})],
        Project(project="p", unit="plant car", steps=3, status="committed"),
        Demand(customer="buyer", material="car", demand=8),
    )  # fmt: skip
    found = stressed(*rows)
    # three steps do 30 t/y, 15 at least: more than the ore, so the plan leaves 8 t short; 8/30 of a year would do
    assert found.solution.objective == pytest.approx(8 * 1000)
    assert found.own["2026"] == pytest.approx(8 / 30 * 1000 - 8 * 1000)


# ------------------------------------------------------------------------------------------------ by another model


def rebuilt(found, outage: Outage) -> float:
    """What an outage of sites for a year costs (k USD), by a model built from tables in which they are closed.

    Units and stocks there have no capacity and no draw in the period; a contract's minimum falls by the share that the
    closed sites have of it without the outage. In the starter the sites ship nothing else.
    """
    instance, t = found.instance, next(t for t in periods(found.instance) if t.id == outage.period)
    closed = frozenset().union(*(sites_of(instance, outage.kind, name) for name in outage.names))
    chosen, open_stocks = values_of(found.solution), with_reserves(instance)

    def solved(tables):
        arrays = cut(compile_path(build(tables)), tables, chosen, t.number)
        arrays = guarded(arrays, instance, shares(instance, t.id, outage.months))
        base = base_of(arrays, QUIET)
        values = dict(zip(arrays.columns, base.x.tolist(), strict=True))
        unkept = sum(c * x for (f, _), c, x in zip(arrays.columns, arrays.cost, base.x, strict=True) if f == UNKEPT)
        return base.cost - unkept, values

    def times(number, share: float) -> Series:
        series = number if isinstance(number, Series) else Series.constant(math.inf if number is None else number)
        marks = sorted({*series.starts, *(m for m in (t.start, t.end) if m >= series.starts[0])})
        values = [series.mean(mark, mark + 1e-3) for mark in marks]
        return Series(
            tuple(marks),
            tuple(v * share if v and t.start <= m < t.end else v for m, v in zip(marks, values, strict=True)),
        )

    own, values = solved(open_stocks)

    def part(contract: str) -> float:
        flows = [(i, x) for (f, i), x in values.items() if f == "channels.flow" and (i[3], i[-1]) == (contract, t.id)]
        return sum(x for i, x in flows if {i[0], i[1]} & closed) / max(sum(x for _, x in flows), 1e-9)

    changed = {
        Unit: lambda row: {"capacity": times(row.capacity, 0.0)} if row.site in closed else {},
        Stockpile: lambda row: (
            {"draw": times(1e6 if row.draw is None else row.draw, 0.0)} if row.site in closed else {}
        ),
        Contract: lambda row: {"minimum": times(row.minimum, 1 - part(row.contract))} if row.minimum else {},
    }
    tables = open_stocks
    for kind, change in changed.items():
        tables = tables.replace(kind, [dataclasses.replace(row, **change(row)) for row in tables.all(kind)])
    return solved(tables)[0] - own


@pytest.fixture(scope="module")
def starter():
    return stress(bundled.solution("starter"), level=2, most=4, scenarios=(), options=QUIET)


def test_removing_sites_by_hand_gives_the_numbers_of_the_batch(starter):
    outages = [outage for outage, effect in starter.ranked() if effect.cost > 1]
    assert len(outages) > 8
    for outage in outages[:6]:
        assert starter.single[outage].cost == pytest.approx(rebuilt(starter, outage), rel=1e-5)


def test_the_worst_pair_by_hand_gives_the_number_of_the_batch(starter):
    outage, effect = starter.worst_pair
    assert effect.cost == pytest.approx(rebuilt(starter, outage), rel=1e-5)
    assert effect.cost >= max(starter.single[dataclasses.replace(outage, names=(name,))].cost for name in outage.names)


def test_numbers_are_the_same_on_any_number_of_workers(starter):
    again = stress(bundled.solution("starter"), level=2, most=4, scenarios=(), workers=2, options=QUIET)
    assert again.single == starter.single
    assert again.pairs == starter.pairs


def test_an_outage_at_which_the_simplex_method_gives_up_is_solved_from_nothing(starter, monkeypatch):
    launches = []

    def unknown_at_first(solver, options, **given):
        launches.append(solver.getOptionValue("solver")[1])
        status = launch(solver, options, **given)
        return highspy.HighsModelStatus.kUnknown if launches[-1] == "simplex" else status

    monkeypatch.setattr(recourse, "launch", unknown_at_first)
    again = stress(bundled.solution("starter"), at="2029", scenarios=(), options=QUIET)
    assert {"simplex", "ipx"} == set(launches)
    for outage, effect in again.single.items():
        assert effect.cost == pytest.approx(starter.single[outage].cost, rel=1e-6, abs=1e-3)


# ------------------------------------------------------------------------------------------------ scenarios


def test_a_scenario_is_met_with_what_the_plan_commits_to():
    rows = (
        *TWO, years(2026, 2027), Scenario(scenario="half", kind="event", hazard=10, starts="2027"),
        Shock(scenario="half", of_tab="Units", row_id="a car", of_column="Capacity", multiply=0.5),
    )  # fmt: skip
    found = stressed(*rows)
    (struck,) = found.struck
    assert (struck.scenario, struck.start) == ("half", 1)
    assert struck.effect.cost == pytest.approx(5 * 1 + 3 * 3 - 8 * 1)


def test_a_scenario_without_a_start_begins_where_it_differs_and_one_that_changes_nothing_costs_nothing():
    rows = (
        *TWO, years(2026, 2027), Scenario(scenario="late", kind="outlook", probability=60),
        Shock(scenario="late", of_tab="Units", row_id="a car", of_column="Capacity", multiply=0.0, first="2027"),
        Scenario(scenario="same", kind="outlook", probability=40),
        Shock(scenario="same", of_tab="Units", row_id="a car", of_column="Capacity", multiply=1.0),
    )  # fmt: skip
    late, same = stressed(*rows).struck
    assert (late.start, late.effect.total_short) == (1, pytest.approx(4))
    assert (same.start, same.effect.cost) == (None, 0.0)


# ------------------------------------------------------------------------------------------------ how it is told


def test_the_tables_rank_and_shade(starter):
    made = {table.title: table for table in tables(starter)}
    costs = made["Exposure"].column("Cost")
    assert costs == sorted(costs, reverse=True)
    assert made["Exposure"].rows[0][0] == starter.worst()[0].names[0]
    assert len(made["Outages of one"].rows) == len(starter.single) == len(members(starter.instance, "site")) * 4
    assert len(made["Outages of two"].rows) == 4 * 3 / 2
    assert made["Heat map"].rows[0][1:] == tuple(
        starter.single[Outage("site", (made["Heat map"].rows[0][0],), t)].total_short
        for t in ("2027", "2028", "2029", "2030")
    )
    assert headline(starter).startswith("The worst outage of one: ")


def test_a_period_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'2050' is no period: 2026"):
        stressed(*TWO, at="2050")


def test_selectors_are_as_the_tables_have_them():
    instance = tiny(*TWO)
    assert members(instance, "site") == ["a", "b"]  # not the customer
    assert sites_of(instance, "country", "AU") == {"a", "b"}
    assert isinstance(instance[Lane][0].origin, Selector)


# ------------------------------------------------------------------------------------------------ allied-2026


@bundled.slow
def test_all_single_outages_of_allied_2026_take_two_cores_less_than_two_minutes_and_a_pair_is_what_it_is_by_hand():
    def work() -> float:
        return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    plan, before = bundled.solution("allied-2026"), work()
    found = stress(plan, workers=2, scenarios=(), options=QUIET)
    assert work() - before < 2 * 120  # seconds of work, whatever else the machine does
    assert len(found.single) == len(members(found.instance, "site")) * 9
    pairs = stress(plan, level=2, most=4, at="2035", scenarios=(), options=QUIET)
    outage, effect = pairs.worst_pair
    assert effect.cost >= max(found.single[dataclasses.replace(outage, names=(name,))].cost for name in outage.names)
    assert effect.cost == pytest.approx(rebuilt(pairs, outage), rel=1e-5)
