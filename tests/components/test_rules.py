"""Rules: which source a dated content rule forbids, from when, and what it does not touch."""

from __future__ import annotations

import pytest
from pytest import approx
from tiny import at, china_rule, faults, flows, line, makes, party, planned, sells, short, sums, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.horizon import Period, periods
from sourcing.components.materials import Content
from sourcing.components.places import Holding, Site
from sourcing.components.rules import Waiver, asked, countable, parse_label
from sourcing.components.stock import Stockpile

CLEAN_NEED = Demand(customer="car", material="magnet", rules="zc", demand=10)


def chinese(country: str = "CN"):
    """Magnets at 1,000 USD/t from a place that a rule may cover, and at 5,000 from Australia."""
    return [
        Site(site="china", entity="us", country=country), at("AU", "mine"),
        makes("china", "magnet", cost=1000), makes("mine", "magnet", cost=5000),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ dates and versions


def test_a_source_is_used_until_the_rule_begins():
    plan = planned(years(2026, 2027), chinese(), CLEAN_NEED, china_rule(2027))
    assert flows(plan, "From", "Period") == approx({("china", "2026"): 10, ("mine", "2027"): 10})
    # 10 t at 1,000 and 10 t at 5,000 USD
    assert plan.objective == approx(0.06)


def test_a_pinned_version_holds_whatever_the_date():
    pinned = Demand(customer="car", material="magnet", rules="zc@1", demand=10)
    plan = planned(years(2026, 2027), chinese(), pinned, china_rule(2027))
    assert flows(plan, "From") == approx({"mine": 20})


@pytest.mark.parametrize("status", ["suspended", "proposed"])
def test_only_enacted_versions_are_in_force(status):
    need = Demand(customer="car", material="magnet", rules="zc", demand=10)
    plan = planned(chinese(), need, china_rule(2026, status=status))
    assert flows(plan, "From") == approx({"china": 10})
    # the label records the fact all the same
    assert sums(plan, "Deliveries", "Delivered", "Label") == approx({"zc@1": 10})
    pinned = Demand(customer="car", material="magnet", rules="zc@1", demand=10)
    assert flows(planned(chinese(), pinned, china_rule(2026, status=status)), "From") == approx({"mine": 10})


def test_the_latest_version_that_has_begun_is_in_force():
    # from 2026 only magnets made in China count, from 2027 mining too
    works = (
        at("CN", "china"),
        makes("china", "ore", cost=1),
        at("JP", "works"),
        makes("works", "magnet", takes={"ore": 1}),
    )
    dear = at("AU", "mine"), makes("mine", "ore", cost=500)
    versions = china_rule(2026, "1", stages="magnet"), china_rule(2027, "2")
    plan = planned(years(2026, 2027, 2028), works, dear, CLEAN_NEED, versions)
    assert flows(plan, "From", "Period", To="works") == approx(
        {("china", "2026"): 10, ("mine", "2027"): 10, ("mine", "2028"): 10}
    )
    instance = tiny(years(2026, 2027, 2028), works, dear, CLEAN_NEED, versions)
    assert [asked(instance, ("zc",), t) for t in periods(instance)] == [{"zc@1"}, {"zc@2"}, {"zc@2"}]


def test_what_was_made_before_a_rule_began_breaks_it_still():
    # China's magnets of 2026 lie on the shelf in 2027, when the rule holds; Australia has none
    shelf = Stockpile(stockpile="SHELF", holder="us", site="china", material="magnet", storage=1)
    rows = at("CN", "china"), makes("china", "magnet", {2026: 20, 2027: 0}), shelf, CLEAN_NEED
    assert short(planned(years(2026, 2027), rows, china_rule(2028), years(2028)), Period="2027") == approx(0)
    assert short(planned(years(2026, 2027), rows, china_rule(2027)), Period="2027") == approx(10)


def test_a_rule_may_not_begin_inside_a_period():
    halves = Period(period="H1", start="2026-01-01", years=0.5), Period(period="H2", start="2026-07-01", years=0.5)
    rows = chinese(), CLEAN_NEED
    assert "begins inside a period" in faults(rows, china_rule("2026-07-01"))
    plan = planned(halves, rows, china_rule("2026-07-01"))
    assert flows(plan, "From", "Period") == approx({("china", "H1"): 5, ("mine", "H2"): 5})


# ------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("country", "rule", "source"),
    [
        ("CN", {"countries": "CN"}, "mine"),
        ("CN", {"countries": "RU; IR"}, "china"),
        ("CN", {"countries": "", "allowed": "AU; JP"}, "mine"),
        ("CN", {"countries": "", "allowed": "AU; CN"}, "china"),
        ("ZZ", {"countries": "RU"}, "mine"),  # unknown is covered by every rule
        ("", {"countries": "RU"}, "mine"),
        ("ZZ", {"countries": "", "allowed": "AU; ZZ"}, "mine"),
    ],
)
def test_which_places_a_rule_covers(country, rule, source):
    assert flows(planned(chinese(country), CLEAN_NEED, china_rule(**rule)), "From") == approx({source: 10})


