"""Channels: who may ship to whom, what is paid on the way, and when it arrives."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import (
    at,
    china_rule,
    dantzig,
    faults,
    flows,
    line,
    makes,
    paid,
    party,
    planned,
    sells,
    short,
    sums,
    tiny,
    years,
)

from sourcing.components.channels import channels
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.places import Entity, Site
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price

# ------------------------------------------------------------------------------------------------ the transport problem


def test_dantzigs_transport_problem():
    plan = planned(dantzig())
    assert plan.objective == approx(0.153675)  # 153.675 thousand dollars
    found = flows(plan)
    assert found["seattle", "chicago"] == approx(300)
    assert found["san-diego", "topeka"] == approx(275)
    # one more at each market costs its freight: 2.5, 1.7 and 1.4 thousand miles of 90 USD, in USD/kg
    assert sums(plan, "Demand", "One more costs", "Customer") == approx(
        {"new-york": 0.225, "chicago": 0.153, "topeka": 0.126}
    )


def test_what_leaves_is_made_there_and_what_arrives_is_used_there():
    row, low, high = line(dantzig(), "balance", "seattle", "cans", "clean", "2026")
    assert row == {
        "production.activity[seattle,seattle cans,seattle cans,clean,2026]": 1,
        **{f"channels.flow[seattle,{j},cans,inside,clean,2026]": -1 for j in ("new-york", "chicago", "topeka")},
    }
    assert (low, high) == (0, 0)
    row, *_ = line(dantzig(), "balance", "topeka", "cans", "clean", "2026")
    assert row == {
        "demand.deliver[topeka,cans,,cans,clean,2026]": -1,
        **{f"channels.flow[{i},topeka,cans,inside,clean,2026]": 1 for i in ("seattle", "san-diego")},
    }


# ------------------------------------------------------------------------------------------------ under way


def shares(days: float, periods, end: str) -> dict[str, float]:
    """Shares of each period's shipment that arrive in the period `end`."""
    instance = tiny(
        periods,
        makes("mine", "magnet"),
        Demand(customer="car", material="magnet", demand=1),
        Lane(origin="mine", destination="car", goods="any", lead_time=days),
    )
    row, *_ = line(instance, "balance", "car", "magnet", "clean", end)
    return {name.split(",")[-1].rstrip("]"): value for name, value in row.items() if name.startswith("channels.flow")}


HALVES = [Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)]
UNEQUAL = [Period(period="short", start=2026, years=1), Period(period="long", start=2027, years=2)]


@pytest.mark.parametrize(
    ("days", "periods", "end", "expected"),
    [
        (0, years(2026, 2027), "2027", {"2027": 1}),
        (36.5, years(2026, 2027), "2026", {"2026": 0.9}),  # a tenth of a year late
        (36.5, years(2026, 2027), "2027", {"2026": 0.1, "2027": 0.9}),
        (365, years(2026, 2027), "2027", {"2026": 1}),
        # 1.25 years: what leaves in 2026 comes in from 2027.25 to 2028.25
        (456.25, years(2026, 2027, 2028), "2027", {"2026": 0.75}),
        (456.25, years(2026, 2027, 2028), "2028", {"2026": 0.25, "2027": 0.75}),
        # half a year: a year's shipments come in half in that year and half in the next two; of those two years' the
        # first 1.5 years' worth comes in by their end
        (182.5, UNEQUAL, "short", {"short": 0.5}),
        (182.5, UNEQUAL, "long", {"short": 0.5, "long": 0.75}),
        # a quarter in half years: half of each period's shipments, the rest in the next
        (91.25, HALVES, "H1", {"H1": 0.5}),
        (91.25, HALVES, "H2", {"H1": 0.5, "H2": 0.5}),
    ],
)
def test_shipments_arrive_by_the_calendar(days, periods, end, expected):
    assert shares(days, periods, end) == approx(expected)


def test_what_arrives_later_is_missing_now_and_there_then():
    plan = planned(
        years(2026, 2027),
        makes("mine", "magnet", 10),
        Demand(customer="car", material="magnet", demand=10),
        Lane(origin="mine", destination="car", goods="any", lead_time=36.5),
    )
    assert flows(plan, "Period") == approx({"2026": 10, "2027": 10})
    assert sums(plan, "Sourcing", "Later", "Period") == approx({"2026": 1, "2027": 1})  # a tenth
    assert sums(plan, "Demand", "Short", "Period") == approx({"2026": 1, "2027": 0})  # 9, then 1 + 9


