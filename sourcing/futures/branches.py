"""Branches: where futures part from each other, and how likely each is.

    strike[t]        = 1 - Π_e (1 - hazard[e])^years[t]                     of the events e that are open in t       [1]
    probability[e,t] = probability(path undisturbed until t) · strike[t] · hazard[e] / Σ_e hazard[e]                 [1]

The trunk are the tables as they stand. A scenario leaves the trunk, or the scenario that it names, in its start period
and shares every period before with it. Outlooks have probabilities of their own, which add up to 100 %; an outlook
without a shock and a start *is* the trunk. Of the events that leave one path at most one strikes it, and the
undisturbed path takes the rest. Two events of 10 % and 5 % a year, open in one period of a year: 0.145·⅔ and 0.145·⅓,
undisturbed 0.855.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sourcing.components.horizon import periods
from sourcing.components.scenarios import Scenario, Shock
from sourcing.futures.shocks import starts
from sourcing.instance import Instance
from sourcing.sheets import InstanceError, Issue

TRUNK = "base"
"""What the tables as they stand are called where no outlook says so."""


@dataclass(frozen=True)
class Branch:
    """A future: what holds in it, from which period (by number) it is on its own, and how likely it ends so.

    `parent` is the number of the branch that it leaves (-1 for the trunk); `probability` is that of its own end, which
    is 0 for a trunk that every future leaves. `service_level` (%) takes the place of Demand's where it is a
    contingency.
    """

    id: str
    name: str
    scenario: str
    parent: int
    start: int
    probability: float
    instance: Instance
    contingency: bool = False
    service_level: float | None = None

    @property
    def one_of_several(self) -> bool:
        """Whether it is one of several branches of a scenario, which differ in their start."""
        return bool(self.scenario) and self.id != self.scenario


Tables = Callable[[Instance, str, str], Instance]
"""The tables that a scenario leaves, as it changes them where it starts in a period (blank: as written)."""

Parted = Callable[[Instance, Instance], int]
"""The number of the first period in which the paths of two tables differ."""


def branches(instance: Instance, tables: Tables, parted: Parted, only: frozenset[str] | None = None) -> list[Branch]:
    """The futures of an instance, the trunk first, parents before their children.

    `parted` is asked for scenarios whose start is blank. `only` names the scenarios that count (None: all active
    ones). Raises InstanceError where a start, a probability or a hazard makes no sense.
    """
    rows = [row for row in instance[Scenario] if only is None or row.scenario in only]
    children: dict[str, list[Scenario]] = {}
    same = [row for row in rows if is_trunk(instance, row)]
    trunks = {row.scenario for row in same}
    for row in rows:
        if row.scenario not in trunks:
            children.setdefault("" if row.leaves in trunks else row.leaves, []).append(row)
    outlooks = [row for row in rows if row.kind == "outlook"]
    likely = sum(row.probability or 0.0 for row in same) / 100 if outlooks else 1.0
    first = same[0] if same else None
    trunk = Branch(
        first.scenario if first else TRUNK, (first.name if first else "") or "The tables as they stand", "", -1, 0,
        likely, instance, any(row.contingency for row in same), next((r.service_level for r in same), None),
    )  # fmt: skip
    found = [trunk]
    _grow(instance, found, 0, children, tables, parted)
    return found


def is_trunk(instance: Instance, row: Scenario) -> bool:
    """Whether a scenario is the tables as they stand."""
    changes = row.starts or row.leaves or any(shock.scenario == row.scenario for shock in instance[Shock])
    return row.kind == "outlook" and not changes


def _grow(
    instance: Instance,
    found: list[Branch],
    place: int,
    children: dict[str, list[Scenario]],
    tables: Tables,
    parted: Parted,
) -> None:
    """Add what leaves one branch, and what leaves that; the branch keeps the probability of its own end."""
    parent = found[place]
    spans = {t.id: t for t in periods(instance)}
    events: list[tuple[int, Scenario, str]] = []
    grown: list[int] = []
    for row in children.get(parent.scenario, ()):
        if row.kind == "outlook":
            if parent.scenario and instance.row(Scenario, parent.scenario).kind == "event":
                message = "an outlook cannot leave an event"
                raise InstanceError([instance.issue(row, "leaves", message, "make it an event, with a hazard")])
            changed = tables(parent.instance, row.scenario, "")
            start = _start(instance, row, parent, changed, parted)
            grown.append(len(found))
            found.append(_branch(row, row.scenario, place, start, (row.probability or 0.0) / 100, changed))
            continue
        named = starts(instance, row.scenario)
        if not named:
            changed = tables(parent.instance, row.scenario, "")
            named = [periods(instance)[_start(instance, row, parent, changed, parted)].id]
        events += [(spans[name].number, row, name) for name in named if spans[name].number >= parent.start]
        if not any(spans[name].number >= parent.start for name in named) and not parent.one_of_several:
            raise InstanceError([_too_early(instance, row, parent)])
    undisturbed = parent.probability
    for number in sorted({number for number, _, _ in events}):
        years = periods(instance)[number].years
        struck = [(row, name) for at, row, name in events if at == number]
        hazards = [(row.hazard or 0.0) / 100 for row, _ in struck]
        calm = 1.0
        for hazard in hazards:
            calm *= (1 - hazard) ** years
        for (row, name), hazard in zip(struck, hazards, strict=True):
            several = len({at for at, other, _ in events if other is row}) > 1
            share = hazard / sum(hazards) if sum(hazards) else 0.0
            changed = tables(parent.instance, row.scenario, name if starts(instance, row.scenario) else "")
            grown.append(len(found))
            id = f"{row.scenario} {name}" if several else row.scenario
            id += f" after {parent.id}" if parent.one_of_several else ""
            found.append(_branch(row, id, place, number, undisturbed * (1 - calm) * share, changed))
        undisturbed *= calm
    found[place] = replace(found[place], probability=undisturbed)
    for child in grown:
        _grow(instance, found, child, children, tables, parted)


def _branch(row: Scenario, id: str, parent: int, start: int, probability: float, tables: Instance) -> Branch:
    name = row.name or row.scenario
    return Branch(
        id, name, row.scenario, parent, start, probability, tables, row.contingency,
        row.service_level if row.contingency else None,
    )  # fmt: skip


def _start(instance: Instance, row: Scenario, parent: Branch, changed: Instance, parted: Parted) -> int:
    """The number of the period in which a branch leaves its parent, if it does so once."""
    named = starts(instance, row.scenario)
    if len(named) > 1:
        message = "an outlook parts from its parent once"
        raise InstanceError([instance.issue(row, "starts", message, "write one period, or make it an event")])
    if not named:
        return max(parted(parent.instance, changed), parent.start)
    number = next(t.number for t in periods(instance) if t.id == named[0])
    if number < parent.start:
        raise InstanceError([_too_early(instance, row, parent)])
    return number


def _too_early(instance: Instance, row: Scenario, parent: Branch) -> Issue:
    message = f"starts before {row.leaves or parent.id}, which it leaves, does"
    return instance.issue(row, "starts", message, f"{periods(instance)[parent.start].id} or later")
