"""The ledger: who counts in which view, and why going round in a circle never pays."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import NONE, flows, makes, paid, party, planned, sells, sums, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.places import Entity, Site
from sourcing.ledger import PLANNER, Ledger
from sourcing.model import build

# ------------------------------------------------------------------------------------------------ weights

PARTIES = [
    party("buyer", "buyer", country="JP"), party("maker", "supplier", country="JP"),
    party("state", "government", country="JP"), party("trader", "carrier", country="JP"),
    party("prc", "supplier", country="CN", allied=False), party("rival", "buyer", country="DE", allied=False),
    Demand(customer="buyer", material="magnet", demand=1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payer", "payee", "kind", "bounded", "system", "buyer"),
    [
        # allied parties weigh 1 in the system view, allied buyers in the buyer view
        ("buyer", "maker", "purchase", False, 0, 1),
        ("maker", "buyer", "purchase", False, 0, 0),  # income without a bound counts nothing
        ("maker", "buyer", "purchase", True, 0, -1),
        ("buyer", "prc", "purchase", False, 1, 1),
        ("prc", "buyer", "purchase", False, 0, 0),
        ("prc", "maker", "purchase", True, -1, 0),
        ("prc", "rival", "purchase", True, 0, 0),
        ("rival", "prc", "purchase", False, 0, 0),
        ("buyer", "state", "tariff", False, 0, 1),
        ("buyer", "treasury:JP", "tariff", False, 0, 1),  # counts as the importers of its country do
        ("buyer", "treasury:XX", "tariff", False, 1, 1),
        ("prc", "buyer", "rebate", False, -1, -1),  # never more than the purchase that it belongs to
        ("maker", "buyer", "rebate", False, 0, -1),
        ("prc", "maker", "take-or-pay", True, 0, 0),
        ("prc", "maker", "production credit", True, 0, 0),
        ("prc", "maker", "top-up", True, 0, 0),
        ("state", "maker", "top-up", False, 0, 0),
        ("state", "prc", "top-up", False, 1, 0),
        # resource costs of parties that do not count break ties
        ("buyer", "", "freight", False, 1, 1),
        ("maker", "", "processing", False, 1, 0.001),
        ("prc", "", "processing", False, 0.001, 0.001),
        # values are no payments
        ("prc", "", "shortage", False, 1, 1),
        (PLANNER, "", "limit penalty", False, 1, 1),
    ],
)
def test_what_an_entry_counts(payer, payee, kind, bounded, system, buyer):
    instance = tiny(PARTIES)
    found = [Ledger(instance, view).factor(payer, payee, kind, bounded=bounded) for view in ("system", "buyer")]
    assert found == [system, buyer]


# ------------------------------------------------------------------------------------------------ a purchase


def purchase(seller: list, state: list, delivered: bool = False, buyer_allied: bool = True):
    """Ten tonnes at 40 USD/kg into Japan: making them costs 1,000 USD/t, freight 100 USD/t, the duty is 10 %."""
    price = Contract(contract="DEAL", seller="mine", buyer="car", material="magnet", fixed=40, delivered=delivered)
    return [
        seller, state, party("carmaker", "buyer", "car", country="JP", allied=buyer_allied),
        makes("mine", "magnet", cost=1000), Demand(customer="car", material="magnet", demand=10), price,
        Lane(origin="mine", destination="car", goods="any", freight=100, tariff=10),
    ]  # fmt: skip


ALLY = party("mineco", "supplier", "mine")
OUTSIDER = party("prc", "supplier", "mine", allied=False, country="CN")
STATE = party("state", "government", country="JP")
FOREIGN = party("state", "government", country="JP", allied=False)


@pytest.mark.parametrize(
    ("rows", "system", "buyer"),
    [
        # thousand USD: purchase 400, making 10, freight 1, duty 40
        (purchase(ALLY, STATE), 10 + 1, 400 + 1 + 40 + 0.01),
        (purchase(OUTSIDER, STATE), 400 + 1 + 0.01, 400 + 1 + 40 + 0.01),  # the duty stays in the family
        (purchase(OUTSIDER, []), 400 + 1 + 0.01, 400 + 1 + 40 + 0.01),  # its treasury counts as the importer
        (purchase(OUTSIDER, FOREIGN), 400 + 1 + 40 + 0.01, 400 + 1 + 40 + 0.01),
        (purchase(OUTSIDER, STATE, delivered=True), 400 + 0.001 + 0.01, 400 + 0.001 + 40 + 0.01),
        (purchase(ALLY, STATE, delivered=True), 10 + 1, 400 + 0.001 + 40 + 0.01),
        # between outsiders nothing counts but a tie-breaking part of the resources
        (purchase(OUTSIDER, FOREIGN, buyer_allied=False), 0.011, 0.011),
    ],
)
def test_a_purchase_in_both_views(rows, system, buyer):
    assert planned(rows).objective == approx(system / 1000)
    assert planned(rows, view="buyer").objective == approx(buyer / 1000)


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_the_ledger_is_the_same_in_both_views(view):
    plan = planned(purchase(OUTSIDER, STATE), view=view)
    assert paid(plan, "Payer", "Payee") == approx(
        {("prc", ""): 0.01, ("carmaker", "prc"): 0.4, ("carmaker", ""): 0.001, ("carmaker", "state"): 0.04}
    )


def test_parties_and_who_loses_money():
    # making costs 50,000 USD/t and the price is 40
    rows = [row for row in purchase(ALLY, STATE) if not isinstance(row, list) or row in (ALLY, STATE)]
    plan = planned(rows, party("carmaker", "buyer", "car", country="JP"), makes("mine", "magnet", cost=50_000))
    assert sums(plan, "Parties", "Net", "Party", "Flag") == approx(
        {("mineco", "loses money"): 0.4 - 0.5, ("state", None): 0.04, ("carmaker", None): -0.441}
    )


# ------------------------------------------------------------------------------------------------ sales to outsiders


def sale(maximum):
    """An allied mine (1,000 USD/t) may sell to an outsider at 40 USD/kg."""
    return [
        ALLY, party("rival", "buyer", "car", allied=False), makes("mine", "magnet", cost=1000),
        Demand(customer="car", material="magnet", demand=10), sells("mine", "magnet", 40, maximum),
    ]  # fmt: skip


def test_income_from_an_outsider_counts_where_something_bounds_it():
    assert planned(sale(None)).objective == approx(0.01)  # the cost of making alone
    assert planned(sale(10)).objective == approx(0.01 - 0.4)


def test_a_contract_whose_maximum_is_none_bounds_nothing():
    def under(maximum):
        without_offer = sale(None)[:-1]
        dumping = Contract(contract="dump", seller="mine", buyer="car", material="magnet", fixed=40, maximum=maximum)
        return planned(without_offer, dumping).objective

    # as at spot: what an outsider pays counts only up to a maximum that is one
    assert under(NONE) == approx(0.01)
    assert under(10) == approx(0.01 - 0.4)


def circle(maximum):
    """Our hub sells at 50 USD/kg to a trader's hub, which sells back at 10; a mine sells to us at 20."""
    return [
        party("mineco", "supplier", "mine", allied=False),
        party("carmaker", "buyer", "car"), Site(site="ours", entity="carmaker", country="AU", passes_on=True),
        Site(site="theirs", entity="trader", country="CN", passes_on=True),
        Entity(entity="trader", role="supplier", allied=False, country=("CN",)),
        makes("mine", "oxide"), sells("mine", "oxide", 20), sells("ours", "oxide", 50, maximum),
        sells("theirs", "oxide", 10), Demand(customer="car", material="oxide", demand=4),
        Lane(origin="mine", destination="ours", goods="any"), Lane(origin="ours", destination="theirs", goods="any"),
        Lane(origin="theirs", destination="ours", goods="any"), Lane(origin="ours", destination="car", goods="any"),
    ]  # fmt: skip


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_a_circle_of_sales_does_not_pay(view):
    plan = planned(circle(None), view=view)
    assert plan.objective == approx(0.08)  # 4 t at 20 USD/kg
    assert flows(plan).get(("ours", "theirs"), 0) == approx(0)


