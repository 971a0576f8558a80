"""The console: progress on one line of a terminal, and issues in words, in the width that there is."""

import io
import signal
import sys
import threading

import pytest

from sourcing import console
from sourcing.sheets import Issue


def test_interrupts_stay_as_they_are_where_they_are_not_ours():
    def enter():
        with console.Progress(console.Talk()) as progress:
            found.append((signal.getsignal(signal.SIGINT), progress.stop()))

    found, before = [], signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as of a job in the background
    enter()
    signal.signal(signal.SIGINT, before)
    assert found == [(before, False), (signal.SIG_IGN, False)]


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def test_progress_is_one_line_that_is_cleared(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(console, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with console.Progress(console.Talk()) as progress:
        progress.show("building the model")
        progress.tell("linear model")
        clock[0] = 100.1
        progress.tell("linear model")  # too soon
        clock[0] = 108.4
        progress.tell("rounding", None, 99e3)
        progress.tell("branch and bound", 100e3, 99e3)  # soon, but another stage
    shown = [line.rstrip() for line in screen.getvalue().split("\r")]
    assert shown == [
        "", "building the model  0 s", "linear model  0 s", "rounding  bound 99.0 M USD  8 s",
        "branch and bound  plan 100.0  bound 99.0 M USD  gap 1.00 %  8 s", "", "",
    ]  # fmt: skip
    assert screen.getvalue().endswith("\r" + " " * len(shown[4]) + "\r")


def test_the_time_goes_on_through_a_long_stage(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setattr(console, "TICK", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    with console.Progress(console.Talk()) as progress:
        progress.tell("rounding")
        deadline = console.perf_counter() + 5
        while screen.getvalue().count("rounding  0 s") < 3 and console.perf_counter() < deadline:
            threading.Event().wait(0.01)
    assert screen.getvalue().count("rounding  0 s") >= 3
    said = screen.getvalue()
    threading.Event().wait(0.05)
    assert screen.getvalue() == said  # nothing is shown once it is over


@pytest.mark.parametrize("columns", [10, 20, 80])
def test_progress_fits_the_terminal(columns, monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    with console.Progress(console.Talk()) as progress:
        progress.tell("branch and bound", 100e3, 99e3)
        progress.tell("writing", 100e3, 99e3)
    assert max(map(len, screen.getvalue().split("\r"))) == min(
        columns - 1, len("branch and bound  plan 100.0  bound 99.0 M USD  gap 1.00 %  0 s")
    )


@pytest.mark.parametrize(("quiet", "stream", "term"), [(True, Terminal, "xterm"), (False, io.StringIO, "xterm"),
                                                       (False, Terminal, "dumb")])  # fmt: skip
def test_progress_is_for_terminals_and_who_wants_it(monkeypatch, quiet, stream, term):
    monkeypatch.setattr(sys, "stderr", screen := stream())
    monkeypatch.setenv("TERM", term)
    with console.Progress(console.Talk(quiet=quiet)) as progress:
        progress.tell("rounding", 100e3, 99e3)
    assert screen.getvalue() == ""


# ------------------------------------------------------------------------------------------------ issues in words


def issue(cell, **more):
    return Issue("Lanes", cell, **({"message": "is not a site", "value": "KAU", "column": "To"} | more))


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_issues_fit_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    found = [issue("B8", suggestion="did you mean 'KUA'?"), issue("AB1234", message="a very long story " * 9)]
    lines = console.issue_lines("bad.xlsx", found, sys.stdout).splitlines()
    assert max(map(len, lines)) <= columns
    assert lines[:2] == ["✗ bad.xlsx   2 errors", "Lanes"]


def test_an_issue_reads_as_a_sentence(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = [issue("B8", suggestion="did you mean 'KUA'?"), issue("C9", message="no price", column="Index")]
    lines = console.issue_lines("bad.xlsx", found, sys.stdout).splitlines()
    assert lines[2:] == ["  B8  To     'KAU' is not a site → did you mean 'KUA'?", "  C9  Index  'KAU': no price"]


def test_issues_that_are_alike_are_told_once():
    lines = console.issue_lines("bad.xlsx", [issue(f"B{n}") for n in range(2, 9)], sys.stdout)
    assert "✗ bad.xlsx   7 errors" in lines
    assert "(also B3, B4, B5, B6, and 2 more)" in " ".join(lines.split())


def test_of_very_many_issues_ten_a_tab_are_shown():
    lines = console.issue_lines("bad.xlsx", [issue(f"B{n}", value=f"K{n}") for n in range(60)], sys.stdout).splitlines()
    assert len(lines) == 2 + 10 + 1
    assert lines[-1] == "  … 50 more on this tab: --json lists them all"
