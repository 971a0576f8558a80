"""What is legal and most likely a slip: a warning at its cell, and silence on sound instances."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sourcing.suspicions import suspicions
from sourcing.workbook import check, read
from sourcing.workbook.grid import place

Told = Callable[..., list[tuple[str, str]]]
INSTANCES = Path(__file__).parents[1] / "instances"


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Spoils cells of an instance's CSV files, and gives place and message of every warning that this adds."""

    def run(name: str, *changes: tuple[str, str, str]) -> list[tuple[str, str]]:
        folder = Path(shutil.copytree(INSTANCES / name, tmp_path / name))
        before = set(check(folder)[1])
        for tab, cell, text in changes:
            row, column = place(cell)
            with (folder / f"{tab}.csv").open(encoding="utf-8", newline="") as file:
                lines = list(csv.reader(file))
            lines[row - 1][column - 1] = text
            with (folder / f"{tab}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(lines)
        found, issues = check(folder)
        assert found is not None, issues
        assert all(issue.suggestion for issue in issues)
        return [(issue.where, issue.message) for issue in issues if issue not in before]

    return run


@pytest.mark.parametrize("name", ["starter", "allied-2026"])
def test_the_bundled_instances_are_above_suspicion(name: str) -> None:
    assert suspicions(read(INSTANCES / name)) == []


def test_an_order_of_magnitude_off_its_column(told: Told) -> None:
    # a freight of 520 USD/t times 1,000 by mistake, where the middle of all lanes is 438: 520,000 / 438 = 1187.2
    assert told("allied-2026", ("Lanes", "D20", "520000")) == [
        ("Lanes!D20", "is 1,187 times more than is usual here (438 USD/t)")
    ]


def test_an_order_of_magnitude_off_its_neighbours_in_time(told: Told) -> None:
    # 10890 against 11.31 before it and 10.8 after it: 10890 / 11.31 = 962.9
    assert told("starter", ("Prices", "D2", "10890")) == [
        ("Prices!D2", "is 963 times more than is usual here (11.31 USD/kg)"),
    ]


def test_what_rises_steeply_is_a_plant_that_starts(told: Told) -> None:
    assert told("starter", ("Demand", "F2", "1"), *[("Demand", f"{c}2", "5000") for c in "GHIJ"]) == []


def test_a_shortage_that_costs_less_than_the_goods(told: Told) -> None:
    found = told("starter", ("Demand", "D6", "1"), ("Shortage steps", "D2", "0.5"), ("Shortage steps", "D3", "0.6"))
    assert ("Demand!D6", "is below the least price of mag_std at us_auto") in [(w, m.split(",")[0]) for w, m in found]


def test_an_offer_far_from_its_index(told: Told) -> None:
    # 1 + 900 % = 10 times the index
    assert ("Offers!D2", "makes the price 10 times index conc_mtweld") in told("starter", ("Offers", "D2", "900"))


def test_a_contract_price_far_from_its_index(told: Told) -> None:
    # a fixed price of 1 USD/kg, where the index of NdPr oxide is far above
    found = told("starter", ("Contracts", "K2", ""), ("Contracts", "M2", "1"), ("Contracts", "N2", ""))
    assert [where for where, message in found if message.endswith("times index ndpr_xcn")] == ["Contracts!M2"]


def test_a_line_that_left_its_recipe(told: Told) -> None:
    # by-products may be left out of a balance, so only the name can tell
    found = told("starter", ("Recipes", "A8", "separate_light_mtwled"))
    assert ("Recipes!A8", "no process runs this recipe of one line") in found


def test_what_nobody_makes(told: Told) -> None:
    # the only mine of the concentrate is switched off
    found = told("starter", ("Processes", "I2", "no"))
    assert any(message.startswith("nobody makes, stocks or passes it on, so crack_mtweld") for _, message in found)


def test_a_first_tonne_short_that_costs_less_than_the_goods(told: Told) -> None:
    # the steps must rise: 0.5 for the first 10 %, then 1,800 as before
    found = told("starter", ("Shortage steps", "D2", "0.5"))
    assert [(where, message.split(",")[0]) for where, message in found] == [
        ("Shortage steps!D2", "is below the least price of mag_std at us_auto")
    ]


def test_a_recipe_that_makes_more_than_it_takes_in(told: Told) -> None:
    # Content no longer says what the carbonate holds, so only the tonnes can tell: 1.88 of it out of 1 of concentrate
    silent = [("Content", f"E{line}", "no") for line in range(14, 20)]
    assert ("Recipes!D4", "crack_mtweld makes 1.88 t out of 1 t") in told("starter", ("Recipes", "D4", "1.88"), *silent)


def test_a_customer_that_no_lane_reaches(told: Told) -> None:
    # no lane leads to Brazil but those that name their customer, which are switched off
    off = [("Lanes", f"J{line}", "no") for line in (79, 96, 98)]
    message = "no channel brings it: a lane, and an offer or contract, from a site that makes it"
    assert ("Demand!B22", message) in told("starter", ("Sites", "D22", "BR"), *off)
