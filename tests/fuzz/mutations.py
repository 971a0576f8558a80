"""Mutations: what can happen to a workbook or a folder of CSV files, drawn from a random stream.

A workbook is the parts of its archive by name. Each mutation changes it in place and says in a few words what it did;
what it is given to change may be gone already, and then it does nothing.
"""

from __future__ import annotations

import io
import random
import re
import string
import struct
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path

Parts = dict[str, bytes]
Texts = dict[str, list[list[str]]]

WORKBOOK = "xl/workbook.xml"
CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
ROW = re.compile(rb'<row r="(\d+)"[^>]*?(?:/>|>.*?</row>)', re.DOTALL)
SHEET = re.compile(rb'<sheet name="([^"]*)"[^>]*/>')

WORDS = (
    "", " ", "0", "-1", "1e308", "-1e308", "1e-320", "1e999", "NaN", "inf", "none", "any", "allied", "yes", "no",
    "TRUE", "country:JP", "country:", "country:XX", "entity:", "form:oxide", "form:", ":", ";", ";;", "a;b", "a,b",
    "any; any", "12 %", "1,200", "1.200", "1.200,5", "½", "٣", "２０２６", "tbc", "?", "#N/A", "#REF!", "#DIV/0",
    "=A1*2", "=", "+1", "@x", "0000", "0001", "9999", "9999Q4", "2026", "2027H1", "2027H3", "2028q3", "0000-00-00",
    "2027-02-30", "2027-06-30", "1905-07-18", "9999-12-31", "0001-01-01", "signed", "option", "base", "system",
    "x" * 300, "é" * 40, "а", "🧲", "a|b", "a[b]", "a'b", '"', "<&>", "_x0041_", "\u200b", "\u00a0", "line\nbreak",
    "\ttab", "../x", "%s{}", "null",
)  # fmt: skip
NUMBERS = (
    b"0", b"-0", b"1", b"-1", b"0.5", b"1e308", b"-1e308", b"1e-320", b"1e999", b"NaN", b"INF", b"9" * 30, b"9" * 400,
    b"46000", b"2958465", b"2958466", b"-1e9", b"99999999", b"1900", b"2026", b"2027.0", b"", b" ", b"x", b"1.5e",
    b"0x10",
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ workbooks


def parts_of(path: Path) -> Parts:
    """The parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def as_archive(parts: Parts) -> bytes:
    """The workbook of the parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def a_sheet(rng: random.Random, parts: Parts) -> str:
    """The name of a sheet's part; the larger ones more often, and never the Guide, which nobody reads."""
    names = [name for name in parts if re.fullmatch(r"xl/worksheets/sheet(?!1\.)\d+\.xml", name)]
    return rng.choices(names, [len(parts[name]) for name in names])[0] if names else ""


def a_cell(rng: random.Random, parts: Parts, *, filled: bool) -> tuple[str, re.Match[bytes] | None]:
    """A sheet and one of its cells."""
    sheet = a_sheet(rng, parts)
    cells = [cell for cell in CELL.finditer(parts.get(sheet, b"")) if cell[4] or not filled]
    return sheet, rng.choice(cells) if cells else None


def put(parts: Parts, sheet: str, old: re.Match[bytes], new: bytes) -> None:
    """Exchange a piece of a sheet."""
    text = parts[sheet]
    parts[sheet] = text[: old.start()] + new + text[old.end() :]


def any_value(rng: random.Random, parts: Parts) -> tuple[bytes, bytes]:
    """Attributes and inner XML of a cell that holds something, of any type."""
    kind = rng.choice(("text", "text", "other", "other", "other", "number", "number", "odd"))
    if kind == "other" and (found := a_cell(rng, parts, filled=True)[1]):
        return found[3], found[4]
    if kind == "number":
        return rng.choice((b"", b' s="1"', b' s="3"', b' t="n"')), b"<v>" + rng.choice(NUMBERS) + b"</v>"
    if kind == "odd":
        return rng.choice(
            (
                (b' t="b"', b"<v>1</v>"), (b' t="b"', b"<v>maybe</v>"), (b' t="e"', b"<v>#N/A</v>"),
                (b' t="d"', b"<v>2027-03-04T00:00:00</v>"), (b' t="d"', b"<v>yesterday</v>"),
                (b"", b"<f>A1*2</f>"), (b"", b"<f>A1*2</f><v>7</v>"), (b' t="str"', b"<f>A1</f><v></v>"),
                (b' t="s"', b"<v>0</v>"), (b' t="s"', b"<v>999999</v>"), (b' t="zz"', b"<v>1</v>"),
                (b' s="99999"', b"<v>1</v>"), (b' t="inlineStr"', b"<is/>"), (b' t="inlineStr"', b""),
                (b' t="inlineStr"', b"<is><r><t>ri</t></r><r><t>ch</t></r></is>"), (b"", b"<v/>"),
                (b"", b'<f t="array" ref="A1:B2">A1</f><v>1</v>'), (b"", b'<f t="shared" si="0"/><v>2</v>'),
            )
        )  # fmt: skip
    text = escape(rng.choice(WORDS)).encode()
    return b' t="inlineStr"', b'<is><t xml:space="preserve">' + text + b"</t></is>"


def cell(rng: random.Random, parts: Parts) -> str:
    """Anything in a cell."""
    sheet, old = a_cell(rng, parts, filled=rng.random() < 0.7)
    if old is None:
        return ""
    attributes, inner = any_value(rng, parts)
    put(parts, sheet, old, b'<c r="' + old[1] + old[2] + b'"' + attributes + b">" + inner + b"</c>")
    return f"{sheet} {old[1].decode()}{old[2].decode()} = {inner[:60]!r}"


def scale(rng: random.Random, parts: Parts) -> str:
    """A number times another: what stays sound more often."""
    sheet, old = a_cell(rng, parts, filled=True)
    value = re.fullmatch(rb"<v>(-?[\d.]+)</v>", old[4]) if old else None
    if old is None or value is None:
        return ""
    number = repr(float(value[1]) * rng.choice((0, 0.001, 0.1, 0.5, 0.9, 1.1, 2, 10, 1000, 1e6))).encode()
    put(parts, sheet, old, b'<c r="' + old[1] + old[2] + b'"><v>' + number + b"</v></c>")
    return f"{sheet} {old[1].decode()}{old[2].decode()}: {value[1].decode()} becomes {number.decode()}"


def swap(rng: random.Random, parts: Parts) -> str:
    """A cell holds what another of its column holds."""
    sheet, old = a_cell(rng, parts, filled=True)
    others = [c for c in CELL.finditer(parts.get(sheet, b"")) if old and c[1] == old[1] and c[2] != b"1" and c[4]]
    if old is None or not others or old[2] == b"1":
        return ""
    new = rng.choice(others)
    put(parts, sheet, old, b'<c r="' + old[1] + old[2] + b'"' + new[3] + b">" + new[4] + b"</c>")
    return f"{sheet} {old[1].decode()}{old[2].decode()} as {new[1].decode()}{new[2].decode()}"


def blank(rng: random.Random, parts: Parts) -> str:
    """A cell is emptied."""
    sheet, old = a_cell(rng, parts, filled=True)
    if old is None:
        return ""
    put(parts, sheet, old, b"")
    return f"{sheet} {old[1].decode()}{old[2].decode()} blank"


def row(rng: random.Random, parts: Parts) -> str:
    """A row goes, comes twice, is hidden, or is numbered anew."""
    sheet = a_sheet(rng, parts)
    rows = [found for found in ROW.finditer(parts.get(sheet, b"")) if b"<v>" in found[0] or b"<t" in found[0]]
    if not rows:
        return ""
    old, way = rng.choice(rows), rng.choice(("goes", "goes", "twice", "again", "hidden", "far"))
    far = rng.choice((b"20001", b"1048576", b"0", b"-1", b"x"))
    number = {"again": rng.choice(rows)[1], "far": far}.get(way, old[1])
    moved = re.sub(rb'(<row r="|<c r="[A-Z]+)' + old[1] + b'"', rb"\g<1>" + number + b'"', old[0])
    hidden = old[0].replace(b"<row ", b'<row hidden="1" ', 1)
    put(parts, sheet, old, {"goes": b"", "twice": old[0] * 2, "hidden": hidden}.get(way, moved))
    return f"{sheet} row {old[1].decode()} {way} {number.decode()}"


def column(rng: random.Random, parts: Parts) -> str:
    """A column goes, moves onto another's place, or comes a second time."""
    sheet, found = a_cell(rng, parts, filled=True)
    if found is None:
        return ""
    old, new = found[1], rng.choice((b"", b"A", b"B", b"D", b"AZ", b"GS", b"XFD", b"XFE"))
    way = rng.choice(("moves", "copied"))

    def changed(one: re.Match[bytes]) -> bytes:
        if one[1] != old:
            return one[0]
        moved = one[0].replace(b'r="' + old, b'r="' + new, 1) if new else b""
        return one[0] + moved if way == "copied" else moved

    parts[sheet] = CELL.sub(changed, parts[sheet])
    return f"{sheet} column {old.decode()} {way} to '{new.decode()}'"


def sheets(rng: random.Random, parts: Parts) -> str:
    """A tab goes, is renamed, comes twice, is hidden, or all change places."""
    text = parts.get(WORKBOOK, b"")
    found = list(SHEET.finditer(text))
    if not found:
        return ""
    old, way = rng.choice(found), rng.choice(("goes", "renamed", "twice", "hidden", "shuffled"))
    if way == "shuffled":
        mixed = [one[0] for one in found]
        rng.shuffle(mixed)
        parts[WORKBOOK] = text[: found[0].start()] + b"".join(mixed) + text[found[-1].end() :]
        return "tabs shuffled"
    other = rng.choice(found)[1]
    name = rng.choice((old[1].upper(), old[1][:-1], old[1] + b" ", b"_" + old[1], other, b"x", b"", b"&#7;", b"a" * 99))
    renamed = old[0].replace(b'name="' + old[1] + b'"', b'name="' + name + b'"')
    hidden = old[0].replace(b'state="visible"', rng.choice((b'state="hidden"', b'state="veryHidden"', b'state="odd"')))
    put(parts, WORKBOOK, old, {"goes": b"", "renamed": renamed, "twice": old[0] + renamed}.get(way, hidden))
    return f"tab {old[1].decode()} {way} {name.decode()}"


def merge(rng: random.Random, parts: Parts) -> str:
    """Cells are merged."""
    sheet = a_sheet(rng, parts)
    spans = ("A1:B1", "A2:A5", "B2:C9", "A1:XFD1048576", "C3", "C3:A1", "A0:B0", "x", "", "A2:B3:C4")
    spans = rng.choices(spans, k=rng.choice((1, 1, 2, 40)))
    cells = "".join(f'<mergeCell ref="{span}"/>' for span in spans)
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>".encode(), 1)
    return f"{sheet} merges {spans[:3]}"


def xml(rng: random.Random, parts: Parts) -> str:
    """A tag or an attribute of any part changes."""
    name = rng.choice([name for name in parts if name.endswith((".xml", ".rels"))])
    pieces = list(re.finditer(rb'<[^<>]*>|"[^"<>]*"', parts[name]))
    if not pieces:
        return ""
    old = rng.choice(pieces)
    plain = (b"", b"<x/>", b'""', b'"0"', b'"-1"', b'"1e9"', b"&x;", b"<!-- x -->", b"<![CDATA[x]]>", b"\x00", b"<")
    new = rng.choice((old[0] * 2, *plain))
    parts[name] = parts[name][: old.start()] + new + parts[name][old.end() :]
    return f"{name}: {old[0][:40]!r} becomes {new[:40]!r}"


def part(rng: random.Random, parts: Parts) -> str:
    """A part goes, is renamed, emptied, cut off, or is another's."""
    name, other = rng.choice(list(parts)), rng.choice(list(parts))
    way = rng.choice(("goes", "renamed", "empty", "cut", "another's"))
    content = parts.pop(name)
    if way == "renamed":
        parts[name.upper() if rng.random() < 0.5 else f"{name}x"] = content
    elif way != "goes":
        cut = content[: rng.randrange(len(content) + 1)]
        parts[name] = {"empty": b"", "cut": cut}.get(way, parts.get(other, content))
    return f"part {name} {way}{f' {other}' if way[0] == 'a' else ''}"


INSIDE: tuple[Callable[[random.Random, Parts], str], ...] = (
    cell, cell, cell, cell, scale, scale, swap, swap, blank, row, row, column, sheets, merge, xml, part,
)  # fmt: skip
"""What can happen to the parts of a workbook; some more often."""

GENTLE = (scale, scale, scale, swap, swap, blank, row)
"""What leaves a workbook sound more often."""


def bytes_changed(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """A file with bytes flipped, cut off, left out or put twice; also where the archive says what is where."""
    changed, way = bytearray(content), rng.choice(("flipped", "flipped", "cut", "left out", "twice", "directory"))
    at = rng.randrange(len(content))
    size = rng.choice((1, 2, 16, 512, 20_000))
    if way == "directory" and (marks := [m.start() for m in re.finditer(rb"PK[\x01-\x08]{2}", content)]):
        at = rng.choice(marks) + rng.randrange(4, 46)
        number = struct.pack("<I", rng.choice((0, 1, 99, 0xFFFF, 0xFFFFFFFF, rng.getrandbits(32))))
        changed[at : at + 4] = number[: rng.choice((1, 2, 4))]
    elif way == "cut":
        del changed[at:]
    elif way == "left out":
        del changed[at : at + size]
    elif way == "twice":
        changed[at:at] = changed[at : at + size]
    else:
        for _ in range(min(size, 64)):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed), f"bytes {way} at {at}"


# ------------------------------------------------------------------------------------------------ folders of CSV files


def csv_changed(rng: random.Random, texts: Texts) -> str:
    """A cell, row, column or tab of a folder changes."""
    tab = rng.choices(list(texts), [len(rows) for rows in texts.values()])[0]
    rows = texts[tab]
    if not rows:
        return ""
    line = rng.randrange(len(rows))
    often = ("cell", "cell", "cell", "swap", "swap", "scale", "scale")
    way = rng.choice((*often, "goes", "twice", "column", "tab", "short"))
    at = rng.randrange(max(1, len(rows[line])))
    if way in ("cell", "swap", "scale") and at < len(rows[line]):
        old = rows[line][at]
        if way == "scale" and re.fullmatch(r"-?\d+(\.\d+)?", old):
            rows[line][at] = repr(float(old) * rng.choice((0, 0.001, 0.5, 2, 10, 1e6)))
        elif way == "swap":
            other = rng.choice(rows[1:] or rows)
            rows[line][at] = other[at] if at < len(other) else ""
        else:
            rows[line][at] = rng.choice(WORDS) if rng.random() < 0.7 else rng.choice(rng.choice(rows) or [""])
        return f"{tab} line {line + 1} column {at + 1}: {old[:30]!r} becomes {rows[line][at][:30]!r}"
    if way == "goes":
        del rows[line]
    elif way == "twice":
        rows.insert(rng.randrange(len(rows)), list(rows[line]))
    elif way == "column":
        for one in rows:
            del one[at : at + 1]
    elif way == "tab":
        name = rng.choice((f"{tab}x", tab.upper(), tab[:-1], f"_{tab}", rng.choice(list(texts))))
        texts[name] = texts.pop(tab)
        return f"tab {tab} becomes {name}"
    else:
        del rows[line][at:]
    return f"{tab} line {line + 1} {way} {at + 1}"


def text_changed(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """A CSV file with bytes put in, cut off or in another encoding."""
    way = rng.choice(("put in", "cut", "utf-16", "latin-1", "no line ends", "separators"))
    at = rng.randrange(len(content) + 1)
    signs = (b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf", b";", b"\t")
    piece = rng.choice((*signs, b"," * 300, b"x" * 140_000))
    text = content.decode()
    return {
        "put in": content[:at] + piece + content[at:],
        "cut": content[:at],
        "utf-16": text.encode("utf-16"),
        "latin-1": (text + "Zürich").encode("latin-1", "replace"),
        "no line ends": content.replace(b"\n", rng.choice((b"\r", b"", b"\r\n"))),
        "separators": content.replace(b",", rng.choice((b";", b"\t", b"|", string.whitespace.encode()))),
    }[way], f"{way} at {at}"
