"""The house rules that a machine can hold: imports go down, heavy libraries have one door, everything has a test."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyomo.environ import Constraint
from tiny import tiny

import sourcing
from sourcing.components import COMPONENTS, DECLARED
from sourcing.components.demand import Demand
from sourcing.model import build

ROOT = Path(sourcing.__file__).parent
TESTS = Path(__file__).parent

LAYERS = (
    {"units", "words", "traced"},
    {"sheets", "tables"},
    {"instance", "files"},
    {"components", "ledger", "integrity"},  # components post into the ledger, which knows periods and parties
    {"schema", "suspicions"},
    {"workbook"},
    {"lots", "edits", "differences", "variants"},
    {"model"},
    {"arrays"},
    {"solver", "dive", "integers", "live"},
    {"workers"},
    {"bindings", "positions", "usage"},
    {"bottlenecks", "datanotes", "decide", "ruleprice", "tracking"},
    {"explain", "audit", "origin", "verdict"},
    {"plan"},
    {"comparison", "reasons"},
    {"futures"},
    {"study"},
    {"report"},
    {"verify"},
    {"console", "doctor"},
    {"cli"},
)
"""Who may import whom: a room imports from its own layer and from those above it in this list."""

DOORS = {
    "openpyxl": {"workbook"},
    "xlsxwriter": {"report"},
    "matplotlib": {"report"},
    "ipywidgets": {"report"},
    "highspy": {"solver", "dive", "integers", "live", "explain", "futures", "study"},
    "dask": {"workers"},
    "distributed": {"workers"},
    "pyomo": {"model", "arrays", "components"},
    "typer": {"cli"},
}
"""The rooms that may use a library."""

HEAVY = {
    "pandas", "pyomo", "highspy", "openpyxl", "xlsxwriter", "matplotlib", "numpy", "scipy", "defusedxml", "dask",
    "distributed", "ipywidgets", "IPython",
}  # fmt: skip
"""What costs a command time to import: functions that need it do so."""


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(file): file for file in sorted(ROOT.rglob("*.py")) if file != ROOT / "__init__.py"}


@functools.cache
def imports(module: str) -> list[tuple[str, bool]]:
    """What a module imports when it runs, by full name, and whether at its top level."""

    def walk(node: ast.AST, top: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module}: a relative import"
                yield from ((f"{child.module}.{alias.name}", top) for alias in child.names)
            else:
                yield from walk(child, top and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))

    return list(walk(ast.parse(MODULES[module].read_text(encoding="utf-8")), True))


def layer(room: str) -> int:
    return next(number for number, rooms in enumerate(LAYERS) if room in rooms)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module):
    room = module.split(".")[0]
    up = [
        name for name, _ in imports(module) if name.startswith("sourcing.") and layer(name.split(".")[1]) > layer(room)
    ]
    assert up == []


@pytest.mark.parametrize("module", MODULES)
def test_a_library_has_its_door(module):
    room = module.split(".")[0]
    strays = [name for name, _ in imports(module) if room not in DOORS.get(name.split(".")[0], {room})]
    assert strays == []


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_are_imported_where_they_are_needed(module):
    assert [name for name, top in imports(module) if top and name.split(".")[0] in HEAVY] == []


def test_audit_and_origin_share_nothing_with_the_model():
    """They may know what rows and tables are, and no function of a component."""
    for module in MODULES:
        if module.split(".")[0] not in ("audit", "origin"):
            continue
        for name, _ in imports(module):
            if name.startswith("sourcing.components."):
                assert name.split(".")[-1][0].isupper(), f"{module} uses {name}: only row classes are shared"
            assert name.split(".")[0] not in ("pyomo", "highspy"), f"{module} uses {name}"
            room = name.split(".")[1] if name.startswith("sourcing.") else ""
            assert room in ("", "audit", "origin", "components", "instance", "sheets", "tables"), (
                f"{module} uses {name}"
            )


def test_an_instance_knows_no_row_class():
    assert [name for name, _ in imports("instance") if name.startswith("sourcing.components")] == []


# ------------------------------------------------------------------------------------------------ everything has a test


def name_of(component) -> str:
    return component.__name__.split(".")[-1]


@pytest.mark.parametrize("component", COMPONENTS, ids=name_of)
def test_a_component_that_declares_something_is_declared_and_has_a_test(component):
    has_part = hasattr(component, "declare")
    assert has_part == (component in DECLARED)
    if has_part:
        assert (TESTS / "components" / f"test_{name_of(component)}.py").is_file()


def families() -> list[str]:
    """Every family of rows that the model has, empty or not."""
    path = build(tiny(Demand(customer="car", material="magnet", demand=1)))
    return [family.name for family in path.component_objects(Constraint, descend_into=True)]


@functools.cache
def all_tests() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(TESTS.rglob("test_*.py")))


@pytest.mark.parametrize("family", families())
def test_every_family_of_rows_is_named_in_a_test(family):
    assert re.search(rf'"{re.escape(family)}"', all_tests()), f"no test looks at the row {family}"
