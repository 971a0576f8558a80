"""Four years under a scenario `s`, and what is said of a shock that cannot be."""

from __future__ import annotations

import pytest
from tiny import loose, makes, tiny, years

from sourcing.components import checks
from sourcing.components.demand import Demand
from sourcing.components.horizon import at as in_period
from sourcing.components.horizon import periods
from sourcing.components.scenarios import Scenario, Shock
from sourcing.futures.shocks import under
from sourcing.instance import Instance
from sourcing.sheets import InstanceError

YEARS = years(2026, 2027, 2028, 2029)
BASE = Scenario(scenario="base", kind="outlook", probability=100)
MINE = makes("mine", "magnet", 100, unit="pit")
NEED = Demand(customer="car", material="magnet", demand=10)


def event(name: str = "s", **columns) -> Scenario:
    return Scenario(scenario=name, kind="event", hazard=5, **columns)


def shock(of_tab: str, of_column: str, **columns) -> Shock:
    return Shock(**({"scenario": "s", "of_tab": of_tab, "of_column": of_column} | columns))


def struck(*rows, start: str = "", **scenario) -> Instance:
    """The instance of four years after scenario `s`."""
    return under(tiny(YEARS, BASE, event(**scenario), *rows), "s", start)


def over_years(value, instance: Instance) -> list[float]:
    """A number of a row in each of the four years."""
    return [in_period(value, t) for t in periods(instance)]


def refused(*rows, **scenario) -> str:
    """What `check` says of a shock that cannot be; `under` says the same."""
    instance = loose(YEARS, BASE, event(**scenario), *rows)
    told = [str(issue) for issue in checks(instance) if issue.severity == "error"]
    with pytest.raises(InstanceError) as error:
        under(instance, "s")
    assert [str(issue) for issue in error.value.issues] == told
    return "\n".join(told)
