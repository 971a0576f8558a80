"""Stress: every outage of one and of two, and every named scenario, on what a plan commits to.

A plan is made once. For each period in which a shock may come the model of what is left is cut (`recourse`) and solved
without a shock; from that basis each outage is solved with bounds and sides changed. Outages that close nothing that
the plan's own recourse does cost nothing, exactly, and are not solved. A pair is solved from the basis of its first
member. Two that fail together do so in the period in which their two single outages cost most together.

Scenarios change tables: their path is built, cut after the same plan in the period in which they start, and compared
with the plan's own recourse from there, reserves closed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column, compile_path
from sourcing.components.horizon import Span, decisions_from, periods
from sourcing.components.scenarios import Scenario, Shock
from sourcing.futures.glue import first_difference
from sourcing.futures.shocks import starts, under
from sourcing.instance import Instance
from sourcing.sheets import NoSolution
from sourcing.solver import Options, Solution
from sourcing.study.effects import Effect, Outcome, Teller, effect
from sourcing.study.outages import Closer, Outage, guarded, members, shares, with_reserves
from sourcing.study.recourse import Base, Recourse, base_of, basis_by_name, cut, quiet, values_of
from sourcing.workers import Crew

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARE = 6
"""Outages that a worker takes at a time."""

MOST = 40
"""Sites, countries, parties or lanes of which pairs are tried: the most exposed."""


@dataclass(frozen=True)
class Shared:
    """What every worker needs: the instance, the arrays with reserves open, the plan's values, how long shocks last.

    `basis` is HiGHS's status of the plan's columns and rows by name (none where it is not known).
    """

    instance: Instance
    arrays: Arrays
    chosen: dict[Column, float]
    months: float
    view: str
    options: Options
    basis: tuple[dict[Column, int], dict[Column, int]] = field(default_factory=lambda: ({}, {}))


class Desk:
    """A worker's state: what is shared, and the model of the period that it is at."""

    def __init__(self, shared: Shared):
        self.shared = shared
        self.spans = periods(shared.instance)
        self._at: tuple[int, bool] | None = None
        self._recourse: tuple[Recourse, Closer, Teller, Outcome] | None = None

    @cached_property
    def plain(self) -> Arrays:
        """The arrays of the tables as they stand."""
        from sourcing.model import build

        return compile_path(build(self.shared.instance, view=self.shared.view))

    def arrays(self, start: int, *, open_stocks: bool) -> Arrays:
        """The model cut at a period, stocks kept for shocks open while one lasts, or closed."""
        shared = self.shared
        whole = cut(shared.arrays, shared.instance, shared.chosen, start)
        out = shares(shared.instance, self.spans[start].id, shared.months) if open_stocks else {}
        return guarded(whole, shared.instance, out)

    def at(self, start: int, base: Base) -> tuple[Recourse, Closer, Teller, Outcome]:
        """The solver that stands at the plan's own recourse from a period on, stocks open."""
        if self._at != (start, True) or self._recourse is None:
            arrays = self.arrays(start, open_stocks=True)
            teller = Teller(arrays)
            closer = Closer(arrays, base, self.shared.instance)
            recourse = Recourse(arrays, base, self.shared.options)
            self._at, self._recourse = (start, True), (recourse, closer, teller, self.before(teller, base))
        return self._recourse

    def before(self, teller: Teller, base: Base) -> Outcome:
        """The outcome of the plan's own recourse; what stocks give is told as the plan has it."""
        chosen = self.shared.chosen.items()
        drawn = {(index[0], index[-1]): 0.0 for (family, index), _ in chosen if family == "stock.draw"}
        for (family, index), tonnes in chosen:
            if family == "stock.draw":
                drawn[index[0], index[-1]] += tonnes
        return replace(teller.outcome(base.cost, base.x), drawn=drawn)


def find_base(desk: Desk, task: tuple[int, bool]) -> Base:
    """The plan's own recourse from a period on, with the stocks that are kept for shocks open or closed.

    From the first period that is open it is near the plan: the simplex method from the plan's basis takes a third of
    the time. From later ones on it is slower than an interior point.
    """
    arrays = desk.arrays(task[0], open_stocks=task[1])
    columns, rows = desk.shared.basis
    near = columns and task[0] == when(desk.shared.instance)[0].number
    return base_of(arrays, desk.shared.options, basis_by_name(arrays, columns, rows) if near else None)


def find_effects(desk: Desk, task: tuple[int, Base, list[Outage]]) -> list[Effect]:
    """The effects of outages of one period."""
    start, base, outages = task
    recourse, closer, teller, before = desk.at(start, base)
    found, first, basis = [], "", None
    for outage in outages:
        if len(outage.names) > 1 and outage.names[0] != first:
            first, basis = outage.names[0], None
            change = closer.change(replace(outage, names=(first,)))
            if not change.holds(recourse.arrays, base.x, recourse.activity):
                recourse.under(change)
                basis = recourse.reached
        cost, x = recourse.under(closer.change(outage), basis if len(outage.names) > 1 else None)
        years = outage.months / 12
        if x is base.x:
            found.append(effect(desk.shared.instance, before, before, outage.period, years))
        else:
            found.append(effect(desk.shared.instance, teller.outcome(cost, x), before, outage.period, years))
    return found


