"""Files: where a result may be written, how it is written whole or not at all, and where the examples are."""

from __future__ import annotations

import glob
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sourcing.sheets import OutputError

PLAN_OF = "sourcing-plan-of"
"""The document property by which a plan workbook names its instance."""

MOST_PROPERTIES = 100_000
"""Bytes of document properties that are read at most: those of a plan take about one thousand."""


UNFINISHED = ".sourcing-"
"""What the name of a file holds that is being written. It begins with a dot as well."""

STALE = 3600
"""Seconds after which such a file is no longer being written: its program was killed."""


@dataclass
class Output:
    """A file on its way: write to `temporary`; afterwards `path` is where it stands."""

    temporary: Path
    path: Path


def plan_path(instance: Path, kind: str = "plan") -> Path:
    """Where the plan of an instance, or a book of another kind, goes by default: `NAME.plan.xlsx` beside it."""
    place = instance if instance.name not in ("", "..") else instance.resolve()
    name = place.name if place.is_dir() else place.stem
    return place.with_name(f"{name}.{kind}.xlsx")


def seen_from(path: Path, other: Path) -> str:
    """How a file or folder is named in a link from another file; blank where none leads there (another drive)."""
    try:
        return Path(os.path.relpath(other.resolve(), path.resolve().parent)).as_posix()
    except ValueError:
        return ""


def plan_of(path: Path) -> str | None:
    """Name of the instance whose plan a workbook is; None if it is no plan of this program."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("docProps/custom.xml").file_size > MOST_PROPERTIES:
                return None
            root = fromstring(archive.read("docProps/custom.xml"))
    except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ParseError, DefusedXmlException):
        return None
    for item in root:
        if item.get("name") == PLAN_OF:
            return "".join(item.itertext())
    return None


def check_output(path: Path, *, instance: str = "", source: Path | None = None, force: bool = False) -> None:
    """Refuse, with an OutputError, an output that may not be written.

    The input itself and anything in it are never written to. A file that exists is replaced with `force`, or if it
    is this program's plan of the same instance (`instance` is its name; "" says that no plan is meant).
    """
    whole = path.resolve()
    if source is not None and (whole == source.resolve() or source.resolve() in whole.parents):
        raise OutputError(f"'{path}' is the instance itself, which is never written to: give another file with -o")
    if path.is_dir():
        raise OutputError(f"'{path}' is a folder: give the name of a file")
    folder = whole.parent
    if not folder.is_dir():
        raise OutputError(f"the folder '{path.parent}' does not exist: make it first, or give another file")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"the folder '{path.parent}' cannot be written to: give another file")
    if path.exists() and not force and not (instance and plan_of(path) == instance):
        what = f"and is not a plan of '{instance}' by this program" if instance else "already"
        raise OutputError(f"'{path}' exists {what}: add --force to replace it, or give another file")


@contextmanager
def written(path: Path) -> Iterator[Output]:
    """A file that is written whole or not at all: `with written(path) as out: write(out.temporary)`.

    If the file cannot be replaced because another program holds it, the result goes to `NAME (2)` beside it and
    `out.path` says so. OutputError if nothing can be written there. A program that is killed leaves the old file,
    and its unfinished one under a hidden name, which the next to write there takes away.
    """
    _clear(path)
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.stem}{UNFINISHED}", suffix=path.suffix, dir=path.parent)
    except OSError as fault:
        raise OutputError(f"'{path}' cannot be written: {fault.strerror or fault}") from fault
    os.close(number)
    out = Output(Path(name), path)
    try:
        yield out
        _usual_rights(out.temporary)
        try:
            os.replace(out.temporary, path)
        except PermissionError:
            out.path = free_name(path)
            os.replace(out.temporary, out.path)
    except OSError as fault:
        raise OutputError(f"'{path}' cannot be written: {fault.strerror or fault}") from fault
    except OutputError as fault:  # whoever writes knows the temporary name only
        raise OutputError(str(fault).replace(str(out.temporary), str(path))) from fault
    finally:
        out.temporary.unlink(missing_ok=True)


def _usual_rights(path: Path) -> None:
    """Give a file the rights of an ordinary new one; a temporary file is private."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _clear(path: Path) -> None:
    """Delete what killed programs left of this file."""
    for left in path.parent.glob(f".{glob.escape(path.stem)}{UNFINISHED}*{glob.escape(path.suffix)}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                left.unlink()


def free_name(path: Path) -> Path:
    """`NAME (2).xlsx`, or the first number that is free."""
    stem, suffix = (path.name, "") if path.is_dir() else (path.stem, path.suffix)
    number = 2
    while (other := path.with_name(f"{stem} ({number}){suffix}")).exists():
        number += 1
    return other


def examples() -> list[str]:
    """Names of the bundled instances."""
    return sorted(folder.name for folder in _instances().iterdir() if (folder / "Periods.csv").exists())


def example(name: str) -> Path:
    """The folder of a bundled instance; ValueError if there is none of that name."""
    if name not in examples():
        raise ValueError(f"there is no example '{name}': choose {' or '.join(examples())}")
    return _instances() / name


def _instances() -> Path:
    """The folder of bundled instances: in the package where it is installed, beside it in a checkout."""
    package = Path(__file__).parent
    return package / "instances" if (package / "instances").is_dir() else package.parent / "instances"
