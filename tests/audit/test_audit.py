"""The audit against a case worked by hand: it passes, and one thing changed at a time makes the named check fail."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import json
import math
from pathlib import Path

import pytest
from hand_case import ANY, DIRTY, DISCOUNT, INSTANCE, changed, day, failed, flat, of, plan, renamed, years

import sourcing.audit
from sourcing.audit import audit
from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.horizon import Setting
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.places import Entity, Site
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project
from sourcing.components.qualifications import Qualification
from sourcing.components.rules import Rule
from sourcing.components.trade import Offer
from sourcing.instance import Instance
from sourcing.sheets import Row, Selector


@pytest.mark.parametrize("view", ["system", "buyer"])
def test_the_hand_worked_plan_passes(view):
    verdict = audit(INSTANCE, plan(view))
    assert failed(verdict) == {}
    assert verdict.passed and verdict.worst < 1e-6
    # nothing else is left out: every other family compared something (these do in decided_case)
    assert [check.name for check in verdict.checks if not check.count] == ["custody", "built together", "only one of"]
    assert verdict.as_dict() == {"passed": True, "checks": len(verdict.checks), "worst": verdict.worst}


def test_a_plan_for_one_view_fails_as_one_for_the_other():
    assert {"counts", "objective"} <= set(failed(audit(INSTANCE, dataclasses.replace(plan("system"), view="buyer"))))


CHINESE = {"From": "china", "Period": "2026"}
DEAL = {"Contract": "DEAL", "Period": "2026"}


def test_what_is_taken_above_a_maximum_fails_whatever_the_table_says():
    altered = plan()
    altered.edit("Contracts", DEAL, Maximum=7.0)
    less = INSTANCE.with_rows(changed(Contract, "DEAL", maximum=years(7, 20)))
    assert "DEAL in 2026: taken: 7.2, at most 7" in failed(audit(less, altered))["contracts"]


def test_a_hard_cap_that_is_passed_fails_whatever_the_table_says():
    altered = plan()
    altered.edit("Limits", {"Limit": "cap"}, Maximum=0.5, Over=0.5)
    lower = INSTANCE.with_rows(changed(Limit, "cap", maximum=0.5))
    assert "cap in 2026: over: 0.5, at most 0" in failed(audit(lower, altered))["limits"]


def test_capacity_that_is_passed_fails_whatever_the_table_says():
    altered = plan()
    altered.edit("Capacity and surplus", {"Unit or material": "oven", "Period": "2026"}, Limit=17.0, Use=1800 / 17)
    less = INSTANCE.with_rows(changed(Unit, "oven", capacity=years(17, 12.5)))
    assert "oven in 2026: used: 18, at most 17" in failed(audit(less, altered))["capacity"]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        # 8 + 10 t of 10 t a year of demand for it
        ({"since": day(2026), "first_year_share": 50.0}, "in 2026: first-year share: 18, at most 5"),
        ({"since": dt.date(2026, 7, 1), "first_year_share": 50.0}, "in 2026: the maker is not qualified"),
        ({"since": day(2025), "first_year_share": 50.0}, ""),  # opened before the horizon
        ({"since": dt.date(2026, 7, 1)}, "in 2026: the maker is not qualified"),  # opens in the period after
        ({"lead_time": 24.0}, "in 2026: the maker is not qualified"),
        ({"cost": 1.0}, "in 2026: the maker is not qualified"),
        ({}, ""),
    ],
)
def test_qualifications(row, place):
    terms = Qualification(customer="car", material="magnet", maker="plant", **row)
    altered = plan()
    altered.edit("Projects and qualifications", {"Kind": "qualification"}, Name="plant for magnet")
    found = failed(audit(INSTANCE.replace(Qualification, [terms]), altered))
    assert place in found["qualifications"] if place else found == {}


def test_a_customer_without_qualifications_takes_from_all():
    altered = plan()
    altered.tabs["Projects and qualifications"].rows.pop()
    assert failed(audit(INSTANCE.replace(Qualification, []), altered)) == {}


def test_a_rule_asks_the_version_in_force_and_a_pin_its_own():
    clean = INSTANCE.row(Demand, "car|cheap|")
    newer = changed(Rule, "zc|1", version="2", since=day(2027), stages=("mine", "separation"))
    # version 2 marks the same lots as version 1, so each label holds both
    later = INSTANCE.with_rows(newer)
    altered = plan()
    for name, table in altered.tabs.items():
        if name != "Costs":
            table.rows = [tuple("zc@1; zc@2" if v == DIRTY else v for v in row) for row in table.rows]
    assert failed(audit(later, altered)) == {}
    draft = later.with_rows(dataclasses.replace(newer, status="proposed"))
    asked = dataclasses.replace(clean, rules=("zc",))
    found = failed(audit(Instance([asked if row is clean else row for row in draft.rows()]), renamed(altered, "zc")))
    assert "breaks zc@1" in found["rules"]
    for rules, broken in ((("zc@2",), "zc@2"), (("zc",), "zc@2"), (("zc@1",), "zc@1"), (("zc@0",), "")):
        asked = dataclasses.replace(clean, rules=rules)
        pinned = Instance([asked if row is clean else row for row in later.rows()])
        found = failed(audit(pinned, renamed(altered, rules[0])))
        assert broken in found["rules"] if broken else found == {}


@pytest.mark.parametrize(
    "same",
    [
        # a source at separation hides its mine: a rule that only looks at mines marks it wherever it stands
        {"stages": ("mine",), "countries": ("RU",)},
        # the only allowed countries instead of the covered ones
        {"allowed": ("AU", "JP"), "countries": ()},
        # magnets are not the powder whose making starts the class again
        {"exempt": ("oxide",)},
    ],
)
def test_rules_that_mark_the_same_lots(same):
    assert failed(audit(INSTANCE.with_rows(changed(Rule, "zc|1", **same)), plan())) == {}


def test_what_stays_home_may_not_be_passed_on_without_a_hub():
    """The plant sells on dysprosium that it bought: a trader's hub may, a plant may not."""
    buyer = [
        Site(site="hub", entity="carmaker", country="JP"),
        Unit(unit="bench", site="hub", capacity=flat(1)),
        Process(site="hub", recipe="sinter", unit="bench", cost=0, stage="magnet"),
        Lane(origin=of("plant"), destination=of("hub"), goods=of("dy"), freight=0),
        Offer(site="plant", material="dy"),
    ]
    altered = plan()
    altered.tabs["Sourcing"].add("plant", "hub", "dy", "spot", "clean", "2026", 0.1, 400, 0, 0, 0)
    with_hub = INSTANCE.with_rows(*buyer)
    assert "dy (clean) at plant in 2026: shipped: 0.1, at most 0" in failed(audit(with_hub, altered))["resale"]
    passes_on = with_hub.with_rows(changed(Site, "plant", passes_on=True))
    assert "resale" not in failed(audit(passes_on, altered))


