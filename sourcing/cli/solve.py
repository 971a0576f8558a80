"""`sourcing solve`: an instance in, a plan workbook out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

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
    Quiet,
    Reading,
    Report,
    Set,
    Threads,
    Usage,
    Verbose,
    Workers,
    check_report,
    command,
    print_json,
    read_instance,
    report_path,
    writing,
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
    view: AskedView = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search; a plan once begun is finished.")
    ] = 600.0,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap within which a plan is proven.")
    ] = 0.005,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    threads: Threads = 0,
    without_rule: Annotated[
        list[str] | None, typer.Option("--without-rule", metavar="ID", help="Leave a rule out; repeatable.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="ID@VERSION", help="Put a version in force; repeatable.")
    ] = None,
    elements: Annotated[
        Reading | None, typer.Option(help="Which elements rules count: all rare earths, or those that are named.")
    ] = None,
    edit: Set = None,
    scenarios: Annotated[
        bool, typer.Option("--scenarios", help="Plan over all active scenarios: what they share is decided once.")
    ] = False,
    scenario: Annotated[str, typer.Option(metavar="ID", help="Plan for one scenario, as if it were sure.")] = "",
    risk_weight: Annotated[
        float | None,
        typer.Option(min=0.0, help="Weight of the mean of the worst futures; default: the Settings tab."),
    ] = None,
    failing: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            show_default="8",
            help="Outages of the most exposed sites to try on the plan; 0 is none, as many as there are all of them.",
        ),
    ] = None,
    workers: Workers = 1,
    dask: Dask = "",
    force: Force = False,
    report: Annotated[
        Report | None, typer.Option(help="Write the plan as a page with pictures too: NAME.plan.html beside it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check; solve and write nothing.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Make the plan of an instance: NAME.plan.xlsx beside it."""
    talk = Talk(quiet=quiet, verbose=verbose)
    begin = perf_counter()
    if scenarios and scenario:
        raise Usage("--scenarios plans over all of them, --scenario for one: give one of the two")
    check_report(report)
    if not scenarios and (risk_weight is not None or workers > 1 or dask):
        raise Usage("--risk-weight, --workers and --dask are for a plan over futures: add --scenarios")
    if scenarios and failing:
        raise Usage("--failing is for a plan without --scenarios, which tells what each future does")
    problem = _switched(
        read_instance(instance, talk), edit or [], without_rule or [], rule or [], elements, scenario, talk
    )
    read = perf_counter() - begin
    target = output or files.plan_path(instance)
    if target.suffix.lower() != ".xlsx":
        raise Usage(f"a plan is an .xlsx workbook: '{target}' is not named so")
    files.check_output(target, instance=problem.name, source=instance, force=force)
    page = report_path(report, target.with_suffix(".html"), instance, problem.name, force=force)
    if dry_run:
        return _dry_run(problem, target, talk, as_json=json)

    from sourcing.report import write_plan
    from sourcing.study.screening import MOST
    from sourcing.study.screening import solve as make_plan

    talk.say(f"Solving {problem.name}")
    with Progress(talk) as progress:
        progress.show("building the model")
        try:
            given: dict[str, Any] = {
                "view": view and view.value, "gap": gap, "time_limit": time_limit, "seed": seed, "threads": threads,
                "stop": progress.stop, "tell": progress.tell,
            }  # fmt: skip
            if scenarios:
                from sourcing.futures.planned import plan_futures

                plan = plan_futures(problem, risk_weight=risk_weight, workers=workers, dask=dask, **given)
            else:
                plan = make_plan(problem, failing=MOST if failing is None else failing, **given)
        except NoPlan as fault:
            progress.show("")
            return _no_plan(fault, target, instance, talk, as_json=json)
        seconds = {"read": read, **(plan.futures or plan).seconds}
        write_begin = perf_counter()
        progress.show("")  # what is said from here on has the line to itself
        with ExitStack() as both:  # a stop, or a failure of one, leaves what stood there of both
            out = both.enter_context(writing(target, talk, "plan"))
            write_plan(plan, out.temporary, seconds, files.seen_from(target, instance))
            if page:
                from sourcing.report.html import write_html

                sheet = both.enter_context(writing(page, talk, "report"))
                write_html(plan, sheet.temporary, seconds)
        page = sheet.path if page else None
        end = perf_counter()
    seconds |= {"write": end - write_begin, "total": end - begin}
    if json:
        pages = {"report": str(page)} if page else {}
        print_json(plan.summary() | {"seconds": _rounded(seconds), "plan": str(out.path)} | pages)
    else:
        talk.result(console.plan_words(plan.verdict, plan.summary(), out.path))
        if page:
            talk.result(f"Report: {page}")
    proof = plan.futures or plan
    if proof.status != "optimal":
        talk.say(
            f"{'Stopped' if progress.stopped else 'The time is up'}: a plan could be up to "
            f"{proof.objective - proof.bound:,.1f} M USD ({100 * proof.gap:.2f} %) cheaper."
        )
    talk.detail("  ".join(f"{name} {value:.2f} s" for name, value in seconds.items()))
    return 0 if proof.status == "optimal" else UNPROVEN


def _switched(
    problem: Instance,
    edits: list[str],
    without: list[str],
    versions: list[str],
    elements: Reading | None,
    scenario: str,
    talk: Talk,
) -> Instance:
    """The instance with the edits, under the rules and the scenario that the options ask for."""
    from sourcing.variants import switched

    asked = [f"set {edit}" for edit in edits]
    asked += [f"rule {name}" for name in versions] + [f"without-rule {name}" for name in without]
    asked += [f"elements {elements.value}"] if elements else []
    asked += [f"scenario {scenario}"] if scenario else []
    try:
        found = switched(problem, asked)
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    for switch in found.switches:
        talk.say(f"Planning with --{switch}")
    return found


def _no_plan(fault: NoPlan, target: Path, instance: Path, talk: Talk, *, as_json: bool) -> int:
    """Write why there is no plan."""
    from sourcing.report import write_plan

    report: Any = getattr(fault, "report", None)
    talk.error(str(fault))
    if report is None:
        return fault.exit_code
    with writing(target, talk, "reason") as out:
        write_plan(report, out.temporary, source=files.seen_from(target, instance))
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
