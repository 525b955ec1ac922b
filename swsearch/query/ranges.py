"""Values of year, years, date and page, in all their spellings -> closed ranges.

2024, 2021..2024, 2021-2024, 2020至2024, 2020—2024, >=2022, 二〇二四年, 民国113年, 近三年, 今年; 2024-11, 2024年11月,
2024/11/1, 2024-11-01..2024-11-15; 8, 第8版: in any width. What happens to a value that cannot be read is the
caller's business.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from typing import NamedTuple, Union

Bound = Union[int, str, None]
_Atom = Callable[[str, datetime.date], Union["Range", None]]

_REPUBLIC = 1911  # 民国1年 is 1912
_DIGITS = dict(zip("〇○零一二三四五六七八九两兩", (0, 0, 0, *range(1, 10), 2, 2), strict=True))
_TENS = {"十": 10, "百": 100}
_NUMBER = f"([0-9]+|[{''.join(_DIGITS)}十百]+)"

_COMPARED = re.compile(r"(>=|<=|=|>|<|≥|≤)(.+)")
_BETWEEN = re.compile(r"\.{2,}|[~〜∼至到]|[—–―─‒−]+")
_YEAR = re.compile(rf"{_NUMBER}(?:年度?)?")
_REPUBLIC_YEAR = re.compile(rf"(?:中[华華])?民[国國](?:{_NUMBER}|元)年?")
_RECENT = re.compile(rf"最?近{_NUMBER}年[来來]?")
_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?")
_BARE_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_HAN_DAY = re.compile(rf"(.+年){_NUMBER}月(?:份|{_NUMBER}[日号號])?")
_PAGE = re.compile(rf"第?{_NUMBER}版?")
_NAMED_YEARS = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "明年": 1}
_NAMED_DAYS = {"今天": 0, "今日": 0, "昨天": -1, "昨日": -1}


class Range(NamedTuple):
    """A closed range; None is open. Days are `YYYY-MM-DD`, years and pages numbers."""

    low: Bound
    high: Bound


def read_range(field: str, value: str, today: datetime.date | None = None) -> Range | None:
    """The range that `value` says for year, years, date or page, or None if it cannot be read.

    `today` is what 今年 and 近三年 count from. Bounds in the wrong order change places.

    >>> read_range("year", "２０２１－２０２４")
    Range(low=2021, high=2024)
    >>> read_range("date", "2024年2月")
    Range(low='2024-02-01', high='2024-02-29')
    """
    text = "".join(unicodedata.normalize("NFKC", value).split())
    atom = {"date": _read_day, "page": _read_page}.get(field, _read_year)
    today = today or datetime.date.today()
    compared = _COMPARED.fullmatch(text)
    if compared:
        found = atom(compared[2], today)
        return found and _compare(compared[1], found)
    return atom(text, today) or _read_between(text, atom, today)


def _read_between(text: str, atom: _Atom, today: datetime.date) -> Range | None:
    """A range of two values, one of which may be missing."""
    for mark in (*_BETWEEN.finditer(text), *re.finditer("-", text)):
        left, right = text[: mark.start()], text[mark.end() :]
        if not left and not right:
            continue
        low = atom(left, today) if left else Range(None, None)
        high = atom(right, today) if right not in ("", "今") else Range(None, None)
        if low and high:
            return between(low, high)
    return None


def between(low: Range, high: Range) -> Range:
    """From the start of `low` to the end of `high`, whichever is which."""
    if low.low is not None and high.high is not None and _key(low.low) > _key(high.high):
        return Range(high.low, low.high)
    return Range(low.low, high.high)


def _key(bound: int | str) -> str:
    return bound if isinstance(bound, str) else f"{bound:010}"


def _compare(sign: str, found: Range) -> Range | None:
    if sign in (">=", "≥"):
        return Range(found.low, None)
    if sign in ("<=", "≤"):
        return Range(None, found.high)
    if sign == ">":
        return Range(_step(found.high, 1), None)
    return Range(None, _step(found.low, -1)) if sign == "<" else found


def _step(bound: Bound, by: int) -> Bound:
    """The next value of its kind; the last day there is stays."""
    if not isinstance(bound, str):
        return None if bound is None else bound + by
    try:
        return (datetime.date.fromisoformat(bound) + datetime.timedelta(days=by)).isoformat()
    except OverflowError:
        return bound


def _read_year(text: str, today: datetime.date) -> Range | None:
    recent = _RECENT.fullmatch(text)
    if recent:
        count = _number(recent[1])
        return Range(today.year - count + 1, today.year) if count and count < today.year else None
    year = _one_year(text, today)
    return None if year is None else Range(year, year)


def _one_year(text: str, today: datetime.date) -> int | None:
    if text in _NAMED_YEARS:
        return today.year + _NAMED_YEARS[text]
    republic = _REPUBLIC_YEAR.fullmatch(text)
    if republic:
        number = _number(republic[1]) if republic[1] else 1
        return _REPUBLIC + number if number and number < 1000 else None
    found = _YEAR.fullmatch(text)
    if not found or len(found[1]) != 4 or set(found[1]) & _TENS.keys():
        return None
    return _number(found[1]) or None


def _read_day(text: str, today: datetime.date) -> Range | None:
    if text in _NAMED_DAYS:
        day = (today + datetime.timedelta(days=_NAMED_DAYS[text])).isoformat()
        return Range(day, day)
    iso, bare, han = _DAY.fullmatch(text), _BARE_DAY.fullmatch(text), _HAN_DAY.fullmatch(text)
    if iso:
        return _days(int(iso[1]), int(iso[3]), int(iso[4]) if iso[4] else None)
    if bare:
        return _days(int(bare[1]), int(bare[2]), int(bare[3]))
    if han:
        year = _one_year(han[1], today)
        return _days(year, _number(han[2]), _number(han[3]) if han[3] else None) if year else None
    years = _read_year(text, today)
    return years and Range(f"{years.low:04}-01-01", f"{years.high:04}-12-31")


def _days(year: int, month: int | None, day: int | None) -> Range | None:
    """One day, or a whole month; None if the calendar does not have it."""
    if not 1 <= year <= 9999 or month is None or not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    if day is not None and not 1 <= day <= last:
        return None
    return Range(f"{year:04}-{month:02}-{day or 1:02}", f"{year:04}-{month:02}-{day or last:02}")


def _read_page(text: str, _: datetime.date) -> Range | None:
    found = _PAGE.fullmatch(text)
    number = _number(found[1]) if found and len(found[1]) <= 4 else None
    return None if number is None else Range(number, number)


def _number(text: str) -> int | None:
    """The number that digits, Chinese digits (二〇二四) or a Chinese number below a thousand (一百一十三) say."""
    if text.isascii():
        return int(text) if len(text) <= 9 else None
    if not set(text) & _TENS.keys():
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) <= 9 else None
    total, digit, unit = 0, 1, 1000
    for at, char in enumerate(text):
        if char in _DIGITS:
            digit = _DIGITS[char]
            if at == len(text) - 1:
                total += digit
        elif _TENS[char] < unit:
            unit = _TENS[char]
            total += digit * unit
            digit = 1
        else:
            return None
    return total
