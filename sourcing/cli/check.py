"""`sourcing check`: every fault of an instance, by cell, before it is planned."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sourcing import console
from sourcing.cli.shared import (
    INVALID,
    Debug,
    InstancePath,
    Json,
    Quiet,
    Verbose,
    command,
    existing,
    print_json,
)


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

    _, issues = check_instance(existing(instance))
    errors = any(issue.severity == "error" for issue in issues)
    if json:
        print_json({"valid": not errors, "issues": console.issue_objects(issues)})
    elif not quiet or errors:
        print(console.issue_lines(str(instance), issues, sys.stdout))
    return INVALID if errors or (strict and issues) else 0
