"""Take-or-pay: the minimum of a contract, what is paid for tonnes below it, and the right to take them later.

    least[k,t]:        Σ flow + deficit - Σ_v makeup[k,v,t] >= years·minimum·signed[k,t]                           [t]
    least_share[k,t]:  Σ flow + deficit - Σ_v makeup[k,v,t] >= share·output - M·(1 - signed[k,t])                  [t]
    owed[k,t]:         deficit <= (years·minimum, or M)·signed[k,t]        of an option; M = share·most output      [t]
    vintage[k,v]:      Σ_t makeup[k,v,t] <= deficit[k,v],  t after v and within the make-up years of its end       [t]
    pays               share·price[t]·(deficit[k,t] - Σ_v makeup[k,v,t])           on top of the price of what is taken
                                                                                                                 [k$]
A firm contract has no deficit. A tonne that is made good was paid in part, so its buyer pays the rest of the price of
the period in which it is taken. Make-up counts only above the period's own minimum, and a deficit is no more than what
is missing; with make-up rights that needs a binary above[k,t]:

    above[k,t] = 1:  deficit = 0        above[k,t] = 0:  Σ_v makeup = 0 and Σ flow + deficit <= minimum

In a period without a minimum nothing is missing, and Σ_v makeup <= Σ flow.

Deficit and make-up are variables of the model where the view counts them. Elsewhere (a payment between two allies in
the system view) they are worked out from the flows, earliest deficit first, and only reported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sourcing.components.bounds import most_made
from sourcing.components.contracts import (
    Contract,
    contract_overlap,
    contract_price,
    contracts,
    firm,
    is_signed,
    least_tonnes,
    may_hold,
    most_taken,
    most_tonnes,
    parties,
    signed,
    taken,
)
from sourcing.components.expressions import total
from sourcing.components.horizon import Span, at, periods
from sourcing.components.production import output
from sourcing.instance import Instance
from sourcing.sheets import InstanceError, Issue
from sourcing.tables import Table, fields
from sourcing.traced import added, largest

if TYPE_CHECKING:
    from sourcing.ledger import Ledger, Terms
    from sourcing.lots import Lots
    from sourcing.solver import Solution

Value = Callable[["Terms"], float]


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables deficit, makeup and above; rows of the minimum and of what may be made good."""
    from pyomo.environ import Binary, Block, Constraint, NonNegativeReals, Var, quicksum

    path.takeorpay = block = Block()
    duties = {
        (row.contract, t.id): (row, t)
        for row, _, _ in contracts(instance)
        for t in periods(instance)
        if may_hold(instance, row, t) and (least_tonnes(row, t) or row.minimum_share or _regains(instance, row, t))
    }
    soft = [key for key, (row, _) in duties.items() if not firm(row)]
    block.deficit = Var(soft, within=NonNegativeReals)
    vintages = [
        (row.contract, v.id, t.id)
        for row, _, _ in contracts(instance)
        for v in periods(instance)
        for t in window(instance, row, v)
        if (row.contract, v.id) in block.deficit and least_tonnes(row, v) and _counts(path, instance, ledger, row, v)
    ]
    block.makeup = Var(vintages, within=NonNegativeReals)
    rights = {key for key in soft if any(key[0] == k for k, _, _ in vintages)}
    block.above = Var(sorted(rights), within=Binary)

    def made_good(k: str, t_id: str) -> list[Any]:
        return [block.makeup[contract, v, t] for contract, v, t in vintages if (contract, t) == (k, t_id)]

    def covered(k: str, t_id: str) -> Any:
        body = total(path, taken(path, k, t_id))
        if (k, t_id) in block.deficit:
            body = body + block.deficit[k, t_id]
        return body - quicksum(made_good(k, t_id))

    def share_of_output(k: str, t_id: str) -> Any:
        row, t = duties[k, t_id]
        return quicksum(part * var for part, var in _share(path, instance, row, t))

    def times_signed(key: tuple[str, str], tonnes: float) -> tuple[float, Any]:
        """Tonnes that hold if a contract is signed: a constant and an expression."""
        constant, terms = signed(path, instance, *duties[key])
        return tonnes * constant, quicksum(tonnes * part * var for part, var in terms)

    def least(_: Any, k: str, t_id: str) -> Any:
        constant, option = times_signed((k, t_id), least_tonnes(*duties[k, t_id]))
        return covered(k, t_id) - option >= constant

    def least_share(_: Any, k: str, t_id: str) -> Any:
        body = covered(k, t_id) - share_of_output(k, t_id)
        if duties[k, t_id][0].status == "signed":
            return body >= 0
        most = _most_share(instance, *duties[k, t_id])
        return body - times_signed((k, t_id), most)[1] >= -most

    def owed(_: Any, k: str, t_id: str) -> Any:
        tonnes = largest(least_tonnes(*duties[k, t_id]), _most_share(instance, *duties[k, t_id]))
        return block.deficit[k, t_id] - times_signed((k, t_id), tonnes)[1] <= 0

    block.least = Constraint([key for key, (row, t) in duties.items() if least_tonnes(row, t)], rule=least)
    block.least_share = Constraint([key for key, (row, _) in duties.items() if row.minimum_share], rule=least_share)
    block.owed = Constraint([key for key in soft if duties[key][0].status == "option"], rule=owed)
    block.vintage = Constraint(
        sorted({(k, v) for k, v, _ in vintages}),
        rule=lambda _, k, v: quicksum(block.makeup[i] for i in vintages if i[:2] == (k, v)) <= block.deficit[k, v],
    )
    for key in soft:
        if not duties[key][0].minimum_share:
            block.deficit[key].setub(least_tonnes(*duties[key]))
    most = {key: most_taken(path, instance, *duties[key]) for key in rights}

    def none_above(_: Any, k: str, t_id: str) -> Any:
        return block.deficit[k, t_id] <= least_tonnes(*duties[k, t_id]) * (1 - block.above[k, t_id])

    def makeup_above(_: Any, k: str, t_id: str) -> Any:
        made = made_good(k, t_id)
        if not made:
            return Constraint.Skip
        if not least_tonnes(*duties[k, t_id]):
            return quicksum(made) <= total(path, taken(path, k, t_id))
        paid = added(least_tonnes(*duties[k, v]) for contract, v, t in vintages if (contract, t) == (k, t_id))
        return quicksum(made) <= paid * block.above[k, t_id]

    def no_more_than_missing(_: Any, k: str, t_id: str) -> Any:
        body = total(path, taken(path, k, t_id)) + block.deficit[k, t_id]
        return body <= least_tonnes(*duties[k, t_id]) + most[k, t_id] * block.above[k, t_id]

    block.none_above = Constraint(sorted(rights), rule=none_above)
    block.makeup_above = Constraint(sorted(rights), rule=makeup_above)
    block.missing = Constraint(sorted(rights), rule=no_more_than_missing)

    for key in soft:
        row, t = duties[key]
        price = contract_price(instance, row, t) * float(row.take_or_pay) / 100
        if not price:
            continue
        buyers, sellers = parties(path, instance, *key)
        if not (ledger.agree(buyers) and ledger.agree(sellers)):
            message = f"a minimum shared by parties of which the {ledger.view} view counts only some is not planned yet"
            raise InstanceError([instance.issue(row, "buyer", message, "write a contract for each")])

        def paid(value: Value, row: Contract = row, t: Span = t, price: float = price) -> float:
            missed, regained = settled(path, instance, row, t, value)
            return price * (missed - regained)

        terms = [(price, block.deficit[key]), *((-price, var) for var in made_good(*key))]
        exact = None if key in rights else paid
        ledger.pay(buyers, sellers, "take-or-pay", row.contract, t, terms, exact=exact, rows=(row,))


