"""`sourcing verify`: a plan re-checked from two files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sourcing import console
from sourcing.cli.shared import (
    Debug,
    Json,
    Quiet,
    Usage,
    Verbose,
    command,
    existing,
    print_json,
    read_instance,
)
from sourcing.console import Talk
from sourcing.sheets import AuditFailed

if TYPE_CHECKING:
    pass


@command
def verify(
    plan: Annotated[Path, typer.Argument(metavar="PLAN.xlsx", help="Plan workbook that `solve` wrote.")],
    instance: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="INSTANCE",
            help="What was planned.",
            show_default="the instance beside it that it names",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Re-check a plan from its workbook and its instance alone, without the solver."""
    from sourcing.verify import instances_beside
    from sourcing.verify import verify as recompute
    from sourcing.workbook.planbook import read_plan_book

    talk = Talk(quiet=quiet, verbose=verbose)
    book = read_plan_book(existing(plan))
    if instance is None:
        beside = instances_beside(plan, book.run.get("Instance"))
        if len(beside) != 1:
            found = " and ".join(f"'{place}'" for place in beside)
            what = (
                f"{found} stand beside it" if beside else f"no instance '{book.run.get('Instance')}' stands beside it"
            )
            raise Usage(f"what is it a plan of? {what}: name it with --against INSTANCE")
        instance = beside[0]
        talk.say(f"Against {instance}")
    verified = recompute(book, read_instance(instance, talk))
    if json:
        print_json({"plan": str(plan), "against": str(instance)} | verified.as_dict())
    elif not quiet or not verified.passed:
        talk.result(console.verification(str(plan), str(instance), verified, sys.stdout, brief=quiet))
    return 0 if verified.passed else AuditFailed.exit_code
