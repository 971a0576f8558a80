"""Again: a plan's decisions in a model whose columns were closed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny import makes, tiny

from sourcing.components.demand import Demand
from sourcing.solver import Options, solve_path
from sourcing.study.again import held


def test_what_a_yes_let_through_is_shut_with_it():
    # 8 t are needed; `a` makes them at 1 k USD/t while it runs, a tonne short costs 1,000
    unit, *rest = makes("a", "car", 10, cost=1000)
    rows = (replace(unit, minimum_load=50), *rest, Demand(customer="buyer", material="car", demand=8))
    plan = solve_path(tiny(*rows), options=Options(gap=1e-6))
    assert plan.objective == pytest.approx(8)
    run = np.array([family == "production.run" for family, _ in plan.arrays.columns])
    assert run.any()
    shut = replace(plan.arrays, upper=np.where(run, 0.0, plan.arrays.upper))
    assert held(shut, plan, Options()).objective == pytest.approx(8 * 1000)
