"""Ledger: what components post, and nothing else couples them.

Material: `post(site, material, label, t, coefficient, variable)` adds to a balance that must close at zero (what
arrives or is made counts +, what leaves or is used counts -; tonnes).

Money: `pay(payer, payee, kind, where, t, terms)` is an entry of Σ coefficient·variable + constant thousand dollars
in period t. In a view an entry counts (weight of payer - weight of payee) times its amount; without a payee it is a
resource cost, which counts at least 0.1 % so that ties break the natural way. The objective and the plan's cost tab
are read from the same entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sourcing.components.horizon import Span
from sourcing.components.places import is_allied, role_of
from sourcing.instance import Instance
from sourcing.sheets import Row

Terms = list[tuple[float, Any]]
"""Pairs of a coefficient and a Pyomo variable."""

Party = str | tuple[tuple[str, Terms], ...]
"""A party, or several who share an amount in proportion to a sum of terms (what each of them takes)."""

TIE = 0.001
"""Share at which resource costs of parties without weight count."""

PLANNER = "planner"
"""Who bears what nobody pays: penalties of soft limits."""

VALUE_KINDS = ("shortage", "limit penalty")
"""Entries that are no payment: they weigh 1 in every view."""


class Entry(NamedTuple):
    """One payment in a period: amount = Σ coefficient·variable + constant, in k USD.

    `bounded` says that something limits what may be earned by it. `exact` recomputes the amount from the solved
    flows where the terms hold it only as far as the objective pushes (a rebate under its cap). `rows` are the rows
    of the instance whose figures set the rate.
    """

    payer: Party
    payee: Party
    kind: str
    where: str
    period: Span
    terms: Terms
    constant: float = 0.0
    bounded: bool = False
    exact: Callable[[Callable[[Terms], float]], float] | None = None
    rows: tuple[Row, ...] = ()


@dataclass
class Ledger:
    """Posted terms of one path."""

    instance: Instance
    view: str
    balances: dict[tuple[str, str, str, str], Terms] = field(default_factory=dict)
    supplies: dict[tuple[str, str, str, str], float] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    _weights: dict[str, float] = field(default_factory=dict)

    def post(self, site: str, material: str, label: str, t: Span, coefficient: float, variable: Any) -> None:
        """Add a term to the balance of a material at a site (t)."""
        self.balances.setdefault((site, material, label, t.id), []).append((coefficient, variable))

    def supply(self, site: str, material: str, label: str, t: Span, tonnes: float) -> None:
        """Add tonnes that arrive whatever is decided."""
        key = (site, material, label, t.id)
        self.balances.setdefault(key, [])
        self.supplies[key] = self.supplies.get(key, 0.0) + tonnes

    def pay(
        self,
        payer: Party,
        payee: Party,
        kind: str,
        where: str,
        t: Span,
        terms: Terms,
        constant: float = 0.0,
        *,
        bounded: bool = False,
        exact: Callable[[Callable[[Terms], float]], float] | None = None,
        rows: tuple[Row, ...] = (),
    ) -> None:
        """Add a payment; `payee` "" is a resource cost, `rows` are those whose figures set the rate."""
        if terms or constant or exact:
            self.entries.append(Entry(payer, payee, kind, where, t, terms, constant, bounded, exact, rows))

    def weight(self, party: Party) -> float:
        """How a party counts: in the system view allied parties 1, in the buyer view allied buyers 1, others 0.

        Of parties that share an amount the first counts for all (their weights must agree: `agree`).
        """
        name = party if isinstance(party, str) else party[0][0]
        if name not in self._weights:
            self._weights[name] = self._weight(name)
        return self._weights[name]

    def _weight(self, name: str) -> float:
        if name == PLANNER:
            return 1.0
        if not is_allied(self.instance, name):
            return 0.0
        return 1.0 if self.view == "system" or role_of(self.instance, name) == "buyer" else 0.0

    def agree(self, party: Party) -> bool:
        """Whether all who share an amount have one weight."""
        return isinstance(party, str) or len({self.weight(name) for name, _ in party}) <= 1

    def count(self, entry: Entry) -> float:
        """The weight at which an entry counts in the objective."""
        return self.factor(entry.payer, entry.payee, entry.kind, bounded=entry.bounded)

    def factor(self, payer: Party, payee: Party, kind: str, *, bounded: bool = False) -> float:
        """Weight of an entry: (payer - payee), with the exceptions that keep a cycle from earning for ever."""
        if kind in VALUE_KINDS:
            return 1.0
        if not payee:
            return max(self.weight(payer), TIE)
        weight = self.weight(payer) - self.weight(payee)
        if weight < 0 and kind != "rebate" and not (kind == "purchase" and bounded):
            return 0.0
        return weight
