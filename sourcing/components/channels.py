"""Channels: every commercial way for a material from a site to a site, what flows on it and what is paid for it.

    flow[i,j,m,h,c,t] >= 0          shipped: h is `spot`, `inside` one party, or a contract                        [t]
    arrives[j,m,c,t'] = Σ overlap([s+L, s+Y+L), t')/Y · flow[..,t]    lead time L, period t from s, Y years long   [t]
    lane[l,t]:      Σ flow of all that lane row l matches <= years·maximum                                         [t]
    offer[i,m,t]:   Σ flow at spot <= years·maximum                                                                [t]
    order[i,j,m,t] in {0, 1}: whether j orders at spot, where the offer asks for a minimum order
    ordered[i,j,m,t]:         Σ flow at spot <= most that could flow·order                                         [t]
    least_order[i,j,m,t]:     Σ flow at spot >= years·minimum order·order                                          [t]
    late[j,m,c,t]:  unclaimed <= what lands in t of the opening transit, which is data, and of shipments of earlier
                    periods to a customer, to a plant that may stop, or with a label of no use any more: or a rule
                    that begins, or a need that falls, would stop the whole period before it                       [t]
    resale[i,m,c,t]: Σ_j flow[i,j,m,·,c,t] <= made + drawn + downgraded in, where i doesn't pass on                 [t]

A site ships what it makes, stocks or passes on, to sites that use it; customers ship nothing. What leaves for another
party is bought at the seller's offer or under a contract; without either it is not for sale. The receiver pays
freight (the seller when delivered) and the tariff, on the price at the gate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sourcing.components.contracts import Contract, contract_price, contracts, may_hold, most_tonnes
from sourcing.components.demand import Demand, customers, grades, wanted_at
from sourcing.components.horizon import Span, at, periods
from sourcing.components.lanes import Lane, lane, tie, transit_label
from sourcing.components.materials import Material
from sourcing.components.places import Site, entity_of, treasury_of
from sourcing.components.production import made_at, may_stop, taken_at
from sourcing.components.qualifications import accepted
from sourcing.components.rules import label_text
from sourcing.components.stock import stocks_at
from sourcing.components.trade import Offer, Price, market_price, offer_price
from sourcing.instance import Instance
from sourcing.sheets import Issue, Row
from sourcing.tables import Table, fields
from sourcing.traced import largest

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution

SPOT, INSIDE = "spot", "inside"


@dataclass(frozen=True)
class Channel:
    """One way to ship: origin, destination, material, under which terms, on which lane."""

    origin: str
    destination: str
    material: str
    under: str
    lane: Lane
    offer: Offer | None = None
    contract: Contract | None = None

    @property
    def id(self) -> tuple[str, str, str, str]:
        """Origin, destination, material, under."""
        return self.origin, self.destination, self.material, self.under

    def open(self, instance: Instance, t: Span) -> bool:
        """Whether it may be used in a period: contract dates and qualification."""
        in_date = self.contract is None or may_hold(instance, self.contract, t)
        return in_date and accepted(instance, self.destination, self.origin, self.material, t)

    def bounded(self, t: Span) -> bool:
        """Whether a maximum, of the offer or contract, bounds what can be sold on it in a period."""
        if self.contract:
            most = most_tonnes(self.contract, t)
            return at(self.contract.maximum_share, t) is not None or (most is not None and math.isfinite(most))
        return self.offer is not None and at(self.offer.maximum, t) is not None

    def price(self, instance: Instance, t: Span) -> float | None:
        """Price at the gate in USD/kg; None inside one party."""
        if self.contract:
            return contract_price(instance, self.contract, t)
        return offer_price(instance, self.offer, t) if self.offer else None

    def price_rows(self, instance: Instance) -> tuple[Row, ...]:
        """The rows that set the price: the contract or offer, and its index."""
        row = self.contract or self.offer
        if row is None or (self.contract and self.contract.fixed is not None):
            return () if row is None else (row,)
        return row, instance.row(Price, row.index or instance.row(Material, self.material).index)

    def tariff(self, instance: Instance, t: Span) -> float:
        """Duty in USD/t: the lane's rate on the price at the gate, inside one party on the market price."""
        rate = at(self.lane.tariff, t)
        if not rate:
            return 0.0
        price = self.price(instance, t)
        if price is None:
            price = market_price(instance, self.material, t) or 0.0
        return rate / 100 * price * 1000


def channels(instance: Instance) -> tuple[Channel, ...]:
    """Every channel of the instance."""
    return instance.once(_channels)


