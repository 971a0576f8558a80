"""Comparison: what differs between two instances or two plans, table by table, with a reason a row.

    change = after - before         tonnes and M USD (discounted), as they stand on the tabs of the two plans

Everything is read from the plans' own tabs, so it agrees with what each plan says of itself. What moves by less than
NOISE is no change. `compare` gives tables by title; a table without rows says that nothing differs there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sourcing.differences import Difference, differences
from sourcing.instance import Instance
from sourcing.reasons import Reasons
from sourcing.tables import Table, fields
from sourcing.workbook.planbook import PlanBook

if TYPE_CHECKING:
    from sourcing.plan import Plan

NOISE = {"t": 0.05, "M USD": 0.0005, "%": 0.05, "days": 0.05}
"""Changes below this, in a unit, are no changes: the solver's noise, and nothing to a planner."""

INPUTS, RUN, DECISIONS, SUPPLIERS, SOURCING, COST, SHORTAGE, RISK = (
    "Inputs", "Made", "Decisions", "Suppliers", "Sourcing", "Cost", "Shortage", "Risk",
)  # fmt: skip
"""Titles of the tables, in reading order."""

READ = (
    "Sourcing", "Demand", "Origin", "Origin by country", "Stockpiles", "Decisions", "Projects and qualifications",
    "Capacity and surplus", "Costs", "Run",
)  # fmt: skip
"""Tabs that are compared; a workbook leaves out those that have no row."""

TOTAL = "total"

MADE = ("Instance", "Input SHA-256", "Switched", "View", "Options", "Version of allied-sourcing")
"""Items of a plan's tab Run in which two plans may be of different things."""

Sums = dict[Any, float]


def compare(before: Instance | Plan | PlanBook, after: Instance | Plan | PlanBook) -> dict[str, Table]:
    """What differs between two instances, or between two plans (as made here, or read from their workbooks).

    Raises TypeError for an instance and a plan.

    >>> list(compare(plan, plan))
    ['Inputs', 'Made', 'Decisions', 'Suppliers', 'Sourcing', 'Cost', 'Shortage', 'Risk']
    >>> sum(len(table.rows) for table in compare(plan, plan).values())
    0
    """
    if isinstance(before, Instance) != isinstance(after, Instance):
        raise TypeError("an instance and a plan cannot be compared: give two instances or two plans")
    if isinstance(before, Instance) and isinstance(after, Instance):
        return {INPUTS: inputs_table(differences(before, after))}
    mine, its = getattr(before, "instance", None), getattr(after, "instance", None)
    changed = differences(mine, its) if mine is not None and its is not None else None
    return plans(before.tabs, after.tabs, changed)  # type: ignore[union-attr]


def plans(
    before: Mapping[str, Table], after: Mapping[str, Table], changed: list[Difference] | None = None
) -> dict[str, Table]:
    """What differs between the tabs of two plans; `changed` are the differences of what was planned, where known."""
    before, after = ({title: Table(title, ()) for title in READ} | dict(tabs) for tabs in (before, after))
    reasons = Reasons(before, after, changed or [])
    tables = [
        *([inputs_table(changed)] if changed is not None else []),
        _made(before, after),
        _decisions(before, after, reasons),
        _suppliers(before, after, reasons),
        _sourcing(reasons),
        _cost(before, after),
        _shortage(before, after, reasons),
        _risk(before, after),
    ]
    return {table.title: table for table in tables}


def same(tables: Mapping[str, Table]) -> bool:
    """Whether nothing differs but when and with which version it was made."""
    return not any(table.rows for title, table in tables.items() if title != RUN)


def headline(tables: Mapping[str, Table]) -> str:
    """The differences in a few sentences."""
    if same(tables):
        return "Nothing differs."
    told = []
    if kinds := tables[INPUTS].column("Kind") if INPUTS in tables else []:
        cells, added, removed = (kinds.count(kind) for kind in ("changed", "row added", "row removed"))
        parts = [f"{cells} {_plural('cell', cells)} {'differs' if cells == 1 else 'differ'}"] if cells else []
        parts += [f"{n} {_plural('row', n)} {what}" for n, what in ((added, "added"), (removed, "removed")) if n]
        told.append(f"Inputs: {', '.join(parts)}.")
    if COST not in tables:
        return " ".join(told)
    whole = next((row for row in tables[COST].records() if row["Kind"] == TOTAL), None)
    told.append(
        f"Cost: {whole['Change']:+,.2f} M USD ({whole['Before']:,.1f} → {whole['After']:,.1f})."
        if whole
        else "Cost: the same."
    )
    missing = sum(row["Change"] for row in tables[SHORTAGE].records())
    told.append(f"Short: {missing:+,.1f} t." if abs(missing) >= NOISE["t"] else "Short: the same in sum.")
    count = len(tables[DECISIONS].rows)
    told.append(f"{count or 'No'} {_plural('decision', count)} {'differs' if count == 1 else 'differ'}.")
    moved = list(tables[SUPPLIERS].records())
    gains, losses = ([row for row in moved if sign * row["Change"] > 0] for sign in (1, -1))
    for verb, rows in (("gains", gains), ("loses", losses)):
        if rows:
            row = max(rows, key=lambda row: abs(row["Change"]))
            told.append(f"{row['Site']} {verb} most: {row['Change']:+,.0f} t of {row['Material']}.")
    return " ".join(told)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


