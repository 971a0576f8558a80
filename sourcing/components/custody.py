"""Custody: what becomes of labels in a plant that does not keep its batches apart.

A line is *segregated* (each batch keeps its label: activity by label, exact) or *blended*, as its site's Custody says;
blank is blended at separation and segregated elsewhere. The blended lines that use a unit run in one mix a period; each
of them runs on the label of the mix, r by r:

    clean[u,r,t] in {0, 1}:   1 lets no feed that violates r into the unit, 0 makes all its output carry r         [1]
    dirty[u,r,t]:   Σ use·activity[a,c,t], r in c      <= most·(1 - clean[u,r,t])                                  [t]
    pure[u,r,t]:    Σ use·activity[a,c,t], r not in c  <= most·clean[u,r,t]                  a blended, using u    [t]

so a lot of label c that goes into the mix is run on a label c' that holds all of c: what it lacks of c', as its
material carries it, it takes on by `downgrade`. Segregated lines on the unit take no part, and stocks are packaged and
keep their labels.

There is a binary only where both classes can reach the unit, and the answer matters: not for a rule that every blended
line of the unit adds anyway, nor for one that no demand asks for in t or later. Lots are tracked by such rules as at a
segregated line, and no label is formed for them. Rules that always come together in a unit's feeds share a binary.

A period is one mix: campaigns (a clean one, then a dirty one, with a changeover between) are not planned, nor is a
tolerance in a blend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcing.components.bounds import most_activity, most_load
from sourcing.components.demand import Demand
from sourcing.components.horizon import Span, periods
from sourcing.components.materials import RecipeLine
from sourcing.components.places import Site
from sourcing.components.production import Line, Unit, added, lines
from sourcing.components.rules import CLEAN, Label, asked, label_text
from sourcing.instance import Instance
from sourcing.sheets import Issue
from sourcing.tables import Table, fields
from sourcing.traced import smallest

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


def is_blended(instance: Instance, line: Line) -> bool:
    """Whether the batches of a line are mixed with those of the other blended lines on its units."""
    return (instance.row(Site, line.site).custody or _default(line)) == "blended"


def _default(line: Line) -> str:
    return "blended" if line.row.stage == "separation" else "segregated"


def mixes(instance: Instance) -> dict[str, tuple[Line, ...]]:
    """The blended units, each with the blended lines that use it."""
    return instance.once(_mixes)


def _mixes(instance: Instance) -> dict[str, tuple[Line, ...]]:
    found: dict[str, tuple[Line, ...]] = {}
    for line in lines(instance):
        if is_blended(instance, line):
            for unit, use in line.units:
                if use > 0:
                    found[unit] = (*found.get(unit, ()), line)
    return found


def matters(instance: Instance, unit: str, t: Span) -> Label:
    """The rules by which the mix in a blended unit is clean or not: asked for in t or later, and not added anyway."""
    anyway = frozenset.intersection(*(added(instance, line) for line in mixes(instance)[unit]))
    return instance.once(_asked_from)[t.number] - anyway


def _asked_from(instance: Instance) -> list[Label]:
    """The rules that some demand asks for in a period or later, by number of the period."""
    found: list[Label] = []
    for t in reversed(periods(instance)):
        now = frozenset[str]().union(*(asked(instance, d.rules, t) for d in instance[Demand]))
        found.insert(0, now | (found[0] if found else CLEAN))
    return found


def taken_on(instance: Instance, line: Line, t: Span) -> Label:
    """The rules that a lot may take on in the mixes that a line runs in; none for a segregated line."""
    return instance.once(_taken_on).get((line.id, t.number), CLEAN)


def _taken_on(instance: Instance) -> dict[tuple[tuple[str, str, str], int], Label]:
    found: dict[tuple[tuple[str, str, str], int], Label] = {}
    for unit, members in mixes(instance).items():
        for t in periods(instance):
            for line in members:
                key = line.id, t.number
                found[key] = found.get(key, CLEAN) | matters(instance, unit, t)
    return found


def choices(instance: Instance, lots: Lots) -> dict[tuple[str, str, str], Label]:
    """Where both classes can reach a blended unit: the rules that come together, by (unit, their text, period)."""
    found = {}
    for unit, members in mixes(instance).items():
        for t in periods(instance):
            runs = [(line.id, label) for line in members for label in lots.runs(line, t)]
            together: dict[frozenset[Any], set[str]] = {}
            for rule in matters(instance, unit, t):
                dirty = frozenset(run for run in runs if lots.breaks(run[1], rule))
                if 0 < len(dirty) < len(runs):
                    together.setdefault(dirty, set()).add(rule)
            for rules in together.values():
                found[unit, label_text(frozenset(rules)), t.id] = frozenset(rules)
    return found


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variable clean; rows dirty and pure."""
    from pyomo.environ import Binary, Block, Constraint, Var, quicksum

    path.custody = block = Block()
    found = choices(instance, lots)
    block.clean = Var(list(found), within=Binary)
    block.choices = found
    activity = path.production.activity

    def feed(unit: str, rules: str, t_id: str, *, violates: bool) -> tuple[Any, float]:
        """Load of the unit by one class of the rules, and the most that it could be."""
        t, rule, terms, most = lots.spans[t_id], min(found[unit, rules, t_id]), [], 0.0
        for line in mixes(instance)[unit]:
            use = dict(line.units)[unit]
            labels = [label for label in lots.runs(line, t) if lots.breaks(label, rule) == violates]
            terms += [use * activity[(*line.id, label, t_id)] for label in labels]
            most += use * most_activity(instance, line, t) if labels else 0.0
        return quicksum(terms), smallest(most, most_load(instance, unit, t))

    def dirty(_: Any, *key: str) -> Any:
        used, most = feed(*key, violates=True)
        return used <= most * (1 - block.clean[key])

    def pure(_: Any, *key: str) -> Any:
        used, most = feed(*key, violates=False)
        return used <= most * block.clean[key]

    block.dirty = Constraint(list(found), rule=dirty)
    block.pure = Constraint(list(found), rule=pure)


def checks(instance: Instance) -> list[Issue]:
    """First sources that would bring into a mix what its labels do not show."""
    faults = []
    first = periods(instance)[0]
    unsure = {row.recipe for row in instance[RecipeLine] if row.input is None and row.output is None}
    for unit, members in mixes(instance).items():
        for line in members:
            hidden = added(instance, line) & matters(instance, unit, first)
            if not line.recipe.inputs and line.row.recipe not in unsure and hidden:
                message = f"it is blended, and this first source brings {label_text(hidden)} into it unseen"
                remedy = "give the source a unit of its own, or the site the custody segregated"
                faults.append(instance.issue(line.row, "unit", message, remedy))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What each blended unit was fed, where that is a choice."""
    table = Table(
        "Custody",
        fields("Site", "Unit", "Rule", "Period", "Feed"),
        "Blended units that both classes of a rule could reach, while they run: clean feed only, or a mix of which all "
        "output carries the rule. One mix a period: campaigns are not planned.",
    )
    instance, lots = solution.instance, solution.lots
    clean, activity = solution.values("custody.clean"), solution.values("production.activity")
    for (unit, text, t_id), rules in solution.path.custody.choices.items():
        t, members = lots.spans[t_id], mixes(instance)[unit]
        if any(activity[(*line.id, label, t_id)] > 0 for line in members for label in lots.runs(line, t)):
            feed = "clean" if clean[unit, text, t_id] > 0.5 else "not clean"
            for rule in sorted(rules):
                table.add(instance.row(Unit, unit).site, unit, rule, t_id, feed)
    return [table]
