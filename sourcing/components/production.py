"""Production: units, the processes that use them, and what is left over.

    made[i,m,c,t]      = Σ_a output[a,m]·activity[a,c',t],  c = (c' ∪ what site and stage add), as m carries it    [t]
    taken[i,m,c,t]     = Σ_a input[a,m]·activity[a,c',t],   c = c' as m carries it                                 [t]
    capacity[u,t]:       Σ_a use[a,u]·activity[a,c,t] <= years[t]·capacity[u,t]                                    [t]
    downgrade[i,m,c→d]:  a cleaner lot taken as a less clean one, where a recipe joins inputs or a unit mixes them [t]
    surplus[i,m,c,t]:    left over where it is made, if the material allows it                                     [t]
    run[u,t] in {0, 1}:  a unit with a minimum load or a running cost is on; K is what it can do, Kmax the most
                         that it could do with all its steps
    on[u,t]:             Σ_a use·activity <= Kmax·run                                                              [t]
    least[u,t]:          Σ_a use·activity >= minimum·K - minimum·Kmax·(1 - run)                                    [t]

A line is a recipe at a site with all the units that it uses. Processing, credits, fixed cost, running cost and disposal
are its money. The unit of a project has its capacity, K, from `projects`: with one step built a minimum load is that of
one step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import at, mean, periods
from sourcing.components.materials import Material, Recipe, recipes
from sourcing.components.places import STAGES, entity_of
from sourcing.components.rules import CLEAN_TEXT, Label, hides, known, marks, parse_label
from sourcing.instance import Instance
from sourcing.sheets import Amount, Issue, Row, Series, choice, identifier, names, number, over_time, reference, sheet
from sourcing.tables import Table, fields
from sourcing.traced import largest

if TYPE_CHECKING:
    from sourcing.components.horizon import Span
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Units", "a capacity at a site", key=("unit",))
class Unit(Row):
    """A capacity that processes share. The unit of a project exists only once the project is built."""

    unit: str = identifier("Unit", "short name")
    site: str = reference("Site", "Sites", "where it stands")
    minimum_load: Amount = number("Minimum load", "%", "least load while it runs", default=0.0, low=0, high=100)
    fixed_cost: Amount = number("Fixed cost", "M USD/y", "cost while it exists", default=0.0, low=0)
    running_cost: Amount = number("Running cost", "M USD/y", "cost while it runs", default=0.0, low=0)
    capacity: Series = over_time("Capacity", "t/y", "what it can do in a year; none is no limit", low=0, limit=True)

    @property
    def switched(self) -> bool:
        """Whether it is on or off in a period: it has a least load or costs something while it runs."""
        return bool(self.minimum_load or self.running_cost)


@sheet("Processes", "a recipe run at a site", key=("site", "recipe", "unit"))
class Process(Row):
    """A recipe at a site on a unit. A row without a cost names a further unit that the row above also uses."""

    site: str = reference("Site", "Sites", "where it runs")
    recipe: str = reference("Recipe", "Recipes", "what it does")
    unit: str = reference("Unit", "Units", "the capacity that it uses")
    use: float = number("Use", "t/t", "capacity used per tonne of activity", default=1.0, low=0)
    cost: Amount | None = number(
        "Cost", "USD/t", "per tonne of activity; blank: a further unit of the line above; none is written 0", low=0
    )
    stage: str = choice("Stage", "where it stands in the chain", STAGES, required=True)
    adds: tuple[str, ...] = names("Adds", "rules that a first source violates, or clean; blank is worked out")
    credit: Amount = number("Credit", "USD/t", "production credit per tonne of activity", default=0.0, low=0)
    credit_payer: str = reference("Credit payer", "Entities", "who pays the credit", required=False)


@dataclass(frozen=True)
class Line:
    """A recipe at a site with all units that it uses: (unit, t of capacity per t of activity)."""

    row: Process
    recipe: Recipe
    units: tuple[tuple[str, float], ...]

    @property
    def id(self) -> tuple[str, str, str]:
        """Site, recipe and first unit."""
        return self.row.site, self.row.recipe, self.row.unit

    @property
    def site(self) -> str:
        """Where it runs."""
        return self.row.site


def lines(instance: Instance) -> tuple[Line, ...]:
    """Every line of the instance, in the order of the rows."""
    return instance.once(_lines)


def _lines(instance: Instance) -> tuple[Line, ...]:
    found: list[Line] = []
    for row in instance[Process]:
        if row.cost is not None or not found:
            found.append(Line(row, recipes(instance)[row.recipe], ((row.unit, row.use),)))
        else:
            last = found[-1]
            found[-1] = Line(last.row, last.recipe, (*last.units, (row.unit, row.use)))
    return tuple(found)


def added(instance: Instance, line: Line) -> Label:
    """The rules that a line adds to what it makes: by its place and stage, and what a first source hides or says."""
    row = line.row
    if line.recipe.inputs:
        return marks(instance, row.site, row.stage)
    if row.adds:
        return parse_label(instance, row.adds)
    return marks(instance, row.site, row.stage) | hides(instance, row.stage)


def made_at(instance: Instance) -> dict[str, dict[str, list[Line]]]:
    """Lines that make a material, by site and material."""
    return instance.once(_made_at)


def _made_at(instance: Instance) -> dict[str, dict[str, list[Line]]]:
    found: dict[str, dict[str, list[Line]]] = {}
    for line in lines(instance):
        for material in line.recipe.outputs:
            found.setdefault(line.site, {}).setdefault(material, []).append(line)
    return found


def taken_at(instance: Instance) -> dict[tuple[str, str], list[Line]]:
    """Lines that take a material in, by site and material."""
    return instance.once(_taken_at)


def _taken_at(instance: Instance) -> dict[tuple[str, str], list[Line]]:
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines(instance):
        for material in line.recipe.inputs:
            found.setdefault((line.site, material), []).append(line)
    return found


def may_be_left(instance: Instance, site: str, material: str) -> bool:
    """Whether a material may be surplus at a site: where it is made, unless its row or the default forbids it."""
    makers = made_at(instance).get(site, {}).get(material, ())
    rule = instance.row(Material, material).surplus
    return (
        bool(makers)
        and rule != "forbidden"
        and (rule == "allowed" or any(list(line.recipe.outputs).index(material) > 0 for line in makers))
    )


def may_stop(instance: Instance, site: str, material: str) -> bool:
    """Whether all that takes a material in at a site can be off in a period."""
    takers = taken_at(instance).get((site, material), ())
    return bool(takers) and all(any(instance.row(Unit, unit).switched for unit, _ in line.units) for line in takers)


def years_of_capacity(instance: Instance, unit: str, t: Span) -> float:
    """Tonnes that a unit can do in a period, as Units says; infinite for no limit."""
    return mean(instance.row(Unit, unit).capacity, t) * t.years


def load(path: Any, unit: str, t: Span) -> list[tuple[float, Any]]:
    """Capacity of a unit that is used in a period, as terms."""
    terms: list[tuple[float, Any]] = path.production.loads.get((unit, t.id), [])
    return terms


def output(path: Any, site: str, material: str, t: Span) -> list[tuple[float, Any]]:
    """What the processes of a site make of a material in a period, as terms."""
    terms: list[tuple[float, Any]] = path.production.outputs.get((site, material, t.id), [])
    return terms


def intake(path: Any, site: str, material: str, t: Span) -> list[tuple[float, Any]]:
    """What the processes of a site take in of a material in a period, as terms."""
    terms: list[tuple[float, Any]] = path.production.intakes.get((site, material, t.id), [])
    return terms


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables activity, downgrade and surplus; rows of capacity."""
    from pyomo.environ import Block, Constraint, NonNegativeReals, Var, quicksum

    from sourcing.components.projects import project_units

    spans = periods(instance)
    path.production = block = Block()
    runs = [(line, label, t) for line in lines(instance) for t in spans for label in lots.runs(line, t)]
    block.activity = Var([(*line.id, label, t.id) for line, label, t in runs], within=NonNegativeReals)
    joined = dict.fromkeys(
        (line.site, *pair, t.id) for line in lines(instance) for t in spans for pair in lots.downgrades(line, t)
    )
    block.downgrade = Var(list(joined), within=NonNegativeReals)
    left = dict.fromkeys(
        (line.site, material, out, t.id)
        for line, label, t in runs
        for material, out in lots.outputs(line, label)
        if may_be_left(instance, line.site, material)
    )
    block.surplus = Var(list(left), within=NonNegativeReals)
    activity, downgrade, surplus = (dict(v.items()) for v in (block.activity, block.downgrade, block.surplus))

    loads: dict[tuple[str, str], list[tuple[float, Any]]] = {}
    outputs: dict[tuple[str, str, str], list[tuple[float, Any]]] = {}
    intakes: dict[tuple[str, str, str], list[tuple[float, Any]]] = {}
    block.loads, block.outputs, block.intakes = loads, outputs, intakes
    for line in lines(instance):
        row, owner = line.row, entity_of(instance, line.site)
        for t in spans:
            terms = [(label, activity[(*line.id, label, t.id)]) for label in lots.runs(line, t)]
            for label, var in terms:
                for material, rate in line.recipe.inputs.items():
                    ledger.post(line.site, material, lots.carried(material, label), t, -rate, var)
                    intakes.setdefault((line.site, material, t.id), []).append((rate, var))
                for material, made in lots.outputs(line, label):
                    rate = line.recipe.outputs[material]
                    ledger.post(line.site, material, made, t, rate, var)
                    outputs.setdefault((line.site, material, t.id), []).append((rate, var))
                for unit, use in line.units:
                    loads.setdefault((unit, t.id), []).append((use, var))
            cost, credit = (at(row.cost, t) or 0.0) / 1000, at(row.credit, t) / 1000
            where = f"{line.site}: {row.recipe} on {row.unit}"
            if cost:
                ledger.pay(owner, "", "processing", where, t, [(cost, var) for _, var in terms], rows=(row,))
            if credit:
                granted = [(credit, var) for _, var in terms]
                ledger.pay(row.credit_payer, owner, "production credit", where, t, granted, rows=(row,))
    for (site, material, better, worse, t_id), var in downgrade.items():
        t = lots.spans[t_id]
        ledger.post(site, material, better, t, -1.0, var)
        ledger.post(site, material, worse, t, 1.0, var)
    for (site, material, label, t_id), var in surplus.items():
        ledger.post(site, material, label, lots.spans[t_id], -1.0, var)
        held = instance.row(Material, material)
        if cost := held.disposal / 1000:
            t, where = lots.spans[t_id], f"{site}: {material}"
            ledger.pay(entity_of(instance, site), "", "disposal", where, t, [(cost, var)], rows=(held,))

    own = project_units(instance)
    ordinary = [row.unit for row in instance[Unit] if row.unit not in own]

    def capacity(_: Any, unit: str, t_id: str) -> Any:
        limit = years_of_capacity(instance, unit, lots.spans[t_id])
        terms = loads.get((unit, t_id), [])
        if not terms or math.isinf(limit):
            return Constraint.Skip
        return quicksum(use * var for use, var in terms) <= limit

    block.capacity = Constraint([(unit, t.id) for unit in ordinary for t in spans], rule=capacity)
    for standing in instance[Unit]:
        if standing.fixed_cost and standing.unit not in own:
            for t in spans:
                cost, owner = at(standing.fixed_cost, t) * 1000 * t.years, entity_of(instance, standing.site)
                ledger.pay(owner, "", "fixed", standing.unit, t, [], cost, rows=(standing,))


