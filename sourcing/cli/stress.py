"""`sourcing stress`: outages and scenarios on what a plan commits to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    UNPROVEN,
    Dask,
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Report,
    Usage,
    Verbose,
    Workers,
    check_report,
    command,
    print_json,
    read_instance,
    report_path,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book, write_report
from sourcing.console import Progress, Talk

if TYPE_CHECKING:
    from sourcing.study.stress import Stress
    from sourcing.tables import Table

SHOWN = 12
"""Rows of a table on a terminal."""


class By(StrEnum):
    """What fails."""

    site = "site"
    country = "country"
    entity = "entity"
    lane = "lane"


@command
def stress(
    instance: InstancePath,
    level: Annotated[int, typer.Option(min=1, max=2, help="Outages of one, or of two at a time too.")] = 1,
    by: Annotated[By, typer.Option(help="What fails.")] = By.site,
    at: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="When it fails.", show_default="each period open to decisions")
    ] = None,
    months: Annotated[
        float, typer.Option(min=0.1, max=120.0, help="For how long, from the start of the period.")
    ] = 12.0,
    most: Annotated[int, typer.Option(min=2, metavar="N", help="How many of the most exposed are paired.")] = 40,
    scenarios: Annotated[bool, typer.Option(help="Try every active scenario too.")] = True,
    output: Output = None,
    report: Annotated[
        Report | None, typer.Option(help="Write a page with a picture too.", show_default="NAME.stress.html")
    ] = None,
    workers: Workers = 1,
    dask: Dask = "",
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search of the plan.")
    ] = 600.0,
    gap: Annotated[float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap of the plan.")] = 0.005,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Try outages one and two at a time, and the named scenarios, on what the plan commits to."""
    from sourcing.sheets import NoPlan
    from sourcing.solver import Options, solve_path
    from sourcing.study.stress import stress as test
    from sourcing.study.stress import when
    from sourcing.study.stress_tables import HEAT, headline, tables

    talk = Talk(quiet=quiet, verbose=verbose)
    check_report(report)
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    place = (output or files.plan_path(instance, "stress")).with_suffix(".html")
    page = report_path(report, place, instance, problem.name, force=force)
    try:
        when(problem, at or "")
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    with Progress(talk) as progress:
        options = Options(gap=gap, time_limit=time_limit, seed=seed, stop=progress.stop, tell=progress.tell)
        talk.say(f"Planning {problem.name}")
        plan = solve_path(problem, options=options)
        if plan.status in ("infeasible", "unbounded"):
            raise NoPlan(f"there is no plan to test: it is {plan.status} (`sourcing solve` says why)")
        found = test(
            plan, by=by.value, level=level, at=at or "", months=months, most=most,
            scenarios=None if scenarios else (), workers=workers, dask=dask, options=options,
        )  # fmt: skip
    made = tables(found)
    write_book(made, output, problem, "Stress test", talk, (HEAT,))
    pages = {}
    if page:
        from sourcing.report.study_pages import stress_page

        pages = write_report(stress_page(found), page, talk)
    if json:
        objects = {"_".join(table.title.lower().split()): as_objects(table) for table in made}
        told = {"status": plan.status, "objective_musd": plan.objective / 1000, "by": by.value, "months": months}
        seconds = {name: round(value, 3) for name, value in found.seconds.items()}
        print_json(told | {"headline": headline(found), **objects, "seconds": seconds} | pages)
    else:
        talk.result(_words(found, made, headline(found)))
    if plan.status != "optimal":
        talk.say("The plan that was tested is not proven within the gap (--time-limit)")
    talk.detail("  ".join(f"{name} {value:.1f} s" for name, value in found.seconds.items()))
    return 0 if plan.status == "optimal" else UNPROVEN


def _words(found: Stress, made: list[Table], first: str) -> str:
    named = {table.title: table for table in made}
    kind, told = (
        found.by.capitalize(),
        ("Cost", "Short", "Short under rules", "Served", "First short after", "Recovered after"),
    )
    parts = [
        console.wrapped(first),
        f"Exposure: a {found.by} out for {found.months:g} months from its worst period",
        as_text(named["Exposure"], kind, "Worst from", *told, "Hits most", most=SHOWN),
    ]
    if named["Heat map"].rows:
        parts += ["Tonnes short more, by the period in which it comes", as_text(named["Heat map"], most=SHOWN)]
    if "Outages of two" in named:
        parts += ["Outages of two", as_text(named["Outages of two"], kind, "And", "From", *told, most=SHOWN)]
    if "Scenarios" in named:
        parts += ["Scenarios", as_text(named["Scenarios"], "Scenario", "From", *told, "Hits most")]
    return "\n\n".join(parts)
