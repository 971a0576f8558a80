"""Materials: what moves through the chain, what it holds, and the recipes that turn one into another.

Masses are tonnes of the material as its name says; Content is tonnes of an element's oxide per tonne of material.
"""

from __future__ import annotations

from dataclasses import dataclass

from sourcing.instance import Instance
from sourcing.sheets import Issue, Row, Selector, choice, identifier, names, number, reference, sheet, text

FORMS = (
    "ore",
    "concentrate",
    "carbonate",
    "heavy concentrate",
    "oxide",
    "metal",
    "alloy",
    "magnet",
    "scrap",
    "recycled powder",
)


@sheet("Materials", "a material", key=("material",))
class Material(Row):
    """A good, by its form. Its price index is the market price where no offer or contract says otherwise."""

    material: str = identifier("Material", "short name")
    name: str = text("Name", "what people call it, and what a tonne of it means")
    form: str = choice("Form", "where it stands in the chain", FORMS, required=True)
    index: str = reference("Price index", "Prices", "its market price", required=False)
    surplus: str = choice(
        "Surplus",
        "may it be left over where it is made? Blank: yes, but for the first output of a recipe",
        ("allowed", "forbidden"),
    )
    disposal: float = number("Disposal", "USD/t", "cost of what is left over", default=0.0, low=0)


@sheet("Content", "what a material holds", key=("material", "element"))
class Content(Row):
    """Contained oxide of one element (or group) in a tonne of material."""

    material: str = reference("Material", "Materials", "the material")
    element: str = identifier("Element", "an element, or the name of a group that is counted as several")
    content: float = number("Content", "t/t", "contained oxide per tonne", required=True, low=0)
    counted_as: tuple[str, ...] = names("Counted as", "the elements of a group: NdPr is Nd; Pr")


@sheet("Recipes", "one line of a recipe", key=("recipe", "material"))
class RecipeLine(Row):
    """What one tonne of activity takes in or gives out of one material; a block of lines is a recipe."""

    recipe: str = identifier("Recipe", "name of the recipe that this line belongs to")
    material: str = reference("Material", "Materials", "the material")
    input: float | None = number("Input", "t/t", "taken in per tonne of activity", low=0, positive=True)
    output: float | None = number("Output", "t/t", "made per tonne of activity", low=0, positive=True)


@dataclass(frozen=True)
class Recipe:
    """What a tonne of activity takes in and gives out, in t/t by material, in the order of the rows."""

    inputs: dict[str, float]
    outputs: dict[str, float]


def recipes(instance: Instance) -> dict[str, Recipe]:
    """Every recipe by name."""
    return instance.once(_recipes)


def _recipes(instance: Instance) -> dict[str, Recipe]:
    found: dict[str, Recipe] = {}
    for row in instance[RecipeLine]:
        recipe = found.setdefault(row.recipe, Recipe({}, {}))
        if row.input:
            recipe.inputs[row.material] = row.input
        if row.output:
            recipe.outputs[row.material] = row.output
    return found


def select_materials(instance: Instance, selector: Selector, form: str = "") -> frozenset[str]:
    """The materials that a selector means, of one form if given."""
    found = set()
    for row in instance[Material]:
        for kind, name in selector.terms:
            hit = kind == "any" or (kind == "id" and row.material == name) or (kind == "form" and row.form == name)
            if hit and form in ("", row.form):
                found.add(row.material)
    return frozenset(found)


def contents(instance: Instance) -> dict[str, dict[str, float]]:
    """Contained oxide by element (t/t) of each material that Content lists."""
    return instance.once(_contents)


def _contents(instance: Instance) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in instance[Content]:
        found.setdefault(row.material, {})[row.element] = row.content
    return found


def checks(instance: Instance) -> list[Issue]:
    """Recipes that do nothing, or that give out more of an element than they take in."""
    faults = []
    for row in instance[RecipeLine]:
        if not row.input and not row.output:
            faults.append(instance.issue(row, "input", "neither input nor output is given", "fill one of the two"))
    held = contents(instance)
    for name, recipe in recipes(instance).items():
        rows = [row for row in instance[RecipeLine] if row.recipe == name]
        if not recipe.outputs:
            faults.append(instance.issue(rows[0], "output", f"recipe {name} makes nothing", "give an output"))
        if not recipe.inputs or not all(m in held for m in (*recipe.inputs, *recipe.outputs)):
            continue
        taken, given = _mass(recipe.inputs, held), _mass(recipe.outputs, held)
        gains = [e for e in given if given[e] > taken.get(e, 0.0) * 1.0005 + 1e-6]
        if gains:
            worst = max(gains, key=lambda e: given[e] - taken.get(e, 0.0))
            first = next(row for row in rows if row.output)
            message = f"{name} makes {given[worst]:.5g} t of {worst} out of {taken.get(worst, 0.0):.5g} t"
            remedy = "a recipe cannot gain an element: check its lines and Content"
            faults.append(instance.issue(first, "output", message, remedy))
    return faults


def _mass(side: dict[str, float], held: dict[str, dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for material, rate in side.items():
        for element, content in held[material].items():
            total[element] = total.get(element, 0.0) + rate * content
    return total
