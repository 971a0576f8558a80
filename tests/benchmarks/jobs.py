"""Jobs: one thing measured once, in a process of its own; each returns CPU seconds by what was done.

CPU seconds (of all threads) and not the clock, so that other work on the machine counts little. Imports, and a first
round on the smallest instance, are not counted. `peak` is the memory that the job added (MB): the most that the process
held, less what it held before.
"""

from __future__ import annotations

import gc
import json
import pickle
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import generator
import numpy as np
import restated

import sourcing
from sourcing.arrays import Arrays, compile_path
from sourcing.instance import Instance
from sourcing.model import build
from sourcing.solver import Options, highs, run_linear
from sourcing.workbook import write_folder

HOME = Path(__file__).parents[2] / "instances"
Times = dict[str, float]


def instance_of(name: str) -> Instance:
    """A bundled instance by name, or a generated one: `width,periods,scenarios`."""
    if "," not in name:
        return sourcing.read(HOME / name)
    return generator.generated(*map(int, name.split(",")))


@contextmanager
def timed(times: Times, what: str) -> Iterator[None]:
    """Add the CPU seconds of a block."""
    begun = process_time()
    yield
    times[what] = times.get(what, 0.0) + process_time() - begun


def memory() -> float:
    """The most that the process has held so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def linear(arrays: Arrays) -> Arrays:
    """The linear relaxation."""
    return replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool))


# ------------------------------------------------------------------------------------------------ what is measured


def ours(name: str, out: str) -> Times:
    """From the instance to a HiGHS object, and its stamps; `out` gets the tables that the others start from."""
    times: Times = {}
    instance = instance_of(name)
    with tempfile.TemporaryDirectory() as folder:
        where = write_folder(instance, Path(folder) / "instance")
        with timed(times, "read"):
            instance = sourcing.read(where)
    with timed(times, "build"):
        path = build(instance)
    with timed(times, "compile"):
        arrays = compile_path(path)
    with timed(times, "pass"):
        highs(arrays, Options())
    times |= {"columns": len(arrays.columns), "rows": len(arrays.rows), "nonzeros": len(arrays.values)}
    Path(out).write_bytes(pickle.dumps(restated.tables_of(arrays)))
    return times


def stamped(name: str) -> Times:
    """The arrays of other numbers: the first stamp traces the build, further ones run the tape."""
    from sourcing.futures.stamp import Form

    times: Times = {}
    instance = instance_of(name)
    path = build(instance)
    form = Form(path, compile_path(path), instance)
    with timed(times, "first stamp"):
        assert form.stamp(_dearer(instance, 1.01)) is not None
    with timed(times, "stamp"):
        assert form.stamp(_dearer(instance, 1.02)) is not None
    return times


def _dearer(instance: Instance, factor: float) -> Instance:
    """The instance with other prices."""
    from sourcing.components.trade import Price

    rows = [
        replace(row, price=replace(row.price, values=tuple(factor * v for v in row.price.values)))
        for row in instance[Price]
    ]
    return instance.replace(Price, rows)


def written(way: str, tables: str) -> Times:
    """The same model written in another way, from the tables, up to a HiGHS object."""
    held = pickle.loads(Path(tables).read_bytes())
    times: Times = {"held": memory()}
    if way == "plain":
        with timed(times, "plain"):
            restated.plain(held)
    elif way == "layer":
        with timed(times, "layer"):
            arrays = restated.sourcing_layer(held)
            highs(arrays, Options())
    elif way == "linopy":
        with timed(times, "linopy build"):
            model = restated.linopy_model(held)
        with timed(times, "linopy pass"):
            restated.linopy_highs(model)
    else:
        with timed(times, "pyomo build"):
            model = restated.pyomo_rules(held)
        with timed(times, "pyomo pass"):
            restated.pyomo_highs(model)
    return times


def optimum(way: str, name: str, tables: str, limit: float) -> Times:
    """The optimum of the linear relaxation, by the interior point method of HiGHS with crossover in every way."""
    times: Times = {}
    if way == "sourcing":
        arrays = linear(compile_path(build(instance_of(name))))
        with timed(times, "solve"):
            times["objective"] = run_linear(None, arrays, Options(time_limit=limit)).objective
        return times
    held = pickle.loads(Path(tables).read_bytes())
    held = replace(held, columns={key: replace(group, integer=False) for key, group in held.columns.items()})
    constant = 0.0
    if way == "plain":
        solver = restated.plain(held)
    elif way == "linopy":
        solver, constant = restated.linopy_highs(restated.linopy_model(held)), held.constant
    else:
        from pyomo.contrib.solver.solvers.highs import Highs

        model = restated.pyomo_rules(held)
        with timed(times, "solve"):
            found = Highs().solve(model, solver_options={"solver": "ipx"}, load_solutions=False)
        return times | {"objective": found.incumbent_objective}
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("solver", "ipx")
    solver.setOptionValue("time_limit", limit)
    with timed(times, "solve"):
        solver.run()
    return times | {"objective": solver.getInfo().objective_function_value + constant}


def tree(name: str) -> Times:
    """All futures, from the instance to one glued model, against plain arrays of the same matrix."""
    from sourcing.futures.glue import glue
    from sourcing.futures.solve import grow

    times: Times = {}
    instance = instance_of(name)
    with timed(times, "grow"):
        paths = grow(instance)
    gc.collect()
    with timed(times, "glue"):
        whole = glue(paths)
    with timed(times, "pass"):
        highs(whole.arrays, Options())
    tables = restated.tables_of(whole.arrays)
    with timed(times, "plain"):
        restated.plain(tables)
    return times | {"columns": len(whole.arrays.columns), "paths": len(paths)}


def whole(name: str) -> Times:
    """`solve`, from the folder to the plan workbook; `HiGHS` is what was spent inside it, in `runs` runs."""
    import highspy

    from sourcing.audit import audit
    from sourcing.plan import plan_of
    from sourcing.report import write_plan
    from sourcing.solver import solve_path

    times: Times = {"HiGHS": 0.0, "runs": 0}
    run = highspy.Highs.run

    def counted(solver: Any, *given: Any) -> Any:
        times["runs"] += 1
        with timed(times, "HiGHS"):
            return run(solver, *given)

    highspy.Highs.run = counted
    with timed(times, "read"):
        instance = instance_of(name)
    with timed(times, "plan"):
        solution = solve_path(instance)
    times["HiGHS of the plan"], times["runs of the plan"] = times["HiGHS"], times["runs"]
    times["integers"] = int(solution.arrays.integer.sum())
    with timed(times, "tabs"):
        plan = plan_of(solution)
    with timed(times, "audit"):
        audit(instance, plan)
    with tempfile.TemporaryDirectory() as folder, timed(times, "write"):
        write_plan(plan, Path(folder) / "plan.xlsx")
    times["gap"] = plan.gap
    return times


def branch_and_bound(tables: str, gap: float, limit: float) -> Times:
    """HiGHS by itself, at its defaults, on plain arrays with their integers."""
    times: Times = {}
    solver = restated.plain(pickle.loads(Path(tables).read_bytes()))
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("time_limit", limit)
    with timed(times, "HiGHS"):
        solver.run()
    info = solver.getInfo()
    return times | {"objective": info.objective_function_value, "gap": info.mip_gap}


def live(name: str) -> Times:
    """What-ifs on a live plan, five of a kind: the median, and that of fresh builds and solves of the same changes with
    the decisions of the plan, as the live ones have them. `anew` is one whose decisions are made anew."""
    from sourcing.components.horizon import periods
    from sourcing.components.production import Unit
    from sourcing.components.trade import Price
    from sourcing.solver import solve_path

    times: Times = {}
    study = sourcing.Study(instance_of(name))
    instance = study.instance
    made: dict[str, float] = {}
    for key, tonnes in study.plan.values("production.activity").items():
        made[key[2]] = made.get(key[2], 0.0) + tonnes
    units = sorted((row for row in instance[Unit] if made.get(row.unit)), key=lambda row: -made[row.unit])[:FEW]
    indices = dict.fromkeys(row.index for row in instance[Price])
    last = periods(instance)[-1].id
    changes: dict[str, list[Callable[[sourcing.Study], sourcing.Study]]] = {
        "a bound": [lambda s, u=row.unit: s.set(f"Units[{u}].capacity[{last}]", "*0.9") for row in units],
        "a cost": [lambda s, i=index: s.set(f"Prices[{i}].price", "*1.1") for index in _spaced(list(indices))],
        "an outage": [lambda s, i=row.site: s.off(i, first=last) for row in units],
    }
    study.set(f"Prices[{next(iter(indices))}].price", "*1.001").solve()  # the form is traced at the first
    for what, asked in changes.items():
        took: list[Times] = []
        for change in asked:
            one: Times = {}
            gc.collect()  # of what the fresh build before left
            with timed(one, "live"):
                warm = change(study.reset()).solve()
            gc.collect()
            with timed(one, "fresh"):
                fresh = solve_path(study.instance, held=study.plan.integers)
            if fresh.status == warm.status == "optimal" and not fresh.arrays.integer.any():
                assert abs(fresh.objective - warm.objective) <= 1e-6 * abs(fresh.objective)
            took.append(one)
        for kind in ("live", "fresh"):
            times[f"{kind} {what}"] = median(one[kind] for one in took)
        times[f"ratio of {what}"] = median(one["fresh"] / one["live"] for one in took)
    changes["a bound"][0](study.reset())
    gc.collect()
    with timed(times, "anew"):
        solve_path(study.instance)
    return times


FEW = 5
"""What-ifs of a kind."""


def _spaced(found: list[str]) -> list[str]:
    """A few of a list, evenly from its start to its end."""
    return found if len(found) <= FEW else [found[k * (len(found) - 1) // (FEW - 1)] for k in range(FEW)]


JOBS: dict[str, Callable[..., Times]] = {
    job.__name__: job for job in (ours, stamped, written, optimum, tree, whole, branch_and_bound, live)
}
WARM = {"stamped": "2,2,0", "tree": "2,2,1", "whole": "2,2,0", "live": "2,2,0"}


def main() -> None:
    """Run the job that the arguments name, and print what it measured."""
    name, *given = sys.argv[1:]
    arguments = [json.loads(text) for text in given]
    job = JOBS[name]
    with tempfile.NamedTemporaryFile() as small:
        ours("2,2,0", small.name)
        if name == "written":
            written(arguments[0], small.name)
        elif name == "optimum":
            optimum(arguments[0], "2,2,0", small.name, 60.0)
        elif name in WARM:
            job(WARM[name])
    gc.collect()
    before = memory()
    times = job(*arguments)
    times["peak"] = memory() - times.pop("held", before)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
