"""Bounds: how much could ever run or flow, from the data; what a yes-or-no needs that gates a quantity.

    most_load[u,t]  = years·capacity, of a project's unit with all its steps; without a limit Σ_a use·most_activity[a]
    most_activity[a] = Σ_m wanted[m,t]/output[a,m] + Σ_m cleared[m]/input[a,m] + Σ_u minimum load[u]/use[a,u]
    cleared[m]       = what is made of m for the sake of a joint product, where m may not be left over
    wanted[m,t] = Σ_{s >= t} (needs + duties of contracts, limits, stocks, orders) + Σ_a input[a,m]·most_activity[a]

No plan gains by making what nobody needs, so these bounds cut off none that is best. They are worked out only for a
unit without a limit; a loop of recipes that needs itself without end has none, and is a fault at the unit's cell.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from sourcing.components.contracts import least_tonnes, most_tonnes
from sourcing.components.demand import Demand, customers, grades, need
from sourcing.components.horizon import Span, at, periods
from sourcing.components.limits import Limit, times
from sourcing.components.materials import select_materials
from sourcing.components.production import Line, Unit, lines, made_at, may_be_left, taken_at, years_of_capacity
from sourcing.components.projects import project_units
from sourcing.components.stock import Stockpile, stocks_at
from sourcing.components.trade import Offer
from sourcing.instance import Instance
from sourcing.sheets import InstanceError
from sourcing.traced import added, largest, smallest

if TYPE_CHECKING:
    from sourcing.components.channels import Channel

ROUNDS = 200
"""Sweeps through the chain after which needs that still grow have no bound."""


def most_load(instance: Instance, unit: str, t: Span) -> float:
    """The most load of a unit in a period (t of capacity)."""
    limit = years_of_capacity(instance, unit, t)
    project = project_units(instance).get(unit)
    if project:
        return project.steps * limit * max((share / 100 for share in project.ramp), default=1.0)
    if math.isfinite(limit):
        return limit
    worth = _wanted(instance, t)[1]
    uses: dict[str, float] = {}
    for line in lines(instance):
        for name, use in line.units:
            if name == unit:
                uses[line.row.recipe] = largest(uses.get(line.row.recipe, 0.0), use)
    load = added(use * worth[recipe] for recipe, use in uses.items())
    if not math.isfinite(load):
        row = instance.row(Unit, unit)
        message = "is none, and the data set no bound on what could run here"
        raise InstanceError([instance.issue(row, "capacity", message, "write the most that it could do")])
    return load


def most_activity(instance: Instance, line: Line, t: Span) -> float:
    """The most activity of a line in a period (t)."""
    return smallest(math.inf, *(most_load(instance, unit, t) / use for unit, use in line.units if use))


def most_made(instance: Instance, site: str, material: str, t: Span) -> float:
    """The most that a site can make of a material in a period (t); infinite if nothing bounds it."""
    return added(
        line.recipe.outputs[material] * most_activity(instance, line, t)
        for line in made_at(instance).get(site, {}).get(material, ())
    )


def most_flow(instance: Instance, h: Channel, t: Span) -> float:
    """The most that a channel can carry in a period (t): what its terms, its origin and its destination allow."""
    from sourcing.components.channels import arrivals, passed_on

    found = [math.inf]
    if h.contract and (most := most_tonnes(h.contract, t)) is not None:
        found.append(most)
    for maximum in (h.offer.maximum if h.offer else None, h.lane.maximum):
        if (most := at(maximum, t)) is not None:
            found.append(most * t.years)
    held = (h.origin, h.material) in stocks_at(instance)
    made = h.material in made_at(instance).get(h.origin, {})
    if made and not held and (h.origin, h.material) not in passed_on(instance):
        found.append(most_made(instance, h.origin, h.material, t))
    receiver = h.destination, h.material
    idle = receiver not in taken_at(instance) and receiver not in stocks_at(instance)
    if h.destination in customers(instance) and idle:
        landing = arrivals(instance, h.lane.lead_time, t)
        needs = [(_need(instance, h.destination, h.material, later) / share, later) for later, share in landing]
        at_once = [tonnes for tonnes, later in needs if later is t]  # what lands later may be left over
        found.append(at_once[0] if at_once else largest(0.0, *(tonnes for tonnes, _ in needs)))
    if all(map(math.isinf, found)):
        found.append(_wanted(instance, t)[0][h.material] + (least_tonnes(h.contract, t) if h.contract else 0.0))
    if all(map(math.isinf, found)):
        message = "nothing in the data bounds what could flow"
        raise InstanceError([instance.issue(h.lane, "maximum", message, "write a maximum on the lane")])
    return smallest(*found)


def _need(instance: Instance, customer: str, material: str, t: Span) -> float:
    """Tonnes of a material that a customer could use in a period."""
    return added(
        need(d, t) * grades(instance, d)[material]
        for d in instance[Demand]
        if d.customer == customer and material in grades(instance, d)
    )


def _wanted(instance: Instance, t: Span) -> tuple[dict[str, float], dict[str, float]]:
    """Tonnes of each material that could be of use from a period on, and activity of each recipe that could."""
    known = instance.once(_known)
    if t.number not in known:
        known[t.number] = _work_out(instance, t)
    return known[t.number]


def _known(instance: Instance) -> dict[int, tuple[dict[str, float], dict[str, float]]]:
    return {}


def _work_out(instance: Instance, t: Span) -> tuple[dict[str, float], dict[str, float]]:
    from sourcing.components.channels import channels
    from sourcing.components.contracts import contracts

    spans = periods(instance)[t.number :]
    own: dict[str, float] = defaultdict(float)
    for d in instance[Demand]:
        for material, ratio in grades(instance, d).items():
            own[material] += ratio * added(need(d, s) for s in spans)
    for contract, _, _ in contracts(instance):
        own[contract.material] += added(least_tonnes(contract, s) for s in spans)
    for limit in instance[Limit]:
        if limit.minimum:
            for material in select_materials(instance, limit.material, limit.form):
                own[material] += added(
                    (at(limit.minimum, s) or 0.0) * s.years for s in times(instance, limit) if s.number >= t.number
                )
    for stock in instance[Stockpile]:
        lost = 1 - (1 - stock.loss / 100) ** (spans[-1].end - t.start)
        least_level = largest(*(at(stock.minimum, s) for s in spans))
        most_level = largest(*(at(stock.maximum, s) or 0.0 for s in spans))
        own[stock.material] += largest(least_level, stock.terminal or 0.0) + lost * most_level

    for offer in instance[Offer]:  # whoever orders at all may have to order more than is needed
        if offer.minimum_order:
            buyers = sum(h.offer is offer for h in channels(instance))
            own[offer.material] += offer.minimum_order * buyers * sum(s.years for s in spans)

    recipes = {line.row.recipe: line.recipe for line in lines(instance)}
    stuck = {  # of joint products: what may not be left over has to be worked up, wanted or not
        (line.row.recipe, material)
        for line in lines(instance)
        if len(line.recipe.outputs) > 1
        for material in line.recipe.outputs
        if not may_be_left(instance, line.site, material)
    }
    capacity: dict[str, float] = defaultdict(float)
    least: dict[str, float] = defaultdict(float)  # who runs at all may have to run more than is needed
    for line in lines(instance):
        limits = [math.inf]
        for unit, use in line.units:
            project = project_units(instance).get(unit)
            size = added(years_of_capacity(instance, unit, s) for s in spans) * (project.steps if project else 1.0)
            limits.append(size / use if use else math.inf)
            load = largest(*(at(instance.row(Unit, unit).minimum_load, s) for s in spans)) / 100
            least[line.row.recipe] += load * size / use if use and load else 0.0
        capacity[line.row.recipe] += smallest(*limits)
    wanted, activity = dict(own), dict.fromkeys(recipes, 0.0)
    for _ in range(ROUNDS):
        cleared: dict[str, float] = defaultdict(float)
        for name, material in stuck:
            outputs = recipes[name].outputs
            others = added(wanted.get(other, 0.0) / rate for other, rate in outputs.items() if other != material)
            cleared[material] += outputs[material] * smallest(others, capacity[name])
        before = dict(activity)
        for name, recipe in recipes.items():
            for_use = added(wanted.get(material, 0.0) / rate for material, rate in recipe.outputs.items())
            to_clear = added(cleared[material] / rate for material, rate in recipe.inputs.items())
            activity[name] = smallest(for_use + to_clear + least[name], capacity[name])
        wanted = defaultdict(float, own)
        for name, recipe in recipes.items():
            for material, rate in recipe.inputs.items():
                wanted[material] += rate * activity[name]
        if all(activity[name] <= before[name] * (1 + 1e-9) + 1e-9 for name in recipes):
            return defaultdict(float, wanted), activity
    unbounded = {name for name in recipes if activity[name] > before[name] * (1 + 1e-9) + 1e-9}
    for name in unbounded:
        activity[name] = math.inf
        for material in recipes[name].inputs:
            wanted[material] = math.inf
    return defaultdict(float, wanted), activity
