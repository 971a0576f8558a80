"""What is left at the end, floors at a border, tonnes made good, and what is not asked of a plan."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest
from hand_case import ANY, DISCOUNT, INSTANCE, LEDGER, SECOND_STOCK, Plan, changed, day, failed, flat, of, plan, years

from sourcing.audit import audit
from sourcing.audit.contracts import make_good, settle
from sourcing.audit.facts import Facts
from sourcing.audit.records import Flow
from sourcing.components.contracts import Contract
from sourcing.components.floors import Floor
from sourcing.components.horizon import Period
from sourcing.components.places import Entity, Site
from sourcing.components.production import Unit
from sourcing.components.projects import Project
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile

BOTH_VIEWS = pytest.mark.parametrize("view", ["system", "buyer"])

# ------------------------------------------------------------------------------------------------ terminal value


def valued(view: str, amount: float) -> Plan:
    """The plan with what the state has of its reserve at the end (M USD)."""
    made = plan(view)
    made.settle([*LEDGER, ("state", "", "terminal value", "reserve", "2027", amount)])
    return made


TERMINAL = INSTANCE.with_rows(changed(Stockpile, "reserve", terminal=None, terminal_value=50.0))


@BOTH_VIEWS
def test_what_is_left_at_the_end_has_a_value(view):
    assert failed(audit(TERMINAL, valued(view, -0.2678))) == {}  # 0.5·400·min(1.339, 2)
    place = "terminal value of state in 2027 (M USD): -0.4 instead of -0.2678"
    assert place in failed(audit(TERMINAL, valued(view, -0.4)))["costs"]
    assert "terminal value of state" in failed(audit(TERMINAL, plan(view)))["costs"]
    assert "terminal value of state" in failed(audit(INSTANCE, valued(view, -0.2678)))["costs"]


def test_it_is_posted_in_the_last_period():
    made = valued("system", -0.2678)
    made.edit("Costs", {"Kind": "terminal value"}, Period="2026")
    assert "terminal value of state in 202" in failed(audit(TERMINAL, made))["costs"]


def test_what_was_not_there_at_the_start_has_none():
    """The 0.1 t of 2026 go into a second stock that opens with nothing; 0.5·400·1.258 are left of the first."""
    second = changed(
        Stockpile, "reserve", stockpile="second", opening=0.0, minimum=0.0, terminal=None, terminal_value=50.0
    )
    made = plan()
    made.settle([*SECOND_STOCK, ("state", "", "terminal value", "reserve", "2027", -0.2516)])
    made.edit("Stockpiles", {"Period": "2026"}, Fill=0, Closing=1.8)  # 0.9·2
    made.edit("Stockpiles", {"Period": "2027"}, Opening=1.8, Loss=0.342, Closing=1.258)  # 0.81·1.8 - 0.2
    for period, moved in (("2026", (0, 0.1, 0, 0, 0.1)), ("2027", (0.1, 0, 0, 0.019, 0.081))):  # 0.81·0.1
        made.tabs["Stockpiles"].add("second", "state", "plant", "dy", "clean", period, *moved)
    assert failed(audit(TERMINAL.with_rows(second), made)) == {}
    made.settle([*SECOND_STOCK, ("state", "", "terminal value", "reserve", "2027", -0.2678)])
    found = failed(audit(TERMINAL.with_rows(second), made))
    assert "(M USD): -0.2678 instead of -0.2516" in found["costs"]


# ------------------------------------------------------------------------------------------------ border floors

WALL = {"floor": "WALL", "kind": "border", "material": "dy", "covered": of("CN", "country"), "members": ("JP",)}
AT_WALL = {"Floor": "WALL", "Period": "2026"}
TOP_UP = {"Kind": "border top-up", "Period": "2026"}


def walled(
    view: str, level: float, market: tuple[float, float], across: float, added: dict[str, tuple[float, float]]
) -> Plan:
    """The plan with the rows of a floor at the border, twice as much crosses it in 2027, and what is paid by origin."""
    made, paid = plan(view), []
    for number, (period, price, tonnes) in enumerate(zip(("2026", "2027"), market, (across, 2 * across), strict=True)):
        amount = sum(amounts[number] for amounts in added.values())
        made.tabs["Floors"].add(
            "WALL", "border", "dy", period, level, price, tonnes, tonnes, amount, 0, "importers", "state"
        )
        paid += [
            ("maker", "state", "border top-up", f"WALL: {origin} → plant", period, amounts[number])
            for origin, amounts in added.items()
        ]
    made.settle([*LEDGER, *paid])
    return made


CHINESE = {"china": (0.05, 0.1)}


@BOTH_VIEWS
@pytest.mark.parametrize(
    ("terms", "level", "market", "across", "added"),
    [
        ({}, 350, (400, 400), 1, CHINESE),  # 350 - 300 at the gate, on 1 t and 2 t
        ({}, 250, (400, 400), 1, {}),
        # against an index: 120 - 50 on 1 t, 120 - 100 on 2 t
        ({"benchmark": "oxide"}, 120, (50, 100), 1, {"china": (0.07, 0.04)}),
        # the mine's too: 520 - 300 on 1 t and 520 - 500 on 0.9 t
        ({"covered": ANY}, 520, (400, 400), 1.9, {"china": (0.22, 0.44), "mine": (0.018, 0.036)}),
        ({"covered": of("mine")}, 450, (400, 400), 0.9, {}),  # its price of 500 is above
    ],
)
def test_importers_pay_what_is_missing_to_a_floor_at_the_border(view, terms, level, market, across, added):
    instance = INSTANCE.with_rows(Floor(**(WALL | terms), level=flat(level)))
    assert failed(audit(instance, walled(view, level, market, across, added))) == {}


BORDER = INSTANCE.with_rows(Floor(**WALL, level=flat(350)))


@pytest.mark.parametrize(
    ("tab", "match", "new", "check", "place"),
    [
        ("Floors", AT_WALL, {"Level": 300}, "floors", "WALL in 2026: level: 300 instead of 350"),
        ("Floors", AT_WALL, {"Benchmark": 300}, "floors", "WALL in 2026: benchmark: 300 instead of 400"),
        ("Floors", AT_WALL, {"Output": 2}, "floors", "WALL in 2026: output: 2 instead of 1"),
        ("Floors", AT_WALL, {"Counted": 2}, "floors", "WALL in 2026: counted: 2 instead of 1"),
        ("Floors", AT_WALL, {"Top-up": 0}, "floors", "WALL in 2026: top-up: 0 instead of 0.05"),
        ("Floors", AT_WALL, {"Upside": 1}, "floors", "WALL in 2026: upside: 1 instead of 0"),
        ("Floors", AT_WALL, {"Payer": "maker"}, "floors", "WALL in 2026: importers pay state, not maker state"),
        ("Floors", AT_WALL, {"Payee": "prc"}, "floors", "WALL in 2026: importers pay state, not importers prc"),
        ("Floors", AT_WALL, {"Material": "oxide"}, "floors", "WALL in 2026: is for dy, not oxide"),
        ("Floors", AT_WALL, {"Kind": "cfd"}, "floors", "WALL in 2026: there is no such cfd"),
        ("Costs", TOP_UP, {"Amount": 0}, "costs", "to state in 2026 (M USD): 0 in"),
        ("Costs", TOP_UP, {"Payer": "state"}, "costs", "border top-up of maker to"),
        ("Costs", TOP_UP, {"Weight": 1, "Counts": 1}, "counts", "border top-up"),
        ("Floors", {"Floor": "CFD", "Period": "2026"}, {"Payer": "maker"}, "floors", "its payer is state, not maker"),
    ],
)  # fmt: skip
def test_a_border_floor_told_wrong(tab, match, new, check, place):
    altered = walled("system", 350, (400, 400), 1, CHINESE)
    altered.edit(tab, match, **new)
    assert place in failed(audit(BORDER, altered))[check]


def test_a_border_floor_has_a_row_where_something_may_cross():
    altered = walled("system", 350, (400, 400), 1, CHINESE)
    table = altered.tabs["Floors"]
    table.rows = [row for row in table.rows if (row[0], row[3]) != ("WALL", "2026")]
    assert "WALL in 2026: has no row" in failed(audit(BORDER, altered))["floors"]


@pytest.mark.parametrize("terms", [{"members": ("JP", "CN")}, {"members": ("US",)}, {"covered": of("car")}])
def test_a_floor_that_nothing_crosses(terms):
    """From one member to another, to no member, or from who ships nothing."""
    apart = INSTANCE.with_rows(Floor(**(WALL | terms), level=flat(350)))
    assert failed(audit(apart, plan())) == {}
    found = failed(audit(apart, walled("system", 350, (400, 400), 1, CHINESE)))
    assert "WALL in 2026: has a row" in found["floors"]
    assert "border top-up of maker to state in 2027 (M USD): 0.1 instead of 0" in found["costs"]


def test_inside_one_party_the_market_price_is_measured():
    """The mine is the maker's: 450 - 400 on 0.9 t in 2026 and on 1.8 t in 2027."""
    wall = Floor(**(WALL | {"covered": of("mine")}), level=flat(450))
    owned = INSTANCE.with_rows(wall, changed(Site, "mine", entity="maker"))
    altered = walled("system", 450, (400, 400), 0.9, {"mine": (0.045, 0.09)})
    for period in ("2026", "2027"):
        altered.edit("Floors", {"Floor": "CFD", "Period": period}, Payee="maker")
        altered.edit("Floors", {"Floor": "DEAL", "Period": period}, Payer="", Payee="")
    for period in ("2026", "2027"):
        altered.edit("Sourcing", {"From": "mine", "Material": "dy", "Period": period}, Under="inside", Price=None)
    assert "WALL" not in failed(audit(owned, altered)).get("floors", "")
    altered.edit("Floors", {"Floor": "WALL", "Period": "2027"}, **{"Top-up": 0})
    assert "WALL in 2027: top-up: 0 instead of 0.09" in failed(audit(owned, altered))["floors"]


