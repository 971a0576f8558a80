"""Concentration: on how few countries and parties the deliveries of a plan rest, stage by stage.

    share[x]  = tonnes delivered whose stage was done in x / tonnes whose stage was done in a known place            [1]
    HHI       = 10,000·Σ_x share[x]²                            10,000 is a single one; 1/Σ share² of equal size     [1]

    SR        = (HHI_gs·IR/2 + HHI_home·(1 - IR/2))·(1 - RIR)·SI              supply risk; 1 and more is critical    [1]
    HHI_gs    = Σ_c capacity share[c]²·risk[c]·t[c]            of all capacity at the stage that the plan knows      [1]
    HHI_home  = Σ_c share[c]²·risk[c]·t[c]                     of what is delivered to the customers of home         [1]

after the European Commission's method (Blengini et al. 2017, EUR 28654 EN): IR is the share of home's deliveries whose
stage was done abroad, RIR the share that began as recycled feed, SI the substitution index (1: nothing stands in), risk
the governance of a country (`governance`), t is 0.8 in home itself and 1 elsewhere, as no export taxes or quotas are
entered. Home is a customer's country, or the union that an entity with several countries stands for. The method is for
raw materials of the EU; here it is applied to a plan, so figures compare plans and stages, not Commission lists.

All is worked out from the plan's tables by the origin trace: a lot whose stage was done in several places counts for
each in equal parts; stages that a chain does not pass, or whose place is not known, have no share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sourcing.components.horizon import periods
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process
from sourcing.instance import Instance
from sourcing.origin import ORDER, Trace, trace
from sourcing.plan import Plan
from sourcing.study.governance import ESTIMATE, FIGURES, risk
from sourcing.tables import Table, fields

STAGES = tuple(stage for stage in ORDER if stage != "recycling")
"""Stages that are told, in the order of the chain."""

HOME = 0.8
"""What a share of home itself counts in place of 1 (EUR 28654 EN: EU members)."""

CRITICAL = 1.0
"""Supply risk from which a material counts as critical."""

ALL = "all"
"""All periods, or all customers, together."""

GRAM = 1e-6

Tonnes = dict[str, float]


def concentration(plan: Plan, traced: Trace | None = None) -> list[Table]:
    """Shares and HHI of each stage by country and by party; `traced` is the plan's origin, if it is there already."""
    traced = traced or trace(plan.instance, plan.tabs, plan.view)
    entity = {row.site: row.entity for row in plan.instance[Site]}
    country = {row.site: row.country or "ZZ" for row in plan.instance[Site]}
    shares = Table(
        "Shares",
        fields("By", "Stage", "Period", "Name", ("Tonnes", "t"), ("Share", "%", "of what was done in a known place")),
        "Deliveries by who did a stage and where.",
    )
    table = Table(
        "Concentration",
        fields(
            "By", "Stage", "Period", ("Delivered", "t"), ("Placed", "%", "of which the place of the stage is known"),
            ("HHI", "0-10,000"), ("Equal", "1", "how many of equal size would give this HHI"), "Largest",
            ("Largest share", "%"),
        ),
        "Herfindahl-Hirschman index of deliveries by country and party, on the usual scale to 10,000. What was under "
        "way or in stock at the start, passed no such stage, or is of unknown place has no share.",
    )  # fmt: skip
    placed, delivered = _placed(traced), _delivered(traced)
    for by, names in (("country", country), ("party", entity)):
        for stage in STAGES:
            for period in (*(t.id for t in periods(plan.instance)), ALL):
                found = _by(names, placed.get((stage, period), {}))
                whole = sum(found.values())
                if whole <= GRAM:
                    continue
                ranked = sorted(found.items(), key=lambda item: (-round(item[1], 6), item[0]))
                for name, tonnes in ranked:
                    shares.add(by, stage, period, name, tonnes, 100 * tonnes / whole)
                index = squares(found)
                table.add(
                    by, stage, period, delivered[period], 100 * whole / delivered[period], 10_000 * index, 1 / index,
                    ranked[0][0], 100 * ranked[0][1] / whole,
                )  # fmt: skip
    return [table, shares]


def supply_risk(plan: Plan, traced: Trace | None = None, *, substitution: float = 1.0) -> Table:
    """The supply risk of each stage for each home, EU style; `substitution` is the index SI, 0 to 1."""
    traced = traced or trace(plan.instance, plan.tabs, plan.view)
    instance = plan.instance
    country = {row.site: row.country or "ZZ" for row in instance[Site]}
    table = Table(
        "Supply risk",
        fields(
            "Home", "Stage", "Period", ("Supply", "1", "HHI of capacity, weighed by governance"),
            ("Sourcing", "1", "HHI of deliveries, weighed by governance"), ("Import reliance", "%"),
            ("Recycled input", "%"), ("Substitution", "1"), ("Supply risk", "1"), "Critical", "Governance",
        ),
        "(supply·IR/2 + sourcing·(1 - IR/2))·(1 - RIR)·SI after EUR 28654 EN; 1 and more counts as critical. It "
        "compares plans and stages: capacity is what the instance lists, not the world's.",
    )  # fmt: skip
    homes = _homes(instance, (need[0] for need in traced.lots))
    capacity = _capacity(plan, country)
    for home, customers in homes.items():
        own = frozenset(country[name] for name in customers)
        own |= {code for code in FIGURES if _home(instance, code) == home}
        placed, delivered = _placed(traced, customers), _delivered(traced, customers)
        recycled = _recycled(traced, customers)
        for stage in STAGES:
            for period in (*(t.id for t in periods(instance)), ALL):
                found = _by(country, placed.get((stage, period), {}))
                whole = sum(found.values())
                if whole <= GRAM:
                    continue
                reliance = sum(tonnes for name, tonnes in found.items() if name not in own) / whole
                second = recycled[period] / delivered[period]
                supply = weighed(capacity.get((stage, period), {}), own)
                sourcing = weighed(found, own)
                value = None
                if supply is not None and sourcing is not None:
                    mixed = supply * reliance / 2 + sourcing * (1 - reliance / 2)
                    value = mixed * (1 - second) * substitution
                table.add(
                    home, stage, period, supply, sourcing, 100 * reliance, 100 * second, substitution, value,
                    None if value is None else "yes" if value >= CRITICAL else "no",
                    _basis({*found, *capacity.get((stage, period), {})}),
                )  # fmt: skip
    return table


