"""Console: what the command line says, in the width, colours and letters that the terminal can show.

Results go to stdout, talk to stderr.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from sourcing.sheets import Issue

MANY, A_TAB, ALSO = 50, 10, 4
"""From how many issues on they are cut short, how many of each tab are then shown, and how many cells of equal ones."""

MOST_SHORT = 6
"""Shortages that the summary of a plan names."""

_PLAIN = {"✗": "x", "→": "->", "✓": "ok", "…": "...", "–": "-", "·": "*"}
_COLOURS = {"red": "31", "yellow": "33", "green": "32", "bold": "1", "dim": "2"}
_VERBS = frozenset(("is", "are", "must", "may", "has", "holds", "stands", "means", "does", "can", "cannot", "begins"))
"""How a message begins that goes on from the value."""


def set_up() -> None:
    """Make the streams bear letters that their encoding does not know."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def width() -> int:
    """Columns to fill: the terminal's, at most 100, and 80 where there is none."""
    return max(30, min(100, shutil.get_terminal_size((80, 24)).columns))


def letters(text: str, stream: TextIO) -> str:
    """The text with its signs made plain where the stream cannot show them."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        for sign, plain in _PLAIN.items():
            text = text.replace(sign, plain)
    return text


def paint(text: str, colour: str, stream: TextIO) -> str:
    """The text in a colour, on a terminal and without NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


