"""CSV and TSV: one table, the first row being its header."""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from yoriai.knowledge.parsing.encoding import decoded
from yoriai.knowledge.parsing.page_text import Outcome, Pages, PageText, table
from yoriai.sandbox.jail import RefusedError

_SAMPLE = 16 * 1024
_MOST_FIELD = 2**20


def read(file: BinaryIO, outcome: Outcome) -> Pages:
    source = decoded(file.read(), outcome)
    csv.field_size_limit(_MOST_FIELD)
    try:
        rows = list(csv.reader(io.StringIO(source, newline=""), delimiter=_delimiter(source)))
    except csv.Error as error:
        raise RefusedError("broken", detail=str(error)) from None
    text = PageText()
    text.add("table", table(rows))
    yield text.page(1)


def _delimiter(source: str) -> str:
    """The one that splits the first lines most evenly."""
    lines = [line for line in source[:_SAMPLE].splitlines()[:20] if line.strip()]

    def evenness(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines]
        return (sum(count == counts[0] for count in counts) if counts and counts[0] else 0, sum(counts))

    return max(",\t;|", key=evenness) if lines else ","
