"""Benchmarks, side by side in one run: `python tests/benchmarks`, some two hours; `--quick` takes 5 minutes.

Prints tables in Markdown. Each number is a median over the repeats, with the least and the largest in brackets; in a
repeat all ways are measured one after the other, each in a process of its own, and ratios are formed within it.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from generator import width_for  # noqa: E402

WAYS = ("plain", "layer", "linopy", "pyomo")
PERIODS = 10
SLOW = 150_000
"""Columns from which Pyomo's own interface is left out: it takes minutes there."""


def run(job: str, *arguments: Any, limit: float = 3600.0) -> dict[str, float]:
    """A job in a process of its own; empty where it failed or took too long."""
    command = [sys.executable, str(HERE / "jobs.py"), job, *map(json.dumps, arguments)]
    print("  ", job, *arguments[:2], file=sys.stderr, flush=True)
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {}
    if found.returncode:
        print(found.stderr, file=sys.stderr)
        return {}
    times: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    print("    ", {what: round(seconds, 3) for what, seconds in times.items()}, file=sys.stderr, flush=True)
    return times


def spread(values: Iterable[float | None], form: str = ".2f") -> str:
    """Median, and the range in brackets."""
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    middle = f"{median(known):{form}}"
    return middle if len(known) == 1 else f"{middle} ({min(known):{form}}–{max(known):{form}})"


