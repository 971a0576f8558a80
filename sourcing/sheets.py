"""Sheets: how a tab is declared, what a cell may hold, and how a fault is told.

A row class declares its tab once: for every column a name, a unit, a default, limits, what it refers to and what
it means. The reader, the template, the Guide tab, `sourcing schema` and the checks all come from that declaration.

    @sheet("Units", "a capacity at a site", key=("unit",))
    class Unit(Row):
        unit: str = identifier("Unit", "short name")
        capacity: Series = over_time("Capacity", "t/y", "what it can do in a year", low=0)

Exceptions, each with its exit code of the command line:

    SourcingError           1
     ├─ InstanceError       4   the instance has errors: `.issues`
     ├─ AuditFailed         5   a plan that does not pass its audit: `.checks`
     ├─ NoPlan              6   infeasible or unbounded: `.why`
     ├─ NoSolution          7   no plan within the limit, or no solver
     └─ OutputError         8   the output cannot be written
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import functools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias, dataclass_transform

from sourcing.units import conversion as conversion

# ------------------------------------------------------------------------------------------------ faults


@dataclass(frozen=True)
class Issue:
    """One fault of an instance, at its cell.

    `cell` is an A1 reference ("F14"), or "" where the whole tab is meant; `column` the header's name; `value` what
    was found; `message` the rule that it breaks; `suggestion` the remedy.
    """

    tab: str
    cell: str
    message: str
    value: str = ""
    column: str = ""
    suggestion: str = ""
    severity: Literal["error", "warning"] = "error"

    @property
    def where(self) -> str:
        """The place as `tab!cell`."""
        return f"{self.tab}!{self.cell}" if self.cell else self.tab

    def __str__(self) -> str:
        found = f" {self.value!r}:" if self.value else ""
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.where}{' ' + self.column if self.column else ''}:{found} {self.message}{hint}"


class SourcingError(Exception):
    """Anything that this package raises on purpose; `exit_code` is the command line's."""

    exit_code: ClassVar[int] = 1


class InstanceError(SourcingError):
    """The instance has errors; `issues` lists them all."""

    exit_code = 4

    def __init__(self, issues: list[Issue]):
        self.issues = issues
        errors = [str(issue) for issue in issues if issue.severity == "error"]
        super().__init__(f"{len(errors)} error(s) in the instance\n" + "\n".join(errors))

    def __reduce__(self) -> tuple[type[InstanceError], tuple[list[Issue]]]:
        return InstanceError, (self.issues,)  # a worker process sends it whole


class AuditFailed(SourcingError):
    """A plan that its audit refuses; it is never written."""

    exit_code = 5


class NoPlan(SourcingError):
    """No plan exists: the model is infeasible or unbounded; `report` says why."""

    exit_code = 6
    report: Any = None


class NoSolution(SourcingError):
    """No plan was found within the limit, or there is no solver."""

    exit_code = 7


class OutputError(SourcingError):
    """The output cannot be written, or may not be replaced."""

    exit_code = 8


# ------------------------------------------------------------------------------------------------ calendar

_SPAN = re.compile(r"(\d{4})(?:\s*([HhQq])\s*(\d))?")


def year_of(day: dt.date) -> float:
    """A date as a decimal year in which every month is a twelfth (1 July 2027 is 2027.5)."""
    return day.year + (day.month - 1) / 12 + (day.day - 1) / (12 * calendar.monthrange(day.year, day.month)[1])


def span_of(text: str) -> tuple[float, float] | None:
    """First and last moment, in decimal years, of a calendar span `2026`, `2027H1` or `2028Q3`; None if it is none."""
    match = _SPAN.fullmatch(text.strip())
    if not match:
        return None
    year, kind, part = int(match[1]), (match[2] or "").upper(), int(match[3] or 1)
    parts = {"": 1, "H": 2, "Q": 4}[kind]
    if not 1 <= part <= parts:
        return None
    return year + (part - 1) / parts, year + part / parts


@dataclass(frozen=True)
class Series:
    """A calendar rate or price over time: each value holds from its start until the next one begins.

    `starts` are decimal years, ascending; `values` are in the unit of the column, infinite for *no limit*. A
    constant starts at minus infinity.
    """

    starts: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def constant(cls, value: float) -> Series:
        """The same value at all times."""
        return cls((-math.inf,), (value,))

    def mean(self, start: float, end: float) -> float:
        """Mean value from `start` to `end` (decimal years), by overlap; ValueError before the first value."""
        if start < self.starts[0] - 1e-9:
            raise ValueError(f"no value before {self.starts[0]:g}")
        total = 0.0
        for k, (begin, value) in enumerate(zip(self.starts, self.values, strict=True)):
            stop = self.starts[k + 1] if k + 1 < len(self.starts) else math.inf
            if begin <= start + 1e-9 and end <= stop + 1e-9:
                return value  # exact where one span covers the period
            if (overlap := min(stop, end) - max(begin, start)) > 1e-9:
                total += overlap * value
        return total / (end - start)


