"""What must hold between rows, read from a sheet or made in code."""

from __future__ import annotations

import dataclasses

import pytest

from sourcing.components.demand import Demand
from sourcing.components.limits import Limit
from sourcing.components.materials import Material
from sourcing.components.places import Entity, Holding, Site
from sourcing.components.production import Unit
from sourcing.components.sources import Source
from sourcing.instance import Instance
from sourcing.integrity import integrity
from sourcing.sheets import Row, Selector, Series

ENTITY = Entity(entity="lynas", name="Lynas Rare Earths", role="supplier", allied=True)
SITE = Site(site="kuantan", name="Gebeng plant", entity="lynas")
UNIT = Unit(unit="light", site="kuantan", capacity=Series.constant(1))
ANY = Selector((("any", ""),))


def told(*rows: Row, incomplete: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """Column, message and remedy of each fault."""
    return [(i.column, i.message, i.suggestion) for i in integrity(Instance(rows), incomplete)]


def unit(site: str) -> Unit:
    return dataclasses.replace(UNIT, site=site)


def test_sound_rows_have_no_fault() -> None:
    assert told(ENTITY, SITE, UNIT) == []


def test_a_key_stands_once() -> None:
    other = dataclasses.replace(UNIT, capacity=Series.constant(2))
    message = "light: the same Unit as in another row"
    assert told(ENTITY, SITE, UNIT, other) == [("Unit", message, "change or delete one, or set Active to no")]
    assert told(ENTITY, SITE, UNIT, dataclasses.replace(other, active=False)) == []


def test_a_key_of_several_columns() -> None:
    held = Holding(entity="lynas", holder="lynas", share=1)
    assert told(ENTITY, held, held)[0][1] == "lynas|lynas: the same Entity and Holder as in another row"


def test_the_first_of_two_rows_is_named_by_its_cell() -> None:
    rows = [dataclasses.replace(ENTITY, line=2), dataclasses.replace(ENTITY, line=3)]
    cells = {("Entities", 2, "entity"): "A2", ("Entities", 3, "entity"): "A3"}
    found = integrity(Instance(rows, cells=cells))
    assert [(issue.cell, issue.message) for issue in found] == [("A3", "the same Entity as in A2")]


@pytest.mark.parametrize("wrong", ["kuantn", "Kuantan", "gebeng  plant", "KUANTAN-"])
def test_the_nearest_is_found_among_ids_and_names(wrong: str) -> None:
    found = told(ENTITY, SITE, unit(wrong))
    assert found == [("Site", "light: is not an id on tab Sites", "did you mean 'kuantan'?")]


def test_where_nothing_is_near_the_tab_of_the_ids_is_told() -> None:
    assert told(ENTITY, SITE, unit("xyz")) == [
        ("Site", "light: is not an id on tab Sites", "write an id of Sites, or add it there")
    ]


def test_letters_that_only_look_like_latin_ones() -> None:
    cyrillic = "kuant\u0430n"
    message = "light: is not an id on tab Sites: it holds a letter that looks like Latin 'a' but is not"
    assert told(ENTITY, SITE, unit(cyrillic)) == [("Site", message, "write 'kuantan' anew")]
    there = "light: is not an id on tab Sites: the id there holds a letter that looks like Latin 'a' but is not"
    site = dataclasses.replace(SITE, site=cyrillic)
    assert told(ENTITY, site, UNIT) == [("Site", there, "write the id of 'kuantan' there anew")]


def test_an_id_that_is_switched_off() -> None:
    message = "light: is switched off on tab Sites"
    off = dataclasses.replace(SITE, active=False)
    assert told(ENTITY, off, UNIT) == [("Site", message, "set its Active to yes, or name another")]


def test_a_row_that_is_off_refers_to_what_it_likes() -> None:
    assert told(ENTITY, SITE, dataclasses.replace(UNIT, site="nowhere", active=False)) == []


def test_ids_of_a_tab_that_could_not_be_read_are_taken_on_trust() -> None:
    assert told(ENTITY, SITE, unit("elsewhere"), incomplete=("Sites",)) == []


def test_sources_must_stand_on_their_tab() -> None:
    source = Source(source_id="deck", citation="an investors' presentation")
    sited = dataclasses.replace(SITE, source=("deck", "dekc"))
    assert told(ENTITY, sited, source) == [
        ("Source", "kuantan: 'dekc' is not an id on tab Sources", "did you mean 'deck'?")
    ]


def limit(origin: Selector, first: str = "") -> Limit:
    return Limit(limit="cap", material=ANY, origin=origin, destination=ANY, first=first)


def test_selectors_name_sites_or_entities() -> None:
    good = Selector((("id", "kuantan"), ("id", "lynas"), ("entity", "lynas"), ("country", "MY"), ("allied", "")))
    assert told(ENTITY, SITE, limit(good)) == []


def test_a_selector_of_what_does_not_exist() -> None:
    bad = Selector((("id", "kuantn"), ("entity", "kuantan"), ("id", "JP")))
    assert told(ENTITY, SITE, limit(bad)) == [
        ("From", "cap: 'kuantn' is not an id on tabs Sites or Entities", "did you mean 'kuantan'?"),
        ("From", "cap: 'kuantan' is not an id on tab Entities", "write an id of Entities, or add it there"),
        ("From", "cap: 'JP' is not an id on tabs Sites or Entities", "did you mean 'country:JP'?"),
    ]


def test_a_span_of_periods_is_a_period_or_of_the_calendar() -> None:
    assert told(limit(ANY, "2027H1")) == []
    assert told(limit(ANY, "P9")) == [
        ("First", "cap: is not an id on tab Periods", "write an id of Periods, or add it there")
    ]


def test_numbers_made_in_code_keep_their_limits() -> None:
    assert told(ENTITY, SITE, dataclasses.replace(UNIT, minimum_load=120)) == [
        ("Minimum load", "light: must be 0 to 100 %", "correct it: least load while it runs")
    ]
    assert told(ENTITY, SITE, dataclasses.replace(UNIT, capacity=Series((2026, 2027), (1, -1)))) == [
        ("Capacity", "light: must be 0 or more", "correct it: what it can do in a year; none is no limit")
    ]


def test_required_columns_may_not_be_blank_in_code() -> None:
    assert told(Material(material="ndpr", form="")) == [
        ("Form", "ndpr: may not be blank", "write where it stands in the chain")
    ]


def test_a_word_in_place_of_an_id() -> None:
    need = Demand(customer="kuantan", material="any", demand=Series.constant(1))
    assert told(ENTITY, SITE, need)[0][:2] == ("Material", "kuantan|any|: is not an id on tab Materials")
