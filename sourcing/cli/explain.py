"""`sourcing explain`: why there is no plan and what would make one possible, or what a site does in the plan."""

from __future__ import annotations

from time import perf_counter
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
    Threads,
    Usage,
    Verbose,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book
from sourcing.console import Progress, Talk
from sourcing.sheets import NoPlan, NoSolution

if TYPE_CHECKING:
    from sourcing.explain import Explanation
    from sourcing.explain.site import SiteAnswer
    from sourcing.instance import Instance


@command
def explain(
    instance: InstancePath,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="RULE", help="An id, or Tab[key], that may not give way; repeatable."),
    ] = None,
    why: Annotated[
        str, typer.Option("--why", metavar="SITE", help="Why this site is used, idle or cut off in the plan.")
    ] = "",
    output: Output = None,
    time_limit: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search.")] = 600.0,
    threads: Threads = 0,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Why there is no plan, and which rules would have to give way; or, of a plan, why a site is used or idle."""
    from sourcing.explain import kept_rules
    from sourcing.explain.site import known_site

    talk = Talk(quiet=quiet, verbose=verbose)
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    if keep and why:
        raise Usage("--keep is about an instance without a plan, --why about a site of a plan: give one of the two")
    try:
        kept_rules(problem, keep or [])
        site = known_site(problem, why) if why else ""
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    if site:
        answer = _site(problem, str(instance), site, time_limit, threads, talk)
        tables = [answer.flows]
        write_book(tables, output, problem, f"Why {site}", talk)
        if json:
            print_json(answer.as_dict())
        else:
            talk.result(_told(answer))
        return 0
    return _no_plan(problem, keep or [], time_limit, talk, output, as_json=json)


def _no_plan(problem: Instance, keep: list[str], time_limit: float, talk: Talk, output: Any, *, as_json: bool) -> int:
    from sourcing.arrays import compile_path
    from sourcing.explain import SECONDS
    from sourcing.explain import explain as look
    from sourcing.explain.elastic import OutOfTime
    from sourcing.explain.tight import state, tightest
    from sourcing.model import build

    talk.say(f"Looking for what stands in the way of {problem.name}")
    arrays = compile_path(build(problem))
    try:
        status, found = state(arrays, perf_counter() + time_limit)
    except OutOfTime as fault:
        raise NoSolution("whether there is a plan was not found in time (--time-limit)") from fault
    if status == "optimal":
        table = tightest(problem, found)
        headline = f"{problem.name} has a plan: no rule has to give way."
        write_book([table], output, problem, "What binds", talk)
        if as_json:
            print_json({"status": "optimal", "headline": headline, "binds": as_objects(table)})
        else:
            talk.result(f"{headline} What binds it most:\n\n{as_text(table)}")
        return 0
    explanation = look(problem, arrays, status, keep=keep, seconds=min(SECONDS, time_limit))
    write_book([explanation.table], output, problem, "Why", talk)
    if as_json:
        print_json(explanation.as_dict())
    else:
        talk.result(_ways(explanation))
    return NoPlan.exit_code


def _ways(explanation: Explanation) -> str:
    """The ranked ways in lines: words, cell and edit of each."""
    if not explanation.ways:
        told = console.wrapped(explanation.headline)
        return f"{told}\n\n{as_text(explanation.table)}" if explanation.table.rows else told
    parts = ["No plan exists. What would make one possible, the best first; each way does by itself:"]
    for number, way in enumerate(explanation.ways, 1):
        lines = []
        for place, cell in enumerate(way.remedies):
            first = f"{number}. " if place == 0 else "   and "
            lines.append(console.wrapped(f"{cell.words}  [{cell.cell}]", first=first, rest="   "))
            lines.append(f"   --set '{cell.edit}'")
        if not way.verified:
            lines.append("   (not solved again: the time was up)")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _site(problem: Instance, path: str, site: str, time_limit: float, threads: int, talk: Talk) -> SiteAnswer:
    from sourcing.explain.site import why_site
    from sourcing.solver import Options, solve_path

    talk.say(f"Solving {problem.name}")
    with Progress(talk) as progress:
        options = Options(time_limit=time_limit, threads=threads, stop=progress.stop, tell=progress.tell)
        solution = solve_path(problem, options=options)
        if solution.status not in ("optimal", "feasible"):
            raise NoPlan(f"no plan exists ({solution.status}): `sourcing explain {path}` tells why")
        progress.tell(f"what {site} could do")
        return why_site(solution, site)


def _told(answer: SiteAnswer) -> str:
    """A site in sentences."""
    name = f" ({answer.name})" if answer.name else ""
    parts = [console.wrapped(f"{answer.site}{name} is {answer.status}: {answer.reason or 'nothing more is known'}.")]
    if answer.flows.rows:
        parts.append(f"What it ships\n{as_text(answer.flows)}")
    if answer.prices:
        told = "\n".join(
            console.wrapped(f"{price['words']}  [{price['cell']}]", first="- ", rest="  ") for price in answer.prices
        )
        parts.append(f"Break-even prices\n{told}")
    if answer.blocks:
        told = "\n".join(
            console.wrapped(f"{block['words']}  [{block['cell']}]", first="- ", rest="  ") for block in answer.blocks
        )
        parts.append(f"What bounds or blocks it\n{told}")
    return "\n\n".join(parts)
