"""Scenarios: futures, and the changes to the tables that they bring."""

from __future__ import annotations

from sourcing.components.places import STAGES
from sourcing.instance import Instance
from sourcing.sheets import TABS, Issue, Row, choice, identifier, number, reference, sheet, span, text, yesno


@sheet("Scenarios", "a future", key=("scenario",))
class Scenario(Row):
    """An exclusive outlook with a probability, or an event with a hazard."""

    scenario: str = identifier("Scenario", "short name")
    name: str = text("Name", "what people call it")
    kind: str = choice(
        "Kind", "one of several futures, or something that may strike", ("outlook", "event"), required=True
    )
    probability: float | None = number("Probability", "%", "of an outlook", low=0, high=100)
    hazard: float | None = number("Hazard", "%/y", "of an event, each year until one strikes", low=0, high=100)
    starts: str = text("Starts", "period, list of periods or any; blank is the first in which it differs")
    leaves: str = text("Leaves from", "scenario that it departs from")
    contingency: bool = yesno("Contingency", "must service levels hold in it?", default=False)
    service_level: float | None = number("Service level", "%", "in place of Demand's", low=0, high=100)


@sheet(
    "Shocks",
    "one change",
    key=(
        "scenario", "of_tab", "row_id", "site", "country", "entity", "stage", "material", "customer", "origin",
        "destination", "of_column", "first",
    ),
)  # fmt: skip
class Shock(Row):
    """A change of one column in the rows that its id or selectors name."""

    scenario: str = text("Scenario", "the future in which it holds", required=True)
    of_tab: str = text("Tab", "tab that it changes", required=True)
    row_id: str = text("Row", "id of the row")
    site: str = reference("Site", "Sites", "or rows of this site", required=False)
    country: str = text("Country", "or of this country")
    entity: str = reference("Entity", "Entities", "or of this party", required=False)
    stage: str = choice("Stage", "or of this stage", STAGES)
    material: str = reference("Material", "Materials", "or of this material", required=False)
    customer: str = reference("Customer", "Sites", "or of this customer", required=False, also=("any",))
    origin: str = text("Origin", "or from here (a selector)")
    destination: str = text("Destination", "or to here (a selector)")
    of_column: str = text("Column", "column that it changes")
    first: str = span("First", "first period")
    last: str = span("Last", "last period")
    multiply: float | None = number("Multiply", "", "times")
    add: float | None = number("Add", "", "plus")
    set: str = text("Set", "in place: a number, yes or no")
    delay: float | None = number("Delay", "months", "later", low=0)


def checks(instance: Instance) -> list[Issue]:
    """Futures are read and checked, and not planned yet; outlooks must add up to 100 %."""
    faults = []
    outlooks = [row for row in instance[Scenario] if row.kind == "outlook"]
    total = sum(row.probability or 0.0 for row in outlooks)
    for row in outlooks:
        if row.probability is None:
            faults.append(instance.issue(row, "probability", "an outlook needs a probability", "write it in %"))
    if outlooks and all(row.probability is not None for row in outlooks) and abs(total - 100) > 0.01:
        message = f"the outlooks add up to {total:g} %"
        faults.append(instance.issue(outlooks[-1], "probability", message, "they must add up to 100 %"))
    for row in instance[Scenario]:
        if row.kind == "event" and row.hazard is None:
            faults.append(instance.issue(row, "hazard", "an event needs a hazard", "write it in % a year"))
        if row.leaves and not instance.has(Scenario, row.leaves):
            faults.append(instance.issue(row, "leaves", "is not a scenario", "name a row of Scenarios"))
    known = {row.scenario for row in instance.all(Scenario)}  # one that is switched off keeps its shocks
    for shock in instance[Shock]:
        if shock.scenario not in known:
            faults.append(instance.issue(shock, "scenario", "is not a scenario", "name a row of Scenarios"))
        if shock.of_tab not in TABS:
            faults.append(instance.issue(shock, "of_tab", "is not a tab", "name a tab of the workbook"))
        if all(value in (None, "") for value in (shock.multiply, shock.add, shock.set, shock.delay)):
            faults.append(instance.issue(shock, "multiply", "changes nothing", "fill Multiply, Add, Set or Delay"))
    if instance[Shock]:
        first = instance[Shock][0]
        message = "futures are not planned yet: this plan is for the tables as they stand"
        faults.append(instance.issue(first, "scenario", message, warning=True))
    return faults
