"""Floors: public price instruments, contracts for difference and border floors."""

from __future__ import annotations

import datetime as dt

from sourcing.sheets import (
    Row,
    Selector,
    Series,
    choice,
    date,
    identifier,
    names,
    number,
    over_time,
    reference,
    selector,
    sheet,
)


@sheet("Floors", "a public price instrument", key=("floor",))
class Floor(Row):
    """A price level that a treasury guarantees to a producer (cfd) or holds at a border."""

    floor: str = identifier("Floor", "short name")
    kind: str = choice("Kind", "contract for difference, or floor at a border", ("cfd", "border"), required=True)
    material: str = reference("Material", "Materials", "what")
    covered: Selector = selector("Covered", ("Sites", "Entities"), ("entity", "country"), "sites whose output counts")
    benchmark: str = reference(
        "Benchmark", "Prices", "index that it is measured by; blank is the material's", required=False
    )
    upside_from: float | None = number("Upside from", "USD/kg", "benchmark above which the payer gets a share", low=0)
    upside_share: float = number("Upside share", "%", "of what the benchmark is above it", default=0.0, low=0, high=100)
    upside_starts: dt.date | None = date("Upside starts", "first day of the share; blank with a share is always")
    volume: float | None = number("Volume", "t/y", "most output that counts; blank is all", low=0)
    payer: str = reference("Payer", "Entities", "the treasury", required=False)
    members: tuple[str, ...] = names("Members", "countries inside a border floor")
    level: Series = over_time("Level", "USD/kg", "the guaranteed price", low=0)
