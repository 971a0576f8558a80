"""The scenarios of the bundled instances: each can be, and changes just what its shocks name."""

from __future__ import annotations

import bundled
import pytest

from sourcing.components import checks
from sourcing.components.demand import Demand
from sourcing.components.floors import Floor
from sourcing.components.horizon import at as in_period
from sourcing.components.horizon import periods
from sourcing.components.lanes import Lane
from sourcing.components.limits import Limit
from sourcing.components.production import Process, Unit
from sourcing.components.projects import Project, committed_start, starts
from sourcing.components.rules import Waiver
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.instance import Instance
from sourcing.model import build


@pytest.mark.parametrize("name", ["starter", pytest.param("allied-2026", marks=bundled.slow)])
def test_every_bundled_scenario_can_be_and_breaks_nothing(name):
    instance = bundled.instance(name)
    known = {str(issue) for issue in checks(instance)}
    for row in instance.all(Scenario):
        found = under(instance, row.scenario)
        new = [str(issue) for issue in checks(found) if issue.severity == "error" and str(issue) not in known]
        assert new == [], row.scenario


def differing(instance: Instance, other: Instance) -> dict[str, set[str]]:
    """The tabs and columns in which two instances differ."""
    found: dict[str, set[str]] = {}
    for tab, rows in instance._all.items():
        after = {row.key: row for row in other._all[tab]}
        for row in rows:
            for field, column in row.columns.items():
                if getattr(row, field) != getattr(after[row.key], field):
                    found.setdefault(tab, set()).add(column.name)
        if len(after) > len(rows):
            found.setdefault(tab, set()).add("new")
    return found


@bundled.both
def test_a_bundled_scenario_changes_what_its_shocks_name(name):
    """And nothing else, but for the lane that is split and the stocks that events open."""
    instance = bundled.instance(name)
    for row in instance.all(Scenario):
        named: dict[str, set[str]] = {}
        for change in instance[Shock]:
            if change.scenario == row.scenario:
                named.setdefault(change.of_tab, set()).add(change.of_column)
        if row.kind == "event":
            named["Stockpiles"] = {"Release", "Draw"}
        found = differing(instance, under(instance, row.scenario))
        for tab, columns in (("Projects", {"Latest start"}), ("Floors", {"Active"}), ("Waivers", {"Active", "Tonnes"})):
            if "Active" in named.get(tab, ()):
                named[tab] = named[tab] - {"Active"} | columns
        if "Lanes" in named:
            named["Lanes"] = {"new"}
        assert found == named, row.scenario


@pytest.mark.parametrize(
    ("scenario", "row_type", "key", "field", "values"),
    [
        # 5,000 t/y to Japan: 78 % in 2027 and 80 % in 2028
        ("japan_embargo", Limit, "CN magnets to Japan", "maximum", [5000, 3900, 4000, 5000]),
        ("japan_embargo", Lane, "country:CN|country:JP|ndpr_oxide", "maximum", [None, 500, None, None]),
        ("japan_ban_long", Demand, "jp_ind|mag_h|zero-china", "demand", [1, 1.7, 1.7, 1.7]),
        ("japan_ban_long", Demand, "jp_ind|mag_h|", "demand", [1, 0.6, 0.6, 0.6]),
        ("kuantan_outage", Unit, "u_lamp_hre1", "capacity", [1, 1, 0.67, 1]),
        ("hre_plant_delay", Unit, "u_src_metal", "capacity", [1, 1, 1, 1]),  # metal is not separation
        ("taiwan_crisis", Unit, "u_cn_magnet", "capacity", [1, 1, 1, 0]),
        ("ndaa_waiver", Waiver, "7052|us_def_smco|2027-01-01", "tonnes", [0, 75, 75, 75]),
        ("floor_bloc", Floor, "Plurilateral Dy", "level", [0, 0, 450, 450]),
        ("price_collapse", Price, "ndpr_cn", "price", [1, 1, 58, 58]),
    ],
)  # fmt: skip
def test_what_bundled_shocks_say(scenario, row_type, key, field, values):
    """Values of 2026 to 2029; those of 1 and near it are multiples of the base."""
    instance = bundled.instance("allied-2026")
    found = under(instance, scenario)
    after = [in_period(getattr(found.row(row_type, key), field), t) for t in periods(instance)[:4]]
    if values[0] == 1:
        before = [in_period(getattr(instance.row(row_type, key), field), t) for t in periods(instance)[:4]]
        values = [value if value > 2 else value * old for value, old in zip(values, before, strict=True)]
    assert after == [value if value is None else pytest.approx(value) for value in values]


def test_a_process_is_cheaper_from_2032_on():
    instance = bundled.instance("allied-2026")
    found = under(instance, "mud_success")
    cost = found.row(Process, "minamitorishima|mine_mud|u_minamitorishima").cost
    values = {t.id: in_period(cost, t) for t in periods(instance)}
    assert (values["2026"], values["2031"], values["2032"], values["2035"]) == (150_000, 150_000, 120_000, 120_000)


def test_projects_are_late_or_cannot_start():
    instance = bundled.instance("allied-2026")
    late = under(instance, "us_magnet_late")  # 12 and 24 months from 2026, so 2029; 24 and 18, so mid-2029
    opens = {name: committed_start(late, late.row(Project, name)).id for name in ("p_vulcan", "p_10x", "p_eneabba")}
    assert opens == {"p_vulcan": "2029", "p_10x": "2030", "p_eneabba": "2027"}
    assert starts(under(instance, "nolans_no_fid"), instance.row(Project, "p_nolans_mine")) == []  # built as one
    rules = under(instance, "oct_rules_return")
    opens = {t.id: opens.id for t, opens in starts(rules, rules.row(Project, "p_kmp2"))}
    assert (opens["2027"], opens["2029"], opens["2030"]) == ("2029", "2031", "2031")  # 12 and 9 months to 2029, then 12
    assert committed_start(rules, rules.row(Project, "p_kangankunde")).id == "2026"  # done before


@pytest.mark.parametrize("name", ["starter", pytest.param("allied-2026", marks=bundled.slow)])
def test_every_bundled_scenario_builds(name):
    instance = bundled.instance(name)
    for row in instance.all(Scenario):
        path = build(under(instance, row.scenario))
        assert path.instance.switches == (f"scenario {row.scenario}",)
