"""Reasons: why a flow, a decision or a shortage differs between two plans, in one sentence.

A reason is looked for in what the plans' tabs and the changed inputs show, nearest first: an input of the flow itself,
of its seller or its buyer; a decision about either; another seller in its place; what the buyer makes, or what the
seller gets; another buyer. Where none of these is seen, the sentence says only from which input all else follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sourcing.differences import Difference
from sourcing.tables import Table

LEAST = 0.05
"""Tonnes below which a change is no reason for another."""

FULL = 99.99
"""Per cent of its capacity from which a unit is full."""

PART = 0.1
"""Part of a change that its reason must be at least."""

NAMED = 3
"""Names that a sentence lists at most."""

STAGES = ("Magnet", "Alloy", "Metal", "Separation", "Crack", "Recycling", "Mine")
"""Stages of a chain on the tab Origin, the last first."""

Flow = tuple[str, str, str, str]
Need = tuple[Any, ...]


class Side(NamedTuple):
    """What a plan's tabs say: tonnes by flow, demand by need, who made what is delivered for it, what sites can do and
    which units are full by site and period, decisions by name, and the site of each unit and project."""

    flows: dict[Flow, float]
    needs: dict[Need, float]
    makers: dict[Need, dict[str, float]]
    limits: dict[tuple[str, str], float]
    full: dict[tuple[str, str], list[str]]
    decisions: dict[tuple[str, str], tuple[str, str]]
    place: dict[str, str]


def _side(tabs: Mapping[str, Table]) -> Side:
    side = Side({}, {}, {}, {}, {}, {}, {})
    for row in tabs["Sourcing"].records():
        key = row["From"], row["To"], row["Material"], row["Period"]
        side.flows[key] = side.flows.get(key, 0.0) + row["Flow"]
    for row in tabs["Demand"].records():
        side.needs[row["Customer"], row["Material"], row["Rules"], row["Period"]] = row["Demand"]
    for row in tabs["Origin"].records():
        maker = next((str(row[stage]) for stage in STAGES if row[stage]), "nobody known").split(" (")[0]
        made = side.makers.setdefault((row["Customer"], row["Material"], row["Rules"], row["Period"]), {})
        made[maker] = made.get(maker, 0.0) + row["Tonnes"]
    for row in tabs["Capacity and surplus"].records():
        if row["Kind"] == "capacity":
            place = row["Site"], row["Period"]
            side.limits[place] = side.limits.get(place, 0.0) + (row["Limit"] or 0.0)
            side.place[row["Unit or material"]] = row["Site"]
            if (row["Use"] or 0.0) >= FULL:
                side.full.setdefault((row["Site"], row["Period"]), []).append(row["Unit or material"])
    for row in tabs["Projects and qualifications"].records():
        if row["Kind"] == "project":
            side.place[row["Name"]] = row["Where"]
    for row in tabs["Decisions"].records():
        earlier = side.decisions.get((row["Kind"], row["Name"]))
        when = f"{earlier[0]}, {row['Period']}" if earlier else str(row["Period"])
        side.decisions[row["Kind"], row["Name"]] = when, row["Where"] or ""
    return side


DONE = {"build": "built", "sign": "signed", "qualify": "qualified"}

OF_A_SITE = ("Units", "Projects", "Processes", "Sites", "Stockpiles", "Offers")
"""Tabs whose rows are about one site, by the site or by what stands there."""


class Reasons:
    """Why two plans differ; `inputs` are the differences of what was planned, as far as they are known."""

    def __init__(self, before: Mapping[str, Table], after: Mapping[str, Table], inputs: Iterable[Difference]):
        self.before, self.after = _side(before), _side(after)
        self.inputs = list(inputs)
        place = self.before.place | self.after.place
        flows = {**self.before.flows, **self.after.flows}
        self.change = {key: self.after.flows.get(key, 0.0) - self.before.flows.get(key, 0.0) for key in flows}
        self.sites: dict[str, list[Difference]] = {}
        for d in self.inputs:
            if d.tab in OF_A_SITE:
                words = d.key.split("|")
                for site in {place.get(words[0], words[0])} if d.tab != "Processes" else {words[0]}:
                    self.sites.setdefault(site, []).append(d)
        self.turned: dict[str, list[str]] = {}
        for key in {**self.before.decisions, **self.after.decisions}:
            old, new = self.before.decisions.get(key), self.after.decisions.get(key)
            if (old and old[0]) != (new and new[0]):
                for site in (new or old or ("", ""))[1].split("; "):
                    self.turned.setdefault(site, []).append(_turn(key, old and old[0], new and new[0]))
        self.into: dict[tuple[str, str], list[Flow]] = {}
        self.out: dict[tuple[str, str], list[Flow]] = {}
        for flow in self.change:
            self.out.setdefault((flow[0], flow[3]), []).append(flow)
            self.into.setdefault((flow[1], flow[3]), []).append(flow)

    # -------------------------------------------------------------------------------------------- sentences

    def flow(self, origin: str, destination: str, material: str, period: str) -> str:
        """Why a flow differs."""
        key = origin, destination, material, period
        change = self.change[key]
        return (
            self._own(key)
            or self._at(origin, period, change)
            or self._at(destination, period, change)
            or self._swapped(key, change)
            or self._used(key, change)
            or self._fed(key, change)
            or self._diverted(key, change)
            or self._follows()
        )

    def supplier(self, site: str, material: str, change: float) -> str:
        """Why a site ships more or less of a material: its own inputs, or what moves its largest flow."""
        own = [flow for flow in self.change if flow[0] == site and flow[2] == material]
        largest = max(own, key=lambda flow: self.change[flow] if change > 0 else -self.change[flow])
        return self._at(site, "", change) or f"mostly in {largest[3]}: {self.flow(*largest)}"

    def decision(self, kind: str, name: str, where: str) -> str:
        """Why something is decided otherwise."""
        for d in self.inputs:
            if name in d.key.split("|") or d.key == name:
                return phrase(d)
        for site in (where or "").split("; "):
            if found := self._at(site, "", 0.0, decisions=False):
                return found
            moved = [flow for (place, _), flows in self.out.items() if place == site for flow in flows]
            if moved:
                most = max(moved, key=lambda flow: abs(self.change[flow]))
                if abs(self.change[most]) >= LEAST:
                    return f"{site} ships {_tonnes(self.change[most])} {most[2]} to {most[1]} in {most[3]}"
        return self._follows()

    def shortage(self, customer: str, material: str, rules: Any, period: str, change: float) -> str:
        """Why more or less is short."""
        key = customer, material, rules, period
        old, new = self.before.needs.get(key, 0.0), self.after.needs.get(key, 0.0)
        if (new - old) * change > 0 and abs(new - old) >= LEAST:
            told = f"{_tonnes(new - old)} is needed"
            return f"{told}; {self._full(key)}" if change > 0 else told
        old_makers, new_makers = (side.makers.get(key, {}) for side in (self.before, self.after))
        moved = {name: new_makers.get(name, 0.0) - old_makers.get(name, 0.0) for name in {**old_makers, **new_makers}}
        against = {name: tonnes for name, tonnes in moved.items() if tonnes * change < 0}
        if not against:
            return self._follows()
        most = max(against, key=lambda name: abs(against[name]))
        cause = self._at(most, period, against[most]) or self._fed((most, customer, material, period), against[most])
        told = f"{most} supplies {_tonnes(against[most])}" + (f", as {cause}" if cause else "")
        return f"{told}; {self._full(key)}" if change > 0 else told

    # -------------------------------------------------------------------------------------------- where to look

    def _own(self, flow: Flow) -> str:
        """An input of the flow itself: its lane, its offer, the buyer's demand."""
        origin, destination, material, period = flow
        for d in self.inputs:
            if d.period not in ("", period):
                continue
            words = d.key.split("|")
            lane = d.tab == "Lanes" and destination in words[1].split("; ") and origin in words[0].split("; ")
            offer = d.tab == "Offers" and words[:2] == [origin, material]
            if lane or offer or (d.tab == "Demand" and words[:2] == [destination, material]):
                return phrase(d)
        return ""

    def _at(self, site: str, period: str, change: float, *, decisions: bool = True) -> str:
        """An input about a site that moves it the way of the change, or a decision there; any period where none is
        given, any way where there is no change."""
        for d in self.sites.get(site, ()):
            if d.period in ("", period) or not period:
                way = _way(d)
                if not (way and change and way * change < 0):
                    when = period or d.period
                    shut = when and self.before.limits.get((site, when)) and not self.after.limits.get((site, when))
                    return f"{site} is off" if shut and d.tab == "Units" else phrase(d)
        return self.turned[site][0] if decisions and site in self.turned else ""

    def _swapped(self, flow: Flow, change: float) -> str:
        """Another seller in place of this one, or this one in place of another."""
        _, destination, material, period = flow
        others = [o for o in self.into[destination, period] if o[2] == material and self.change[o] * change < 0]
        if not others:
            return ""
        other = max(others, key=lambda o: abs(self.change[o]))
        if abs(self.change[other]) < max(LEAST, PART * abs(change)):
            return ""
        lost = self._own(other) or self._at(other[0], period, self.change[other])
        told = f"in place of {other[0]}" if change > 0 else f"{other[0]} ships it instead"
        return f"{told} ({self.change[other]:+,.1f} t)" + (f": {lost}" if lost else "")

    def _used(self, flow: Flow, change: float) -> str:
        """What the buyer makes of it, and ships."""
        _, destination, _, period = flow
        moved = sum(self.change[o] for o in self.out.get((destination, period), ()))
        if moved * change > 0 and abs(moved) >= max(LEAST, PART * abs(change)):
            return f"{destination} ships {_tonnes(moved)}"
        return ""

    def _fed(self, flow: Flow, change: float) -> str:
        """What the seller gets of its feed."""
        origin, _, _, period = flow
        feeds = [o for o in self.into.get((origin, period), ()) if self.change[o] * change > 0]
        if not feeds:
            return ""
        most = max(feeds, key=lambda o: abs(self.change[o]))
        if abs(self.change[most]) < max(LEAST, PART * abs(change)):
            return ""
        return f"{origin} gets {_tonnes(self.change[most])} {most[2]} from {most[0]}"

    def _diverted(self, flow: Flow, change: float) -> str:
        """Another buyer of the seller's goods."""
        origin, _, material, period = flow
        others = [o for o in self.out[origin, period] if o[2] == material and self.change[o] * change < 0]
        if not others:
            return ""
        other = max(others, key=lambda o: abs(self.change[o]))
        if abs(self.change[other]) < max(LEAST, PART * abs(change)):
            return ""
        return f"{other[1]} takes {_tonnes(self.change[other])} of it"

    def _full(self, need: Need) -> str:
        """What keeps others from supplying a need."""
        period, makers = need[-1], {**self.before.makers.get(need, {}), **self.after.makers.get(need, {})}
        units = [unit for maker in makers for unit in self.after.full.get((maker, period), ())]
        others = [name for name, tonnes in self.after.makers.get(need, {}).items() if tonnes >= LEAST]
        if units:
            more = f" and {len(units) - NAMED} more" if len(units) > NAMED else ""
            return f"{', '.join(units[:NAMED])}{more} {'is' if len(units) == 1 else 'are'} full"
        if not others:
            return "nobody else supplies it"
        return f"{', '.join(others[:NAMED])} {'does' if len(others) == 1 else 'do'} not make it up"

    def _follows(self) -> str:
        """The input from which all follows, if it is one."""
        cells = {(d.tab, d.key, d.column) for d in self.inputs}
        if len(cells) == 1:
            tab, key, column = cells.pop()
            return f"follows from {tab}[{key}]{'.' if column else ''}{column}"
        return "follows from the changes above" if cells else "another plan of nearly the same cost"


