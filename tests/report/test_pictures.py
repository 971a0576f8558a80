"""Pictures: their titles state numbers of the tabs, nothing is clipped, and the same plan gives the same picture."""

import dataclasses
import re
import sys
from itertools import pairwise

import bundled
import pytest
from matplotlib.colors import to_rgba
from matplotlib.text import Text

from sourcing.report import pictures
from sourcing.report.pictures.sankey import CLEAN
from sourcing.report.pictures.style import BEHIND, WIDTH, fitted, plain
from sourcing.report.pictures.world import SOUTH, WEST, outline
from sourcing.tables import Table, fields

OF_A_PLAN = ("sankey", "world", "stockpiles", "costs", "floors", "chains", "demand")


@pytest.fixture(scope="module")
def starter():
    return bundled.plan("starter")


@pytest.fixture(scope="module")
def made(starter):
    return {name: getattr(starter.plot, name)() for name in OF_A_PLAN}


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


@pytest.mark.parametrize("name", OF_A_PLAN)
def test_every_text_lies_within_the_picture(made, name):
    figure = made[name]
    pictures.png(figure, figure.dpi)  # draws it
    page = figure.bbox
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip() or (text.axes and not text.axes.axison):
            continue
        box = text.get_window_extent()
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"{text.get_text()!r} is clipped"


@pytest.mark.parametrize("name", OF_A_PLAN)
def test_axes_do_not_meet_the_note_under_them(made, name):
    figure = made[name]
    pictures.png(figure, figure.dpi)
    note = figure.texts[1].get_window_extent()
    for axes in figure.axes:
        assert axes.get_tightbbox().y0 >= note.y1 - 1
    for legend in figure.legends:
        assert legend.get_window_extent().y0 >= note.y1 - 1
        assert all(legend.get_window_extent().y1 <= axes.get_tightbbox().y0 + 1 for axes in figure.axes if axes.axison)


def test_titles_are_worked_out_from_the_tabs(starter, made):
    clean, whole = bundled.total(starter, "Origin", "Tonnes", Label=CLEAN), bundled.total(starter, "Origin", "Tonnes")
    assert f"{100 * clean / whole:.1f} % of the {whole:,.0f} t delivered" in made["sankey"].get_label()
    short = bundled.total(starter, "Demand", "Short")
    assert f"{short:,.0f} t go short" in made["demand"].get_label()
    floors = bundled.total(starter, "Floors", "Top-up")
    assert made["floors"].get_label().startswith(f"{floors:,.0f} M USD is paid under price floors: ")
    assert made["stockpiles"].get_label() == "1 of 3 stockpiles is drawn on: 100 t from US-NDS-HOT"


def test_what_goes_into_a_box_of_the_sankey_comes_out_of_it(starter):
    from sourcing.report.pictures.sankey import _bands

    rows = list(starter.tabs["Origin"].records())
    into, out = {}, {}
    for (here, there, _), amount in _bands(starter, rows).items():
        assert there[0] == here[0] + 1  # from each column to the next: a chain that skips a stage has a lane there
        out[here], into[there] = out.get(here, 0) + amount, into.get(there, 0) + amount
    middle = [node for node in into if node[0] < 6]
    begun = {node: out[node] - into[node] for node in middle}
    assert all(amount > -1e-6 for amount in begun.values())
    assert all(begun[node] < 1e-6 for node in middle if node[2])  # nothing begins in a lane
    assert sum(amount for node, amount in into.items() if node[0] == 6) == pytest.approx(sum(r["Tonnes"] for r in rows))


def test_a_period_alone(starter):
    whole = bundled.total(starter, "Origin", "Tonnes", Period="2028")
    assert f"{whole:,.0f} t delivered in 2028" in pictures.sankey(starter, "2028").get_label()
    assert " in use in 2028" in pictures.world(starter, "2028").get_label()


def test_one_customer_alone(starter):
    figure = pictures.chains(starter, "us_defence")
    assert len(figure.axes) == 1
    rows = [row for row in starter.tabs["Origin by country"].records() if row["Customer"] == "us_defence"]
    made = [row for row in rows if row["Stage"] == "magnet" and row["Country"] != "none"]
    china = sum(row["Tonnes"] for row in made if row["Country"] == "CN") / sum(row["Tonnes"] for row in made)
    assert figure.get_label().startswith(f"US defence: China makes {100 * china:.1f} % of the magnets")


def test_costs_add_up_to_the_objective(starter, made):
    bars = [bar.get_height() for bar in made["costs"].axes[0].patches]
    assert sum(bars) == pytest.approx(starter.objective)
    assert sum(bar.get_width() for bar in made["costs"].axes[1].patches) == pytest.approx(starter.objective)


def test_the_same_plan_gives_the_same_picture_with_ids_of_its_own(starter):
    first = pictures.svg(pictures.floors(starter), "a-")
    assert pictures.svg(pictures.floors(starter), "a-") == first
    assert all(name.startswith("a-") for name in re.findall(r'\bid="([^"]*)"', first))
    assert set(re.findall(r"url\(#([^)]*)\)", first)) <= set(re.findall(r'\bid="([^"]*)"', first))
    assert "<text" in first and "2026" in first  # texts are texts


