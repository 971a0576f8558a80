"""Materials: what moves through the chain, what it holds, and the recipes that turn one into another.

Masses are tonnes of the material as its name says; Content is tonnes of an element's oxide per tonne of material.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sourcing.instance import Instance
from sourcing.sheets import Issue, Row, Selector, choice, identifier, names, number, reference, sheet, text
from sourcing.words import did_you_mean

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


_SYMBOLS = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb
Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au
Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts
Og
"""
SYMBOLS = frozenset(_SYMBOLS.split())
"""Symbols of the chemical elements."""


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
    """Elements that do not exist, and recipes that do nothing or give out more of an element than they take in."""
    faults, doubtful = _strange_elements(instance)
    for row in instance[RecipeLine]:
        if not row.input and not row.output:
            faults.append(instance.issue(row, "input", "neither input nor output is given", "fill one of the two"))
    held = contents(instance)
    for name, recipe in recipes(instance).items():
        rows = [row for row in instance[RecipeLine] if row.recipe == name]
        if not recipe.outputs:
            faults.append(instance.issue(rows[0], "output", f"recipe {name} makes nothing", "give an output"))
        concerned = {*recipe.inputs, *recipe.outputs}
        whole = all(row.input or row.output for row in rows)
        if not recipe.inputs or not whole or doubtful & concerned or not concerned <= set(held):
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


def _strange_elements(instance: Instance) -> tuple[list[Issue], set[str]]:
    """Faults of names on Content that mean no element, and the materials that they concern.

    A name of one's own (`Rest`) is known by its second material: what only one holds is a slip of the pen.
    """
    faults, doubtful = [], set()
    holders = Counter(row.element for row in instance[Content])
    for row in instance[Content]:
        if row.element not in SYMBOLS and not row.counted_as and holders[row.element] == 1:
            remedy = did_you_mean(row.element, [e for e in holders if holders[e] > 1]) or "write its symbol"
            message = "is the symbol of no element, and no other material holds it"
            faults.append(instance.issue(row, "element", message, remedy))
            doubtful.add(row.material)
        for name in row.counted_as:
            if name not in SYMBOLS and not holders[name]:
                message = f"{f'{name} is' if len(row.counted_as) > 1 else 'is'} the symbol of no element"
                faults.append(instance.issue(row, "counted_as", message, "write symbols joined by ;, as in Nd; Pr"))
    return faults, doubtful


def _mass(side: dict[str, float], held: dict[str, dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for material, rate in side.items():
        for element, content in held[material].items():
            total[element] = total.get(element, 0.0) + rate * content
    return total
