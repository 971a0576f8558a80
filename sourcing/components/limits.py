"""Limits: caps and minimums on what is shipped, in tonnes or as a share of use.

    most[l,t]:        Σ flow <= years·maximum + over         least[l,t]:        Σ flow + under >= years·minimum    [t]
    most_share[l,t]:  Σ flow <= share·base + over            least_share[l,t]:  Σ flow + under >= share·base       [t]
    base[l,t] = Σ what processes at To take in and demands at To use of the material, from any source              [t]

over and under exist only where a penalty is given; it counts in full in every view. The sum runs over what is shipped
in the period from From to To, inside one party too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcing.components.demand import used
from sourcing.components.expressions import total
from sourcing.components.horizon import Span, at, periods, span_limits
from sourcing.components.materials import FORMS, select_materials
from sourcing.components.places import select_sites
from sourcing.components.production import intake
from sourcing.instance import Instance
from sourcing.ledger import PLANNER, VALUE_KINDS
from sourcing.sheets import PLACES, Amount, Issue, Row, Selector, choice, identifier, number, selector, sheet, span
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Limits", "a cap or a minimum", key=("limit",))
class Limit(Row):
    """It counts what is shipped in the period from From to To, inside one party too."""

    limit: str = identifier("Limit", "short name")
    form: str = choice("Form", "only materials of this form; blank is every form", FORMS)
    material: Selector = selector("Material", ("Materials",), ("form", "any"), "materials that count")
    origin: Selector = selector("From", ("Sites", "Entities"), PLACES, "senders that count")
    destination: Selector = selector("To", ("Sites", "Entities"), PLACES, "receivers that count")
    maximum_share: Amount | None = number("Maximum share", "%", "of what To uses", low=0, high=100)
    minimum_share: Amount | None = number("Minimum share", "%", "of what To uses", low=0, high=100)
    maximum: Amount | None = number("Maximum", "t/y", "blank is no limit", low=0)
    minimum: Amount | None = number("Minimum", "t/y", "blank is none", low=0)
    first: str = span("First", "first period; blank is from the start")
    last: str = span("Last", "last period; blank is to the end")
    penalty: Amount | None = number("Penalty", "USD/t", "per tonne over; blank is a hard limit", low=0)


def times(instance: Instance, row: Limit) -> list[Span]:
    """The periods in which a limit holds: those that lie within First and Last."""
    first = span_limits(instance, row.first) if row.first else None
    last = span_limits(instance, row.last) if row.last else None
    return [
        t
        for t in periods(instance)
        if (first is None or t.start >= first[0] - 1e-6) and (last is None or t.end <= last[1] + 1e-6)
    ]


def counted(path: Any, instance: Instance, row: Limit, t: Span) -> list[tuple[float, Any]]:
    """The flows that a limit counts in a period, as terms."""
    materials = select_materials(instance, row.material, row.form)
    senders, receivers = select_sites(instance, row.origin), select_sites(instance, row.destination)
    return [
        (1.0, var)
        for receiver in sorted(receivers)
        for (i, _, m, _, _, _), var in path.channels.by_pair.get((receiver, t.id), ())
        if i in senders and m in materials
    ]


def base(path: Any, instance: Instance, row: Limit, t: Span) -> list[tuple[float, Any]]:
    """What the receivers of a limit take in and use in a period, as terms."""
    materials = sorted(select_materials(instance, row.material, row.form))
    return [
        pair
        for site in sorted(select_sites(instance, row.destination))
        for material in materials
        for pair in (*intake(path, site, material, t), *used(path, site, material, t))
    ]


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables over and under; rows most, least, most_share and least_share."""
    from pyomo.environ import Block, Constraint, NonNegativeReals, Var, quicksum

    path.limits = block = Block()
    rows = {(row.limit, t.id): (row, t) for row in instance[Limit] for t in times(instance, row)}
    soft = [key for key, (row, _) in rows.items() if row.penalty is not None]
    block.over = Var(soft, within=NonNegativeReals)
    block.under = Var(soft, within=NonNegativeReals)
    over, under = dict(block.over.items()), dict(block.under.items())
    flows = {key: total(path, (var for _, var in counted(path, instance, row, t))) for key, (row, t) in rows.items()}

    def share_of(key: tuple[str, str], field: str) -> Any:
        row, t = rows[key]
        share = at(getattr(row, field), t)
        return quicksum(share / 100 * k * var for k, var in base(path, instance, row, t))

    def most(_: Any, *key: str) -> Any:
        row, t = rows[key]  # type: ignore[index]
        return flows[key] <= at(row.maximum, t) * t.years + over.get(key, 0.0)  # type: ignore[index,operator]

    def least(_: Any, *key: str) -> Any:
        row, t = rows[key]  # type: ignore[index]
        return flows[key] + under.get(key, 0.0) >= at(row.minimum, t) * t.years  # type: ignore[index,operator]

    def most_share(_: Any, *key: str) -> Any:
        return flows[key] - share_of(key, "maximum_share") <= over.get(key, 0.0)  # type: ignore[index,arg-type]

    def least_share(_: Any, *key: str) -> Any:
        return flows[key] + under.get(key, 0.0) >= share_of(key, "minimum_share")  # type: ignore[index,arg-type]

    for name, rule, field in (
        ("most", most, "maximum"),
        ("least", least, "minimum"),
        ("most_share", most_share, "maximum_share"),
        ("least_share", least_share, "minimum_share"),
    ):
        index = [key for key, (row, t) in rows.items() if at(getattr(row, field), t) is not None]
        setattr(block, name, Constraint(index, rule=rule))
    for key in soft:
        row, t = rows[key]
        penalty = (at(row.penalty, t) or 0.0) / 1000
        ledger.pay(PLANNER, "", VALUE_KINDS[1], row.limit, t, [(penalty, over[key]), (penalty, under[key])])


