"""The gazetteer: regions of China with every name they go by, and what a name can mean.

A region is a path from province down (`江西省/南昌市`, `北京市/朝阳区`). Names are compared folded, so 廣東 is 广东.
The data are pages/data/gazetteer.tsv, written by tools/make_gazetteer.py, and region_aliases.tsv, kept by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from swsearch.text.fold import fold

Kind = Literal["p", "c", "d", "t"]  # province, prefecture, county or district, township (Taiwan only)
NameKind = Literal["full", "short", "old", "zone", "nick", "brief", "seat", "paper", "abbr"]
RANK = {"p": 0, "c": 1, "d": 2, "t": 3}
FULL_ENDS = "省市县区旗盟州乡镇"


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`kinds`: every path and its kind, in the order of the official list; `names`: what each folded name can mean,
    as lines of kind of name and path, because 8,000 strings are made and kept more cheaply than as many tuples."""

    kinds: dict[str, Kind]
    names: dict[str, str]

    def meanings(self, name: str) -> list[tuple[str, NameKind]]:
        """(path, kind of name) of a folded name; empty if it is none."""
        rows = self.names.get(name)
        if rows is None:
            return []
        pairs = [row.partition(" ") for row in rows.split("\n")]
        return [(path, kind) for kind, _, path in pairs]  # type: ignore[misc]


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer, read once (about 10 ms)."""
    kinds: dict[str, Kind] = {}
    names: dict[str, str] = {}
    above = ["", "", ""]
    text = _data("gazetteer.tsv")
    for line, plain in zip(text.split("\n"), _fold_long(text).split("\n"), strict=True):
        depth = line[:1]
        if not depth or depth == "#":
            continue
        cells = plain.split("\t")
        path = cells[1] if line is plain else line.split("\t", 2)[1]
        if depth != "1":
            path = above[0] + path if depth == "2" else above[1] + path
        above[int(depth) - 1] = path + "/"
        kinds[path] = line[1]  # type: ignore[assignment]
        for kind, cell in zip(("full ", "short ", "old "), cells[1:], strict=False):
            for name in cell.split(",") if "," in cell else (cell,):
                names[name] = f"{names[name]}\n{kind}{path}" if name in names else kind + path
    text = _data("region_aliases.tsv")
    for line, plain in zip(text.split("\n"), _fold_long(text).split("\n"), strict=True):
        if line and line[0] != "#":
            row = line[: line.rindex("\t")].replace("\t", " ")
            for name in plain[plain.rindex("\t") + 1 :].split(","):
                names[name] = f"{names[name]}\n{row}" if name in names else row
    names.pop("", None)
    return Gazetteer(kinds, names)


def _fold_long(text: str) -> str:
    """`fold(text)`, by its few characters that change: a third of the time for 60,000 characters."""
    chars = "".join(set(text))
    for char, folded in zip(chars, fold(chars), strict=True):
        if char != folded:
            text = text.replace(char, folded)
    return text


@cache  # of the gazetteer's paths
def ancestors(path: str) -> tuple[str, ...]:
    """The path and all its ancestors, the province first."""
    parts = path.split("/")
    return tuple("/".join(parts[: at + 1]) for at in range(len(parts)))


def within(path: str, other: str) -> bool:
    """Whether `path` is `other` or lies in it."""
    return path == other or path.startswith(other + "/")


LONGEST_CHARS = 40
"""Of a run of names: 新疆维吾尔自治区克孜勒苏柯尔克孜自治州阿克陶县 has 24."""


def resolve(name: str) -> tuple[str, ...]:
    """Every path that `name` can mean, higher levels first; empty if the gazetteer does not know it.

    Full, short, old and traditional names, one-character abbreviations, and paths of any of these.
    A name that a division bears today does not mean one that bore it once.

    >>> resolve("廣東")
    ('广东省',)
    >>> resolve("江西/南昌")
    ('江西省/南昌市',)
    """
    parts = [part for part in fold(name).replace(" ", "").replace("\\", "/").split("/") if part]
    if not parts:
        return ()
    found = list(_single(parts[-1])) if len(parts) == 1 else list(_chain(parts))
    if not found and len(parts) == 1 and len(parts[0]) <= LONGEST_CHARS:
        found = list(_joined(parts[0]))
    return tuple(sorted(dict.fromkeys(found), key=_order))


def near(name: str) -> tuple[str, ...]:
    """Up to five names like one that is not known, the likeliest first: for did-you-mean.

    >>> near("江西/南唱")[0]
    '江西省/南昌市'
    """
    above, _, wanted = fold(name).replace(" ", "").rpartition("/")
    if not wanted:
        return ()
    known = gazetteer()
    place = {path: at for at, path in enumerate(known.kinds)}
    parents = resolve(above) if above else ()
    chars = set(wanted)
    scored = []
    for other in known.names:
        if chars.isdisjoint(other) or abs(len(other) - len(wanted)) > 2:
            continue
        distance = _distance(wanted, other)
        if distance > max(1, len(wanted) // 2):
            continue
        for path, kind in known.meanings(other):
            if kind in ("full", "short", "old"):
                outside = not any(within(path, parent) for parent in parents)
                # capitals come first in the official list of a province, and are what people mean most
                order = place[path] - place[path.split("/")[0]]
                scored.append((outside, distance, other[0] != wanted[0], RANK[known.kinds[path]], order, path))
    return tuple(dict.fromkeys(row[-1] for row in sorted(scored)))[:5]


def _order(path: str) -> tuple[int, int, str]:
    return (RANK[gazetteer().kinds[path]], path.count("/"), path)


def _single(name: str) -> Iterator[str]:
    rows = [row for row in gazetteer().meanings(name) if row[1] not in ("paper", "seat")]
    now = [path for path, kind in rows if kind in ("full", "short")]
    yield from now or [path for path, kind in rows]


def _chain(parts: list[str]) -> Iterator[str]:
    """Paths whose levels the parts name in this order; levels may be left out."""
    for path in _single(parts[-1]):
        above: str = path.rpartition("/")[0]
        fits = True
        for part in reversed(parts[:-1]):
            wanted = [item for item in _single(part) if above and within(above, item)]
            if not wanted and not any(within(path, item) for item in _single(part)):
                fits = False
                break
            if wanted:
                above = max(wanted, key=len).rpartition("/")[0]
        if fits:
            yield path


def _joined(name: str) -> Iterator[str]:
    """What a run like 江西省南昌市 or 北京朝阳 means: a name followed by one inside it."""
    for cut in range(len(name) - 1, 1, -1):
        head, tail = name[:cut], name[cut:]
        ends = list(_single(tail))
        inner = ends and (list(_single(head)) or list(_joined(head)))
        for path in ends:
            if any(path != item and within(path, item) for item in inner):
                yield path


def _distance(one: str, other: str) -> int:
    """Levenshtein distance of two short strings."""
    row = list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        last, row[0] = row[0], at
        for to, target in enumerate(other, 1):
            last, row[to] = row[to], min(row[to] + 1, row[to - 1] + 1, last + (char != target))
    return row[-1]


def _data(file: str) -> str:
    return (files("swsearch.pages") / "data" / file).read_text(encoding="utf-8")
