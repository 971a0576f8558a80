"""The command line: `sourcing solve`, `check`, `template`, `convert`, `schema`, `doctor`, `verify`, `bankability`,
`frontier`, `alternatives`, `tornado`, `risk`, `stress`, `whatif`, `compare`, `explain`.

Exit codes: 0 done, 1 a fault of ours, 2 wrong usage, 3 a plan that is not proven, 4 the instance has errors, 5 an
audit failed, 6 no plan exists, 7 no plan within the limit or no solver, 8 the output cannot be written.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

from sourcing import console
from sourcing.cli.shared import app

# isort: off
# in the order in which --help lists them
from sourcing.cli import (
    solve,
    check,
    template,
    program,
    explain,
    verify,
    whatif,
    compare,
    bankability,
    frontier,
    alternatives,
    tornado,
    risk,
    stress,
)
# isort: on

__all__ = [
    "alternatives",
    "app",
    "bankability",
    "check",
    "compare",
    "explain",
    "frontier",
    "main",
    "program",
    "risk",
    "solve",
    "stress",
    "template",
    "tornado",
    "verify",
    "whatif",
]


def main() -> None:
    """Run the command line."""
    console.set_up()
    app()
