"""Pictures of a plan and of what was studied about it: each a function that gives a matplotlib Figure.

Titles state what is to be seen and are worked out from the numbers shown. They need the extra `report`.
"""

from sourcing.report.pictures.chains import chains
from sourcing.report.pictures.costs import costs, floors
from sourcing.report.pictures.demand import demand
from sourcing.report.pictures.risk import frontier, heat
from sourcing.report.pictures.sankey import sankey
from sourcing.report.pictures.stocks import stockpiles
from sourcing.report.pictures.style import png, svg
from sourcing.report.pictures.world import world

__all__ = ["chains", "costs", "demand", "floors", "frontier", "heat", "png", "sankey", "stockpiles", "svg", "world"]
