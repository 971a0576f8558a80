"""Seeded instances without a plan: a bundled instance that has one, and one row of it spoilt.

A kind is a sound instance (rows or cells added, so that there is a duty to clash with) and the cell that is spoilt.
`seeds(count)` deals the kinds in turn, each with a value drawn from its range.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sourcing.components.contracts import Contract
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.edits import edited, parse
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector, Series


@dataclass(frozen=True)
class Seed:
    """A spoilt instance, and the row (tab, key) that was spoilt."""

    name: str
    instance: Instance
    row: tuple[str, str]


Draw = Callable[[float, float], float]
Kind = Callable[[Instance, Draw], tuple[Instance, str]]
KINDS: list[Kind] = []


def kind(function: Kind) -> Kind:
    KINDS.append(function)
    return function


def sites(*names: str) -> Selector:
    return Selector(tuple(("id", name) for name in names))


ANY = Selector((("any", "any"),))


def _day(year: int) -> dt.date:
    return dt.date(year, 1, 1)


def firm(instance: Instance, name: str) -> Instance:
    return changed(instance, f"Contracts[{name}].Take-or-pay=firm")


def changed(instance: Instance, *edits: str) -> Instance:
    return edited(instance, [parse(text) for text in edits])


def rows(instance: Instance, *added: Row) -> Instance:
    return instance.with_rows(*added)


def deal(seller: str, buyer: str, material: str, tonnes: float, name: str = "DEAL", **more) -> Contract:
    return Contract(
        contract=name, seller=sites(seller), buyer=sites(buyer), material=material, fixed=50.0, take_or_pay="firm",
        minimum=Series.constant(tonnes), **more,
    )  # fmt: skip


def limit(name: str, material: str, origin: str, destination: str, **more) -> Limit:
    places = [ANY if place == "any" else Selector((("country", place),)) if len(place) == 2 else sites(place)
              for place in (origin, destination)]  # fmt: skip
    return Limit(limit=name, material=sites(material), origin=places[0], destination=places[1], **more)


@kind
def contract_beyond_the_seller(i, draw):
    i = changed(i, "Contracts[LYNAS-JARE].Maximum=none")
    return i, f"Contracts[LYNAS-JARE].Minimum={draw(12000, 60000):.0f}"


@kind
def contract_beyond_the_seller_in_one_year(i, draw):
    i = changed(i, "Contracts[LYNAS-JARE].Maximum=none")
    return i, f"Contracts[LYNAS-JARE].Minimum[2028]={draw(12000, 60000):.0f}"


@kind
def contract_beyond_the_buyer(i, draw):
    i = firm(i, "SRC-REALLOYS")
    return i, f"Contracts[SRC-REALLOYS].Minimum={draw(250, 470):.0f}"


@kind
def contract_that_nobody_needs(i, draw):
    i = rows(i, deal("sumter", "us_defence", "mag_std", 5))
    return i, f"Contracts[DEAL].Minimum={draw(900, 1600):.0f}"


@kind
def end_of_a_stock_out_of_reach(i, draw):
    i = changed(i, "Stockpiles[KOMIR-NDPR].Maximum=")
    return i, f"Stockpiles[KOMIR-NDPR].Terminal={draw(2500, 20000):.0f}"


@kind
def least_stock_above_the_opening(i, draw):
    i = changed(i, "Stockpiles[JOGMEC-DY].Maximum=")
    return i, f"Stockpiles[JOGMEC-DY].Minimum={draw(120, 2000):.0f}"


@kind
def filling_too_slow_for_the_end(i, draw):
    i = changed(i, "Stockpiles[JOGMEC-DY].Terminal=200")
    return i, f"Stockpiles[JOGMEC-DY].Fill={draw(1, 25):.1f}"


@kind
def limit_beyond_capacity(i, draw):
    i = rows(i, limit("HOME", "mag_hot", "US", "US", minimum=20.0))
    return i, f"Limits[HOME].Minimum={draw(6000, 50000):.0f}"


@kind
def share_above_a_share(i, draw):
    i = rows(i, limit("AT MOST", "ndpr_metal", "china", "japan", maximum_share=30.0),
             limit("AT LEAST", "ndpr_metal", "china", "japan", minimum_share=5.0),
             deal("vietnam_metal", "japan", "ndpr_metal", 100))  # fmt: skip
    return i, f"Limits[AT LEAST].Minimum share={draw(50, 95):.0f}"


@kind
def share_that_a_duty_rules_out(i, draw):
    i = rows(i, limit("CN", "ndpr_metal", "china", "japan", minimum_share=5.0),
             deal("vietnam_metal", "japan", "ndpr_metal", 100))  # fmt: skip
    return i, f"Limits[CN].Minimum share={draw(99, 100):.1f}"


@kind
def limit_of_nothing(i, draw):
    i = rows(i, limit("BAN", "ndpr_oxide", "kuantan", "any", maximum=9000.0))
    return i, "Limits[BAN].Maximum=0"


@kind
def lane_closed(i, draw):
    i = rows(firm(i, "MP-GM"), Lane(origin=sites("fort_worth"), destination=sites("us_auto"),
                                    goods=sites("mag_hot"), freight=500.0, maximum=2000.0))  # fmt: skip
    return i, "Lanes[fort_worth|us_auto|mag_hot].Maximum=0"


@kind
def by_product_without_an_outlet(i, draw):
    return i, "Materials[la_oxide].Surplus=forbidden"


@kind
def budget_below_a_duty(i, draw):
    i = rows(i, deal("minamitorishima", "japan", "carb_mud", draw(50, 150), since=_day(2030)))
    return i, f"Entities[jogmec].Budget={draw(10, 700):.0f}"


@kind
def order_beyond_the_mine(i, draw):
    i = rows(i, limit("CLAY", "carb_brazil", "clay_brazil", "any", minimum=100.0, first="2028"))
    return i, f"Offers[clay_brazil|carb_brazil].Minimum order={draw(4000, 30000):.0f}"


@kind
def offer_of_nothing(i, draw):
    i = changed(i, "Offers[clay_brazil|carb_brazil].Minimum order=", "Offers[clay_brazil|carb_brazil].Maximum=900")
    i = rows(i, limit("CLAY", "carb_brazil", "clay_brazil", "any", minimum=400.0, first="2028"))
    return i, "Offers[clay_brazil|carb_brazil].Maximum=0"


@kind
def load_beyond_the_feed(i, draw):
    # metal that Euclid alone may have, and can use 100 t of at most
    shut = limit("OUT", "ndpr_metal", "saskatoon", "any", maximum=60.0)
    i = rows(changed(i, "Units[saskatoon_metal].Minimum load=1"), deal("saskatoon", "euclid", "ndpr_metal", 10), shut)
    return i, f"Units[saskatoon_metal].Minimum load={draw(50, 100):.0f}"


@kind
def capacity_gone(i, draw):
    return i, f"Units[kuantan_light].Capacity[2028]={draw(1, 50):.0f}"


@kind
def plant_closed(i, draw):
    return i, "Units[kuantan_light].Capacity[2028]=0"


@kind
def qualified_too_late(i, draw):
    i = rows(i, deal("fort_worth", "us_defence", "mag_hot", 20, since=_day(2027)))
    return i, f"Qualifications[us_defence|any|fort_worth].From={draw(2032, 2040):.0f}"


@kind
def project_too_late(i, draw):
    i = rows(i, deal("saskatoon", "japan", "dy_oxide", 2, since=_day(2028)))
    return i, f"Projects[saskatoon_heavy].Lead time={draw(90, 200):.0f}"


@kind
def first_year_share_of_nothing(i, draw):
    i = rows(i, deal("fort_worth", "us_defence", "mag_hot", 20, since=_day(2027)))
    return i, "Qualifications[us_defence|any|fort_worth].First-year share=0"


@kind
def contract_above_a_limit(i, draw):
    i = rows(i, limit("CAP", "ndpr_oxide", "kuantan", "any", maximum=5000.0),
             deal("kuantan", "other_ndpr", "ndpr_oxide", 500))  # fmt: skip
    return i, f"Contracts[DEAL].Minimum={draw(6000, 8000):.0f}"


def seeds(instance: Instance, count: int, seed: int = 7) -> Iterator[Seed]:
    """Spoilt instances, kind after kind."""
    rng = random.Random(seed)
    for number in range(count):
        made = KINDS[number % len(KINDS)]
        sound, spoil = made(instance, rng.uniform)
        edit = parse(spoil)
        yield Seed(f"{number}: {made.__name__}: {spoil}", changed(sound, spoil), (edit.tab, edit.key))


def sound(instance: Instance) -> Iterator[tuple[str, Instance]]:
    """The sound instance of each kind."""
    rng = random.Random(7)
    for made in KINDS:
        yield made.__name__, made(instance, rng.uniform)[0]
