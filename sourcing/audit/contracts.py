"""What was promised to partners: what is taken under contracts, missed, made good and paid."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sourcing.audit.books import ZERO, Books
from sourcing.audit.decisions import in_force, signed
from sourcing.audit.facts import MOMENT, Facts, Time, mean
from sourcing.audit.material import sums
from sourcing.audit.terms import qualified
from sourcing.audit.verdict import MONEY, Families
from sourcing.components.contracts import Contract


def ways(facts: Facts, books: Books | None, origin: str, destination: str, material: str, t: Time) -> list[str]:
    """Under what a site may ship a material to another in a period: `inside`, or `spot` and contracts.

    With the plan's `books`, as it decided; without, whatever it could have decided.
    """
    i, j, m = origin, destination, material
    joined = i != j and facts.may_send(i, m) and facts.may_take(j, m) and facts.lane(i, j, m)
    if not joined or qualified(facts, books, i, j, m, t) is None:
        return []
    if facts.owner(i) == facts.owner(j):
        return ["inside"]
    return [
        *(["spot"] if (i, m) in facts.offers else []),
        *(
            name
            for name, row in facts.contracts.items()
            if row.material == m and facts.covers(row.seller, i) and facts.covers(row.buyer, j)
            if (in_force(facts, books, row, t) if books else could_run(facts, row, t))
        ),
    ]


def could_run(facts: Facts, contract: Contract, t: Time) -> bool:
    """Whether a contract runs in a period, if the plan signs it as early as it may."""
    if contract.status == "signed":
        return facts.years(contract, t) > 0
    open_then = t.start >= facts.open_to_decisions - MOMENT
    return facts.years(contract, t) > 0 and open_then


def output_of(facts: Facts, books: Books, material: str, t: Time, covers: Callable[[str], bool]) -> dict[str, float]:
    """Tonnes of a material made in a period by site, at the sites that `covers` says."""
    made: dict[str, float] = defaultdict(float)
    for run in books.runs_of[t.id]:
        line = facts.line[run.process]
        if material in line.outputs and covers(run.site):
            made[run.site] += line.outputs[material] * run.activity
    return made


def quantities(facts: Facts, books: Books, contract: Contract, t: Time) -> tuple[float, float]:
    """Minimum and maximum of a contract in a period (t); an infinite maximum is none."""
    years = in_force(facts, books, contract, t)
    if not years:
        return 0.0, 0.0
    least = mean(contract.minimum, t, default=0.0) * years
    most = mean(contract.maximum, t, default=math.inf) * years
    if contract.minimum_share is not None or contract.maximum_share is not None:
        output = output_of(facts, books, contract.material, t, lambda s: facts.covers(contract.seller, s))
        made = sum(output.values()) * years / t.years
        least = max(least, made * mean(contract.minimum_share, t) / 100)
        share = mean(contract.maximum_share, t, default=math.inf)
        most = min(most, made * share / 100) if math.isfinite(share) else most
    return least, most


def ends(facts: Facts, contract: Contract) -> list[tuple[str, str]]:
    """The sites that a contract joins, buyer first."""
    sellers = [site for site in facts.sites if facts.covers(contract.seller, site)]
    buyers = [site for site in facts.sites if facts.covers(contract.buyer, site)]
    return [(j, i) for i in sellers for j in buyers]


def able(facts: Facts, contract: Contract, t: Time) -> list[tuple[str, str]]:
    """Those between which a channel of the contract is or could be open in a period."""
    ways_of = ((pair, ways(facts, None, pair[1], pair[0], contract.material, t)) for pair in ends(facts, contract))
    return [pair for pair, found in ways_of if contract.contract in found]


def parties(facts: Facts, contract: Contract, t: Time) -> tuple[list[str], list[str]]:
    """Buyers and sellers on the channels of a contract that are or could be open; all who signed if there are none."""
    pairs = able(facts, contract, t) or ends(facts, contract)
    buyers, sellers = ({facts.owner(pair[n]): None for pair in pairs} for n in (0, 1))
    return list(buyers), list(sellers)


def parts(facts: Facts, books: Books, contract: Contract, t: Time) -> dict[tuple[str, str], float]:
    """Share of each (buyer, seller) in what is paid under a contract for a period beside its price.

    Buyers share by what each of them takes and sellers by what each gives, in equal parts if nothing is taken. A pair
    bears the product of its two shares, whatever flows between the two: the contract is one, and so is its deficit.
    """
    taken: dict[str, float] = defaultdict(float)
    given: dict[str, float] = defaultdict(float)
    for flow in books.flows_of[t.id]:
        if flow.under == contract.contract:
            taken[facts.owner(flow.destination)] += flow.tonnes
            given[facts.owner(flow.origin)] += flow.tonnes
    whole = sum(taken.values())
    if whole <= ZERO:
        buyers, sellers = parties(facts, contract, t)
        taken, given = dict.fromkeys(buyers, 1 / len(buyers)), dict.fromkeys(sellers, 1 / len(sellers))
        whole = 1.0
    return {(b, s): part / whole * share / whole for b, part in taken.items() for s, share in given.items()}


def rebate(facts: Facts, contract: Contract, t: Time, taken: float) -> float:
    """What the seller pays back (M USD)."""
    if contract.rebate_from is None:
        return 0.0
    above = max(0.0, facts.before_floor(contract, t) - contract.rebate_from)
    amount = contract.rebate_share / 100 * above * taken / 1000
    return amount if contract.rebate_cap is None else min(amount, contract.rebate_cap * facts.years(contract, t))


# -------------------------------------------------------------------------------------------------- take-or-pay


@dataclass(frozen=True)
class Settled:
    """A contract's period: minimum, maximum, taken, missing, made good (t), and its take-or-pay (M USD)."""

    least: float
    most: float
    taken: float
    deficit: float
    made_good: float
    due: float


