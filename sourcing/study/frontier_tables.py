"""What a frontier shows: its points, and what changes in the plan from one to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sourcing.components.places import STAGES, Site
from sourcing.components.production import lines
from sourcing.study.again import decided, difference
from sourcing.study.frontier import Frontier
from sourcing.study.measures import SHORT
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    import numpy as np

SHIFTS = 3
"""Shifts that are told between two points, the largest first."""

SHIFTED = 0.5
"""Tonnes over the horizon below which nothing has shifted."""


def tables(found: Frontier) -> list[Table]:
    """The points, and the changes between them."""
    changes = changes_table(found)
    return [points_table(found), changes]


def points_table(found: Frontier) -> Table:
    """One row a point, the least risky first."""
    price = f"M USD per {found.unit}" if found.unit in ("t", "M USD") else "M USD per 1,000"
    scale = 1.0 if found.unit in ("t", "M USD") else 1000.0
    table = Table(
        "Frontier",
        fields(
            ("Point", "", "1 is the least risky"), ("Risk", found.unit), ("Cost", "M USD"), ("Over cheapest", "M USD"),
            ("Gap", "M USD", "what a plan at this level could cost less at most"), ("Short", "t"),
            ("Of it shortage", "M USD", "value of what is short, in the cost"),
            ("Next costs", price, "what less risk costs from the next point to this one"), "Knee", "Changes",
        ),
        f"Least cost against {found.measure}, both over the horizon; cost is discounted, with the value of what is "
        f"short. No point is dominated; {found.dropped} more plans were, or were the same. Changes: decisions against "
        "the next point, which is riskier and cheaper.",
    )  # fmt: skip
    short, value = found.ground.sum_of(_short), found.ground.cost_of(SHORT)
    knee, cheapest = found.knee, found.points[-1].cost
    for number, point in enumerate(found.points):
        x = point.x[: len(short)]
        later = found.points[number + 1] if number + 1 < len(found.points) else None
        slope = (point.cost - later.cost) / 1000 / (later.risk - point.risk) * scale if later else None
        moved = len(_decisions(found, number + 1, number)) if later else None
        table.add(
            number + 1, point.risk, point.cost / 1000, (point.cost - cheapest) / 1000,
            max(0.0, point.cost - point.bound) / 1000, float(short @ x),
            float(value @ x) / 1000, slope, "knee" if number == knee else None,
            None if moved is None else f"{moved} decision{'' if moved == 1 else 's'}",
        )  # fmt: skip
    return table


def changes_table(found: Frontier) -> Table:
    """What changes from each point to the next less risky one: decisions, and where more and less is made."""
    table = Table(
        "Changes",
        fields(
            ("From", "", "point"), ("To", "", "the next less risky one"), "Kind", "What",
            ("Tonnes", "t", "made more or less over the horizon, expected over futures"),
        ),
        "What a plan with less risk does otherwise: decisions, and the largest shifts of what is made by stage and "
        "country.",
    )  # fmt: skip
    made = _makes(found)
    for number in range(len(found.points) - 1, 0, -1):
        for words in _decisions(found, number, number - 1):
            table.add(number + 1, number, "decision", words, None)
        before, after = found.points[number].x, found.points[number - 1].x
        shifts = [(float(rates @ (after[: len(rates)] - before[: len(rates)])), key) for key, rates in made.items()]
        shifts = [(tonnes, key) for tonnes, key in shifts if abs(tonnes) > SHIFTED]
        for tonnes, (stage, country) in sorted(shifts, key=lambda item: (-abs(item[0]), item[1]))[:SHIFTS]:
            table.add(number + 1, number, "shift", f"{stage} in {country}", tonnes)
    return table


def _decisions(found: Frontier, number: int, other: int) -> list[str]:
    """What one point decides otherwise than another."""
    names = found.ground.names
    before, after = (decided(names, found.points[k].x[: len(names)]) for k in (number, other))
    return difference(before, after)


def _short(family: str, _: Any) -> float:
    return 1.0 if family == SHORT else 0.0


def _makes(found: Frontier) -> dict[tuple[str, str], np.ndarray]:
    """Tonnes run by stage and country as vectors over the columns."""
    instance = found.ground.instance
    country = {row.site: row.country or "ZZ" for row in instance[Site]}
    place = {line.id: (line.row.stage, country[line.site]) for line in lines(instance)}

    def only(key: tuple[str, str]) -> Callable[[str, tuple[Any, ...]], float]:
        return lambda family, index: float(family == "production.activity" and place[index[:3]] == key)

    keys = sorted(set(place.values()), key=lambda key: (STAGES.index(key[0]), key[1]))
    return {key: found.ground.sum_of(only(key)) for key in keys}