# ------------------------------------------------------------------------------------------------ inputs


def inputs_table(changed: Iterable[Difference]) -> Table:
    """Differences of two instances as a table, a cell or a row each."""
    table = Table(
        INPUTS,
        fields("Kind", "Tab", "Row", "Column", "Period", "Before", "After", "Unit", "Cell"),
        "Cell by cell what was given otherwise. Of a row that only one of them has, what it holds.",
    )
    for d in changed:
        table.add(d.kind, d.tab, d.key, d.column, d.period, d.before, d.after, d.unit, d.cell)
    return table


def _made(before: Mapping[str, Table], after: Mapping[str, Table]) -> Table:
    table = Table(RUN, fields("Item", "Before", "After"), "In what the two plans were made otherwise.")
    items = [{row[0]: row[1] for row in tabs["Run"].rows if len(row) == 2} for tabs in (before, after)]
    for item in MADE:
        was, now = (found.get(item) for found in items)
        if was != now:
            table.add(item, was, now)
    return table


# ------------------------------------------------------------------------------------------------ decisions, flows


def _decisions(before: Mapping[str, Table], after: Mapping[str, Table], reasons: Reasons) -> Table:
    table = Table(
        DECISIONS,
        fields("Kind", "Name", "Where", "Before", "After", ("Outlay changes by", "M USD"), "Why"),
        "What is signed, built and qualified otherwise, and when.",
    )
    old, new = (taken(tabs["Decisions"]) for tabs in (before, after))
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        if (was and was[0]) != (now and now[0]):
            place = (now or was or ("", 0.0, ""))[2]
            outlay = (now[1] if now else 0.0) - (was[1] if was else 0.0)
            why = reasons.decision(*key, place)
            table.add(*key, place, was[0] if was else "no", now[0] if now else "no", outlay, why)
    return table


def taken(table: Table) -> dict[tuple[str, str], tuple[str, float, str]]:
    """When and how often something is decided, its outlay and where, by kind and name, of a tab Decisions."""
    found: dict[tuple[str, str], tuple[str, float, str]] = {}
    for row in table.records():
        when = f"{row['Period']}" + ("" if abs(row["Steps"] - 1) < 1e-6 else f" ({row['Steps']:.3g} steps)")
        earlier = found.get((row["Kind"], row["Name"]))
        outlay = row["Outlay"] or 0.0
        found[row["Kind"], row["Name"]] = (
            (f"{earlier[0]}, {when}", earlier[1] + outlay, earlier[2]) if earlier else (when, outlay, row["Where"])
        )
    return found


def _suppliers(before: Mapping[str, Table], after: Mapping[str, Table], reasons: Reasons) -> Table:
    table = Table(
        SUPPLIERS,
        fields("Site", "Material", ("Before", "t"), ("After", "t"), ("Change", "t"), "Why"),
        "Who ships more and who less, over the whole horizon.",
    )
    keys = ("From", "Material")
    for (site, material), was, now in _moved(sums(before["Sourcing"], "Flow", *keys), sums(
        after["Sourcing"], "Flow", *keys), "t"):  # fmt: skip
        table.add(site, material, was, now, now - was, reasons.supplier(site, material, now - was))
    return table


def _sourcing(reasons: Reasons) -> Table:
    table = Table(
        SOURCING,
        fields("From", "To", "Material", "Period", ("Before", "t"), ("After", "t"), ("Change", "t"), "Why"),
        "Flows that differ, the largest change first.",
    )
    for key, was, now in _moved(reasons.before.flows, reasons.after.flows, "t"):
        table.add(*key, was, now, now - was, reasons.flow(*key))
    return table


def sums(table: Table, value: str, *by: str) -> Sums:
    """Sum of a column by others."""
    found: Sums = {}
    for row in table.records():
        key = tuple(row[name] for name in by)
        found[key] = found.get(key, 0.0) + (row[value] or 0.0)
    return found


def _moved(before: Mapping[Any, float], after: Mapping[Any, float], unit: str) -> list[tuple[Any, float, float]]:
    """What differs by more than noise: (key, before, after), the largest change first."""
    pairs = [(key, before.get(key, 0.0), after.get(key, 0.0)) for key in {**before, **after}]
    found = [pair for pair in pairs if abs(pair[2] - pair[1]) >= NOISE[unit]]
    return sorted(found, key=lambda pair: -abs(pair[2] - pair[1]))


