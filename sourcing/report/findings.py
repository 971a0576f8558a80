"""Findings: what the first page of a plan says, in numbers and words, worked out from the plan's tabs.

Nothing here knows a spreadsheet. Money is in M USD, mass in tonnes, shares in %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sourcing.components.contracts import Contract
from sourcing.components.horizon import periods, settings
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.components.projects import Project
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import Plan, first_open
from sourcing.report.phrases import country, listed, money, percent, short_name, tonnes
from sourcing.tables import total

Record = dict[str, Any]

NOTICEABLE = 0.05
"""Tonnes below which a flow or a shortage is not spoken of."""


@dataclass(frozen=True)
class Tile:
    """A figure of the first page: `value` (None if unknown) in `unit`, and a line that says what it is."""

    label: str
    value: float | None
    unit: str
    note: str


@dataclass(frozen=True)
class Shortages:
    """Tonnes short by customer (rows) and period (columns), with the totals of both."""

    periods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]


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


# ------------------------------------------------------------------------------------------------ reading a plan


def records(plan: Plan, tab: str) -> list[Record]:
    """The rows of a tab as {column: value}; none of a tab that the plan does not have."""
    return list(plan.tabs[tab].records()) if tab in plan.tabs else []


def sums(rows: Iterable[Record], key: Callable[[Record], Any], value: str) -> dict[Any, float]:
    """Sum of a column by key, in the order of appearance."""
    found: dict[Any, float] = defaultdict(float)
    for row in rows:
        found[key(row)] += row[value] or 0.0
    return dict(found)


def site_name(instance: Instance, site: str) -> str:
    """A site's short name."""
    return short_name(instance.row(Site, site).name or site) if instance.has(Site, site) else site


def material_name(instance: Instance, material: str) -> str:
    """A material's short name."""
    return short_name(instance.row(Material, material).name or material)


# ------------------------------------------------------------------------------------------------ the page


def title(plan: Plan) -> str:
    """The instance's title."""
    return settings(plan.instance).title


def status(plan: Plan) -> str:
    """How good the plan is known to be, in money, and who has checked it."""
    room, share = _room(plan)
    proof = f"Gap to the best that can be proven: {money(room)} ({percent(share)} of the total)."
    if room < 0.005:
        proof = "Gap to the best that can be proven: none."
    checked = f" Audit passed: {len(plan.audit.checks)} checks recomputed from the tabs." if plan.audit else ""
    return f"{proof}{checked} View: {plan.view}. Input {plan.instance.sha256()[:12]}."


def warning(plan: Plan) -> str:
    """What must be known first of a plan whose search was stopped; empty for any other."""
    if plan.status == "optimal":
        return ""
    room, share = _room(plan)
    most = f"{money(room)} ({percent(share)})"
    return f"Stopped early: this plan is not proven. A plan could still be up to {most} cheaper."


def _room(plan: Plan) -> tuple[float, float]:
    """By how much a plan could be cheaper for all that is proven: M USD, and % of the total."""
    objective, bound = plan.proven or (plan.objective, plan.bound)
    room = max(0.0, objective - bound)
    return room, 100 * room / max(abs(objective), 1e-9)


def tiles(plan: Plan) -> list[Tile]:
    """Cost, demand met, largest country, short tonnes, what rests on estimates."""
    demand, facts = records(plan, "Demand"), plan.facts
    counts = sums(records(plan, "Costs"), lambda row: row["Kind"] in VALUE_KINDS, "Counts")
    wanted, met = total(row["Demand"] for row in demand), total(row["Met"] for row in demand)
    ruled = [row for row in demand if row["Rules"]]
    need = total(row["Demand"] for row in ruled)
    first = periods(plan.instance)[0].id
    view = "the alliance’s resource cost" if plan.view == "system" else "what our buyers pay"
    unmet = counts.get(True, 0.0)
    soft = any(row["Kind"] == VALUE_KINDS[1] and row["Counts"] for row in records(plan, "Costs"))
    unmet_words = "what is short or over a soft limit" if soft else "shortage"
    cost = f"{view}, discounted to the start of {first}" + (f"; {unmet_words} adds {money(unmet)}" if unmet else "")
    fulfilled = f"{met:,.0f} of {wanted:,.0f} t"
    if need:
        fulfilled += f"; under content rules {percent(100 * total(row['Met'] for row in ruled) / need)}"
    found = [
        Tile("Cost", counts.get(False, 0.0), "M USD", cost),
        Tile("Demand met", 100 * met / wanted if wanted else None, "%", fulfilled),
    ]
    if facts.get("largest_country_share") is not None:
        where = country(str(facts["largest_country"]))
        found.append(
            Tile("Largest country", facts["largest_country_share"], "%", f"{where}: its share of delivered magnets")
        )
    found.append(_short_tile(plan, demand))
    if facts.get("estimate_share") is not None:
        found.append(
            Tile("Rests on estimates", facts["estimate_share"], "%", "of the cost: figures marked as estimates")
        )
    return found


