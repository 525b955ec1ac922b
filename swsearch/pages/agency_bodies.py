"""Names of departments and where a text has them; whose they are is read in `agencies.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from swsearch.pages.pairs import Pairs
from swsearch.text.fold import fold

END = frozenset("厅局部委会办室署处院组司府联协校法检央所")
NOT_AFTER = {
    "部": "门署分队落件位级",
    "局": "面部势限域",
    "委": "员托派任屈婉",
    "办": "法理公学事案好成",
    "府": "",
    "会": "议",
    "署": "名",
    "法": "院律制学治",
    "检": "察验测",
    "央": "总政委决宣组统对关直书的",
}
SUB = re.compile(
    r"(?![和与及])(?:(?![、,，。的])[\u4e00-\u9fff]){2,16}?司(?=副?司长|有关|相关|负责|发布|[、,，。\n]|$)|办公厅(?!主任)"
)
COMMITTEE = re.compile(
    r"委(?:(?<=[省市县区州盟旗].)(?<!团..)|(?<=[省市县区州盟旗]党.))(?=[、和]?[省市区县州]?(?:人民)?政府|、|(?:日前|近日|联合)?(?:印发|出台|下发|召开|发布|制定|部署|举行|举办))"
)
LEAGUE = re.compile(
    r"共青团(?P<region>[\u4e00-\u9fff]{2,12}?)委(?:员会)?(?!书记)|团(?P<level>自治区|[省市区县州旗盟])委|(?P<of>[省市区县州旗盟])团委"
)
LEVELS = frozenset("省市县区州盟旗")
LEAGUE_MAY = re.compile("团(?:委|[自省市区县州旗盟]|(?<=青团))")
OVERSEAS = {"台湾省": "taiwan", "香港特别行政区": "hongkong", "澳门特别行政区": "macau"}


@dataclass(slots=True)
class Body:
    """One department at text[start:end].

    `kind` is local, party, mass, organ, league, office, nation, sub, taiwan, hongkong or macau.
    """

    start: int
    end: int
    name: str
    kind: str
    local: bool = True

    @property
    def party(self) -> bool:
        """Whether it stands after 委 or 党委."""
        return self.kind == "party"


@cache
def _names() -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, str]]:
    """(name -> kind on the mainland, the same by place overseas, short -> full name overseas)."""
    mainland: dict[str, str] = {}
    overseas: dict[str, dict[str, str]] = {kind: {} for kind in OVERSEAS.values()}
    full: dict[str, str] = {}
    text = (files("swsearch.pages") / "data" / "agency_bodies.tsv").read_text(encoding="utf-8")
    for line in text.split("\n"):
        if not line or line[0] == "#":
            continue
        kind, cell = line.split("\t")
        where, _, suffix = kind.partition(":")
        for item in cell.split():
            name, _, whole = item.partition("=")
            name = fold(name)
            if whole:
                full[name] = whole
            if where == "stem":
                for end in {"厅局": ("厅", "局"), "委": ("委", "委员会"), "委简": ("委",), "办": ("办", "办公室")}[
                    suffix
                ]:
                    mainland.setdefault(fold(name + end), "local")
            elif where in overseas:
                overseas[where][name] = "local" if suffix else "nation"
            elif where == "party":
                for before in ("委", "党委"):
                    mainland[fold(before) + name] = "party"
                mainland.setdefault(name, "party")
            else:
                mainland[name] = where
    return mainland, overseas, full


@cache
def _by_end(province: str) -> Pairs:
    """The last two characters of all names, with the lengths of these, longest first."""
    mainland, overseas, _ = _names()
    lengths: dict[str, set[int]] = {}
    for name in (*mainland, *overseas.get(OVERSEAS.get(province, ""), ())):
        if len(name) > 1 and name[-1] in END:
            lengths.setdefault(name[-2:], set()).add(len(name))
    return Pairs({pair: tuple(sorted(sizes, reverse=True)) for pair, sizes in lengths.items()})


def full_name(name: str, traditional: bool) -> str | None:
    """The whole name of a body that overseas papers shorten (衛福部), in the script asked for."""
    whole = _names()[2].get(name)
    return whole if whole is None or traditional else fold(whole)


def is_national(name: str, province: str) -> bool:
    """Whether a folded name is a body of the whole of Taiwan, Hong Kong or Macau."""
    return _names()[1].get(OVERSEAS.get(province, ""), {}).get(name) == "nation"


def find_bodies(text: str, province: str) -> list[Body]:
    """Departments in folded `text`, in order; of several that overlap the longest. `province`: of the article."""
    mainland, overseas, _ = _names()
    there = overseas.get(OVERSEAS.get(province, ""), {})
    pairs = _by_end(province if province in OVERSEAS else "")
    found: list[Body] = []
    for at, sizes in pairs.places(text):
        end = at + 2
        for size in sizes:
            name = text[end - size : end]
            if size > end or (name not in mainland and name not in there):
                continue
            if text[end : end + 1] and text[end] in NOT_AFTER.get(name[-1], ""):
                break
            start = end - size
            if name[-1] in "局厅委" and text[start - 1 : start] in ("和", "与"):
                start = _compound(text, start)
                name = text[start:end] if start != end - size else name
            if name in there:
                body = Body(start, end, name, OVERSEAS[province], there[name] == "local")
            else:
                body = Body(start, end, name, mainland[text[end - size : end]])
            while found and found[-1].start >= start:
                found.pop()
            if found and found[-1].kind == "organ" and found[-1].end == start:
                found.pop()  # 新竹縣政府社會處 is one body
            if not found or found[-1].end <= start:
                found.append(body)
            break
    for hit in COMMITTEE.finditer(text):
        start = hit.start() - (text[hit.start() - 1] == "党")
        found.append(Body(start, hit.end(), text[start : hit.end()], "organ"))
    return [item for body in found for item in (body, *_sub(text, body))]


def _compound(text: str, start: int) -> int:
    """Where the name of a department of two fields begins (区住房城乡建设和水利局), or `start` if it has one."""
    stems, longest = _stems()
    stop = start - 1
    for size in range(min(longest, stop), 1, -1):
        begin = stop - size
        if text[begin:stop] in stems and text[begin - 1 : begin] in LEVELS:
            return begin
    return start


@cache
def _stems() -> tuple[frozenset[str], int]:
    """The fields of departments (住房城乡建设), and the length of the longest."""
    stems = frozenset(name[:-1] for name, kind in _names()[0].items() if kind == "local" and name[-1] in "局厅")
    return stems, max(map(len, stems))


def _sub(text: str, body: Body) -> list[Body]:
    """The department of a ministry that follows its name: 民政部慈善事业促进和社会工作司."""
    match = SUB.match(text, body.end) if body.kind == "nation" and body.name[-1] in "部委局" else None
    return [Body(body.start, match.end(), text[body.start : match.end()], "sub")] if match else []
