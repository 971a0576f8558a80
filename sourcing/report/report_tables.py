"""Tables of the report: the plan's tabs, summed to what a reader of a page wants to see.

Money is in M USD, mass in tonnes. A last row `All` sums the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sourcing.components.horizon import periods
from sourcing.ledger import VALUE_KINDS
from sourcing.plan import Plan
from sourcing.report.findings import NOTICEABLE, Record, material_name, records, site_name, sums
from sourcing.tables import Table, fields, total
from sourcing.verdict import first_open

MOST = 60
"""Lines of who supplies whom, those of most tonnes."""


def supplies(plan: Plan) -> Table:
    """Who ships what to whom under what, over all periods and in the first that is open; moves inside a party aside."""
    now = first_open(plan.instance)
    table = Table(
        "Largest supplies",
        fields("From", "To", "Material", "Under", (f"In {now}", "t"), ("All periods", "t"), ("Mean price", "USD/kg")),
    )
    groups: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for row in records(plan, "Sourcing"):
        if row["Under"] != "inside" and row["Flow"] > NOTICEABLE:
            groups[row["From"], row["To"], row["Material"], row["Under"]].append(row)
    size = {key: total(row["Flow"] for row in rows) for key, rows in groups.items()}
    for key in sorted(groups, key=lambda key: -size[key])[:MOST]:
        seller, buyer, material, under = key
        priced = [row for row in groups[key] if row["Price"] is not None]
        tonnes = total(row["Flow"] for row in priced)
        mean = total(row["Price"] * row["Flow"] for row in priced) / tonnes if tonnes else None
        table.add(
            site_name(plan.instance, seller), site_name(plan.instance, buyer), material_name(plan.instance, material),
            under, total(row["Flow"] for row in groups[key] if row["Period"] == now), size[key], mean,
        )  # fmt: skip
    table.about = "Shipments between parties, at the price at the seller’s gate, weighed by tonnes."
    if rest := len(groups) - len(table.rows):
        table.about += f" {rest:,} smaller lines stand on the tab Sourcing of the plan workbook."
    return table


def rules(plan: Plan) -> list[Table]:
    """What each customer gets under each rule that it asks for, and what each rule costs."""
    table = Table(
        "Verdicts by rule that is asked for",
        fields(
            "Customer", "Rule version", ("Delivered", "t"), ("Planned clean, documented", "t"),
            ("Planned clean, on estimates", "t"), ("Not clean", "t"), "Verdict",
        ),
        "Planned clean: by the plan no stage that counts is done in a covered place. A plan, and no evidence about "
        "actual lots.",
    )  # fmt: skip
    groups: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in records(plan, "Rules met"):
        if row["Asked"] == "yes":
            groups[row["Customer"], row["Rule version"]].append(row)
    for (customer, rule), rows in groups.items():
        sizes = [total(row[name] for row in rows) for name in ("Tonnes", "Documented", "Estimates", "Not clean")]
        beyond = any((row["Margin"] or 0.0) < -1e-3 for row in rows)
        said = "nothing delivered" if sizes[0] <= NOTICEABLE else "planned clean"
        if sizes[3] > NOTICEABLE:
            said = "not clean, beyond tolerance and waiver" if beyond else "not clean, within tolerance and waiver"
        elif sizes[2] > NOTICEABLE:
            said += " (rests on estimates)"
        table.add(site_name(plan.instance, customer), rule, *sizes, said)
    return [table, _prices(plan)]


def _prices(plan: Plan) -> Table:
    made = fields(
        "Rule", ("Cost with", "M USD"), ("Cost without", "M USD"), ("Price of the rule", "M USD"), ("Short with", "t"),
        ("Short without", "t"), ("Premium", "USD/kg"), "Compared", "What would help",
    )  # fmt: skip
    table = Table("What the rules cost", made, "Cost and shortage with each rule and without it.")
    names = [field.name.replace(" of the rule", "") for field in made]
    for row in records(plan, "Price of rules"):
        table.add(*(row[name] for name in names))
    return table


def ledger(plan: Plan) -> list[Table]:
    """Cost by kind, and what every party earns and pays."""
    first = periods(plan.instance)[0].id
    by_kind = Table(
        "Cost by kind",
        fields("Kind", ("Counts", "M USD"), ("Share of what is paid", "%")),
        f"Discounted to the start of {first}, as it counts in the objective of the {plan.view} view.",
    )
    kinds = sums(records(plan, "Costs"), lambda row: row["Kind"], "Counts")
    paid = total(amount for kind, amount in kinds.items() if kind not in VALUE_KINDS)
    for kind in sorted(kinds, key=lambda kind: -abs(kinds[kind])):
        if kinds[kind]:
            value = kind in VALUE_KINDS
            share = None if value or not paid else 100 * kinds[kind] / paid
            by_kind.add(f"{kind} (value: nobody pays it)" if value else kind, kinds[kind], share)
    if by_kind.rows:
        by_kind.add("All", total(kinds.values()), None)
    names = ("Name", "Role", "Earns", "Pays", "Net", "Margin", "Flag")
    tab = plan.tabs.get("Parties")
    if tab is None:
        return [by_kind]
    units = {field.name: field.unit for field in tab.fields}
    people = Table("Who gains and who loses", fields(*((name, units[name]) for name in names)), tab.about)
    for row in sorted(tab.records(), key=lambda row: -abs(row["Net"] or 0.0)):
        people.add(*(row[name] for name in names))
    return [by_kind, people]


def floors(plan: Plan) -> Table:
    """What each floor pays over all periods, by payer and payee."""
    table = Table(
        "Floors",
        fields(
            "Floor", "Kind", "Material", "Payer", "Payee", ("Counted", "t"), ("Top-up", "M USD"), ("Upside", "M USD")
        ),
        "Sums of all periods, undiscounted.",
    )
    people = {row["Party"]: row["Name"] or row["Party"] for row in records(plan, "Parties")}
    groups: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for row in records(plan, "Floors"):
        groups[row["Floor"], row["Kind"], row["Material"], row["Payer"] or "", row["Payee"] or ""].append(row)
    for (floor, kind, material, payer, payee), rows in groups.items():
        named = ["; ".join(people.get(party, party) for party in cell.split("; ")) for cell in (payer, payee)]
        amounts = [total(row[name] for row in rows) for name in ("Counted", "Top-up", "Upside")]
        table.add(floor, kind, material_name(plan.instance, material), *named, *amounts)
    return table


def run(plan: Plan, seconds: Mapping[str, float] | None) -> Table:
    """The facts of the run, with the times of the work."""
    table = Table("Facts of the run", fields("Item", "Value"))
    told = set()
    for row in records(plan, "Run"):
        if not row["Item"].startswith("Audit: "):  # each check: the workbook has them
            table.add(row["Item"], row["Value"])
        told.add(row["Item"])
    for step, value in (seconds or {}).items():
        if (item := f"Time to {step} (s)") not in told:
            table.add(item, round(value, 2))
    return table