def make_good(missed: Sequence[float], wanted: Sequence[float], last: Sequence[int]) -> list[float]:
    """What of `wanted`, period by period, open deficits can cover (t).

    The deficit of a period may be made good from the next one up to number `last`. As an earlier one is never open
    for longer, taking the earliest first covers whatever can be covered.
    """
    still, covered = list(missed), []
    for now, tonnes in enumerate(wanted):
        left = tonnes
        for then in range(now):
            if last[then] >= now:
                part = min(left, still[then])
                still[then], left = still[then] - part, left - part
        covered.append(tonnes - left)
    return covered


def chosen(facts: Facts, contract: Contract) -> bool:
    """Whether make-up is the plan's choice: where the view counts what is paid for a deficit."""
    sides = [parties(facts, contract, t) for t in facts.times if facts.years(contract, t)]
    return any(facts.weight(b) > facts.weight(s) for buyers, sellers in sides for b in buyers for s in sellers)


def settle(facts: Facts, books: Books, contract: Contract) -> dict[str, Settled]:
    """Every period of a contract, by what flows under it.

    What is above a period's minimum makes good the earliest deficit that is open; where the plan chooses, as much of
    it as its table tells and deficits are open.
    """
    times = [t for t in facts.times if in_force(facts, books, contract, t)]
    flow = sums((f for f in books.flows if f.under == contract.contract), lambda f: f.period, lambda f: f.tonnes)
    bounds = [quantities(facts, books, contract, t) for t in times]
    taken = [flow.get(t.id, 0.0) for t in times]
    missed = [max(0.0, least - tonnes) for (least, _), tonnes in zip(bounds, taken, strict=True)]
    wanted = [max(0.0, tonnes - least) for (least, _), tonnes in zip(bounds, taken, strict=True)]
    if contract.makeup and chosen(facts, contract):
        told = {row.period: row.makeup for row in books.contracts if row.contract == contract.contract}
        wanted = [told.get(t.id, 0.0) for t in times]
    ends = [t.end + contract.makeup if contract.makeup else -math.inf for t in times]
    last = [max((n for n, t in enumerate(times) if t.start < end - MOMENT), default=-1) for end in ends]
    found = {}
    for n, (t, covered) in enumerate(zip(times, make_good(missed, wanted, last), strict=True)):
        price = facts.contract_price(contract, t)
        # firm: there may be no deficit
        part = contract.take_or_pay / 100 if isinstance(contract.take_or_pay, int | float) else 0.0
        found[t.id] = Settled(*bounds[n], taken[n], missed[n], covered, part * price * (missed[n] - covered) / 1000)
    return found


def check_contracts(facts: Facts, books: Books, families: Families) -> None:
    """Every promise to a partner."""
    check, makeup, money = families("contracts"), families("make-up"), families("contract money", MONEY)
    rows = {(row.contract, row.period): row for row in books.contracts}
    for name, contract in facts.contracts.items():
        settled = settle(facts, books, contract)
        for t in facts.times:
            where, row = f"{name} in {t.id}", rows.get((name, t.id))
            if not signed(facts, books, contract, t):
                check.holds(row is None, f"{where}: has a row, and is an option that is not signed then")
                continue
            if t.id not in settled:
                nothing = row is None or not (row.taken or row.deficit or row.makeup or row.take_or_pay)
                check.holds(nothing, f"{where}: does not run then")
                continue
            now = settled[t.id]
            check.at_most(now.taken, now.most, f"{where}: taken")
            if contract.take_or_pay == "firm":
                check.at_most(now.deficit, 0.0, f"{where}: is firm; not taken", size=now.least)
            if row is None:
                check.holds(False, f"{where}: has no row")
                continue
            known = (row.seller, row.buyer, row.material) == (
                str(contract.seller), str(contract.buyer), contract.material,
            )  # fmt: skip
            check.holds(known, f"{where}: its seller, buyer or material is not the contract's")
            check.equal(row.minimum, now.least, f"{where}: minimum")
            check.equal(row.taken, now.taken, f"{where}: taken")
            check.equal(row.deficit, now.deficit, f"{where}: deficit", size=now.least)
            check.holds(
                (row.maximum is None) == math.isinf(now.most), f"{where}: maximum is {row.maximum}, not {now.most:g}"
            )
            if row.maximum is not None and math.isfinite(now.most):
                check.equal(row.maximum, now.most, f"{where}: maximum")
            size = max(now.taken, now.least)
            makeup.equal(row.makeup, now.made_good, f"{where}: make-up", size=size)
            makeup.at_most(
                row.makeup, max(0.0, now.taken - now.least), f"{where}: made good above its minimum", size=size
            )
            price = facts.contract_price(contract, t)
            money.equal(math.nan if row.price is None else row.price, price, f"{where}: price (USD/kg)")
            money.equal(row.paid, price * now.taken / 1000, f"{where}: paid")
            money.equal(row.rebate, rebate(facts, contract, t, now.taken), f"{where}: rebate", size=row.paid)
            money.equal(row.take_or_pay, now.due, f"{where}: take-or-pay", size=price * size / 1000)
