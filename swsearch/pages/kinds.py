"""What a row is by its own grammar: a credit, a teaser, a caption or part of the page's frame; else undecided.

Rows that hold two things (two teasers, the end of a body and its source) are cut here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from swsearch.pages import credits, frame
from swsearch.pages.layout import Row, cut_row

PARA, FLOW, HEAD = "P", "C", "H"  # starts a paragraph, carries it on, is set for display
BYLINE, SOURCE, PHOTO = "B", "S", "F"
TEASER, TEASER_TOP = "T", "t"  # the line with the page number, lines above it
HEADER, CAPTION = "X", "G"

_TEASER = re.compile(
    r"^[^。；]{2,60}?(?:[\s（(]|(?<=\D))(?:详见|詳見|见|見|转|轉|刊|更多)?\s*第?\s*[A-Z]?\d{1,2}\s*[-—]?\s*\d{0,2}\s*版[）)]?$"
)
_TEASER_CUT = re.compile(r"\s[A-Z]?\d{1,2}\s?版(?=[^\s，。、；：！？）)])")
_CONTINUED = re.compile(r"^[\[（(【〔]\s*[上下紧緊][接转轉]")
_LATIN_LABEL = re.compile(r"^.{1,10}[·•・|｜/]\s*[A-Z][A-Za-z &·']+$|^[A-Z][A-Z &·]+[·•・|｜/]\s*.{1,10}$")
_DATE_LINE = re.compile(
    r"^[^，。]{0,8}?(?:[12]\d{3}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}|\d{1,2}/\d{1,2}/[12]\d{3}|[二〇○零一]{4}年.{1,3}月.{1,3})\s*日?\s*"
    r"(?:星期.|[农農][历曆].{2,10}|第.{1,6}[期版]|[A-Z]?\d{1,2}\s*版|\s)*$"
)
_CALENDAR = re.compile(r"[星农農第总](?:(?<=星)期[一二三四五六日天]|(?<=[农農])[历曆]|(?<=第)\s*\d+\s*期|(?<=总)第)")
_STAFF_MARK = re.compile("[:：@wC]")  # what matches `_STAFF` has one of these
_STAFF = re.compile(
    r"(?:责任?[编編][辑輯]?|責任?編輯?|本版[编編][辑輯]|[编編][辑輯]部?|主[编編]|值班|版式|美[编編术術]|校[对對]|组版|視覺|视觉|电话|電話|[Ee][-－]?[Mm]ail|邮箱|[热熱][线線]|"
    r"[广廣]告|[发發]行|邮编|郵編|国内统一|邮发代号|零售价?|印刷|承印|督印|社址|地址|[Tt]el|网址)\s*[:：]|https?://|www\.|CN\s?\d\d-\d{4}|@[\w.]+\.\w+"
)
_FOLIO = re.compile(
    r"^(?:第?\s*[A-Z]?\d{1,2}\s*版|[A-Z]\d{1,2}|\d{1,2}|[A-Z]?\d{1,2}[-—][A-Z]?\d{1,2})$|^第[一二三四五六七八九十]{1,3}版$"
)
_MASTHEAD = re.compile(
    r"^.{1,6}(?:[日晚时時早周商快][报報]|青年[报報]|工人[报報]|周刊|[导導][报報]|都市[报報]|新聞網|新闻网)$"
)
_SECTION = re.compile(r"^[\u4e00-\u9fff]{2,4}[·•・][\u4e00-\u9fff]{2,4}$")
_TRAILING_SOURCE = credits.SOURCE_TAIL
_BARE_PHOTO = re.compile(
    r"(?<=[。！？”])\s*(?:本[报報刊]|新[华華]社|中新社)?(?:[记記]者|通[讯訊][员員])?\s*[\u4e00-\u9fff]{2,4}\s*[/／]?\s*[摄攝]影?\s*(?:[（(][^（）()。]{2,10}[）)])?$"
)


def cut_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows, those cut in two that hold two things: two teasers, or the end of a body and its source."""
    out: list[Row] = []
    for row in rows:
        text = row.text
        if "版" in text and "。" not in text:
            cuts = [found.end() for found in _TEASER_CUT.finditer(text)]
            if cuts:
                *parts, row = cut_row(row, cuts)
                out += parts
                text = row.text
        if text[-1:] in "）)〕]】摄攝影" or "据" in text or "據" in text or "源" in text:
            at = _tail_credit(text)
            if at:
                left, row = cut_row(row, [at])
                out.append(left)
        out.append(row)
    return out


