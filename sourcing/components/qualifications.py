"""Qualifications: which makers a customer accepts, and from when.

    a channel from maker i to customer j for m is open in t if j names nobody for m, or i from t or earlier
    first_year[j,m,i,t]:  Σ flow[i→j,m,c,t] <= share·years·Σ demand[j,m,t]     in the period t in which it opens [t]

Who is not yet qualified may be, at a cost and after a lead time:

    qualify[j,m,i,t] in {0, 1}                             started in t                                            [1]
    once[j,m,i]:          Σ_t qualify[j,m,i,t] <= 1                                                                [1]
    gate[j,m,i,t]:        Σ flow[i→j,m,c,t] <= Σ_q Σ_s most[q,s,t]·qualify[q,s]     s that opens in t or before    [t]
    most = share·years·Σ demand[j,m,t] in the period in which s opens, M later; M is in `bounds`                   [t]

What is started in a period opens in the first that begins at or after its start and the lead time. A row of any maker
has one share for all makers that it lets in: a gate of its own, over those who are not accepted otherwise. There is
no gate where a maker is accepted without a decision. A share is one of the customer's need of that very material: what
it takes as a substitute only has none (Substitutes gives its pace).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sourcing.components.decisions import Decision
from sourcing.components.demand import Demand, need
from sourcing.components.horizon import Span, decisions_from, moment, periods
from sourcing.components.places import entity_of
from sourcing.instance import Instance
from sourcing.sheets import Amount, Issue, Row, date, number, reference, sheet, year_of
from sourcing.traced import added, largest, smallest

if TYPE_CHECKING:
    from sourcing.components.channels import Channel
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Qualifications", "a maker that a customer accepts", key=("customer", "material", "maker"))
class Qualification(Row):
    """A customer with a row for a material takes it only from makers that a row names."""

    customer: str = reference("Customer", "Sites", "who accepts")
    material: str = reference("Material", "Materials", "what", also=("any",))
    maker: str = reference("Maker", "Sites", "whom", also=("any",))
    since: dt.date | None = date("From", "first day; blank with a lead time or cost is not yet qualified")
    lead_time: Amount | None = number("Lead time", "months", "to qualify", low=0)
    cost: float | None = number("Cost", "M USD", "to qualify", low=0)
    first_year_share: float | None = number(
        "First-year share", "%", "of the customer's demand, in the period in which it opens", low=0, high=100
    )


def pending(row: Qualification) -> bool:
    """Whether a maker is not yet qualified, so that a plan may qualify it."""
    return row.since is None and (row.lead_time is not None or row.cost is not None)


def opening(instance: Instance, row: Qualification) -> Span | None:
    """The period from which a maker is accepted whatever is decided; None if it is not within the horizon."""
    if row.since is None:
        return None if pending(row) else periods(instance)[0]
    return _first_from(instance, year_of(row.since))


def starts(instance: Instance, row: Qualification) -> list[tuple[Span, Span]]:
    """The periods in which a qualification may be started, each with the one in which it opens."""
    return instance.once(_starts)[row.key]


def _starts(instance: Instance) -> dict[str, list[tuple[Span, Span]]]:
    first = decisions_from(instance) - 1e-6
    open_to_decisions = [t for t in periods(instance) if t.start >= first]
    found = {}
    for row in instance[Qualification]:
        months = row.lead_time or 0.0
        pairs = [
            (t, _first_from(instance, t.start + moment(months, t.start) / 12))
            for t in open_to_decisions
            if pending(row)
        ]
        found[row.key] = [(t, opens) for t, opens in pairs if opens]
    return found


def _first_from(instance: Instance, moment: float) -> Span | None:
    return next((t for t in periods(instance) if t.start >= moment - 1e-6), None)


def accepted(instance: Instance, customer: str, maker: str, material: str, t: Span) -> bool:
    """Whether a customer takes a material from a maker in a period, or would if it were qualified in time."""
    asked, first = _asked(instance, customer, material), instance.once(_first)
    return not asked or any(first[row.key] <= t.number for row in asked if row.maker in (maker, "any"))


def _first(instance: Instance) -> dict[str, float]:
    """Number of the first period in which each row accepts its maker, or could; infinite for none."""
    found: dict[str, float] = {}
    for row in instance[Qualification]:
        opens = [opening(instance, row), *(span for _, span in starts(instance, row))]
        found[row.key] = min((span.number for span in opens if span), default=math.inf)
    return found


def _is_open(instance: Instance, row: Qualification, t: Span) -> bool:
    """Whether a row accepts its maker in a period whatever is decided."""
    opens = opening(instance, row)
    return opens is not None and opens.number <= t.number


def _asked(instance: Instance, customer: str, material: str) -> list[Qualification]:
    """The rows of a customer for a material."""
    rows = instance.once(_by_customer).get(customer, ())
    return [row for row in rows if row.material in (material, "any")]


def _by_customer(instance: Instance) -> dict[str, list[Qualification]]:
    found: dict[str, list[Qualification]] = {}
    for row in instance[Qualification]:
        found.setdefault(row.customer, []).append(row)
    return found


def first_year(instance: Instance) -> list[tuple[Qualification, Span, list[Demand]]]:
    """Rows whose first-year share holds, the period in which it does, and the demands that it is a share of."""
    found = []
    for row in instance[Qualification]:
        if row.first_year_share is None or row.since is None:
            continue
        t = opening(instance, row)
        if t is None or year_of(row.since) < periods(instance)[0].start - 1e-6:
            continue
        needs = [d for d in instance[Demand] if d.customer == row.customer and row.material in (d.material, "any")]
        found.append((row, t, needs))
    return found


def gates(path: Any, instance: Instance) -> dict[tuple[str, str, str, str], list[tuple[str, list[Any]]]]:
    """Flows that need a decision, by customer, material, maker and period: (maker, variables) of each maker.

    The maker is `any` where a row of any maker has a first-year share.
    """
    found: dict[tuple[str, str, str, str], list[tuple[str, list[Any]]]] = {}
    if not any(map(pending, instance[Qualification])):
        return found
    for t in periods(instance):
        by_maker: dict[tuple[str, str, str], list[Any]] = {}
        for customer in instance.once(_by_customer):
            for (i, j, material, *_), var in path.channels.by_pair.get((customer, t.id), ()):
                by_maker.setdefault((j, material, i), []).append(var)
        for (j, material, i), flows in by_maker.items():
            rows = [row for row in _asked(instance, j, material) if row.maker in (i, "any")]
            if not rows or any(_is_open(instance, row, t) for row in rows):
                continue
            found[j, material, i, t.id] = [(i, flows)]
            if any(row.maker == "any" and row.first_year_share is not None for row in rows):
                found.setdefault((j, material, "any", t.id), []).append((i, flows))
    return found


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variable qualify; rows of the first-year share, one a material, and of what waits for a qualification."""
    from pyomo.environ import Binary, Block, Constraint, Var, quicksum

    path.qualifications = block = Block()
    keys: dict[tuple[str, str, str, str], tuple[float, list[Any]]] = {}
    for row, t, needs in first_year(instance):
        for material in dict.fromkeys(d.material for d in needs):
            flows = [
                var
                for (i, j, m, _, _, t_id), var in path.channels.by_pair.get((row.customer, t.id), ())
                if m == material and row.maker in (i, "any") and j == row.customer and t_id == t.id
            ]
            needed = added(need(d, t) for d in needs if d.material == material)
            if flows:
                keys[row.customer, material, row.maker, t.id] = (row.first_year_share or 0.0) / 100 * needed, flows

    def share(_: Any, *key: str) -> Any:
        limit, flows = keys[key[0], key[1], key[2], key[3]]
        return quicksum(flows) <= limit

    block.first_year = Constraint(list(keys), rule=share)

    waiting = gates(path, instance)
    wanted = {
        row.key: row
        for row in instance[Qualification]
        if pending(row)
        and any(j == row.customer and row.material in (m, "any") and row.maker in (i, "any") for j, m, i, _ in waiting)
    }
    dates = {key: starts(instance, row) for key, row in wanted.items()}
    names = {key: (row.customer, row.material, row.maker) for key, row in wanted.items()}
    block.qualify = Var([(*names[key], s.id) for key in wanted for s, _ in dates[key]], within=Binary)
    qualify = dict(block.qualify.items())

    def started(key: str) -> list[Any]:
        return [qualify[(*names[key], s.id)] for s, _ in dates[key]]

    block.once = Constraint(
        [names[key] for key in wanted if dates[key]], rule=lambda _, *name: quicksum(started("|".join(name))) <= 1
    )

    def gate(_: Any, customer: str, material: str, maker: str, t_id: str) -> Any:
        t, makers = lots.spans[t_id], waiting[customer, material, maker, t_id]
        body, allowed = [var for _, flows in makers for var in flows], []
        for key, row in wanted.items():
            lets_in = [i for i, _ in makers if row.maker in (i, "any")]
            if row.customer == customer and row.material in (material, "any") and lets_in:
                most = added(_most(instance, i, customer, material, t) for i in lets_in)
                for s, opens in dates[key]:
                    if opens.number <= t.number:
                        limit = _first_share(instance, row, material, t) if opens is t else None
                        share = most if limit is None else smallest(limit, most)
                        allowed.append(share * qualify[(*names[key], s.id)])
        return quicksum(body) - quicksum(allowed) <= 0

    block.gate = Constraint(list(waiting), rule=gate)
    for key, row in wanted.items():
        for s, _ in dates[key] if row.cost else ():
            part = [((row.cost or 0.0) * 1000, qualify[(*names[key], s.id)])]
            ledger.pay(entity_of(instance, row.customer), "", "qualification", key, s, part, rows=(row,))