@pytest.mark.parametrize(
    ("days", "arriving"),
    [
        (0, {"2026": 9, "2027": 0}),
        (182.5, {"2026": 9, "2027": 0}),  # evenly over half a year
        (547.5, {"2026": 6, "2027": 3}),  # evenly over a year and a half
    ],
)
def test_what_is_under_way_at_the_start_arrives_evenly_over_the_lead_time(days, arriving):
    plan = planned(
        years(2026, 2027),
        makes("mine", "magnet", 0),
        Demand(customer="car", material="magnet", demand=10),
        Lane(
            origin="mine", destination="car", goods="magnet", lead_time=days, in_transit=9, transit_label="clean"
        ),
    )  # fmt: skip
    assert sums(plan, "Demand", "Met", "Period") == approx(arriving)


def test_what_is_under_way_without_a_label_is_unproven():
    lane = Lane(origin="mine", destination="car", goods="magnet", in_transit=9)
    rows = (
        china_rule(),
        makes("mine", "magnet", 0),
        Demand(customer="car", material="magnet", rules="zc", demand=5),
        lane,
    )
    assert short(planned(*rows)) == approx(5)
    assert "what is under way is unproven" in faults(*rows)
    free = Demand(customer="car", material="magnet", demand=5)
    plan = planned(*rows, free)
    assert sums(plan, "Deliveries", "Delivered", "Rules", "Label") == approx({("", "zc@1"): 5})
    # what nobody needs of it is left over: 9 - 5
    assert sums(plan, "Capacity and surplus", "Amount", "Unit or material", Kind="surplus") == approx({"magnet": 4})


def test_what_comes_in_after_its_use_may_be_left():
    # half a year on the way: half of the Chinese magnets of 2026 come in under the rule of 2027
    rows = [
        years(2026, 2027), china_rule(2027), at("CN", "china"), makes("china", "magnet", cost=1000),
        Demand(customer="car", material="magnet", rules="zc", demand={2026: 10, 2027: 0}),
        Lane(origin="china", destination="car", goods="any", lead_time=182.5),
    ]  # fmt: skip
    row, _, high = line(tiny(rows), "channels.late", "car", "magnet", "zc@1", "2027")
    assert row == approx(
        {"channels.unclaimed[car,magnet,zc@1,2027]": 1, "channels.flow[china,car,magnet,inside,zc@1,2026]": -0.5}
    )
    assert high == 0
    plan = planned(rows)
    assert flows(plan, "Period") == approx({"2026": 20})  # a shortage would be dearer
    assert sums(plan, "Capacity and surplus", "Amount", "Site", "Period", Kind="surplus") == approx(
        {("car", "2027"): 10}
    )


# ------------------------------------------------------------------------------------------------ who may ship


def ids(*rows):
    return {h.id for h in channels(tiny(*rows))}


def test_customers_ship_nothing():
    rows = makes("car", "magnet", 10), Demand(customer="car", material="magnet", demand=4)
    other = Demand(customer="plane", material="magnet", demand=4)
    assert ids(*rows, other) == set()
    plan = planned(*rows, other)
    assert sums(plan, "Demand", "Short", "Customer") == approx({"car": 0, "plane": 4})  # what it makes it may use


def test_a_site_that_makes_nothing_and_stocks_nothing_ships_nothing():
    bought = makes("mine", "oxide"), makes("works", "magnet", takes={"oxide": 1})
    rows = *bought, Demand(customer="car", material="oxide", demand=1)
    assert ids(*rows) == {("mine", "works", "oxide", "inside"), ("mine", "car", "oxide", "inside")}


def test_another_party_buys_at_an_offer_or_under_a_contract_or_not_at_all():
    rows = (
        party("mineco", "supplier", "mine"),
        makes("mine", "magnet"),
        Demand(customer="car", material="magnet", demand=1),
    )
    deal = Contract(contract="DEAL", seller="mineco", buyer="car", material="magnet", fixed=5)
    option = Contract(contract="OPTION", seller="mineco", buyer="car", material="magnet", fixed=1, status="option")
    assert ids(*rows) == set()
    assert ids(*rows, sells("mine", "magnet", 7), deal, option) == {
        ("mine", "car", "magnet", "spot"),
        ("mine", "car", "magnet", "DEAL"),
        ("mine", "car", "magnet", "OPTION"),  # once it is signed
    }
    assert "no channel brings it" in faults(*rows)


