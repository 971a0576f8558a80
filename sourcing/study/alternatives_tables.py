"""What alternatives show: figures side by side, what each does differently in words, decisions and flows that differ.

Every figure is read from the plans' own tabs.
"""

from __future__ import annotations

from collections import defaultdict

from sourcing.comparison import NOISE, sums, taken
from sourcing.components.horizon import periods
from sourcing.components.places import Site
from sourcing.components.rules import CLEAN_TEXT, Rule
from sourcing.components.stock import Stockpile
from sourcing.components.trade import market_price
from sourcing.plan import Plan
from sourcing.study.alternatives import BEST, COVERED, DIFFERENT, STOCK, SUPPLIERS, Alternative, Alternatives
from sourcing.study.concentration import ALL, STAGES, concentration, squares
from sourcing.tables import Table, fields, total
from sourcing.verdict import money_text

FLOWS = 100
"""Flows that are listed, those that differ most."""

NAMED = 3
"""Sites that a sentence names."""

PLANS, SIDE, WORDS, DECISIONS, FLOW = "Alternatives", "Side by side", "In words", "Decisions", "Flows"
"""Titles of the tables."""


def tables(found: Alternatives) -> list[Table]:
    """The figures a row a plan, the same side by side, in words, decisions and flows that differ."""
    figures = plans(found)
    return [figures, side_by_side(figures), words(found), decisions(found), flows(found)]


def plans(found: Alternatives) -> Table:
    """One row a plan: its figures."""
    indices = {name: _indices(plan) for name, plan in found.plans.items()}
    listed = [stage for stage in STAGES if any(stage in index for index in indices.values())]
    table = Table(
        PLANS,
        fields(
            "Plan", ("Cost", "M USD"), ("Over", "%", "above the cheapest"), ("Dearer", "M USD", "the same in money"),
            ("Short", "t"),
            ("Suppliers", "", "sites that ship anything to another site"),
            ("Covered", "%", "of what is delivered: its label tells of a covered country"), ("Covered tonnes", "t"),
            ("Stock", "M USD", "value of what stockpiles hold, mean of the horizon at market prices"),
            ("Decisions differ", "", "what is signed, built and qualified otherwise than in the cheapest"),
            ("Alike", "%", "tonnes of the cheapest that go from the same site to the same here"),
            ("Largest share", "%", "of what customers get, of the site that ships most of it"),
            ("HHI of suppliers", "0-10,000", "of the sites that ship to customers"),
            *((f"HHI of {stage}", "0-10,000", "of countries, by what is delivered") for stage in listed),
        ),
        f"Plans that cost at most {100 * found.within:g} % more than the cheapest, {found.most:,.1f} M USD, and leave "
        "nobody shorter. Cost is discounted, with the value of what is short.",
    )  # fmt: skip
    for name, plan in found.plans.items():
        over, served = plan.objective - found.best.objective, served_by(plan)
        whole, covered = total(plan.tabs["Deliveries"].column("Delivered")), covered_tonnes(plan)
        table.add(
            name, plan.objective, 100 * over / max(abs(found.best.objective), 1e-9), over,
            total(plan.tabs["Demand"].column("Short")), len(suppliers(plan)), 100 * covered / whole if whole else None,
            covered, mean_stock(plan), len(_changed(found.best, plan)), alike(found.best, plan),
            100 * max(served.values()) / sum(served.values()) if served else None,
            10_000 * squares(served) if served else None, *(indices[name].get(stage) for stage in listed),
        )  # fmt: skip
    return table


def side_by_side(figures: Table) -> Table:
    """One row a figure, one column a plan."""
    table = Table(SIDE, fields("Figure", "Unit", *figures.column("Plan"), "Meaning"), figures.about)
    for place, field in enumerate(figures.fields[1:], 1):
        table.add(field.name, field.unit, *(row[place] for row in figures.rows), field.meaning or None)
    return table


def words(found: Alternatives) -> Table:
    """What each plan does differently, a sentence each, and what is to be kept in mind."""
    table = Table(WORDS, fields("Plan", "What it does"), "Against the cheapest plan.")
    table.add(BEST, found.best.verdict)
    for other in found.others:
        table.add(other.name, sentence(found, other))
    for note in found.notes:
        table.add("Note", note)
    return table


