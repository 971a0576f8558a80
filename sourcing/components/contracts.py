"""Contracts: offtakes that are signed or could be, their price, what may be taken under them and what is paid back.

    sign[k,t] in {0, 1}                                    an option is signed at the start of t                   [1]
    signed[k,t] = Σ_{s<=t} sign[k,s];  1 for a contract that is signed already                                     [1]
    once[k]:         Σ_t sign[k,t] <= 1                                                                            [1]
    price[k,t] = min(cap, max(floor, P)),  P = fixed, or index·(1 + premium)                                 [USD/kg]
    most[k,t]:       Σ flow <= years·maximum·signed[k,t]   most_share:  Σ flow <= share·output                     [t]
    only_signed[k,t]: Σ flow <= M·signed[k,t]              of an option without a maximum; M is in `bounds`        [t]
    rebate[k,t] <= share·max(0, P - rebate from)·Σ flow;  rebate[k,t] <= years·cap                                [k$]

Years are those of the contract that lie in the period. The rebate is a variable only where the view gives it a price
that pushes it tight; what is reported is worked out from the flows. The minimum is in `takeorpay`. The signing cost is
paid once, in the period of signing, in equal parts by the parties whose sites may buy.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sourcing.components.decisions import Decision
from sourcing.components.horizon import Span, at, decisions_from, mean, periods
from sourcing.components.materials import Material
from sourcing.components.places import entity_of, select_sites
from sourcing.components.production import output
from sourcing.components.trade import index_price
from sourcing.instance import Instance
from sourcing.ledger import Party, Terms
from sourcing.sheets import (
    PLACES,
    Amount,
    InstanceError,
    Issue,
    Row,
    Selector,
    Series,
    choice,
    date,
    identifier,
    number,
    over_time,
    reference,
    selector,
    sheet,
    year_of,
    yesno,
)
from sourcing.traced import added, largest, smallest

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Contracts", "an offtake", key=("contract",))
class Contract(Row):
    """A right, and with a minimum a duty, to buy one material from one seller."""

    contract: str = identifier("Contract", "short name")
    seller: Selector = selector("Seller", ("Sites", "Entities"), ("entity",), "site or entity that sells")
    buyer: Selector = selector("Buyer", ("Sites", "Entities"), PLACES, "sites that may take")
    material: str = reference("Material", "Materials", "what")
    since: dt.date | None = date("From", "first day; blank is always")
    until: dt.date | None = date("To", "last day; a year is included", last=True)
    minimum: Series | None = over_time("Minimum", "t/y", "least taken; blank is 0", required=False, low=0)
    maximum: Series | None = over_time(
        "Maximum", "t/y", "most taken; blank is no limit", required=False, low=0, limit=True
    )
    minimum_share: Amount | None = number("Minimum share", "%", "of the seller's output", low=0, high=100)
    maximum_share: Amount | None = number("Maximum share", "%", "of the seller's output", low=0, high=100)
    index: str = reference("Index", "Prices", "price index; blank is the material's", required=False)
    premium: Amount = number("Premium", "%", "on the index", default=0.0)
    fixed: Amount | None = number("Fixed", "USD/kg", "a fixed price in place of an index", low=0)
    floor: Amount | None = number("Floor", "USD/kg", "least price", low=0)
    cap: Amount | None = number("Cap", "USD/kg", "highest price", low=0)
    rebate_from: float | None = number("Rebate from", "USD/kg", "market price above which a part is paid back", low=0)
    rebate_share: float = number(
        "Rebate share", "%", "of what the market price is above it", default=0.0, low=0, high=100
    )
    rebate_cap: float | None = number("Rebate cap", "M USD/y", "most paid back in a year; blank is no limit", low=0)
    take_or_pay: float | str = number(
        "Take-or-pay",
        "%",
        "of the price, for tonnes below the minimum; firm: must flow",
        default=100.0,
        low=0,
        high=100,
        words=("firm",),
    )
    makeup: float = number("Make-up", "years", "years in which paid tonnes may still be taken", default=0.0, low=0)
    delivered: bool = yesno("Delivered", "does the price include freight?", default=False)
    status: str = choice("Status", "signed, or an option that a plan may sign", ("signed", "option"), default="signed")
    signing_cost: float = number("Signing cost", "M USD", "of an option", default=0.0, low=0)


def contracts(instance: Instance) -> list[tuple[Contract, frozenset[str], frozenset[str]]]:
    """Signed contracts and options, each with the sites that may sell and those that may buy."""
    return instance.once(_contracts)


def _contracts(instance: Instance) -> list[tuple[Contract, frozenset[str], frozenset[str]]]:
    return [(row, select_sites(instance, row.seller), select_sites(instance, row.buyer)) for row in instance[Contract]]


def signings(instance: Instance, row: Contract) -> list[Span]:
    """The periods in which an option may be signed: open to decisions, and within its dates."""
    if row.status == "signed":
        return []
    first = decisions_from(instance) - 1e-6
    return [t for t in periods(instance) if t.start >= first and contract_overlap(row, t) > 0]


def may_hold(instance: Instance, row: Contract, t: Span) -> bool:
    """Whether anything could flow under a contract in a period: it is in its dates, and signed or could be by then."""
    could = row.status == "signed" or any(s.number <= t.number for s in signings(instance, row))
    return could and contract_overlap(row, t) > 0


def signed(path: Any, instance: Instance, row: Contract, t: Span) -> tuple[float, Terms]:
    """Whether a contract is signed in a period: a constant, and terms in `sign`."""
    if row.status == "signed":
        return 1.0, []
    sign = path.contracts.sign
    return 0.0, [(1.0, sign[row.contract, s.id]) for s in signings(instance, row) if s.number <= t.number]


def is_signed(solution: Solution, row: Contract, t: Span) -> bool:
    """Whether a contract is signed in a period of a solved path."""
    constant, terms = signed(solution.path, solution.instance, row, t)
    return constant + solution.total(terms) > 0.5


def contract_overlap(row: Contract, t: Span) -> float:
    """Years of a period in which a contract holds."""
    start = year_of(row.since) if row.since else t.start
    end = year_of(row.until + dt.timedelta(days=1)) if row.until else t.end
    return t.overlap(start, end)


def reference_price(instance: Instance, row: Contract, t: Span) -> float:
    """The price before floor and cap, USD/kg: fixed, or index and premium."""
    fixed = at(row.fixed, t)
    if fixed is not None:
        return fixed
    index = row.index or instance.row(Material, row.material).index
    return index_price(instance, index, t) * (1 + at(row.premium, t) / 100)


def contract_price(instance: Instance, row: Contract, t: Span) -> float:
    """What a buyer pays before any rebate, USD/kg."""
    price = reference_price(instance, row, t)
    floor, cap = at(row.floor, t), at(row.cap, t)
    price = price if floor is None else largest(price, floor)
    return price if cap is None else smallest(price, cap)


def rebate_rate(instance: Instance, row: Contract, t: Span) -> float:
    """What is paid back on a tonne before the cap, k USD."""
    if row.rebate_from is None:
        return 0.0
    return row.rebate_share / 100 * largest(0.0, reference_price(instance, row, t) - row.rebate_from)


def least_tonnes(row: Contract, t: Span) -> float:
    """Tonnes that must be taken in a period, shares of output aside."""
    return mean(row.minimum, t) * contract_overlap(row, t) if row.minimum else 0.0


def most_tonnes(row: Contract, t: Span) -> float | None:
    """Tonnes that may be taken in a period, shares of output aside."""
    return mean(row.maximum, t) * contract_overlap(row, t) if row.maximum else None


def firm(row: Contract) -> bool:
    """Whether the minimum must flow."""
    return row.take_or_pay == "firm"


def taken(path: Any, contract: str, period: str) -> list[Any]:
    """The flows under a contract in a period."""
    return [var for _, part in path.channels.by_contract.get((contract, period), ()) for var in part]


def parties(path: Any, instance: Instance, contract: str, period: str) -> tuple[Party, Party]:
    """Buyers and sellers under a contract in a period; several share by what each takes or gives."""
    found = []
    row = instance.row(Contract, contract)
    for end, signed in (("destination", row.buyer), ("origin", row.seller)):
        shares: dict[str, Terms] = {}
        for h, part in path.channels.by_contract.get((contract, period), ()):
            shares.setdefault(entity_of(instance, getattr(h, end)), []).extend((1.0, var) for var in part)
        if not shares:  # nobody can take: those who signed bear it
            shares = {entity_of(instance, site): [] for site in sorted(select_sites(instance, signed))}
        found.append(next(iter(shares)) if len(shares) == 1 else tuple(shares.items()))
    return found[0], found[1]


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables sign and rebate; rows of signing, of the maximum and of what is paid back."""
    from pyomo.environ import Binary, Block, Constraint, NonNegativeReals, Var, quicksum

    path.contracts = block = Block()
    dates = {row.contract: dates for row, _, _ in contracts(instance) if (dates := signings(instance, row))}
    block.sign = Var([(k, t.id) for k in dates for t in dates[k]], within=Binary)
    block.once = Constraint(list(dates), rule=lambda _, k: quicksum(block.sign[k, t.id] for t in dates[k]) <= 1)
    times = [
        (row, sellers, t)
        for row, sellers, _ in contracts(instance)
        for t in periods(instance)
        if contract_overlap(row, t)
    ]
    flows = {(row.contract, t.id): taken(path, row.contract, t.id) for row, _, t in times}
    made = {
        (row.contract, t.id): [pair for site in sorted(sellers) for pair in output(path, site, row.material, t)]
        for row, sellers, t in times
    }
    rows = {(row.contract, t.id): (row, t) for row, _, t in times}

    def at_most(key: tuple[str, str], limit: float) -> Any:
        constant, terms = signed(path, instance, *rows[key])
        if not flows[key]:
            return Constraint.Skip
        return quicksum(flows[key]) - quicksum(limit * part * var for part, var in terms) <= limit * constant

    def most(_: Any, *key: str) -> Any:
        limit = most_tonnes(*rows[key])  # type: ignore[index]
        return Constraint.Skip if limit is None or math.isinf(limit) else at_most(key, limit)  # type: ignore[arg-type]

    def only_signed(_: Any, *key: str) -> Any:
        row, t = rows[key]  # type: ignore[index]
        limit = most_tonnes(row, t)
        if row.status == "signed" or (limit is not None and math.isfinite(limit)):
            return Constraint.Skip
        return at_most(key, most_taken(path, instance, row, t))  # type: ignore[arg-type]

    def most_share(_: Any, k: str, t_id: str) -> Any:
        row, t = rows[k, t_id]
        share = at(row.maximum_share, t)
        if share is None or not flows[k, t_id]:
            return Constraint.Skip
        part = share / 100 * contract_overlap(row, t) / t.years
        return quicksum(flows[k, t_id]) <= quicksum(part * rate * var for rate, var in made[k, t_id])

    block.most = Constraint(list(rows), rule=most)
    block.only_signed = Constraint(list(rows), rule=only_signed)
    block.most_share = Constraint(list(rows), rule=most_share)

    def pushes(key: tuple[str, str]) -> bool:
        buyers, sellers = parties(path, instance, *key)
        return ledger.factor(sellers, buyers, "rebate") < 0

    paid_back = [key for key, (row, t) in rows.items() if rebate_rate(instance, row, t) and flows[key]]
    pushed = [key for key in paid_back if pushes(key)]
    block.rebate = Var(pushed, within=NonNegativeReals)

    def granted(_: Any, *key: str) -> Any:
        row, t = rows[key]  # type: ignore[index]
        return block.rebate[key] <= quicksum(rebate_rate(instance, row, t) * var for var in flows[key])  # type: ignore[index]

    block.granted = Constraint(pushed, rule=granted)
    for key in paid_back:
        row, t = rows[key]
        cap = _rebate_cap(row, t)
        if key in block.rebate and cap is not None:
            block.rebate[key].setub(cap)
        buyers, sellers = parties(path, instance, *key)
        rate, back = rebate_rate(instance, row, t), [(1.0, var) for var in flows[key]]
        terms = [(1.0, block.rebate[key])] if key in block.rebate else [(rate, var) for var in flows[key]]
        if not (ledger.agree(buyers) and ledger.agree(sellers)) or (
            cap is not None and ledger.factor(sellers, buyers, "rebate") > 0
        ):
            message = (
                f"a rebate that the {ledger.view} view counts as a cost, or for some buyers only, is not planned yet"
            )
            raise InstanceError(
                [instance.issue(row, "rebate_share", message, "choose the other view, or clear the rebate")]
            )

        def exact(value: Any, rate: float = rate, back: Any = back, cap: float | None = cap) -> float:
            full: float = rate * value(back)
            return full if cap is None else min(full, cap)

        ledger.pay(sellers, buyers, "rebate", row.contract, t, terms, exact=exact, rows=(row,))

    for row, _, _ in contracts(instance):
        payers = signers(instance, row)
        for t in dates.get(row.contract, ()) if row.signing_cost else ():
            for payer in payers:
                part = [(row.signing_cost * 1000 / len(payers), block.sign[row.contract, t.id])]
                ledger.pay(payer, "", "signing", row.contract, t, part, rows=(row,))


