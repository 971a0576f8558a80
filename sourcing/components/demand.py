"""Demand: what customers need, what may stand in, and the value of what they do not get.

    demand[d,t]:     Σ_mc deliver[d,m,c,t]/ratio[d,m] + Σ_s short[d,s,t] = years·demand[d,t]                       [t]
    short[d,s,t]  <= width[d,s]·years·demand[d,t]                  steps of shortage value, cheapest first         [t]
    share[d,m,t]:    Σ_c deliver[d,m,c,t]/ratio[d,m] <= share·years·demand[d,t]            of a substitute m       [t]

deliver exists only for labels that break no rule that d asks for in t: what may not be delivered has no column. Where a
rule has a tolerance or a waiver, the row `tolerance` of `rules` bounds what violates it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcing.components.horizon import Span, mean, periods, settings
from sourcing.components.places import entity_of
from sourcing.components.rules import CLEAN_TEXT, Label, asked, in_force, known, lenient, versions, waived
from sourcing.instance import Instance
from sourcing.ledger import VALUE_KINDS
from sourcing.sheets import Issue, Row, Series, names, number, over_time, reference, sheet
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Demand", "a customer's need", key=("customer", "material", "rules"))
class Demand(Row):
    """A need for one material under a set of content rules."""

    customer: str = reference("Customer", "Sites", "who needs it")
    material: str = reference("Material", "Materials", "what")
    rules: tuple[str, ...] = names("Rules", "rules it must meet: `rule` takes the version in force, `rule@version` one")
    shortage_value: float | None = number(
        "Shortage value", "USD/kg", "value of the last tonne not met; blank is the setting", low=0
    )
    service_level: float | None = number(
        "Service level", "%", "share that must be met in contingencies", low=0, high=100
    )
    demand: Series = over_time("Demand", "t/y", "need in a year", low=0)


@sheet("Shortage steps", "a cheaper first part of a shortage", key=("customer", "material", "up_to"))
class ShortageStep(Row):
    """The first tonnes short cost less than the last."""

    customer: str = reference("Customer", "Sites", "whose demand")
    material: str = reference("Material", "Materials", "what")
    up_to: float = number("Up to", "% of demand", "where the step ends", required=True, low=0, high=100, positive=True)
    value: float = number("Value", "USD/kg", "value of a kilogram short in this step", required=True, low=0)


@sheet("Substitutes", "a grade that can stand in", key=("customer", "material", "substitute"))
class Substitute(Row):
    """Another material that meets the same need."""

    customer: str = reference("Customer", "Sites", "whose need")
    material: str = reference("Material", "Materials", "what is needed")
    substitute: str = reference("Substitute", "Materials", "what stands in")
    ratio: float = number("Ratio", "t/t", "tonnes of it for one tonne of the need", default=1.0, low=0, positive=True)
    extra_cost: float = number("Extra cost", "USD/t", "per tonne of the substitute", default=0.0, low=0)
    maximum_share: Series | None = over_time(
        "Maximum share", "%", "of the need; blank is no limit", required=False, low=0, high=100, limit=True
    )


def need(d: Demand, t: Span) -> float:
    """Tonnes needed in a period."""
    return mean(d.demand, t) * t.years


def grades(instance: Instance, d: Demand) -> dict[str, float]:
    """What meets a demand: its material and substitutes, with the tonnes of each for one tonne of the need."""
    return {d.material: 1.0} | instance.once(_substitutes).get((d.customer, d.material), {})


def _substitutes(instance: Instance) -> dict[tuple[str, str], dict[str, float]]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in instance[Substitute]:
        found.setdefault((row.customer, row.material), {})[row.substitute] = row.ratio
    return found


def steps(instance: Instance, d: Demand) -> list[tuple[float, float]]:
    """Steps of a shortage: (share of the demand up to which it goes, value of it in USD/kg), rising."""
    full = settings(instance).shortage_value if d.shortage_value is None else d.shortage_value
    found = instance.once(_shortage_steps).get((d.customer, d.material), [])
    return found if found and found[-1][0] >= 1 else [*found, (1.0, full)]


def _shortage_steps(instance: Instance) -> dict[tuple[str, str], list[tuple[float, float]]]:
    rows: dict[tuple[str, str], list[ShortageStep]] = {}
    for row in instance[ShortageStep]:
        rows.setdefault((row.customer, row.material), []).append(row)
    return {
        of: [(row.up_to / 100, row.value) for row in sorted(group, key=lambda row: row.up_to)]
        for of, group in rows.items()
    }


def admitted(instance: Instance, d: Demand, label: Label, t: Span) -> bool:
    """Whether a lot of this label may be used for a demand in a period, be it under a tolerance or a waiver."""
    return all(lenient(instance, d.customer, rule, t) for rule in label & asked(instance, d.rules, t))


def customers(instance: Instance) -> frozenset[str]:
    """Sites that have a demand: they ship nothing."""
    return instance.once(_customers)


def _customers(instance: Instance) -> frozenset[str]:
    return frozenset(d.customer for d in instance[Demand])


def wanted_at(instance: Instance, site: str) -> frozenset[str]:
    """Materials that a customer can use: what it needs and what may stand in."""
    return instance.once(_wanted).get(site, frozenset())


def _wanted(instance: Instance) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for d in instance[Demand]:
        found.setdefault(d.customer, set()).update(grades(instance, d))
    return {site: frozenset(materials) for site, materials in found.items()}


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables deliver and short; rows demand and share."""
    from pyomo.environ import Block, Constraint, NonNegativeReals, Var, quicksum

    spans = periods(instance)
    path.demand = block = Block()
    rows = {(d.customer, d.material, "; ".join(d.rules)): d for d in instance[Demand]}
    columns = [
        (*key, material, label, t.id)
        for key, d in rows.items()
        for material in grades(instance, d)
        for t in spans
        for label in lots.labels(d.customer, material, t)
        if need(d, t) > 0 and admitted(instance, d, frozenset(label.split("; ")) - {CLEAN_TEXT}, t)
    ]
    block.deliver = Var(columns, within=NonNegativeReals)
    widths = {
        (*key, str(n + 1), t.id): (share - (steps(instance, d)[n - 1][0] if n else 0.0)) * need(d, t)
        for key, d in rows.items()
        for t in spans
        if need(d, t) > 0
        for n, (share, _) in enumerate(steps(instance, d))
    }
    block.short = Var(list(widths), within=NonNegativeReals)
    deliver, short = dict(block.deliver.items()), dict(block.short.items())
    for index, width in widths.items():
        short[index].setub(width)

    met: dict[tuple[str, str, str, str], list[Any]] = {}
    stood_in: dict[tuple[str, str, str, str, str], list[Any]] = {}
    delivered: dict[tuple[str, str, str], list[tuple[float, Any]]] = {}
    block.delivered = delivered
    for (customer, material, rules, grade, label, t_id), var in deliver.items():
        t = lots.spans[t_id]
        ratio = grades(instance, rows[customer, material, rules])[grade]
        ledger.post(customer, grade, label, t, -1.0, var)
        met.setdefault((customer, material, rules, t_id), []).append(var / ratio)
        delivered.setdefault((customer, grade, t_id), []).append((1.0, var))
        if grade != material:
            stood_in.setdefault((customer, material, rules, grade, t_id), []).append(var / ratio)
            stands_in = instance.row(Substitute, f"{customer}|{material}|{grade}")
            if extra := stands_in.extra_cost / 1000:
                owner, where = entity_of(instance, customer), f"{customer}: {grade} for {material}"
                ledger.pay(owner, "", "substitution", where, t, [(extra, var)], rows=(stands_in,))
    for (customer, material, rules, n, t_id), var in short.items():
        value = steps(instance, rows[customer, material, rules])[int(n) - 1][1]
        where = f"{customer}: {material}" + (f" ({rules})" if rules else "")
        ledger.pay(entity_of(instance, customer), "", VALUE_KINDS[0], where, lots.spans[t_id], [(value, var)])

    def demand(_: Any, customer: str, material: str, rules: str, t_id: str) -> Any:
        d = rows[customer, material, rules]
        if need(d, lots.spans[t_id]) <= 0:
            return Constraint.Skip
        missing = [short[customer, material, rules, str(n + 1), t_id] for n in range(len(steps(instance, d)))]
        return quicksum([*met.get((customer, material, rules, t_id), []), *missing]) == need(d, lots.spans[t_id])

    block.demand = Constraint([(*key, t.id) for key in rows for t in spans], rule=demand)

    def share(_: Any, customer: str, material: str, rules: str, grade: str, t_id: str) -> Any:
        limit = instance.row(Substitute, f"{customer}|{material}|{grade}").maximum_share
        t = lots.spans[t_id]
        if limit is None or mean(limit, t) >= 100:
            return Constraint.Skip
        most = mean(limit, t) / 100 * need(rows[customer, material, rules], t)
        return quicksum(stood_in[customer, material, rules, grade, t_id]) <= most

    block.share = Constraint(list(stood_in), rule=share)

    under: dict[tuple[str, str, str], list[Any]] = {}
    violating: dict[tuple[str, str, str], list[Any]] = {}
    for (customer, material, rules, _, label, t_id), var in deliver.items():
        for rule in sorted(asked(instance, rows[customer, material, rules].rules, lots.spans[t_id])):
            under.setdefault((customer, rule, t_id), []).append(var)
            if lots.breaks(label, rule):
                violating.setdefault((customer, rule, t_id), []).append(var)

    def tolerance(_: Any, customer: str, rule: str, t_id: str) -> Any:
        part = versions(instance)[rule].tolerance / 100
        quota = waived(instance, customer, rule, lots.spans[t_id])
        key = (customer, rule, t_id)
        return quicksum(violating[key]) - part * quicksum(under[key]) <= quota

    block.tolerance = Constraint(list(violating), rule=tolerance)


