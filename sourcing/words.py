"""Words: how names are compared, what is nearest to a misspelt one, and which letters only look alike."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_WIDE_SPACE = re.compile(r"[^\S\n\t ]")
_CYRILLIC_GREEK = "асԁеһіјӏорԛѕѵԝхуАВСЕНІЈКМОРЅТХУΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχ"
_LATIN = "acdehijlopqsvwxyABCEHIJKMOPSTXYABEZHIKMNOPTYXavopux"
_LOOKS_LIKE = dict(zip(_CYRILLIC_GREEK, _LATIN, strict=True))


def clean(text: str) -> str:
    """Text without spaces at its ends; no-break and narrow spaces become ordinary ones, invisible marks go."""
    return _WIDE_SPACE.sub(" ", text.replace("\r\n", "\n").translate(_NOTHING)).strip()


def fold(text: str) -> str:
    """What two names have in common that differ only in case and spacing."""
    return "".join(text.translate(_NOTHING).split()).casefold()


def nearest(word: str, options: Iterable[str] | Mapping[str, str]) -> str:
    """The option most like a misspelt word, "" if none is near; of a mapping, what the likest key stands for."""
    meant = options if isinstance(options, Mapping) else {option: option for option in options}
    keys = {_bare(option): option for option in reversed(list(meant))}
    found = difflib.get_close_matches(_bare(word), list(keys), n=1, cutoff=0.6)
    return meant[keys[found[0]]] if found else ""


def did_you_mean(word: str, options: Iterable[str] | Mapping[str, str]) -> str:
    """The nearest option as a question, or ""; where the two only look the same, which of them to write anew."""
    found = nearest(word, options)
    if found != word and latin(found) == latin(word):
        odd = word if lookalike(word) else found
        return f"write '{latin(odd)}' anew: a letter of it only looks like Latin '{lookalike(odd)}'"
    return f"did you mean '{found}'?" if found else ""


def latin(text: str) -> str:
    """Text with each letter that only looks like a Latin one exchanged for it (Cyrillic, Greek, full-width)."""
    return "".join(_LOOKS_LIKE.get(letter, letter) for letter in unicodedata.normalize("NFKC", text))


def lookalike(text: str) -> str:
    """The first Latin letter that one of `text` looks like without being it; "" if all are what they seem."""
    return next((latin(letter) for letter in text if latin(letter) != letter), "")


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", latin(text).casefold()) or text
