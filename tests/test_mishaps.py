"""Mishaps: a program killed, a disk that is full, a closed folder, too little memory; nothing is lost by them."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bundled import slow

from sourcing import files
from sourcing.doctor import tiny_instance
from sourcing.workbook import write_folder

resource = pytest.importorskip("resource", reason="limits of a process are of POSIX systems")

STARTER = Path(__file__).parents[1] / "instances" / "starter"
RUN = [sys.executable, "-c", "from sourcing.cli import main; main()"]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_folder(tiny_instance(), tmp_path / "tiny")


def limited(what: int, most: int) -> Callable[[], None]:
    """Sets a limit in the child before the program starts."""
    return lambda: resource.setrlimit(what, (most, most))


def run(*words: object, limit: Callable[[], None] | None = None) -> tuple[int, str]:
    """The exit code of a command and what it says on stderr, in one line."""
    done = subprocess.run([*RUN, *map(str, words)], capture_output=True, text=True, preexec_fn=limit, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join(done.stderr.split())


# ------------------------------------------------------------------------------------------------ kill -9


def killed(instance: Path, plan: Path, wait: Callable[[], object]) -> bool:
    """Kill a `solve` after a wait; whether it was at work still."""
    work = subprocess.Popen(
        [*RUN, "solve", str(instance), "-o", str(plan)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait()
    at_work = work.poll() is None
    work.kill()
    work.wait()
    return at_work


def begun(plan: Path, delay: float) -> Callable[[], None]:
    """Waits until the plan is being written, and a moment more."""

    def wait() -> None:
        until = time.monotonic() + 120
        while not unfinished(plan) and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(delay)

    return wait


def unfinished(plan: Path) -> list[Path]:
    return list(plan.parent.glob(f".{plan.stem}{files.UNFINISHED}*"))


def is_whole(plan: Path, instance: str) -> bool:
    with zipfile.ZipFile(plan) as archive:
        return archive.testzip() is None and files.plan_of(plan) == instance


def old_or_new(instance: Path, plan: Path, waits: list[Callable[[], object]]) -> int:
    """Kill a solve at each moment; the plan is the old one or a whole new one. How often it was at work still."""
    old, count = plan.read_bytes(), 0
    for wait in waits:
        count += killed(instance, plan, wait)
        if plan.read_bytes() != old:
            assert is_whole(plan, instance.name)
            old = plan.read_bytes()
    left = {path.name for path in plan.parent.iterdir()} - {plan.name, instance.name}
    assert left <= {path.name for path in unfinished(plan)}  # by their names the next to write there knows them
    return count


def test_a_solve_that_is_killed_while_it_writes_leaves_the_old_plan_or_the_new_one(tiny: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.xlsx"
    assert run("solve", tiny, "-o", plan)[0] == 0
    assert old_or_new(tiny, plan, [begun(plan, delay) for delay in (0.0, 0.02)]) > 0
    for path in unfinished(plan):
        os.utime(path, (0, 0))  # as old as if the kill were yesterday's
    assert run("solve", tiny, "-o", plan)[0] == 0
    assert unfinished(plan) == []


@slow
def test_a_solve_of_the_starter_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    plan, rng = tmp_path / "plan.xlsx", random.Random(0)
    begin = time.monotonic()
    assert run("solve", STARTER, "-o", plan)[0] == 0
    took = time.monotonic() - begin
    anywhere = [lambda: time.sleep(rng.uniform(0, took))] * 10
    writing = [begun(plan, rng.uniform(0, 1)) for _ in range(10)]
    (tmp_path / "starter").symlink_to(STARTER)
    assert old_or_new(tmp_path / "starter", plan, [*anywhere, *writing]) >= 10


# ------------------------------------------------------------------------------------------------ no room


@pytest.mark.parametrize("most", [1_000, 10_000])
def test_a_full_disk_keeps_the_old_plan(tiny: Path, tmp_path: Path, most: int) -> None:
    plan = tmp_path / "tiny.plan.xlsx"
    assert run("solve", tiny)[0] == 0
    old = plan.read_bytes()
    assert len(old) > 20_000
    code, words = run("solve", tiny, "--quiet", limit=limited(resource.RLIMIT_FSIZE, most))
    assert (code, words) == (8, f"✗ '{plan}' cannot be written: File too large")
    assert plan.read_bytes() == old
    assert {path.name for path in tmp_path.iterdir()} == {"tiny", plan.name}


@pytest.mark.parametrize("words", ["convert {tiny} {out}.xlsx", "convert {tiny} {out}", "template {out}.xlsx"])
def test_a_full_disk_is_told_by_other_commands(tiny: Path, tmp_path: Path, words: str) -> None:
    asked = words.format(tiny=tiny, out=tmp_path / "out").split()
    code, told = run(*asked, limit=limited(resource.RLIMIT_FSIZE, 100))
    assert (code, told.split(": ", 1)[1]) == (8, "File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder_is_told_before_the_work(tiny: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        code, words = run("solve", tiny)
    finally:
        tmp_path.chmod(0o755)
    assert code == 8
    assert "cannot be written to: give another file" in words
    assert "Solving" not in words


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how much a process has")
def test_too_little_memory_is_told(tmp_path: Path) -> None:
    code = (
        "import resource, sourcing.cli, sourcing.plan\n"
        "def short(*given, solve=sourcing.plan.solve_path, **named):\n"
        "    most = resource.getpagesize() * int(open('/proc/self/statm').read().split()[0]) + 4_000_000\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "    return solve(*given, **named)\n"
        "sourcing.plan.solve_path = short\n"
        "sourcing.cli.main()\n"
    )
    words = ["solve", STARTER, "--quiet", "-o", tmp_path / "plan.xlsx"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    told = "✗ not enough memory; nothing was written: close other programs, or plan fewer periods or scenarios at once"
    assert (done.returncode, " ".join(done.stderr.split())) == (7, told)
    assert list(tmp_path.iterdir()) == []