def test_an_outsider_counts_in_part_and_its_income_only_where_it_is_bounded():
    """With the mine an outsider, its cost counts a thousandth, and what the plant pays it counts in full."""
    outside = INSTANCE.with_rows(dataclasses.replace(INSTANCE.row(Entity, "mineco"), allied=False))
    altered = plan()
    altered.edit("Parties", {"Party": "mineco"}, Allied="no")
    weights = {
        ("maker", "mineco"): 1.0,  # purchases, take-or-pay
        ("state", "mineco"): 1.0,  # the top-up leaves the alliance
        ("mineco", "maker"): -1.0,  # a rebate is bounded by its purchase
        ("mineco", "state"): 0.0,  # an upside share is not
        ("mineco", ""): 0.001,
    }
    rows = []
    for row in altered.tabs["Costs"].records():
        row["Weight"] = weights.get((row["Payer"], row["Payee"]), row["Weight"])
        row["Counts"] = row["Amount"] * row["Weight"] * row["Discount"]
        rows.append(tuple(row.values()))
    altered.tabs["Costs"].rows = rows
    altered.objective = sum(row[-1] for row in rows)
    assert failed(audit(outside, altered)) == {}


@pytest.mark.parametrize("title", sorted(plan().tabs))
def test_a_missing_table_or_column_fails(title):
    altered = plan()
    table = altered.tabs.pop(title)
    if title == "Decisions":  # as if nothing was decided
        assert "build second kiln in 2027" in failed(audit(INSTANCE, altered))["decisions"]
    else:
        assert f"the table {title} is missing" in failed(audit(INSTANCE, altered))["tables"]
    table.fields = table.fields[:-1] if title != "Projects and qualifications" else table.fields[:-2]
    table.rows = [row[: len(table.fields)] for row in table.rows]
    altered.tabs[title] = table
    check = "running" if title == "Capacity and surplus" else "tables"  # its last column may be lacking if nothing runs
    assert check in failed(audit(INSTANCE, altered))


