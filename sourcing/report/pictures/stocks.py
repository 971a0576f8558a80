"""Stockpiles: what each holds at the end of every period, a panel each in its own scale."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sourcing.components.horizon import periods
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, material_name, records
from sourcing.report.phrases import listed, tonnes
from sourcing.report.pictures.style import BASE, BEHIND, empty, figure, picture, plain, same_periods, thousands
from sourcing.report.style import INK, MUTED, SERIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS, MOST = 4, 16
"""Panels beside each other, and in all: those of stocks that move most."""


@picture
def stockpiles(plan: Plan, base: Plan | None = None) -> Figure:
    """Tonnes in each stockpile at the start and at the end of every period, and what is put in and drawn.

    `base` is a plan that stands in grey behind; ValueError if its periods are others.
    """
    same_periods(plan, base)
    spans = [t.id for t in periods(plan.instance)]
    level, before = _levels(plan, spans), _levels(base, spans) if base else {}
    drawn: dict[str, float] = defaultdict(float)
    material: dict[str, str] = {}
    filled: dict[str, float] = defaultdict(float)
    for row in records(plan, "Stockpiles"):
        drawn[row["Stockpile"]] += row["Draw"]
        filled[row["Stockpile"]] += row["Fill"]
        material[row["Stockpile"]] = row["Material"]
    if not level:
        return empty("The instance has no stockpiles")
    ranked = sorted(level, key=lambda name: (-drawn[name] - filled[name], -max(level[name].values()), name))
    shown, rest = ranked[:MOST], len(ranked) - len(ranked[:MOST])
    note = "Level at the start and at the end of each period (t). Panels have their own scales."
    note += f" Grey: the {BASE}." if base else ""
    note += f" {rest} more stockpiles, which move less, stand on the tab Stockpiles." if rest else ""
    down = -(-len(shown) // ACROSS)
    made = figure(_title(drawn, filled, ranked), 0.9 + 1.62 * down, note)
    grid = made.subplots(down, min(ACROSS, len(shown)), squeeze=False)
    for place, name in enumerate(shown):
        axes = grid[place // ACROSS][place % ACROSS]
        values, others = list(level[name].values()), list(before.get(name, {}).values())
        moved = drawn[name] + filled[name] > NOTICEABLE
        colour = SERIES[0] if moved else "#6B7785"
        axes.plot(range(len(others)), others, color=BEHIND, linewidth=4.5, label=BASE)
        axes.plot(range(len(values)), values, color=colour, linewidth=1.8, marker="o", markersize=3)
        axes.fill_between(range(len(values)), values, color=colour, alpha=0.12, linewidth=0)
        axes.set_ylim(0, max(max(values + others) * 1.18, 1e-3))
        step = max(1, (len(spans) + 1) // 5)
        ticks = range(0, len(values), step)
        axes.set_xticks(ticks, [["start", *spans][k] for k in ticks])
        thousands(axes, "y")
        axes.grid(axis="y")
        axes.set_title(plain(name, 28), color=INK, pad=16)
        what = plain(material_name(plan.instance, material[name]), 24)
        words = f"{what} (t)" + (f": {tonnes(drawn[name])} drawn" if drawn[name] > NOTICEABLE else "")
        axes.text(0, 1.04, words, transform=axes.transAxes, size=8, color=MUTED)
    for place in range(len(shown), down * min(ACROSS, len(shown))):
        grid[place // ACROSS][place % ACROSS].axis("off")
    return made


def _levels(plan: Plan, spans: list[str]) -> dict[str, dict[str, float]]:
    """Tonnes by stockpile at the start and at the end of each period."""
    level: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(["start", *spans], 0.0))
    for row in records(plan, "Stockpiles"):
        if row["Period"] == spans[0]:
            level[row["Stockpile"]]["start"] += row["Opening"]
        level[row["Stockpile"]][row["Period"]] += row["Closing"]
    return dict(level)


def _title(drawn: dict[str, float], filled: dict[str, float], names: list[str]) -> str:
    used = sorted((name for name in names if drawn[name] > NOTICEABLE), key=lambda name: -drawn[name])
    if not used:
        put = sum(filled[name] for name in names)
        return f"No stockpile is drawn on; {tonnes(put)} is put in" if put > NOTICEABLE else "All stocks stay untouched"
    parts = [f"{tonnes(drawn[name])} from {name}" for name in used]
    return f"{len(used)} of {len(names)} stockpiles {'is' if len(used) == 1 else 'are'} drawn on: {listed(parts, 3)}"
