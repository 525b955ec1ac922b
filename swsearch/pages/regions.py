"""Regions: what a region's name can mean (`resolve`, `near`), and which regions an article is about (`find_regions`).

1. `mentions.find_mentions` finds names in title, paragraphs, source and byline.
2. `senses.read_senses` decides what each name means here, by a parent next to it or the article's other places.
3. `_weigh` weighs them: headline, lead, body, source.
4. `_topics` picks the regions the article is about: those of the headline, else the smallest region that most of the
   weight lies in, else none (a national review).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise

from swsearch.pages.gazetteer import RANK, ancestors, gazetteer, near, resolve, within
from swsearch.pages.mentions import Mention, find_mentions
from swsearch.pages.senses import Place, is_traditional, read_senses
from swsearch.records import Evidence
from swsearch.text.fold import fold

__all__ = ["Located", "Place", "find_regions", "locate", "near", "resolve"]

APART = "\n\n"  # between the parts of an article: nothing that is looked for reaches across it
OUTSIDE = ("source", "byline")  # places in these count their offsets there
TITLE, LEAD, FIRST, BODY, SOURCE, BYLINE = 5.0, 3.0, 2.0, 1.0, 3.0, 2.0
AGAIN = 0.5  # a region named again in the same paragraph
WEAK = 0.3  # inside the name of an institute: 北京青少年社会工作研究院
HELD = re.compile(r"[\u4e00-\u9fff]{0,12}?(?:启动|召开|举行|举办|开幕|开营|开班|启程|落幕|揭牌|签约|签署)")
WHOLE = re.compile(r"[全我]省|全(?:自治)?区(?!域)")
GOAL = re.compile(r"(?:赴|学习|借鉴|对标|考察|援)$")  # where someone of another place goes
SEAT = 0.2  # a body or a word that only one province has: 衛福部, 屋邨
VENUE = re.compile(
    r"[\u4e00-\u9fff]{0,12}?(?:启动|举行|举办|开幕|开营|开班|启程|落幕|揭牌)"
)  # a meeting held there says less
JOINED = re.compile("(?:[\u4e00-\u9fff]{0,10}?[厅局委部会府])?[与和同—-]")  # 湖北省民政厅与山东省民政厅
OUR_PROVINCE = re.compile("我省|全省(?![首第最前唯排]|率先|领先)")
SENTENCE_END = re.compile("[。！？!?]")
OWN = re.compile(r"全[省市县区疆]|[我本][省市县区]|市民|[省市县区]委|[省市县区](?:民政|财政)")
PAPER_TAIL = re.compile(r"(?:客户端|微信公众号|公众号|微信|官网|新闻网|网|讯|社|报道)+$")
BYLINE_PLACE = re.compile(r"[/／∕]([^/／∕]{2,4})(?:综合|电|即时)*报道$")


class Weights(dict[str, float]):
    """Weights of paths; 0 for a path that has none."""

    def __missing__(self, path: str) -> float:
        return 0.0


@dataclass(slots=True)
class Located:
    """Where an article is: all its places in order, the regions it is about, and the weight of each path.

    `printed` and `text` are all its parts, as given and folded, `APART` between them; places count their offsets in
    it (those of source and byline in these). `starts`: where the title and each paragraph begin. `hints`: what of its
    weight a source, a byline or a telling word gave a path. `unread`: start by end of full names that several
    regions bear.
    """

    printed: str
    text: str
    starts: list[int]
    places: list[Place] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    support: Weights = field(default_factory=Weights)
    hints: Weights = field(default_factory=Weights)
    unread: dict[int, int] = field(default_factory=dict)
    traditional: bool = False

    @property
    def title(self) -> str:
        """The folded headline."""
        return self.text[: self.end_of(0)]

    def end_of(self, part: int) -> int:
        """Where a part ends; the title is part 0."""
        return self.starts[part + 1] - len(APART) if part + 1 < len(self.starts) else len(self.text)

    @property
    def lead(self) -> tuple[int, int]:
        """Where the first paragraph begins and ends."""
        return (self.starts[1], self.end_of(1)) if len(self.starts) > 1 else (len(self.text), len(self.text))

    def evidence(self, kind: str, value: str, start: int, end: int) -> Evidence:
        """Text of the article that proves a fact."""
        part = bisect_right(self.starts, start) - 1
        offset = self.starts[part]
        return Evidence(kind, value, f"p{part}" if part else "title", start - offset, end - offset)


def find_regions(
    title: str, paragraphs: Sequence[str], source: str | None = None, byline: str | None = None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Evidence, ...]]:
    """(regions the article is about, places it mentions or is about, evidence), most central first."""
    return describe(locate(title, paragraphs, source, byline))


def describe(located: Located) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Evidence, ...]]:
    """Regions, places and their evidence of a located article."""
    shown = dict.fromkeys(place.path for place in located.places if place.weight and place.kind != "seat")
    named = sorted(shown, key=lambda path: -located.support[path])
    regions = tuple(located.regions)
    above = {item for region in regions for item in ancestors(region)}
    others = [path for path in named if path not in above]
    first: dict[str, Place] = {}  # where a path is named first, and where a place in it is
    inside: dict[str, Place] = {}
    for place in located.places:
        first.setdefault(place.path, place)
        for path in ancestors(place.path):
            inside.setdefault(path, place)
    evidence = []
    known = (*regions, *others)
    for kind, paths in (("regions", regions), ("places", known)):
        for path in paths:
            proof = first.get(path) or inside.get(path)
            if proof is None:
                continue
            if proof.part in OUTSIDE:
                evidence.append(Evidence(kind, path, proof.part, proof.start, proof.end))
            else:
                evidence.append(located.evidence(kind, path, proof.start, proof.end))
    return regions, known, tuple(evidence)


def locate(title: str, paragraphs: Sequence[str], source: str | None = None, byline: str | None = None) -> Located:
    """Every place an article names, and the regions it is about."""
    printed = APART.join((title, *paragraphs))
    starts = [0]
    for text in (title, *paragraphs[:-1]) if paragraphs else ():
        starts.append(starts[-1] + len(text) + len(APART))
    located = Located(printed, fold(printed), starts, traditional=is_traditional(printed))
    mentions = find_mentions(located.text, located.traditional)
    origin = _origin(source) if source else None
    read = read_senses(mentions, len(title), origin[0] if origin else "", located.traditional)
    at, end, part = 0, located.end_of(0), "title"
    for mention, path in read:
        while mention.start >= end:
            at += 1
            end, part = located.end_of(at), f"p{at}"
        name = mention.name
        kind = name.meanings[0][1]
        if mention.zone:
            kind = "zone"
        elif path != name.meanings[0][0]:
            kind = next((kind for other, kind in name.meanings if other == path), "full")
        located.places.append(Place(part, mention.start, mention.end, path, name.text, 0.0, mention.weak, kind))
    known = {mention.end for mention, _ in read}
    located.unread = {
        mention.end: mention.start
        for mention in mentions
        if mention.end not in known and mention.name.meanings[0][1] == "full"
    }
    _weigh(located, origin, byline, {mention.end for mention in mentions if mention.dateline})
    located.regions = _topics(located)
    return located


@lru_cache(maxsize=1024)
def _origin(source: str) -> tuple[str, int, int] | None:
    """The region a source speaks from (扬州日报 → 扬州), and where in it that stands."""
    text = fold(source)
    core = PAPER_TAIL.sub("", text.strip("《》()（）据"))
    for name in (text, core):
        for path, kind in gazetteer().meanings(name):
            if kind == "paper":
                return path, 0, len(source)
    chain: list[Mention] = []
    for mention in find_mentions(text):
        if not chain or any(within(path, above) for path in mention.name.paths for above in chain[-1].name.paths):
            chain.append(mention)
    for mention in reversed(chain):
        top = list(mention.name.top)
        if len(chain) > 1:
            above = chain[0].name.paths
            top = [path for path in mention.name.paths if any(within(path, item) for item in above)] or top
        if len(top) == 1:
            return top[0], mention.start, mention.end
    return None


def _weigh(
    located: Located, origin: tuple[str, int, int] | None, byline: str | None, datelines: Container[int]
) -> None:
    """Gives every place its weight and every path the sum of the weights in it; `datelines`: where such names end."""
    head = SENTENCE_END.search(located.text, *located.lead)
    lead_end = head.start() if head else located.lead[1]
    seen: set[tuple[str, str]] = set()
    hints, support = located.hints, located.support
    places = located.places
    for at, place in enumerate(places):
        part, path = place.part, place.path
        if at + 1 < len(places):
            after = places[at + 1]
            if after.start == place.end and after.part == part and within(after.path, path):
                continue  # 济南市历下区 is one name
        if (part, path) in seen:
            weight = AGAIN
        elif part == "title":
            weight = TITLE
        elif part == "p1":
            weight = LEAD if place.start < lead_end else FIRST
        else:
            weight = BODY
        if place.end in datelines and "/" in path and not _only_there(located, path):
            place.weight = weight * WEAK  # 本报长沙3月5日电 tells of Hunan; of Changchun only if nothing else does
            support[path] += place.weight
            support[path.split("/")[0]] += weight
            continue
        seen.add((part, path))
        if place.weak:
            weight *= WEAK
        if place.kind == "seat":
            weight = SEAT
            hints[path] += weight
        elif place.kind == "nick" and "/" not in path:
            hints[path] += weight
        place.weight = weight
        for above in ancestors(path):
            support[above] += weight
    if origin:
        hints[origin[0]] += SOURCE
        places.append(Place("source", origin[1], origin[2], origin[0], "", SOURCE))
        for path in ancestors(origin[0]):
            support[path] += SOURCE
    line = BYLINE_PLACE.search(fold(byline)) if byline else None
    if line:
        paths = [path for path in resolve(line[1]) if RANK[gazetteer().kinds[path]] < 2]
        if len(paths) == 1:
            hints[paths[0]] += BYLINE
            places.append(Place("byline", line.start(1), line.end(1), paths[0], line[1], BYLINE))
            for path in ancestors(paths[0]):
                support[path] += BYLINE


def _only_there(located: Located, city: str) -> bool:
    """Whether an article names no other place of a city's province, and says nothing of the province as a whole."""
    province = city.split("/")[0]
    return not WHOLE.search(located.text) and all(
        within(place.path, city) or not within(place.path, province) for place in located.places
    )


