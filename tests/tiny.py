"""Tiny instances: a test writes the rows that matter, `tiny` fills in what every instance needs.

Cells are written as a planner types them: `demand=10` holds at all times, `price={2026: 40, 2027: 50}` changes, a
selector is `"country:JP; kuantan"`, a date `2026` or `"2026-07-01"`, a list `"clean"` or `"zc@1; zc@2"`.

What is not said: one period, 2026; no discount; a tonne short costs 1,000 USD/kg; every site belongs to `us`, an
allied buyer in Australia, so that goods move inside one party and cost what making and moving them costs; every
material is a magnet whose price index bears its name, if there is one; anything may be shipped anywhere for nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from sourcing.arrays import compile_path
from sourcing.components import checks
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period, Setting
from sourcing.components.lanes import Lane
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.rules import Rule
from sourcing.components.trade import Offer, Price
from sourcing.instance import Instance
from sourcing.integrity import integrity
from sourcing.model import build
from sourcing.plan import Plan, make_plan
from sourcing.sheets import Row, Series
from sourcing.workbook.cells import parse

NONE = math.inf
"""No limit, as `none` in a sheet."""

Rows = Iterable[Row | Iterable[Any]]


# ------------------------------------------------------------------------------------------------ rows that go together


def years(*starts: int) -> list[Row]:
    """Periods of one year that begin on 1 January."""
    return [Period(period=str(year), start=year, years=1) for year in starts]


def makes(
    site: str,
    out: str | dict[str, float],
    capacity: float | dict[int, float] = NONE,
    *,
    takes: dict[str, float] | None = None,
    unit: str = "",
    fixed_cost: float = 0.0,
    **process: Any,
) -> list[Row]:
    """A recipe with its unit at a site: `out` per tonne of activity, out of what it `takes`, up to `capacity` t/y."""
    made = {out: 1.0} if isinstance(out, str) else out
    unit = unit or f"{site} {next(iter(made))}"
    used = {"cost": 0.0, "stage": "magnet" if takes else "mine"} | process
    return [
        Unit(unit=unit, site=site, capacity=capacity, fixed_cost=fixed_cost),
        Process(site=site, recipe=unit, unit=unit, **used),
        *(RecipeLine(recipe=unit, material=material, input=rate) for material, rate in (takes or {}).items()),
        *(RecipeLine(recipe=unit, material=material, output=rate) for material, rate in made.items()),
    ]


def sells(site: str, material: str, price: float | dict[int, float], maximum: float | None = None) -> list[Row]:
    """An offer at a price of its own."""
    index = f"{material} at {site}"
    return [Price(index=index, price=price), Offer(site=site, material=material, index=index, maximum=maximum)]


def china_rule(since: int | str = 2026, version: str = "1", **columns: Any) -> Rule:
    """The rule `zc@1`: nothing from China at any stage, whatever elements it holds."""
    given = {"stages": "mine; separation; metal; alloy; magnet", "elements": "strict", "countries": "CN"} | columns
    return Rule(rule="zc", version=version, since=since, **given)


def at(country: str, *sites: str) -> list[Row]:
    """Sites of ours in a country."""
    return [Site(site=site, entity="us", country=country) for site in sites]


def party(name: str, role: str, *sites: str, allied: bool = True, country: str = "AU") -> list[Row]:
    """A party with its sites in one country; without any, it has one of its own name."""
    places = sites or (name,)
    own = Entity(entity=name, role=role, allied=allied, country=(country,))
    return [own, *(Site(site=site, entity=name, country=country) for site in places if role != "government")]


# ------------------------------------------------------------------------------------------------ the instance


def tiny(*rows: Row | Iterable[Any], **settings: object) -> Instance:
    """An instance that reads without errors, of these rows and what they need; `discount_rate=10` is a setting."""
    instance = loose(*rows, **settings)
    found = integrity(instance) or [issue for issue in checks(instance) if issue.severity == "error"]
    assert not found, "\n".join(map(str, found))
    return instance


def faults(*rows: Row | Iterable[Any], **settings: object) -> str:
    """What a reader is told about an instance of these rows: errors and warnings, one a line."""
    instance = loose(*rows, **settings)
    return "\n".join(str(issue) for issue in integrity(instance) or checks(instance))


def loose(*rows: Row | Iterable[Any], **settings: object) -> Instance:
    """The instance, right or wrong."""
    raw = list(flat(rows))
    materials = frozenset(named(raw, "Materials"))
    given = [typed(row, materials) for row in raw]
    tabs: dict[str, list[Any]] = {}
    for row in given:
        tabs.setdefault(row.tab, []).append(row)
    wanted = {"discount_rate": 0, "shortage_value": 1000} | settings
    units = {"discount_rate": "%/y", "shortage_value": "USD/kg"}
    given += [
        Setting(setting=name.replace("_", " ").capitalize(), value=str(value), unit=units.get(name, ""))
        for name, value in wanted.items()
    ]
    if "Periods" not in tabs:
        given += [typed(row) for row in years(2026)]
    if "Lanes" not in tabs:
        given.append(typed(Lane(origin="any", destination="any", goods="any")))
    sites = {row.site for row in tabs.get("Sites", ())}
    given += [Site(site=name, entity="us", country="AU") for name in named(given, "Sites") if name not in sites]
    given += [
        Entity(entity=name, role="buyer" if name == "us" else "supplier", allied=True, country=("AU",))
        for name in named(given, "Entities")
        if name not in {row.entity for row in tabs.get("Entities", ())}
    ]
    prices = {row.index for row in tabs.get("Prices", ())}
    given += [
        Material(material=name, form="magnet", index=name if name in prices else "")
        for name in named(given, "Materials")
        if name not in {row.material for row in tabs.get("Materials", ())}
    ]
    return Instance(given, name="tiny")


def flat(rows: Rows) -> Iterable[Row]:
    for row in rows:
        if isinstance(row, Row):
            yield row
        else:
            yield from flat(row)


def typed(row: Row, materials: frozenset[str] = frozenset()) -> Row:
    """A row whose cells, written as a planner types them, hold what the reader makes of them."""
    return dataclasses.replace(
        row, **{name: _cell(getattr(row, name), c, materials) for name, c in row.columns.items()}
    )


def _cell(value: Any, column: Any, materials: frozenset[str]) -> Any:
    if column.kind == "series" and isinstance(value, int | float):
        return Series.constant(float(value))
    if column.kind == "series" and isinstance(value, dict):
        return Series(tuple(map(float, value)), tuple(map(float, value.values())))
    if column.kind == "date" and isinstance(value, int):
        return parse(str(value), column)
    if isinstance(value, str) and value and column.kind not in ("id", "text"):
        return parse(value, column, materials)
    return value


def named(rows: list[Row], tab: str) -> list[str]:
    """Ids of a tab that stand in rows, in their order; those in selectors a test names elsewhere too."""
    found: dict[str, None] = {}
    for row in rows:
        for name, column in row.columns.items():
            value = getattr(row, name)
            if (
                column.kind == "id"
                and value
                and (tab in column.refers or (row.tab == tab and name == row.key_fields[0]))
            ):
                found.update({value: None} if value not in column.choices else {})
    return list(found)


# ------------------------------------------------------------------------------------------------ a known problem

# Dantzig (1963), Linear Programming and Extensions, chapter 3.3: two canneries, three markets, freight of 90 dollars a
# case and thousand miles. A case is a tonne here. The published optimum is 153.675 thousand dollars.
MILES = {
    ("seattle", "new-york"): 2.5, ("seattle", "chicago"): 1.7, ("seattle", "topeka"): 1.8,
    ("san-diego", "new-york"): 2.5, ("san-diego", "chicago"): 1.8, ("san-diego", "topeka"): 1.4,
}  # fmt: skip


def dantzig() -> Instance:
    """The transport problem."""
    return tiny(
        makes("seattle", "cans", 350),
        makes("san-diego", "cans", 600),
        [Demand(customer=site, material="cans", demand=t) for site, t in
         {"new-york": 325, "chicago": 300, "topeka": 275}.items()],
        [Lane(origin=i, destination=j, goods="cans", freight=90 * d) for (i, j), d in MILES.items()],
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ looking at a plan


def planned(*rows: Instance | Row | Iterable[Any], view: str | None = None, **settings: object) -> Plan:
    """The plan of an instance, or of a tiny one of these rows; it has passed its audit."""
    return make_plan(rows[0] if isinstance(rows[0], Instance) else tiny(*rows, **settings), view=view)


def sums(plan: Plan, tab: str, value: str, *by: str, **where: Any) -> dict[Any, float]:
    """Sum of a column by other columns, over the rows in which `where` holds: {("mine", "car"): 10.0}.

    One column in `by` gives plain keys, none gives the key "all".
    """
    found: dict[Any, float] = {}
    for row in plan.tabs[tab].records():
        if all(row[name.replace("_", " ")] == wanted for name, wanted in where.items()):
            key = tuple(row[name] for name in by)
            key = key[0] if len(by) == 1 else key or "all"
            found[key] = found.get(key, 0.0) + (row[value] or 0.0)
    return found


def flows(plan: Plan, *by: str, **where: Any) -> dict[Any, float]:
    """Tonnes shipped, by origin and destination unless said otherwise."""
    return sums(plan, "Sourcing", "Flow", *(by or ("From", "To")), **where)


def paid(plan: Plan, *by: str, **where: Any) -> dict[Any, float]:
    """M USD paid (undiscounted), by kind unless said otherwise."""
    return sums(plan, "Costs", "Amount", *(by or ("Kind",)), **where)


def short(plan: Plan, **where: Any) -> float:
    """Tonnes of demand that are not met."""
    return sum(sums(plan, "Demand", "Short", **where).values())


def line(instance: Instance, family: str, *index: str) -> tuple[dict[str, float], float, float]:
    """A row of the model: {"stock.level[A,clean,2026]": coefficient}, its lower and its upper side."""
    arrays = compile_path(build(instance))
    number = arrays.rows.index((family, index))
    matrix = arrays.matrix().tocsr()[[number]]
    names = [f"{name}[{','.join(map(str, key))}]" for name, key in arrays.columns]
    found = {names[column]: float(value) for column, value in zip(matrix.indices, matrix.data, strict=True)}
    return found, float(arrays.row_lower[number]), float(arrays.row_upper[number])


def families(instance: Instance) -> set[str]:
    """The families of rows that the model of an instance has."""
    return {family for family, _ in compile_path(build(instance)).rows}
