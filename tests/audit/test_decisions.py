"""What is decided holds together: one thing changed, in the plan or in the instance, fails the check named."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from decided_case import INSTANCE, changed, plan
from hand_case import DIRTY, Plan, day, failed
from hand_case import INSTANCE as FIRST_CASE
from hand_case import changed as first_changed
from hand_case import plan as first_plan

from sourcing.audit import audit
from sourcing.audit.contracts import parts
from sourcing.audit.facts import Facts
from sourcing.audit.records import Flow
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Setting
from sourcing.components.places import Entity, Site
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.trade import Offer
from sourcing.sheets import Selector


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_the_hand_worked_plan_passes(view):
    verdict = audit(INSTANCE, plan(view))
    assert failed(verdict) == {}
    compared = {check.name for check in verdict.checks if check.count}
    assert {"decisions", "outlays", "whole steps", "built together", "only one of", "budgets"} < compared
    assert {"running", "minimum order", "custody", "qualifications"} < compared


SIGN, EXT = {"Kind": "sign"}, {"Kind": "build", "Name": "ext"}
QUALIFY = {"Kind": "qualify"}
STARTED = {"Name": "ext", "Period": "2027"}
RUNS = {"Unit or material": "ext", "Period": "2028"}
SERVED = {"Customer": "car", "Period": "2028"}
ALTERED = [
    # table, row, what is changed, check that must fail, words of its place
    ("Decisions", SIGN, {"Period": "2026"}, "decisions", "sign OPT in 2026: is not open to decisions yet"),
    ("Decisions", SIGN, {"Period": "2028"}, "channels", "in 2027: OPT is an option that is not signed then"),
    ("Decisions", SIGN, {"Period": "2028"}, "contracts", "OPT in 2027: has a row, and is an option that is not signed"),
    ("Decisions", SIGN, {"Period": "2028"}, "costs", "signing of plantco in 2027 (M USD): 2 instead of 0"),
    ("Decisions", SIGN, {"Name": "TPO"}, "decisions", "sign TPO in 2027: there is no such option"),
    ("Decisions", SIGN, {"Kind": "seal"}, "decisions", "seal OPT in 2027: there is no decision of this kind"),
    ("Decisions", SIGN, {"Steps": 2}, "decisions", "sign OPT in 2027: steps: 2 instead of 1"),
    ("Decisions", SIGN, {"Opens": "2028"}, "decisions", "sign OPT in 2027: opens in 2027, not in 2028"),
    ("Decisions", SIGN, {"Outlay": 1}, "outlays", "sign OPT in 2027: outlay (M USD): 1 instead of 2"),
    ("Decisions", EXT, {"Steps": 2}, "decisions", "build ext in 2027: steps decided, against those started: 2 instead"),
    ("Decisions", EXT, {"Steps": 0}, "decisions", "build ext in 2027: no step is decided"),
    ("Decisions", EXT, {"Period": "2028"}, "decisions", "build ext in 2028: opens in none, not in 2028"),
    ("Decisions", EXT, {"Opens": None}, "decisions", "build ext in 2027: opens in 2028, not in none"),
    ("Decisions", EXT, {"Outlay": 5}, "outlays", "build ext in 2027: outlay (M USD): 5 instead of 10"),
    ("Decisions", EXT, {"Name": "tower"}, "decisions", "build tower in 2027: there is no such option"),
    ("Decisions", QUALIFY, {"Period": "2026"}, "decisions", "car|oxide|plant in 2026: is not open to decisions yet"),
    ("Decisions", QUALIFY, {"Period": "2028"}, "decisions", "it would open after the horizon"),
    ("Decisions", QUALIFY, {"Period": "2028"}, "qualifications", "oxide from plant to car in 2028: the maker is not"),
    ("Decisions", QUALIFY, {"Name": "car|oxide|mine"}, "decisions", "there is no maker to be qualified so"),
    ("Decisions", QUALIFY, {"Opens": "2027"}, "decisions", "opens in 2028, not in 2027"),
    ("Decisions", QUALIFY, {"Outlay": None}, "outlays", "car|oxide|plant in 2027: outlay (M USD): 0 instead of 0.5"),
    ("Decisions", QUALIFY, {"Period": "then"}, "tables", "Decisions, row 4, Period: 'then' is not valid"),
    ("Projects and qualifications", STARTED, {"Started": 1.5}, "whole steps", "ext in 2027: steps started: 1.5"),
    ("Projects and qualifications", STARTED, {"Started": 3, "Capex": 30}, "projects", "ext"),
    ("Projects and qualifications", STARTED, {"Started": 2}, "built together", "ext with dryer in 2027: part started"),
    ("Projects and qualifications", STARTED, {"Started": 2}, "budgets", "state: public shares of what is started"),
    ("Projects and qualifications", STARTED, {"Started": 0}, "decisions", "against those started: 1 instead of 0"),
    ("Capacity and surplus", RUNS, {"Running": "no"}, "running", "ext in 2028: does not run; load: 3, at most 0"),
    ("Capacity and surplus", RUNS, {"Running": None}, "running", "ext in 2028: running is None, neither yes nor no"),
    ("Capacity and surplus", RUNS, {"Running": "no"}, "costs", "running of plantco in 2028 (M USD): 0.2 instead of 0"),
    ("Capacity and surplus", RUNS, {"Least": 1}, "running", "ext in 2028: least: 1 instead of 2"),
    ("Capacity and surplus", RUNS, {"Least": None}, "running", "ext in 2028: least: nan instead of 2"),
    (
        "Capacity and surplus", {"Unit or material": "dryer", "Period": "2028"}, {"Running": "yes"}, "running",
        "dryer in 2028: has neither minimum load nor running cost",
    ),
    (
        "Capacity and surplus", {"Unit or material": "ext", "Period": "2027"}, {"Running": "yes"}, "costs",
        "running of plantco in 2027 (M USD): 0 instead of 0.2",
    ),
    ("Production", {"Unit": "ext"}, {"Activity": 1.5}, "running", "ext in 2028: load while it runs: 1.5, at least 2"),
    ("Production", {"Unit": "ext"}, {"Label": DIRTY}, "custody", "ext in 2028: is told clean, runs what violates zc@1"),
    ("Custody", {"Period": "2027"}, {"Feed": "clean"}, "custody", "mixer in 2027: is told clean, runs what violates"),
    ("Custody", {"Unit": "ext"}, {"Feed": "not clean"}, "custody", "told not clean, runs what does not violate zc@1"),
    ("Custody", {"Unit": "ext"}, {"Feed": "mixed"}, "custody", "ext in 2028: its feed is 'mixed'"),
    ("Custody", {"Unit": "ext"}, {"Unit": "pit", "Site": "mine"}, "custody", "pit in 2028: is not blended"),
    ("Custody", {"Unit": "ext"}, {"Site": "mine"}, "custody", "ext in 2028: stands at plant"),
    ("Custody", {"Unit": "ext"}, {"Rule": "zc@2"}, "tables", "Custody, row 4, Rule: 'zc@2' is not valid"),
    ("Demand", SERVED, {"Service level": None}, "demand", "in 2028: service level (%): nan instead of 80"),
    ("Demand", SERVED, {"Below service level": 7}, "demand", "in 2028: below its service level: 7 instead of 5"),
    (
        "Demand", {"Customer": "furnace", "Period": "2028"}, {"Below service level": 0}, "demand",
        "oxide for furnace in 2028: has no service level",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tab", "match", "new", "check", "place"),
    ALTERED,
    ids=[f"{check}-{tab}-{'-'.join(new)}-{number}" for number, (tab, _, new, check, _) in enumerate(ALTERED)],
)
def test_one_thing_changed_fails_its_check(tab, match, new, check, place):
    altered = plan()
    edit(altered, tab, match, new)
    assert place in failed(audit(INSTANCE, altered))[check]


def edit(altered: Plan, tab: str, match: dict[str, object], new: dict[str, object]) -> None:
    altered.edit(tab, match, **{name.replace(" ", "_"): value for name, value in new.items()})


OTHERWISE = [
    # what the instance says differently, while the plan stays as it is
    (changed(Contract, "OPT", status="signed"), "decisions", "sign OPT in 2027: there is no such option"),
    (changed(Contract, "OPT", status="signed"), "contracts", "OPT in 2026: has no row"),
    (changed(Contract, "OPT", since=day(2028)), "decisions", "sign OPT in 2027: it does not run then"),
    (changed(Contract, "OPT", maximum=None), "contracts", "OPT in 2027: maximum is 8, not inf"),
    (changed(Contract, "OPT", signing_cost=3), "costs", "signing of plantco in 2027 (M USD): 2 instead of 3"),
    (changed(Contract, "OPT", signing_cost=3), "outlays", "sign OPT in 2027: outlay (M USD): 2 instead of 3"),
    (changed(Contract, "OPT", take_or_pay="firm"), "contracts", "OPT in 2028: is firm; not taken: 2, at most 0"),
    (changed(Contract, "OPT", makeup=1.0, minimum_share=10), "scope", "a make-up of a minimum share is not audited"),
    (changed(Project, "ext", earliest=day(2028)), "projects", "ext in 2027: is not open to decisions yet"),
    (changed(Project, "ext", latest=day(2026)), "projects", "ext in 2027: starts after 2026-01-01"),
    (changed(Project, "ext", status="committed"), "decisions", "build ext in 2027: there is no such option"),
    (changed(Project, "dryer", whole=True, steps=4.5), "built together", "part started: 0.5 instead of 0.444444"),
    (changed(Project, "dryer", together="", only_one="choice"), "only one of", "choice: ext, dryer are built"),
    (changed(Project, "rival", status="committed"), "only one of", "choice: rival, ext are built"),
    (changed(Project, "dryer", lead_time=25), "decisions", "build dryer in 2027: opens in none, not in 2028"),
    (changed(Entity, "state", budget=4), "budgets", "public shares of what is started (M USD): 5, at most 4"),
    (changed(Unit, "ext", minimum_load=80), "running", "ext in 2028: least: 2 instead of 3.2"),
    (changed(Unit, "ext", running_cost=0.3), "costs", "running of plantco in 2028 (M USD): 0.2 instead of 0.3"),
    (changed(Unit, "mixer", running_cost=0.1), "running", "mixer in 2026: running is None, neither yes nor no"),
    (changed(Unit, "pit", running_cost=0.1), "running", "pit in 2026: running is None, neither yes nor no"),
    (changed(Offer, "mine|feed", minimum_order=5), "minimum order", "to plant at spot in 2026: 4, at least 5"),
    (changed(Qualification, "car|oxide|plant", first_year_share=20), "qualifications", "year share: 3, at most 2"),
    (changed(Qualification, "car|oxide|plant", lead_time=18), "decisions", "it would open after the horizon"),
    (changed(Qualification, "car|oxide|plant", lead_time=0), "decisions", "in 2027: opens in 2027, not in 2028"),
    (changed(Qualification, "car|oxide|plant", cost=1), "costs", "qualification of carmaker in 2027 (M USD): 0.5"),
    (changed(Qualification, "car|oxide|plant", since=day(2029)), "decisions", "there is no maker to be qualified so"),
    (changed(Site, "plant", custody="segregated"), "labels", "no process there joins it with another input, or blends"),
    (changed(Site, "plant", custody="segregated"), "custody", "mixer in 2026: is not blended"),
    (changed(Demand, "car|oxide|zc", service_level=20), "demand", "in 2026: service level (%): 80 instead of 20"),
    (changed(Setting, "First period open to decisions", value="2028"), "decisions", "sign OPT in 2027: is not open"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "check", "place"),
    OTHERWISE,
    ids=[f"{check}-{row.name_of_row}-{number}" for number, (row, check, _) in enumerate(OTHERWISE)],
)
def test_the_plan_fails_an_instance_that_says_otherwise(row, check, place):
    assert place in failed(audit(INSTANCE.with_rows(row), plan()))[check]


@pytest.mark.parametrize(
    ("name", "check", "place"),
    [
        ("OPT", "channels", "feed from mine to plant under OPT in 2027: OPT is an option that is not signed then"),
        ("ext", "decisions", "build ext in 2027: steps decided, against those started: 0 instead of 1"),
        ("car|oxide|plant", "qualifications", "oxide from plant to car in 2028: the maker is not qualified"),
        ("car|oxide|plant", "costs", "qualification of carmaker in 2027 (M USD): 0.5 instead of 0"),
    ],
)
def test_what_is_used_was_decided(name, check, place):
    altered = plan()
    altered.tabs["Decisions"].rows = [row for row in altered.tabs["Decisions"].rows if row[1] != name]
    assert place in failed(audit(INSTANCE, altered))[check]


def test_a_plan_without_the_table_decides_nothing():
    altered = plan()
    del altered.tabs["Decisions"], altered.tabs["Custody"]
    assert {"channels", "decisions", "qualifications"} <= set(failed(audit(INSTANCE, altered)))


def test_an_option_is_signed_once():
    altered = plan()
    altered.tabs["Decisions"].add("sign", "OPT", "mine → plant; car", "2028", 1, "2028", 2)
    assert "sign OPT: is decided more than once (2027, 2028)" in failed(audit(INSTANCE, altered))["decisions"]


def test_a_group_is_built_once_at_all():
    """Half of it and a rival beside it: together they are less than one, and still two alternatives."""
    altered = plan()
    rival = {"Name": "rival", "Period": "2028"}
    edit(altered, "Projects and qualifications", rival, {"Started": 1, "On line": 1, "Capacity": 9, "Capex": 20})
    altered.tabs["Decisions"].add("build", "rival", "plant", "2028", 1, "2028", 20)
    assert "choice: ext, rival are built" in failed(audit(INSTANCE, altered))["only one of"]


def test_what_is_below_a_trial_order_is_an_order():
    """Orders count by buyer and over all labels: 2 t here and 2 t there are two orders of 2 t."""
    altered = plan()
    altered.edit("Sourcing", {"Under": "spot", "Material": "feed", "Period": "2026"}, Flow=2)
    altered.tabs["Sourcing"].add("mine", "plant", "feed", "spot", DIRTY, "2026", 2, 10, 0, 0, 0)
    assert "minimum order" not in failed(audit(INSTANCE, altered))
    altered.edit("Sourcing", {"Under": "spot", "Material": "feed", "Period": "2026", "Label": DIRTY}, To="furnace")
    assert "feed from mine to plant at spot in 2026: 2, at least 3" in failed(audit(INSTANCE, altered))["minimum order"]


# ------------------------------------------------------------------------------------------------ custody


def tracked() -> Plan:
    """The separator runs 6 t of clean feed beside 2 t from China in 2027, as if batches were kept apart."""
    made = plan()
    made.tabs["Labels joined"].rows, made.tabs["Custody"].rows = [], []
    for tab, match, column in (
        ("Production", {"Unit": "mixer", "Period": "2027"}, "Activity"),
        ("Sourcing", {"To": "furnace", "Period": "2027"}, "Flow"),
        ("Deliveries", {"Period": "2027"}, "Delivered"),
    ):
        made.edit(tab, match, **{column: 2})
        row = next(row for row in made.tabs[tab].records() if match.items() <= row.items())
        made.tabs[tab].add(*(row | {"Label": "clean", column: 6}).values())
    return made


def test_labels_tracked_through_a_blended_unit_fail_and_through_a_segregated_one_pass():
    place = "mixer in 2027: clean feed beside feed that violates zc@1 (t): 2 instead of 0"
    assert failed(audit(INSTANCE, tracked())) == {"custody": f"custody: {place} (off by 2, tolerance 1e-06)"}
    apart = INSTANCE.with_rows(changed(Site, "plant", custody="segregated"))
    assert failed(audit(apart, tracked())) == {}


def of_russia(version: str, year: int) -> Rule:
    """A version of the rule that looks elsewhere."""
    return changed(Rule, "zc|1", version=version, since=day(year), countries=("RU",))


def test_a_rule_that_nobody_asks_for_any_more_is_no_question():
    assert failed(audit(INSTANCE.with_rows(of_russia("2", 2027)), tracked())) == {}
    assert "zc@1" in failed(audit(INSTANCE.with_rows(of_russia("2", 2028)), tracked()))["custody"]


def test_a_rule_that_is_asked_for_later_is_one():
    """What is made in 2027 may be used when the rule is in force."""
    rows = [of_russia("0", 2026), changed(Rule, "zc|1", since=day(2028))]
    found = failed(audit(INSTANCE.with_rows(*rows), tracked()))
    assert "in 2027: clean feed beside feed that violates zc@1" in found["custody"]
    proposed = [rows[0], changed(Rule, "zc|1", status="proposed")]
    assert failed(audit(INSTANCE.with_rows(*proposed), tracked())) == {}


def test_a_rule_that_the_place_adds_anyway_is_no_question():
    here = INSTANCE.with_rows(
        changed(Site, "plant", country="CN"), changed(Rule, "zc|1", stages=("mine", "separation"))
    )
    assert "custody" not in failed(audit(here, tracked()))


def test_batches_of_a_magnet_maker_are_kept_apart_unless_its_site_blends():
    """The first case sinters clean magnets beside others, in 2026 on one oven."""
    assert "custody" not in failed(audit(FIRST_CASE, first_plan()))
    blends = FIRST_CASE.with_rows(first_changed(Site, "plant", custody="blended"))
    assert "oven in 2026: clean feed beside feed that violates" in failed(audit(blends, first_plan()))["custody"]


# ------------------------------------------------------------------------------------------------ shares


def shares(*flows: tuple[str, str, float]) -> dict[tuple[str, str], float]:
    """How those who sell and buy under a contract share its payments, of flows (from, to, t)."""
    contract = first_changed(
        Contract,
        "DEAL",
        seller=Selector((("id", "mine"), ("id", "china"))),
        buyer=Selector((("id", "plant"), ("id", "car"))),
    )
    facts = Facts(FIRST_CASE.with_rows(contract), "system")
    found = [Flow(i, j, "oxide", "DEAL", frozenset(), "2026", tonnes, 60, 50, 0, 0) for i, j, tonnes in flows]
    return parts(facts, SimpleNamespace(flows_of={"2026": found}), contract, facts.times[0])


def test_buyers_and_sellers_each_share_by_what_they_take_and_give():
    """3 t and 1 t, without a flow between the larger buyer and the smaller seller: 3/4·1/4 all the same."""
    assert shares(("mine", "plant", 3), ("china", "car", 1)) == {
        ("maker", "mineco"): 0.5625,
        ("maker", "prc"): 0.1875,
        ("carmaker", "mineco"): 0.1875,
        ("carmaker", "prc"): 0.0625,
    }


def test_who_may_take_shares_equally_what_nobody_takes():
    """China has no oxide and the car maker no use for it, so they bear nothing."""
    assert shares() == {("maker", "mineco"): 1}


# ------------------------------------------------------------------------------------------------ new makers


@pytest.mark.parametrize(
    ("named", "anyone", "plant", "other", "place"),
    [
        (60.0, None, 6, 0, ""),
        (60.0, None, 7, 0, "oxide from plant to car in 2028: first-year share: 7, at most 6"),
        (60.0, 30.0, 9, 0, ""),  # a row that names it and one of any maker add up
        (60.0, 30.0, 6, 3, ""),
        (60.0, 30.0, 8, 2, "oxide to car in 2028: first-year share of all new makers: 4, at most 3"),
        (60.0, 30.0, 6, 4, "oxide from second to car in 2028: first-year share: 4, at most 3"),
    ],
)
def test_what_new_makers_may_send_in_their_first_period(named, anyone, plant, other, place):
    rows = [
        changed(Qualification, "car|oxide|plant", first_year_share=named),
        Site(site="second", entity="plantco", country="JP"),
    ]
    made = plan_of(plant, other)
    if anyone is not None:
        rows.append(changed(Qualification, "car|oxide|plant", maker="any", first_year_share=anyone))
        made.tabs["Decisions"].add("qualify", "car|oxide|any", "car", "2027", 1, "2028", 0.5)
    found = failed(audit(INSTANCE.with_rows(*rows), made)).get("qualifications", "")
    assert place in found and bool(place) == bool(found)


def plan_of(plant: float, other: float) -> Plan:
    """The plan with other tonnes to the car maker, some of them from a second maker."""
    made = plan()
    made.edit("Sourcing", {"To": "car"}, Flow=plant)
    made.tabs["Sourcing"].add("second", "car", "oxide", "inside", "clean", "2028", other, None, 0, 0, 0)
    return made


def test_a_maker_that_is_accepted_anyway_needs_no_decision():
    altered = plan()
    altered.tabs["Decisions"].rows = [row for row in altered.tabs["Decisions"].rows if row[0] != "qualify"]
    accepted = changed(Qualification, "car|oxide|plant", maker="any", lead_time=None, cost=None, first_year_share=None)
    assert "qualifications" not in failed(audit(INSTANCE.with_rows(accepted), altered))
