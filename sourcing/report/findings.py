"""Findings: what the first page of a plan says, in numbers and words, worked out from the plan's tabs.

Nothing here knows a spreadsheet. Money is in M USD, mass in tonnes, shares in %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sourcing.components.horizon import periods, settings
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.components.rules import Rule
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import Plan
from sourcing.report.phrases import country, money, percent, short_name, tonnes
from sourcing.study.outages import members
from sourcing.tables import total
from sourcing.verdict import rules_price

Record = dict[str, Any]

NOTICEABLE = 0.05
"""Tonnes below which a flow or a shortage is not spoken of."""


@dataclass(frozen=True)
class Tile:
    """A figure of the first page: `value` (None if unknown) in `unit`, a line that says what it is, and its tab."""

    label: str
    value: float | None
    unit: str
    note: str
    tab: str = ""
    alarm: bool = False


@dataclass(frozen=True)
class Failure:
    """A site that fails for a year: its name, from when, M USD, tonnes short, days until then (None: never)."""

    name: str
    period: str
    cost: float
    short: float
    until: float | None


@dataclass(frozen=True)
class Shortages:
    """Tonnes short by customer (rows) and period (columns), with the totals of both."""

    periods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]


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
    """The figures of the first page; one that is not known has none."""
    found = [_cost(plan), _met(plan), _short(plan), _largest_country(plan), _rules(plan), _failure(plan)]
    return [tile for tile in (*found, _gap(plan), _estimates(plan)) if tile]


def _cost(plan: Plan) -> Tile:
    costs = records(plan, "Costs")
    counts = sums(costs, lambda row: row["Kind"] in VALUE_KINDS, "Counts")
    view = "the alliance’s resource cost" if plan.view == "system" else "what our buyers pay"
    note = f"{view}, discounted to the start of {periods(plan.instance)[0].id}"
    if unmet := counts.get(True, 0.0):
        soft = any(row["Kind"] == VALUE_KINDS[1] and row["Counts"] for row in costs)
        note += f"; {'what is short or over a soft limit' if soft else 'shortage'} adds {money(unmet)}"
    return Tile("Cost", counts.get(False, 0.0), "M USD", note, "Costs")


def _met(plan: Plan) -> Tile:
    demand = records(plan, "Demand")
    wanted, met = total(row["Demand"] for row in demand), total(row["Met"] for row in demand)
    ruled = [row for row in demand if row["Rules"]]
    note = f"{met:,.0f} of {wanted:,.0f} t"
    if need := total(row["Demand"] for row in ruled):
        note += f"; under content rules {percent(100 * total(row['Met'] for row in ruled) / need)}"
    return Tile("Demand met", 100 * met / wanted if wanted else None, "%", note, "Demand")


def _short(plan: Plan) -> Tile:
    demand = records(plan, "Demand")
    short = [row for row in demand if row["Short"] > NOTICEABLE]
    note = "nobody is short"
    if short:
        by_customer = sums(short, lambda row: row["Customer"], "Short")
        most = max(by_customer, key=lambda name: by_customer[name])
        note = f"first in {short_periods(plan)[0]}; most for {site_name(plan.instance, most)}"
    tonnes_short = total(row["Short"] for row in demand)
    return Tile("Short", tonnes_short, "t", note, "Demand", tonnes_short > NOTICEABLE)


def _largest_country(plan: Plan) -> Tile | None:
    share = plan.facts.get("largest_country_share")
    if share is None:
        return None
    where = country(str(plan.facts["largest_country"]))
    return Tile("Largest country", share, "%", f"{where}: its share of delivered magnets", "Sourcing")


def _rules(plan: Plan) -> Tile | None:
    """What the content rules cost together, and each of them."""
    price = rules_price(plan.tabs)
    if price is None:
        return None
    rows = records(plan, "Price of rules")
    versions = {id for row in rows for id in row["Versions"].split("; ")}
    of_china = all("CN" in row.countries for row in plan.instance[Rule] if f"{row.rule}@{row.version}" in versions)
    each = [f"{row['Rule']}: {money(row['Price'])}" for row in rows[:-1] or rows]
    kind = "China rule" if of_china else "content rule"
    label = f"Price of the {kind}{'s' if len(rows) > 1 else ''}"
    return Tile(label, price, "M USD", f"or more, at the same decisions. {'; '.join(each)}", "Price of rules")


def _failure(plan: Plan) -> Tile | None:
    """What the worst failure of one site does, of those that were tried."""
    if not (worst := next(iter(failures(plan)), None)):
        return None
    if worst.cost <= 0:
        return Tile("Worst single failure", 0.0, "t short", f"nothing that costs; {tried(plan)}", "Failures")
    when = "" if worst.until is None else f", first short after about {worst.until:,.0f} days"
    note = f"{worst.name} out for a year from {worst.period}: {money(worst.cost)}{when}; {tried(plan)}"
    return Tile("Worst single failure", worst.short, "t short", note, "Failures", worst.short > NOTICEABLE)


def _gap(plan: Plan) -> Tile:
    room, share = _room(plan)
    note = f"{percent(share)} of the total: no plan can be cheaper by more"
    if room < 0.005:
        note = "proven: no plan is cheaper"
    note += f"; audit passed, {len(plan.audit.checks)} checks" if plan.audit else ""
    return Tile("Gap to the best plan", room if room >= 0.005 else 0.0, "M USD", note, "Run", plan.status != "optimal")


def _estimates(plan: Plan) -> Tile | None:
    share = plan.facts.get("estimate_share")
    if share is None:
        return None
    dates = source_dates(plan.instance)
    age = f"; sources are dated {dates[0]} to {dates[1]}" if dates else ""
    return Tile("Rests on estimates", share, "%", f"of the cost: figures marked as estimates{age}", "Data notes")


def failures(plan: Plan) -> list[Failure]:
    """What each site that was tried does when it fails, dearest first."""
    return [
        Failure(site_name(plan.instance, row["Site"]), row["From"], row["Cost"], row["Short"], row["First short after"])
        for row in records(plan, "Failures")
        if row["Cost"] is not None
    ]


def tried(plan: Plan) -> str:
    """How many sites were tried: `worst of the 8 most exposed of 86 sites`."""
    rows = records(plan, "Failures")
    count, whole = len(rows), len(members(plan.instance, "site"))
    return f"worst of all {whole} sites" if count == whole else f"worst of the {count} most exposed of {whole} sites"


def source_dates(instance: Instance) -> tuple[str, str] | None:
    """The oldest and the latest date of a source; None where no source has one."""
    dates = sorted(row.date[:10] for row in instance[Source] if row.date)
    return (dates[0], dates[-1]) if dates else None


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
    dates = source_dates(instance)
    found = [
        "This is a plan worked out from input figures: no forecast, no certificate. “Clean” means planned clean, never "
        "compliant or certified. Prices are input: what the plan does to them is outside the model."
    ]
    if sourced:
        age = f" Sources are dated {dates[0]} to {dates[1]}." if dates else ""
        found.append(f"{estimates:,} of {len(sourced):,} input rows with a source rest on estimates.{age}")
    if price_year := settings(instance).price_year:
        found[-1] += f" Money is in US dollars of {price_year:.0f}."
    warnings = sum(row["Kind"] == "warning" for row in records(plan, "Data notes"))
    holds = f"{warnings} {'warning' if warnings == 1 else 'warnings'}"
    found[-1] += f" Data notes holds {holds}, and says what this version leaves out."
    return found
