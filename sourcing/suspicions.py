"""Suspicions: what is legal in an instance and yet most likely a slip, as warnings at their cells.

A number is off if it is more than TIMES above or below the median of comparable numbers (those of the same column,
and of the same form, stage or kind where the row has one), which for the rest lie close to each other:

    |log10 x - median| > log10 TIMES    while    spread = 1.4826 · median |log10 y - median| <= CLOSE

and if it stands alone: no other number of the column is within ALONE times of it. A number over time is off if it
differs so from the numbers before and after it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import Any

from sourcing.components.channels import channels, shippable
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand, ShortageStep, grades
from sourcing.components.horizon import Setting, Span, at, periods, setting_field, settings
from sourcing.components.materials import Material, RecipeLine, contents, recipes
from sourcing.components.production import Process, Unit, lines
from sourcing.components.trade import Offer, index_price, offer_price
from sourcing.instance import Instance
from sourcing.sheets import TABS, Column, Issue, Row, Series, own_columns, span_of
from sourcing.words import did_you_mean

TIMES = 10.0
"""How many times more or less than is usual a number must be to be asked about."""

CLOSE, FEWEST, ALONE = 0.3, 8, 3.0
"""Spread (decades) up to which numbers are close, how many are needed to say so, and what makes one stand alone."""

FAR = 5.0
"""How many times above or below its index a price must be to be asked about."""

FREE = frozenset(("latitude", "longitude", "steps", "years", "content"))
"""Fields whose numbers have no usual size; what a mineral holds is checked by the balance of recipes."""


def suspicions(instance: Instance) -> list[Issue]:
    """Warnings about a sound instance; empty if nothing is odd."""
    return [
        *_off_the_column(instance), *_off_in_time(instance), *_cheap_shortages(instance),
        *_far_prices(instance), *_gains(instance), *_made_by_nobody(instance), *_used_by_nothing(instance),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ orders of magnitude


def _off_the_column(instance: Instance) -> Iterator[Issue]:
    """Numbers an order of magnitude off those of comparable rows."""
    for row_type in TABS.values():
        for column in own_columns(row_type):
            if column.kind != "number" or column.field in FREE:
                continue
            groups: dict[Any, list[tuple[float, Row]]] = {}
            for row in instance[row_type]:
                value = getattr(row, column.field)
                if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
                    groups.setdefault(_kind(instance, row), []).append((math.log10(value), row))
            for group in groups.values():
                yield from _outliers(instance, column, group)


def _outliers(instance: Instance, column: Column, group: list[tuple[float, Row]]) -> Iterator[Issue]:
    middle = median(number for number, _ in group)
    spread = 1.4826 * median(abs(number - middle) for number, _ in group)
    if len(group) < FEWEST or spread > CLOSE:
        return
    for number, row in group:
        near = sum(abs(number - other) < math.log10(ALONE) for other, _ in group)
        if abs(number - middle) > math.log10(TIMES) and near == 1:
            yield _asked(instance, row, column, instance.cell(row, column.field), number - middle, 10**middle)


def _asked(instance: Instance, row: Row, column: Column, cell: str, decades: float, usual: float) -> Issue:
    """The question whether a number is meant: how far it is from what is usual."""
    more = f"{10 ** abs(decades):,.0f} times {'more' if decades > 0 else 'less'}"
    unit = f" {column.unit}" if column.unit else ""
    message = f"is {more} than is usual here ({usual:,.4g}{unit})"
    issue = instance.issue(row, column.field, message, "correct it, or leave it if it is meant", warning=True)
    return Issue(row.tab, cell, issue.message, issue.value, issue.column, issue.suggestion, "warning")


def _kind(instance: Instance, row: Row) -> Any:
    """What a row is compared with: rows of the same form of material, stage and kind."""
    material = getattr(row, "material", "")
    if row.tab == ShortageStep.tab:
        return material  # the first tonnes short of one good are worth far less than those of another
    form = (
        instance.row(Material, material).form if isinstance(material, str) and instance.has(Material, material) else ""
    )
    return form, getattr(row, "element", ""), getattr(row, "stage", ""), getattr(row, "kind", "")


def _off_in_time(instance: Instance) -> Iterator[Issue]:
    """Numbers over time an order of magnitude off those before and after them; of prices also the first and last."""
    for row_type in TABS.values():
        for column in own_columns(row_type):
            for row in instance[row_type] if column.kind == "series" else ():
                series = getattr(row, column.field)
                if not isinstance(series, Series) or len(series.values) < 3:
                    continue
                for k, value in enumerate(series.values):
                    beside = [*series.values[max(0, k - 1) : k], *series.values[k + 1 : k + 2]]
                    if len(beside) < 2:
                        if row.tab != "Prices":
                            continue
                        beside = list(series.values[:k] or series.values[k + 1 :])
                    if not all(0 < other < math.inf for other in (value, *beside)):
                        continue
                    usual = min(max(value, min(beside)), max(beside))  # the nearest of what stands beside it
                    if not 1 / TIMES <= value / usual <= TIMES:
                        cell = _cell_at(instance, row, column, series.starts[k])
                        issue = _asked(instance, row, column, cell, math.log10(value / usual), usual)
                        yield Issue(issue.tab, issue.cell, issue.message, f"{value:.15g}", issue.column,
                                    issue.suggestion, "warning")  # fmt: skip


def _cell_at(instance: Instance, row: Row, column: Column, start: float) -> str:
    """The cell of the number that begins at a moment."""
    periods_by_id = {t.id: t.start for t in periods(instance)}
    for tab, line, field in instance.cells:
        name, _, label = field.partition("@")
        if (tab, line, name) == (row.tab, row.line, column.field) and label:
            moments = span_of(label)
            begin = moments[0] if moments else periods_by_id.get(label, math.inf)
            if abs(begin - start) < 1e-6:
                return instance.cells[tab, line, field]
    return instance.cell(row, column.field)


# ------------------------------------------------------------------------------------------------ prices


def _cheap_shortages(instance: Instance) -> Iterator[Issue]:
    """Demands that are worth less than any price to buy at, all or the first tonnes: the plan would rather be short."""
    least: dict[tuple[str, str], float] = {}
    for h in channels(instance):
        for t in periods(instance):
            price = h.price(instance, t)
            if price is not None:
                key = h.destination, h.material
                least[key] = min(least.get(key, math.inf), price + h.tariff(instance, t) / 1000)
    setting = next((s for s in instance[Setting] if setting_field(s.setting) == "shortage_value"), None)
    told, first_tonnes = False, {}  # steps hold for all demands of a customer for a good
    remedy = "write a higher value, or the plan will rather be short"
    for d in instance[Demand]:
        prices = [least[d.customer, g] * ratio for g, ratio in grades(instance, d).items() if (d.customer, g) in least]
        value = settings(instance).shortage_value if d.shortage_value is None else d.shortage_value
        if not prices:
            continue
        message = f"is below the least price of {d.material} at {d.customer}, {min(prices):,.4g} USD/kg"
        for step in instance[ShortageStep]:
            if (step.customer, step.material) == (d.customer, d.material) and step.value < min(prices):
                first_tonnes[step.key] = instance.issue(step, "value", message, remedy, warning=True)
        if value >= min(prices):
            continue
        if d.shortage_value is not None or setting is None:
            yield instance.issue(d, "shortage_value", message, remedy, warning=True)
        elif not told:
            told = True
            yield instance.issue(setting, "value", message, remedy, warning=True)
    yield from first_tonnes.values()


def _far_prices(instance: Instance) -> Iterator[Issue]:
    """Offers and contracts whose price is far from the index of their material."""
    for offer in instance[Offer]:
        index = offer.index or instance.row(Material, offer.material).index
        ratios = [_ratio(offer_price(instance, offer, t), instance, index, t) for t in periods(instance)]
        if index and all(_far(ratio) for ratio in ratios):
            field = "premium" if abs(at(offer.premium, periods(instance)[0])) > 100 * (1 - 1 / FAR) else "adder"
            message = f"makes the price {ratios[0]:.3g} times index {index}"
            yield instance.issue(offer, field, message, "correct it, or leave it if it is meant", warning=True)
    for contract in instance[Contract]:
        index = contract.index or instance.row(Material, contract.material).index
        for field in ("fixed", "floor", "cap") if index else ():
            amounts = [at(getattr(contract, field), t) for t in periods(instance)]
            ratios = [
                _ratio(amount, instance, index, t)
                for amount, t in zip(amounts, periods(instance), strict=True)
                if amount
            ]
            # a floor below and a cap above the market are what they are for
            wrong = [
                r for r in ratios if _far(r) and not (field == "floor" and r < 1) and not (field == "cap" and r > 1)
            ]
            if ratios and len(wrong) == len(ratios):
                message = f"is {ratios[0]:.3g} times index {index}"
                yield instance.issue(contract, field, message, "correct it, or leave it if it is meant", warning=True)
        if contract.fixed is None and all(abs(at(contract.premium, t)) > 100 * (FAR - 1) for t in periods(instance)):
            message = f"makes the price more than {FAR:g} times the index"
            yield instance.issue(contract, "premium", message, "correct it, or leave it if it is meant", warning=True)


def _ratio(price: float, instance: Instance, index: str, t: Span) -> float:
    market = index_price(instance, index, t) if index else 0.0
    return price / market if market > 0 else 1.0


def _far(ratio: float) -> bool:
    return not 1 / FAR <= ratio <= FAR


# ------------------------------------------------------------------------------------------------ loose ends


def _gains(instance: Instance) -> Iterator[Issue]:
    """Recipes that make more than they take in, where Content does not tell what their materials hold."""
    listed = set(contents(instance))
    for name, recipe in recipes(instance).items():
        taken, given = sum(recipe.inputs.values()), sum(recipe.outputs.values())
        if recipe.inputs and given > taken * 1.0005 and not {*recipe.inputs, *recipe.outputs} <= listed:
            most = max(recipe.outputs, key=lambda material: recipe.outputs[material])
            row = instance.row(RecipeLine, f"{name}|{most}")
            message = f"{name} makes {given:.5g} t out of {taken:.5g} t"
            remedy = "correct it, or say on Content what its materials hold"
            yield instance.issue(row, "output", message, remedy, warning=True)


def _made_by_nobody(instance: Instance) -> Iterator[Issue]:
    """Inputs of recipes in use that no site makes, stocks or passes on."""
    makers = shippable(instance)
    at_home = {material for line in lines(instance) for material in line.recipe.outputs}
    in_use = {row.recipe for row in instance[Process]}
    for row in instance[RecipeLine]:
        if row.input and row.recipe in in_use and not makers.get(row.material) and row.material not in at_home:
            sites = sum(line.row.recipe == row.recipe for line in lines(instance))
            message = f"nobody makes, stocks or passes it on, so {row.recipe} cannot run ({sites} lines)"
            remedy = "add who makes it, or set Active to no"
            yield instance.issue(row, "material", message, remedy, warning=True)


def _used_by_nothing(instance: Instance) -> Iterator[Issue]:
    """Units that no process uses, and lines that a slip in their name took out of the recipe that they belong to."""
    run, used = {row.recipe for row in instance[Process]}, {row.unit for row in instance[Process]}
    for name in recipes(instance):
        own = [row for row in instance[RecipeLine] if row.recipe == name]
        if name not in run and len(own) == 1 and (remedy := did_you_mean(name, run)):
            yield instance.issue(own[0], "recipe", "no process runs this recipe of one line", remedy, warning=True)
    for unit in instance[Unit]:
        if unit.unit not in used:
            remedy = "add a process, or set Active to no"
            yield instance.issue(unit, "unit", "no process uses this unit", remedy, warning=True)
