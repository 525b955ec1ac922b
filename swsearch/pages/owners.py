"""Whose a department is: the region that 省, 市, 区 … mean in an article, and how it is written before a department.

A level word means the article's own region of that level; after a list, or where the article is about none, the place
named last before it (扬州市民政局 … 市财政局). 三省区民政厅 are those of all three, 园区 is the zone named before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache

from swsearch.pages.agency_bodies import Body
from swsearch.pages.gazetteer import ancestors, gazetteer, within
from swsearch.pages.regions import OUTSIDE, Located
from swsearch.pages.senses import Place
from swsearch.text.fold import fold

COUNTED = re.compile(
    r"(?P<n>[两二三四五六七八九]|[2-9])个?(?P<level>省区市|省区|省市|省|[地市县区州])(?:[(]?[区市][)]?)?$"
)
COUNTED_ENDS = frozenset("省地市县区州)\n")  # last characters of what it finds: its $ stands before a line feed too
COUNT = {char: at for at, char in enumerate("二三四五六七八九", 2)} | {"两": 2}
TRADITIONAL_LEVELS = str.maketrans("县区乡镇", "縣區鄉鎮")


@dataclass(slots=True)
class _Fits:
    """The places of an article that 省, 市, 区 … can mean: where they end, what is meant, in which part they are."""

    ends: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)


class Owners:
    """Whose the departments of one article can be: its places, by where they end and by what level they have."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.inside = [place for place in located.places if place.part not in OUTSIDE]
        self.ends = {place.end: place for place in self.inside}
        zones = [place for place in self.inside if place.kind == "zone"]
        self.zone = located.printed[zones[-1].start : zones[-1].end] if zones else ""
        self.names: dict[str, str] = {}
        self.by_path: dict[str, list[Place]] = {}
        self.fits: dict[str, _Fits] = {}
        self.own_paths: dict[str, list[str]] = {}

    def before(self, at: int) -> Place | None:
        """The last place before `at` in the same part."""
        last = bisect_right(self.fitting("").ends, at) - 1
        return self.inside[last] if last >= 0 and self.inside[last].start >= self._part_start(at) else None

    def owner(self, level: str, body: Body, inherited: str) -> str:
        """The path that 省, 市, 区 … means here."""
        if level == "区" and body.name.endswith("厅"):
            level = "自治区"
        own = self.own(level)
        fits = self.fitting(level)
        at = bisect_right(fits.ends, body.start) - 1
        before = fits.paths[at] if at >= 0 and fits.ends[at] > self._part_start(body.start) else ""
        away = body.start - fits.ends[at] if before else 0
        if inherited and before and away < 40:
            return before
        if len(set(own)) == 1:
            return own[0]
        if before and (not own or (before in own and away < 5)):
            return before
        if own:
            return own[0]
        if at >= 0:
            return fits.first[fits.parts[at]]
        best = [path for path in self.located.support if _fit(path, level) == path]
        return best[0] if len(best) == 1 else ""

    def _part_start(self, at: int) -> int:
        starts = self.located.starts
        return starts[bisect_right(starts, at) - 1]

    def own(self, level: str) -> list[str]:
        """What a level word means in the regions the article is about; the empty one means a county or district."""
        if level not in self.own_paths:
            kinds = gazetteer().kinds
            own = [
                (_fit(path, level) if level else path if kinds[path] == "d" else "") for path in self.located.regions
            ]
            self.own_paths[level] = [path for path in own if path]
        return self.own_paths[level]

    def fitting(self, level: str) -> _Fits:
        """The places that a level word can mean; the empty one means any."""
        fits = self.fits.get(level)
        if fits is None:
            fits = self.fits[level] = _Fits()
            for place in self.inside:
                path = _fit(place.path, level)
                if path:
                    fits.ends.append(place.end)
                    fits.paths.append(path)
                    fits.parts.append(place.part)
                    fits.first.setdefault(place.part, path)
        return fits

    def provinces(self) -> list[str]:
        """The provinces the article is about."""
        return list(dict.fromkeys(path.split("/")[0] for path in self.located.regions))

    def counted(self, counted: re.Match[str], end: int, name: str) -> list[str]:
        """The regions of 沈阳、大连、鞍山三市民政局 and of 三省区民政厅; none if not so many are named."""
        number = COUNT.get(counted["n"]) or int(counted["n"])
        level = counted["level"]
        if name.endswith("厅") or level.startswith("省"):
            paths = self.provinces()
            return paths if len(paths) == number or number == 2 else []
        end -= len(counted[0])
        paths = []
        while len(paths) < number and (place := self.ends.get(end)) is not None:
            paths.append(_fit(place.path, "" if level == "地" else level))
            end = place.start
            while (above := self.ends.get(end)) is not None and within(place.path, above.path):
                end = above.start
            end -= self.located.text[end - 1 : end] in ("、", "和", "与", "及")
        return paths[::-1] if len(paths) == number and all(paths) else []

    def prefix(self, path: str) -> str:
        """The region's name as it stands before a department: a district with its city, others alone."""
        parts = path.split("/")
        name = parts[-1]
        kind = gazetteer().kinds[path]
        if kind == "t" or (kind == "d" and name.endswith("区") and len(parts) > 1):
            name = parts[-2] + name
        if self.located.traditional:
            return "".join(
                self._printed("/".join(parts[: at + 1]))
                for at in range(len(parts))
                if parts[at] in (name, parts[-1], parts[-2] if name != parts[-1] else "")
            )
        return name

    def qualified(self, place: Place) -> str:
        """The place's name as it stands before a department; a zone as printed."""
        if place.kind == "zone":
            return self.located.printed[place.start : place.end]
        return self.prefix(place.path)

    def _printed(self, path: str) -> str:
        """The region's name in the script of the article."""
        if not self.by_path:
            for place in self.inside:
                self.by_path.setdefault(place.path, []).append(place)
        if path not in self.names:
            name = path.rpartition("/")[2]
            shown = name
            for place in self.by_path.get(path, ()):
                text = self.located.printed[place.start : place.end]
                if len(text) == len(name) and place.name == fold(name):
                    shown = text
                    break
                if place.name and name.startswith(place.name):
                    shown = text + name[len(text) :].translate(TRADITIONAL_LEVELS)
            self.names[path] = shown
        return self.names[path]


@lru_cache(maxsize=4096)
def _fit(path: str, level: str) -> str:
    """The smallest region from `path` upwards that the level word can mean, or nothing."""
    for item in reversed(ancestors(path)):
        name = item.rpartition("/")[2]
        if name.endswith(level) and not (level == "区" and name.endswith(("自治区", "特别行政区"))):
            return item
    return ""
