"""Which rules a lot violates: what a process adds, what a material carries, and what a demand asks."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from sourcing.audit.facts import MOMENT, Facts, Line, Time, mean
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content
from sourcing.components.places import Holding
from sourcing.components.rules import Rule, Waiver
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.sheets import year_of

CHAIN = ("mine", "crack", "separation", "metal", "alloy", "magnet")
"""The stages in which a lot gets its history, first to last; recycling comes after them all."""

UNPROVEN = ("", "ZZ")
"""What stands for a country that nobody knows: every rule covers it."""

SHARE = 1e-9
"""Holdings closer than this are equal (50 % of 50 % reaches 25 %)."""

Label = frozenset[str]


class Labels:
    """Labels are sets of `rule@version` over all active rules, whatever their status."""

    def __init__(self, instance: Instance, facts: Facts):
        self.rules = {row.id: row for row in instance[Rule]}
        self._facts = facts
        self._added: dict[tuple[str, str, str], Label] = {}
        self._waivers = instance[Waiver]
        self._holdings: dict[str, list[tuple[str, float]]] = {}
        for holding in instance[Holding]:  # of any date: who is or will be an owner counts
            control = 1.0 if holding.share > 50 else holding.share / 100
            self._holdings.setdefault(holding.entity, []).append((holding.holder, control))
        held: dict[str, set[str]] = {}
        for row in instance[Content]:
            held.setdefault(row.material, set())
            if row.content > 0:
                held[row.material] |= {row.element, *row.counted_as}
        self._carried = {
            material: frozenset(
                id for id, rule in self.rules.items() if material not in held or _counts(rule, held[material])
            )
            for material in facts.materials
        }

    def label(self, text: str) -> Label | None:
        """The label that a text means; None if it names an unknown rule."""
        names = [name.strip() for name in text.split(";") if name.strip()]
        if names in (["clean"], []):
            return frozenset()
        return frozenset(names) if all(name in self.rules for name in names) else None

    def carried(self, material: str) -> Label:
        """The rules that a material can violate: those that count an element it holds."""
        return self._carried[material]

    def _versions(self, names: Iterable[str]) -> Label:
        """Rules by name: `rule@version`, or `rule` for all its versions; `clean` is none."""
        return frozenset(id for id, rule in self.rules.items() for name in names if name in (id, rule.rule))

    def _covers(self, rule: Rule, site: str) -> bool:
        row = self._facts.sites[site]
        if row.country in UNPROVEN or (rule.test in ("place", "both") and _foreign(rule, row.country)):
            return True
        return rule.test in ("owner", "both") and self._owned(rule, row.entity)

    def _owned(self, rule: Rule, entity: str) -> bool:
        """Whether parties of a covered country hold an entity at the threshold or above."""
        least = (100.0 if rule.threshold is None else rule.threshold) / 100
        return any(
            self._holds(holder, entity, frozenset()) >= least - SHARE
            and any(_foreign(rule, country) for country in row.country or ("",))
            for holder, row in self._facts.entities.items()
        )

    def _holds(self, holder: str, entity: str, passed: frozenset[str]) -> float:
        """Share of an entity that a holder has in effect, through chains that pass no party twice."""
        if holder == entity:
            return 1.0
        chains = [
            part * self._holds(holder, owner, passed | {entity})
            for owner, part in self._holdings.get(entity, ())
            if owner not in passed
        ]
        return min(1.0, sum(chains))  # nobody holds more than all of it

    def added(self, line: Line) -> Label:
        """What a process does to what it makes."""
        key = line.site, line.recipe, line.unit
        if key not in self._added:
            self._added[key] = self._adds(line)
        return self._added[key]

    def _adds(self, line: Line) -> Label:
        source = not line.inputs
        if source and line.adds:
            return self._versions(line.adds)
        place = CHAIN.index(line.stage) if line.stage in CHAIN else len(CHAIN)
        hidden = set(CHAIN[:place]) if source else set()
        return frozenset(
            id
            for id, rule in self.rules.items()
            if (line.stage in rule.stages and self._covers(rule, line.site)) or hidden & set(rule.stages)
        )

    def output(self, line: Line, inputs: Label, material: str) -> Label:
        """The label of a material that a process makes from inputs of a label."""
        added = self.added(line)
        fresh = {id for id, rule in self.rules.items() if material in rule.exempt}  # the class starts again here
        return (added | (inputs - fresh)) & self.carried(material)

    def opening(self, stockpile: Stockpile) -> Label:
        """The label of what lies in a stock at the start; blank is unproven."""
        label = self._versions(stockpile.label) if stockpile.label else frozenset(self.rules)
        return label & self.carried(stockpile.material)

    def under_way(self, lane: Lane, material: str) -> Label:
        """The label of what is under way at the start; blank is unproven."""
        label = self._versions(lane.transit_label) if lane.transit_label else frozenset(self.rules)
        return label & self.carried(material)

    def asked(self, names: Iterable[str], t: Time) -> Label:
        """The rule versions that a demand asks in a period."""
        found = set()
        for name in names:
            if name in self.rules:
                found.add(name)
                continue
            versions = [
                rule
                for rule in self.rules.values()
                if rule.rule == name and rule.status == "enacted" and year_of(rule.since) <= t.start + MOMENT
            ]
            if versions:
                found.add(max(versions, key=lambda rule: rule.since).id)
        return frozenset(found)

    def waived(self, customer: str, id: str, t: Time) -> float:
        """Tonnes that a customer may use in a period although they violate a rule version."""
        total = 0.0
        for row in self._waivers:
            if row.customer == customer and row.rule in (id, self.rules[id].rule):
                since = -math.inf if row.since is None else year_of(row.since)
                until = math.inf if row.until is None else year_of(row.until + dt.timedelta(days=1))
                total += mean(row.tonnes, t) * t.overlap(since, until)
        return total


def _foreign(rule: Rule, country: str) -> bool:
    """Whether a rule covers a country: listed, not among the only ones allowed, or unknown."""
    listed = country in rule.countries or (bool(rule.allowed) and country not in rule.allowed)
    return listed or country in UNPROVEN


def _counts(rule: Rule, elements: set[str]) -> bool:
    strict = "strict" in (name.lower() for name in rule.elements)
    return bool(elements) if strict else bool(elements & set(rule.elements))


def name_of(label: Label) -> str:
    """A label as the plan writes it."""
    return "; ".join(sorted(label)) or "clean"
