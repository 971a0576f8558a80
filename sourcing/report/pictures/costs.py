"""Costs and floors: what the objective consists of, who pays it, and what public price instruments cost whom.

Figures are those of the tabs Costs (`Counts`: M USD, discounted, as they count) and Floors (M USD of each period).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import periods
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import Plan
from sourcing.report.findings import Record, records, sums
from sourcing.report.phrases import listed, money, percent, short_name
from sourcing.report.pictures.style import (
    BASE,
    BEHIND,
    along,
    colours,
    empty,
    figure,
    hatch,
    legend,
    picture,
    plain,
    same_periods,
    stack,
    thousands,
)
from sourcing.report.style import ALARM, MUTED, OTHER
from sourcing.tables import total

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS, PAYERS = 6, 12
"""Kinds of cost and parties that are shown by name; the rest is one more."""

SMALL = 0.005
"""M USD below which nothing is paid."""


def spread(
    cells: Iterable[tuple[str, str, float]], columns: list[str], most: int
) -> list[tuple[str, tuple[float, ...]]]:
    """(row, column, amount) as rows over columns, the largest first; what is past `most` rows is `other`."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(columns, 0.0))
    for row, column, amount in cells:
        found[row][column] += amount
    ranked = sorted(found, key=lambda row: -sum(abs(value) for value in found[row].values()))
    ranked = [row for row in ranked if any(abs(value) > SMALL for value in found[row].values())]
    lines = [(row, tuple(found[row].values())) for row in ranked[:most]]
    if rest := ranked[most:]:
        lines.append(("other", tuple(sum(found[row][column] for row in rest) for column in columns)))
    return lines


@picture
def costs(plan: Plan, base: Plan | None = None) -> Figure:
    """Cost by kind in each period, and by who pays it.

    `base` is a plan whose sums stand in grey behind; ValueError if its periods are others.
    """
    same_periods(plan, base)
    rows, before = records(plan, "Costs"), records(base, "Costs") if base else []
    spans = [t.id for t in periods(plan.instance)]
    kinds = spread([(_kind(row["Kind"]), row["Period"], row["Counts"]) for row in rows], spans, KINDS)
    if not kinds:
        return empty("The plan costs nothing")
    named = {name for name, _ in kinds}
    people = {row["Party"]: short_name(row["Name"] or row["Party"]) for row in records(plan, "Parties")}

    def who(row: Record) -> str:
        return str(people.get(row["Payer"], row["Payer"]))

    cells = [(kind if (kind := _kind(row["Kind"])) in named else "other", who(row), row["Counts"]) for row in rows]
    pays, paid = sums(rows, who, "Counts"), sums(before, who, "Counts")
    ranked = sorted((name for name in pays if abs(pays[name]) > SMALL), key=lambda name: -abs(pays[name]))
    shown = ranked[:PAYERS] + ([f"{len(ranked) - PAYERS} more"] if len(ranked) > PAYERS else [])
    by = [(name, tuple(_of(cells, name, payer, shown) for payer in shown)) for name, _ in kinds]
    shade = colours([name for name, _ in kinds], {"other": OTHER, _kind("shortage"): ALARM})
    made = figure(_title(rows, before), 4.6, _note(plan) + (f" Grey: the {BASE}." if base else ""))
    left, right = made.subplots(1, 2, width_ratios=[1, 1.15])
    by_period = sums(before, lambda row: row["Period"], "Counts")
    stack(left, spans, kinds, shade, (f"all, {BASE}", [by_period.get(t, 0.0) for t in spans]) if base else None)
    left.set_ylabel("M USD a period, discounted")
    left.set_title("By kind")
    rest = total(amount for name, amount in paid.items() if name not in shown)
    behind = [paid.get(name, rest if len(ranked) > PAYERS and name == shown[-1] else 0.0) for name in shown]
    _bars(right, shown, by, shade, behind if base else None)
    right.set_title("By who pays")
    legend(left, 8)
    return made


def _kind(kind: str) -> str:
    return f"{kind} (value)" if kind in VALUE_KINDS else kind


def _of(cells: list[tuple[str, str, float]], kind: str, who: str, shown: list[str]) -> float:
    """What a payer pays of a kind; the last of those shown may stand for all that are not."""
    if who == shown[-1] and len(shown) > PAYERS:
        return total(amount for name, payer, amount in cells if name == kind and payer not in shown)
    return total(amount for name, payer, amount in cells if name == kind and payer == who)


def _bars(
    axes: Axes,
    names: list[str],
    series: list[tuple[str, tuple[float, ...]]],
    shade: dict[str, str],
    behind: list[float] | None,
) -> None:
    """Bars stacked to the right, and to the left what is below zero; `behind` is broader and grey."""
    rows = range(len(names))
    if behind:
        axes.barh(rows, behind, 0.94, color=BEHIND, zorder=0.5)
    highs, lows = [0.0] * len(names), [0.0] * len(names)
    for place, (name, values) in enumerate(series):
        base = [high if value >= 0 else low for value, high, low in zip(values, highs, lows, strict=True)]
        axes.barh(
            rows, values, 0.5 if behind else 0.72, base, color=shade[name], edgecolor="white", linewidth=0.6,
            hatch=hatch(place, shade[name]),
        )  # fmt: skip
        highs = [high + max(value, 0) for high, value in zip(highs, values, strict=True)]
        lows = [low + min(value, 0) for low, value in zip(lows, values, strict=True)]
    for row in rows:
        near: Any = {"xytext": (3, 0), "textcoords": "offset points", "va": "center", "size": 8, "color": MUTED}
        axes.annotate(f"{highs[row] + lows[row]:,.0f}", (highs[row], row), **near)
    axes.set_yticks(rows, [plain(name, 28) for name in names])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.1)
    axes.grid(axis="x")
    thousands(axes, "x")
    axes.set_xlabel("M USD, discounted")