def table(header: list[str], rows: Iterable[list[str]]) -> None:
    """Print a table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join(["---"] + ["--:"] * (len(header) - 1)) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def each(runs: list[dict[str, float]], value: Callable[[dict[str, float]], float]) -> list[float | None]:
    """A value of every run that has it."""
    found: list[float | None] = []
    for times in runs:
        try:
            found.append(value(times))
        except (KeyError, ZeroDivisionError):
            found.append(None)
    return found


def writing(names: list[str], repeats: int, folder: Path) -> dict[str, list[dict[str, float]]]:
    """How long each way takes from its tables, and ours from the instance, to a model in HiGHS."""
    results: dict[str, list[dict[str, float]]] = {}
    for name in names:
        tables = str(folder / f"{name}.pickle")
        for _ in range(repeats):
            found = run("ours", name, tables)
            found["ours"] = found["build"] + found["compile"] + found["pass"]
            for way in WAYS:
                if way == "pyomo" and found["columns"] > SLOW:
                    continue
                times = run("written", way, tables)
                if times:
                    found[way] = sum(seconds for what, seconds in times.items() if what != "peak")
                    found[f"{way} peak"] = times["peak"]
            results.setdefault(name, []).append(found)
    print("### From tables to a model in HiGHS\n")
    header = ["instance", "columns", "plain arrays, CPU s", "sourcing, whole", "sourcing, model only", "linopy",
              "Pyomo's rules and HiGHS", "whole : linopy", "model only : linopy"]  # fmt: skip
    table(header, (
        [
            name, f"{runs[0]['columns']:,.0f}", spread(each(runs, lambda t: t["plain"]), ".3f"),
            *(spread(each(runs, lambda t, way=way: t[way] / t["plain"]), ".0f")
              for way in ("ours", "layer", "linopy", "pyomo")),
            spread(each(runs, lambda t: t["ours"] / t["linopy"])),
            spread(each(runs, lambda t: t["layer"] / t["linopy"])),
        ]
        for name, runs in results.items()
    ))  # fmt: skip
    print("### By stage of sourcing, CPU seconds; and memory added, MB\n")
    header = ["instance", "read", "build", "compile", "pass", "MB sourcing", "MB plain", "MB linopy", "MB Pyomo"]
    table(header, (
        [
            name, *(spread(each(runs, lambda t, what=what: t[what])) for what in ("read", "build", "compile", "pass")),
            *(spread(each(runs, lambda t, what=what: t[what]), ".0f")
              for what in ("peak", "plain peak", "linopy peak", "pyomo peak")),
        ]
        for name, runs in results.items()
    ))  # fmt: skip
    return results


def solving(results: dict[str, list[dict[str, float]]], folder: Path, limit: float) -> None:
    """The optimum of the linear relaxation in every way, and the seconds of its solve."""
    print("### Linear relaxation: optimum and CPU seconds of the solve, by ipx with crossover\n")
    rows = []
    for name, runs in results.items():
        found = {}
        for way in ("plain", "sourcing", "linopy", "pyomo"):
            if not (way == "pyomo" and runs[0]["columns"] > SLOW):
                found[way] = run("optimum", way, name, str(folder / f"{name}.pickle"), limit, limit=3 * limit)
            if "objective" not in found["plain"]:
                break  # what takes longer by itself takes longer in any hands
        best = found["plain"].get("objective")
        worst = max((abs(t["objective"] / best - 1) for t in found.values() if best and "objective" in t), default=0.0)
        told = [f"{found.get(way, {}).get('solve', float('nan')):.1f}".replace("nan", "–") for way in
                ("plain", "sourcing", "linopy", "pyomo")]  # fmt: skip
        rows.append([name, *told, f"{worst:.1e}" if best else f"not within {limit:.0f} s"])
    table(["instance", "plain", "sourcing", "linopy", "Pyomo", "largest difference of optima"], rows)


def growth(repeats: int, columns: int) -> None:
    """How build and tree grow with sites, periods and scenarios."""
    print("### Growth: CPU seconds where one size doubles\n")
    width = width_for(columns, PERIODS)
    cases = {
        "as it is": (width, PERIODS, 4), "twice the sites": (2 * width, PERIODS, 4),
        "twice the periods": (width, 2 * PERIODS, 4), "twice the scenarios": (width, PERIODS, 8),
    }  # fmt: skip
    rows = []
    for what, case in cases.items():
        name = ",".join(map(str, case))
        models = [run("ours", name, "/dev/null") for _ in range(repeats)]
        stamps = [run("stamped", name) for _ in range(repeats)]
        trees = [run("tree", name) for _ in range(repeats)]
        rows.append([
            what, f"{models[0]['columns']:,.0f}", spread(each(models, lambda t: t["build"])),
            spread(each(models, lambda t: t["compile"])), spread(each(stamps, lambda t: t["first stamp"])),
            spread(each(stamps, lambda t: t["stamp"]), ".3f"), f"{trees[0]['columns']:,.0f}",
            spread(each(trees, lambda t: t["grow"])), spread(each(trees, lambda t: t["glue"])),
            spread(each(trees, lambda t: (t["glue"] + t["pass"]) / t["plain"])),
        ])  # fmt: skip
    header = ["case", "columns", "build", "compile", "first stamp", "a stamp", "columns of the tree", "grow", "glue",
              "glue and pass : plain arrays"]  # fmt: skip
    table(header, rows)


def plans(names: list[str], repeats: int, folder: Path, limit: float) -> None:
    """The whole of `solve`, and what-ifs on a live plan."""
    print("### `solve`, CPU seconds\n")
    rows = []
    for name in names:
        runs = [run("whole", name) for _ in range(repeats)]
        gap = max((times["gap"] for times in runs if times), default=0.005)
        alone = run("branch_and_bound", str(folder / f"{name}.pickle"), max(gap, 1e-6), limit)
        reached = f"{alone['HiGHS']:.1f} (gap {100 * alone['gap']:.2g} %)" if alone else "–"
        rows.append([
            name, *(spread(each(runs, lambda t, what=what: t[what]), ".1f") for what in
                    ("read", "plan", "HiGHS of the plan", "tabs", "audit", "write")),
            spread(each(runs, lambda t: t["plan"] - t["HiGHS of the plan"]), ".1f"),
            spread(each(runs, lambda t: (t["tabs"] + t["plan"]) / t["HiGHS"])),
            f"{100 * gap:.2g} %", reached,
        ])  # fmt: skip
    header = ["instance", "read", "plan", "of it HiGHS", "tabs", "of them audit", "write", "plan - its HiGHS",
              "plan and tabs : all HiGHS", "gap", "HiGHS alone, defaults, to that gap"]  # fmt: skip
    table(header, rows)
    print("### What-ifs on a live plan, CPU seconds; and how many times as long a fresh build and solve takes\n")
    rows = []
    for name in names:
        runs = [run("live", name) for _ in range(repeats)]
        for what in ("a bound", "a cost", "an outage"):
            rows.append([
                name, what, spread(each(runs, lambda t, what=what: t[f"live {what}"])),
                spread(each(runs, lambda t, what=what: t[f"ratio of {what}"]), ".0f"),
                spread(each(runs, lambda t, what=what: t["anew"] / t[f"live {what}"]), ".0f"),
            ])  # fmt: skip
    table(["instance", "what-if", "live", "fresh, same decisions", "fresh, decisions anew"], rows)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes only, and starter in place of allied-2026")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that one solve may take")
    parser.add_argument("--only", default="writing,solving,growth,plans", help="parts, joined by commas")
    parser.add_argument("--columns", default="3000,10000,30000,100000,300000,1000000", help="sizes, joined by commas")
    given = parser.parse_args()
    parts = given.only.split(",")
    sizes = [3_000, 10_000] if given.quick else [int(size) for size in given.columns.split(",") if size]
    bundled = ["starter"] if given.quick else ["starter", "allied-2026"]
    names = [*bundled, *(f"{width_for(size, PERIODS)},{PERIODS},0" for size in sizes)]
    packages = ("allied-sourcing", "pyomo", "highspy", "linopy", "numpy", "scipy", "pandas", "xarray")
    print(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in packages))
    print(f"{platform.system()} {platform.machine()}; generated instances are width,periods,scenarios; "
          f"{given.repeats} repeats: median (least–largest)\n")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        if "writing" in parts or "solving" in parts or "plans" in parts:
            results = writing(names, given.repeats, where)
        if "solving" in parts:
            solving(results, where, given.limit)
        if "growth" in parts:
            growth(given.repeats, 3_000 if given.quick else 10_000)
        if "plans" in parts:
            plans(bundled, given.repeats, where, given.limit)


if __name__ == "__main__":
    main()
