"""Floors: public price instruments, contracts for difference and border floors.

    counted[f,t]  = min(Σ output of the material at the covered sites, years·volume)                               [t]
    top-up[f,t]   = max(0, level - benchmark)·counted            treasury to producer                             [k$]
    upside[f,t]   = share·max(0, benchmark - upside from)·counted   producer to treasury, once it applies         [k$]

    border[f,h,t] = max(0, level - P)·Σ flow     importer to its treasury, on channels from covered sites outside the
                                                 members into them; P is the benchmark if named, else the price    [k$]

The benchmark is data, so a floor moves money and not prices; its effect on market prices is outside the model. What is
reported is worked out from the output.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sourcing.components.channels import Channel, channels
from sourcing.components.contracts import contract_price, contracts, is_signed, reference_price
from sourcing.components.horizon import Span, at, mean, periods
from sourcing.components.materials import Material
from sourcing.components.places import Site, entity_of, select_sites, treasury_of, unknown_countries
from sourcing.components.production import output
from sourcing.components.trade import index_price
from sourcing.instance import Instance
from sourcing.sheets import (
    Amount,
    InstanceError,
    Issue,
    Row,
    Selector,
    Series,
    choice,
    date,
    identifier,
    names,
    number,
    over_time,
    reference,
    selector,
    sheet,
    year_of,
)
from sourcing.tables import Table, fields
from sourcing.traced import largest

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Floors", "a public price instrument", key=("floor",))
class Floor(Row):
    """A price level that a treasury guarantees to a producer (cfd) or holds at a border."""

    floor: str = identifier("Floor", "short name")
    kind: str = choice("Kind", "contract for difference, or floor at a border", ("cfd", "border"), required=True)
    material: str = reference("Material", "Materials", "what")
    covered: Selector = selector("Covered", ("Sites", "Entities"), ("entity", "country"), "sites whose output counts")
    benchmark: str = reference(
        "Benchmark", "Prices", "index that it is measured by; blank is the material's", required=False
    )
    upside_from: float | None = number("Upside from", "USD/kg", "benchmark above which the payer gets a share", low=0)
    upside_share: Amount = number(
        "Upside share", "%", "of what the benchmark is above it", default=0.0, low=0, high=100
    )
    upside_starts: dt.date | None = date("Upside starts", "first day of the share; blank with a share is always")
    volume: Amount | None = number("Volume", "t/y", "most output that counts; blank is all", low=0)
    payer: str = reference("Payer", "Entities", "the treasury", required=False)
    members: tuple[str, ...] = names("Members", "countries inside a border floor")
    level: Series = over_time("Level", "USD/kg", "the guaranteed price", low=0)


def benchmark(instance: Instance, row: Floor, t: Span) -> float:
    """The price that a floor is measured by, USD/kg."""
    return index_price(instance, row.benchmark or instance.row(Material, row.material).index, t)


def top_up(instance: Instance, row: Floor, t: Span) -> float:
    """What the treasury adds, USD/kg."""
    return largest(0.0, mean(row.level, t) - benchmark(instance, row, t))


def upside(instance: Instance, row: Floor, t: Span) -> float:
    """What the treasury gets, USD/kg."""
    if row.upside_from is None or (row.upside_starts and year_of(row.upside_starts) > t.start + 1e-6):
        return 0.0
    return at(row.upside_share, t) / 100 * largest(0.0, benchmark(instance, row, t) - row.upside_from)


def covered(instance: Instance, row: Floor) -> list[str]:
    """The sites whose output counts."""
    return sorted(select_sites(instance, row.covered))


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Payments of contracts for difference."""
    _border(path, instance, ledger)
    for row in instance[Floor]:
        for t in periods(instance):
            if row.kind == "border":
                continue
            made: dict[str, list[tuple[float, Any]]] = {}
            for site in covered(instance, row):
                if terms := output(path, site, row.material, t):
                    made.setdefault(entity_of(instance, site), []).extend(terms)
            if not made:
                continue
            producers: Any = next(iter(made)) if len(made) == 1 else tuple(made.items())
            every = [pair for part in made.values() for pair in part]
            volume = at(row.volume, t)
            cap = volume * t.years if volume is not None else None
            for kind, rate in (("top-up", top_up(instance, row, t)), ("upside share", upside(instance, row, t))):
                if not rate:
                    continue
                payer, payee = (row.payer, producers) if kind == "top-up" else (producers, row.payer)
                if not ledger.agree(producers):
                    message = f"covers producers of which the {ledger.view} view counts only some: not planned yet"
                    raise InstanceError([instance.issue(row, "covered", message, "write a floor for each")])
                if cap is not None and ledger.factor(payer, payee, kind) > 0:
                    message = f"a volume whose {kind} the {ledger.view} view counts as a cost is not planned yet"
                    raise InstanceError(
                        [instance.issue(row, "volume", message, "choose the other view, or clear the volume")]
                    )

                def exact(value: Any, rate: float = rate, every: Any = every, cap: float | None = cap) -> float:
                    tonnes: float = value(every)
                    return rate * (tonnes if cap is None else min(tonnes, cap))

                ledger.pay(
                    payer, payee, kind, row.floor, t, [(rate * k, var) for k, var in every], exact=exact, rows=(row,)
                )


