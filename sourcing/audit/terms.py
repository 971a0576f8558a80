"""What was promised to customers and planners: demand and its rules, qualifications and limits."""

from __future__ import annotations

import math
from collections import defaultdict

from sourcing.audit.books import ZERO, Books
from sourcing.audit.decisions import could_open, opening, pending
from sourcing.audit.facts import MOMENT, Facts, Time, mean
from sourcing.audit.material import sums
from sourcing.audit.records import Need
from sourcing.audit.verdict import MONEY, Families, Family
from sourcing.components.demand import ShortageStep
from sourcing.components.limits import Limit
from sourcing.components.qualifications import Qualification
from sourcing.sheets import year_of


def check_terms(facts: Facts, books: Books, families: Families) -> None:
    """Every promise to a customer or a planner."""
    _demand(facts, books, families)
    _deliveries(facts, books, families)
    _rules(facts, books, families)
    _qualifications(facts, books, families)
    _limits(facts, books, families)


# -------------------------------------------------------------------------------------------------- demand


def shortage_value(facts: Facts, need: Need) -> tuple[float, float]:
    """Value of a shortage, and of its dearest tonne (M USD): the first tonnes are in the cheapest step."""
    row = facts.demands[need.demand_row]
    last = facts.shortage_value if row.shortage_value is None else row.shortage_value
    steps = sorted(
        ((s.up_to / 100, s.value) for s in facts.instance[ShortageStep] if (s.customer, s.material) == (
            need.customer, need.material,
        )),
    )  # fmt: skip
    total = begin = 0.0
    for end, value in [*steps, (math.inf, last)]:
        width = (end - begin) * need.demand if math.isfinite(end) else math.inf
        tonnes = min(max(0.0, need.short - begin * need.demand), width)
        total, begin = total + tonnes * value / 1000, end
    return total, max(value for _, value in [*steps, (1.0, last)]) / 1000


def _demand(facts: Facts, books: Books, families: Families) -> None:
    check, worth = families("demand"), families("shortage value", MONEY)
    met = _met(facts, books)
    rows = {(*n.demand_row, n.period): n for n in books.needs}
    for key, row in facts.demands.items():
        for t in facts.times:
            wanted = row.demand.mean(t.start, t.end) * t.years
            need = rows.get((*key, t.id))
            if need is None:
                check.equal(0.0, wanted, f"{key[1]} for {key[0]} ({key[2]}) in {t.id}: has no row; demand")
                continue
            check.equal(need.demand, wanted, f"{need}: demand")
            check.equal(need.met + need.short, wanted, f"{need}: met and short")
            check.equal(need.met, met[(*key, t.id)], f"{need}: met, against what is delivered", size=wanted)
            if wanted > ZERO:
                check.equal(
                    math.nan if need.share is None else need.share, 100 * need.met / wanted, f"{need}: met share (%)"
                )
            _service(need, row.service_level, check)
            value, dearest = shortage_value(facts, need)
            # ten grams more or less in a step are worth that much at its value
            worth.equal(need.value, value, f"{need}: shortage value", floor=max(MONEY, check.floor * dearest))


def _service(need: Need, level: float | None, check: Family) -> None:
    """A service level is told with what is short of it; outside contingencies it asks no more."""
    if level is None:
        check.holds(need.level is None and need.below is None, f"{need}: has no service level")
        return
    check.equal(math.nan if need.level is None else need.level, level, f"{need}: service level (%)")
    below = max(0.0, level / 100 * need.demand - need.met)
    told = math.nan if need.below is None else need.below
    check.equal(told, below, f"{need}: below its service level", size=need.demand)


def _met(facts: Facts, books: Books) -> dict[tuple[str, str, str, str], float]:
    """Tonnes of each need that deliveries meet."""
    met: dict[tuple[str, str, str, str], float] = defaultdict(float)
    for d in books.deliveries:
        row = facts.substitutes.get((d.customer, d.material, d.delivered_as))
        met[d.customer, d.material, d.rules, d.period] += d.tonnes / (row.ratio if row else 1.0)
    return met


def _deliveries(facts: Facts, books: Books, families: Families) -> None:
    check, shares = families("deliveries"), families("substitutes")
    stood_in: dict[tuple[tuple[str, str, str, str], str], float] = defaultdict(float)
    for d in books.deliveries:
        where = f"{d.delivered_as} for {d.material} of {d.customer} in {d.period}"
        if d.delivered_as != d.material:
            other = facts.substitutes.get((d.customer, d.material, d.delivered_as))
            check.holds(other is not None, f"{where}: may not stand in")
            if other is not None:
                stood_in[(d.customer, d.material, d.rules, d.period), d.delivered_as] += d.tonnes / other.ratio
    for ((customer, m, rules, period), name), tonnes in stood_in.items():
        t, other = facts.time[period], facts.substitutes[customer, m, name]
        need = facts.demands[customer, m, rules].demand.mean(t.start, t.end) * t.years
        share = mean(other.maximum_share, t, default=math.inf) / 100
        limit = share * need if math.isfinite(share) else math.inf
        shares.at_most(tonnes, limit, f"{name} for {m} of {customer} in {period}: stands in for", size=need)


