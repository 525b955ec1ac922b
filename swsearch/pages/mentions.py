"""Where a text names regions: the longest name at each place, false friends left out.

All offsets are those of the folded text, which are those of the original. Which of several regions a name means
(朝阳区 of Beijing or of Changchun) is decided for the article as a whole, in `regions.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from swsearch.pages.gazetteer import RANK, NameKind, gazetteer
from swsearch.pages.pairs import Pairs
from swsearch.text.fold import fold

# Names of two characters that end like a division and are common nouns; they need their parent right before them.
GENERIC = frozenset(
    ["城区", "郊区", "矿区", "东区", "西区", "南区", "北区", "中区", "市区", "新区", "西乡", "东乡", "大社", "新市"]
)
COMMON = frozenset(
    [
        "市中区",
        "城中区",
        "新城区",
        "老城区",
        "城关区",
        "城东区",
        "城西区",
        "城北区",
        "中心区",
        "新市区",
        "东城区",
        "西城区",
        "城厢区",
        "矿区",
    ]
)
# What makes a short name part of another name: 山西路, 朝阳社区, 长乐镇.
STREET = re.compile(
    r"[东西南北中环]?[一二三四五六七八九十]?(?:路|大街|大道|街(?!道[（(社办各及和与、])|巷|弄|胡同|道口)|社区|小区|花园|大厦|广场|新村|"
    r"公园|车站|大桥|大酒店|宾馆|饭店|烤鸭|山区|流域|水库|机场|港口"
)
SMALLER = re.compile(r"镇(?![街村（(])|乡(?![镇村])|村(?![级民（(])|庄|屯|寨|街道(?![（(社各及和与、乡])|居委会|村委会")
LAND = re.compile(r"[江湾岛河湖山峰岭](?![区县市])|风景|景区|古城|古镇|高速|国道|铁路|大桥|科学城")
INSTITUTE = re.compile(
    r"[\u4e00-\u9fff]{0,8}?(?:大学|学院|研究院|研究所|研究中心|医院|中学|小学|学校|公司|集团|协会|学会|联合会|基金会|促进会|"
    r"银行|出版社|事务所|俱乐部|商会|服务中心|发展中心|博物馆|图书馆|书店|电视台|剧院|乐团)"
)
LIST_END = re.compile(
    r"(?:等(?:\d+|[一二两三四五六七八九十]+)?(?:个|家)?|(?:\d+|[两二三四五六七八九十]+)个?)[区县市州旗]"
)
LIST_ITEMS = re.compile(r"[、和与及]")
SENDER = re.compile(r"(?:新华社|中新社|中新网|人民日报|人民网|中央社|新华网|本报|本社|本刊)$")
SENT_STARTS = frozenset("0123456789电讯")  # of what SENT matches in folded text
SENT = re.compile(r"(?:\d{1,2}月)?\d{1,2}日?[电讯]|[电讯](?=[ \u3000(【])")
ZONE = re.compile(
    r"(?:国家)?(?:高新技术产业开发区|高新技术开发区|经济技术开发区|经济开发区|高新区|经开区|开发区|工业园区|综合保税区|保税区|综保区)"
)
ZONE_STARTS = frozenset("国高经开工综保")
# The first characters of all that STREET, SMALLER and LAND match, and of 街道.
PART_STARTS = frozenset(
    "东西南北中环一二三四五六七八九十路大街巷弄胡道社小花广新公车烤山流水机港宾饭镇乡村庄屯寨居江湾岛河湖峰岭风景古高国铁科"
)
BRIEF_NOT_AFTER = frozenset("场中早")  # 南市場, 高市早苗
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆汪"
)
PERSON = re.compile(
    r"(?:记者|通讯员|书记|主任|局长|部长|厅长|处长|科长|市长|县长|区长|教授|社工|老师|医生|先生|叫|院长|校长|会长)[^\S\n]*$"
)
BESIDE = frozenset("、和与及")
UNREAD = ("abbr ", "paper ")  # kinds of names that running text is not searched for
BEFORE_SMALL = frozenset("在到赴从自由与向对给为是即、，。；：“”（(《》·　 ,;:!?！？\n和及")


@dataclass(frozen=True, slots=True)
class Name:
    """What one name can mean: (path, kind of name), likeliest level first, and what follows from that alone.

    `level` is the rank of the likeliest meaning, `top` the paths of that level. `mainland`: the same name where it can
    mean no township of Taiwan. `masks`: words that hold it and mean something else, with its place in them. `word`: it
    is an ordinary word too.
    """

    text: str
    meanings: tuple[tuple[str, NameKind], ...]
    paths: tuple[str, ...]
    top: tuple[str, ...]
    level: int
    full: bool
    fulls: int
    masks: tuple[tuple[str, int], ...]
    word: bool
    in_taiwan: bool
    mainland: Name | None = None


@dataclass(slots=True)
class Mention:
    """One name at text[start:end] and what it can mean.

    `weak`: inside the name of an institute, which says less about what an article is about.
    `lone`: a short name that counts only if its parent or its full name stands in the article too. `word`: one that is
    an ordinary word as well. `listed`: in a list that ends in its kind (武昌、洪山两区), so that it is no other word.
    `dateline`: where the report was sent from (本报长沙3月5日电).
    `zone`: with its zone that follows (合肥高新区). `dateline`: where a report was sent from (本报长沙3月5日电).
    `from_there`: where people come from (来自海曙区的选手), which says less too.
    """

    start: int
    end: int
    name: Name
    weak: bool = False
    lone: bool = False
    word: bool = False
    listed: bool = False
    zone: bool = False
    dateline: bool = False
    from_there: bool = False


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """First two characters -> lengths of the names that begin so, longest first."""
    lengths: dict[str, set[int]] = {}
    for name, cell in gazetteer().names.items():
        if len(name) > 1 and not ("\n" not in cell and cell.startswith(UNREAD)):
            pair = name[:2]
            if pair in lengths:
                lengths[pair].add(len(name))
            else:
                lengths[pair] = {len(name)}
    return {pair: tuple(sorted(sizes, reverse=True)) for pair, sizes in lengths.items()}


@cache  # there are 8,000 names
def _name(text: str) -> Name | None:
    """What a name of two or more characters in the gazetteer means in running text."""
    known = gazetteer()
    rows = [row for row in known.meanings(text) if row[1] not in ("abbr", "paper")]
    now = [row for row in rows if row[1] in ("full", "short")]
    if now and all(known.kinds[path] == "d" for path, _ in now):
        now += [row for row in rows if row[1] == "nick"]  # 滨城 is a district in Shandong, and Tianjin's Binhai
    found = sorted(dict(now or rows).items(), key=lambda row: RANK[known.kinds[row[0]]])
    if not found:
        return None
    name = _of_meanings(text, found)
    kept = [row for row in found if known.kinds[row[0]] != "t"]
    return replace(name, mainland=_of_meanings(text, kept)) if kept and len(kept) < len(found) else name


def _of_meanings(text: str, rows: list[tuple[str, NameKind]]) -> Name:
    kinds = gazetteer().kinds
    level = RANK[kinds[rows[0][0]]]
    words, masks = _context()
    return Name(
        text=text,
        meanings=tuple(rows),
        paths=tuple(path for path, _ in rows),
        top=tuple(path for path, _ in rows if RANK[kinds[path]] == level),
        level=level,
        full=rows[0][1] == "full" or (rows[0][1] == "old" and text[-1] in "省市县区旗盟"),
        fulls=sum(kind == "full" for _, kind in rows),
        masks=masks.get(text, ()) or masks.get(text[:-1], ()),
        word=level > 0 and text in words,
        in_taiwan=all(path.startswith("台湾省") and kinds[path] != "t" for path, _ in rows),
    )


@cache
def _context() -> tuple[frozenset[str], dict[str, tuple[tuple[str, int], ...]]]:
    """Words that are no region by themselves; for a name, the words that hold it and where in them it stands."""
    words: set[str] = set()
    masks: dict[str, list[tuple[str, int]]] = {}
    text = (files("swsearch.pages") / "data" / "region_context.tsv").read_text(encoding="utf-8")
    for line in fold(text).split("\n"):
        if line and line[0] != "#":
            kind, name, cell = line.split("\t")
            if kind == "word":
                words.update(cell.split())
            else:
                masks.setdefault(name, []).extend((word, word.find(name)) for word in cell.split() if name in word)
    return frozenset(words), {name: tuple(rows) for name, rows in masks.items()}


@cache
def _beginnings() -> Pairs:
    """The first two characters of all names, with the lengths of these."""
    return Pairs(_lengths())


def find_mentions(text: str, traditional: bool = False) -> list[Mention]:
    """The names of regions in folded `text`, in order, not overlapping; `traditional` is its script before folding.

    The text may be that of several paragraphs with line feeds between: no name and no context reaches across one.
    """
    names = gazetteer().names
    found: list[Mention] = []
    end = 0
    for at, sizes in _beginnings().places(text):
        if at < end:
            continue
        for size in sizes:
            shown = text[at : at + size]
            name = _name(shown) if shown in names else None
            if name is not None and (traditional or name.meanings[0][1] != "brief"):
                mention = _judge(text, at, name, found)
                if mention is not None:
                    found.append(mention)
                    end = mention.end
                    break
    return found


def _judge(text: str, start: int, name: Name, found: list[Mention]) -> Mention | None:
    """The mention, or None where the characters are something else."""
    size = len(name.text)
    end = start + size
    before = text[start - 1] if start else ""
    adjacent = bool(found) and found[-1].end == start
    nested = adjacent and any(path.startswith(above + "/") for path in name.paths for above in found[-1].name.paths)
    after = text[end : end + 1]
    sent = (
        name.level < 2
        and after in SENT_STARTS
        and SENT.match(text, end) is not None
        and SENDER.search(text[max(0, start - 4) : start]) is not None
    )
    if sent and name.text == "北京":
        return None  # where the paper sits
    if after == "中" and name.text[-1] == "市" and text.startswith("中区", end) and _has_midtown(name):
        return None  # 济南市中区 is 济南 and 市中区
    if name.masks and not nested:
        for word, at in name.masks:
            if start >= at and text.startswith(word, start - at):
                return None
    if name.full:
        if name.text in GENERIC and not nested:
            return None
        if size == 2 and not nested and before not in BEFORE_SMALL and start > 0:
            return None  # 市委和县委 is not 和县
        weak = name.level > 1 and name.text[-1] != "省" and bool(INSTITUTE.match(text, end))
        lone = name.text in COMMON and not nested
        return _with_context(text, Mention(start, end, name, weak, lone, dateline=sent), found)
    if after in PART_STARTS and (
        STREET.match(text, end)
        or (name.level >= 1 and SMALLER.match(text, end))
        or (name.level >= 2 and (text.startswith("街道", end) or LAND.match(text, end)))
    ):
        return None
    if before in SURNAMES and not adjacent and size == 2 and PERSON.search(text[max(0, start - 5) : start - 1]):
        return None
    weak = bool(INSTITUTE.match(text, end))
    kind = name.meanings[0][1]
    if kind == "brief" and (CHINESE.match(before) or after in BRIEF_NOT_AFTER):
        return None
    small = name.level >= 2 and kind not in ("nick", "brief", "zone", "seat")
    common = name.word and not nested
    listed = (small or common) and (before in BESIDE or after in BESIDE) and _ends_in_kind(text[end : end + 60])
    if common and not listed and CHINESE.match(text, end):
        return None  # 合作共建 is not 合作; the full name says it as well
    mention = Mention(start, end, name, weak, small and not nested, common, listed, dateline=sent)
    return _with_context(text, mention, found)


def _with_context(text: str, mention: Mention, found: list[Mention]) -> Mention:
    """The mention with the zone behind it, and weak where people come from."""
    zone = ZONE.match(text, mention.end) if text[mention.end : mention.end + 1] in ZONE_STARTS else None
    if zone and not mention.word and not mention.name.text.endswith(("省", "自治区")):
        mention.end, mention.zone = zone.end(), True
    last = found[-1] if found else None
    if text.startswith("来自", max(0, mention.start - 2)) or (
        last is not None and last.from_there and text[last.end : mention.start] in ("", "、", "和", "与", "及")
    ):
        mention.from_there = mention.weak = True
    return mention


@lru_cache(maxsize=1024)
def _has_midtown(name: Name) -> bool:
    """Whether 市中区 is a district of the city."""
    return any(f"{path}/市中区" in gazetteer().kinds for path in name.paths)


def _ends_in_kind(after: str) -> bool:
    """Whether a list of names goes on and ends in what they are: 、江岸、汉阳等4个区."""
    hit = LIST_END.search(after)
    return hit is not None and all(
        len(item) < 6 and item.isalpha() for item in LIST_ITEMS.split(after[: hit.start()]) if item
    )
