"""Console: what the command line says, in the width, colours and letters that the terminal can show.

Results go to stdout, talk to stderr.
"""

from __future__ import annotations

import math
import os
import shutil
import signal
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, RLock, Thread, current_thread, main_thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, TextIO

from sourcing.sheets import Issue

if TYPE_CHECKING:
    from sourcing.verify import Verification

MANY, A_TAB, ALSO = 50, 10, 4
"""From how many issues on they are cut short, how many of each tab are then shown, and how many cells of equal ones."""

MOST_SHORT = 6
"""Shortages that the summary of a plan names."""

TELLING = 0.2
"""Seconds from one word of progress to the next."""

TICK = 1.0
"""Seconds after which the time on a line of progress goes on by itself."""

_PLAIN = {"✗": "x", "→": "->", "✓": "ok", "…": "...", "–": "-", "·": "*"}
_COLOURS = {"red": "31", "yellow": "33", "green": "32", "bold": "1", "dim": "2"}
_VERBS = frozenset(("is", "are", "must", "may", "has", "holds", "stands", "means", "does", "can", "cannot", "begins"))
"""How a message begins that goes on from the value."""


def set_up() -> None:
    """Make the streams bear letters that their encoding does not know, and tell a failure once.

    What a library cannot close any more after a failed write (a full disk) is thrown away without a word.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.unraisablehook = _unraisable


def _unraisable(found: Any) -> None:
    if not isinstance(found.exc_value, OSError | MemoryError):
        sys.__unraisablehook__(found)


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


class Progress:
    """How far a search is, on one line of a terminal, and Ctrl-C: `with Progress(talk) as progress`.

    The first Ctrl-C asks the search to end with the plan in hand (`stop()` says so), the second drops everything; so
    does the first before anything was told. Interrupts stay as they are outside the main thread, and where a shell
    has them ignored.
    """

    def __init__(self, talk: Talk):
        self.talk = talk
        self.stopped = False
        self._shown = not talk.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._stage, self._plan, self._dropped = "", False, False
        self._begun, self._last, self._long, self._line = perf_counter(), 0.0, 0, ""
        self._before: Any = None
        self._lock, self._over = RLock(), Event()
        self._clock = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if current_thread() is main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        if self._shown:
            self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        self._over.set()
        self.show("")

    def stop(self) -> bool:
        """Whether to end with the plan in hand; KeyboardInterrupt if nothing is wanted any more."""
        if self._dropped:
            raise KeyboardInterrupt
        return self.stopped

    def tell(self, stage: str, best: float | None = None, bound: float | None = None) -> None:
        """Show a stage with the cost in hand and the bound (k USD), at most five times a second."""
        now, new = perf_counter(), stage != self._stage
        self._stage, self._plan = stage, best is not None
        if not self._shown or (now < self._last + TELLING and not new):
            return
        self._last = now
        costs = [
            f"{name} {_musd(cost / 1000)}" for name, cost in (("plan", best), ("bound", bound)) if cost is not None
        ]
        parts = [stage, f"{'  '.join(costs)} M USD" if costs else ""]
        if best is not None and bound is not None:
            parts.append(f"gap {100 * max(0.0, best - bound) / max(abs(best), 1e-9):.2f} %")
        self.show("  ".join(part for part in parts if part))

    def show(self, line: str) -> None:
        """Show what goes on, and for how long; "" clears the line. Of itself it changes nothing about Ctrl-C."""
        with self._lock:
            self._line = line
            self._write(f"{line}  {perf_counter() - self._begun:.0f} s" if line else "")

    def _tick(self) -> None:
        """Let the time on the line go on: a stage may take minutes without a word."""
        while not self._over.wait(TICK):
            with self._lock:
                if self._line and not self._over.is_set():
                    self.show(self._line)

    def _write(self, text: str) -> None:
        """Put a text in place of the one that stands there."""
        if self._shown and (text or self._long):
            text = letters(text, sys.stderr)[: _columns(sys.stderr) - 1]
            print(f"\r{text}{' ' * (self._long - len(text))}", end="" if text else "\r", file=sys.stderr, flush=True)
            self._long = len(text)

    def _interrupt(self, *_: object) -> None:
        if self.stopped or not self._stage:
            self._dropped = True
            raise KeyboardInterrupt
        self.stopped = True
        self._write("")
        plan = "Finishing: the plan so far is worked out and written (Ctrl-C again: nothing is)"
        self.talk.say(plan if self._plan else "Stopping: there is no plan yet")


def _columns(stream: TextIO) -> int:
    """Columns of the terminal that a stream goes to."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size((80, 24)).columns


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
    likely = numbers.get("futures")  # what is short is then told as expected over them
    for row in numbers["short"]:
        key = row["customer"], row["period"]
        short[key] = short.get(key, 0.0) + row["t"] * (likely[row["scenario"]] if likely else 1.0)
    worst = sorted(((key, t) for key, t in short.items() if t >= 0.05), key=lambda item: -item[1])
    if worst:
        head = "Short, expected" if likely else "Short"
        pairs += [(head if k == 0 else "", f"{customer}, {period}: {t:,.1f} t") for k, ((customer, period), t)
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


# ------------------------------------------------------------------------------------------------ verifications


def verification(plan: str, instance: str, verified: Verification, stream: TextIO, *, brief: bool = False) -> str:
    """A headline, what failed with where and by how much, and unless `brief` each check with its count and residual."""
    checks, failures = verified.checks, verified.failures
    total = sum(check.count for check in checks)
    told = (
        f"{len(failures)} of {counted(len(checks), 'check')} failed" if failures else f"all {len(checks)} checks pass"
    )
    sign, colour = ("✗", "red") if failures else ("✓", "green")
    lines = [
        paint(wrapped(f"{sign} {plan} against {instance}   {told} ({total:,} comparisons)", rest="  "), colour, stream)
    ]
    lines += [paint(wrapped(str(check), first="  ✗ ", rest="    "), "red", stream) for check in failures]
    if brief:
        return letters("\n".join(lines), stream)
    wide = max(len(check.name) for check in checks)
    for check in checks:
        sign = "✓" if check.passed else "✗"
        size = (
            f"worst {check.worst:.2g}, tolerance {check.tolerance:.2g}" if math.isfinite(check.worst) else "see above"
        )
        lines.append(f"  {sign} {check.name:{wide}}  {check.count:>8,}  {size if check.count else '-'}")
    lines += [wrapped(note, first="  ! ", rest="    ") for note in verified.notes]
    lines.append(wrapped(f"Not worked out again: {'; '.join(verified.not_recomputed)}.", first="  ", rest="  "))
    return letters("\n".join(lines), stream)
