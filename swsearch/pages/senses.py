"""What the names of regions mean in one article: 朝阳区 of Beijing or of Changchun, 河北 the province or the district.

A name next to one that holds it is read at once (北京市朝阳区). What the others mean follows from the rest of the
article: full names that mean one region only, and the cities and provinces they lie in. What stays open is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from swsearch.pages.gazetteer import RANK, ancestors, gazetteer, within
from swsearch.pages.mentions import Mention

TRADITIONAL = re.compile("[會個這為與區縣務來對發後說時長門國學應們處]")
SIMPLIFIED = re.compile("[会个这为与区县务来对发后说时长门国学应们处]")
ALONE = 3  # a county named so often by its short name alone (in the headline counts twice) needs no full name


@dataclass(frozen=True, slots=True)
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
    """What an article leaves no doubt about: how often it is in a region, and regions it names in full."""

    traditional: bool
    sure: Counter[str] = field(default_factory=Counter)
    full: set[str] = field(default_factory=set)


def is_traditional(text: str) -> bool:
    """Whether a text is in traditional characters, by some of the commonest that differ."""
    return len(TRADITIONAL.findall(text)) > len(SIMPLIFIED.findall(text))


def read_senses(named: list[tuple[str, str, Mention]], origin: str, traditional: bool) -> list[Place]:
    """What each name means in this article; names that stay ambiguous or unsupported are left out.

    `named`: (part, text, mention) in order; `origin`: the region of the article's source, or nothing.
    """
    known = _Known(traditional)
    if not (traditional or origin.startswith("台湾省") or any(_in_taiwan(mention) for _, _, mention in named)):
        named = [(part, text, _without_townships(mention)) for part, text, mention in named]
    _learn(named, known)
    if origin:
        known.sure.update(ancestors(origin))
    places: list[Place] = []
    for part, _text, mention in named:
        last = places[-1] if places and places[-1].part == part else None
        path = _sense(mention, last, known)
        if path:
            kind = dict(mention.meanings).get(path, "full")
            places.append(Place(part, mention.start, mention.end, path, mention.name, 0.0, mention.weak, kind))
    return places


def _in_taiwan(mention: Mention) -> bool:
    """Whether a name can only be Taiwan or one of its counties."""
    return all(path.startswith("台湾省") and gazetteer().kinds[path] != "t" for path, _ in mention.meanings)


def _without_townships(mention: Mention) -> Mention:
    """The mention without Taiwan's townships where others bear the name: 松山区 of Chifeng in a mainland story."""
    kinds = gazetteer().kinds
    kept = tuple(row for row in mention.meanings if kinds[row[0]] != "t")
    return replace(mention, meanings=kept) if kept and len(kept) < len(mention.meanings) else mention


def _learn(named: list[tuple[str, str, Mention]], known: _Known) -> None:
    """Fills `known` with what the names say that can mean only one region."""
    alone: Counter[str] = Counter()
    for at, (part, _text, mention) in enumerate(named):
        top = _top(mention)
        kind = mention.meanings[0][1]
        before, after = named[at - 1] if at else None, named[at + 1] if at + 1 < len(named) else None
        heads = after is not None and after[0] == part and after[2].start == mention.end  # 恩施州 in 恩施州恩施市
        if before and before[0] == part and mention.start - before[2].end <= 1:
            inside = [
                path
                for path, _ in mention.meanings
                for above, _ in before[2].meanings
                if path != above and within(path, above)
            ]
            if len(set(inside)) == 1:
                if not heads:
                    known.full.add(inside[0])
                known.sure.update(ancestors(inside[0]))
                continue
        if mention.lone and not mention.word and len(mention.meanings) == 1 and top[0][-1] in "市县":
            alone[top[0]] += 2 if part == "title" else 1
            if alone[top[0]] >= ALONE:
                known.full.add(top[0])
        if len(top) > 1 or mention.lone or mention.word or gazetteer().kinds[top[0]] == "t":
            continue
        if sum(other == "full" for _, other in mention.meanings) > 1:
            continue  # 连江县, of Fujian or of Taiwan
        if kind in ("full", "old") and not heads:
            known.full.add(top[0])
        known.sure.update(ancestors(top[0]))


def _top(mention: Mention) -> list[str]:
    """The meanings of the highest level."""
    kinds = gazetteer().kinds
    paths = [path for path, _ in mention.meanings]
    return [path for path in paths if RANK[kinds[path]] == RANK[kinds[paths[0]]]]


def _sense(mention: Mention, last: Place | None, known: _Known) -> str | None:
    paths = [path for path, _ in mention.meanings]
    if last and 0 <= mention.start - last.end <= 1:
        inside = [path for path in paths if path != last.path and within(path, last.path)]
        if inside:
            return inside[0]
    top = _top(mention)
    level = RANK[gazetteer().kinds[paths[0]]]
    if level == 3:  # 广大城乡 is not 大城乡: a township counts where its county is named
        paths = [path for path in paths if known.sure[path.rpartition("/")[0]]]
        return paths[0] if len(paths) == 1 else None
    if mention.word or (mention.lone and level >= 2):
        return _anchored(mention, known)
    if len(top) == 1 and sum(kind == "full" for _, kind in mention.meanings) < 2:
        if any(within(path, top[0]) for path in known.full):
            spelt = [path for path in paths[1:] if path in known.full and within(path, top[0])]
            return spelt[0] if spelt and top[0] not in known.full else top[0]  # 大理 beside 大理市
        spelt = [path for path in paths[1:] if path in known.full]
        return spelt[0] if len(spelt) == 1 else top[0]  # 河北 beside 天津市河北区, and no 河北省
    return _likeliest(mention, known)


def _anchored(mention: Mention, known: _Known) -> str | None:
    """A county's short name: its full name, its city, or (municipalities) its province must stand elsewhere."""
    free = mention.listed or not mention.word
    sure = known.sure
    paths = [path for path, _ in mention.meanings]
    paths = [path for path in paths if path in known.full or (free and sure[path.rpartition("/")[0]])]
    if not paths:
        return None
    kinds = {gazetteer().kinds[path] for path in paths}
    if len(paths) == 1 or len(kinds) > 1:
        return paths[0]
    first, second = sorted(paths, key=lambda path: -sure[path.rpartition("/")[0]])[:2]
    return None if sure[first.rpartition("/")[0]] == sure[second.rpartition("/")[0]] else first


def _likeliest(mention: Mention, known: _Known) -> str | None:
    """Of several regions with the name, the one whose city or province the article speaks of most."""
    kinds = gazetteer().kinds
    paths = [path for path, _ in mention.meanings]
    scored = sorted(paths, key=lambda path: (-_nearness(path, known.sure), RANK[kinds[path]]))
    if len(scored) == 1 or _nearness(scored[0], known.sure) > _nearness(scored[1], known.sure):
        return scored[0]
    if known.traditional and scored[0].startswith("台湾省/"):
        return scored[0]
    above = {path.rpartition("/")[0] for path in scored if RANK[kinds[path]] == RANK[kinds[scored[0]]]}
    return above.pop() or None if len(above) == 1 else None  # 嘉义, city or county: in Taiwan at least


def _nearness(path: str, sure: Counter[str]) -> int:
    """How strongly the article's sure places speak for one inside the same city or province."""
    above = ancestors(path)[:-1]
    return sum(sure[item] * (10 if at else 1) for at, item in enumerate(above)) + sure[path]
