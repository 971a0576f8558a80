"""What an instance says, worked out for the audit from its rows alone.

Everything here is derived a second time, from the design and not from the model: an error that both share would have
to be made twice.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, Substitute
from sourcing.components.horizon import Period, Setting, Settings
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.instance import Instance
from sourcing.sheets import Amount, Selector, Series, conversion, span_of, year_of

MOMENT = 1e-6
"""Two moments closer than this (years, half a minute) are one."""

MILLION, KILO = 1e-6, 1e-3
"""From USD/t·t and from USD/kg·t to M USD."""


@dataclass(frozen=True)
class Time:
    """A period on the calendar, in decimal years."""

    id: str
    start: float
    end: float

    @property
    def years(self) -> float:
        """Its length."""
        return self.end - self.start

    def overlap(self, start: float, end: float) -> float:
        """Years of it between two moments."""
        return max(0.0, min(self.end, end) - max(self.start, start))


@dataclass(frozen=True)
class Line:
    """A process with all the units that it uses (t of capacity per t of activity)."""

    site: str
    recipe: str
    unit: str
    stage: str
    cost: Amount
    credit: Amount
    credit_payer: str
    adds: tuple[str, ...]
    uses: dict[str, float]
    inputs: dict[str, float]
    outputs: dict[str, float]

    def __str__(self) -> str:
        return f"{self.recipe} at {self.site} on {self.unit}"


class Facts:
    """Calendar, places, network and prices of an instance, and what parties weigh in a view."""

    def __init__(self, instance: Instance, view: str):
        from sourcing.audit.labels import Labels

        self.instance, self.view = instance, view
        self.sites = {row.site: row for row in instance[Site]}
        self.entities = {row.entity: row for row in instance[Entity]}
        self.materials = {row.material: row for row in instance[Material]}
        self.units = {row.unit: row for row in instance[Unit]}
        self.contracts = {row.contract: row for row in instance[Contract]}
        self.stockpiles = {row.stockpile: row for row in instance[Stockpile]}
        self.limits = {row.limit: row for row in instance[Limit]}
        self.offers = {(row.site, row.material): row for row in instance[Offer]}
        self.demands = {(row.customer, row.material, "; ".join(row.rules)): row for row in instance[Demand]}
        self.substitutes = {(row.customer, row.material, row.substitute): row for row in instance[Substitute]}
        self.prices = {row.index: row.price for row in instance[Price]}
        self.customers = {row.customer for row in instance[Demand]}
        self.times = _times(instance)
        self.time = {t.id: t for t in self.times}
        self.lines = _lines(instance)
        self.line = {(line.site, line.recipe, line.unit): line for line in self.lines}
        self.made = {(line.site, material) for line in self.lines for material in line.outputs}
        self.used = {(line.site, material) for line in self.lines for material in line.inputs}
        self.stocked = {(row.site, row.material) for row in instance[Stockpile]}
        self.needed = {(row.customer, row.material) for row in instance[Demand]}
        self.needed |= {(c, other) for c, material, other in self.substitutes if (c, material) in self.needed}
        self.passed_on = {(site, material) for site, material in self.offers if self.sites[site].passes_on}
        self._lanes: dict[tuple[str, str, str], Lane | None] = {}
        self._ranks: dict[tuple[Selector, str], int | None] = {}
        self.rules = Labels(instance, self)
        self.ids: dict[str, Iterable[str]] = {
            "site": self.sites,
            "material": self.materials,
            "period": self.time,
            "party": self.entities,
            "payer": {*self.entities, "", "planner"},
            "stockpile": self.stockpiles,
            "contract": self.contracts,
            "limit": self.limits,
            "unit": self.units,
            "rule": self.rules.rules,
        }

    # ------------------------------------------------------------------------------------------ settings

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """Settings rows by name in small letters."""
        rows = (row for row in self.instance[Setting] if row.value)
        return {" ".join(re.split(r"[\s_-]+", row.setting.strip().lower())): row for row in rows}

    def _number(self, name: str, unit: str, default: float) -> float:
        row = self.settings.get(name)
        if row is None:
            return default
        plain = unit.startswith("%") and row.unit.strip() in ("", "%", "% a year")
        return float(row.value) * (1.0 if plain else conversion(row.unit, unit) or math.nan)

    @cached_property
    def shortage_value(self) -> float:
        """USD/kg, where a demand gives none."""
        return self._number("shortage value", "USD/kg", Settings.shortage_value)

    def discount(self, t: Time) -> float:
        """What a dollar in the middle of a period is worth at the start of the first."""
        rate = self._number("discount rate", "%/y", Settings.discount_rate) / 100
        return float((1 + rate) ** -((t.start + t.end) / 2 - self.times[0].start))

    @cached_property
    def open_to_decisions(self) -> float:
        """The moment from which the plan may decide."""
        row = self.settings.get("first period open to decisions")
        if row is None:
            return self.times[0].start
        return self.moments(row.value.strip())[0]

    def moments(self, text: str) -> tuple[float, float]:
        """Start and end of a period or a calendar span."""
        if text in self.time:
            return self.time[text].start, self.time[text].end
        found = span_of(text)
        if found is None:
            raise ValueError(f"{text} is neither a period nor a calendar span")
        return found

    def first_from(self, moment: float) -> Time | None:
        """The first period that begins at or after a moment."""
        return next((t for t in self.times if t.start >= moment - MOMENT), None)

    # ------------------------------------------------------------------------------------------ places and goods

    def _place_rank(self, selector: Selector, site: str) -> int | None:
        """How closely a selector means a site: 4 by name, 3 by party, 2 by country, 1 as an ally, 0 as any."""
        if (selector, site) not in self._ranks:
            row, ranks = self.sites[site], []
            for kind, name in selector.terms:
                if kind == "id" and name in self.sites:
                    ranks += [4] if name == site else []
                elif kind in ("id", "entity"):
                    ranks += [3] if row.entity == name else []
                elif kind == "country":
                    ranks += [2] if row.country.upper() == name.upper() else []
                elif kind == "allied":
                    ranks += [1] if self.entities[row.entity].allied else []
                elif kind == "any":
                    ranks += [0]
            self._ranks[selector, site] = max(ranks, default=None)
        return self._ranks[selector, site]

    def _goods_rank(self, selector: Selector, material: str) -> int | None:
        """How closely a selector means a material: 2 by name, 1 by form, 0 as any."""
        form = self.materials[material].form
        hits = {"id": material, "form": form}
        ranks = [
            {"id": 2, "form": 1, "any": 0}[kind]
            for kind, name in selector.terms
            if kind == "any" or hits.get(kind) == name
        ]
        return max(ranks, default=None)

    def covers(self, selector: Selector, site: str) -> bool:
        """Whether a selector means a site."""
        return self._place_rank(selector, site) is not None

    def matches(self, selector: Selector, material: str, form: str = "") -> bool:
        """Whether a selector means a material, of one form if given."""
        return form in ("", self.materials[material].form) and self._goods_rank(selector, material) is not None

    def lane(self, origin: str, destination: str, material: str) -> Lane | None:
        """The lane of a shipment: the most specific row that matches, or None."""
        key = (origin, destination, material)
        if key not in self._lanes:
            found: list[tuple[tuple[int, int, int], Lane]] = []
            for row, c in self._carrying[material]:
                a, b = self._place_rank(row.origin, origin), self._place_rank(row.destination, destination)
                if a is not None and b is not None:
                    found.append((((a > 0) + (b > 0) + (c > 0), a + b, c), row))  # filled selectors, then how closely
            self._lanes[key] = max(found, key=lambda pair: pair[0])[1] if found else None
        return self._lanes[key]

    @cached_property
    def _carrying(self) -> dict[str, list[tuple[Lane, int]]]:
        """The lanes that carry a material, and how closely they mean it."""
        ranked = {m: [(row, self._goods_rank(row.goods, m)) for row in self.instance[Lane]] for m in self.materials}
        return {m: [(row, rank) for row, rank in rows if rank is not None] for m, rows in ranked.items()}

    def owner(self, site: str) -> str:
        """The party whose site it is."""
        return self.sites[site].entity

    def may_send(self, site: str, material: str) -> bool:
        """Whether a site makes, stocks or passes on a material; customers ship nothing."""
        has = {(site, material)} & (self.made | self.stocked | self.passed_on)
        return bool(has) and site not in self.customers

    def may_take(self, site: str, material: str) -> bool:
        """Whether a site uses, stocks or passes on a material."""
        return bool({(site, material)} & (self.used | self.needed | self.stocked | self.passed_on))

    def may_be_left(self, site: str, material: str) -> bool:
        """Whether a material may be left over at a site."""
        if (site, material) not in self.made:
            return False
        allowed = self.materials[material].surplus
        by_product = any(
            line.site == site and material in list(line.outputs)[1:]  # the first output is what it is run for
            for line in self.lines
        )
        return allowed == "allowed" or (not allowed and by_product)

    # ------------------------------------------------------------------------------------------ contracts

    def dates(self, contract: Contract) -> tuple[float, float]:
        """First and last moment of a contract."""
        since = -math.inf if contract.since is None else year_of(contract.since)
        until = math.inf if contract.until is None else year_of(contract.until + dt.timedelta(days=1))
        return since, until

    def years(self, contract: Contract, t: Time) -> float:
        """Years of a period that lie in a contract's dates; 0 is closed."""
        years = t.overlap(*self.dates(contract))
        return years if years > MOMENT else 0.0

    # ------------------------------------------------------------------------------------------ prices (USD/kg)

    def price(self, index: str, t: Time) -> float:
        """An index in a period; 0 where there is none."""
        return self.prices[index].mean(t.start, t.end) if index else 0.0

    def market(self, material: str, t: Time) -> float:
        """A material's market price."""
        return self.price(self.materials[material].index, t)

    def spot(self, offer: Offer, t: Time) -> float:
        """What an offer asks."""
        index = offer.index or self.materials[offer.material].index
        return self.price(index, t) * (1 + mean(offer.premium, t) / 100) + mean(offer.adder, t)

    def before_floor(self, contract: Contract, t: Time) -> float:
        """A contract's price before floor and cap."""
        if contract.fixed is not None:
            return mean(contract.fixed, t)
        index = contract.index or self.materials[contract.material].index
        return self.price(index, t) * (1 + mean(contract.premium, t) / 100)

    def contract_price(self, contract: Contract, t: Time) -> float:
        """What a contract asks before a rebate."""
        floor, cap = mean(contract.floor, t, default=-math.inf), mean(contract.cap, t, default=math.inf)
        return min(max(self.before_floor(contract, t), floor), cap)

    def at_gate(self, under: str, origin: str, material: str, t: Time) -> float:
        """The price of a channel; inside one party the market price."""
        if under in self.contracts:
            return self.contract_price(self.contracts[under], t)
        offer = self.offers.get((origin, material))
        return self.spot(offer, t) if under == "spot" and offer else self.market(material, t)

    # ------------------------------------------------------------------------------------------ parties

    def treasury(self, site: str) -> str:
        """Who gets the duties of a site's country: its government, or a treasury that stands for one."""
        country = self.sites[site].country
        for row in self.entities.values():
            if row.role == "government" and country and country in row.country:
                return row.entity
        return f"treasury:{country or 'ZZ'}"

    def weight(self, party: str, importer: str = "") -> float:
        """What a dollar of a party counts in the view; a treasury that stands for a country is as its importer."""
        if party == "planner":
            return 1.0
        if party.startswith("treasury:"):
            return float(self.view == "system" and self.entities[importer].allied)
        row = self.entities.get(party)
        return float(row is not None and row.allied and (self.view == "system" or row.role == "buyer"))

    # ------------------------------------------------------------------------------------------ projects

    @cached_property
    def projects(self) -> dict[str, Project]:
        """Projects by name."""
        return {row.project: row for row in self.instance[Project]}

    @cached_property
    def qualifications(self) -> dict[str, Qualification]:
        """Qualifications by `customer|material|maker`."""
        return {f"{row.customer}|{row.material}|{row.maker}": row for row in self.instance[Qualification]}

    def start_of(self, project: Project) -> float:
        """The moment from which a project may start (a committed one does)."""
        return self.times[0].start if project.earliest is None else year_of(project.earliest)

    @staticmethod
    def end_of(project: Project) -> float:
        """The moment before which a project must start; infinite without one."""
        return math.inf if project.latest is None else year_of(project.latest + dt.timedelta(days=1)) - MOMENT

    def online_from(self, project: Project, start: float) -> Time | None:
        """The period from which a step that starts at a moment is on line."""
        return self.first_from(start + months_from(project.lead_time, start) / 12)

    @staticmethod
    def ramp(project: Project, online: Time, t: Time) -> float:
        """Mean share of capacity in a period of a step that is on line from the start of another; 0 before."""
        if t.start < online.start - MOMENT:
            return 0.0
        values = [value / 100 for value in project.ramp] or [1.0]
        last = online.start + len(values) - 1
        total = t.overlap(last, math.inf) * values[-1]
        for year, value in enumerate(values[:-1]):
            total += t.overlap(online.start + year, online.start + year + 1) * value
        return total / t.years