def _topics(located: Located) -> list[str]:
    """The regions the article is about, most central first."""
    title = located.title
    heads = [place for place in located.places if place.part == "title"]
    pairs = _pairs(title, located)
    venues = [place for place in heads if title[place.start - 1 : place.start] == "在" and HELD.match(title, place.end)]
    if pairs:
        most = max(located.support[path] for path in pairs)  # by weight, those about equal as printed
        return sorted(pairs, key=lambda path: located.support[path] < 0.5 * most)
    heads = [place for place in heads if place.weight and place.kind != "seat"]
    if heads and len(venues) == len(heads) and WHOLE.search(title):
        return list(dict.fromkeys(place.path.split("/")[0] for place in heads))
    chosen = [place for place in heads if place not in venues] or heads
    if any(not place.weak for place in chosen):
        chosen = [place for place in chosen if not place.weak]
    goal = len(chosen) == 1 and GOAL.search(title[: chosen[0].start])
    if goal:
        others = _by_weight(_without(located, chosen[0].path.split("/")[0]))
        if others and located.support[others[0]] >= SOURCE:
            return [*others[:1], chosen[0].path]
    if chosen:
        paths = list(dict.fromkeys(place.path for place in chosen))
        above = {item for path in paths for item in ancestors(path)[:-1]}
        deepest = [path for path in paths if path not in above]
        deepest.sort(key=lambda path: -located.support[path])
        if all(place.kind == "nick" for place in chosen):  # 苏北小城 is a town that the lead names
            inner = _by_weight(located)
            if inner and all(any(within(path, above) for above in deepest) for path in inner):
                return inner
        return deepest + _venue(located, deepest)
    found = _by_weight(located)
    return found + _venue(located, found)


