"""The command line: `sourcing solve`, `check`, `template`, `convert`, `schema`, `doctor` and `verify`.

Exit codes: 0 done, 1 a fault of ours, 2 wrong usage, 3 a plan that is not proven, 4 the instance has errors, 5 an
audit failed, 6 no plan exists, 7 no plan within the limit or no solver, 8 the output cannot be written.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sourcing import console, files
from sourcing.console import Progress, Talk
from sourcing.sheets import AuditFailed, InstanceError, NoPlan, SourcingError

if TYPE_CHECKING:
    from sourcing.instance import Instance

OURS, USAGE, UNPROVEN, INVALID, NO_SOLVER = 1, 2, 3, 4, 7
STOPPED, UNHEARD = 130, 141
"""As shells count an interrupt, and a reader such as `head` that closed the pipe."""


app = typer.Typer(
    help="Who should supply whom with rare-earth magnets and their materials: plans across non-Chinese suppliers.",
    epilog="Exit codes: 0 done, 1 our fault, 2 usage, 3 not proven, 4 errors in the instance, 5 audit failed, "
    "6 no plan exists, 7 no plan in time or no solver, 8 output cannot be written.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class View(StrEnum):
    """Whose cost a plan makes least."""

    buyer = "buyer"
    system = "system"


class Reading(StrEnum):
    """Which elements rules count."""

    strict = "strict"
    literal = "literal"


InstancePath = Annotated[
    Path, typer.Argument(metavar="INSTANCE", help="Workbook (.xlsx, .xlsm) or folder of CSV files.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]


def main() -> None:
    """Run the command line."""
    console.set_up()
    app()


def command(function: Callable[..., int]) -> Callable[..., None]:
    """A command whose failures become one message and an exit code; it returns its exit code."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> None:
        talk = Talk(quiet=options.get("quiet", False), verbose=options.get("verbose", False))
        try:
            code = function(*args, **options)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = UNHEARD
        except (Exception, KeyboardInterrupt) as fault:
            if options.get("debug"):
                import traceback

                traceback.print_exc()
            name = str(options.get("instance") or options.get("source") or "the instance")
            code = _told(fault, talk, name, as_json=options.get("json", False))
        raise typer.Exit(code)

    run.__annotations__ = dict(function.__annotations__)
    app.command()(run)
    return run


class Usage(Exception):
    """A wrong use that typer cannot see."""


def _told(fault: BaseException, talk: Talk, name: str, *, as_json: bool) -> int:
    """Say what failed and give the exit code."""
    result: dict[str, Any] = {"status": "none", "error": str(fault)}
    if isinstance(fault, InstanceError):
        code = INVALID
        result = {"status": "invalid", "issues": console.issue_objects(fault.issues)}
        if not as_json:
            errors = [issue for issue in fault.issues if issue.severity == "error"]
            print(console.issue_lines(name, errors, sys.stderr), file=sys.stderr)
            if rest := len(fault.issues) - len(errors):
                talk.say(f"{console.counted(rest, 'warning')}: `sourcing check {name}` shows them too")
    elif isinstance(fault, Usage | SourcingError):
        code = fault.exit_code if isinstance(fault, SourcingError) else USAGE
        talk.error(str(fault))
    elif isinstance(fault, KeyboardInterrupt):
        code, result["error"] = STOPPED, "stopped"
        talk.error("stopped; nothing was written")
    else:
        code, result["error"] = OURS, f"{type(fault).__name__}: {fault}"
        talk.error(f"a fault of this program: {type(fault).__name__}: {fault} (--debug shows where)")
    if as_json:
        print(json.dumps(result | {"exit_code": code}, ensure_ascii=True))
    return code


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"sourcing {version('allied-sourcing')}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _existing(path: Path) -> Path:
    if not path.exists():
        raise Usage(f"there is no file or folder '{path}'")
    return path


def _read(path: Path, talk: Talk) -> Instance:
    from sourcing.workbook import read

    _existing(path)
    talk.detail(f"Reading {path}")
    instance = read(path)
    if instance.warnings:
        hint = "" if talk.verbose else f": `sourcing check {path}` shows them"
        talk.say(f"{console.counted(len(instance.warnings), 'warning')}{hint}")
        if talk.verbose:
            print(console.issue_lines(str(path), instance.warnings, sys.stderr), file=sys.stderr)
    return instance


# ------------------------------------------------------------------------------------------------ solve


@command
def solve(
    instance: InstancePath,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Plan workbook.", show_default="NAME.plan.xlsx"),
    ] = None,
    view: Annotated[View | None, typer.Option(help="Whose cost is made least; default: the Settings tab.")] = None,
    time_limit: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Time for the search; a first plan once begun is finished.")
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
    problem = _switched(_read(instance, talk), without_rule or [], rule or [], elements, talk)
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
        _print_json(plan.summary() | {"seconds": _rounded(seconds), "plan": str(out.path)})
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
        _print_json({"status": report.status, "headline": report.headline, "why": why, "plan": str(out.path)})
    else:
        talk.result(f"No plan exists. Why: {out.path}")
    return fault.exit_code


