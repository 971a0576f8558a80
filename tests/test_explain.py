"""Explain: when there is no plan, the rule that would have to give way is named with its cell, the worst first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest import approx
from tiny import loose, makes, party, planned, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Material
from sourcing.components.qualifications import Qualification
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.explain import explain, why
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
    words = "4 t less for the minimum of contract DEAL in 2026: 10 → 6 t/y"
    assert headline == f"No plan exists. It would with: {words}."
    assert rows == [
        (1, "contract minimum", "DEAL", "2026", approx(4), "t", words, "Contracts[DEAL].minimum",
         "Contracts[DEAL].Minimum=6", "yes"),
    ]  # fmt: skip


def test_a_duty_without_a_lane_is_named():
    lane = Lane(origin="car", destination="mine", goods="any")
    assert report(market(10), firm(10), lane)[2][0][1:5] == ("contract minimum", "DEAL", "2026", approx(10))


def test_the_worst_comes_first_and_three_are_told():
    needs = [Demand(customer=f"car{n}", material="magnet", demand=1) for n in range(4)]
    deals = [firm(2 + n, contract=f"DEAL{n}", seller="mine", buyer=f"car{n}") for n in range(4)]
    _, headline, rows = report(makes("mine", "magnet"), party("mineco", "supplier", "mine"), needs, deals)
    assert [(name, tonnes) for way, _, name, _, tonnes, *_ in rows if way == 1] == [
        ("DEAL3", approx(4)), ("DEAL2", approx(3)), ("DEAL1", approx(2)), ("DEAL0", approx(1)),
    ]  # fmt: skip
    assert headline.startswith("No plan exists. It would with: 4 t less for the minimum of contract DEAL3")
    assert headline.endswith(", and 1 more.")
    assert {row[-1] for row in rows} == {"yes"}


def test_what_else_would_do_comes_after():
    # 10 t must flow and the lane takes 7: three tonnes on either rule, the duty first
    lane = Lane(origin="mine", destination="car", goods="any", maximum=7)
    rows = report(market(10), firm(10), lane)[2]
    assert [(row[0], row[1], row[4], row[8], row[9]) for row in rows] == [
        (1, "contract minimum", approx(3), "Contracts[DEAL].Minimum=7", "yes"),
        (2, "lane", approx(3), "Lanes[mine|car|any].Maximum=10", "yes"),
    ]


def test_a_cap_that_shuts_a_duty_out_comes_first():
    lane = Lane(origin="mine", destination="car", goods="any", maximum=0)
    rows = report(market(10), firm(10), lane)[2]
    assert [row[8] for row in rows] == ["Lanes[mine|car|any].Maximum=10", "Contracts[DEAL].Minimum=0"]


def test_what_is_kept_does_not_give_way():
    lane = Lane(origin="mine", destination="car", goods="any", maximum=7)
    instance = tiny(market(10), firm(10), lane)
    (way,) = explain(instance, keep=["DEAL"]).ways
    assert way.remedies[0].edit == "Lanes[mine|car|any].Maximum=10"
    both = explain(instance, keep=["Contracts[DEAL]", "mine|car|any"])
    assert both.ways == []
    assert both.headline.endswith("may not give way: nothing is left to give.")
    with pytest.raises(ValueError, match="did you mean 'DEAL'"):
        explain(instance, keep=["DEEL"])


def test_only_the_year_that_is_out_of_line_gives_way():
    # 10 t of 12 in the first year, 40 of 12 in the second; a number of four digits, rounded down
    deal = firm({2026: 10, 2027: 40})
    rows = report(market(60)[:2], makes("mine", "magnet", 12.34567), market(60)[3], deal, *years(2026, 2027))[2]
    assert [row[8] for row in rows if row[0] == 1] == ["Contracts[DEAL].Minimum[2027]=12.34"]


def test_integers_alone_can_clash():
    # half a plant would make the 30 t, but it is whole, runs at 80 % or not at all, and only 30 t have a use
    plant = makes("mine", "magnet", 100)
    plant[0] = replace(plant[0], minimum_load=80)
    sound = [*market(30)[:2], plant, market(30)[3], firm(30)]
    rows = report(*sound, Material(material="magnet", form="magnet", surplus="forbidden"))[2]
    # 30 of 100 t
    assert rows[0][1:3] == ("minimum load", "mine magnet")
    assert [row[8] for row in rows] == [
        "Units[mine magnet].Minimum load=30", "Contracts[DEAL].Minimum=0", "Materials[magnet].Surplus=allowed",
    ]  # fmt: skip


def test_a_qualification_that_comes_too_late_is_found():
    late = Qualification(customer="car", material="any", maker="mine", since="2028-01-01")
    rows = report(market(10), firm(10), late, *years(2026, 2027))[2]
    assert rows[0][8] == "Qualifications[car|any|mine].From=2026-01-01"


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
    assert found[0][1:3] == (kind, name)
    assert found[0][4] == approx(tonnes)


def test_a_by_product_that_must_not_be_left_over_is_named():
    # 9 t of magnets must flow, and with them comes a tonne of scrap that nobody takes
    rows = [
        party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"),
        makes("mine", {"magnet": 0.9, "scrap": 0.1}), Material(material="scrap", form="scrap", surplus="forbidden"),
        Demand(customer="car", material="magnet", demand=9),
    ]  # fmt: skip
    _, headline, found = report(rows, firm(9))
    told = "No plan exists. It would with: 1 t of scrap left over at mine in 2026, where surplus is forbidden."
    assert headline.startswith(told)
    assert found[0][7:9] == ("Materials[scrap].surplus", "Materials[scrap].Surplus=allowed")


def test_the_cell_is_the_sheets():
    # of a wide table: the column of the period, and the row's line
    instance = tiny(market(6), firm(10))
    rows = [row if row.tab != "Contracts" else replace(row, line=7) for row in instance.rows()]
    cells = {("Contracts", 7, "minimum"): "G7", ("Contracts", 7, "minimum@2026"): "H7"}
    with pytest.raises(NoPlan) as caught:
        make_plan(Instance(rows, cells=cells))
    assert caught.value.report.why.rows[0][7] == "Contracts!H7"


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
    told = "No plan exists: the cost could fall without end, so a price or a limit must be wrong. What earns: "
    assert headline == f"{told}magnet from mine to car in 2026 at the offer of mine (Offers[mine|magnet].adder)."
    # bought at 5 - 8 = -3 USD/kg, so a tonne earns 3,000 USD
    assert table.rows[0][:3] == ("channels.flow", "mine, car, magnet, spot, clean, 2026", approx(3000))
    assert ("stock.level", "SHELF, clean, 2026") in {row[:2] for row in table.rows}
