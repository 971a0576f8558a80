"""Public price instruments: contracts for difference, border floors, and what a contract's floor adds."""

from __future__ import annotations

import math
from collections import defaultdict

from sourcing.audit.books import Books
from sourcing.audit.contracts import able, output_of, ways
from sourcing.audit.decisions import signed
from sourcing.audit.facts import KILO, MOMENT, Facts, Time, mean
from sourcing.audit.material import sums
from sourcing.audit.records import Flow, Instrument
from sourcing.audit.verdict import MONEY, Families
from sourcing.components.contracts import Contract
from sourcing.components.floors import Floor
from sourcing.sheets import year_of


def benchmark(facts: Facts, floor: Floor, t: Time) -> float:
    """The price that a floor is measured by (USD/kg)."""
    return facts.price(floor.benchmark or facts.materials[floor.material].index, t)


def cfd(facts: Facts, books: Books, floor: Floor, t: Time) -> tuple[dict[str, float], float, float, float]:
    """Output by party, the tonnes that count, and top-up and upside share (M USD) of a contract for difference."""
    output: dict[str, float] = defaultdict(float)
    for site, made in output_of(facts, books, floor.material, t, lambda s: facts.covers(floor.covered, s)).items():
        output[facts.owner(site)] += made
    counted = min(sum(output.values()), mean(floor.volume, t, default=math.inf) * t.years)
    market = benchmark(facts, floor, t)
    top_up = max(0.0, floor.level.mean(t.start, t.end) - market) * counted * KILO
    running = floor.upside_starts is None or year_of(floor.upside_starts) <= t.start + MOMENT
    above = max(0.0, market - floor.upside_from) if floor.upside_from is not None and running else 0.0
    return output, counted, top_up, mean(floor.upside_share, t) / 100 * above * counted * KILO


def crosses(facts: Facts, floor: Floor, origin: str, destination: str) -> bool:
    """Whether a shipment comes from a covered site outside the members of a border floor to a site inside."""
    outside = facts.sites[origin].country not in floor.members
    return outside and facts.sites[destination].country in floor.members and facts.covers(floor.covered, origin)


def added_at_border(facts: Facts, books: Books, floor: Floor, t: Time) -> list[tuple[Flow, float]]:
    """What crosses a border floor in a period, with what importers pay on top of its price (USD/kg)."""
    found = []
    for flow in books.flows_of[t.id]:
        if flow.material == floor.material and crosses(facts, floor, flow.origin, flow.destination):
            price = facts.at_gate(flow.under, flow.origin, flow.material, t)
            price = benchmark(facts, floor, t) if floor.benchmark else price
            found.append((flow, max(0.0, floor.level.mean(t.start, t.end) - price)))
    return found


def check_floors(facts: Facts, books: Books, families: Families) -> None:
    """Every promise about guaranteed prices."""
    check = families("floors")
    rows = {(row.floor, row.kind, row.period): row for row in books.floors}
    floors = {floor.floor: floor for floor in facts.instance[Floor]}
    for row in books.floors:
        contract, floor = facts.contracts.get(row.floor), floors.get(row.floor)
        known = contract is not None and contract.floor is not None and row.kind == "contract floor"
        known = known or (floor is not None and floor.kind == row.kind)
        check.holds(known, f"{row.floor} in {row.period}: there is no such {row.kind}")
    for floor in floors.values():
        pairs = [(i, j) for i in facts.sites for j in facts.sites if crosses(facts, floor, i, j)]
        for t in facts.times:
            told, where = rows.get((floor.floor, floor.kind, t.id)), f"{floor.floor} in {t.id}"
            if floor.kind == "border":
                importers, others = (
                    {j for i, j in pairs if ways(facts, known, i, j, floor.material, t)} for known in (books, None)
                )
                _border(facts, books, families, floor, t, told, importers, importers | others)
                continue
            output, counted, top_up, upside = cfd(facts, books, floor, t)
            if told is None:
                check.holds(False, f"{where}: has no row")
                continue
            check.holds(told.payer == floor.payer, f"{where}: its payer is {floor.payer}, not {told.payer}")
            makers = "; ".join(sorted({facts.owner(site) for site in facts.sites if facts.covers(floor.covered, site)}))
            check.holds(told.payee == makers, f"{where}: its payees are {makers}, not {told.payee}")
            made, level, market = sum(output.values()), floor.level.mean(t.start, t.end), benchmark(facts, floor, t)
            figures = {"level": level, "benchmark": market, "output": made, "counted": counted}
            _told(families, where, told, floor, figures | {"top_up": top_up, "upside": upside})
    _of_contracts(facts, books, families)