def shippable(instance: Instance) -> dict[str, set[str]]:
    """Sites that may ship a material: they make it, stock it or pass it on."""
    found: dict[str, set[str]] = {}
    for site, materials in made_at(instance).items():
        for material in materials:
            found.setdefault(material, set()).add(site)
    for site, material in stocks_at(instance):
        found.setdefault(material, set()).add(site)
    for site, material in passed_on(instance):
        found.setdefault(material, set()).add(site)
    return {material: sites - customers(instance) for material, sites in found.items()}


def usable(instance: Instance) -> dict[str, set[str]]:
    """Sites that use a material: in a process, for a demand, in a stock, or to pass it on."""
    return instance.once(_usable)


def _usable(instance: Instance) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for site, material in taken_at(instance):
        found.setdefault(material, set()).add(site)
    for site in customers(instance):
        for material in wanted_at(instance, site):
            found.setdefault(material, set()).add(site)
    for site, material in (*stocks_at(instance), *passed_on(instance)):
        found.setdefault(material, set()).add(site)
    return found


def passed_on(instance: Instance) -> dict[tuple[str, str], Offer]:
    """Sites and materials that a trader's hub forwards: those that its offers name."""
    return instance.once(_passed_on)


def _passed_on(instance: Instance) -> dict[tuple[str, str], Offer]:
    return {(row.site, row.material): row for row in instance[Offer] if instance.row(Site, row.site).passes_on}


def routes(instance: Instance) -> list[tuple[str, str, str]]:
    """Pairs of sites and a material that could trade if a lane joined them: (origin, destination, material)."""
    sellers, takers = shippable(instance), usable(instance)
    return [
        (i, j, material)
        for material in (row.material for row in instance[Material])  # along the chain, as the tab lists it
        for i in sorted(sellers.get(material, ()))
        for j in sorted(takers.get(material, ()))
        if i != j
    ]


def _channels(instance: Instance) -> tuple[Channel, ...]:
    found = []
    for i, j, material in routes(instance):
        row = lane(instance, i, j, material)
        if row is None:
            continue
        if entity_of(instance, i) == entity_of(instance, j):
            found.append(Channel(i, j, material, INSIDE, row))
            continue
        if instance.has(Offer, f"{i}|{material}"):
            found.append(Channel(i, j, material, SPOT, row, offer=instance.row(Offer, f"{i}|{material}")))
        for contract, sellers, buyers in contracts(instance):
            if contract.material == material and i in sellers and j in buyers:
                found.append(Channel(i, j, material, contract.contract, row, contract=contract))
    return tuple(found)


def arrivals(instance: Instance, days: float, t: Span) -> list[tuple[Span, float]]:
    """Periods in which a shipment of period t arrives, with the share that does; the rest is under way at the end."""
    known = instance.once(_arrivals)
    if (days, t.id) not in known:
        start, end = t.start + days / 365, t.end + days / 365
        shares = [(later, later.overlap(start, end) / t.years) for later in periods(instance)[t.number :]]
        known[days, t.id] = [(later, share) for later, share in shares if share > 1e-12]
    return known[days, t.id]


def _arrivals(instance: Instance) -> dict[tuple[float, str], list[tuple[Span, float]]]:
    return {}


