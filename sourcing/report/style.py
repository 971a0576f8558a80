"""Style: colours, fonts, number formats and paper of a plan workbook."""

from __future__ import annotations

import functools
from typing import Any

FONT = "Arial"
INK, MUTED, RULE, BAND, WHITE = "#1F2933", "#5F6B7A", "#C9D1DA", "#EEF2F6", "#FFFFFF"
NAVY, ALARM, PALE_ALARM, PALE_BLUE = "#123A5C", "#A63A00", "#FBE9DF", "#D6E8F5"

SERIES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""Okabe and Ito's colours, safe for colour-blind readers."""

OTHER = "#9AA5B1"

NAMED = {"other": OTHER, "short": "#D55E00"}
"""Colours of series that look the same in every chart."""

LIGHT = ("#E69F00", "#56B4E9", "#CC79A7", OTHER)
"""Colours on which a label is dark."""

NUMBERS = {
    "t": "#,##0.0",
    "USD/kg": "#,##0.00",
    "USD/t": "#,##0.0",
    "USD": "#,##0",
    "M USD": "#,##0.00",
    "%": "0.0",
    "days": "#,##0",
    "steps": "0.00",
    "1": "0.0000",
    "0-10,000": "#,##0",
}
"""How a number in a unit is shown; cells keep its full precision."""


LETTERS = {
    letter: width
    for letters, width in (
        ("ijl’‘", 0.22), ("ft .,:;!/I[]\\|·", 0.28), ("r()-“”›", 0.33), ("cksvxyzJ•", 0.5), ("FTZ", 0.61),
        ("ABEKPSVXY&", 0.67), ("CDHNRUw", 0.72), ("GOQ", 0.78), ("mM", 0.83), ("%", 0.89), ("W→", 1.0),
    )
    for letter in letters
}  # fmt: skip
"""Widths of Arial's letters in sizes of the font; any other is as wide as a figure."""

FIGURE, BOLD = 0.56, 1.08
"""Width of a figure in sizes of the font, and by how much bold letters are broader."""


@functools.cache
def pixels(text: str, size: float, *, bold: bool = False) -> float:
    """About how broad a text in a size (points) of the font is."""
    return sum(LETTERS.get(letter, FIGURE) for letter in text) * size * 96 / 72 * (BOLD if bold else 1.0)


def lines(text: str, width: float, size: float, *, bold: bool = False) -> int:
    """How many lines a text needs in a cell so many pixels wide; a fiftieth is kept for those who set it wider."""
    room, count, taken = 0.98 * width - 6, 1, 0.0
    if len(text) * size * 96 / 72 * BOLD <= room:  # no letter is broader than the size
        return 1
    for word in text.split(" "):
        step = pixels(word + " ", size, bold=bold)
        if taken and taken + step > room:
            count, taken = count + 1, 0.0
        taken += step
    return count


def number_format(unit: str) -> str:
    """The number format of a unit: two decimals where none is set, and as it comes where there is no unit."""
    return NUMBERS.get(unit, "#,##0.00") if unit else "General"


def shown(value: float, unit: str) -> str:
    """A number about as a cell shows it, to measure how wide that is."""
    return f"{value:,.{len(number_format(unit).partition('.')[2])}f}" if unit else f"{value:.9g}"


def plain_format(value: float) -> str:
    """The number format of a number of no unit: whole, with two decimals, or by powers of ten if it is small."""
    if value == round(value):
        return "#,##0"
    return "#,##0.00" if abs(value) >= 0.01 else "0.0E+00"


def paper(sheet: Any, title: str = "", marking: str = "", *, pages: bool = True, large: bool = False) -> None:
    """A4 across, or A3 if large; a title and a marking above; below the file, the marking and the sheet's own page."""
    name, mark = (text.replace("&", "&&") for text in (title, marking))
    above = f'&L&"{FONT},Bold"&11{name}' if title else ""
    if marking:
        above += f'&C&"{FONT},Bold"&11{mark}'
    sheet.set_landscape()
    sheet.set_paper(8 if large else 9)
    sheet.set_margins(left=0.4, right=0.4, top=0.7 if above else 0.4, bottom=0.55)
    if above:
        sheet.set_header(above, {"margin": 0.3})
    middle = f'&C&"{FONT},Bold"&9{mark}' if marking else ""
    sheet.set_footer(f"&L&8&F – &A{middle}" + ("&R&8Page &P" if pages else ""), {"margin": 0.25})
    sheet.set_start_page(1)
