"""Which years an article names, and which one it reports on.

1. every year in the text is found, in all spellings, and given a *role* by the words around it: a dated event, a year
   reported on, a weaker mention, or one that can never be the article's year (a target, a plan's span, a founding
   year, a base of comparison, a law's number)
2. the article's year is the latest that it reports on: news tells the newest last thing that has happened, and older
   years are its history
3. 今年, 去年, 明年 … are then counted from that year; without it they stay unknown. Nothing is ever borrowed from
   another article or the page
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from swsearch.pages.year_roles import MONTH, Role, role_of
from swsearch.records import Evidence


@dataclass(slots=True)
class Mention:
    """One year in a part of the article, `start` and `end` in that part; `why` names the rule that gave the role."""

    value: int
    part: str
    start: int
    end: int
    role: Role
    why: str


def find_years(title: str, paragraphs: Sequence[str]) -> tuple[int | None, tuple[int, ...], tuple[Evidence, ...]]:
    """The year the article reports on or None; all years it names or implies, ascending; the text that proves them."""
    parts = [("title", title), *((f"p{number}", text) for number, text in enumerate(paragraphs, 1))]
    parts = [(part, text) for part, text in parts if "年" in text or _MAY_NAME_A_YEAR.search(text)]
    bare = any("年" in text and _BARE_REPUBLIC.search(text) for _, text in parts)
    republic = bare and _counts_by_republic(title + "".join(paragraphs))
    found: list[Mention] = []
    relatives: list[Mention] = []
    for part, text in parts:
        squeezed, places = _squeeze(text)
        found += _mentions(part, squeezed, places, republic)
        if "年" in text:
            relatives += _relatives(part, squeezed, places)
    if not found and not relatives:
        return None, (), ()
    found = _targets_stay_targets(found)
    now, chosen = _choose(found, relatives)
    if now is not None:
        found += [
            Mention(now + mention.value, mention.part, mention.start, mention.end, Role.NEVER, mention.why)
            for mention in relatives
        ]
    years = tuple(sorted({mention.value for mention in found}))
    evidence = [_evidence("year", chosen)] if chosen else []
    seen: set[int] = set()
    for mention in found:
        if mention.value not in seen:
            seen.add(mention.value)
            evidence.append(_evidence("years", mention))
    return (chosen.value if chosen else None), years, tuple(evidence)


def find_mentions(part: str, text: str, republic: bool = False) -> list[Mention]:
    """The years that the text names by number, in order, each with its role.

    `republic` reads 113年 as the year of the Republic (Taiwan's count from 1912).
    """
    return _mentions(part, *_squeeze(text), republic)


def _mentions(part: str, squeezed: str, places: Sequence[int], republic: bool) -> list[Mention]:
    mentions = []
    for start, end, value, dated, why in _numbers(squeezed, republic):
        role, reason = (Role.NEVER, why) if why else role_of(squeezed, start, end, dated)
        mentions.append(Mention(value, part, places[start], places[end - 1] + 1, role, reason))
    return mentions


# ---- 1. numbers

_MAY_NAME_A_YEAR = re.compile(r"\d\d|五[”」规規时時期末]")  # a text without 年
_WIDE = re.compile("[０-９○Ｏ零◯]")
_WHITE = re.compile(r"\s")
_DIGITS = str.maketrans("０１２３４５６７８９○Ｏ零◯", "0123456789〇〇〇〇")
_Y = r"(?:1[89]|20)(?<![\d.]..)\d\d"  # no digit or point before it; the look behind comes late, for speed
_YEAR = re.compile(_Y)
_MONTH_NAME = re.compile(MONTH)
_SPAN = re.compile(
    rf"(?P<a>{_Y})(?P<u>年?)度?(?P<m>(?:{MONTH})?(?:\d{{1,2}}日)?)[-－—–―~～至到]{{1,2}}"
    rf"(?P<b>(?:1[89]|20)\d\d(?!\d)|\d\d(?=年|學年|学年))(?P<v>年?)(?P<n>(?:{MONTH})?)"
)
_ISO = re.compile(
    rf"({_Y})(?:[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])|[-/](?:1[0-2]|0[1-9]))(?![\d.%％/-])"
)
_WITH_YEAR = re.compile(rf"({_Y})年(?![代级級款轮輪]|的?[历歷]史|之久)")
_HANZI_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")}
_HANZI_YEAR = re.compile(r"([一二](?<![〇一二三四五六七八九十百千].)[〇八九][〇一二三四五六七八九]{2})年(?!代)")
_REPUBLIC = re.compile(r"民[国國]([\d]{1,3}|[〇一二三四五六七八九十百]{1,6})年(?!代)")
_NO_YEAR_AFTER = r"[\d.,第近約约達达滿满逾每超過共有已經历歷長长]"
_BARE_REPUBLIC = re.compile(rf"([89]\d(?<!{_NO_YEAR_AFTER}..)|1[0-3]\d(?<!{_NO_YEAR_AFTER}...))(?=[学學]?(年))")
_DOCUMENT = re.compile(rf"({_Y})(?<=[〔\[（(【［]\d\d\d\d)[〕\]）)】］](?=第?\d+[号號])")
_SLOGAN = re.compile(rf"({_Y})(?<=[国國市县縣动動标標程]\d\d\d\d)(?=[”」』\"》]|规划|行动)")
_BARE = re.compile(
    rf"({_Y})(?=中国|中國|全国|全國|全球|世界|国际|國際|亚洲|亞洲|春[节節季晚]|春夏|夏季|秋季|冬季|暑期|寒假|暑假|财年|財年|赛季|"
    r"年?度|[“「《·・：]|公益|慈善|社工|志愿|志願|社会工作|社會工作)"
)
_REVIEWED = re.compile(
    rf"({_Y})(?<=(?:回顾|回顧|展望|告别|告別|再见|再見|你好|走进|走過|走过|难忘|目标|目標)\d\d\d\d)(?=[，。：；！、]|$)"
)
_TAIL = (
    "五[”」]?(?:规划|規劃|時期|时期|期间|期間)?"
    "(?:(末|期末|末期|收官|最后一年|最後一年|终期)|的?(开局|開局)(?=之年|起步))"
)
_PERIOD_TAIL = re.compile(_TAIL)  # begins with one character, so that a search for it is quick
_PERIOD_END = re.compile(f"[“「]?([一二三四五六七八九十]{{1,3}}){_TAIL}")


def _squeeze(text: str) -> tuple[str, Sequence[int]]:
    """The text with half-width digits and no white space but between digits, and where each character stood."""
    if _WIDE.search(text):
        text = text.translate(_DIGITS)
    words = text.split(None, 1)
    if len(words) == 1 and len(words[0]) == len(text):
        return text, range(len(text))
    white = [
        place
        for found in _WHITE.finditer(text)
        if not (text[(place := found.start()) - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit())
    ]
    if not white:
        return text, range(len(text))
    kept: list[str] = []
    places: list[int] = []
    start = 0
    for end in (*white, len(text)):
        kept.append(text[start:end])
        places += range(start, end)
        start = end + 1
    return "".join(kept), places


def _numbers(text: str, republic: bool) -> list[tuple[int, int, int, bool, str]]:
    """(start, end, year, has a month, reason to count never) of each year by number, ascending, none overlapping."""
    taken: set[int] = set()
    out = []
    for start, end, value, dated, why in _all_numbers(text, republic):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            out.append((start, end, value, dated, why))
    return sorted(out)


def _all_numbers(text: str, republic: bool) -> Iterator[tuple[int, int, int, bool, str]]:
    starts = [found.start() for found in _YEAR.finditer(text)]
    if starts:
        yield from _in_digits(text, starts)
    for found in _HANZI_YEAR.finditer(text) if "年" in text else ():
        value = int("".join(str(_HANZI_DIGITS[char]) for char in found[1]))
        yield found.start(), found.end(), value, _has_month(text, found.end()), ""
    for found in _REPUBLIC.finditer(text) if "民" in text else ():
        count = int(found[1]) if found[1].isdigit() else _hanzi_number(found[1])
        if 0 < count < 200:
            yield found.start(), found.end(), 1911 + count, _has_month(text, found.end()), ""
    if republic:
        for found in _BARE_REPUBLIC.finditer(text):
            month = _has_month(text, found.end(2))
            if not _DURATION.match(text, found.start(2)) and (int(found[1]) > 99 or month):
                yield found.start(), found.end(2), 1911 + int(found[1]), month, ""
    for found in _PERIOD_END.finditer(text) if _PERIOD_TAIL.search(text) else ():
        number = _hanzi_number(found[1])
        if 1 <= number <= 30:
            if found[2]:
                yield found.start(), found.end(), 1955 + 5 * number, False, "end of a plan"
            elif text.endswith(("今年是", "今年作为", "今年系"), 0, found.start()):
                yield found.start(), found.end(), 1951 + 5 * number, False, ""


def _at(pattern: re.Pattern[str], text: str, starts: Sequence[int]) -> Iterator[re.Match[str]]:
    """The matches of a pattern that begins with a year, at the years, not overlapping."""
    end = 0
    for start in starts:
        if start >= end and (found := pattern.match(text, start)):
            end = found.end()
            yield found


def _in_digits(text: str, starts: Sequence[int]) -> Iterator[tuple[int, int, int, bool, str]]:
    """The years written in four digits, at `starts`; where two readings overlap, the first given counts."""
    for found in _at(_SPAN, text, starts):
        first, last = int(found["a"]), int(found["b"])
        last += first // 100 * 100 if last < 100 else 0
        after = text[found.end() : found.end() + 1]
        if first >= last or not (found["u"] or found["v"] or after in tuple("》”」』）)学學年赛賽")):
            continue
        days = bool(found["m"] or found["n"])  # 2024年11月到2025年1月 is when it happened, 2021—2025年 a plan's span
        yield found.start("a"), found.end("u"), first, days, "" if days else "span"
        yield found.start("b"), found.end("v"), last, days, "" if days else "span"
    for found in _at(_DOCUMENT, text, starts):
        yield found.start(1), found.end(1), int(found[1]), False, "number of a document"
    for found in _at(_ISO, text, starts):
        yield found.start(), found.end(), int(found[1]), True, ""
    for found in _at(_WITH_YEAR, text, starts):
        yield found.start(), found.end(), int(found[1]), _has_month(text, found.end()), ""
    for found in _at(_SLOGAN, text, starts):
        yield found.start(1), found.end(1), int(found[1]), False, "slogan"
    for pattern in (_BARE, _REVIEWED):
        for found in _at(pattern, text, starts):
            yield found.start(1), found.end(1), int(found[1]), False, ""


def _has_month(text: str, at: int) -> bool:
    return bool(_MONTH_NAME.match(text, at))


def _hanzi_number(text: str) -> int:
    """113 for 一百一十三 and for 一一三."""
    if "百" not in text and "十" not in text:
        return int("".join(str(_HANZI_DIGITS[char]) for char in text))
    hundreds, _, rest = text.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    digit = _HANZI_DIGITS
    value = 100 * (digit.get(hundreds[-1:], 1) if "百" in text else 0)
    value += 10 * (digit.get(tens[-1:], 1) if ten else 0)
    return value + digit.get(ones[-1:], 0)


# ---- Taiwan's own count

_DURATION = re.compile("年(?:[来來前后後多以间間]|歷|历|的?時間|之久|資歷|经验|經驗|刑|代|級|级)")
_TRADITIONAL = frozenset("會國為這來時說個們縣區學關與發長員處務屬顧協應動機對開")
_TAIWAN = re.compile(
    "台灣|臺灣|民國|衛福部|衛生福利部|社會局|社會處|勞動局|縣政府|里長|鄉鎮|長照|志工|新北|台北|臺北|高雄|台中|臺中|台南|"
    "臺南|桃園|內政部|立委"
)


def _counts_by_republic(text: str) -> bool:
    """Whether the article is Taiwan's: traditional characters and words used there."""
    return len(_TRADITIONAL & set(text)) >= 3 and bool(_TAIWAN.search(text))


def _targets_stay_targets(mentions: list[Mention]) -> list[Mention]:
    """The mentions, those of a year that is a target elsewhere in the article counting never unless dated."""
    targets = {mention.value for mention in mentions if mention.why == "target"}
    if not targets:
        return mentions
    return [
        Mention(one.value, one.part, one.start, one.end, Role.NEVER, "target")
        if one.value in targets and Role.WEAK <= one.role <= Role.REPORTED and one.why != "as of"
        else one
        for one in mentions
    ]


# ---- 2. the article's year


# A list of tasks or an aim of next year is news of that year's beginning: 公布2020年任务清单，2019年新建163处.
_OF_THE_YEAR = ("plans", "title of a document", "to be reached")


def _choose(found: Sequence[Mention], relatives: Sequence[Mention]) -> tuple[int | None, Mention | None]:
    """The year that 今年 means, and the mention that decides the article's year."""
    said = [mention for mention in relatives if mention.why.isdigit()]
    if said:
        now = int(said[0].why) - said[0].value
        return now, Mention(now, said[0].part, said[0].start, said[0].end, Role.REPORTED, "said")
    dated = [mention for mention in found if mention.role == Role.DATED]
    reported = [mention for mention in found if mention.role == Role.REPORTED]
    targets = any(mention.why == "target" for mention in found)
    weak = [
        mention for mention in found if mention.role == Role.WEAK and not (targets and mention.why == "to be reached")
    ]
    if dated:
        last = max(mention.value for mention in dated)
        # A forecast (2025年老年人口占比…) reads like a report; beside a date it is no more than a year ahead.
        reported = [mention for mention in reported if mention.value <= last + 1]
        candidates = dated + reported
    else:
        candidates = reported or weak
        if reported:
            last = max(mention.value for mention in reported)
            candidates = reported + [
                mention for mention in weak if mention.value == last + 1 and mention.why in _OF_THE_YEAR
            ]
    if not candidates:
        return None, None
    value = max(mention.value for mention in candidates)
    chosen = next(mention for mention in candidates if mention.value == value)
    return value, chosen


# ---- 3. relative years

_RELATIVE = re.compile(
    "(?P<w>今年(?!来|來)|本年度|(?<![基成资資日根])本年(?![金级級龄限齡])|(?<![过過失])去年(?![货貨糕味轻輕夜饭飯画畫])|(?<![以])上年度?(?![龄纪轻齡紀輕级])|"
    "(?<![证說说證])明年|(?<![以之此目从從先生提当當日\\d])前年|(?<![以之此今然战日])[后後]年(?![龄齡]))(?:[（(](?P<y>(?:19|20)\\d\\d)年?度?[）)])?"
)
_RELATIVE_TELL = re.compile("年(?<=[今本去上明前后後]年)")
_STEPS = {"今": 0, "本": 0, "去": -1, "上": -1, "明": 1, "前": -2, "后": 2, "後": 2}


def _relatives(part: str, squeezed: str, places: Sequence[int]) -> Iterator[Mention]:
    """The words 今年, 去年 …: `value` is counted from 今年, `why` is the year they are said to be, if it is said."""
    for candidate in _RELATIVE_TELL.finditer(squeezed):
        found = _RELATIVE.match(squeezed, candidate.start() - 1)
        if found is None:
            continue
        start, end = found.span("w")
        why = found["y"] or "relative"  # 去年（2023年） says which year it is now
        yield Mention(_STEPS[squeezed[start]], part, places[start], places[end - 1] + 1, Role.NEVER, why)


def _evidence(field: str, mention: Mention) -> Evidence:
    return Evidence(field, str(mention.value), mention.part, mention.start, mention.end)
