"""What the plan tells of places: what each site does over all periods, and for how long a stock would last."""

from __future__ import annotations

import math

from sourcing.audit.books import Books
from sourcing.audit.capacity import capacity_of
from sourcing.audit.facts import Facts, Time
from sourcing.audit.material import sums
from sourcing.audit.verdict import Families
from sourcing.components.materials import Content
from sourcing.components.stock import Stockpile

IDLE = 1e-6
"""Tonnes over all periods below which a place is idle."""


def check_places(facts: Facts, books: Books, families: Families) -> None:
    """Every site has a row that tells what it does, and every stock with a target how many days it covers."""
    if books.places:
        _sites(facts, books, families)
    _cover(facts, books, families)


def _sites(facts: Facts, books: Books, families: Families) -> None:
    check = families("sites")
    activity = sums(books.runs, lambda run: run.site, lambda run: run.activity)
    shipped = sums(books.flows, lambda flow: flow.origin, lambda flow: flow.tonnes)
    last = facts.times[-1].id
    kept = sums((s for s in books.stocks if s.period == last), lambda s: s.site, lambda s: s.closing)
    fullest = _fullest(facts, books)
    rows = {row.site: row for row in books.places}
    for name, site in facts.sites.items():
        row = rows.get(name)
        check.holds(row is not None, f"{name}: has no row")
        if row is None:
            continue
        known = (row.name, row.party, row.country) == (site.name, site.entity, site.country)
        check.holds(known, f"{name}: its name, party or country is not the instance's")
        check.equal(row.activity, activity.get(name, 0.0), f"{name}: activity")
        check.equal(row.shipped, shipped.get(name, 0.0), f"{name}: shipped")
        full = fullest.get(name)
        check.holds((row.fullest is None) == (full is None), f"{name}: fullest is {row.fullest}, not {full}")
        check.equal(row.fullest or 0.0, full or 0.0, f"{name}: fullest (%)")
        done = activity.get(name, 0.0)
        if name not in {line.site for line in facts.lines}:
            done = math.inf if name in facts.customers else shipped.get(name, 0.0) + kept.get(name, 0.0)
        if not IDLE / 2 < done < IDLE * 2:
            status = "used" if done > IDLE else "idle"
            check.holds(row.status == status, f"{name}: is {status}, not {row.status}")


def _fullest(facts: Facts, books: Books) -> dict[str, float]:
    """The fullest use (%) of the units of a site in any period; sites without a limited unit are left out."""
    used: dict[tuple[str, str], float] = {}
    for run in books.runs:
        for unit, rate in facts.line[run.process].uses.items():
            used[unit, run.period] = used.get((unit, run.period), 0.0) + rate * run.activity
    found: dict[str, float] = {}
    for unit in {unit: None for line in facts.lines for unit in line.uses}:
        for t in facts.times:
            limit = capacity_of(facts, books, unit, t)
            if 0 < limit < math.inf:
                site = facts.units[unit].site
                found[site] = max(found.get(site, 0.0), 100 * used.get((unit, t.id), 0.0) / limit)
    return found


# -------------------------------------------------------------------------------------------------- cover


def _cover(facts: Facts, books: Books, families: Families) -> None:
    """Days that the closing level of all labels of a stock would last."""
    check = families("cover")
    for stock in books.stocks:
        row, t = facts.stockpiles[stock.stockpile], facts.time[stock.period]
        level = sum(s.closing for s in books.stocks if (s.stockpile, s.period) == (stock.stockpile, stock.period))
        use = _use(facts, books, row, t) / t.years if row.target is not None else 0.0
        where = f"{stock.stockpile} in {stock.period}"
        if use > 2 * IDLE:
            told = math.nan if stock.cover is None else stock.cover
            check.equal(told, 365 * level / use, f"{where}: cover (days)")
        elif use < IDLE / 2:
            check.holds(stock.cover is None, f"{where}: nothing is used of what it would cover")


def _use(facts: Facts, books: Books, row: Stockpile, t: Time) -> float:
    """Tonnes of a stock's material that its Target of uses in a period.

    What processes there take in and demands there use of the material itself; where that is nothing, what demands use
    of the elements that it holds, in tonnes of it.
    """
    target = row.target_of
    if target is None:
        return 0.0
    taken = sum(
        facts.line[run.process].inputs.get(row.material, 0.0) * run.activity
        for run in books.runs_of[t.id]
        if facts.covers(target, run.site)
    )
    used = [d for d in books.deliveries_of[t.id] if facts.covers(target, d.customer)]
    direct = taken + sum(d.tonnes for d in used if d.delivered_as == row.material)
    held: dict[str, dict[str, float]] = {}
    for content in facts.instance[Content]:
        held.setdefault(content.material, {})[content.element] = content.content
    mine = held.get(row.material, {})
    if direct > IDLE or not mine:
        return direct
    parts = (d.tonnes * share for d in used for e, share in held.get(d.delivered_as, {}).items() if e in mine)
    return sum(parts) / sum(mine.values())
