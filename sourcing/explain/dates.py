"""Dates: what would come in time if it came earlier, or hold later, where a duty has no way at all.

A rule version one period later or left out, a qualification or a project earlier, a closed plant open: these change
which columns a model has, so each is an instance of its own that is built and solved.
"""

from __future__ import annotations

from collections.abc import Iterator

from sourcing.components.contracts import Contract
from sourcing.components.horizon import Period, Span, decisions_from, periods
from sourcing.components.limits import Limit
from sourcing.components.materials import select_materials
from sourcing.components.places import select_sites
from sourcing.components.production import Unit, lines, years_of_capacity
from sourcing.components.projects import Project, can_run, project_units
from sourcing.components.qualifications import Qualification, accepted
from sourcing.components.rules import Rule
from sourcing.components.stock import Stockpile
from sourcing.edits import Edit
from sourcing.explain.remedies import Remedy, number_text, place
from sourcing.instance import Instance
from sourcing.sheets import Row, year_of


def dated(instance: Instance, duty: Row, names: list[str], *, plants_only: bool = False) -> Iterator[Remedy]:
    """Edits of dates that might let a duty of some periods be kept, likeliest first; none is checked here."""
    makers, takers, materials = _ends(instance, duty)
    spans = [t for t in periods(instance) if t.id in names] or list(periods(instance))
    first, days = spans[0], {row.period: row.start.isoformat() for row in instance[Period]}
    yield from _plants(instance, makers, materials, spans)
    if plants_only:
        return
    for row in instance[Qualification]:
        wanted = row.customer in takers and (row.material in materials or row.material == "any")
        if wanted and row.maker in (*makers, "any"):
            shut = any(
                not accepted(instance, row.customer, maker, m, t) for maker in makers for m in materials for t in spans
            )
            if shut or row.since is None:
                words = f"qualification of {row.key} from {days[first.id]} on"
                nature = "late" if row.since else "date"
                yield _change(instance, row, "since", days[first.id], words, first, nature=nature)
    for version in instance[Rule]:
        begins = year_of(version.since)
        if version.status != "enacted" or begins >= spans[-1].end:
            continue
        later = next((t for t in periods(instance) if t.start > max(begins, spans[-1].start) + 1e-6), None)
        if later:
            words = f"rule {version.id} from {days[later.id]} on, in place of {version.since.isoformat()}"
            yield _change(instance, version, "since", days[later.id], words, first)
        yield _change(instance, version, "active", "no", f"rule {version.id} left out", first)


def _ends(instance: Instance, duty: Row) -> tuple[set[str], set[str], set[str]]:
    """Sites that may give, sites that may take, and materials, of a duty."""
    if isinstance(duty, Contract):
        return set(select_sites(instance, duty.seller)), set(select_sites(instance, duty.buyer)), {duty.material}
    if isinstance(duty, Limit):
        goods = set(select_materials(instance, duty.material, duty.form))
        return set(select_sites(instance, duty.origin)), set(select_sites(instance, duty.destination)), goods
    if isinstance(duty, Stockpile):
        makers = {line.site for line in lines(instance) if duty.material in line.recipe.outputs}
        return makers, {duty.site}, {duty.material}
    return set(), set(), set()


def _plants(instance: Instance, makers: set[str], materials: set[str], spans: list[Span]) -> Iterator[Remedy]:
    """Units that make it and cannot run in some of the periods: projects that come late, and capacities of nothing."""
    units = dict.fromkeys(
        unit
        for line in lines(instance)
        if line.site in makers and materials & set(line.recipe.outputs)
        for unit, _ in line.units
    )
    for unit in units:
        shut = [t for t in spans if not can_run(instance, unit, t)]
        if not shut:
            continue
        row, project = instance.row(Unit, unit), project_units(instance).get(unit)
        if project is not None:
            yield from _sooner(instance, project, shut[0])
        elif years := [t for t in shut if years_of_capacity(instance, unit, t) <= 0]:
            usual = max((v for v in row.capacity.values if 0 < v < float("inf")), default=0.0)
            if usual and len(years) == 1:
                words = f"capacity of {unit} in {years[0].id}: 0 → {number_text(usual)} t/y"
                yield _change(instance, row, "capacity", f"{usual:.10g}", words, years[0], years[0].id, odd=True)
            else:
                words = f"capacity of {unit}: {number_text(usual) if usual else 'none'} in place of 0"
                text = f"{usual:.10g}" if usual else "none"
                yield _change(instance, row, "capacity", text, words, years[0], nature="late")


def _sooner(instance: Instance, project: Project, t: Span) -> Iterator[Remedy]:
    """A project on line by a period: with a shorter lead time, or an earlier start."""
    begins = year_of(project.earliest) if project.earliest else periods(instance)[0].start
    if project.status == "option":
        begins = max(begins, decisions_from(instance))
    nature = "late" if project.status == "committed" else "date"
    if begins <= t.start + 1e-6:
        months = int(12 * (t.start - begins) + 1e-6)
        words = f"project {project.project} on line by {t.id}: lead time {months} months"
        yield _change(instance, project, "lead_time", str(months), words, t, nature=nature)
    elif project.earliest and not isinstance(project.lead_time, int | float):
        return
    elif project.earliest:
        start = t.start - float(project.lead_time) / 12  # type: ignore[arg-type]
        day = f"{int(start)}-{int(12 * (start - int(start)) + 1e-6) + 1:02d}-01"
        words = f"project {project.project} started by {day}"
        yield _change(instance, project, "earliest", day, words, t, nature=nature)


def _change(
    instance: Instance,
    row: Row,
    field: str,
    text: str,
    words: str,
    t: Span,
    span: str = "",
    *,
    odd: bool = False,
    nature: str = "date",
) -> Remedy:
    column = row.columns[field]
    where = place(instance, row, field, span)
    old = getattr(row, field)
    return Remedy(
        "capacity" if field == "capacity" else "date", row.key, row.tab, where, t.id, 0.0, "", words,
        str(Edit(row.tab, row.key, column.name, span, text)), 1.0, nature, (row.tab, row.key),
        None if old is None else str(old), text, odd,
    )  # fmt: skip
