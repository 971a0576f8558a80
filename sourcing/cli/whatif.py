"""`sourcing whatif`: one change, and what it moves."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from sourcing import console
from sourcing.cli.compare import objects, words
from sourcing.cli.shared import (
    UNPROVEN,
    AskedView,
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Set,
    Threads,
    Usage,
    Verbose,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import check_book, write_book
from sourcing.console import Progress, Talk

_TIME = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|months?|y|years?)?\s*", re.IGNORECASE)


@command
def whatif(
    instance: InstancePath,
    edit: Set = None,
    off: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SITE",
            help="Close a site, unit, party, country:MY or lane a>b; SITE@2028 from then on, SITE@2028=6m for some "
            "months; repeatable.",
        ),
    ] = None,
    delay: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE=6m", help="Make a project, or those of a site, come later; repeatable."),
    ] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Keep the decisions of the plan.")] = False,
    view: AskedView = None,
    output: Output = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search of each plan.")
    ] = 600.0,
    gap: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            help="Gap within which both plans are proven.",
            show_default="0.0001; 0.005 in large models",
        ),
    ] = None,
    threads: Threads = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """One change (all options together), and what it moves: who gains, who loses, cost, shortage, and why."""
    from sourcing.comparison import headline
    from sourcing.solver import Options
    from sourcing.study.whatif import what_if

    talk = Talk(quiet=quiet, verbose=verbose)
    closed, delays = [_closed(text) for text in off or []], [_delayed(text) for text in delay or []]
    if not (edit or closed or delays):
        raise Usage("nothing changes: say what with --set, --off or --delay")
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    talk.say(f"Solving {problem.name}, as it stands and changed")
    with Progress(talk) as progress:
        options = Options(time_limit=time_limit, threads=threads, stop=progress.stop, tell=progress.tell)
        try:
            found = what_if(
                problem, edit or [], closed, delays, hold=hold, view=view and view.value, gap=gap, options=options
            )
        except ValueError as fault:
            raise Usage(str(fault)) from fault
    write_book(list(found.tables.values()), output, problem, "What if", talk)
    if json:
        plans = {
            name: {key: plan.summary()[key] for key in ("status", "objective_musd", "bound_musd", "gap", "short_t")}
            for name, plan in (("before", found.before), ("after", found.after))
        }
        told = {"changes": list(found.after.instance.switches), "compared": found.compared}
        print_json(told | {"headline": headline(found.tables)} | plans | objects(found.tables))
    else:
        talk.result(f"{words(found.tables)}\n\n{console.wrapped(found.compared)}")
    return 0 if found.proven else UNPROVEN


def _closed(text: str) -> tuple[str, str, float | None]:
    """`kuantan@2028=6m` as what, first period and months."""
    place, _, length = text.partition("=")
    what, _, first = place.partition("@")
    if not what.strip() or ("=" in text and not first.strip()):
        raise Usage(f"--off {text}: write SITE, SITE@2028 or SITE@2028=6m")
    return what.strip(), first.strip(), _months(text, length) if "=" in text else None


def _delayed(text: str) -> tuple[str, float]:
    what, _, length = text.partition("=")
    if not what.strip() or not length.strip():
        raise Usage(f"--delay {text}: write PROJECT=6m or SITE=1y")
    return what.strip(), _months(text, length)


def _months(text: str, length: str) -> float:
    found = _TIME.fullmatch(length)
    if found is None:
        raise Usage(f"{text}: '{length}' is no time: write 6m for months, 1y for years")
    return float(found[1]) * (12 if (found[2] or "m")[0].lower() == "y" else 1)
