"""Scenarios: futures, and the changes to the tables that they bring."""

from __future__ import annotations

import math

from sourcing.components.changes import MOMENT, Window, changed
from sourcing.components.horizon import Span, periods, span_limits
from sourcing.components.places import STAGES, unknown_countries
from sourcing.instance import Instance
from sourcing.sheets import (
    PLACES,
    InstanceError,
    Issue,
    Row,
    Selector,
    choice,
    identifier,
    number,
    reference,
    selector,
    sheet,
    span,
    text,
    yesno,
)


@sheet("Scenarios", "a future", key=("scenario",))
class Scenario(Row):
    """An exclusive outlook with a probability, or an event with a hazard."""

    scenario: str = identifier("Scenario", "short name")
    name: str = text("Name", "what people call it")
    kind: str = choice(
        "Kind", "one of several futures, or something that may strike", ("outlook", "event"), required=True
    )
    probability: float | None = number("Probability", "%", "of an outlook", low=0, high=100)
    hazard: float | None = number("Hazard", "%/y", "of an event, each year until one strikes", low=0, high=100)
    starts: str = text("Starts", "period, list of periods or any; blank is the first in which it differs")
    leaves: str = text("Leaves from", "scenario that it departs from")
    contingency: bool = yesno("Contingency", "must service levels hold in it?", default=False)
    service_level: float | None = number("Service level", "%", "in place of Demand's", low=0, high=100)


@sheet(
    "Shocks",
    "one change",
    key=(
        "scenario", "of_tab", "row_id", "site", "country", "entity", "stage", "material", "customer", "origin",
        "destination", "of_column", "first",
    ),
)  # fmt: skip
class Shock(Row):
    """A change of one column in the rows that its id or selectors name."""

    scenario: str = text("Scenario", "the future in which it holds", required=True)
    of_tab: str = text("Tab", "tab that it changes", required=True)
    row_id: str = text("Row", "id of the row")
    site: str = reference("Site", "Sites", "or rows of this site", required=False)
    country: str = text("Country", "or of this country")
    entity: str = reference("Entity", "Entities", "or of this party", required=False)
    stage: str = choice("Stage", "or of this stage", STAGES)
    material: str = reference("Material", "Materials", "or of this material", required=False)
    customer: str = reference("Customer", "Sites", "or of this customer", required=False, also=("any",))
    origin: Selector | None = selector("Origin", ("Sites", "Entities"), PLACES, "or from here", required=False)
    destination: Selector | None = selector("Destination", ("Sites", "Entities"), PLACES, "or to here", required=False)
    of_column: str = text("Column", "column that it changes")
    first: str = span("First", "first period")
    last: str = span("Last", "last period")
    multiply: float | None = number("Multiply", "", "times")
    add: float | None = number("Add", "", "plus")
    set: str = text("Set", "in place: a number, yes or no")
    delay: float | None = number("Delay", "months", "later", low=0)


def starts(instance: Instance, scenario: str) -> list[str]:
    """The periods in which a scenario may start; none where its Starts are blank, or are no periods (`checks`)."""
    return _starts(instance, _row(instance, scenario))


def _row(instance: Instance, scenario: str) -> Scenario:
    """A scenario, also one that is switched off; ValueError if there is none."""
    rows = {row.scenario: row for row in (*instance.all(Scenario), *instance[Scenario])}
    if scenario not in rows:
        raise ValueError(f"{scenario!r} is no scenario: {', '.join(rows) or 'there are none'}")
    return rows[scenario]


def _starts(instance: Instance, row: Scenario) -> list[str]:
    if row.starts.strip().lower() == "any":
        return [t.id for t in periods(instance)]
    found = [_period(instance, word) for word in _words(row)]
    return list(dict.fromkeys(t.id for t in found if t))


def _words(row: Scenario) -> list[str]:
    return [word.strip() for word in row.starts.split(";") if word.strip()]


def _period(instance: Instance, word: str) -> Span | None:
    """The period of that name, or that begins with a calendar span."""
    limits = span_limits(instance, word)
    return next((t for t in periods(instance) if limits and abs(t.start - limits[0]) < MOMENT), None)


