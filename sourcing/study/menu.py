"""Menu: the floor as a decision, the lowest level of a menu that carries a project.

    z[j] in {0, 1}                    the floor is level j                                                          [1]
    part[s,t,w,j] >= 0                share of a period in which way w is run at level j                            [1]
    one:              Σ_j z[j] = 1
    run[s,t,j]:       Σ_w part[s,t,w,j] <= z[j]
    cash[s,t]         = Σ_jw (margin[w] + rate[s,t](F[j])·counted[w])·part[s,t,w,j] - fixed                      [M USD]
    test[k] for each: Σ over the years of test k of factor·(cash[s,t] - due[s,t]) >= 0, in every outlook s;
       or expected:   Σ_s odds[s]·(the same) >= 0
       or cvar:       tail[k] - Σ_s odds[s]·below[k,s]/share >= 0,  below[k,s] >= tail[k] - (the same)           [M USD]
    minimise          Σ_j F[j]·z[j]

What runs at a level is a decision too, and no more of it than the project could do: quantities are apart by level, so
price times quantity stays linear.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable

from sourcing.study.bankability import TINY, WORTH, Case, Year
from sourcing.study.small import Small

Terms = dict[Hashable, float]


def lowest(case: Case, levels: Iterable[float]) -> float | None:
    """The lowest of some levels (USD/kg) that carries a project; None if none does."""
    menu, model = sorted(set(levels)), Small()
    for j, level in enumerate(menu):
        model.column(("z", j), level, upper=1.0, whole=True)
    model.row("one", {("z", j): 1.0 for j in range(len(menu))}, 1.0, 1.0)
    whole = sum(o.probability for o in case.judged)
    tests: dict[str, dict[str, tuple[Terms, float]]] = {}
    for o in case.judged:
        for y in o.years:
            cash = _cash(model, menu, o.id, y)
            if y.tested:
                tests.setdefault(y.t.id, {})[o.id] = cash, (y.fixed + case.test.dscr * y.debt) / 1000
            terms, due = tests.setdefault(WORTH, {}).setdefault(o.id, ({}, 0.0))
            terms |= {name: y.factor * value for name, value in cash.items()}
            tests[WORTH][o.id] = terms, due + y.factor * (y.fixed + y.debt) / 1000
    for k, by_outlook in tests.items():
        odds = {o.id: o.probability / whole for o in case.judged if o.id in by_outlook}
        odds = {id: part / sum(odds.values()) for id, part in odds.items()}
        if case.test.test == "each":
            for id, (terms, due) in by_outlook.items():
                model.row(("test", k, id), terms, due - TINY / 1000)
        elif case.test.test == "expected":
            mean = _weighted([(odds[id], terms) for id, (terms, _) in by_outlook.items()])
            model.row(("test", k), mean, sum(odds[id] * due for id, (_, due) in by_outlook.items()) - TINY / 1000)
        else:
            model.column(("tail", k), lower=-math.inf)
            for id, (terms, due) in by_outlook.items():
                model.column(("below", k, id))
                model.row(("below", k, id), {**terms, ("below", k, id): 1.0, ("tail", k): -1.0}, due)
            short: Terms = {("below", k, id): -odds[id] / case.test.tail for id in by_outlook}
            model.row(("test", k), {**short, ("tail", k): 1.0}, -TINY / 1000)
    found = model.solver().solve()
    if found is None:
        return None
    return next(level for j, level in enumerate(menu) if found["z", j] > 0.5)


def _cash(model: Small, menu: list[float], outlook: str, y: Year) -> Terms:
    """Columns and rows of what runs in a period at each level, and what that leaves (M USD)."""
    cash: Terms = {}
    for j, level in enumerate(menu):
        rate = y.top_up(level) - y.share(level)
        parts: Terms = {("z", j): -1.0}
        for w, way in enumerate(y.ways):
            name = ("part", outlook, y.t.id, w, j)
            model.column(name)
            parts[name], cash[name] = 1.0, way.earns(rate) / 1000
        model.row(("run", outlook, y.t.id, j), parts, upper=0.0)
    return cash


def _weighted(parts: Iterable[tuple[float, Terms]]) -> Terms:
    return {name: weight * value for weight, terms in parts for name, value in terms.items()}
