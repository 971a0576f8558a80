"""What it is worth to know the future and to plan for several; plans in futures that they did not see."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path

import bundled
import pytest
from pytest import approx
from tiny import NONE, loose, makes, party, sells, tiny, years

from sourcing.components.demand import Demand
from sourcing.components.production import Unit
from sourcing.components.scenarios import Scenario, Shock
from sourcing.components.stock import Stockpile
from sourcing.components.trade import Price
from sourcing.futures.shocks import under
from sourcing.futures.solve import solve_tree
from sourcing.sheets import Series
from sourcing.study.samples import draw, out_of_sample
from sourcing.study.value import mean_tables, risk_table, value_of_information
