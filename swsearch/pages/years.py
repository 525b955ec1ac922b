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
    republic = _counts_by_republic("".join(text for _, text in parts))
    found = _targets_stay_targets(mention for part, text in parts for mention in find_mentions(part, text, republic))
    relatives = [mention for part, text in parts for mention in _relatives(part, text)]
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

_DIGITS = str.maketrans("０１２３４５６７８９○Ｏ零◯", "0123456789〇〇〇〇")
_Y = r"(?<![\d.])(?:1[89]|20)\d\d"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?:月份?)"
_SPAN = re.compile(
    rf"(?P<a>{_Y})(?P<u>年?)度?(?P<m>(?:{_MONTH})?(?:\d{{1,2}}日)?)[-－—–―~～至到]{{1,2}}"
    rf"(?P<b>(?:1[89]|20)\d\d(?!\d)|\d\d(?=年|學年|学年))(?P<v>年?)(?P<n>(?:{_MONTH})?)"
)
_ISO = re.compile(
    rf"({_Y})(?:[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])|[-/](?:1[0-2]|0[1-9]))(?![\d.%％/-])"
)
_WITH_YEAR = re.compile(rf"({_Y})年(?![代级級款轮輪])")
_HANZI_DIGITS = {char: digit for digit, char in enumerate("〇一二三四五六七八九")}
_HANZI_YEAR = re.compile(r"(?<![〇一二三四五六七八九十百千])([一二][〇八九][〇一二三四五六七八九]{2})年(?!代)")
_REPUBLIC = re.compile(r"民[国國]([\d]{1,3}|[〇一二三四五六七八九十百]{1,6})年(?!代)")
_BARE_REPUBLIC = re.compile(r"(?<![\d.,第近約约達达滿满逾每超過共有已經历歷長长])(8\d|9\d|1[0-3]\d)(?=年)")
_DOCUMENT = re.compile(rf"[〔\[（(【［]({_Y})[〕\]）)】］](?=第?\d+[号號])")
_SLOGAN = re.compile(rf"(?<=[国國市县縣动動标標程])({_Y})(?=[”」』\"》]|规划|行动)")
_BARE = re.compile(
    rf"({_Y})(?=中国|中國|全国|全國|全球|世界|国际|國際|亚洲|亞洲|春[节節季晚]|春夏|夏季|秋季|冬季|暑期|寒假|暑假|财年|財年|赛季|"
    r"年?度|[“「《·・：]|公益|慈善|社工|志愿|志願|社会工作|社會工作)"
)
_PERIOD_END = re.compile(
    "[“「]?([一二三四五六七八九十]{1,3})五[”」]?(?:规划|規劃|時期|时期|期间|期間)?"
    "(?:(末|期末|末期|收官|最后一年|最後一年|终期)|的?(开局|開局)(?=之年|起步))"
)


def _squeeze(text: str) -> tuple[str, list[int]]:
    """The text without white space and with half-width digits, and where each character stood."""
    places = [place for place, char in enumerate(text) if not char.isspace()]
    return "".join(text[place] for place in places).translate(_DIGITS), places


def _numbers(text: str, republic: bool) -> list[tuple[int, int, int, bool, str]]:
    """(start, end, year, has a month, reason to count never) of each year by number, ascending, none overlapping."""
    taken = [False] * len(text)
    out = []
    for start, end, value, dated, why in _all_numbers(text, republic):
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
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
    for found in _BARE.finditer(text):
        yield found.start(1), found.end(1), int(found[1]), False, ""
    for found in _PERIOD_END.finditer(text):
        number = _hanzi_number(found[1])
        if 1 <= number <= 30:
            if found[2]:
                yield found.start(), found.end(), 1955 + 5 * number, False, "end of a plan"
            elif text[: found.start()].endswith(("今年是", "今年作为", "今年系")):
                yield found.start(), found.end(), 1951 + 5 * number, False, ""


def _has_month(text: str, at: int) -> bool:
    return bool(re.compile(_MONTH).match(text, at))


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
    "台灣|臺灣|民國|衛福部|衛生福利部|社會局|社會處|勞動局|縣政府|里長|鄉鎮|長照|志工|新北|台北|臺北|高雄|台中|臺中|台南|臺南|桃園|內政部|立委"
)


def _counts_by_republic(text: str) -> bool:
    """Whether the article is Taiwan's: traditional characters and words used there."""
    return len(_TRADITIONAL & set(text)) >= 5 and bool(_TAIWAN.search(text))


# ---- roles