def declare_running(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variable run, rows on and least, once projects have said what their units can do."""
    from pyomo.environ import Binary, Constraint, Var, quicksum

    from sourcing.components.bounds import most_load
    from sourcing.components.projects import capacity_at, project_units

    block, own = path.production, project_units(instance)
    units = {row.unit: row for row in instance[Unit] if row.switched}
    switched = [(unit, t.id) for unit in units for t in periods(instance) if load(path, unit, t)]
    block.run = Var(switched, within=Binary)

    def able(unit: str, t: Span) -> tuple[float, Any, float]:
        """K as a constant and an expression of what is built, and Kmax."""
        if unit not in own:
            capacity = years_of_capacity(instance, unit, t)
            return capacity, 0.0, capacity if math.isfinite(capacity) else most_load(instance, unit, t)
        constant, built = capacity_at(path, instance, own[unit], t)
        most = own[unit].steps * largest(0.0, *(size for size, _ in built))
        return constant, quicksum(size * var for size, var in built), constant + most

    def on(_: Any, unit: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        return quicksum(use * var for use, var in load(path, unit, t)) <= able(unit, t)[2] * block.run[unit, t_id]

    def least(_: Any, unit: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        part = at(units[unit].minimum_load, t) / 100
        constant, built, most = able(unit, t)
        used = quicksum(use * var for use, var in load(path, unit, t))
        return used - part * built - part * most * block.run[unit, t_id] >= part * (constant - most)

    block.on = Constraint(switched, rule=on)
    block.least = Constraint([key for key in switched if units[key[0]].minimum_load], rule=least)
    for unit, t_id in switched:
        row, t = units[unit], lots.spans[t_id]
        if row.running_cost:
            terms = [(at(row.running_cost, t) * 1000 * t.years, block.run[unit, t_id])]
            ledger.pay(entity_of(instance, row.site), "", "running", unit, t, terms, rows=(row,))


def activities(solution: Solution) -> dict[tuple[tuple[str, str, str], str], list[tuple[str, float]]]:
    """What each line runs in each period: label of its inputs and tonnes."""
    found: dict[tuple[tuple[str, str, str], str], list[tuple[str, float]]] = {}
    for (site, recipe, unit, label, t_id), tonnes in solution.positive("production.activity"):
        found.setdefault(((site, recipe, unit), t_id), []).append((label, tonnes))
    return found


def checks(instance: Instance) -> list[Issue]:
    """Lines on units of other sites, credits without payer, and a minimum load of no capacity."""
    faults = []
    first = True
    for row in instance[Process]:
        if row.cost is None and first:
            faults.append(instance.issue(row, "cost", "is blank, but no line stands above", "write the cost, or 0"))
        first = False
        unit = instance.row(Unit, row.unit)
        if unit.site != row.site:
            faults.append(
                instance.issue(row, "unit", f"stands at {unit.site}, not at {row.site}", "name a unit of the site")
            )
        if row.credit and not row.credit_payer:
            faults.append(instance.issue(row, "credit_payer", "nobody pays the credit", "name a party"))
        inputs = recipes(instance)[row.recipe].inputs
        if row.adds and inputs:
            message = "is for a first source, and this recipe has inputs, whose labels it keeps"
            faults.append(instance.issue(row, "adds", message, "clear the cell"))
        for name in row.adds:
            if name.lower() != CLEAN_TEXT and not known(instance, name):
                faults.append(
                    instance.issue(row, "adds", f"{name} is not a rule", "write rules of the tab Rules, or clean")
                )
    previous: Process | None = None
    for row in instance[Process]:
        if row.cost is None and previous and (row.site, row.recipe) != (previous.site, previous.recipe):
            message = f"is blank, but the line above is {previous.recipe} at {previous.site}"
            faults.append(instance.issue(row, "cost", message, "write the cost, or 0"))
        previous = row
    for unit in instance[Unit]:
        if unit.minimum_load and math.isinf(max(unit.capacity.values)):
            message = "is a share of the capacity, and the unit has no limit"
            faults.append(instance.issue(unit, "minimum_load", message, "give a capacity, or clear the cell"))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What each line runs, which labels were joined, how full units are and what is left over."""
    instance, lots = solution.instance, solution.lots
    production = Table(
        "Production",
        fields("Site", "Recipe", "Unit", "Stage", "Label", "Adds", "Period", ("Activity", "t")),
        "What each line runs. Label is that of its inputs taken together; Adds is what place and stage add to it.",
    )
    stages = {line.id: line for line in lines(instance)}
    for (site, recipe, unit, label, t_id), tonnes in solution.positive("production.activity"):
        line = stages[(site, recipe, unit)]
        production.add(site, recipe, unit, line.row.stage, label, lots.added_text(line), t_id, tonnes)
    joined = Table(
        "Labels joined",
        fields("Site", "Material", "From label", "To label", "Period", ("Amount", "t")),
        "Cleaner lots that were used as less clean ones because a recipe or a blended unit joined them with such.",
    )
    for (site, material, better, worse, t_id), tonnes in solution.positive("production.downgrade"):
        joined.add(site, material, better, worse, t_id, tonnes)
    used = Table(
        "Capacity and surplus",
        fields(
            "Kind", "Site", "Unit or material", "Label", "Period", ("Amount", "t"), ("Limit", "t"), ("Use", "%"),
            ("One more is worth", "USD/t"), ("Least", "t"), "Running",
        ),
        "How full each unit is, what one more tonne of it is worth, and what is left over where it is made. Least: "
        "what a unit with a minimum load does at least while it runs. Running: whether it does, where it is a choice.",
    )  # fmt: skip
    runs = solution.values("production.run")
    for row in instance[Unit]:
        for t in periods(instance):
            limit, worth = solution.capacity(row.unit, t)
            amount = solution.total(load(solution.path, row.unit, t))
            use = 100 * amount / limit if limit and not math.isinf(limit) else None
            switched = row.switched
            running = limit > 0 and runs.get((row.unit, t.id), 0.0) > 0.5
            used.add(
                "capacity", row.site, row.unit, None, t.id, amount, None if math.isinf(limit) else limit, use,
                worth if limit else None, at(row.minimum_load, t) / 100 * limit if row.minimum_load else None,
                ("yes" if running else "no") if switched else None,
            )  # fmt: skip
    left = dict(solution.positive("production.surplus"))
    for key, tonnes in solution.positive("channels.unclaimed"):
        left[key] = left.get(key, 0.0) + tonnes
    for (site, material, label, t_id), tonnes in left.items():
        used.add("surplus", site, material, label, t_id, tonnes, None, None, None, None, None)
    return [production, used, joined]
