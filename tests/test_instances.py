"""The bundled instances: what they are made of, that they solve, and that their README says what their plans say."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.materials import Material
from sourcing.components.places import Site
from sourcing.components.production import Process
from sourcing.components.projects import Project
from sourcing.components.rules import Rule
from sourcing.components.scenarios import Scenario
from sourcing.components.sources import Source
from sourcing.components.stock import Stockpile
from sourcing.plan import make_plan
from sourcing.workbook import read

HOME = Path(__file__).parents[1] / "instances"
README = (HOME / "README.md").read_text(encoding="utf-8")
slow = pytest.mark.skipif("SOURCING_SLOW" not in os.environ, reason="solves the instance again: set SOURCING_SLOW=1")
both = pytest.mark.parametrize("name", ["starter", "allied-2026"])


@pytest.fixture(scope="session")
def instance():
    """`instance(name)`: a bundled instance, read once."""
    known = {}
    return lambda name: known.get(name) or known.setdefault(name, read(HOME / name))


@pytest.fixture(scope="session")
def plan(instance):
    """`plan(name, view)`: the audited plan of a bundled instance, solved once."""
    known = {}

    def solved(name, view="system"):
        if (name, view) not in known:
            known[name, view] = make_plan(instance(name), view=view)
        return known[name, view]

    return solved


def told(pattern: str) -> float:
    """The number that the README says at (…); the words around it may be broken anywhere."""
    found = re.findall(pattern.replace(" ", r"\s+").replace("#", r"(-?[\d,]+(?:\.\d+)?)"), README)
    assert len(found) == 1, f"{len(found)} places in the README say {pattern!r}"
    return float(found[0].replace(",", ""))


def total(plan, tab: str, value: str, **where: object) -> float:
    """Sum of a column of a plan's tab over the rows that match."""
    return sum(
        row[value] or 0.0
        for row in plan.tabs[tab].records()
        if all(row[key] in (want if isinstance(want, set) else {want}) for key, want in where.items())
    )


def worth(plan, name: str, period: str) -> float:
    """USD by which one more tonne would lower the cost."""
    return total(plan, "Bottlenecks", "Worth", Name=name, Period=period)


# ------------------------------------------------------------------------------------------------ what they are made of


@both
def test_every_row_names_a_source_that_stands_on_sources_or_says_estimate(instance, name):
    rows = [row for row in instance(name).rows() if row.tab != Source.tab]
    known = {row.key for row in instance(name)[Source]} | {"estimate"}
    assert [row.name_of_row for row in rows if not row.source or not set(row.source) <= known] == []


@both
def test_every_source_says_its_basis(instance, name):
    assert {row.basis for row in instance(name)[Source]} <= {"published", "company", "estimate"}
    assert all(row.citation and row.date for row in instance(name)[Source])


@both
def test_folder_and_workbook_are_the_same_instance(instance, name):
    assert read(HOME / f"{name}.xlsx").sha256() == instance(name).sha256()


@both
def test_readme_counts_what_they_hold(instance, name):
    here = instance(name)

    def row(label: str) -> list[int]:
        cells = next(line for line in README.splitlines() if line.startswith(f"| {label}")).split("|")
        return [int(number) for number in re.findall(r"\d+", cells[2 if name == "starter" else 3])]

    assert row("periods") == [int(here[Period][0].period), int(here[Period][-1].period)]
    assert row("sites") == [len(here[Site]), len({d.customer for d in here[Demand]})]
    assert row("materials")[0] == len(here[Material])
    assert row("lines on") == [len(here[Process])]
    assert row("demand rows") == [len(here[Demand])]
    assert row("lanes") == [len(here[Lane])]
    signed = [contract for contract in here[Contract] if contract.status == "signed"]
    assert row("projects") == [len(here[Project]), len(signed), len(here[Stockpile])]
    futures = [sum(row.kind == kind for row in here[Scenario]) for kind in ("outlook", "event")]
    off = len(here.all(Scenario)) - sum(futures)
    assert row("outlooks and events") == [*futures, *([off] if off else [])]


def test_goods_under_way_are_labelled_rows_of_one_site_to_one_site(instance):
    rows = [row for row in instance("allied-2026")[Lane] if row.in_transit]
    assert len(rows) == told("are # rows of one site to one site")
    assert all(row.transit_label and row.source == ("estimate",) for row in rows)


# ------------------------------------------------------------------------------------------------ that they solve