Amount: TypeAlias = float | Series
"""A number of a row that holds at all times as a sheet gives it; a scenario may make it vary over time."""


# ------------------------------------------------------------------------------------------------ selectors


@dataclass(frozen=True)
class Selector:
    """Which places or materials a row means: terms (kind, name) that are joined by *or*.

    Kinds: `any`, `allied`, `country`, `entity`, `form`, `id`. The text `country:JP; kuantan` is
    `(("country", "JP"), ("id", "kuantan"))`.
    """

    terms: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "; ".join(
            name if kind == "id" else kind if kind in ("any", "allied") else f"{kind}:{name}"
            for kind, name in self.terms
        )


# ------------------------------------------------------------------------------------------------ columns

Kind = Literal[
    "id", "text", "number", "date", "yesno", "choice", "choices", "names", "percents", "span", "selector", "series"
]


@dataclass(frozen=True)
class Column:
    """One column of a tab.

    `kind` says how a cell is read; values are kept in `unit` as the header shows it (a percentage as the number
    before the sign). `required` cells may not be blank; a blank in any other column is `default`. `refers` names
    the tabs in which an id must stand, `choices` the words allowed, `selects` the prefixes a selector knows. A
    `last` date given as a year means the last day of that year. `infinite` cells may say `none` (no limit).
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    default: Any = None
    required: bool = False
    low: float = -math.inf
    high: float = math.inf
    positive: bool = False
    refers: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    selects: tuple[str, ...] = ()
    last: bool = False
    infinite: bool = False
    field: str = ""

    @property
    def header(self) -> str:
        """The header as a template writes it: `Freight (USD/t)`."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def broken_limit(self, value: float) -> str:
        """The limit that a number (in `unit`) breaks, as a sentence: "must be 0 or more"; "" if it keeps them."""
        if value == math.inf:
            return "" if self.infinite else "must be a finite number"
        low, high, unit = f"{self.low:.15g}", f"{self.high:.15g}", f" {self.unit}" if self.unit else ""
        over, under = value > self.high, value < self.low or (self.positive and value <= 0)
        if (over or under) and math.isfinite(self.low) and math.isfinite(self.high):
            return (
                f"must be above {low} and at most {high}{unit}" if self.positive else f"must be {low} to {high}{unit}"
            )
        if under:
            return "must be above 0" if self.positive else f"must be {low} or more"
        return f"must be {high}{unit} or less" if over else ""


def _column(name: str, kind: Kind, meaning: str, default: Any, required: bool, **more: Any) -> Any:
    column = Column(name, kind, meaning, default=default, required=required, **more)
    return field(default=default, metadata={"column": column})


def identifier(name: str, meaning: str) -> Any:
    """The row's own id: text, required."""
    return _column(name, "id", meaning, "", True)


def text(name: str, meaning: str, *, default: str = "", required: bool = False) -> Any:
    """Free text."""
    return _column(name, "text", meaning, default, required)


def reference(name: str, tab: str, meaning: str, *, required: bool = True, also: tuple[str, ...] = ()) -> Any:
    """One id of another tab, or one of the words in `also`."""
    return _column(name, "id", meaning, "", required, refers=(tab,), choices=also)


def names(name: str, meaning: str, *, tab: str = "", required: bool = False) -> Any:
    """A list joined by `;`, of ids of `tab` if given: a tuple of texts."""
    return _column(name, "names", meaning, (), required, refers=(tab,) if tab else ())


def number(
    name: str,
    unit: str,
    meaning: str,
    *,
    default: float | None = None,
    required: bool = False,
    low: float = -math.inf,
    high: float = math.inf,
    positive: bool = False,
    words: tuple[str, ...] = (),
) -> Any:
    """A number in `unit`, or one of `words`; a blank is `default` (None is *not given*: in a limit, none)."""
    limits = {"low": low, "high": high, "positive": positive}
    return _column(name, "number", meaning, default, required, unit=unit, choices=words, **limits)


