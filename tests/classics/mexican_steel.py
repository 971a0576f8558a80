"""The Mexican steel sector, small and static: ore to steel in five plants, three markets, imports and exports.

D. Kendrick, A. Meeraus, J. Alatorre, The Planning of Investment Programs in the Steel Industry (1984); GAMS model
library `mexss` (data and optimum as in github.com/GAMS-dev/gamspy, tests/integration/models/mexss.py): 538.8112 million
dollars a year. Its millions of tons are tonnes here; a thousand cubic metres of gas and a MWh are a `tonne`.
"""

from __future__ import annotations

from tiny import makes, party, sells, tiny

from sourcing.components.contracts import Contract
from sourcing.components.demand import Demand
from sourcing.components.lanes import Lane

PUBLISHED = 538.8112

MT = 1e6

RAW = {"pellets": 18.7, "coke": 52.17, "nat-gas": 14.0, "electric": 24.0, "scrap": 105.0}
"""Prices in USD/t."""

TAKES = {
    "blast-furn": ("pig-iron", {"pellets": 1.58, "coke": 0.63}),
    "direct-red": ("sponge", {"pellets": 1.38, "nat-gas": 0.57}),
    "openhearth": ("steel", {"pig-iron": 0.77, "scrap": 0.33}),
    "bof": ("steel", {"pig-iron": 0.95, "scrap": 0.12}),
    "elec-arc": ("steel", {"sponge": 1.09, "electric": 0.58}),
}
CAPACITY = {
    "ahmsa": {"blast-furn": 3.25, "openhearth": 1.50, "bof": 2.07},
    "fundidora": {"blast-furn": 1.40, "openhearth": 0.85, "bof": 1.50},
    "sicartsa": {"blast-furn": 1.10, "bof": 1.30},
    "hylsa": {"direct-red": 0.98, "elec-arc": 1.13},
    "hylsap": {"direct-red": 1.00, "elec-arc": 0.56},
}
KILOMETRES = {
    "ahmsa": {"mexico-df": 1204, "monterrey": 218, "guadalajara": 1125, "port": 739},
    "fundidora": {"mexico-df": 1017, "monterrey": 0, "guadalajara": 1030, "port": 521},
    "sicartsa": {"mexico-df": 819, "monterrey": 1305, "guadalajara": 704, "port": 0},
    "hylsa": {"mexico-df": 1017, "monterrey": 0, "guadalajara": 1030, "port": 521},
    "hylsap": {"mexico-df": 185, "monterrey": 1085, "guadalajara": 760, "port": 315},
    "overseas": {"mexico-df": 428, "monterrey": 521, "guadalajara": 300},
}
"""By rail; none from the two plants in Monterrey to their market, nor from sicartsa to its own harbour."""

SHARES = {"mexico-df": 0.55, "monterrey": 0.30, "guadalajara": 0.15}
DEMAND = 5.209 * 1.40 * MT
"""Of 1979, in raw steel: 40 % are lost on the way to final products."""


def freight(kilometres: float) -> float:
    """USD/t by rail."""
    return 2.48 + 0.0084 * kilometres if kilometres else 0.0


def instance():
    """One allied party owns plants and markets; it buys from two outsiders and sells to a third.

    An export is a contract with a maximum, delivered: of the 140 USD/t the seller pays the rail.
    The need at the port is the room for exports; what is not exported is worth nothing there.
    """
    return tiny(
        party("mexico", "buyer", *CAPACITY, *SHARES, country="MX"),
        party("suppliers", "supplier", "raw materials", allied=False),
        party("exporters", "supplier", "overseas", allied=False),
        party("importers", "buyer", "port", allied=False),
        [(makes("raw materials", good), sells("raw materials", good, price / 1000)) for good, price in RAW.items()],
        makes("overseas", "steel"),
        sells("overseas", "steel", 0.150),
        [
            makes(plant, TAKES[unit][0], size * MT, takes=TAKES[unit][1], unit=f"{plant} {unit}")
            for plant, units in CAPACITY.items()
            for unit, size in units.items()
        ],
        [Demand(customer=market, material="steel", demand=DEMAND * share) for market, share in SHARES.items()],
        Demand(customer="port", material="steel", demand=1.0 * MT, shortage_value=0),
        Contract(
            contract="EXPORT", seller="mexico", buyer="port", material="steel", fixed=0.140, maximum=1.0 * MT,
            delivered=True,
        ),
        Lane(origin="raw materials", destination="any", goods="any"),
        [
            Lane(origin=i, destination=j, goods="steel", freight=freight(km))
            for i, row in KILOMETRES.items()
            for j, km in row.items()
        ],
    )  # fmt: skip


def restated(objective: float) -> float:
    """Million dollars, as the objective is."""
    return objective
