"""The farmer: 500 acres for wheat, corn and beets are sown before it is known how good the year will be.

J. R. Birge, F. Louveaux, Introduction to Stochastic Programming (2nd edition, 2011), section 1.1: yields are a fifth
above or below those of a fair year, each as likely; cattle need 200 t of wheat and 240 t of corn; beets above a quota
sell for less. Expected profit 108,390 dollars; 115,406 with perfect information, of which 59,950 in a bad, 118,600 in a
fair and 167,667 in a good year; 107,240 with the areas that are best for mean yields.
"""

from __future__ import annotations

from tiny import NONE, makes, party, sells, tiny, years

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.production import Process, Unit
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile

PUBLISHED, EVPI, VSS = 108_390, 7_016, 1_150
MEAN_PLAN = 107_240
ALONE = {"bad": 59_950, "fair": 118_600, "good": 167_667}

YIELD = {"wheat": 2.5, "corn": 3, "beets": 20}
SOWING = {"wheat": 150, "corn": 230, "beets": 260}
EATEN = {"wheat": 200, "corn": 240}
BOUGHT_AT = {"wheat": 238, "corn": 210}
SOLD_AT = {"wheat": 170, "corn": 150, "beets": 10}
QUOTA, QUOTA_PRICE, LAND = 6000, 36, 500
SEASONS = {"bad": 0.8, "fair": 1.0, "good": 1.2}


def instance(written="fair"):
    """A period is a season; a tonne of a field is an acre of it, sown in 2026, kept, and harvested in 2027.

    What is sold has a maximum. The tables have the yields of one kind of year, the other two are outlooks.
    """
    return tiny(
        years(2026, 2027),
        party("farmer", "buyer", "farm", "stable"),
        party("trader", "supplier", "trader", allied=False),
        party("trade", "buyer", "market", allied=False),
        Unit(unit="land", site="farm", capacity={2026: LAND, 2027: 0}),
        Unit(unit="harvest", site="farm", capacity={2026: 0, 2027: NONE}),
        [
            (
                Material(material=f"field of {crop}", form="ore"),
                Process(site="farm", recipe=f"sowing {crop}", unit="land", cost=cost, stage="mine"),
                RecipeLine(recipe=f"sowing {crop}", material=f"field of {crop}", output=1),
                Stockpile(stockpile=crop, holder="farmer", site="farm", material=f"field of {crop}", label="clean"),
                Process(site="farm", recipe=crop, unit="harvest", cost=0, stage="magnet"),
                RecipeLine(recipe=crop, material=f"field of {crop}", input=1),
                RecipeLine(recipe=crop, material=crop, output=SEASONS[written] * YIELD[crop]),
                Material(material=crop, form="magnet", surplus="allowed"),
                sells("farm", crop, SOLD_AT[crop] / 1000, maximum=20_000),
                Demand(customer="market", material=crop, demand={2026: 0, 2027: 20_000}, shortage_value=0),
            )
            for crop, cost in SOWING.items()
        ],
        Contract(
            contract="quota", seller="farm", buyer="market", material="beets", fixed=QUOTA_PRICE / 1000, maximum=QUOTA,
        ),
        [
            (
                makes("trader", crop, unit=f"buying {crop}"),
                sells("trader", crop, BOUGHT_AT[crop] / 1000),
                Demand(customer="stable", material=crop, demand={2026: 0, 2027: eaten}),
            )
            for crop, eaten in EATEN.items()
        ],
        [
            (
                Scenario(scenario=season, kind="outlook", probability=100 / 3),
                [
                    Shock(
                        scenario=season, of_tab="Recipes", row_id=f"{crop}|{crop}", of_column="Output",
                        multiply=SEASONS[season] / SEASONS[written],
                    )
                    for crop in YIELD
                    if season != written
                ],
            )
            for season in SEASONS
        ],
    )  # fmt: skip


def restated(cost: float) -> float:
    """Dollars of profit; the objective of a tree is a cost in thousands of them."""
    return -cost * 1e3
