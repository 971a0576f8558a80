"""`sourcing solve`: an instance in, a plan workbook out."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    UNPROVEN,
    Debug,
    Force,
    InstancePath,
    Json,
    Quiet,
    Reading,
    Usage,
    Verbose,
    View,
    command,
    print_json,
    read_instance,
)
from sourcing.console import Progress, Talk
from sourcing.sheets import NoPlan

if TYPE_CHECKING:
    from sourcing.instance import Instance


@command
def solve(
    instance: InstancePath,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Plan workbook.", show_default="NAME.plan.xlsx"),
    ] = None,
    view: Annotated[View | None, typer.Option(help="Whose cost is made least; default: the Settings tab.")] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search; a plan once begun is finished.")
    ] = 600.0,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap within which a plan is proven.")
    ] = 0.005,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0 is all cores.")] = 0,
    without_rule: Annotated[
        list[str] | None, typer.Option("--without-rule", metavar="ID", help="Leave a rule out; repeatable.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="ID@VERSION", help="Put a version in force; repeatable.")
    ] = None,
    elements: Annotated[
        Reading | None, typer.Option(help="Which elements rules count: all rare earths, or those that are named.")
    ] = None,
    force: Force = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check; solve and write nothing.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Make the plan of an instance: NAME.plan.xlsx beside it."""
    talk = Talk(quiet=quiet, verbose=verbose)
    begin = perf_counter()
    problem = _switched(read_instance(instance, talk), without_rule or [], rule or [], elements, talk)
    read = perf_counter() - begin
    target = output or files.plan_path(instance)
    if target.suffix.lower() != ".xlsx":
        raise Usage(f"a plan is an .xlsx workbook: '{target}' is not named so")
    files.check_output(target, instance=problem.name, source=instance, force=force)
    if dry_run:
        return _dry_run(problem, target, talk, as_json=json)

    from sourcing.plan import make_plan
    from sourcing.report import write_plan

    talk.say(f"Solving {problem.name}")
    with Progress(talk) as progress:
        try:
            plan = make_plan(
                problem, view=view and view.value, gap=gap, time_limit=time_limit, seed=seed, threads=threads,
                stop=progress.stop, tell=progress.tell,
            )  # fmt: skip
        except NoPlan as fault:
            return _no_plan(fault, target, talk, as_json=json)
        seconds = {"read": read, **plan.seconds}
        write_begin = perf_counter()
        with files.written(target) as out:
            write_plan(plan, out.temporary, seconds)
        end = perf_counter()
    seconds |= {"write": end - write_begin, "total": end - begin}
    if out.path != target:
        talk.say(f"'{target}' is open elsewhere, so the plan is in '{out.path}'.")
    if json:
        print_json(plan.summary() | {"seconds": _rounded(seconds), "plan": str(out.path)})
    else:
        talk.result(console.plan_words(plan.verdict, plan.summary(), out.path))
    if plan.status != "optimal":
        talk.say(
            f"{'Stopped' if progress.stopped else 'The time is up'}: a plan could be up to "
            f"{plan.facts['gap_musd']:,.1f} M USD ({100 * plan.gap:.2f} %) cheaper."
        )
    talk.detail("  ".join(f"{name} {value:.2f} s" for name, value in seconds.items()))
    return 0 if plan.status == "optimal" else UNPROVEN


def _switched(
    problem: Instance, without: list[str], versions: list[str], elements: Reading | None, talk: Talk
) -> Instance:
    """The instance under the rules that the options ask for."""
    from sourcing.variants import switched

    asked = [f"rule {name}" for name in versions] + [f"without-rule {name}" for name in without]
    asked += [f"elements {elements.value}"] if elements else []
    try:
        found = switched(problem, asked)
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    for switch in asked:
        talk.say(f"Planning with --{switch}")
    return found


def _no_plan(fault: NoPlan, target: Path, talk: Talk, *, as_json: bool) -> int:
    """Write why there is no plan."""
    from sourcing.report import write_plan

    report: Any = getattr(fault, "report", None)
    talk.error(str(fault))
    if report is None:
        return fault.exit_code
    with files.written(target) as out:
        write_plan(report, out.temporary)
    if as_json:
        why = list(report.why.records())
        print_json({"status": report.status, "headline": report.headline, "why": why, "plan": str(out.path)})
    else:
        talk.result(f"No plan exists. Why: {out.path}")
    return fault.exit_code


def _dry_run(problem: Instance, target: Path, talk: Talk, *, as_json: bool) -> int:
    from sourcing.sheets import TABS

    rows = {tab: len(problem[row_type]) for tab, row_type in TABS.items() if problem[row_type]}
    if as_json:
        print_json({"status": "none", "rows": rows, "plan": str(target), "input_sha256": problem.sha256()})
    else:
        named = ", ".join(f"{tab} {count:,}" for tab, count in rows.items())
        talk.result(console.facts([("Would solve", problem.name), ("Rows", named), ("Would write", str(target))]))
    return 0


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}
