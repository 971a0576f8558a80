"""First plan: ten steps from a blank workbook to a plan, each with the cells to write.

They stand on the Guide of a blank workbook and nowhere else; a test writes what the Guide says and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sourcing.components.horizon import periods
from sourcing.instance import Instance
from sourcing.sheets import TABS

TITLE = "First plan in ten steps"
BETWEEN, IS = "  ·  ", " = "
"""What stands between two cells of a row, and between a header and the value under it."""


@dataclass(frozen=True)
class Step:
    """A step: what it does, and on which tab in which row which value stands under which header, or what to type."""

    does: str
    tab: str = ""
    rows: dict[int, dict[str, str]] = field(default_factory=dict)
    types: str = ""


def begins_blank(instance: Instance) -> bool:
    """Whether all that the steps fill is blank, but for the settings."""
    filled = {step.tab for step in steps("") if step.tab} - {"Settings"}
    return not any(instance.all(TABS[tab]) for tab in filled) and bool(periods(instance))


def steps(year: str) -> tuple[Step, ...]:
    """The ten steps, for a model whose first year is `year`: two makers of magnets and a car plant."""
    rate = f"{year} (t/y)"
    return (
        Step("Name the plan.", "Settings", {2: {"Value": "My first plan"}}),
        Step(
            "Say who there is: one who buys, two who sell.",
            "Entities",
            {
                2: {"Entity": "carmaker", "Country": "US", "Role": "buyer", "Allied": "yes"},
                3: {"Entity": "alpha", "Country": "JP", "Role": "supplier", "Allied": "yes"},
                4: {"Entity": "beta", "Country": "DE", "Role": "supplier", "Allied": "yes"},
            },
        ),
        Step(
            "Say where: a site each. A customer is a site as well.",
            "Sites",
            {
                2: {"Site": "car_plant", "Entity": "carmaker", "Country": "US"},
                3: {"Site": "alpha_works", "Entity": "alpha", "Country": "JP"},
                4: {"Site": "beta_works", "Entity": "beta", "Country": "DE"},
            },
        ),
        Step(
            "Say how much each supplier can make. A blank year is as the one before.",
            "Units",
            {
                2: {"Unit": "alpha_line", "Site": "alpha_works", rate: "600"},
                3: {"Unit": "beta_line", "Site": "beta_works", rate: "800"},
            },
        ),
        Step(
            "Say what it makes, by a recipe from Recipes, and at which cost. market_mag_std is for a supplier of whose "
            "plant you know no more than that it sells magnets; what alpha's papers show about origin is under Adds.",
            "Processes",
            {
                2: {"Site": "alpha_works", "Recipe": "market_mag_std", "Unit": "alpha_line", "Cost (USD/t)": "70000",
                    "Stage": "magnet", "Adds": "clean"},
                3: {"Site": "beta_works", "Recipe": "market_mag_std", "Unit": "beta_line", "Cost (USD/t)": "80000",
                    "Stage": "magnet"},
            },
        ),
        Step(
            "Say who may ship to whom, at which freight.",
            "Lanes",
            {
                2: {"From": "alpha_works", "To": "car_plant", "Material or Form": "magnet", "Freight (USD/t)": "560"},
                3: {"From": "beta_works", "To": "car_plant", "Material or Form": "magnet", "Freight (USD/t)": "500"},
            },
        ),
        Step(
            "Say what each asks for it: an index from Prices, with a premium if there is one.",
            "Offers",
            {
                2: {"Site": "alpha_works", "Material": "mag_std", "Index": "mag_std_xcn"},
                3: {"Site": "beta_works", "Material": "mag_std", "Index": "mag_std_xcn"},
            },
        ),
        Step(
            "Say what the customer needs.",
            "Demand",
            {2: {"Customer": "car_plant", "Material": "mag_std", rate: "1000"}},
        ),
        Step("Save, close, and type this in a terminal: it names every cell that is missing or wrong.",
             types="sourcing check FILE.xlsx"),
        Step("Then this. The plan is FILE.plan.xlsx, beside your file: alpha sends 600 t a year, beta 400 t.",
             types="sourcing solve FILE.xlsx"),
    )  # fmt: skip


NEXT = (
    "Now change one cell, save, and solve again. Write zero-china under Rules in row 2 of Demand: of beta nobody knows "
    "where its magnets come from, so only alpha's 600 t count, and 400 t a year are short. Then put your own parties "
    "in place of these."
)
"""What a newcomer does after the tenth step."""


def lines(instance: Instance) -> list[tuple[str, str, str, str, str]]:
    """The steps as the Guide shows them: number, tab, row, what to write in it, what it is for."""
    found: list[tuple[str, str, str, str, str]] = []
    for number, step in enumerate(steps(f"{periods(instance)[0].start:.0f}"), start=1):
        told = [(f"row {row}", BETWEEN.join(f"{head}{IS}{text}" for head, text in cells.items()))
                for row, cells in step.rows.items()] or [("", step.types)]  # fmt: skip
        for k, (row, text) in enumerate(told):
            found.append(("" if k else str(number), step.tab, row, text, "" if k else step.does))
    return found
