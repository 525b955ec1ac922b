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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from swsearch.records import Evidence


class Role(IntEnum):
    """What a mention says about the article's year; a higher one counts for more."""

    NEVER = 0  # target, span, founding year, base of comparison, number of a law
    WEAK = 1  # a year of plans or labels: counts when nothing better is there
    REPORTED = 2
    DATED = 3  # with its month


@dataclass(frozen=True, slots=True)
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
    parts = [(part, text) for part, text in parts if _MAY_NAME_A_YEAR.search(text)]
    bare = any(_BARE_REPUBLIC.search(text) for _, text in parts)
    republic = bare and _counts_by_republic(title + "".join(paragraphs))
    found = _targets_stay_targets(mention for part, text in parts for mention in find_mentions(part, text, republic))
    relatives = [mention for part, text in parts if "年" in text for mention in _relatives(part, text)]
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
    squeezed, places = _squeeze(text)
    mentions = []
    for start, end, value, dated, why in _numbers(squeezed, republic):
        role, reason = (Role.NEVER, why) if why else _role(squeezed, start, end, dated)
        mentions.append(Mention(value, part, places[start], places[end - 1] + 1, role, reason))
    return mentions


# ---- 1. numbers

_MAY_NAME_A_YEAR = re.compile(r"年|\d\d|五[”」规規时時期末]")
_WIDE = re.compile("[０-９○Ｏ零◯]")
_WHITE = re.compile(r"\s")
_DIGITS = str.maketrans("０１２３４５６７８９○Ｏ零◯", "0123456789〇〇〇〇")
_Y = r"(?:1[89]|20)(?<![\d.]..)\d\d"  # no digit or point before it; the look behind comes late, for speed
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?:月份?)"
_MONTH_NAME = re.compile(_MONTH)
_SPAN = re.compile(
    rf"(?P<a>{_Y})(?P<u>年?)度?(?P<m>(?:{_MONTH})?(?:\d{{1,2}}日)?)[-－—–―~～至到]{{1,2}}"
    rf"(?P<b>(?:1[89]|20)\d\d(?!\d)|\d\d(?=年|學年|学年))(?P<v>年?)(?P<n>(?:{_MONTH})?)"
)
_ISO = re.compile(
    rf"({_Y})(?:[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])|[-/](?:1[0-2]|0[1-9]))(?![\d.%％/-])"
)
_WITH_YEAR = re.compile(rf"({_Y})年(?![代级級款轮輪]|的?[历歷]史|之久)")
_HANZI_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")}
_HANZI_YEAR = re.compile(r"([一二](?<![〇一二三四五六七八九十百千].)[〇八九][〇一二三四五六七八九]{2})年(?!代)")
_REPUBLIC = re.compile(r"民[国國]([\d]{1,3}|[〇一二三四五六七八九十百]{1,6})年(?!代)")
_BARE_REPUBLIC = re.compile(r"(?<![\d.,第近約约達达滿满逾每超過共有已經历歷長长])(8\d|9\d|1[0-3]\d)(?=年)")
_DOCUMENT = re.compile(rf"[〔\[（(【［]({_Y})[〕\]）)】］](?=第?\d+[号號])")
_SLOGAN = re.compile(rf"({_Y})(?<=[国國市县縣动動标標程]\d\d\d\d)(?=[”」』\"》]|规划|行动)")
_BARE = re.compile(
    rf"({_Y})(?=中国|中國|全国|全國|全球|世界|国际|國際|亚洲|亞洲|春[节節季晚]|春夏|夏季|秋季|冬季|暑期|寒假|暑假|财年|財年|赛季|"
    r"年?度|[“「《·・：]|公益|慈善|社工|志愿|志願|社会工作|社會工作)"
)
_REVIEWED = re.compile(
    f"(?:回顾|回顧|展望|告别|告別|再见|再見|你好|走进|走過|走过|难忘|目标|目標)({_Y})(?=[，。：；！、]|$)"
)
_PERIOD_END = re.compile(
    "[“「]?([一二三四五六七八九十]{1,3})五[”」]?(?:规划|規劃|時期|时期|期间|期間)?"
    "(?:(末|期末|末期|收官|最后一年|最後一年|终期)|的?(开局|開局)(?=之年|起步))"
)


