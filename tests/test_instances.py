"""The bundled instances: what they are made of, that they solve, and that their README says what their plans say.

The plan of allied-2026 is proven to half a per cent, so another machine may find another one as good. What is asserted
by default is there with room for that; with SOURCING_SLOW set in the environment also what holds for one plan.
"""

from __future__ import annotations

import re

import pytest
from bundled import (
    HOME,
    README,
    both,
    capacity_worth,
    decided,
    in_parts,
    instance,
    plan,
    relaxed,
    slow,
    solution,
    told,
    total,
    worth,
)

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Period
from sourcing.components.lanes import Lane
from sourcing.components.materials import Material
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.scenarios import Scenario
from sourcing.components.sources import Source
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Offer
from sourcing.solver import Options, solve_path
from sourcing.workbook import read

# ------------------------------------------------------------------------------------------------ what they are made of


@both
def test_every_row_names_a_source_that_stands_on_sources_or_says_estimate(name):
    rows = [row for row in instance(name).rows() if row.tab != Source.tab]
    known = {row.key for row in instance(name)[Source]} | {"estimate"}
    assert [row.name_of_row for row in rows if not row.source or not set(row.source) <= known] == []


@both
def test_every_source_says_its_basis(name):
    assert {row.basis for row in instance(name)[Source]} <= {"published", "company", "estimate"}
    assert all(row.citation and row.date for row in instance(name)[Source])


@both
def test_folder_and_workbook_are_the_same_instance(name):
    assert read(HOME / f"{name}.xlsx").sha256() == instance(name).sha256()


@both
def test_readme_counts_what_they_hold(name):
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
    signed = [contract.status for contract in here[Contract]].count("signed")
    assert row("projects") == [len(here[Project]), signed, len(here[Contract]) - signed, len(here[Stockpile])]
    loads, running = ([bool(getattr(u, key)) for u in here[Unit]] for key in ("minimum_load", "running_cost"))
    orders = sum(bool(offer.minimum_order) for offer in here[Offer])
    assert row("minimum loads") == [sum(loads), sum(running), orders]
    pending = sum(q.since is None and bool(q.lead_time or q.cost) for q in here[Qualification])
    assert row("qualifications") == [pending, sum(e.budget is not None for e in here[Entity])]
    futures = [sum(row.kind == kind for row in here[Scenario]) for kind in ("outlook", "event")]
    off = len(here.all(Scenario)) - sum(futures)
    assert row("outlooks and events") == [*futures, *([off] if off else [])]


def test_goods_under_way_are_labelled_rows_of_one_site_to_one_site():
    rows = [row for row in instance("allied-2026")[Lane] if row.in_transit]
    assert len(rows) == told("are # rows of one site to one site")
    assert all(row.transit_label and row.source == ("estimate",) for row in rows)


# ------------------------------------------------------------------------------------------------ that they solve


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("starter", "system"), ("starter", "buyer"), ("allied-2026", "system"),
        pytest.param("allied-2026", "buyer", marks=slow),
    ],
)  # fmt: skip
def test_both_views_have_a_proven_plan_that_passes_its_audit(name, view):
    found = plan(name, view)
    assert found.status == "optimal"
    assert found.gap <= (1e-6 if name == "starter" else 0.005)
    assert found.audit is not None and found.audit.passed


@slow
@pytest.mark.parametrize(("gap", "seconds"), [(0.01, 120), (0.005, 300)])
def test_allied_is_solved_to_a_gap_in_time_on_two_cores(gap, seconds):
    found = solve_path(instance("allied-2026"), options=Options(gap=gap, threads=2))
    assert found.status == "optimal"
    assert found.objective - found.bound <= gap * found.objective
    assert found.bound >= relaxed("allied-2026").bound * (1 - 1e-9)  # recomputed from primal and dual values
    assert found.seconds["build"] + found.seconds["solve"] <= seconds


def test_allied_has_no_more_columns_than_it_should():
    assert plan("allied-2026").model["columns"] <= 40_000


# ------------------------------------------------------------------------------------------------ what they say


def test_what_allied_costs():
    found, parts = plan("allied-2026"), told("in parts the same model costs # M USD")
    assert relaxed("allied-2026").objective / 1000 == pytest.approx(parts, abs=1)
    assert parts - 1 <= found.objective <= parts / 0.995 + 1  # any plan within the gap of half a per cent
    assert found.objective == pytest.approx(told("costs the alliance # M USD over ten years"), rel=0.005)
    more = told("costs the alliance # M USD over ten years") - parts
    assert more == pytest.approx(told("The plan costs # more, 0.43 %"), abs=1)
    assert 100 * more / (parts + more) == pytest.approx(told("The plan costs 171 more, # %"), abs=0.005)
    to_china = total(found, "Costs", "Counts", Kind="purchase", Payee="china")
    assert to_china == pytest.approx(told("of which # goes to China"), rel=0.03)
    assert found.facts["short_t"] == pytest.approx(told("leaves # t of [0-9,]+ t of demand short"), rel=0.2)
    assert found.facts["demand_t"] == pytest.approx(told("leaves [0-9,]+ t of # t of demand short"), abs=1)


