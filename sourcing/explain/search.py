"""Search: which rules would have to give way, and what else would do.

    1. the elastic model says whether there is no plan, and on which rules the proof rests
    2. each of those is tried alone: it suffices, or it does not
    3. where none suffices alone, the dearest of a least set is pinned in turn, and the model solved again
    4. what is found is ranked, put into cells, and each solved again as an instance of its own

Rank: fewer rules first; then a duty before a cap that somebody set, before one of plants and stores; then what gives
up the smaller part of its number. But where all duties would have to be given up (nearly) whole, the cap or the ban
that shuts them out is what is wrong, and comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, compile_path
from sourcing.edits import WrongEdit, edited, parse
from sourcing.explain.dates import dated
from sourcing.explain.elastic import BAN, DUTY, PHYSICAL, POLICY, Elastic, OutOfTime, Rule
from sourcing.explain.remedies import Remedy, remedies
from sourcing.instance import Instance
from sourcing.model import build
from sourcing.sheets import TABS, InstanceError
from sourcing.solver import Options, check, highs

if TYPE_CHECKING:
    from sourcing.explain.elastic import Slack

WAYS = 6
"""Ways that are listed at most."""

DATES = 3
"""Changes of dates that are listed at most."""

ROUNDS = 5
"""Sets without those before that are asked for where integers clash."""

HALF = 0.5
"""Part of a duty from which a plant that cannot run may be why."""

WHOLE = 0.95
"""Part of a duty from which it counts as given up whole."""


@dataclass(frozen=True)
class Way:
    """A set of cells that would make a plan possible if they held other values, all of them."""

    remedies: tuple[Remedy, ...]
    verified: bool = False

    @property
    def rows(self) -> frozenset[tuple[str, str]]:
        """The rows of the instance that it changes."""
        return frozenset(remedy.row for remedy in self.remedies)

    @property
    def share(self) -> float:
        """The largest part of its number that a cell gives up."""
        return max(remedy.share for remedy in self.remedies)


class Search:
    """Looks for ways until a moment; rules that `kept` knows never give way."""

    def __init__(self, instance: Instance, arrays: Arrays, kept: Callable[[Rule], bool], until: float):
        self.instance, self.arrays, self.kept, self.until = instance, arrays, kept, until
        self.elastic = Elastic(instance, arrays, until)
        self.found: dict[frozenset[Rule], dict[Rule, list[tuple[Slack, float]]]] = {}
        self.at: dict[frozenset[Rule], Any] = {}  # the plan in which a set gives way
        self.x: Any = None

    def ways(self) -> list[Way]:
        """Ways, best first; empty if nothing that may give way makes a plan possible."""
        first = self._first()
        if first is None:
            return []
        try:
            self._alone(first)
            if not self.found:
                self._sets(first)
        except OutOfTime:
            if not self.found:
                self.found[frozenset(first)] = first
        checked = list(self._checked(self._ranked(self._as_ways())))
        return self._ranked([*checked, *self._dated(checked)])[:WAYS]

    def _dated(self, ways: list[Way]) -> Iterator[Way]:
        """Dates that would do, where a duty alone would have to be given up whole."""
        duties = [way for way in ways if len(way.rows) == 1 and way.remedies[0].nature == DUTY]
        least = min((way.share for way in duties), default=0.0)
        if least < HALF:
            return
        cells = duties[0].remedies
        duty = self.instance.row(TABS[cells[0].tab], cells[0].row[1])
        names = [
            str(self.arrays.rows[slack.number][1][-1])
            for given in self.found.values()
            for rule, gives in given.items()
            if rule[:2] == cells[0].row and len(given) == 1
            for slack, _ in gives
        ]
        seen: set[tuple[str, str]] = set()
        for remedy in dated(self.instance, duty, names, plants_only=least < WHOLE):
            if remedy.row in seen or self.kept((*remedy.row, "")) or len(seen) == DATES:
                continue
            way = Way((remedy,))
            try:
                if solves(self.instance, way, self.until):
                    seen.add(remedy.row)
                    yield replace(way, verified=True)
            except OutOfTime:
                return

    def _first(self) -> dict[Rule, list[tuple[Slack, float]]] | None:
        """The least set; of the model with integers where it is they that clash."""
        given = self.elastic.solve(lambda rule: not self.kept(rule))
        if given == {} and self.arrays.integer.any():
            self.elastic = Elastic(self.instance, self.arrays, self.until, whole=True)
            given = self.elastic.solve(lambda rule: not self.kept(rule))
        self.x = self.elastic.x
        return given

    def _alone(self, first: dict[Rule, Any]) -> None:
        """Try the rules on which the proof rests one by one: duties first, then what somebody set."""
        order = (DUTY, BAN, POLICY, PHYSICAL)
        accused = self._others(first) if self.elastic.whole else self.elastic.accused()
        accused = [rule for rule in accused if not self.kept(rule)]
        accused.sort(key=lambda rule: (rule not in first, order.index(self.elastic.natures[rule])))
        for rule in accused:
            self._try(frozenset([rule]))

    def _others(self, first: dict[Rule, Any]) -> list[Rule]:
        """With integers there is no proof that says which: the duties, and sets that do without the sets before."""
        found = dict.fromkeys(first)
        for _ in range(ROUNDS):
            more = self.elastic.solve(self._without(*found))
            if not more:
                break
            found |= dict.fromkeys(more)
        return [
            *found,
            *(rule for rule, nature in self.elastic.natures.items() if nature == DUTY and rule not in found),
        ]

    def _try(self, rules: frozenset[Rule]) -> bool:
        if rules in self.found:
            return True
        given = self.elastic.solve(lambda rule: rule in rules)
        if given is None:
            return False
        self.found[frozenset(given)] = given
        self.at[frozenset(given)] = self.elastic.x
        return True

    def _sets(self, first: dict[Rule, Any]) -> None:
        """Least sets of several rules: the first, made as small as it can be, and those with one of it pinned."""
        self._smaller(first)
        best = next(iter(self.found))
        for pinned in sorted(best, key=lambda rule: -sum(tonnes for _, tonnes in self.found[best][rule]))[:4]:
            given = self.elastic.solve(self._without(pinned))
            if given:
                self._smaller(given)

    def _without(self, *pinned: Rule) -> Callable[[Rule], bool]:
        return lambda rule: rule not in pinned and not self.kept(rule)

    def _smaller(self, given: dict[Rule, Any]) -> None:
        """Leave out of a set what it can do without, least first."""
        rules = set(given)
        for rule in sorted(given, key=lambda rule: sum(tonnes for _, tonnes in given[rule])) if len(given) < 25 else []:
            rest = rules - {rule}
            if rest and (less := self.elastic.solve(rest.__contains__)) is not None:
                rules = set(less)
        self._try(frozenset(rules))

    # ------------------------------------------------------------------------------------------------ in cells

    def _as_ways(self) -> list[Way]:
        return [way for rules in self.found if (way := self._way(rules, extra=False))]

    def _way(self, rules: frozenset[Rule], *, extra: bool) -> Way | None:
        given = self.found[rules]
        x = self.at.get(rules, self.x)
        cells = [remedies(self.instance, self.arrays, x, gives, extra=extra) for gives in given.values()]
        if not all(cells):
            return None
        flat = sorted((cell for group in cells for cell in group), key=lambda cell: (-cell.amount, cell.name))
        return Way(tuple(flat))

    def _ranked(self, ways: Iterable[Way]) -> list[Way]:
        ways = list(ways)
        alone = [way for way in ways if len(way.rows) == 1]
        duties = [way for way in alone if way.remedies[0].nature == DUTY]
        shut_out = all(way.share >= WHOLE for way in duties)
        order = {DUTY: 2, BAN: 3, POLICY: 3, "late": 4, "date": 4, PHYSICAL: 5}
        if shut_out:
            order |= {BAN: 0, POLICY: 1, "late": 1}

        def rank(way: Way) -> tuple[Any, ...]:
            nature = max(order[remedy.nature] for remedy in way.remedies)
            if all(remedy.odd for remedy in way.remedies):
                nature = -2 if nature == order[DUTY] else -1
            return len(way.rows), nature, way.share, sum(cell.amount for cell in way.remedies)

        return sorted(ways, key=rank)

    def _checked(self, ways: list[Way]) -> Iterator[Way]:
        """Ways that make the instance solve, each solved as an instance of its own while there is time."""
        told = 0
        for way in ways:
            if told == WAYS:
                return
            try:
                verdict = solves(self.instance, way, self.until)
                if verdict is False:
                    rules = next(rules for rules in self.found if self._way(rules, extra=False) == way)
                    other = self._again(rules)
                    verdict = other is not None and solves(self.instance, other, self.until)
                    way = other or way
            except OutOfTime:
                verdict = None
            if verdict is not False:
                told += 1
                yield replace(way, verified=bool(verdict))

    def _again(self, rules: frozenset[Rule]) -> Way | None:
        """A way whose numbers did not do: with whole decisions, or a digit further."""
        if self.arrays.integer.any() and not self.elastic.whole:
            whole = Elastic(self.instance, self.arrays, self.until, whole=True)
            given = whole.solve(lambda rule: rule in rules)
            if not given:
                return None
            self.found[rules] = given
            self.at[rules] = whole.x
        way = self._way(rules, extra=False)
        if way and solves(self.instance, way, self.until):
            return way
        return self._way(rules, extra=True)


def solves(instance: Instance, way: Way, until: float) -> bool:
    """Whether the instance with the edits of a way has a plan, integers and all; raises OutOfTime."""
    try:
        return feasible(edited(instance, [parse(cell.edit) for cell in way.remedies]), until)
    except (WrongEdit, InstanceError):
        return False


def feasible(instance: Instance, until: float) -> bool:
    """Whether an instance has a plan, whatever it costs; raises OutOfTime."""
    return possible(compile_path(build(instance)), until)


def possible(arrays: Arrays, until: float) -> bool:
    """Whether named arrays have a solution, whatever it costs, integers and all; raises OutOfTime."""
    import highspy
    import numpy as np

    kind = highspy.HighsModelStatus
    for integer in (arrays.integer & False, arrays.integer):
        left = until - perf_counter()
        if left <= 0:
            raise OutOfTime
        free = replace(arrays, cost=np.zeros(len(arrays.columns)), constant=0.0, integer=integer)
        solver = highs(free, Options(time_limit=left))
        check(solver.setOptionValue("solver", "choose"), "option solver")
        check(solver.run(), "solving")
        status = solver.getModelStatus()
        if status in (kind.kInfeasible, kind.kUnboundedOrInfeasible):
            return False
        if status != kind.kOptimal:
            raise OutOfTime
        if not arrays.integer.any():
            break
    return True