def _first_share(instance: Instance, row: Qualification, material: str, t: Span) -> float | None:
    """Tonnes of a material that a row lets in in the period in which it opens; None without a limit."""
    needs = [need(d, t) for d in instance[Demand] if (d.customer, d.material) == (row.customer, material)]
    return row.first_year_share / 100 * added(needs) if row.first_year_share is not None and needs else None


def _most(instance: Instance, maker: str, customer: str, material: str, t: Span) -> float:
    """The most that a maker can send a customer in a period, on all channels (t)."""
    from sourcing.components.bounds import most_flow  # bounds and channels read who is accepted

    ways = [h for h in instance.once(_by_ends).get((maker, customer, material), ()) if h.open(instance, t)]
    orders = [(h.offer.minimum_order or 0.0) * t.years if h.offer else 0.0 for h in ways]  # who orders takes as much
    return added(largest(least, most_flow(instance, h, t)) for least, h in zip(orders, ways, strict=True))


def _by_ends(instance: Instance) -> dict[tuple[str, str, str], list[Channel]]:
    from sourcing.components.channels import channels

    found: dict[tuple[str, str, str], list[Channel]] = {}
    for h in channels(instance):
        found.setdefault((h.origin, h.destination, h.material), []).append(h)
    return found


def decisions(solution: Solution) -> Iterator[Decision]:
    """The makers that a plan qualifies."""
    instance = solution.instance
    spans = {t.id: t for t in periods(instance)}
    for (customer, material, maker, t_id), value in solution.positive("qualifications.qualify"):
        if value > 0.5:
            row, t = instance.row(Qualification, f"{customer}|{material}|{maker}"), spans[t_id]
            opens = dict(starts(instance, row))[t]
            column = ("qualifications.qualify", (customer, material, maker, t_id))
            yield Decision("qualify", row.key, customer, t, 1.0, opens, row.cost or 0.0, column)


