"""Look of the pictures: colours that a colour-blind reader tells apart, a title that states the finding, and SVG.

A picture is a matplotlib Figure, made without pyplot, so that no state is shared and nothing has to be closed. Its
title is its label (`figure.get_label()`). Series are told apart by lightness, hatching or words too, for grey print.
"""

from __future__ import annotations

import functools
import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec
from xml.sax.saxutils import quoteattr

from sourcing.components.horizon import periods
from sourcing.report.style import ALARM, INK, MUTED, OTHER, RULE, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sourcing.plan import Plan

P = ParamSpec("P")

DRAWN, SHOWN = "DejaVu Sans", "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
"""The font that every matplotlib has and that texts are measured in, and those, all narrower, that a page shows."""

HATCHES = ("", "///", "", "\\\\\\", "", "--")
"""Hatching of the series of a stack in turn."""

CHINA, UNKNOWN, NONE = "#D55E00", "#C9D1DA", "#F4F6F8"
"""Colours of China, of what is not known, and of what is not there."""

BASE, BEHIND = "base plan", "#CBD2D9"
"""What a plan that another is compared with is called, and the colour in which it stands behind."""

WIDTH = 10.9
"""Inches: a landscape page of A4 less its margins."""

_LOOK: Any = {
    "font.family": DRAWN,
    "font.size": 9.0,
    "text.parse_math": False,  # a name with dollar signs is a name
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#E1E6EB",
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",  # text stays text: small, and found by a search
    "svg.hashsalt": "sourcing",
}


@contextmanager
def look() -> Iterator[None]:
    """The settings under which pictures are made and drawn; letters that the font lacks are no warning.

    ImportError with its remedy without matplotlib.
    """
    try:
        import matplotlib
    except ImportError as fault:
        raise ImportError("pictures need matplotlib: pip install 'allied-sourcing[report]'", name=fault.name) from fault
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        matplotlib.rcParams.update(_LOOK)
        yield


def picture(make: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that makes a picture, in the look of all; ImportError without matplotlib."""

    @functools.wraps(make)
    def made(*args: P.args, **options: P.kwargs) -> Figure:
        with look():
            return make(*args, **options)

    return made


def figure(title: str, height: float, note: str = "", width: float = WIDTH) -> Figure:
    """A figure (inches) under a title, over a note; axes are laid out between the two. Notebooks show it as it is."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    made.set_label(title)
    head = textwrap.wrap(_held(title), int(width * 10.2)) or [""]
    foot = textwrap.wrap(_held(note), int(width * 15.5))
    made.text(0.006, 1 - 0.07 / height, "\n".join(head), va="top", size=11.5, weight="bold", linespacing=1.25)
    made.text(0.006, 0.06 / height, "\n".join(foot), va="bottom", size=8, color=MUTED, linespacing=1.3)
    low, high = (0.1 + 0.15 * len(foot)) / height, 1 - (0.17 + 0.215 * len(head)) / height
    engine: Any = made.get_layout_engine()
    engine.set(rect=(0.0, low, 1.0, high - low), w_pad=0.07, h_pad=0.07)
    made._repr_png_ = functools.partial(png, made)  # type: ignore[attr-defined]
    return made


def _held(text: str) -> str:
    """A text whose numbers are not parted from their units at the end of a line."""
    return re.sub(r"(?<=\d) (?=(?:t|%|M USD|bn USD)\b|%)|(?<=M|n) (?=USD)", "\u00a0", text)


def empty(title: str) -> Figure:
    """A picture of nothing, which says so in its title."""
    return figure(title, 0.6)


def svg(made: Figure, name: str = "") -> str:
    """The picture as an <svg> element to stand in a page; the same picture gives the same text.

    `name` goes before every id, so that pictures of one page don't take each other's.
    """
    out, canvas, dots = io.StringIO(), made.canvas, made.dpi
    with look():
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        drawing: Any = FigureCanvasSVG(made)
        drawing.print_svg(out, metadata=nothing)  # savefig would draw it twice, to be laid out first
    made.set_canvas(canvas)
    made.dpi = dots
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*">', "<g>", text)  # ids that nothing refers to
    text = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}", text)
    text = re.sub(rf"'{DRAWN}'(, [\w-]+)*", SHOWN, text)
    text = re.sub(r"\n\s*", "\n", text)
    width, height = (float(size) for size in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0])
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    start = f'<svg {names} role="img" aria-label={quoteattr(str(made.get_label()))} viewBox="0 0 {width:g} {height:g}"'
    return start + text[text.index(">") :]


def png(made: Figure, dots: float = 110) -> bytes:
    """The picture as a PNG of so many dots per inch."""
    out = io.BytesIO()
    with look():
        made.savefig(out, format="png", dpi=dots)
    return out.getvalue()