def test_a_row_too_short_fails_and_raises_nothing():
    altered = plan()
    altered.tabs["Costs"].rows[0] = ("maker",)
    assert failed(audit(INSTANCE, altered))["tables"] == "tables: Costs, row 1: 1 values for 9 columns"


@pytest.mark.parametrize("objective", [math.nan, math.inf, None, 9.0])
def test_the_objective_is_the_sum_of_what_counts(objective):
    altered = plan()
    altered.objective = objective
    assert "objective" in failed(audit(INSTANCE, altered))


def test_an_unknown_view_fails():
    assert "'ours' is no view" in failed(audit(INSTANCE, dataclasses.replace(plan(), view="ours")))["tables"]


@pytest.mark.parametrize(("name", "value"), [("demand_t", 50), ("delivered_t", 54), ("short_t", 0), ("short_t", None)])
def test_totals_agree_with_the_tables(name, value):
    altered = plan()
    altered.totals[name] = value
    assert name in failed(audit(INSTANCE, altered))["summary"]


def test_a_fault_without_a_size_is_null_in_json():
    altered = plan()
    del altered.tabs["Limits"]
    assert json.loads(json.dumps(audit(INSTANCE, altered).as_dict()))["worst"] is None


def test_worst_is_in_units_of_the_tolerance():
    altered = plan()
    altered.edit("Sourcing", CHINESE, Later=0.1 + 3e-5)  # the tolerance of a mass is 1e-5 t
    verdict = audit(INSTANCE, altered)
    assert verdict.worst == pytest.approx(3, rel=1e-6)
    assert [check.name for check in verdict.failures] == ["transit"]
    altered.edit("Sourcing", CHINESE, Later=0.1 + 0.9e-5)
    assert audit(INSTANCE, altered).passed


def test_the_audit_knows_neither_the_model_nor_a_solver():
    """It may import the tables, the instance and row classes (Settings holds the defaults that the Guide prints)."""
    allowed = {"sourcing.sheets", "sourcing.instance", "sourcing.tables"}
    for file in Path(sourcing.audit.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if alias.name.split(".")[0] == "sourcing"]
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("sourcing"):
                continue
            assert node.module in allowed or node.module.startswith(("sourcing.audit", "sourcing.components."))
            if node.module.startswith("sourcing.components."):
                module = __import__(node.module, fromlist=["rows"])
                taken = [getattr(module, alias.name) for alias in node.names]
                assert all(isinstance(t, type) and (issubclass(t, Row) or t.__name__ == "Settings") for t in taken)


def test_take_or_pay_is_paid_in_equal_parts_where_nothing_is_taken():
    """Two parties could take under IDLE, a third is not qualified yet: 0.5·100·2 k USD is paid in halves."""
    idle = [
        Contract(contract="IDLE", seller=of("maker"), buyer=ANY, material="magnet", minimum=flat(1), take_or_pay=50.0),
        *(Entity(entity=name, role="buyer", allied=True) for name in ("second", "third")),
        *(Site(site=f"{name} car", entity=name, country="JP") for name in ("second", "third")),
        *(Demand(customer=f"{name} car", material="magnet", demand=flat(0)) for name in ("second", "third")),
        Lane(origin=of("plant"), destination=ANY, goods=of("magnet"), freight=100),
        Qualification(customer="third car", material="magnet", maker="plant", lead_time=24.0),
    ]
    altered = plan()
    steps = altered.tabs["Projects and qualifications"]
    steps.add("qualification", "plant for magnet", "third car", "not yet qualified", None, *[None] * 5)
    for period, minimum in (("2026", 1), ("2027", 2)):
        due = 0.5 * 200 * minimum / 1000
        altered.tabs["Contracts"].add(
            "IDLE", "maker", "any", "magnet", period, minimum, 0, None, minimum, 0, 200, 0, 0, due
        )  # fmt: skip
        for name in ("second", "third"):
            altered.tabs["Demand"].add(f"{name} car", "magnet", "", period, 0, 0, 0, None, 0)
        for payer in ("carmaker", "second"):
            altered.tabs["Costs"].add(payer, "maker", "take-or-pay", "IDLE", period, due / 2, 0, DISCOUNT[period], 0)
    found = failed(audit(INSTANCE.with_rows(*idle), altered))
    assert list(found) == ["parties"]  # their table is left as it was
    altered.edit("Costs", {"Payer": "second", "Period": "2027"}, Payer="third")
    assert "take-or-pay of" in failed(audit(INSTANCE.with_rows(*idle), altered))["costs"]


