"""`sourcing schema` and `doctor`: what the program knows, and whether it works here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sourcing import console
from sourcing.cli.shared import (
    NO_SOLVER,
    Debug,
    Json,
    Usage,
    command,
    print_json,
    read_instance,
)
from sourcing.console import Talk


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
        print_json(as_json())
    else:
        print(as_markdown(), end="")
    return 0


@command
def doctor(
    instance: Annotated[
        Path | None,
        typer.Argument(metavar="[INSTANCE]", help="Show the size of its model and the ranges of its numbers too."),
    ] = None,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Show versions and make a tiny plan; of an instance, show how large its model is and how it is scaled."""
    from sourcing.doctor import examine, model_of

    talk = Talk()
    found = examine()
    if instance:
        found["model"] = model_of(read_instance(instance, talk))
    if json:
        print_json(found)
    else:
        pairs = [(name, str(value)) for name, value in found["versions"].items()]
        pairs.append(("tiny plan", found["error"] or f"made, proven and audited in {found['seconds']:.2f} s"))
        model = found.get("model", {})
        pairs += [(name, f"{model[name]:,}") for name in model if name != "ranges"]
        pairs += [(f"size of {part}", f"{a:.2g} to {b:.2g}") for part, (a, b) in model.get("ranges", {}).items()]
        talk.result(console.facts(pairs))
        if found["error"]:
            talk.error("the solver does not work here: reinstall the package in a fresh environment")
    return 0 if found["works"] else NO_SOLVER