# ------------------------------------------------------------------------------------------------ parts


def colours(names: Sequence[str], fixed: dict[str, str] | None = None) -> dict[str, str]:
    """A colour a name, in their order; those that are `fixed` keep theirs, and what is past the palette is grey."""
    taken = (fixed or {}).values()
    free = iter([colour for colour in SERIES if colour not in taken])
    return {name: (fixed or {}).get(name) or next(free, OTHER) for name in names}


def stack(
    axes: Axes,
    columns: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    shade: dict[str, str],
    behind: tuple[str, Sequence[float]] | None = None,
) -> None:
    """Columns stacked from the first series up; what is below zero stacks downwards. `behind` is broader and grey."""
    if behind:
        axes.bar(range(len(columns)), behind[1], 0.94, color=BEHIND, label=behind[0], zorder=0.5)
    highs, lows = [0.0] * len(columns), [0.0] * len(columns)
    for place, (name, values) in enumerate(series):
        base = [high if value >= 0 else low for value, high, low in zip(values, highs, lows, strict=True)]
        axes.bar(
            range(len(columns)), values, 0.5 if behind else 0.72, base, color=shade[name], label=plain(name),
            edgecolor="white", linewidth=0.6, hatch=hatch(place, shade[name]),
        )  # fmt: skip
        highs = [high + max(value, 0) for high, value in zip(highs, values, strict=True)]
        lows = [low + min(value, 0) for low, value in zip(lows, values, strict=True)]
    along(axes, columns)
    if min(lows, default=0) < 0:
        axes.axhline(0, color=MUTED, linewidth=0.8)


def hatch(place: int, colour: str) -> str:
    """Hatching of a series of a stack by its place; what is alarming is crossed."""
    return "xxx" if colour == ALARM else HATCHES[place % len(HATCHES)]


def along(axes: Axes, columns: Sequence[str]) -> None:
    """Names of columns under the axes, as many as have room, and numbers with commas beside them."""
    letters = axes.get_gridspec().figure.get_figwidth() * 11 / axes.get_gridspec().ncols  # type: ignore[union-attr]
    step = max(1, -(-sum(len(name) + 1 for name in columns) // max(1, int(letters))))
    shown = range(0, len(columns), step)
    axes.set_xticks(shown, [columns[k] for k in shown])
    axes.tick_params(length=0)
    axes.grid(axis="y")
    thousands(axes, "y")


def legend(axes: Axes, columns: int = 4, handles: Sequence[Any] | None = None) -> None:
    """The names of the series of the axes under all axes of the figure."""
    whole: Any = axes.figure
    found = handles if handles is not None else named(axes)
    engine = whole.get_layout_engine()
    left, low, width, height = engine.get()["rect"]
    look: Any = {"loc": "lower center", "bbox_to_anchor": (0.5, low), "borderaxespad": 0.0}
    whole.legend(handles=found, ncols=columns, handlelength=1.6, columnspacing=1.5, **look)
    room = (0.1 + 0.2 * -(-len(found) // columns)) / whole.get_figheight()
    engine.set(rect=(left, low + room, width, height - room))


def named(axes: Axes) -> list[Any]:
    """What stands for each series, the first of a name."""
    handles, names = axes.get_legend_handles_labels()
    return list(dict(zip(reversed(names), reversed(handles), strict=True)).values())[::-1]


def same_periods(plan: Plan, base: Plan | None) -> None:
    """ValueError where a plan cannot stand behind another: the periods differ."""
    if base:
        own, its = ([t.id for t in periods(of.instance)] for of in (plan, base))
        if own != its:
            raise ValueError(
                f"the base plan has the periods {its[0]} to {its[-1]}, this one {own[0]} to {own[-1]}: "
                "give a plan of the same periods"
            )


def thousands(axes: Axes, which: str) -> None:
    """Numbers with commas along an axis."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5, min_n_ticks=3))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}".replace("-", "−")))


def fitted(name: str, points: float, size: float, after: str = "") -> str:
    """A name, cut between words if it must be, with what comes after it, in a line of so many points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=DRAWN, size=size)
    text = shown = plain(name)
    while len(shown) > 1 and text_to_path.get_text_width_height_descent(shown + after, font, False)[0] > points:
        shown = plain(text, len(shown) - 1)
    return shown + after


def plain(name: str, most: int = 0) -> str:
    """A name for a picture, in at most so many letters; legends leave out what begins with an underscore."""
    name = " ".join(name.split()).lstrip("_") or "–"
    if not most or len(name) <= most:
        return name
    words = textwrap.shorten(name, most, placeholder="…").rstrip("…").rstrip(" ,;:(")
    return f"{words or name[: most - 1]}…"
