"""`sourcing frontier`: cost against risk."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    UNPROVEN,
    AskedView,
    Dask,
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Report,
    Threads,
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


class Risk(StrEnum):
    """What is to be less."""

    cvar = "cvar"
    shortage = "shortage"
    concentration = "concentration"


class Stage(StrEnum):
    """Whose concentration counts."""

    separation = "separation"
    metal = "metal"
    alloy = "alloy"
    magnet = "magnet"


@command
def frontier(
    instance: InstancePath,
    points: Annotated[int, typer.Option(min=2, max=101, help="Plans from the least risky to the cheapest.")] = 11,
    risk: Annotated[
        Risk, typer.Option(help="Mean cost of the worst futures, tonnes short, or how few countries make it.")
    ] = Risk.cvar,
    stage: Annotated[Stage, typer.Option(help="Stage whose concentration counts.")] = Stage.magnet,
    scenarios: Annotated[
        bool, typer.Option("--scenarios", help="Expected shortage over all active scenarios (cvar always is).")
    ] = False,
    view: AskedView = None,
    output: Output = None,
    report: Annotated[
        Report | None, typer.Option(help="Write a page with a picture too.", show_default="NAME.frontier.html")
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap to which each plan is proven, if it can be.")
    ] = 1e-4,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for each plan; one begun is finished.")
    ] = 120.0,
    threads: Threads = 0,
    workers: Workers = 1,
    dask: Dask = "",
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """What less risk costs: the plans that no other beats in both, the knee, and what changes between them."""
    from sourcing.solver import Options
    from sourcing.study.frontier import frontier as sweep
    from sourcing.study.frontier_tables import tables

    talk = Talk(quiet=quiet, verbose=verbose)
    check_report(report)
    if scenarios and risk == Risk.concentration:
        raise Usage("--scenarios: concentration is measured on the tables as they stand")
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    place = (output or files.plan_path(instance, "frontier")).with_suffix(".html")
    page = report_path(report, place, instance, problem.name, force=force)
    with Progress(talk) as progress:
        options = Options(gap=gap, time_limit=time_limit, threads=threads, stop=progress.stop, tell=progress.tell)
        found = sweep(
            problem,
            risk.value,
            points,
            stage=stage.value,
            scenarios=scenarios,
            view=view and view.value,
            options=options,
            workers=workers,
            dask=dask,
        )
    shown, code = tables(found), 0 if found.proven(gap) else UNPROVEN
    write_book(shown, output, problem, "Frontier", talk)
    pages = {}
    if page:
        from sourcing.report.study_pages import frontier_page

        pages = write_report(frontier_page(found), page, talk)
    if json:
        knee = found.knee
        print_json(
            {"risk": found.measure, "unit": found.unit, "knee": None if knee is None else knee + 1,
             "dropped": found.dropped}
            | {table.title.lower(): as_objects(table) for table in shown}
            | pages
        )  # fmt: skip
        return code
    parts = [console.wrapped(shown[0].about), as_text(shown[0])]
    if len(found.points) == 1:
        parts.append(f"The cheapest plan has the least {found.measure}: there is nothing to weigh.")
    if shown[1].rows:
        parts.append(as_text(shown[1], most=30))
    talk.result("\n\n".join(parts))
    if code:
        talk.say(f"Not every plan is proven within {100 * gap:g} %: see Gap (--time-limit, --gap)")
    return code