def test_defence_is_never_short():
    for name in ("starter", "allied-2026"):
        customers = {"us_defence", "us_def_ndfeb", "us_def_smco"}
        assert total(plan(name), "Demand", "Demand", Customer=customers) > 3000
        assert total(plan(name), "Demand", "Short", Customer=customers) == pytest.approx(0, abs=1e-6)


def test_what_a_clean_traction_magnet_is_worth():
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
        ("u_lamp_hre1", "2026", "first heavy circuit is worth # USD in 2026"),
    ],
)
def test_what_binds_when(what, period, pattern):
    assert capacity_worth(solution("allied-2026"), what, period) == pytest.approx(told(pattern), rel=0.15)


def test_licence_room_to_japan_binds_in_every_year():
    assert capacity_worth(solution("allied-2026"), "u_lamp_hre1", "2030") == pytest.approx(0, abs=1)
    for name in ("starter", "allied-2026"):
        found = plan(name)
        spans = [row["Period"] for row in found.tabs["Limits"].records() if row["Limit"] == "CN magnets to Japan"]
        assert len(spans) in (5, 10)
        assert all(worth(found, "CN magnets to Japan", period) > 30_000 for period in spans)
    for period, pattern in (("2026", r"in every year \(# in 2026"), ("2035", r"in 2026, # in 2035\)")):
        assert worth(plan("allied-2026"), "CN magnets to Japan", period) == pytest.approx(told(pattern), rel=0.15)
    later = {"2031": 0, "2032": 0, "2033": 0, "2034": 1, "2035": 1}
    assert {t: int(worth(plan("allied-2026"), "CN magnets to US later", t) > 0) for t in later} == later


@pytest.mark.parametrize("period", ["2027", "2030", "2035"])
def test_zero_china_gaps(period):
    rules = {"7052", "zero-china"}
    found = {key: total(plan("allied-2026"), "Demand", key, Rules=rules, Period=period) for key in ("Short", "Demand")}
    assert found["Short"] == pytest.approx(told(f"# t of [0-9,]+ t in {period}"), rel=0.25, abs=60)
    assert found["Demand"] == pytest.approx(told(f"[0-9,]+ t of # t in {period}"), abs=1)


def test_where_china_stays():
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
        assert china == pytest.approx(told(tonnes), rel=0.02)
        assert 100 * china / delivered(period) == pytest.approx(told(share), abs=1)
    for period, pattern in (("2030", "missed by # t in 2030"), ("2035", "missed by [0-9,]+ t in 2030 and # t")):
        over = total(found, "Limits", "Over", Limit="CRMA 65 %, magnets", Period=period)
        assert over == pytest.approx(told(pattern), rel=0.1)


def test_who_loses():
    parties = {row["Party"]: row for row in plan("allied-2026").tabs["Parties"].records()}
    makers = ("proterial", "shinetsu", "tdk", "vac", "neo", "vulcan", "jslink", "sgi", "india_repm")
    assert all(parties[maker]["Flag"] for maker in makers)
    assert parties["lynas"]["Net"] > 5_000 and parties["mp"]["Net"] > 2_000


