"""Bankability: a plant worked by hand.

It makes 10 t/y at 20 USD/kg of cost and 0.05 M USD/y of fixed cost, and owes 0.3 M USD/y: 0.6 M USD over two years,
without interest. At a price p its cash is 10·p - 200 - 50 k USD, which serves the debt from 55 USD/kg on. The market
pays 50.
"""

from __future__ import annotations

from tiny import makes, party, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.trade import Offer, Price
from sourcing.study.bankability import Hurdle, case

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