def phrase(d: Difference) -> str:
    """A difference of the inputs in words."""
    if not d.column:
        return f"{d.tab}[{d.key}] is {'added' if d.before is None else 'removed'}"
    if d.column == "Capacity" and d.after == 0.0:
        return f"{d.key} is off"
    if d.column == "Active":
        return f"{d.tab}[{d.key}] is switched {'on' if d.after != 'no' else 'off'}"
    if isinstance(d.before, float) and isinstance(d.after, float):
        verb, unit = "rises" if d.after > d.before else "falls", f" {d.unit}" if d.unit else ""
        return f"{d.column} of {d.key} {verb} from {d.before:,.6g} to {d.after:,.6g}{unit}"
    was, now = ("blank" if value is None else value for value in (d.before, d.after))
    return f"{d.column} of {d.key} is {now}, was {was}"


def _way(d: Difference) -> int:
    """Whether an input lets a site do more (1) or less (-1); 0 where that cannot be told."""
    if d.column not in ("Capacity", "Maximum", "Draw") or not isinstance(d.before, float | str):
        return 0
    was, now = (float("inf") if v in ("none", None) else v for v in (d.before, d.after))
    if not isinstance(was, float) or not isinstance(now, float):
        return 0
    return 1 if now > was else -1


def _turn(key: tuple[str, str], old: str | None, new: str | None) -> str:
    done = DONE.get(key[0], key[0])
    name = key[1].replace("|", ", ")
    if old is None:
        return f"{name} is {done} in {new}"
    return f"{name} is not {done}" if new is None else f"{name} is {done} in {new}, not in {old}"


def _tonnes(change: float) -> str:
    return f"{abs(change):,.1f} t {'more' if change > 0 else 'less'}"
