"""World: sites by stage and status, and the lanes in use, on a map with the Pacific in its middle."""

from __future__ import annotations

import functools
import json
import math
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, material_name, records, site_name
from sourcing.report.phrases import tonnes
from sourcing.report.pictures.style import empty, figure, legend, picture, plain
from sourcing.report.style import INK, MUTED, NAVY, WHITE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WEST, SOUTH, NORTH = -30.0, -52.0, 74.0
"""Degrees: the left edge, so that 150° E is in the middle, and how far the map reaches down and up."""

STRETCH = 1.22
"""Length of a degree of latitude in degrees of longitude: right at 35° N and S, where most sites are."""

GOODS: dict[str, tuple[str, Any, tuple[str, ...]]] = {
    "mined": ("#5C4417", "-", ("ore", "concentrate", "heavy concentrate", "carbonate")),
    "oxide": ("#56B4E9", "-", ("oxide",)),
    "metal and alloy": ("#E69F00", (0, (3, 0.8)), ("metal", "alloy")),
    "magnets": ("#008060", "-", ("magnet",)),
    "scrap and powder": ("#CC79A7", (0, (1, 0.8)), ("scrap", "recycled powder")),
}
"""Colour and stroke of lanes by what is shipped, told apart in grey print too, and the forms that it has."""

MARKS = {
    "mine": "^", "crack": "s", "separation": "D", "metal": "p", "alloy": "h", "magnet": "o", "recycling": "v",
    "customer": "*",
}  # fmt: skip
"""Marks of sites by the first stage that they do; any other site has a cross."""

MOST, THIN, THICK = 90, 0.5, 7.0
"""Lanes that are drawn, those of most tonnes; points of the line of the least and of the most."""

NAMED = 34
"""Sites that are named if there is room, those of most tonnes first."""


@picture
def world(plan: Plan, period: str | None = None) -> Figure:
    """Sites and lanes in use in a period, or in all; a lane is as broad as the root of its tonnes."""
    forms = {row.material: row.form for row in plan.instance[Material]}
    places = {row.site: _point(row) for row in plan.instance[Site] if row.latitude is not None}
    lanes: dict[tuple[str, str, str], float] = defaultdict(float)
    best: dict[tuple[str, str, str], float] = defaultdict(float)
    for row in records(plan, "Sourcing"):
        if period in (None, row["Period"]) and row["From"] in places and row["To"] in places:
            good = next((name for name, (_, _, of) in GOODS.items() if forms[row["Material"]] in of), "oxide")
            lanes[row["From"], row["To"], good] += row["Flow"]
            best[row["From"], row["To"], row["Material"]] += row["Flow"]
    shown = {key: t for key, t in sorted(lanes.items(), key=lambda item: -item[1])[:MOST] if t > NOTICEABLE}
    shown = {key: t for key, t in shown.items() if places[key[0]] != places[key[1]]}
    if not shown:
        return empty("No lane between two places on the map is in use")
    start, end, material = max(best, key=lambda key: (_apart(places[key[0]], places[key[1]]), best[key]))
    when = f" in {period}" if period else ""
    names = (site_name(plan.instance, start), site_name(plan.instance, end), material_name(plan.instance, material))
    here, there, what = (plain(name, 44) for name in names)
    title = (
        f"{len({key[:2] for key, t in lanes.items() if t > NOTICEABLE})} lanes are in use{when}; most goes from {here} "
        f"to {there}: {tonnes(best[start, end, material])} of {what}"
    )
    note = (
        f"{period or 'All periods'}. A lane’s breadth goes with the square root of its tonnes (ores, concentrates and "
        "carbonates in contained oxide)"
        + (f"; the {MOST} largest of {len(lanes)} are drawn, and" if len(lanes) > MOST else ";")
        + " arrows are no routes. Hollow marks: not used in the plan. Land: Natural Earth."
    )
    made = figure(title, 6.3, note)
    axes = made.add_subplot()
    _land(axes)
    _lanes(axes, places, shown)
    _sites(axes, plan, places, lanes)
    _key(axes, max(shown.values()))
    return made


def _apart(here: tuple[float, float], there: tuple[float, float]) -> bool:
    """Whether two places are seen as two."""
    return abs(here[0] - there[0]) + abs(here[1] - there[1]) > 2


def _point(site: Site) -> tuple[float, float]:
    east = site.longitude or 0.0
    return (east if east >= WEST else east + 360), site.latitude or 0.0


@functools.cache
def outline() -> dict[str, list[list[tuple[float, float]]]]:
    """Rings of `land`, and of `water` inside it, in degrees.

    From Natural Earth's land at 1:110 million, which is in the public domain: land.json says what was left out.
    """
    found = json.loads(files(__package__).joinpath("land.json").read_text(encoding="utf-8"))
    return {kind: [[(x / 10, y / 10) for x, y in ring] for ring in found[kind]] for kind in ("land", "water")}


