"""Sliders: a live what-if in a notebook, one line a cell.

    sourcing.Sliders(instance, {
        "Price of NdPr": "Prices[ndpr_cn].Price",
        "No 2027 rule": "Rules[zero-china|2027].Status=suspended",
    })

An address of numbers, as `--set` takes it, is a slider, in per cent of what stands there. A whole edit, with its value,
is a check box. Each move writes the cells anew and solves the live model (`Study`) from where it stands: all periods
are planned again, with the whole decisions of the base plan, so that the difference is exact. The base case stands in
grey behind. The picture is an ordinary output: it stays in a saved notebook and in its HTML, where sliders cannot.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sourcing.components.demand import customers
from sourcing.components.horizon import periods
from sourcing.edits import edited, parse
from sourcing.instance import Instance
from sourcing.report.findings import site_name
from sourcing.report.phrases import money, tonnes
from sourcing.report.pictures.style import BEHIND, along, figure, picture, plain, thousands
from sourcing.report.style import ALARM, SERIES
from sourcing.sheets import InstanceError
from sourcing.solver import Options, Solution
from sourcing.study.live import Study
from sourcing.study.whatif import with_decisions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHOLE = 100.0
"""Per cent at which a slider leaves a cell as it is."""

MOST = 200.0
"""Per cent at the right end of a slider."""

STEP = 5.0

SUPPLIERS = 8
"""Sites that are shown: those that ship most to customers, with and without the change."""

TITLE = {"description_width": "18em"}
WIDTH = {"width": "48em"}


class Sliders:
    """A plan whose cells are moved by hand: `cells` maps a name to an address or an edit, or to several.

    `base` is the plan as it stands, `solution` the one under the tables as the sliders have them, `words` what differs.
    `move` does what a hand does. What a box changes may give the model another form, so each has a live model of its
    own from the start: ticking it is as quick as moving a slider. Raises WrongEdit for an address that names nothing,
    InstanceError where a box or a slider at its right end leaves an instance with errors, NoPlan where there is no
    plan; where a move leaves either, `words` say so and `solution` is infeasible.
    """

    def __init__(
        self,
        instance: Instance,
        cells: Mapping[str, str | Iterable[str]],
        *,
        view: str | None = None,
        gap: float = 0.005,
    ):
        self.instance, self.options = instance, Options(gap=gap, time_limit=math.inf)
        self.cells = {name: (told,) if isinstance(told, str) else tuple(told) for name, told in cells.items()}
        self.boxes = {name for name, told in self.cells.items() if any("=" in text for text in told)}
        for name in self.cells:  # a wrong address is told before a plan is made
            self._tables({name: True if name in self.boxes else MOST})
        self._studies = {frozenset[str](): Study(instance, view=view, options=self.options)}
        self.base: Solution = self._study(frozenset()).plan
        self.values: dict[str, float | bool] = {name: False if name in self.boxes else WHOLE for name in self.cells}
        self._shown: Any = None
        self._fault = ""
        self._widgets: dict[str, Any] = {}
        first = next((name for name in self.cells if name not in self.boxes), None)
        for box in (*sorted(self.boxes), ""):  # what a first move prepares is there before a hand waits for it
            for value in (WHOLE + STEP, WHOLE):
                self.move({**({box: True} if box else {}), **({first: value} if first else {})})
            self.values |= dict.fromkeys(self.boxes, False)
        self.solution = self.base

    def move(self, values: Mapping[str, float | bool]) -> Sliders:
        """Set sliders (per cent) and boxes by name, solve, and draw anew where it is shown; ValueError for no name."""
        unknown = values.keys() - self.cells.keys()
        if unknown:
            raise ValueError(f"there is no slider {', '.join(sorted(unknown))}: there are {', '.join(self.cells)}")
        self.values |= values
        for name, widget in self._widgets.items():
            widget.value = self.values[name]
        study = self._study(frozenset(name for name in self.boxes if self.values[name]))
        try:
            study.instance, self._fault = self._tables(self.values), ""
            self.solution = study.solve()
        except InstanceError as fault:
            self._fault = str(next(issue for issue in fault.issues if issue.severity == "error"))
            self.solution = Solution(self.base.path, self.base.arrays, "infeasible")
        if self._shown is not None:
            self._shown.update(self.figure())
        return self

    @property
    def words(self) -> str:
        """What the change costs and leaves short against the base, in a sentence."""
        if self._fault:
            return f"The tables cannot be so: {self._fault}"
        if self.solution.status != "optimal":
            return "With the decisions of the plan there is none: move a slider back"
        cost, base = self.solution.objective / 1000, self.base.objective / 1000
        short, before = (sum(_short(s).values()) for s in (self.solution, self.base))
        if abs(cost - base) < 0.0005 and abs(short - before) < 0.05:
            return f"The base plan costs {money(base)} and leaves {tonnes(before)} short"
        dearer, scarcer = cost - base, short - before
        change = f"{tonnes(abs(scarcer))} {'more' if scarcer > 0 else 'less'}" if abs(scarcer) >= 0.05 else "as before"
        return (
            f"Costs {money(abs(dearer))} {'more' if dearer > 0 else 'less'} than the base plan ({money(base)}); "
            f"{tonnes(short)} go short, {change}"
        )

    def figure(self) -> Figure:
        """What is short in each period, and who supplies customers; the base plan in grey behind."""
        return _figure(self.words, self.solution, self.base)

    def _ipython_display_(self) -> None:
        """Show sliders as a widget, and the picture as an ordinary output that is drawn anew."""
        import ipywidgets
        from IPython.display import display

        show: Any = display
        self._widgets = {name: self._widget(name) for name in self.cells}
        show(ipywidgets.VBox(list(self._widgets.values())))
        self._shown = show(self.figure(), display_id=True)

    def _widget(self, name: str) -> Any:
        """A slider or a check box."""
        import ipywidgets

        look: dict[str, Any] = {"description": name, "style": TITLE, "layout": WIDTH}
        value = self.values[name]
        if name in self.boxes:
            found = ipywidgets.Checkbox(value=value, indent=True, **look)
        else:
            found = ipywidgets.FloatSlider(
                value=value, min=0.0, max=MOST, step=STEP, readout_format=".0f", continuous_update=False, **look
            )

        def moved(change: Any) -> None:
            if change["new"] != self.values[name]:  # else `move` has set it
                self.move({name: change["new"]})

        found.observe(moved, "value")
        return found

    def _tables(self, values: Mapping[str, float | bool]) -> Instance:
        """The instance with the cells as some sliders have them."""
        made: list[str] = []
        for name, value in values.items():
            if name in self.boxes:
                made += self.cells[name] if value else ()
            elif value != WHOLE:
                made += [f"{address}=*{value / 100:.15g}" for address in self.cells[name]]
        return edited(self.instance, [parse(text) for text in made])

    def _study(self, ticked: frozenset[str]) -> Study:
        """The live model with some boxes ticked and the decisions of the base."""
        if ticked not in self._studies:
            from sourcing.arrays import compile_path
            from sourcing.model import build

            path = build(self._tables(dict.fromkeys(ticked, True)), view=self.base.ledger.view)
            found = with_decisions(path, compile_path(path), self.base, self.options)
            self._studies[ticked] = Study(found, options=self.options)
        return self._studies[ticked]


def _short(solution: Solution) -> dict[str, float]:
    """Tonnes short by period."""
    found: dict[str, float] = defaultdict(float)
    for index, amount in solution.positive("demand.short"):
        found[index[-1]] += amount
    return found


def _shipped(solution: Solution) -> dict[str, float]:
    """Tonnes that each site ships to customers, over all periods."""
    buyers, found = customers(solution.instance), defaultdict[str, float](float)
    for index, amount in solution.positive("channels.flow"):
        if index[1] in buyers:
            found[index[0]] += amount
    return found


@picture
def _figure(words: str, solution: Solution, base: Solution) -> Figure:
    made = figure(
        words, 3.6, "Grey: the base plan. Whole decisions are those of the base plan; all else is planned anew."
    )
    left, right = made.subplots(1, 2, width_ratios=(1, 1.15))
    solved = solution.status == "optimal"
    spans = [t.id for t in periods(base.instance)]
    short, before = _short(solution) if solved else {}, _short(base)
    _pair(left, [before.get(t, 0.0) for t in spans], [short.get(t, 0.0) for t in spans], ALARM)
    along(left, spans)
    left.set_title("What goes short (t)")
    ships, shipped = _shipped(solution) if solved else {}, _shipped(base)
    most = {site: max(ships.get(site, 0.0), shipped.get(site, 0.0)) for site in {**shipped, **ships}}
    shown = sorted(most, key=lambda site: (most[site], site))[-SUPPLIERS:]
    _across(right, [shipped.get(s, 0.0) for s in shown], [ships.get(s, 0.0) for s in shown])
    right.set_yticks(range(len(shown)), [plain(site_name(base.instance, site), 26) for site in shown])
    right.set_title("Who ships to customers (t, all periods)")
    return made


def _pair(axes: Axes, before: list[float], now: list[float], colour: str) -> None:
    """Columns before the wider grey ones of the base."""
    axes.bar(range(len(before)), before, 0.86, color=BEHIND)
    axes.bar(range(len(now)), now, 0.5, color=colour)
    axes.set_ylim(0, max(*before, *now, 1.0) * 1.08)


def _across(axes: Axes, before: list[float], now: list[float]) -> None:
    """The same, lying."""
    axes.barh(range(len(before)), before, 0.86, color=BEHIND)
    axes.barh(range(len(now)), now, 0.5, color=SERIES[0])
    axes.tick_params(length=0)
    axes.grid(axis="x")
    thousands(axes, "x")
