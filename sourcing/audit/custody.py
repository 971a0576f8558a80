"""Custody: in a unit that is blended, all that runs in a period violates a rule, or nothing does."""

from __future__ import annotations

from sourcing.audit.books import ZERO, Books
from sourcing.audit.facts import Facts, Line, Time
from sourcing.audit.labels import Label
from sourcing.audit.verdict import Families

GRAM = 1e-6
"""Tonnes of one feed beside another that are none: what a solver's 1e-7 leaves of a row that a yes-or-no gates."""


def blended(facts: Facts, line: Line) -> bool:
    """Whether a process runs in one mix with the others on its units; by default separation does."""
    custody = facts.sites[line.site].custody
    return custody == "blended" if custody else line.stage == "separation"


def mixes(facts: Facts) -> dict[str, list[Line]]:
    """The blended processes by the units that they use."""
    found: dict[str, list[Line]] = {}
    for line in facts.lines:
        for unit, rate in line.uses.items():
            if rate > 0 and blended(facts, line):
                found.setdefault(unit, []).append(line)
    return found


def brought(facts: Facts, line: Line) -> Label:
    """What the inputs of a process can carry; blended, also what those can carry that the site blends with it."""
    mixed = [line]
    if blended(facts, line):
        mixed = [other for other in facts.lines if other.site == line.site and blended(facts, other)]
    return frozenset[str]().union(*(facts.rules.carried(m) for other in mixed for m in other.inputs))


def joins(facts: Facts, site: str, material: str) -> bool:
    """Whether a lot may be used as a less clean one: where a process joins inputs, or a blended unit takes it."""
    return any(
        line.site == site and material in line.inputs and (len(line.inputs) > 1 or blended(facts, line))
        for line in facts.lines
    )


def asked_from(facts: Facts, t: Time) -> Label:
    """The rule versions that a demand asks in a period or later."""
    names = {name for row in facts.demands.values() for name in row.rules}
    later = [s for s in facts.times if s.start >= t.start]
    return frozenset[str]().union(*(facts.rules.asked(names, s) for s in later))


def check_custody(facts: Facts, books: Books, families: Families) -> None:
    """No blended unit runs clean feed beside feed that violates a rule that somebody asks for, now or later.

    A rule that all its processes add by themselves is no question: what leaves the unit violates it anyway.
    """
    check = families("custody", GRAM)
    found = mixes(facts)
    feeds = {(unit, t.id): _feeds(books, unit, lines, t) for unit, lines in found.items() for t in facts.times}
    for t in facts.times:
        asked = asked_from(facts, t)
        for unit, lines in found.items():
            anyway = frozenset.intersection(*(facts.rules.added(line) for line in lines))
            for rule in sorted(asked - anyway):
                dirty, clean = _parts(feeds[unit, t.id], rule)
                check.none(min(dirty, clean), f"{unit} in {t.id}: clean feed beside feed that violates {rule} (t)")
    for mix in books.mixes:
        where = f"{mix.unit} in {mix.period}"
        check.holds(mix.feed in ("clean", "not clean"), f"{where}: its feed is {mix.feed!r}")
        check.holds(mix.site == facts.units[mix.unit].site, f"{where}: stands at {facts.units[mix.unit].site}")
        check.holds(mix.unit in found, f"{where}: is not blended")
        dirty, clean = _parts(feeds.get((mix.unit, mix.period), {}), mix.rule)
        other, what = (dirty, "violates") if mix.feed == "clean" else (clean, "does not violate")
        check.none(other, f"{where}: is told {mix.feed}, runs what {what} {mix.rule} (t)")


def _feeds(books: Books, unit: str, lines: list[Line], t: Time) -> dict[Label, float]:
    """Tonnes of a unit's capacity that blended processes use in a period, by the label of what they take in."""
    rates = {(line.site, line.recipe, line.unit): line.uses[unit] for line in lines}
    used: dict[Label, float] = {}
    for run in books.runs_of[t.id]:
        if run.process in rates and run.activity > ZERO:
            used[run.label] = used.get(run.label, 0.0) + rates[run.process] * run.activity
    return used


def _parts(feeds: dict[Label, float], rule: str) -> tuple[float, float]:
    """Tonnes that violate a rule, and that do not."""
    dirty = sum(tonnes for label, tonnes in feeds.items() if rule in label)
    return dirty, sum(feeds.values()) - dirty