def _dry_run(problem: Instance, target: Path, talk: Talk, *, as_json: bool) -> int:
    from sourcing.sheets import TABS

    rows = {tab: len(problem[row_type]) for tab, row_type in TABS.items() if problem[row_type]}
    if as_json:
        _print_json({"status": "none", "rows": rows, "plan": str(target), "input_sha256": problem.sha256()})
    else:
        named = ", ".join(f"{tab} {count:,}" for tab, count in rows.items())
        talk.result(console.facts([("Would solve", problem.name), ("Rows", named), ("Would write", str(target))]))
    return 0


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=True, allow_nan=False))


# ------------------------------------------------------------------------------------------------ instances


@command
def check(
    instance: InstancePath,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Find every fault of an instance, by cell."""
    from sourcing.workbook import check as check_instance

    _, issues = check_instance(_existing(instance))
    errors = any(issue.severity == "error" for issue in issues)
    if json:
        _print_json({"valid": not errors, "issues": console.issue_objects(issues)})
    elif not quiet or errors:
        print(console.issue_lines(str(instance), issues, sys.stdout))
    return INVALID if errors or (strict and issues) else 0


@command
def template(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="Workbook to write.")],
    periods: Annotated[
        str | None, typer.Option(metavar="FIRST:LAST", help="Years of a blank workbook.", show_default="2026:2035")
    ] = None,
    example: Annotated[str, typer.Option(metavar="NAME", help="Fill it with a bundled instance: starter.")] = "",
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Write a workbook to fill in, with drop-downs, notes and a guide."""
    from sourcing.workbook import read
    from sourcing.workbook.template import blank_instance, write_workbook

    talk = Talk(quiet=quiet, verbose=verbose)
    _must_be_workbook(file)
    if example and periods:
        raise Usage("an example has its own periods: give --example or --periods, not both")
    try:
        made = read(files.example(example)) if example else blank_instance(periods or "2026:2035")
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    files.check_output(file, force=force)
    with files.written(file) as out:
        write_workbook(made, out.temporary)
    talk.result(str(out.path))
    return 0


@command
def convert(
    source: Annotated[Path, typer.Argument(metavar="A", help="Workbook or folder to read.")],
    target: Annotated[Path, typer.Argument(metavar="B", help="Workbook (.xlsx) or folder to write.")],
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Turn a workbook into a folder of CSV files, or a folder into a workbook; nothing is lost."""
    from sourcing.sheets import OutputError
    from sourcing.workbook import write_folder
    from sourcing.workbook.template import write_workbook

    talk = Talk(quiet=quiet, verbose=verbose)
    instance = _read(source, talk)
    if target.suffix.lower() == ".xlsx":
        files.check_output(target, source=source, force=force)
        with files.written(target) as out:
            write_workbook(instance, out.temporary)
        target = out.path
    elif target.suffix:
        raise Usage(f"'{target}' is neither an .xlsx workbook nor a folder: leave out '{target.suffix}' for a folder")
    else:
        if target.resolve() == source.resolve():
            raise OutputError(f"'{target}' is the instance itself, which is never written to")
        if target.is_dir() and any(target.iterdir()) and not force:
            raise OutputError(f"the folder '{target}' is not empty: add --force to replace what is in it")
        write_folder(instance, target)
    talk.result(str(target))
    return 0


def _must_be_workbook(path: Path) -> None:
    if path.suffix.lower() != ".xlsx":
        raise Usage(f"'{path}' is not named as an .xlsx workbook")


# ------------------------------------------------------------------------------------------------ the program


@command
def schema(
    md: Annotated[bool, typer.Option("--md", help="As Markdown (the default).")] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Print every tab, column, unit, default and rule."""
    from sourcing.schema import as_json, as_markdown

    if md and json:
        raise Usage("give --md or --json, not both")
    if json:
        _print_json(as_json())
    else:
        print(as_markdown(), end="")
    return 0


@command
def doctor(json: Json = False, debug: Debug = False) -> int:
    """Show versions and make a tiny plan."""
    from sourcing.doctor import examine

    found = examine()
    if json:
        _print_json(found)
    else:
        talk = Talk()
        pairs = [(name, str(value)) for name, value in found["versions"].items()]
        pairs.append(("tiny plan", found["error"] or f"made, proven and audited in {found['seconds']:.2f} s"))
        talk.result(console.facts(pairs))
        if found["error"]:
            talk.error("the solver does not work here: reinstall the package in a fresh environment")
    return 0 if found["works"] else NO_SOLVER


# ------------------------------------------------------------------------------------------------ verification


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
    book = read_plan_book(_existing(plan))
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
    verified = recompute(book, _read(instance, talk))
    if json:
        _print_json({"plan": str(plan), "against": str(instance)} | verified.as_dict())
    elif not quiet or not verified.passed:
        talk.result(console.verification(str(plan), str(instance), verified, sys.stdout, brief=quiet))
    return 0 if verified.passed else AuditFailed.exit_code