def _rules(facts: Facts, books: Books, families: Families) -> None:
    """What violates a rule version stays within its tolerance and waivers, for a customer in a period."""
    exact = families("rules", ZERO)
    under: dict[tuple[str, str, str], float] = defaultdict(float)
    broken: dict[tuple[str, str, str], float] = defaultdict(float)
    for d in books.deliveries:
        t = facts.time[d.period]
        where = f"{d.delivered_as} for {d.material} of {d.customer} in {d.period}"
        for id in facts.rules.asked(facts.demands[d.demand_row].rules, t):
            key = d.customer, id, d.period
            under[key] += d.tonnes
            broken[key] += d.tonnes if id in d.label else 0.0
            if not facts.rules.rules[id].tolerance and not facts.rules.waived(d.customer, id, t):
                # no tolerance by size: a lot that may not be delivered has no place in the plan at all
                exact.none(d.tonnes if id in d.label else 0.0, f"{where}: breaks {id}")
    for (customer, id, period), tonnes in broken.items():
        share, quota = facts.rules.rules[id].tolerance / 100, facts.rules.waived(customer, id, facts.time[period])
        if share or quota:
            whole = under[customer, id, period]
            lenient = families("tolerances")
            lenient.at_most(tonnes, share * whole + quota, f"{customer} in {period}: breaks {id}", size=whole)


# -------------------------------------------------------------------------------------------------- qualifications


def _share_open(facts: Facts, books: Books | None, row: Qualification, t: Time) -> float | None:
    """Share of the customer's demand that a qualification opens in a period; None while it is closed.

    With the plan's `books`, as it decided; without, whatever it could have decided.
    """
    first_share = math.inf if row.first_year_share is None else row.first_year_share / 100
    if row.since is not None:
        since = year_of(row.since)
        if since > t.start + MOMENT:
            return None
        begins = facts.first_from(since) if since >= facts.times[0].start - MOMENT else None
        return first_share if begins is t else math.inf
    if not pending(row):
        return math.inf
    if books is None:
        return math.inf if could_open(facts, row, t) else None
    begins = opening(facts, books, row)
    if begins is None or begins.start > t.start + MOMENT:
        return None
    return first_share if begins is t else math.inf


def _asked(facts: Facts, customer: str, material: str) -> list[Qualification]:
    """The rows of a customer for a material."""
    rows = facts.instance[Qualification]
    return [row for row in rows if row.customer == customer and row.material in (material, "any")]


def qualified(
    facts: Facts, books: Books | None, maker: str, customer: str, material: str, t: Time, *, named: bool = False
) -> float | None:
    """Share of the customer's demand that a maker may send; infinite without a limit, None while it is closed.

    What the plan qualifies adds up; of rows with a date the widest holds. With `named`, only rows that name the maker
    count: what is left of it has to fit into the rows of any maker.
    """
    asked = _asked(facts, customer, material)
    if not asked:
        return math.inf
    of_maker = [row for row in asked if row.maker == maker or (row.maker == "any" and not named)]
    found = [(row, share) for row in of_maker if (share := _share_open(facts, books, row, t)) is not None]
    if not found:
        return None
    dated = max((share for row, share in found if not pending(row)), default=0.0)
    return dated + sum(share for row, share in found if pending(row))


def _qualifications(facts: Facts, books: Books, families: Families) -> None:
    check = families("qualifications")
    shipped = sums(books.flows, lambda f: (f.origin, f.destination, f.material, f.period), lambda f: f.tonnes)
    together: dict[tuple[str, str, str], float] = defaultdict(float)  # what needs a row of any maker
    wanted = {(customer, m) for customer, m, _ in facts.demands}  # what is only a substitute has no share of a need
    for (maker, customer, m, period), tonnes in shipped.items():
        if tonnes <= ZERO:
            continue
        t, where = facts.time[period], f"{m} from {maker} to {customer} in {period}"
        share = qualified(facts, books, maker, customer, m, t)
        check.holds(share is not None, f"{where}: the maker is not qualified")
        if share is not None and math.isfinite(share) and (customer, m) in wanted:
            needed = _needed(facts, customer, m, t)
            check.at_most(tonnes, share * needed, f"{where}: first-year share")
            own = qualified(facts, books, maker, customer, m, t, named=True) or 0.0
            together[customer, m, period] += max(0.0, tonnes - own * needed)
    for (customer, m, period), tonnes in together.items():
        t = facts.time[period]
        share = qualified(facts, books, "any", customer, m, t)
        if share is not None and math.isfinite(share):
            where = f"{m} to {customer} in {period}: first-year share of all new makers"
            check.at_most(tonnes, share * _needed(facts, customer, m, t), where)


