"""What it is worth to know the future and to plan for several; plans in futures that they did not see."""

from __future__ import annotations

import math
import statistics

import bundled
import pytest
from classics import farmer
from pytest import approx
from tiny import makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures.shocks import under
from sourcing.futures.solve import solve_tree
from sourcing.study.samples import draw, out_of_sample
from sourcing.study.value import mean_tables, risk_table, value_of_information


def shock(scenario, tab, row, column, **change):
    return Shock(scenario=scenario, of_tab=tab, row_id=row, of_column=column, **change)


def outlook(name, probability, **columns):
    return Scenario(scenario=name, kind="outlook", probability=probability, **columns)


def figures(table):
    """Figures of the table Risk by name."""
    return dict(zip(table.column("Figure"), table.column("Value"), strict=True))


# ------------------------------------------------------------------------------------------------ EVPI and VSS


@pytest.mark.parametrize("written", farmer.SEASONS)
def test_the_farmer(written):
    """Whichever kind of year the tables have: the mean of the yields is that of a fair year."""
    found = value_of_information(farmer.instance(written))
    profit = farmer.restated
    assert {name: profit(cost) for name, cost in found.alone.items()} == approx(farmer.ALONE, abs=0.5)
    assert profit(found.known) == approx(sum(farmer.ALONE.values()) / 3, abs=0.5)
    assert -profit(found.evpi) == approx(farmer.EVPI, abs=0.5)
    assert profit(found.promised) == approx(farmer.ALONE["fair"])
    assert profit(found.held) == approx(farmer.MEAN_PLAN, abs=0.5)
    assert -profit(found.vss) == approx(farmer.VSS, abs=0.5)
    assert (found.fixed, found.parting.id) == (0, "2027")
    assert found.within == approx(0, abs=1e-6)


def test_the_farmer_as_a_table():
    assert figures(risk_table(value_of_information(farmer.instance()))) == approx({
        "Cost over futures": -0.108390, "Cost with perfect information": -0.115406, "EVPI": 0.007016,
        "Cost that the mean promises": -0.118600, "Cost of planning for the mean": -0.107240, "VSS": 0.001150,
    }, abs=5e-7)  # fmt: skip


def bought(*rows, other="2027"):
    """A tonne of magnet costs 10 in 2026 and 20 in 2027, and can be kept; 5 are used in 2027, in `other` only 1."""
    return tiny(
        years(2026, 2027),
        party("maker", "buyer", "plant", "car"),
        party("trader", "supplier", "exchange", allied=False),
        makes("exchange", "magnet"),
        sells("exchange", "magnet", {2026: 10, 2027: 20}),
        makes("plant", "motor", takes={"magnet": 1}),
        Stockpile(stockpile="kept", holder="maker", site="plant", material="magnet", label="clean", maximum=5),
        Demand(customer="car", material="motor", demand={2026: 0, 2027: 5}),
        outlook("base", 50),
        outlook("other", 50, starts=other),
        shock("other", "Demand", "none", "Demand", set="1"),
        rows,
    )


def test_who_plans_for_the_mean_may_have_no_plan():
    """Of the 3 t that the mean needs, 2 are left in `other`, where the store is closed."""
    instance = bought(shock("other", "Stockpiles", "kept", "Maximum", set="0"))
    found = value_of_information(instance)
    # at most 1 t may be bought in 2026: 10 + 4·20 in base, 10 in other
    assert found.tree.objective == approx(0.5 * 90 + 0.5 * 10)
    assert found.promised == approx(3 * 10)
    assert found.vss == math.inf
    table = risk_table(found)
    assert figures(table)["VSS"] is None
    assert "With what it does before 2027, when the first future parts, some future has no plan." in table.column(
        "What it says"
    )


def test_what_is_known_from_the_start_is_no_choice():
    """`other` is on its own from 2026 on: nobody could plan for the mean of the two."""
    found = value_of_information(bought(other="2026"))
    # all is bought in 2026: 5 t in base; 2 in other, where 1 is used in either year
    assert found.tree.objective == approx(found.known) == approx(0.5 * 5 * 10 + 0.5 * (10 + 10))
    assert (found.evpi, found.vss, found.parting) == (approx(0), 0, None)