def opening_transit(instance: Instance) -> list[tuple[Lane, str, str, Span, float]]:
    """What is under way at the start: (lane, destination, material, period, tonnes that arrive in it)."""
    found = []
    first = periods(instance)[0].start
    for row in instance[Lane]:
        if not row.in_transit:
            continue
        lead = row.lead_time / 365
        for t in periods(instance):
            share = t.overlap(first, first + lead) / lead if lead else float(t.number == 0)
            if share:
                found.append((row, row.destination.terms[0][1], row.goods.terms[0][1], t, share * row.in_transit))
    return found


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables flow, order and unclaimed; rows lane, offer, orders and late (resale waits: `declare_resale`)."""
    from pyomo.environ import Binary, Block, Constraint, NonNegativeReals, Var, quicksum

    from sourcing.components.bounds import most_flow

    spans = periods(instance)
    path.channels = block = Block()
    opened = [(h, [(t, lots.shipped(h, t)) for t in spans if h.open(instance, t)]) for h in channels(instance)]
    block.flow = Var(
        [(*h.id, label, t.id) for h, times in opened for t, labels in times for label in labels],
        within=NonNegativeReals,
    )
    flow = dict(block.flow.items())
    by_pair: dict[tuple[str, str], list[tuple[tuple[str, ...], Any]]] = {}
    by_contract: dict[tuple[str, str], list[tuple[Channel, list[Any]]]] = {}
    by_channel: dict[tuple[str, ...], list[Any]] = {}
    block.by_pair, block.by_contract, block.by_channel = by_pair, by_contract, by_channel
    by_lane: dict[tuple[str, str], list[Any]] = {}
    by_offer: dict[tuple[str, str, str], list[Any]] = {}
    orders: dict[tuple[str, ...], tuple[float, float]] = {}
    out: dict[tuple[str, str, str, str], list[Any]] = {}
    late: dict[tuple[str, str, str, str], list[Any]] = {}
    limits = {
        (row.key, t.id): most for row in instance[Lane] for t in spans if (most := at(row.maximum, t)) is not None
    }
    for h, times in opened:
        key = i, j, material, _ = h.id
        buyer, seller, treasury = entity_of(instance, j), entity_of(instance, i), treasury_of(instance, j)
        carrier = seller if h.contract and h.contract.delivered else buyer
        where = f"{i} → {j}: {material}" + (f" ({h.under})" if h.contract else "")
        priced, leaves, stops = h.price_rows(instance), j in customers(instance), may_stop(instance, j, material)
        for t, labels in times:
            terms = [(label, flow[(*key, label, t.id)]) for label in labels]
            if not terms:
                if h.contract:  # it is a party all the same, and bears its part of what nobody takes
                    by_contract.setdefault((h.contract.contract, t.id), []).append((h, []))
                continue
            landing = arrivals(instance, h.lane.lead_time, t)
            for label, var in terms:
                ledger.post(i, material, label, t, -1.0, var)
                for later, share in landing:
                    ledger.post(j, material, label, later, share, var)
                    if later is not t and (leaves or stops or not lots.wanted(j, material, label, later)):
                        late.setdefault((j, material, label, later.id), []).append(share * var)
                out.setdefault((i, material, label, t.id), []).append(var)
                by_pair.setdefault((j, t.id), []).append(((*key, label, t.id), var))
            variables = [var for _, var in terms]
            by_channel[(*key, t.id)] = variables
            if h.contract:
                by_contract.setdefault((h.contract.contract, t.id), []).append((h, variables))
            if (h.lane.key, t.id) in limits:
                by_lane.setdefault((h.lane.key, t.id), []).extend(variables)
            if h.offer and at(h.offer.maximum, t) is not None:
                by_offer.setdefault((i, material, t.id), []).extend(variables)
            if h.offer and h.offer.minimum_order:
                least = h.offer.minimum_order * t.years  # who needs less may have to order that much all the same
                orders[i, j, material, t.id] = least, largest(least, most_flow(instance, h, t))
            if price := h.price(instance, t):
                bought = [(price, var) for var in variables]
                ledger.pay(buyer, seller, "purchase", where, t, bought, bounded=h.bounded(t), rows=priced)
            if freight := at(h.lane.freight, t) / 1000:
                ledger.pay(carrier, "", "freight", where, t, [(freight, var) for var in variables], rows=(h.lane,))
            if tariff := h.tariff(instance, t) / 1000:
                duty = [(tariff, var) for var in variables]
                ledger.pay(buyer, treasury, "tariff", where, t, duty, rows=(h.lane,))
    landed: dict[tuple[str, str, str, str], float] = {}
    for row, j, material, t, tonnes in opening_transit(instance):
        key = (j, material, label_text(transit_label(instance, row)), t.id)
        landed[key] = landed.get(key, 0.0) + tonnes
    for key, tonnes in landed.items():
        ledger.supply(*key[:3], lots.spans[key[3]], tonnes)
    block.unclaimed = Var(list(landed | late), within=NonNegativeReals)
    block.late = Constraint(
        list(block.unclaimed),
        rule=lambda _, *key: block.unclaimed[key] - quicksum(late.get(key, ())) <= landed.get(key, 0.0),
    )
    for (site, material, label, t_id), var in block.unclaimed.items():
        t = lots.spans[t_id]
        ledger.post(site, material, label, t, -1.0, var)
        goods = instance.row(Material, material)
        if goods.disposal:
            owner, where = entity_of(instance, site), f"{site}: {material}"
            ledger.pay(owner, "", "disposal", where, t, [(goods.disposal / 1000, var)], rows=(goods,))

    def most_on_lane(_: Any, key: str, t_id: str) -> Any:
        return quicksum(by_lane[key, t_id]) <= limits[key, t_id] * lots.spans[t_id].years

    def most_at_spot(_: Any, site: str, material: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        most = at(instance.row(Offer, f"{site}|{material}").maximum, t) or 0.0
        return quicksum(by_offer[site, material, t_id]) <= most * t.years

    block.lane = Constraint(list(by_lane), rule=most_on_lane)
    block.offer = Constraint(list(by_offer), rule=most_at_spot)
    block.out = out
    block.order = Var(list(orders), within=Binary)

    def spot(key: tuple[str, ...]) -> Any:
        return quicksum(by_channel[(*key[:3], SPOT, key[3])])

    block.ordered = Constraint(list(orders), rule=lambda _, *key: spot(key) <= orders[key][1] * block.order[key])
    block.least_order = Constraint(
        list(orders), rule=lambda _, *key: spot(key) - orders[key][0] * block.order[key] >= 0
    )


def declare_resale(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Rows of resale, once production and stocks have posted what they make and draw."""
    from pyomo.environ import Constraint, quicksum

    hubs = passed_on(instance)
    arriving = {(j, material) for _, j, material, *_ in path.channels.flow}
    out, flow = path.channels.out, {id(var) for var in path.channels.flow.values()}

    def resale(_: Any, *key: str) -> Any:
        own = [
            coefficient * var
            for coefficient, var in ledger.balances[key]  # type: ignore[index]
            if coefficient > 0 and id(var) not in flow
        ]
        return quicksum(out[key]) <= quicksum(own)

    path.channels.resale = Constraint([key for key in out if key[:2] in arriving and key[:2] not in hubs], rule=resale)


