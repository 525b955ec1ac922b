"""meta.csv: what the text of a page can't tell, its newspaper, date and page number."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swsearch.errors import PageError
from swsearch.pages.given import Wrong, read_date, read_page_number, shown
from swsearch.pages.read import decode, printable, read_bytes

META_COLUMNS = ("file", "paper", "date", "page")


@dataclass(frozen=True, slots=True)
class Meta:
    """What meta.csv says of one file: newspaper, date (2024-11-05, 2024-11 or 2024) and page number."""

    paper: str | None = None
    date: str | None = None
    page: int | None = None


def read_meta(path: str | os.PathLike[str]) -> tuple[dict[str, Meta], list[PageError]]:
    """What the table says of each file, and what is wrong with it; a bad cell is left out, the rest of its row counts.

    Raises PageError if it can't be read at all.
    """
    name = printable(path)
    text = decode(read_bytes(path), name)[0]
    problems: list[PageError] = []
    metas: dict[str, Meta] = {}
    lines: dict[str, int] = {}
    columns: list[str] | None = None
    reader = csv.reader(text.split("\n"), strict=False)
    while True:
        number = reader.line_num + 1
        try:
            row = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            problems.append(PageError(name, f"line {number}: is no row of a table ({error}); mend its quotes"))
            continue
        if not any(row):
            continue
        if columns is None:
            columns = [cell.lower() for cell in row]
            problems += [PageError(name, f"line {number}: {reason}") for reason in _wrong_columns(columns)]
            if "file" not in columns:
                break
            continue
        cells: dict[str, str] = {}
        for column, cell in zip(columns, row, strict=False):
            cells.setdefault(column, cell)
        reasons = (
            [f"has {len(row)} cells for {len(columns)} columns; mend its commas"] if len(row) > len(columns) else []
        )
        file = re.sub(r"^(?:\./)+", "", cells.get("file", "").replace("\\", "/"))
        if not file:
            reasons.append("names no file; write its path in the column `file`")
        elif file in metas:
            reasons.append(f"{file} has its row on line {lines[file]} already; the first one counts")
        else:
            metas[file], wrong = _meta(cells)
            reasons += wrong
            lines[file] = number
        problems += [PageError(name, f"line {number}: {reason}") for reason in reasons]
    return metas, problems


def _wrong_columns(columns: list[str]) -> list[str]:
    reasons = []
    known = ",".join(META_COLUMNS)
    if "file" not in columns:
        return [f"has no column `file`, so nothing of it is used; begin the table with the line {known}"]
    for at, column in enumerate(columns):
        if column and column not in META_COLUMNS:
            reasons.append(f"the column {shown(column)} is unknown and not used; known are {known}")
        elif column and column in columns[:at]:
            reasons.append(f"the column {shown(column)} is there twice; the first one counts")
    return reasons


def _meta(cells: Mapping[str, str]) -> tuple[Meta, list[str]]:
    values: dict[str, Any] = {"paper": cells.get("paper") or None}
    reasons = []
    for column, read in (("date", read_date), ("page", read_page_number)):
        try:
            values[column] = read(cells.get(column) or None)
        except Wrong as error:
            reasons.append(f"{error}; it is left out")
    return Meta(**values), reasons