def _counts(path: Any, instance: Instance, ledger: Ledger, row: Contract, t: Span) -> bool:
    buyers, sellers = parties(path, instance, row.contract, t.id)
    return ledger.factor(buyers, sellers, "take-or-pay") > 0


def _share(path: Any, instance: Instance, row: Contract, t: Span) -> list[tuple[float, Any]]:
    """The minimum share of the seller's output, as terms."""
    part = (at(row.minimum_share, t) or 0.0) / 100 * contract_overlap(row, t) / t.years
    sellers = next(sites for other, sites, _ in contracts(instance) if other is row)
    return [(part * k, var) for site in sorted(sellers) for k, var in output(path, site, row.material, t)]


def _most_share(instance: Instance, row: Contract, t: Span) -> float:
    """A bound on the minimum share of the seller's output (t)."""
    share = at(row.minimum_share, t)
    if not share:
        return 0.0
    sellers = next(sites for other, sites, _ in contracts(instance) if other is row)
    made = added(most_made(instance, site, row.material, t) for site in sorted(sellers))
    if math.isinf(made):
        message = "nothing in the data bounds what the seller could make, so an option on a share of it has no bound"
        raise InstanceError([instance.issue(row, "minimum_share", message, "give the seller's units a capacity")])
    return share / 100 * contract_overlap(row, t) / t.years * made


def window(instance: Instance, row: Contract, v: Span) -> list[Span]:
    """The periods in which a deficit of period v may still be made good: those that begin within the make-up years."""
    if not row.makeup:
        return []
    return [
        t
        for t in periods(instance)
        if t.number > v.number and t.start < v.end + row.makeup - 1e-6 and contract_overlap(row, t)
    ]