def checks(instance: Instance) -> list[Issue]:
    """Limits that select nothing, or whose minimum is above their maximum."""
    faults = []
    for row in instance[Limit]:
        for field, found in (
            ("origin", select_sites(instance, row.origin)),
            ("destination", select_sites(instance, row.destination)),
            ("material", select_materials(instance, row.material, row.form)),
        ):
            if not found:
                message = "selects nothing: the limit would never hold"
                faults.append(instance.issue(row, field, message, "name what exists, or set Active to no"))
        for low, high in (("minimum", "maximum"), ("minimum_share", "maximum_share")):
            a, b = getattr(row, low), getattr(row, high)
            if isinstance(a, int | float) and isinstance(b, int | float) and a > b:
                faults.append(instance.issue(row, low, f"is above the maximum of {b:g}", "correct one"))
        if all(getattr(row, f) is None for f in ("minimum", "maximum", "minimum_share", "maximum_share")):
            faults.append(instance.issue(row, "maximum", "the row limits nothing", "fill a maximum or a minimum"))
        for field in ("first", "last"):
            text = getattr(row, field)
            if text and span_limits(instance, text) is None:
                message = "is neither a period nor a calendar span"
                faults.append(instance.issue(row, field, message, "write for example 2027"))
        if not times(instance, row):
            message, remedy = "no period lies within First and Last", "correct them, or set Active to no"
            faults.append(instance.issue(row, "first", message, remedy, warning=True))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What each limit counts, and how far it is from it."""
    instance, path = solution.instance, solution.path
    table = Table(
        "Limits",
        fields(
            "Limit", "Period", ("Counted", "t"), ("Base", "t"), ("Share", "%"), ("Maximum", "t"), ("Minimum", "t"),
            ("Over", "t"), ("Under", "t"),
        ),
        "What each limit counts. A share's maximum and minimum are given in tonnes of its base.",
    )  # fmt: skip
    for row in instance[Limit]:
        for t in times(instance, row):
            tonnes = solution.total(counted(path, instance, row, t))
            use = solution.total(base(path, instance, row, t))
            tops, lows = (
                [
                    None if tonnage is None else tonnage * t.years,
                    None if part is None else part / 100 * use,
                ]
                for tonnage, part in (
                    (at(row.maximum, t), at(row.maximum_share, t)),
                    (at(row.minimum, t), at(row.minimum_share, t)),
                )
            )
            top = min((x for x in tops if x is not None), default=None)
            low = max((x for x in lows if x is not None), default=None)
            share = 100 * tonnes / use if use > 1e-9 else None
            over = max(0.0, tonnes - top) if top is not None else 0.0
            under = max(0.0, low - tonnes) if low is not None else 0.0
            table.add(row.limit, t.id, tonnes, use, share, top, low, over, under)
    return [table]
