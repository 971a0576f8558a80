"""Site: what a source does in a plan, at what price it would be used, and what blocks it.

What blocks is looked for along the way of what it makes: its own units (not built, without capacity, full), whether it
is for sale, lanes, qualifications, rules on its label, contracts and limits that bind, and plants of its takers that
are full. Each is a sentence with the cell to look at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sourcing.bindings import cell_of
from sourcing.bottlenecks import LEAST, UNIT_WORDS, unused, worths
from sourcing.components.channels import channels, routes
from sourcing.components.contracts import contracts
from sourcing.components.demand import Demand
from sourcing.components.horizon import periods
from sourcing.components.lanes import lane
from sourcing.components.limits import Limit
from sourcing.components.materials import select_materials
from sourcing.components.places import Site, entity_of, select_sites
from sourcing.components.production import Unit, lines
from sourcing.components.projects import project_units, starts
from sourcing.components.qualifications import Qualification, accepted
from sourcing.components.trade import Offer
from sourcing.instance import Instance
from sourcing.tables import Table, fields
from sourcing.usage import sites, undecided
from sourcing.words import did_you_mean

if TYPE_CHECKING:
    from sourcing.solver import Solution

SHOWN = 12
"""Blocks that are told at most."""


@dataclass
class SiteAnswer:
    """What a site does in a plan: `status` is used, idle or cut off; money in USD/kg, mass in tonnes."""

    site: str
    name: str
    status: str
    reason: str
    flows: Table
    prices: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The object of `explain --why --json`."""
        keys = ("to", "material", "under", "period", "t")
        return {
            "site": self.site,
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "flows": [dict(zip(keys, row, strict=True)) for row in self.flows.rows],
            "break_even": self.prices,
            "blocks": self.blocks,
        }


def known_site(instance: Instance, text: str) -> str:
    """The id of the site that a text means, whatever its case; ValueError, with the nearest, if there is none."""
    names = [row.site for row in instance[Site]]
    for name in names:
        if name.lower() == text.strip().lower():
            return name
    hint = did_you_mean(text, names)
    raise ValueError(f"--why {text}: there is no such site" + (f"; {hint}" if hint else ""))


def why_site(solution: Solution, site: str) -> SiteAnswer:
    """What a site does in a solved path, and why no more."""
    instance = solution.instance
    (row,) = sites(solution, only=site).records()
    flows = _flows(solution, site)
    prices = [
        {
            "kind": told[0], "name": told[1], "period": told[2], "price_usd_per_kg": told[7],
            "break_even_usd_per_kg": told[8], "words": told[9], "cell": told[10],
        }
        for _, told in sorted(unused(solution, site), key=lambda item: item[0])
    ]  # fmt: skip
    blocks: dict[tuple[str, str], dict[str, str]] = {}
    for what, words, cell in (*_own(solution, site), *_ways_out(solution, site), *_binding(solution, site)):
        blocks.setdefault((what, words), {"what": what, "words": words, "cell": cell})
    reached = any(site == h.origin and _carries(solution, h.id) for h in channels(instance))
    status = row["Status"]
    if status == "idle" and not reached:
        status = "cut off"
    return SiteAnswer(site, row["Name"], status, row["Reason"] or "", flows, prices, list(blocks.values())[:SHOWN])


def _carries(solution: Solution, channel: tuple[str, ...]) -> bool:
    return any(index[:4] == channel for index in solution.values("channels.flow"))


def _flows(solution: Solution, site: str) -> Table:
    table = Table(
        "Flows", fields("To", "Material", "Under", "Period", ("Flow", "t")), "What the site ships in the plan."
    )
    found: dict[tuple[str, ...], float] = {}
    for (i, j, material, under, _, period), tonnes in solution.positive("channels.flow"):
        if i == site and tonnes > 1e-6:
            key = (j, material, under, period)
            found[key] = found.get(key, 0.0) + tonnes
    for way, tonnes in found.items():
        table.add(*way, tonnes)
    return table


Told = Iterator[tuple[str, str, str]]


def _own(solution: Solution, site: str) -> Told:
    """Units that are not built, or that never have capacity."""
    instance = solution.instance
    spans = periods(instance)
    waits = set(undecided(solution, site))
    for unit in (row for row in instance[Unit] if row.site == site):
        project = project_units(instance).get(unit.unit)
        if project and project.project in waits:
            dates = starts(instance, project)
            when = f"could start in {dates[0][0].id} and be on line in {dates[0][1].id}" if dates else "comes too late"
            words = f"{unit.unit} is not built: project {project.project} is not started, and {when}"
            yield "not yet built", words, instance.where(project, "earliest" if dates else "lead_time")
        elif project and not starts(instance, project) and project.status == "option":
            words = f"{unit.unit} cannot be built within the horizon: project {project.project} comes later"
            yield "not yet built", words, instance.where(project, "earliest")
        elif project is None:
            none = [t.id for t in spans if solution.capacity(unit.unit, t)[0] <= 0]
            if none:
                words = f"{unit.unit} has no capacity in {_periods(none, len(spans))}"
                yield "capacity", words, cell_of(instance, unit, "capacity", none[0])


