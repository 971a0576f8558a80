"""Tonnes: balances by label, who may ship what, and stock."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from sourcing.audit.books import ZERO, Books
from sourcing.audit.custody import brought, joins
from sourcing.audit.decisions import signed
from sourcing.audit.facts import Facts, Time, mean
from sourcing.audit.labels import Label, name_of
from sourcing.audit.records import Flow
from sourcing.audit.verdict import Families
from sourcing.components.lanes import Lane

T = TypeVar("T")
K = TypeVar("K")


def sums(records: Iterable[T], key: Callable[[T], K], value: Callable[[T], float]) -> dict[K, float]:
    """Totals of records by a key."""
    total: dict[K, float] = defaultdict(float)
    for record in records:
        total[key(record)] += value(record)
    return total


def check_material(facts: Facts, books: Books, families: Families) -> None:
    """Every promise about tonnes."""
    _channels(facts, books, families)
    _labels(facts, books, families)
    _balance(facts, books, families)
    _maxima(facts, books, families)
    _orders(facts, books, families)
    _stock(facts, books, families)


# -------------------------------------------------------------------------------------------------- shipping


def channel_fault(facts: Facts, books: Books, flow: Flow) -> str:
    """Why a shipment has no right to be; "" if it has."""
    i, j, m = flow.origin, flow.destination, flow.material
    if i == j:
        return "a site ships to itself"
    if i in facts.customers:
        return "a customer ships"
    if not facts.may_send(i, m):
        return f"{i} neither makes, stocks nor passes on {m}"
    if not facts.may_take(j, m):
        return f"{j} neither uses, stocks nor passes on {m}"
    if facts.lane(i, j, m) is None:
        return "there is no lane"
    one_party = facts.owner(i) == facts.owner(j)
    if flow.under == "inside":
        return "" if one_party else "inside is not inside one party"
    if flow.under == "spot":
        return "one party buys from itself" if one_party else "" if (i, m) in facts.offers else "there is no offer"
    contract = facts.contracts.get(flow.under)
    if contract is None:
        return f"{flow.under} is no signed contract"
    covers = facts.covers(contract.seller, i) and facts.covers(contract.buyer, j) and contract.material == m
    if not covers:
        return f"{flow.under} does not cover it"
    t = facts.time[flow.period]
    if not facts.years(contract, t):
        return f"{flow.under} does not run then"
    return "" if signed(facts, books, contract, t) else f"{flow.under} is an option that is not signed then"


def arrives(lane: Lane, sent: Time, t: Time) -> float:
    """Share of a shipment, spread evenly over the period in which it is sent, that arrives in a period."""
    lead = lane.lead_time / 365
    return t.overlap(sent.start + lead, sent.end + lead) / sent.years


def _channels(facts: Facts, books: Books, families: Families) -> None:
    channels, transit = families("channels"), families("transit")
    for flow in books.flows:
        fault = channel_fault(facts, books, flow)
        channels.holds(not fault, f"{flow}: {fault}")
        if lane := facts.lane(flow.origin, flow.destination, flow.material):
            t = facts.time[flow.period]
            transit.equal(flow.later, flow.tonnes * (1 - arrives(lane, t, t)), f"{flow}: later", size=flow.tonnes)


def _labels(facts: Facts, books: Books, families: Families) -> None:
    check, carried = families("labels"), facts.rules.carried
    for flow in books.flows:
        check.holds(flow.label <= carried(flow.material), f"{flow}: it can't carry {name_of(flow.label)}")
    for stock in books.stocks:
        check.holds(stock.label <= carried(stock.material), f"{stock.stockpile}: it can't carry {name_of(stock.label)}")
    for run in books.runs:
        line, where = facts.line[run.process], f"{facts.line[run.process]} in {run.period}"
        check.holds(run.stage == line.stage, f"{where}: its stage is {line.stage}, not {run.stage}")
        check.holds(run.label <= brought(facts, line), f"{where}: its inputs can't carry {name_of(run.label)}")
        shown = frozenset[str]().union(*(carried(material) for material in line.outputs))
        added = facts.rules.added(line)
        check.holds(run.adds & shown == added & shown, f"{where}: it adds {name_of(added)}, not {name_of(run.adds)}")
    for join in books.joins:
        where = f"{join.material} at {join.site} in {join.period}"
        check.holds(
            join.before < join.after <= carried(join.material),
            f"{where}: {name_of(join.before)} can't be used as {name_of(join.after)}",
        )
        joined = joins(facts, join.site, join.material)
        check.holds(joined, f"{where}: no process there joins it with another input, or blends it")


# -------------------------------------------------------------------------------------------------- balances

Place = tuple[str, str, Label, str]
"""Site, material, label, period."""


def _balance(facts: Facts, books: Books, families: Families) -> None:
    inward: dict[str, dict[Place, float]] = {
        kind: defaultdict(float) for kind in ("arriving", "made", "drawn", "joined")
    }
    outward: dict[str, dict[Place, float]] = {
        kind: defaultdict(float) for kind in ("shipped", "used", "filled", "delivered", "joined", "left")
    }
    landed: dict[Place, float] = defaultdict(float)  # what was shipped before the period in which it arrives
    for place, tonnes in _opening_transit(facts):
        inward["arriving"][place] += tonnes
        landed[place] += tonnes
    for flow in books.flows:
        outward["shipped"][flow.origin, flow.material, flow.label, flow.period] += flow.tonnes
        if lane := facts.lane(flow.origin, flow.destination, flow.material):
            for t in facts.times:
                share = arrives(lane, facts.time[flow.period], t)
                place = (flow.destination, flow.material, flow.label, t.id)
                inward["arriving"][place] += share * flow.tonnes
                landed[place] += share * flow.tonnes if t.id != flow.period else 0.0
    for run in books.runs:
        line = facts.line[run.process]
        for m, rate in line.inputs.items():
            outward["used"][run.site, m, run.label & facts.rules.carried(m), run.period] += rate * run.activity
        for m, rate in line.outputs.items():
            inward["made"][run.site, m, facts.rules.output(line, run.label, m), run.period] += rate * run.activity
    for stock in books.stocks:
        row = facts.stockpiles[stock.stockpile]
        inward["drawn"][row.site, row.material, stock.label, stock.period] += stock.draw
        outward["filled"][row.site, row.material, stock.label, stock.period] += stock.fill
    for join in books.joins:
        inward["joined"][join.site, join.material, join.after, join.period] += join.tonnes
        outward["joined"][join.site, join.material, join.before, join.period] += join.tonnes
    for d in books.deliveries:
        outward["delivered"][d.customer, d.delivered_as, d.label, d.period] += d.tonnes
    surplus = families("surplus")
    for use in books.uses:
        if use.kind == "surplus":
            outward["left"][use.site, use.name, use.label, use.period] += use.amount
            where = f"{use.name} at {use.site} in {use.period}"
            if use.name in facts.materials and facts.may_be_left(use.site, use.name):
                surplus.holds(True, where)
            else:  # but for what was under way: nobody may need it any more when it arrives
                most = landed.get((use.site, use.name, use.label, use.period), 0.0)
                surplus.at_most(use.amount, most, f"{where}: may not be left over")

    balance, resale = families("balance"), families("resale")
    for place in dict.fromkeys(p for side in (*inward.values(), *outward.values()) for p in side):
        site, material, label, period = place
        where = f"{material} ({name_of(label)}) at {site} in {period}"
        came = sum(side.get(place, 0.0) for side in inward.values())
        went = sum(side.get(place, 0.0) for side in outward.values())
        balance.equal(came, went, f"{where}: what comes and what goes")
        if (site, material) not in facts.passed_on:
            own = came - inward["arriving"].get(place, 0.0)
            resale.at_most(outward["shipped"].get(place, 0.0), own, f"{where}: shipped", size=came)


def _opening_transit(facts: Facts) -> list[tuple[Place, float]]:
    """What is under way at the start arrives evenly over the lead time, with the label of its row."""
    found, first = [], facts.times[0]
    for lane in facts.instance[Lane]:
        if not lane.in_transit:
            continue
        site, material = lane.destination.terms[0][1], lane.goods.terms[0][1]
        lead = lane.lead_time / 365
        for t in facts.times:
            share = t.overlap(first.start, first.start + lead) / lead if lead else float(t is first)
            found.append(((site, material, facts.rules.under_way(lane, material), t.id), share * lane.in_transit))
    return found


def _maxima(facts: Facts, books: Books, families: Families) -> None:
    lanes, offers = families("lane maximum"), families("offer maximum")
    by_lane = sums(
        books.flows, lambda f: (facts.lane(f.origin, f.destination, f.material), f.period), lambda f: f.tonnes
    )
    for (lane, period), tonnes in by_lane.items():
        if lane is not None and math.isfinite(most := mean(lane.maximum, facts.time[period], default=math.inf)):
            lanes.at_most(tonnes, most * facts.time[period].years, f"{lane.name_of_row} in {period}")
    spot = [flow for flow in books.flows if flow.under == "spot"]
    for (site, m, period), tonnes in sums(spot, lambda f: (f.origin, f.material, f.period), lambda f: f.tonnes).items():
        offer = facts.offers.get((site, m))
        if offer is not None and math.isfinite(most := mean(offer.maximum, facts.time[period], default=math.inf)):
            offers.at_most(tonnes, most * facts.time[period].years, f"{m} from {site} at spot in {period}")


def _orders(facts: Facts, books: Books, families: Families) -> None:
    """What a site takes at spot from an offer in a period is nothing, or no less than its minimum order."""
    check = families("minimum order")
    spot = (flow for flow in books.flows if flow.under == "spot")
    ordered = sums(spot, lambda f: (f.origin, f.destination, f.material, f.period), lambda f: f.tonnes)
    for (i, j, m, period), tonnes in ordered.items():
        offer = facts.offers.get((i, m))
        if offer is not None and offer.minimum_order and tonnes > check.floor:
            least = offer.minimum_order * facts.time[period].years
            check.at_least(tonnes, least, f"{m} from {i} to {j} at spot in {period}")


# -------------------------------------------------------------------------------------------------- stock


def _stock(facts: Facts, books: Books, families: Families) -> None:
    roll, limits, fills = families("stock"), families("stock limits"), families("stock label", ZERO)
    of = {(s.stockpile, s.label, s.period): s for s in books.stocks}
    for name, row in facts.stockpiles.items():
        labels = dict.fromkeys(s.label for s in books.stocks if s.stockpile == name)
        start = {facts.rules.opening(row): row.opening}
        for label in [*start, *(label for label in labels if label not in start)]:
            level = start.get(label, 0.0)
            for t in facts.times:
                where = f"{name} ({name_of(label)}) in {t.id}"
                stock = of.get((name, label, t.id))
                if stock is None:
                    roll.equal(0.0, level, f"{where}: has no row and opens with")
                    level = 0.0
                    continue
                known = (stock.holder, stock.site, stock.material) == (row.holder, row.site, row.material)
                roll.holds(known, f"{where}: holder, site or material is not the stockpile's")
                kept = (1 - row.loss / 100) ** t.years
                worse = stock.label - facts.rules.opening(row) if row.label else frozenset[str]()
                # exactly nothing worse is put in, be it ever so little
                fills.none(stock.fill if worse else 0.0, f"{where}: filled with what violates {name_of(worse)}")
                roll.equal(stock.opening, level, f"{where}: opening")
                roll.equal(stock.loss, (1 - kept) * stock.opening, f"{where}: loss", size=stock.opening)
                closing = kept * stock.opening + stock.fill - stock.draw
                roll.equal(stock.closing, closing, f"{where}: closing", size=stock.opening + stock.fill)
                level = stock.closing
        for t in facts.times:
            here = [s for s in books.stocks if s.stockpile == name and s.period == t.id]
            where = f"{name} in {t.id}"
            level = sum(s.closing for s in here)
            limits.at_least(level, mean(row.minimum, t), f"{where}: level")
            draw = sum(s.draw for s in here)
            for value, limit, what in (
                (level, mean(row.maximum, t, default=math.inf), "level"),
                (sum(s.fill for s in here), mean(row.fill, t, default=math.inf) * t.years, "fill"),
                (draw, mean(row.draw, t, default=math.inf) * t.years, "draw"),
                (draw, 0.0 if row.release == "shocks only" else math.inf, "drawn without a shock"),
            ):
                if math.isfinite(limit):
                    limits.at_most(value, limit, f"{where}: {what}")
            if row.terminal is not None and t is facts.times[-1]:
                limits.at_least(level, row.terminal, f"{where}: level at the end")
