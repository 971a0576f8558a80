"""`sourcing template` and `convert`: instances as workbooks and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sourcing import files
from sourcing.cli.shared import (
    Debug,
    Force,
    Quiet,
    Usage,
    Verbose,
    command,
    read_instance,
)
from sourcing.console import Talk


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
    instance = read_instance(source, talk)
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
