"""The origin trace: where every planned tonne is mined, separated, made into metal and alloy, and sintered.

Worked out from the instance and the plan's tables alone, like the audit, so that anybody can do it again. What mixes
is told apart no further: all that leaves a pool (lots of one label of a material at a site in a period, or of one
label in a stockpile) has the composition of all that came into it (`network`), and chains follow from that
(`chains`). Shares by mine rest on this assumption. That a chain holds nothing of a kind does not: the label of a lot
is the union of all that it was made of, so a clean lot has no part that violates, however lots mix.

    tonnes[d,c] = delivered[d]·held[pool of d, c]   for a delivery d and a chain c; Σ_c tonnes[d,c] = delivered[d] [t]

This is a plan and no evidence about actual lots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sourcing.audit.books import ZERO, Books
from sourcing.audit.facts import Facts
from sourcing.audit.records import Delivery
from sourcing.audit.verdict import TONNES, Families
from sourcing.instance import Instance
from sourcing.origin.chains import Chain, Chains, compositions, first_sources
from sourcing.origin.evidence import Evidence, Rows, Tally
from sourcing.origin.network import ORDER, UNEXPLAINED, Node, Start, network_of
from sourcing.tables import Table

__all__ = ["ORDER", "Lot", "Need", "Part", "Trace", "trace"]

Need = tuple[str, str, str, str]
"""What a delivery is for: customer, material, rules and period."""


class Part(NamedTuple):
    """Tonnes of a delivered lot that came by one chain, and the rows of the instance that they rest on."""

    chain: Chain
    tonnes: float
    rows: Rows


@dataclass(frozen=True)
class Lot:
    """What is delivered of one material and label for one need, by chain; `mines` by first source (t)."""

    delivery: Delivery
    parts: tuple[Part, ...]
    mines: dict[str, float]

    @property
    def tonnes(self) -> float:
        """Tonnes delivered."""
        return self.delivery.tonnes


@dataclass
class Trace:
    """Every delivery by chain. `lots` are by need; `residual` is the largest difference between a delivery and the
    sum of its chains (t); `untraced` are inputs that bring no rare earths. A plan that passes its audit has no
    `contradictions`.
    """

    facts: Facts
    evidence: Evidence
    lots: dict[Need, list[Lot]]
    untraced: tuple[str, ...]

    @property
    def residual(self) -> float:
        """Largest |Σ chains - delivered| over all lots (t)."""
        lots = (lot for lots in self.lots.values() for lot in lots)
        return max((abs(sum(part.tonnes for part in lot.parts) - lot.tonnes) for lot in lots), default=0.0)

    @cached_property
    def contradictions(self) -> tuple[str, ...]:
        """Lots whose label does not tell what a chain of theirs violates, or that come from nowhere."""
        found: dict[str, None] = {}
        for lot in (lot for lots in self.lots.values() for lot in lots):
            d = lot.delivery
            for part in (part for part in lot.parts if part.tonnes > TONNES):
                where = f"{d.delivered_as} for {d.customer} in {d.period}"
                if part.chain.start == UNEXPLAINED:
                    found[f"{where}: {part.tonnes:,.6g} t come from nowhere"] = None
                for id, place in sorted(part.chain.faults):
                    if id not in d.label:
                        found[f"{where}: {place} violates {id}, which its label does not tell"] = None
        return tuple(found)

    def tabs(self) -> dict[str, Table]:
        """The tables Origin, Origin by country and Rules met, by title."""
        from sourcing.origin.tabs import by_country, origin, rules_met

        return {table.title: table for table in (origin(self), by_country(self), rules_met(self))}

    def notes(self) -> list[str]:
        """What a reader of the tables must know, in sentences."""
        from sourcing.origin.tabs import notes

        return notes(self)

    def to_document(self, most: int = 10) -> list[tuple[str, str, float, bool]]:
        """The rows whose documentation would move most tonnes of what is delivered under rules.

        Each with its cell, the tonnes that rest on it, and whether on it alone; those come first, as documenting one
        of the others moves nothing by itself.
        """
        tally = Tally()
        for need, lots in self.lots.items():
            if need[2]:
                for lot in lots:
                    tally.merge(self.tally(lot))
        ranked = tally.ranked()[:most]
        rows = [(next(self.evidence.of(bit)), tonnes, alone) for bit, tonnes, alone in ranked]
        where = self.evidence.instance.where
        return [(row.name_of_row, where(row, "source"), tonnes, alone) for row, tonnes, alone in rows]

    def tally(self, lot: Lot) -> Tally:
        """What of a lot rests on estimates."""
        tally = Tally()
        for part in lot.parts:
            tally.add(part.rows & self.evidence.guesses, part.tonnes)
        return tally


def trace(instance: Instance, tables: Mapping[str, Table], view: str = "system") -> Trace:
    """Trace every delivery of a plan, given as its tables by title. Rows that cannot be read are left out.

    The instance must be the one that was planned, with its switches (`variants`).
    """
    facts = Facts(instance, view)
    books, evidence = Books(tables, facts, Families()), Evidence(instance)
    net, chains = network_of(facts, books, evidence), Chains(facts)
    mixes = compositions(net, chains)
    names, mines = first_sources(net, lambda start: _first(facts, start))
    lots: dict[Need, list[Lot]] = {}
    for need in books.needs:
        lots.setdefault((*need.demand_row, need.period), [])
    for d in books.deliveries:
        if d.tonnes > ZERO:
            node = net.at(Node(d.customer, d.delivered_as, d.label, d.period))
            lots.setdefault((*d.demand_row, d.period), []).append(_lot(d, mixes[node], chains, names, mines[node]))
    return Trace(facts, evidence, lots, tuple(net.untraced))


def _lot(d: Delivery, mix: dict[int, tuple[float, Rows]], chains: Chains, names: list[str], mines: Any) -> Lot:
    parts = [Part(chains.all[chain], share * d.tonnes, rows) for chain, (share, rows) in mix.items()]
    parts.sort(key=lambda part: (-round(part.tonnes, 6), part.chain.start, part.chain.sites))
    by_mine = {name: float(share) * d.tonnes for name, share in zip(names, mines, strict=True) if share > 1e-12}
    return Lot(d, tuple(parts), by_mine)


def _first(facts: Facts, start: Start) -> str:
    """Country of the mine (or collector) that a beginning is, or in words why there is none."""
    if start.step is None:
        return start.what.partition(":")[0]
    if start.step.level > 0:
        return "not known"
    country = facts.sites[start.step.line.site].country or "ZZ"
    return f"collected in {country}" if facts.materials[start.step.material].form == "scrap" else country
