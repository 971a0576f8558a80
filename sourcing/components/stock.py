"""Stockpiles: material carried from one period to the next."""

from __future__ import annotations

from sourcing.sheets import PLACES, Row, Selector, choice, identifier, names, number, reference, selector, sheet


@sheet("Stockpiles", "a stock", key=("stockpile",))
class Stockpile(Row):
    """A stock of one material at one site."""

    stockpile: str = identifier("Stockpile", "short name")
    holder: str = reference("Holder", "Entities", "whose it is, and who pays for storage")
    site: str = reference("Site", "Sites", "where it lies")
    material: str = reference("Material", "Materials", "what")
    label: tuple[str, ...] = names(
        "Label", "of the opening stock: clean, or the rules it violates; blank is unproven and violates every rule"
    )
    opening: float = number("Opening", "t", "level at the start", default=0.0, low=0)
    minimum: float = number("Minimum", "t", "least level", default=0.0, low=0)
    target: float | None = number("Target", "days", "days of use, reported", low=0)
    target_of: Selector | None = selector("Target of", ("Sites", "Entities"), PLACES, "whose use", required=False)
    maximum: float | None = number("Maximum", "t", "highest level; blank is no limit", low=0)
    fill: float | None = number("Fill", "t/y", "most put in; blank is no limit", low=0)
    draw: float | None = number("Draw", "t/y", "most taken out; blank is no limit", low=0)
    loss: float = number("Loss", "%/y", "lost in a year", default=0.0, low=0, high=100)
    storage: float = number("Storage", "USD/t/y", "cost on the mean level", default=0.0, low=0)
    release: str = choice("Release", "when it may be drawn", ("always", "shocks only"), default="always")
    terminal: float | None = number("Terminal", "t", "least level at the end", low=0)
    terminal_value: float | None = number(
        "Terminal value", "%", "of the price, for what is left at the end", low=0, high=100
    )
