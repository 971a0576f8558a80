"""Stockpiles: material carried from one period to the next.

    roll[w,c,t]:   level[w,c,t] = (1 - loss)^years·level[w,c,t-1] + fill[w,c,t] - draw[w,c,t]                      [t]
    fits[w,t]:     minimum <= Σ_c level[w,c,t] <= maximum                                                          [t]
    filling[w,t]:  Σ_c fill <= years·fill limit;   drawing[w,t]:  Σ_c draw <= years·draw limit                     [t]
    terminal[w]:   Σ_c level[w,c,last] >= terminal                                                                 [t]

The opening level carries the stock's label, and nothing worse is filled in where a label is given: a clean stock
stays clean. A stock that is released by shocks only draws nothing on the base path; an event opens it (`changes`).
The holder pays storage on the mean level; who is not the site's party buys what is filled and sells what is drawn,
at the market price.

    valued[w] <= Σ_c level[w,c,last];  valued[w] <= opening         tonnes at the end that a terminal value counts [t]

A terminal value (a share of the last period's market price) counts what is left, as far as it was there at the start:
so a stock may be kept or put back for its value, and never filled for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcing.components.demand import used
from sourcing.components.expressions import total
from sourcing.components.horizon import Span, at, periods
from sourcing.components.materials import Material, contents
from sourcing.components.places import entity_of, select_sites
from sourcing.components.production import intake
from sourcing.components.rules import CLEAN_TEXT, known, label_text, parse_label
from sourcing.components.trade import Price, market_price
from sourcing.instance import Instance
from sourcing.sheets import (
    PLACES,
    Amount,
    Issue,
    Row,
    Selector,
    choice,
    identifier,
    names,
    number,
    reference,
    selector,
    sheet,
)
from sourcing.tables import Table, fields

if TYPE_CHECKING:
    from sourcing.ledger import Ledger
    from sourcing.lots import Lots
    from sourcing.solver import Solution


@sheet("Stockpiles", "a stock", key=("stockpile",))
class Stockpile(Row):
    """A stock of one material at one site."""

    stockpile: str = identifier("Stockpile", "short name")
    holder: str = reference("Holder", "Entities", "whose it is, and who pays for storage")
    site: str = reference("Site", "Sites", "where it lies")
    material: str = reference("Material", "Materials", "what")
    label: tuple[str, ...] = names(
        "Label",
        "of the opening stock, and the worst that it is filled with: clean, or the rules it violates; "
        "blank is unproven, and filled with anything",
    )
    opening: float = number("Opening", "t", "level at the start", default=0.0, low=0)
    minimum: Amount = number("Minimum", "t", "least level", default=0.0, low=0)
    target: float | None = number("Target", "days", "days of use, reported", low=0)
    target_of: Selector | None = selector("Target of", ("Sites", "Entities"), PLACES, "whose use", required=False)
    maximum: Amount | None = number("Maximum", "t", "highest level; blank is no limit", low=0)
    fill: Amount | None = number("Fill", "t/y", "most put in; blank is no limit", low=0)
    draw: Amount | None = number("Draw", "t/y", "most taken out; blank is no limit", low=0)
    loss: float = number("Loss", "%/y", "lost in a year", default=0.0, low=0, high=100)
    storage: Amount = number("Storage", "USD/t/y", "cost on the mean level", default=0.0, low=0)
    release: str = choice("Release", "when it may be drawn", ("always", "shocks only"), default="always")
    terminal: float | None = number("Terminal", "t", "least level at the end", low=0)
    terminal_value: float | None = number(
        "Terminal value", "%", "of the price, for what is left at the end", low=0, high=100
    )


def stocks_at(instance: Instance) -> dict[tuple[str, str], list[Stockpile]]:
    """Stocks by site and material."""
    return instance.once(_stocks_at)


def _stocks_at(instance: Instance) -> dict[tuple[str, str], list[Stockpile]]:
    found: dict[tuple[str, str], list[Stockpile]] = {}
    for row in instance[Stockpile]:
        found.setdefault((row.site, row.material), []).append(row)
    return found


def drawable(row: Stockpile, t: Span) -> bool:
    """Whether a stock may be drawn in a period: those for shocks only where a scenario releases them."""
    return row.release == "always" and at(row.draw, t) != 0


def declare(path: Any, instance: Instance, lots: Lots, ledger: Ledger) -> None:
    """Variables level, fill and draw; rows roll, fits, filling, drawing and terminal."""
    from pyomo.environ import Block, Constraint, NonNegativeReals, Var

    spans = periods(instance)
    path.stock = block = Block()
    rows = {row.stockpile: row for row in instance[Stockpile]}
    labels = {w: lots.stock_labels(row) for w, row in rows.items()}
    index = [(w, label, t.id) for w in rows for label in labels[w] for t in spans]
    block.level = Var(index, within=NonNegativeReals)
    block.fill = Var(index, within=NonNegativeReals)
    block.draw = Var(index, within=NonNegativeReals)
    level, fill, draw = (dict(v.items()) for v in (block.level, block.fill, block.draw))

    def before(w: str, label: str, t: Span) -> Any:
        if t.number:
            return level[w, label, spans[t.number - 1].id]
        return rows[w].opening if label == opening_label(instance, lots, rows[w]) else 0.0

    def roll(_: Any, w: str, label: str, t_id: str) -> Any:
        t = lots.spans[t_id]
        kept = (1 - rows[w].loss / 100) ** t.years
        return level[w, label, t_id] == kept * before(w, label, t) + fill[w, label, t_id] - draw[w, label, t_id]

    block.roll = Constraint(index, rule=roll)

    def held(w: str, t_id: str) -> Any:
        return total(path, (level[w, label, t_id] for label in labels[w]))

    by_time = [(w, t.id) for w in rows for t in spans]
    block.least = Constraint(
        [key for key in by_time if rows[key[0]].minimum],
        rule=lambda _, w, t: held(w, t) >= at(rows[w].minimum, lots.spans[t]),
    )
    block.most = Constraint(
        [(w, t) for w, t in by_time if at(rows[w].maximum, lots.spans[t]) is not None],
        rule=lambda _, w, t: held(w, t) <= at(rows[w].maximum, lots.spans[t]),
    )
    block.terminal = Constraint(
        [w for w in rows if rows[w].terminal], rule=lambda _, w: held(w, spans[-1].id) >= rows[w].terminal
    )
    worth = {w: terminal_worth(instance, row) for w, row in rows.items() if row.terminal_value and row.opening}
    block.valued = Var(list(worth), within=NonNegativeReals)
    for w, var in block.valued.items():
        var.setub(rows[w].opening)
        last = spans[-1]

        def exact(value: Any, w: str = w) -> float:
            left: float = value([(1.0, level[w, label, spans[-1].id]) for label in labels[w]])
            return -worth[w] * min(left, rows[w].opening)

        terms = [(-worth[w], var)]
        ledger.pay(rows[w].holder, "", "terminal value", w, last, terms, exact=exact, rows=(rows[w],))
    block.value = Constraint(list(worth), rule=lambda _, w: block.valued[w] <= held(w, spans[-1].id))
    for (w, _, t_id), var in draw.items():
        if not drawable(rows[w], lots.spans[t_id]):
            var.fix(0.0)
    for name, variable in (("filling", fill), ("drawing", draw)):
        field = "fill" if name == "filling" else "draw"

        def limit(_: Any, w: str, t_id: str, variable: Any = variable, field: str = field) -> Any:
            most = at(getattr(rows[w], field), lots.spans[t_id]) * lots.spans[t_id].years
            return total(path, (variable[w, label, t_id] for label in labels[w])) <= most

        limited = [(w, t) for w, t in by_time if at(getattr(rows[w], field), lots.spans[t]) is not None]
        if name == "drawing":  # what may not be drawn has no row, so that futures share one that opens later
            limited = [(w, t) for w, t in limited if drawable(rows[w], lots.spans[t])]
        setattr(block, name, Constraint(limited, rule=limit))

    for w, row in rows.items():
        owner = entity_of(instance, row.site)
        for t in spans:
            price = market_price(instance, row.material, t) or 0.0
            for label in labels[w]:
                ledger.post(row.site, row.material, label, t, -1.0, fill[w, label, t.id])
                ledger.post(row.site, row.material, label, t, 1.0, draw[w, label, t.id])
            half = at(row.storage, t) / 1000 * t.years / 2
            if half:
                ends = [(half, level[w, label, t.id]) for label in labels[w]]
                starts = (
                    [] if t.number == 0 else [(half, level[w, label, spans[t.number - 1].id]) for label in labels[w]]
                )
                held_at_start = half * row.opening if t.number == 0 else 0.0
                ledger.pay(row.holder, "", "storage", w, t, ends + starts, held_at_start, rows=(row,))
            if row.holder != owner and price:
                priced = (instance.row(Price, instance.row(Material, row.material).index),)
                filled = [(price, fill[w, label, t.id]) for label in labels[w]]
                drawn = [(price, draw[w, label, t.id]) for label in labels[w]]
                ledger.pay(row.holder, owner, "purchase", w, t, filled, rows=priced)
                ledger.pay(owner, row.holder, "purchase", w, t, drawn, rows=priced)


def terminal_worth(instance: Instance, row: Stockpile) -> float:
    """Value of a tonne at the end, k USD of the last period."""
    price = market_price(instance, row.material, periods(instance)[-1]) or 0.0
    return (row.terminal_value or 0.0) / 100 * price


def opening_label(instance: Instance, lots: Lots, row: Stockpile) -> str:
    """The label of what lies there at the start."""
    return lots.carried(row.material, label_text(parse_label(instance, row.label)))


def checks(instance: Instance) -> list[Issue]:
    """Levels that contradict each other, labels that are no rules, and what is not planned yet."""
    faults = []
    for row in instance[Stockpile]:
        for name in row.label:
            if name.lower() != CLEAN_TEXT and not known(instance, name):
                faults.append(
                    instance.issue(row, "label", f"{name} is not a rule", "write clean, or rules of the tab Rules")
                )
        if isinstance(row.maximum, int | float):
            for field, value in (("minimum", row.minimum), ("opening", row.opening), ("terminal", row.terminal or 0.0)):
                if isinstance(value, int | float) and value > row.maximum:
                    faults.append(
                        instance.issue(row, field, f"is above the maximum of {row.maximum:g} t", "correct one")
                    )
        if row.terminal_value is not None:
            if row.maximum is None:
                faults.append(
                    instance.issue(row, "maximum", "a stock with a terminal value needs a maximum", "give it")
                )
            if not instance.row(Material, row.material).index:
                message = "is a share of the market price, but the material has no price index"
                faults.append(instance.issue(row, "terminal_value", message, "give the material a Price index"))
            if row.terminal is not None:
                faults.append(
                    instance.issue(row, "terminal_value", "Terminal (t) is filled too", "fill one of the two")
                )
        if row.holder != entity_of(instance, row.site) and not instance.row(Material, row.material).index:
            message = (
                "the holder is not the site's party and trades at the market price, but the material has no price index"
            )
            faults.append(instance.issue(row, "holder", message, "give the material a Price index"))
        if row.target is not None and row.target_of is None:
            faults.append(instance.issue(row, "target_of", "whose use is not said", "name a site, country:XX or any"))
        if not row.label and row.opening:
            message = "blank: the opening stock is unproven and violates every rule"
            faults.append(instance.issue(row, "label", message, "write clean or the rules it violates", warning=True))
    return faults


def use_of(solution: Solution, row: Stockpile, t: Span) -> float:
    """Tonnes of a stock's material that its Target of uses in a period.

    What processes there take in and demands use of the material itself; if that is nothing, what demands there use
    of its elements: (contained oxide used) / (contained oxide in a tonne of the stock).
    """
    sites = select_sites(solution.instance, row.target_of) if row.target_of else frozenset()

    def sum_of(terms_of: Any, material: str) -> float:
        return sum(solution.total(terms_of(solution.path, site, material, t)) for site in sites)

    direct = sum_of(intake, row.material) + sum_of(used, row.material)
    held = contents(solution.instance)
    mine = held.get(row.material, {})
    if direct > 1e-6 or not mine:
        return direct
    final = sum(
        sum_of(used, material) * sum(content for element, content in elements.items() if element in mine)
        for material, elements in held.items()
    )
    return final / sum(mine.values())


def tabs(solution: Solution) -> list[Table]:
    """Levels, fills and draws by label, and the days of use that a stock covers."""
    instance = solution.instance
    table = Table(
        "Stockpiles",
        fields(
            "Stockpile", "Holder", "Site", "Material", "Label", "Period", ("Opening", "t"), ("Fill", "t"),
            ("Draw", "t"), ("Loss", "t"), ("Closing", "t"), ("Cover", "days"),
        ),
        "Each stock by label. Cover: closing level of all labels over the use of the material at Target of.",
    )  # fmt: skip
    level, fill, draw = (solution.values(f"stock.{name}") for name in ("level", "fill", "draw"))
    for row in instance[Stockpile]:
        w = row.stockpile
        labels = solution.lots.stock_labels(row)
        before = {
            label: row.opening if label == opening_label(instance, solution.lots, row) else 0.0 for label in labels
        }
        for t in periods(instance):
            closing = {label: level[w, label, t.id] for label in labels}
            use = use_of(solution, row, t) / t.years if row.target is not None else 0.0
            days = 365 * sum(closing.values()) / use if use > 1e-6 else None
            for label in labels:
                moved = before[label], fill[w, label, t.id], draw[w, label, t.id], closing[label]
                if any(moved):
                    lost = (1 - (1 - row.loss / 100) ** t.years) * before[label]
                    table.add(
                        w, row.holder, row.site, row.material, label, t.id, *moved[:3], lost, closing[label], days
                    )
            before = closing
    return [table]
