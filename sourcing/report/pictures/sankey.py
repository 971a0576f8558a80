"""Sankey: from mines to customers, a column a stage, a band as high as its tonnes.

Every row of Origin is a chain with a tonnage of what was delivered, so that what goes into a box comes out of it.
A chain that skips a stage passes it between the boxes, in a lane of its own, and never behind one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sourcing.plan import Plan
from sourcing.report.findings import Record, records, site_name
from sourcing.report.phrases import percent, tonnes
from sourcing.report.pictures.style import CHINA, WIDTH, empty, figure, fitted, legend, picture, plain
from sourcing.report.style import INK, MUTED, NAVY, OTHER, WHITE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("Mine or start", "Crack or recycle", "Separation", "Metal", "Alloy", "Magnet", "Customer")
"""Columns of the picture, from the left."""

MOST, MOST_CUSTOMERS = 12, 15
"""Boxes of a column; what is smaller is one box, `other`."""

BOX, LABEL, AIR = 0.085, 0.026, 0.012
"""Width of a box in columns; height of a line of text and of what stands between two boxes, in heights."""

WIDE = 7.24
"""Columns across the picture, with room for the names of customers."""

COLUMN = 72 * (WIDTH - 0.14) / WIDE
"""Points of a column."""

THIN = 2e-4
"""Share of all tonnes below which a band would be thinner than a line, and is left out."""

ALPHA, HATCH = 0.65, "////"
"""How dense bands are, and the hatching of the class that violates most, for grey print."""

CLEAN = "clean"
"""The label of what violates no rule."""

_BETWEEN = ("#F2C14E", "#CC79A7", "#56B4E9", OTHER)
"""Colours of classes that violate some rules, lighter than those of the clean and of what violates all."""

Node = tuple[int, str, bool]
"""A column, a name, and whether it is a lane that passes the column."""


@dataclass
class _Place:
    """Where a node stands: its middle and its height, and how far its bands have filled it on either side."""

    middle: float = 0.0
    height: float = 0.0
    filled: dict[str, float] = field(default_factory=lambda: {"in": 0.0, "out": 0.0})


@picture
def sankey(plan: Plan, period: str | None = None) -> Figure:
    """What was delivered (t) in a period, or in all, followed back to its mines, by rules that it violates."""
    rows = [row for row in records(plan, "Origin") if period in (None, row["Period"])]
    whole = sum(row["Tonnes"] for row in rows)
    if whole <= 0:
        return empty(f"Nothing is delivered{f' in {period}' if period else ''}")
    classes = _classes(rows)
    bands = _bands(plan, rows)
    note = (
        f"{period or 'All periods'}: tonnes delivered, by the places that each chain passes. Small boxes are summed as "
        "other; a band between the boxes of a column skips its stage. Not known: bought on a market whose sources are "
        "not followed. A plan, and no evidence about actual lots."
    )
    made = figure(_title(rows, whole, period), 6.5, note)
    axes = made.add_subplot()
    _draw(axes, plan, bands, classes, whole)
    return made


def _title(rows: list[Record], whole: float, period: str | None) -> str:
    clean = sum(row["Tonnes"] for row in rows if row["Label"] == CLEAN)
    unknown = sum(row["Tonnes"] for row in rows if row["Mine"] == "not known")
    when = f" in {period}" if period else ""
    text = f"{percent(100 * clean / whole)} of the {tonnes(whole)} delivered{when} is planned clean under every rule"
    return text + (f"; {percent(100 * unknown / whole)} has sources that are not known" if unknown else "")


def _classes(rows: list[Record]) -> dict[str, str]:
    """Colours by label: clean first, what violates most rules last."""
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        found[row["Label"]] += row["Tonnes"]
    ranked = sorted(found, key=lambda label: (label != CLEAN, label.count(";"), -found[label]))
    dirty = [label for label in ranked if label != CLEAN]
    shade = {CLEAN: "#0072B2"} if CLEAN in found else {}
    between = dict(zip(dirty[:-1], [*_BETWEEN, *[OTHER] * len(dirty)], strict=False))
    return shade | between | ({dirty[-1]: CHINA} if dirty else {})


# ------------------------------------------------------------------------------------------------ the graph


def _stops(row: Record) -> list[str | None]:
    """The place of a chain in each column: "" where it skips the column, None before it begins.

    A mine stands in the first column; any other start in the column before the first place that is known.
    """
    cells = (row["Recycling"] or row["Crack"], row["Separation"], row["Metal"], row["Alloy"], row["Magnet"])
    stages: list[str | None] = [_last(cell) if cell else "" for cell in cells]
    mine = str(row["Mine"] or "not told by chain")
    if (start := mine.partition(":")[0].partition(" at ")[0]) == mine and mine.endswith(")"):
        return [_last(mine), *stages, row["Customer"]]
    first = next((k for k, stop in enumerate(stages) if stop), len(stages))
    return [*[None] * first, start, *stages[first:], row["Customer"]]


def _last(cell: str) -> str:
    """The last site of a cell as Origin writes it: `kuantan (MY) → mountain_pass (US)`."""
    return cell.split(" → ")[-1].rpartition(" (")[0]


def _bands(plan: Plan, rows: Iterable[Record]) -> dict[tuple[Node, Node, str], float]:
    """Tonnes from node to node by label; small nodes are one, and lanes lead to the next box that a chain reaches."""
    chains = [(_stops(row), row["Label"], row["Tonnes"]) for row in rows]
    size: dict[tuple[int, str], float] = defaultdict(float)
    for stops, _, amount in chains:
        for column, stop in enumerate(stops):
            if stop:
                size[column, stop] += amount
    kept: set[tuple[int, str]] = set()
    for column in range(len(COLUMNS)):
        ranked = sorted((key for key in size if key[0] == column), key=lambda key: -size[key])
        most = MOST_CUSTOMERS if column == len(COLUMNS) - 1 else MOST
        kept |= set(ranked if len(ranked) <= most else ranked[: most - 1])
    found: dict[tuple[Node, Node, str], float] = defaultdict(float)
    for stops, label, amount in chains:
        nodes: list[Node] = []
        ahead: Node = (0, "", False)
        for column in reversed(range(len(COLUMNS))):
            stop = stops[column]
            if stop is None:
                break
            if stop:
                ahead = (column, stop if (column, stop) in kept else "other", False)
                nodes.append(ahead)
            else:
                nodes.append((column, f"{ahead[0]} {ahead[1]}", True))
        nodes.reverse()
        for here, there in pairwise(nodes):
            found[here, there, label] += amount
    return found


def _order(bands: dict[tuple[Node, Node, str], float], size: dict[Node, float]) -> list[list[Node]]:
    """Nodes of each column from the top: each by where its neighbours stand, swept to and fro."""
    columns = [sorted((n for n in size if n[0] == k), key=lambda n: (-size[n], n)) for k in range(len(COLUMNS))]
    near: dict[Node, list[tuple[Node, float]]] = defaultdict(list)
    for (here, there, _), amount in bands.items():
        near[here].append((there, amount))
        near[there].append((here, amount))
    sweep = [*range(1, len(columns)), *range(len(columns) - 2, -1, -1)]
    for column in sweep * 4:
        at = {node: (k + 0.5) / len(line) for line in columns for k, node in enumerate(line)}
        pull = {node: sum(at[n] * t for n, t in near[node]) / sum(t for _, t in near[node]) for node in columns[column]}
        columns[column].sort(key=lambda node: (pull[node], node))
    return columns


def _places(columns: list[list[Node]], size: dict[Node, float]) -> dict[Node, _Place]:
    """Every column within a height of 1, all at the same scale, each box at least as far from the next as its label."""

    def slot(node: Node, scale: float) -> float:
        return max(size[node] * scale, 0.0 if node[2] else LABEL)

    def taken(line: list[Node], scale: float) -> float:
        return sum(slot(node, scale) for node in line) + AIR * (len(line) - 1)

    low, high = 0.0, 1 / max(sum(size[node] for node in line) for line in columns)
    for _ in range(40):
        scale = (low + high) / 2
        low, high = (scale, high) if max(taken(line, scale) for line in columns) <= 1 else (low, scale)
    found = {}
    for line in columns:
        room = (1 - taken(line, low)) / 2
        top = 1 - room
        for node in line:
            found[node] = _Place(top - slot(node, low) / 2, size[node] * low)
            top -= slot(node, low) + AIR
    return found


# ------------------------------------------------------------------------------------------------ drawing


def _draw(
    axes: Axes, plan: Plan, bands: dict[tuple[Node, Node, str], float], classes: dict[str, str], whole: float
) -> None:
    from matplotlib.patches import Patch, Rectangle

    size: dict[Node, float] = {}
    for side in (0, 1):
        total: dict[Node, float] = defaultdict(float)
        for key, amount in bands.items():
            total[key[side]] += amount  # type: ignore[index]
        size |= total
    places = _places(_order(bands, size), size)
    rank = {label: k for k, label in enumerate(classes)}
    scale = max(place.height for place in places.values()) / max(size.values())
    starts: dict[Any, float] = {}
    for end, far in (("out", 1), ("in", 0)):
        for key in sorted(bands, key=lambda key: (-places[key[far]].middle, rank[key[2]])):  # type: ignore[index]
            place = places[key[1 - far]]  # type: ignore[index]
            starts[end, key] = place.middle + place.height / 2 - place.filled[end]
            place.filled[end] += bands[key] * scale
    for key, amount in sorted(bands.items(), key=lambda item: -item[1]):
        if amount >= THIN * whole:
            here, there, label = key
            left = here[0] + (0.0 if here[2] else BOX / 2)
            right = there[0] - (0.0 if there[2] else BOX / 2)
            _band(axes, left, starts["out", key], right, starts["in", key], amount * scale, classes[label])
    for node, place in places.items():
        if node[2]:
            continue
        height = max(place.height, 0.0015)
        axes.add_artist(Rectangle((node[0] - BOX / 2, place.middle - height / 2), BOX, height, color=NAVY, zorder=3))
        _label(axes, plan, node, place.middle, size[node])
    for column, name in enumerate(COLUMNS):
        axes.text(column - BOX / 2, 1.025, name, weight="bold", color=MUTED)
    handles = [
        Patch(
            facecolor=shade,
            edgecolor=WHITE,
            hatch=HATCH if shade == CHINA else "",
            alpha=ALPHA,
            label=_class_name(label),
        )
        for label, shade in classes.items()
    ]
    axes.set(xlim=(-0.06, WIDE - 0.06), ylim=(-0.005, 1.07))
    axes.axis("off")
    legend(axes, 2 if max(map(len, classes)) > 40 else 4, handles)


def _class_name(label: str) -> str:
    if label == CLEAN:
        return "violates no rule (clean)"
    return plain(f"violates {', '.join(label.split('; '))}", 70)


def _label(axes: Axes, plan: Plan, node: Node, middle: float, amount: float) -> None:
    """Name and tonnes at the right of a box, on a ground through which bands are seen."""
    room = (1 if node[0] < len(COLUMNS) - 1 else 1.25) - BOX / 2 - 0.075
    text = fitted(site_name(plan.instance, node[1]), room * COLUMN, 7, f" {amount:,.0f}")
    ground = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5}
    axes.text(node[0] + 0.055, middle, text, va="center", size=7, color=INK, zorder=4, bbox=ground)


def _band(axes: Axes, x: float, top: float, right: float, end: float, height: float, colour: str) -> None:
    """A band from (x, top) down by its height, to the same at (right, end)."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    half = (x + right) / 2
    corners = [
        (x, top), (half, top), (half, end), (right, end), (right, end - height), (half, end - height),
        (half, top - height), (x, top - height), (x, top),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    look: Any = {"facecolor": colour, "edgecolor": WHITE, "hatch": HATCH if colour == CHINA else ""}
    axes.add_artist(PathPatch(Path(corners, codes), alpha=ALPHA, linewidth=0, zorder=1, **look))
