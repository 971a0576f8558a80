"""Seeded instances of any size: a layered chain from mines to customers, of the shape of the bundled ones.

Every stage has `width` sites, a quarter of them in CN, which the rule zc@1 covers: so most lots come in two classes.
Each site makes two grades and buys from all sites of the stage before, at their offers; customers need both grades,
half of them under the rule. Contracts, stockpiles and events come in proportion. Columns grow with width²·periods;
there are no whole decisions, so that the linear model is what is measured.
"""

from __future__ import annotations

import datetime as dt
import random

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.rules import Rule
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector, Series

STAGES = (("mine", "ore", 1.0), ("separation", "oxide", 40.0), ("metal", "metal", 60.0), ("magnet", "magnet", 110.0))
"""Stage, form of what it makes, and its price (USD/kg)."""

GRADES = ("a", "b")
COUNTRIES = ("CN", "AU", "US", "JP")
ANY = Selector((("any", "any"),))


def columns_of(width: int, periods: int) -> float:
    """About how many columns an instance will have."""
    return 13.0 * width * width * periods


def width_for(columns: int, periods: int) -> int:
    """The width at which an instance has about so many columns."""
    return max(2, round((columns / columns_of(1, periods)) ** 0.5))


def generated(width: int, periods: int, scenarios: int = 0, seed: int = 0) -> Instance:
    """An instance with so many sites a stage and customers, periods of a year, and events that may strike."""
    draw = random.Random(seed)
    rows: list[Row] = [Period(period=str(2026 + k), start=dt.date(2026 + k, 1, 1), years=1.0) for k in range(periods)]
    rows += [Entity(entity=f"party_{c.lower()}", country=(c,), role="buyer", allied=c != "CN") for c in COUNTRIES]
    rows.append(
        Rule(
            rule="zc", version="1", since=dt.date(2026, 1, 1), countries=("CN",), elements=("strict",),
            stages=tuple(stage for stage, _, _ in STAGES),
        )
    )  # fmt: skip
    rows.append(Lane(origin=ANY, destination=ANY, goods=ANY, freight=_cents(draw, 20, 90), tariff=2.5, lead_time=30.0))
    for grade in GRADES:
        for stage, form, price in STAGES:
            material = f"{form}_{grade}"
            rows.append(Price(index=material, price=Series.constant(price * (1.2 if grade == "b" else 1.0))))
            rows.append(Material(material=material, form="concentrate" if form == "ore" else form, index=material))
            rows.append(RecipeLine(recipe=f"{stage}_{grade}", material=material, output=1.0))
            if stage != "mine":
                before = STAGES[[name for name, _, _ in STAGES].index(stage) - 1][1]
                rows.append(RecipeLine(recipe=f"{stage}_{grade}", material=f"{before}_{grade}", input=1.1))
    for stage, form, price in STAGES:
        for k in range(width):
            rows += _works(draw, f"{stage}_{k}", stage, form, price, COUNTRIES[k % 4])
    need = 300.0
    for k in range(width):
        country = COUNTRIES[1 + k % 3]
        rows.append(_site(f"customer_{k}", country))
        for grade in GRADES:
            asked = ("zc",) if k % 2 else ()
            tonnes = tuple(round(need * draw.uniform(0.6, 1.4) * 1.05**n, 1) for n in range(periods))
            demand = Series(tuple(2026.0 + n for n in range(periods)), tonnes)
            rows.append(Demand(customer=f"customer_{k}", material=f"magnet_{grade}", rules=asked, demand=demand))
        if k % 4 == 0:
            rows.append(
                Stockpile(
                    stockpile=f"stock_{k}", site=f"customer_{k}", material="magnet_a",
                    holder=f"party_{country.lower()}", opening=50.0, label=("clean",), maximum=200.0, storage=300.0,
                )
            )  # fmt: skip
            rows.append(
                Contract(
                    contract=f"contract_{k}", seller=_one(f"magnet_{(k + 1) % width}"), buyer=_one(f"customer_{k}"),
                    material="magnet_a", premium=5.0, minimum=Series.constant(20.0), maximum=Series.constant(120.0),
                )
            )  # fmt: skip
    for k in range(scenarios):
        rows.append(Scenario(scenario=f"outage_{k}", kind="event", hazard=2.0, starts=str(2026 + periods // 2)))
        rows.append(
            Shock(
                scenario=f"outage_{k}", of_tab="Units", site=f"separation_{k % width}", of_column="Capacity",
                multiply=0.2,
            )
        )  # fmt: skip
    return Instance(rows, name=f"generated-{width}-{periods}-{scenarios}")


def _works(draw: random.Random, site: str, stage: str, form: str, price: float, country: str) -> list[Row]:
    """A site of a stage: a unit that both grades share, and an offer for each."""
    found: list[Row] = [
        _site(site, country),
        Unit(unit=site, site=site, capacity=Series.constant(round(draw.uniform(400, 1200), 1))),
    ]
    for grade in GRADES:
        cost = round(1000 * price * draw.uniform(0.3, 0.6), 2)
        found.append(Process(site=site, recipe=f"{stage}_{grade}", unit=site, cost=cost, stage=stage))
        found.append(Offer(site=site, material=f"{form}_{grade}", premium=round(draw.uniform(-10, 10), 2)))
    return found


def _site(site: str, country: str) -> Site:
    return Site(site=site, entity=f"party_{country.lower()}", country=country, custody="segregated")


def _one(site: str) -> Selector:
    return Selector((("id", site),))


def _cents(draw: random.Random, low: float, high: float) -> float:
    return round(draw.uniform(low, high), 2)
