"""Risk: what a stress test and a frontier found, from their tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sourcing.report.phrases import money, percent, short_name, tonnes
from sourcing.report.pictures.style import empty, figure, picture, plain, thousands
from sourcing.report.style import ALARM, INK, MUTED, SERIES, WHITE
from sourcing.study.stress_tables import HEAT
from sourcing.tables import Table

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

MOST = 24
"""Rows of the heat map, dearest first."""


@picture
def heat(stress_tables: Iterable[Table]) -> Figure:
    """Heat map of a stress test (of its tables): tonnes short more, by what fails and when.

    ValueError if the heat map is not among the tables.
    """
    tables = {table.title: table for table in stress_tables}
    if HEAT not in tables:
        raise ValueError(f"these tables hold no '{HEAT}': give those of a stress test")
    table = tables[HEAT]
    kind, when = table.fields[0].name.lower(), [field.name for field in table.fields[1:]]
    if not table.rows:
        return empty(f"No outage of one {kind} leaves anybody shorter")
    named = _names(tables.get("Exposure"))
    rows = table.rows[:MOST]
    values = [[max(0.0, amount or 0.0) for amount in row[1:]] for row in rows]
    most = max(map(max, values))
    line = max(range(len(rows)), key=lambda k: max(values[k]))
    column = max(range(len(when)), key=lambda k: values[line][k])
    worst = plain(named.get(rows[line][0], rows[line][0]), 48)
    title = f"Most goes short if {worst} fails in {when[column]}: {tonnes(most)}"
    title += f"; {len(table.rows)} {_plural(kind)} leave a gap" if len(table.rows) > 1 else ""
    note = table.about
    if len(table.rows) > MOST:
        note += f" The {MOST} dearest of {len(table.rows)} are shown."
    made = figure(title, 1.25 + 0.245 * len(rows), note)
    axes = made.add_subplot()
    scaled = [[(amount / most) ** 0.5 if most else 0.0 for amount in line] for line in values]
    axes.imshow(scaled, cmap=_shades(), aspect="auto", vmin=0, vmax=1, interpolation="none")
    for row, amounts in enumerate(values):
        for place, amount in enumerate(amounts):
            if amount > 0.05:
                ink = WHITE if scaled[row][place] > 0.62 else INK
                text = f"{amount:,.0f}" if amount >= 9.95 else f"{amount:.1f}"
                axes.text(place, row, text, ha="center", va="center", size=8, color=ink)
    axes.set_xticks(range(len(when)), when)
    axes.set_yticks(range(len(rows)), [plain(named.get(row[0], row[0]), 44) for row in rows])
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for edge in axes.spines.values():
        edge.set_visible(False)
    axes.set_xticks([k - 0.5 for k in range(1, len(when))], minor=True)
    axes.set_yticks([k - 0.5 for k in range(1, len(rows))], minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    return made


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _names(exposure: Table | None) -> dict[str, str]:
    """What people call that which fails."""
    if exposure is None:
        return {}
    names = exposure.column("Name")
    return {row[0]: short_name(name) for row, name in zip(exposure.rows, names, strict=True)}


def _shades() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("alarm", ["#F7F8FA", "#FBD9B5", "#E6823C", ALARM, "#5E1F00"])


_GAP = "Bars reach down to what a plan at that risk could cost at the least."


@picture
def frontier(points_table: Table) -> Figure:
    """Least cost (M USD) against a measure of risk, point by point, with the knee."""
    rows = sorted(points_table.records(), key=lambda row: row["Risk"])
    if not rows:
        return empty("The frontier has no point")
    unit = next(field.unit for field in points_table.fields if field.name == "Risk")
    risk, cost = [row["Risk"] for row in rows], [row["Cost"] for row in rows]
    made = figure(_frontier_title(rows, unit), 4.2, f"{points_table.about} {_GAP}")
    axes = made.add_subplot()
    axes.plot(risk, cost, color=SERIES[0], linewidth=1.8, marker="o", markersize=5)
    for row in rows:
        if row["Gap"] > 0:
            axes.plot([row["Risk"]] * 2, [row["Cost"] - row["Gap"], row["Cost"]], color=MUTED, linewidth=1)
        knee = bool(row["Knee"])
        if knee:
            axes.plot(row["Risk"], row["Cost"], "D", color=ALARM, markersize=9)
        text = f"{row['Point']} (knee)" if knee else f"{row['Point']}"
        axes.annotate(text, (row["Risk"], row["Cost"]), (5, 5), textcoords="offset points", size=8.5, color=INK)
    axes.margins(x=0.12, y=0.14)
    axes.set_xlabel(f"Risk ({unit})")
    axes.set_ylabel("Cost (M USD)")
    axes.grid()
    thousands(axes, "x")
    thousands(axes, "y")
    return made


def _frontier_title(rows: list[dict[str, object]], unit: str) -> str:
    first, last = rows[0], rows[-1]
    if len(rows) == 1:
        return "One plan is both the cheapest and the least risky"
    low, high = float(str(first["Risk"])), float(str(last["Risk"]))
    low = low if low > 1e-4 * high else 0.0  # what the solver leaves of nothing
    dear = money(float(str(first["Over cheapest"])))
    text = f"Risk falls from {high:,.4g} to {low:,.4g} {unit} for {dear}"
    knee = next((row for row in rows if row["Knee"]), None)
    if knee and knee not in (first, last) and high > low:
        share = percent(100 * (high - float(str(knee["Risk"]))) / (high - low))
        text += f"; {share} of that is had for {money(float(str(knee['Over cheapest'])))}, at the knee"
    return text
