"""Lanes: who may ship to whom, how long it takes and what it costs."""

from __future__ import annotations

from sourcing.components.materials import Material
from sourcing.components.places import Site, matches
from sourcing.components.rules import CLEAN_TEXT, Label, countable, known, parse_label
from sourcing.instance import Instance
from sourcing.sheets import PLACES, Amount, Issue, Row, Selector, names, number, selector, sheet


@sheet("Lanes", "who may ship to whom", key=("origin", "destination", "goods"))
class Lane(Row):
    """A right to ship. The most specific row that matches a pair of sites and a material holds."""

    origin: Selector = selector("From", ("Sites", "Entities"), PLACES, "sender")
    destination: Selector = selector("To", ("Sites", "Entities"), PLACES, "receiver")
    goods: Selector = selector(
        "Material or Form", ("Materials",), ("form", "any"), "a material, a form, a list, or any"
    )
    freight: Amount = number(
        "Freight", "USD/t", "paid by the receiver, or by the seller when delivered", default=0.0, low=0
    )
    tariff: Amount = number("Tariff", "%", "on the price at the gate, without freight", default=0.0, low=0)
    lead_time: float = number("Lead time", "days", "from gate to gate", default=0.0, low=0)
    maximum: Amount | None = number("Maximum", "t/y", "joint over all that the row matches; blank is no limit", low=0)
    in_transit: float = number(
        "In transit", "t", "under way at the start; on a row of one site to one site and one material",
        default=0.0, low=0,
    )  # fmt: skip
    transit_label: tuple[str, ...] = names(
        "In transit label", "of what is under way: clean, or the rules it violates; blank is unproven"
    )


RANK = {"any": 0, "allied": 1, "country": 2, "entity": 3, "form": 3, "id": 4}
"""How specific a selector's term is: a plain id of an entity counts as `entity`."""


def lane(instance: Instance, origin: str, destination: str, material: str) -> Lane | None:
    """The most specific lane from a site to a site for a material: more filled selectors win, then closer kinds."""
    best = candidates(instance, origin, destination, material)
    return best[0][1] if best else None


def candidates(
    instance: Instance, origin: str, destination: str, material: str
) -> list[tuple[tuple[int, int, int], Lane]]:
    """Every lane that matches, most specific first, with its rank (filled selectors, places, material)."""
    found = []
    ends = instance.once(_ends)
    for place, row, goods in instance.once(_from).get(origin, {}).get(material, ()):
        stop = ends[place][1].get(destination)
        if stop is not None:
            start = ends[place][0][origin]
            filled = (start > 0) + (stop > 0) + (goods > 0)
            found.append(((filled, start + stop, goods), place, row))
    found.sort(key=lambda item: (tuple(-rank for rank in item[0]), item[1]))
    return [(rank, row) for rank, _, row in found]


def _ends(instance: Instance) -> list[tuple[dict[str, int], dict[str, int]]]:
    """For each lane the sites at either end, with the rank of the term that means them."""

    def reached(selector: Selector) -> dict[str, int]:
        ranks: dict[str, int] = {}
        for kind, name in selector.terms:
            rank = RANK["entity"] if kind == "id" and not instance.has(Site, name) else RANK[kind]
            for site in instance[Site]:
                if matches(instance, site, kind, name):
                    ranks[site.site] = max(ranks.get(site.site, 0), rank)
        return ranks

    return [(reached(row.origin), reached(row.destination)) for row in instance[Lane]]


def _from(instance: Instance) -> dict[str, dict[str, list[tuple[int, Lane, int]]]]:
    """For each site and material the lanes that carry it from there, by number, with the rank of what means it."""
    found: dict[str, dict[str, list[tuple[int, Lane, int]]]] = {row.site: {} for row in instance[Site]}
    ends = instance.once(_ends)
    for place, row in enumerate(instance[Lane]):
        ranks: dict[str, int] = {}
        for kind, name in row.goods.terms:
            for material in instance[Material]:
                hit = kind == "any" or name == (material.material if kind == "id" else material.form)
                if hit:
                    ranks[material.material] = max(ranks.get(material.material, 0), RANK[kind])
        for origin in ends[place][0]:
            for material_id, rank in ranks.items():
                found[origin].setdefault(material_id, []).append((place, row, rank))
    return found


def checks(instance: Instance) -> list[Issue]:
    """Lanes that name nobody, and transit at the start on rows that are not one site to one site."""
    faults = []
    ends = instance.once(_ends)
    for place, row in enumerate(instance[Lane]):
        for end, field in zip(ends[place], ("origin", "destination"), strict=True):
            if not end:
                faults.append(
                    instance.issue(row, field, "means no site", "name another, or set Active to no", warning=True)
                )
        single = all(
            len(selector.terms) == 1 and selector.terms[0][0] == "id"
            for selector in (row.origin, row.destination, row.goods)
        )
        if row.in_transit and not (single and len(ends[place][0]) == len(ends[place][1]) == 1):
            faults.append(
                instance.issue(
                    row,
                    "in_transit",
                    "the row must be one site to one site and one material",
                    "write a row of its own for it",
                )
            )
        for name in row.transit_label:
            if name.lower() != CLEAN_TEXT and not known(instance, name):
                remedy = "write clean, or rules of the tab Rules"
                faults.append(instance.issue(row, "transit_label", f"{name} is not a rule", remedy))
        if row.in_transit and not row.transit_label:
            message = "blank: what is under way is unproven and violates every rule"
            faults.append(instance.issue(row, "transit_label", message, "write clean or the rules", warning=True))
    return faults


def transit_label(instance: Instance, row: Lane) -> Label:
    """The label of what is under way on a lane at the start, as its material carries it; blank is unproven."""
    return parse_label(instance, row.transit_label) & countable(instance, row.goods.terms[0][1])


def tie(instance: Instance, origin: str, destination: str, material: str) -> Issue | None:
    """A fault where two lanes are equally specific for a shipment."""
    best = candidates(instance, origin, destination, material)
    if len(best) > 1 and best[0][0] == best[1][0] and best[0][1].key != best[1][1].key:
        first, second = best[0][1], best[1][1]
        return instance.issue(
            second,
            "origin",
            f"is as specific as {instance.where(first)} for {material} from {origin} to {destination}",
            "make one of the two more specific",
        )
    return None