def _regains(instance: Instance, row: Contract, t: Span) -> bool:
    """Whether a deficit of an earlier period could be made good in a period, which may have no minimum of its own."""
    return any(least_tonnes(row, v) and t in window(instance, row, v) for v in periods(instance))


def least_of(path: Any, instance: Instance, row: Contract, t: Span, value: Value) -> float:
    """Tonnes that had to be taken in a period, of a solved path; none under an option that is not signed."""
    constant, terms = signed(path, instance, row, t)
    if constant + value(terms) < 0.5:
        return 0.0
    return max(least_tonnes(row, t), value(_share(path, instance, row, t)) if row.minimum_share else 0.0)


def settled(path: Any, instance: Instance, row: Contract, t: Span, value: Value) -> tuple[float, float]:
    """Deficit and make-up of a period in a solved path (t).

    As the model decided where it counts them; else from the flows: what is above a period's own minimum makes good
    the earliest deficit that is still open.
    """
    block, k = path.takeorpay, row.contract
    if (k, t.id) in block.above:
        regained = [(1.0, var) for (c, _, when), var in block.makeup.items() if (c, when) == (k, t.id)]
        return value([(1.0, block.deficit[k, t.id])]), value(regained)
    open_deficits: dict[str, float] = {}
    for s in periods(instance):
        if not contract_overlap(row, s):
            continue
        least = least_of(path, instance, row, s, value)
        flow = value([(1.0, var) for var in taken(path, k, s.id)])
        missed, above, regained_here = max(0.0, least - flow), max(0.0, flow - least), 0.0
        for v in periods(instance):
            if open_deficits.get(v.id) and s in window(instance, row, v):
                part = min(above, open_deficits[v.id])
                open_deficits[v.id] -= part
                above -= part
                regained_here += part
        if s is t:
            return missed, regained_here
        open_deficits[s.id] = missed
    return 0.0, 0.0


def checks(instance: Instance) -> list[Issue]:
    """Make-up rights that cannot be."""
    faults = []
    for row, _, _ in contracts(instance):
        if row.makeup and firm(row):
            faults.append(
                instance.issue(row, "makeup", "a firm contract has no deficit to make good", "clear the cell")
            )
        if row.makeup and row.minimum_share:
            message = "make-up rights of a minimum share are not planned: what is paid and not taken is lost"
            faults.append(instance.issue(row, "makeup", message, "give the minimum in t/y"))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What each contract takes, misses, costs and pays back; an option only in periods in which it is signed."""
    instance = solution.instance
    table = Table(
        "Contracts",
        fields(
            "Contract", "Seller", "Buyer", "Material", "Period", ("Minimum", "t"), ("Taken", "t"), ("Maximum", "t"),
            ("Deficit", "t"), ("Make-up", "t"), ("Price", "USD/kg"), ("Paid", "M USD"), ("Rebate", "M USD"),
            ("Take-or-pay", "M USD"),
        ),
        "What is taken under each contract; Paid is for tonnes taken, before the rebate. Take-or-pay is for tonnes "
        "missing, less what was paid before for tonnes made good. An option stands here once it is signed.",
    )  # fmt: skip
    amounts: dict[tuple[str, str, str], float] = {}
    for entry, amount in solution.amounts():
        if entry.kind in ("rebate", "take-or-pay"):
            key = (entry.where, entry.period.id, entry.kind)
            amounts[key] = amounts.get(key, 0.0) + amount / 1000
    for row, sellers, _ in contracts(instance):
        for t in periods(instance):
            if not contract_overlap(row, t) or not is_signed(solution, row, t):
                continue
            tonnes = solution.total([(1.0, var) for var in taken(solution.path, row.contract, t.id)])
            made = solution.total(
                [pair for site in sorted(sellers) for pair in output(solution.path, site, row.material, t)]
            )
            part = contract_overlap(row, t) / t.years * made / 100
            least = max(least_tonnes(row, t), (at(row.minimum_share, t) or 0.0) * part)
            share = at(row.maximum_share, t)
            tops = [most_tonnes(row, t), None if share is None else share * part]
            most = min((top for top in tops if top is not None and top != float("inf")), default=None)
            price = contract_price(instance, row, t)
            missed, regained = settled(solution.path, instance, row, t, solution.total)
            table.add(
                row.contract, str(row.seller), str(row.buyer), row.material, t.id, least, tonnes, most, missed,
                regained, price, price * tonnes / 1000, amounts.get((row.contract, t.id, "rebate"), 0.0),
                amounts.get((row.contract, t.id, "take-or-pay"), 0.0),
            )  # fmt: skip
    return [table]
