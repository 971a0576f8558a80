"""Chains: what each node holds, by the sites that it passed on its way.

    held[n,c] = Σ_l share[l]·held[origin of l, c'] + Σ_s share[s],   l into n by which c' becomes c,  s begins c   [1]

A chain is the sites of each stage that a lot passed, and where it began. A process appends its site. Recycled feed
begins a chain: where a process takes what was last made at a later stage (swarf is made with magnets), its site is the
first of a new chain. So stages only rise along a chain, chains are finitely many, and they are worked out stage by
stage. What still loops, within one stage (a stock that is filled and drawn, hubs that pass on to each other), is one
sparse linear system over all pairs of a node and a chain in the loop, exact to its roundoff.

The share of each node that was last made at a later stage, and its mines through all recycling, need no chains: each
is one sparse linear system over all nodes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from sourcing.audit.facts import Facts
from sourcing.audit.labels import Label
from sourcing.origin.evidence import Rows
from sourcing.origin.network import ORDER, Link, Network, Start, Step

UNMADE = -1
"""The level of what no process of the plan has made: opening stocks and what is under way at the start."""

COLLECTED, RECYCLED = "collected", "recycled feed"
"""How a chain begins that begins at no mine: at a collector of scrap, or where a process takes recycled feed."""


class Chain(NamedTuple):
    """A way from a beginning to a node.

    `start` says how it begins: "" at a process without inputs, COLLECTED, RECYCLED, or as a Start says. `sites` are
    the sites of each stage of ORDER, in the order in which they were passed. `faults` are the rules that it violates,
    each with the place; `level` is the stage passed last.
    """

    start: str
    sites: tuple[tuple[str, ...], ...]
    faults: frozenset[tuple[str, str]]
    level: int


Mix = dict[int, tuple[float, Rows]]
"""By chain (number): the share of a node, and all rows that it rests on."""


class Chains:
    """Chains by number, and what the steps of processes make of them."""

    def __init__(self, facts: Facts):
        self.all: list[Chain] = []
        self._facts = facts
        self._number: dict[Chain, int] = {}
        self._stepped: dict[tuple[int, tuple[Any, ...]], int] = {}
        self._added: dict[tuple[Any, ...], frozenset[tuple[str, str]]] = {}
        self._fresh = {m: {id for id, rule in facts.rules.rules.items() if m in rule.exempt} for m in facts.materials}

    def number(self, chain: Chain) -> int:
        """The number of a chain."""
        if chain not in self._number:
            self._number[chain] = len(self.all)
            self.all.append(chain)
        return self._number[chain]

    def begun(self, start: Start, label: Label) -> int:
        """The chain that begins in a node of a label."""
        blank = Chain(start.what, ((),) * len(ORDER), frozenset(), UNMADE)
        if start.step is None:
            return self.number(blank._replace(faults=frozenset((id, start.what) for id in label)))
        if self._facts.materials[start.step.material].form == "scrap":
            blank = blank._replace(start=COLLECTED)
        return self.number(self._after(blank, start.step))

    def recycled(self, step: Step, label: Label) -> int:
        """The chain that begins where a process takes recycled feed of a label."""
        faults = frozenset((id, f"what {self.place(step.line.site)} recycles") for id in label)
        return self.number(self._after(Chain(RECYCLED, ((),) * len(ORDER), faults, UNMADE), step))

    def stepped(self, chain: int, step: Step) -> int:
        """What a chain becomes in a process."""
        key = chain, _key(step)
        if key not in self._stepped:
            self._stepped[key] = self.number(self._after(self.all[chain], step))
        return self._stepped[key]

    def place(self, site: str) -> str:
        """A site with its country: `kuantan (MY)`."""
        return f"{site} ({self._facts.sites[site].country or 'ZZ'})"

    def _after(self, chain: Chain, step: Step) -> Chain:
        carried = self._facts.rules.carried(step.material)
        kept = {fault for fault in chain.faults if fault[0] in carried and fault[0] not in self._fresh[step.material]}
        sites = list(chain.sites)
        if step.line.site not in sites[step.level]:
            sites[step.level] = (*sites[step.level], step.line.site)
        return Chain(chain.start, tuple(sites), frozenset(kept | self._adds(step)), step.level)

    def _adds(self, step: Step) -> frozenset[tuple[str, str]]:
        """The rules that a process adds to an output, each with its place or reason."""
        key = _key(step)
        if key not in self._added:
            rules, line = self._facts.rules, step.line
            # what its place and stage alone would add, were it no first source
            here = rules.added(replace(line, recipe=f"{line.recipe} out of something", inputs={"": 1.0}))
            why = f"{line.stage} at {self.place(line.site)}"
            hidden = f"what came before {why} is not known" if not line.adds else f"as its row says, {why}"
            found = rules.added(line) & rules.carried(step.material)
            self._added[key] = frozenset((id, why if id in here else hidden) for id in found)
        return self._added[key]


def _key(step: Step) -> tuple[Any, ...]:
    return step.line.site, step.line.recipe, step.line.unit, step.material


# ------------------------------------------------------------------------------------------ linear systems


def solved(net: Network, width: int, links: Iterable[Link], given: Iterable[tuple[int, int, float]]) -> Any:
    """X of X[n] = given[n] + Σ share·X[origin] over links into n: an array of nodes by `width`."""
    import numpy as np
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import splu

    count = len(net.nodes)
    wanted = np.zeros((count, width))
    for node, column, share in given:
        wanted[node, column] += share
    ways = [(link.target, link.origin, link.share) for link in links]
    if not ways:
        return wanted
    targets, origins, shares = zip(*ways, strict=True)
    matrix = csc_matrix((shares, (targets, origins)), shape=(count, count))
    return splu((identity(count, format="csc") - matrix).tocsc()).solve(wanted)


def last_made(net: Network) -> Any:
    """Share of each node by the stage at which it was last made (its column; the last one: no process made it)."""
    given = [(link.target, link.step.level, link.share) for link in net.links if link.step]
    given += [(start.target, start.step.level if start.step else UNMADE, start.share) for start in net.starts]
    return solved(net, len(ORDER) + 1, (link for link in net.links if not link.step), given)


def first_sources(net: Network, name: Callable[[Start], str]) -> tuple[list[str], Any]:
    """Share of each node by the name of its beginning, through all recycling: the names, and nodes by names."""
    names = {name(start): None for start in net.starts}
    column = {text: number for number, text in enumerate(names)}
    given = [(start.target, column[name(start)], start.share) for start in net.starts]
    return list(names), solved(net, len(names), net.links, given)


# ------------------------------------------------------------------------------------------ propagation


def compositions(net: Network, chains: Chains) -> list[Mix]:
    """What each node holds."""
    made, behind = last_made(net), _behind(net)
    mixes: list[list[tuple[int, Mix]]] = [[] for _ in net.nodes]  # by level
    plain: dict[int, list[Link]] = defaultdict(list)
    processes: dict[int, list[Link]] = defaultdict(list)
    for link in net.links:
        if link.step:
            processes[link.step.level].append(link)
        else:
            plain[link.origin].append(link)
    starts: dict[int, list[Start]] = defaultdict(list)
    for start in net.starts:
        starts[start.step.level if start.step else UNMADE].append(start)
    for level in range(UNMADE, len(ORDER)):
        given: dict[int, Mix] = defaultdict(dict)
        for start in starts[level]:
            _add(given[start.target], chains.begun(start, net.nodes[start.target].label), start.share, start.rows)
        for link in processes[level]:
            assert link.step is not None
            for _, mix in mixes[link.origin]:
                _pour(given[link.target], mix, link, chains)
            later = float(made[link.origin, level + 1 : len(ORDER)].sum()) * link.share
            if later > 0:
                begun = chains.recycled(link.step, net.nodes[link.origin].label)
                _add(given[link.target], begun, later, link.rows | behind[link.origin])
        onward = defaultdict(list, {origin: list(links) for origin, links in plain.items()})
        for link in processes[level]:
            onward[link.origin].append(link)
        for node, mix in _spread(given, onward, chains, made[:, level]).items():
            mixes[node].append((level, mix))
    return [{chain: part for _, mix in of for chain, part in mix.items()} for of in mixes]


def _add(mix: Mix, chain: int, share: float, rows: Rows) -> None:
    old, known = mix.get(chain, (0.0, 0))
    mix[chain] = old + share, known | rows


def _pour(target: Mix, mix: Mix, link: Link, chains: Chains) -> None:
    """Add what comes over a link."""
    for chain, (share, rows) in mix.items():
        after = chains.stepped(chain, link.step) if link.step else chain
        _add(target, after, share * link.share, rows | link.rows)


def _spread(given: dict[int, Mix], onward: dict[int, list[Link]], chains: Chains, sums: Any) -> dict[int, Mix]:
    """What nodes hold of one level: what is given, carried on over links; `sums` is how much each holds in all."""
    into: dict[int, list[Link]] = {node: [] for node in given}
    todo = list(given)
    while todo:
        for link in onward.get(todo.pop(), ()):
            if link.target not in into:
                into[link.target] = []
                todo.append(link.target)
            into[link.target].append(link)
    group = _loops(into)
    members: dict[int, list[int]] = defaultdict(list)
    for node in into:
        members[group[node]].append(node)
    graph: dict[int, set[int]] = {number: set() for number in members}
    for node, links in into.items():
        graph[group[node]] |= {group[link.origin] for link in links} - {group[node]}
    found: dict[int, Mix] = {}
    for number in TopologicalSorter(graph).static_order():
        inner = []
        for node in members[number]:
            mix = found[node] = dict(given.get(node, {}))
            for link in into[node]:
                if group[link.origin] == number:
                    inner.append(link)
                else:
                    _pour(mix, found[link.origin], link, chains)
        if inner:
            _go_round({node: found[node] for node in members[number]}, inner, chains, sums)
    return found


def _loops(into: dict[int, list[Link]]) -> dict[int, int]:
    """The number of the loop that each node is in; a node in no loop is alone."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    place = {node: number for number, node in enumerate(into)}
    ways = {(place[link.origin], place[node]) for node, links in into.items() for link in links}
    origins, targets = [way[0] for way in ways], [way[1] for way in ways]
    graph = csr_matrix(([1.0] * len(ways), (origins, targets)), shape=(len(place), len(place)))
    labels = connected_components(graph, connection="strong")[1].tolist()
    return {node: labels[number] for node, number in place.items()}


