"""`sourcing bankability`: the lowest floor that carries a project."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sourcing import console
from sourcing.cli.shared import (
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Usage,
    Verbose,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book
from sourcing.console import Progress, Talk

if TYPE_CHECKING:
    from sourcing.instance import Instance
    from sourcing.study.bankability_tables import Bankability
    from sourcing.tables import Table

MOST_LEVELS = 1000


class Over(StrEnum):
    """Over which outlooks a project must be carried."""

    each = "each"
    expected = "expected"
    cvar = "cvar"


@command
def bankability(
    instance: InstancePath,
    project: Annotated[str, typer.Option("--project", metavar="ID", help="Row of Projects; a group is judged as one.")],
    floors: Annotated[
        str, typer.Option(metavar="FROM:TO:STEP", help="Menu of levels, USD/kg, from which one is chosen.")
    ] = "60:160:5",
    material: Annotated[
        str | None,
        typer.Option(metavar="ID", help="What the floor is for.", show_default="the output that could bring most"),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(metavar="INDEX", help="Index that the floor is measured by.", show_default="what it sells at"),
    ] = None,
    price: Annotated[
        str | None,
        typer.Option(metavar="INDEX", help="Index at which the material is sold.", show_default="the material's"),
    ] = None,
    first: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="First period of the floor.", show_default="the first output")
    ] = None,
    last: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="Last period of the floor.", show_default="the horizon's last")
    ] = None,
    volume: Annotated[
        float | None, typer.Option(min=0.0, metavar="T/Y", help="Most output that counts.", show_default="all")
    ] = None,
    upside_share: Annotated[
        float, typer.Option(min=0.0, max=100.0, metavar="PERCENT", help="The treasury's part of higher prices.")
    ] = 0.0,
    upside_from: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="USD/KG", help="Benchmark above which it gets that.", show_default="the floor"),
    ] = None,
    test: Annotated[
        Over, typer.Option(help="Carried in each outlook, on average, or on average over the worst share (CVaR level).")
    ] = Over.each,
    dscr: Annotated[float, typer.Option(min=0.0, help="Least cash over debt service in a tested year.")] = 1.0,
    grace: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="YEARS", help="Years on line before that holds.", show_default="the ramp"),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="When it is started.", show_default="the first that may be")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Also plan with the project and without it: what it saves (minutes).")
    ] = False,
    output: Output = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads of the plans; 0 is all cores.")] = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """The lowest floor that carries a project over the price outlooks, and what it costs and saves."""
    from sourcing.sheets import NoPlan
    from sourcing.study.bankability import Hurdle, Terms, case
    from sourcing.study.bankability_tables import judge

    talk = Talk(quiet=quiet, verbose=verbose)
    levels = _levels(floors)
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    try:
        begin, end = _limit(problem, "--first", first)[0], _limit(problem, "--last", last)[1]
        if begin >= end:
            raise Usage(f"--first {first} is not before --last {last}")
        terms = Terms(
            material or "", benchmark or "", begin, end, upside_share, upside_from, volume=volume, sold_at=price or ""
        )
        found = case(problem, project, terms, start=start or "", test=Hurdle(test.value, dscr, grace, _tail(problem)))
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    result = judge(found, levels)
    tables = result.tables
    if plan:
        from sourcing.solver import Options
        from sourcing.study.without import with_and_without

        with Progress(talk) as progress:
            options = Options(threads=threads, stop=progress.stop, tell=progress.tell)
            try:
                tables.append(with_and_without(problem, found.group, found.start, options=options))
            except NoPlan as fault:  # the floor stands all the same
                talk.error(str(fault))
    write_book(tables, output, problem, "Bankability", talk)
    if json:
        print_json(_object(result, tables))
    else:
        talk.result(_words(result, tables))
    return 0 if result.exact is not None else NoPlan.exit_code


def _levels(text: str) -> tuple[float, ...]:
    """The levels of `60:160:5`: both ends, and every step between."""
    import math

    parts = text.split(":")
    try:
        low, high, step = (float(part) for part in parts)
    except ValueError:
        raise Usage(f"--floors {text}: write FROM:TO:STEP in USD/kg, as 60:160:5") from None
    if not (0 <= low <= high and step > 0 and all(map(math.isfinite, (low, high, step)))):
        raise Usage(f"--floors {text}: FROM may not be above TO or below 0, and STEP must be above 0")
    count = math.floor((high - low) / step + 1e-9) + 1
    if count > MOST_LEVELS:
        raise Usage(f"--floors {text}: {count:,} levels, and {MOST_LEVELS:,} are the most: write a wider step")
    return tuple(low + step * k for k in range(count))


def _tail(problem: Instance) -> float:
    from sourcing.components.horizon import settings

    return 1 - settings(problem).cvar_level / 100


def _limit(problem: Instance, option: str, text: str | None) -> tuple[float, float]:
    """Start and end of the period that an option names; all time if it is not given."""
    import math

    if text is None:
        return -math.inf, math.inf
    from sourcing.components.horizon import periods, span_limits

    limits = span_limits(problem, text)
    if limits is None:
        spans = periods(problem)
        raise ValueError(f"{option} {text} is neither a period ({spans[0].id} to {spans[-1].id}) nor a calendar span")
    return limits


# ------------------------------------------------------------------------------------------------ words


def _words(result: Bankability, tables: list[Table]) -> str:
    """The answer, what it costs, the outlooks, the years of the closest one, and the floors in force."""
    found, level = result.case, result.floor or 0.0
    named = {table.title: table for table in tables}
    test, outlook = found.binding(level)
    shown = [("Project", ", ".join(row.project for row in found.group) + result.when)]
    shown.append(("Floor on", f"{found.terms.material}, measured by {found.terms.benchmark}, {result.dates}"))
    if result.exact is not None:
        menu = f"{result.chosen:g} USD/kg" if result.chosen is not None else "no level carries the project"
        menu = menu if result.exact else "none is needed"
        shown.append((f"Of the menu {result.levels[0]:g} to {result.levels[-1]:g}", menu))
    shown.append(("Closest to failing", f"{test} in {outlook}"))
    paid, got = (part / 1000 for part in found.treasury(level))
    upside = f" and gets {got:,.1f}" if got else ""
    shown.append(("Treasury", f"pays {paid:,.1f} M USD{upside} (expected, discounted)"))
    if saved := named.get("With and without"):
        parts = [f"{row['What'].lower()} {row['Saves']:,.1f}" for row in saved.records()]
        shown.append(("The project saves", f"M USD, discounted: {', '.join(parts)} ({saved.rows[0][-1]})"))
    else:
        shown.append(("Buyers", "pay the market price with and without a floor; --plan tells what the project saves"))
    years = replace(named["Cash"], rows=[row for row in named["Cash"].rows if row[0] == outlook])
    reach = ("Treasury gets",) if got else ()
    parts = [
        console.wrapped(result.headline),
        console.facts(shown),
        "\n".join(console.wrapped(note, first="! ", rest="  ") for note in result.notes),
        as_text(named["Outlooks"], "Outlook", "Probability", "On line", "Lowest DSCR", "NPV", "Treasury pays", *reach),
        f"{outlook}, at {level:,.2f} USD/kg" if result.floor else f"{outlook}, without a floor",
        as_text(years, "Period", "Price", "Counted", "Top-up", "Cash", "Debt service", "DSCR", "Tested"),
    ]
    if named["Floors in force"].rows:
        told = "Floor", "Level", "To", "Covers it", "Would carry it", "Payer pays"
        parts += ["Floors in force on this material", as_text(named["Floors in force"], *told)]
    parts.append("All columns, every outlook and the menu: -o FILE.xlsx or --json")
    return "\n\n".join(part for part in parts if part)


def _object(result: Bankability, tables: list[Table]) -> dict[str, Any]:
    found, level = result.case, result.floor or 0.0
    paid, got = (part / 1000 for part in found.treasury(level))
    test, outlook = found.binding(level)
    return {
        "project": [row.project for row in found.group], "start": found.start or None,
        "material": found.terms.material, "benchmark": found.terms.benchmark, "test": found.test.test,
        "dscr": found.test.dscr, "floor_usd_per_kg": result.floor, "exact_usd_per_kg": result.exact,
        "menu_usd_per_kg": result.chosen, "needs_floor": result.exact != 0, "treasury_pays_musd": paid,
        "treasury_gets_musd": got, "closest": {"test": test, "outlook": outlook}, "notes": result.notes,
        "headline": result.headline,
    } | {table.title.lower().replace(" ", "_"): as_objects(table) for table in tables}  # fmt: skip