def _squeeze(text: str) -> tuple[str, Sequence[int]]:
    """The text with half-width digits and no white space but between digits, and where each character stood."""
    if _WIDE.search(text):
        text = text.translate(_DIGITS)
    if not _WHITE.search(text):
        return text, range(len(text))
    places = [
        place
        for place, char in enumerate(text)
        if not char.isspace() or (text[place - 1 : place].isdigit() and text[place + 1 : place + 2].isdigit())
    ]
    return "".join(text[place] for place in places), places


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
    for found in _SPAN.finditer(text):
        first, last = int(found["a"]), int(found["b"])
        last += first // 100 * 100 if last < 100 else 0
        after = text[found.end() : found.end() + 1]
        if first >= last or not (found["u"] or found["v"] or after in tuple("》”」』）)学學年赛賽")):
            continue
        days = bool(found["m"] or found["n"])  # 2024年11月到2025年1月 is when it happened, 2021—2025年 a plan's span
        yield found.start("a"), found.end("u"), first, days, "" if days else "span"
        yield found.start("b"), found.end("v"), last, days, "" if days else "span"
    for found in _DOCUMENT.finditer(text):
        yield found.start(1), found.end(1), int(found[1]), False, "number of a document"
    for found in _ISO.finditer(text):
        yield found.start(), found.end(), int(found[1]), True, ""
    for found in _WITH_YEAR.finditer(text):
        yield found.start(), found.end(), int(found[1]), _has_month(text, found.end()), ""
    for found in _HANZI_YEAR.finditer(text):
        value = int("".join(str(_HANZI_DIGITS[char]) for char in found[1]))
        yield found.start(), found.end(), value, _has_month(text, found.end()), ""
    for found in _REPUBLIC.finditer(text):
        count = int(found[1]) if found[1].isdigit() else _hanzi_number(found[1])
        if 0 < count < 200:
            yield found.start(), found.end(), 1911 + count, _has_month(text, found.end()), ""
    if republic:
        for found in _BARE_REPUBLIC.finditer(text):
            if not _DURATION.match(text, found.end()) and (int(found[1]) > 99 or _has_month(text, found.end() + 1)):
                yield found.start(), found.end() + 1, 1911 + int(found[1]), _has_month(text, found.end() + 1), ""
    for found in _SLOGAN.finditer(text):
        yield found.start(1), found.end(1), int(found[1]), False, "slogan"
    for pattern in (_BARE, _REVIEWED):
        for found in pattern.finditer(text):
            yield found.start(1), found.end(1), int(found[1]), False, ""
    for found in _PERIOD_END.finditer(text) if "五" in text else ():
        number = _hanzi_number(found[1])
        if 1 <= number <= 30:
            if found[2]:
                yield found.start(), found.end(), 1955 + 5 * number, False, "end of a plan"
            elif text[: found.start()].endswith(("今年是", "今年作为", "今年系")):
                yield found.start(), found.end(), 1951 + 5 * number, False, ""


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


# ---- roles

_WILL = (
    "将(?![近军来])|將(?![近來])|(?<![主重需不只])要(?![求点點素闻聞件目职])|力争|力爭|争取|爭取|拟|擬|有望|预计|預計|预期|"
    "确保|確保|希望"
)
_ATTAIN = (
    "实现|實現|建成|建立|形成|达|達|覆盖|覆蓋|全面|基本|构建|健全|完善|完成|打造|培育|不低于|不少于|不低於|提升到|提高到|增加到|增加|增至|"
    "增长到|发展到|突破|超过|超過|新增|左右|取得|目标|目標|迈入|邁入|进入|進入"
)
_FOUND = (
    "成立|创办|創辦|创立|創立|创建|創建|创设|組建|组建|設立|设立|建校|建院|建站|建会|开办|開辦|开业|诞生|誕生|出生|毕业|畢業|入职|入党|"
    "从业|参加工作|参军|退休|启动|啟動|实施|开展|发起|推行|试点"
)
_OVER = re.compile("已|了|共有|累计|累計|现有|現有|曾|刚|剛|成功|超额")
_DAYS = f"(?:度|{_MONTH}|\\d{{1,2}}日|年?初|上半年|下半年|年中|春|秋)*"
_END = "(?:年底|年末|年终|底|末)"
_BEFORE_END = "前(?![后後夕往来來期半三两兩一二四五六七八九十\\d])"


@dataclass(frozen=True, slots=True)
class _Rule:
    """The role of a year that stands between texts like `before` and `after` (either may be empty).

    `dated` says whether the year has its month, where that matters; `future` rules are for what is still to come,
    so never apply where 已, 了, 共有 … follow.
    """

    why: str
    role: Role
    before: str = ""
    after: str = ""
    dated: bool | None = None
    future: bool = False