def _told(families: Families, where: str, told: Instrument, floor: Floor, figures: dict[str, float]) -> None:
    """A floor's row has these figures."""
    check = families("floors")
    check.holds(told.material == floor.material, f"{where}: is for {floor.material}, not {told.material}")
    for name, wanted in figures.items():
        least = None if name in ("output", "counted") else MONEY
        check.equal(getattr(told, name) or 0.0, wanted, f"{where}: {name.replace('_', '-')}", floor=least)


def _border(
    facts: Facts, books: Books, families: Families, floor: Floor, t: Time, told: Instrument | None,
    importers: set[str], possible: set[str],
) -> None:  # fmt: skip
    """A border floor has a row in a period in which something may cross it, or might have by another decision."""
    check, where = families("floors"), f"{floor.floor} in {t.id}"
    if told is None or not possible:
        check.holds(not importers and told is None, f"{where}: has {'no' if told is None else 'a'} row")
        return
    crossed = added_at_border(facts, books, floor, t)
    tonnes = sum(flow.tonnes for flow, _ in crossed)
    top_up = sum(added * flow.tonnes * KILO for flow, added in crossed)
    level, market = floor.level.mean(t.start, t.end), benchmark(facts, floor, t)
    figures = {"level": level, "benchmark": market, "output": tonnes, "counted": tonnes}
    _told(families, where, told, floor, figures | {"top_up": top_up, "upside": 0.0})
    known, most = ({facts.treasury(j) for j in sites} for sites in (importers, possible))
    payees = told.payee.split("; ")
    fine = told.payer == "importers" and known <= set(payees) <= most and payees == sorted(set(payees))
    wanted = "; ".join(sorted(known or most))
    check.holds(fine, f"{where}: importers pay {wanted}, not {told.payer} {told.payee}")


def _of_contracts(facts: Facts, books: Books, families: Families) -> None:
    """What contracts with a floor pay above the market."""
    check = families("floors")
    taken = sums(books.flows, lambda f: (f.under, f.period), lambda f: f.tonnes)
    told = {(row.floor, row.period) for row in books.floors if row.kind == "contract floor"}
    for name, guaranteed in facts.contracts.items():
        for t in facts.times if guaranteed.floor is not None else ():
            there = (name, t.id) in told
            due = signed(facts, books, guaranteed, t)
            check.holds(there == due, f"{name} in {t.id}: has {'a' if there else 'no'} row")
    for row in books.floors:
        contract = facts.contracts.get(row.floor)
        if row.kind == "contract floor" and contract is not None and contract.floor is not None:
            t, where = facts.time[row.period], f"{row.floor} in {row.period}"
            market, tonnes = facts.before_floor(contract, t), taken.get((row.floor, row.period), 0.0)
            check.equal(row.level or 0.0, mean(contract.floor, t), f"{where}: level", floor=MONEY)
            check.equal(row.benchmark or 0.0, market, f"{where}: benchmark", floor=MONEY)
            check.equal(row.output or 0.0, tonnes, f"{where}: output")
            check.equal(row.counted or 0.0, tonnes, f"{where}: counted")
            check.equal(row.upside or 0.0, 0.0, f"{where}: upside", floor=MONEY)
            sides = (row.material, row.payer, row.payee)
            known = (contract.material, *partners(facts, contract, t))
            check.holds(sides == known, f"{where}: is {', '.join(known)}, not {', '.join(sides)}")
            lift = (facts.contract_price(contract, t) - market) * tonnes * KILO
            check.equal(row.top_up or 0.0, max(0.0, lift), f"{where}: top-up", floor=MONEY)


def partners(facts: Facts, contract: Contract, t: Time) -> tuple[str, str]:
    """Who can buy under a contract in a period, and who sells, as the plan writes them."""
    buyers = {facts.owner(j) for j, _ in able(facts, contract, t)}
    sellers = {facts.owner(site) for site in facts.sites if facts.covers(contract.seller, site)}
    return "; ".join(sorted(buyers)), "; ".join(sorted(sellers))
