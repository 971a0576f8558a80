"""Random plans for the trace: small networks with loops, joint products, stocks and goods under way, and exact flows.

What is made, shipped, stocked and delivered is a vertex of a linear program with random rewards and bounds, so that
every balance holds; nothing of the model takes part.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from tiny import at, makes, tiny, years

from sourcing.audit.facts import Facts
from sourcing.audit.labels import name_of
from sourcing.audit.material import arrives
from sourcing.audit.records import Delivery, Flow, Join, Need, Run, Stock, Use, columns
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane
from sourcing.components.materials import Content, Material
from sourcing.components.places import Site
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer, Price
from sourcing.tables import Table, fields

CONTENT = {
    "ore": {"Nd": 0.6, "Dy": 0.1}, "oxide": {"Nd": 1.0}, "dy": {"Dy": 1.0}, "slurry": {"Nd": 1.0},
    "metal": {"Nd": 1.17}, "alloy": {"Nd": 0.35, "Dy": 0.02},
    "magnet": {"Nd": 0.3, "Dy": 0.02}, "swarf": {"Nd": 0.3, "Dy": 0.02},
}  # fmt: skip
FORMS = {"ore": "concentrate", "dy": "oxide", "slurry": "oxide", "swarf": "scrap"}


def instance(rng):
    """Mines, separators with two products, metal, alloy of two inputs, magnets with swarf, recyclers, two hubs."""
    country = lambda: str(rng.choice(["AU", "JP", "CN", "ZZ"], p=[0.4, 0.3, 0.2, 0.1]))  # noqa: E731
    some = lambda *names: names[: rng.integers(1, len(names) + 1)]  # noqa: E731
    rows = [years(2026, 2027), [Price(index="any", price=1)]]
    rows += [
        [Content(material=m, element=e, content=c) for m, held in CONTENT.items() for e, c in held.items()],
        [Material(material=m, form=FORMS.get(m, m), index="any") for m in CONTENT],
        [Rule(rule="zc", version="1", since=2026, countries="CN", stages="alloy; magnet", elements="strict"),
         Rule(rule="zc", version="2", since=2027, countries="CN", elements="strict",
              stages="mine; separation; metal; alloy; magnet; recycling", exempt=some("dy")[: rng.integers(2)]),
         Rule(rule="dy", version="1", since=2026, countries="JP", stages="separation; recycling", elements="Dy")],
    ]  # fmt: skip
    for k in some("1", "2", "3"):
        rows += [at(country(), f"mine{k}"), makes(f"mine{k}", "ore")]
    for k in some("1", "2"):
        site = f"sep{k}"
        rows += [at(country(), site), makes(site, {"oxide": 0.6, "dy": 0.1}, takes={"ore": 1}, stage="separation")]
        if rng.random() < 0.4:  # a loop within one stage
            rows += [
                makes(site, "slurry", takes={"oxide": 1}, stage="separation", unit=f"back{k}"),
                makes(site, {"oxide": 0.9}, takes={"slurry": 1}, stage="separation", unit=f"again{k}"),
            ]
    for k in some("1", "2"):
        rows += [at(country(), f"metal{k}"), makes(f"metal{k}", "metal", takes={"oxide": 1.2}, stage="metal")]
    for k in some("1", "2"):
        rows += [
            at(country(), f"alloy{k}"),
            makes(f"alloy{k}", "alloy", takes={"metal": 0.3, "dy": 0.02}, stage="alloy"),
        ]
        place = str(rng.choice([f"alloy{k}", f"magnet{k}"]))
        rows += [[] if place.startswith("alloy") else at(country(), place)]
        rows += [makes(place, {"magnet": 1, "swarf": 0.3}, takes={"alloy": 1.4}, unit=f"magnets{k}")]
    stage = str(rng.choice(["recycling", "separation", "metal"]))
    rows += [at(country(), "recycler"), makes("recycler", {"oxide": 0.3, "dy": 0.02}, takes={"swarf": 1}, stage=stage)]
    if rng.random() < 0.5:  # a source that hides its mine
        rows += [at(country(), "market"), makes("market", "oxide", stage="separation")]
    hubs = some("hub1", "hub2")
    rows += [Site(site=hub, entity="us", country="AU", passes_on=True) for hub in hubs]
    rows += [Offer(site=hub, material="oxide", index="any") for hub in hubs]
    label = lambda: ("", "clean", "zc", "zc@2; dy@1")[rng.integers(4)]  # noqa: E731
    for name, site, material in (("W1", hubs[0], "oxide"), ("W2", "alloy1", "alloy"), ("W3", "car", "magnet")):
        rows.append(Stockpile(stockpile=name, holder="us", site=site, material=material, label=label(),
                              opening=float(rng.integers(0, 9)), loss=float(rng.choice([0, 5]))))  # fmt: skip
    rows += [Demand(customer=site, material="magnet", rules=rules, demand=1)
             for site in ("car", "plane") for rules in ("zc", "")]  # fmt: skip
    rows.append(Lane(origin="any", destination="any", goods="any", lead_time=float(rng.choice([0, 73, 438]))))
    if rng.random() < 0.7:
        rows.append(Lane(origin="mine1", destination="sep1", goods="ore", lead_time=146, in_transit=5,
                         transit_label=label()))  # fmt: skip
    return tiny(*rows)


class Flows:
    """Columns of the linear program: what each takes (-) and brings (+), in tonnes by pool."""

    def __init__(self, facts, rng):
        self.facts, self.rng = facts, rng
        self.names, self.ends = [], []
        self.given = defaultdict(float)

    def add(self, name, ends):
        self.names.append(name)
        self.ends.append(ends)


def plan(seed):
    """An instance and the tables of a plan of it."""
    rng = np.random.default_rng(seed)
    found = instance(rng)
    facts = Facts(found, "system")
    flows = Flows(facts, rng)
    _columns(flows, *_labels(flows))
    return found, _tables(facts, _solve(flows))


def _labels(flows):
    """The labels that each material may have at each site, found forward, and the shipments that may be."""
    facts, rules = flows.facts, flows.facts.rules
    pairs = [
        (i, j, m) for m in facts.materials for i in facts.sites for j in facts.sites
        if i != j and facts.may_send(i, m) and facts.may_take(j, m) and flows.rng.random() < 0.8
    ]  # fmt: skip
    labels = defaultdict(dict)
    for row in facts.stockpiles.values():
        labels[row.site, row.material][rules.opening(row)] = None
    for lane in facts.instance[Lane]:
        if lane.in_transit:
            labels["sep1", "ore"][rules.under_way(lane, "ore")] = None
    runs = defaultdict(dict)
    while True:
        before = sum(map(len, labels.values())) + sum(map(len, runs.values()))
        for i, j, m in pairs:
            labels[j, m].update(labels[i, m])
        for line in facts.lines:
            made = {frozenset()} if not line.inputs else set()
            parts = [list(labels[line.site, m]) for m in line.inputs]
            if len(parts) == 1:
                made = set(parts[0])
            elif len(parts) == 2:
                made = {a | b for a in parts[0] for b in parts[1]}
            for label in sorted(made, key=sorted):
                runs[line.site, line.recipe, line.unit][label] = None
                for m in line.inputs:
                    labels[line.site, m][label & rules.carried(m)] = None
                for m in line.outputs:
                    labels[line.site, m][rules.output(line, label, m)] = None
        if before == sum(map(len, labels.values())) + sum(map(len, runs.values())):
            return pairs, labels, runs


def _columns(flows, pairs, labels, runs):
    facts, rules = flows.facts, flows.facts.rules
    for t in facts.times:
        for i, j, m in pairs:
            lane = facts.lane(i, j, m)
            for c in labels[i, m]:
                ends = {(i, m, c, t.id): -1.0}
                ends |= {(j, m, c, s.id): share for s in facts.times if (share := arrives(lane, t, s))}
                flows.add(("ship", i, j, m, c, t.id), ends)
        for key, of in runs.items():
            line = facts.line[key]
            for c in of:
                ends = defaultdict(float)
                for m, rate in line.inputs.items():
                    ends[line.site, m, c & rules.carried(m), t.id] -= rate
                for m, rate in line.outputs.items():
                    ends[line.site, m, rules.output(line, c, m), t.id] += rate
                flows.add(("run", key, c, t.id), dict(ends))
            if len(line.inputs) > 1:
                for m in line.inputs:
                    for c in labels[line.site, m]:
                        for d in labels[line.site, m]:
                            if c < d:
                                ends = {(line.site, m, c, t.id): -1.0, (line.site, m, d, t.id): 1.0}
                                flows.add(("join", line.site, m, c, d, t.id), ends)
        for demand in facts.demands:
            for c in labels[demand[0], "magnet"]:
                flows.add(("deliver", demand, c, t.id), {(demand[0], "magnet", c, t.id): -1.0})
    for name, row in facts.stockpiles.items():
        for c in labels[row.site, row.material]:
            for t in facts.times:
                pool, kept = (row.site, row.material, c, t.id), 1 - row.loss / 100
                after = facts.times[facts.times.index(t) + 1 :]
                flows.add(("fill", name, c, t.id), {pool: -1.0, (name, c, t.id): 1.0})
                flows.add(("draw", name, c, t.id), {pool: 1.0, (name, c, t.id): -1.0})
                flows.add(("hold", name, c, t.id), {(name, c, t.id): -1.0} | {(name, c, s.id): kept for s in after[:1]})
        first = facts.times[0].id
        flows.given[name, rules.opening(row), first] += (1 - row.loss / 100) * row.opening
    for lane in facts.instance[Lane]:
        if lane.in_transit:  # 146 days, two fifths of a year, all in the first
            flows.given["sep1", "ore", rules.under_way(lane, "ore"), facts.times[0].id] += lane.in_transit
    for pool in {pool for ends in flows.ends for pool in ends if len(pool) == 4}:
        flows.add(("left", *pool), {pool: -1.0})


def _solve(flows):
    """Amounts by column, all above a tenth of a gram."""
    rng, pools = flows.rng, {}
    for ends in flows.ends:
        for pool in ends:
            pools.setdefault(pool, len(pools))
    entries = [(value, pools[pool], n) for n, ends in enumerate(flows.ends) for pool, value in ends.items()]
    values, rows, columns = zip(*entries, strict=True)
    matrix = csr_matrix((values, (rows, columns)), shape=(len(pools), len(flows.names)))
    free = [name[0] in ("left", "hold") for name in flows.names]
    reward = [-0.02 if f else rng.uniform(-0.2, 1) for f in free]
    reward = [r + 2 if name[0] == "deliver" else r for name, r in zip(flows.names, reward, strict=True)]
    bounds = [(0, None if f else rng.uniform(1, 20)) for f in free]
    wanted = [-flows.given.get(pool, 0.0) for pool in pools]
    answer = linprog(-np.array(reward), A_eq=matrix, b_eq=wanted, bounds=bounds)
    assert answer.status == 0, answer.message
    return {name: x for name, x in zip(flows.names, answer.x, strict=True) if x > 1e-7}


def _tables(facts, amounts):
    books = Flow, Run, Join, Stock, Delivery, Need, Use
    tables = [Table(book.tab, fields(*columns(book))) for book in books]
    sourcing, production, joins, stocks, deliveries, demand, left = tables
    for (kind, *name), x in amounts.items():
        if kind == "ship":
            i, j, m, c, t = name
            later = x * (1 - arrives(facts.lane(i, j, m), facts.time[t], facts.time[t]))
            put(sourcing, i, j, m, "inside", name_of(c), t, x, None, 0.0, 0.0, later)
        elif kind == "run":
            key, c, t = name
            line = facts.line[key]
            adds = name_of(facts.rules.added(line))
            put(production, line.site, line.recipe, line.unit, line.stage, name_of(c), adds, t, x)
        elif kind == "join":
            site, m, c, d, t = name
            put(joins, site, m, name_of(c), name_of(d), t, x)
        elif kind == "deliver":
            (customer, m, rules), c, t = name
            put(deliveries, customer, m, rules, m, name_of(c), t, x)
        elif kind == "left":
            site, m, c, t = name
            put(left, "surplus", site, m, name_of(c), t, x)
    for customer, m, rules in facts.demands:
        for t in facts.times:
            put(demand, customer, m, rules, t.id, 1.0, 1.0, 0.0, 100.0, 0.0)
    labels = {(name[1], name[2]) for name in amounts if name[0] in ("fill", "draw", "hold")}
    for stock, c in sorted(labels | {(w, facts.rules.opening(row)) for w, row in facts.stockpiles.items()}, key=str):
        row = facts.stockpiles[stock]
        level = row.opening if c == facts.rules.opening(row) else 0.0
        for t in facts.times:
            fill, draw, close = (amounts.get((kind, stock, c, t.id), 0.0) for kind in ("fill", "draw", "hold"))
            put(stocks, stock, row.holder, row.site, row.material, name_of(c), t.id, level, fill, draw,
                       row.loss / 100 * level, close)  # fmt: skip
            level = close
    return {table.title: table for table in tables}


def put(table, *values):
    """Add a row; columns that are not told stay blank."""
    table.add(*values, *[None] * (len(table.fields) - len(values)))