def test_systems_are_used_or_idle_as_told():
    found = plan("allied-2026")

    def runs(site: str, period: str, **more: object) -> float:
        return total(found, "Production", "Activity", Site=site, Period=period, **more)

    def stock(name: str, period: str, column: str = "Closing") -> float:
        return total(found, "Stockpiles", column, Stockpile=name, Period=period)

    def built(project: str, period: str = "2035") -> float:
        return total(found, "Projects and qualifications", "On line", Name=project, Period=period)

    years = [str(year) for year in range(2026, 2036)]
    assert all(capacity_worth(solution("allied-2026"), "u_lamp_sep", year) > 1_000 for year in years)
    assert runs("lynas_kalgoorlie", "2035") / 1000 == pytest.approx(told("# of 31 kt of oxide"), abs=1)
    heavy = max(runs("lynas_lamp_hre1", year) + runs("lynas_lamp_hre2", year) for year in years)
    assert heavy / 1000 == pytest.approx(told("at most # of 4.4 kt of feed"), abs=0.5)

    least = told("takes # t a year, its minimum, in nearly every year")
    taken = [total(found, "Contracts", "Taken", Contract="LYNAS-JARE-NDPR", Period=year) for year in years]
    assert min(taken) == pytest.approx(least, rel=0.01)
    assert sum(tonnes == pytest.approx(least, rel=0.01) for tonnes in taken) >= len(years) - 2  # more is a tie
    assert total(found, "Floors", "Top-up", Floor="LYNAS-JARE-NDPR") == 0
    assert total(found, "Contracts", "Rebate", Contract="LYNAS-JARE-NDPR") == 0

    top_up = {year: total(found, "Floors", "Top-up", Floor="MP-DoD", Period=year) for year in years}
    assert top_up["2026"] == pytest.approx(told("tops up # M USD in 2026"), rel=0.02)
    assert top_up["2028"] == pytest.approx(told("M USD in 2026 and # in 2028"), rel=0.02)
    assert total(found, "Floors", "Upside", Floor="MP-DoD") == 0
    assert runs("mp_mtpass_hre", "2030") == 0
    assert runs("mp_mtpass_hre", "2035") == pytest.approx(told("full with # t in 2035"), rel=0.02)
    assert total(found, "Contracts", "Taken", Contract="MP-GM") == pytest.approx(0, abs=1)
    assert runs("mp_10x", "2035", Stage="magnet") > 100

    assert runs("src_saskatoon", "2029", Stage="separation") == pytest.approx(931, rel=0.01)
    assert runs("realloys_euclid", "2030", Stage="alloy") < 200
    assert runs("iluka_eneabba", "2032") == pytest.approx(14_875, rel=0.001)  # 17,500 t at 85 %
    assert runs("serra_verde", "2029") == pytest.approx(5_850, rel=0.001)
    assert runs("serra_verde", "2031") == pytest.approx(5_850, rel=0.001)  # 6,500 t at 90 %
    assert total(found, "Contracts", "Taken", Contract="SV-CHINA", Period="2026") == pytest.approx(2_925, rel=0.001)
    assert runs("caremag_lacq_hre", "2035") > 1_000 and runs("caremag_lacq_rec", "2035") > 1_000
    assert runs("jslink_yesan", "2030", Stage="magnet") == pytest.approx(750, rel=0.01)
    assert runs("sgi_daegu", "2030", Stage="magnet") == pytest.approx(800, rel=0.01)

    for project in ("p_mud", "p_carina", "p_vinton", "p_realloys"):
        assert built(project) == 0
    for project in ("p_nolans_sep", "p_donald", "p_kmp2", "p_japan", "p_vn_metal2"):
        assert built(project) >= 1
    clean = {(row["Site"], row["Feed"]) for row in found.tabs["Custody"].records()}
    assert clean == {("solvay_larochelle", "clean"), ("caremag_lacq_rec", "not clean")}

    for name in ("JP-NDPR", "KR-NDPR", "KR-DY", "VAULT-NDPR", "AU-RESERVE"):
        assert all(stock(name, year, "Draw") == stock(name, year, "Fill") == 0 for year in years)
    assert stock("US-NDS-NDPR", "2035") == pytest.approx(told("fills it to # t of NdPr"), rel=0.01)
    assert stock("US-NDS-EH", "2027", "Draw") == pytest.approx(told("# t of magnet block drawn in 2027"), rel=0.01)


def test_what_the_starter_says():
    found, parts = plan("starter"), relaxed("starter")
    assert found.objective == pytest.approx(told("costs # M USD over five years"), abs=1)
    assert found.facts["short_t"] == pytest.approx(told("and is short # t, none of it defence"), rel=0.01)
    assert found.facts["largest_country_share"] == pytest.approx(told("China's share is # %"), abs=1)
    assert all(worth(found, "japan_magnet", str(year)) > 1_000 for year in range(2026, 2031))
    assert decided(found, "build") == {"vietnam_metal_2": ("2027", 1), "ochang_phase2": ("2028", 1)}
    assert decided(found, "qualify") == decided(found, "sign") == {}
    assert parts.objective / 1000 == pytest.approx(told("In parts it would cost #"), abs=1)
    lines, ochang = (in_parts(parts, "projects.build", name) for name in ("vietnam_metal_2", "ochang_phase2"))
    assert lines == {"2027": pytest.approx(told("# Vietnamese lines from 2027"), abs=0.1)}
    assert ochang == {"2027": pytest.approx(told("and # % of Ochang's second phase") / 100, abs=0.02)}
