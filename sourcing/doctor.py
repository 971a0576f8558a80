"""Doctor: whether the program works on this machine, and whether the model of an instance is well scaled.

Versions, and a tiny instance that is solved and audited; of an instance the size of its model and the ranges of its
numbers.
"""

from __future__ import annotations

import datetime as dt
import platform
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcing.instance import Instance

PACKAGES = ("allied-sourcing", "pyomo", "highspy", "numpy", "scipy", "pandas", "openpyxl", "XlsxWriter", "typer")


def tiny_instance() -> Any:
    """One party with a mine and a works, one period: 10 t are needed and 8 can be made."""
    from sourcing.components.demand import Demand
    from sourcing.components.horizon import Period
    from sourcing.components.lanes import Lane
    from sourcing.components.materials import Material, RecipeLine
    from sourcing.components.places import Entity, Site
    from sourcing.components.production import Process, Unit
    from sourcing.components.trade import Price
    from sourcing.instance import Instance
    from sourcing.sheets import Selector, Series

    return Instance(
        [
            Period(period="2026", start=dt.date(2026, 1, 1), years=1.0),
            Price(index="ore", price=Series.constant(1.0)),
            Material(material="ore", form="ore", index="ore"),
            Entity(entity="us", country=("AU",), role="buyer", allied=True),
            Site(site="mine", entity="us", country="AU"),
            Site(site="works", entity="us", country="AU"),
            Unit(unit="pit", site="mine", capacity=Series.constant(8.0)),
            RecipeLine(recipe="dig", material="ore", output=1.0),
            Process(site="mine", recipe="dig", unit="pit", cost=100.0, stage="mine"),
            Lane(
                origin=Selector((("id", "mine"),)),
                destination=Selector((("id", "works"),)),
                goods=Selector((("id", "ore"),)),
            ),
            Demand(customer="works", material="ore", demand=Series.constant(10.0)),
        ],
        name="doctor",
    )


def examine() -> dict[str, Any]:
    """`versions`, `works`, `seconds` of the tiny plan, and `error` if there is none."""
    versions = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "missing"
    begin, error = perf_counter(), ""
    try:
        from sourcing.plan import make_plan

        delivered = make_plan(tiny_instance()).summary()["delivered_t"]
        if abs(delivered - 8.0) > 1e-6:
            error = f"a plan that delivers {delivered:g} t where 8 t is right"
    except Exception as fault:  # whatever is broken on this machine is what is asked for
        error = f"{type(fault).__name__}: {fault}"
    return {"works": not error, "versions": versions, "seconds": round(perf_counter() - begin, 3), "error": error}


def model_of(instance: Instance) -> dict[str, Any]:
    """Size of an instance's model, and `ranges` of its numbers as [least, most] (`Arrays.ranges`)."""
    from sourcing.arrays import compile_path
    from sourcing.model import build

    arrays = compile_path(build(instance))
    return {
        "columns": len(arrays.columns),
        "rows": len(arrays.rows),
        "nonzeros": len(arrays.values),
        "integers": int(arrays.integer.sum()),
        "ranges": {part: list(limits) for part, limits in arrays.ranges().items()},
    }
