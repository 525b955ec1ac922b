"""What the names of regions mean in one article: 朝阳区 of Beijing or of Changchun, 河北 the province or the district.

A name next to one that holds it is read at once (北京市朝阳区). What the others mean follows from the rest of the
article: full names that mean one region only, and the cities and provinces they lie in. What stays open is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from swsearch.pages.gazetteer import RANK, ancestors, gazetteer, within
from swsearch.pages.mentions import Mention, Name

TRADITIONAL = "會個這為與區縣務來對發後說時長門國學應們處"
SIMPLIFIED = "会个这为与区县务来对发后说时长门国学应们处"
_ANY_TRADITIONAL = re.compile(f"[{TRADITIONAL}]")
ALONE = 3  # a county named so often by its short name alone (in the headline counts twice) needs no full name


@dataclass(slots=True)
class Place:
    """One name of a region in a part of the article, what it means there, and how much it says about the article."""

    part: str
    start: int
    end: int
    path: str
    name: str
    weight: float
    weak: bool = False
    kind: str = "full"


@dataclass(slots=True)
class _Known:
    """What an article leaves no doubt about: how often it is in a region, regions it names in full, and all above."""

    sure: Counter[str] = field(default_factory=Counter)
    full: set[str] = field(default_factory=set)
    above_full: set[str] = field(default_factory=set)

    def add_sure(self, path: str) -> None:
        sure = self.sure
        for above in ancestors(path):
            sure[above] = sure.get(above, 0) + 1

    def add_full(self, path: str) -> None:
        self.full.add(path)
        self.above_full.update(ancestors(path))


def is_traditional(text: str) -> bool:
    """Whether a text is in traditional characters, by some of the commonest that differ."""
    if not _ANY_TRADITIONAL.search(text):
        return False
    return sum(map(text.count, TRADITIONAL)) > sum(map(text.count, SIMPLIFIED))


def read_senses(
    mentions: Sequence[Mention], title_end: int, origin: str, traditional: bool
) -> list[tuple[Mention, str]]:
    """The names that mean something in this article, each with its path; those that stay ambiguous are left out.

    `origin`: the region of the article's source, or nothing. No two mentions of different parts may be neighbours:
    at least two characters lie between the parts of the text.
    """
    known = _Known()
    names = [mention.name for mention in mentions]
    if not (traditional or origin.startswith("台湾省") or any(name.in_taiwan for name in names)):
        names = [name.mainland or name for name in names]  # 松山区 of Chifeng in a mainland story
    _learn(mentions, names, title_end, known)
    if origin:
        known.add_sure(origin)
    found: list[tuple[Mention, str]] = []
    for mention, name in zip(mentions, names, strict=True):
        last = found[-1] if found and mention.start - found[-1][0].end <= 1 else None
        path = _sense(mention, name, last[1] if last else "", known, traditional)
        if path:
            found.append((mention, path))
    return found


def _learn(mentions: Sequence[Mention], names: Sequence[Name], title_end: int, known: _Known) -> None:
    """Fills `known` with what the names say that can mean only one region."""
    alone: Counter[str] = Counter()
    kinds = gazetteer().kinds
    starts = {mention.start for mention in mentions}
    last_end, last_name = -9, names[0] if names else None
    for mention, name in zip(mentions, names, strict=True):
        before, near = last_name, mention.start - last_end <= 1
        last_end, last_name = mention.end, name
        heads = last_end in starts  # 恩施州 in 恩施州恩施市
        if near and before:
            inside = {path for path in name.paths for above in before.paths if path != above and within(path, above)}
            if len(inside) == 1:
                path = inside.pop()
                if not heads:
                    known.add_full(path)
                known.add_sure(path)
                continue
        top = name.top[0]
        if mention.lone and not mention.word and len(name.paths) == 1 and top[-1] in "市县":
            alone[top] += 2 if mention.start < title_end else 1
            if alone[top] >= ALONE:
                known.add_full(top)
        if len(name.top) > 1 or mention.lone or mention.word or kinds[top] == "t":
            continue
        if name.fulls > 1:
            continue  # 连江县, of Fujian or of Taiwan
        if name.meanings[0][1] in ("full", "old") and not heads:
            known.add_full(top)
        known.add_sure(top)


def _sense(mention: Mention, name: Name, last: str, known: _Known, traditional: bool) -> str | None:
    paths = name.paths
    if last:
        inside = next((path for path in paths if path != last and within(path, last)), None)
        if inside:
            return inside
    if name.level == 3:  # 广大城乡 is not 大城乡: a township counts where its county is named
        sure = [path for path in paths if known.sure[path.rpartition("/")[0]]]
        return sure[0] if len(sure) == 1 else None
    if mention.word or (mention.lone and name.level >= 2):
        return _anchored(mention, name, known)
    if len(name.top) == 1 and name.fulls < 2:
        top = name.top[0]
        if len(paths) == 1:
            return top
        if top in known.above_full:
            spelt = [path for path in paths[1:] if path in known.full and within(path, top)]
            return spelt[0] if spelt and top not in known.full else top  # 大理 beside 大理市
        spelt = [path for path in paths[1:] if path in known.full]
        return spelt[0] if len(spelt) == 1 else top  # 河北 beside 天津市河北区, and no 河北省
    return _likeliest(name, known, traditional)


def _anchored(mention: Mention, name: Name, known: _Known) -> str | None:
    """A county's short name: its full name, its city, or (municipalities) its province must stand elsewhere."""
    free = mention.listed or not mention.word
    sure = known.sure
    paths = [path for path in name.paths if path in known.full or (free and sure[path.rpartition("/")[0]])]
    if not paths:
        return None
    kinds = {gazetteer().kinds[path] for path in paths}
    if len(paths) == 1 or len(kinds) > 1:
        return paths[0]
    first, second = sorted(paths, key=lambda path: -sure[path.rpartition("/")[0]])[:2]
    return None if sure[first.rpartition("/")[0]] == sure[second.rpartition("/")[0]] else first


def _likeliest(name: Name, known: _Known, traditional: bool) -> str | None:
    """Of several regions with the name, the one whose city or province the article speaks of most."""
    kinds = gazetteer().kinds
    scored = sorted(name.paths, key=lambda path: (-_nearness(path, known.sure), RANK[kinds[path]]))
    if len(scored) == 1 or _nearness(scored[0], known.sure) > _nearness(scored[1], known.sure):
        return scored[0]
    if traditional and scored[0].startswith("台湾省/"):
        return scored[0]
    above = {path.rpartition("/")[0] for path in scored if RANK[kinds[path]] == RANK[kinds[scored[0]]]}
    return above.pop() or None if len(above) == 1 else None  # 嘉义, city or county: in Taiwan at least


def _nearness(path: str, sure: Counter[str]) -> int:
    """How strongly the article's sure places speak for one inside the same city or province."""
    above = ancestors(path)[:-1]
    return sum(sure[item] * (10 if at else 1) for at, item in enumerate(above)) + sure[path]
