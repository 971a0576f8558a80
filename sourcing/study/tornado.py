"""Tornado: which guess moves cost, shortage or the first decisions most.

    first order[f] = Δc'x + Δconstant + y'(Δside - ΔA x) + d'Δbound         (x, y, d: plan, duals, reduced costs)  [k$]
    swing[f]       = largest |cost with f low or high - cost of the plan|                                       [M USD]

Every figure that is an estimate (`estimates`) is changed down and up by itself. The first order ranks them all: the
model's numbers with a figure changed are stamped, not built. Of a limit that had room it tells nothing: where the plan
no longer keeps one, the figure is solved at once. So are the figures that could move most, with the plan's decisions
held, and for the first few of them it is looked whether other decisions would pay (`again.reconsidered`). A lead time
changes the form of the model: it is built anew, if the plan waits for it.

A figure that moves cost little here may still move it much together with others: they are changed one at a time.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace

from sourcing.arrays import Arrays, compile_path
from sourcing.components.horizon import periods
from sourcing.components.projects import Project
from sourcing.futures.stamp import Form
from sourcing.instance import Instance
from sourcing.solver import Options, Solution, untold
from sourcing.study.again import Decided, decided, difference, held, reconsidered
from sourcing.study.estimates import Figure, figures
from sourcing.tables import Table, fields
from sourcing.verdict import first_open

CHANGE = 20.0
"""Per cent by which a figure is changed where nothing else is said."""

BY_CONFIDENCE = {"low": 30.0, "medium": 15.0}
"""Per cent by which a figure of a confidence is changed where that is asked for."""

LOOKS = 60.0
"""Seconds for which other decisions are looked for with one figure, low or high."""

SAME = "same"

ROOM = 1e-6
"""Part of a row's value by which it may be over its side as the solver's noise."""

NO_DUAL = 1e-7
"""k USD a unit below which a dual is the solver's noise."""


@dataclass
class Side:
    """A figure low or high: change of cost (k USD) to first order and solved, of what is short (t), of first decisions.

    `status` is empty until it is solved, then same decisions, or no plan. `saves` is what other decisions save (k USD).
    """

    factor: float
    estimate: float | None = None
    cost: float | None = None
    short: float | None = None
    status: str = ""
    saves: float | None = None
    decisions: str = ""


