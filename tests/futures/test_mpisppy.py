"""mpi-sppy as referee: its extensive form of the same paths has the optimum of our tree."""

from __future__ import annotations

import dataclasses

import bundled
import pytest
from pytest import approx
from tiny import makes, party, sells, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import periods
from sourcing.components.projects import Project
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.futures.solve import grow, solve_tree
from sourcing.model import build
from sourcing.solver import Options
from sourcing.study.value import in_parts

pytestmark = pytest.mark.filterwarnings("ignore")  # of third parties


def extensive(instance, paths, *, whole=True):
    """The optimum that mpi-sppy finds for the Pyomo models of two-stage paths, all of which part in one period.

    Each model is built from its own tables; the variables of the periods before are declared as those of the first
    stage. Probabilities are the paths'.
    """
    try:
        from mpisppy.opt.ef import ExtensiveForm
        from mpisppy.utils.sputils import attach_root_node
    except (ImportError, RuntimeError) as fault:  # the second where there is no MPI
        pytest.skip(f"needs mpi-sppy: {fault}")
    from pyomo.environ import TransformationFactory, Var

    ends = {path.branch.id: path for path in paths if path.branch.probability > 0}
    [first] = {path.branch.start for path in paths[1:]}
    before = {t.id for t in periods(instance)[:first]}

    def scenario(name):
        tables = ends[name].branch.instance
        path = build(tables)
        shared = [
            var
            for family in path.component_objects(Var, descend_into=True)
            for index, var in family.items()
            if (index[-1] if isinstance(index, tuple) else index) in before
        ]
        if not whole:
            TransformationFactory("core.relax_integer_vars").apply_to(path)
        attach_root_node(path, 0.0, shared)
        path._mpisppy_probability = ends[name].branch.probability
        return path

    form = ExtensiveForm({"solver": "highs", "verbose": False}, list(ends), scenario)
    form.solve_extensive_form(solver_options={"mip_rel_gap": 1e-7})
    return form.get_objective_value()


def shock(scenario, tab, row, column, **change):
    return Shock(scenario=scenario, of_tab=tab, row_id=row, of_column=column, **change)


def market():
    """Two outlooks and an event, which all begin in 2027; a plant may be built and a contract signed."""
    return tiny(
        years(2026, 2027, 2028),
        party("miner", "supplier", "near", "far"),
        party("trader", "supplier", "exchange", allied=False),
        party("maker", "buyer", "plant", "car"),
        makes("near", "oxide", 8, cost=7000),
        makes("far", "oxide", 20, cost=15_000),
        makes("exchange", "oxide"),
        sells("near", "oxide", 8),
        sells("far", "oxide", 11),
        sells("exchange", "oxide", 32, maximum=40),
        makes("plant", "magnet", 16, takes={"oxide": 1}),
        makes("plant", "magnet", 10, takes={"oxide": 0.9}, unit="new"),
        Project(project="new", unit="new", capex=0.3, life=10, cost_of_capital=5, lead_time=12),
        Contract(contract="far away", seller="far", buyer="plant", material="oxide", fixed=7, minimum=3, maximum=15,
                 status="option", signing_cost=0.01),
        Stockpile(stockpile="store", holder="maker", site="plant", material="oxide", label="clean", maximum=12,
                  storage=300),
        Demand(customer="car", material="magnet", demand=15, shortage_value=75),
        Scenario(scenario="base", kind="outlook", probability=70),
        Scenario(scenario="boom", kind="outlook", probability=30, starts="2027", leaves="base"),
        shock("boom", "Demand", "none", "Demand", multiply=1.4),
        Scenario(scenario="outage", kind="event", hazard=15, starts="2027", leaves="base"),
        shock("outage", "Units", "near oxide", "Capacity", multiply=0.3),
    )  # fmt: skip


def test_whole_decisions():
    instance = market()
    found = solve_tree(instance, options=Options(gap=1e-9))
    assert len(found.ends) == 3
    assert found.objective == approx(extensive(instance, found.paths), rel=1e-6)


def test_the_starter_in_parts():
    """Its two outlooks: prices collapse in 2028."""
    instance = bundled.instance("starter")
    only = frozenset({"base", "price_collapse"})
    paths = [dataclasses.replace(path, arrays=in_parts(path.arrays)) for path in grow(instance, only=only)]
    found = solve_tree(instance, paths=paths, options=Options(threads=1))
    assert found.objective == approx(extensive(instance, paths, whole=False), rel=1e-6)
