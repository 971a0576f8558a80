"""Demand: what is met and what is short, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sourcing.components.horizon import periods
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, Record, records, short_periods, site_name, sums
from sourcing.report.phrases import percent, tonnes
from sourcing.report.pictures.costs import spread
from sourcing.report.pictures.style import BASE, colours, empty, figure, legend, named, picture, same_periods, stack
from sourcing.report.style import ALARM, NAVY, OTHER
from sourcing.tables import total

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CUSTOMERS = 6
"""Customers that are named; those that are less short are one more."""


@picture
def demand(plan: Plan, base: Plan | None = None) -> Figure:
    """Tonnes met and short in every period, and the short ones again in their own scale, by customer.

    `base` is a plan that stands in grey behind; ValueError if its periods are others.
    """
    same_periods(plan, base)
    rows, spans = records(plan, "Demand"), [t.id for t in periods(plan.instance)]
    if total(row["Demand"] for row in rows) <= 0:
        return empty("Nobody needs anything")
    before = records(base, "Demand") if base else []
    shorts = any(row["Short"] > NOTICEABLE for row in (*rows, *before))
    title = _title(plan, rows, before)
    made = figure(title, 3.9, "Tonnes as delivered, whatever the material. The two panels have their own scales.")
    panels = made.subplots(1, 2 if shorts else 1, squeeze=False)[0]
    both = [(word, _by_period(rows, word, spans)) for word in ("Met", "Short")]
    behind = (f"Met, {BASE}", _by_period(before, "Met", spans)) if base else None
    stack(panels[0], spans, both, {"Met": NAVY, "Short": ALARM}, behind)
    panels[0].set_ylabel("t a period")
    panels[0].set_title("Demand, met and short")
    if shorts:
        cells = [(site_name(plan.instance, row["Customer"]), row["Period"], row["Short"]) for row in rows]
        series = spread(cells, spans, CUSTOMERS)
        shade = colours([name for name, _ in series], {"other": OTHER})
        behind = (f"Short, {BASE}", _by_period(before, "Short", spans)) if base else None
        stack(panels[1], spans, series, shade, behind)
        panels[1].set_ylabel("t a period")
        panels[1].set_title("What goes short, by customer")
    legend(panels[0], 5, [handle for axes in panels for handle in named(axes)])
    return made


def _by_period(rows: list[Record], column: str, spans: list[str]) -> list[float]:
    """Sums of a column (t) by period."""
    found = sums(rows, lambda row: row["Period"], column)
    return [found.get(t, 0.0) for t in spans]


def _title(plan: Plan, rows: list[Record], before: list[Record]) -> str:
    """How much is met, when most goes short, and how that differs from the base plan."""
    wanted, short = total(row["Demand"] for row in rows), total(row["Short"] for row in rows)
    more = short - total(row["Short"] for row in before)
    than = ""
    if before:
        than = f", {tonnes(abs(more))} {'more' if more > 0 else 'less'} than in the {BASE}"
        than = than if abs(more) > NOTICEABLE else f", as in the {BASE}"
    if short <= NOTICEABLE:
        return f"All demand is met: {tonnes(wanted)}" + (f"; {tonnes(-more)} go short in the {BASE}" if before else "")
    when = sums(rows, lambda row: row["Period"], "Short")
    worst = max(when, key=lambda period: when[period])
    first = short_periods(plan)[0] if short_periods(plan) else worst
    return (
        f"{percent(100 * (wanted - short) / wanted)} of demand is met; {tonnes(short)} go short{than}, first in "
        f"{first}, most in {worst} ({tonnes(when[worst])})"
    )