def _go_round(mixes: dict[int, Mix], inner: list[Link], chains: Chains, sums: Any) -> None:
    """Solve a loop: what its nodes hold, given what comes in from outside."""
    import numpy as np
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import spsolve

    onward: dict[int, list[Link]] = defaultdict(list)
    for link in inner:
        onward[link.origin].append(link)
    place = {(node, chain): number for number, (node, chain) in enumerate((n, c) for n in mixes for c in mixes[n])}
    outside = {key: mixes[key[0]][key[1]][0] for key in place}
    rows = {key: mixes[key[0]][key[1]][1] for key in place}
    todo, ways = deque(place), []
    seen = set(place)
    while todo:  # every pair that can be, and how each comes from another
        key = node, chain = todo.popleft()
        for link in onward[node]:
            after = link.target, chains.stepped(chain, link.step) if link.step else chain
            if after not in seen:
                seen.add(after)
                place[after], rows[after] = len(place), 0
                todo.append(after)
            ways.append((key, after, link))
    again = True
    while again:
        again = False
        for key, after, link in ways:
            known = rows[after] | rows[key] | link.rows
            again, rows[after] = again or known != rows[after], known
    matrix = csc_matrix(
        ([w[2].share for w in ways], ([place[w[1]] for w in ways], [place[w[0]] for w in ways])), (len(place),) * 2
    )
    wanted = np.array([outside.get(key, 0.0) for key in place])
    held = np.atleast_1d(spsolve((identity(len(place), format="csc") - matrix).tocsc(), wanted))
    shares = dict(zip(place, held.tolist(), strict=True))
    total: dict[int, float] = defaultdict(float)
    for (node, _), share in shares.items():
        total[node] += share
    for (node, chain), share in shares.items():
        # a loop that turns much more than it takes in amplifies roundoff: the node's sum is known better
        mixes[node][chain] = share * float(sums[node]) / total[node], rows[node, chain]


def _behind(net: Network) -> list[Rows]:
    """All rows that each node rests on, through all recycling."""
    onward: dict[int, list[Link]] = defaultdict(list)
    for link in net.links:
        onward[link.origin].append(link)
    behind: list[Rows] = [0] * len(net.nodes)
    for start in net.starts:
        behind[start.target] |= start.rows
    todo = deque(range(len(net.nodes)))
    while todo:
        node = todo.popleft()
        for link in onward[node]:
            known = behind[link.target] | behind[node] | link.rows
            if known != behind[link.target]:
                behind[link.target] = known
                todo.append(link.target)
    return behind