def lineage(instance: Instance, scenario: str) -> list[Scenario]:
    """A scenario after those that it leaves, the first first; InstanceError if they leave each other in a loop."""
    found: list[Scenario] = []
    row = _row(instance, scenario)
    while True:
        if row in found:
            loop = " → ".join(other.scenario for other in [*found, row])
            fault = instance.issue(row, "leaves", f"leaves itself: {loop}", "leave base, or clear the cell")
            raise InstanceError([fault])
        found.append(row)
        if not row.leaves:
            return found[::-1]
        row = _row(instance, row.leaves)


def shocks_of(instance: Instance, row: Scenario) -> list[Shock]:
    """The shocks of a scenario."""
    return [shock for shock in instance[Shock] if shock.scenario == row.scenario]


def written_start(instance: Instance, row: Scenario) -> float | None:
    """The moment (decimal year) for which First and Last of a scenario's shocks are written; None if Starts are blank.

    It is the one that stands first under Starts; where it may start at any time, the earliest First.
    """
    named = _starts(instance, row)
    if not named:
        return None
    if row.starts.strip().lower() == "any":
        firsts = [span_limits(instance, shock.first) for shock in shocks_of(instance, row) if shock.first]
        return min((limits[0] for limits in firsts if limits), default=periods(instance)[0].start)
    return next(t.start for t in periods(instance) if t.id == named[0])


def windows(instance: Instance, row: Scenario, start: str = "") -> list[tuple[Shock, Window | None]]:
    """The shocks of a scenario with the time in which each holds if it starts in a period (blank: the written one).

    First and Last move with the start; a Last at the end of the horizon stays there, and a shock that would begin after
    it falls away (None). ValueError if the scenario does not start in that period.
    """
    spans, written = periods(instance), written_start(instance, row)
    moved = 0.0
    if start and written is not None:
        if start not in _starts(instance, row):
            raise ValueError(f"{row.scenario} does not start in {start}: {row.starts}")
        moved = next(t.start for t in spans if t.id == start) - written
    found: list[tuple[Shock, Window | None]] = []
    for shock in shocks_of(instance, row):
        first, last = (span_limits(instance, text) if text else None for text in (shock.first, shock.last))
        begin = (first[0] if first else spans[0].start if written is None else written) + moved
        end = math.inf if last is None or last[1] >= spans[-1].end - MOMENT else last[1] + moved
        within = begin < spans[-1].end - MOMENT and end > spans[0].start + MOMENT
        found.append((shock, Window(max(begin, spans[0].start), end) if within else None))
    return found


def tables_under(
    instance: Instance, scenario: str, start: str = "", left: Instance | None = None
) -> tuple[Instance, list[Issue]]:
    """The instance as a scenario changes it, and the faults of its shocks; those of the scenarios that it leaves first.

    `left` are the tables of the scenario that it leaves, where they are at hand.
    """
    rows = lineage(instance, scenario)
    switch = f"scenario {scenario}" + (f" from {start}" if start and len(_starts(instance, rows[-1])) > 1 else "")
    tables, faults = left or instance, []
    for row in rows[-1:] if left else rows:
        own = windows(instance, row, start if row is rows[-1] else "")
        tables, found = changed(tables, own, (*instance.switches, switch), releases=row.kind == "event")
        faults += found
    return tables, faults


def checks(instance: Instance) -> list[Issue]:
    """Odds, hazards, starts and what a scenario leaves; shocks that fit nothing, or change what they may not."""
    faults = [*_odds(instance), *_terms(instance)]
    known = {row.scenario for row in instance.all(Scenario)}  # one that is switched off keeps its shocks
    for shock in instance[Shock]:
        if shock.scenario not in known:
            faults.append(instance.issue(shock, "scenario", "is not a scenario", "name a row of Scenarios"))
        faults += unknown_countries(instance, shock, "country")
        if not instance.has(Scenario, shock.scenario) and not _is_value(shock):
            wanted = "yes or no" if shock.of_column.strip().lower() == "active" else "a number or none"
            faults.append(instance.issue(shock, "set", f"must be {wanted}", f"write {wanted}"))
        for field in ("first", "last"):
            text = getattr(shock, field)
            if text and span_limits(instance, text) is None:
                message = "is neither a period nor a calendar span"
                faults.append(instance.issue(shock, field, message, "write for example 2027"))
    if faults:
        return faults
    own: dict[tuple[str, str, str], Issue] = {}
    for row in instance[Scenario]:
        faults += _times(instance, row)
        for fault in tables_under(instance, row.scenario)[1]:
            own.setdefault((fault.where, fault.column, fault.message), fault)
    return [*faults, *own.values()]