def checks(instance: Instance) -> list[Issue]:
    """Lanes of equal right, duties without a price, needs that nothing reaches, and goods under way for nobody."""
    faults: list[Issue] = []
    reached: set[tuple[str, str]] = set()
    ties: dict[str, Issue] = {}
    for i, j, material in routes(instance):
        if fault := tie(instance, i, j, material):
            ties.setdefault(fault.cell or fault.message, fault)  # one a row, however many pairs it concerns
    faults.extend(ties.values())
    takers = usable(instance)
    for site in sorted(customers(instance)):
        own = dict.fromkeys([*made_at(instance).get(site, {}), *(m for hub, m in passed_on(instance) if hub == site)])
        kept = [m for m in own if takers.get(m, set()) - {site}]
        if kept:
            message = f"a site with a demand ships nothing: what it makes or passes on ({', '.join(kept)}) stays there"
            place = instance.row(Site, site)
            faults.append(instance.issue(place, "site", message, "make the customer a site of its own", warning=True))
    unpriced: set[str] = set()
    for h in channels(instance):
        reached.add((h.destination, h.material))
        has_price = h.offer or h.contract or instance.row(Material, h.material).index
        if h.lane.tariff and not has_price and h.lane.key not in unpriced:
            unpriced.add(h.lane.key)
            message = f"{h.material} has no price on which the duty could be worked out"
            faults.append(instance.issue(h.lane, "tariff", message, "give the material a Price index"))
    for d in instance[Demand]:
        at_hand = (d.customer, d.material) in stocks_at(instance) or d.material in made_at(instance).get(d.customer, {})
        if not at_hand and not any((d.customer, grade) in reached for grade in grades(instance, d)):
            message = "no channel brings it: a lane, and an offer or contract, from a site that makes it"
            faults.append(instance.issue(d, "material", message, "it will be short", warning=True))
    for row in instance[Lane]:
        j, material = row.destination.terms[0][1], row.goods.terms[0][1]
        if row.in_transit and j not in usable(instance).get(material, set()):
            faults.append(
                instance.issue(row, "in_transit", f"{j} has no use for {material}", "it is left over", warning=True)
            )
    return faults


def tabs(solution: Solution) -> list[Table]:
    """Who ships what to whom, when, at what price, under what."""
    instance = solution.instance
    table = Table(
        "Sourcing",
        fields(
            "From", "To", "Material", "Under", "Label", "Period", ("Flow", "t"), ("Price", "USD/kg"),
            ("Freight", "USD/t"), ("Tariff", "USD/t"), ("Later", "t"),
        ),
        "Who ships what to whom, when, at what price, under what. Later: the part that arrives after the period.",
    )  # fmt: skip
    by_id = {h.id: h for h in channels(instance)}
    for (i, j, material, under, label, t_id), tonnes in solution.positive("channels.flow"):
        h, t = by_id[i, j, material, under], solution.lots.spans[t_id]
        at_once = next((share for later, share in arrivals(instance, h.lane.lead_time, t) if later is t), 0.0)
        later = tonnes * (1 - at_once)
        price, tariff = h.price(instance, t), h.tariff(instance, t)
        table.add(i, j, material, under, label, t_id, tonnes, price, at(h.lane.freight, t), tariff, later)
    return [table]
