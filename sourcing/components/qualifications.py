"""Qualifications: which makers a customer accepts, and from when.

    a channel from maker i to customer j for m is open in t if j names nobody for m, or i from t or earlier
    first_year[j,m,i,t]:  Σ flow[i→j,m,c,t] <= share·years·Σ demand[j,m,t]     in the period t in which it opens [t]

What is not yet qualified stays so: qualifying as a decision is not planned yet.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sourcing.components.demand import Demand
from sourcing.components.horizon import Span, mean, periods
from sourcing.instance import Instance
from sourcing.sheets import Issue, Row, date, number, reference, sheet, year_of

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots


@sheet("Qualifications", "a maker that a customer accepts", key=("customer", "material", "maker"))
class Qualification(Row):
    """A customer with a row for a material takes it only from makers that a row names."""

    customer: str = reference("Customer", "Sites", "who accepts")
    material: str = reference("Material", "Materials", "what", also=("any",))
    maker: str = reference("Maker", "Sites", "whom", also=("any",))
    since: dt.date | None = date("From", "first day; blank with a lead time or cost is not yet qualified")
    lead_time: float | None = number("Lead time", "months", "to qualify", low=0)
    cost: float | None = number("Cost", "M USD", "to qualify", low=0)
    first_year_share: float | None = number(
        "First-year share", "%", "of the customer's demand, in the period in which it opens", low=0, high=100
    )


def opening(instance: Instance, row: Qualification) -> str | None:
    """The period from which a maker is accepted; None if it is not within the horizon."""
    if row.since is None:
        pending = row.lead_time is not None or row.cost is not None
        return None if pending else periods(instance)[0].id
    begins = year_of(row.since) - 1e-6
    return next((t.id for t in periods(instance) if t.start >= begins), None)


def accepted(instance: Instance, customer: str, maker: str, material: str, t: Span) -> bool:
    """Whether a customer takes a material from a maker in a period."""
    rows = instance.once(_by_customer).get(customer, ())
    rows = [row for row in rows if row.material in (material, "any")]
    if not rows:
        return True
    numbers = {span.id: span.number for span in periods(instance)}
    openings = [opening(instance, row) for row in rows if row.maker in (maker, "any")]
    return any(start is not None and numbers[start] <= t.number for start in openings)


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
        start = opening(instance, row)
        t = next((span for span in periods(instance) if span.id == start), None)
        if t is None or year_of(row.since) < periods(instance)[0].start - 1e-6:
            continue
        needs = [d for d in instance[Demand] if d.customer == row.customer and row.material in (d.material, "any")]
        found.append((row, t, needs))
    return found


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Rows of the first-year share, one a material."""
    from pyomo.environ import Block, Constraint, quicksum

    path.qualifications = block = Block()
    keys: dict[tuple[str, str, str, str], tuple[float, list[Any]]] = {}
    for row, t, needs in first_year(instance):
        for material in dict.fromkeys(d.material for d in needs):
            flows = [
                var
                for (i, j, m, _, _, t_id), var in path.channels.by_pair.get((row.customer, t.id), ())
                if m == material and row.maker in (i, "any") and j == row.customer and t_id == t.id
            ]
            need = sum(mean(d.demand, t) * t.years for d in needs if d.material == material)
            if flows:
                keys[row.customer, material, row.maker, t.id] = (row.first_year_share or 0.0) / 100 * need, flows

    def share(_: Any, *key: str) -> Any:
        limit, flows = keys[key[0], key[1], key[2], key[3]]
        return quicksum(flows) <= limit

    block.first_year = Constraint(list(keys), rule=share)


def checks(instance: Instance) -> list[Issue]:
    """Makers that this version does not qualify."""
    return [
        instance.issue(
            row,
            "since",
            "is not yet qualified, and qualifying is not planned yet: this maker stays closed",
            "write the date from which it is accepted",
            warning=True,
        )
        for row in instance[Qualification]
        if row.since is None and (row.lead_time is not None or row.cost is not None)
    ]
