"""Explain: when there is no plan, the rule that would have to give way is named with its cell, the worst first."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import loose, makes, party, planned, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Material
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.explain import why
from sourcing.instance import Instance
from sourcing.plan import make_plan
from sourcing.sheets import NoPlan
from sourcing.solver import solve_path


def firm(minimum: float, **columns):
    given = {"contract": "DEAL", "seller": "mine", "buyer": "car", "material": "magnet", "fixed": 1} | columns
    return Contract(take_or_pay="firm", minimum=minimum, **given)


def market(demand: float = 10):
    return [
        party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"), makes("mine", "magnet"),
        Demand(customer="car", material="magnet", demand=demand),
    ]  # fmt: skip


def report(*rows):
    """The headline and the rows of Why."""
    with pytest.raises(NoPlan) as caught:
        planned(*rows)
    assert caught.value.exit_code == 6
    found = caught.value.report
    assert found.headline == str(caught.value)
    return found.status, found.headline, found.why.rows


# ------------------------------------------------------------------------------------------------ infeasible


def test_a_duty_without_use_is_named():
    status, headline, rows = report(market(6), firm(10))
    assert status == "infeasible"
    assert headline == "No plan exists. It would with: 4 t less for the minimum of contract DEAL in 2026."
    assert rows == [
        ("contract minimum", "DEAL", "2026", approx(4), "4 t less for the minimum of contract DEAL in 2026",
         "Contracts[DEAL].minimum"),
    ]  # fmt: skip


def test_a_duty_without_a_lane_is_named():
    lane = Lane(origin="car", destination="mine", goods="any")
    assert report(market(10), firm(10), lane)[2][0][:4] == ("contract minimum", "DEAL", "2026", approx(10))


def test_the_worst_comes_first_and_three_are_told():
    needs = [Demand(customer=f"car{n}", material="magnet", demand=1) for n in range(4)]
    deals = [firm(2 + n, contract=f"DEAL{n}", seller="mine", buyer=f"car{n}") for n in range(4)]
    _, headline, rows = report(makes("mine", "magnet"), party("mineco", "supplier", "mine"), needs, deals)
    assert [(name, tonnes) for _, name, _, tonnes, *_ in rows] == [
        ("DEAL3", approx(4)), ("DEAL2", approx(3)), ("DEAL1", approx(2)), ("DEAL0", approx(1)),
    ]  # fmt: skip
    assert headline.startswith("No plan exists. It would with: 4 t less for the minimum of contract DEAL3")
    assert headline.endswith(", and 1 more.")


def test_the_least_tonnes_are_what_gives_way():
    # 10 t must flow and the lane takes 7: three tonnes on either rule
    lane = Lane(origin="mine", destination="car", goods="any", maximum=7)
    rows = report(market(10), firm(10), lane)[2]
    assert sum(row[3] for row in rows) == approx(3)
    assert {row[0] for row in rows} <= {"contract minimum", "lane"}


@pytest.mark.parametrize(
    ("rows", "kind", "name", "tonnes"),
    [
        (
            [makes("mine", "magnet", 4), Stockpile(
                stockpile="SHELF", holder="us", site="mine", material="magnet", minimum=7)],
            "stock minimum", "SHELF", 3,
        ),
        (
            [makes("mine", "magnet", 0), Stockpile(
                stockpile="SHELF", holder="us", site="mine", material="magnet", opening=2, terminal=7, fill=0)],
            "stock at the end", "SHELF", 5,
        ),
        (
            [makes("mine", "magnet"), Limit(limit="HOME", material="any", origin="mine", destination="any", minimum=9)],
            "limit", "HOME", 8,
        ),
    ],
)  # fmt: skip
def test_other_duties(rows, kind, name, tonnes):
    need = Demand(customer="car", material="magnet", demand=1)
    found = report(rows, need)[2]
    assert sum(row[3] for row in found) == approx(tonnes)
    assert (kind, name) in {row[:2] for row in found}


def test_a_by_product_that_must_not_be_left_over_is_named():
    # 9 t of magnets must flow, and with them comes a tonne of scrap that nobody takes
    rows = [
        party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"),
        makes("mine", {"magnet": 0.9, "scrap": 0.1}), Material(material="scrap", form="scrap", surplus="forbidden"),
        Demand(customer="car", material="magnet", demand=9),
    ]  # fmt: skip
    _, headline, found = report(rows, firm(9))
    assert (
        headline == "No plan exists. It would with: 1 t of scrap left over at mine in 2026, where surplus is forbidden."
    )
    assert found[0][5] == "Materials[scrap].surplus"


def test_the_cell_is_the_sheets():
    # of a wide table: the column of the period, and the row's line
    instance = tiny(market(6), firm(10))
    rows = [row if row.tab != "Contracts" else row.__class__(**(row.__dict__ | {"line": 7})) for row in instance.rows()]
    cells = {("Contracts", 7, "minimum"): "G7", ("Contracts", 7, "minimum@2026"): "H7"}
    with pytest.raises(NoPlan) as caught:
        make_plan(Instance(rows, cells=cells))
    assert caught.value.report.why.rows[0][5] == "Contracts!H7"


def test_what_only_costs_is_no_reason():
    # short of everything, and no plan to be refused
    plan = planned(market(10)[1:], makes("mine", "other", 0, unit="o"))
    assert plan.status == "optimal"


# ------------------------------------------------------------------------------------------------ unbounded


def test_a_price_below_zero_that_nothing_bounds_is_found():
    # a seller who pays to be rid of it, and a stock without a maximum
    rows = loose(
        party("mineco", "supplier", "mine", allied=False), makes("mine", "magnet"), Price(index="magnet", price=5),
        Offer(site="mine", material="magnet", adder=-8), Demand(customer="car", material="magnet", demand=1),
        Stockpile(stockpile="SHELF", holder="us", site="car", material="magnet"),
    )  # fmt: skip
    solution = solve_path(rows)
    assert solution.status == "unbounded"
    headline, table = why(rows, solution.arrays, solution.status)
    assert headline == "No plan exists: the cost could fall without end, so a price or a limit must be wrong."
    assert ("channels.flow", "mine, car, magnet, spot, clean, 2026") in table.rows
    assert ("stock.level", "SHELF, clean, 2026") in table.rows
