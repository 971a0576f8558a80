"""Rules: dated content rules, their versions, and the labels that lots carry.

    label = set of rule versions that a lot violates; {} is clean
    made at site i at stage g:   (label less r that exempt the material) ∪ {r : r covers i and counts g}, of which a
                                 material keeps those r that count an element it holds
    a first source after the mine hides its mine: it violates every r that counts an earlier stage
    a delivery in t under a demand's rules has no r that is asked for in t

    tolerance[j,r,t]:  Σ delivered that violates r <= tolerance·Σ delivered under r + waived tonnes, for customer j
                       over its demands that ask for r                                                            [t]

Labels record facts: a lot separated in a covered country carries that for good, whenever the rule comes into force.
Unknown is unproven and violates every rule.
"""

from __future__ import annotations

import datetime as dt
import functools

from sourcing.components.horizon import Span, at, periods
from sourcing.components.materials import Content
from sourcing.components.places import STAGES, Entity, Site, held_by, unknown_countries
from sourcing.instance import Instance
from sourcing.sheets import (
    Amount,
    Issue,
    Row,
    choice,
    choices,
    date,
    identifier,
    names,
    number,
    reference,
    sheet,
    text,
    year_of,
)


@sheet("Rules", "a version of a content rule", key=("rule", "version"))
class Rule(Row):
    """A stage done in a covered country marks what it makes, for good."""

    rule: str = identifier("Rule", "short name; versions of one rule share it")
    version: str = identifier("Version", "short name of the version")
    authority: str = text("Authority", "where it is written")
    status: str = choice("Status", "is it in force?", ("enacted", "suspended", "proposed"), default="enacted")
    since: dt.date = date("From", "first day", required=True)
    test: str = choice("Test", "what counts", ("place", "owner", "both"), default="place")
    countries: tuple[str, ...] = names("Countries", "covered countries, two-letter codes")
    allowed: tuple[str, ...] = names("Allowed", "or the only countries that are not covered")
    threshold: float | None = number("Owner threshold", "%", "holding from which an owner counts", low=0, high=100)
    stages: tuple[str, ...] = choices("Stages", "the stages that count", STAGES, required=True)
    elements: tuple[str, ...] = names("Elements", "strict (all on Content), or the elements that count", required=True)
    tolerance: float = number(
        "Tolerance", "%", "share of a customer's tonnes that may violate", default=0.0, low=0, high=100
    )
    exempt: tuple[str, ...] = names("Exempt", "materials whose making starts the class again", tab="Materials")

    @property
    def id(self) -> str:
        """`rule@version`, as labels carry it."""
        return f"{self.rule}@{self.version}"


@sheet("Waivers", "a quota against a rule", key=("rule", "customer", "since"))
class Waiver(Row):
    """Tonnes that may violate a rule."""

    rule: str = identifier("Rule", "the rule")
    customer: str = reference("Customer", "Sites", "whose")
    since: dt.date | None = date("From", "first day")
    until: dt.date | None = date("To", "last day; a year is included", last=True)
    tonnes: Amount = number("Tonnes", "t/y", "quota", required=True, low=0)
    reference: str = text("Reference", "where it is granted")


Label = frozenset[str]
"""The rule versions (`rule@version`) that a lot violates."""

CLEAN: Label = frozenset()
CLEAN_TEXT = "clean"


@functools.cache
def label_text(label: Label) -> str:
    """A label as the plan shows it: `clean`, or the rule versions joined by `; `."""
    return "; ".join(sorted(label)) or CLEAN_TEXT


def versions(instance: Instance) -> dict[str, Rule]:
    """Every version of every rule, by `rule@version`."""
    return instance.once(_versions)


def _versions(instance: Instance) -> dict[str, Rule]:
    return {row.id: row for row in instance[Rule]}


def in_force(instance: Instance, rule: str, t: Span) -> Rule | None:
    """The enacted version of a rule that holds in a period: the latest that began by its start."""
    rows = [
        row
        for row in instance[Rule]
        if row.rule == rule and row.status == "enacted" and year_of(row.since) <= t.start + 1e-9
    ]
    return max(rows, key=lambda row: row.since, default=None)


def asked(instance: Instance, names: tuple[str, ...], t: Span) -> Label:
    """The rule versions that a demand's Rules ask for in a period; one that was left out (`variants`) asks nothing."""
    found = set()
    for name in names:
        if "@" in name:
            found |= {name} & versions(instance).keys()
        elif row := in_force(instance, name, t):
            found.add(row.id)
    return frozenset(found)


def parse_label(instance: Instance, names: tuple[str, ...]) -> Label:
    """A label as a sheet gives it: nothing is unproven (all rules), `clean`, or rules (all versions) and versions."""
    if not names:
        return frozenset(versions(instance))
    found = set()
    for name in names:
        if name.lower() != CLEAN_TEXT:
            found |= {row.id for row in instance[Rule] if name in (row.id, row.rule)}
    return frozenset(found)


