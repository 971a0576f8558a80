"""Label tracking: what it would pass where a plant blends, and what it would have hidden.

A plan of the same decisions is made as if every plant kept its batches apart (mass balance by label). Where it runs
clean feed beside feed that violates a rule in a unit that in truth blends, its clean output came out of a mix:

    hidden[u,r,t] = Σ activity on feed that does not violate r, where the unit runs on feed that does too          [t]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from sourcing.components.custody import matters, mixes
from sourcing.components.places import Site
from sourcing.components.production import activities
from sourcing.solver import Options, Solution, solve_path
from sourcing.tables import Table, fields

LEAST = 1e-3
"""Tonnes of activity below which a feed counts as none, and M USD below which tracking saves nothing."""


def tracking(solution: Solution, options: Options, extra: Callable[[Any], None] | None = None) -> Table:
    """The clean tonnes that label tracking would take out of mixes, and how much cheaper it would look."""
    table = Table(
        "Label tracking",
        fields(
            "Site", "Unit", "Rule", "Period", ("Not clean", "t"), ("Hidden", "t"), ("Looks cheaper by", "M USD"),
        ),
        "Were labels merely tracked through blended units (mass balance), this plan would look cheaper by the last "
        "column, over all units and periods, and the tonnes under Hidden would pass as clean although they came out "
        "of one mix with feed that violates the rule. This plan does not do so. Same decisions.",
    )  # fmt: skip
    if not solution.values("custody.clean"):
        return table
    instance = solution.instance
    apart = [dataclasses.replace(row, custody="segregated") for row in instance.all(Site)]
    other = solve_path(
        instance.replace(Site, apart), extra, view=solution.ledger.view, options=options, held=solution.integers
    )
    saved = (solution.objective - other.objective) / 1000
    if saved <= LEAST:  # then mixing on paper buys nothing, and which of equal plans mixes is chance
        return table
    run = activities(other)
    for unit, members in mixes(instance).items():
        for t in solution.lots.spans.values():
            for rule in sorted(matters(instance, unit, t)):
                clean = dirty = 0.0
                for line in members:
                    for label, tonnes in run.get((line.id, t.id), ()):
                        if solution.lots.breaks(label, rule):
                            dirty += tonnes
                        else:
                            clean += tonnes
                if min(clean, dirty) > LEAST:
                    table.add(members[0].site, unit, rule, t.id, dirty, clean, saved)
    return table
