"""Materials: recipes that do something, and gain nothing."""

from __future__ import annotations

import pytest
from tiny import faults, loose, makes

from sourcing.components.demand import Demand
from sourcing.components.materials import Content, Material, RecipeLine, recipes, select_materials
from sourcing.workbook.cells import parse

NEED = Demand(customer="car", material="magnet", demand=1)
OXIDE, MAGNET = (
    Content(material="oxide", element="Nd", content=1),
    Content(material="magnet", element="Nd", content=0.4),
)


def sintered(per_tonne: float):
    return makes("mine", "oxide"), makes("works", "magnet", takes={"oxide": per_tonne}), OXIDE, MAGNET, NEED


def test_a_recipe_is_a_block_of_lines():
    found = recipes(loose(sintered(0.5)))["works magnet"]
    assert (found.inputs, found.outputs) == ({"oxide": 0.5}, {"magnet": 1})


@pytest.mark.parametrize(("taken", "fault"), [(0.4, False), (0.5, False), (0.39, True)])
def test_a_recipe_cannot_gain_an_element(taken, fault):
    assert ("works magnet makes 0.4 t of Nd out of 0.39 t" in faults(sintered(taken))) == fault


def test_a_recipe_line_does_something():
    assert "neither input nor output is given" in faults(sintered(0.5), RecipeLine(recipe="works magnet", material="x"))
    assert "recipe burn makes nothing" in faults(sintered(0.5), RecipeLine(recipe="burn", material="oxide", input=1))


@pytest.mark.parametrize(
    ("text", "form", "found"),
    [
        ("any", "", {"std", "hot", "dy"}),
        ("form:magnet", "", {"std", "hot"}),
        ("any", "magnet", {"std", "hot"}),
        ("std; form:oxide", "", {"std", "dy"}),
        ("std; dy", "oxide", {"dy"}),
    ],
)
def test_what_a_selector_of_materials_means(text, form, found):
    from sourcing.components.limits import Limit

    rows = [Material(material=m, form=f) for m, f in (("std", "magnet"), ("hot", "magnet"), ("dy", "oxide"))]
    selector = parse(text, Limit.columns["material"])
    assert select_materials(loose(rows), selector, form) == found