def _without(located: Located, province: str) -> Located:
    """The article as if it did not name this province."""
    places = [place for place in located.places if not within(place.path, province)]
    support = Weights({path: value for path, value in located.support.items() if not within(path, province)})
    return replace(located, places=places, regions=[], support=support)


def _by_weight(located: Located) -> list[str]:
    """The smallest region in which most of the weight lies, sometimes two; none for a review of many provinces.

    The shares were read off the five seeds, 38 practice articles and the cases of tests/data/facts_cases.txt; a
    province must have half of the weight, or two fifths and the first word, or seven tenths if it comes late.
    """
    support = located.support
    provinces = sorted((path for path in support if "/" not in path), key=lambda path: -support[path])
    if not provinces:
        return []
    best = provinces[0]
    share = support[best] / sum(support[path] for path in provinces)
    early = [
        place.path.split("/")[0]
        for place in located.places
        if place.part in ("title", "p1", "p2", "source", "byline") and not place.weak
    ]
    if not early and (support[best] < 2 or share < 0.7) and not (share == 1 and OWN.search(located.text)):
        return []
    joint = _joint(located, "")
    if joint:
        return joint
    if len(provinces) > 1 and share <= 0.5:
        second = provinces[1]
        together = share * (1 + support[second] / support[best])
        if {best, second} <= set(early) and support[second] >= 0.6 * support[best] and together >= 0.8:
            return [*_descend(located, best), *_descend(located, second)]
        if share < 0.4 or not early or early[0] != best:
            return []
    return _descend(located, best)


