"""Style: colours, fonts, number formats and paper of a plan workbook."""

from __future__ import annotations

from typing import Any

FONT = "Arial"
INK, MUTED, RULE, BAND, WHITE = "#1F2933", "#5F6B7A", "#C9D1DA", "#EEF2F6", "#FFFFFF"
NAVY, ALARM, PALE_ALARM = "#123A5C", "#A63A00", "#FBE9DF"

SERIES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""Okabe and Ito's colours, safe for colour-blind readers."""

OTHER = "#9AA5B1"

LIGHT = ("#E69F00", "#56B4E9", "#CC79A7", OTHER)
"""Colours on which a label is dark."""

NUMBERS = {
    "t": "#,##0.0",
    "USD/kg": "#,##0.00",
    "USD/t": "#,##0.0",
    "M USD": "#,##0.00",
    "%": "0.0",
    "days": "#,##0",
    "steps": "0.00",
    "1": "0.0000",
}
"""How a number in a unit is shown; cells keep its full precision."""


def number_format(unit: str) -> str:
    """The number format of a unit; two decimals where none is set."""
    return NUMBERS.get(unit, "#,##0.00")


def shown(value: float, unit: str) -> str:
    """A number about as a cell shows it, to measure how wide that is."""
    form = number_format(unit)
    return f"{value:,.{len(form.partition('.')[2])}f}"


def paper(sheet: Any, top: float) -> None:
    """A4 across, with page numbers; `top` is the margin in inches above."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=top, bottom=0.55)
    sheet.set_footer("&L&8&F – &A&R&8Page &P of &N")
