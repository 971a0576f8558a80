"""Money: the whole ledger once more from the tonnes, and what of it counts in the view."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sourcing.audit.books import Books
from sourcing.audit.capacity import steps_online
from sourcing.audit.contracts import parts, rebate, settle
from sourcing.audit.decisions import pending, signing_parts
from sourcing.audit.facts import KILO, MILLION, MOMENT, Facts, Time, mean
from sourcing.audit.floors import added_at_border, cfd
from sourcing.audit.records import Cost
from sourcing.audit.terms import limit_faults, limit_holds, shortage_value
from sourcing.audit.verdict import MONEY, Families
from sourcing.components.contracts import Contract
from sourcing.components.floors import Floor

OUTSIDERS = 0.001
"""What a resource cost of a party of weight 0 counts, so that ties break the natural way."""

UNPAID = ("shortage", "limit penalty")
"""Kinds that nobody pays: values that steer the plan."""


@dataclass(frozen=True)
class Entry:
    """A payment (M USD, undiscounted) and what a dollar of it counts."""

    payer: str
    payee: str
    kind: str
    where: str
    period: str
    amount: float
    weight: float


def check_money(facts: Facts, books: Books, families: Families, objective: Any) -> None:
    """Every promise about money."""
    _prices(facts, books, families)
    _ledger(facts, books, families, objective)
    _parties(facts, books, families)


# -------------------------------------------------------------------------------------------------- prices


def _prices(facts: Facts, books: Books, families: Families) -> None:
    check = families("prices", MONEY)
    for flow in books.flows:
        t, lane = facts.time[flow.period], facts.lane(flow.origin, flow.destination, flow.material)
        price = facts.at_gate(flow.under, flow.origin, flow.material, t)
        if flow.under == "inside":
            check.holds(flow.price is None, f"{flow}: a price inside one party")
        else:
            check.equal(math.nan if flow.price is None else flow.price, price, f"{flow}: price (USD/kg)")
        if lane:
            check.equal(flow.freight, mean(lane.freight, t), f"{flow}: freight (USD/t)")
            check.equal(flow.tariff, mean(lane.tariff, t) / 100 * price * 1000, f"{flow}: tariff (USD/t)")


# -------------------------------------------------------------------------------------------------- the ledger


class Ledger:
    """The entries that the tonnes of a plan imply."""

    def __init__(self, facts: Facts, books: Books):
        self._facts, self._books = facts, books
        self.entries: list[Entry] = []
        self._settled = {name: settle(facts, books, row) for name, row in facts.contracts.items()}
        for t in facts.times:
            self._trade(t)
            self._contracts(t)
            self._decisions(t)
            self._production(t)
            self._stock(t)
            self._demand(t)
            self._public(t)

    def _pay(
        self, payer: str, payee: str, kind: str, where: str, t: Time, amount: float,
        *, bounded: bool = False, importer: str = "",
    ) -> None:  # fmt: skip
        """Post an entry; `bounded` income from a party of weight 0 counts."""
        if not amount or payer == payee:
            return  # what a party pays itself is no payment
        own = self._facts.weight(payer)
        if payee:
            weight = own - self._facts.weight(payee, importer)
            weight = weight if weight > 0 or own or bounded else 0.0
        else:
            weight = 1.0 if kind in UNPAID else max(own, OUTSIDERS)
        self.entries.append(Entry(payer, payee, kind, where, t.id, amount, weight))

    def _trade(self, t: Time) -> None:
        facts = self._facts
        for flow in self._books.flows_of[t.id]:
            buyer, seller = facts.owner(flow.destination), facts.owner(flow.origin)
            price = facts.at_gate(flow.under, flow.origin, flow.material, t)
            contract = facts.contracts.get(flow.under)
            where = f"{flow.origin} → {flow.destination}: {flow.material}" + (f" ({flow.under})" if contract else "")
            if flow.under != "inside":
                offer = facts.offers.get((flow.origin, flow.material))
                most = math.inf if offer is None else mean(offer.maximum, t, default=math.inf)
                limited = _has_maximum(contract, t) if contract else math.isfinite(most)
                self._pay(buyer, seller, "purchase", where, t, price * flow.tonnes * KILO, bounded=limited)
            if lane := facts.lane(flow.origin, flow.destination, flow.material):
                payer = seller if contract and contract.delivered else buyer
                self._pay(payer, "", "freight", where, t, mean(lane.freight, t) * flow.tonnes * MILLION)
                tariff = mean(lane.tariff, t) / 100 * price * flow.tonnes * KILO
                self._pay(buyer, facts.treasury(flow.destination), "tariff", where, t, tariff, importer=buyer)

    def _contracts(self, t: Time) -> None:
        facts = self._facts
        for name, contract in facts.contracts.items():
            settled = self._settled[name].get(t.id)
            if settled is None:
                continue
            back = rebate(facts, contract, t, settled.taken)
            if settled.due or back:
                for (buyer, seller), share in parts(facts, self._books, contract, t).items():
                    self._pay(buyer, seller, "take-or-pay", name, t, settled.due * share)
                    self._pay(seller, buyer, "rebate", name, t, back * share, bounded=True)

    def _decisions(self, t: Time) -> None:
        """What is paid once, in the period of the decision."""
        facts = self._facts
        for decision in self._books.decisions:
            if decision.period != t.id:
                continue
            contract = facts.contracts.get(decision.name)
            if decision.kind == "sign" and contract is not None:
                for payer, cost in signing_parts(facts, contract).items():
                    self._pay(payer, "", "signing", decision.name, t, cost)
            row = facts.qualifications.get(decision.name)
            if decision.kind == "qualify" and row is not None and pending(row):
                self._pay(facts.owner(row.customer), "", "qualification", decision.name, t, row.cost or 0.0)

    def _production(self, t: Time) -> None:
        facts, books = self._facts, self._books
        for run in books.runs_of[t.id]:
            line, owner = facts.line[run.process], facts.owner(run.site)
            where, granted = f"{run.site}: {run.recipe} on {run.unit}", mean(line.credit, t) * run.activity * MILLION
            self._pay(owner, "", "processing", where, t, mean(line.cost, t) * run.activity * MILLION)
            self._pay(line.credit_payer, owner, "production credit", where, t, granted)
        for use in books.uses:
            if use.kind == "surplus" and use.period == t.id and use.name in facts.materials:
                cost = facts.materials[use.name].disposal or 0.0
                where = f"{use.site}: {use.name}"
                self._pay(facts.owner(use.site), "", "disposal", where, t, cost * use.amount * MILLION)
        of_project = {project.unit for project in facts.projects.values()}
        for unit in facts.units.values():
            if unit.unit not in of_project:
                self._pay(facts.owner(unit.site), "", "fixed", unit.unit, t, mean(unit.fixed_cost, t) * t.years)
        for use in books.uses:
            if use.kind == "capacity" and use.period == t.id and use.running == "yes" and use.name in facts.units:
                unit = facts.units[use.name]
                self._pay(facts.owner(unit.site), "", "running", unit.unit, t, mean(unit.running_cost, t) * t.years)
        for project in facts.projects.values():
            unit, steps = facts.units[project.unit], steps_online(facts, books, project)
            owner = facts.owner(unit.site)
            online = sum(n for on, n in steps if on.start <= t.start + MOMENT)
            self._pay(owner, "", "fixed", unit.unit, t, mean(unit.fixed_cost, t) * t.years * online)
            if project.status == "option":
                rate, life = project.cost_of_capital / 100, project.life
                annuity = project.capex * (rate / (1 - (1 + rate) ** -life) if rate else 1 / life)
                cost = annuity * sum(n * t.overlap(on.start, on.start + life) for on, n in steps)
                public = project.public_share / 100
                self._pay(project.payer, "", "capex annuity", project.project, t, cost * public)
                self._pay(owner, "", "capex annuity", project.project, t, cost * (1 - public))

    def _stock(self, t: Time) -> None:
        facts = self._facts
        for stock in self._books.stocks:
            if stock.period == t.id:
                row = facts.stockpiles[stock.stockpile]
                level = (stock.opening + stock.closing) / 2
                self._pay(row.holder, "", "storage", row.stockpile, t, mean(row.storage, t) * level * t.years * MILLION)
                price, owner = facts.market(row.material, t), facts.owner(row.site)
                self._pay(row.holder, owner, "purchase", row.stockpile, t, price * stock.fill * KILO)
                self._pay(owner, row.holder, "purchase", row.stockpile, t, price * stock.draw * KILO)
        for name, row in facts.stockpiles.items():
            if row.terminal_value is not None and t is facts.times[-1]:
                left = sum(s.closing for s in self._books.stocks if (s.stockpile, s.period) == (name, t.id))
                worth = row.terminal_value / 100 * facts.market(row.material, t)
                # as far as it was there at the start: nothing is filled in for its value
                self._pay(row.holder, "", "terminal value", name, t, -worth * min(left, row.opening) * KILO)

    def _demand(self, t: Time) -> None:
        facts, books = self._facts, self._books
        for need in books.needs:
            if need.period == t.id:
                where = f"{need.customer}: {need.material}" + (f" ({need.rules})" if need.rules else "")
                self._pay(facts.owner(need.customer), "", "shortage", where, t, shortage_value(facts, need)[0])
        for d in books.deliveries_of[t.id]:
            if other := facts.substitutes.get((d.customer, d.material, d.delivered_as)):
                where, extra = f"{d.customer}: {d.delivered_as} for {d.material}", other.extra_cost * d.tonnes
                self._pay(facts.owner(d.customer), "", "substitution", where, t, extra * MILLION)
        for name, limit in facts.limits.items():
            if limit.penalty is not None and limit_holds(facts, limit, t):
                over, under = limit_faults(facts, books, limit, t)
                self._pay("planner", "", "limit penalty", name, t, mean(limit.penalty, t) * (over + under) * MILLION)

    def _public(self, t: Time) -> None:
        facts = self._facts
        for floor in facts.instance[Floor]:
            if floor.kind == "border":
                for flow, added in added_at_border(facts, self._books, floor, t):
                    buyer, treasury = facts.owner(flow.destination), facts.treasury(flow.destination)
                    where, paid = f"{floor.floor}: {flow.origin} → {flow.destination}", added * flow.tonnes * KILO
                    self._pay(buyer, treasury, "border top-up", where, t, paid, importer=buyer)
                continue
            output, _, top_up, upside = cfd(facts, self._books, floor, t)
            for party, made in output.items():
                share = made / sum(output.values()) if made else 0.0
                self._pay(floor.payer, party, "top-up", floor.floor, t, top_up * share)
                self._pay(party, floor.payer, "upside share", floor.floor, t, upside * share)


def _has_maximum(contract: Contract, t: Time) -> bool:
    maxima = (mean(most, t, default=math.inf) for most in (contract.maximum, contract.maximum_share))
    return any(map(math.isfinite, maxima))


Key = tuple[str, str, str, str, str]


def _grouped(entries: Iterator[tuple[Key, float]]) -> tuple[dict[Key, float], dict[Key, float]]:
    """Sums, and sums of sizes, by (payer, payee, kind, where, period)."""
    total: dict[Key, float] = defaultdict(float)
    size: dict[Key, float] = defaultdict(float)
    for key, amount in entries:
        total[key] += amount
        size[key] += abs(amount)
    return total, size


def _key(entry: Entry | Cost) -> Key:
    payer = "planner" if entry.kind == "limit penalty" else entry.payer
    return payer, entry.payee, entry.kind, entry.where, entry.period


def _ledger(facts: Facts, books: Books, families: Families, objective: Any) -> None:
    entries = Ledger(facts, books).entries
    discount = {t.id: facts.discount(t) for t in facts.times}
    costs = [cost for cost in books.costs if _key(cost)[0] != cost.payee]
    amounts, counts, rows = families("costs", MONEY), families("counts", MONEY), families("costs by row", MONEY)
    for cost in books.costs:
        where = f"{cost.kind} of {_key(cost)[0] or 'nobody'} at {cost.where} in {cost.period}"
        rows.equal(cost.discount, discount[cost.period], f"{where}: discount")
        rows.equal(cost.counts, cost.amount * cost.weight * cost.discount, f"{where}: counts", size=cost.amount)
    for check, found, wanted in (
        (
            amounts,
            _grouped((_key(cost), cost.amount) for cost in costs),
            _grouped((_key(entry), entry.amount) for entry in entries),
        ),
        (
            counts,
            _grouped((_key(cost), cost.counts) for cost in costs),
            _grouped((_key(e), e.amount * e.weight * discount[e.period]) for e in entries),
        ),
    ):
        for key in {**found[0], **wanted[0]}:
            payer, payee, kind, place, period = key
            where = f"{place}, {kind} of {payer or 'nobody'}{f' to {payee}' if payee else ''} in {period} (M USD)"
            size = max(found[1].get(key, 0.0), wanted[1].get(key, 0.0))
            check.equal(found[0].get(key, 0.0), wanted[0].get(key, 0.0), where, size=size)
    total = families("objective", MONEY)
    sized = sum(abs(cost.counts) for cost in books.costs)
    is_number = isinstance(objective, int | float) and math.isfinite(objective)
    total.holds(is_number, f"the objective is {objective!r}")
    if is_number:
        wanted_total = math.fsum(e.amount * e.weight * discount[e.period] for e in entries)
        total.equal(math.fsum(cost.counts for cost in books.costs), objective, "sum of Counts", size=sized)
        total.equal(objective, wanted_total, "objective, against the tonnes", size=sized)


# -------------------------------------------------------------------------------------------------- parties


def _parties(facts: Facts, books: Books, families: Families) -> None:
    check = families("parties", MONEY)
    earns: dict[str, float] = defaultdict(float)
    pays: dict[str, float] = defaultdict(float)
    sizes: dict[str, float] = defaultdict(float)
    for cost in books.costs:
        if cost.kind not in UNPAID:
            for party, side in ((cost.payer, pays), (cost.payee, earns)):
                if party:
                    side[party] += cost.amount
                    sizes[party] += abs(cost.amount)
    rows = {row.party: row for row in books.sums}
    for party in sizes:
        check.holds(party in rows, f"{party}: has no row")
    for party, row in rows.items():
        size = sizes[party]
        check.equal(row.earns, earns[party], f"{party}: earns", size=size)
        check.equal(row.pays, pays[party], f"{party}: pays", size=size)
        check.equal(row.net, earns[party] - pays[party], f"{party}: net", size=size)
        entity = facts.entities.get(party)
        role = entity.role if entity else "government"
        check.holds(row.role == role, f"{party}: its role is {role}, not {row.role}")
        if entity:
            fine = (row.name, row.allied) == (entity.name, "yes" if entity.allied else "no")
            check.holds(fine, f"{party}: its name or whether it is allied is not the instance's")
        margin = 100 * (row.earns - row.pays) / row.earns if role == "supplier" and row.earns > MONEY else None
        if margin is not None and row.margin is not None:
            check.equal(row.margin, margin, f"{party}: margin (%)", size=100 * size / row.earns)
        elif row.earns <= MONEY or role != "supplier":
            check.holds(row.margin is None or row.earns > 0, f"{party}: has no margin")
        net = earns[party] - pays[party]
        if abs(net) > max(MONEY, 1e-6 * size):  # nearer to nothing a loss is rounding
            loses = role == "supplier" and net < 0
            check.holds((row.flag == "loses money") == loses, f"{party}: is {'not ' if loses else ''}flagged as losing")
