"""A fuzzer over workbooks and folders: whatever is in them, `check` tells it in words and in time.

    python tests/fuzz/fuzzing.py --minutes 10                    # workbooks and folders of both bundled instances
    python tests/fuzz/fuzzing.py --minutes 10 --kind solve       # of the starter; what is sound is solved and verified
    python tests/fuzz/fuzzing.py --seed 1 --case 17 --keep DIR   # one case again, its file kept

Cases are numbered, and each is drawn from its seed and number alone. A finding is a failure of the program, a fault
without a remedy, more than SECONDS or more than MEGABYTES. Exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import mutations
from mutations import Parts, Texts

from sourcing.workbook import check

INSTANCES = Path(__file__).parents[2] / "instances"
SECONDS, MEGABYTES = 20, 500
OFTEN = 40
"""Of this many cases one is checked by the command, in a process of its own."""

FINE = {"solve": (0, 3, 4, 6, 7), "check": (0, 4), "verify": (0,)}
"""Exit codes that a command may end with, whatever it is given."""


@dataclass(frozen=True)
class Case:
    """A file or folder to be judged, and what was done to it."""

    path: Path
    done: str


class Hangs(BaseException):
    """Raised where the time is up; no `except Exception` stops it."""


# ------------------------------------------------------------------------------------------------ cases


@cache
def _book(name: str) -> Parts:
    return mutations.parts_of(INSTANCES / f"{name}.xlsx")


@cache
def _texts(name: str) -> Texts:
    return {
        file.stem: list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
        for file in sorted((INSTANCES / name).glob("*.csv"))
    }


def workbook(rng: random.Random, name: str, folder: Path, *, gentle: bool = False) -> Case:
    """A bundled workbook with something done to it; `gentle`: to what its cells say only."""
    parts, done = dict(_book(name)), []
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        done.append(rng.choice(mutations.GENTLE if gentle else mutations.INSIDE)(rng, parts))
    content = mutations.as_archive(parts)
    if not gentle and rng.random() < 0.15:
        content, words = mutations.bytes_changed(rng, content)
        done.append(words)
    path = folder / "book.xlsx"
    path.write_bytes(content)
    return Case(path, f"{name}: {'; '.join(filter(None, done))}")


def csv_folder(rng: random.Random, name: str, folder: Path) -> Case:
    """A bundled folder with something done to it."""
    texts = {tab: [list(row) for row in rows] for tab, rows in _texts(name).items()}
    done = [mutations.csv_changed(rng, texts) for _ in range(rng.choice((1, 1, 2, 3, 8)))]
    path = folder / "case"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    spoilt = rng.choice(list(texts)) if rng.random() < 0.15 else ""
    for tab, rows in texts.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        content = text.getvalue().encode("utf-8", "surrogatepass")
        if tab == spoilt:
            content, words = mutations.text_changed(rng, content)
            done.append(f"{tab} {words}")
        (path / f"{tab}.csv").write_bytes(content)
    return Case(path, f"{name}: {'; '.join(filter(None, done))}")


def case(seed: int, number: int, kind: str, folder: Path, name: str = "") -> Case:
    """The case of a number, in a folder of its own."""
    rng = random.Random(f"{seed}-{kind}-{number}")
    name = "starter" if kind == "solve" else name or rng.choice(("starter", "starter", "allied-2026"))
    if kind == "folder":
        return csv_folder(rng, name, folder)
    return workbook(rng, name, folder, gentle=kind == "solve")


# ------------------------------------------------------------------------------------------------ judgements


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Hangs after so many seconds of work (a machine that is busy with other things counts them slower)."""

    def up(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGPROF, up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judged(path: Path) -> tuple[str, str]:
    """What `check` made of a file (sound, faulty or refused), and what is wrong with how it did so ("" if nothing)."""
    try:
        with limited(SECONDS):
            instance, issues = check(path)
    except Hangs:
        return "hangs", "hangs: " + traceback.format_exc(limit=-4)
    except Exception:
        return "fails", "fails: " + traceback.format_exc(limit=-4)
    errors = [issue for issue in issues if issue.severity == "error"]
    outcome = "sound" if instance else "refused" if errors[0].tab == path.name else "faulty"
    if (instance is None) != bool(errors):
        return outcome, "an instance with errors, or none without"
    if mute := [str(issue) for issue in issues if not issue.suggestion]:
        return outcome, f"no remedy: {mute[0]}"
    return outcome, ""


def commanded(command: str, path: Path, *options: str, seconds: int = 60) -> tuple[int, str]:
    """The exit code of a command in a process of its own, and what is wrong with it."""
    run = [sys.executable, "-c", "from sourcing.cli import main; main()", command, str(path), *options]
    most = partial(resource.setrlimit, resource.RLIMIT_CPU, (seconds, seconds))
    done = subprocess.run(run, capture_output=True, text=True, preexec_fn=most, check=False)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return done.returncode, f"{command} takes more than {seconds} s"
    if done.returncode not in FINE[command] or "Traceback" in done.stderr:
        return done.returncode, f"{command} exits with {done.returncode}: {(done.stdout + done.stderr)[-600:]}"
    return done.returncode, ""


def solved(path: Path) -> tuple[int, str]:
    """The exit code of `solve`, and what is wrong with it or with the plan."""
    plan = path.with_name("plan.xlsx")
    plan.unlink(missing_ok=True)
    code, wrong = commanded("solve", path, "-o", str(plan), "--time-limit", "20", "-q", seconds=300)
    if wrong:
        return code, wrong
    if plan.exists() != (code in (0, 3, 6)):
        return code, f"solve exits with {code}, and the plan is {'there' if plan.exists() else 'not there'}"
    if code in (0, 3):
        return code, commanded("verify", plan, "--against", str(path), "-q")[1]
    return code, ""


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ------------------------------------------------------------------------------------------------ the command


def main() -> int:
    """Draw and judge cases until the time is up."""
    ask = argparse.ArgumentParser(description="Fuzz sourcing check and solve.")
    ask.add_argument("--minutes", type=float, default=10)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--case", type=int, help="judge this case only")
    ask.add_argument("--kind", choices=("workbook", "folder", "solve"), help="default: workbooks and folders in turn")
    ask.add_argument("--keep", type=Path, help="folder for the files of findings")
    given = ask.parse_args()
    until, number, findings = time.monotonic() + 60 * given.minutes, given.case or 0, 0
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        while time.monotonic() < until:
            kind = given.kind or ("workbook", "folder")[number % 2]
            found = case(given.seed, number, kind, Path(place))
            outcome, wrong = judged(found.path)
            if not wrong and megabytes() > MEGABYTES and not counts["memory"]:
                counts["memory"] += 1
                wrong = f"takes {megabytes():.0f} MB"
            if not wrong and kind == "solve" and outcome == "sound":
                code, wrong = solved(found.path)
                outcome = f"solve {code}"
            elif not wrong and number % OFTEN == 0:
                _, wrong = commanded("check", found.path)
            counts[outcome] += 1
            if wrong or given.case is not None:
                print(f"{kind} case {number}, {outcome}: {found.done}\n    {wrong}", flush=True)
                if given.keep:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    os.replace(found.path, given.keep / f"{kind}{number}{found.path.suffix}")
            findings += bool(wrong)
            if given.case is not None:
                break
            number += 1
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    print(f"seed {given.seed}: {number} cases ({told}), {findings} findings, at most {megabytes():.0f} MB")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
