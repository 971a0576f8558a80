"""The tables of a stress test: who is exposed to whom, every outage, scenarios and the heat map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sourcing.components.horizon import periods
from sourcing.components.places import Entity, Site
from sourcing.instance import Instance
from sourcing.study.effects import Effect
from sourcing.study.outages import Outage
from sourcing.study.stress import Stress
from sourcing.tables import Table, fields

HEAT = "Heat map"

_EFFECT = (
    ("Cost", "M USD", "discounted, what is short at its value"),
    ("Shortage value", "M USD", "the part of it that is the value of what is short"),
    ("Short", "t", "more than without it, in all periods"),
    ("Short under rules", "t", "of demands that ask for a rule; of equal values one way of several is told"),
    ("Served", "%", "of demand, in the periods that it reaches"),
    ("Served without", "%", "the same without it"),
    ("First short after", "days", "an estimate: rates are constant within a period"),
    ("Recovered after", "days", "end of the last period with an extra shortage"),
    "Hits most",
    ("Unkept", "t", "of firm contracts and other hard minimums that cannot be kept; no cost"),
    ("Left", "t", "what was under way and is left where it lands"),
)


def _values(effect: Effect) -> tuple[Any, ...]:
    if effect.fault:
        return (*(None,) * 8, effect.fault, None, None)
    return (
        effect.cost / 1000, effect.shortage_value / 1000, effect.total_short, effect.under_rules, effect.served,
        effect.served_before, effect.until, effect.recovery, effect.customer or None, effect.unkept, effect.left,
    )  # fmt: skip


def people_say(instance: Instance, kind: str, name: str) -> str:
    """What people call a site, a party, a country or a lane."""
    if kind == "site":
        return instance.row(Site, name).name or name
    if kind == "entity":
        return instance.row(Entity, name).name or name
    if kind == "lane":
        return " > ".join(people_say(instance, "site", end) for end in name.split(">", 1))
    return name


def exposure(found: Stress) -> Table:
    """One row a name, dearest first: what is lost when it fails, in its worst period."""
    kind = found.by.capitalize()
    table = Table(
        "Exposure",
        fields(kind, "Name", "Worst from", *_EFFECT, "Worst with", ("Cost of both", "M USD")),
        f"What is lost when each {found.by} fails for {found.months:g} months from the start of its worst period, on "
        "what the plan commits to. Worst with: the other that makes it worst when both fail at once.",
    )
    for outage, effect in found.ranked():
        name = outage.names[0]
        both = [(pair, e) for pair, e in found.pairs.items() if name in pair.names]
        pair, worst = max(both, key=lambda item: item[1].cost, default=(None, None))
        other = next(n for n in pair.names if n != name) if pair else None
        table.add(
            name, people_say(found.instance, found.by, name), outage.period, *_values(effect), other,
            worst.cost / 1000 if worst else None,
        )  # fmt: skip
    return table


def outages(found: Stress, title: str, rows: dict[Outage, Effect]) -> Table:
    """One row an outage, dearest first."""
    names = [found.by.capitalize()] if title == "Outages of one" else [found.by.capitalize(), "And"]
    table = Table(
        title,
        fields(*names, "From", *_EFFECT),
        f"Outages of {found.months:g} months from the start of a period, on what the plan commits to, against the "
        "plan's own recourse without it.",
    )
    for outage, effect in sorted(rows.items(), key=lambda item: (-round(item[1].cost, 3), item[0])):
        table.add(*outage.names, outage.period, *_values(effect))
    return table


def heat_map(found: Stress) -> Table:
    """Tonnes short more, by name and period in which the outage comes, dearest first; those that cost nothing aside."""
    when = list(dict.fromkeys(outage.period for outage in found.single))
    table = Table(
        HEAT,
        fields(found.by.capitalize(), *((t, "t") for t in when)),
        "Tonnes short more in all periods, by the period in which the outage comes.",
    )
    for outage, _ in found.ranked():
        short = [found.single[Outage(found.by, outage.names, t, found.months)].total_short for t in when]
        if any(abs(tonnes) > 0.05 for tonnes in short):
            table.add(outage.names[0], *short)
    return table


def scenarios(found: Stress) -> Table:
    """One row a named scenario."""
    table = Table(
        "Scenarios",
        fields("Scenario", "Name", "Kind", "From", *_EFFECT),
        "Named scenarios on what the plan commits to, against the plan's own recourse from the same period on.",
    )
    spans = periods(found.instance)
    for row in found.struck:
        start = None if row.start is None else spans[row.start].id
        table.add(row.scenario, row.name, row.kind, start, *_values(row.effect))
    return table


def own_recourse(found: Stress) -> Table:
    """What the plan's own recourse costs less than the plan, by period from which it begins."""
    table = Table(
        "Without a shock",
        fields("From", ("Below the plan", "M USD")),
        "What every outage is compared with: the plan's own recourse without one. It is cheaper than the plan since "
        "units may run, and orders be placed, for a part of a period, and stocks kept for shocks may be drawn.",
    )
    for t, less in found.own.items():
        table.add(t, -less / 1000)
    return table


def failures(found: Stress, exposed: Mapping[tuple[str, str], float]) -> Table:
    """One row a site that was tried, dearest first, in the worst of the periods that were.

    `exposed` is what passes through a site in a period (k USD, `screening`).
    """
    table = Table(
        "Failures",
        fields(
            "Site", "Name", "From", ("Passes through", "M USD", "value of the deliveries that pass through it then"),
            ("Periods tried", "1", "in how many periods it was tried; the worst of them is told"), *_EFFECT, "In words",
        ),
        f"What is lost when one site fails for {found.months:g} months from the start of a period, on what the plan "
        "commits to. Sites are tried in the order of what passes through them; what nothing passes through costs "
        "nothing. `sourcing stress` tries every site in every period, and two at a time.",
    )  # fmt: skip
    for outage, effect in found.ranked():
        name = outage.names[0]
        tried = sum(other.names == outage.names for other in found.single)
        passes = exposed.get((name, outage.period), 0.0) / 1000
        table.add(
            name, people_say(found.instance, "site", name), outage.period, passes, tried, *_values(effect),
            said(found, outage, effect),
        )  # fmt: skip
    return table


def tables(found: Stress) -> list[Table]:
    """Every table, in reading order."""
    made = [exposure(found), heat_map(found), outages(found, "Outages of one", found.single)]
    if found.pairs:
        made.append(outages(found, "Outages of two", found.pairs))
    if found.struck:
        made.append(scenarios(found))
    return [*made, own_recourse(found)]


def said(found: Stress, outage: Outage, effect: Effect) -> str:
    """An outage and what it does, in words."""
    names = " and ".join(people_say(found.instance, found.by, name) for name in outage.names)
    text = f"{names} for {found.months:g} months from {outage.period}"
    if effect.fault:
        return f"{text}: {effect.fault}."
    text += f", {effect.cost / 1000:,.1f} M USD and {effect.total_short:,.0f} t short"
    if effect.until is not None and effect.customer:
        hit = found.instance.row(Site, effect.customer).name or effect.customer
        text += f", first after about {effect.until:,.0f} days, most of it {hit}"
    return f"{text}."


def headline(found: Stress) -> str:
    """The worst single and the worst pair in words."""
    words = []
    for worst, what in ((found.worst(), "one"), (found.worst_pair, "two")):
        if worst is not None and worst[1].cost > 0:
            words.append(f"The worst outage of {what}: {said(found, *worst)}")
    return " ".join(words) or "No outage costs anything: the plan has another way for all that it does."
