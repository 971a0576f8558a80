"""Refinery optimisation: distillation, reforming, cracking, and blending to octane numbers and a vapour pressure.

H. P. Williams, Model Building in Mathematical Programming (5th edition, 2013), section 12.6; SAS/OR Mathematical
Programming Examples, chapter 6 (support.sas.com/documentation/cdl/en/ormpex/65555): 211,365.1348 pounds a day.
"""

from __future__ import annotations

from tiny import makes, tiny

from sourcing.components.demand import Demand, ShortageStep
from sourcing.components.materials import Material, RecipeLine
from sourcing.components.production import Process, Unit

PUBLISHED = 211_365.1348

CRUDES = {
    "crude 1": (20_000, {"LN": 0.10, "MN": 0.20, "HN": 0.20, "LO": 0.12, "HO": 0.20, "R": 0.13}),
    "crude 2": (30_000, {"LN": 0.15, "MN": 0.25, "HN": 0.18, "LO": 0.08, "HO": 0.19, "R": 0.12}),
}
"""Barrels a day, and the light, medium and heavy naphtha, light and heavy oil and residuum that a barrel yields."""

UNITS = {"distilling": 45_000, "reforming": 10_000, "cracking": 8_000}
REFORMED = {"LN": 0.60, "MN": 0.52, "HN": 0.45}
CRACKED = {"LO": {"CO": 0.68, "CG": 0.28}, "HO": {"CO": 0.75, "CG": 0.20}}
FUEL_OIL = {"LO": 10 / 18, "CO": 4 / 18, "HO": 3 / 18, "R": 1 / 18}
OCTANE = {"LN": 90, "MN": 80, "HN": 70, "RG": 115, "CG": 105}
PETROL = {"regular": 84, "premium": 94}
PRESSURE = {"LO": 1.0, "HO": 0.6, "CO": 1.5, "R": 0.05}
PRICE = {"premium": 7.0, "regular": 6.0, "jet fuel": 4.0, "fuel oil": 3.5}
LUBE_PRICE, LUBE = 1.5, 1_000
"""Pounds a barrel, and the most lube oil that is sold; half of it must be made."""

ENOUGH = 50_000
"""Barrels of a product that are wanted, more than can be made."""


def blended(product: str, part: str, points: str, above: float) -> list:
    """A barrel of a part becomes one of a product. It adds to the points of a quality, or takes of them."""
    name = f"{part} in {product}"
    gives = {product: 1.0} | ({points: above} if above > 0 else {})
    return makes("refinery", gives, takes={part: 1.0} | ({points: -above} if above < 0 else {}), unit=name)


def process(recipe: str, unit: str, takes: str, gives: dict[str, float]) -> list:
    """A line on a unit that several share."""
    return [
        Process(site="refinery", recipe=recipe, unit=unit, cost=0, stage="magnet"),
        RecipeLine(recipe=recipe, material=takes, input=1),
        *(RecipeLine(recipe=recipe, material=material, output=rate) for material, rate in gives.items()),
    ]


def instance():
    """A barrel is a tonne, a day a year. Every stream is used up; only points of a quality may be left over.

    Points say what no column says: a mean of at least 84 is a sum of (octane - 84) that is not negative; premium of at
    least 40 % of regular is a ticket for each barrel of premium, and 0.4 of it for a barrel of regular.
    """
    streams = "LN", "MN", "HN", "LO", "HO", "R", "RG", "CG", "CO"
    points = "octane of regular", "octane of premium", "pressure", "ticket"
    return tiny(
        [Material(material=m, form="oxide", surplus="forbidden") for m in streams],
        [Material(material=m, form="oxide", surplus="allowed") for m in points],
        [Unit(unit=unit, site="refinery", capacity=most) for unit, most in UNITS.items()],
        [
            (makes("refinery", crude, most), process(f"distilling {crude}", "distilling", crude, yields))
            for crude, (most, yields) in CRUDES.items()
        ],
        [process(f"reforming {m}", "reforming", m, {"RG": rate}) for m, rate in REFORMED.items()],
        [process(f"cracking {m}", "cracking", m, yields) for m, yields in CRACKED.items()],
        [
            blended(f"{petrol} base", part, f"octane of {petrol}", octane - least)
            for petrol, least in PETROL.items()
            for part, octane in OCTANE.items()
        ],
        makes("refinery", {"premium": 1, "ticket": 1}, takes={"premium base": 1}),
        makes("refinery", "regular", takes={"regular base": 1, "ticket": 0.4}),
        [blended("jet fuel", part, "pressure", 1.0 - pressure) for part, pressure in PRESSURE.items()],
        makes("refinery", "fuel oil", takes=FUEL_OIL),
        makes("refinery", {"lube oil": 0.5}, takes={"R": 1}),
        [Demand(customer="market", material=m, demand=ENOUGH, shortage_value=p / 1000) for m, p in PRICE.items()],
        # the first half of what is short costs what it would have sold for, the rest may not be short
        Demand(customer="market", material="lube oil", demand=LUBE, shortage_value=1),
        ShortageStep(customer="market", material="lube oil", up_to=50, value=LUBE_PRICE / 1000),
    )


def restated(objective: float) -> float:
    """Pounds of profit: what all that is wanted would bring, less what is not sold."""
    return ENOUGH * sum(PRICE.values()) + LUBE * LUBE_PRICE - objective * 1e6