def used(path: Any, customer: str, material: str, t: Span) -> list[tuple[float, Any]]:
    """What a customer uses of a material in a period, as terms."""
    terms: list[tuple[float, Any]] = path.demand.delivered.get((customer, material, t.id), [])
    return terms


def checks(instance: Instance) -> list[Issue]:
    """Unknown rules, steps that do not rise, and steps or substitutes without a demand."""
    faults = []
    if not instance[Demand]:
        message, remedy = "no row is active: there is nothing to plan", "write what a customer needs"
        faults.append(Issue(Demand.tab, "", message, suggestion=remedy))
    needs: dict[tuple[str, str], list[Demand]] = {}
    for d in instance[Demand]:
        needs.setdefault((d.customer, d.material), []).append(d)
        for name in d.rules:
            if not known(instance, name):
                faults.append(
                    instance.issue(d, "rules", f"{name} is not a rule", "name a rule or rule@version of Rules")
                )
            elif "@" not in name and not any(in_force(instance, name, t) for t in periods(instance)):
                message = f"no enacted version of {name} is in force in any period: nothing is asked"
                remedy = "name rule@version to ask for one that is not enacted"
                faults.append(instance.issue(d, "rules", message, remedy, warning=True))
    last: dict[tuple[str, str], ShortageStep] = {}
    for row in sorted(instance[ShortageStep], key=lambda row: row.up_to):
        pair = (row.customer, row.material)
        if pair in last and row.value < last[pair].value:
            message = f"is below the {last[pair].value:g} of the step before"
            faults.append(instance.issue(row, "value", message, "values must rise"))
        last[pair] = row
    for pair, row in last.items():
        if pair not in needs:
            remedy = "add the demand, or set Active to no"
            faults.append(instance.issue(row, "material", "the customer has no demand for it", remedy, warning=True))
        for d in needs.get(pair, ()):
            full = settings(instance).shortage_value if d.shortage_value is None else d.shortage_value
            if row.up_to < 100 and full < row.value:
                message = f"is above the full shortage value {full:g}"
                faults.append(instance.issue(row, "value", message, "values must rise"))
    for substitute in instance[Substitute]:
        if (substitute.customer, substitute.material) not in needs:
            message, remedy = "the customer has no demand for it", "add the demand, or set Active to no"
            faults.append(instance.issue(substitute, "material", message, remedy, warning=True))
    return faults


