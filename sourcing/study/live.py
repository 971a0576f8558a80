"""Study: a plan that stays live, for what-ifs.

    study = Study(instance)                                  # or a solved plan (`Solution`)
    study.set("Units[kuantan_light].capacity[2028]", 0)      # a cell of a tab, in a period or at all times
    study.off("kuantan", first="2028", months=6)             # a site, unit, party, country:MY or lane a>b
    study.delay("p_heavy", 6)                                # a project, by months
    study.under("kuantan_outage")                            # the tables of a scenario
    study.solve().objective                                  # k USD, from where the last answer stands
    study.reset()

A what-if changes the tables, as a shock of a scenario does, and all periods are planned anew under them. Its model is
stamped from the plan's form, or built where more than numbers differ; `warm` solves it from where an answer stands.

Decisions in whole numbers are those of the plan, so that an answer is the least cost with them and exact to the last
dollar. Where they leave no plan (a plant that is starved would have to run), units run and orders are placed for parts
of a period, as in `recourse`. `solve(free=True)` lets all decisions go, and gives a plan within the gap.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from sourcing.arrays import Arrays, Column, compile_path
from sourcing.components.changes import Window, changed
from sourcing.components.channels import passed_on
from sourcing.components.contracts import Contract
from sourcing.components.demand import customers
from sourcing.components.horizon import periods, span_limits
from sourcing.components.places import Entity, Site, select_sites
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.scenarios import Shock
from sourcing.components.stock import Stockpile
from sourcing.edits import edited, parse
from sourcing.futures.shocks import under
from sourcing.futures.stamp import Form
from sourcing.instance import Instance
from sourcing.sheets import InstanceError, NoPlan, Selector
from sourcing.solver import Options, Solution, solve_path
from sourcing.study.again import basis_for, planned
from sourcing.study.recourse import IN_PARTS
from sourcing.study.warm import Warm
from sourcing.words import did_you_mean

if TYPE_CHECKING:
    from sourcing.plan import Plan


class Study:
    """A live plan: what-ifs add up until `reset`. `plan` is the plan it stands on, `instance` the tables as they are.

    Made of an instance, which is planned first (NoPlan where it has none), or of a solved plan.

    >>> study = Study(solution)  # or of an instance
    >>> study.off("kuantan", first="2028").solve().objective > solution.objective
    True
    >>> study.reset().solve().status
    'optimal'
    """

    def __init__(self, plan: Instance | Solution, *, view: str | None = None, options: Options | None = None):
        self.options = options or Options()
        if isinstance(plan, Instance):
            plan = solve_path(plan, view=view, options=self.options)
        if plan.status not in ("optimal", "feasible"):
            raise NoPlan(f"there is no plan to study: it is {plan.status}")
        self.plan: Solution = plan
        self.instance = plan.instance
        self._view = plan.ledger.view
        self._form = Form(plan.path, plan.arrays, plan.instance)
        self._solver: Warm | None = None

    def set(self, address: str, value: float | str) -> Study:
        """Write a cell anew, as `--set` does: `Tab[key].column`, or `Tab[key].column[period]` for a period or span.

        `key` are the key columns joined by `|`; `none` or infinity is no limit. Raises WrongEdit (a ValueError) for
        what names no cell or is no value of it, InstanceError where the change leaves an instance that has errors.
        """
        text = f"{value:.17g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
        self.instance = edited(self.instance, [parse(f"{address}={'none' if text == 'inf' else text}")])
        return self

    def off(self, what: str, first: str = "", months: float | None = None) -> Study:
        """Close a site, a unit, a party, `country:MY` or a lane `from>to`; from a period on, for some months.

        Units there have no capacity, hubs sell and stocks give nothing; customers are not closed. The minimum of a
        contract falls by the share that what is closed has of it in the plan.
        """
        window = self._window(first, months)
        return self._change(self._closing(what, window), f"off {what}")

    def delay(self, project: str, months: float) -> Study:
        """Make a project come later by some months."""
        if not self.instance.has(Project, project):
            names = [row.project for row in self.instance[Project]]
            raise ValueError(f"{project!r} is no project. {did_you_mean(project, names) or ''}".strip())
        shock = self._shock("Projects", "Lead time", row_id=project, delay=float(months))
        return self._change([(shock, _ALWAYS)], f"delay {project} {months:g}")

    def under(self, scenario: str) -> Study:
        """Change the tables as a scenario does; in an event, stocks that are kept for shocks may be drawn.

        Raises ValueError if there is none of that name, InstanceError if its shocks cannot be.
        """
        self.instance = under(self.instance, scenario)
        return self

    def reset(self) -> Study:
        """Undo every what-if."""
        self.instance = self.plan.instance
        return self

    def solve(self, *, free: bool = False) -> Solution:
        """The least cost and the plan under the tables as they are; look at `.status` first.

        It answers by name (`values`, `dual`, `objective`); `report()` makes the tabs. With `free` decisions in whole
        numbers are made anew, within the gap of the options.
        """
        arrays = self._arrays()
        told = SimpleNamespace(instance=self.instance)
        if free:
            found: Solution = planned(arrays, told, [self.plan], self.options, basis_for(arrays, self.plan))[0]
            found.path = told
            return found
        found = self._at().solve(_held(arrays, self.plan.integers), arrays, told)
        if found.status == "optimal" or not arrays.integer.any():
            return found
        kept = {column: value for column, value in self.plan.integers.items() if column[0] not in IN_PARTS}
        return self._at().solve(_held(arrays, kept), arrays, told)

    def report(self, *, free: bool = False, compare: bool = False) -> Plan:
        """The audited plan under the tables as they are, with the plan's decisions or, `free`, with new ones.

        `compare` prices its rules too. NoPlan where there is none: decisions are whole here.
        """
        from sourcing.plan import plan_of

        held = None if free else self.plan.integers
        found = solve_path(self.instance, view=self._view, options=self.options, held=held)
        if found.status not in ("optimal", "feasible"):
            whose = "" if free else "with the plan's decisions "
            raise NoPlan(f"{whose}there is no plan: it is {found.status}")
        return plan_of(found, self.options, compare=compare)

    # -------------------------------------------------------------------------------------------- tables

    def _shock(self, tab: str, column: str, **how: Any) -> Shock:
        return Shock(scenario="what-if", of_tab=tab, of_column=column, **how)

    def _change(self, shocks: list[tuple[Shock, Window]], switch: str) -> Study:
        after, faults = changed(self.instance, shocks, (*self.instance.switches, switch))
        if faults:
            raise InstanceError(faults)
        self.instance = after
        return self

    def _window(self, first: str, months: float | None) -> Window:
        """From the start of a period, or a calendar span, for some months or (None) to its end, or the horizon's."""
        start, end = periods(self.instance)[0].start, math.inf
        if first:
            limits = span_limits(self.instance, first)
            if limits is None:
                raise ValueError(f"{first!r} is neither a period nor a calendar span")
            start, end = limits
        return Window(start, end if months is None and first else math.inf if months is None else start + months / 12)

    def _closing(self, what: str, window: Window) -> list[tuple[Shock, Window]]:
        """The shocks that close something, and when they hold."""
        instance = self.instance
        check_place(instance, what)
        if ">" in what:
            ends = [part.strip() for part in what.split(">", 1)]
            origin, destination = (Selector((("id", end),)) for end in ends)
            shut = self._shock("Lanes", "Maximum", origin=origin, destination=destination, set="0")
            return [(shut, window), *self._excused(window, lambda i, j: [i, j] == ends)]
        if not instance.has(Site, what) and instance.has(Unit, what):
            return [(self._shock("Units", "Capacity", row_id=what, set="0"), window)]
        kind, _, name = what.rpartition(":")
        sites = select_sites(instance, Selector(((kind or "id", name),))) - customers(instance)
        if not sites:
            raise ValueError(f"{what!r} has no site that could close")
        shocks = []
        for site in sorted(sites):
            if any(row.site == site for row in instance[Unit]):
                shocks.append(self._shock("Units", "Capacity", site=site, set="0"))
            if any(row.site == site for row in instance[Stockpile]):
                shocks.append(self._shock("Stockpiles", "Draw", site=site, set="0"))
            if any(hub == site for hub, _ in passed_on(instance)):
                shocks.append(self._shock("Offers", "Maximum", site=site, set="0"))
        return [(shock, window) for shock in shocks] + self._excused(window, lambda i, j: bool({i, j} & sites))

    def _excused(self, window: Window, shut: Callable[[str, str], bool]) -> list[tuple[Shock, Window]]:
        """What is taken from the minimum of contracts: the share of what is shut in each period of the plan."""
        flows: dict[tuple[str, str], list[float]] = {}
        for (i, j, _, deal, _, t_id), tonnes in self.plan.positive("channels.flow"):
            whole = flows.setdefault((deal, t_id), [0.0, 0.0])
            whole[0] += tonnes
            whole[1] += tonnes if shut(i, j) else 0.0
        shocks = []
        for row in self.instance[Contract]:
            owes = [c for f, c in (("minimum", "Minimum"), ("minimum_share", "Minimum share")) if getattr(row, f)]
            for t in periods(self.instance) if owes else ():
                shipped, lost = flows.get((row.contract, t.id), (0.0, 0.0))
                when = Window(max(t.start, window.start), min(t.end, window.end))
                if lost and when.start < when.end:
                    left = 1 - lost / shipped
                    shocks += [(self._shock("Contracts", c, row_id=row.contract, multiply=left), when) for c in owes]
        return shocks

    # -------------------------------------------------------------------------------------------- models

    def _arrays(self) -> Arrays:
        """The model of the tables as they are."""
        from sourcing.model import build

        if self.instance is self.plan.instance:
            return self.plan.arrays
        found = self._form.stamp(self.instance)
        return found if found is not None else compile_path(build(self.instance, view=self._view))

    def _at(self) -> Warm:
        if self._solver is None:
            self._solver = Warm(_held(self.plan.arrays, self.plan.integers), self.plan.basis, self.options)
        return self._solver


_ALWAYS = Window(-math.inf, math.inf)


def _held(arrays: Arrays, integers: dict[Column, float]) -> Arrays:
    """The linear model with whole decisions as given."""
    linear = arrays.held(integers)
    return replace(linear, integer=linear.integer & False)


def check_place(instance: Instance, what: str) -> None:
    """ValueError if what is to be closed is no site, unit, party, or lane `from>to` between sites."""
    known = [row.site for row in instance[Site]]
    if ">" not in what:
        known += [*(row.entity for row in instance[Entity]), *(row.unit for row in instance[Unit])]
    for name in [part.strip() for part in what.split(">", 1)] if ":" not in what else []:
        if name not in known:
            raise ValueError(f"{name!r} is no site, party or unit. {did_you_mean(name, known) or ''}".strip())