def _periods(found: list[str], count: int) -> str:
    return "every period" if len(found) == count else ", ".join(found)


def _ways_out(solution: Solution, site: str) -> Told:
    """What it makes that nobody may buy: no offer, no lane, no qualification, or a label that breaks a rule."""
    instance, lots, spans = solution.instance, solution.lots, periods(solution.instance)
    made = {material for line in lines(instance) if line.site == site for material in line.recipe.outputs}
    open_to = {(h.destination, h.material) for h in channels(instance) if h.origin == site}
    unsold: dict[str, list[str]] = {}
    no_lane: dict[str, list[str]] = {}
    for i, j, material in routes(instance):
        if i != site or (material not in made and (j, material) not in open_to):
            continue
        if lane(instance, i, j, material) is None:
            no_lane.setdefault(material, []).append(j)
        elif (j, material) not in open_to and entity_of(instance, i) != entity_of(instance, j):
            unsold.setdefault(material, []).append(j)
    for h in (h for h in channels(instance) if h.origin == site):
        shut = [t.id for t in spans if not accepted(instance, h.destination, site, h.material, t)]
        if shut:
            rows = [
                row
                for row in instance[Qualification]
                if row.customer == h.destination and row.material in (h.material, "any")
            ]
            own = next((row for row in rows if row.maker == site), rows[0])
            words = f"{h.destination} does not accept {h.material} from {site} in {_periods(shut, len(spans))}"
            yield "qualification", words, instance.where(own, "since" if own.maker == site else "maker")
        has = [t for t in spans if lots.labels(site, h.material, t)]  # what is not there needs no way out
        ruled = [t.id for t in has if t.id not in shut and h.open(instance, t) and not lots.shipped(h, t)]
        needs = [d for d in instance[Demand] if d.customer == h.destination and d.rules]
        if ruled and needs:
            rules = "; ".join(dict.fromkeys(name for d in needs for name in d.rules))
            words = f"no lot of {h.material} may go from {site} to {h.destination} in {_periods(ruled, len(spans))}"
            yield "rule", f"{words}: its origin breaks {rules}", instance.where(needs[0], "rules")
        elif ruled:
            words = f"{h.destination} has no use for {h.material} from {site} in {_periods(ruled, len(spans))}"
            yield "use", words, instance.where(h.lane)
    for material, takers in unsold.items():
        words = f"{material} is not for sale to {_names(takers)}: no offer and no contract"
        key = f"{site}|{material}"
        offer = instance.where(instance.row(Offer, key), "site") if instance.has(Offer, key) else "Offers"
        yield "contract", words, offer
    for material, takers in no_lane.items():
        yield "lane", f"no lane carries {material} from {site} to {_names(takers)}", "Lanes"


def _names(found: list[str]) -> str:
    return ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")


def _binding(solution: Solution, site: str) -> Told:
    """Rows with a worth that bound what the site makes and ships, and full units of those who take it."""
    instance = solution.instance
    ways = [h for h in channels(instance) if h.origin == site]
    units = {row.unit: site for row in instance[Unit] if row.site == site}
    down = {h.destination for h in ways}
    below = {row.unit: row.site for row in instance[Unit] if row.site in down}
    lanes, offers = {h.lane.key for h in ways}, {h.offer.key for h in ways if h.offer}
    signed = {row.contract for row, sellers, _ in contracts(instance) if site in sellers}
    limits = {
        row.limit
        for row in instance[Limit]
        if site in select_sites(instance, row.origin)
        and any(h.material in select_materials(instance, row.material, row.form) for h in ways)
    }
    groups: dict[tuple[str, str, str], list[tuple[float, str, str]]] = {}
    for found in sorted(worths(instance, solution.arrays, solution.duals), key=lambda found: -found.usd):
        family, index, binding = found.family, found.index, found.binding
        own = {
            "production": index[0] in units or index[0] in below,
            "projects": index[0] in units or index[0] in below,
            "takeorpay": index[0] in signed,
            "contracts": index[0] in signed,
            "limits": index[0] in limits,
            "qualifications": len(index) > 2 and index[2] == site,
        }.get(family.split(".")[0], False)
        own = own or (family == "channels.lane" and index[0] in lanes)
        own = own or (family == "channels.offer" and "|".join(index[:2]) in offers)
        if own and found.usd >= LEAST:
            what = "capacity downstream" if index[0] in below else binding.kind
            key = what, binding.words.format(name=found.row.key), binding.unit
            groups.setdefault(key, []).append((found.usd, found.period, found.cell))
    for (what, words, unit), told in groups.items():
        worth, period, cell = told[0]
        when = f" in {period}" if period else ""
        more = f" (binds in {len(told)} periods)" if len(told) > 1 else ""
        yield (
            what,
            f"the {words} binds: one {UNIT_WORDS.get(unit, unit)} there is worth {worth:,.0f} USD{when}{more}",
            cell,
        )