@dataclass
class Swing:
    """A figure with both of its sides."""

    figure: Figure
    low: Side
    high: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Low and high."""
        return self.low, self.high

    @property
    def expected(self) -> float:
        """The most that it could move the cost, to first order (k USD)."""
        return max(self.swing, *(abs(side.estimate or 0.0) for side in self.sides))

    @property
    def swing(self) -> float:
        """The most that it moves the cost (k USD); endless where the decisions leave no plan."""
        return max(float("inf") if side.status == "no plan" else abs(side.cost or 0.0) for side in self.sides)


def tornado(
    solution: Solution,
    *,
    top: int = 20,
    change: float | None = CHANGE,
    decisions: int = 3,
    lead_times: bool = True,
    options: Options | None = None,
) -> list[Swing]:
    """The figures that move the cost of a solved path most, the widest swing first; at most `top`.

    `change` is in per cent, None is by confidence (then figures of medium confidence count too). For the first
    `decisions` of them other decisions are looked for.
    """
    options = options or Options()
    quiet = replace(options, tell=untold)
    instance = solution.instance
    ask = _Question(solution, Form(solution.path, solution.arrays, instance), quiet)
    swings = []
    found = figures(instance, "medium" if change is None else "low")
    for number, figure in enumerate(found):
        if number % 50 == 0:
            options.tell(f"ranking {len(found)} estimates", None, None)
        part = (BY_CONFIDENCE[figure.confidence] if change is None else change) / 100
        swing = Swing(figure, Side(1 - part), Side(1 + part))
        if not figure.when:
            for side in swing.sides:
                ask.rank(figure, side)
        elif lead_times and ask.waits_for(figure):
            options.tell(f"building with {figure.name}", None, None)
            ask.solve(figure, swing.high)
        else:
            continue
        swings.append(swing)
    swings.sort(key=lambda swing: -swing.expected)
    chosen = [swing for swing in swings[:top] if swing.expected > 0]
    for number, swing in enumerate(chosen):
        options.tell(f"figure {number + 1} of {len(chosen)}: {swing.figure.name}", None, None)
        for side in swing.sides:
            if not side.status:
                ask.solve(swing.figure, side)
    chosen.sort(key=lambda swing: -swing.swing)
    for number, swing in enumerate(chosen[:decisions]):
        options.tell(f"decisions with figure {number + 1} of {min(decisions, len(chosen))}", None, None)
        for side in swing.sides:
            ask.decide(swing.figure, side)
    return chosen


def as_table(solution: Solution, swings: list[Swing]) -> Table:
    """The figures as a table, a row each, the widest swing first."""
    table = Table(
        "Tornado",
        fields(
            "Figure", "Cell", "Confidence", "Unit", "Value", "Low", "High", ("Cost if low", "M USD"),
            ("Cost if high", "M USD"), ("Swing", "M USD"), ("Short if low", "t"), ("Short if high", "t"),
            "Decisions if low", "Decisions if high", ("First order, low", "M USD"), ("First order, high", "M USD"),
        ),
        "Estimates that move the plan most, each changed by itself. Cost and Short: change against the plan "
        f"({solution.objective / 1000:,.1f} M USD discounted, with the value of what is short) with its decisions "
        "held; no number: they leave no plan. Decisions: what up to the first open period would be decided otherwise, "
        "and what that saves; same: no other that was tried pays; blank: not looked for.",
    )  # fmt: skip
    for swing in swings:
        figure, low, high = swing.figure, swing.low, swing.high
        table.add(
            figure.name, figure.where(solution.instance), figure.confidence, figure.column.unit, figure.value(),
            figure.value(low.factor), figure.value(high.factor), _musd(low.cost), _musd(high.cost),
            None if swing.swing == float("inf") else swing.swing / 1000, low.short, high.short, _told(low), _told(high),
            _musd(low.estimate), _musd(high.estimate),
        )  # fmt: skip
    return table


def first_order(solution: Solution, other: Arrays) -> float:
    """Change of the least cost (k USD) to first order when a model's numbers become those of `other`.

    The plan's integers are held; `other` has the same columns, rows and pattern.
    """
    import numpy as np

    own = solution.linear or solution.arrays
    x, y = solution.x, solution.duals
    spread = np.repeat(np.arange(len(own.columns)), np.diff(own.starts))
    moved = other.values - own.values
    reduced = own.cost - own.matrix().T @ y
    total = float((other.cost - own.cost) @ x) + other.constant - own.constant
    total -= float(np.sum(y[own.indices] * moved * x[spread]))
    free = ~solution.arrays.integer
    for push, old, new, counts in (
        (y, (own.row_lower, own.row_upper), (other.row_lower, other.row_upper), np.ones(len(y), dtype=bool)),
        (reduced, (own.lower, own.upper), (other.lower, other.upper), free),
    ):
        before, after = (np.where(push > 0, low, high) for low, high in (old, new))
        both = counts & np.isfinite(before) & np.isfinite(after)
        total += float(np.sum(push[both] * (after[both] - before[both])))
    return total


def outgrown(solution: Solution, other: Arrays) -> bool:
    """Whether the plan breaks a row or a bound of `other` that had room, so that its dual was 0."""
    import numpy as np

    own = solution.linear or solution.arrays
    x, y = solution.x, solution.duals
    reduced = own.cost - own.matrix().T @ y
    activity = other.matrix() @ x
    for value, push, low, high, counts in (
        (activity, y, other.row_lower, np.where(np.isinf(own.row_upper), np.inf, other.row_upper), True),
        (x, reduced, other.lower, other.upper, ~solution.arrays.integer),
    ):
        over = np.maximum(low - value, value - high) > ROOM * np.maximum(1.0, np.abs(value))
        if np.any(over & (np.abs(push) < NO_DUAL) & counts):
            return True
    return False


class _Question:
    """What is asked of a plan about a figure."""

    def __init__(self, solution: Solution, form: Form, options: Options):
        self.solution, self.form, self.options = solution, form, options
        self.instance = solution.instance
        self.short = _short(solution)
        self._base: Solution | None = None
        self._taken = decided(solution.arrays.columns, solution.x)

    def waits_for(self, figure: Figure) -> bool:
        """Whether the plan does anything that takes the time of a lead time."""
        if figure.tab == "Projects":
            rows = [row for row in figure.rows if isinstance(row, Project)]
            return any(row.status == "committed" or ("start", row.project) in self._taken for row in rows)
        if figure.tab == "Qualifications":
            return any(verb == "qualify" for verb, _ in self._taken)
        return True

    def rank(self, figure: Figure, side: Side) -> None:
        """Note a side's change of cost to first order; solve it where that tells nothing."""
        other = figure.times(self.instance, side.factor)
        if other is None:
            side.estimate = 0.0
            return
        arrays = self.form.stamp(other)
        if arrays is not None:
            side.estimate = first_order(self.solution, arrays)
        if arrays is None or outgrown(self.solution, arrays):
            self.solve(figure, side)

    def solve(self, figure: Figure, side: Side) -> None:
        """Solve a side with the plan's decisions held."""
        other = figure.times(self.instance, side.factor)
        if other is None:
            side.cost, side.short, side.status = 0.0, 0.0, "same decisions"
            return
        found = held(self._model(other), self.solution, self.options)
        if found.status != "optimal":
            side.status = "no plan"
            return
        side.cost, side.short = found.objective - self.solution.objective, _short(found) - self.short
        side.status = "same decisions"

    def decide(self, figure: Figure, side: Side) -> None:
        """Look whether other decisions would pay on a side, from the best of the plan as it stands."""
        other = figure.times(self.instance, side.factor)
        if other is None:
            side.saves, side.decisions = 0.0, SAME
            return
        looks = replace(self.options, time_limit=min(self.options.time_limit, LOOKS))
        if self._base is None:
            self._base = self._best(looks)
        arrays = self._model(other)
        start = held(arrays, self._base, self.options)
        if start.status != "optimal":
            side.decisions = "these decisions leave no plan"
            return
        best, complete = reconsidered(arrays, start, looks)
        side.saves = start.objective - best.objective
        before, after = (early(self.solution, plan) for plan in (self._base, best))
        words = "; ".join(difference(before, after))
        side.decisions = words or (SAME if complete else f"{SAME}, as far as {LOOKS:g} s showed")

    def _best(self, looks: Options) -> Solution:
        """The plan as it stands after all changes of a decision that pay: what other figures are compared with."""
        own = self.solution
        best, _ = reconsidered(own.arrays, held(own.arrays, own, self.options), looks)
        return replace(best, arrays=own.arrays, linear=None, _families={}, _row_families={}, _live=None)

    def _model(self, other: Instance) -> Arrays:
        """The arrays of an instance, stamped where only numbers differ."""
        from sourcing.model import build

        arrays = self.form.stamp(other)
        if arrays is None:
            arrays = compile_path(build(other, view=self.solution.ledger.view))
            gc.collect()  # a path is full of cycles, and large
        return arrays


def early(solution: Solution, found: Solution) -> Decided:
    """What a plan decides up to the first open period of the instance."""
    spans = [t.id for t in periods(solution.instance)]
    soon = set(spans[: spans.index(first_open(solution.instance)) + 1])
    taken = decided(found.arrays.columns, found.x)
    return {what: when for what, dates in taken.items() if (when := [pair for pair in dates if pair[0] in soon])}


def _short(solution: Solution) -> float:
    return sum(solution.values("demand.short").values())


def _musd(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _told(side: Side) -> str | None:
    if not side.decisions:
        return None
    told = side.saves and not side.decisions.startswith(SAME)
    saved = f" (saves {side.saves / 1000:,.2f} M USD)" if told and side.saves else ""
    return side.decisions + saved
