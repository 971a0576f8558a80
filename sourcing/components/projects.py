"""Projects: capacity that is being built, or could be."""

from __future__ import annotations

import datetime as dt

from sourcing.sheets import Row, choice, date, identifier, number, percents, reference, sheet, text, yesno


@sheet("Projects", "optional capacity", key=("project",))
class Project(Row):
    """A unit that does not stand yet. Its unit's capacity is that of one step."""

    project: str = identifier("Project", "short name")
    unit: str = reference("Unit", "Units", "its own unit")
    steps: float = number("Steps", "", "how many can be built", default=1.0, low=0, positive=True)
    whole: bool = yesno("Whole steps", "only whole steps?", default=True)
    capex: float = number("Capex", "M USD", "of a step", default=0.0, low=0)
    life: float = number("Life", "y", "years over which it is paid", default=20.0, low=0, positive=True)
    cost_of_capital: float = number("Cost of capital", "%", "of the annuity", default=10.0, low=0)
    public_share: float = number("Public share", "%", "of capex, paid by Payer", default=0.0, low=0, high=100)
    payer: str = reference("Payer", "Entities", "who pays the public share", required=False)
    earliest: dt.date | None = date("Earliest start", "first day on which it may start; blank is the first period")
    lead_time: float = number("Lead time", "months", "from start to first output", default=0.0, low=0)
    ramp: tuple[float, ...] = percents("Ramp", "of capacity in the first years: 40; 80; 100; blank is 100")
    together: str = text("Together with", "group that is built as one")
    only_one: str = text("Only one of", "group of which one is built")
    status: str = choice("Status", "a choice of the plan, or being built", ("option", "committed"), default="option")