# ------------------------------------------------------------------------------------------------ cost, shortage, risk


def _cost(before: Mapping[str, Table], after: Mapping[str, Table]) -> Table:
    table = Table(
        COST,
        fields("Kind", ("Before", "M USD"), ("After", "M USD"), ("Change", "M USD"), "Why"),
        "Cost by kind, discounted, as far as it counts in the view of the plan; the total is what is made least.",
    )
    old, new = (sums(tabs["Costs"], "Counts", "Kind") for tabs in (before, after))
    places = [sums(tabs["Costs"], "Counts", "Kind", "Where") for tabs in (before, after)]
    for (kind,), was, now in _moved(old, new, "M USD"):
        own = [key for key in {**places[0], **places[1]} if key[0] == kind]
        parts = [(key[1], places[1].get(key, 0.0) - places[0].get(key, 0.0)) for key in own]
        place, most = max(parts, key=lambda part: part[1] if now > was else -part[1])
        where = f"most of it {place}" if place else "in sum"
        table.add(kind, was, now, now - was, f"{where} ({most:+,.2f} M USD)")
    was, now = sum(old.values()), sum(new.values())
    if table.rows:
        grown = max(table.rows, key=lambda row: row[3] if now > was else -row[3])
        table.add(TOTAL, was, now, now - was, f"most of it {grown[0]} ({grown[3]:+,.2f} M USD)")
    return table


def _shortage(before: Mapping[str, Table], after: Mapping[str, Table], reasons: Reasons) -> Table:
    table = Table(
        SHORTAGE,
        fields("Customer", "Material", "Rules", "Period", ("Before", "t"), ("After", "t"), ("Change", "t"), "Why"),
        "Tonnes of demand that are not met, where they differ.",
    )
    keys = ("Customer", "Material", "Rules", "Period")
    old, new = (sums(tabs["Demand"], "Short", *keys) for tabs in (before, after))
    for key, was, now in _moved(old, new, "t"):
        why = reasons.shortage(key[0], key[1], key[2], key[3], now - was)
        table.add(*key, was, now, now - was, why)
    return table


def _risk(before: Mapping[str, Table], after: Mapping[str, Table]) -> Table:
    table = Table(
        RISK,
        fields("Figure", "Of", "Unit", "Before", "After", "Change", "Why"),
        "The worst figures: the largest share that one country has of a stage in a period, of what was done in a known "
        "country; the lowest cover of a stock; what falls below service levels.",
    )
    old, new = (_figures(tabs) for tabs in (before, after))
    for key in {**old, **new}:
        was, now = old.get(key), new.get(key)
        first, second = (side[0] if side else None for side in (was, now))
        if first is None or second is None or abs(first - second) >= NOISE[key[2]]:
            change = None if first is None or second is None else second - first
            moved = [side[1] if side else "nothing" for side in (was, now)]
            why = f"{moved[0]} before, {moved[1]} after" if moved[0] != moved[1] else f"{moved[1]}, before and after"
            table.add(*key, first, second, change, why)
    return table


def _figures(tabs: Mapping[str, Table]) -> dict[tuple[str, str, str], tuple[float, str]]:
    """Worst figures of a plan by name, what they are of and unit, each with what it is worst at."""
    found: dict[tuple[str, str, str], tuple[float, str]] = {}
    tonnes: dict[tuple[str, str], Sums] = {}
    for row in tabs["Origin by country"].records():
        if is_country(row["Country"]):
            held = tonnes.setdefault((row["Stage"], row["Period"]), {})
            held[row["Country"]] = held.get(row["Country"], 0.0) + row["Tonnes"]
    for (stage, period), held in tonnes.items():
        country = max(held, key=lambda name: held[name])
        if (whole := sum(held.values())) > NOISE["t"]:
            share, key = 100 * held[country] / whole, ("largest country", stage, "%")
            if key not in found or share > found[key][0]:
                found[key] = share, f"{country} in {period}"
    for row in tabs["Stockpiles"].records():
        key = ("lowest cover", row["Stockpile"], "days")
        if row["Cover"] is not None and (key not in found or row["Cover"] < found[key][0]):
            found[key] = row["Cover"], f"in {row['Period']}"
    below = sums(tabs["Demand"], "Below service level", "Customer", "Period")
    if below:
        worst = max(below, key=lambda pair: below[pair])
        customer, period = worst
        most = f"most of it {customer} in {period}" if below[worst] >= NOISE["t"] else "none"
        found["below service level", "all customers", "t"] = sum(below.values()), most
    return found


def is_country(name: Any) -> bool:
    """Whether a word of the column Country is a country's code, and no `recycled feed`."""
    return isinstance(name, str) and len(name) == 2 and name.isupper() and name != "ZZ"
