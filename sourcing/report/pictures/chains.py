"""Chains: in which countries each stage of what a customer gets is done."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sourcing.plan import Plan
from sourcing.report.findings import Record, records, site_name
from sourcing.report.phrases import country, percent, tonnes
from sourcing.report.pictures.style import CHINA, NONE, UNKNOWN, colours, empty, figure, fitted, legend, picture
from sourcing.report.style import INK, LIGHT, MUTED, OTHER, WHITE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STAGES = ("mine", "crack", "separation", "metal", "alloy", "magnet")
"""Stages that are shown, from the first. Recycled feed begins a chain and stands under mine."""

COUNTRIES, CUSTOMERS, ACROSS = 6, 15, 5
"""Countries and customers that are shown by themselves, those of most tonnes; panels beside each other."""

TITLE = 112.0
"""Points that the title of a panel may take, set bold."""

ABROAD, RECYCLED, HIDDEN, SKIPPED = "other countries", "recycled feed", "not known", "no such stage"
"""What stands for a country where none is shown by itself."""

WORDS = {ABROAD: OTHER, RECYCLED: "#7FC9B0", HIDDEN: UNKNOWN, SKIPPED: NONE}
"""Colours of these."""


@picture
def chains(plan: Plan, customer: str | None = None) -> Figure:
    """Shares (%) of each stage by country, over all periods, a panel a customer; or of one customer."""
    rows = [row for row in records(plan, "Origin by country") if customer in (None, row["Customer"])]
    size: dict[str, float] = defaultdict(float)
    for row in rows:
        if row["Stage"] == "magnet":
            size[row["Customer"]] += row["Tonnes"]
    if not size:
        return empty("Nothing is delivered")
    ranked = sorted(size, key=lambda name: -size[name])
    shown = ranked[:CUSTOMERS]
    shares = {who: _shares([row for row in rows if row["Customer"] == who], size[who]) for who in shown}
    known: dict[str, float] = defaultdict(float)
    for who, stages in shares.items():
        for stage in stages.values():
            for where, share in stage.items():
                known[where] += share * size[who]
    top = sorted((code for code in known if len(code) == 2), key=lambda code: -known[code])[:COUNTRIES]
    shade = colours(top, {"CN": CHINA}) | WORDS
    down, across = -(-len(shown) // ACROSS), min(ACROSS, len(shown))
    note = (
        "Shares of the tonnes delivered over all periods. Not known: bought on a market whose sources are not "
        "followed, or already under way or in stock at the start. Other countries: also what several do together."
    )
    if rest := ranked[CUSTOMERS:]:
        note += f" Not shown: {', '.join(site_name(plan.instance, who) for who in rest)}."
    made = figure(_title(plan, rows, customer), 1.0 + 1.72 * down, note)
    grid = made.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for place in range(down * across):
        axes = grid[place // across][place % across]
        if place < len(shown):
            _panel(axes, shares[shown[place]], shade)
            name = site_name(plan.instance, shown[place])
            axes.set_title(fitted(name, TITLE, 8.5), fontsize=8.5, pad=16)
            axes.text(0, 1.055, tonnes(size[shown[place]]), transform=axes.transAxes, size=7.5, color=MUTED)
        else:
            axes.axis("off")
    for place in range(max(0, len(shown) - across), len(shown)):  # the lowest of each column
        axes = grid[place // across][place % across]
        axes.tick_params(labelbottom=True)
        for label, side in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
            label.set(ha=side)
    _key(grid[0][0], shade)
    return made


def _shares(rows: list[Record], whole: float) -> dict[str, dict[str, float]]:
    """Share (%) of a customer's tonnes by stage and by country, or by why there is none."""
    found: dict[str, dict[str, float]] = {stage: defaultdict(float) for stage in STAGES}
    for row in rows:
        if row["Stage"] in found:
            found[row["Stage"]][_where(row["Country"])] += 100 * row["Tonnes"] / whole
    return found


def _where(cell: str) -> str:
    """A country's code, or one of the words that stand for none: what Origin by country says of a stage."""
    if cell == "none":
        return SKIPPED
    code = cell.removeprefix("collected in ")
    if len(code) == 2 and code.isupper() and code != "ZZ":
        return code
    if cell.startswith(("recycled", "collected")):
        return RECYCLED
    return ABROAD if " and " in cell else HIDDEN


def _panel(axes: Axes, stages: dict[str, dict[str, float]], shade: dict[str, str]) -> None:
    order = [name for name in shade if name not in WORDS]
    parts = [dict(stages[stage]) for stage in STAGES]
    for part in parts:
        part[ABROAD] = part.get(ABROAD, 0.0) + sum(share for name, share in part.items() if name not in shade)
    left = [0.0] * len(STAGES)
    for name in (*order, ABROAD, RECYCLED, HIDDEN, SKIPPED):
        bars = [(row, share) for row, part in enumerate(parts) if (share := part.get(name, 0.0)) > 0.05]
        if not bars:
            continue
        rows, shares = zip(*bars, strict=True)
        axes.barh(rows, shares, 0.8, [left[row] for row in rows], color=shade[name], edgecolor="white", linewidth=0.5)
        ink = INK if shade[name] in LIGHT else WHITE
        for row, share in bars:
            if share > 9.5 and name in order:
                axes.text(left[row] + share / 2, row, name, ha="center", va="center", size=7, color=ink, weight="bold")
            left[row] += share
    axes.set(xlim=(0, 100), ylim=(len(STAGES) - 0.5, -0.5))
    axes.set_yticks(range(len(STAGES)), STAGES)
    axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.tick_params(length=0)


def _key(axes: Axes, shade: dict[str, str]) -> None:
    from matplotlib.patches import Patch

    named = {f"{country(name)} ({name})" if len(name) == 2 else name: name for name in shade}
    handles = []
    for label, name in named.items():
        edge = "#B5BDC7" if name in (SKIPPED, HIDDEN) else "white"
        handles.append(Patch(facecolor=shade[name], edgecolor=edge, linewidth=0.5, label=label))
    legend(axes, 5, handles)


def _title(plan: Plan, rows: list[Record], customer: str | None) -> str:
    """What part of the magnets and of the metal China makes; of one customer, where its stages are done most."""
    told = []
    for stage, verb in (("magnet", "magnets"), ("metal", "metal"), ("separation", "separated oxide")):
        of = [row for row in rows if row["Stage"] == stage and _where(row["Country"]) != SKIPPED]
        whole = sum(row["Tonnes"] for row in of)
        china = sum(row["Tonnes"] for row in of if row["Country"] == "CN")
        blind = sum(row["Tonnes"] for row in of if _where(row["Country"]) == HIDDEN)
        if whole:
            told.append((verb, 100 * china / whole, 100 * blind / whole))
    who = f"{site_name(plan.instance, customer)}: " if customer else ""
    if not told:
        return f"{who}nothing is made on the way"
    verb, china, _ = told[0]
    text = f"{who}China makes {percent(china)} of the {verb}" if china else f"{who}China makes none of the {verb}"
    if len(told) > 1:
        verb, china, blind = told[1]
        text += f" and {percent(china)} of the {verb}; of {percent(blind)} of the {verb} the maker is not known"
    return text
