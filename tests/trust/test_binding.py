"""Every family of rows binds somewhere: without it the plan would be cheaper, by just as much as it should.

The cases are the coverage of the model's constraints; a family without one fails here.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from cases import CASES, Case
from pytest import approx
from test_architecture import families
from tiny import tiny

from sourcing.arrays import Arrays, compile_path
from sourcing.model import build
from sourcing.solver import Options, run


def least(arrays: Arrays) -> float:
    """The least cost, k USD; infinite without a plan, minus infinite without a bound."""
    found = run(None, arrays, Options(gap=1e-9, threads=1))
    return {"infeasible": math.inf, "unbounded": -math.inf}.get(found.status, found.objective)


def without(arrays: Arrays, family: str) -> Arrays:
    """The model with the rows of a family free."""
    free = np.array([name == family for name, _ in arrays.rows])
    assert free.any()
    return dataclasses.replace(
        arrays,
        row_lower=np.where(free, -np.inf, arrays.row_lower),
        row_upper=np.where(free, np.inf, arrays.row_upper),
    )


def model(case: Case) -> Arrays:
    return compile_path(build(tiny(case.rows), view=case.view))


def test_every_family_of_rows_has_a_case():
    assert set(families()) == set(CASES)


@pytest.mark.parametrize("family", CASES)
def test_a_family_of_rows_binds(family):
    case = CASES[family]
    arrays = model(case)
    assert least(arrays) == approx(case.cost)
    assert least(without(arrays, family)) == approx(case.without)
    assert case.without < case.cost
