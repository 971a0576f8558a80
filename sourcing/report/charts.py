"""Charts: what the pictures of the first page show, and the finding that each one's title states."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from sourcing.components.horizon import periods
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, records, site_name, sums
from sourcing.report.phrases import country, money, percent, tonnes
from sourcing.tables import total


@dataclass(frozen=True)
class Chart:
    """A picture: series of numbers over categories, in one unit. `stack` and `share` (of 100 %) are columns."""

    name: str
    title: str
    kind: Literal["stack", "share", "bar", "line"]
    unit: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]


def charts(plan: Plan) -> list[Chart]:
    """Shortage, countries of the magnets, cost by kind, and needs under content rules or else stocks: four at most."""
    return [chart for make in (_demand, _countries, _costs, _rules, _stocks) if (chart := make(plan))][:4]


def _table(keys: list[tuple[str, str, float]], columns: list[str], most: int) -> list[tuple[str, tuple[float, ...]]]:
    """(row, column, amount) as rows over columns, the largest first; what is more than `most` rows is `other`."""
    lines: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(columns, 0.0))
    for row, column, amount in keys:
        lines[row][column] += amount
    order = sorted(lines, key=lambda row: -sum(lines[row].values()))
    shown = order if len(order) <= most else order[: most - 1]
    found = [(row, tuple(lines[row].values())) for row in shown]
    if rest := order[len(shown) :]:
        found.append(("other", tuple(sum(lines[row][column] for row in rest) for column in columns)))
    return found


def _demand(plan: Plan) -> Chart | None:
    """Who is short when; with nobody short, who is served."""
    rows, columns = records(plan, "Demand"), [t.id for t in periods(plan.instance)]
    wanted, short = total(row["Demand"] for row in rows), total(row["Short"] for row in rows)
    if not wanted:
        return None
    column = "Short" if short > NOTICEABLE else "Met"
    cells = [(site_name(plan.instance, row["Customer"]), row["Period"], row[column]) for row in rows]
    series = [line for line in _table(cells, columns, 5) if sum(line[1]) > NOTICEABLE]
    title = f"All demand is met: {tonnes(wanted)}"
    if column == "Short":
        when = sums(rows, lambda row: row["Period"], "Short")
        worst = max(when, key=lambda period: when[period])
        share = percent(100 * (wanted - short) / wanted)
        title = f"{share} of demand is met; {tonnes(short)} short, {tonnes(when[worst])} of it in {worst}"
        title += f", most for {series[0][0]}"
    return Chart("Demand", title, "stack", f"t {column.lower()}", tuple(columns), tuple(series))


def _countries(plan: Plan) -> Chart | None:
    """Where the magnets that customers get are made."""
    instance, columns = plan.instance, [t.id for t in periods(plan.instance)]
    customers = {row["Customer"] for row in records(plan, "Demand")}
    magnets = {row.material for row in instance[Material] if row.form == "magnet"}
    cells = [
        (country(instance.row(Site, row["From"]).country), row["Period"], row["Flow"])
        for row in records(plan, "Sourcing")
        if row["To"] in customers and row["Material"] in magnets
    ]
    shipped = sums([{"Period": period, "Flow": flow} for _, period, flow in cells], lambda row: row["Period"], "Flow")
    columns = [period for period in columns if shipped.get(period, 0.0) > NOTICEABLE]
    if not columns:
        return None
    lines = _table([cell for cell in cells if cell[1] in columns], columns, 6)
    series = [(name, tuple(100 * t / shipped[p] for t, p in zip(line, columns, strict=True))) for name, line in lines]
    leader, shares = series[0]
    first, last = shares[0], shares[-1]
    title = f"{leader} makes {percent(last)} of the magnets"
    if abs(last - first) >= 0.5:
        verb = "falls" if last < first else "rises"
        title = f"{leader}’s share of magnets {verb} from {percent(first)} in {columns[0]}"
        title += f" to {percent(last)} in {columns[-1]}"
    return Chart("Country of the maker", title, "share", "% by country of the maker", tuple(columns), tuple(series))


def _costs(plan: Plan) -> Chart | None:
    """What the objective consists of; a value that nobody pays is marked as one."""
    kinds = {k: v for k, v in sums(records(plan, "Costs"), lambda row: row["Kind"], "Counts").items() if abs(v) >= 0.05}
    paid = {kind: amount for kind, amount in kinds.items() if kind not in VALUE_KINDS}
    if not paid:
        return None
    order = sorted(kinds, key=lambda kind: -abs(kinds[kind]))
    shown = order if len(order) <= 8 else order[:7]
    bars = [(f"{kind} (value)" if kind in VALUE_KINDS else kind, kinds[kind]) for kind in shown]
    if rest := order[len(shown) :]:
        bars.append(("other", sum(kinds[kind] for kind in rest)))
    largest = next(kind for kind in order if kind in paid)
    title = f"The largest cost is {largest}: {money(paid[largest])} of {money(sum(paid.values()))}"
    names, values = zip(*bars, strict=True)
    return Chart("Cost by kind", title, "bar", "M USD, discounted", names, (("M USD", values),))


def _rules(plan: Plan) -> Chart | None:
    """How much of the need under content rules is met."""
    rows = [row for row in records(plan, "Demand") if row["Rules"]]
    need = sums(rows, lambda row: row["Period"], "Demand")
    columns = [t.id for t in periods(plan.instance) if need.get(t.id, 0.0) > NOTICEABLE]
    if not columns:
        return None
    parts = [
        (word, row["Period"], row[column]) for column, word in (("Met", "met"), ("Short", "short")) for row in rows
    ]
    named = {row["Rules"] for row in rows}
    rules = f"{named.pop()} needs" if len(named) == 1 else "Needs under content rules"
    met = percent(100 * total(row["Met"] for row in rows) / total(need.values()))
    first, last = need[columns[0]], need[columns[-1]]
    path = ": "
    if abs(last - first) > NOTICEABLE:
        path = f" {'grow' if last > first else 'fall'} from {tonnes(first)} to {tonnes(last)}; "
    title = f"{rules[0].upper()}{rules[1:]}{path}{met} is met"
    return Chart("Content rules", title, "stack", "t", tuple(columns), tuple(_table(parts, columns, 2)))


def _stocks(plan: Plan) -> Chart | None:
    """What the stockpiles hold at the end of each period."""
    columns = [t.id for t in periods(plan.instance)]
    rows = records(plan, "Stockpiles")
    if not rows:
        return None
    points = [(row["Stockpile"], "start", row["Opening"]) for row in rows if row["Period"] == columns[0]]
    points += [(row["Stockpile"], row["Period"], row["Closing"]) for row in rows]
    series = _table(points, ["start", *columns], 6)
    opening = total(row["Opening"] for row in rows if row["Period"] == columns[0])
    closing = total(row["Closing"] for row in rows if row["Period"] == columns[-1])
    moved = total(row["Fill"] for row in rows) + total(row["Draw"] for row in rows)
    title = f"Stocks go from {tonnes(opening)} to {tonnes(closing)}"
    if moved <= NOTICEABLE:
        title = f"Stocks stay untouched at {tonnes(closing)}"
    return Chart("Stocks", title, "line", "t at the end of the period", ("start", *columns), tuple(series))
