"""Who wrote an article and where it was taken from: the grammar of bylines, sources and photo credits.

Three kinds of rows carry credit and nothing else: a byline (`■ 本报记者 皮磊`), a source (`（据《南昌日报》）`) and a
photo credit (`（新华社记者 徐昱/摄）`). A byline may also open a body (`本报讯（记者 袁立平）`), or a place with it
(`〔記者吳宗翰／新竹報導〕`); it then stays in the paragraph. Rows are read after repair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

_ROLE = (
    r"(?:(?:本[报報刊网網台]|新[华華]社|中新社|中新[网網])?(?:首席|特[约約派]|见[习習]|見習|实习|實習|驻[\u4e00-\u9fff]{1,4}|駐[\u4e00-\u9fff]{1,4}|全媒体|全媒體|资深|資深)?"
    r"(?:记者|記者|通[讯訊][员員]|评论员|評論員|撰稿人?|特派员|特派員|编译|編譯))"
)
_PAPER_ROLE = rf"(?:[\u4e00-\u9fff]{{1,5}}[报報都网網社台刊闻聞](?={_ROLE}))?{_ROLE}"  # 羊城晚报记者
_MARK = r"[■□◆◇●○▲△▪★☆◎]"
_OPEN, _CLOSE = r"[（(【〔\[]", r"[）)】〕\]]"
_HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]"
_NAME = rf"(?:{_HAN}{{2,4}}|{_HAN}{{1,8}}[·•‧]{_HAN}{{1,8}})"
_SEP = r"[\s\u3000、/／]"
_DID = (
    r"(?:(?:综合|綜合|联合|聯合)?"
    r"(?:报道|報道|報導|采写|採寫|撰文|整理|编译|文并?图|文[/／]图|摄影报道|摄影|攝影|文|图))"
)
# Between two names stands a separator or a role: with neither, a row of Han could be cut into names in countless ways.
_NAMES = rf"{_NAME}(?:(?:{_SEP}+|{_SEP}*(?:{_ROLE}|[文摄图][/／]){_SEP}*){_NAME})*"

BYLINE_ROW = re.compile(
    rf"^(?:{_MARK}\s*(?:{_PAPER_ROLE}|文[/／:：]?)?|{_PAPER_ROLE}|{_OPEN}?\s*(?:文|撰文|采写|採寫|作者|记者|記者)\s*[/／:：]\s*(?:{_PAPER_ROLE})?|{_OPEN}\s*{_PAPER_ROLE})"
    rf"\s*[:：]?\s*{_NAMES}\s*[/／]?\s*{_DID}?\s*{_CLOSE}?$"
)
BYLINE_PAREN = re.compile(rf"[（(]{_PAPER_ROLE}?\s*{_NAME}(?:{_SEP}+(?:{_PAPER_ROLE})?\s*{_NAME}){{0,3}}[）)]$")
_FROM = r"(?:来源|來源|稿源|资料来源|資料來源|[转轉]自|[转轉][载載]自|摘自|原[载載]|选自|選自|[据據])"
SOURCE_ROW = re.compile(
    rf"^{_OPEN}\s*(?:(?P<by>{_FROM})\s*[:：]?\s*)(?P<name>[^（）()，。；！？,;]{{2,40}}?)\s*{_CLOSE}$"
    rf"|^(?:来源|來源|稿源)\s*[:：]\s*(?P<bare>[^，。；！？]{{2,24}})$"
)
SOURCE_TAIL = re.compile(
    rf"{_OPEN}\s*{_FROM}[^（）()，。；！？]{{0,30}}$|{_OPEN}\s*{_FROM}[^（）()，。；！？]{{2,40}}{_CLOSE}$"
)
_NOT_SOURCE = re.compile(
    r"^(?:了解|介[绍紹]|悉|[统統][计計]|此|[报報]道[,，]|[说說]|称|稱|[传傳]|以上|本[报報][记記]者了解)"
)
_PHOTO = (
    r"摄影报道|攝影報道|摄影|攝影|供[图圖]|[资資]料[图圖片]{1,2}|[图圖]片[来來]源.{0,14}|"
    r"制[图圖]|製圖|[摄攝]|[图圖][/／].{2,8}"
)
PHOTO_CREDIT = re.compile(rf"^{_OPEN}?[^。！？；]{{0,40}}?(?:{_PHOTO})\s*(?:[（(][^（）()。]{{2,10}}[）)]|{_CLOSE})?$")
CAPTION_HEAD = re.compile(
    r"^(?:[▲▼◀▶△▽↑↓←→]\s*|[图圖](?:[为為]|[①-⑩一二三四1-9][：:]?|[：:/／])|上[图圖]|下[图圖]|左[图圖]|右[图圖])"
)
_WIRE = r"(?:[据據]?新[华華]社|中新[社网網]|中央社)"
_SENT = r"[讯訊电電]"
_NO_PAPER = "通资短审问简快喜音电資審問簡電"  # 通讯, 资讯 … are no papers that send word
OPENING = re.compile(
    rf"^{_OPEN}?\s*(?:"
    rf"本[报報刊]{_HAN}{{0,6}}?(?:\d{{1,2}}月\d{{1,2}}日)?{_SENT}(?:\s*{_CLOSE})?\s*"
    rf"(?:{_OPEN}\s*(?P<a>{_ROLE}[^（）()。]{{2,40}}?){_CLOSE})?"
    rf"|(?P<b>{_ROLE}\s*{_NAME}(?:{_SEP}+(?:{_ROLE})?\s*{_NAME})*"
    rf"\s*[/／]?\s*{_HAN}{{0,4}}?\s*(?:综合|綜合)?(?:报道|報道|報導|{_SENT})?){_CLOSE}"
    rf"|{_WIRE}{_HAN}{{0,8}}\s*\d{{0,2}}\s*月?\s*\d{{0,2}}\s*日?\s*{_SENT}\s*"
    rf"(?:[（(]\s*(?P<c>{_ROLE}[^（）()。]{{2,40}}?)[）)])?)"
)


@dataclass(frozen=True, slots=True)
class Credit:
    """What a credit row says: `kind` is "byline" (with `names`), "source" (with `source`) or "photo"."""

    kind: str
    names: tuple[str, ...] = ()
    source: str | None = None


@cache
def _surnames() -> frozenset[str]:
    text = resources.files("swsearch.pages").joinpath("data/surnames.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def is_name(word: str) -> bool:
    """Whether `word` can be the name of a Chinese person: a surname and one or two characters, or parts round a dot."""
    if "·" in word:
        return len(word) >= 4
    return (2 <= len(word) <= 3 and word[0] in _surnames()) or (3 <= len(word) <= 4 and word[:2] in _surnames())


@lru_cache(maxsize=32)  # as below
def source_name(text: str) -> str | None:
    """The paper or office that a source row credits, without brackets and 据; None if the row is none."""
    text = text.strip()
    match = SOURCE_ROW.match(text)
    if not match:
        return None
    name = (match["name"] or match["bare"] or "").strip()
    if match["by"] in ("据", "據") and _NOT_SOURCE.match(name):
        return None
    name = re.sub(r"[《》〈〉“”「」\"]", "", name)
    trimmed = re.sub(r"(?:消息|[报報](?:道|導)|[电電讯訊])$", "", name).strip()
    if len(trimmed) >= 3 and (trimmed != name) and not name.endswith(("电讯", "電訊", "资讯", "資訊", "通讯", "快讯")):
        name = trimmed
    name = re.sub(r"\s+(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])\s+", "", name)
    return name or None


_SPLIT_NAME = re.compile(rf"(?<!{_HAN})({_HAN})[ \u3000]+({_HAN})(?!{_HAN})")
_PLACE_TAIL = re.compile(rf"[/／\s]\s*{_HAN}{{2,4}}\s*(?:[报報][道導]|[电電])\s*[）)】〕\]]?$")
_ROLE_INSIDE = re.compile(rf"({_PAPER_ROLE})")
_PARTS = re.compile(rf"{_SEP}+")
_WHOLE_NAME = re.compile(_NAME)
_IS_MARKED = re.compile(_MARK)
_ROLES = re.compile(
    rf"{_PAPER_ROLE}|{_MARK}|{_DID}\s*$|^\s*(?:文|撰文|采写|採寫|作者)\s*[/／:：]|[（()）【】〔〕\[\]:：]"
)


def names_in(text: str) -> tuple[str, ...]:
    """The persons named in a byline, in order; roles, marks and a place before 報導 are left out."""
    text = _PLACE_TAIL.sub("", text)
    text = _ROLE_INSIDE.sub(r" \1 ", text)
    text = _ROLES.sub(" ", text)
    words = [word for word in _PARTS.split(text) if _WHOLE_NAME.fullmatch(word)]
    return tuple(dict.fromkeys(_glue(words)))


def _glue(words: list[str]) -> list[str]:
    return [word for word in words if word not in ("文图", "本报", "本報", "特约", "综合")]


@lru_cache(maxsize=32)  # a row is read when it is told from the others, and again when its article is made
def read_credit(text: str) -> Credit | None:
    """What a row that is only credit says, or None. `text` is repaired; its layout spaces may still be there."""
    text = text.strip()
    if len(text) > 60:
        return None
    source = source_name(text)
    if source:
        return Credit("source", source=source)
    if len(text) <= 48 and PHOTO_CREDIT.match(text) and not text.startswith(("图为", "圖為", "图：", "圖：")):
        return Credit("photo")
    text = _SPLIT_NAME.sub(r"\1\2", text)
    if BYLINE_ROW.match(text):
        names = names_in(text)
        if text[0] in "（(【〔[" and text[-1] not in "）)】〕]":
            return None  # the opening of a body, broken off at the end of its line
        if names and (_IS_MARKED.match(text) or sum(map(is_name, names)) * 2 >= len(names)):
            return Credit("byline", names=names)
    return None


def bare_names(text: str) -> tuple[str, ...]:
    """The names of a row that holds two or more names and nothing else (张海亮  付纯志   赵学堂), or nothing."""
    words = text.split(None, 5)
    return tuple(words) if 2 <= len(words) <= 5 and all(is_name(word) for word in words) else ()


def lone_name(text: str) -> tuple[str, ...]:
    """The name of a row that holds one name of three characters or more, or of two set apart (李  明), or nothing."""
    words = text.split()
    name = "".join(words)
    if 2 < len(name) < 5 or (len(name) == 2 == len(words)):
        return (name,) if is_name(name) and (len(words) == 1 or all(len(word) == 1 for word in words)) else ()
    return ()


def opening_byline(paragraph: str) -> tuple[str, tuple[str, ...]] | None:
    """The printed byline that opens a body (本报讯（记者 袁立平）) and its names, or None."""
    match = OPENING.match(paragraph)
    if not match:
        return _open_names(paragraph)
    printed = match["a"] or match["b"] or match["c"]
    names = names_in(printed) if printed else ()
    return (match.group(0).strip(), names) if names else None


_SENT_BY = re.compile(rf"{_HAN}{{1,5}}(?![{_NO_PAPER}]){_HAN}[讯訊]\s*(?={_ROLE})")
_ONE_ROLE = re.compile(rf"{_ROLE}\s*")


def _open_names(paragraph: str) -> tuple[str, tuple[str, ...]] | None:
    """The same where no bracket closes it: 南都讯 记者张小玲 通讯员龙公宣 凌晨三点…

    A name ends where the next role begins, the last one where it can be a name no longer.
    """
    sent = _SENT_BY.match(paragraph) if "讯" in paragraph[:8] or "訊" in paragraph[:8] else None
    if not sent:
        return None
    at, names = sent.end(), list[str]()
    while role := _ONE_ROLE.match(paragraph, at):
        after = _ONE_ROLE.search(paragraph, role.end(), role.end() + 16)
        if after and after.start() > role.end():
            names += [word for word in _NOT_NAME.split(paragraph[role.end() : after.start()]) if is_name(word)]
            at = after.start()
            continue
        at = role.end()
        while size := next((size for size in (3, 2) if is_name(paragraph[at : at + size])), 0):
            size -= paragraph[at + 2 : at + 4] in ("报道", "報道", "報導")
            names.append(paragraph[at : at + size])
            at += size
            if paragraph[at : at + 1] != "、":
                break
            at += 1
        break
    return (paragraph[:at].strip(), tuple(names)) if names else None


_NOT_NAME = re.compile(r"[^\u3400-\u9fff]+")
