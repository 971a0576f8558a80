"""`sourcing alternatives`: plans that cost little more than the cheapest and differ from it most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    UNPROVEN,
    AskedView,
    Debug,
    Force,
    InstancePath,
    Json,
    Quiet,
    Threads,
    Verbose,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book
from sourcing.console import Progress, Talk

SHOWN = ("Plan", "Cost", "Over", "Short", "Suppliers", "Covered", "Stock", "Alike")
"""Figures that a terminal shows."""


@command
def alternatives(
    instance: InstancePath,
    within: Annotated[
        float, typer.Option(min=1e-6, max=1.0, metavar="SHARE", help="What a plan may cost more than the cheapest.")
    ] = 0.01,
    view: AskedView = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Workbook of the tables.", show_default="NAME.alternatives.xlsx"
        ),
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap within which the cheapest plan is proven.")
    ] = 0.005,
    time_limit: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="Time for the cheapest plan; each other has a minute at most."),
    ] = 600.0,
    threads: Threads = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Plans almost as cheap as the best: fewest suppliers, least from covered countries, most stock, most different."""
    from sourcing.solver import Options
    from sourcing.study.alternatives import alternatives as look
    from sourcing.study.alternatives_tables import tables

    talk = Talk(quiet=quiet, verbose=verbose)
    problem = read_instance(instance, talk)
    target = output or files.plan_path(instance, "alternatives")
    check_book(target, instance, force=force)
    talk.say(f"Solving {problem.name}, and looking beside the cheapest plan")
    with Progress(talk) as progress:
        options = Options(gap=gap, time_limit=time_limit, threads=threads, stop=progress.stop, tell=progress.tell)
        found = look(problem, within, view=view and view.value, options=options)
    figures, *shown = tables(found)
    write_book(shown, target, problem, "Alternatives", talk)
    sentences = shown[1]
    if json:
        told = {"status": found.best.status, "within": within, "most_musd": found.most, "notes": found.notes}
        words = {name: text for name, text in sentences.rows if name != "Note"}
        plans = [row | {"words": words[row["plan"]]} for row in as_objects(figures)]
        print_json(told | {"plans": plans} | {table.title.lower(): as_objects(table) for table in shown[2:]})
    else:
        lines = [console.wrapped(f"{name}: {text}", first="- ", rest="  ") for name, text in sentences.rows]
        talk.result("\n\n".join([console.wrapped(figures.about), as_text(figures, *SHOWN), "\n".join(lines)]))
    return 0 if found.best.status == "optimal" else UNPROVEN