def _descend(located: Located, best: str) -> list[str]:
    """The smallest region inside `best` that holds half of its weight and has no rival beside it."""
    support = located.support
    while True:
        inner = sorted((path for path in support if path.rpartition("/")[0] == best), key=lambda path: -support[path])
        joint = _joint(located, best)
        if joint:
            return joint
        if not inner or support[inner[0]] < max(BODY, 0.5 * (support[best] - located.hints[best])):
            return [best]
        if len(inner) > 1 and support[inner[1]] > 0.6 * support[inner[0]]:
            return [best]
        if "/" not in best and support[inner[0]] <= FIRST and OUR_PROVINCE.search(located.text):
            return [best]
        best = inner[0]


def _joint(located: Located, above: str) -> list[str]:
    """Two places joined by 与 or 和 in the lead (南通市与汉中市) that share most of the weight."""
    lead = located.text
    first = {place.start: place for place in located.places if place.part == "p1"}
    shown = [place for place in first.values() if place.weight and within(place.path, above or place.path)]
    support = located.support
    total = support[above] if above else sum(value for path, value in support.items() if "/" not in path)
    depth = above.count("/") + 2 if above else 1
    for one, two in pairwise(shown):
        begin = first.get(one.end + 1, two).start  # of the whole name: 与江苏省南通市
        if two.start - one.end > 16 or not JOINED.fullmatch(lead, one.end, begin):
            continue
        heads = ["/".join(path.split("/")[:depth]) for path in (one.path, two.path)]
        shares = [support[path] / total for path in heads]
        if (
            heads[0] != heads[1]
            and min(shares) >= 0.25
            and sum(shares) >= 0.7
            and all(path.count("/") + 1 == depth for path in heads)
        ):
            return [one.path, two.path]
    return []


def _venue(located: Located, topics: list[str]) -> list[str]:
    """A place inside the one topic where the lead says that something was held."""
    if len(topics) != 1:
        return []
    lead = located.text
    by_end: dict[int, Place] = {}
    for place in located.places:
        if place.part != "p1":
            continue
        by_end[place.end] = place
        inside = place.weight and place.path != topics[0] and within(place.path, topics[0])
        if inside and VENUE.match(lead, place.end):
            start = place.start
            while (above := by_end.get(start)) is not None and within(place.path, above.path):
                start = above.start
            if lead[max(0, start - 1) : start] in ("在", "赴"):
                return [place.path]
    return []


def _pairs(title: str, located: Located) -> list[str]:
    """Provinces that a headline names by one character each (沪甘), where the article names each of them in full."""
    runs, abbreviations = _abbreviations()
    covered: set[int] | None = None
    for run in runs.finditer(title):
        paths = [next((path for path in abbreviations[char] if located.support[path] > 0), "") for char in run[0]]
        if all(paths) and len(set(paths)) == len(paths):
            if covered is None:
                heads = [place for place in located.places if place.part == "title"]
                covered = {at for place in heads for at in range(place.start, place.end)}
            if not covered.isdisjoint(range(*run.span())):
                continue
            for path, at in zip(paths, range(run.start(), run.end()), strict=True):
                located.places.insert(0, Place("title", at, at + 1, path, title[at], TITLE))
            return paths
    return []


@cache
def _abbreviations() -> tuple[re.Pattern[str], dict[str, list[str]]]:
    """Runs of two to four of the characters that stand for provinces, and which those are."""
    known = gazetteer()
    found: dict[str, list[str]] = {}
    for name in known.names:
        paths = [path for path, kind in known.meanings(name) if kind == "abbr" and "/" not in path]
        if paths:
            found[name] = paths
    return re.compile(f"[{''.join(found)}]{{2,4}}"), found