def test_a_miss_of_a_contingency_counts_in_both():
    """A contingency of probability 0 in which 5 must be served; the plant stops, so nothing helps: 5·10·1000."""
    stop = (
        Scenario(
            scenario="stop", kind="event", hazard=0, starts="2027", leaves="base", contingency=True, service_level=100
        ),
        shock("stop", "Units", "plant motor", "Capacity", set="0"),
    )
    found = value_of_information(bought(stop))
    assert found.known == approx(0.5 * 50 + 0.5 * 10 + 5 * 10 * 1000)
    assert found.tree.objective == approx(found.tree.expected + 5 * 10 * 1000)
    assert set(found.alone) == {"base", "other"}


# ------------------------------------------------------------------------------------------------ mean numbers


def test_the_mean_of_numbers():
    instance = tiny(
        years(2026, 2027),
        makes("mine", "magnet", 10, cost=100),
        Lane(origin="any", destination="any", goods="any", freight=80),
        Unit(unit="new", site="mine", capacity=5),
        Project(project="p", unit="new"),
        Demand(customer="car", material="magnet", demand={2026: 8, 2027: 12}),
        outlook("base", 75),
        outlook("other", 25, starts="2027"),
        shock("other", "Units", "mine magnet", "Capacity", set="2"),
        shock("other", "Demand", "none", "Demand", multiply=2),
        shock("other", "Processes", "mine|mine magnet|mine magnet", "Cost", add=400),
        shock("other", "Lanes", "any", "Maximum", set="6"),
        shock("other", "Projects", "p", "Active", set="no"),
    )
    mean, fixed = mean_tables(instance, [(0.75, instance), (0.25, under(instance, "other")), (0.0, instance)])
    unit, demand = mean.row(Unit, "mine magnet"), mean[Demand][0]
    assert (unit.capacity.mean(2026, 2027), unit.capacity.mean(2027, 2028)) == approx((10, 0.75 * 10 + 0.25 * 2))
    assert (demand.demand.mean(2026, 2027), demand.demand.mean(2027, 2028)) == approx((8, 0.75 * 12 + 0.25 * 24))
    assert next(iter(mean.all(type(unit)))).active
    assert mean[Lane][0].maximum.mean(2027, 2028) == math.inf  # half of no limit is none
    assert mean[Lane][0].freight == 80
    assert fixed == 1  # when p may be started at the latest is a date
    assert mean.row(Project, "p") == instance.row(Project, "p")
    assert mean.switches == ("mean",)


# ------------------------------------------------------------------------------------------------ samples


def struck(*rows, starts="2027", hazard=20, leaves="", stock=0.0, **store):
    """A plant makes a tonne for 1, a tonne short costs 5; 10 t a year are used, 20 in 2028; an outage lasts a year.

    In the plan it strikes in 2027 if it does.
    """
    return tiny(
        years(2026, 2027, 2028),
        makes("plant", "magnet", 40, cost=1000),
        Stockpile(stockpile="kept", holder="us", site="plant", material="magnet", label="clean", maximum=stock,
                  storage=100, **store),
        Demand(customer="car", material="magnet", demand={2026: 10, 2028: 20}, shortage_value=5, service_level=100),
        Scenario(scenario="out", kind="event", hazard=hazard, starts=starts, leaves=leaves),
        shock("out", "Units", "plant magnet", "Capacity", set="0", last=starts.split(";")[0]),
        rows,
    )  # fmt: skip


COSTS = {"base": 10 + 10 + 20, "out from 2027": 10 + 50 + 20, "out from 2028": 10 + 10 + 100}