def countable(instance: Instance, material: str) -> Label:
    """The rules that count an element that a material holds; all of them where Content does not list it."""
    found = instance.once(_countable).get(material)
    return frozenset(versions(instance)) if found is None else found


def _countable(instance: Instance) -> dict[str, Label]:
    held: dict[str, set[str]] = {}
    for row in instance[Content]:
        elements = held.setdefault(row.material, set())
        if row.content > 0:
            elements.update((row.element, *row.counted_as))
    return {
        material: frozenset(
            row.id
            for row in instance[Rule]
            if (elements if "strict" in (name.lower() for name in row.elements) else elements & set(row.elements))
        )
        for material, elements in held.items()
    }


def covers(instance: Instance, rule: Rule, site: Site) -> bool:
    """Whether a rule covers a site: by its place, by an owner from its threshold on, or by either.

    A site whose place nobody knows is covered whoever owns it: unknown is never clean.

    The owner test looks at every party that holds the site's entity in effect (`places.held_by`) at the threshold or
    above; a blank threshold asks for the whole.
    """
    if site.country in ("", "ZZ") or (rule.test != "owner" and _covers_country(rule, site.country)):
        return True
    if rule.test == "place":
        return False
    least = 100.0 if rule.threshold is None else rule.threshold
    return any(
        share >= least - 1e-9 and any(_covers_country(rule, c) for c in instance.row(Entity, holder).country or ("",))
        for holder, share in held_by(instance, site.entity).items()
    )


def _covers_country(rule: Rule, country: str) -> bool:
    """Blank or ZZ is unproven, and covered by every rule."""
    if country in ("", "ZZ"):
        return True
    return country not in rule.allowed if rule.allowed else country in rule.countries


def marks(instance: Instance, site: str, stage: str) -> Label:
    """The rules that a stage at a site adds to what it makes."""
    known = instance.once(_marks)
    if (site, stage) not in known:
        row = instance.row(Site, site)
        found = (rule.id for rule in instance[Rule] if stage in rule.stages and covers(instance, rule, row))
        known[site, stage] = frozenset(found)
    return known[site, stage]


def _marks(instance: Instance) -> dict[tuple[str, str], Label]:
    return {}


def fresh(instance: Instance, material: str) -> Label:
    """The rules for which making this material starts the class again: the recycling route."""
    return frozenset(rule.id for rule in instance[Rule] if material in rule.exempt)


def hides(instance: Instance, stage: str) -> Label:
    """The rules that a first source at this stage violates because nobody knows where it was mined and made before."""
    earlier = STAGES[: STAGES.index(stage)]
    return frozenset(rule.id for rule in instance[Rule] if any(step in rule.stages for step in earlier))


def known(instance: Instance, name: str) -> bool:
    """Whether a text names a rule or a version of one."""
    return any(name in (row.id, row.rule) for row in instance[Rule])


def waived(instance: Instance, customer: str, rule: str, t: Span) -> float:
    """Tonnes that a customer may use in a period although they violate a rule version."""
    total = 0.0
    for row in instance[Waiver]:
        if row.customer == customer and row.rule in (rule, versions(instance)[rule].rule):
            start = year_of(row.since) if row.since else t.start
            end = year_of(row.until + dt.timedelta(days=1)) if row.until else t.end
            total += at(row.tonnes, t) * t.overlap(start, end)
    return total


def lenient(instance: Instance, customer: str, rule: str, t: Span) -> bool:
    """Whether a customer may use some tonnes that violate a rule version: by a tolerance or a waiver."""
    return versions(instance)[rule].tolerance > 0 or waived(instance, customer, rule, t) > 0


def checks(instance: Instance) -> list[Issue]:
    """Rules that cover nobody, count nothing or begin inside a period, and waivers of no rule."""
    faults = []
    spans = periods(instance)
    elements = {name for row in instance[Content] for name in (row.element, *row.counted_as)}
    for row in instance[Rule]:
        faults += unknown_countries(instance, row, "countries" if row.countries else "allowed")
        if not row.countries and not row.allowed:
            faults.append(instance.issue(row, "countries", "the rule covers no country", "fill Countries or Allowed"))
        if row.countries and row.allowed:
            faults.append(instance.issue(row, "allowed", "Countries is filled too", "fill one of the two"))
        begins = year_of(row.since)
        if any(t.start + 1e-6 < begins < t.end - 1e-6 for t in spans):
            faults.append(
                instance.issue(
                    row, "since", "begins inside a period, which a rule may not split", "split the period there"
                )
            )
        for name in row.elements:
            if name.lower() != "strict" and name not in elements:
                faults.append(
                    instance.issue(row, "elements", f"no material holds {name} on Content", "or write strict")
                )
    for waiver in instance[Waiver]:
        if not known(instance, waiver.rule):
            faults.append(instance.issue(waiver, "rule", "is not a rule", "name a rule or rule@version of Rules"))
        if waiver.since and waiver.until and waiver.until < waiver.since:
            faults.append(instance.issue(waiver, "until", "is before From", "write a later date"))
    return faults