@pytest.mark.parametrize(("tonnes", "fine"), [(0.1, True), (0.2, False)])
def test_only_what_was_under_way_may_be_left_where_it_is_not_made(tonnes, fine):
    """Of the 2 t of Chinese dysprosium of 2027, 0.1 t was shipped the year before."""
    altered = plan()
    altered.tabs["Capacity and surplus"].add("surplus", "plant", "dy", DIRTY, "2027", tonnes, *(None,) * 5)
    found = failed(audit(INSTANCE, altered))
    assert ("surplus" not in found) == fine
    assert "dy (zc@1) at plant in 2027" in found["balance"]  # all of it is used


def test_projects_that_go_together_start_in_equal_parts_and_of_rivals_one():
    twin = [
        Unit(unit="press", site="plant", capacity=flat(1)),
        Project(project="press", unit="press", steps=2, capex=0, together="both"),
        changed(Project, "second kiln", together="both", only_one="k"),
    ]
    altered = plan()
    altered.tabs["Projects and qualifications"].add("project", "press", "plant", "option", "2026", 0, 0, 0, 0, "")
    altered.tabs["Projects and qualifications"].add("project", "press", "plant", "option", "2027", 2, 2, 4, 0, "")
    for period, limit, use in (("2026", 0, None), ("2027", 4, 0)):
        row = ("capacity", "plant", "press", "", period, 0, limit, use, 0, None, None)
        altered.tabs["Capacity and surplus"].add(*row)
    altered.tabs["Decisions"].add("build", "press", "plant", "2027", 2, "2027", 0)
    assert failed(audit(INSTANCE.with_rows(*twin), altered)) == {}
    one_of = INSTANCE.with_rows(twin[0], dataclasses.replace(twin[1], only_one="k"), twin[2])
    assert failed(audit(one_of, altered)) == {}  # what is built as one is one alternative
    press = {"Name": "press", "Period": "2027"}
    altered.edit("Projects and qualifications", press, Started=1, On_line=1, Capacity=2)
    altered.edit("Capacity and surplus", {"Unit or material": "press", "Period": "2027"}, Limit=2)
    altered.edit("Decisions", {"Name": "press"}, Steps=1)
    found = failed(audit(INSTANCE.with_rows(*twin), altered))
    assert "second kiln with press in 2027: part started: 1 instead of 0.5" in found["built together"]
    rival = dataclasses.replace(twin[1], together="", only_one="k")
    found = failed(audit(INSTANCE.with_rows(twin[0], rival, twin[2]), altered))
    assert found == {"only one of": "only one of: k: second kiln, press are built"}


def test_a_country_without_a_government_has_a_treasury_that_counts_as_its_importers():
    korean = INSTANCE.with_rows(changed(Entity, "state", country=("AU",)), changed(Site, "plant", country="KR"))
    korean = korean.with_rows(
        changed(Lane, "mine|country:JP|any", destination=of("plant"), active=True),
        changed(Lane, "mine|country:JP|any", active=False),
        changed(Contract, "DEAL", buyer=of("plant")),
        changed(Limit, "half", destination=of("KR", "country")),
    )
    altered = plan()
    for period in ("2026", "2027"):
        altered.edit("Costs", {"Kind": "tariff", "Period": period}, Payee="treasury:KR")
        altered.edit("Contracts", {"Period": period}, Buyer="plant")
    assert list(failed(audit(korean, altered))) == ["parties"]  # their table is left as it was
    for name in ("treasury:JP", "treasury:KR:allied"):
        altered.edit("Costs", {"Kind": "tariff", "Period": "2027"}, Payee=name)
        assert "tariff of maker to treasury:" in failed(audit(korean, altered))["costs"]