_SENTENCE_END = "。！？；!?;"
_ATTAIN = (
    "实现|實現|建成|达到|達到|达成|覆盖|覆蓋|基本|全面|形成|建立|构建|健全|完善|培育|不低于|不少于|不低於|以上|提升|提高|增加|增至|"
    "增长到|突破|超过|超過|力争|力爭|达|達|要|将|將|应|應|目标|目標|打造|完成|新增|发展到|左右|确保|取得"
)
_DONE = re.compile("已|了|共有|累计|累計|现有|現有|截至|截止|曾|刚|剛|成功")
_BEFORE_TARGET = re.compile(
    "(?:力争|力爭|争取|爭取|确保|確保|计划|計劃|规划|規劃|预计|預計|预期|有望|目标|目標|拟|擬|期望|希望|不晚于|最迟)[^，。；：]{0,6}$"
)
_TO = re.compile("(?<![直遇感收得受等见见达達回来來遲迟])(?:到了?|至|迄)$")
_UP_TO_NOW = re.compile("(?:截至|截止到?|截止至|截止|截至到|迄至|累计到)$")
_AFTER_TARGET = re.compile(
    f"(?:年?(?:底|末|年底|年末)?(?:之前|以前|前)(?!后|後|夕))|(?:年?(?:底|末|年底|年末))?(?:前)?(?:，)?[^，。；]{{0,8}}?(?:将|將|要(?![求点素闻])|力争|力爭|拟|擬|有望|预计|預計|确保|確保)[^，。；]{{0,12}}?(?:{_ATTAIN})"
)
_BASE = re.compile("(?:较|較|比|相比|同比|高于|低于|高於|低於|多于|少于|与|與|相较|相較|超过|超過|对比|對比|由)$")
_ORIGIN_BEFORE = re.compile(
    "(?:自从|自從|自|从|從|由|早在|早于|远在|始于|始於|起始于|成立于|成立於|创办于|創辦於|创立于|創立於|创建于|始建于|始建於|建于|建成于|"
    "源于|源自|诞生于|誕生於|出生于|出生於|生于|生於|毕业于|畢業於|起源于|组建于|設立於|设立于|开始于|发起于|启动于|形成于|追溯到|追溯至|回到|回溯到)$"
)
_BORN_AFTER = re.compile(
    "(?:[^，。；、]{0,4})(?:成立|创办|創辦|创立|創立|创建|创設|建校|建院|建站|建会|组建|設立|设立|诞生|誕生|出生|毕业|畢業|入职|入党|从业|"
    "参加工作|退休|生(?=[，于人]))(?:以来|以來|至今|的|后|後|之初|时|時|，?(?:是|至今|位于|現有|现有)|$|于|，)"
)
_START_AFTER = re.compile("(?:[\\d月日]{0,6})(?:起(?!来|來|草|步)|开始|開始|以来至今|至今|到现在|到現在|到目前|迄今)")
_IN_FORCE = re.compile("[\\d月日]{0,6}(?:起|开始|開始)?(?:正式)?(?:施行|实施|實施|执行|生效|起施行)")
_SINCE = re.compile("(?:[\\d月日]{0,6}年?(?:度)?)(?:以来|以來|开始以来)")
_TITLE_OF_LAW = re.compile("[^》」]{0,20}(?:规划|規劃|纲要|綱要|法》|条例|條例|行动方案|五年|三年|计划》)")
_REVISION = re.compile("(?:修订|修正|修訂|版|本[）)]|[^，。]{0,4}通过[）)])")
_PLANS_BEFORE = re.compile(
    "(?:部署|谋划|謀劃|安排|研究|展望|迎接|备战|面向|布局|筹备|编制|編列|研究部署|打算|将于|將於|拟于|擬於|定于|訂於|预计|預計|将在|將在)[^，。；：]{0,5}$"
)
_PLANS_AFTER = re.compile(
    "(?:度)?(?:的)?(?:年度)?(?:重点|主要)?(?:工作)?(?:计划|計劃|计画|計畫|预算|預算|目标|目標|打算|安排|任务|任務|要点|要點)"
)
_LATER = re.compile("[^。；]{0,30}?(?:将|將|拟|擬|计划|計劃|预计|預計|继续|繼續)")
_AGE = re.compile("(?:年?(?:前|以前|来|來|历史|的历史|歷史))")


