"""The report: one file without script or network, whose numbers are those of the plan and its workbook."""

import dataclasses
import html as entities
import re
from html.parser import HTMLParser

import bundled
import pytest
from openpyxl import load_workbook

from sourcing.components.horizon import Setting
from sourcing.components.places import Site
from sourcing.instance import Instance
from sourcing.report import findings, todo, write_plan
from sourcing.report.html import html, write_html
from sourcing.report.page import MOST_WHOLE, report_of
from sourcing.report.page import table as as_html
from sourcing.sheets import OutputError
from sourcing.tables import Table, fields

HOSTILE = "</style><script>alert('$x$ & \"y\"')</script>"


@pytest.fixture(scope="module")
def starter():
    return bundled.plan("starter")


@pytest.fixture(scope="module")
def page(starter):
    return html(starter, {"read": 1.25})


def numbers(text: str) -> set[float]:
    return {float(value) for value in re.findall(r'<data value="([^"]*)">', text)}


def section(text: str, name: str) -> str:
    return re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)[0]


class Reader(HTMLParser):
    """Tags with their attributes; every tag that is opened is closed."""

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def test_one_file_without_script_or_network(page):
    reader = read(page)
    assert not {"script", "link", "iframe", "img", "object"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert all(
            attributes[name].startswith(("#", "data:")) for name in ("href", "src", "xlink:href") if name in attributes
        )
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "@import" not in style and "url(" not in style
    assert len(page.encode()) < 1_000_000


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in read(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_numbers_are_those_of_the_plan_and_its_json(starter, page):
    tiles = re.findall(r'<div class="tile[^"]*"><b>(.*?)</b><strong><data value="([^"]*)">', page)
    assert [(entities.unescape(label), float(value)) for label, value in tiles] == [
        (tile.label, tile.value) for tile in findings.tiles(starter)
    ]
    told = starter.summary()
    assert {told["short_t"], *starter.tabs["Parties"].column("Net")} <= numbers(page)
    assert {value for value in told["costs_musd"].values() if value} <= numbers(section(page, "costs"))
    # the last row sums what counts: the objective
    assert any(value == pytest.approx(told["objective_musd"]) for value in numbers(section(page, "costs")))
    for name in ("Demand", "Costs", "Floors"):
        assert starter.tabs[name].rows
    assert sum(row["Top-up"] for row in starter.tabs["Floors"].records()) == pytest.approx(
        sum(numbers(section(page, "floors")) & sums_of(starter))
    )


def sums_of(plan) -> set[float]:
    """The top-ups of each floor."""
    return set(findings.sums(plan.tabs["Floors"].records(), lambda row: row["Floor"], "Top-up").values())


def test_words_are_those_of_the_workbooks_first_page(starter, page, tmp_path):
    write_plan(starter, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx", read_only=True)
    cells = {str(value) for row in book["Summary"].iter_rows(values_only=True) for value in row if value}
    book.close()
    plain = entities.unescape(page)
    for text in (starter.verdict, findings.status(starter), *findings.caveats(starter)):
        assert text in cells and text in plain
    told = [text.removeprefix("•  ") for text in cells if text.startswith("•  ")]
    assert told and all(f"<li>{text}</li>" in plain for text in told)


def test_every_decision_and_every_rule_that_is_asked_for_is_told(starter, page):
    plain = entities.unescape(page)
    for due in todo.due(starter):
        assert f"<td>{due.what}</td>" in plain
    asked = {(r["Customer"], r["Rule version"]) for r in starter.tabs["Rules met"].records() if r["Asked"] == "yes"}
    verdicts = re.search(r"Verdicts by rule.*?</table>", section(page, "content"), re.DOTALL)[0]
    assert verdicts.count("<tr>") == 1 + len(asked)


def test_run_facts_and_times(starter, page):
    run = section(page, "run")
    assert starter.instance.sha256() in run and "Time to read (s)" in run and "Gap" in run


def test_a_name_cannot_inject(plan):
    rows = [dataclasses.replace(row, name=f"{HOSTILE} {row.site}") for row in plan.instance[Site]]
    others = [row for row in plan.instance.rows() if not isinstance(row, Site | Setting)]
    others += [
        dataclasses.replace(row, value=HOSTILE) if row.setting == "Title" else row for row in plan.instance[Setting]
    ]
    others.append(Setting(setting="Marking", value=HOSTILE))
    plan.instance = Instance([*others, *rows], name='a"><script>')
    plan.verdict = HOSTILE
    text = html(plan)
    assert "script" not in {tag for tag, _ in read(text).tags}
    assert text.count("</style>") == text.count("<style")  # none of them ours to close
    assert entities.escape(HOSTILE) in text


def test_a_marking_stands_at_the_top_and_at_the_foot_of_every_page(plan):
    assert "@top-center" not in html(plan) and 'class="marking"' not in html(plan)
    plan.instance = plan.instance.with_rows(Setting(setting="Marking", value='Board "only"'))
    text = html(plan)
    letters = "".join(f"\\{ord(letter):06x}" for letter in 'Board "only"')
    for place in ("top", "bottom"):
        assert re.search(rf'@{place}-center \{{ content: "{re.escape(letters)}"', text)
    assert text.count('<div class="marking">Board &quot;only&quot;</div>') == 2


def test_short_tables_are_never_parted():
    table = Table("Sites", fields("Site", ("Flow", "t")), "About.")
    for k in range(MOST_WHOLE):
        table.add(f"s{k}", 1.0)
    assert as_html(table).startswith('<div class="whole">\n<h3>Sites</h3>')
    table.add("one more", 1.0)
    assert as_html(table).startswith("<h3>Sites</h3>")


def test_what_was_studied_is_shown_as_risk(plan):
    heat = Table("Heat map", fields("Site", ("2026", "t"), ("2027", "t")), "Tonnes short more.")
    heat.add("takefu", 40.0, 55.0)
    columns = fields("Point", ("Risk", "t"), ("Cost", "M USD"), ("Over cheapest", "M USD"), ("Gap", "M USD"), "Knee")
    points = Table("Frontier", columns, "Least cost against shortage.")
    points.add(1, 5.0, 3.9, 0.0, 0.0, None)
    assert 'id="risk"' not in html(plan)
    risk = section(html(plan, stress=[heat], frontier=points), "risk")
    assert "Most goes short if takefu fails in 2027: 55 t" in risk
    assert "One plan is both the cheapest and the least risky" in risk


def test_a_stopped_plan_says_so_first(plan):
    plan.status, plan.bound = "time limit", 3.0
    text = html(plan)
    assert text.index("Stopped early") < text.index("<main>")


def test_a_report_knows_whose_it_is(plan, tmp_path):
    file = tmp_path / "small.plan.html"
    write_html(plan, file)
    assert report_of(file) == "small"
    (tmp_path / "mine.html").write_text("<p>mine</p>", encoding="utf-8")
    assert report_of(tmp_path / "mine.html") is None
    assert report_of(tmp_path / "nothing.html") is None


def test_a_report_that_cannot_be_written(plan, tmp_path):
    with pytest.raises(OutputError, match="the report cannot be written"):
        write_html(plan, tmp_path / "nowhere" / "plan.html")