def squares(tonnes: Mapping[str, float]) -> float:
    """Σ share², 0 to 1."""
    whole = sum(tonnes.values())
    return sum((part / whole) ** 2 for part in tonnes.values()) if whole > 0 else 0.0


def weighed(tonnes: Mapping[str, float], home: frozenset[str] = frozenset()) -> float | None:
    """Σ share²·risk·t over countries; None if there is nothing, or no figure for a country that has a share."""
    whole = sum(tonnes.values())
    if whole <= GRAM or any(part > GRAM and name not in FIGURES for name, part in tonnes.items()):
        return None
    return sum(
        (part / whole) ** 2 * risk(FIGURES[name]) * (HOME if name in home else 1.0)
        for name, part in tonnes.items()
        if part > GRAM
    )


# ------------------------------------------------------------------------------------------- what was done where


def _parts(traced: Trace, customers: frozenset[str] | None) -> Iterator[tuple[str, tuple[tuple[str, ...], ...], float]]:
    """Every chain that was delivered: period, sites by stage, tonnes."""
    for (customer, _, _, period), lots in traced.lots.items():
        if customers is None or customer in customers:
            for part in (part for lot in lots for part in lot.parts):
                yield period, part.chain.sites, part.tonnes


def _placed(traced: Trace, customers: frozenset[str] | None = None) -> dict[tuple[str, str], Tonnes]:
    """Tonnes by site, for each stage and period and for all periods."""
    found: dict[tuple[str, str], Tonnes] = defaultdict(lambda: defaultdict(float))
    for period, chain, tonnes in _parts(traced, customers):
        for stage, sites in zip(ORDER, chain, strict=True):
            for site in sites:
                for when in (period, ALL):
                    found[stage, when][site] += tonnes / len(sites)
    return found


def _delivered(traced: Trace, customers: frozenset[str] | None = None) -> Tonnes:
    found: Tonnes = defaultdict(float)
    for period, _, tonnes in _parts(traced, customers):
        found[period] += tonnes
        found[ALL] += tonnes
    return found


def _recycled(traced: Trace, customers: frozenset[str]) -> Tonnes:
    """Tonnes that passed a recycler."""
    found: Tonnes = defaultdict(float)
    for period, chain, tonnes in _parts(traced, customers):
        if chain[ORDER.index("recycling")]:
            found[period] += tonnes
            found[ALL] += tonnes
    return found


def _by(names: Mapping[str, str], tonnes: Mapping[str, float]) -> Tonnes:
    """Tonnes by site as tonnes by what a site belongs to."""
    found: Tonnes = defaultdict(float)
    for site, part in tonnes.items():
        found[names[site]] += part
    return found


def _capacity(plan: Plan, country: Mapping[str, str]) -> dict[tuple[str, str], Tonnes]:
    """Capacity of units that have a limit (t of what a unit is measured in), by country, for each stage and period."""
    stage_of: dict[str, str] = {}
    for row in plan.instance[Process]:
        stage_of.setdefault(row.unit, row.stage)
    found: dict[tuple[str, str], Tonnes] = defaultdict(lambda: defaultdict(float))
    for record in plan.tabs["Capacity and surplus"].records():
        if record["Kind"] == "capacity" and record["Limit"] is not None:
            for when in (record["Period"], ALL):
                found[stage_of[record["Unit or material"]], when][country[record["Site"]]] += record["Limit"]
    return found


# ------------------------------------------------------------------------------------------------ home and figures


def _home(instance: Instance, code: str) -> str:
    """The union that a country belongs to, by its entity, or the country."""
    unions = (row for row in instance[Entity] if len(row.country) > 1 and row.role == "government")
    return next((row.entity for row in unions if code in row.country), code)


def _homes(instance: Instance, names: Iterator[str]) -> dict[str, frozenset[str]]:
    """Customers by home."""
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(_home(instance, instance.row(Site, name).country or "ZZ"), set()).add(name)
    return {home: frozenset(customers) for home, customers in found.items()}


def _basis(codes: set[str]) -> str:
    """What the governance figures of some countries rest on."""
    missing = sorted(code for code in codes if code not in FIGURES)
    if missing:
        return f"no figure for {', '.join(missing)}"
    guessed = sorted(code for code in codes if FIGURES[code].basis == ESTIMATE)
    return f"published; {', '.join(guessed)} estimate" if guessed else "published"
