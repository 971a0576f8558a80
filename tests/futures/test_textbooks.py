"""Published values of stochastic programs, restated in our sheets, and small trees worked by hand."""

from __future__ import annotations

import pytest
from classics import farmer
from pytest import approx
from tiny import NONE, makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.production import Unit
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures.solve import grow, solve_tree
from sourcing.futures.words import sorted_tail

# ------------------------------------------------------------------------------------------------ textbook cases


@pytest.mark.parametrize("written", farmer.SEASONS)
def test_the_farmer(written):
    """Whichever kind of year the tables have."""
    found = solve_tree(farmer.instance(written))
    assert farmer.restated(found.objective) == approx(farmer.PUBLISHED, abs=0.5)


def outlooks(shares, **columns):
    """Outlooks by name and probability (%)."""
    return [Scenario(scenario=name, kind="outlook", probability=share, **columns) for name, share in shares.items()]


def level(found, s, period):
    """Tonnes in the one stock of a future at the end of a period."""
    columns = found.paths[s].arrays.columns
    return sum(x for (family, index), x in zip(columns, found.values[s].tolist(), strict=True)
               if family == "stock.level" and index[-1] == period)  # fmt: skip


def test_a_newsvendor_orders_up_to_the_critical_ratio():
    """Ordered at 10 dollars, worth 25 and given back at 5: (25 - 10)/(25 - 5) = 0.75.

    Of ten equally likely demands 1 … 10, P(demand <= 7) = 0.7 < 0.75 <= P(demand <= 8): 8 are ordered, for
    80 + 25·(1 + 2)/10 - 5·(7 + 6 + 5 + 4 + 3 + 2 + 1)/10 = 73.5 dollars.
    """
    instance = tiny(
        years(2026, 2027),
        party("vendor", "buyer", "press", "street"),
        party("trade", "buyer", "market", allied=False),
        makes("press", "paper", {2026: NONE, 2027: 0}, cost=10, stage="magnet"),
        Stockpile(stockpile="papers", holder="vendor", site="press", material="paper", label="clean"),
        sells("press", "paper", 5 / 1000, maximum=100),
        Demand(customer="market", material="paper", demand={2026: 0, 2027: 100}, shortage_value=0),
        Demand(customer="street", material="paper", demand={2026: 0, 2027: 1}, shortage_value=25 / 1000),
        outlooks({str(d): 10 for d in range(1, 11)}),
        [
            Shock(scenario=str(d), of_tab="Demand", customer="street", of_column="Demand", first="2027", set=str(d))
            for d in range(2, 11)
        ],
    )  # fmt: skip
    found = solve_tree(instance)
    assert level(found, 0, "2026") == approx(8)
    assert 1000 * found.objective == approx(73.5)


SPOT = {"cheap": (50, 10), "usual": (30, 20), "dear": (15, 40), "scarce": (5, 100)}
"""Outlooks: probability in %, and price of the one tonne that is needed in 2027, in USD/kg: k USD a tonne."""


def bought_now_or_later(now=1000.0):
    """A tonne is needed in 2027: it can be bought in 2026 and kept, or when the outlook is known."""
    return tiny(
        years(2026, 2027),
        party("maker", "buyer", "plant", "car"),
        party("trader", "supplier", "exchange", allied=False),
        makes("exchange", "magnet"),
        sells("exchange", "magnet", {2026: now, 2027: SPOT["cheap"][1]}),
        makes("plant", "motor", takes={"magnet": 1}),
        Stockpile(stockpile="kept", holder="maker", site="plant", material="magnet", label="clean"),
        Demand(customer="car", material="motor", demand={2026: 0, 2027: 1}),
        outlooks({name: share for name, (share, _) in SPOT.items()}),
        [
            Shock(scenario=name, of_tab="Prices", row_id="magnet at exchange", of_column="Price", first="2027",
                  set=str(price))
            for name, (_, price) in list(SPOT.items())[1:]
        ],
    )  # fmt: skip


def test_a_tail_that_splits_an_atom():
    """The worst 10 % are the 5 % of 100 and 5 of the 15 % of 40: 70. Expected: 5 + 6 + 6 + 5 = 22."""
    found = solve_tree(bought_now_or_later(), risk_weight=2.0)
    assert sorted(found.loss(s) for s in found.ends) == approx([10, 20, 40, 100])
    assert (found.expected, found.cvar) == (approx(22), approx(70))
    assert found.objective == approx(22 + 2 * 70)


