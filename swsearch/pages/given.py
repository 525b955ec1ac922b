"""Values that people write in .jsonl, .articles.json and meta.csv: read leniently, or named in one sentence."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import Any

from swsearch.records import Facts

_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?")
_PAGE = re.compile(r"第?\s*0*([1-9]\d{0,3})\s*版?")


_FACT_KEYS = ("regions", "places", "year", "years", "agencies")
_NO_FACTS = Facts()


class Wrong(ValueError):
    """One sentence on a value, without its place."""


def read_date(value: object) -> str | None:
    """2024-11-05, 2024-11 or 2024 for a date in one of the usual spellings; None for none. Raises ValueError."""
    if value is None or value == "":
        return None
    found = _DATE.fullmatch(str(value).strip()) if isinstance(value, (str, int)) else None
    if found:
        year, month, day = (int(part) if part else None for part in found.groups())
        try:
            datetime.date(year or 0, month or 1, day or 1)
        except ValueError:
            found = None
    if not found:
        raise Wrong(f'"date" is {shown(value)}; write it like 2024-11-05, 2024-11 or 2024')
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])


def read_page_number(value: object) -> int | None:
    """The number for 8, "8", "08" or "第8版"; None for none. Raises ValueError."""
    if value is None or value == "":
        return None
    found = _PAGE.fullmatch(str(value).strip()) if isinstance(value, (str, int)) else None
    if not found:
        raise Wrong(f'"page" is {shown(value)}; write a number from 1 to 9999')
    return int(found[1])


def facts_of(data: Mapping[str, Any]) -> Facts:
    """What the object says the article is about; a year is one of its years."""
    if data.keys().isdisjoint(_FACT_KEYS):
        return _NO_FACTS
    year = _year(data.get("year"), "year")
    years = {_year(value, "years") for value in list_at(data, "years")} | {year}
    return Facts(
        regions=tuple(dict.fromkeys(map(_region, strings_at(data, "regions")))),
        places=tuple(dict.fromkeys(map(_region, strings_at(data, "places")))),
        year=year,
        years=tuple(sorted(value for value in years if value is not None)),
        agencies=tuple(dict.fromkeys(strings_at(data, "agencies"))),
    )


def _region(name: str) -> str:
    """The region's full path (南昌 -> 江西省/南昌市), or the name as it is where it can mean several (朝阳) or none."""
    from swsearch.pages.gazetteer import resolve, within

    paths = resolve(name)  # higher levels first
    return paths[0] if paths and all(within(path, paths[0]) for path in paths) else name


def _year(value: object, key: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if type(value) is not int or not 1000 <= value <= 9999:
        raise Wrong(f'"{key}" has {shown(value)}; write a year of four digits, or null')
    return value


def json_object(text: str) -> dict[str, Any]:
    """The one JSON object that the text is."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, " if "\n" in text else ""
        raise Wrong(f"is not JSON ({place}column {error.colno}: {error.msg})") from error
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of 5,000 digits
        raise Wrong("is not JSON of this kind (nested too deeply, or a number too long)") from error
    if not isinstance(data, dict):
        raise Wrong(f"is {shown(data)}, not a JSON object {{…}}")
    return data


def objects_at(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The list of objects under `key`; empty if there is none."""
    items = list_at(data, key)
    for at, item in enumerate(items):
        if not isinstance(item, dict):
            raise Wrong(f"{key}[{at}]: is {shown(item)}, not an object {{…}}")
    return items


def check_keys(data: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises Wrong for a key that is not known: a slip of the pen would lose what stands under it."""
    for key in data:
        if key not in known:
            raise Wrong(f"the key {shown(key)} is unknown; known are {', '.join(known)}")


def id_of(value: object) -> str:
    """The id of an article, a text without line ends, or a number."""
    if type(value) is int:
        return str(value)
    if not isinstance(value, str) or not value.strip() or not value.strip().isprintable():
        raise Wrong(f'"id" is {shown(value)}; give a short text or a number, no two the same')
    return whole(value.strip())


def list_at(data: Mapping[str, Any], key: str) -> list[Any]:
    """The list under `key`; empty if there is none."""
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Wrong(f'"{key}" is {shown(value)}; write a list […]')
    return value


def strings_at(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The list of texts under `key`; empty if there is none."""
    values = list_at(data, key)
    for value in values:
        if not isinstance(value, str):
            raise Wrong(f'"{key}" has {shown(value)}; write texts in quotes')
    return tuple(map(whole, values))


def string_at(data: Mapping[str, Any], key: str) -> str | None:
    """The text under `key`, if any."""
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Wrong(f'"{key}" is {shown(value)}; write a text in quotes, or null')
    return whole(value)


def whole(text: str) -> str:
    """The text with halves of surrogate pairs, which no file can hold, as U+FFFD."""
    try:
        text.encode()  # ten times as quick as looking for them
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


def shown(value: object) -> str:
    """The value as JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = whole(text)
    return text if len(text) <= 60 else f"{text[:57]}…"
