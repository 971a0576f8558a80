"""The network of a plan: pools of material, and what flows into each of them.

A node is what mixes: the lots of one label of a material at a site in a period, or what lies of one label in a
stockpile at the end of a period. What comes into a node comes over links from other nodes, or has its beginning there:

    share[l] = tonnes[l] / Σ tonnes of all that comes into the node                                                [1]

Of a process, a link goes from each pool that it takes from to each pool that it fills. Its tonnes are the part of the
output o that an input i accounts for, by the rare earths that it brings (e: element on Content; rates in t/t):

    part[i,o] = Σ_e content[o,e]·rate[i]·content[i,e] / Σ_j rate[j]·content[j,e],  scaled to Σ_i part[i,o] = 1     [1]

Where a material of the process is not on Content, part[i,o] ~ rate[i]·Σ_e content[i,e], with 1 t/t for what is not
listed. An input that brings nothing (iron, boron) has part 0: it is not traced.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from sourcing.audit.books import ZERO, Books
from sourcing.audit.facts import Facts, Line
from sourcing.audit.labels import Label, name_of
from sourcing.audit.material import arrives
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content
from sourcing.components.production import Process
from sourcing.origin.evidence import Evidence, Rows

ORDER = ("mine", "recycling", "crack", "separation", "metal", "alloy", "magnet")
"""The stages of a chain, first to last: recycled feed comes in where ore does."""

OPENING, UNDER_WAY, UNEXPLAINED = "opening stock", "under way at the start", "unexplained"
"""Beginnings that are no process: what they are, before a colon where they have a name."""


class Node(NamedTuple):
    """What mixes: `place` is a site, or a stockpile if `stock`."""

    place: str
    material: str
    label: Label
    period: str
    stock: bool = False


class Step(NamedTuple):
    """A process on its way to one of its outputs."""

    line: Line
    material: str

    @property
    def level(self) -> int:
        """Place of its stage in the chain."""
        return ORDER.index(self.line.stage)


class Link(NamedTuple):
    """What comes into a node from another, through a process or not, and the rows it rests on.

    `share` is in tonnes while the network is gathered, and a share of the node once it is done; so of a Start.
    """

    origin: int
    target: int
    share: float
    step: Step | None
    rows: Rows


class Start(NamedTuple):
    """What begins in a node: a share of it, out of a process without inputs or as `what` says."""

    target: int
    share: float
    step: Step | None
    what: str
    rows: Rows


@dataclass
class Network:
    """Nodes by number, and what comes into them."""

    nodes: list[Node] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    number: dict[Node, int] = field(default_factory=dict)
    untraced: dict[str, None] = field(default_factory=dict)

    def at(self, node: Node) -> int:
        """The number of a node."""
        if node not in self.number:
            self.number[node] = len(self.nodes)
            self.nodes.append(node)
        return self.number[node]


def network_of(facts: Facts, books: Books, evidence: Evidence) -> Network:
    """The network of a plan, with shares that sum to 1 in every node that anything leaves."""
    net = Network()
    _shipped(net, facts, books, evidence)
    _made(net, facts, books, evidence)
    _stocked(net, facts, books, evidence)
    for join in books.joins:
        if join.tonnes > ZERO:
            before = net.at(Node(join.site, join.material, join.before, join.period))
            after = net.at(Node(join.site, join.material, join.after, join.period))
            net.links.append(Link(before, after, join.tonnes, None, 0))
    for d in books.deliveries:
        net.at(Node(d.customer, d.delivered_as, d.label, d.period))
    _unexplained(net)
    total: dict[int, float] = defaultdict(float)
    for link in net.links:
        total[link.target] += link.share
    for start in net.starts:
        total[start.target] += start.share
    net.links = [link._replace(share=link.share / total[link.target]) for link in net.links]
    net.starts = [start._replace(share=start.share / total[start.target]) for start in net.starts]
    return net


def _shipped(net: Network, facts: Facts, books: Books, evidence: Evidence) -> None:
    """What arrives, in its period or later, and what was under way at the start."""
    for flow in books.flows:
        lane = facts.lane(flow.origin, flow.destination, flow.material)
        sent, rows = facts.time[flow.period], evidence.bit(lane)
        origin = net.at(Node(flow.origin, flow.material, flow.label, flow.period))
        for t in facts.times:
            share = arrives(lane, sent, t) if lane else float(t is sent)
            if share * flow.tonnes > ZERO:
                target = net.at(Node(flow.destination, flow.material, flow.label, t.id))
                net.links.append(Link(origin, target, share * flow.tonnes, None, rows))
    begin = facts.times[0].start
    for lane in facts.instance[Lane]:
        if lane.in_transit:
            site, material, lead = lane.destination.terms[0][1], lane.goods.terms[0][1], lane.lead_time / 365
            for t in facts.times:
                share = t.overlap(begin, begin + lead) / lead if lead else float(t is facts.times[0])
                if share * lane.in_transit > ZERO:
                    label = facts.rules.under_way(lane, material)
                    node, what = net.at(Node(site, material, label, t.id)), f"to {site} ({name_of(label)})"
                    begun = Start(node, share * lane.in_transit, None, f"{UNDER_WAY}: {what}", evidence.bit(lane))
                    net.starts.append(begun)


def _made(net: Network, facts: Facts, books: Books, evidence: Evidence) -> None:
    """What processes make, out of each of their inputs or out of nothing."""
    held: dict[str, dict[str, float]] = {}
    for content in facts.instance[Content]:
        held.setdefault(content.material, {})[content.element] = content.content
    processes = {(row.site, row.recipe, row.unit): row for row in facts.instance[Process]}
    parts: dict[tuple[tuple[str, str, str], str], dict[str, float]] = {}
    for run in books.runs:
        if run.activity <= ZERO:
            continue
        line = facts.line[run.process]
        rows = evidence.bit(processes[run.process], facts.sites[line.site])
        for material, rate in line.outputs.items():
            label = facts.rules.output(line, run.label, material)
            target, step = net.at(Node(run.site, material, label, run.period)), Step(line, material)
            if not line.inputs:
                net.starts.append(Start(target, rate * run.activity, step, "", rows))
                continue
            key = run.process, material
            if key not in parts:
                parts[key] = brought(line, material, held)
                net.untraced.update(dict.fromkeys(name for name, part in parts[key].items() if not part))
            for name, part in parts[key].items():
                if part:
                    origin = net.at(Node(run.site, name, run.label & facts.rules.carried(name), run.period))
                    net.links.append(Link(origin, target, part * rate * run.activity, step, rows))


def brought(line: Line, output: str, held: dict[str, dict[str, float]]) -> dict[str, float]:
    """Which part of an output each input of a process accounts for; `held` is Content (t/t) by material and element."""
    parts = dict.fromkeys(line.inputs, 0.0)
    if len(parts) == 1:
        return dict.fromkeys(parts, 1.0)
    if output in held and all(name in held for name in parts):
        for element, content in held[output].items():
            brings = {name: rate * held[name].get(element, 0.0) for name, rate in line.inputs.items()}
            whole = sum(brings.values())
            for name in parts:
                parts[name] += content * brings[name] / whole if whole else 0.0
    if not any(parts.values()):
        parts = {n: rate * (sum(held[n].values()) if n in held else 1.0) for n, rate in line.inputs.items()}
    if not any(parts.values()):
        parts = dict(line.inputs)
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items()}


def _stocked(net: Network, facts: Facts, books: Books, evidence: Evidence) -> None:
    """What lies in a stock mixes with what is filled in; draws and what is carried over are of that mix."""
    before = dict(zip([t.id for t in facts.times][1:], facts.times, strict=False))
    for stock in books.stocks:
        row = facts.stockpiles[stock.stockpile]
        here = net.at(Node(stock.stockpile, row.material, stock.label, stock.period, stock=True))
        pool = net.at(Node(row.site, row.material, stock.label, stock.period))
        kept = stock.opening - stock.loss
        if kept > ZERO and stock.period in before:
            earlier = net.at(Node(stock.stockpile, row.material, stock.label, before[stock.period].id, stock=True))
            net.links.append(Link(earlier, here, kept, None, 0))
        elif kept > ZERO:
            what = f"{OPENING}: {stock.stockpile} ({name_of(stock.label)})"
            net.starts.append(Start(here, kept, None, what, evidence.bit(row)))
        if stock.fill > ZERO:
            net.links.append(Link(pool, here, stock.fill, None, 0))
        if stock.draw > ZERO:
            net.links.append(Link(here, pool, stock.draw, None, 0))


def _unexplained(net: Network) -> None:
    """What no beginning reaches has an unexplained one: a plan that passes its audit has next to none of it."""
    onward: dict[int, list[int]] = defaultdict(list)
    for link in net.links:
        onward[link.origin].append(link.target)
    reached = {start.target for start in net.starts}
    todo = list(reached)
    while todo:
        for target in onward[todo.pop()]:
            if target not in reached:
                reached.add(target)
                todo.append(target)
    net.links = [link for link in net.links if link.target in reached]
    lost = (number for number in range(len(net.nodes)) if number not in reached)
    net.starts += [Start(number, 1.0, None, UNEXPLAINED, 0) for number in lost]