def test_what_a_buyer_pays_to_a_treasury_counts_in_the_buyer_view():
    """Magnets that cross into Korea: 210 - 200 on 18 t and 40 t. A treasury stands for its government."""
    wall = Floor(floor="WALL", kind="border", material="magnet", covered=of("plant"), members=("KR",), level=flat(210))
    korean = INSTANCE.with_rows(wall, changed(Site, "car", country="KR"))
    made = plan("buyer")
    paid = [
        ("carmaker", "treasury:KR", "border top-up", "WALL: plant → car", p, a)
        for p, a in (("2026", 0.18), ("2027", 0.4))
    ]
    for (*_, period, amount), tonnes in zip(paid, (18, 40), strict=True):
        made.tabs["Floors"].add(
            "WALL", "border", "magnet", period, 210, 200, tonnes, tonnes, amount, 0, "importers", "treasury:KR"
        )
    made.settle([*LEDGER, *paid])
    made.tabs["Parties"].add("treasury:KR", "Treasury of KR", "government", "yes", 0.58, 0, 0.58, "")
    assert failed(audit(korean, made)) == {}
    assert made.objective - plan("buyer").objective == pytest.approx(0.18 * DISCOUNT["2026"] + 0.4 * DISCOUNT["2027"])


# ------------------------------------------------------------------------------------------------ make-up


