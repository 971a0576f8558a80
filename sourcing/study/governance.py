"""Governance: how well countries are governed, for the supply risk of `concentration`.

    risk[c] = 2·(2.5 - WGI[c])                    0 (best) to 10 (worst), the scale that EUR 28654 EN uses           [1]

WGI is the mean of the six Worldwide Governance Indicators of the World Bank, -2.5 (worst) to 2.5 (best), for 2022. A
figure with the basis *published* was computed from them and copied to two decimals; that of Korea is an *estimate*.
"""

from __future__ import annotations

from typing import NamedTuple

SOURCE = "World Bank, Worldwide Governance Indicators, 2023 update, year 2022: mean of the six indicators"

PUBLISHED, ESTIMATE = "published", "estimate"


class Figure(NamedTuple):
    """The mean of a country's six indicators, and whether it is published or estimated."""

    wgi: float
    basis: str = PUBLISHED


UNKNOWN = Figure(-2.5, ESTIMATE)
"""A place whose country is blank or ZZ counts as the worst that can be: unknown is unproven."""

FIGURES = {
    "AO": Figure(-0.79), "AU": Figure(1.49), "BR": Figure(-0.29), "CA": Figure(1.45), "CN": Figure(-0.33),
    "DE": Figure(1.36), "EE": Figure(1.30), "FR": Figure(1.04), "GB": Figure(1.26), "GL": Figure(1.25),
    "ID": Figure(-0.05), "IN": Figure(-0.07), "JP": Figure(1.37), "KR": Figure(0.9, ESTIMATE), "KZ": Figure(-0.33),
    "LA": Figure(-0.70), "MG": Figure(-0.76), "MM": Figure(-1.60), "MW": Figure(-0.42), "MX": Figure(-0.52),
    "MY": Figure(0.43), "NO": Figure(1.65), "PH": Figure(-0.28), "RU": Figure(-1.03), "SA": Figure(-0.03),
    "SE": Figure(1.57), "SG": Figure(1.61), "TH": Figure(-0.18), "TW": Figure(1.17), "TZ": Figure(-0.45),
    "US": Figure(0.99), "VN": Figure(-0.34), "ZA": Figure(-0.10), "ZZ": UNKNOWN,
}  # fmt: skip
"""By two-letter code."""


def risk(figure: Figure) -> float:
    """0 (best) to 10 (worst)."""
    return 2 * (2.5 - figure.wgi)