def test_what_bounds_a_sale_bounds_what_it_earns():
    plan = planned(circle(3))
    assert flows(plan)["ours", "theirs"] == approx(3)
    assert plan.objective == approx(0.08 - 3 * 0.05 + 3 * 0.01)  # sold at 50, bought back at 10


def test_an_outsiders_take_or_pay_does_not_earn():
    # it must take 10 t and gets 4: what it owes for the rest is paid, and counts nothing
    rows = [
        ALLY, party("rival", "buyer", "car", allied=False), makes("mine", "magnet", 4, cost=1000),
        Demand(customer="car", material="magnet", demand=10, shortage_value=0),
        Contract(contract="DEAL", seller="mine", buyer="car", material="magnet", fixed=50, minimum=10),
    ]  # fmt: skip
    plan = planned(rows)
    taken = sum(flows(plan).values())
    assert taken == approx(0)  # nothing pays: making costs, income without a bound counts nothing
    assert paid(plan, "Payer", "Payee", Kind="take-or-pay") == approx({("rival", "mineco"): 0.5})
    assert sums(plan, "Costs", "Weight", "Kind", Kind="take-or-pay") == {"take-or-pay": 0}
    assert plan.objective == approx(0)


def test_an_outsiders_credit_does_not_earn():
    # making costs 1,000 USD/t and earns a credit of 5,000 from an outsider; the need itself is worth nothing
    rows = [
        ALLY, party("rich", "government", allied=False), party("carmaker", "buyer", "car"),
        makes("mine", "magnet", cost=1000, credit=5000, credit_payer="rich"), sells("mine", "magnet", 1),
        Demand(customer="car", material="magnet", demand=10, shortage_value=0),
    ]  # fmt: skip
    plan = planned(rows)
    assert plan.objective == approx(0)
    assert flows(plan) == {}


# ------------------------------------------------------------------------------------------------ objective and costs


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_the_objective_is_the_ledger_weighed(view):
    instance = tiny(purchase(OUTSIDER, STATE))
    path = build(instance, view=view)
    assert path.ledger.view == view
    plan = planned(instance, view=view)
    for row in plan.tabs["Costs"].records():
        assert row["Counts"] == approx(row["Amount"] * row["Weight"] * row["Discount"])
    assert sum(plan.tabs["Costs"].column("Counts")) == approx(plan.objective)
