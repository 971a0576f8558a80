"""`sourcing risk`: what it is worth to know the future, and how much hangs on few places."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sourcing import console
from sourcing.cli.shared import (
    UNPROVEN,
    AskedView,
    Dask,
    Debug,
    Force,
    InstancePath,
    Json,
    Output,
    Quiet,
    Verbose,
    Workers,
    command,
    print_json,
    read_instance,
)
from sourcing.cli.tables import as_objects, as_text, check_book, write_book
from sourcing.console import Progress, Talk


@command
def risk(
    instance: InstancePath,
    samples: Annotated[int, typer.Option(min=1, help="Futures that are drawn from the hazards.")] = 200,
    whole: Annotated[
        bool, typer.Option("--whole", help="Whole decisions in what is compared, to 0.01 % (hours if large).")
    ] = False,
    view: AskedView = None,
    output: Output = None,
    time_limit: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Time for each plan.")] = 1800.0,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="SHARE", help="Gap within which the plans are proven.")
    ] = 0.005,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the futures that are drawn, and of the solver.")] = 0,
    workers: Workers = 1,
    dask: Dask = "",
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> int:
    """What knowing the future is worth, how the plan fares in drawn ones, days of cover, concentration."""
    from sourcing.futures.solve import grow, solve_tree
    from sourcing.plan import plan_of
    from sourcing.sheets import NoPlan
    from sourcing.solver import Options, solve_path
    from sourcing.study.concentration import concentration, supply_risk
    from sourcing.study.cover import cover
    from sourcing.study.samples import out_of_sample
    from sourcing.study.value import risk_table, value_of_information

    talk = Talk(quiet=quiet, verbose=verbose)
    problem = read_instance(instance, talk)
    check_book(output, instance, force=force)
    talk.say(f"Solving {problem.name}")
    crew: dict[str, Any] = {"workers": workers, "dask": dask}
    seen = view and view.value
    with Progress(talk) as progress:
        options = Options(gap=gap, time_limit=time_limit, seed=seed, stop=progress.stop, tell=progress.tell)
        solution = solve_path(problem, view=seen, options=options)
        if solution.status not in ("optimal", "feasible"):
            raise NoPlan(f"no plan exists ({solution.status}): `sourcing solve {instance}` tells why")
        plan = plan_of(solution, options, compare=False, asked=False)
        tables = [*concentration(plan), supply_risk(plan), cover(plan)]
        paths = grow(problem, seen)
        known = value_of_information(problem, view=seen, whole=whole, options=options, paths=paths, **crew)
        tree = known.tree
        if not whole:
            tree = solve_tree(problem, view=seen, options=options, risk_weight=0.0, paths=paths, **crew)
            if tree.status not in ("optimal", "feasible"):
                raise NoPlan(f"no plan holds in all futures ({tree.status})")
        sample = out_of_sample(tree, samples, seed, options=options, **crew)
    tables = [risk_table(known, sample), *tables]
    write_book(tables, output, problem, "Risk", talk)
    if json:
        print_json({"status": tree.status, **{table.title: as_objects(table) for table in tables}})
    else:
        parts = [f"{console.wrapped(table.about)}\n\n{as_text(table, most=12)}" for table in tables]
        talk.result("\n\n".join([*parts, "All rows: -o FILE.xlsx or --json"]))
    return 0 if tree.status == "optimal" else UNPROVEN
