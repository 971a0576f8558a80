"""What it is worth to know the future, and to plan for several; and how a plan fares in futures that it did not see.

    tree  = min Σ_s probability[s]·cost[s] + Σ_s penalty[s]            what futures share is decided once         [k$]
    known = Σ_s min (probability[s]·cost[s] + penalty[s])              each future by itself: wait and see        [k$]
    held  = the tree, where what comes before its first parting is as the mean numbers would have it              [k$]
    EVPI  = tree - known >= 0      VSS = held - tree >= 0                                                         [k$]
    mean number = Σ_s probability[s]·number[s] / Σ_s probability[s]     of the futures that share the first period

EVPI is the expected value of perfect information, VSS the value of the stochastic solution. Both are of expected cost,
whatever the weight of risk. Numbers without limit make a mean without limit. What cannot be averaged (a date, a word, a
row that only one future has) stands in the mean numbers as in the tables; it is counted and told.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Column, compile_path
from sourcing.components.changes import OVER_TIME
from sourcing.components.horizon import Span, periods
from sourcing.futures.glue import Path
from sourcing.futures.solve import TreeSolution, grow, solve_tree
from sourcing.instance import Instance
from sourcing.lots import reach
from sourcing.sheets import NoPlan, NoSolution, Row, Series
from sourcing.solver import Options, run
from sourcing.tables import Table, fields
from sourcing.workers import Crew, itself

if TYPE_CHECKING:
    from sourcing.study.samples import Sample

GAP = 1e-4
"""Relative gap of every solve that is compared, where decisions are whole."""


@dataclass(frozen=True)
class Information:
    """What perfect information and planning for several futures are worth (k USD).

    `known` is the expected cost if each future were known from the start, `alone` what each then costs. `held` is the
    least cost with the decisions and flows of the mean numbers' plan (which promises `promised`) before `parting`;
    infinite if they leave some future no plan. `fixed` counts what could not be averaged. `whole`: decisions are, and
    not in parts. `within`: by what is not proven of the solves, EVPI or VSS could be off.
    """

    tree: TreeSolution
    known: float
    alone: dict[str, float]
    held: float
    promised: float
    parting: Span | None
    fixed: int
    whole: bool
    within: float

    @property
    def evpi(self) -> float:
        """Expected value of perfect information."""
        return self.tree.objective - self.known

    @property
    def vss(self) -> float:
        """Value of the stochastic solution."""
        return self.held - self.tree.objective


def value_of_information(
    instance: Instance,
    *,
    view: str | None = None,
    whole: bool = False,
    options: Options | None = None,
    only: frozenset[str] | None = None,
    paths: list[Path] | None = None,
    workers: int = 1,
    dask: str = "",
) -> Information:
    """What it is worth to know which future comes (EVPI), and to plan for all of them and not for the mean (VSS).

    Decisions may be taken in parts, which is quick on large instances; with `whole` they are not, and each solve goes
    to a gap of 0.01 %. Raises NoPlan where no plan holds in all futures, NoSolution where the solver stops without one.
    """
    options = replace(options or Options(), gap=GAP)
    paths = grow(instance, view, only) if paths is None else paths
    if not whole:
        paths = [replace(path, arrays=in_parts(path.arrays)) for path in paths]
    crowd: dict[str, Any] = {"view": view, "options": options, "workers": workers, "dask": dask}
    tree = solve_tree(instance, paths=paths, risk_weight=0.0, **crowd)
    if tree.status not in ("optimal", "feasible"):
        raise NoPlan(f"no plan holds in all futures ({tree.status})")
    counted = tree.ends
    with Crew(itself, (paths, replace(options, threads=1)), workers=workers, dask=dask) as crew:
        found: list[tuple[float, float, float]] = crew.map(by_itself, counted)
    alone = {paths[s].branch.id: cost for s, (*_, cost) in zip(counted, found, strict=True) if not math.isnan(cost)}
    known = sum(objective for objective, _, _ in found)
    within = max(tree.objective - tree.bound, known - sum(bound for _, bound, _ in found), 0.0)

    together, parting = first_parting(paths)
    if parting is None:
        return Information(tree, known, alone, tree.objective, math.nan, None, 0, whole, within)
    chances = [(paths[s].branch.probability, paths[s].branch.instance) for s in together]
    mean, fixed = mean_tables(instance, chances)
    promised, values = _planned(mean, instance, view, options, whole=whole)
    spans = periods(instance)
    tied = [held(path, values, parting) if s in together else path for s, path in enumerate(paths)]
    kept = solve_tree(instance, paths=tied, risk_weight=0.0, **crowd)
    cost = kept.objective if kept.status in ("optimal", "feasible") else math.inf
    within = max(within, kept.objective - kept.bound)
    return Information(tree, known, alone, cost, promised, spans[parting], fixed, whole, within)


def in_parts(arrays: Any) -> Any:
    """Arrays whose integers may be taken in parts."""
    return replace(arrays, integer=arrays.integer & False)


def by_itself(state: tuple[list[Path], Options], s: int) -> tuple[float, float, float]:
    """What a future counts if it is planned for by itself, the bound of that, and its cost (nan: it has no odds)."""
    paths, options = state
    path = paths[s]
    likely = path.branch.probability
    arrays = replace(path.arrays, cost=likely * path.arrays.cost + path.penalty, constant=likely * path.arrays.constant)
    found = run(None, arrays, options)
    if found.status not in ("optimal", "feasible"):
        raise NoSolution(f"{path.branch.id} has no plan by itself ({found.status})")
    cost = float(path.arrays.cost @ found.x) + path.arrays.constant if likely else math.nan
    return found.objective, found.bound, cost


def first_parting(paths: list[Path]) -> tuple[list[int], int | None]:
    """The futures that share the trunk's first period, and the number of the period in which the first leaves them.

    What is known from the first period on is no choice, so a future that parts there has its own plan anyway. None
    where nothing is shared.
    """
    together = [0]
    for s, path in enumerate(paths[1:], start=1):
        if path.branch.parent in together and path.branch.start > 0:
            together.append(s)
    counts = [s for s in together[1:] if paths[s].branch.probability > 0 or paths[s].branch.contingency]
    return together, min((_leaves_trunk(paths, s) for s in counts), default=None)


def _leaves_trunk(paths: list[Path], s: int) -> int:
    while paths[s].branch.parent > 0:
        s = paths[s].branch.parent
    return paths[s].branch.start


def _planned(
    mean: Instance, instance: Instance, view: str | None, options: Options, *, whole: bool
) -> tuple[float, dict[Column, float]]:
    """The cost that the mean numbers promise (k USD), and the values of their plan."""
    from sourcing.model import build

    reach(mean).keep([reach(instance)])
    arrays = compile_path(build(mean, view=view))
    found = run(None, arrays if whole else in_parts(arrays), options)
    if found.status not in ("optimal", "feasible"):
        raise NoPlan(f"there is no plan for the mean of the futures ({found.status})")
    return found.objective, dict(zip(arrays.columns, found.x.tolist(), strict=True))


def held(path: Path, values: Mapping[Column, float], before: int) -> Path:
    """A path whose columns before a period (a number) stay at given values; what has none stays at its least.

    Rows that hold nothing else are free: their values keep them as well as the solve that they come from did.
    """
    import numpy as np

    arrays = path.arrays
    past, done = path.column_period < before, path.row_period < before
    lower, upper = arrays.lower.copy(), arrays.upper.copy()
    row_lower, row_upper = arrays.row_lower.copy(), arrays.row_upper.copy()
    known = np.array([values.get(arrays.columns[k], 0.0) for k in np.flatnonzero(past).tolist()])
    known = np.where(arrays.integer[past], np.round(known), known)
    lower[past] = upper[past] = np.clip(known, lower[past], upper[past])
    row_lower[done], row_upper[done] = -np.inf, np.inf
    kept = replace(
        arrays, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper, integer=arrays.integer & ~past
    )
    return replace(path, arrays=kept)


def risk_table(known: Information | None = None, sample: Sample | None = None) -> Table:
    """The figures as a table: figure, value, unit and what it says."""
    table = Table(
        "Risk",
        fields("Figure", "Value", "Unit", "What it says"),
        "What it would be worth to know the future, what planning for several futures saves, and how the plan fares in "
        "futures that were drawn from the hazards.",
    )
    if known is not None:
        _add_information(table, known)
    if sample is not None:
        _add_sample(table, sample)
    return table


def _add_information(table: Table, found: Information) -> None:
    how = "Whole decisions" if found.whole else "Decisions in parts"
    accuracy = f"{how}: the differences below are exact to {found.within / 1000:,.2f} M USD."
    table.add("Cost over futures", found.tree.objective / 1000, "M USD",
              f"Expected cost of the best plan that cannot know which future comes. {accuracy}")  # fmt: skip
    table.add("Cost with perfect information", found.known / 1000, "M USD",
              "Expected cost if it were known from the start which future comes.")  # fmt: skip
    table.add("EVPI", found.evpi / 1000, "M USD", "Most that knowing the future is worth.")
    if found.parting is None:
        table.add("VSS", 0.0, "M USD", "Nothing is shared: every future is on its own from the first period.")
        return
    fixed = f" {found.fixed} cells or rows have no mean and stand as in the tables." if found.fixed else ""
    table.add("Cost that the mean promises", found.promised / 1000, "M USD",
              f"Cost of the plan for the mean of the futures, if the mean came.{fixed}")  # fmt: skip
    until = f"what it does before {found.parting.id}, when the first future parts"
    if math.isinf(found.held):
        table.add("Cost of planning for the mean", None, "M USD", f"With {until}, some future has no plan.")
        table.add("VSS", None, "M USD", "No limit: who plans for the mean has no plan in some future.")
        return
    table.add("Cost of planning for the mean", found.held / 1000, "M USD", f"Expected cost with {until}.")
    table.add("VSS", found.vss / 1000, "M USD", "What planning for all futures, and not for their mean, saves.")


def _add_sample(table: Table, sample: Sample) -> None:
    tail = f"worst {100 * (1 - sample.alpha):g} %"
    table.add("Samples", sample.count, "1", f"Futures drawn from the hazards: {len(sample.costs)} different ones.")
    if sample.stuck:
        table.add("Samples without a plan", sample.stuck, "1",
                  "They cannot go on from what the plan does before; no figure of cost counts them.")  # fmt: skip
    if sample.stuck == sample.count:
        return
    plan = f"the plan expects {sample.expected / 1000:,.1f}"
    table.add("Mean of samples", sample.mean / 1000, "M USD", f"Standard error {sample.error / 1000:,.1f}; {plan}.")
    table.add("CVaR of samples", sample.tail / 1000, "M USD",
              f"Mean of the {tail} of the samples; the plan expects {sample.cvar / 1000:,.1f}.")  # fmt: skip
    name, cost = sample.dearest
    table.add("Worst sample", cost / 1000, "M USD", f"{name}; the plan's own worst is {sample.worst / 1000:,.1f}.")
    table.add("Samples beyond the plan's worst", 100 * sample.beyond, "%",
              "Share of the samples that cost more than any future that the plan was made for.")  # fmt: skip


# ------------------------------------------------------------------------------------------------ mean numbers


def mean_tables(instance: Instance, futures: list[tuple[float, Instance]]) -> tuple[Instance, int]:
    """The tables with the mean of the futures' numbers, by probability; and how many cells or rows have no mean."""
    futures = [(likely, tables) for likely, tables in futures if likely > 0]
    total = sum(likely for likely, _ in futures)
    weights = [likely / total for likely, _ in futures]
    found = [{(row.tab, row.key): row for row in tables.rows()} for _, tables in futures]
    rows, fixed, known = [], 0, set()
    for row in instance.rows():
        name = (row.tab, row.key)
        known.add(name)
        others = [tables.get(name, row) for tables in found]
        if row.active and any(other is not row for other in others):
            row, unlike = _mean_row(row, others, weights)
            fixed += unlike
        rows.append(row)
    fixed += len({name for tables in found for name in tables} - known)
    return Instance(rows, name=instance.name, cells=instance.cells, switches=(*instance.switches, "mean")), fixed


