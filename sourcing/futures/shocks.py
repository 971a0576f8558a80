"""Shocks: the tables as a scenario changes them, ready to be planned like any others.

under(scenario) = the tables, after the shocks of the scenarios that it leaves (the first first), after its own
"""

from __future__ import annotations

from sourcing.components.scenarios import starts as starts
from sourcing.components.scenarios import tables_under
from sourcing.instance import Instance
from sourcing.sheets import InstanceError


def under(instance: Instance, scenario: str, start: str = "", left: Instance | None = None) -> Instance:
    """The instance in which every shock of a scenario, and first of those that it leaves, is applied.

    A scenario that is switched off can be run too. `start` is one of its `starts`, with which First and Last of its
    shocks move; blank is the one for which they are written. `left` are the tables of the scenario that it leaves, as
    they came about (`under` gives them for the start that is written): then only its own shocks are applied to them.
    In an event, stocks that are kept for shocks may be drawn while its shocks last. `switches` gains `scenario ID`,
    with `from PERIOD` if it has several starts.

    Raises InstanceError with every shock that cannot be, at its cell, and ValueError if there is no such scenario or
    start.
    """
    tables, faults = tables_under(instance, scenario, start, left)
    if faults:
        raise InstanceError(faults)
    return tables
