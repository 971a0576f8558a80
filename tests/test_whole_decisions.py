"""The README of the bundled instances: what whole decisions change in allied-2026, and what rules cost.

What follows from the relaxation is asserted always; with SOURCING_SLOW set in the environment also the one plan that is
told there: what it decides, when, and what waiting and rules cost in it.
"""

from __future__ import annotations

import dataclasses

import pytest
from bundled import decided, in_parts, instance, plan, relaxed, slow, solution, told, total

from sourcing.components.demand import Demand
from sourcing.components.rules import Rule
from sourcing.instance import Instance
from sourcing.ruleprice import EXACT, prices
from sourcing.solver import Options, solve_path


def test_what_the_relaxation_takes_in_parts():
    parts = relaxed("allied-2026")

    def built(project: str) -> dict[str, float]:
        return in_parts(parts, "projects.build", project)

    def percent(project: str) -> float:
        return 100 * sum(built(project).values())

    assert set(built("p_nolans_mine")) == {"2027"}
    assert percent("p_nolans_mine") == pytest.approx(told(r"mine and oxide \| # %, from 2027"), abs=3)
    assert 100 * built("p_japan")["2027"] == pytest.approx(told(r"alloy lines \| # % from 2027"), abs=3)
    assert percent("p_japan") == pytest.approx(100)
    for year, pattern in (("2027", "#, 4.6 and 0.1"), ("2028", "0.3, # and 0.1"), ("2029", "0.3, 4.6 and #")):
        assert built("p_india")[year] == pytest.approx(told(rf"five plants \| {pattern} from"), abs=0.15)
    assert 100 * built("p_kmp2")["2031"] == pytest.approx(told(r"Ochang's second phase \| # %"), abs=3)
    assert percent("p_whitemesa2") == pytest.approx(told(r"expansion \| # %, in three parts"), abs=3)
    assert percent("p_narva2") == pytest.approx(told(r"Browns Range \| # % and 8 %"), abs=3)
    assert percent("p_browns_range") == pytest.approx(told(r"Browns Range \| 15 % and # %"), abs=3)
    whole = {"p_donald": ("2027", 1), "p_vn_metal2": ("2027", 4), "p_amp": ("2030", 1), "p_lcm_lacq_alloy": ("2030", 1)}
    for project, (year, steps) in whole.items():
        assert built(project) == {year: pytest.approx(steps, abs=0.01)}
    for project in ("p_stillwater", "p_stillwater10", "p_korea", "p_posco", "p_vinton", "p_carina", "p_mud"):
        assert built(project) == {}
    hyundai = in_parts(parts, "contracts.sign", "ARU-HYUNDAI")
    assert hyundai["2031"] == pytest.approx(0.25, abs=0.05) and hyundai["2032"] == pytest.approx(0.56, abs=0.05)
    signed = {index[0] for index, part in parts.positive("contracts.sign") if part > 1e-3}
    assert signed == {"ARU-HYUNDAI", "ARU-SGRE", "NTU-ILUKA"}
    makers: dict[tuple[str, ...], float] = {}
    for index, part in parts.positive("qualifications.qualify"):
        makers[index[:-1]] = makers.get(index[:-1], 0.0) + part
    shares = [100 * part for part in makers.values() if part > 1e-3]
    assert len(shares) == 6 and not any(customer.startswith("us_def") for customer, *_ in makers)
    assert min(shares) == pytest.approx(told("six in parts of # to"), abs=2)
    assert max(shares) == pytest.approx(told("six in parts of [0-9]+ to # %"), abs=5)


@slow
def test_what_the_plan_decides():
    found = plan("allied-2026")
    built = {name: chosen for name, chosen in decided(found, "build").items() if not name.endswith(("metal", "alloy"))}
    assert built == {
        "p_nolans_mine": ("2027", 1), "p_nolans_sep": ("2027", 1), "p_japan": ("2027", 1), "p_india": ("2028", 5),
        "p_kmp2": ("2031", 1), "p_donald": ("2027", 1), "p_vn_metal2": ("2027", 4), "p_amp": ("2030", 1),
    }  # fmt: skip
    assert decided(found, "build")["p_lcm_lacq_alloy"] == ("2030", 1)
    assert decided(found, "sign") == {"ARU-HYUNDAI": ("2031", 1), "ARU-SGRE": ("2031", 1)}
    makers = {tuple(name.split("|")[::2]) for name in decided(found, "qualify")}
    assert makers == {
        ("eu_auto", "mp_10x"), ("kr_auto", "mp_10x"), ("jp_auto", "vulcan_benson"), ("us_auto", "neo_narva"),
    }  # fmt: skip
    for site, off in (("caremag_lacq_hre", ["2028"]), ("neo_silmet", ["2028", "2029", "2030"])):
        assert [total(found, "Production", "Activity", Site=site, Period=year) for year in off] == [0.0] * len(off)
    spent = {"p_nolans_mine": 0.65 * 400, "p_nolans_sep": 0.65 * 639}  # public share of capex
    assert sum(spent.values()) == pytest.approx(told("Nolans takes # of Australia's 1,540 M USD"), abs=1)
    assert pytest.approx(told("India's plants # of 83")) == 0.2 * 5 * 80


