"""`sourcing tornado`: which guess moves cost, shortage or the first decisions most."""

from __future__ import annotations

from typing import Annotated

import typer

from sourcing import console
from sourcing.cli.shared import (
    UNPROVEN,
    AskedView,
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Threads,
    Verbose,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book
from sourcing.console import Progress, Talk

SHOWN = ("Figure", "Cell", "Cost if low", "Cost if high", "Short if low", "Short if high")


@command
def tornado(
    instance: InstancePath,
    top: Annotated[int, typer.Option(min=1, help="Figures that are solved and shown.")] = 20,
    change: Annotated[
        float, typer.Option(min=0.1, max=100.0, metavar="PERCENT", help="How far each is changed, down and up.")
    ] = 20.0,
    by_confidence: Annotated[
        bool, typer.Option("--by-confidence", help="Low confidence by 30 %, and medium too, by 15 %.")
    ] = False,
    decisions: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="For the first N, look for other decisions (2 minutes each at most)."),
    ] = 3,
    lead_times: Annotated[
        bool, typer.Option("--lead-times/--no-lead-times", help="Lead times too; each is built anew.")
    ] = True,
    view: AskedView = None,
    output: Output = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the plan, and for each other one.")
    ] = 600.0,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap within which the plan is proven.")
    ] = 0.005,
    threads: Threads = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Which estimates move the plan most: each changed by itself, down and up."""
    from sourcing.sheets import NoPlan
    from sourcing.solver import Options, solve_path
    from sourcing.study.tornado import SAME, as_table
    from sourcing.study.tornado import tornado as ask

    talk = Talk(quiet=quiet, verbose=verbose)
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    talk.say(f"Solving {problem.name}")
    with Progress(talk) as progress:
        options = Options(gap=gap, time_limit=time_limit, threads=threads, stop=progress.stop, tell=progress.tell)
        solution = solve_path(problem, view=view and view.value, options=options)
        if solution.status not in ("optimal", "feasible"):
            raise NoPlan(f"no plan exists ({solution.status}): `sourcing solve {instance}` tells why")
        swings = ask(
            solution,
            top=top,
            change=None if by_confidence else change,
            decisions=decisions,
            lead_times=lead_times,
            options=options,
        )
    table = as_table(solution, swings)
    write_book([table], output, problem, "Tornado", talk)
    changed = [
        f"{row['Figure']}, {side}: {row[f'Decisions if {side}']}"
        for row in table.records()
        for side in ("low", "high")
        if not (row[f"Decisions if {side}"] or SAME).startswith(SAME)
    ]
    if json:
        print_json(
            {
                "status": solution.status, "objective_musd": solution.objective / 1000,
                "bound_musd": solution.bound / 1000, "change": "by confidence" if by_confidence else change,
                "figures": as_objects(table),
            }
        )  # fmt: skip
    else:
        parts = [console.wrapped(table.about), as_text(table, *SHOWN)]
        if changed:
            told = "\n".join(console.wrapped(line, first="- ", rest="  ") for line in changed)
            parts.append(f"First decisions that would change\n{told}")
        elif decisions:
            parts.append(f"First decisions: none would change with the first {min(decisions, len(swings))}.")
        parts.append("All columns: -o FILE.xlsx or --json")
        talk.result("\n\n".join(parts))
    return 0 if solution.status == "optimal" else UNPROVEN
