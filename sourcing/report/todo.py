"""What to decide by when, and what to do now, in words, worked out from the tabs of a plan.

Money is in M USD, mass in tonnes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sourcing.components.contracts import Contract
from sourcing.components.projects import Project
from sourcing.instance import Instance
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, Record, material_name, records, site_name, sums
from sourcing.report.phrases import day, listed, money, tonnes
from sourcing.tables import total
from sourcing.verdict import first_open


@dataclass(frozen=True)
class Due:
    """A decision, or all that is built as one: what it is, its latest date, outlay and cost of a year's waiting.

    M USD. `sure` is how sure `waiting` is, as the tab says: exact, at least, no plan or not worked out.
    """

    date: str
    what: str
    outlay: float
    waiting: float | None
    sure: str = "exact"


@dataclass(frozen=True)
class Action:
    """What to do now, in a sentence, and the tab that it is read from."""

    text: str
    tab: str


def due(plan: Plan) -> list[Due]:
    """What must be decided, soonest first, then the dearest to wait for; what is built as one is one line."""
    groups: dict[tuple[str, ...], list[Record]] = {}
    for row in records(plan, "Decisions"):
        group = plan.instance.row(Project, row["Name"]).together if row["Kind"] == "build" else ""
        key = ("group", group) if group else (row["Kind"], row["Name"])
        groups.setdefault((*key, row["Period"]), []).append(row)
    found = [_due(plan, rows) for rows in groups.values()]
    return sorted(found, key=lambda d: (d.date, d.sure != "no plan", -(d.waiting or 0.0), -d.outlay))


def _due(plan: Plan, rows: list[Record]) -> Due:
    first = rows[0]
    return Due(
        first["Decide by"],
        _decision(plan.instance, rows),
        total(row["Outlay"] for row in rows),
        first["Waiting costs"],
        first["Waiting is"],
    )


def _decision(instance: Instance, rows: list[Record]) -> str:
    """What is decided, by names, with the ids that the tab has in brackets."""
    kind, name = rows[0]["Kind"], rows[0]["Name"]
    if kind == "sign":
        return f"Sign {name} ({material_name(instance, instance.row(Contract, name).material)})"
    if kind == "qualify":
        customer, material, maker = name.split("|")
        what = "" if material == "any" else f", {material_name(instance, material)}"
        by = "any maker" if maker == "any" else site_name(instance, maker)
        return f"Qualify {by} for {site_name(instance, customer)}{what} ({name})"
    sites = dict.fromkeys(site_name(instance, row["Where"]) for row in rows)
    steps = f"{rows[0]['Steps']:g} steps at " if rows[0]["Steps"] != 1 else ""
    return f"Build {steps}{listed(list(sites), 2)} ({listed([row['Name'] for row in rows], 2)})"


# ------------------------------------------------------------------------------------------------ what to do now


def actions(plan: Plan, most: int = 4) -> list[Action]:
    """What to do in the first open period: purchases, contracts, stocks, and else what to decide first."""
    now = first_open(plan.instance)
    bought = [
        row
        for row in records(plan, "Sourcing")
        if row["Period"] == now and row["Under"] != "inside" and row["Flow"] > NOTICEABLE
    ]
    customers = {row["Customer"] for row in records(plan, "Demand")}
    found = [
        Action(_purchase(plan, now, [row for row in bought if row["To"] not in customers]), "Sourcing"),
        Action(_purchase(plan, now, [row for row in bought if row["To"] in customers]), "Sourcing"),
        Action(_contracts(plan, now), "Contracts"),
        Action(_stocks(plan, now), "Stockpiles"),
        Action(_first_due(plan), "Decisions"),
    ]
    return [action for action in found if action.text][:most]


def _first_due(plan: Plan) -> str:
    """What is decided first, and how much else is by the same date."""
    found = due(plan)
    if not found:
        return ""
    also = sum(d.date == found[0].date for d in found) - 1
    more = f", and {also} more by then" if also else ""
    return f"Decide by {day(found[0].date)}: {found[0].what}{more}."


def _purchase(plan: Plan, now: str, rows: list[Record]) -> str:
    """The largest purchase by value: one material from one site, for whom and under what."""
    if not rows:
        return ""
    value = sums(({**row, "Value": row["Flow"] * (row["Price"] or 0.0)} for row in rows), _source, "Value")
    best = max(value, key=lambda key: value[key])
    chosen = [row for row in rows if _source(row) == best]
    amount = total(row["Flow"] for row in chosen)
    to = sums(chosen, lambda row: row["To"], "Flow")
    names = [site_name(plan.instance, site) for site in sorted(to, key=lambda site: -to[site])]
    site, material = site_name(plan.instance, best[0]), material_name(plan.instance, best[1])
    under = {name: flow for name, flow in sums(chosen, lambda row: row["Under"], "Flow").items() if name != "spot"}
    terms = listed([f"{tonnes(flow)} under {name}" for name, flow in under.items()], 3)
    if not under:
        terms = "all at spot"
    elif sum(under.values()) < amount - NOTICEABLE:
        terms += ", the rest at spot"
    sentence = f"In {now} buy {tonnes(amount)} of {material} from {site} for {listed(names, 3)}: {terms}."
    return sentence


def _source(row: Record) -> tuple[str, str]:
    return row["From"], row["Material"]


def _contracts(plan: Plan, now: str) -> str:
    """What is taken under every contract that is in force."""
    parts = []
    for row in records(plan, "Contracts"):
        if row["Period"] != now or (row["Taken"] <= NOTICEABLE and row["Deficit"] <= NOTICEABLE):
            continue
        taken = tonnes(row["Taken"]) if row["Taken"] > NOTICEABLE else "nothing"
        part = f"{taken} under {row['Contract']}"
        if row["Deficit"] > NOTICEABLE:
            part += f" ({tonnes(row['Deficit'])} below its minimum, {money(row['Take-or-pay'])} take-or-pay)"
        elif row["Taken"] <= row["Minimum"] + NOTICEABLE:
            part += " (its minimum)"
        elif row["Maximum"] is not None and row["Taken"] >= row["Maximum"] - NOTICEABLE:
            part += " (its maximum)"
        parts.append(part)
    return f"Contracts in {now}: take {listed(parts, 4)}." if parts else ""


def _stocks(plan: Plan, now: str) -> str:
    """What goes into and comes out of the stockpiles."""
    rows = [row for row in records(plan, "Stockpiles") if row["Period"] == now]
    parts = []
    for verb, column, preposition in (("draw", "Draw", "from"), ("put", "Fill", "into")):
        moved = {name: t for name, t in sums(rows, lambda row: row["Stockpile"], column).items() if t > NOTICEABLE}
        parts += [f"{verb} {tonnes(amount)} {preposition} {name}" for name, amount in moved.items()]
    return f"Stocks in {now}: {listed(parts, 3)}." if parts else ""
