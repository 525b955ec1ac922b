"""What the words around a year say of it: reported on, dated, announced, or never the article's year.

The rules are a table, tried in order; the first that fits gives the role. Simplified and traditional forms stand side
by side. Every rule has sentences of its own in tests/data/years_cases.tsv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?:月份?)"


class Role(IntEnum):
    """What a mention says about the article's year; a higher one counts for more."""

    NEVER = 0  # target, span, founding year, base of comparison, number of a law
    WEAK = 1  # a year of plans or labels: counts when nothing better is there
    REPORTED = 2
    DATED = 3  # with its month


_SENTENCE_END = "。！？；!?;"
_ENDS = re.compile(f"[{_SENTENCE_END}]")
_PAUSES = re.compile("[，,：:]")
_TITLE_OF_LAW = re.compile("[^》」]{0,20}(?:规划|規劃|纲要|綱要|法》|条例|條例|行动方案|行動方案|五年|三年|计划》)")
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
_LIFE = "毕业|畢業|退休|入职|参军|入伍|下岗|考入|考上|嫁到|嫁给|嫁給|患病|确诊|確診|查出|离世|去世|過世|过世"
_LATER = re.compile(
    r"[\d一二两兩三四五六七八九十几幾]{1,3}多?年(?:[后後]|[过過]去)(?![续續备備]|[^。；]{0,20}[将將要达達实實建])"
)
_OVER = re.compile("已|了|共有|累计|累計|现有|現有|曾|刚|剛|成功|超额")
_DAYS = f"(?:度|{MONTH}|\\d{{1,2}}日|年?初|上半年|下半年|年中|春|秋)*"
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
    _Rule("as of", Role.REPORTED, before="(?:统计|統計|显示|顯示|资料|資料)[^。；，]{0,6}，?(?:到|至)"),
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
    _Rule(
        "base of comparison", Role.NEVER, before="(?:[是为為达達]|相[当當][于於])", after="度?的?[\\d.]+多?(?:倍|[%％])"
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
    _Rule(
        "founding",
        Role.NEVER,
        after=f"[^，。；、]{{0,8}}(?:{_FOUND}|始建|建成|投用|运营)(?:以来|以來|至今|的(?!是)|后|後|之初)",
    ),
    _Rule("founding", Role.NEVER, before="[从從由]", after="[^，。；]{0,6}(?:到现在|到現在|到今天|至今)"),
    _Rule("founding", Role.NEVER, after="[^，。；]{0,6}撤[镇县市乡地村區区縣鎮鄉]{1,2}[设設并並改建]", dated=False),
    _Rule("life story", Role.NEVER, after=f"，?[^，。；、]{{0,14}}(?:{_LIFE})(?![季生班典])", dated=False),
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


def role_of(text: str, start: int, end: int, dated: bool) -> tuple[Role, str]:
    """What the words around say of the year at `start`; `end` is behind its 年."""
    sentence = _ENDS.split(text[max(0, start - 24) : start])[-1]
    clause = _PAUSES.split(sentence)[-1]
    after = _ENDS.split(text[end : end + 48], maxsplit=1)[0]
    if _inside_title(text, start):
        return (Role.NEVER, "plan or law") if _TITLE_OF_LAW.match(after) else (Role.WEAK, "title of a document")
    if not dated and text.find("年", end, end + 60) >= 0 and _LATER.search(text, end, end + 60):
        return Role.NEVER, "looked back on"
    over = bool(_OVER.search(after[:24]))
    for result, whole, before_pattern, after_pattern in _compiled(dated, over, bool(sentence), bool(clause)):
        if (after_pattern is None or after_pattern.match(after)) and (
            before_pattern is None or before_pattern.search(sentence if whole else clause)
        ):
            return result
    return (Role.DATED, "date") if dated else (Role.REPORTED, "named")


@cache
def _compiled(
    dated: bool, over: bool, sentence: bool, clause: bool
) -> tuple[tuple[tuple[Role, str], bool, re.Pattern[str] | None, re.Pattern[str] | None], ...]:
    """(role and why, whether it looks at the whole sentence before, what must stand before, what after).

    Only the rules that can fit: no `before` does where its sentence or clause is empty.
    """
    rules = []
    for rule in _RULES:
        whole = "，" in rule.before or "年" in rule.before
        if (over and rule.future) or rule.dated not in (None, dated):
            continue
        if rule.before and not (sentence if whole else clause):
            continue
        rules.append(((rule.role, rule.why), whole, *_patterns(rule)))
    return tuple(rules)


@cache
def _patterns(rule: _Rule) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """What must stand before and what after."""
    before = re.compile(f"(?:{rule.before})$") if rule.before else None
    return before, re.compile(rule.after) if rule.after else None


def _inside_title(text: str, at: int) -> bool:
    return text.rfind("《", max(0, at - 40), at) > text.rfind("》", max(0, at - 40), at)
