"""What the plan decides: which options it signs, which projects it starts, which makers it qualifies, and when.

A decision is taken at the start of a period. What is built stands in two tables of the plan, which must agree; what is
signed or qualified is known from its decision alone.
"""

from __future__ import annotations

from collections import defaultdict

from sourcing.audit.books import Books
from sourcing.audit.facts import MOMENT, Facts, Time, months_from
from sourcing.audit.records import Decision
from sourcing.audit.verdict import MONEY, Families, Family
from sourcing.components.contracts import Contract
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.sheets import year_of

STEP = 1e-6
"""Fewer steps than this are none, and a number that is nearer than this to a whole one is whole."""

# -------------------------------------------------------------------------------------------------- contracts


def signed(facts: Facts, books: Books, contract: Contract, t: Time) -> bool:
    """Whether a contract is signed by a period: from the beginning, or as an option that the plan has taken."""
    if contract.status == "signed":
        return True
    taken = books.decided.get(("sign", contract.contract), ())
    return any(facts.time[decision.period].start <= t.start + MOMENT for decision in taken)


def in_force(facts: Facts, books: Books, contract: Contract, t: Time) -> float:
    """Years of a period in which a contract runs and is signed; 0 is closed."""
    return facts.years(contract, t) if signed(facts, books, contract, t) else 0.0


def signing_parts(facts: Facts, contract: Contract) -> dict[str, float]:
    """What each party that may buy, and has a use for it, pays of a signing cost (M USD): equal parts."""
    sellers = {facts.owner(site) for site in facts.sites if facts.covers(contract.seller, site)}
    buyers = [site for site in facts.sites if facts.covers(contract.buyer, site)]
    using = [site for site in buyers if facts.may_take(site, contract.material) and facts.owner(site) not in sellers]
    payers = dict.fromkeys(facts.owner(site) for site in using or buyers)
    return {payer: contract.signing_cost / len(payers) for payer in payers}


# -------------------------------------------------------------------------------------------------- qualifications


def pending(row: Qualification) -> bool:
    """Whether a maker is not yet qualified, so that the plan may start it."""
    return row.since is None and (row.lead_time is not None or row.cost is not None)


def opens(facts: Facts, row: Qualification, t: Time) -> Time | None:
    """The period in which a qualification opens that is started in another; None after the horizon."""
    return facts.first_from(t.start + months_from(row.lead_time, t.start) / 12)


def opening(facts: Facts, books: Books, row: Qualification) -> Time | None:
    """The period in which a qualification opens as the plan decided; None if it does not."""
    taken = books.decided.get(("qualify", f"{row.customer}|{row.material}|{row.maker}"), ())
    found = [opens(facts, row, facts.time[decision.period]) for decision in taken]
    return min((t for t in found if t), key=lambda t: t.start, default=None)


def could_open(facts: Facts, row: Qualification, t: Time) -> bool:
    """Whether a qualification could be open in a period if the plan started it as early as it may."""
    first = facts.first_from(facts.open_to_decisions)
    ready = opens(facts, row, first) if first and pending(row) else None
    return ready is not None and ready.start <= t.start + MOMENT


# -------------------------------------------------------------------------------------------------- the table


def check_decisions(facts: Facts, books: Books, families: Families) -> None:
    """Every decision is one that the instance leaves open, in its time, and shows what it opens and costs."""
    check, money = families("decisions", STEP), families("outlays", MONEY)
    for decision in books.decisions:
        t = facts.time[decision.period]
        early = t.start < facts.open_to_decisions - MOMENT
        check.holds(not early, f"{decision}: is not open to decisions yet")
        if decision.kind == "sign":
            _sign(facts, decision, t, check, money)
        elif decision.kind == "build":
            _build(facts, decision, t, check, money)
        elif decision.kind == "qualify":
            _qualify(facts, facts.qualifications.get(decision.name), decision, t, check, money)
        else:
            check.holds(False, f"{decision}: there is no decision of this kind")
    for (kind, name), taken in books.decided.items():
        if kind in ("sign", "qualify"):
            periods = ", ".join(decision.period for decision in taken)
            check.holds(len(taken) <= 1, f"{kind} {name}: is decided more than once ({periods})")
    _built(facts, books, check)
    _makers(facts, books, families("makers"))


