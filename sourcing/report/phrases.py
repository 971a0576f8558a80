"""Phrases: how a number, a date or a name reads in a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

COUNTRIES = {
    "AU": "Australia", "BR": "Brazil", "CA": "Canada", "CL": "Chile", "CN": "China", "DE": "Germany", "EE": "Estonia",
    "EU": "European Union", "FI": "Finland", "FR": "France", "GB": "United Kingdom", "IN": "India", "JP": "Japan",
    "KR": "South Korea", "KZ": "Kazakhstan", "LA": "Laos", "MG": "Madagascar", "MM": "Myanmar", "MN": "Mongolia",
    "MW": "Malawi", "MY": "Malaysia", "NA": "Namibia", "NO": "Norway", "PH": "Philippines", "RU": "Russia",
    "SE": "Sweden", "SI": "Slovenia", "TH": "Thailand", "TW": "Taiwan", "TZ": "Tanzania", "UA": "Ukraine",
    "US": "United States", "VN": "Vietnam", "ZA": "South Africa", "ZZ": "unknown", "": "unknown",
}  # fmt: skip
"""Names of the countries that mine, make or use magnets; any other goes by its code."""


def country(code: str) -> str:
    """A country's name, or its code where the name is not listed."""
    return COUNTRIES.get(code.upper(), code)


def short_name(name: str) -> str:
    """A name without what explains it: `Kuantan (Lynas Malaysia): cracking` is `Kuantan`."""
    return name.split(":")[0].split(" (")[0].strip() or name


def tonnes(amount: float) -> str:
    """`5,400 t`, `41.3 t`, `20 t` or `0.6 t`."""
    return f"{_plain(amount)} t"


def money(amount: float) -> str:
    """M USD as `9.2 bn USD`, `210 M USD` or `0.4 M USD`."""
    if abs(amount) >= 999.5:
        return f"{amount / 1000:,.1f} bn USD"
    return f"{_plain(amount)} M USD"


def day(date: str) -> str:
    """An ISO date as `1 Jan 2027`."""
    when = dt.date.fromisoformat(date)
    return f"{when.day} {when:%b %Y}"


def _plain(amount: float) -> str:
    if abs(amount) >= 99.95 or abs(amount - round(amount)) < 1e-6:
        return f"{amount:,.0f}"
    if abs(amount) < 0.05 and amount:
        return f"{amount:.2g}"
    return f"{amount:,.1f}"


def percent(share: float) -> str:
    """`98.7 %`; what is less than the whole never reads 100 %, nor what is more than nothing 0 %."""
    for digits in (1, 2, 3):
        text = f"{share:.{digits}f}"
        if (float(text) < 100 or share >= 100) and (float(text) != 0 or share == 0):
            return f"{text} %"
    return "almost 100 %" if share > 50 else "almost 0 %"


def listed(words: Sequence[str], most: int = 0) -> str:
    """`a, b and c`; with `most`, the first ones `and 2 more`."""
    if most and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