@both
@pytest.mark.parametrize("view", ["system", "buyer"])
def test_both_views_have_a_proven_optimum_that_passes_its_audit(plan, name, view):
    found = plan(name, view)
    assert found.status == "optimal"
    assert found.gap < 1e-6  # continuous: recomputed from primal and dual values
    assert found.audit is not None and found.audit.passed


def test_allied_has_no_more_columns_than_it_should(plan):
    assert plan("allied-2026").model["columns"] <= 40_000


# ------------------------------------------------------------------------------------------------ what they say


def test_what_allied_costs(plan):
    found = plan("allied-2026")
    assert found.objective == pytest.approx(told("costs the alliance # M USD over ten years"), rel=0.005)
    to_china = total(found, "Costs", "Counts", Kind="purchase", Payee="china")
    assert to_china == pytest.approx(told("of which # goes to China"), rel=0.02)
    assert found.facts["short_t"] == pytest.approx(told("leaves # t of [0-9,]+ t of demand short"), rel=0.1)
    assert found.facts["demand_t"] == pytest.approx(told("leaves [0-9,]+ t of # t of demand short"), abs=1)


def test_defence_is_never_short(plan):
    for name in ("starter", "allied-2026"):
        customers = {"us_defence", "us_def_ndfeb", "us_def_smco"}
        assert total(plan(name), "Demand", "Demand", Customer=customers) > 3000
        assert total(plan(name), "Demand", "Short", Customer=customers) == pytest.approx(0, abs=1e-6)


def test_what_a_clean_traction_magnet_is_worth(plan):
    def one_more(rules: str, period: str) -> float:
        return total(
            plan("allied-2026"), "Demand", "One more costs",
            Customer="us_auto", Material="mag_uh", Rules=rules, Period=period,
        )  # fmt: skip

    assert one_more("zero-china", "2027") == pytest.approx(told("for US cars costs # USD in 2027"), rel=0.1)
    assert one_more("zero-china", "2030") == pytest.approx(told("USD in 2027, # in 2030 and"), rel=0.1)
    assert one_more("zero-china", "2035") == pytest.approx(told("in 2030 and # in 2035, one"), rel=0.1)
    assert one_more("", "2027") == pytest.approx(told("one that may be Chinese # in 2027"), rel=0.1)


@pytest.mark.parametrize(
    ("what", "period", "pattern"),
    [
        ("u_vn_metal", "2026", "Vietnamese capacity is worth # USD in 2026"),
        ("u_lamp_sep", "2026", "light separation # and [0-9,]+"),
        ("u_mp_sep", "2026", "light separation [0-9,]+ and #"),
        ("u_santoku", "2027", r"alloy casting \(Japan #\)"),
        ("CN magnets to Japan", "2026", r"in every year \(# in 2026"),
        ("CN magnets to Japan", "2035", r"in 2026, # in 2035\)"),
        ("u_lamp_hre1", "2026", "first heavy circuit is worth # USD in 2026"),
    ],
)
def test_what_binds_when(plan, what, period, pattern):
    assert worth(plan("allied-2026"), what, period) == pytest.approx(told(pattern), rel=0.1)


def test_licence_room_to_japan_binds_in_every_year(plan):
    for name in ("starter", "allied-2026"):
        found = plan(name)
        spans = [row["Period"] for row in found.tabs["Limits"].records() if row["Limit"] == "CN magnets to Japan"]
        assert len(spans) in (5, 10)
        assert all(worth(found, "CN magnets to Japan", period) > 30_000 for period in spans)
    assert worth(plan("allied-2026"), "u_lamp_hre1", "2030") == 0
    later = {"2031": 0, "2032": 0, "2033": 0, "2034": 1, "2035": 1}
    assert {t: int(worth(plan("allied-2026"), "CN magnets to US later", t) > 0) for t in later} == later


@pytest.mark.parametrize("period", ["2027", "2030", "2035"])
def test_zero_china_gaps(plan, period):
    rules = {"7052", "zero-china"}
    found = {key: total(plan("allied-2026"), "Demand", key, Rules=rules, Period=period) for key in ("Short", "Demand")}
    assert found["Short"] == pytest.approx(told(f"# t of [0-9,]+ t in {period}"), rel=0.15)
    assert found["Demand"] == pytest.approx(told(f"[0-9,]+ t of # t in {period}"), abs=1)