def test_an_allowed_list_does_not_cover_whom_it_names():
    plan = planned(at("AU", "mine"), makes("mine", "magnet"), CLEAN_NEED, china_rule(countries="", allowed="AU; JP"))
    assert short(plan) == approx(0)


def test_a_stage_that_the_rule_does_not_count_is_free():
    plan = planned(chinese(), CLEAN_NEED, china_rule(stages="alloy; magnet"))
    assert flows(plan, "From") == approx({"china": 10})  # it mines there


# ------------------------------------------------------------------------------------------------ elements


def test_a_literal_rule_counts_its_elements_only():
    content = [
        Content(material="magnet", element="NdPr", content=0.3, counted_as=("Nd", "Pr")),
        Content(material="hot", element="Dy", content=0.01),
        Content(material="hot", element="NdPr", content=0.3, counted_as=("Nd", "Pr")),
    ]
    hot = [
        at("CN", "china"), makes("china", "magnet", unit="a"), makes("china", "hot", unit="b"),
        CLEAN_NEED, Demand(customer="car", material="hot", rules="zc", demand=10),
    ]  # fmt: skip
    found = sums(planned(hot, content, china_rule(elements="Dy")), "Demand", "Short", "Material")
    assert found == approx({"magnet": 0, "hot": 10})
    for elements in ("strict", "Nd"):  # Nd stands in the row NdPr
        found = sums(planned(hot, content, china_rule(elements=elements)), "Demand", "Short", "Material")
        assert found == approx({"magnet": 10, "hot": 10})


def test_what_holds_none_of_it_or_is_not_listed():
    content = Content(material="iron", element="Nd", content=0), Content(material="other", element="Nd", content=0.1)
    instance = tiny(china_rule(), china_rule(version="2", elements="Nd"), content, CLEAN_NEED, makes("mine", "iron"))
    assert countable(instance, "iron") == frozenset()
    assert countable(instance, "other") == {"zc@1", "zc@2"}
    assert countable(instance, "unlisted") == {"zc@1", "zc@2"}  # unknown content carries every rule


# ------------------------------------------------------------------------------------------------ first sources


@pytest.mark.parametrize(
    ("stage", "adds", "stages", "missing"),
    [
        ("mine", "", "mine; magnet", 0),  # an Australian mine
        ("separation", "", "mine; magnet", 10),  # whose ore? Nobody says
        ("separation", "", "magnet", 0),  # nobody asks
        ("separation", "", "separation; magnet", 0),  # no earlier stage counts
        ("recycling", "", "magnet", 10),  # of which magnets?
        ("separation", "clean", "mine; magnet", 0),  # it is documented
        ("mine", "zc", "mine; magnet", 10),
        ("mine", "zc@1", "mine; magnet", 10),
    ],
)
def test_a_first_source_after_the_mine_hides_its_mine(stage, adds, stages, missing):
    source = makes("depot", "magnet", stage=stage, **({"adds": adds} if adds else {}))
    assert short(planned(source, CLEAN_NEED, china_rule(stages=stages))) == approx(missing)