def _title(rows: list[Record], before: list[Record]) -> str:
    """What costs most; and how much more the plan costs than the base plan, with what goes short at its value."""
    kinds = sums(rows, lambda row: row["Kind"], "Counts")
    paid = {kind: amount for kind, amount in kinds.items() if kind not in VALUE_KINDS}
    value = total(amount for kind, amount in kinds.items() if kind in VALUE_KINDS)
    whole = total(paid.values())
    first, *rest = sorted(paid, key=lambda kind: -paid[kind])[:2]
    text = f"Of {money(whole)}, {first} takes {percent(100 * paid[first] / whole)}" if whole > 0 else money(whole)
    if rest and whole > 0 and paid[rest[0]] > SMALL:
        text += f" and {rest[0]} {percent(100 * paid[rest[0]] / whole)}"
    text += f"; what goes short is valued at {money(value)}" if value > SMALL else ""
    if before:
        more = total(row["Counts"] for row in rows) - total(row["Counts"] for row in before)
        text += f"; in all {money(abs(more))} {'more' if more > 0 else 'less'} than the {BASE}"
    return text


def _note(plan: Plan) -> str:
    view = "the alliance’s resource cost: payments within it cancel" if plan.view == "system" else "what our buyers pay"
    return (
        f"Discounted to the start of {periods(plan.instance)[0].id}, as it counts in {view}. Values are paid by "
        "nobody. The tabs Costs and Parties hold every payment, with payer and payee."
    )


# ------------------------------------------------------------------------------------------------ floors


@picture
def floors(plan: Plan, base: Plan | None = None) -> Figure:
    """What each floor tops up in every period, what comes back above it, and its level beside the market's price.

    `base` is a plan whose top-ups stand in grey behind; ValueError if its periods are others.
    """
    same_periods(plan, base)
    rows = records(plan, "Floors")
    spans = [t.id for t in periods(plan.instance)]
    if not rows:
        return empty("The instance has no price floors")
    names = list(dict.fromkeys(row["Floor"] for row in rows))
    paid = spread([(row["Floor"], row["Period"], row["Top-up"] or 0.0) for row in rows], spans, KINDS)
    back = spread([(row["Floor"], row["Period"], -(row["Upside"] or 0.0)) for row in rows], spans, KINDS)
    shade = colours(names) | {"other": OTHER}
    note = "Top-ups in M USD of each period, undiscounted; below zero is upside that is given back."
    note += f" Grey: top-ups of the {BASE}." if base else ""
    before = sums(records(base, "Floors"), lambda row: row["Period"], "Top-up") if base else {}
    made = figure(_floor_title(plan, rows), 3.9, note)
    left, right = made.subplots(1, 2, width_ratios=[1.15, 1])
    behind = (f"top-ups, {BASE}", [before.get(t, 0.0) for t in spans]) if base else None
    stack(left, spans, [*paid, *back] or [(name, (0.0,) * len(spans)) for name in names[:1]], shade, behind)
    left.set_ylabel("M USD a period")
    left.set_title("Paid under floors")
    _levels(right, rows, spans, shade)
    return made


def _levels(axes: Axes, rows: list[dict[str, object]], spans: list[str], shade: dict[str, str]) -> None:
    """Level and benchmark of each floor over time."""
    for place, name in enumerate(dict.fromkeys(str(row["Floor"]) for row in rows)):
        for column, line in (("Level", "-"), ("Benchmark", "--")):
            points = {str(row["Period"]): row.get(column) for row in rows if row["Floor"] == name}
            known = [(spans.index(t), value) for t, value in points.items() if value is not None]
            if known:
                label = plain(name) if column == "Level" else None
                axes.plot(
                    *zip(*known, strict=True),
                    line,
                    color=shade[name],
                    label=label,
                    linewidth=max(1.2, 3.6 - 1.2 * place),
                )
    along(axes, spans)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("USD/kg")
    axes.set_title("Level (solid) and benchmark (dashed)")
    legend(axes, 6)


def _floor_title(plan: Plan, rows: list[dict[str, object]]) -> str:
    people = {row["Party"]: short_name(row["Name"] or row["Party"]) for row in records(plan, "Parties")}
    paid = sums(rows, lambda row: (row["Payer"], row["Payee"]), "Top-up")
    whole = total(paid.values())
    if whole <= SMALL:
        return "No floor pays anything: prices stay above them"
    parts = [
        f"{_people(people, payer) or 'buyers'} to {_people(people, payee)}, {money(amount)}"
        for (payer, payee), amount in sorted(paid.items(), key=lambda item: -item[1])
        if amount > SMALL
    ]
    return f"{money(whole)} is paid under price floors: {listed(parts, 3)}"


def _people(names: dict[str, str], parties: object) -> str:
    """Names of the parties of a cell."""
    return listed([names.get(party, party) for party in str(parties or "").split("; ")], 2)