def test_samples_by_hand():
    found = solve_tree(struck())
    sample = out_of_sample(found, 500, seed=3)
    assert {name: cost for name, (_, cost) in sample.costs.items()} == approx(COSTS)
    times = {name: count for name, (count, _) in sample.costs.items()}
    odds = {"base": 0.8 * 0.8, "out from 2027": 0.2, "out from 2028": 0.8 * 0.2}
    for name, chance in odds.items():  # within three standard deviations
        assert abs(times[name] - 500 * chance) < 3 * math.sqrt(500 * chance * (1 - chance))
    costs = [COSTS[name] for name, count in times.items() for _ in range(count)]
    assert (sample.count, sample.stuck) == (500, 0)
    assert sample.mean == approx(statistics.mean(costs))
    assert sample.error == approx(statistics.stdev(costs) / math.sqrt(500))
    assert sample.tail == approx(statistics.mean(sorted(costs)[-50:]))
    assert sample.dearest == ("out from 2028", approx(120))
    assert sample.beyond == approx(times["out from 2028"] / 500)  # the plan's own worst is 80
    assert (sample.expected, sample.worst) == (approx(0.8 * 40 + 0.2 * 80), approx(80))


def test_a_seed_gives_the_same_futures_and_another_one_others():
    found = solve_tree(struck())
    assert draw(found, 50, 1) == draw(found, 50, 1) != draw(found, 50, 2)


def test_two_processes_give_the_same():
    found = solve_tree(struck())
    assert out_of_sample(found, 20, workers=2) == out_of_sample(found, 20)


def test_nothing_is_done_for_a_shock_before_it_comes():
    """The store is full for 2027, when the plan sees an outage, and not for 2028, when it may come as well.

    A tonne kept over the end of 2026 costs 0.1 and saves 0.2·(5 - 1); the undisturbed plan uses it in 2027.
    """
    found = solve_tree(struck(stock=10))
    sample = out_of_sample(found, 100)
    costs = {name: cost for name, (_, cost) in sample.costs.items()}
    # 20 t are made in 2026; half of 0.1·10 for storage in 2026, and again in 2027
    assert costs == approx({"base": 40 + 1, "out from 2027": 40 + 1, "out from 2028": 20 + 1 + 100})


def test_samples_without_a_plan_are_told_and_count_in_no_cost():
    """5 t must be left at the end: who is struck in 2028 has none left from 2027, and cannot make them."""
    sample = out_of_sample(solve_tree(struck(stock=5, terminal=5)), 200)
    assert sample.costs["out from 2028"][1] == math.inf
    assert sample.stuck == sample.costs["out from 2028"][0] > 0
    assert 40 < sample.mean < 80
    table = risk_table(None, sample)
    assert figures(table)["Samples without a plan"] == sample.stuck
    assert figures(table)["Samples beyond the plan's worst"] == approx(100 * sample.stuck / 200)


def test_events_follow_what_they_leave():
    """`again` may come only after `out`, once; an outlook that nothing leaves is not struck."""
    instance = struck(
        outlook("base", 50),
        outlook("slump", 50, starts="2027"),
        shock("slump", "Demand", "none", "Demand", multiply=0.5),
        Scenario(scenario="again", kind="event", hazard=60, starts="2028", leaves="out"),
        shock("again", "Units", "plant magnet", "Capacity", set="0", last="2028"),
        hazard=50, leaves="base",
    )  # fmt: skip
    sample = out_of_sample(solve_tree(instance), 300)
    assert {name: cost for name, (_, cost) in sample.costs.items()} == approx({
        "base": 40, "out from 2027": 80, "out from 2028": 120,
        "out from 2027, again from 2028": 10 + 50 + 100, "out from 2028, again from 2028": 120,
        "slump from 2027": 10 + 5 + 10,
    })  # fmt: skip
    slump = sample.costs["slump from 2027"][0]
    assert abs(slump - 150) < 3 * math.sqrt(300 * 0.25)


# ------------------------------------------------------------------------------------------------ bundled


@bundled.slow
def test_the_starter():
    found = value_of_information(bundled.instance("starter"))
    assert 0 < found.evpi < 50_000
    assert 0 < found.vss < 50_000
    sample = out_of_sample(found.tree, 100)
    assert sample.stuck == 0
    assert sample.mean > found.tree.expected  # Kuantan may fail in any year from 2028 on, China slow licences again
