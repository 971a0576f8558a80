"""Rules: dated content rules, their versions, and the classes that lots carry."""

from __future__ import annotations

import datetime as dt

from sourcing.components.production import STAGES
from sourcing.sheets import Row, choice, choices, date, identifier, names, number, reference, sheet, text


@sheet("Rules", "a version of a content rule", key=("rule", "version"))
class Rule(Row):
    """A stage done in a covered country marks what it makes, for good."""

    rule: str = identifier("Rule", "short name; versions of one rule share it")
    version: str = identifier("Version", "short name of the version")
    authority: str = text("Authority", "where it is written")
    status: str = choice("Status", "is it in force?", ("enacted", "suspended", "proposed"), default="enacted")
    since: dt.date = date("From", "first day", required=True)
    test: str = choice("Test", "what counts", ("place", "owner", "both"), default="place")
    countries: tuple[str, ...] = names("Countries", "covered countries, two-letter codes")
    allowed: tuple[str, ...] = names("Allowed", "or the only countries that are not covered")
    threshold: float | None = number("Owner threshold", "%", "holding from which an owner counts", low=0, high=100)
    stages: tuple[str, ...] = choices("Stages", "the stages that count", STAGES, required=True)
    elements: tuple[str, ...] = names("Elements", "strict (all on Content), or the elements that count", required=True)
    tolerance: float = number(
        "Tolerance", "%", "share of a customer's tonnes that may violate", default=0.0, low=0, high=100
    )
    exempt: tuple[str, ...] = names("Exempt", "materials whose making starts the class again", tab="Materials")

    @property
    def id(self) -> str:
        """`rule@version`, as labels carry it."""
        return f"{self.rule}@{self.version}"


@sheet("Waivers", "a quota against a rule", key=("rule", "customer", "since"))
class Waiver(Row):
    """Tonnes that may violate a rule."""

    rule: str = identifier("Rule", "the rule")
    customer: str = reference("Customer", "Sites", "whose")
    since: dt.date | None = date("From", "first day")
    until: dt.date | None = date("To", "last day; a year is included", last=True)
    tonnes: float = number("Tonnes", "t/y", "quota", required=True, low=0)
    reference: str = text("Reference", "where it is granted")