def mean(value: Amount | None, t: Time, *, default: float = 0.0) -> float:
    """A number or calendar series in a period; `default` where the column is blank."""
    if value is None:
        return default
    return value.mean(t.start, t.end) if isinstance(value, Series) else value


def months_from(value: Amount | None, start: float) -> float:
    """The lead time of what starts at a moment; none where the column is blank."""
    if isinstance(value, Series):
        begun = [k for k, since in enumerate(value.starts) if since <= start + MOMENT]
        return value.values[begun[-1]]
    return value or 0.0


def _times(instance: Instance) -> tuple[Time, ...]:
    rows = sorted(instance[Period], key=lambda row: row.start)
    starts = [year_of(row.start) for row in rows]
    ends = [*starts[1:], starts[-1] + rows[-1].years]
    return tuple(Time(row.period, start, end) for row, start, end in zip(rows, starts, ends, strict=True))


def _lines(instance: Instance) -> tuple[Line, ...]:
    inputs: dict[str, dict[str, float]] = {}
    outputs: dict[str, dict[str, float]] = {}
    for row in instance[RecipeLine]:
        for side, amount in ((inputs, row.input), (outputs, row.output)):
            side.setdefault(row.recipe, {})
            if amount:
                side[row.recipe][row.material] = amount
    lines: list[Line] = []
    for process in instance[Process]:
        if process.cost is None:  # a further unit of the line above
            above = next(line for line in reversed(lines) if (line.site, line.recipe) == (process.site, process.recipe))
            above.uses[process.unit] = process.use
            continue
        lines.append(
            Line(
                process.site, process.recipe, process.unit, process.stage, process.cost, process.credit,
                process.credit_payer, process.adds, {process.unit: process.use}, inputs[process.recipe],
                outputs[process.recipe],
            )
        )  # fmt: skip
    return tuple(lines)