def decisions(found: Alternatives) -> Table:
    """What is signed, built and qualified otherwise in one of the plans: when, in each."""
    table = Table(
        DECISIONS,
        fields("Kind", "Name", "Where", *found.plans),
        "Decisions that are not the same in all plans: the period in which each is taken, or no.",
    )
    of = {name: taken(plan.tabs["Decisions"]) for name, plan in found.plans.items()}
    keys = dict.fromkeys(key for each in of.values() for key in each)
    for key in sorted(keys):
        when = [each[key][0] if key in each else "no" for each in of.values()]
        if len(set(when)) > 1:
            where = next(each[key][2] for each in of.values() if key in each)
            table.add(*key, where, *when)
    return table


def flows(found: Alternatives) -> Table:
    """Tonnes from site to site that differ most between the plans, over the horizon."""
    of = [routes(plan) for plan in found.plans.values()]
    rows: list[tuple[tuple[str, str, str], list[float]]] = []
    for key in dict.fromkeys(key for each in of for key in each):
        tonnes = [each.get(key, 0.0) for each in of]
        if max(tonnes) - min(tonnes) >= NOISE["t"]:
            rows.append((key, tonnes))
    rows.sort(key=lambda row: (-round(max(row[1]) - min(row[1]), 6), row[0]))
    table = Table(
        FLOW,
        fields("From", "To", "Material", *((name, "t") for name in found.plans), ("Spread", "t", "largest less least")),
        f"What is shipped over the horizon where the plans differ, the widest first: {min(FLOWS, len(rows))} of "
        f"{len(rows):,} flows.",
    )
    for key, tonnes in rows[:FLOWS]:
        table.add(*key, *tonnes, max(tonnes) - min(tonnes))
    return table


# ------------------------------------------------------------------------------------------------ figures of a plan


def suppliers(plan: Plan) -> dict[str, float]:
    """Tonnes that each site ships over the horizon; those that ship something."""
    return {
        site: tonnes for (site,), tonnes in sums(plan.tabs["Sourcing"], "Flow", "From").items() if tonnes >= NOISE["t"]
    }


def routes(plan: Plan) -> dict[tuple[str, str, str], float]:
    """Tonnes by from, to and material over the horizon."""
    return sums(plan.tabs["Sourcing"], "Flow", "From", "To", "Material")


def served_by(plan: Plan) -> dict[str, float]:
    """Tonnes that customers get, by the site that ships to them."""
    found: dict[str, float] = defaultdict(float)
    customers = set(plan.tabs["Demand"].column("Customer"))
    for (site, to, _), tonnes in routes(plan).items():
        if to in customers and tonnes >= NOISE["t"]:
            found[site] += tonnes
    return dict(found)


def covered_tonnes(plan: Plan) -> float:
    """Tonnes delivered whose label tells that a rule is violated: content of a covered country, or unproven."""
    return total(row["Delivered"] for row in plan.tabs["Deliveries"].records() if row["Label"] != CLEAN_TEXT)


def mean_stock(plan: Plan) -> float:
    """What stockpiles are worth at market prices, M USD on average over the horizon; without a price they are not."""
    spans = {t.id: t for t in periods(plan.instance)}
    held = 0.0
    for row in plan.tabs["Stockpiles"].records():
        t = spans[row["Period"]]
        material = plan.instance.row(Stockpile, row["Stockpile"]).material
        price = market_price(plan.instance, material, t) or 0.0
        held += price * t.years * (row["Opening"] + row["Closing"]) / 2
    return held / sum(t.years for t in spans.values()) / 1000


def alike(best: Plan, plan: Plan) -> float | None:
    """Σ min(tonnes in both) / Σ tonnes in the best, over routes (%)."""
    before, after = routes(best), routes(plan)
    whole = sum(before.values())
    return 100 * sum(min(tonnes, after.get(key, 0.0)) for key, tonnes in before.items()) / whole if whole else None