def _short_tile(plan: Plan, demand: list[Record]) -> Tile:
    short = [row for row in demand if row["Short"] > NOTICEABLE]
    note = "nobody is short"
    if short:
        by_customer = sums(short, lambda row: row["Customer"], "Short")
        most = max(by_customer, key=lambda name: by_customer[name])
        note = f"first in {short_periods(plan)[0]}; most for {site_name(plan.instance, most)}"
    return Tile("Short", total(row["Short"] for row in demand), "t", note)


def short_periods(plan: Plan) -> list[str]:
    """Periods in which some demand is short, in their order."""
    short = {row["Period"] for row in records(plan, "Demand") if row["Short"] > NOTICEABLE}
    return [t.id for t in periods(plan.instance) if t.id in short]


def shortages(plan: Plan, columns: int = 5) -> Shortages:
    """Tonnes short by customer and period; the earliest periods by name, what doesn't fit as `later`."""
    named = short_periods(plan)
    if len(named) > columns:
        named = [*named[: columns - 1], "later"]
    table: dict[str, dict[str, float]] = {}
    for row in records(plan, "Demand"):
        if row["Short"] > NOTICEABLE:
            line = table.setdefault(site_name(plan.instance, row["Customer"]), dict.fromkeys(named, 0.0))
            line[row["Period"] if row["Period"] in line else "later"] += row["Short"]
    ordered = sorted(table.items(), key=lambda item: -sum(item[1].values()))
    return Shortages(tuple(named), tuple((name, tuple(line.values())) for name, line in ordered))


def below_service(plan: Plan) -> str:
    """How much is short of a service level, and for whom most; empty where every level is kept."""
    rows = [row for row in records(plan, "Demand") if (row["Below service level"] or 0.0) > NOTICEABLE]
    by_customer = sums(rows, lambda row: row["Customer"], "Below service level")
    if not by_customer:
        return ""
    most = max(by_customer, key=lambda name: by_customer[name])
    return (
        f"Below the service level: {tonnes(total(by_customer.values()))} in all, most for "
        f"{site_name(plan.instance, most)} ({tonnes(by_customer[most])})."
    )


def bottlenecks(plan: Plan, most: int = 4) -> list[str]:
    """What binds, in the order of the tab (largest rent first), each place once, in words."""
    seen: dict[tuple[str, str], str] = {}
    for row in records(plan, "Bottlenecks"):
        if row["Worth"] is not None:
            seen.setdefault((row["Kind"], row["Name"]), row["In words"])
    return list(seen.values())[:most]


def futures(plan: Plan) -> list[tuple[str, float, float, float]]:
    """The futures of a plan over several, dearest first: name, probability (%), cost (M USD), tonnes short."""
    rows = [(row["Name"], row["Probability"], row["Cost"], row["Short"]) for row in records(plan, "Futures")]
    return sorted(rows, key=lambda row: -row[2])


def caveats(plan: Plan) -> list[str]:
    """What the reader must know before trusting a figure."""
    instance = plan.instance
    basis = {row.source_id: row.basis for row in instance[Source]}
    sourced = [row for row in instance.rows() if row.active and row.source and not isinstance(row, Source)]
    estimates = sum(any(basis.get(name) == "estimate" for name in row.source) for row in sourced)
    dates = sorted(row.date[:10] for row in instance[Source] if row.date)
    found = [
        "This is a plan worked out from input figures: no forecast, no certificate. “Clean” means planned clean, never "
        "compliant or certified. Prices are input: what the plan does to them is outside the model."
    ]
    if sourced:
        age = f" Sources are dated {dates[0]} to {dates[-1]}." if dates else ""
        found.append(f"{estimates:,} of {len(sourced):,} input rows with a source rest on estimates.{age}")
    if price_year := settings(instance).price_year:
        found[-1] += f" Money is in US dollars of {price_year:.0f}."
    warnings = sum(row["Kind"] == "warning" for row in records(plan, "Data notes"))
    holds = f"{warnings} {'warning' if warnings == 1 else 'warnings'}"
    found[-1] += f" Data notes holds {holds}, and says what this version leaves out."
    return found


# ------------------------------------------------------------------------------------------------ decisions


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


def actions(plan: Plan, most: int = 4) -> list[str]:
    """What to do in the first open period, beside the decisions: purchases, contracts, stocks."""
    now = first_open(plan.instance)
    bought = [
        row
        for row in records(plan, "Sourcing")
        if row["Period"] == now and row["Under"] != "inside" and row["Flow"] > NOTICEABLE
    ]
    customers = {row["Customer"] for row in records(plan, "Demand")}
    found = [
        _purchase(plan, now, [row for row in bought if row["To"] not in customers]),
        _purchase(plan, now, [row for row in bought if row["To"] in customers]),
        _contracts(plan, now),
        _stocks(plan, now),
    ]
    return [sentence for sentence in found if sentence][:most]


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
