"""Benders: a tree that is too large for one linear model, solved in blocks that answer with cuts.

    master: minimise c'x + Σ_k θ_k + constant   over the trunk's plans and the cuts so far        → a bound
    blocks: Q_k(x) at the trunk's plan, and a cut each (several cuts, one a block and round)      → a plan

The first plan of the trunk is the one it would have by itself, as if it were sure; then master and blocks take turns
until plan and bound meet. Blocks are solved from the basis that they had in the round before, wherever that was, so the
numbers do not depend on how many workers there are, nor on which of them does what.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays
from sourcing.futures.blocks import Block, Cut, cut_of, cut_up
from sourcing.futures.glue import TAIL, Tree, extended
from sourcing.sheets import NoPlan, NoSolution
from sourcing.solver import SCALE, Options, Solution, Stopped, check, highs, launch, no_plan, run_linear

if TYPE_CHECKING:
    import numpy as np

    from sourcing.workers import Crew

PROVEN = 1e-6
"""Relative gap at which plan and bound of a linear tree have met; with whole numbers to come, less will do."""

ROUNDS = 60
"""Rounds after which the gap that is left is told instead of closed."""

FAR = 10.0
"""How far θ and the tail may fall before cuts hold them, over the cost of the first plan; the leash grows so where it
proves too short."""

FRESH = 3
"""Rounds in which the master moves so far that an interior point is faster than the simplex method from its basis."""

RECOURSE = "futures.recourse"
CUT = "futures.cut"


@dataclass(frozen=True)
class Answer:
    """What a block says to a plan of the trunk: its cost (None: it has no plan), a cut, its plan, duals and basis."""

    cost: float | None
    cut: Cut
    y: np.ndarray | None
    duals: np.ndarray | None
    basis: tuple[np.ndarray, np.ndarray] | None
    infeasible_at: str = ""


class Tails:
    """The blocks as live solvers, one each, made when first asked."""

    def __init__(self, shared: tuple[list[Block], Options]):
        self.blocks, self.options = shared
        self.solvers: dict[int, Any] = {}

    def ask(self, number: int, x: Any, basis: tuple[Any, Any] | None) -> Answer:
        """The answer of a block to a plan of the trunk, from a basis if it has one."""
        import highspy
        import numpy as np

        highspy.Highs.resetGlobalScheduler(True)  # the master may have been solved with other threads in between
        block = self.blocks[number]
        arrays = block.at(x)
        solver = self.solvers.get(number)
        if solver is None:
            whole = replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool))
            solver = self.solvers[number] = highs(whole, self.options)
        else:
            rows = np.arange(len(arrays.rows), dtype=np.int32)
            check(solver.changeRowsBounds(len(rows), rows, arrays.row_lower, arrays.row_upper), "changing sides")
        way = ("ipx", "on") if basis is None else ("simplex", "off")
        for name, value in zip(("solver", "presolve"), way, strict=True):
            check(solver.setOptionValue(name, value), f"option {name}")
        check(solver.clearSolver(), "clearing")
        if basis is not None:
            check(solver.setBasis(from_statuses(basis)), "a basis")
        kind, status = highspy.HighsModelStatus, launch(solver, self.options, again=True)
        if status not in (kind.kOptimal, kind.kInfeasible):
            for name, value in (("solver", "simplex"), ("presolve", "off")):
                check(solver.setOptionValue(name, value), f"option {name}")
            check(solver.clearSolver(), "clearing")
            status = launch(solver, self.options)
        if status == kind.kInfeasible:
            return self._ray(number, block, solver)
        if status != kind.kOptimal:
            raise no_plan(solver, status)
        answer = solver.getSolution()
        y = np.clip(np.array(answer.col_value), arrays.lower, arrays.upper)
        duals = np.array(answer.row_dual) / SCALE
        cost = float(arrays.cost @ y) + arrays.constant
        return Answer(cost, cut_of(number, block, duals), y, duals, statuses(solver.getBasis()))

    def _ray(self, number: int, block: Block, solver: Any) -> Answer:
        import numpy as np

        for name, value in (("solver", "simplex"), ("presolve", "off")):
            check(solver.setOptionValue(name, value), f"option {name}")
        check(solver.clearSolver(), "clearing")
        launch(solver, self.options)
        status, found, ray = solver.getDualRay()
        check(status, "a ray")
        if not found:
            raise NoSolution(f"HiGHS gives no reason why {block.arrays.rows[0][1][0]} has no plan")
        ray = np.array(ray)
        ray = ray / max(float(np.max(np.abs(ray))), 1e-12)
        worst = block.arrays.rows[int(np.argmax(np.abs(ray)))]
        return Answer(None, cut_of(number, block, ray, ray=True), None, None, None, f"{worst[0]}{list(worst[1])}")


def ask(tails: Tails, task: tuple[int, Any, tuple[Any, Any] | None]) -> Answer:
    """`Tails.ask` as a task for a crew."""
    return tails.ask(*task)


def statuses(basis: Any) -> tuple[Any, Any]:
    """A basis of HiGHS as two arrays that travel between processes."""
    import numpy as np

    return (
        np.array([int(status) for status in basis.col_status], dtype=np.int8),
        np.array([int(status) for status in basis.row_status], dtype=np.int8),
    )


def from_statuses(found: tuple[Any, Any]) -> Any:
    """The basis of HiGHS that two arrays mean."""
    import highspy

    basis, kinds = highspy.HighsBasis(), [highspy.HighsBasisStatus(k) for k in range(5)]
    basis.col_status = [kinds[k] for k in found[0].tolist()]
    basis.row_status = [kinds[k] for k in found[1].tolist()]
    basis.valid = True
    return basis


@dataclass
class Rounds:
    """How Benders went: `objective` of the best plan, the `bound`, the values of the whole model, duals likewise.

    `cuts` are all that were found, `master` the trunk's arrays with them.
    """

    objective: float
    bound: float
    x: Any
    duals: Any
    rounds: int
    cuts: list[Cut] = field(default_factory=list)
    master: Arrays | None = None
    relaxed: Solution | None = None


def with_cuts(master: Arrays, blocks: list[Block], cuts: list[Cut]) -> Arrays:
    """The master with a θ for each block and its cuts."""
    import numpy as np

    first = len(master.columns)
    columns = [(RECOURSE, (block.arrays.columns[0][1][0],)) for block in blocks]
    entries, sides = [], []
    for number, cut in enumerate(cuts):
        links = blocks[cut.block].links
        kept = np.flatnonzero(cut.slope)
        entries += [(int(links[k]), number, float(cut.slope[k])) for k in kept.tolist()]
        if not cut.ray:
            entries.append((first + cut.block, number, 1.0))
        sides.append(cut.side)
    rows = [(CUT, (columns[cut.block][1][0], str(number))) for number, cut in enumerate(cuts)]
    top = np.full(len(rows), np.inf)
    free = np.full(len(columns), -np.inf)
    return extended(master, columns, rows, np.ones(len(columns)), np.array(sides), top, entries, free)


def leashed(whole: Arrays, far: float) -> tuple[Arrays, Any]:
    """The master with each θ and the tail kept above -far, and their places: few cuts would let them fall for ever.

    A plan at the end of the leash gives a cut, and no bound.
    """
    import numpy as np

    places = np.array([k for k, (family, _) in enumerate(whole.columns) if family in (RECOURSE, TAIL)])
    lower = whole.lower.copy()
    lower[places] = -far
    return replace(whole, lower=lower), places


def benders(tree: Tree, crew: Crew, options: Options, first: Any = None, enough: float = PROVEN) -> Rounds:
    """Solve a linear tree in blocks; `first` is a plan of the master to begin with (values of its columns).

    Rounds end when plan and bound are within `enough` of each other, as a share. The crew's state must be `Tails` of
    the tree's blocks. Raises NoPlan if no plan of the trunk leaves every block one, NoSolution if the solver stops
    without an answer.
    """
    import numpy as np

    trunk, blocks = cut_up(tree)
    master = replace(trunk.arrays, integer=np.zeros(len(trunk.arrays.columns), dtype=bool))
    begun = perf_counter()
    bases: list[Any] = [None] * len(blocks)
    cuts: list[Cut] = []
    basis, bound, best = None, -np.inf, np.inf
    kept: tuple[Any, list[Answer]] | None = None
    relaxed: Solution | None = None
    x = first
    if x is None:
        start = run_linear(None, master, options)
        if start.status != "optimal":
            raise NoPlan(f"the trunk of the tree is {start.status}")
        x = start.x
    far = FAR * (1 + abs(float(master.cost @ x) + master.constant))
    whole = master
    rounds = 0
    while rounds < ROUNDS:
        rounds += 1
        answers: list[Answer] = crew.map(ask, [(k, x, bases[k]) for k in range(len(blocks))])
        cuts += [answer.cut for answer in answers]
        bases = [answer.basis or old for answer, old in zip(answers, bases, strict=True)]
        costs = [answer.cost for answer in answers if answer.cost is not None]
        if len(costs) == len(blocks):
            cost = float(master.cost @ x) + master.constant + sum(costs)
            if cost < best:
                best, kept = cost, (x, answers)
        options.tell("futures", best if best < np.inf else None, bound if bound > -np.inf else None)
        if best < np.inf and best - bound <= enough * max(abs(best), 1e-9):
            break
        if options.stop() or perf_counter() - begun > options.time_limit:
            if kept is None:
                raise Stopped if options.stop() else NoSolution("no plan for all futures within the time limit")
            break
        held, free = leashed(with_cuts(master, blocks, cuts), far)
        if basis is not None:
            basis.row_status = [*basis.row_status, *_basic(len(held.rows) - len(basis.row_status))]
        patient = replace(options, time_limit=np.inf)
        found = run_linear(None, held, patient, basis if rounds > FRESH else None)
        if found.status != "optimal" and rounds > FRESH:
            found = run_linear(None, held, patient)
        if found.status != "optimal" and kept is not None:
            break  # a plan is known, so cuts that nearly coincide misled the solver: the gap that is left is told
        if found.status != "optimal":
            reasons = "; ".join(answer.infeasible_at for answer in answers if answer.cost is None)
            raise NoPlan(f"no plan of the trunk leaves every future one ({found.status}: {reasons})")
        whole, relaxed = held, found
        basis, x = relaxed.basis, relaxed.x[: len(master.columns)]
        if np.min(relaxed.x[free]) > -far * (1 - PROVEN):
            bound = max(bound, relaxed.bound)
        elif relaxed.objective >= best:  # nothing better within the leash: what is may lie beyond it
            far *= FAR
    if kept is None:
        raise NoSolution(f"no plan for all futures after {rounds} rounds of cuts")
    point, duals = np.zeros(len(tree.arrays.columns)), np.zeros(len(tree.arrays.rows))
    point[trunk.columns] = kept[0]
    if relaxed is not None:
        duals[trunk.rows] = relaxed.duals[: len(trunk.rows)]
    for block, answer in zip(blocks, kept[1], strict=True):
        point[block.columns], duals[block.rows] = answer.y, answer.duals
    return Rounds(best, bound, point, duals, rounds, cuts, whole, relaxed)


def _basic(count: int) -> list[Any]:
    import highspy

    return [highspy.HighsBasisStatus.kBasic] * count