def _is_value(shock: Shock) -> bool:
    """Whether Set could be set; of a scenario that is switched off nothing else is worked out."""
    word = shock.set.strip().lower()
    if shock.of_column.strip().lower() == "active":
        return word in ("", "yes", "no")
    try:
        return word in ("", "none") or math.isfinite(float(word))
    except ValueError:
        return False


def _odds(instance: Instance) -> list[Issue]:
    faults = []
    outlooks = [row for row in instance[Scenario] if row.kind == "outlook"]
    for row in outlooks:
        if row.probability is None:
            faults.append(instance.issue(row, "probability", "an outlook needs a probability", "write it in %"))
        if row.hazard is not None:
            message = "an outlook has a probability, and no hazard"
            faults.append(instance.issue(row, "hazard", message, "clear the cell"))
    total = sum(row.probability or 0.0 for row in outlooks)
    if outlooks and all(row.probability is not None for row in outlooks) and abs(total - 100) > 0.01:
        message = f"the outlooks add up to {total:g} %"
        faults.append(instance.issue(outlooks[-1], "probability", message, "they must add up to 100 %"))
    for row in instance[Scenario]:
        if row.kind == "event" and row.hazard is None:
            faults.append(instance.issue(row, "hazard", "an event needs a hazard", "write it in % a year"))
        if row.kind == "event" and row.probability is not None:
            message = "an event has a hazard, and no probability"
            faults.append(instance.issue(row, "probability", message, "clear the cell"))
    return faults


def _terms(instance: Instance) -> list[Issue]:
    """Faults of what scenarios leave, of their starts and service levels."""
    faults = []
    for row in instance[Scenario]:
        if row.leaves and not instance.has(Scenario, row.leaves):
            off = any(other.scenario == row.leaves for other in instance.all(Scenario))
            message = "is switched off" if off else "is not a scenario"
            faults.append(instance.issue(row, "leaves", message, "name an active row of Scenarios"))
        elif row.leaves:
            try:
                lineage(instance, row.scenario)
            except InstanceError as loop:
                faults += [fault for fault in loop.issues if fault.cell == instance.cell(row, "leaves")]
        begin, before = written_start(instance, row), None
        if row.leaves and instance.has(Scenario, row.leaves):
            before = written_start(instance, instance.row(Scenario, row.leaves))
        whenever = row.starts.strip().lower() == "any"  # that is, from when it may leave
        if begin is not None and before is not None and begin < before - MOMENT and not whenever:
            message = f"lies before the start of {row.leaves}, which it leaves"
            faults.append(instance.issue(row, "starts", message, "let it start later"))
        words = _words(row)
        for word in words:
            if word.lower() == "any" and len(words) == 1:
                continue
            if _period(instance, word) is None:
                message = f"{word} is not a period" if len(words) > 1 else "is not a period"
                faults.append(instance.issue(row, "starts", message, "write periods joined by ;, any, or nothing"))
        if row.kind == "outlook" and (len(words) > 1 or row.starts.strip().lower() == "any"):
            message = "an outlook parts from its parent once"
            faults.append(instance.issue(row, "starts", message, "write one period, or make it an event"))
        if row.service_level is not None and not row.contingency:
            message = "binds nothing: the scenario is no contingency"
            faults.append(instance.issue(row, "service_level", message, "write yes under Contingency", warning=True))
    return faults


def _times(instance: Instance, row: Scenario) -> list[Issue]:
    """Faults of the times of a scenario's shocks: what comes before its start would change what futures share."""
    faults = []
    written = written_start(instance, row)
    for shock in shocks_of(instance, row):
        first, last = (span_limits(instance, text) if text else None for text in (shock.first, shock.last))
        if written is not None and first and first[0] < written - MOMENT:
            message = f"lies before the start of {row.scenario} ({_starts(instance, row)[0]}): what is shared is equal"
            faults.append(instance.issue(shock, "first", message, "let the scenario start earlier"))
        if last and last[1] <= (first[0] if first else written or periods(instance)[0].start) + MOMENT:
            faults.append(instance.issue(shock, "last", "lies before First", "write a later one"))
        if first and first[0] >= periods(instance)[-1].end - MOMENT:
            message = "lies after the horizon: the shock changes nothing"
            faults.append(instance.issue(shock, "first", message, "write an earlier one", warning=True))
    return faults
