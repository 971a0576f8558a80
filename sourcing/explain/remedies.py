"""Remedies: what a row that gives way means for the cell that it comes from, in numbers, in words and as an edit.

    plain row:         new = old·(side - give)/side      old·(side + give)/side of a cap                  [its unit]
    share of a base:   new = old·(base part - give)/base part                                                    [%]
    minimum load:      new = old·used/(used + give)                                                              [%]

A number is rounded to four digits, a duty down and a cap up, so that what is written does.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace
from typing import Any

from sourcing.arrays import Arrays
from sourcing.bindings import BINDINGS, TOLERANCE
from sourcing.components.horizon import Span, at, periods
from sourcing.edits import Edit, cell_at
from sourcing.explain.elastic import DUTY, Slack
from sourcing.instance import Instance
from sourcing.sheets import Row, Series

SHARES = ("takeorpay.least_share", "contracts.most_share", "limits.least_share", "limits.most_share")
DIGITS = 4


@dataclass(frozen=True)
class Remedy:
    """One cell that would hold another value: what gives way by how much, and the edit that makes it so.

    `amount` is in `unit` of the model (t, M USD, steps) in `period`, the one that needs most where a cell holds for
    several; `old` and `new` are the cell's, `share` is the part of its number that is given up (0 to 1). `odd` says
    that the number is out of line with those of the row's other periods, or a capacity of nothing.
    """

    rule: str
    name: str
    tab: str
    cell: str
    period: str
    amount: float
    unit: str
    words: str
    edit: str
    share: float
    nature: str
    row: tuple[str, str] = ("", "")
    old: Any = None
    new: Any = None
    odd: bool = False

    def record(self, verified: bool) -> dict[str, Any]:
        """As `explain --json` prints it."""
        own = ("rule", "name", "tab", "cell", "period", "amount", "unit", "words", "edit")
        return {name: getattr(self, name) for name in own} | {"verified": verified}


def tonnes_text(tonnes: float) -> str:
    """Tonnes in words: whole from a hundred on, three digits below."""
    return f"{tonnes:,.0f} t" if tonnes >= 100 else f"{tonnes:.3g} t"


def number_text(value: Any) -> str:
    """A cell's number in words."""
    if value is None or value == "":
        return "blank"
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def helpful(value: float, *, up: bool) -> float:
    """A number of four digits that is no less (`up`) or no more; what is as good as such a number is it."""
    if value <= 1e-9:
        return 0.0 if not up else 10.0**-6
    size = 10.0 ** (math.floor(math.log10(value)) - DIGITS + 1)
    near = round(value / size)
    if abs(near * size - value) > 1e-6 * value:
        near = math.ceil(value / size) if up else math.floor(value / size)
    return float(f"{near * size:.{DIGITS + 2}g}")


def eased(remedy_value: float, *, up: bool) -> float:
    """One more step of the last digit."""
    size = 10.0 ** (math.floor(math.log10(max(remedy_value, 1e-6))) - DIGITS + 1)
    return float(f"{max(0.0, remedy_value + (size if up else -size)):.{DIGITS + 2}g}")


def remedies(
    instance: Instance, arrays: Arrays, x: Any, gives: list[tuple[Slack, float]], *, extra: bool = False
) -> list[Remedy]:
    """The cells that what one rule gives means: one a period where the cell holds for a period, else one.

    `extra` rounds one step further. Empty where no one cell does it.
    """
    rows = arrays.matrix().tocsr()
    spans = {t.id: t for t in periods(instance)}
    wanted: list[tuple[float, str, Slack, Any]] = []
    for slack, give in gives:
        _, index = arrays.rows[slack.number]
        t = spans.get(str(index[-1]))
        row = rows[[slack.number]]
        values = row.data * x[row.indices]
        plus, minus = float(values[values > 0].sum()), float(-values[values < 0].sum())
        new = _new(instance, arrays, slack, give, t, plus, minus)
        if new is None:
            return []
        wanted.append((give, t.id if t else "", slack, new))
    return _cells(instance, arrays, wanted, extra)


def _new(
    instance: Instance, arrays: Arrays, slack: Slack, give: float, t: Span | None, plus: float, minus: float
) -> Any:
    """What the cell would have to hold for one row of the model; None if it cannot say."""
    family, _ = arrays.rows[slack.number]
    if family == "balance":
        return "allowed"
    if family == "qualifications.gate":
        return t.id if t else None
    row, field = slack.row, slack.field
    old = getattr(row, field)
    old = at(old, t) if t else old
    if isinstance(old, Series):  # of a row for all time
        return None
    side = float(arrays.row_lower[slack.number] if slack.sign > 0 else arrays.row_upper[slack.number])
    if (slack.sign > 0) != (slack.nature == DUTY):  # the model has it the other way round: share·base <= flow
        side, plus, minus = -side, minus, plus
    less = 1.0 if slack.nature == DUTY else -1.0
    if family in SHARES:
        base = minus
        return old * (base - less * give) / base if old and base > 1e-9 else 100.0
    if family in ("production.least", "channels.least_order"):
        return old * plus / (plus + give)
    if family in ("production.on", "channels.ordered"):  # what runs or flows, in whole
        return max(float(old or 0.0), plus / (t.years if t else 1.0))
    if family == "projects.capacity":
        return old * (side + minus + give) / (side + minus) if side + minus > 1e-6 else None
    if family == "demand.tolerance":
        part = (old or 0.0) / 100
        broken = plus / (1 - part) if part < 1 else plus
        whole = broken + (minus / part if part else 0.0)
        return min(100.0, 100 * (broken - side) / whole) if whole and part else 100.0
    if family in ("qualifications.first_year", "demand.share") and side <= 1e-9:
        return 100.0
    if side <= 1e-9 or old in (None, 0):
        years = t.years if t and not family.startswith(("stock.least", "stock.most")) else 1.0
        return 0.0 if slack.nature == DUTY else give / years
    new = old * (side - less * give) / side
    if family == "projects.steps" and getattr(row, "whole", False):
        return float(math.ceil(new - 1e-6))
    return max(0.0, new)


