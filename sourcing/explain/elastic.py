"""Elastic: the model in which the rows that come from a cell may give way, each at a price.

    minimise Σ_r price[r]·give[r]   subject to   row lower - give <= A x <= row upper + give,   give >= 0       [t]

Balances, stock rolls and demands always hold; the ban on surplus may give way where a material is made. The row duals
at an optimum above 0 prove that there is no plan, so whatever would make one possible changes a row with a dual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sourcing.arrays import Arrays
from sourcing.bindings import BINDINGS, TOLERANCE
from sourcing.components.materials import Material
from sourcing.components.production import Unit, made_at
from sourcing.components.projects import project_units
from sourcing.components.trade import Offer
from sourcing.instance import Instance
from sourcing.sheets import Row
from sourcing.solver import Options, check, highs

Rule = tuple[str, str, str]
"""A business rule: tab, key and field of the cell that says it."""

LEAST = 1e-6
"""What a row must give (t) to count as giving way."""

DUTY, BAN, POLICY, PHYSICAL = "duty", "ban", "policy", "physical"
"""What asks for tonnes; the ban on surplus; a cap that somebody set; a cap of plants and stores."""

CAPPED, DEAR = 1e5, 1e3
"""Price of a tonne by which a cap gives way, and of the whole of a duty: a duty can always be dropped."""


@dataclass(frozen=True)
class Slack:
    """A row of the model that may give way: its number, the sign of the slack, and the cell that it comes from."""

    number: int
    sign: float
    row: Row
    field: str
    nature: str

    @property
    def rule(self) -> Rule:
        """The cell's rule."""
        return self.row.tab, self.row.key, self.field


def slacks(instance: Instance, arrays: Arrays) -> list[Slack]:
    """The rows that may give way."""
    import numpy as np

    found: list[Slack] = []
    known: dict[tuple[Any, ...], tuple[Row, str, str] | None] = {}
    for number, (family, index) in enumerate(arrays.rows):
        if family == "balance":
            place = (family, *index[:2])
        else:
            place = (family, *index[:-1]) if len(index) > 1 else (family, *index)
        if place not in known:
            known[place] = _cell(instance, family, index)
        if (cell := known[place]) is None:
            continue
        row, field, nature = cell
        if family == "balance":  # left over where it is made
            found.append(Slack(number, -1.0, row, field, nature))
            continue
        for side, sign in ((arrays.row_lower[number], 1.0), (arrays.row_upper[number], -1.0)):
            if np.isfinite(side):
                found.append(Slack(number, sign, row, field, nature))
    return found


def _cell(instance: Instance, family: str, index: tuple[Any, ...]) -> tuple[Row, str, str] | None:
    """The row of the instance and the field that a row of the model comes from, and its nature."""
    if family == "balance":
        made = index[1] in made_at(instance).get(index[0], ())
        return (instance.row(Material, index[1]), "surplus", BAN) if made else None
    if family == "projects.capacity":  # that of its unit, for each step
        return instance.row(Unit, str(index[0])), "capacity", PHYSICAL
    if family == "production.on":  # what is switched is bounded twice
        own = index[0] in project_units(instance)
        return None if own else (instance.row(Unit, str(index[0])), "capacity", PHYSICAL)
    if family == "channels.ordered":
        offer = instance.row(Offer, f"{index[0]}|{index[2]}")
        return None if offer.maximum is None else (offer, "maximum", POLICY)
    binding = TOLERANCE if family == "demand.tolerance" else BINDINGS.get(family)
    return None if binding is None else (binding.row(instance, index), binding.field, binding.nature)


class OutOfTime(Exception):
    """The time for looking is up."""


class Elastic:
    """The elastic model of named arrays, solved again and again with other rules free to give way.

    `whole` keeps the integers. After `solve`, `x` holds the columns of the plan.
    """

    def __init__(self, instance: Instance, arrays: Arrays, until: float, *, whole: bool = False):
        import numpy as np

        self.slacks, self.arrays, self.until, self.whole = slacks(instance, arrays), arrays, until, whole
        self.rules = list(dict.fromkeys(slack.rule for slack in self.slacks))
        self.natures = {slack.rule: slack.nature for slack in self.slacks}
        count, extra = len(arrays.columns), len(self.slacks)
        numbers = np.array([slack.number for slack in self.slacks], dtype=np.int32)
        above = np.array([slack.sign > 0 for slack in self.slacks], dtype=bool)
        sizes = np.maximum(np.abs(np.where(above, arrays.row_lower[numbers], arrays.row_upper[numbers])), 1.0)
        prices = [
            (DEAR / size if slack.nature == DUTY else CAPPED) for slack, size in zip(self.slacks, sizes, strict=True)
        ]
        ends = arrays.starts[-1] + np.arange(1, extra + 1, dtype=np.int32)
        signs = np.array([slack.sign for slack in self.slacks], dtype=float)
        integer = arrays.integer if whole else np.zeros(count, dtype=bool)
        elastic = replace(
            arrays,
            columns=arrays.columns + [("give", (number,)) for number in numbers.tolist()],
            place={},
            cost=np.concatenate([np.zeros(count), prices]),
            constant=0.0,
            lower=np.concatenate([arrays.lower, np.zeros(extra)]),
            upper=np.concatenate([arrays.upper, np.full(extra, np.inf)]),
            starts=np.concatenate([arrays.starts, ends]).astype(np.int32),
            indices=np.concatenate([arrays.indices, numbers]).astype(np.int32),
            values=np.concatenate([arrays.values, signs]),
            integer=np.concatenate([integer, np.zeros(extra, dtype=bool)]),
        )
        self.solver = highs(elastic, Options())
        check(self.solver.setOptionValue("solver", "choose"), "option solver")
        self.places = np.arange(count, count + extra, dtype=np.int32)
        self.x: Any = None

    def solve(self, free: Callable[[Rule], bool]) -> dict[Rule, list[tuple[Slack, float]]] | None:
        """What gives way at the least price if only some rules may: tonnes by rule and row; None if that is no plan.

        Raises OutOfTime.
        """
        import highspy
        import numpy as np

        kind = highspy.HighsModelStatus
        allowed = {rule: free(rule) for rule in self.rules}
        upper = np.array([highspy.kHighsInf if allowed[slack.rule] else 0.0 for slack in self.slacks])
        check(self.solver.changeColsBounds(len(upper), self.places, np.zeros(len(upper)), upper), "changing bounds")
        left = self.until - perf_counter()
        if left <= 0:
            raise OutOfTime
        check(self.solver.setOptionValue("time_limit", self.solver.getRunTime() + left), "option time_limit")
        check(self.solver.run(), "solving")
        status = self.solver.getModelStatus()
        if status in (kind.kInfeasible, kind.kUnboundedOrInfeasible):
            return None
        if status != kind.kOptimal:
            raise OutOfTime
        values = np.array(self.solver.getSolution().col_value)
        self.x = values[: len(self.arrays.columns)]
        found: dict[Rule, list[tuple[Slack, float]]] = {}
        for slack, tonnes in zip(self.slacks, values[self.places].tolist(), strict=True):
            if tonnes > LEAST:
                found.setdefault(slack.rule, []).append((slack, tonnes))
        return found

    def accused(self) -> list[Rule]:
        """The rules on whose rows the proof of the last solve rests; of a model with integers all."""
        import numpy as np

        if self.whole:
            return self.rules
        duals = np.abs(np.array(self.solver.getSolution().row_dual))
        return list(dict.fromkeys(slack.rule for slack in self.slacks if duals[slack.number] > 1e-9))