def signers(instance: Instance, row: Contract) -> list[str]:
    """The parties that bear a signing cost, in equal parts: those whose sites may buy and have a use for it."""
    from sourcing.components.channels import usable  # channels reads contracts

    users = usable(instance).get(row.material, set())
    sellers = {entity_of(instance, site) for site in select_sites(instance, row.seller)}
    buyers = [(site, entity_of(instance, site)) for site in sorted(select_sites(instance, row.buyer))]
    found = dict.fromkeys(name for site, name in buyers if site in users and name not in sellers)
    return list(found or dict.fromkeys(name for _, name in buyers))


def most_taken(path: Any, instance: Instance, row: Contract, t: Span) -> float:
    """A bound on what can flow under a contract in a period (t): its maximum, or what its channels can carry."""
    from sourcing.components.bounds import most_flow  # bounds reads what contracts ask for

    limit = most_tonnes(row, t)
    open_channels = [h for h, part in path.channels.by_contract.get((row.contract, t.id), ()) if part]
    carried = added(most_flow(instance, h, t) for h in open_channels)
    return carried if limit is None else smallest(limit, carried)


def _rebate_cap(row: Contract, t: Span) -> float | None:
    return None if row.rebate_cap is None else row.rebate_cap * 1000 * contract_overlap(row, t)