def alternatives(instance: Instance, decision: Decision) -> list[Span]:
    """The other periods in which a qualification could be started."""
    dates = starts(instance, instance.row(Qualification, decision.name))
    return [t for t, _ in dates if t.id != decision.start.id]


def told(solution: Solution) -> Iterator[tuple[str, str, str, str | None, str | None]]:
    """What the plan says of each row: name, customer, status, period in which it opens, remark."""
    instance = solution.instance
    taken = {decision.name: decision for decision in decisions(solution)}
    for row in instance[Qualification]:
        opens, status = opening(instance, row), "qualified"
        remarks = [] if row.first_year_share is None else [f"first-year share {row.first_year_share:g} %"]
        if decision := taken.get(row.key):
            opens = decision.opens
            status = f"qualifies in {opens.id}" if opens else "not yet qualified"
            remarks.insert(0, f"started in {decision.start.id}")
        elif opens is None:
            status = "not yet qualified"
        period = opens.id if opens else None
        yield f"{row.maker} for {row.material}", row.customer, status, period, "; ".join(remarks) or None


def checks(instance: Instance) -> list[Issue]:
    """Makers that cannot be qualified in time, and costs of those that are."""
    faults = []
    for row in instance[Qualification]:
        if pending(row) and not starts(instance, row):
            message = "cannot be qualified within the horizon: this maker stays closed"
            remedy = "write the date from which it is accepted, or a shorter lead time"
            faults.append(instance.issue(row, "lead_time", message, remedy, warning=True))
        if row.since is not None and row.cost:
            message = "is of a maker that has a date: it is sunk, and not counted"
            faults.append(instance.issue(row, "cost", message, "leave it blank", warning=True))
    return faults