def _border(path: Any, instance: Instance, ledger: Ledger) -> None:
    """What importers pay on top of the price, on what comes from covered sites outside into the members' countries."""
    for row, h, t, rate in at_border(instance):
        flows = [(rate, var) for var in path.channels.by_channel.get((*h.id, t.id), ())]
        if flows and rate:
            buyer, where = entity_of(instance, h.destination), f"{row.floor}: {h.origin} → {h.destination}"
            ledger.pay(buyer, treasury_of(instance, h.destination), "border top-up", where, t, flows, rows=(row,))


def at_border(instance: Instance) -> list[tuple[Floor, Channel, Span, float]]:
    """Border floors with the channels that cross them, and what is added in a period (k USD/t)."""
    found = []
    country = {site.site: site.country for site in instance[Site]}
    for row in instance[Floor]:
        if row.kind != "border":
            continue
        sites = set(covered(instance, row))
        for h in channels(instance):
            if h.material == row.material and h.origin in sites and country[h.destination] in row.members:
                if country[h.origin] in row.members:
                    continue
                for t in (t for t in periods(instance) if h.open(instance, t)):
                    price = benchmark(instance, row, t) if row.benchmark else h.price(instance, t)
                    if price is None:
                        price = benchmark(instance, row, t)
                    found.append((row, h, t, largest(0.0, mean(row.level, t) - price)))
    return found


def checks(instance: Instance) -> list[Issue]:
    """Floors without benchmark, payer or output, and border floors."""
    faults = []
    for row in instance[Floor]:
        faults += unknown_countries(instance, row, "members")
        if row.kind == "border" and not row.members:
            faults.append(instance.issue(row, "members", "whose border is not said", "list countries"))
        if row.kind == "cfd" and not row.payer:
            faults.append(instance.issue(row, "payer", "nobody pays the difference", "name a treasury"))
        if not row.benchmark and not instance.row(Material, row.material).index:
            message = f"no benchmark: {row.material} has no price index either"
            faults.append(instance.issue(row, "benchmark", message, "name an index"))
        if not covered(instance, row):
            faults.append(instance.issue(row, "covered", "means no site", "name a site, or a party that has one"))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What each floor covers and pays, and what contracts with a floor pay above the market."""
    instance = solution.instance
    table = Table(
        "Floors",
        fields(
            "Floor", "Kind", "Material", "Period", ("Level", "USD/kg"), ("Benchmark", "USD/kg"), ("Output", "t"),
            ("Counted", "t"), ("Top-up", "M USD"), ("Upside", "M USD"), "Payer", "Payee",
        ),
        "What guaranteed prices cover and cost. A contract's floor is paid by its buyers.",
    )  # fmt: skip
    for row in instance[Floor]:
        for t in periods(instance):
            if row.kind == "border":
                continue
            sites = covered(instance, row)
            made = solution.total([pair for site in sites for pair in output(solution.path, site, row.material, t)])
            volume = at(row.volume, t)
            counted = made if volume is None else min(made, volume * t.years)
            table.add(
                row.floor, row.kind, row.material, t.id, mean(row.level, t), benchmark(instance, row, t), made, counted,
                top_up(instance, row, t) * counted / 1000, upside(instance, row, t) * counted / 1000, row.payer,
                "; ".join(sorted({entity_of(instance, site) for site in sites})),
            )  # fmt: skip
    border: dict[tuple[str, str], list[tuple[float, float, Channel]]] = {}
    for row, h, t, rate in at_border(instance):
        flows = [(1.0, var) for var in solution.path.channels.by_channel.get((*h.id, t.id), ())]
        border.setdefault((row.floor, t.id), []).append((solution.total(flows), rate, h))
    for row in instance[Floor]:
        for t in periods(instance):
            if crossings := border.get((row.floor, t.id)):
                tonnes = sum(part for part, _, _ in crossings)
                added = sum(part * rate for part, rate, _ in crossings) / 1000
                payees = "; ".join(sorted({treasury_of(instance, h.destination) for _, _, h in crossings}))
                table.add(
                    row.floor, row.kind, row.material, t.id, mean(row.level, t), benchmark(instance, row, t), tonnes,
                    tonnes, added, 0.0, "importers", payees,
                )  # fmt: skip
    taken = solution.path.channels.by_contract
    for contract, sellers, _ in contracts(instance):
        for t in periods(instance):
            floor = at(contract.floor, t)
            if floor is None or not is_signed(solution, contract, t):
                continue
            part = taken.get((contract.contract, t.id), ())
            tonnes = solution.total([(1.0, var) for _, flows in part for var in flows])
            market = reference_price(instance, contract, t)
            above = max(0.0, contract_price(instance, contract, t) - market)
            table.add(
                contract.contract, "contract floor", contract.material, t.id, floor, market, tonnes, tonnes,
                above * tonnes / 1000, 0.0, "; ".join(sorted({entity_of(instance, h.destination) for h, _ in part})),
                "; ".join(sorted({entity_of(instance, site) for site in sellers})),
            )  # fmt: skip
    return [table]