@slow
def test_the_cheaper_plan_that_is_told_of():
    held = solution("allied-2026").integers | {("contracts.sign", ("ARU-TRAXYS", "2031")): 1.0}
    held |= {("projects.build", ("p_india", "2028")): 4.0, ("projects.build", ("p_india", "2029")): 1.0}
    cheaper = solve_path(instance("allied-2026"), held=held).objective / 1000
    assert cheaper == pytest.approx(told("found a plan for # and no better bound"), abs=1)


@slow
@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("p_vn_metal2", r"the Vietnamese lines \(# M USD\)"),
        ("p_japan", r"Japan's lines \(#\)"),
        ("p_amp", r"American Metals \(#\)"),
        ("ARU-HYUNDAI", r"signatures of Arafura \(# each\)"),
        ("ARU-SGRE", r"signatures of Arafura \(# each\)"),
        ("p_kmp2", r"Ochang \(#\)"),
        ("p_donald", r"Donald \(#\)"),
        ("p_nolans_sep", r"Nolans \(#\)"),
    ],
)
def test_what_waiting_costs(name, pattern):
    rows = list(plan("allied-2026").tabs["Decisions"].records())
    waiting = {row["Name"]: row["Waiting costs"] for row in rows if row["Waiting costs"] is not None}
    assert set(waiting) == {row["Name"] for row in rows} - {"p_india", "p_india_alloy", "p_india_metal"}
    assert waiting[name] == pytest.approx(told(pattern), abs=0.6)
    assert all(cost < 1 for name, cost in waiting.items() if name.count("|") == 2)  # qualifications
    assert max(waiting.values()) < told("The plan costs # more, 0.43 %")


# ------------------------------------------------------------------------------------------------ what the rules cost


def without(rows: Instance, rules: tuple[str, ...], customers: tuple[str, ...] = ("",)):
    """The instance in which ruled demands of some customers (by the beginning of their ids) ask for other rules.

    `free` is a rule that nothing breaks: two demands of one customer and material stay apart.
    """
    first = rows[Rule][0]
    nobody = dataclasses.replace(
        first, rule="free", version="1", countries=("IR",), stages=("magnet",), exempt=(), line=0
    )
    changed = [
        dataclasses.replace(row, rules=rules) if row.rules and row.customer.startswith(customers) else row
        for row in rows.all(Demand)
    ]
    return rows.with_rows(nobody).replace(Demand, changed)


def saved(name: str, rules: tuple[str, ...], customers: tuple[str, ...] = ("",)) -> float:
    """M USD by which the cost falls at the same decisions."""
    held = solution(name).integers
    free = solve_path(without(instance(name), rules, customers), options=Options(gap=EXACT), held=held)
    return (solution(name).objective - free.objective) / 1000


def test_what_the_rules_cost_in_the_starter():
    (row,) = prices(solution("starter"), plan("starter").tabs["Bottlenecks"], Options()).records()
    assert row["Cost without"] == pytest.approx(told("without the rules it would cost #"), abs=1)
    step = ("zero-china@2026",)
    assert saved("starter", step) == pytest.approx(told("the 2027 version costs # M USD"), abs=1)
    defence = saved("starter", step, ("us_defence",))
    assert defence == pytest.approx(told("of which # for defence"), abs=1)


@slow
@pytest.mark.parametrize(
    ("pattern", "rules", "customers"),
    [
        (r"2027 version \(whole chain\) \| #", ("7052@2026",), ("us_def",)),
        (r"US cars and industry \| #", ("free",), ("us_auto", "us_ind")),
        (r"of Japan \| #", ("free",), ("jp_",)),
        (r"of Korea \| #", ("free",), ("kr_",)),
        (r"of the EU \| #", ("free",), ("eu_",)),
        (r"of India \| #", ("free",), ("in_all",)),
        (r"of SmCo users \| #", ("free",), ("allied_smco",)),
    ],
)
def test_what_wishes_cost_in_allied(pattern, rules, customers):
    assert saved("allied-2026", rules, customers) == pytest.approx(told(pattern), rel=0.05)


@slow
def test_what_rules_cost_in_allied():
    table = prices(solution("allied-2026"), plan("allied-2026").tabs["Bottlenecks"], Options())
    price = {row["Rule"]: row["Price"] for row in table.records()}
    assert price["7052"] == pytest.approx(told(r"7052 altogether \| #"), rel=0.05)
    assert price["zero-china"] == pytest.approx(told(r"all zero-China wishes \| #"), rel=0.02)
    assert price["7052 and zero-china"] == pytest.approx(told(r"all rules \| #"), rel=0.02)
    alone = price["7052 and zero-china"] - price["zero-china"]
    assert alone == pytest.approx(told("7052 costs # M USD"), abs=8)  # two gaps of 1e-4
    unruled = next(row["Cost without"] for row in table.records() if row["Rule"] == "7052 and zero-china")
    assert unruled == pytest.approx(told("it would cost # . What a rule adds".replace(" .", r"\.")), rel=0.005)