@dataclass(frozen=True)
class Struck:
    """A named scenario: the number of the period in which it strikes, or None if it changes nothing, and its effect."""

    scenario: str
    name: str
    kind: str
    start: int | None
    effect: Effect


def strike(desk: Desk, scenario: str) -> tuple[int | None, Outcome | None, str]:
    """A scenario on what the plan commits to: the number of its first period, the outcome, and why there is none."""
    from sourcing.model import build

    shared = desk.shared
    tables = under(shared.instance, scenario)
    arrays = compile_path(build(tables, view=shared.view))
    named = starts(shared.instance, scenario)
    start = next((t.number for t in desk.spans if named and t.id == named[0]), None)
    if start is None:
        start = first_difference(desk.plain, arrays, shared.instance)
    if start is None:
        return None, None, ""
    model = cut(arrays, tables, shared.chosen, start)
    try:
        base = base_of(model, shared.options)
    except NoSolution:
        return start, None, "what the plan holds leaves no recourse in it"
    return start, Teller(model).outcome(base.cost, base.x), ""


def outcome_of(desk: Desk, start: int) -> Outcome:
    """The outcome of the plan's own recourse from a period on, stocks closed."""
    arrays = desk.arrays(start, open_stocks=False)
    return desk.before(Teller(arrays), base_of(arrays, desk.shared.options))


# ------------------------------------------------------------------------------------------------ the batch


@dataclass
class Stress:
    """What outages and scenarios do to a plan.

    `single` and `pairs` hold every outage with its effect, `struck` every scenario. `own` is what the plan's own
    recourse costs from each period on, less the plan (k USD): what parts of a period and, with the stocks open,
    reserves save. `solved` counts the models that had to be solved.
    """

    solution: Solution
    by: str
    months: float
    single: dict[Outage, Effect] = field(default_factory=dict)
    pairs: dict[Outage, Effect] = field(default_factory=dict)
    struck: list[Struck] = field(default_factory=list)
    own: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def instance(self) -> Instance:
        """What was planned."""
        return self.solution.instance

    def worst(self, names: tuple[str, ...] | None = None) -> tuple[Outage, Effect] | None:
        """The outage of one that costs most, of all or of one name."""
        return _worst(self.single, names)

    @property
    def worst_pair(self) -> tuple[Outage, Effect] | None:
        """The outage of two that costs most."""
        return _worst(self.pairs, None)

    def plot(self) -> Figure:
        """Heat map of what goes short (t) by what fails and when. ImportError, with its remedy, without matplotlib."""
        import sourcing
        from sourcing.study.stress_tables import tables

        return sourcing.pictures.heat(tables(self))

    def ranked(self) -> list[tuple[Outage, Effect]]:
        """The worst outage of each name, dearest first."""
        names = dict.fromkeys(outage.names for outage in self.single)
        found = [worst for name in names if (worst := self.worst(name))]
        return sorted(found, key=lambda pair: (-round(pair[1].cost, 3), pair[0].names))


def _worst(found: dict[Outage, Effect], names: tuple[str, ...] | None) -> tuple[Outage, Effect] | None:
    rows = [(outage, e) for outage, e in found.items() if names is None or outage.names == names]
    return max(rows, key=lambda pair: pair[1].cost, default=None)


def stress(
    solution: Solution,
    *,
    by: str = "site",
    only: Collection[str] | None = None,
    level: int = 1,
    at: str = "",
    months: float = 12.0,
    most: int = MOST,
    scenarios: Iterable[str] | None = None,
    workers: int = 1,
    dask: str = "",
    options: Options | None = None,
    extra: Callable[[Any], None] | None = None,
) -> Stress:
    """What outages of one (and at level 2 of two) do to a plan, and what named scenarios do (None: all active ones).

    `by` is site, country, entity or lane, `only` those that are tried (None: all of them); `at` the period in which
    they come, blank for each that is open to decisions; pairs are those of the `most` most exposed. `extra` are
    constraints that were added to the model of the plan. Raises ValueError for a period that is none, NoSolution where
    a model cannot be solved. `options.stop` is asked throughout: Stopped.
    """
    options = options or Options()
    instance = solution.instance
    whens = when(instance, at)
    result = Stress(solution, by, months)
    begun = perf_counter()
    shared = shared_of(solution, months, options, extra)
    heard = _heard(options)
    with Crew(Desk, shared, workers=workers, dask=dask) as crew:
        bases = dict(
            zip(
                [t.number for t in whens],
                crew.map(find_base, [(t.number, True) for t in whens], heard("bases")),
                strict=True,
            )
        )
        result.own = {t.id: bases[t.number].cost - solution.objective for t in whens}
        names = members(instance, by) if by != "lane" else _lanes(solution, whens)
        tried = [name for name in names if only is None or name in only]
        singles = [Outage(by, (name,), t.id, months) for t in whens for name in tried]
        result.single = _run(crew, bases, whens, singles, heard("outages of one"))
        result.seconds["single"] = perf_counter() - begun
        if level > 1:
            pairs = pairs_of(result, most)
            result.pairs = _run(crew, bases, whens, pairs, heard("outages of two"))
            result.seconds["pairs"] = perf_counter() - begun - result.seconds["single"]
        result.struck = _struck(crew, instance, scenarios, heard("scenarios"))
    result.seconds["total"] = perf_counter() - begun
    return result


