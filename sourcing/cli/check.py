"""`sourcing check`: every fault of an instance, by cell, before it is planned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sourcing import console, files
from sourcing.cli.shared import (
    INVALID,
    Debug,
    Force,
    InstancePath,
    Json,
    Quiet,
    Usage,
    Verbose,
    command,
    existing,
    print_json,
    writing,
)
from sourcing.console import Talk
from sourcing.sheets import InstanceError, Issue


@command
def check(
    instance: InstancePath,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    mark: Annotated[
        Path | None, typer.Option(metavar="COPY.xlsx", help="Write a copy with each fault marked at its cell.")
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """Find every fault of an instance, by cell."""
    from sourcing.workbook import check as check_instance

    talk = Talk(quiet=quiet, verbose=verbose)
    if mark is not None:
        _may_be_marked(existing(instance), mark, force=force)
    _, issues = check_instance(existing(instance))
    errors = any(issue.severity == "error" for issue in issues)
    copy = _marked(instance, mark, issues, talk) if mark is not None else None
    if json:
        told = {"valid": not errors, "issues": console.issue_objects(issues)}
        print_json(told | ({"marked": str(copy)} if copy else {}))
    elif not quiet or errors:
        print(console.issue_lines(str(instance), issues, sys.stdout))
        if copy:
            print(f"Marked: {copy}")
    return INVALID if errors or (strict and issues) else 0


def _may_be_marked(instance: Path, copy: Path, *, force: bool) -> None:
    """Refuse a copy that would stand in the place of something else, before anything is read."""
    kinds = (".xlsx", ".xlsm") if instance.suffix.lower() == ".xlsm" else (".xlsx",)
    if copy.suffix.lower() not in kinds:
        raise Usage(f"'{copy}' is not named as an {' or '.join(kinds)} workbook")
    files.check_output(copy, source=instance, force=force)


def _marked(instance: Path, copy: Path, issues: list[Issue], talk: Talk) -> Path | None:
    """Write the marked copy, and say what it lost; None where the instance cannot be read at all."""
    from sourcing.workbook.marked import mark

    try:
        with writing(copy, talk, "marked copy") as out:
            told = mark(instance, out.temporary, issues)
    except InstanceError:  # the refusal is the one issue, and is told as such
        return None
    for sentence in told:
        talk.say(sentence)
    return out.path