def test_what_adds_says_stands_in_place_of_what_would_be_worked_out():
    # a depot in China whose goods are documented as clean is taken at its word
    depot = at("CN", "depot"), makes("depot", "magnet", 3, stage="magnet", adds="clean")
    assert short(planned(depot, CLEAN_NEED, china_rule())) == approx(7)


def test_adds_is_for_first_sources():
    late = makes("works", "magnet", takes={"oxide": 1}, adds="clean"), makes("mine", "oxide")
    assert "this recipe has inputs, whose labels it keeps" in faults(late, CLEAN_NEED, china_rule())


def test_a_label_of_a_sheet():
    instance = tiny(china_rule(2026, "1"), china_rule(2027, "2"), CLEAN_NEED)
    assert parse_label(instance, ()) == {"zc@1", "zc@2"}  # blank is unproven
    assert parse_label(instance, ("clean",)) == frozenset()
    assert parse_label(instance, ("zc",)) == {"zc@1", "zc@2"}
    assert parse_label(instance, ("zc@2",)) == {"zc@2"}


# ------------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"countries": ""}, "covers no country"),
        ({"allowed": "AU"}, "Countries is filled too"),
        ({"elements": "Nd"}, "no material holds Nd on Content"),
    ],
)
def test_what_a_rule_may_not_say(columns, words):
    assert words in faults(chinese(), CLEAN_NEED, china_rule(**columns))


def test_an_unknown_rule():
    assert "xx is not a rule" in faults(chinese(), Demand(customer="car", material="magnet", rules="xx", demand=1))


# ------------------------------------------------------------------------------------------------ owners


def owned(share: float, *more, **rule):
    """Cheap magnets from Japan, whose maker is held by a Chinese party; dear ones from Australia."""
    return [
        party("prc", "supplier", country="CN"), party("maker", "supplier", "works", country="JP"),
        makes("works", "magnet", cost=1000), sells("works", "magnet", 1), makes("mine", "magnet", cost=5000),
        CLEAN_NEED, Holding(entity="maker", holder="prc", share=share), *more,
        china_rule(**({"test": "owner", "threshold": 50} | rule)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "rule", "source"),
    [
        (50, {}, "mine"),  # from the threshold on
        (49, {}, "works"),
        (49, {"threshold": 25}, "mine"),
        (80, {"threshold": None}, "mine"),  # more than half controls, and control counts as the whole
        (50, {"threshold": None}, "works"),
        (80, {"test": "place"}, "works"),
        (80, {"test": "both"}, "mine"),
    ],
)
def test_an_owner_counts_from_the_threshold_on(share, rule, source):
    assert flows(planned(owned(share, **rule)), "From") == approx({source: 10})


def test_the_owner_test_alone_looks_at_no_place():
    rows = chinese(), CLEAN_NEED
    assert flows(planned(rows, china_rule(test="owner")), "From") == approx({"china": 10})  # ours, in China
    assert flows(planned(rows, china_rule(test="both")), "From") == approx({"mine": 10})


@pytest.mark.parametrize(
    ("upper", "source"),
    [
        (60, "mine"),  # whoever controls the holder controls what it holds: 50 % in effect
        (40, "works"),  # 40 % of 50 %
    ],
)
def test_holdings_multiply_along_a_chain(upper, source):
    chain = party("holding", "supplier", country="SG"), Holding(entity="holding", holder="prc", share=upper)
    rows = [row for row in owned(50) if not isinstance(row, Holding)]
    plan = planned(rows, chain, Holding(entity="maker", holder="holding", share=50))
    assert flows(plan, "From") == approx({source: 10})


