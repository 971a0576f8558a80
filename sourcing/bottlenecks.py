"""Bottlenecks: what binds, what one more of it is worth and how far that holds, and what unused sources would have to
cost.

    worth of a binding row = |dual| / discount of its period, of the linear model with the decisions as they are
    holds from … to        = the side of the row between which that dual stays (the basis stays optimal)
    break-even[source]     = price - least added cost of Σ_t discount[t]·flow[source,t] = 1     (a re-solve)  [USD/kg]
                             of a source that waits for a decision with the part that it takes of one
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column
from sourcing.bindings import BINDINGS, Binding, cell_of, period_of
from sourcing.components.channels import Channel, channels
from sourcing.components.horizon import at, discount, periods
from sourcing.components.production import Line, lines
from sourcing.instance import Instance
from sourcing.sheets import Row
from sourcing.tables import Table, fields
from sourcing.usage import decided_for

if TYPE_CHECKING:
    from sourcing.solver import Solution

LEAST = 1.0
"""USD a tonne below which a worth is not listed."""

CENT = 0.005
"""USD/kg that a source must be too dear for a break-even price below its own to be told."""

UNIT_WORDS = {"t": "tonne", "steps": "step"}
"""How one of a unit is said."""

IDLE = 1e-6
"""Tonnes over the horizon below which a source counts as unused."""


def bottlenecks(solution: Solution) -> Table:
    """What binds, largest rent first, then what is unused, nearest to use first."""
    table = Table(
        "Bottlenecks",
        fields(
            "Kind", "Name", "Period", ("Worth", "USD"), "Per", ("Holds from", "t"), ("Holds to", "t"),
            ("Price", "USD/kg"), ("Break-even", "USD/kg"), "In words", "Cell",
        ),
        "What binds, and by how much one more of it would lower the cost (not discounted; largest rent first), with "
        "the limit between which that holds; then sources that the plan doesn't use, and the price at which it would.",
    )  # fmt: skip
    for row in sorted(_binding(solution), key=lambda row: (-row[0], row[1][:2], row[1][2] or "")):
        table.add(*row[1])
    for row in sorted(unused(solution), key=lambda row: (row[0], row[1][:2])):
        table.add(*row[1])
    return table


@dataclass(frozen=True, slots=True)
class Worth:
    """A row of the model that binds and comes from a cell: what one more of it is worth, in USD per `binding.unit`, not
    discounted; `side` is the one on which it binds, in that unit. `more` says whether one more of it saves, or less."""

    number: int
    family: str
    index: tuple[Any, ...]
    binding: Binding
    row: Row
    period: str
    usd: float
    side: float
    more: bool
    cell: str


def worths(instance: Instance, arrays: Arrays, duals: Any) -> Iterator[Worth]:
    """What binds, in the order of the rows of the model."""
    import numpy as np

    spans = {t.id: t for t in periods(instance)}
    last = periods(instance)[-1]
    for number in np.flatnonzero(np.abs(duals) > 1e-9).tolist():
        family, index = arrays.rows[number]
        if (binding := BINDINGS.get(family)) is None:
            continue
        dual, period, row = float(duals[number]), period_of(instance, family, index), binding.row(instance, index)
        usd = 1000 * abs(dual) / discount(instance, spans.get(period, last))
        side = float(arrays.row_upper[number] if dual < 0 else arrays.row_lower[number])
        cell = cell_of(instance, row, binding.field, period)
        yield Worth(number, family, index, binding, row, period, usd, side, dual < 0, cell)


def _binding(solution: Solution) -> Iterator[tuple[float, tuple[Any, ...]]]:
    """Rent and table row of each row of the model that binds and comes from a cell."""
    import numpy as np

    arrays = solution.arrays
    matrix = arrays.matrix().tocsr()
    counted = matrix.maximum(0) @ solution.x
    decided = matrix[:, np.flatnonzero(~arrays.integer)].getnnz(axis=1) == 0
    for found in worths(solution.instance, arrays, solution.duals):
        number, binding, period = found.number, found.binding, found.period
        if decided[number]:  # a row of decisions alone: they are what they are
            continue
        limit = found.side or float(counted[number])  # a share, or a project's capacity, has its tonnes on the left
        if found.usd < LEAST or abs(limit) < 1e-6:  # what does not exist has no meaningful worth
            continue
        fall, rise = solution.live.range_of(number)
        more, unit = "One more" if found.more else "One less", UNIT_WORDS.get(binding.unit, binding.unit)
        words = f"{more} {unit} of {binding.words.format(name=found.row.key)}" + (f" in {period}" if period else "")
        words += f" saves {found.usd:,.0f} USD."
        low, high = max(0.0, limit - fall), limit + rise if math.isfinite(rise) else None
        yield (
            found.usd * abs(limit),
            (
                binding.kind, found.row.key, period or None, found.usd, unit, low, high, None, None, words, found.cell,
            ),
        )  # fmt: skip


def unused(solution: Solution, site: str = "") -> Iterator[tuple[float, tuple[Any, ...]]]:
    """What must fall (USD/kg) and table row of each source that nobody takes from: offers, contracts, first lines.

    Those of one `site` alone, if it is given.
    """
    instance, spans = solution.instance, solution.lots.spans
    flow: dict[tuple[str, ...], list[tuple[tuple[str, ...], float]]] = {}
    for index, tonnes in solution.values("channels.flow").items():
        flow.setdefault(index[:4], []).append((index, tonnes))
    sources: dict[tuple[str, str], list[Channel]] = {}
    for h in channels(instance):
        row = h.contract or h.offer
        if row:
            sources.setdefault((row.tab, row.key), []).append(h)
    told: set[tuple[str, str]] = set()
    for (tab, key), found in sources.items():
        columns = [column for h in found if site in ("", h.origin) for column in flow.get(h.id, ())]
        if not columns or sum(tonnes for _, tonnes in columns) > IDLE:
            continue
        terms = [(discount(instance, spans[i[-1]]), ("channels.flow", i)) for i, _ in columns]
        forced = _forced(solution, terms, found[0].origin)
        if forced is None:
            continue
        added, (_, index) = forced
        h = next(h for h in found if h.id == index[:4])
        price = h.price(instance, spans[index[-1]]) or 0.0
        row = h.contract or h.offer
        assert row is not None
        kind = "unused contract" if tab == "Contracts" else "unused offer"
        told.add((h.origin, h.material))
        yield added, _priced(kind, key, index[-1], price, added, instance.where(row, "index"))
    activity: dict[tuple[str, ...], list[tuple[tuple[str, ...], float]]] = {}
    for index, tonnes in solution.values("production.activity").items():
        activity.setdefault(index[:3], []).append((index, tonnes))
    for line in lines(instance):
        sold = any((line.site, material) in told for material in line.recipe.outputs)
        asked = site in ("", line.site) and not line.recipe.inputs and not sold
        columns = activity.get(line.id, []) if asked else []
        if not columns or sum(tonnes for _, tonnes in columns) > IDLE:
            continue
        terms = [(discount(instance, spans[i[-1]]), ("production.activity", i)) for i, _ in columns]
        forced = _forced(solution, terms, line.site)
        if forced is not None:
            added, (_, index) = forced
            yield added, _line(solution, line, index[-1], added)


def _forced(solution: Solution, terms: list[tuple[float, Column]], site: str) -> tuple[float, Column] | None:
    """The added cost of a unit, if need be with the parts that it takes of decisions about its site."""
    plain = solution.live.forced(terms)
    return plain or solution.live.forced(terms, decided_for(solution.instance, site))


def _line(solution: Solution, line: Line, period: str, added: float) -> tuple[Any, ...]:
    t = next(span for span in periods(solution.instance) if span.id == period)
    cost = (at(line.row.cost, t) or 0.0) / 1000
    where = solution.instance.where(line.row, "cost")
    return _priced("unused source", f"{line.site}: {line.row.recipe}", period, cost, added, where)


def _priced(kind: str, name: str, period: str, price: float, added: float, cell: str) -> tuple[Any, ...]:
    even = price - added
    would = f"would be used at {even:,.2f} USD/kg or less" if even > 0 else "would not be used for nothing"
    words = f"{name} {would}; it costs {price:,.2f} in {period}."
    if added < CENT:
        words = f"{name} is as good as what is used, at {price:,.2f} USD/kg in {period}."
    return kind, name, period, None, None, None, None, price, even, words, cell
