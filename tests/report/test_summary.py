from types import SimpleNamespace

import openpyxl
import pytest

from sourcing.report import findings, style, todo, write_plan
from sourcing.report.charts import charts
from sourcing.report.phrases import listed, money, percent, short_name, tonnes
from sourcing.report.todo import Action, Due
from sourcing.study import stress_tables
from sourcing.study.stress import Stress
from sourcing.tables import Table, fields
from sourcing.verdict import rules_price, worst_failure


@pytest.fixture
def page(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.xlsx")
    return openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"]


def values(sheet):
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_tiles_agree_with_the_tabs(plan):
    tiles = {tile.label: tile for tile in findings.tiles(plan)}
    assert tiles["Cost"].value == pytest.approx(2.91 + 0.3)  # the 0.675 of shortage stand apart
    assert "shortage adds 0.7 M USD" in tiles["Cost"].note
    assert tiles["Demand met"].value == pytest.approx(97.5)  # 195 of 200 t
    assert "195 of 200 t; under content rules 95.8 %" in tiles["Demand met"].note  # 115 of 120 t
    assert tiles["Largest country"].value == 57.5
    assert tiles["Largest country"].note.startswith("Japan")
    assert tiles["Short"].value == 5
    assert tiles["Short"].note == "first in 2027; most for Detroit cars"
    assert tiles["Rests on estimates"].value == 80


def test_a_fact_that_is_missing_has_no_tile(plan):
    plan.facts.clear()
    assert [tile.label for tile in findings.tiles(plan)] == ["Cost", "Demand met", "Short", "Gap to the best plan"]


def test_page_shows_verdict_tiles_and_shortage(page, plan):
    shown = values(page)
    assert shown[:2] == ["Two makers, two years", plan.verdict]
    assert {97.5, 57.5, 5, 80} <= set(shown)
    assert pytest.approx(3.21) in shown
    assert "Detroit cars" in shown


def test_page_prints_on_one_landscape_sheet(page):
    assert page.page_setup.orientation == "landscape"
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert {page.page_setup.fitToWidth, page.page_setup.fitToHeight} <= {1, None}  # absent is 1
    assert page.print_area.startswith("'Summary'!$A$1:$T$")


def test_page_links_to_every_tab(page, plan):
    targets = {cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink}
    assert targets >= {f"'{name}'!A1" for name in plan.tabs if name not in ("Floors",)} | {"'Chart data'!A1"}


def test_page_has_four_charts_that_read_the_chart_data(page):
    assert len(page._charts) == 4
    for chart in page._charts:
        assert chart.series[0].val.numRef.f.startswith("'Chart data'!$D$")
        assert chart.series[0].val.numRef.numCache.pt


def test_charts_state_their_finding(plan):
    assert [chart.title for chart in charts(plan)] == [
        "97.5 % of demand is met; 5 t short, 5 t of it in 2027, most for Detroit cars",
        "Japan’s share of magnets rises from 40.0 % in 2026 to 78.9 % in 2027",  # 40 of 100, 75 of 95
        "The largest cost is purchase: 2.9 M USD of 3.2 M USD",
        "China needs grow from 40 t to 80 t; 95.8 % is met",  # 115 of 120 t
    ]


def test_without_content_rules_the_fourth_chart_shows_stocks(plan):
    plan.tabs["Demand"].rows = [row for row in plan.tabs["Demand"].rows if not row[2]]
    fourth = charts(plan)[3]
    assert fourth.title == "Stocks go from 10 t to 6 t"
    assert fourth.categories == ("start", "2026", "2027")
    assert fourth.series == (("RESERVE", (10.0, 10.0, 6.0)),)


def test_shares_of_countries_are_of_what_is_shipped(plan):
    series = dict(charts(plan)[1].series)
    assert series["Japan"] == pytest.approx((40, 100 * 75 / 95))
    assert series["China"] == pytest.approx((60, 100 * 20 / 95))


def test_nobody_short_shows_who_is_served(plan):
    table = plan.tabs["Demand"]
    table.rows[3] = ("detroit", "mag", "china", "2027", 80.0, 80.0, 0.0, 100.0, 0.0, 150.0, 95.0, 0.0)
    first = charts(plan)[0]
    assert first.title == "All demand is met: 200 t"
    assert first.series == (("Detroit cars", (100.0, 100.0)),)
    assert findings.shortages(plan).rows == ()
    assert findings.tiles(plan)[2].note == "nobody is short"


def test_what_to_do_now_is_told_for_the_first_open_period(plan):
    assert todo.actions(plan) == [
        Action(
            "In 2027 buy 75 t of Magnet from Takefu for Detroit cars: 30 t under DEAL, the rest at spot.", "Sourcing"
        ),
        Action("Contracts in 2027: take 30 t under DEAL (its minimum).", "Contracts"),
        Action("Stocks in 2027: draw 4 t from RESERVE.", "Stockpiles"),
        Action("Decide by 1 Jan 2027: Sign DEAL (Magnet), and 2 more by then.", "Decisions"),
    ]


def test_each_thing_to_do_has_a_link_to_its_tab(page):
    rows = {row[0].value: row[7] for row in page.iter_rows() if str(row[0].value).startswith("•  Contracts in 2027")}
    (link,) = rows.values()
    assert link.value == "Contracts ›"
    assert link.hyperlink.location == "'Contracts'!A1"


def test_gap_tile_tells_money_share_and_audit(plan):
    plan.objective, plan.bound = 1000.0, 996.0
    tile = next(tile for tile in findings.tiles(plan) if tile.label == "Gap to the best plan")
    assert tile.value == pytest.approx(4)
    assert tile.note == "0.4 % of the total: no plan can be cheaper by more"


def test_worst_failure_is_that_of_the_tab_the_json_and_the_page(plan, tmp_path):
    fields = stress_tables.failures(Stress(SimpleNamespace(instance=plan.instance), "site", 12.0), {}).fields
    table = plan.tabs["Failures"] = Table("Failures", fields)
    for site, cost, short, days in (("takefu", 250.0, 40.0, 73.0), ("ningbo", 10.0, 0.0, None)):
        numbers = (cost, cost, short, 0.0, 60.0, 100.0, days, 365.0, "detroit", 0.0, 0.0)
        table.add(site, site, "2027", 900.0, 1, *numbers, "in words")
    tile = next(tile for tile in findings.tiles(plan) if tile.label == "Worst single failure")
    assert (tile.value, tile.unit, tile.tab, tile.alarm) == (40.0, "t short", "Failures", True)
    told = "Takefu out for a year from 2027: 250 M USD, first short after about 73 days; "
    assert tile.note == told + findings.tried(plan)
    worst = worst_failure(plan.tabs)
    assert (worst["site"], worst["cost_musd"], worst["short_t"], worst["tried"]) == ("takefu", 250.0, 40.0, 2)
    write_plan(plan, tmp_path / "plan.xlsx")
    shown = values(openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"])
    place = shown.index("Takefu, from 2027")
    assert shown[place + 1 : place + 4] == [40, 250, 73]


def test_price_of_rules_is_that_of_all_together(plan):
    columns = ("Rule", "Versions", ("Price", "M USD"))
    table = plan.tabs["Price of rules"] = Table("Price of rules", fields(*columns))
    table.add("china", "china@1", 3.0)
    assert findings.tiles(plan)[4].label == "Price of the China rule"
    table.add("other", "", 4.0)
    table.add("china and other", "china@1", 5.0)  # less than 3 + 4: what one forbids, the other may too
    tile = next(tile for tile in findings.tiles(plan) if tile.label.startswith("Price of"))
    assert tile.value == rules_price(plan.tabs) == 5.0
    assert tile.note == "or more, at the same decisions. china: 3 M USD; other: 4 M USD"


def test_a_shortage_that_rounds_to_nothing_is_not_told(plan):
    plan.tabs["Demand"].rows[0] = ("detroit", "mag", "", "2026", 60.0, 59.96, 0.04, 99.9, 0.0, 51.0, None, None)
    assert findings.shortages(plan).periods == ("2027",)
    assert findings.shortages(plan).rows == (("Detroit cars", (5.0,)),)


def test_late_shortages_share_a_column(plan):
    plan.tabs["Demand"].rows[0] = ("detroit", "mag", "", "2026", 60.0, 58.0, 2.0, 96.7, 0.0, 51.0, None, None)
    table = findings.shortages(plan, columns=1)
    assert table.periods == ("later",)
    assert table.rows == (("Detroit cars", (7.0,)),)


def test_each_bottleneck_is_told_once_where_the_tab_has_it_first(plan):
    assert findings.bottlenecks(plan) == ["One more tonne is worth 900 USD."]


def test_status_is_told_in_money(plan):
    plan.objective, plan.bound, plan.gap = 1000.0, 996.0, 0.004
    assert findings.status(plan).startswith("Gap to the best that can be proven: 4 M USD (0.4 % of the total). View")
    plan.bound = 999.999
    assert findings.status(plan).startswith("Gap to the best that can be proven: none. View")


def test_decisions_are_told_the_dearest_to_wait_for_first_and_what_is_built_as_one_once(plan):
    assert todo.due(plan) == [
        Due("2027-01-01", "Sign DEAL (Magnet)", 0.0, None, "no plan"),
        Due("2027-01-01", "Build 2 steps at Takefu (second_line and second_alloy)", 15.0, 0.4, "at least"),  # 12 + 3
        Due("2027-01-01", "Qualify Takefu for Detroit cars (detroit|any|takefu)", 2.0, None, "not worked out"),
    ]


def test_an_earlier_date_comes_before_a_dearer_wait(plan):
    table = plan.tabs["Decisions"]
    table.rows[3] = (*table.rows[3][:7], "2026-07-01", *table.rows[3][8:])
    assert [d.date for d in todo.due(plan)] == ["2026-07-01", "2027-01-01", "2027-01-01"]


def test_page_shows_decisions_with_what_waiting_costs(page):
    rows = [[cell.value for cell in row[:8]] for row in page.iter_rows()]
    begin = next(number for number, row in enumerate(rows) if str(row[0]).startswith("Decide by"))
    found = [(row[0], row[6], row[7]) for row in rows[begin + 2 :] if row[0]]
    assert found[:3] == [("1 Jan 2027", 0, "no plan"), ("1 Jan 2027", 15, 0.4), ("1 Jan 2027", 2, "see tab")]
    assert page["H" + str(next(n for n, row in enumerate(rows, 1) if row[7] == 0.4))].number_format == '"≥ "#,##0.0'


def test_decisions_beyond_the_fifth_share_a_line(plan, tmp_path):
    for year in range(2030, 2035):  # with the three before, three are too many
        plan.tabs["Decisions"].add(
            "sign", "DEAL", "", str(year), 1.0, str(year), 7.0, f"{year}-01-01", 1.0, "exact", ""
        )
    write_plan(plan, tmp_path / "plan.xlsx")
    shown = values(openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"])
    place = shown.index("3 more until 1 Jan 2034")
    assert shown[place + 1] == 21  # 3 * 7


def test_without_decisions_the_page_says_so(plan, tmp_path):
    plan.tabs["Decisions"].rows.clear()
    write_plan(plan, tmp_path / "plan.xlsx")
    page = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"]
    assert "The plan signs, builds and qualifies nothing." in values(page)
    assert "'Decisions'!A1" not in {
        cell.hyperlink.location for row in page.iter_rows() for cell in row if cell.hyperlink
    }


def test_a_stopped_plan_says_so_above_its_verdict(plan, tmp_path):
    plan.status, plan.objective, plan.bound, plan.gap = "feasible", 1000.0, 880.0, 0.12
    write_plan(plan, tmp_path / "plan.xlsx")
    page = openpyxl.load_workbook(tmp_path / "plan.xlsx")["Summary"]
    banner = "Stopped early: this plan is not proven. A plan could still be up to 120 M USD (12.0 %) cheaper."
    assert values(page)[1:3] == [banner, plan.verdict]
    assert page["A2"].value == banner
    assert page["A2"].fill.fgColor.rgb == "FFA63A00"


def test_what_is_below_a_service_level_is_told(plan):
    assert findings.below_service(plan) == "Below the service level: 1 t in all, most for Detroit cars (1 t)."
    plan.tabs["Demand"].rows[3] = (*plan.tabs["Demand"].rows[3][:-1], 1e-7)
    assert findings.below_service(plan) == ""


def test_lines_of_a_text():
    # A figure is 0.56 and a blank 0.28 of 12 points = 16 pixels: ten figures and a blank take 94.08, two such 188.16.
    # The room is 0.98 of the width less 6 pixels: 188.2 of 198.2, 187.2 of 197.2.
    assert style.lines("1234567890 1234567890", 198.2, 12) == 1
    assert style.lines("1234567890 1234567890", 197.2, 12) == 2
    assert style.lines("1234567890 1234567890", 198.2, 12, bold=True) == 2
    assert style.lines("", 100, 12) == 1


def test_caveats_count_estimates_and_tell_their_age(plan):
    text = " ".join(findings.caveats(plan))
    assert "2 of 3 input rows with a source rest on estimates" in text
    assert "dated 2025-03-01 to 2026-11-22" in text
    assert "no certificate" in text
    assert "US dollars of 2026" in text


def test_phrases():
    assert percent(99.98) == "99.98 %"
    assert percent(99.99999) == "almost 100 %"
    assert percent(100) == "100.0 %"
    assert percent(0.04) == "0.04 %"
    assert money(9210) == "9.2 bn USD"
    assert money(0.04) == "0.04 M USD"
    assert tonnes(5400) == "5,400 t"
    assert tonnes(41.26) == "41.3 t"
    assert tonnes(20) == "20 t"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert short_name("Kuantan (Lynas Malaysia): cracking") == "Kuantan"
