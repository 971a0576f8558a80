"""The frontier: what less risk costs, by hand."""

from __future__ import annotations

import itertools

import bundled
import numpy as np
import pytest
from tiny import at, makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.limits import Limit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures.solve import grow
from sourcing.futures.words import sorted_tail
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import Options
from sourcing.study.frontier import Frontier, Point, by_weight, frontier, undominated
from sourcing.study.frontier_tables import tables
from sourcing.study.measures import concentration, path_ground

EXACT = Options(gap=1e-9, threads=1)


def demand(tonnes=10):
    return Demand(customer="car", material="magnet", demand=tonnes)


def swept(risk, points, *rows, **more):
    return frontier(tiny(*rows), risk, points, options=EXACT, **more)


def curve(found):
    """(risk, cost in M USD) of every point."""
    return [(pytest.approx(p.risk, abs=1e-3), pytest.approx(p.cost / 1000, abs=1e-5)) for p in found.points]


# ------------------------------------------------------------------------------------------------ shortage

# A tonne short costs 1,000 k USD: 6 t for nothing, 2 t at 1,100 k USD a tonne, 2 t at 2,000.
STEPS = [makes("free", "magnet", 6), makes("dear", "magnet", 2, cost=1.1e6), makes("dearest", "magnet", 2, cost=2e6)]


def test_shortage_against_cost_by_hand():
    found = swept("shortage", 5, STEPS, demand())
    assert curve(found) == [
        (0, 6.2),  # 2·1.1 + 2·2.0
        (1, 5.2),  # 1 short + 2·1.1 + 1·2.0
        (2, 4.2),  # 2 short + 2·1.1
        (3, 4.1),  # 3 short + 1·1.1
        (4, 4.0),  # 4 short
    ]
    assert found.knee == 2  # 1 - 2/4 - 0.2/2.2 = 0.41 below the chord
    assert found.dropped == 0


def test_what_changes_and_what_a_tonne_less_costs():
    points, changes = tables(swept("shortage", 3, STEPS, demand()))
    assert points.column("Next costs")[:2] == pytest.approx([1.0, 0.1])  # (6.2 - 4.2)/2 and (4.2 - 4.0)/2 M USD/t
    assert points.column("Short") == pytest.approx([0, 2, 4], abs=1e-4)
    assert points.column("Of it shortage") == pytest.approx([0, 2, 4], abs=1e-4)
    assert points.column("Knee") == [None, "knee", None]
    assert [row[:4] for row in changes.rows] == [(3, 2, "shift", "mine in AU"), (2, 1, "shift", "mine in AU")]
    assert changes.column("Tonnes") == pytest.approx([2, 2], abs=1e-4)


def test_whole_decisions_leave_gaps_and_no_dominated_point():
    plant = Project(project="PLANT", unit="plant", capex=30.0, life=1.0, cost_of_capital=0.0, whole=True)
    found = swept("shortage", 5, makes("free", "magnet", 6), makes("works", "magnet", 4, unit="plant"), plant, demand())
    assert curve(found) == [(0, 30), (4, 4)]  # a part of a plant is none
    assert found.dropped == 4  # the three levels between, and one more that is tried in their place
    points, changes = tables(found)
    assert points.column("Changes") == ["1 decision", None]
    assert changes.rows[0][:4] == (2, 1, "decision", "start PLANT in 2026")


def test_a_plan_that_is_the_least_risky_already_is_alone():
    found = swept("shortage", 5, makes("free", "magnet"), demand())
    assert curve(found) == [(0, 0)]
    assert found.knee is None
    assert len(tables(found)[0].rows) == 1


