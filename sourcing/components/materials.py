"""Materials: what moves through the chain, what it holds, and the recipes that turn one into another.

Masses are tonnes of the material as its name says; Content is tonnes of an element's oxide per tonne of material.
"""

from __future__ import annotations

from sourcing.sheets import Row, choice, identifier, names, number, reference, sheet, text

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
