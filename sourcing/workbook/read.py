"""Read: a workbook or folder becomes an Instance, or the list of all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sourcing import components
from sourcing.components.horizon import Period
from sourcing.components.scenarios import Shock
from sourcing.instance import Instance
from sourcing.integrity import ids_named, integrity, overwritten
from sourcing.sheets import TABS, InstanceError, Issue, Row, year_of
from sourcing.suspicions import suspicions
from sourcing.words import fold, nearest
from sourcing.workbook.grid import Grid, Refused, load, locks, place
from sourcing.workbook.misspelt import gathered
from sourcing.workbook.parse import Sheet, parse_tab

NEEDED = ("Periods", "Materials", "Entities", "Sites", "Demand")


def read(path: str | Path) -> Instance:
    """The instance in a workbook or folder of CSV files; InstanceError with all its issues if it has errors.

    >>> from sourcing.files import example
    >>> instance = read(example("starter"))  # or "mine.xlsx"
    >>> instance.name
    'starter'
    """
    instance, issues = check(path)
    if instance is None:
        raise InstanceError(issues)
    return instance


def check(path: str | Path) -> tuple[Instance | None, list[Issue]]:
    """The instance, None if it has errors, and every error and warning in the order of tabs, rows and columns."""
    path = Path(path)
    try:
        grids = load(path)
    except Refused as refused:
        return None, [refused.issue]
    return check_grids(grids, path.resolve().name if path.is_dir() else path.stem, locks(path))


def check_grids(grids: list[Grid], name: str, known: Iterable[Issue] = ()) -> tuple[Instance | None, list[Issue]]:
    """`check` of tabs in memory: their faults join those that are `known` already. The grids are used up."""
    issues = list(known)
    tabs, absent = _by_tab(grids, issues)
    sheets = _parse(tabs)
    rows = [row for sheet in sheets.values() for row in sheet.rows]
    cells = {key: cell for sheet in sheets.values() for key, cell in sheet.cells.items()}
    instance = Instance(rows, name=name, cells=cells)
    for sheet in sheets.values():
        issues += sheet.issues
    issues += _late_starts(instance, sheets)
    incomplete = absent | {tab for tab, sheet in sheets.items() if not sheet.ids}
    doubtful = {(tab, line) for tab, sheet in sheets.items() for line in sheet.faulty}
    found = [issue for issue in integrity(instance, incomplete, doubtful) if not _follows(issue, sheets)]
    issues += found
    for issue in found:
        if issue.severity == "error":
            sheets[issue.tab].faulty.add(place(issue.cell)[0])
    if not any(issue.severity == "error" for issue in issues):
        issues += components.checks(instance)
        if not any(issue.severity == "error" for issue in issues):
            issues += suspicions(instance)
    elif not incomplete and not overwritten(instance) and not any(sheet.unusable for sheet in sheets.values()):
        issues += _what_else(instance, sheets)
    issues = gathered(instance, issues)
    issues.sort(key=_order)
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    instance.warnings = tuple(issues)
    return instance, issues


def _by_tab(grids: list[Grid], issues: list[Issue]) -> tuple[dict[str, Grid], set[str]]:
    """The grids by the tab that they are, and the tabs that are absent by a fault, which becomes an issue."""
    known = {fold(tab): tab for tab in TABS}
    found: dict[str, Grid] = {}
    guesses: set[str] = set()
    for grid in grids:
        tab = known.get(fold(grid.tab))
        if tab is None:
            guess = nearest(grid.tab, list(TABS))
            guesses.add(guess)
            remedy = f"did you mean '{guess}'?" if guess else "delete it, or begin its name with '_' to have it ignored"
            issues.append(Issue(grid.tab, "", "is not a tab of an instance", suggestion=remedy))
        elif tab in found:
            message = f"the tab stands twice: as '{found[tab].tab}' and as '{grid.tab}'"
            issues.append(Issue(tab, "", message, suggestion="keep one of the two"))
        else:
            found[tab] = grid
    needed = {tab for tab in NEEDED if tab not in found or not (found[tab].rows or found[tab].issues)}
    for tab in needed - guesses:
        remedy = f"add the tab; a row is {TABS[tab].meaning}"
        issues.append(Issue(tab, "", "the tab is missing or empty, and it is needed", suggestion=remedy))
    return found, needed | (guesses & set(TABS)) - set(found)


def _parse(grids: dict[str, Grid]) -> dict[str, Sheet]:
    """Every tab; Periods and Materials first, because cells of other tabs are read by their ids."""
    sheets: dict[str, Sheet] = {}
    spans: dict[str, tuple[float, float]] = {}
    materials: frozenset[str] = frozenset()
    for tab in sorted(grids, key=lambda tab: tab not in ("Periods", "Materials")):
        sheet = sheets[tab] = parse_tab(grids[tab], TABS[tab], spans, materials)
        active = [row for row in sheet.rows if row.active]
        if tab == "Periods":
            good = [row for row in active if isinstance(row, Period) and row.line not in sheet.faulty]
            spans = {row.period: (year_of(row.start), year_of(row.start) + row.years) for row in good}
        if tab == "Materials":
            materials = frozenset(row.key for row in active)
    return sheets


def _late_starts(instance: Instance, sheets: dict[str, Sheet]) -> list[Issue]:
    """Numbers over time that begin after the model does."""
    periods = sheets.get("Periods")
    if periods is None or periods.faulty or not periods.sound or not instance[Period]:
        return []
    first = min(instance[Period], key=lambda period: period.start)
    begin = year_of(first.start)
    issues = []
    for tab, sheet in sheets.items():
        for start, cell, column, label in sheet.firsts:
            if start > begin + 1e-9:
                message = f"begins after the model does, on {first.start}"
                remedy = f"add a {'column' if place(cell)[0] == 1 else 'row'} for {first.start.year}"
                issues.append(Issue(tab, cell, message, label, column.name, remedy))
    return issues


def _what_else(instance: Instance, sheets: dict[str, Sheet]) -> list[Issue]:
    """What the components find beside faulty cells, in rows that have nothing to do with those.

    A placeholder may upset a check, which then waits until the cells are right; so do all without sound periods.
    """
    if any(sheets[tab].faulty or not sheets[tab].sound for tab in ("Settings", "Periods") if tab in sheets):
        return []
    rows = {(tab, row.line): row for tab, sheet in sheets.items() for row in sheet.rows}
    touched = {word for (tab, line), row in rows.items() if line in sheets[tab].faulty for word in ids_named(row)}
    blocks: dict[tuple[str, str], set[str]] = {}
    for other in rows.values():
        blocks.setdefault(_block(other), set()).update(ids_named(other))
    found: list[Issue] = []
    for component in components.COMPONENTS:
        with suppress(Exception):
            found += component.checks(instance) if hasattr(component, "checks") else []
    groups = {  # of rows that a word in a column makes one, as projects that are built together
        (tab, column.name, str(getattr(row, name)))
        for (tab, line), row in rows.items()
        if line in sheets[tab].faulty
        for name, column in row.columns.items()
        if column.kind == "text" and getattr(row, name)
    }
    unsure_content = "Content" in sheets and bool(sheets["Content"].faulty)
    kept = []
    for issue in found:
        row = rows.get((issue.tab, place(issue.cell)[0]))
        sound = issue.tab not in sheets or sheets[issue.tab].sound
        if (issue.tab, issue.column, issue.value) in groups:
            continue
        if isinstance(row, Shock) and row.of_tab in sheets and sheets[row.of_tab].faulty:
            continue  # what it fits is known when those rows are right
        if issue.tab == "Recipes" and unsure_content:
            continue  # what a recipe gains is known when Content is right
        if sound and not _follows(issue, sheets) and (row is None or not touched & blocks[_block(row)]):
            kept.append(issue)
    return kept


def _block(row: Row) -> tuple[str, str]:
    """What a row belongs to: itself, or the recipe or rule of which it is a line or version."""
    is_line = len(row.key_fields) > 1 and not row.columns[row.key_fields[0]].refers
    return row.tab, str(getattr(row, row.key_fields[0])) if is_line else row.key


def _follows(issue: Issue, sheets: dict[str, Sheet]) -> bool:
    """Whether an issue may only follow from a faulty cell of its row, or from the header of its column."""
    sheet = sheets.get(issue.tab)
    return sheet is not None and (place(issue.cell)[0] in sheet.faulty or issue.column in sheet.unusable)


def _order(issue: Issue) -> tuple[int, int, int]:
    tabs = components.TAB_ORDER
    return (tabs.index(issue.tab) if issue.tab in tabs else -1, *place(issue.cell))