def test_the_least_risky_plan_pays_ten_per_cent_of_the_cost_for_one_of_the_risk():
    # 2 t short for 2,000 k USD; ten times that for both of them: 10,000 k USD a tonne
    dear = [swept("shortage", 2, makes("free", "magnet", 8), makes("dear", "magnet", 2, cost=cost), demand())
            for cost in (9.9e6, 10.9e6, 11.1e6)]  # fmt: skip
    # a tonne more costs its price, and saves 1,000 of shortage: worth it below 11,000 k USD
    assert [len(found.points) for found in dear] == [2, 2, 1]


def test_a_straight_frontier_has_no_knee():
    found = swept("shortage", 3, makes("free", "magnet", 6), makes("dear", "magnet", 4, cost=2e6), demand())
    assert curve(found) == [(0, 8), (2, 6), (4, 4)]
    assert found.knee is None


def test_no_plan_is_told():
    least = Limit(limit="least", material="magnet", origin="free", destination="car", minimum=20)
    with pytest.raises(NoPlan, match="infeasible"):
        swept("shortage", 3, makes("free", "magnet", 6), demand(), least)


# ------------------------------------------------------------------------------------------------ concentration

TWO = [at("JP", "tokyo"), at("US", "dallas"), makes("tokyo", "magnet", stage="magnet"),
       makes("dallas", "magnet", cost=1000, stage="magnet")]  # fmt: skip


def test_concentration_against_cost_by_hand():
    found = swept("concentration", 3, TWO, demand(100))
    risks, costs = [p.risk for p in found.points], [p.cost for p in found.points]
    # Tangents are at most 1.6 low for each country, so 48.75 t in Dallas (between those at 47.5 and 50) look like 50.
    assert risks == pytest.approx([5000, 7500, 10_000], abs=3.2)
    # s² + (1 - s)² = 0.75 at s = (2 - √2)/4 = 0.1464: 14.64 t at 1 k USD
    assert costs == pytest.approx([48.75, 14.64, 0], abs=0.1)
    assert found.knee == 1


def test_nobody_goes_short_to_look_less_concentrated():
    found = swept("concentration", 2, TWO[:1], TWO[2], demand(100))
    assert curve(found) == [(10_000, 0)]
    ground = path_ground(tiny(TWO, demand(100)))
    measure = concentration(ground, "magnet", np.zeros(len(ground.arrays.columns)) + 1.0)
    assert [index for family, index in measure.arrays.rows if family == "frontier.no_shorter"] == [("2026",)]


def test_the_index_is_the_mean_of_the_periods_by_tonnes():
    ground = path_ground(tiny(years(2026, 2027), TWO, Demand(customer="car", material="magnet",
                                                              demand={2026: 100, 2027: 300})))  # fmt: skip
    place = {name: k for k, name in enumerate(ground.arrays.columns)}
    x = np.zeros(len(place))
    for site, t, tonnes in (("tokyo", "2026", 100), ("tokyo", "2027", 150), ("dallas", "2027", 150)):
        (column,) = [c for c in place if c[0] == "production.activity" and c[1][0] == site and c[1][-1] == t]
        x[place[column]] = tonnes
    # (100·10,000 + 300·5,000)/400
    assert concentration(ground, "magnet", x).exact(x) == pytest.approx(6250)


def test_a_stage_where_nothing_is_made_has_no_concentration():
    with pytest.raises(NoSolution, match="makes nothing at the stage separation"):
        swept("concentration", 3, TWO, demand(100), stage="separation")


# ------------------------------------------------------------------------------------------------ futures

# Next year the market costs 1 or 3 USD/kg; what is made this year at 2.5 may be kept. Of s tonnes kept a future costs
# 10 + 1.5 s or 30 - 0.5 s: on average 20 + 0.5 s, in the worst half 30 - 0.5 s.
STOCKED = [
    years(2026, 2027),
    party("trader", "supplier", "market", allied=False, country="BR"),
    makes("works", "magnet", {2026: 10, 2027: 0}, cost=2500),
    Stockpile(stockpile="reserve", holder="us", site="works", material="magnet", label="clean"),
    makes("market", "magnet"),
    sells("market", "magnet", {2026: 9, 2027: 1}),
    Demand(customer="car", material="magnet", demand={2026: 0, 2027: 10}),
    Scenario(scenario="cheap", kind="outlook", probability=50),
    Scenario(scenario="dear", kind="outlook", probability=50, starts="2027"),
    Shock(scenario="dear", of_tab="Prices", row_id="magnet at market", of_column="Price", first="2027", multiply=3),
]