def _tail_credit(text: str) -> int:
    """Where a source, a photo credit or a byline in brackets starts that ends a line of body; 0 if there is none."""
    bare = _BARE_PHOTO.search(text) if "摄" in text or "攝" in text else None
    if bare:
        return bare.start()
    at = max(text.rfind("（"), text.rfind("("), text.rfind("〔"))
    if at <= 0:
        return 0
    before = text[:at].rstrip()
    tail = _single_spaced(text[at:])
    if not before or before[-1] not in "。！？”’」』…" or len(tail) > 100:
        return 0
    if _TRAILING_SOURCE.match(tail) and (tail[-1] not in "）)〕]" or credits.source_name(tail)):
        return at
    if tail[-1:] in "）)":
        match = credits.BYLINE_PAREN.match(tail)
        if match and (
            any(role in tail for role in ("记者", "記者", "通讯员", "通訊員"))
            or (credits.names_in(tail) and all(credits.is_name(name) for name in credits.names_in(tail)))
        ):
            return at
        if re.search(r"(?:摄影?|攝影?|供[图圖])[）)]$", tail):
            return at
    return 0


# Most rows are body: what has none of these can be no credit and is passed over quickly.
_CREDIT_WORD = re.compile(
    # One class at the front, so that most of a row is passed over without trying any of the words.
    r"[记記作通来來稿摄攝撰供制製资資文图编編](?:(?<=[摄攝撰])|(?<=[记記作])者|(?<=通)[讯訊]|(?<=[来來稿])源|(?<=[供制製])[图圖]"
    r"|(?<=[资資])料|(?<=[文图])[/／]|(?<=[编編])[译譯])"
)
_CREDIT_FIRST = frozenset("（(【〔[■□◆◇●○▲△▪★☆◎文")
_FRAME_MARK = re.compile("[：:·•・|｜@/]")
_IN_SENTENCE = re.compile("[，。；,]")
_CAPTION_FIRST = frozenset("▲▼◀▶△▽↑↓←→图圖上下左右")


def _rows_with(texts: Sequence[str], *patterns: re.Pattern[str]) -> list[set[int]]:
    """For each pattern, none of which matches a line feed, the indices of the texts in which it is found.

    One search for all texts, as most of them have none.
    """
    whole = "\n".join(texts)
    ends = list(accumulate([len(text) + 1 for text in texts]))
    return [{bisect_right(ends, found.start()) for found in pattern.finditer(whole)} for pattern in patterns]


def fixed_kinds(rows: Sequence[Row]) -> list[str]:
    """The kind of each row that its own grammar decides, "" for the others."""
    kinds = [""] * len(rows)
    last = len(rows) - 1
    texts = [row.text for row in rows]
    credited, framed = _rows_with(texts, _CREDIT_WORD, _FRAME_MARK)
    closed = False  # whether the row before ends a sentence
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        after_stop, closed = closed, row.closed
        if kinds[at]:
            continue
        credit = None
        if text[0] in _CREDIT_FIRST or at in credited:
            credit = credits.read_credit(text)
        if credit:
            kinds[at] = {"byline": BYLINE, "source": SOURCE, "photo": PHOTO}[credit.kind]
            if kinds[at] == PHOTO and not _photo_stands(rows, at):
                kinds[at] = ""
            continue
        if after_stop and credits.bare_names(text):
            kinds[at] = BYLINE
            continue
        if row.width <= 8 and 0 < at < last and _under_headline(rows, kinds, at) and credits.lone_name(text):
            kinds[at] = BYLINE
            continue
        if at < last and text[0] in "（(〔[【" and _TRAILING_SOURCE.match(text) and text[-1:] not in "）)〕]】":
            both = credits.source_name(row.clean + rows[at + 1].clean)
            if both and rows[at + 1].width < 40:
                kinds[at] = kinds[at + 1] = SOURCE
                continue
        if (at < 12 or at >= last - 6 or at in framed) and is_header(rows, at):
            kinds[at] = HEADER
        elif "版" in text and not row.pauses and _TEASER.match(_single_spaced(text)) and not _CONTINUED.match(text):
            kinds[at] = TEASER
    _spread_headers(rows, kinds)
    mark_captions(rows, kinds)
    return kinds


def _under_headline(rows: Sequence[Row], kinds: Sequence[str], at: int) -> bool:
    """Whether the row stands between what can be a headline of up to three lines and a full line of body."""
    after = rows[at + 1]
    if after.width < 20 or (after.closed and after.width < 40):
        return False
    for before in range(at - 1, max(-1, at - 4), -1):
        if kinds[before] or (before == at - 1 and rows[before].width <= 8) or _IN_SENTENCE.search(rows[before].clean):
            return False
        if before == 0 or kinds[before - 1] or rows[before - 1].closed:
            return True
    return False