def repaying(view: str = "system", tonnes: float = 1.8, minimum: float = 12) -> Plan:
    """The plan in which DEAL asks less in 2027, so that some of the 1.8 t of 2026 are made good there."""
    made, due = plan(view), -0.5 * 100 * tonnes / 1000
    told = {"Minimum": minimum, "Deficit": 0, "Make-up": tonnes, "Take-or-pay": due}
    made.edit("Contracts", {"Contract": "DEAL", "Period": "2027"}, **told)
    made.settle([(*row[:5], due) if row[2:5] == ("take-or-pay", "DEAL", "2027") else row for row in LEDGER])
    return made


def rights(minimum: float = 6, years_open: float = 1.0):
    """DEAL with a right to make good, and a minimum (t/y) of 9 in 2026 and another in 2027, which has two years."""
    return INSTANCE.with_rows(changed(Contract, "DEAL", minimum=years(9, minimum), makeup=years_open))


@BOTH_VIEWS
def test_what_is_above_a_minimum_makes_good_what_was_missed(view):
    """16 t of 12 t: all of the 1.8 t, for the half of 100 USD/kg that was not paid in 2026."""
    assert failed(audit(rights(), repaying(view))) == {}
    # 16 t of 15 t: 1 t of them
    assert failed(audit(rights(7.5), repaying(view, 1, 15))) == {}


