"""Which rows are the frame of a page: each word is a section, a folio, a date, a masthead or one of the staff."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from swsearch.pages import credits

_DATE = re.compile(
    r"(?:[12]\d{3}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?|\d{1,2}/\d{1,2}/[12]\d{3}|[二〇○零一]{4}年.{1,3}月.{1,3}日)"
    r"|[星周]期[一二三四五六日天]|总?第\s*\d{1,6}\s*期|[农農][历曆][^\s，。]{2,10}"
)
_FOLIO = re.compile(r"第?[A-Z]?\d{1,2}版?|第[一二三四五六七八九十]{1,3}版")
_MASTHEAD = re.compile(
    r".{1,6}(?:[日晚时時早周商快][报報]|青年[报報]|工人[报報]|周刊|[导導][报報]|都市[报報]|新聞網|新闻网)"
)
_BETWEEN = re.compile(r"[\s:：/／|｜丨、,，·•・-]+")
_PLAIN = re.compile(r"[A-Z][A-Za-z&']*|[\d-]{5,}|[\w.]+@[\w.]+")


@cache
def _words(kind: str) -> frozenset[str]:
    """The words of `data/frame_words.tsv` of one kind: section or role."""
    text = resources.files("swsearch.pages").joinpath("data/frame_words.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return frozenset(word for row in rows if row[0] == kind for word in row[1].split())


def is_section(text: str) -> bool:
    """Whether `text` is the name of a section and nothing else (社会, 综合新闻, 要闻·综合)."""
    return all(_is_section(word) for word in _BETWEEN.split(text) if word)


def is_frame(text: str) -> bool:
    """Whether every word of the row belongs to the frame of a page, and more than one of them speaks for it.

    A folio, a date, a paper's name or a role with its holder do; the name of a section goes with them.
    """
    if len(text) > 60 or "。" in text:
        return False
    first = text.split(None, 1)[0]
    if not (first[0] <= "z" or _DATE.match(text) or _is_frame_word(_BETWEEN.split(first, 1)[0])):
        return False
    dates = len(_DATE.findall(text))
    words = [word for word in _BETWEEN.split(_DATE.sub(" ", text)) if word]
    sure, named, unknown, roles = 2 * dates, False, 0, _words("role")
    for word in words:
        if word in roles:
            named = True
        elif named and (credits.is_name(word) or _PLAIN.fullmatch(word)):
            sure += 2
        elif _FOLIO.fullmatch(word) or _MASTHEAD.fullmatch(word) or _is_section(word):
            sure += 1
        elif not _PLAIN.fullmatch(word):
            unknown += 1
    if unknown and (unknown > 1 or sure < 4):
        return False  # the one may be a town: A12 深圳·民生 2021年3月2日 星期二
    return sure > 0 and len(words) + dates > 1  # a date or a number alone may be a broken line of body


def _is_frame_word(word: str) -> bool:
    return word in _words("role") or _is_section(word) or bool(_FOLIO.fullmatch(word) or _MASTHEAD.fullmatch(word))


def _is_section(word: str) -> bool:
    sections = _words("section")
    return word in sections or (len(word) == 4 and word[:2] in sections and word[2:] in sections)
