"""The tables of a trace: every delivery by chain, by country of each stage, and by rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sourcing.audit.labels import Label, name_of
from sourcing.components.materials import Content
from sourcing.components.places import Entity, Holding
from sourcing.components.rules import Rule
from sourcing.origin import ORDER, Lot, Need, Part, Trace
from sourcing.origin.chains import RECYCLED, Chain
from sourcing.origin.evidence import Rows, Tally
from sourcing.tables import Table, fields, total

LISTED = 0.1
"""Tonnes from which a chain is listed; smaller ones are summed as `other`."""

MOST = 40
"""Chains that are listed of one delivery at most, largest first."""

GRAM = 1e-6
"""Tonnes below which there is nothing of it."""

NAMED = 3
"""Places that a verdict names, those of most tonnes."""

FOLLOWED = "mine, recycled feed followed"
"""The stage under which the mines of recycled feed are told too."""

CLEAN = "planned clean"
"""The verdicts: `planned clean (documented)`, `planned clean (estimates)`, `not clean: ...`."""


def origin(trace: Trace) -> Table:
    """One row a delivery and chain."""
    table = Table(
        "Origin",
        fields(
            "Customer", "Material", "Rules", "Period", "Delivered as", ("Label", "", "rules that the lot violates"),
            ("Chain", "", "number within the delivery; blank: the others together"), ("Tonnes", "t"),
            ("Share", "%", "of the delivery"), ("Mine", "", "where the chain begins, with the country"),
            "Recycling", "Crack", "Separation", "Metal", "Alloy", "Magnet",
            ("Rules met", "", "for each rule asked: planned clean, or where it is violated; else what it violates"),
            ("Basis", "", "estimates: a row of the chain rests on one"),
            ("Sources", "", "by link; * is an estimate"),
        ),
        f"Every delivery by chain, from the magnet back to the mine. Chains of {LISTED:g} t and more, at most {MOST} a "
        "delivery; the others are summed. What mixes (one label of a material at a site or in a stock in a "
        "period) is assumed to mix evenly, of several inputs by the rare earths that they bring. A plan, and no "
        "evidence about actual lots.",
    )  # fmt: skip
    for need, lots in trace.lots.items():
        whole, number = sum(lot.tonnes for lot in lots), 0
        asked = _asked(trace, need)
        ranked = sorted(((lot, part) for lot in lots for part in lot.parts), key=lambda pair: -round(pair[1].tonnes, 6))
        rest: dict[int, list[Part]] = defaultdict(list)
        for lot, part in ranked:
            if part.tonnes < LISTED or number >= MOST:
                rest[id(lot)].append(part)
                continue
            number += 1
            table.add(
                *need, lot.delivery.delivered_as, name_of(lot.delivery.label), number, part.tonnes,
                100 * part.tonnes / whole, *_cells(trace, part.chain),
                _verdicts(trace, lot.delivery.label, part, asked), _basis(trace, part.rows),
                trace.evidence.cited(part.rows, zip(ORDER, part.chain.sites, strict=True)),
            )  # fmt: skip
        for lot in lots:
            if parts := rest[id(lot)]:
                tonnes, rows = sum(part.tonnes for part in parts), _union(part.rows for part in parts)
                label = lot.delivery.label
                table.add(
                    *need, lot.delivery.delivered_as, name_of(label), None, tonnes, 100 * tonnes / whole,
                    f"other ({len(parts)} chain{'s' if len(parts) > 1 else ''})", *[None] * 6,
                    _verdicts(trace, label, None, asked), _basis(trace, rows), None,
                )  # fmt: skip
    return table


def by_country(trace: Trace) -> Table:
    """One row a delivery, stage and country."""
    table = Table(
        "Origin by country",
        fields(
            "Customer", "Material", "Rules", "Period", "Stage",
            ("Country", "", "two-letter code, or why there is none; joined where the stage was done in several"),
            ("Tonnes", "t"), ("Share", "%", "of the delivery"),
        ),
        "Tonnes of each delivery by the country of each stage, which sum to the delivery at every stage. Recycled feed "
        "begins a chain; the stage `mine, recycled feed followed` tells where what was recycled was mined.",
    )  # fmt: skip
    for need, lots in trace.lots.items():
        whole = total(lot.tonnes for lot in lots)
        stages: dict[str, dict[str, float]] = {stage: defaultdict(float) for stage in (*ORDER, FOLLOWED)}
        for part in (part for lot in lots for part in lot.parts):
            for number, stage in enumerate(ORDER):
                stages[stage][_country(trace, part.chain, number)] += part.tonnes
        if stages["mine"].get(RECYCLED, 0.0) > GRAM:
            for name, tonnes in (pair for lot in lots for pair in lot.mines.items()):
                stages[FOLLOWED][name] += tonnes
        if set(stages["recycling"]) == {"none"}:
            del stages["recycling"]
        for stage, tonnes_of in stages.items():
            for name, tonnes in sorted(tonnes_of.items(), key=lambda item: (-round(item[1], 6), item[0])):
                if tonnes > GRAM:
                    table.add(*need, stage, name, tonnes, 100 * tonnes / whole)
    return table


def rules_met(trace: Trace) -> Table:
    """One row a delivery and rule version."""
    table = Table(
        "Rules met",
        fields(
            "Customer", "Material", "Rules", "Period", ("Rule version", "", "rule@version"),
            ("Asked", "", "no: the demand does not ask for it; told as information"),
            ("Reading", "", "the elements that count; strict: all on Content"), ("From", "", "its first day"),
            ("Tonnes", "t", "delivered"), ("Documented", "t", "planned clean, and no row of the chain is an estimate"),
            ("Estimates", "t", "planned clean, and a row of the chain is an estimate"),
            ("Not clean", "t"), ("By mixing only", "t", "not clean only by what it is mixed or joined with"),
            ("Tolerance", "t", "of the customer, over all its demands that ask for it"),
            ("Tolerance used", "t", "of the customer"), ("Waiver", "t", "of the customer"),
            ("Waiver used", "t", "of the customer: what the tolerance does not hold"),
            ("Margin", "t", "tolerance and waiver that the customer leaves unused"), "Verdict",
            ("Document next", "", "the row that would move most tonnes from estimates to documented"),
            ("Cell", "", "of its source"),
        ),
        "Each delivery against each dated rule. Planned clean means that by the plan no stage that counts is done in "
        "a covered place; it holds under any mixing, and is no evidence about actual lots.",
    )  # fmt: skip
    used = _used(trace)
    rules = trace.facts.rules.rules
    for need, lots in trace.lots.items():
        asked = _asked(trace, need)
        if not lots and not asked:
            continue
        for id, rule in rules.items():
            dirty = [lot for lot in lots if id in lot.delivery.label and lot.tonnes > GRAM]
            clean = [lot for lot in lots if id not in lot.delivery.label]
            tonnes, wrong = total(lot.tonnes for lot in lots), total(lot.tonnes for lot in dirty)
            documented, guessed, tally = _clean(trace, rule, clean)
            room: tuple[float | None, ...] = (None,) * 5
            if id in asked:
                all_of, violating = used[need[0], need[3], id]
                tolerance = rule.tolerance / 100 * all_of
                waiver = trace.facts.rules.waived(need[0], id, trace.facts.time[need[3]])
                within = min(violating, tolerance)
                room = tolerance, within, waiver, violating - within, tolerance + waiver - violating
            table.add(
                *need, id, "yes" if id in asked else "no", _reading(rule), rule.since.isoformat(), tonnes,
                documented, guessed, wrong, total(p.tonnes for lot in dirty for p in lot.parts if not _where(p, id)),
                *room, _verdict(id, tonnes, wrong, guessed, dirty, room[4]), *_next(trace, tally),
            )  # fmt: skip
    return table


def notes(trace: Trace) -> list[str]:
    """What must be read with the tables: versions, readings and dates, what is not traced, what shares rest on."""
    found = []
    for rule in trace.facts.rules.rules.values():
        found.append(
            f"Origin is tested against {rule.id} ({rule.status}, from {rule.since.isoformat()}; counts "
            f"{', '.join(rule.stages)}; elements: {_reading(rule)})."
        )
    names = {n for row in trace.evidence.instance[Content] for n in (row.element, *row.counted_as)}
    absent = [word for word, sign in (("iron", "Fe"), ("boron", "B")) if sign not in names]
    if absent:
        found.append(f"Not traced, as Content does not list them: {' and '.join(absent)}.")
    if trace.untraced:
        found.append(f"Not traced, as they bring none of the elements of what is made: {', '.join(trace.untraced)}.")
    rows = _union(part.rows for lots in trace.lots.values() for lot in lots for part in lot.parts)
    guesses = sum(1 for _ in trace.evidence.of(rows & trace.evidence.guesses))
    found.append(f"Chains rest on {rows.bit_count()} rows of the instance, of which {guesses} are estimates.")
    found.append(
        "Shares by mine assume that what mixes mixes evenly; that a delivery holds nothing of a kind is true under any "
        "mixing."
    )
    found.append("Origin is a plan and no evidence about actual lots.")
    return found


# ------------------------------------------------------------------------------------------ words


def _asked(trace: Trace, need: Need) -> Label:
    """The rule versions that a need asks for."""
    row = trace.facts.demands[need[:3]]
    return trace.facts.rules.asked(row.rules, trace.facts.time[need[3]])


def _reading(rule: Rule) -> str:
    return "; ".join(rule.elements)


def _places(trace: Trace, sites: Iterable[str]) -> str:
    return " → ".join(f"{site} ({trace.facts.sites[site].country or 'ZZ'})" for site in sites)


def _cells(trace: Trace, chain: Chain) -> list[str | None]:
    """The sites of each stage; under Mine, where there is none, how the chain begins."""
    first, *others = (_places(trace, sites) or None for sites in chain.sites)
    return [f"{chain.start} at {first}" if first and chain.start else first or chain.start or "not known", *others]


def _country(trace: Trace, chain: Chain, stage: int) -> str:
    """The country of a stage, or why there is none."""
    if sites := chain.sites[stage]:
        country = " and ".join(dict.fromkeys(trace.facts.sites[site].country or "ZZ" for site in sites))
        return f"{chain.start} in {country}" if stage == 0 and chain.start else country
    if ORDER[stage] == "recycling" or any(chain.sites[:stage]):  # the chain has begun, and passes no such stage
        return "none"
    return chain.start.partition(":")[0] or "not known"


def _verdicts(trace: Trace, label: Label, part: Part | None, asked: Label) -> str:
    """What a chain, or the others of a lot together, says for each rule asked; if none is, what it violates."""
    told = []
    for id in sorted(asked or label):
        if id in label:
            where = _where(part, id) if part else []
            why = (
                f"{' and '.join(where)}: Rules[{id}]" if where else "by what it is mixed or joined with" if part else ""
            )
            told.append(f"{id}: not clean: {why}" if why else f"{id}: not clean")
        elif part:
            basis = "estimates" if _guesses(trace, trace.facts.rules.rules[id], part) else "documented"
            told.append(f"{id}: {CLEAN} ({basis})")
        else:
            told.append(f"{id}: {CLEAN}")
    return "; ".join(told if asked else ["none asked", *told])


def _where(part: Part, id: str) -> list[str]:
    """The places where a chain itself violates a rule."""
    return sorted(place for rule, place in part.chain.faults if rule == id)


def _verdict(id: str, tonnes: float, wrong: float, guessed: float, dirty: list[Lot], margin: float | None) -> str:
    """The verdict of a delivery on a rule."""
    if tonnes <= GRAM:
        return "nothing delivered"
    if wrong <= GRAM:
        return f"{CLEAN} ({'estimates' if guessed > GRAM else 'documented'})"
    places: dict[str, float] = defaultdict(float)
    for lot in dirty:
        for part in lot.parts:
            for place in _where(part, id):
                places[place] += part.tonnes
    best = sorted(places, key=lambda place: (-round(places[place], 6), place))
    more = f" and {len(best) - NAMED} more" if len(best) > NAMED else ""
    room = (
        ""
        if margin is None
        else ", within tolerance and waiver"
        if margin >= -GRAM * max(1.0, tonnes)
        else ", too much"
    )
    return f"not clean: {wrong:,.1f} of {tonnes:,.1f} t{room}; {', '.join(best[:NAMED])}{more}: Rules[{id}]"


# ------------------------------------------------------------------------------------------ evidence and room


def _guesses(trace: Trace, rule: Rule, part: Part) -> Rows:
    """The estimates that a chain rests on; under a rule on owners also the rows that say who they are."""
    rows = part.rows
    if rule.test != "place":
        for site in {site for sites in part.chain.sites for site in sites}:
            rows |= _owners(trace, trace.facts.sites[site].entity)
    return rows & trace.evidence.guesses


def _owners(trace: Trace, party: str) -> Rows:
    """The rows of a party and of all that hold it."""
    holdings, found, todo = trace.evidence.instance[Holding], 0, [party]
    seen = set(todo)
    while todo:
        name = todo.pop()
        found |= trace.evidence.bit(trace.evidence.instance.row(Entity, name))
        for row in holdings:
            if row.entity == name:
                found |= trace.evidence.bit(row)
                if row.holder not in seen:
                    seen.add(row.holder)
                    todo.append(row.holder)
    return found


def _clean(trace: Trace, rule: Rule, lots: list[Lot]) -> tuple[float, float, Tally]:
    """Tonnes of lots that rest on no estimate, those that do, and on which."""
    tally, documented, guessed = Tally(), 0.0, 0.0
    for part in (part for lot in lots for part in lot.parts):
        guesses = _guesses(trace, rule, part)
        documented += 0.0 if guesses else part.tonnes
        guessed += part.tonnes if guesses else 0.0
        tally.add(guesses, part.tonnes)
    return documented, guessed, tally


def _next(trace: Trace, tally: Tally) -> tuple[str | None, str | None]:
    """The row to document next, in words, and its cell."""
    ranked = tally.ranked()
    if not ranked:
        return None, None
    rows, tonnes, alone = ranked[0]
    row = next(trace.evidence.of(rows))
    words = f"{row.name_of_row} ({tonnes:,.1f} t rest on it{' alone' if alone else ''})"
    return words, trace.evidence.instance.where(row, "source")


def _used(trace: Trace) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Tonnes that a customer takes in a period under a rule version, and what of it violates it."""
    found: dict[tuple[str, str, str], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for need, lots in trace.lots.items():
        for id in _asked(trace, need):
            all_of, wrong = found[need[0], need[3], id]
            for lot in lots:
                all_of += lot.tonnes
                wrong += lot.tonnes if id in lot.delivery.label else 0.0
            found[need[0], need[3], id] = all_of, wrong
    return found


def _basis(trace: Trace, rows: Rows) -> str:
    guesses = (rows & trace.evidence.guesses).bit_count()
    return f"estimates ({guesses} of {rows.bit_count()} rows)" if guesses else "documented"


def _union(sets: Iterable[Rows]) -> Rows:
    found = 0
    for rows in sets:
        found |= rows
    return found