@pytest.mark.parametrize(
    ("instance", "altered", "check", "place"),
    [
        # between allies nobody has a reason to choose: the earliest deficit first, as far as it goes
        (rights(), repaying(tonnes=1), "make-up", "DEAL in 2027: make-up: 1 instead of 1.8"),
        (rights(), repaying(tonnes=2), "make-up", "DEAL in 2027: make-up: 2 instead of 1.8"),
        (rights(), repaying(tonnes=1), "contract money", "DEAL in 2027: take-or-pay: -0.05 instead of -0.09"),
        (rights(), repaying(tonnes=1), "costs", "to mineco in 2027 (M USD): -0.05 instead of -0.09"),
        (rights(years_open=0.0), repaying(), "make-up", "DEAL in 2027: make-up: 1.8 instead of 0"),
        (rights(7.5), repaying(tonnes=1.5, minimum=15), "make-up", "DEAL in 2027: make-up: 1.5 instead of 1"),
    ],
)  # fmt: skip
def test_what_is_made_good_told_wrong(instance, altered, check, place):
    assert place in failed(audit(instance, altered))[check]


def test_make_up_before_a_deficit():
    altered = repaying()
    altered.edit("Contracts", {"Contract": "DEAL", "Period": "2026"}, **{"Make-up": 0.5})
    assert "DEAL in 2026: make-up: 0.5 instead of 0" in failed(audit(rights(), altered))["make-up"]


def outsider(altered: Plan) -> Plan:
    """The plan as it counts with the mine an outsider."""
    weights = {("maker", "mineco"): 1.0, ("state", "mineco"): 1.0, ("mineco", "maker"): -1.0, ("mineco", ""): 0.001}
    weights["mineco", "state"] = 0.0
    costs, rows = altered.tabs["Costs"], []
    for row in costs.records():
        row["Weight"] = weights.get((row["Payer"], row["Payee"]), row["Weight"])
        rows.append((*list(row.values())[:-1], row["Amount"] * row["Weight"] * row["Discount"]))
    altered.edit("Parties", {"Party": "mineco"}, Allied="no")
    costs.rows, altered.objective = rows, sum(row[-1] for row in rows)
    return altered


@pytest.mark.parametrize(
    ("minimum", "tonnes", "place"),
    [
        (6, 0, ""),
        (6, 1, ""),
        (6, 1.8, ""),
        (6, 1.9, "DEAL in 2027: make-up: 1.9 instead of 1.8"),
        (7.5, 1, ""),
        (7.5, 1.5, "DEAL in 2027: made good above its minimum: 1.5, at most 1"),
    ],
)
def test_where_the_payment_counts_the_plan_chooses_what_it_makes_good(minimum, tonnes, place):
    """The maker pays an outsider, so it may leave its right: of 1.8 t missed, 4 t (or 1 t) above the minimum."""
    outside = rights(minimum).with_rows(changed(Entity, "mineco", allied=False))
    found = failed(audit(outside, outsider(repaying(tonnes=tonnes, minimum=2 * minimum))))
    assert place in found["make-up"] if place else found == {}