@pytest.mark.parametrize("first", ["", "2026", "2026H1"])
def test_decisions_open_with_a_period_or_a_calendar_span(first):
    """The second kiln may start in 2027 whichever it is, and from the start if nothing is said."""
    opened = changed(Setting, "First period open to decisions", value=first)
    assert failed(audit(INSTANCE.with_rows(opened), plan())) == {}


def test_an_ally_is_a_selector_and_closer_than_any():
    allies = Lane(origin=Selector((("allied", ""),)), destination=of("car"), goods=of("magnet"), freight=70)
    lanes = [row for row in INSTANCE[Lane] if row.key != "plant|car|form:magnet"]
    anybody = Lane(origin=ANY, destination=of("car"), goods=of("magnet"), freight=90)
    found = failed(audit(INSTANCE.replace(Lane, [*lanes, anybody, allies]), plan()))
    assert "freight (USD/t): 100 instead of 70" in found["prices"]


def test_inside_one_party_there_is_no_price():
    """The maker owns the mine: what it ships is not bought, and the table shows no price."""
    owned = INSTANCE.with_rows(changed(Site, "mine", entity="maker")).replace(Contract, [])
    altered = plan()
    altered.tabs["Contracts"].rows = []
    for material, period in (("oxide", "2026"), ("oxide", "2027"), ("dy", "2026"), ("dy", "2027")):
        altered.edit("Sourcing", {"From": "mine", "Material": material, "Period": period}, Under="inside", Price=None)
    found = failed(audit(owned, altered))
    assert not {"channels", "prices"} & set(found)
    assert "purchase of maker to mineco" in found["costs"]  # they are still in its ledger
    altered.edit("Sourcing", {"From": "mine", "Material": "dy", "Period": "2027"}, Price=400)
    assert "a price inside one party" in failed(audit(owned, altered))["prices"]


@pytest.mark.parametrize(("maximum", "weight"), [(None, 0.0), (100.0, -1.0)])
def test_what_an_outsider_pays_counts_only_where_the_offer_has_a_maximum(maximum, weight):
    outside = INSTANCE.with_rows(
        changed(Entity, "carmaker", allied=False), changed(Offer, "plant|magnet", maximum=maximum)
    )
    altered = plan()
    altered.edit("Parties", {"Party": "carmaker"}, Allied="no")
    rows = []
    for row in altered.tabs["Costs"].records():
        if row["Payer"] == "carmaker":  # freight counts a thousandth, a shortage in full
            row["Weight"] = weight if row["Payee"] else 1.0 if row["Kind"] == "shortage" else 0.001
        row["Counts"] = row["Amount"] * row["Weight"] * row["Discount"]
        rows.append(tuple(row.values()))
    altered.tabs["Costs"].rows = rows
    altered.objective = sum(row[-1] for row in rows)
    assert failed(audit(outside, altered)) == {}


def test_a_committed_project_is_on_line_after_its_lead_time_and_its_capex_is_sunk():
    """Six months from January 2026: the first period that begins after that is 2027."""
    committed = INSTANCE.with_rows(changed(Project, "second kiln", status="committed", lead_time=6.0))
    altered = plan()
    altered.tabs["Decisions"].rows = []
    steps = {"2026": (1, 4), "2027": (0, 0)}  # it starts, as far as capex goes, at once
    for period, (started, capex) in steps.items():
        match = {"Kind": "project", "Period": period}
        altered.edit("Projects and qualifications", match, Status="committed", Started=started, Capex=capex)
    altered.tabs["Costs"].rows = [row for row in altered.tabs["Costs"].rows if row[2] != "capex annuity"]
    altered.objective = sum(row[-1] for row in altered.tabs["Costs"].rows)
    assert list(failed(audit(committed, altered))) == ["parties"]  # their table is left as it was