def _needed(facts: Facts, customer: str, material: str, t: Time) -> float:
    """What a customer needs of a material in a period (t)."""
    return sum(
        row.demand.mean(t.start, t.end) * t.years
        for (c, m, _), row in facts.demands.items()
        if (c, m) == (customer, material)
    )


# -------------------------------------------------------------------------------------------------- limits


def limit_holds(facts: Facts, limit: Limit, t: Time) -> bool:
    """Whether a period lies within a limit's first and last."""
    start = facts.moments(limit.first)[0] if limit.first else -math.inf
    end = facts.moments(limit.last)[1] if limit.last else math.inf
    return t.start >= start - MOMENT and t.end <= end + MOMENT


def limit_count(facts: Facts, books: Books, limit: Limit, t: Time) -> tuple[float, float]:
    """What a limit counts in a period, and the base of its share (t)."""
    counted = sum(
        flow.tonnes
        for flow in books.flows_of[t.id]
        if facts.matches(limit.material, flow.material, limit.form)
        and facts.covers(limit.origin, flow.origin)
        and facts.covers(limit.destination, flow.destination)
    )
    base = sum(
        rate * run.activity
        for run in books.runs_of[t.id]
        if facts.covers(limit.destination, run.site)
        for m, rate in facts.line[run.process].inputs.items()
        if facts.matches(limit.material, m, limit.form)
    ) + sum(
        d.tonnes
        for d in books.deliveries_of[t.id]
        if facts.covers(limit.destination, d.customer) and facts.matches(limit.material, d.delivered_as, limit.form)
    )
    return counted, base


def limit_bounds(limit: Limit, t: Time, base: float) -> tuple[float, float]:
    """Least and most tonnes that a limit allows in a period; 0 and infinite where it says nothing."""
    least, most = [0.0], [math.inf]
    least += [base * mean(limit.minimum_share, t) / 100, mean(limit.minimum, t) * t.years]
    share = mean(limit.maximum_share, t, default=math.inf)
    most += [base * share / 100] if math.isfinite(share) else []
    most += [mean(limit.maximum, t, default=math.inf) * t.years]
    return max(least), min(most)


def limit_faults(facts: Facts, books: Books, limit: Limit, t: Time) -> tuple[float, float]:
    """Tonnes over and under a limit in a period."""
    counted, base = limit_count(facts, books, limit, t)
    least, most = limit_bounds(limit, t, base)
    return max(0.0, counted - most), max(0.0, least - counted)


def _limits(facts: Facts, books: Books, families: Families) -> None:
    check = families("limits")
    rows = {(row.limit, row.period): row for row in books.counts}
    for name, period in rows:
        there = limit_holds(facts, facts.limits[name], facts.time[period])
        check.holds(there, f"{name} in {period}: does not hold then")
    for name, limit in facts.limits.items():
        shared = limit.maximum_share is not None or limit.minimum_share is not None
        for t in facts.times:
            if not limit_holds(facts, limit, t):
                continue
            where = f"{name} in {t.id}"
            counted, base = limit_count(facts, books, limit, t)
            over, under = limit_faults(facts, books, limit, t)
            size = counted + (base if shared else 0.0)
            if limit.penalty is None:
                check.at_most(over, 0.0, f"{where}: over", size=size)
                check.at_most(under, 0.0, f"{where}: under", size=size)
            row = rows.get((name, t.id))
            if row is None:
                check.holds(False, f"{where}: has no row")
                continue
            check.equal(row.counted, counted, f"{where}: counted")
            check.equal(row.over or 0.0, over, f"{where}: over", size=size)
            check.equal(row.under or 0.0, under, f"{where}: under", size=size)
            check.equal(row.base or 0.0, base, f"{where}: base")
            if base > ZERO:
                share = math.nan if row.share is None else row.share
                check.equal(share, 100 * counted / base, f"{where}: share (%)")
            least, most = limit_bounds(limit, t, base)
            check.holds(math.isfinite(most) or row.maximum is None, f"{where}: has no maximum")
            if math.isfinite(most):
                check.equal(math.nan if row.maximum is None else row.maximum, most, f"{where}: maximum", size=size)
            check.equal(row.minimum or 0.0, least, f"{where}: minimum", size=size)
