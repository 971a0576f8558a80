"""Variants: the same instance under another rule, version or reading, without editing it.

`without_rule`: nobody asks for a rule any more. `with_version`: a rule's demands take one of its versions at all times;
a demand that pins a version keeps its own. `reading`: which elements count, all rare earths (strict) or those that the
text names (literal). A scenario's tables (`scenario`) and cells written anew (`edits`) are variants too, so that a plan
for one can tell of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import groupby

from sourcing.components.horizon import Period
from sourcing.components.materials import Content
from sourcing.components.rules import Rule
from sourcing.components.scenarios import Scenario, tables_under
from sourcing.edits import edited, parse
from sourcing.instance import Instance
from sourcing.sheets import InstanceError

LITERAL = ("Nd", "Fe", "B", "Sm", "Co")
"""The elements that DFARS 252.225-7052 names for magnets: neodymium-iron-boron and samarium-cobalt. Praseodymium,
dysprosium and terbium are not named."""

READINGS = ("strict", "literal")


class UnknownRule(ValueError):
    """A rule that is not on the tab Rules."""


class UnknownScenario(ValueError):
    """A scenario that is not on the tab Scenarios."""


def without_rule(instance: Instance, name: str) -> Instance:
    """An instance in which a rule (`7052`), or one version of it (`7052@2026`), is not there."""
    _known(instance, name)
    kept = [row for row in instance.all(Rule) if name not in (row.rule, row.id)]
    return instance.replace(Rule, kept, f"without-rule {name}")


def with_version(instance: Instance, name: str) -> Instance:
    """An instance in which a version (`7052@2026`) of a rule is in force from the first period on, and no other."""
    _known(instance, name, versions=True)
    rule, start = name.split("@")[0], min(row.start for row in instance[Period])

    def change(row: Rule) -> Rule:
        if row.id == name:
            return dataclasses.replace(row, status="enacted", since=min(row.since, start))
        return dataclasses.replace(row, status="suspended") if row.rule == rule else row

    return _changed(instance, change, f"rule {name}")


def reading(instance: Instance, name: str) -> Instance:
    """An instance in which every rule counts all rare earths (`strict`), or those of them that are named (`literal`).

    Elements that no material holds on Content are left out of the list.
    """
    if name not in READINGS:
        raise ValueError(f"{name!r} is no reading: {' or '.join(READINGS)}")
    held = {element for row in instance[Content] for element in (row.element, *row.counted_as)}
    elements = ("strict",) if name == "strict" else tuple(element for element in LITERAL if element in held)
    return _changed(instance, lambda row: dataclasses.replace(row, elements=elements), f"elements {name}")


def scenario(instance: Instance, name: str) -> Instance:
    """An instance as a scenario changes it, switched off or not: `kuantan_outage`, or `outage from 2029`.

    Raises UnknownScenario if there is none of that name, InstanceError if its shocks cannot be.
    """
    name, _, start = name.partition(" from ")
    names = [row.scenario for row in instance.all(Scenario)]
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
        raise UnknownScenario(f"{name} is no scenario on the tab Scenarios: {hint}")
    found, faults = tables_under(instance, name, start)
    if faults:
        raise InstanceError(faults)
    return found


def switched(instance: Instance, switches: Iterable[str]) -> Instance:
    """An instance after the switches that a plan tells of (`Instance.switches`), in their order."""
    for kind, group in groupby((switch.partition(" ") for switch in switches), key=lambda parts: parts[0]):
        names = [name for _, _, name in group]
        if kind == SET:  # checked together: each by itself may leave an instance that cannot be
            instance = edited(instance, [parse(name) for name in names])
        elif kind in MAKERS:
            for name in names:
                instance = MAKERS[kind](instance, name)
        else:
            raise ValueError(f"{kind!r} is no switch: {', '.join((*MAKERS, SET))}")
    return instance


def in_text(text: str) -> list[str]:
    """The switches in a text that joins them by `; `, as the tab Run of a plan does; an edit may hold a `;` too."""
    return [part.strip() for part in re.split(rf";\s*(?=(?:{'|'.join((*MAKERS, SET))}) )", text) if part.strip()]


MAKERS: dict[str, Callable[[Instance, str], Instance]] = {
    "without-rule": without_rule, "rule": with_version, "elements": reading, "scenario": scenario,
}  # fmt: skip
"""What makes an instance after a switch, by the switch's first word."""

SET = "set"
"""The switch of an edit."""


def _changed(instance: Instance, change: Callable[[Rule], Rule], switch: str) -> Instance:
    return instance.replace(Rule, [change(row) if row.active else row for row in instance.all(Rule)], switch)


def _known(instance: Instance, name: str, *, versions: bool = False) -> None:
    ids = [row.id for row in instance[Rule]]
    names = ids if versions else list(dict.fromkeys(row.rule for row in instance[Rule])) + ids
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
        raise UnknownRule(f"{name} is no {'version of a rule' if versions else 'rule'} on the tab Rules: {hint}")