@pytest.mark.parametrize(("weight", "bought"), [(0.0, 0), (1 / 16, 0), (1 / 14, 1), (1.0, 1)])
def test_who_minds_the_tail_buys_now(weight, bought):
    """For 25 now: the expected cost rises by 3, the tail falls by 70 - 25 = 45. It pays above a weight of 3/45."""
    found = solve_tree(bought_now_or_later(25), risk_weight=weight)
    assert level(found, 0, "2026") == approx(bought, abs=1e-6)
    assert found.objective == approx(min(22 + weight * 70, 25 + weight * 25))


@pytest.mark.parametrize(("now", "cost"), [(20, 18.4), (18, 18)])
def test_three_stages(now, cost):
    """What is dear in 2027 may be dearer in 2028: 0.4, 0.4 and 0.2 end at 10, 28 and 60.

    Whoever sees 2027 dear buys then, at 24, since later costs (0.4·28 + 0.2·60)/0.6 = 38.7. Waiting for 2027 so costs
    0.4·10 + 0.6·24 = 18.4; buying in 2026 pays below that.
    """
    instance = tiny(
        years(2026, 2027, 2028),
        party("maker", "buyer", "plant", "car"),
        party("trader", "supplier", "exchange", allied=False),
        makes("exchange", "magnet"),
        sells("exchange", "magnet", {2026: now, 2027: 15, 2028: 10}),
        makes("plant", "motor", takes={"magnet": 1}),
        Stockpile(stockpile="kept", holder="maker", site="plant", material="magnet", label="clean"),
        Demand(customer="car", material="motor", demand={2026: 0, 2028: 1}),
        outlooks({"base": 40}),
        outlooks({"dear": 40}, starts="2027", leaves="base"),
        outlooks({"dearer": 20}, starts="2028", leaves="dear"),
        [
            Shock(scenario=name, of_tab="Prices", row_id="magnet at exchange", of_column="Price", first=year, last=year,
                  set=str(price))
            for name, year, price in [("dear", "2027", 24), ("dear", "2028", 28), ("dearer", "2028", 60)]
        ],
    )  # fmt: skip
    found = solve_tree(instance)
    assert [path.branch.probability for path in found.paths] == approx([0.4, 0.4, 0.2])
    assert found.objective == approx(cost)
    assert [found.loss(s) for s in found.ends] == approx([10, 24, 24] if now == 20 else [18, 18, 18])


def kept_for_an_outage(starts):
    """A plant makes 20 t a year for 1 USD/kg, 10 are used; a contingency stops it for a year, half must be served."""
    return tiny(
        years(2026, 2027, 2028),
        makes("plant", "magnet", 20, cost=1000),
        Stockpile(
            stockpile="kept", holder="us", site="plant", material="magnet", label="clean", opening=5, storage=100
        ),
        Demand(customer="car", material="magnet", demand=10, service_level=50, shortage_value=5),
        Scenario(scenario="outage", kind="event", hazard=0, starts=starts, contingency=True),
        Shock(scenario="outage", of_tab="Units", row_id="plant magnet", of_column="Capacity", set="0",
              **({"last": starts} if starts != "any" else {"first": "2026", "last": "2026"})),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("starts", "kept", "cost"),
    [  # 25 t made for 1 each, and 0.1 a tonne and year on the mean levels
        ("any", (5, 5, 0), 25 + 0.1 * (5 + 5 + 2.5)),
        ("2027", (5, 0, 0), 25 + 0.1 * (5 + 2.5)),
        ("2026", (0, 0, 0), 25 + 0.1 * 2.5),
    ],
)
def test_stock_is_held_in_every_year_in_which_the_shock_may_come(starts, kept, cost):
    found = solve_tree(kept_for_an_outage(starts))
    assert [level(found, 0, year) for year in ("2026", "2027", "2028")] == approx(kept, abs=1e-6)
    assert found.objective == approx(cost)
    assert [found.missed(s) for s in found.ends] == approx([0] * (4 if starts == "any" else 2), abs=1e-6)