def _single_spaced(text: str) -> str:
    """`text` with one space for each run of white space, so that no pattern can try the ways to share a long run."""
    return " ".join(text.split())


def _photo_stands(rows: Sequence[Row], at: int) -> bool:
    """Whether the row can be a photo credit: in brackets, or short and not the end of a sentence of body."""
    text = rows[at].clean
    return text[:1] in "（(【〔[" or (len(text) <= 16 and (at == 0 or not rows[at - 1].pauses))


def is_header(rows: Sequence[Row], at: int) -> bool:
    """Whether the row belongs to the frame of the page: name of the section, folio, date, staff, imprint."""
    row, count = rows[at], len(rows)
    text = row.text
    if "。" in text:
        return False
    edge = at < 12 or at >= count - 6
    if (
        _STAFF_MARK.search(text)
        and _STAFF.search(text)
        and (edge or (len(text) <= 60 and (row.gap > 0 or rows[at - 1].closed)))
    ):
        return True
    if "，" in text:
        return False
    text = _single_spaced(text)
    if _LATIN_LABEL.match(text):
        return True
    if not edge:
        return False
    if (_CALENDAR.search(text) and len(text) <= 30) or (at < 4 and _SECTION.match(text)) or frame.is_frame(text):
        return True
    if not (_FOLIO.match(text) or (len(row.clean) <= 26 and _DATE_LINE.match(text))):
        return False
    # A number or a date alone may be a broken line of body: it must be first, or stand by itself.
    alone = at + 1 == count or rows[at + 1].gap > 0 or not rows[at + 1].clean[:1].isalnum()
    return at < 2 or (alone and (at == 0 or row.gap > 0 or rows[at - 1].closed)) or "版" in text


def _spread_headers(rows: Sequence[Row], kinds: list[str]) -> None:
    """The name of the paper or of a section beside other header rows is one of them."""
    if HEADER not in kinds:
        return
    for at, row in enumerate(rows):
        if not kinds[at] and len(row.clean) <= 8 and (_MASTHEAD.match(row.clean) or frame.is_section(row.clean)):
            near = kinds[max(0, at - 2) : at + 3]
            if HEADER in near:
                kinds[at] = HEADER


def mark_captions(rows: Sequence[Row], kinds: list[str]) -> None:
    """The rows before a photo credit that end in no full stop are its caption, back to a blank line or a full stop."""
    for at, kind in enumerate(kinds):
        if (
            kind == ""
            and rows[at].text[0] in _CAPTION_FIRST
            and credits.CAPTION_HEAD.match(rows[at].text)
            and (at == 0 or rows[at - 1].closed or kinds[at - 1])
        ):
            kinds[at] = CAPTION
            while (
                not rows[at].closed
                and at + 1 < len(rows)
                and not kinds[at + 1]
                and not rows[at + 1].gap
                and rows[at].pauses
            ):
                at += 1
                kinds[at] = CAPTION
        if kind != PHOTO:
            continue
        back = at - 1
        if back < 0 or kinds[back]:
            continue
        if rows[back].closed:
            first = _closed_caption(rows, kinds, at)
            kinds[first:at] = [CAPTION] * (at - first)
            continue
        kinds[back] = CAPTION
        while back > 0 and not kinds[back - 1] and not rows[back].gap and _runs_on(rows, back) and at - back < 4:
            back -= 1
            kinds[back] = CAPTION


def _runs_on(rows: Sequence[Row], at: int) -> bool:
    """Whether row `at` of a caption carries on the one before, which ends in a comma or is a full line and longer."""
    before, here = rows[at - 1], rows[at]
    return before.pauses or (not before.closed and before.width >= max(24, here.width))


def _closed_caption(rows: Sequence[Row], kinds: Sequence[str], at: int) -> int:
    """Where the caption begins that ends in a full stop before the photo credit `at`; `at` if there is none.

    It says itself that it is one (图为…, ▲…), or has its credit behind the stop on the same line: then it goes back to
    where a sentence, a credit or a blank line ends, up to four rows.
    """
    same_line = rows[at - 1].line == rows[at].line
    for first in range(at - 1, max(-1, at - 6), -1):
        if kinds[first]:
            return at
        if credits.CAPTION_HEAD.match(rows[first].text):
            return first
        ends = first == 0 or kinds[first - 1] or rows[first].gap or rows[first - 1].closed
        if ends:
            return first if same_line else at
    return at