class Talk:
    """Says things at the level that was asked for: quiet says errors only, verbose says more."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False):
        self.quiet = quiet
        self.verbose = verbose and not quiet

    def result(self, text: str) -> None:
        """A result, to stdout."""
        print(letters(text, sys.stdout))

    def say(self, text: str) -> None:
        """What happens, to stderr."""
        if not self.quiet:
            print(letters(text, sys.stderr), file=sys.stderr, flush=True)

    def detail(self, text: str) -> None:
        """What only --verbose tells, to stderr."""
        if self.verbose:
            self.say(paint(text, "dim", sys.stderr))

    def error(self, text: str) -> None:
        """A failure in one paragraph, to stderr."""
        head, *rest = text.split("\n")
        lines = [wrapped(head, first="✗ ", rest="  "), *rest]
        print(paint(letters("\n".join(lines), sys.stderr), "red", sys.stderr), file=sys.stderr)


def wrapped(text: str, *, first: str = "", rest: str = "") -> str:
    """A paragraph as wide as the terminal."""
    return textwrap.fill(
        text, width(), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=False
    )


# ------------------------------------------------------------------------------------------------ issues


def counted(number: int, word: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def headline(name: str, issues: Sequence[Issue]) -> str:
    """`✗ plan.xlsx   16 errors, 1 warning`."""
    errors = sum(issue.severity == "error" for issue in issues)
    warnings = len(issues) - errors
    found = [counted(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f"{'✗' if errors else '✓'} {name}   {', '.join(found) or 'no faults'}"


def issue_lines(name: str, issues: Sequence[Issue], stream: TextIO) -> str:
    """A headline and the issues, errors first, by tab: cell, column, what was found, the rule and the remedy."""
    errors = any(issue.severity == "error" for issue in issues)
    lines = [paint(headline(name, issues), "red" if errors else "yellow" if issues else "green", stream)]
    by_tab: dict[tuple[str, str], list[Issue]] = {}
    for issue in sorted(issues, key=lambda issue: issue.severity):  # errors first, else in their order
        by_tab.setdefault((issue.severity, issue.tab), []).append(issue)
    cells = max((len(issue.cell) for issue in issues), default=0)
    columns = min(20, max((len(issue.column) for issue in issues), default=0))
    for (_, tab), found in by_tab.items():
        lines.append(paint(tab, "bold", stream))
        alike = _alike(found)
        shown = alike[:A_TAB] if len(issues) > MANY else alike
        lines += [_line(issue, cells, columns, stream) for issue, _ in shown]
        if rest := sum(count for _, count in alike[len(shown) :]):
            lines.append(f"  … {rest:,} more on this tab: --json lists them all")
    return letters("\n".join(lines), stream)


def _alike(issues: Sequence[Issue]) -> list[tuple[Issue, int]]:
    """Issues that differ in their cell only, as one that names the other cells, with how many they are."""
    groups: dict[Issue, list[Issue]] = {}
    for issue in issues:
        groups.setdefault(replace(issue, cell=""), []).append(issue)
    found = []
    for first, *others in groups.values():
        cells = [issue.cell for issue in others]
        more = f", and {len(cells) - ALSO:,} more" if len(cells) > ALSO else ""
        also = f" (also {', '.join(cells[:ALSO])}{more})" if cells else ""
        found.append((replace(first, message=first.message + also), 1 + len(others)))
    return found


def _line(issue: Issue, cells: int, columns: int, stream: TextIO) -> str:
    value = shortened(issue.value, 40)
    found = f"'{value}'{'' if issue.message.split()[0] in _VERBS else ':'} " if value else ""
    text = f"{found}{issue.message}" + (f" → {issue.suggestion}" if issue.suggestion else "")
    if issue.severity == "warning":
        text = f"warning: {text}"
    place = f"  {issue.cell:{cells}}"
    label = f"{issue.column:{columns}}" if columns else ""
    head = "  ".join(part for part in (place, label) if part.strip() or part is place)
    room = width() - len(head) - 2
    if room >= 36:
        body = textwrap.wrap(text, room, break_on_hyphens=False)
        lines = [f"{head}  {body[0]}", *(" " * (len(head) + 2) + line for line in body[1:])]
    else:
        body = textwrap.wrap(text, width() - 4, break_on_hyphens=False)
        lines = [f"{place.rstrip()}  {issue.column}".rstrip(), *(f"    {line}" for line in body)]
    if issue.severity == "warning":
        lines = [paint(line, "yellow", stream) for line in lines]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def shortened(text: str, most: int) -> str:
    """A value on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def issue_objects(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """The issues as `check --json` documents them."""
    return [
        {
            "severity": issue.severity, "tab": issue.tab, "cell": issue.cell, "column": issue.column,
            "value": issue.value, "message": issue.message, "suggestion": issue.suggestion,
        }
        for issue in issues
    ]  # fmt: skip


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Lines of name and value, names aligned."""
    wide = max(len(name) for name, _ in pairs) + 3
    return "\n".join(wrapped(value, first=f"{name:{wide}}", rest=" " * wide) for name, value in pairs)


# ------------------------------------------------------------------------------------------------ plans


def plan_words(verdict: str, numbers: Mapping[str, Any], path: Path) -> str:
    """A plan in a few lines: its verdict, cost, demand met, what is short, where the workbook is."""
    cost, short_value = numbers["objective_musd"], numbers["shortage_value_musd"]
    pairs = [
        ("Cost", f"{_musd(cost)} M USD, of which {_musd(short_value)} is the value of what is short"),
        ("Demand met", f"{_share(numbers['delivered_t'], numbers['demand_t'])} "
                       f"({numbers['delivered_t']:,.0f} of {numbers['demand_t']:,.0f} t)"),
    ]  # fmt: skip
    short: dict[tuple[str, str], float] = {}
    for row in numbers["short"]:
        key = row["customer"], row["period"]
        short[key] = short.get(key, 0.0) + row["t"]
    worst = sorted(((key, t) for key, t in short.items() if t >= 0.05), key=lambda item: -item[1])
    if worst:
        pairs += [("Short" if k == 0 else "", f"{customer}, {period}: {t:,.1f} t") for k, ((customer, period), t)
                  in enumerate(worst[:MOST_SHORT])]  # fmt: skip
        if len(worst) > MOST_SHORT:
            rest = sum(t for _, t in worst[MOST_SHORT:])
            pairs.append(("", f"{len(worst) - MOST_SHORT} more: {rest:,.1f} t"))
    pairs.append(("Plan", str(path)))
    return f"{wrapped(verdict)}\n\n{facts(pairs)}"


def _musd(amount: float) -> str:
    """Millions with a decimal; of small plans four digits."""
    return f"{amount:,.1f}" if abs(amount) >= 10 or not amount else f"{amount:.4g}"


def _share(part: float, whole: float) -> str:
    """A percentage that says 100 only of the whole."""
    if not whole:
        return "nothing is asked for"
    share = 100 * part / whole
    return "100 %" if share > 100 - 1e-7 else f"{min(share, 99.9):.1f} %"
