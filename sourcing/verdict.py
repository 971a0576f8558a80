"""What a plan says of itself: the figures of its first page, and its verdict in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import decisions_from, periods, settings
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.positions import is_estimate
from sourcing.tables import Table, total

if TYPE_CHECKING:
    from sourcing.plan import Plan

SHOWN = 0.05
"""Tonnes below which a shortage is not told in words (it stands on its tab all the same)."""


def facts(plan: Plan, on_estimates: float | None) -> dict[str, Any]:
    """The figures of the first page; `on_estimates` is the share of cost that rests on estimates (%)."""
    instance, demand = plan.instance, plan.tabs["Demand"]
    needed, short = total(demand.column("Demand")), total(demand.column("Short"))
    by_country = origin_of_deliveries(plan)
    whole = sum(by_country.values())
    largest = max(by_country, key=lambda country: by_country[country], default=None)
    return {
        "demand_t": needed,
        "met_t": needed - short,
        "short_t": short,
        "met_share": 100 * (needed - short) / needed if needed else None,
        "largest_country": largest,
        "largest_country_share": 100 * by_country[largest] / whole if largest and whole else None,
        "country_tonnes": by_country,
        "estimate_share": on_estimates,
        "gap_musd": max(0.0, plan.objective - plan.bound),
        "price_year": int(settings(instance).price_year) or None,
        "discount_rate": settings(instance).discount_rate,
        "title": settings(instance).title,
        "first_open_period": first_open(instance),
        "estimated_rows": sum(is_estimate(instance, row) for row in instance.rows() if row.tab != Source.tab),
    }


def first_open(instance: Instance) -> str:
    """The first period in which something can still be decided."""
    start = decisions_from(instance) - 1e-6
    return next((t.id for t in periods(instance) if t.start >= start), periods(instance)[-1].id)


def origin_of_deliveries(plan: Plan) -> dict[str, float]:
    """Tonnes shipped to customers by country of the shipping site: of magnets, or of all goods if none are magnets."""
    instance = plan.instance
    customers = {row["Customer"] for row in plan.tabs["Demand"].records()}
    rows = [row for row in plan.tabs["Sourcing"].records() if row["To"] in customers]
    magnets = [row for row in rows if instance.row(Material, row["Material"]).form == "magnet"]
    found: dict[str, float] = {}
    for row in magnets or rows:
        country = instance.row(Site, row["From"]).country or "ZZ"
        found[country] = found.get(country, 0.0) + row["Flow"]
    return found


def verdict(plan: Plan) -> str:
    """The plan in words: how sure, what it costs, what goes short and for whom."""
    figures, instance = plan.facts, plan.instance
    spans = [t.id for t in periods(instance)]
    horizon = f"{spans[0]}–{spans[-1]}" if len(spans) > 1 else spans[0]
    money = money_text(plan.objective)
    bought = "what our buyers pay" if plan.view == "buyer" else "the cost to the alliance"
    gap = figures["gap_musd"]
    if plan.status != "optimal":
        proof = f"Not proven: a plan could be up to {gap:,.1f} M USD cheaper."
    elif gap < 0.005:
        proof = "Proven optimal: no plan is cheaper under these figures and rules."
    else:
        proof = f"Proven within {gap:,.2f} M USD: no plan can be cheaper by more."
    rate = f"discounted at {figures['discount_rate']:g} %, shortage valued"
    sentences = [proof, f"{horizon}: {money} ({bought}, {rate})."]
    if figures["met_share"] is not None:
        sentences.append(shortage_words(plan))
    return " ".join(sentences)


def money_text(musd: float) -> str:
    """Millions of dollars in words: whole from a hundred on; thousands where a million is too coarse."""
    if abs(musd) >= 100:
        return f"{musd:,.0f} M USD"
    return f"{musd:,.2f} M USD" if abs(musd) >= 1 else f"{1000 * musd:,.4g} k USD"


def shortage_words(plan: Plan) -> str:
    """Who goes short, of what, when; and that zero-content needs are met, where they are."""
    figures = plan.facts
    rows = [row for row in plan.tabs["Demand"].records() if row["Short"] > SHOWN]
    if not rows:
        return f"All demand is met ({figures['demand_t']:,.0f} t)."
    by_period: dict[str, float] = {}
    by_customer: dict[str, float] = {}
    for row in rows:
        by_period[row["Period"]] = by_period.get(row["Period"], 0.0) + row["Short"]
        by_customer[row["Customer"]] = by_customer.get(row["Customer"], 0.0) + row["Short"]
    spans = [t.id for t in periods(plan.instance) if t.id in by_period]
    when = ", ".join(f"{by_period[period]:,.0f} t in {period}" for period in spans)
    if len(spans) > 4:
        peak = max(spans, key=lambda period: by_period[period])
        when = f"{sum(by_period.values()):,.0f} t, of which {by_period[peak]:,.0f} t in {peak}"
    worst = max(by_customer, key=lambda name: by_customer[name])
    name = plan.instance.row(Site, worst).name or worst
    spared = [
        plan.instance.row(Site, site).name or site
        for site in dict.fromkeys(row["Customer"] for row in plan.tabs["Demand"].records())
        if site not in by_customer
    ]
    text = (
        f"{figures['met_share']:.1f} % of demand is met; short {when}, most of it {name} ({by_customer[worst]:,.0f} t)"
    )
    return text + (f"; nothing for {'; '.join(spared)}." if spared else ".")


def rules_price(tabs: Mapping[str, Table]) -> float | None:
    """What all rules that are asked for cost together, M USD; None where that was not worked out."""
    known = tabs.get("Price of rules")
    if not known or not known.rows:
        return None
    last: float | None = known.column("Price")[-1]  # the row of all of them
    return last


def worst_failure(tabs: Mapping[str, Table]) -> dict[str, Any] | None:
    """The dearest failure of one site of those that were tried; None where none was."""
    tried = tabs.get("Failures")
    if not tried or not tried.rows:
        return None
    row = next(tried.records())
    return {
        "site": row["Site"], "from": row["From"], "cost_musd": row["Cost"], "short_t": row["Short"],
        "days_until_short": row["First short after"], "tried": len(tried.rows),
    }  # fmt: skip