_RULES = (  # the first that fits; `after` is matched from behind the 年, `before` up to the year, in its own clause
    _Rule("as of", Role.DATED, before="截[至止]到?", dated=True),
    _Rule("as of", Role.REPORTED, before="截[至止]到?"),
    _Rule("target", Role.NEVER, before="(?:持续|持續|延续|延續|延长|延長|沿用|一直)(?:到|至)"),
    _Rule(
        "base of comparison",
        Role.NEVER,
        before="较|較|(?<!占)比|同比|高于|低于|高於|低於|(?<![参參赠])[与與](?!会)|相较|相較|对比|對比",
    ),
    _Rule(
        "base of comparison",
        Role.NEVER,
        before="[由从從]",
        after="的?[^，。；]{0,12}(?:提高|提升|增加|增长|增至|升至|升到|降|减|扩大|发展|上升)",
    ),
    _Rule("version of a law", Role.NEVER, after="(?:修订|修正|修訂|版|[^，。]{0,4}通过[）)])"),
    _Rule(
        "comes into force",
        Role.WEAK,
        after=f"{_DAYS}(?:起|开始|開始)?(?:正式)?(?:施行|实施|實施|执行|生效)(?!的|以来|至今)",
        dated=True,
    ),
    _Rule("put off", Role.NEVER, before="原[定计計](?:[于於在])?"),
    _Rule("comes into force", Role.WEAK, before="[自从從]", after=f"{_DAYS}(?<=日)起(?!步)", dated=True),
    _Rule(
        "founding",
        Role.NEVER,
        before=f"(?:自|自从|自從|早在|早于|远在|始于|始於|源于|源自|追溯[到至]|回溯[到至]|回到|(?:{_FOUND}|建|建成|始建)[于於]|[生于於]生[于於])",
    ),
    _Rule(
        "founding",
        Role.NEVER,
        before="[从從由]",
        after=f"{_DAYS}(?:起(?!来|來|草|步)|开始|開始|以来|以來|至今|到现在|到現在|到目前|到今)",
    ),
    _Rule("founding", Role.NEVER, before="[从從]", after="到"),
    _Rule(
        "founding",
        Role.NEVER,
        after=f"[^，。；、]{{0,8}}(?:{_FOUND}|始建|建成|投用|运营)(?:以来|以來|至今|的(?!是)|后|後|之初)",
    ),
    _Rule("from then on", Role.WEAK, after=f"{_DAYS}(?<=[月日])起(?![来來草步义義])", dated=True),
    _Rule("target", Role.NEVER, after="度?的?目[标標]"),
    _Rule("founding", Role.NEVER, after=f"{_DAYS}(?:起(?!来|來|草|步|义)|至今)", dated=False),
    _Rule("founding", Role.NEVER, after="(?:，?[我他她]?出生|生[于，人]|参军|入伍|退休的|注册，?[是现])"),
    _Rule("target", Role.NEVER, after=f"{_DAYS}{_END}?(?:以|之)?{_BEFORE_END}"),
    _Rule("to come", Role.WEAK, before="(?:拟|擬|将|將|定|订|訂|预计|預計|计划|計劃)(?:[于於在]|安排在)"),
    _Rule(
        "target",
        Role.NEVER,
        before="(?:力争|力爭|争取|爭取|确保|確保|预计|預計|预期|有望|目标|目標|拟|擬|期望|希望|展望|不晚于|最迟|面向)[^，。；：]{0,6}",
    ),
    _Rule(
        "target",
        Role.NEVER,
        before="(?:计划|計劃|规划|規劃)(?:到|至|在|用|于)?",
        after=f"{_DAYS}{_END}?[^，。；]{{0,14}}(?:{_ATTAIN})",
        future=True,
    ),
    _Rule("target", Role.NEVER, before="(?:到|至)[^。；]{0,12}[，,（(]即"),
    _Rule("reached", Role.REPORTED, before="[由从從](?:1[89]|20)\\d\\d年[^。；]*(?:到|至)", after="的"),
    _Rule("target", Role.NEVER, before="(?<![直遇感收得受等见見达達回来來遲迟])(?:到|至|迄)", dated=False, future=True),
    _Rule(
        "target",
        Role.NEVER,
        before="(?<![直遇感收得受等见見达達回来來遲迟])(?:到|至)",
        after=f"{_DAYS}{_END}?，?[^。；]{{0,24}}(?:{_WILL}|实现|實現|目标|目標|基本|建成)",
        dated=True,
        future=True,
    ),
    _Rule("target", Role.NEVER, after=f"{_DAYS}{_END}，?[^。；]{{0,14}}?(?:{_WILL}|{_ATTAIN})", future=True),
    _Rule(
        "target", Role.NEVER, after=f"{_DAYS}[^，。；]{{0,10}}?(?:{_WILL})[^，。；]{{0,14}}?(?:{_ATTAIN})", future=True
    ),
    _Rule(
        "to be reached",
        Role.WEAK,
        after="[^，。；]{0,24}?(?:达到|達到|建成|实现|實現|邁入|迈入|进入|進入)(?!的)",
        dated=False,
        future=True,
    ),
    _Rule("since", Role.WEAK, after=f"{_DAYS}(?:以来|以來)"),
    _Rule("plans", Role.WEAK, before="(?:部署|谋划|謀劃|安排|研究|迎接|备战|布局|筹备|编制|編列|打算)[^，。；：]{0,5}"),
    _Rule(
        "plans",
        Role.WEAK,
        after="度?的?(?:年度)?(?:重点|主要)?(?:工作)?(?:计划|計劃|计画|計畫|预算|預算|目标|目標|打算|安排|任务|任務|要点|要點|思路)",
    ),
    _Rule(
        "to come",
        Role.WEAK,
        after="[^，。；]{0,14}?，?(?:还|也|又|再|還|当地|全市)?"
        "(?:将(?![近军])|將(?!近)|(?<![主重需不只])要(?![求点點素闻聞件目职])|拟|擬|计划|計劃|预计|預計|继续|繼續)",
        dated=False,
        future=True,
    ),
)


