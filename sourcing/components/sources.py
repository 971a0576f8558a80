"""Sources: where figures come from, and how sure they are."""

from __future__ import annotations

from sourcing.sheets import Row, choice, identifier, sheet, text


@sheet("Sources", "where figures come from", key=("source_id",))
class Source(Row):
    """A citation. A figure whose source has the basis *estimate* is shown as one in the plan."""

    source_id: str = identifier("Source", "short name that the Source column of every tab uses")
    citation: str = text("Citation", "author, title, year, or how the estimate was made", required=True)
    link: str = text("Link", "web address")
    date: str = text("Date", "when it was published or looked up")
    basis: str = choice("Basis", "what the figure is", ("published", "company", "estimate"), default="estimate")
    confidence: str = text("Confidence", "how sure it is: high, medium or low, and of what", default="low")