def shared_of(
    solution: Solution, months: float, options: Options, extra: Callable[[Any], None] | None = None
) -> Shared:
    """What workers need of a plan, to whose model `extra` was added."""
    from sourcing.model import build

    view = solution.ledger.view
    plain = _bare(solution.instance)
    arrays = replace(compile_path(build(with_reserves(plain), extra, view)), place={})
    statuses: tuple[dict[Column, int], dict[Column, int]] = {}, {}
    if solution.basis is not None:
        names, codes = (solution.arrays.columns, solution.arrays.rows), solution.basis
        statuses = (
            dict(zip(names[0], map(int, codes.col_status), strict=True)),
            dict(zip(names[1], map(int, codes.row_status), strict=True)),
        )
    return Shared(_bare(plain), arrays, values_of(solution), months, view, quiet(options), statuses)


def _bare(instance: Instance) -> Instance:
    """The instance without what was worked out from it, which is long to send."""
    return Instance(instance.rows(), name=instance.name, cells=instance.cells, switches=instance.switches)


def when(instance: Instance, at: str = "") -> list[Span]:
    """The periods in which shocks come: the one named, or each open to decisions; ValueError if it is none."""
    spans = periods(instance)
    if at:
        if at not in {t.id for t in spans}:
            raise ValueError(f"{at!r} is no period: {', '.join(t.id for t in spans)}")
        return [t for t in spans if t.id == at]
    return [t for t in spans if t.start >= decisions_from(instance) - 1e-6]


def _lanes(solution: Solution, whens: list[Span]) -> list[str]:
    """The lanes on which a plan ships from the first of the periods on."""
    known = {t.id for t in periods(solution.instance)[whens[0].number :]}
    found = {index[:2] for index, tonnes in solution.positive("channels.flow") if tonnes > 1e-6 and index[-1] in known}
    return [f"{i}>{j}" for i, j in sorted(found)]


def pairs_of(result: Stress, most: int) -> list[Outage]:
    """The pairs of the most exposed, each in the period in which its members' single outages cost most together."""
    cost = {(outage.names[0], outage.period): found.cost for outage, found in result.single.items()}
    order = list(dict.fromkeys(outage.period for outage in result.single))
    names = [outage.names[0] for outage, found in result.ranked() if found.cost > 0][:most]
    pairs = []
    for a, b in combinations(names, 2):
        period = max(order, key=lambda t: cost[a, t] + cost[b, t])
        pairs.append(Outage(result.by, (a, b), period, result.months))
    return sorted(pairs, key=lambda pair: (order.index(pair.period), names.index(pair.names[0])))


def _run(
    crew: Crew, bases: dict[int, Base], whens: list[Span], outages: list[Outage], heard: Callable[[int, int], None]
) -> dict[Outage, Effect]:
    """The effects of outages, in their order."""
    number = {t.id: t.number for t in whens}
    parts: list[list[Outage]] = []
    for outage in outages:
        part = parts[-1] if parts else []
        if not part or part[0].period != outage.period or len(part) == SHARE:
            part = []
            parts.append(part)
        part.append(outage)
    tasks = [(number[part[0].period], bases[number[part[0].period]], part) for part in parts]
    found = crew.map(find_effects, tasks, heard)
    return {
        outage: e for part, effects in zip(parts, found, strict=True) for outage, e in zip(part, effects, strict=True)
    }


def _struck(
    crew: Crew, instance: Instance, scenarios: Iterable[str] | None, heard: Callable[[int, int], None]
) -> list[Struck]:
    """What named scenarios do."""
    shocked = {shock.scenario for shock in instance[Shock]}
    rows = {row.scenario: row for row in (*instance.all(Scenario), *instance[Scenario])}
    names = (
        list(scenarios) if scenarios is not None else [r.scenario for r in instance[Scenario] if r.scenario in shocked]
    )
    found = crew.map(strike, names, heard)
    first = sorted({start for start, outcome, _ in found if outcome is not None})
    own = dict(zip(first, crew.map(outcome_of, first), strict=True))
    spans, result = periods(instance), []
    for name, (start, outcome, fault) in zip(names, found, strict=True):
        row = rows[name]
        what = Effect(fault=fault)
        if outcome is not None:
            what = effect(instance, outcome, own[start], spans[start].id)
        result.append(Struck(name, row.name or name, row.kind, start, what))
    return result


def _heard(options: Options) -> Callable[[str], Callable[[int, int], None]]:
    """Tells how far a stage is, and stops where the user says so."""
    from sourcing.solver import Stopped

    def stage(name: str) -> Callable[[int, int], None]:
        def heard(done: int, of: int) -> None:
            options.tell(f"{name}: {done} of {of}", None, None)
            if options.stop():
                raise Stopped

        return heard

    return stage