def test_where_china_stays(plan, instance):
    found = plan("allied-2026")
    customers = {row.customer for row in instance("allied-2026")[Demand]}
    magnets = {row.material for row in instance("allied-2026")[Material] if row.form == "magnet"}

    def delivered(period: str, **more: object) -> float:
        return total(found, "Sourcing", "Flow", To=customers, Material=magnets, Period=period, **more)

    for period, share, tonnes in (
        ("2026", "falls from # % to", "tonnes grow from #"),
        ("2035", "falls from [0-9]+ % to # %", "tonnes grow from [0-9,]+ to #"),
    ):
        china = delivered(period, From="cn_magnet")
        assert china == pytest.approx(told(tonnes), rel=0.01)
        assert 100 * china / delivered(period) == pytest.approx(told(share), abs=1)
    for period, pattern in (("2030", "missed by # t in 2030"), ("2035", "missed by [0-9,]+ t in 2030 and # t")):
        over = total(found, "Limits", "Over", Limit="CRMA 65 %, magnets", Period=period)
        assert over == pytest.approx(told(pattern), rel=0.05)


def test_who_loses(plan):
    parties = {row["Party"]: row for row in plan("allied-2026").tabs["Parties"].records()}
    makers = ("proterial", "shinetsu", "tdk", "vac", "neo", "vulcan", "jslink", "sgi")
    assert all(parties[maker]["Flag"] for maker in makers)
    assert parties["lynas"]["Net"] > 5_000 and parties["mp"]["Net"] > 2_000


def test_systems_are_used_or_idle_as_told(plan):
    found = plan("allied-2026")

    def runs(site: str, period: str, **more: object) -> float:
        return total(found, "Production", "Activity", Site=site, Period=period, **more)

    def stock(name: str, period: str, column: str = "Closing") -> float:
        return total(found, "Stockpiles", column, Stockpile=name, Period=period)

    def built(project: str, period: str = "2035") -> float:
        return total(found, "Projects and qualifications", "On line", Name=project, Period=period)

    years = [str(year) for year in range(2026, 2036)]
    assert all(worth(found, "u_lamp_sep", year) > 1_000 for year in years)
    assert runs("lynas_kalgoorlie", "2035") / 1000 == pytest.approx(told("# of 31 kt of oxide"), abs=1)
    heavy = max(runs("lynas_lamp_hre1", year) + runs("lynas_lamp_hre2", year) for year in years)
    assert heavy / 1000 == pytest.approx(told("at most # of 4.4 kt of feed"), abs=0.3)

    taken = {total(found, "Contracts", "Taken", Contract="LYNAS-JARE-NDPR", Period=year) for year in years}
    assert all(tonnes == pytest.approx(told("takes # t a year, its minimum")) for tonnes in taken)
    assert total(found, "Floors", "Top-up", Floor="LYNAS-JARE-NDPR") == 0
    assert total(found, "Contracts", "Rebate", Contract="LYNAS-JARE-NDPR") == 0

    top_up = {year: total(found, "Floors", "Top-up", Floor="MP-DoD", Period=year) for year in years}
    assert top_up["2026"] == pytest.approx(told("tops up # M USD in 2026"), rel=0.02)
    assert top_up["2028"] == pytest.approx(told("M USD in 2026 and # in 2028"), rel=0.02)
    assert total(found, "Floors", "Upside", Floor="MP-DoD") == 0
    assert runs("mp_mtpass_hre", "2030") == pytest.approx(told("# t of feed in 2030, full"), rel=0.3)
    assert runs("mp_mtpass_hre", "2035") == pytest.approx(told("full with # t in 2035"), rel=0.02)
    assert total(found, "Contracts", "Taken", Contract="MP-GM") == pytest.approx(0, abs=1)
    assert runs("mp_10x", "2035", Stage="magnet") > 100

    assert runs("src_saskatoon", "2029", Stage="separation") == pytest.approx(931, rel=0.01)
    assert runs("realloys_euclid", "2030", Stage="alloy") < 200
    assert runs("iluka_eneabba", "2032") == pytest.approx(14_875, rel=0.001)  # 17,500 t at 85 %
    assert runs("serra_verde", "2031") == pytest.approx(5_850, rel=0.001)  # 6,500 t at 90 %
    assert total(found, "Contracts", "Taken", Contract="SV-CHINA", Period="2026") == pytest.approx(2_925, rel=0.001)
    assert runs("caremag_lacq_hre", "2035") > 1_000 and runs("caremag_lacq_rec", "2035") > 1_000
    assert runs("jslink_yesan", "2030", Stage="magnet") == pytest.approx(750, rel=0.01)
    assert runs("sgi_daegu", "2030", Stage="magnet") == pytest.approx(800, rel=0.01)

    for project in ("p_mud", "p_browns_range", "p_carina", "p_vinton", "p_realloys"):
        assert built(project) == pytest.approx(0, abs=1e-6)
    for project in ("p_nolans_sep", "p_donald", "p_kmp2"):
        assert built(project) == pytest.approx(1, abs=1e-6)
    assert built("p_nolans_sep", "2029") == 0 < built("p_nolans_sep", "2030")
    assert 100 * built("p_whitemesa2") == pytest.approx(told("# % of the expansion"), abs=5)

    for name in ("JP-NDPR", "KR-NDPR", "KR-DY", "VAULT-NDPR", "AU-RESERVE"):
        assert all(stock(name, year, "Draw") == stock(name, year, "Fill") == 0 for year in years)
    assert stock("US-NDS-NDPR", "2035") == pytest.approx(told("fills it to # t of NdPr"), rel=0.01)
    assert stock("US-NDS-EH", "2027", "Draw") == pytest.approx(told("# t of magnet block drawn in 2027"), rel=0.01)