# ------------------------------------------------------------------------------------------------ tolerance and waivers


def test_a_tolerance_is_a_share_of_what_the_customer_uses_under_the_rule():
    instance = tiny(chinese(), CLEAN_NEED, china_rule(tolerance=20))
    row, _, high = line(instance, "demand.tolerance", "car", "zc@1", "2026")
    assert row == approx(
        {"demand.deliver[car,magnet,zc,magnet,zc@1,2026]": 0.8, "demand.deliver[car,magnet,zc,magnet,clean,2026]": -0.2}
    )
    assert high == 0
    plan = planned(instance)
    assert sums(plan, "Deliveries", "Delivered", "Label") == approx({"zc@1": 2, "clean": 8})


def test_a_tolerance_does_not_help_without_clean_tonnes():
    rows = at("CN", "china"), makes("china", "magnet"), makes("mine", "magnet", 4, cost=5), CLEAN_NEED
    # 4 clean tonnes carry one that is not: 1/5
    assert short(planned(rows, china_rule(tolerance=20))) == approx(5)


@pytest.mark.parametrize(
    ("columns", "waived"),
    [
        ({"since": 2026}, {"2026": 4, "2027": 4}),
        ({"since": "2026-07-01"}, {"2026": 2, "2027": 4}),  # by overlap
        ({"since": 2026, "until": 2026}, {"2026": 4, "2027": 0}),
        ({"since": 2026, "rule": "zc@1"}, {"2026": 4, "2027": 4}),
        ({"since": 2026, "customer": "plane"}, {"2026": 0, "2027": 0}),
    ],
)
def test_a_waiver_is_a_quota(columns, waived):
    quota = Waiver(**({"rule": "zc", "customer": "car", "tonnes": 4} | columns))
    plan = planned(years(2026, 2027), chinese(), CLEAN_NEED, china_rule(), quota)
    found = flows(plan, "Period", From="china")
    assert {t: found.get(t, 0) for t in waived} == approx(waived)
    assert short(plan) == approx(0)


def test_a_waiver_of_no_rule():
    quota = Waiver(rule="xx", customer="car", since=2026, tonnes=4)
    assert "is not a rule" in faults(chinese(), CLEAN_NEED, china_rule(), quota)


# ------------------------------------------------------------------------------------------------ the recycling route


@pytest.mark.parametrize(
    ("exempt", "place", "stages", "missing"),
    [
        ("", "JP", "mine; separation; magnet", 10),  # scrap keeps its label
        ("powder", "JP", "mine; separation; magnet", 0),  # the class starts again
        ("powder", "CN", "mine; separation; magnet; recycling", 10),  # from its own site and stage
        ("powder", "CN", "mine; separation; magnet", 0),
        ("scrap", "JP", "mine; separation; magnet", 10),  # what is made of it is virgin all the same: made in China
    ],
)
def test_the_recycling_route_starts_the_class_again(exempt, place, stages, missing):
    rows = [
        at("CN", "china"), at(place, "mill"), at("JP", "works"), makes("china", "scrap", stage="magnet", adds="zc"),
        makes("mill", "powder", takes={"scrap": 1}, stage="recycling"), makes("works", "magnet", takes={"powder": 1}),
    ]  # fmt: skip
    plan = planned(rows, CLEAN_NEED, china_rule(exempt=exempt, stages=stages))
    assert short(plan) == approx(missing)


def test_the_recycling_route_is_for_its_rule_only():
    rows = [
        at("CN", "china"), at("JP", "mill"), makes("china", "scrap", stage="magnet", adds="zc"),
        makes("mill", "magnet", takes={"scrap": 1}, stage="recycling"), china_rule(exempt="magnet"),
        china_rule(version="2", status="proposed"), Demand(customer="car", material="magnet", rules="zc", demand=10),
    ]  # fmt: skip
    assert sums(planned(rows), "Deliveries", "Delivered", "Label") == approx({"zc@2": 10})
