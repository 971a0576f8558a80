"""Selection: the rows that a shock means.

Row is a row's id: its key, or its first column alone; of Demand it is a rule (`none`: no rule). Selectors narrow that
down and must all fit. A unit's stages and materials are those of its processes, a project's those of its unit; a lane,
limit or contract fits if all that it counts is selected. A lane that counts more than the selectors mean is split: the
part gets a row of its own, as long as the lane has no maximum, which is joint over all that it counts.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane, lane
from sourcing.components.limits import Limit
from sourcing.components.materials import recipes, select_materials
from sourcing.components.places import Site, select_sites
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector
from sourcing.words import did_you_mean, fold

if TYPE_CHECKING:
    from sourcing.components.scenarios import Shock

SELECTORS = ("site", "country", "entity", "stage", "material", "customer", "origin", "destination")


class Unfit(Exception):
    """A shock that cannot be: the field at fault, the rule and the remedy."""

    def __init__(self, field: str, message: str, remedy: str = ""):
        super().__init__(message)
        self.field, self.message, self.remedy = field, message, remedy


def select(instance: Instance, table: list[Row], shock: Shock) -> list[Row]:
    """The active rows that a shock means (with *yes*, those that are switched off); Unfit if there are none."""
    wake = fold(shock.of_column) == "active" and fold(shock.set) == "yes"
    named = [row for row in table if not shock.row_id or _is_named(row, shock.row_id)]
    if shock.row_id and not named:
        ids = [str(getattr(row, row.key_fields[0])) for row in table]
        raise Unfit(
            "row_id", f"is not a row of {shock.of_tab}", did_you_mean(shock.row_id, ids) or "name a row that is there"
        )
    given = [field for field in SELECTORS if getattr(shock, field) not in (None, "", "any")]
    fitting = [row for row in named if all(_fits(instance, row, shock, field) for field in given)]
    field = "row_id" if shock.row_id else given[0] if given else "of_tab"
    if not fitting:
        raise Unfit(given[-1] if given else field, f"fits no row of {shock.of_tab}", "the selectors must all fit")
    found = [row for row in fitting if row.active != wake]
    if not found:
        state, other = ("on already", "no") if wake else ("switched off", "yes")
        raise Unfit(field, f"means rows of {shock.of_tab} that are {state}", f"Active {other} was meant, or other rows")
    return found


def _is_named(row: Row, name: str) -> bool:
    """Whether a Row cell means a row: by its key, by its first column, of Demand by its rules (`none` is no rule)."""
    if isinstance(row, Demand):
        if name == "none":
            return not row.rules
        return name == row.key or name in row.rules or any(name == rule.split("@")[0] for rule in row.rules)
    return name in (row.key, str(getattr(row, row.key_fields[0])))


def _fits(instance: Instance, row: Row, shock: Shock, field: str) -> bool:
    wanted = getattr(shock, field)
    told = _told(instance, row, field)
    if told is None:
        remedy = "clear the cell, or name rows by other columns"
        raise Unfit(field, f"{row.tab} have no {shock.columns[field].name}", remedy)
    if isinstance(wanted, Selector):
        return bool(told) and told <= select_sites(instance, wanted)
    return told == {wanted} if isinstance(row, Limit | Lane) else wanted in told


def _told(instance: Instance, row: Row, field: str) -> frozenset[str] | None:
    """What a row says in terms of a selector; None if it says nothing of the kind."""
    if field in ("origin", "destination"):
        ends = ("seller", "buyer") if isinstance(row, Contract) else ("origin", "destination")
        selector = getattr(row, ends[field == "destination"], None)
        return select_sites(instance, selector) if isinstance(selector, Selector) else None
    if field == "material":
        if isinstance(row, Limit):
            return frozenset(select_materials(instance, row.material, row.form))
        if isinstance(row, Lane):
            return frozenset(select_materials(instance, row.goods, ""))
        if isinstance(row, Unit | Process | Project):
            return frozenset(m for line in processes_of(instance, row) for m in recipes(instance)[line.recipe].outputs)
        name = getattr(row, "material", None)
        return None if name is None else frozenset({name})
    if field == "stage":
        if not isinstance(row, Unit | Process | Project):
            return None
        return frozenset(line.stage for line in processes_of(instance, row))
    if field == "customer":
        name = getattr(row, "customer", None)
        return None if name is None else frozenset({name})
    if field == "entity" and hasattr(row, "holder"):
        return frozenset({row.holder})
    place = _place(instance, row)
    if place is None:
        return None
    if field == "site" or not instance.has(Site, place):
        return frozenset({place} if field == "site" else ())
    site = instance.row(Site, place)
    return frozenset({site.country if field == "country" else site.entity})


def _place(instance: Instance, row: Row) -> str | None:
    """The site of a row: where it stands, whose demand it is, who makes."""
    if isinstance(row, Project):
        return instance.row(Unit, row.unit).site if instance.has(Unit, row.unit) else ""
    for name in ("site", "customer", "maker"):
        if hasattr(row, name):
            return str(getattr(row, name))
    return None


def processes_of(instance: Instance, row: Unit | Process | Project) -> tuple[Process, ...]:
    """The processes of a unit or project, or the one itself."""
    return (row,) if isinstance(row, Process) else instance.once(_by_unit).get(row.unit, ())


def _by_unit(instance: Instance) -> dict[str, tuple[Process, ...]]:
    found: dict[str, tuple[Process, ...]] = {}
    for row in instance[Process]:
        found[row.unit] = (*found.get(row.unit, ()), row)
    return found


# ------------------------------------------------------------------------------------------------ parts of lanes

_ENDS = ("origin", "destination", "goods")


def split(instance: Instance, tables: dict[str, list[Row]], shock: Shock) -> list[Row]:
    """The table of a shock, where a lane that is wider than its selectors has a row before it for the part meant."""
    table = tables[shock.of_tab]
    wanted = {"origin": shock.origin, "destination": shock.destination, "goods": None}
    if shock.material:
        wanted["goods"] = Selector((("id", shock.material),))
    no_part = fold(shock.of_column) == "maximum" and not shock.set  # what can be split has no maximum to multiply
    if shock.of_tab != "Lanes" or not any(wanted.values()) or no_part:
        return table
    scope = {end: None if selector is None else _meant(instance, end, selector) for end, selector in wanted.items()}
    now = Instance([row for tab in ("Sites", "Entities", "Materials") for row in tables[tab]] + table)
    found: list[Row] = []
    for row in table:
        if isinstance(row, Lane) and row.active and (not shock.row_id or _is_named(row, shock.row_id)):
            found += _part(now, row, wanted, scope)
        found.append(row)
    return found


def _meant(instance: Instance, end: str, selector: Selector) -> frozenset[str]:
    return select_materials(instance, selector) if end == "goods" else select_sites(instance, selector)


def _part(
    now: Instance, row: Lane, wanted: dict[str, Selector | None], scope: dict[str, frozenset[str] | None]
) -> list[Row]:
    """The part of a lane that selectors mean, if it is neither all of it nor nothing, and this lane holds there."""
    own = {end: _meant(now, end, getattr(row, end)) for end in _ENDS}
    shared = {end: own[end] if meant is None else own[end] & meant for end, meant in scope.items()}
    if shared == own or not all(shared.values()):
        return []
    pairs = [(i, j, m) for i in shared["origin"] for j in shared["destination"] for m in shared["goods"]]
    holders = {pair: lane(now, *pair) for pair in pairs}
    if row not in holders.values():
        return []
    narrow: dict[str, Any] = {end: wanted[end] for end in _ENDS if shared[end] != own[end]}
    torn = [end for end in narrow if shared[end] != scope[end]]
    part = dataclasses.replace(row, in_transit=0.0, transit_label=(), **narrow)
    others = {pair: other for pair, other in holders.items() if other is not row}
    mixed = any(not _inside(now, other, scope) for other in others.values())
    if others and not mixed:  # those change in place; the part may not take from them
        after = Instance([other for one in now.rows() for other in ((part, one) if one is row else (one,))])
        mixed = any(lane(after, *pair) is not other for pair, other in others.items())
    if mixed or torn or row.maximum is not None:
        field = (torn or list(narrow))[0]
        reason = (
            "has a maximum over more than is selected" if row.maximum is not None and not torn else
            "counts a part of what is selected, and more" if torn else "holds for a part of what is selected only"
        )  # fmt: skip
        remedy = "write a row of its own on Lanes for what changes"
        raise Unfit("material" if field == "goods" else field, f"{row.name_of_row} {reason}", remedy)
    return [part]


def _inside(now: Instance, row: Lane | None, scope: dict[str, frozenset[str] | None]) -> bool:
    """Whether all that a lane counts is selected."""
    return row is not None and all(
        meant is None or _meant(now, end, getattr(row, end)) <= meant for end, meant in scope.items()
    )