def _role(text: str, start: int, end: int, dated: bool) -> tuple[Role, str]:
    """What the words around say of the year at `start`; `end` is behind its 年."""
    before = re.split(f"[{_SENTENCE_END}]", text[max(0, start - 16) : start])[-1]
    near = re.split("[，,：:]", before)[-1]
    after = re.split(f"[{_SENTENCE_END}]", text[end : end + 48])[0]
    behind = re.sub(f"^(?:度|{_MONTH}|\\d{{1,2}}日|年?初|上半年|下半年|中)+", "", after)  # what follows the whole date
    # A date that is over, whatever comes next.
    if _UP_TO_NOW.search(near):
        return (Role.DATED if dated else Role.REPORTED), "as of"
    if _BASE.search(near) and not near.endswith(("不由", "理由", "自由", "此与", "参与", "對此")):
        return Role.NEVER, "base of comparison"
    if _inside_title(text, start):
        if _TITLE_OF_LAW.match(after):
            return Role.NEVER, "plan or law"
        return Role.WEAK, "title of a document"
    if _REVISION.match(after):
        return Role.NEVER, "version of a law"
    if _IN_FORCE.match(after):
        return Role.WEAK, "comes into force"
    if _ORIGIN_BEFORE.search(near):
        return Role.NEVER, "origin"
    if _BORN_AFTER.match(behind) and not (dated and re.match(f"{_MONTH}\\d", after)):
        return Role.NEVER, "founding"
    if _START_AFTER.match(after):
        return Role.NEVER, "origin"
    role = _future(near, after, behind, dated)
    if role:
        return role
    if _SINCE.match(after):
        return Role.WEAK, "since"
    if _PLANS_BEFORE.search(near) or _PLANS_AFTER.match(behind):
        return Role.WEAK, "plans"
    if not dated and _LATER.match(after) and not _DONE.search(after[:12]):
        return Role.WEAK, "announced"
    return (Role.DATED, "date") if dated else (Role.REPORTED, "named")


def _future(near: str, after: str, behind: str, dated: bool) -> tuple[Role, str] | None:
    """NEVER for a target; None for what has happened or is told as news."""
    clauses = after[:34]
    done = bool(_DONE.search(clauses[:24]))
    if _BEFORE_TARGET.search(near):
        return Role.NEVER, "target"
    if _TO.search(near) and not done:
        if not dated or re.search(
            "^[^。；]{0,30}(?:将|將|要(?![求点素闻])|力争|力爭|实现|實現|目标|目標|基本|建成)", after
        ):
            return Role.NEVER, "target"
    if re.match("(?:年?(?:底|末)?|底|末)(?:之前|以前|前)(?![后後夕])", behind):
        return Role.NEVER, "target"
    if not done:
        if re.match("(?:年底|年末|底|末)", behind) and re.match(
            f"(?:年底|年末|底|末)，?[^。；]{{0,14}}?(?:{_ATTAIN})", behind
        ):
            return Role.NEVER, "target"
        if re.match(
            f"[^，。；]{{0,10}}?(?:将|將|要(?![求点素闻])|力争|力爭|拟|有望|预计|預計|确保)[^，。；]{{0,14}}?(?:{_ATTAIN})",
            behind,
        ):
            return Role.NEVER, "target"
        if not dated and re.match("[^，。；]{0,24}?(?:达到|達到|建成|实现|實現|邁入|迈入|进入|進入)(?!的)", behind):
            return Role.WEAK, "to be reached"
    return None


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


def _choose(found: Sequence[Mention], relatives: Sequence[Mention]) -> tuple[int | None, Mention | None]:
    """The year that 今年 means, and the mention that decides the article's year."""
    dated = [mention for mention in found if mention.role == Role.DATED]
    reported = [mention for mention in found if mention.role == Role.REPORTED]
    weak = [mention for mention in found if mention.role == Role.WEAK]
    if dated:
        last = max(mention.value for mention in dated)
        # A forecast (2025年老年人口占比…) reads like a report; beside a date it is no more than a year ahead.
        reported = [mention for mention in reported if mention.value <= last + 1]
        candidates = dated + reported
    else:
        candidates = reported or weak
        if reported:
            last = max(mention.value for mention in reported)
            candidates = reported + [mention for mention in weak if last < mention.value <= last + 1]
    if not candidates:
        return None, None
    value = max(mention.value for mention in candidates)
    chosen = next(mention for mention in candidates if mention.value == value)
    return value, chosen


# ---- 3. relative years

_RELATIVE = re.compile(
    "(?P<w>今年(?!来|來)|本年度|(?<![基成资資日根])本年(?![金级級龄限齡])|(?<![过過失])去年|(?<![以])上年度?(?![龄纪轻齡紀輕级])|"
    "(?<![证說说證])明年|(?<![以之此目从從先生提当當日\\d])前年|(?<![以之此今然战日])[后後]年(?![龄齡]))(?:[（(](?P<y>(?:19|20)\\d\\d)年?度?[）)])?"
)
_STEPS = {"今": 0, "本": 0, "去": -1, "上": -1, "明": 1, "前": -2, "后": 2, "後": 2}


def _relatives(part: str, text: str) -> Iterator[Mention]:
    """The words 今年, 去年 …, their `value` counted from 今年."""
    squeezed, places = _squeeze(text)
    for found in _RELATIVE.finditer(squeezed):
        start, end = found.span("w")
        yield Mention(_STEPS[squeezed[start]], part, places[start], places[end - 1] + 1, Role.NEVER, "relative")


def _evidence(field: str, mention: Mention) -> Evidence:
    return Evidence(field, str(mention.value), mention.part, mention.start, mention.end)