def _land(axes: Axes) -> None:
    from matplotlib.collections import PolyCollection

    for kind, colour in (("land", "#E3E7EB"), ("water", WHITE)):
        axes.add_collection(PolyCollection(outline()[kind], facecolors=colour, edgecolors="none", zorder=0))
    axes.set(xlim=(WEST, WEST + 360), ylim=(SOUTH, NORTH))
    axes.set_aspect(STRETCH)
    axes.axis("off")


def _lanes(axes: Axes, places: dict[str, tuple[float, float]], lanes: dict[tuple[str, str, str], float]) -> None:
    from matplotlib.patches import FancyArrowPatch

    most = max(lanes.values())
    for (start, end, good), amount in lanes.items():
        here, there = places[start], places[end]
        broad = max(THIN, THICK * (amount / most) ** 0.5)
        far = math.hypot(there[0] - here[0], STRETCH * (there[1] - here[1])) or 1.0
        room = 2 * STRETCH * (NORTH - 2 - (here[1] + there[1]) / 2) / far  # so that the arc stays on the map
        bend = min(0.28, 0.08 + far / 500, room) * (-1 if there[0] > here[0] else 1)  # north both ways
        axes.add_artist(
            FancyArrowPatch(
                here, there, connectionstyle=f"arc3,rad={bend:.3f}", linewidth=broad, color=GOODS[good][0],
                linestyle=GOODS[good][1], alpha=0.65,
                arrowstyle=f"-|>,head_length={2.5 + broad * 0.4:.2f},head_width={1.2 + broad * 0.35:.2f}",
                shrinkA=2, shrinkB=4, mutation_scale=1.0, zorder=2, capstyle="butt", joinstyle="miter",
            )
        )  # fmt: skip


def _sites(
    axes: Axes, plan: Plan, places: dict[str, tuple[float, float]], lanes: dict[tuple[str, str, str], float]
) -> None:
    amount: dict[str, float] = defaultdict(float)
    for (start, end, _), flow in lanes.items():
        amount[start] += flow
        amount[end] += flow
    rows = [row for row in records(plan, "Sites") if row["Site"] in places]
    for row in rows:
        x, y = places[row["Site"]]
        used, mark = row["Status"] == "used", _mark(row["Stages"])
        axes.plot(
            x, y, mark, markersize=8 if mark == "*" else 5, color=NAVY, markerfacecolor=NAVY if used else WHITE,
            markeredgecolor=WHITE if used else NAVY, markeredgewidth=0.5 if used else 0.9, zorder=4,
        )  # fmt: skip
    ranked = sorted(places, key=lambda site: -amount[site])
    _names(axes, [(plain(site_name(plan.instance, site), 22), *places[site]) for site in ranked if amount[site]])


def _mark(stages: str | None) -> str:
    return MARKS.get((stages or "").split("; ")[0], "X")


def _names(axes: Axes, names: list[tuple[str, float, float]]) -> None:
    """Names beside their sites, where there is room for them: those that come first first."""
    size, height = 1.78, 4.3  # degrees: a letter's breadth, a line's height
    points = [(x, y) for _, x, y in names]
    taken = [(x - 1.4, y - 1.2, x + 1.4, y + 1.2) for x, y in points]
    for text, x, y in names[:NAMED]:
        broad = size * len(text)
        for dx, dy, side in ((2, 0, "left"), (-2, 0, "right"), (0, 3.4, "center"), (0, -3.4, "center")):
            left = x + dx - {"left": 0, "right": broad, "center": broad / 2}[side]
            box = (left, y + dy - height / 2, left + broad, y + dy + height / 2)
            inside = box[0] > WEST and box[1] > SOUTH and box[2] < WEST + 360 and box[3] < NORTH
            if inside and not any(_meet(box, other) for other in taken if not _around(other, x, y)):
                taken.append(box)
                ground = {"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.3}
                axes.text(x + dx, y + dy, text, ha=side, va="center", size=6.8, color=INK, zorder=5, bbox=ground)
                break


def _around(box: tuple[float, ...], x: float, y: float) -> bool:
    """Whether a box is that of the mark at a point."""
    return box == (x - 1.4, y - 1.2, x + 1.4, y + 1.2)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _key(axes: Axes, most: float) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [
        Line2D([], [], color=shade, linestyle=stroke, linewidth=3, alpha=0.75, label=name)
        for name, (shade, stroke, _) in GOODS.items()
    ]
    handles.append(Line2D([], [], linestyle="none", label=" "))
    digits = 10 ** (len(f"{most:.0f}") - 1)
    for amount in (digits, digits / 10, digits / 100):
        broad = max(THIN, THICK * (amount / most) ** 0.5)
        handles.append(Line2D([], [], color=MUTED, linewidth=broad, label=tonnes(amount)))
    for name, mark in MARKS.items():
        look: dict[str, Any] = {
            "marker": mark,
            "linestyle": "none",
            "color": NAVY,
            "markersize": 8 if mark == "*" else 5.5,
        }
        handles.append(Line2D([], [], label=name, **look))
    look = {"marker": "X", "linestyle": "none", "color": NAVY, "markersize": 5.5}
    handles.append(Line2D([], [], label="stock or hub", **look))
    legend(axes, 6, handles)