@pytest.mark.parametrize(
    ("missed", "wanted", "last", "covered"),
    [
        # 1 t and 2 t of the first, which then is closed, and 2 t of the second
        ([3, 2, 0, 0], [0, 1, 2, 3], [2, 3, 3, 3], [0, 1, 2, 2]),
        ([3, 0, 0], [0, 1, 3], [1, 2, 2], [0, 1, 0]),  # closed after the next period
        ([3, 0, 0], [0, 1, 3], [2, 2, 2], [0, 1, 2]),
        ([1, 5, 0], [0, 2, 9], [2, 2, 2], [0, 1, 5]),  # nothing of its own period
        ([3, 0], [3, 0], [1, 1], [0, 0]),  # nothing in advance
    ],
)
def test_the_earliest_deficit_is_made_good_first(missed, wanted, last, covered):
    assert make_good(missed, wanted, last) == covered


@pytest.mark.parametrize(
    ("years_open", "made_good"),
    [
        (0.0, [0, 0, 0, 0]),
        (0.5, [0, 2, 0, 0]),
        (1.0, [0, 2, 0, 0]),  # 2028 begins when the year after 2026 is over
        (1.5, [0, 2, 2, 0]),
        (2.0, [0, 2, 2, 0]),
        (3.0, [0, 2, 2, 1]),
    ],
)
def test_how_long_a_deficit_is_open(years_open, made_good):
    """5 t of 10 t are missed in 2026; 2 t above the minimum follow each year."""
    spans = [Period(period=str(year), start=day(year), years=1) for year in range(2026, 2030)]
    facts = Facts(INSTANCE.replace(Period, spans), "system")
    contract = changed(Contract, "DEAL", minimum=flat(10), maximum=None, until=None, makeup=years_open)
    flows = [
        Flow("mine", "plant", "oxide", "DEAL", frozenset(), t.id, tonnes, 60, 50, 0, 0)
        for t, tonnes in zip(facts.times, (5, 12, 12, 12), strict=True)
    ]
    found = settle(facts, SimpleNamespace(flows=flows, contracts=[]), contract)
    assert [found[t.id].made_good for t in facts.times] == made_good
    assert [found[t.id].deficit for t in facts.times] == [5, 0, 0, 0]


def test_a_deficit_is_not_made_good_after_the_contract():
    ended = rights().with_rows(changed(Contract, "DEAL", minimum=years(9, 6), makeup=5.0, until=dt.date(2026, 12, 31)))
    altered = repaying()
    assert "DEAL in 2027: does not run then" in failed(audit(ended, altered))["contracts"]


# ------------------------------------------------------------------------------------------------ projects, scope


def test_a_committed_rival_is_one_of_its_group():
    rivals = [
        Unit(unit="press", site="plant", capacity=flat(1)),
        Project(project="press", unit="press", capex=0, status="committed", only_one="k"),
        changed(Project, "second kiln", only_one="k"),
    ]
    found = failed(audit(INSTANCE.with_rows(*rivals), plan()))
    assert "k: press, second kiln are built" in found["only one of"]
    assert "only one of" not in failed(audit(INSTANCE.with_rows(rivals[2]), plan()))


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (changed(Rule, "zc|1", test="holder"), "Rules[zc|1]: no test 'holder' is known"),
        (changed(Rule, "zc|1", since=dt.date(2026, 7, 1)), "Rules[zc|1]: it begins inside a period"),
        (changed(Unit, "market", minimum_load=10.0), "Units[market]: a minimum load needs a capacity"),
        (changed(Floor, "CFD", kind="tax"), "Floors[CFD]: no kind 'tax' is known"),
        (
            changed(Contract, "DEAL", minimum_share=5.0, makeup=1.0),
            "Contracts[DEAL]: a make-up of a minimum share is not audited",
        ),
        (changed(Stockpile, "reserve", terminal_value=5.0), "Stockpiles[reserve]: a terminal value needs a maximum"),
        (
            changed(Stockpile, "reserve", terminal_value=5.0, terminal=None, maximum=None),
            "Stockpiles[reserve]: a terminal value needs a maximum",
        ),
    ],
)
def test_what_has_no_meaning_is_refused(row, place):
    assert place in failed(audit(INSTANCE.with_rows(row), plan()))["scope"]