def test_a_picture_shows_itself_in_a_notebook(made):
    assert made["floors"]._repr_png_().startswith(b"\x89PNG")
    assert made["floors"].get_figwidth() == WIDTH


def test_the_outline_of_the_land_has_the_pacific_in_its_middle():
    rings = outline()["land"]
    assert all(WEST <= x <= WEST + 360 and SOUTH - 10 < y < 90 for ring in rings for x, y in ring)
    assert all(abs(a[0] - b[0]) < 60 for ring in rings for a, b in pairwise(ring))  # no line across


def test_heat_map_and_frontier():
    table = Table("Heat map", fields("Site", ("2027", "t"), ("2028", "t")), "Tonnes short more.")
    table.add("kuantan", 40.0, 900.0)
    table.add("sumter", 0.0, 12.0)
    figure = pictures.heat([table])
    assert figure.get_label() == "Most goes short if kuantan fails in 2028: 900 t; 2 sites leave a gap"
    assert {"900", "40", "12"} <= set(texts(figure))
    with pytest.raises(ValueError, match="hold no 'Heat map'"):
        pictures.heat([])

    columns = fields("Point", ("Risk", "t"), ("Cost", "M USD"), ("Over cheapest", "M USD"), ("Gap", "M USD"), "Knee")
    points = Table("Frontier", columns, "Least cost against shortage.")
    points.add(1, 100.0, 150.0, 50.0, 0.0, None)
    points.add(2, 120.0, 110.0, 10.0, 0.0, "knee")
    points.add(3, 300.0, 100.0, 0.0, 0.0, None)
    # 180 of 200 t less risk cost 10 of 50 M USD
    assert pictures.frontier(points).get_label() == (
        "Risk falls from 300 to 100 t for 50 M USD; 90.0 % of that is had for 10 M USD, at the knee"
    )


def test_a_plan_without_a_tab_has_a_picture_that_says_so(plan):
    del plan.tabs["Floors"]
    figure = pictures.floors(plan)
    assert not figure.axes and figure.get_label() == "The instance has no price floors"


def test_a_base_plan_stands_in_grey_behind(plan):
    base = dataclasses.replace(plan, tabs=dict(plan.tabs))
    demand = plan.tabs["Demand"]  # 200 t are asked and 5 short; in the base plan 9 are
    base.tabs["Demand"] = Table(demand.title, demand.fields, "", [*demand.rows[:3], shorter(demand.rows[3], 4)])
    figure = plan.plot.demand(base)
    assert figure.get_label() == (
        "97.5 % of demand is met; 5 t go short, 4 t less than in the base plan, first in 2027, most in 2027 (5 t)"
    )
    assert grey(figure.axes[0]) == [100, 91] and grey(figure.axes[1]) == [0, 9]

    base.tabs["Costs"] = Table("Costs", plan.tabs["Costs"].fields, "", plan.tabs["Costs"].rows[:1])
    figure = plan.plot.costs(base)  # 3.885 less 2.91 M USD
    assert figure.get_label().endswith("; in all 1.0 M USD more than the base plan")
    assert grey(figure.axes[0]) == [2.91, 0]

    stocks = plan.plot.stockpiles(base)
    behind, line = (line.get_ydata() for line in stocks.axes[0].lines)
    assert list(behind) == list(line) == [10, 10, 6]


def shorter(row: tuple, tonnes: float) -> tuple:
    """A row of Demand with so many tonnes more short."""
    return (*row[:5], row[5] - tonnes, row[6] + tonnes, *row[7:])


def grey(axes) -> list[float]:
    """Heights of the grey columns."""
    return [bar.get_height() for bar in axes.patches if bar.get_facecolor() == to_rgba(BEHIND)]


def test_a_base_plan_of_other_periods_is_refused(plan, starter):
    with pytest.raises(ValueError, match="the base plan has the periods 2026 to 2030, this one 2026 to 2027"):
        plan.plot.demand(starter)


def test_without_matplotlib_the_remedy_is_told(plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=re.escape("pip install 'allied-sourcing[report]'")):
        plan.plot.demand()


def test_a_picture_is_left_as_it_was_when_it_is_drawn(plan):
    figure = plan.plot.demand()
    before = figure.dpi, figure.canvas
    pictures.svg(figure)
    assert (figure.dpi, figure.canvas) == before


def test_a_name_is_cut_to_fit():
    whole = fitted("Kuantan cracking and leaching", 1000, 7, " 12")
    assert whole == "Kuantan cracking and leaching 12"
    assert fitted("Kuantan cracking and leaching", 80, 7, " 12") == "Kuantan cracking… 12"
    assert fitted("Kuantan", 0, 7) == "…"


def test_names_are_cut_between_words():
    assert plain("Kuantan cracking and leaching", 20) == "Kuantan cracking…"
    assert plain("_hidden") == "hidden"
