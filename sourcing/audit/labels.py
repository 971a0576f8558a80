"""Which rules a lot violates: what a process adds, what a material carries, and what a demand asks."""

from __future__ import annotations

from collections.abc import Iterable

from sourcing.audit.facts import MOMENT, Facts, Line, Time
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.instance import Instance
from sourcing.sheets import year_of

CHAIN = ("mine", "crack", "separation", "metal", "alloy", "magnet")
"""The stages in which a lot gets its history, first to last; recycling comes after them all."""

Label = frozenset[str]


class Labels:
    """Labels are sets of `rule@version` over all active rules, whatever their status."""

    def __init__(self, instance: Instance, facts: Facts):
        self.rules = {row.id: row for row in instance[Rule]}
        self._facts = facts
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
        country = self._facts.sites[site].country
        if country in ("", "ZZ"):
            return True  # unproven
        return country in rule.countries or (bool(rule.allowed) and country not in rule.allowed)

    def added(self, line: Line) -> Label:
        """What a process does to what it makes."""
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


def _counts(rule: Rule, elements: set[str]) -> bool:
    return bool(elements) if "strict" in rule.elements else bool(elements & set(rule.elements))


def name_of(label: Label) -> str:
    """A label as the plan writes it."""
    return "; ".join(sorted(label)) or "clean"