def test_cvar_against_expected_cost_by_hand():
    found = swept("cvar", 3, STOCKED)
    assert curve(found) == [(0.025, 0.025), (0.0275, 0.0225), (0.03, 0.02)]
    tree = found.ground.tree
    for point in found.points:
        losses = [(tree.loss(s, point.x) / 1000, 0.5) for s in range(2)]
        assert point.risk == pytest.approx(sorted_tail(losses, 0.9))
    assert {row[3] for row in tables(found)[1].rows} == {"mine in AU", "mine in BR"}


def test_by_weight_there_are_the_same_ends():
    instance = tiny(STOCKED)
    whole = frontier(instance, "cvar", 3, options=EXACT)
    found = by_weight(instance, grow(instance), 3, None, EXACT, 1, "")
    assert curve(found) == curve(whole)[::2]  # the middle lies on the chord: it is no corner
    assert {row[3] for row in tables(found)[1].rows} == {"mine in AU", "mine in BR"}


def test_expected_shortage_over_futures():
    found = swept(
        "shortage", 2, makes("free", "magnet", 10), makes("dear", "magnet", 4, cost=2e6), demand(),
        Scenario(scenario="calm", kind="outlook", probability=75),
        Scenario(scenario="cut", kind="outlook", probability=25, starts="2026"),
        Shock(scenario="cut", of_tab="Units", row_id="free magnet", of_column="Capacity", multiply=0.6),
        scenarios=True,
    )  # fmt: skip
    # short 4 t with 25 %: 1 t and 1 M USD expected; or 4 t at 2 M USD with 25 %
    assert curve(found) == [(0, 2), (1, 1)]


def test_cvar_without_a_future_is_told():
    with pytest.raises(NoSolution, match="no scenario is active"):
        swept("cvar", 3, STEPS, demand())


# ------------------------------------------------------------------------------------------------ points


def point(risk, cost):
    return Point(cost, cost, risk, risk, np.zeros(0))


def test_a_point_that_another_beats_or_equals_is_dropped():
    points = [point(0, 9), point(1, 5), point(1, 6), point(2, 5), point(3, 7), point(4, 1)]
    assert [(p.risk, p.cost) for p in undominated(points)] == [(0, 9), (1, 5), (4, 1)]


def test_as_risky_and_cheaper_takes_the_place():
    assert [(p.risk, p.cost) for p in undominated([point(0, 9), point(1e-9, 4), point(1, 3)])] == [(1e-9, 4), (1, 3)]


@bundled.slow
@pytest.mark.parametrize("risk", ["concentration", "shortage"])
def test_starter(risk):
    found = frontier(bundled.instance("starter"), risk, 3, options=Options(gap=0.005, threads=2))
    for better, cheaper in itertools.pairwise(found.points):
        assert better.risk < cheaper.risk
        assert better.cost > cheaper.cost
    assert all(p.bound <= p.cost for p in found.points)


def test_a_period_may_be_long():
    assert curve(swept("shortage", 2, Period(period="long", start=2026, years=2), STEPS, demand())) == [
        (0, 12.4), (8, 8),
    ]  # fmt: skip


def test_a_frontier_is_proven_if_each_of_its_plans_is():
    points = [Point(cost=100.0, bound=bound, risk=0.0, level=0.0, x=np.zeros(0)) for bound in (100.0, 99.0)]
    found = Frontier(None, "shortage", "t", points, 0)
    assert found.proven(0.01)  # 1 of 100
    assert not found.proven(0.009)
