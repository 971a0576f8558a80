"""Demand: what is met and what is short, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sourcing.components.horizon import periods
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, records, short_periods, site_name, sums
from sourcing.report.phrases import percent, tonnes
from sourcing.report.pictures.costs import spread
from sourcing.report.pictures.style import colours, empty, figure, legend, picture, stack
from sourcing.report.style import ALARM, OTHER, SERIES
from sourcing.tables import total

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CUSTOMERS = 6
"""Customers that are named; those that are less short are one more."""


@picture
def demand(plan: Plan) -> Figure:
    """Tonnes met and short in every period, and the short ones again in their own scale, by customer."""
    rows, spans = records(plan, "Demand"), [t.id for t in periods(plan.instance)]
    wanted, short = total(row["Demand"] for row in rows), total(row["Short"] for row in rows)
    if wanted <= 0:
        return empty("Nobody needs anything")
    title = f"All demand is met: {tonnes(wanted)}"
    if short > NOTICEABLE:
        when = sums(rows, lambda row: row["Period"], "Short")
        worst = max(when, key=lambda period: when[period])
        first = short_periods(plan)[0] if short_periods(plan) else worst
        title = (
            f"{percent(100 * (wanted - short) / wanted)} of demand is met; {tonnes(short)} go short, first in {first}, "
            f"most in {worst} ({tonnes(when[worst])})"
        )
    made = figure(title, 3.9, "Tonnes as delivered, whatever the material. The two panels have their own scales.")
    panels = made.subplots(1, 2 if short > NOTICEABLE else 1, squeeze=False)[0]
    both = [
        (word, [total(row[word] for row in rows if row["Period"] == t) for t in spans]) for word in ("Met", "Short")
    ]
    stack(panels[0], spans, both, {"Met": SERIES[0], "Short": ALARM})
    panels[0].set_ylabel("t a period")
    panels[0].set_title("Demand, met and short")
    if len(panels) > 1:
        cells = [(site_name(plan.instance, row["Customer"]), row["Period"], row["Short"]) for row in rows]
        series = spread(cells, spans, CUSTOMERS)
        shade = colours([name for name, _ in series], {"other": OTHER})
        stack(panels[1], spans, series, shade)
        panels[1].set_ylabel("t a period")
        panels[1].set_title("What goes short, by customer")
        legend(panels[1], 4)
    return made