# ------------------------------------------------------------------------------------------------ probabilities


def mine(*rows, periods):
    """A mine of 10 t a year that events may hit."""
    return tiny(periods, makes("mine", "magnet", 10), Demand(customer="car", material="magnet", demand=1), rows)


def struck(*rows, periods=None):
    """The probability of each end of the mine's tree."""
    paths = grow(mine(rows, periods=periods or years(2026)))
    return {path.branch.id: path.branch.probability for path in paths}


def hits(name, factor=0.5, **columns):
    """A scenario in which the mine does less, for as long as its start moves to."""
    return [
        Scenario(scenario=name, **{"kind": "event", "starts": "2026"} | columns),
        Shock(scenario=name, of_tab="Units", row_id="mine magnet", of_column="Capacity", multiply=factor),
    ]


def test_two_events_that_are_open_in_one_year():
    """1 - 0.9·0.95 = 0.145, which they share 2 to 1."""
    found = struck(hits("ten", hazard=10), hits("five", 0.25, hazard=5))
    assert found == approx({"base": 0.855, "ten": 0.145 * 2 / 3, "five": 0.145 / 3})


def test_events_that_may_come_in_any_year():
    """Whoever is undisturbed for a year stands before the same odds again."""
    found = struck(
        hits("ten", hazard=10, starts="any"), hits("five", 0.25, hazard=5, starts="2027"), periods=years(2026, 2027)
    )
    assert found == approx({
        "ten 2026": 0.1,  # alone in the first year
        "ten 2027": 0.9 * 0.145 * 2 / 3, "five": 0.9 * 0.145 / 3, "base": 0.9 * 0.855,
    })  # fmt: skip
    assert sum(found.values()) == approx(1)


def test_a_longer_period_is_likelier_to_be_struck():
    span = [Period(period="2026", start=2026, years=1), Period(period="2027", start=2027, years=3)]
    found = struck(hits("ten", hazard=10, starts="2027"), periods=span)
    assert found == approx({"ten": 1 - 0.9**3, "base": 0.9**3})


def test_an_event_takes_its_probability_from_the_outlook_that_it_leaves():
    """And an event that leaves an event from that: 0.6·0.1·0.2."""
    found = struck(
        outlooks({"base": 60, "other": 40}),
        Shock(scenario="other", of_tab="Units", row_id="mine magnet", of_column="Capacity", multiply=0.75),
        hits("ten", hazard=10, leaves="base"),
        hits("worse", hazard=20, leaves="ten", starts="2027"),
        periods=years(2026, 2027),
    )
    assert found == approx({"base": 0.6 * 0.9, "other": 0.4, "ten": 0.6 * 0.1 * 0.8, "worse": 0.6 * 0.1 * 0.2})


def test_an_event_may_follow_each_branch_of_an_event_that_may_come_in_any_year():
    """It finds what that left: after half in 2026 a quarter of the half in 2027."""
    rows = hits("ten", hazard=10, starts="any"), hits("worse", 0.25, hazard=20, leaves="ten", starts="any")
    found = struck(*rows, periods=years(2026, 2027))
    assert found == approx({
        "base": 0.9**2,
        "ten 2026": 0.1 * 0.8**2, "worse 2026 after ten 2026": 0.1 * 0.2, "worse 2027 after ten 2026": 0.1 * 0.8 * 0.2,
        "ten 2027": 0.9 * 0.1 * 0.8, "worse after ten 2027": 0.9 * 0.1 * 0.2,
    })  # fmt: skip
    paths = grow(mine(rows, periods=years(2026, 2027)))
    unit = next(path for path in paths if path.branch.id == "worse 2027 after ten 2026").branch.instance[Unit][0]
    assert (unit.capacity.mean(2026, 2027), unit.capacity.mean(2027, 2028)) == (5, 1.25)


def test_a_sorted_tail():
    """The worst quarter of 1, 2, 3, 10 is 10; the worst half the mean of 10 and 3; the whole is the mean."""
    losses = [(loss, 0.25) for loss in (2.0, 10.0, 1.0, 3.0)]
    assert [sorted_tail(losses, alpha) for alpha in (0.75, 0.5, 0.0)] == approx([10, 6.5, 4])