def tabs(solution: Solution) -> list[Table]:
    """What is met and what is short, and with what it is met."""
    instance = solution.instance
    table = Table(
        "Demand",
        fields(
            "Customer", "Material", "Rules", "Period", ("Demand", "t"), ("Met", "t"), ("Short", "t"),
            ("Met share", "%"), ("Shortage value", "M USD"), ("One more costs", "USD/kg"), ("Service level", "%"),
            ("Below service level", "t"),
        ),
        "What each customer needs, gets and misses; what one more tonne of demand would cost (undiscounted). A service "
        "level binds in contingencies only; here it is said what is missing to it.",
    )  # fmt: skip
    short = solution.values("demand.short")
    for d in instance[Demand]:
        rules = "; ".join(d.rules)
        values = [value for _, value in steps(instance, d)]
        for t in periods(instance):
            key = (d.customer, d.material, rules)
            missing = [short.get((*key, str(n + 1), t.id), 0.0) for n in range(len(values))]
            asked_for, gap = need(d, t), sum(missing)
            worth = solution.dual("demand.demand", (d.customer, d.material, rules, t.id), t)
            lost = sum(tonnes * value for tonnes, value in zip(missing, values, strict=True)) / 1000
            share = 100 * (asked_for - gap) / asked_for if asked_for else None
            met = asked_for - gap
            level = d.service_level
            below = None if level is None else max(0.0, level / 100 * asked_for - met)
            table.add(
                d.customer, d.material, rules, t.id, asked_for, met, gap, share, lost, worth if asked_for else None,
                level, below,
            )  # fmt: skip
    given = Table(
        "Deliveries",
        fields("Customer", "Material", "Rules", "Delivered as", "Label", "Period", ("Delivered", "t")),
        "What is used for each need, by grade and label.",
    )
    for index, tonnes in solution.positive("demand.deliver"):
        given.add(*index, tonnes)
    return [table, given]