def decisions(solution: Solution) -> Iterator[Decision]:
    """The options that a plan signs."""
    spans = {t.id: t for t in periods(solution.instance)}
    for index, value in solution.positive("contracts.sign"):
        if value > 0.5:
            row, t = solution.instance.row(Contract, index[0]), spans[index[1]]
            where = f"{row.seller} → {row.buyer}"
            column = ("contracts.sign", (row.contract, t.id))
            yield Decision("sign", row.contract, where, t, 1.0, t, row.signing_cost, column)


def alternatives(instance: Instance, decision: Decision) -> list[Span]:
    """The other periods in which an option could be signed."""
    dates = signings(instance, instance.row(Contract, decision.name))
    return [t for t in dates if t.id != decision.start.id]


def checks(instance: Instance) -> list[Issue]:
    """Contracts without price or parties, minimum above maximum, options that come too late, and sunk signing costs."""
    faults = []
    for row in instance[Contract]:
        for field in ("seller", "buyer"):
            if not select_sites(instance, getattr(row, field)):
                faults.append(instance.issue(row, field, "means no site", "name a site, or a party that has one"))
        if row.fixed is None and not row.index and not instance.row(Material, row.material).index:
            message = f"no price: neither Index nor Fixed is given, and {row.material} has no price index"
            faults.append(instance.issue(row, "index", message, "name an index"))
        if row.fixed is not None and row.index:
            faults.append(instance.issue(row, "fixed", "Index is filled too", "fill one of the two"))
        for t in periods(instance):
            floor, cap = at(row.floor, t), at(row.cap, t)
            if floor is not None and cap is not None and floor > cap:
                faults.append(instance.issue(row, "floor", f"is above the cap of {cap:g}", "correct one"))
                break
        if any(at(row.premium, t) < -100 for t in periods(instance)):
            faults.append(instance.issue(row, "premium", "makes the price negative", "write -100 or more"))
        if row.since and row.until and row.until < row.since:
            faults.append(instance.issue(row, "until", "is before From", "write a later date"))
        for t in periods(instance):
            least, most = least_tonnes(row, t), most_tonnes(row, t)
            if most is not None and least > most + 1e-9:
                message = f"is above the maximum in {t.id}: {least:g} t against {most:g} t"
                faults.append(instance.issue(row, "minimum", message, "lower it, or raise the maximum"))
                break
        shares = [(at(row.minimum_share, t), at(row.maximum_share, t)) for t in periods(instance)]
        if any(least is not None and most is not None and least > most for least, most in shares):
            faults.append(instance.issue(row, "minimum_share", "is above the maximum share", "correct one"))
        if row.rebate_share and row.rebate_from is None:
            faults.append(instance.issue(row, "rebate_from", "a share is given, but not from which price", "give it"))
        if row.status == "signed" and row.signing_cost:
            message = "is of a contract that is signed already: it is sunk, and not counted"
            faults.append(instance.issue(row, "signing_cost", message, "leave it blank", warning=True))
        if row.status == "option" and not signings(instance, row):
            message = "cannot be signed: no period that is open to decisions lies in its dates"
            faults.append(instance.issue(row, "status", message, "write a later To, or signed if it is", warning=True))
    return faults
