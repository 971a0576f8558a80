"""Recourse: what can still be done once a shock has come, with all that was decided and done before as the plan has it.

    cost(x) = min c'y + c'x   subject to   side - A x <= B y <= side - A x,   y within its bounds                 [k$]

x, held: every column of a period before the shock (so goods under way and stocks stand where the plan has them), and
in all periods what the plan commits to: contracts signed, projects built, qualifications, which units run clean.
y, free: flows, activities, stocks, deliveries, shortages from the shock's period to the end of the horizon. Integers
among them are shares of a period, which is exact for two of three kinds: a unit runs for a part of it, with its least
load and its running cost in that part; an order is placed for a part of it, with the least order in that part. Make-up
rights are counted in parts. So a plant that is starved may stop, and one that stands still may start.

With what was under way coming to whoever can no longer use it, and with promises that were made for the plan, y could
be impossible; hence

    left[i,m,c,t] <= what of the past lands there               may be left where it lands, and is lost              [t]
    unkept[row]                     a hard minimum (of a firm contract, a limit, a stock) that is not kept           [t]

A tonne unkept weighs as much as a tonne short by the setting, to keep promises where that can be; it is no cost, and is
told apart. The model is cut where the shock begins: columns and rows of the past are gone, what they did stands in the
sides, and what could only be 0 is gone too. `Recourse` keeps a solver at the plan's own recourse and answers from its
basis, each time with nothing but bounds, sides and a few rows changed, and undoes that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column
from sourcing.components.horizon import discount, periods, settings
from sourcing.futures.glue import lives
from sourcing.instance import Instance
from sourcing.sheets import NoSolution
from sourcing.solver import DEVEX, EDGES, PATIENCE, Options, Solution, check, highs, launch, no_plan, run_linear

if TYPE_CHECKING:
    import numpy as np

COMMITTED = frozenset(
    {"contracts.sign", "projects.build", "projects.chosen", "qualifications.qualify", "custody.clean"}
)
"""Families of columns that a plan holds to whatever comes."""

IN_PARTS = frozenset({"production.run", "channels.order", "takeorpay.above"})
"""Families of whole numbers of which a part means a part of a period."""

LEFT, UNKEPT = "recourse.left", "recourse.unkept"

HARD = {
    "takeorpay.least": "takeorpay.deficit",
    "takeorpay.least_share": "takeorpay.deficit",
    "limits.least": "limits.under",
    "limits.least_share": "limits.under",
    "stock.least": "",
    "stock.terminal": "",
}
"""Rows of a minimum, and the family of columns that makes one of them soft."""

WARM: dict[str, str | int] = {"solver": "simplex", "presolve": "off", EDGES: DEVEX}
COLD: dict[str, str | int] = {"solver": "ipx", "presolve": "choose"}
"""How a model is solved from a basis, and without one."""

NOISE = 1e-9
"""Tonnes (or parts of a yes) that stand in a side as the remainder of what the past did."""


def cut(arrays: Arrays, instance: Instance, chosen: Mapping[Column, float], start: int) -> Arrays:
    """The model of what is left to decide from period `start` (a number) on, after a plan.

    `chosen` are the values of the plan's columns; one that the model does not know is dropped, one that the plan does
    not know is 0. The constant is what the past and the commitments cost.
    """
    import numpy as np
    from scipy.sparse import csc_matrix, hstack

    families = np.array([family for family, _ in arrays.columns])
    period, _ = lives(arrays, instance)
    held = (period < start) | np.isin(families, list(COMMITTED))
    x = np.array([chosen.get(column, 0.0) for column in arrays.columns])
    x = np.where(held, np.clip(x, arrays.lower, arrays.upper), 0.0)
    matrix = arrays.matrix()
    free = np.flatnonzero(~held)
    rows = np.flatnonzero(np.diff(matrix[:, free].tocsr().indptr))
    done = matrix @ x
    body = matrix[:, free].tocsr()[rows]
    sides = (arrays.row_lower - done)[rows], (arrays.row_upper - done)[rows]
    low, high = (np.where(np.abs(side) < NOISE, 0.0, side) for side in sides)
    names = [arrays.rows[row] for row in rows.tolist()]
    body = _running(body.tocsc(), [arrays.columns[place] for place in free.tolist()], names, low, high)
    live, used = _live(body, low, high, arrays.lower[free], arrays.upper[free])
    free, rows, body = free[live], rows[used], body[:, live].tocsr()[used]
    low, high = low[used], high[used]
    names = [arrays.rows[row] for row in rows.tolist()]
    columns = [arrays.columns[place] for place in free.tolist()]
    known = set(columns)

    landed = matrix[:, np.flatnonzero(held & (period < start))].maximum(0) @ x[held & (period < start)]
    added: list[tuple[Column, int, float, float, float]] = []  # column, row, coefficient, cost, upper
    weight = settings(instance).shortage_value
    spans = {t.id: t for t in periods(instance)}
    for number, (family, index) in enumerate(names):
        if family == "balance" and landed[rows[number]] > NOISE and ("channels.unclaimed", index) not in known:
            added.append(((LEFT, index), number, -1.0, 0.0, float(landed[rows[number]])))
        elif family in HARD and (HARD[family], index) not in known:
            t = spans.get(index[-1], periods(instance)[-1])
            cost = weight * discount(instance, t)
            added.append(((UNKEPT, (family, *index)), number, 1.0, cost, np.inf))
    more = csc_matrix(
        ([entry[2] for entry in added], ([entry[1] for entry in added], range(len(added)))),
        shape=(len(names), len(added)),
    )
    whole = hstack([body, more], format="csc")
    whole.sort_indices()
    return Arrays(
        columns=[*columns, *(entry[0] for entry in added)],
        rows=names,
        place={},
        cost=np.concatenate([arrays.cost[free], [entry[3] for entry in added]]),
        constant=arrays.constant + float(arrays.cost @ x),
        lower=np.concatenate([arrays.lower[free], np.zeros(len(added))]),
        upper=np.concatenate([arrays.upper[free], [entry[4] for entry in added]]),
        row_lower=low,
        row_upper=high,
        starts=whole.indptr.astype(np.int32),
        indices=whole.indices.astype(np.int32),
        values=whole.data,
        integer=np.zeros(len(free) + len(added), dtype=bool),
    )


def _live(body: Any, low: Any, high: Any, lower: Any, upper: Any) -> tuple[Any, Any]:
    """The columns that may be other than 0, and the rows that hold one of them or ask for something.

    Sums of what is 0 or more that must be 0 or less are 0: what projects that are not built would run, what contracts
    that are not signed would bring, and all that only those could feed. A shock never opens any of it.
    """
    import numpy as np

    entries = body.tocoo()
    row, column, value = entries.row, entries.col, entries.data
    live = (lower != 0.0) | (upper != 0.0)
    can_fall, can_rise = lower < 0.0, upper > 0.0
    none_up, none_down = high <= 0.0, low >= 0.0
    while True:
        kept = live[column] & (value != 0.0)
        up = (value > 0) & can_rise[column] | (value < 0) & can_fall[column]
        down = (value < 0) & can_rise[column] | (value > 0) & can_fall[column]
        rises, falls = np.zeros(len(low), dtype=bool), np.zeros(len(low), dtype=bool)
        rises[row[kept & up]] = True
        falls[row[kept & down]] = True
        still = (none_up & ~falls)[row] & up | (none_down & ~rises)[row] & down
        dead = np.unique(column[kept & still & ~can_fall[column]])
        if not len(dead):
            break
        live[dead] = False
    holds = np.zeros(len(low), dtype=bool)
    holds[row[kept]] = True
    return np.flatnonzero(live), np.flatnonzero(holds | (low > 0.0) | (high < 0.0))


def _running(body: Any, columns: list[Column], names: list[Column], low: Any, high: Any) -> Any:
    """The rows of units that may be off, with what they can do as it is built in place of the most that could be.

    on:    used <= Kmax·run                               becomes   used <= K·run
    least: used - part·Kmax·run >= part·(K - Kmax)        becomes   used - part·K·run >= 0

    which says the same of a whole run, and for a part of it what a part of the period means.
    """
    able = {index: number for number, (family, index) in enumerate(names) if family == "projects.capacity"}
    rows = {name: number for number, name in enumerate(names) if name[0] in ("production.on", "production.least")}
    body = body.tolil()
    for place, (family, index) in enumerate(columns):
        if family != "production.run" or index not in able:
            continue
        on, least = rows.get(("production.on", index)), rows.get(("production.least", index))
        if on is not None:
            body[on, place] = -max(0.0, high[able[index]])
        if least is not None:
            body[least, place] = body[least, place] - low[least]
            low[least] = 0.0
    return body.tocsc()


@dataclass(frozen=True)
class Change:
    """What a shock changes: upper bounds of columns, sides of rows, and rows of its own (places, upper side)."""

    upper: dict[int, float] = field(default_factory=dict)
    sides: dict[int, tuple[float, float]] = field(default_factory=dict)
    most: list[tuple[list[int], float]] = field(default_factory=list)

    def holds(self, arrays: Arrays, x: Any, activity: Any) -> bool:
        """Whether a point that is possible without the change is so with it."""
        return (
            all(x[place] <= top + NOISE for place, top in self.upper.items())
            and all(low - NOISE <= activity[row] <= high + NOISE for row, (low, high) in self.sides.items())
            and all(x[places].sum() <= top + NOISE for places, top in self.most)
        )


@dataclass
class Base:
    """A plan's own recourse: the least cost without any shock (k USD), the point and the basis (HiGHS's codes)."""

    cost: float
    x: np.ndarray
    columns: np.ndarray
    rows: np.ndarray


def base_of(arrays: Arrays, options: Options, warm: Any = None) -> Base:
    """Solve a cut model without a change; NoSolution where there is no recourse at all."""
    import numpy as np

    found = run_linear(None, arrays, options, warm)
    if found.status != "optimal":
        raise NoSolution(f"what the plan holds leaves no recourse, even without a shock ({found.status})")
    codes = [
        np.array([int(s) for s in part], dtype=np.int8) for part in (found.basis.col_status, found.basis.row_status)
    ]
    return Base(found.objective, found.x, *codes)


def basis_by_name(arrays: Arrays, columns: Mapping[Column, int], rows: Mapping[Column, int]) -> Any:
    """A basis of HiGHS's status codes by name; what has none is at its lower bound, and a row's slack in the basis."""
    import highspy

    kinds, basis = highspy.HighsBasisStatus, highspy.HighsBasis()
    basis.col_status = [kinds(columns.get(name, int(kinds.kLower))) for name in arrays.columns]
    basis.row_status = [kinds(rows.get(name, int(kinds.kBasic))) for name in arrays.rows]
    basis.valid, basis.alien = True, True  # there may be too many or too few basic ones
    return basis


class Recourse:
    """A solver that stands at a plan's own recourse."""

    def __init__(self, arrays: Arrays, base: Base, options: Options):
        import highspy

        self.arrays, self.base, self.options = arrays, base, options
        self.activity = arrays.matrix() @ base.x
        self.solver = highs(arrays, options)
        self._use(WARM)
        status = highspy.HighsBasisStatus
        self.basis = highspy.HighsBasis()
        self.basis.col_status = [status(int(code)) for code in base.columns]
        self.basis.row_status = [status(int(code)) for code in base.rows]
        self.basis.valid, self.basis.alien = True, False
        self.reached: Any = None

    def under(self, change: Change, basis: Any = None) -> tuple[float, Any]:
        """The least cost (k USD) and the point under a change; NoSolution if there is none.

        Where the plan's own recourse stands under it, that is the answer. `basis` is one to start from (`reached`).
        """
        import highspy
        import numpy as np

        arrays, solver = self.arrays, self.solver
        if change.holds(arrays, self.base.x, self.activity):
            return self.base.cost, self.base.x
        check(solver.clearSolver(), "clearing")  # what was asked before leaves no trace
        check(solver.setBasis(self.basis if basis is None else basis), "the plan's basis")
        places = np.array(list(change.upper), dtype=np.int32)
        rows = np.array(list(change.sides), dtype=np.int32)
        tops = np.array(list(change.upper.values()), dtype=float)
        sides = np.array(list(change.sides.values()), dtype=float).reshape(-1, 2)
        self._bound(places, arrays.lower[places], np.maximum(tops, arrays.lower[places]))
        self._side(rows, sides[:, 0], sides[:, 1])
        for own, top in change.most:
            own_places = np.array(own, dtype=np.int32)
            check(solver.addRow(-highspy.kHighsInf, top, len(own), own_places, np.ones(len(own))), "a row")
        try:
            self._solve()
            x = np.array(solver.getSolution().col_value)
            self.reached = None if change.most else solver.getBasis()
        finally:
            count = len(change.most)
            if count:
                new = np.arange(len(arrays.rows), len(arrays.rows) + count, dtype=np.int32)
                check(solver.deleteRows(count, new), "deleting rows")
            self._bound(places, arrays.lower[places], arrays.upper[places])
            self._side(rows, arrays.row_lower[rows], arrays.row_upper[rows])
        return float(arrays.cost @ x) + arrays.constant, x

    def _solve(self) -> None:
        """Solve what stands in the solver from the basis that was set; from nothing where the simplex gives up."""
        import highspy

        kind = highspy.HighsModelStatus
        if launch(self.solver, self.options, again=True, seconds=PATIENCE) == kind.kOptimal:
            return
        check(self.solver.clearSolver(), "clearing")
        self._use(COLD)
        status = launch(self.solver, self.options, seconds=self.options.time_limit)
        self._use(WARM)
        if status != kind.kOptimal:
            raise no_plan(self.solver, status)

    def _use(self, settings: dict[str, str | int]) -> None:
        for name, value in settings.items():
            check(self.solver.setOptionValue(name, value), f"option {name}")

    def _bound(self, places: Any, lower: Any, upper: Any) -> None:
        if len(places):
            check(self.solver.changeColsBounds(len(places), places, lower, upper), "changing bounds")

    def _side(self, rows: Any, lower: Any, upper: Any) -> None:
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            check(self.solver.changeRowBounds(row, low, high), "changing sides")


def promises(arrays: Arrays) -> Any:
    """What the tonnes unkept weigh in a cut model's cost, by column (k USD/t)."""
    import numpy as np

    unkept = np.array([family == UNKEPT for family, _ in arrays.columns], dtype=bool)
    return np.where(unkept, arrays.cost, 0.0)


def values_of(solution: Solution) -> dict[Column, float]:
    """The values of a plan's columns by name."""
    return dict(zip(solution.arrays.columns, solution.x.tolist(), strict=True))


def quiet(options: Options) -> Options:
    """One thread, no limit and no talk: for models of which many are solved."""
    return replace(Options(seed=options.seed, feasibility=options.feasibility), threads=1, time_limit=1e9)
