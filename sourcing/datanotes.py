"""Data notes: what a reader of a plan should know about its data: warnings, estimates, age, switches, and the scope."""

from __future__ import annotations

from sourcing.components import TAB_ORDER
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.positions import is_estimate
from sourcing.sheets import TABS
from sourcing.tables import Table, fields


def data_notes(instance: Instance) -> Table:
    """What a reader of the plan should know about its data."""
    table = Table(
        "Data notes", fields("Kind", "Where", "Note"), "Warnings of the check, estimates, and what is left out."
    )
    for issue in instance.warnings:
        value = f" ({issue.value})" if issue.value else ""
        table.add("warning", issue.where, f"{issue.column}{value}: {issue.message}".lstrip(": "))
    for tab in TAB_ORDER:
        rows = [row for row in instance.all(TABS[tab]) if row.active]
        guessed = sum(is_estimate(instance, row) for row in rows) if tab != Source.tab else 0
        if guessed:
            table.add("estimate", tab, f"{guessed} of {len(rows)} rows rest on an estimate")
    dates = sorted(row.date for row in instance[Source] if row.date)
    if dates:
        table.add("age", "Sources", f"sources were published or looked up between {dates[0]} and {dates[-1]}")
    for switch in instance.switches:
        tab = switch.partition("set ")[2].partition("[")[0] if switch.startswith("set ") else "Rules"
        table.add("switched", tab, f"planned with --{switch}, which differs from the instance as it stands")
    table.add("scope", "", "A future is planned with foresight from where it parts; without --scenarios there is one.")
    table.add(
        "scope", "", "Blended units are clean or not for a whole period, no campaigns; iron and boron are not traced."
    )
    table.add("scope", "", "This is a plan and no evidence about actual lots: planned clean never means certified.")
    table.add("scope", "", "Prices are data: the effect of floors and purchases on market prices is outside the model.")
    return table
