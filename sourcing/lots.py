"""Lots: which labels can exist where and when, worked out before any variable is made.

Forward in time from first sources that can run, opening stocks and what is under way; a recipe that joins inputs takes
the union of their labels; then backward from demands and stocks, so that what cannot exist, or cannot be of use, has no
column. What a demand's rules forbid is no use to it, so nothing leaks through a tolerance of the solver.

At a segregated line batches keep their labels. The blended lines of a unit can run on every label that a mix of what
reaches them has, by the rules that matter there (see `custody`):

    c runs on a, d on b, both on unit u, in t   =>   c ∪ (d ∩ matters[u,t]) runs on a

Futures that share their first periods must see the same lots there: what is of use in one is kept in all (`keep`).
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable
from itertools import product

from sourcing.components.channels import Channel, arrivals, channels, opening_transit
from sourcing.components.custody import matters, mixes, taken_on
from sourcing.components.demand import Demand, admitted, grades, need
from sourcing.components.horizon import Span, periods
from sourcing.components.lanes import transit_label
from sourcing.components.production import Line, added, lines
from sourcing.components.projects import can_run
from sourcing.components.rules import CLEAN_TEXT, Label, countable, fresh, label_text, parse_label
from sourcing.components.stock import Stockpile, drawable, stocks_at
from sourcing.instance import Instance

Place = tuple[str, str, int]
"""A site, a material and the number of a period."""

Runs = dict[tuple[tuple[str, str, str], int], set[Label]]
"""Labels of inputs on which a line can run, by line and number of a period."""


class Lots:
    """Labels by place and period. Every label given and taken is a text as the plan shows it."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.spans: dict[str, Span] = {t.id: t for t in periods(instance)}
        self._reach: dict[Place, set[Label]] = defaultdict(set)
        self._use: dict[Place, set[Label]] = defaultdict(set)
        self._outputs: dict[tuple[tuple[str, str, str], Label], list[tuple[str, Label]]] = {}
        self._moves: dict[str, list[tuple[Place, list[Place]]]] = {
            t.id: [
                ((h.origin, h.material, t.number), [(h.destination, h.material, later.number) for later, _ in landing])
                for h in channels(instance)
                if h.open(instance, t) and (landing := arrivals(instance, h.lane.lead_time, t))
            ]
            for t in periods(instance)
        }
        self._able = self._forward()
        self._live = self._back(self._able)
        self._own = self._use

    # ------------------------------------------------------------------------------------- what components ask

    def runs(self, line: Line, t: Span) -> tuple[str, ...]:
        """Labels of inputs, taken together, on which a line can run to some use in a period."""
        return _texts(self._live[line.id, t.number])

    def outputs(self, line: Line, label: str) -> list[tuple[str, str]]:
        """Materials that a line makes out of inputs of a label, each with the label that it carries."""
        return [(m, label_text(made)) for m, made in self._made(line, _parse(label))]

    def carried(self, material: str, label: str) -> str:
        """A label as a material carries it: only rules that count an element it holds."""
        return label_text(_parse(label) & countable(self.instance, material))

    def labels(self, site: str, material: str, t: Span) -> tuple[str, ...]:
        """Labels of a material that can be at a site in a period and are of use there."""
        place = (site, material, t.number)
        return _texts(self._reach[place] & self._use[place])

    def wanted(self, site: str, material: str, label: str, t: Span) -> bool:
        """Whether a lot is of use at a site in a period in this future, whatever others want it for."""
        return _parse(label) in self._own[site, material, t.number]

    def shipped(self, h: Channel, t: Span) -> tuple[str, ...]:
        """Labels that a channel can carry in a period: they exist at its origin and are of use where they arrive."""
        there: set[Label] = set()
        for later, _ in arrivals(self.instance, h.lane.lead_time, t):
            there |= self._use[h.destination, h.material, later.number]
        return _texts(self._reach[h.origin, h.material, t.number] & there)

    def downgrades(self, line: Line, t: Span) -> list[tuple[str, str, str]]:
        """Where a line joins inputs or is blended: (material, cleaner label, less clean label that it may take on)."""
        found = set()
        for material in line.recipe.inputs:
            for label in self._live[line.id, t.number]:
                target = label & countable(self.instance, material)
                for better in self._reach[line.site, material, t.number]:
                    if self._takes_on(line, t, better, target):
                        found.add((material, label_text(better), label_text(target)))
        return sorted(found)

    def stock_labels(self, row: Stockpile) -> tuple[str, ...]:
        """Labels that a stock can hold at some time: its own at the start, and what can come to it."""
        found = {self._opening(row)} if row.opening else set()
        for t in self.spans.values():
            reached = self._reach[row.site, row.material, t.number]
            found |= {label for label in reached if not row.label or label <= self._opening(row)}
        return _texts(found)

    def added_text(self, line: Line) -> str:
        """What a line's place and stage add to what it makes."""
        return label_text(added(self.instance, line))

    @staticmethod
    def meets(label: str, rules: Label) -> bool:
        """Whether a lot of this label breaks none of these rules."""
        return not _parse(label) & rules

    @staticmethod
    def breaks(label: str, rule: str) -> bool:
        """Whether a lot of this label violates a rule version."""
        return rule in _parse(label)

    def keep(self, others: Iterable[Lots]) -> bool:
        """Keep what can exist here and is of use in one of several futures; whether that is more than before."""
        size = sum(map(len, self._use.values())) + sum(map(len, self._live.values()))
        if self._own is self._use:
            self._own = defaultdict(set, {place: set(labels) for place, labels in self._use.items()})
        for other in others:
            for place, labels in other._use.items():
                self._use[place] |= labels & self._reach[place]
            for run, labels in other._live.items():
                self._live[run] |= labels & self._able[run]
        return size < sum(map(len, self._use.values())) + sum(map(len, self._live.values()))

    # ------------------------------------------------------------------------------------- how it is found

    def _opening(self, row: Stockpile) -> Label:
        return parse_label(self.instance, row.label) & countable(self.instance, row.material)

    def _takes_on(self, line: Line, t: Span, label: Label, target: Label) -> bool:
        """Whether a lot may be taken as a less clean one: with others that a recipe joins, or in a mix."""
        joins = len(line.recipe.inputs) > 1
        return label < target and (joins or target - label <= taken_on(self.instance, line, t))

    def _made(self, line: Line, label: Label) -> list[tuple[str, Label]]:
        key = line.id, label
        if key not in self._outputs:
            own = added(self.instance, line)
            self._outputs[key] = [
                (material, (own | (label - fresh(self.instance, material))) & countable(self.instance, material))
                for material in line.recipe.outputs
            ]
        return self._outputs[key]

    def _forward(self) -> Runs:
        """Labels that each line can run on; fills the labels that exist at each place."""
        instance, reach = self.instance, self._reach
        for lane, site, material, t, _ in opening_transit(instance):
            reach[site, material, t.number].add(transit_label(instance, lane))
        runs: Runs = defaultdict(set)
        for t in periods(instance):
            for (site, material), stocks in stocks_at(instance).items():
                for row in stocks:
                    if not drawable(row, t):
                        continue
                    for earlier in range(t.number):  # what ever came to a stock can lie there
                        reach[site, material, t.number] |= reach[site, material, earlier]
                    if row.opening:
                        reach[site, material, t.number].add(self._opening(row))
            able = [line for line in lines(instance) if all(can_run(instance, unit, t) for unit, _ in line.units)]
            running = {line.id for line in able}
            mixed = [
                ([line for line in members if line.id in running], matters(instance, unit, t))
                for unit, members in mixes(instance).items()
            ]
            before = -1
            while before != (before := sum(map(len, reach.values())) + sum(map(len, runs.values()))):
                for line in able:
                    choices = [reach[line.site, material, t.number] for material in line.recipe.inputs]
                    for combination in product(*choices):
                        self._run(runs, line, t, frozenset().union(*combination))
                for members, rules in mixed:
                    brought = {label & rules for line in members for label in runs[line.id, t.number]}
                    for line in members:
                        for label in list(runs[line.id, t.number]):
                            for more in brought:
                                self._run(runs, line, t, label | more)
                for origin, landing in self._moves[t.id]:
                    if here := reach[origin]:
                        for place in landing:
                            reach[place] |= here
        return runs

    def _run(self, runs: Runs, line: Line, t: Span, label: Label) -> None:
        """A line can run on a label: what it makes is there."""
        if label not in runs[line.id, t.number]:
            runs[line.id, t.number].add(label)
            for material, made in self._made(line, label):
                self._reach[line.site, material, t.number].add(made)

    def _back(self, runs: Runs) -> Runs:
        """Labels on which each line is of use; fills the labels that are of use at each place."""
        instance, use, reach = self.instance, self._use, self._reach
        live: Runs = defaultdict(set)
        for t in reversed(periods(instance)):
            for d in instance[Demand]:
                if need(d, t) <= 0:
                    continue
                for material in grades(instance, d):
                    place = (d.customer, material, t.number)
                    use[place] |= {label for label in reach[place] if admitted(instance, d, label, t)}
            for (site, material), stocks in stocks_at(instance).items():
                place = (site, material, t.number)
                open_to_all = any(not row.label for row in stocks)
                use[place] |= {
                    label for label in reach[place] if open_to_all or any(label <= self._opening(row) for row in stocks)
                }
            able = [line for line in lines(instance) if runs[line.id, t.number]]
            before = -1
            while before != (before := sum(map(len, use.values()))):
                for origin, landing in self._moves[t.id]:
                    for place in landing:
                        if wanted := use[place]:
                            use[origin] |= wanted & reach[origin]
                for line in able:
                    for label in runs[line.id, t.number] - live[line.id, t.number]:
                        made = self._made(line, label)
                        if any(out in use[line.site, material, t.number] for material, out in made):
                            live[line.id, t.number].add(label)
                    for material in line.recipe.inputs:
                        place = (line.site, material, t.number)
                        wanted = {label & countable(instance, material) for label in live[line.id, t.number]}
                        # a cleaner lot is of use too where it is taken as a less clean one
                        use[place] |= {
                            label
                            for label in reach[place]
                            if label in wanted or any(self._takes_on(line, t, label, target) for target in wanted)
                        }
        return live


@functools.cache
def _parse(label: str) -> Label:
    return frozenset() if label == CLEAN_TEXT else frozenset(label.split("; "))


def _texts(labels: set[Label]) -> tuple[str, ...]:
    return tuple(sorted(label_text(label) for label in labels))


def reach(instance: Instance) -> Lots:
    """The labels of an instance."""
    return instance.once(Lots)
