"""Lots: which labels can exist where, worked out before any variable is made.

Forward from first sources, opening stocks and what is under way; a recipe that joins inputs takes the union of their
labels; back from demands and stocks, so that what cannot be of use has no column. What a demand's rules forbid is no
use to it, so nothing leaks through a tolerance of the solver. Custody is segregated: batches keep their labels.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product

from sourcing.components.channels import Channel, channels, opening_transit
from sourcing.components.demand import Demand, grades
from sourcing.components.horizon import Span, periods
from sourcing.components.lanes import transit_label
from sourcing.components.production import Line, lines
from sourcing.components.rules import (
    CLEAN_TEXT,
    Label,
    asked,
    countable,
    hides,
    label_text,
    marks,
    parse_label,
)
from sourcing.components.stock import Stockpile, stocks_at
from sourcing.instance import Instance

Place = tuple[str, str]
"""A site and a material."""


class Lots:
    """Labels by place. Every label given and taken is a text as the plan shows it."""

    def __init__(self, instance: Instance):
        self.instance = instance
        self.spans: dict[str, Span] = {t.id: t for t in periods(instance)}
        self._reach: dict[Place, set[Label]] = defaultdict(set)
        self._use: dict[Place, set[Label]] = defaultdict(set)
        runs = self._forward()
        live = self._back(runs)
        self.runs: dict[tuple[str, str, str], tuple[str, ...]] = {
            line.id: tuple(sorted(label_text(label) for label in live[line.id])) for line in lines(instance)
        }
        self.downgrades = self._downgrades(live)

    # ------------------------------------------------------------------------------------- what components ask

    def outputs(self, line: Line, label: str) -> list[tuple[str, str]]:
        """Materials that a line makes out of inputs of a label, each with the label that it carries."""
        return [(m, label_text(made)) for m, made in self._made(line, _parse(label))]

    def carried(self, material: str, label: str) -> str:
        """A label as a material carries it: only rules that count an element it holds."""
        return label_text(_parse(label) & countable(self.instance, material))

    def labels(self, site: str, material: str) -> tuple[str, ...]:
        """Labels of a material that can come to a site and are of use there."""
        place = (site, material)
        return tuple(sorted(label_text(label) for label in self._reach[place] & self._use[place]))

    def shipped(self, channel: Channel) -> tuple[str, ...]:
        """Labels that a channel can carry: they exist at its origin and are of use at its destination."""
        material = channel.material
        there = self._use[channel.destination, material]
        return tuple(sorted(label_text(label) for label in self._reach[channel.origin, material] & there))

    def stock_labels(self, row: Stockpile) -> tuple[str, ...]:
        """Labels that a stock can hold: its own at the start, and what can come to it."""
        own = parse_label(self.instance, row.label) & countable(self.instance, row.material)
        found = {own} if row.opening else set()
        return tuple(sorted(label_text(label) for label in found | self._reach[row.site, row.material]))

    def added_text(self, line: Line) -> str:
        """What a line's place and stage add to what it makes."""
        return label_text(self._added(line))

    @staticmethod
    def meets(label: str, rules: Label) -> bool:
        """Whether a lot of this label breaks none of these rules."""
        return not _parse(label) & rules

    # ------------------------------------------------------------------------------------- how it is found

    def _added(self, line: Line) -> Label:
        row = line.row
        if line.recipe.inputs:
            return marks(self.instance, row.site, row.stage)
        if row.adds:
            return parse_label(self.instance, row.adds)
        return marks(self.instance, row.site, row.stage) | hides(self.instance, row.stage)

    def _made(self, line: Line, label: Label) -> list[tuple[str, Label]]:
        full = label | self._added(line)
        return [(material, full & countable(self.instance, material)) for material in line.recipe.outputs]

    def _forward(self) -> dict[tuple[str, str, str], set[Label]]:
        """Labels that each line can run on; fills the labels that exist at each place."""
        instance = self.instance
        for (site, material), stocks in stocks_at(instance).items():
            for stock in stocks:
                if stock.opening:
                    own = parse_label(instance, stock.label) & countable(instance, material)
                    self._reach[site, material].add(own)
        for row, site, material, _, _ in opening_transit(instance):
            self._reach[site, material].add(transit_label(instance, row))
        runs: dict[tuple[str, str, str], set[Label]] = {line.id: set() for line in lines(instance)}
        before = -1
        while before != (before := self._size(runs)):
            for line in lines(instance):
                choices = [self._reach[line.site, material] for material in line.recipe.inputs]
                for combination in product(*choices):
                    label = frozenset().union(*combination)
                    if label not in runs[line.id]:
                        runs[line.id].add(label)
                        for material, made in self._made(line, label):
                            self._reach[line.site, material].add(made)
            for channel in channels(instance):
                here = self._reach[channel.origin, channel.material]
                self._reach[channel.destination, channel.material] |= here
        return runs

    def _size(self, runs: dict[tuple[str, str, str], set[Label]]) -> int:
        return sum(map(len, self._reach.values())) + sum(map(len, runs.values()))

    def _back(self, runs: dict[tuple[str, str, str], set[Label]]) -> dict[tuple[str, str, str], set[Label]]:
        """Labels on which each line is of use; fills the labels that are of use at each place."""
        instance = self.instance
        for d in instance[Demand]:
            for material in grades(instance, d):
                for label in self._reach[d.customer, material]:
                    if any(not label & asked(instance, d.rules, t) for t in periods(instance)):
                        self._use[d.customer, material].add(label)
        for place in stocks_at(instance):
            self._use[place] |= self._reach[place]
        live: dict[tuple[str, str, str], set[Label]] = {line.id: set() for line in lines(instance)}
        before = -1
        while before != (before := sum(map(len, self._use.values())) + sum(map(len, live.values()))):
            for channel in channels(instance):
                there = self._use[channel.destination, channel.material]
                origin = (channel.origin, channel.material)
                self._use[origin] |= there & self._reach[origin]
            for line in lines(instance):
                for label in runs[line.id] - live[line.id]:
                    if any(made in self._use[line.site, material] for material, made in self._made(line, label)):
                        live[line.id].add(label)
                for material in line.recipe.inputs:
                    place = (line.site, material)
                    wanted = {label & countable(instance, material) for label in live[line.id]}
                    # a cleaner lot is of use too where the recipe joins inputs: it is taken as a less clean one
                    joins = len(line.recipe.inputs) > 1
                    self._use[place] |= {
                        label
                        for label in self._reach[place]
                        if label in wanted or (joins and any(label < target for target in wanted))
                    }
        return live

    def _downgrades(self, live: dict[tuple[str, str, str], set[Label]]) -> dict[Place, list[tuple[str, str]]]:
        """Pairs (cleaner, less clean) by place, where a recipe joins inputs."""
        pairs: dict[Place, set[tuple[str, str]]] = defaultdict(set)
        for line in lines(self.instance):
            if len(line.recipe.inputs) < 2:
                continue
            for material in line.recipe.inputs:
                place = (line.site, material)
                for label in live[line.id]:
                    target = label & countable(self.instance, material)
                    for better in self._reach[place]:
                        if better < target:
                            pairs[place].add((label_text(better), label_text(target)))
        return {place: sorted(found) for place, found in pairs.items()}


def _parse(label: str) -> Label:
    return frozenset() if label == CLEAN_TEXT else frozenset(label.split("; "))


def reach(instance: Instance) -> Lots:
    """The labels of an instance."""
    return instance.once(Lots)
