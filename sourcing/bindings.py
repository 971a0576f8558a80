"""Bindings: which row of the model comes from which cell, and how it is said in words.

Bottlenecks (what binds, and what one more tonne is worth) and Why (what would have to give way) both read this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sourcing.components.contracts import Contract
from sourcing.components.demand import Substitute
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.places import Entity
from sourcing.components.production import Unit
from sourcing.components.projects import Project, project_units
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer
from sourcing.instance import Instance
from sourcing.sheets import Row


@dataclass(frozen=True)
class Binding:
    """A family of rows: what it is called, the tab and field that it comes from, how its row's key is read.

    `unit` is that of its right-hand side.
    """

    kind: str
    row_type: type[Row]
    field: str
    words: str
    key: tuple[int, ...] = (0,)
    unit: str = "t"

    @property
    def duty(self) -> bool:
        """Whether it asks for tonnes, and does not cap them."""
        return self.field in ("minimum", "minimum_share", "terminal", "minimum_load", "minimum_order")

    @property
    def nature(self) -> str:
        """`duty`, or of a cap `policy` where somebody set it, `physical` where plants and stores do."""
        if self.duty:
            return "duty"
        return "physical" if self.row_type in (Unit, Project, Stockpile) else "policy"

    def row(self, instance: Instance, index: tuple[Any, ...]) -> Row:
        """The row of the instance that a row of the model comes from."""
        if self.row_type is Project and not self.key:  # index: unit, period
            return project_units(instance)[index[0]]
        if self.row_type is Rule:  # index: customer, rule@version, period
            return instance.row(Rule, str(index[1]).replace("@", "|", 1))
        if self.row_type is Qualification:  # index: customer, material, maker, period
            return next(
                row
                for row in instance[Qualification]
                if row.customer == index[0] and row.material in (index[1], "any") and row.maker in (index[2], "any")
            )
        return instance.row(self.row_type, "|".join(str(index[k]) for k in self.key))


BINDINGS: dict[str, Binding] = {
    "production.capacity": Binding("capacity", Unit, "capacity", "capacity of {name}"),
    "production.least": Binding("minimum load", Unit, "minimum_load", "minimum load of {name}"),
    "channels.least_order": Binding("minimum order", Offer, "minimum_order", "minimum order of {name}", (0, 2)),
    "projects.capacity": Binding("project capacity", Project, "steps", "capacity of project {name}", ()),
    "projects.steps": Binding("project", Project, "steps", "steps of project {name}", unit="steps"),
    "projects.budget": Binding("budget", Entity, "budget", "budget of {name}", unit="M USD"),
    "takeorpay.least": Binding("contract minimum", Contract, "minimum", "minimum of contract {name}"),
    "takeorpay.least_share": Binding("contract minimum", Contract, "minimum_share", "minimum share of contract {name}"),
    "contracts.most": Binding("contract maximum", Contract, "maximum", "maximum of contract {name}"),
    "contracts.most_share": Binding("contract maximum", Contract, "maximum_share", "maximum share of contract {name}"),
    "limits.most": Binding("limit", Limit, "maximum", "maximum of limit {name}"),
    "limits.least": Binding("limit", Limit, "minimum", "minimum of limit {name}"),
    "limits.most_share": Binding("limit", Limit, "maximum_share", "maximum share of limit {name}"),
    "limits.least_share": Binding("limit", Limit, "minimum_share", "minimum share of limit {name}"),
    "channels.lane": Binding("lane", Lane, "maximum", "maximum of lane {name}"),
    "channels.offer": Binding("offer", Offer, "maximum", "maximum of the offer {name}", (0, 1)),
    "stock.least": Binding("stock minimum", Stockpile, "minimum", "minimum of stock {name}"),
    "stock.most": Binding("stock maximum", Stockpile, "maximum", "maximum of stock {name}"),
    "stock.terminal": Binding("stock at the end", Stockpile, "terminal", "level of stock {name} at the end"),
    "stock.filling": Binding("stock filling", Stockpile, "fill", "filling of stock {name}"),
    "stock.drawing": Binding("stock drawing", Stockpile, "draw", "drawing of stock {name}"),
    "qualifications.first_year": Binding(
        "qualification", Qualification, "first_year_share", "first-year share of {name}"
    ),
    "qualifications.gate": Binding("qualification", Qualification, "since", "qualification of {name}"),
    "demand.share": Binding("substitute", Substitute, "maximum_share", "share of substitute {name}", (0, 1, 3)),
}
"""Families of rows that come from a cell and could be different; balances and stock rolls could not."""

TOLERANCE = Binding("rule", Rule, "tolerance", "tolerance of rule {name}")
"""Rows of the tolerance of a rule: they come from a cell too, but from one that is law, and no bottleneck."""


def period_of(instance: Instance, family: str, index: tuple[Any, ...]) -> str:
    """The period of a row of the model: the last part of its index, or "" where it holds for all time."""
    timeless = ("stock.terminal", "projects.steps", "projects.only_one", "projects.budget")
    return "" if family in timeless else str(index[-1])


def cell_of(instance: Instance, row: Row, field: str, period: str) -> str:
    """The input cell that a row of the model comes from, as `Units!F14`; of a wide number that of the period."""
    if row.line:
        wide = instance.cells.get((row.tab, row.line, f"{field}@{period}"))
        if wide:
            return f"{row.tab}!{wide}"
    return instance.where(row, field)
