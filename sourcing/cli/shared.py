"""What all commands share: the app, options, exit codes, and how a failure becomes one message."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sourcing import console, files
from sourcing.console import Talk
from sourcing.sheets import InstanceError, SourcingError

if TYPE_CHECKING:
    from sourcing.instance import Instance

OURS, USAGE, UNPROVEN, INVALID, NO_SOLVER = 1, 2, 3, 4, 7
STOPPED, UNHEARD = 130, 141
"""As shells count an interrupt, and a reader such as `head` that closed the pipe."""

EXIT_CODES = {
    0: "done; the plan is proven within the gap",
    1: "a fault of this program",
    2: "wrong usage",
    3: "a plan, but not proven: the time limit or Ctrl-C came first",
    4: "the instance has errors",
    5: "a plan failed its audit (and was not written), or its verification",
    6: "no plan exists",
    7: "no plan within the limit, or no solver: try `sourcing doctor`",
    8: "the output cannot be written, or may not be replaced",
    STOPPED: "stopped by Ctrl-C; nothing was written",
}
"""What each exit code means, in the words of --help and README."""


app = typer.Typer(
    help="Who should supply whom with rare-earth magnets and their materials: plans across non-Chinese suppliers.",
    epilog="Exit codes: " + " · ".join(f"{code} {words}" for code, words in EXIT_CODES.items()),
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


class Report(StrEnum):
    """Forms in which a result is told with pictures."""

    html = "html"


InstancePath = Annotated[
    Path, typer.Argument(metavar="INSTANCE", help="Workbook (.xlsx, .xlsm) or folder of CSV files.")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the tables as a workbook.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="EDIT", help="Write a cell anew: 'Tab[key].column[period]=value'; repeatable."),
]
AskedView = Annotated[View | None, typer.Option(help="Whose cost is made least; default: the Settings tab.")]
Threads = Annotated[int, typer.Option(min=0, help="Threads; 0 is all cores.")]
Workers = Annotated[int, typer.Option(min=1, help="Local processes that share the work.")]
Dask = Annotated[str, typer.Option(metavar="ADDRESS", help="Scheduler of a Dask cluster that shares the work.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]


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
    elif _no_memory(fault):
        code, result["error"] = NO_SOLVER, "not enough memory"
        talk.error(
            "not enough memory; nothing was written: close other programs, or plan fewer periods or scenarios at once"
        )
    else:
        code, result["error"] = OURS, f"{type(fault).__name__}: {fault}"
        talk.error(f"a fault of this program: {type(fault).__name__}: {fault} (--debug shows where)")
    if as_json:
        print(json.dumps(result | {"exit_code": code}, ensure_ascii=True))
    return code


def _no_memory(fault: BaseException) -> bool:
    """Whether memory ran out; a library that does not fit into it cannot be loaded."""
    return isinstance(fault, MemoryError) or (isinstance(fault, ImportError) and "failed to map segment" in str(fault))


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


def existing(path: Path) -> Path:
    """A path that is there; a wrong usage else."""
    if not path.exists():
        raise Usage(f"there is no file or folder '{path}'")
    return path


def read_instance(path: Path, talk: Talk) -> Instance:
    """The instance at a path, its warnings told."""
    from sourcing.workbook import read

    existing(path)
    talk.detail(f"Reading {path}")
    instance = read(path)
    if instance.warnings:
        hint = "" if talk.verbose else f": `sourcing check {path}` shows them"
        talk.say(f"{console.counted(len(instance.warnings), 'warning')}{hint}")
        if talk.verbose:
            print(console.issue_lines(str(path), instance.warnings, sys.stderr), file=sys.stderr)
    return instance


def check_report(report: Report | None) -> None:
    """A wrong usage where a report is asked for that can't be drawn."""
    if report and find_spec("matplotlib") is None:
        raise Usage("--report draws with matplotlib, which is not installed: pip install 'allied-sourcing[report]'")


def report_path(report: Report | None, place: Path, instance: Path, name: str, *, force: bool) -> Path | None:
    """Where a report goes, if one is asked for; one of the same instance is replaced."""
    if report is None:
        return None
    from sourcing.report.page import report_of

    files.check_output(place, source=instance, force=force or report_of(place) == name)
    return place


@contextmanager
def writing(path: Path, talk: Talk, what: str = "result") -> Iterator[files.Output]:
    """`files.written`, and a word about it where the file is held by another program and so goes to a second name."""
    with files.written(path) as out:
        yield out
    if out.path != path:
        talk.say(f"'{path}' is open elsewhere, so the {what} is in '{out.path}'.")


def print_json(value: dict[str, Any]) -> None:
    """One JSON object to standard output."""
    print(json.dumps(value, ensure_ascii=True, allow_nan=False))