def _role(text: str, start: int, end: int, dated: bool) -> tuple[Role, str]:
    """What the words around say of the year at `start`; `end` is behind its 年."""
    sentence = re.split(f"[{_SENTENCE_END}]", text[max(0, start - 24) : start])[-1]
    clause = re.split("[，,：:]", sentence)[-1]
    after = re.split(f"[{_SENTENCE_END}]", text[end : end + 48])[0]
    if _inside_title(text, start):
        return (Role.NEVER, "plan or law") if _TITLE_OF_LAW.match(after) else (Role.WEAK, "title of a document")
    over = bool(_OVER.search(after[:24]))
    for rule, before_pattern, after_pattern in _compiled():
        if (rule.dated is None or rule.dated == dated) and not (rule.future and over):
            before = sentence if "，" in rule.before or "年" in rule.before else clause
            if before_pattern.search(before) and after_pattern.match(after):
                return rule.role, rule.why
    return (Role.DATED, "date") if dated else (Role.REPORTED, "named")


@cache
def _compiled() -> tuple[tuple[_Rule, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((rule, re.compile(f"(?:{rule.before})$"), re.compile(rule.after)) for rule in _RULES)


_SENTENCE_END = "。！？；!?;"
_TITLE_OF_LAW = re.compile("[^》」]{0,20}(?:规划|規劃|纲要|綱要|法》|条例|條例|行动方案|五年|三年|计划》)")


def _inside_title(text: str, at: int) -> bool:
    return text.rfind("《", max(0, at - 40), at) > text.rfind("》", max(0, at - 40), at)


def _targets_stay_targets(mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions, those of a year that is a target elsewhere in the article counting never unless dated."""
    mentions = list(mentions)
    targets = {mention.value for mention in mentions if mention.why == "target"}
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
_RELATIVE_TELL = re.compile("[今本去上明前后後]年")
_STEPS = {"今": 0, "本": 0, "去": -1, "上": -1, "明": 1, "前": -2, "后": 2, "後": 2}


def _relatives(part: str, text: str) -> Iterator[Mention]:
    """The words 今年, 去年 …: `value` is counted from 今年, `why` is the year they are said to be, if it is said."""
    squeezed, places = _squeeze(text)
    for candidate in _RELATIVE_TELL.finditer(squeezed):
        found = _RELATIVE.match(squeezed, candidate.start())
        if found is None:
            continue
        start, end = found.span("w")
        why = found["y"] or "relative"  # 去年（2023年） says which year it is now
        yield Mention(_STEPS[squeezed[start]], part, places[start], places[end - 1] + 1, Role.NEVER, why)


def _evidence(field: str, mention: Mention) -> Evidence:
    return Evidence(field, str(mention.value), mention.part, mention.start, mention.end)
