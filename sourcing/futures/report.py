"""What a plan over futures shows: first what all share, then what each does with it.

expected  = Σ_s probability[s]·loss[s]                                                                      [M USD]
CVaR      = mean of the worst 1 - alpha of the losses; the loss at the border counts in part                [M USD]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sourcing.components import contracts, projects, qualifications
from sourcing.components.decisions import Decision
from sourcing.components.horizon import periods
from sourcing.futures.glue import owner
from sourcing.futures.solve import TreeSolution
from sourcing.solver import Solution
from sourcing.tables import Field, Table, fields, total

if TYPE_CHECKING:
    pass

ALIKE = 0.005
"""Tonnes, or steps, below which two futures do the same."""

BY_FUTURE = {
    "Sourcing by future": "Sourcing",
    "Demand by future": "Demand",
    "Stockpiles by future": "Stockpiles",
}
"""Tabs that show each future's own periods, and the tab of the plan that they repeat."""


def decisions_of(solution: Solution) -> list[Decision]:
    """What a future's plan signs, builds and qualifies."""
    return [d for component in (contracts, projects, qualifications) for d in component.decisions(solution)]


def futures_table(found: TreeSolution, tabs: dict[int, dict[str, Table]]) -> Table:
    """One row a future: from when it is on its own, how likely it is, what it costs and what it leaves short."""
    table = Table(
        "Futures",
        fields(
            "Future", "Name", "Leaves", "Starts", ("Probability", "%"), ("Cost", "M USD"), ("Over expected", "M USD"),
            ("Demand", "t"), ("Short", "t"), ("Met share", "%"), "Contingency", ("Below service level", "t"),
            ("Miss counts", "M USD"), "In the worst tail",
        ),
        f"What may happen. Cost: discounted, with what is short. Expected: {found.expected / 1000:,.1f} M USD; mean of "
        f"the worst {100 * (1 - found.alpha):g} %: {found.cvar / 1000:,.1f} M USD. A future of probability 0 that is "
        "no contingency is planned by itself, with what it shares as it is.",
    )  # fmt: skip
    tail = _tail(found)
    for s, path in enumerate(found.paths):
        branch = path.branch
        if s not in tabs:
            continue
        demand = tabs[s]["Demand"]
        needed, short = total(demand.column("Demand")), total(demand.column("Short"))
        missed = float(sum(v for v, c in zip(found.values[s], path.penalty, strict=True) if c > 0))
        table.add(
            branch.id, branch.name, found.paths[branch.parent].branch.id if branch.parent >= 0 else None,
            periods(branch.instance)[branch.start].id, 100 * branch.probability, found.loss(s) / 1000,
            (found.loss(s) - found.expected) / 1000, needed, short, 100 * (needed - short) / needed if needed else None,
            "yes" if branch.contingency else "no", missed if branch.contingency else None,
            found.missed(s) / 1000 if branch.contingency else None, "yes" if s in tail else "no",
        )  # fmt: skip
    return table


def _tail(found: TreeSolution) -> set[int]:
    """The futures that make up the worst 1 - alpha."""
    left, chosen = 1 - found.alpha, set()
    losses = sorted(((found.loss(s), s) for s in range(len(found.paths))), reverse=True)
    for _, s in losses:
        if left > 1e-12 and found.paths[s].branch.probability > 0:
            chosen.add(s)
            left -= found.paths[s].branch.probability
    return chosen


def common_decisions(found: TreeSolution, decided: dict[int, list[Decision]]) -> Table:
    """What is decided before futures part, and by which of them it is shared."""
    table = Table(
        "Common decisions",
        fields("Period", "Kind", "Name", "Where", ("Steps", "1"), "Opens", ("Outlay", "M USD"), "Shared by",
               ("Probability", "%")),
        "What must be decided before it is known which future comes, and how likely one of those is that share it. "
        "What a future decides by itself stands in Decisions by future.",
    )  # fmt: skip
    ways = [path.branch for path in found.paths]
    seen: dict[tuple[Any, ...], tuple[Decision, list[int]]] = {}
    for s, own in decided.items():
        for d in own:
            node = owner(ways, s, d.start.number)
            seen.setdefault((node, d.column), (d, []))[1].append(s)
    for (_, _), (d, sharing) in sorted(seen.items(), key=lambda item: (item[1][0].start.number, item[0])):
        if len(sharing) > 1:
            likely = 100 * sum(found.paths[s].branch.probability for s in sharing)
            table.add(
                d.start.id, d.kind, d.name, d.where, d.steps, d.opens and d.opens.id, d.outlay,
                "all" if len(sharing) == len(decided) else "; ".join(found.paths[s].branch.id for s in sharing), likely,
            )  # fmt: skip
    return table


def decisions_by_future(found: TreeSolution, decided: dict[int, list[Decision]]) -> Table:
    """What each future decides once it is on its own."""
    table = Table(
        "Decisions by future",
        fields("Future", "Period", "Kind", "Name", "Where", ("Steps", "1"), "Opens", ("Outlay", "M USD"), "Others"),
        "What each future signs, builds and qualifies once it is known. Others: the futures that decide the same by "
        "themselves in the same period.",
    )
    ways = [path.branch for path in found.paths]
    own: dict[tuple[Any, ...], list[str]] = {}
    rows: list[tuple[int, Decision]] = []
    for s, taken in decided.items():
        for d in taken:
            alone = [o for o in decided if owner(ways, o, d.start.number) == owner(ways, s, d.start.number)]
            if alone == [s]:
                rows.append((s, d))
                own.setdefault((d.column, d.steps), []).append(found.paths[s].branch.id)
    for s, d in rows:
        mine = found.paths[s].branch.id
        others = "; ".join(name for name in own[d.column, d.steps] if name != mine)
        table.add(mine, d.start.id, d.kind, d.name, d.where, d.steps, d.opens and d.opens.id, d.outlay, others)
    return table


def by_future(found: TreeSolution, tabs: dict[int, dict[str, Table]]) -> Iterable[Table]:
    """Tabs of the plan for every future: what is shared once, then each future's own periods."""
    shown = sorted(tabs)
    for title, source in BY_FUTURE.items():
        first = tabs[shown[0]][source]
        table = Table(
            title,
            (Field("Future"), *first.fields),
            f"{source} of every future: what futures share stands once, under the one that they leave.",
        )
        names = [column.name for column in first.fields]
        for s in shown:
            branch = found.paths[s].branch
            own = {t.id for t in periods(branch.instance)[0 if s == shown[0] else branch.start :]}
            place = names.index("Period")
            for row in tabs[s][source].rows:
                if row[place] in own:
                    table.add(branch.id, *row)
        yield table
