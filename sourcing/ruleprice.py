"""The price of a rule: the plan with it against the plan without it, a second solve with the same decisions.

    price[r] = cost with r - least cost without r, all integers of the plan held       [M USD, discounted; 0 or more]

Held decisions make it a difference of two linear optima, exact where a gap of half a per cent would drown it; what
might be decided otherwise without the rule is left out, so the true price is as high or higher.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sourcing.components.demand import Demand, need
from sourcing.components.horizon import Span, periods
from sourcing.components.rules import Rule, asked
from sourcing.instance import Instance
from sourcing.solver import Options, Solution, solve_path
from sourcing.tables import Table, fields
from sourcing.variants import without_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEAST = 1e-3
"""Tonnes short in a period below which a rule's demands count as met."""

EXACT = 1e-4
"""Gap of the second solve where it has decisions of its own (which units run clean)."""


def rules_asked(instance: Instance) -> list[str]:
    """The rules that a demand asks for in some period, in the order of the tab."""
    found = {
        id.split("@")[0] for d in instance[Demand] for t in periods(instance) for id in asked(instance, d.rules, t)
    }
    return [rule for rule in dict.fromkeys(row.rule for row in instance[Rule]) if rule in found]


def prices(
    solution: Solution, bottlenecks: Table, options: Options, extra: Callable[[Any], None] | None = None
) -> Table:
    """One row a rule that is asked for, and one for all of them together where there are several.

    `extra` are constraints that were added to the model of the plan.
    """
    table = Table(
        "Price of rules",
        fields(
            "Rule", "Versions", ("Cost with", "M USD"), ("Cost without", "M USD"), ("Price", "M USD"),
            ("Asked", "t"), ("Short with", "t"), ("Short without", "t"), "First met", "What would help",
            ("Premium", "USD/kg"), "Compared",
        ),
        "What each rule costs: this plan against a plan without the rule, with the same decisions, so the price is "
        "this or more. Short is of the demands that ask for it. First met: the first period without any shortage of "
        "them. Premium: what one more kilogram costs more under the rule than without (mean by tonnes, an indication).",
    )  # fmt: skip
    instance = solution.instance
    names = rules_asked(instance)
    for group in ([name] for name in names) if len(names) < 2 else ([*([name] for name in names), names]):
        other = instance
        for name in group:
            other = without_rule(other, name)
        free = solve_path(other, extra, view=solution.ledger.view, options=_exact(options), held=solution.integers)
        mine = [(d, t) for d in instance[Demand] for t in periods(instance) if _asks(instance, d, t, group)]
        with_it, without = (sum(_short(s, d, t) for d, t in mine) for s in (solution, free))
        late = {t.id for d, t in mine if _short(solution, d, t) > LEAST}
        first = next((t.id for t in periods(instance) if t.id in late), "")
        met = next((t.id for t in periods(instance) if t.id not in late and any(t is s for _, s in mine)), None)
        versions = dict.fromkeys(id for d, t in mine for id in sorted(asked(instance, d.rules, t)) if _of(id, group))
        compared = "same decisions" if not free.arrays.integer.any() else f"same decisions, gap {EXACT:g} for the rest"
        table.add(
            " and ".join(group) if len(group) < 3 else "all rules", "; ".join(versions), solution.objective / 1000,
            free.objective / 1000, max(0.0, solution.objective - free.objective) / 1000,
            sum(need(d, t) for d, t in mine), with_it, without, met, "; ".join(_help(bottlenecks, first)) or None,
            _premium(solution, mine), compared,
        )  # fmt: skip
    return table


def _exact(options: Options) -> Options:
    return replace(options, gap=min(EXACT, options.gap))


def _of(id: str, group: list[str]) -> bool:
    return id.split("@")[0] in group


def _asks(instance: Instance, d: Demand, t: Span, group: list[str]) -> bool:
    return need(d, t) > 0 and any(_of(id, group) for id in asked(instance, d.rules, t))


def _short(solution: Solution, d: Demand, t: Span) -> float:
    """Tonnes of a demand that are not met in a period."""
    key = (d.customer, d.material, "; ".join(d.rules))
    short = solution.values("demand.short")
    return sum(tonnes for index, tonnes in short.items() if index[:3] == key and index[-1] == t.id)


def _premium(solution: Solution, mine: list[tuple[Demand, Span]]) -> float | None:
    """Mean difference of the duals of demands that ask and those of the same customer and material that ask nothing."""
    weighed = [(need(d, t), premium) for d, t in mine for premium in _differences(solution, d, t)]
    tonnes = sum(weight for weight, _ in weighed)
    return sum(weight * premium for weight, premium in weighed) / tonnes if tonnes else None


def _differences(solution: Solution, d: Demand, t: Span) -> Iterator[float]:
    for twin in solution.instance[Demand]:
        same = (twin.customer, twin.material) == (d.customer, d.material)
        if same and not asked(solution.instance, twin.rules, t) and need(twin, t) > 0:
            ours, theirs = (
                solution.dual("demand.demand", (row.customer, row.material, "; ".join(row.rules), t.id), t)
                for row in (d, twin)
            )
            yield ours - theirs


def _help(bottlenecks: Table, first: str, most: int = 3) -> list[str]:
    """What binds in the first period in which something is short, largest rent first, each place once."""
    seen: dict[tuple[str, str], str] = {}
    for row in bottlenecks.records():
        if first and row["Period"] == first and row["Worth"] is not None:
            seen.setdefault((row["Kind"], row["Name"]), row["In words"].rstrip("."))
    return list(seen.values())[:most]