def _told(decision: Decision, where: str, begins: Time | None, outlay: float, check: Family, money: Family) -> None:
    """A decision's row shows where and when it has effect, and what it commits."""
    check.holds(decision.where == where, f"{decision}: is for {where}, not for {decision.where}")
    shown = begins.id if begins else None
    check.holds(decision.opens == shown, f"{decision}: opens in {shown or 'none'}, not in {decision.opens or 'none'}")
    money.equal(decision.outlay or 0.0, outlay, f"{decision}: outlay (M USD)")


def _sign(facts: Facts, decision: Decision, t: Time, check: Family, money: Family) -> None:
    contract = facts.contracts.get(decision.name)
    is_option = contract is not None and contract.status == "option"
    check.holds(is_option, f"{decision}: there is no such option")
    if contract is not None and is_option:
        check.holds(facts.years(contract, t) > 0, f"{decision}: it does not run then")
        check.equal(decision.steps, 1.0, f"{decision}: steps")
        _told(decision, f"{contract.seller} → {contract.buyer}", t, contract.signing_cost, check, money)


def _build(facts: Facts, decision: Decision, t: Time, check: Family, money: Family) -> None:
    project = facts.projects.get(decision.name)
    is_option = project is not None and project.status == "option"
    check.holds(is_option, f"{decision}: there is no such option")
    if project is not None and is_option:
        check.holds(decision.steps > STEP, f"{decision}: no step is decided")
        site, online = facts.units[project.unit].site, facts.online_from(project, t.start)
        _told(decision, site, online, project.capex * decision.steps, check, money)


def _qualify(
    facts: Facts, row: Qualification | None, decision: Decision, t: Time, check: Family, money: Family
) -> None:
    waits = row is not None and pending(row)
    check.holds(waits, f"{decision}: there is no maker to be qualified so")
    if row is not None and waits:
        begins = opens(facts, row, t)
        check.holds(begins is not None, f"{decision}: it would open after the horizon")
        check.equal(decision.steps, 1.0, f"{decision}: steps")
        _told(decision, row.customer, begins, row.cost or 0.0, check, money)


def steps_started(books: Books, project: Project) -> dict[str, float]:
    """Steps of a project that start in a period, as the table of projects tells."""
    started: dict[str, float] = defaultdict(float)
    for step in books.steps:
        if step.kind == "project" and step.name == project.project:
            started[step.period] += step.started or 0.0
    return started


def _built(facts: Facts, books: Books, check: Family) -> None:
    """What is started was decided, and what was decided is started."""
    for project in facts.projects.values():
        if project.status == "option":
            started = steps_started(books, project)
            decided = {d.period: d.steps for d in books.decided.get(("build", project.project), ())}
            for t in facts.times:
                where = f"build {project.project} in {t.id}: steps decided, against those started"
                check.equal(decided.get(t.id, 0.0), started.get(t.id, 0.0), where)


def _makers(facts: Facts, books: Books, check: Family) -> None:
    """Every qualification has a row that shows from when it is open, or that it is not."""
    rows = {(step.name, step.where): step for step in books.steps if step.kind == "qualification"}
    known = {(f"{row.maker} for {row.material}", row.customer): row for row in facts.qualifications.values()}
    for key in rows:
        check.holds(key in known, f"{key[0]} at {key[1]}: there is no such qualification")
    for key, row in known.items():
        where, told = f"{key[0]} at {key[1]}", rows.get(key)
        check.holds(told is not None, f"{where}: has no row")
        if told is None:
            continue
        if pending(row):
            begins, status = opening(facts, books, row), "not yet qualified"
            status = f"qualifies in {begins.id}" if begins else status
        else:
            begins = facts.times[0] if row.since is None else facts.first_from(year_of(row.since))
            status = "qualified" if begins else "not yet qualified"
        opens = begins.id if begins else ""
        check.holds(told.period == opens, f"{where}: opens in {opens or 'none'}, not in {told.period or 'none'}")
        check.holds(told.status == status, f"{where}: is {status}, not {told.status}")