def test_what_the_starter_says(plan):
    found = plan("starter")
    assert found.objective == pytest.approx(told("costs # M USD over five years"), rel=0.005)
    assert found.facts["short_t"] == pytest.approx(told("and is short # t, none of it defence"), rel=0.1)
    assert found.facts["largest_country_share"] == pytest.approx(told("China's share is # %"), abs=1)
    assert worth(found, "japan_magnet", "2026") > 10_000 and worth(found, "japan_magnet", "2030") > 10_000
    assert total(found, "Projects and qualifications", "On line", Name="seabed_mud") == 0


# ------------------------------------------------------------------------------------------------ what the rules cost


def without(instance, rules: tuple[str, ...], customers: tuple[str, ...] = ("",)):
    """The instance in which ruled demands of some customers (by the beginning of their ids) ask for other rules.

    `free` is a rule that nothing breaks: two demands of one customer and material stay apart.
    """
    first = instance[Rule][0]
    nobody = dataclasses.replace(
        first, rule="free", version="1", countries=("IR",), stages=("magnet",), exempt=(), line=0
    )
    rows = [
        dataclasses.replace(row, rules=rules) if row.rules and row.customer.startswith(customers) else row
        for row in instance.all(Demand)
    ]
    return instance.with_rows(nobody).replace(Demand, rows)


def saved(plan, instance, name: str, rules: tuple[str, ...], customers: tuple[str, ...] = ("",)) -> float:
    """M USD by which the optimum falls."""
    return plan(name).objective - make_plan(without(instance(name), rules, customers)).objective


def test_what_the_rules_cost_in_the_starter(plan, instance):
    assert plan("starter").objective - saved(plan, instance, "starter", ("free",)) == pytest.approx(
        told("Without the rules it would cost #"), rel=0.005
    )
    step = ("zero-china@2026",)
    assert saved(plan, instance, "starter", step) == pytest.approx(told("the 2027 version costs # M USD"), rel=0.1)
    defence = saved(plan, instance, "starter", step, ("us_defence",))
    assert defence == pytest.approx(told("of which # for defence"), rel=0.1)


@slow
@pytest.mark.parametrize(
    ("pattern", "rules", "customers"),
    [
        (r"2027 version \(whole chain\) \| #", ("7052@2026",), ("us_def",)),
        (r"7052 altogether \| #", ("free",), ("us_def",)),
        (r"US cars and industry \| #", ("free",), ("us_auto", "us_ind")),
        (r"of Japan \| #", ("free",), ("jp_",)),
        (r"of Korea \| #", ("free",), ("kr_",)),
        (r"of the EU \| #", ("free",), ("eu_",)),
        (r"of India \| #", ("free",), ("in_all",)),
        (r"of SmCo users \| #", ("free",), ("allied_smco",)),
        (r"all rules \| #", ("free",), ("",)),
    ],
)
def test_what_the_rules_cost_in_allied(plan, instance, pattern, rules, customers):
    assert saved(plan, instance, "allied-2026", rules, customers) == pytest.approx(told(pattern), rel=0.1)


@slow
def test_what_7052_costs_by_itself(plan, instance):
    civil = ("us_auto", "us_ind", "jp_", "kr_", "eu_", "in_all", "allied_smco")
    unruled = make_plan(without(instance("allied-2026"), ("free",))).objective
    alone = make_plan(without(instance("allied-2026"), ("free",), civil)).objective - unruled
    assert unruled == pytest.approx(told("Without any content rule it would cost #"), rel=0.005)
    assert alone == pytest.approx(told("7052 costs # M USD"), rel=0.15)
