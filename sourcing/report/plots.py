"""Plots: the pictures of one plan, as methods of `Plan.plot`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sourcing.plan import Plan
from sourcing.report import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Plots:
    """Pictures of a plan: each is a matplotlib Figure, which a notebook shows and `.savefig("name.png")` writes.

    The title states what is to be seen. A `base` is another plan of the same periods (ValueError for any other),
    which stands in grey behind. ImportError, with its remedy, without matplotlib.
    """

    plan: Plan

    def sankey(self, period: str | None = None) -> Figure:
        """What was delivered (t) in a period, or in all, from mines to customers, by the rules that it violates."""
        return pictures.sankey(self.plan, period)

    def world(self, period: str | None = None) -> Figure:
        """Map of the sites and of the lanes in use (t) in a period, or in all."""
        return pictures.world(self.plan, period)

    def stockpiles(self, base: Plan | None = None) -> Figure:
        """What each stockpile holds (t) at the start and at the end of every period."""
        return pictures.stockpiles(self.plan, base)

    def costs(self, base: Plan | None = None) -> Figure:
        """Cost (M USD, discounted) by kind in every period, and by who pays it."""
        return pictures.costs(self.plan, base)

    def floors(self, base: Plan | None = None) -> Figure:
        """What price floors pay (M USD) in every period, and their levels beside the market's prices (USD/kg)."""
        return pictures.floors(self.plan, base)

    def chains(self, customer: str | None = None) -> Figure:
        """Countries (%) in which each stage is done of what every customer gets, or one."""
        return pictures.chains(self.plan, customer)

    def demand(self, base: Plan | None = None) -> Figure:
        """What is met and what is short (t) in every period, and who goes short."""
        return pictures.demand(self.plan, base)