def binding_of(family: str) -> Any:
    """How a family of rows is told."""
    twice = {"production.on": "production.capacity", "channels.ordered": "channels.offer"}
    return TOLERANCE if family == "demand.tolerance" else BINDINGS[twice.get(family, family)]


def _cells(
    instance: Instance, arrays: Arrays, wanted: list[tuple[float, str, Slack, Any]], extra: bool
) -> list[Remedy]:
    """Join what several rows want of one cell."""
    slack = wanted[0][2]
    row, field = slack.row, slack.field
    up = slack.nature != DUTY
    value = getattr(row, field)
    family = arrays.rows[slack.number][0]
    if family == "balance":
        return [_banned(instance, arrays, wanted)]
    if family == "qualifications.gate":
        first = min(wanted, key=lambda item: list(_starts(instance)).index(item[1]))
        day = _starts(instance)[first[1]]
        return [_remedy(instance, arrays, first, wanted, value, day, "", 1.0, day)]
    by_period = isinstance(value, Series) and (len(value.values) > 1 or math.isfinite(value.starts[0]))
    groups = [[item] for item in wanted] if by_period else [wanted]
    if by_period:  # several rows of the model may come from one cell and period: of an offer, one a buyer
        joined: dict[str, list[Any]] = {}
        for item in wanted:
            joined.setdefault(item[1], []).append(item)
        groups = list(joined.values())
    found = []
    for group in groups:
        new = max(item[3] for item in group) if up else min(item[3] for item in group)
        new = new if field == "steps" else helpful(new, up=up)
        new = eased(new, up=up) if extra and field != "steps" else new
        high = row.columns[field].high
        new = min(new, high)
        worst = max(group, key=lambda item: item[0])
        period = worst[1] if by_period else ""
        spans = {t.id: t for t in periods(instance)}
        old = at(value, spans[worst[1]]) if worst[1] else value
        if isinstance(old, Series):
            old = old.values[0]
        share = abs(new - (old or 0.0)) / max(abs(new), abs(old or 0.0), 1e-12)
        told = _remedy(instance, arrays, worst, group, old, new, period, share, f"{new:.10g}")
        others = [at(value, t) for t in spans.values() if t.id != period] if by_period else []
        found.append(replace(told, odd=_odd(old, others, up)))
    return found


def _odd(value: float | None, others: list[float], up: bool) -> bool:
    """Whether a cap is a tenth or less of what it is in other periods, a duty five times as much."""
    usual = statistics.median(others) if others else 0.0
    if not usual or math.isinf(usual):
        return False
    return (value or 0.0) < usual / 10 if up else (value or 0.0) > 5 * usual


def _starts(instance: Instance) -> dict[str, str]:
    """First day of each period."""
    from sourcing.components.horizon import Period

    return {row.period: row.start.isoformat() for row in instance[Period]}


def _when(group: list[tuple[float, str, Slack, Any]], worst: str) -> str:
    others = len({item[1] for item in group}) - 1
    more = f" (and in {others} other period{'s' if others > 1 else ''})" if others > 0 else ""
    return (f" in {worst}" if worst else "") + more


def _remedy(
    instance: Instance, arrays: Arrays, worst: Any, group: Any, old: Any, new: Any, period: str, share: float, text: str
) -> Remedy:
    tonnes, when, slack, _ = worst
    family = arrays.rows[slack.number][0]
    row, field = slack.row, slack.field
    binding = binding_of(family)
    column = row.columns[field]
    amount = tonnes_text(tonnes) if binding.unit == "t" else f"{tonnes:.3g} {binding.unit}"
    unit = f" {column.unit}" if column.unit else ""
    less = "less" if slack.nature == DUTY else "more"
    words = f"{amount} {less} for the {binding.words.format(name=row.key)}{_when(group, when)}"
    words += f": {number_text(old)} → {number_text(new)}{unit}"
    where = place(instance, row, field, period or when)
    edit = str(Edit(row.tab, row.key, column.name, period, text))
    return Remedy(
        binding.kind, row.key, row.tab, where, when, tonnes, binding.unit, words, edit, share, slack.nature,
        (row.tab, row.key), old, new,
    )  # fmt: skip


def _banned(instance: Instance, arrays: Arrays, wanted: list[tuple[float, str, Slack, Any]]) -> Remedy:
    worst = max(wanted, key=lambda item: item[0])
    tonnes, period, slack, _ = worst
    site, material, label, _ = arrays.rows[slack.number][1]
    words = (
        f"{tonnes_text(tonnes)} of {material} left over at {site}{_when(wanted, period)}, where surplus is forbidden"
    )
    column = slack.row.columns["surplus"]
    edit = str(Edit(slack.row.tab, slack.row.key, column.name, "", "allowed"))
    return Remedy(
        "surplus forbidden", f"{site}: {material} ({label})", slack.row.tab, place(instance, slack.row, "surplus", ""),
        period, tonnes, "t", words, edit, 1.0, slack.nature, (slack.row.tab, slack.row.key),
        getattr(slack.row, "surplus", "") or None, "allowed",
    )  # fmt: skip


def place(instance: Instance, row: Row, field: str, period: str) -> str:
    """The cell as `Units!F14`, or `Units[kuantan].capacity` without a sheet."""
    cell = cell_at(instance, row, field, period) if period else instance.cell(row, field)
    return f"{row.tab}!{cell}" if cell else f"{row.name_of_row}.{field}"