def test_nothing_moves_without_a_lane():
    rows = makes("mine", "magnet", 9), Demand(customer="car", material="magnet", demand=4)
    plan = planned(*rows, Lane(origin="mine", destination="elsewhere", goods="any"), at("AU", "elsewhere"))
    assert short(plan) == approx(4)


def trade(*more):
    """A hub buys from a mine at 10 USD/kg and forwards; a works buys there too, but makes magnets only."""
    return [
        party("mineco", "supplier", "mine"), party("maker", "supplier", "works"), party("carmaker", "buyer", "car"),
        Site(site="hub", entity="trader", country="AU", passes_on=True),
        makes("mine", "oxide", 10), sells("mine", "oxide", 10), Demand(customer="car", material="oxide", demand=4),
        *more,
    ]  # fmt: skip


TO_THE_TRADE = [Lane(origin="mine", destination=site, goods="any") for site in ("hub", "works")] + [
    Lane(origin=site, destination="car", goods="any") for site in ("hub", "works")
]


def test_a_hub_that_passes_on_forwards_what_its_offers_name():
    plan = planned(trade(sells("hub", "oxide", 12), TO_THE_TRADE))
    assert flows(plan) == approx({("mine", "hub"): 4, ("hub", "car"): 4})
    assert paid(plan, "Payer", "Payee") == approx(
        {("trader", "mineco"): 0.04, ("carmaker", "trader"): 0.048}  # 4 t at 10 and at 12 USD/kg
    )


def test_a_works_does_not_sell_what_it_bought():
    # it takes oxide in for its magnets and stocks some, so it has a channel, but resale is bounded by its own
    shelf = Stockpile(
        stockpile="SHELF", holder="maker", site="works", material="oxide", label="clean", opening=1, fill=0
    )
    use = makes("works", "magnet", takes={"oxide": 1})
    plan = planned(trade(sells("works", "oxide", 12), use, shelf, TO_THE_TRADE))
    assert flows(plan, To="car") == approx({("works", "car"): 1})  # the shelf's tonne alone
    assert short(plan) == approx(3)


def test_resale_row():
    shelf = Stockpile(
        stockpile="SHELF", holder="maker", site="works", material="oxide", label="clean", opening=1, fill=0
    )
    use = makes("works", "magnet", takes={"oxide": 1})
    instance = tiny(trade(sells("works", "oxide", 12), use, shelf, TO_THE_TRADE))
    row, low, high = line(instance, "channels.resale", "works", "oxide", "clean", "2026")
    assert row == {"channels.flow[works,car,oxide,spot,clean,2026]": 1, "stock.draw[SHELF,clean,2026]": -1}
    assert (low, high) == (-float("inf"), 0)


# ------------------------------------------------------------------------------------------------ limits on the way


def test_a_lanes_maximum_is_joint_over_all_it_matches():
    # 6 t/y for two customers and two years
    instance = tiny(
        Period(period="both", start=2026, years=2), makes("mine", "magnet"),
        Demand(customer="car", material="magnet", demand=5), Demand(customer="plane", material="magnet", demand=5),
        Lane(origin="mine", destination="car; plane", goods="form:magnet", maximum=6),
    )  # fmt: skip
    row, _, high = line(instance, "channels.lane", "mine|car; plane|form:magnet", "both")
    assert row == {f"channels.flow[mine,{to},magnet,inside,clean,both]": 1 for to in ("car", "plane")}
    assert high == 12
    assert short(planned(instance)) == approx(20 - 12)


def test_a_closed_lane_is_closed_and_a_blank_one_is_not():
    rows = makes("mine", "magnet"), Demand(customer="car", material="magnet", demand=5)
    for maximum, missing in ((0, 5), (None, 0)):
        lane = Lane(origin="mine", destination="car", goods="any", maximum=maximum)
        assert short(planned(*rows, lane)) == approx(missing)


def test_an_offers_maximum_binds_at_spot_only():
    rows = [
        party("mineco", "supplier", "mine"), makes("mine", "magnet"), sells("mine", "magnet", 7, maximum=3),
        Demand(customer="car", material="magnet", demand=9),
        Contract(contract="DEAL", seller="mineco", buyer="car", material="magnet", fixed=8, maximum=2),
    ]  # fmt: skip
    row, _, high = line(tiny(rows), "channels.offer", "mine", "magnet", "2026")
    assert (row, high) == ({"channels.flow[mine,car,magnet,spot,clean,2026]": 1}, 3)
    plan = planned(*rows, view="buyer")
    assert flows(plan, "Under") == approx({"spot": 3, "DEAL": 2})
    assert short(plan) == approx(4)


