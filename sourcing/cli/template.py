"""`sourcing template` and `convert`: instances as workbooks and folders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    Debug,
    Force,
    Quiet,
    Usage,
    Verbose,
    command,
    existing,
    read_instance,
    writing,
)
from sourcing.console import Talk


@command
def template(
    file: Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="Workbook to write.")],
    periods: Annotated[
        str | None, typer.Option(metavar="FIRST:LAST", help="Years of a blank workbook.", show_default="2026:2035")
    ] = None,
    example: Annotated[str, typer.Option(metavar="NAME", help="Fill it with a bundled instance: starter.")] = "",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="OLD.xlsx", help="Bring an old workbook up to date: keeps data, notes, formats."
        ),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Write a workbook to fill in, with drop-downs, notes and a guide."""
    talk = Talk(quiet=quiet, verbose=verbose)
    _must_be_workbook(file)
    if sum(map(bool, (periods, example, source))) > 1:
        raise Usage("an example or an old workbook has its own periods: give --example, --from or --periods")
    make = _upgraded(source, talk) if source else _made(example, periods or "2026:2035")
    files.check_output(file, source=source, force=force)
    with writing(file, talk, "workbook") as out:
        make(out.temporary)
    talk.result(str(out.path))
    return 0


def _made(example: str, periods: str) -> Callable[[Path], None]:
    """What writes a new workbook, blank or with an example."""
    from sourcing.workbook import read
    from sourcing.workbook.blank import blank_instance
    from sourcing.workbook.template import write_workbook

    try:
        made = read(files.example(example)) if example else blank_instance(periods)
    except ValueError as fault:
        raise Usage(str(fault)) from fault
    return partial(write_workbook, made)


def _upgraded(source: Path, talk: Talk) -> Callable[[Path], None]:
    """What writes an old workbook anew, and tells what it added and lost."""
    from sourcing.workbook.upgrade import upgrade

    if existing(source).is_dir():
        raise Usage(f"'{source}' is a folder: `sourcing convert {source} FILE.xlsx` makes a workbook of it")

    def make(target: Path) -> None:
        for sentence in upgrade(source, target) or ["nothing was missing"]:
            talk.say(console.wrapped(sentence[0].upper() + sentence[1:], rest="  "))

    return make


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
    instance = read_instance(source, talk)
    if target.suffix.lower() == ".xlsx":
        files.check_output(target, source=source, force=force)
        with writing(target, talk, "workbook") as out:
            write_workbook(instance, out.temporary)
        target = out.path
    elif target.suffix:
        raise Usage(f"'{target}' is neither an .xlsx workbook nor a folder: leave out '{target.suffix}' for a folder")
    else:
        if target.resolve() == source.resolve():
            raise OutputError(f"'{target}' is the instance itself, which is never written to")
        if target.is_dir() and any(target.iterdir()) and not force:
            raise OutputError(f"the folder '{target}' is not empty: add --force to replace what is in it")
        made = write_folder(instance, target)
        if made.name != target.resolve().name:
            talk.say(f"'{target}' is open elsewhere, so the folder is '{made}'.")
            target = made
    talk.result(str(target))
    return 0


def _must_be_workbook(path: Path) -> None:
    if path.suffix.lower() != ".xlsx":
        raise Usage(f"'{path}' is not named as an .xlsx workbook")