def _indices(plan: Plan) -> dict[str, float]:
    """HHI by country of each stage over the horizon."""
    rows = concentration(plan)[0].records()
    return {row["Stage"]: row["HHI"] for row in rows if row["By"] == "country" and row["Period"] == ALL}


def _changed(best: Plan, plan: Plan) -> dict[tuple[str, str], tuple[str, str]]:
    """Decisions that are not as in the best: when in the best, and when in the plan."""
    before, after = taken(best.tabs["Decisions"]), taken(plan.tabs["Decisions"])
    pairs = {key: (before[key][0] if key in before else "no", after[key][0] if key in after else "no")
             for key in {**before, **after}}  # fmt: skip
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


# ------------------------------------------------------------------------------------------------ words


def sentence(found: Alternatives, other: Alternative) -> str:
    """What a plan does differently from the best, at what cost."""
    best, plan = found.best, other.plan
    over = plan.objective - best.objective
    share = 100 * over / max(abs(best.objective), 1e-9)
    changed, moved = _changed(best, plan), _shift(best, plan)
    parts = [f"{_WHAT[other.name](best, other)}, for {money_text(over)} ({share:.2f} %) more"]
    parts.append(f"{_count(len(changed), 'decision')} {'differs' if len(changed) == 1 else 'differ'}")
    if moved:
        (origin, to, material), tonnes = moved
        parts.append(f"most moved is {material} from {_name(plan, origin)} to {_name(plan, to)} ({tonnes:+,.0f} t)")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _suppliers(best: Plan, other: Alternative) -> str:
    before, after = suppliers(best), suppliers(other.plan)
    gone, come = ([site for site in one if site not in two] for one, two in ((before, after), (after, before)))
    text = f"{_count(len(after), 'site')} {'ships' if len(after) == 1 else 'ship'}, not {len(before)}"
    if gone:
        text += f": without {_some(best, gone)}"
    return text + (f", with {_some(other.plan, come)}" if come else "")


def _covered(best: Plan, other: Alternative) -> str:
    codes = sorted({code for rule in best.instance[Rule] for code in rule.countries} - {"ZZ"})
    where = f"a covered country ({', '.join(codes)})" if codes else "a covered country"
    least = f" (no plan within the bound has less than {_tonnes(other.limit)})" if other.limit is not None else ""
    return (
        f"{_tonnes(covered_tonnes(other.plan))} of what is delivered holds content of {where}, "
        f"not {_tonnes(covered_tonnes(best))}{least}"
    )


def _stock(best: Plan, other: Alternative) -> str:
    most = f" (no plan within the bound more than {other.limit:,.1f})" if other.limit is not None else ""
    return f"stockpiles hold {mean_stock(other.plan):,.1f} M USD on average, not {mean_stock(best):,.1f}{most}"


def _different(best: Plan, other: Alternative) -> str:
    share = alike(best, other.plan)
    return f"{share or 0.0:.0f} % of what the cheapest plan ships goes the same way"


_WHAT = {SUPPLIERS: _suppliers, COVERED: _covered, STOCK: _stock, DIFFERENT: _different}


def _shift(best: Plan, plan: Plan) -> tuple[tuple[str, str, str], float] | None:
    """The route whose tonnes differ most from the best's, and by how much; None if none does."""
    before, after = routes(best), routes(plan)
    moved = [(after.get(key, 0.0) - before.get(key, 0.0), key) for key in {**before, **after}]
    tonnes, key = min(moved, key=lambda pair: (-round(abs(pair[0]), 6), pair[1]), default=(0.0, ("", "", "")))
    return (key, tonnes) if abs(tonnes) >= NOISE["t"] else None


def _some(plan: Plan, sites: list[str]) -> str:
    told = [_name(plan, site) for site in sites[:NAMED]]
    more = f" and {len(sites) - NAMED} more" if len(sites) > NAMED else ""
    return ", ".join(told) + more


def _name(plan: Plan, site: str) -> str:
    return plan.instance.row(Site, site).name or site


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _tonnes(value: float) -> str:
    return f"{value:,.1f} t"