# ------------------------------------------------------------------------------------------------ who pays on the way


def imports(*more):
    """Ten tonnes from China to Japan at 40 USD/kg: freight 100 USD/t, duty 10 % on the price at the gate."""
    return [
        party("prc", "supplier", "china", allied=False, country="CN"), party("carmaker", "buyer", "car", country="JP"),
        makes("china", "magnet", 10, cost=1000), Demand(customer="car", material="magnet", demand=10),
        Lane(origin="china", destination="car", goods="any", freight=100, tariff=10), *more,
    ]  # fmt: skip


def test_the_receiver_pays_freight_and_the_duty_goes_to_the_government():
    state = party("state", "government", country="JP")
    plan = planned(imports(sells("china", "magnet", 40), state))
    assert paid(plan, "Payer", "Payee", "Kind") == approx(
        {
            ("prc", "", "processing"): 0.01,  # 10·1,000
            ("carmaker", "prc", "purchase"): 0.4,  # 10·40,000
            ("carmaker", "", "freight"): 0.001,  # 10·100
            ("carmaker", "state", "tariff"): 0.04,  # 10 % of the purchase, without freight
        }
    )
    assert sums(plan, "Sourcing", "Tariff", "To") == approx({"car": 4000})


def test_without_a_government_a_treasury_stands_for_it():
    plan = planned(imports(sells("china", "magnet", 40)))
    assert paid(plan, "Payee", Kind="tariff") == approx({"treasury:JP": 0.04})
    assert sums(plan, "Parties", "Earns", "Role", Party="treasury:JP") == approx({"government": 0.04})


def test_under_a_delivered_contract_the_seller_pays_freight():
    deal = Contract(contract="DEAL", seller="prc", buyer="car", material="magnet", fixed=40, delivered=True)
    plan = planned(imports(deal))
    assert paid(plan, "Payer", Kind="freight") == approx({"prc": 0.001})
    assert paid(plan, "Payer", Kind="tariff") == approx({"carmaker": 0.04})


def test_inside_one_party_a_duty_is_on_the_market_price():
    rows = [
        Entity(entity="us", role="buyer", allied=True, country=("JP",)), Price(index="magnet", price=50),
        makes("mine", "magnet"), Demand(customer="car", material="magnet", demand=2), at("JP", "car"),
        Lane(origin="mine", destination="car", goods="any", tariff=4),
    ]  # fmt: skip
    plan = planned(*rows)
    assert paid(plan) == approx({"tariff": 0.004})  # 2 t · 4 % of 50,000
    assert plan.tabs["Sourcing"].column("Price") == [None]
    no_price = [row for row in rows if not isinstance(row, Price)]
    assert "magnet has no price on which the duty could be worked out" in faults(*no_price)


def test_a_need_that_falls_does_not_stop_the_period_before_it():
    # a fifth of a year under way: 100 t in 2026 need 125 t shipped, of which 25 t land in 2027, where 5 t are needed;
    # nothing is shipped in 2027 and 20 t are left over. Short of that, 25 t could be shipped and 80 t would be missing
    plan = planned(
        makes("mine", "magnet", 200, cost=1000),
        Lane(origin="mine", destination="car", goods="any", lead_time=73),
        Demand(customer="car", material="magnet", demand={2026: 100, 2027: 5}),
        *years(2026, 2027),
    )
    assert flows(plan) == {("mine", "car"): approx(125)}
    left = [row for row in plan.tabs["Capacity and surplus"].records() if row["Kind"] == "surplus"]
    assert [(row["Site"], row["Period"], row["Amount"]) for row in left] == [("car", "2027", approx(20))]


def test_a_customer_that_makes_its_own_need_is_not_told_that_it_will_be_short():
    plan = planned(makes("car", "magnet", 10), Demand(customer="car", material="magnet", demand=4))
    assert short(plan) == approx(0)
    assert "no channel brings it" not in faults(
        makes("car", "magnet", 10), Demand(customer="car", material="magnet", demand=4)
    )


def test_a_customer_that_passes_on_is_told_that_it_ships_nothing():
    told = faults(
        makes("mine", "magnet", 10),
        Site(site="works", entity="us", country="AU", passes_on="yes"),
        sells("works", "magnet", 1),
        Demand(customer="works", material="magnet", demand=4),
        Demand(customer="car", material="magnet", demand=4),
    )
    assert "what it makes or passes on (magnet) stays there" in told
