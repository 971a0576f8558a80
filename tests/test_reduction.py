"""What is left out of a model before the solver sees it, and that no optimum is lost by it."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from bundled import instance
from tiny import china_rule, makes, sells, tiny, years

from sourcing.arrays import compile_path
from sourcing.components.demand import Demand
from sourcing.components.places import Entity, Site
from sourcing.instance import Instance
from sourcing.lots import Lots
from sourcing.model import build
from sourcing.solver import Options, run_linear, solve_path

EXACT = Options(gap=1e-7)


def kept_whole(monkeypatch):
    """From here on every lot that can exist has columns, whether it is of use to anybody or not."""

    def of_use(lots, runs):
        for place, labels in lots._reach.items():
            lots._use[place] |= labels
        return runs

    monkeypatch.setattr(Lots, "_back", of_use)


def again(tables: Instance) -> Instance:
    """The same tables, with nothing worked out yet."""
    return Instance(list(tables.rows()), name=tables.name)


def two_classes() -> Instance:
    """Magnets from China at 10 and from Australia at 30 USD/kg; from 2027 on the rule forbids the first."""
    return tiny(
        *years(2026, 2027),
        Entity(entity="cn", country="CN", role="supplier", allied=False),
        Site(site="china", entity="cn", country="CN"),
        Site(site="perth", entity="cn", country="AU"),
        china_rule(),
        *makes("china", "magnet", 100.0),
        *makes("perth", "magnet", 100.0),
        *sells("china", "magnet", 10.0),
        *sells("perth", "magnet", 30.0),
        Demand(customer="works", material="magnet", rules="zc", demand=5.0),
    )


def test_lots_that_are_of_no_use_have_no_columns_and_cost_no_optimum(monkeypatch):
    tables = two_classes()
    lean = solve_path(tables, options=EXACT)
    assert lean.objective == pytest.approx(2 * 5.0 * 30.0)  # 5 t a year at 30 USD/kg = k USD/t, no discount
    assert ("china", "works", "magnet", "spot", "zc@1", "2026") not in lean.values("channels.flow")
    kept_whole(monkeypatch)
    full = solve_path(again(tables), options=EXACT)
    assert full.values("channels.flow")["china", "works", "magnet", "spot", "zc@1", "2026"] == 0.0
    assert full.objective == pytest.approx(lean.objective)


def test_of_starter_columns_are_left_out_at_the_same_optimum(monkeypatch):
    """With every decision in parts and batches kept apart, so that lots bring no yes-or-no of their own."""

    def relaxed():
        sites = [dataclasses.replace(row, custody="segregated") for row in instance("starter").all(Site)]
        path = build(instance("starter").replace(Site, sites))
        arrays = compile_path(path)
        parts = dataclasses.replace(arrays, integer=np.zeros(len(arrays.columns), dtype=bool))
        return run_linear(path, parts, Options())

    lean = relaxed()
    kept_whole(monkeypatch)
    full = relaxed()
    assert len(full.arrays.columns) > len(lean.arrays.columns)
    assert full.objective == pytest.approx(lean.objective, rel=1e-9)


@pytest.mark.parametrize("name", ["starter", "allied-2026"])
def test_what_the_data_fix_is_no_column(name):
    """But for the draws of stocks that only a shock releases: futures that share a period share its columns."""
    arrays = compile_path(build(instance(name)))
    fixed = np.flatnonzero(arrays.lower == arrays.upper).tolist()
    assert set(Counter(arrays.columns[place][0] for place in fixed)) <= {"stock.draw", "nothing"}


@pytest.mark.parametrize("name", ["starter", "allied-2026"])
def test_no_lane_is_dominated(name):
    """No two columns do the same in every row, but for the steps of a shortage, which are bounded, and soft limits."""
    arrays = compile_path(build(instance(name)))
    seen: dict[tuple[bytes, bytes], str] = {}
    twins = set()
    for place, (family, _) in enumerate(arrays.columns):
        part = slice(arrays.starts[place], arrays.starts[place + 1])
        does = arrays.indices[part].tobytes(), arrays.values[part].tobytes()
        if does in seen:
            twins |= {family, seen[does]}
        seen[does] = family
    assert twins <= {"demand.short", "limits.under", "limits.over", "nothing"}
