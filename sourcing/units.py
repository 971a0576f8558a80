"""Units of measure, as a header shows them in brackets, and what turns one into another."""

from __future__ import annotations

_MASS = {"t": 1.0, "kg": 1e-3, "g": 1e-6, "kt": 1e3}  # no mt: it is a metric ton to traders
_MONEY = {"usd": 1.0, "k usd": 1e3, "m usd": 1e6, "musd": 1e6, "kusd": 1e3, "bn usd": 1e9}
_TIME = {"y": 1.0, "year": 1.0, "years": 1.0, "month": 1 / 12, "months": 1 / 12, "days": 1 / 365, "day": 1 / 365}
_KINDS = [("mass", _MASS), ("money", _MONEY), ("time", _TIME)]


def _dimension(unit: str) -> tuple[tuple[tuple[str, int], ...], float] | None:
    """Exponents of mass, money, time and percent, and the factor to t, USD and years; None if unknown."""
    powers: dict[str, int] = {}
    factor = 1.0
    for place, part in enumerate(unit.split("/")):
        word = " ".join(part.split()).lower().replace("us$", "usd").replace("$", "usd")
        sign = 1 if place == 0 else -1
        if word.startswith("%"):
            powers["percent"] = powers.get("percent", 0) + sign
            continue
        if word in ("1", "") and place == 0:
            continue
        for kind, table in _KINDS:
            if word in table:
                powers[kind] = powers.get(kind, 0) + sign
                factor *= table[word] ** sign
                break
        else:
            return None
    return tuple(sorted((k, p) for k, p in powers.items() if p)), factor


def needs_unit(unit: str) -> bool:
    """Whether a header must show the unit: a mass, a sum of money or a percentage, but no pure number or time."""
    dimension = _dimension(unit)
    return dimension is None or any(kind != "time" for kind, _ in dimension[0])


def conversion(found: str, wanted: str) -> float | None:
    """What to multiply by to go from one unit to another (`USD/kg` to `USD/t` is 1000); None if they don't agree.

    Units are quotients of mass (t, kg, g, kt), money (USD, k USD, M USD) and time (y, months, days); `t/t` is a
    pure number and `%` stands by itself.
    """
    if " ".join(found.lower().split()) == " ".join(wanted.lower().split()):
        return 1.0
    a, b = _dimension(found), _dimension(wanted)
    if a is None or b is None or a[0] != b[0]:
        return None
    ratio = a[1] / b[1]
    return float(f"{ratio:.15g}")