def _mean_row(row: Row, others: list[Row], weights: list[float]) -> tuple[Row, int]:
    """A row with the mean of its numbers, and how many of its cells differ without having one."""
    fields: dict[str, Any] = {}
    fixed = 0
    for field in row.columns:
        values = [getattr(other, field) for other in others]
        if all(value == values[0] for value in values):
            fields[field] = values[0]
            continue
        counts_as = OVER_TIME.get(row.tab, {}).get(field)
        mean = _mean([counts_as if value is None else value for value in values], weights)
        if mean is None:
            fixed += 1
        else:
            fields[field] = mean
    return dataclasses.replace(row, **fields), fixed


def _mean(values: list[Any], weights: list[float]) -> float | Series | None:
    """The mean of numbers, over time where one of them varies; None if one is none."""
    if not all(isinstance(value, int | float | Series) and not isinstance(value, bool) for value in values):
        return None
    if not any(isinstance(value, Series) for value in values):
        return float(sum(weight * value for weight, value in zip(weights, values, strict=True)))
    series = [value if isinstance(value, Series) else Series.constant(float(value)) for value in values]
    starts = sorted({start for own in series for start in own.starts})
    means = [sum(w * _value(own, at) for w, own in zip(weights, series, strict=True)) for at in starts]
    return Series(tuple(starts), tuple(means))


def _value(series: Series, moment: float) -> float:
    """The value that holds from a moment on; the first one holds before it too."""
    return next(
        (v for s, v in zip(series.starts[::-1], series.values[::-1], strict=True) if s <= moment), series.values[0]
    )
