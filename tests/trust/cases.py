"""For every family of rows a tiny instance in which it binds: its cost (k USD), and what it would cost without them.

Making, shipping and buying cost nothing unless said (all is inside one party, or between allies), and a tonne short
costs 1,000 k USD.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tiny import at, china_rule, makes, party, sells, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, Substitute
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Material
from sourcing.components.places import Entity
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price

SHORT = 1000


@dataclass(frozen=True)
class Case:
    """Rows and view of a tiny instance, its least cost, and its least cost without the rows of a family."""

    rows: Any
    cost: float
    without: float
    view: str = "system"


def need(demand: float | dict[int, float] = 10, customer: str = "car", **columns: Any) -> Demand:
    return Demand(customer=customer, material="magnet", demand=demand, **columns)


TWO = years(2026, 2027)
LATER = {2026: 0, 2027: 10}
SIX = makes("mine", "magnet", 6), need()
"""A mine of 6 t for a need of 10 t."""
FREE = makes("mine", "magnet"), need()
"""A mine without limit for a need of 10 t."""

# ------------------------------------------------------------------------------------------------ trade

ALLIES = party("mineco", "supplier", "mine"), party("carmaker", "buyer", "car"), makes("mine", "magnet", 100)


def market(demand: float | dict[int, float], **columns: Any) -> list[Any]:
    """A mine and a car plant, both allied, and a contract between them."""
    given = {"contract": "DEAL", "seller": "mine", "buyer": "car", "material": "magnet", "fixed": 50} | columns
    return [ALLIES, need(demand), Contract(**given)]


ORDER = ALLIES, need(2), sells("mine", "magnet", 5)[0], sells("mine", "magnet", 5)[1]
QUOTA = Material(material="magnet", form="magnet", surplus="allowed")


def offer(**columns: Any) -> list[Any]:
    price, row = sells("mine", "magnet", 5)
    return [price, type(row)(**{"site": row.site, "material": row.material, "index": row.index} | columns)]


RISING = Price(index="rising", price={2026: 10, 2027: 50})
MAKEUP = {"fixed": None, "index": "rising", "minimum": 10, "makeup": 2.0}
# 10 t are due in either year at 10 and 50 USD/kg, 10 and 13 t are needed: nothing is missed, nothing made good
DUE = TWO, RISING, market({2026: 10, 2027: 13}, **MAKEUP)
ALL_TAKEN = 10 * 10 + 13 * 50

# ------------------------------------------------------------------------------------------------ custody

# 4 t clean and 6 t from China in one mix, for 4 t that ask for clean and 6 t that do not
MIX = [
    party("us", "buyer", "refinery", "car", "van", "ours"), at("CN", "china"), china_rule(),
    makes("ours", "carb", 4), makes("china", "carb", 6),
    makes("refinery", "magnet", 10, takes={"carb": 1}, stage="separation"),
    need(4, rules="zc"), need(6, "van"),
]  # fmt: skip

# ------------------------------------------------------------------------------------------------ stocks


def store(**columns: Any) -> Stockpile:
    given = {"stockpile": "STORE", "holder": "us", "site": "store", "material": "magnet", "label": "clean"} | columns
    return Stockpile(**given)


FIRST_YEAR = TWO, makes("mine", "magnet", {2026: 10, 2027: 0}), need(LATER)
"""10 t can be made in the first year and are needed in the second."""

# ------------------------------------------------------------------------------------------------ projects


def kiln(name: str = "kiln", **columns: Any) -> list[Any]:
    """A kiln of 10 t/y that can be built for 1 M USD, paid over ten years without interest: 100 k USD a year."""
    given = {"project": name, "unit": name, "capex": 1.0, "life": 10.0, "cost_of_capital": 0.0} | columns
    return [*makes("works", "magnet", 10, unit=name), Project(**given)]


CASES = {
    "balance": Case(SIX, 4 * SHORT, 0),
    "production.capacity": Case(SIX, 4 * SHORT, 0),
    # running costs 1 M USD
    "production.on": Case(
        (Unit(unit="pit", site="mine", capacity=10, running_cost=1.0), makes("mine", "magnet", unit="pit")[1:], need()),
        1000, 0,
    ),
    # it runs at 5 t or not at all, and only 2 t are needed
    "production.least": Case(
        (Unit(unit="pit", site="mine", capacity=10, minimum_load=50.0), makes("mine", "magnet", unit="pit")[1:],
         need(2)),
        2 * SHORT, 0,
    ),
    # of what is shipped in 2027 half arrives, where 2 t are needed: 4 t of the 10 t wished for; 1 k USD a tonne less
    "channels.late": Case(
        (TWO, makes("mine", "magnet"), need({2026: 0, 2027: 2}),
         Lane(origin="any", destination="any", goods="any", lead_time=182.5),
         Limit(limit="WISH", material="any", origin="any", destination="any", minimum=10, first="2027", penalty=1000)),
        6 * 1, 0,
    ),
    "channels.lane": Case((FREE, Lane(origin="mine", destination="car", goods="any", maximum=6)), 4 * SHORT, 0),
    "channels.offer": Case((ALLIES, need(), offer(maximum=6)), 4 * SHORT, 0),
    # 2 t are needed, and nobody sells less than 5
    "channels.ordered": Case((ALLIES, need(2), offer(minimum_order=5.0)), 2 * SHORT, 0),
    "channels.least_order": Case((ALLIES, need(2), offer(minimum_order=5.0)), 2 * SHORT, 0),
    # a store that gives out 3 t a year forwards nothing else
    "channels.resale": Case(
        (FREE, store(draw=3), Lane(origin="mine", destination="store", goods="any"),
         Lane(origin="store", destination="car", goods="any")),
        7 * SHORT, 0,
    ),
    "qualifications.first_year": Case(
        (FREE, Qualification(customer="car", material="magnet", maker="mine", since=2026, first_year_share=60)),
        4 * SHORT, 0,
    ),
    # started in 2026 or 2027 it opens in 2029 with 3 t, started twice with twice as much
    "qualifications.once": Case(
        (Period(period="A", start=2026, years=1), Period(period="B", start=2027, years=2),
         Period(period="C", start=2029, years=1), makes("mine", "magnet"), need({2026: 0, 2029: 10}),
         Qualification(customer="car", material="magnet", maker="mine", lead_time=13, first_year_share=30)),
        7 * SHORT, 4 * SHORT,
    ),
    "qualifications.gate": Case(
        (FREE, Qualification(customer="car", material="magnet", maker="mine", lead_time=0, cost=1)), 1000, 0
    ),
    # signed twice it would let through twice its 6 t
    "contracts.once": Case((TWO, market({2026: 0, 2027: 12}, maximum=6, status="option")), 6 * SHORT, 0),
    "contracts.most": Case(market(10, maximum=6), 4 * SHORT, 0),
    "contracts.only_signed": Case(market(10, status="option", signing_cost=1), 1000, 0),
    # half of the 100 t that it could make
    "contracts.most_share": Case((QUOTA, market(60, maximum_share=50)), 10 * SHORT, 0),
    # half of what 50 USD/kg are above 40, and no more than 1 M USD
    "contracts.granted": Case(
        (market(6, rebate_from=40, rebate_share=50, rebate_cap=1)), 6 * 50 - 6 * 5, 6 * 50 - 1000, "buyer"
    ),
    "takeorpay.least": Case(market(6, minimum=10, take_or_pay=80), 6 * 50 + 4 * 40, 6 * 50, "buyer"),
    "takeorpay.least_share": Case((market(10, minimum_share=50), offer()), 5 * 50 + 5 * 5, 10 * 5, "buyer"),
    # signed in 2026 it costs 10 t at 10 USD/kg, of which 3 t are made good in 2027 instead of bought at 50; to owe
    # those 3 t alone would be cheaper
    "takeorpay.owed": Case(
        (TWO, RISING, market({2026: 0, 2027: 13}, **MAKEUP, status="option")),
        10 * 10 + 10 * 50, 3 * 10 + 10 * 50, "buyer",
    ),
    # 3 t made good in 2027 that were never missed
    "takeorpay.vintage": Case(DUE, ALL_TAKEN, ALL_TAKEN - 3 * 50, "buyer"),
    # 3 t taken and paid as missed in 2026, to make them good in 2027
    "takeorpay.missing": Case(DUE, ALL_TAKEN, ALL_TAKEN + 3 * 10 - 3 * 50, "buyer"),
    "takeorpay.none_above": Case(DUE, ALL_TAKEN, ALL_TAKEN + 3 * 10 - 3 * 50, "buyer"),
    # 10 t of 2026 may be made good in 2027, at 50 USD/kg: as much as is taken, 5 t, and not all 10
    "takeorpay.makeup_above": Case(
        (TWO, RISING, market({2026: 0, 2027: 5}, **(MAKEUP | {"minimum": {2026: 10, 2027: 0}}))),
        10 * 10, 10 * 10 + (5 - 10) * 50, "buyer",
    ),
    "demand.demand": Case(SIX, 4 * SHORT, 0),
    "demand.share": Case(
        (makes("mine", "other"), need(),
         Substitute(customer="car", material="magnet", substitute="other", maximum_share=50)),
        5 * SHORT, 0,
    ),
    # 4 t clean are 80 % of 5 t
    "demand.tolerance": Case(
        (at("CN", "china"), china_rule(tolerance=20), makes("mine", "magnet", 4), makes("china", "magnet"),
         need(rules="zc")),
        5 * SHORT, 0,
    ),
    "stock.roll": Case((store(opening=4), need()), 6 * SHORT, 0),
    "stock.least": Case((store(opening=4, minimum=3), need()), 9 * SHORT, 6 * SHORT),
    "stock.most": Case((FIRST_YEAR, store(maximum=6)), 4 * SHORT, 0),
    "stock.terminal": Case((store(opening=4, terminal=3), need()), 9 * SHORT, 6 * SHORT),
    # all 4 t are used, at 50 % of 100 USD/kg each
    "stock.value": Case(
        (Price(index="magnet", price=100), store(opening=4, maximum=9, terminal_value=50), need()),
        6 * SHORT, 6 * SHORT - 4 * 50,
    ),
    "stock.filling": Case((FIRST_YEAR, store(fill=3)), 7 * SHORT, 0),
    "stock.drawing": Case((store(opening=10, draw=3), need()), 7 * SHORT, 0),
    "projects.capacity": Case((kiln(), need()), 100, 0),
    # a second kiln could be had by starting one in either year, and is paid from when it stands
    "projects.steps": Case((TWO, kiln(), need({2026: 0, 2027: 20})), 100 + 10 * SHORT, 200 + 100),
    # the other kiln is of no use
    "projects.together": Case((kiln(together="G"), kiln("other", together="G", capex=5), need()), 100 + 500, 100),
    "projects.alternative": Case(
        (kiln(only_one="G"), kiln("other", only_one="G"), need(20)), 100 + 10 * SHORT, 100 + 100
    ),
    "projects.only_one": Case((kiln(only_one="G"), kiln("other", only_one="G"), need(20)), 100 + 10 * SHORT, 100 + 100),
    # half a kiln
    "projects.budget": Case(
        (Entity(entity="fund", role="government", allied=True, country=("AU",), budget=0.5),
         kiln(public_share=100, payer="fund", whole=False), need()),
        50 + 5 * SHORT, 100,
    ),
    "limits.most": Case(
        (FREE, Limit(limit="CAP", material="any", origin="mine", destination="car", maximum=6)), 4 * SHORT, 0
    ),
    # a tonne of the pit costs 1 k USD
    **{
        f"limits.{name}": Case(
            (FREE, makes("pit", "magnet", cost=1000),
             Limit(limit="L", material="any", origin=origin, destination="car", **{column: value})),
            4 * 1, 0,
        )
        for name, origin, column, value in (
            ("least", "pit", "minimum", 4), ("least_share", "pit", "minimum_share", 40),
            ("most_share", "mine", "maximum_share", 60),
        )
    },
    # one mix of both serves those who do not ask
    "custody.dirty": Case(MIX, 4 * SHORT, 0),
    "custody.pure": Case(MIX, 4 * SHORT, 0),
}  # fmt: skip
