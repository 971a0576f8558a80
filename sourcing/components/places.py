"""Places and parties: entities, who holds whom, sites, and what a selector of places means.

A selector's term is a site, `country:XX`, `entity:ID`, `allied` (sites of allied parties) or `any`; a plain id is a
site or, where none has it, an entity.
"""

from __future__ import annotations

import datetime as dt

from sourcing.components.horizon import Period
from sourcing.instance import Instance
from sourcing.sheets import (
    Issue,
    Row,
    Selector,
    choice,
    date,
    identifier,
    names,
    number,
    reference,
    sheet,
    text,
    year_of,
    yesno,
)

STAGES = ("mine", "crack", "separation", "metal", "alloy", "magnet", "recycling")
"""What is done at a site, in the order of the chain; recycling comes in from the side."""

_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW ZZ
"""
COUNTRIES = frozenset(_COUNTRIES.split())
"""Two-letter codes of countries (ISO 3166-1), XK, and ZZ for unknown."""


@sheet("Entities", "a party", key=("entity",))
class Entity(Row):
    """Who owns sites, holds stocks, pays and earns."""

    entity: str = identifier("Entity", "short name")
    name: str = text("Name", "what people call it")
    country: tuple[str, ...] = names("Country", "two-letter code; a list for a union of countries")
    role: str = choice("Role", "what it does here", ("buyer", "supplier", "government", "carrier"), required=True)
    allied: bool = yesno("Allied", "does its cost count in the system view?", required=True)
    budget: float | None = number("Budget", "M USD", "most it may spend on projects; blank is no limit", low=0)


@sheet("Ownership", "a holding", key=("entity", "holder"))
class Holding(Row):
    """A share of one party that another holds."""

    entity: str = reference("Entity", "Entities", "the party that is held")
    holder: str = reference("Holder", "Entities", "who holds it")
    share: float = number("Share", "%", "share held", required=True, low=0, high=100)
    since: dt.date | None = date("From", "first day; blank is always")


@sheet("Sites", "a place", key=("site",))
class Site(Row):
    """Where things are made, stocked, sold or used. Customers are sites."""

    site: str = identifier("Site", "short name")
    name: str = text("Name", "what people call it")
    entity: str = reference("Entity", "Entities", "whose site it is")
    country: str = text("Country", "two-letter code; blank or ZZ is unproven and counts as covered by every rule")
    latitude: float | None = number("Latitude", "", "degrees north", low=-90, high=90)
    longitude: float | None = number("Longitude", "", "degrees east", low=-180, high=180)
    custody: str = choice(
        "Custody",
        "are batches kept apart? Blank: blended at separation, segregated elsewhere",
        ("segregated", "blended"),
    )
    passes_on: bool = yesno("Passes on", "a trader's hub forwards what its offers name", default=False)


def entity_of(instance: Instance, site: str) -> str:
    """The party whose site it is."""
    return instance.row(Site, site).entity


def select_sites(instance: Instance, selector: Selector) -> frozenset[str]:
    """The sites that a selector means."""
    known = instance.once(_selected)
    if selector not in known:
        known[selector] = _select(instance, selector)
    return known[selector]


def _selected(instance: Instance) -> dict[Selector, frozenset[str]]:
    return {}


def _select(instance: Instance, selector: Selector) -> frozenset[str]:
    found: set[str] = set()
    for kind, name in selector.terms:
        found |= {site.site for site in instance[Site] if matches(instance, site, kind, name)}
    return frozenset(found)


def matches(instance: Instance, site: Site, kind: str, name: str) -> bool:
    """Whether one term of a selector means a site."""
    if kind == "id":
        return site.site == name if instance.has(Site, name) else site.entity == name
    if kind == "country":
        return site.country.upper() == name.upper()
    if kind == "entity":
        return site.entity == name
    return kind == "any" or (kind == "allied" and instance.row(Entity, site.entity).allied)


def treasury_of(instance: Instance, site: str) -> str:
    """Who gets the duties of a site's country: its government, or a treasury that stands for one."""
    country = instance.row(Site, site).country
    return instance.once(_treasuries).get(country, f"{TREASURY}{country or 'ZZ'}")


def _treasuries(instance: Instance) -> dict[str, str]:
    """The government of each country that has one: the first that names it."""
    found: dict[str, str] = {}
    for entity in instance[Entity]:
        for country in entity.country if entity.role == "government" else ():
            found.setdefault(country, entity.entity)
    return found


TREASURY = "treasury:"


def is_allied(instance: Instance, party: str) -> bool:
    """Whether a party is allied; a treasury that stands for a government is as the importers of its country are."""
    if party.startswith(TREASURY):
        country = party.removeprefix(TREASURY)
        return any((site.country or "ZZ") == country and is_allied(instance, site.entity) for site in instance[Site])
    return instance.row(Entity, party).allied


def role_of(instance: Instance, party: str) -> str:
    """A party's role; a treasury is a government."""
    return "government" if party.startswith(TREASURY) else instance.row(Entity, party).role


def held_by(instance: Instance, entity: str) -> dict[str, float]:
    """Who holds a party, directly and through others, with the share (%) that each holds in effect.

    Along a chain shares multiply; a holding of more than half counts as the whole (who controls a holder controls
    what it holds). Several chains to one holder add up. A party holds itself.
    """
    known = instance.once(_held)
    if entity not in known:
        known[entity] = _chains(instance, entity, frozenset())
    return known[entity]


def _held(instance: Instance) -> dict[str, dict[str, float]]:
    return {}


def _chains(instance: Instance, entity: str, above: frozenset[str]) -> dict[str, float]:
    found = {entity: 100.0}
    for row in instance[Holding]:
        if row.entity == entity and row.holder not in above:
            part = 1.0 if row.share > 50 else row.share / 100
            for holder, share in _chains(instance, row.holder, above | {entity}).items():
                found[holder] = min(100.0, found.get(holder, 0.0) + part * share)
    return found


def unknown_countries(instance: Instance, row: Row, field: str) -> list[Issue]:
    """The fault of a field whose codes are not all countries'."""
    value = getattr(row, field)
    codes = value if isinstance(value, tuple) else (value,) if value else ()
    unknown = [code for code in codes if code not in COUNTRIES]
    if not unknown:
        return []
    which = f"{', '.join(unknown)} " if len(codes) > 1 else ""
    message = f"{which}{'is' if len(unknown) == 1 else 'are'} not a two-letter country code"
    return [instance.issue(row, field, message, "write a two-letter code, for example JP, or ZZ if it is unknown")]


def checks(instance: Instance) -> list[Issue]:
    """Countries that do not exist, and holdings of more than the whole."""
    faults = [fault for entity in instance[Entity] for fault in unknown_countries(instance, entity, "country")]
    for site in instance[Site]:
        faults += unknown_countries(instance, site, "country")
        if not site.country:
            faults.append(
                instance.issue(
                    site,
                    "country",
                    "a site without a country counts as covered by every rule",
                    "write ZZ to say so",
                    warning=True,
                )
            )
    held: dict[str, float] = {}
    starts = [year_of(period.start) for period in instance[Period]]
    for row in instance[Holding]:
        if row.since and starts and year_of(row.since) > min(starts) + 1e-6:
            message = "begins within the horizon: an owner counts from the first period on"
            faults.append(instance.issue(row, "since", message, "leave it blank", warning=True))
        held[row.entity] = held.get(row.entity, 0.0) + row.share
        if held[row.entity] > 100.0001:
            message = f"the holdings of {row.entity} add up to more than 100 %"
            faults.append(instance.issue(row, "share", message, "correct the shares"))
    return faults