def over_time(
    name: str,
    unit: str,
    meaning: str,
    *,
    required: bool = True,
    low: float = -math.inf,
    high: float = math.inf,
    limit: bool = False,
) -> Any:
    """A number over time: one column a calendar span, rows with a Period, or one column for all time.

    Of a `limit` a cell may say `none`.
    """
    return _column(name, "series", meaning, None, required, unit=unit, low=low, high=high, infinite=limit)


def date(name: str, meaning: str, *, required: bool = False, last: bool = False) -> Any:
    """A day; a year means its first day, or with `last` its last."""
    return _column(name, "date", meaning, None, required, last=last)


def span(name: str, meaning: str) -> Any:
    """A period's id or a calendar span, kept as text."""
    return _column(name, "span", meaning, "", False, refers=("Periods",))


def yesno(name: str, meaning: str, *, default: bool | None = None, required: bool = False) -> Any:
    """`yes` or `no`."""
    return _column(name, "yesno", meaning, default, required)


def choice(name: str, meaning: str, words: tuple[str, ...], *, default: str = "", required: bool = False) -> Any:
    """One of `words`."""
    return _column(name, "choice", meaning, default, required, choices=words)


def choices(name: str, meaning: str, words: tuple[str, ...], *, required: bool = False) -> Any:
    """A list of `words` joined by `;`: a tuple."""
    return _column(name, "choices", meaning, (), required, choices=words)


def percents(name: str, meaning: str) -> Any:
    """A list of percentages joined by `;`: a tuple of numbers."""
    return _column(name, "percents", meaning, (), False, unit="%", low=0)


def selector(
    name: str, tabs: tuple[str, ...], prefixes: tuple[str, ...], meaning: str, *, required: bool = True
) -> Any:
    """A selector over ids of `tabs` and over `prefixes` (`country`, `entity`, `form`, `allied`, `any`)."""
    return _column(name, "selector", meaning, None, required, refers=tabs, selects=prefixes)


PLACES = ("country", "entity", "allied", "any")


# ------------------------------------------------------------------------------------------------ rows


@dataclass(frozen=True, kw_only=True)
class Row:
    """A record of a tab. `line` is its row in the sheet (0 when it was made in code)."""

    tab: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    key_fields: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[dict[str, Column]] = {}

    active: bool = field(
        default=True, metadata={"column": Column("Active", "yesno", "no switches the row off", default=True)}
    )
    source: tuple[str, ...] = field(
        default=(),
        metadata={"column": Column("Source", "names", "where the figures come from", default=(), refers=("Sources",))},
    )
    note: str = field(default="", metadata={"column": Column("Note", "text", "a remark", default="")})
    line: int = field(default=0, compare=False, repr=False)

    @functools.cached_property
    def key(self) -> str:
        """The key columns joined by `|`, as `--set` and messages name the row."""
        return "|".join(_key_text(getattr(self, name)) for name in self.key_fields)

    @property
    def name_of_row(self) -> str:
        """`Units[kuantan_light]`."""
        return f"{self.tab}[{self.key}]"


def _key_text(value: Any) -> str:
    return "; ".join(str(v) for v in value) if isinstance(value, tuple) else "" if value is None else str(value)


TABS: dict[str, type[Row]] = {}
"""Every declared tab, by name, in the order of declaration."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def sheet(tab: str, meaning: str, *, key: tuple[str, ...]) -> Callable[[type], Any]:
    """Class decorator: declare a tab whose rows are unique in the fields `key`."""

    def declare(cls: type) -> Any:
        made: Any = dataclass(frozen=True, kw_only=True)(cls)
        own: dict[str, Column] = {}
        shared: dict[str, Column] = {}
        for item in dataclasses.fields(made):
            if column := item.metadata.get("column"):
                group = shared if item.name in ("active", "source", "note") else own
                group[item.name] = dataclasses.replace(column, field=item.name)
        taken = {column.name for column in own.values()}  # Sources has a Source of its own
        shared = {name: column for name, column in shared.items() if column.name not in taken}
        taken = {column.name for column in own.values()}  # on Sources the column Source is the row's own id
        shared = {name: column for name, column in shared.items() if column.name not in taken}
        made.tab, made.meaning, made.key_fields, made.columns = tab, meaning, key, own | shared
        TABS[tab] = made
        return made

    return declare


def own_columns(row_type: type[Row]) -> Iterator[Column]:
    """The columns of a tab before the shared Active, Source and Note."""
    return (column for name, column in row_type.columns.items() if name not in ("active", "source", "note"))
