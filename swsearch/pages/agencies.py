"""Agencies: the party and government bodies an article names, fully qualified, those that issue something first.

1. `bodies.find_bodies` finds departments by their names: 民政局, 委社会工作部, 卫生健康委 ….
2. `_Reader` reads whose department each is: a region before it (扬州市民政局), a level word (市民政局, 省委组织部:
   see `owners.py`), the one before it in a list (…党委组织部、民政厅、财政厅), or the article's own region.
3. `_issues` asks whether the sentence goes on with 印发, 出台, 召开 ….

Names keep the printed words; the region is written in full (宁夏民政厅 → 宁夏回族自治区民政厅), a district with its
city, a leading 中共 of a local body is dropped. In Taiwan, Hong Kong and Macau names stay in the printed script, and
bodies of a government have it in their name (社會局長 in a story of 新北市 → 新北市政府社會局).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from swsearch.pages.agency_bodies import LEAGUE, LEAGUE_MAY, LEVELS, OVERSEAS, Body, find_bodies, full_name, is_national
from swsearch.pages.gazetteer import ancestors, gazetteer, within
from swsearch.pages.owners import COUNTED, COUNTED_ENDS, Owners
from swsearch.pages.regions import Located
from swsearch.pages.senses import Place
from swsearch.records import Evidence

LEVEL = re.compile(r"(自治区|自治州|自治县|自治旗|[省市区县州盟旗])$")
LEVEL_ENDS = frozenset("省市区县州盟旗\n")  # last characters of what LEVEL finds: its $ stands before a line feed too
# What stands before a level word when no single body is meant: 各市民政局, 市、区民政局, 全区, 社区, 城区
GENERIC = re.compile(
    r"(?:[各全每两本该某][省市县区州旗]?、?|各级|[省市县区州乡镇级)]/?[、和及与]|地级以上|有关|相关|当地|其他|[社城地园景小片山灾老新边牧辖]|所在)$"
)
BARE_BAD = re.compile(
    r"(?:[各级某该原]|当地|地方|属地|辖区|基层|相关|有关|上级|下级|同级|所在地|[镇乡村街]|[省市县区州旗乡镇]\))$"
)
BARE_OK = re.compile(r"(?:^|[^\u4e00-\u9fff]|[由在经和与向从据对是会同合到以及让为被请据给])$")
# One way only to read a run of marks: with two for 、 a line of thirty of them takes minutes.
LIST = re.compile(r"(?:,|、[^\S\n]*|和|与|及|以及|会同|联合)+")
SEATED = re.compile("(?:人民政府|政府|行政公署|行署|管委会|管理委员会)$")  # 大兴安岭地区行署民政局
ZONE_LEVEL = re.compile("(?:高新区|经开区|开发区|工业园区|园区|新区|综保区|保税区)$")
CORPS = "新疆生产建设兵团"
DIVISION = re.compile("(?:兵团)?第?[一二三四五六七八九十]{1,2}师$")
COMMITTEE_OF = re.compile("党委|委")
COMMITTEE_END = re.compile("(?:党委|委)$")
SPECIAL_ENDS = frozenset("府署会区师团")  # last characters of what these four find
BASED_ON = re.compile("(?:根据|按照|依据|遵照|依照|落实)$")
STRONG = re.compile(r"印发|下发|出台|发布|制发|颁布|公布|制定|发文|公告|发出|研究制定|修订")
SOFT = re.compile(r"召开|签署|举办|举行|部署|启动|主办|开展|推出|公示|组织")
REACH = re.compile(r"(?:《[^》\n]*》|〔[^〕\n]*〕|\([^)\n]*\)|[^。；;!?！？，,\n])*")
TITLES = re.compile(r"《[^》]*》")
BACKED = re.compile(r"[,，](?:联合|共同|正式)?(?:印发|下发|出台|发布|制定)")
FREE = re.compile(
    r"((?:(?![的了在与和及是为将把被对向从到等有其这那该召开举行发布表示介绍对口]|村民|居民|业主|家长|协会|学会|联合会|公司|大学|学院|医院|社区|街道|中心|工作站)[\u4e00-\u9fff]){2,9}?)"
    r"((?<![结布格大全开新时政邮骗僵棋书])局|(?<![餐大客展舞歌])厅|委员会|领导小组办公室|领导小组|指挥部)(?![面部势限长会])"
)
FREE_LEVEL = re.compile(
    r"(?:自治区|[省市县区州旗])(?=(?![场民中内外区县级长委直府里政])[\u4e00-\u9fff]{2,9}?(?:[局厅]|委员会|领导小组))"
)
FREE_ENDS = ("局", "厅", "委员会", "领导小组")  # of what FREE_LEVEL looks for
FREE_BEFORE = re.compile(r"(?![由在经和与向从据对是到])[\u4e00-\u9fff]")
COUNTY_OFFICE = re.compile(r"(?<=[县市]府)(?!议)[\u4e00-\u9fff]{2,8}?[处局](?=长|副|表示|说|指|主办|办理|[,，、。])")
MINISTRY = re.compile(r"[\u4e00-\u9fff]{2,4}?部(?=..)")  # 衛生福利部社會及家庭署 names the ministry too
COUNTY_HALL = re.compile(r"府(?<=[县市]府)(?![议社]|[\u4e00-\u9fff]{2,6}?[处局])")
PRAISE = re.compile(
    r"(?:[、和]?[省市区县州]?(?:人民)?政府)?的?(?:坚强|正确|统一|大力|高度|亲切|关心|支持|重视|领导|部署|决策|中心工作|门口|大院)"
)
NOT_ITSELF = re.compile(
    r"购买|采购|引导|主导|部门|网站|门户|投入|补助|工作|性|和社会|兜底|资助|买单|令|职能|机关|系统|官网|牵头"
)
COMMITTEE_ACTS = re.compile(
    r"[、和]?[省市区县州]?(?:人民)?政府|、|(?:日前|近日|联合)?(?:印发|出台|下发|召开|发布|制定|部署|举行|举办)"
)
LOCAL_OFFICE = re.compile(r"街道办事处|街道办(?![事理公法好得成])|街道党工委|镇人民政府|镇政府|乡人民政府|乡政府")
LOCAL_OFFICES = ("街道办", "街道党工委", "镇人民政府", "镇政府", "乡人民政府", "乡政府")
OFFICE_NAME = re.compile(r"[\u4e00-\u9fff]{2,7}$")
OFFICE_STOP = re.compile(
    r".*(?:联合|会同|携手|依托|走进|协同|组织|通过)|.*[是在由与和对向被为从到的了等各及让请、据给乡镇街]|.*[省市区县旗州]"
)
GOVERNMENT = {
    "香港特别行政区": ("香港特別行政區政府", "香港特别行政区政府"),
    "澳门特别行政区": ("澳門特別行政區政府", "澳门特别行政区政府"),
}


@dataclass(slots=True)
class _Found:
    """One naming of an agency: `strength` 2 if it issues a policy there, 1 if it acts, 0 otherwise."""

    name: str
    start: int
    end: int
    strength: int = 0


def find_agencies(located: Located) -> tuple[tuple[str, ...], tuple[Evidence, ...]]:
    """(agencies, evidence): those that issue what is reported first, then in the order of the text."""
    found = list(_Reader(located).read())
    strength = 2 if any(item.strength == 2 for item in found) else 1
    best: dict[str, tuple[bool, int, _Found]] = {}
    for order, item in enumerate(found):
        key = (item.strength < strength, order, item)
        if item.name not in best or key[:2] < best[item.name][:2]:
            best[item.name] = key
    ranked = [item for _, _, item in sorted(best.values(), key=lambda row: row[:2])]
    evidence = tuple(located.evidence("agencies", item.name, item.start, item.end) for item in ranked)
    return tuple(item.name for item in ranked), evidence


def _level(text: str, at: int) -> re.Match[str] | None:
    """The level word right before `at`."""
    return LEVEL.search(text[max(0, at - 3) : at]) if text[at - 1 : at] in LEVEL_ENDS else None


class _Reader:
    """Reads the agencies of one article; keeps what a list or a level word refers to."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.text = located.text
        self.traditional = located.traditional
        top = (
            located.regions[0]
            if located.regions
            else max(located.support, key=lambda path: located.support[path], default="")
        )
        self.province = top.split("/")[0]
        self.owners = Owners(located)
        self.ends = self.owners.ends

    def read(self) -> Iterator[_Found]:
        """The agencies of the article, in order."""
        text = self.text
        group: list[_Found] = []
        last_end, last_head = -9, ""  # end of the agency before, and what stood before its department
        for body in self._bodies():
            if body.start < last_end and body.kind != "sub":
                continue
            joined = body.kind == "sub" or (
                0 <= last_end <= (left := self._left(body)) and bool(LIST.fullmatch(text, last_end, left))
            )
            if not joined:
                yield from self._close(group)
                group = []
            for name, start, head in self._name(body, last_head if joined else ""):
                group.append(_Found(name, start, body.end))
                last_end, last_head = body.end, head
            if not group:
                last_end, last_head = -9, ""
        yield from self._close(group)

    def _bodies(self) -> list[Body]:
        """Departments that the lists have and those that only grammar tells, in order of their start."""
        bodies = find_bodies(self.text, self.province)
        free = self._free()
        if free:
            at_char: dict[int, set[int]] = {at: set() for body in free for at in range(body.start, body.end)}
            for number, body in enumerate(bodies):
                for at in range(body.start, body.end):
                    if at in at_char:
                        at_char[at].add(number)
            gone: set[int] = set()
            for body in free:
                over = {number for at in range(body.start, body.end) for number in at_char[at]} - gone
                # 领导小组办公室 is no 办公室, 共青团郑州市委 no 郑州市委
                if body.kind == "league" or all(
                    bodies[number].party and bodies[number].name[0] not in "委党" for number in over
                ):
                    gone |= over
                    for at in range(body.start, body.end):
                        at_char[at].add(len(bodies))
                    bodies.append(body)
            bodies = [body for number, body in enumerate(bodies) if number not in gone]
        return sorted(bodies, key=lambda body: body.start)

    def _close(self, group: list[_Found]) -> Iterator[_Found]:
        if group:
            based_on = BASED_ON.search(self.text[max(0, group[0].start - 2) : group[0].start])
            strength = 0 if based_on else self._issues(group[-1].end)
            for item in group:
                item.strength = strength
        yield from group

    def _left(self, body: Body) -> int:
        """Where the whole name before the department begins: region, level word and 委 or 政府 included."""
        at = body.start
        while (place := self.ends.get(at)) is not None:
            at = place.start
        if at == body.start:
            level = _level(self.text, at)
            at -= len(level[1]) if level else 0
        return at - 2 if self.text.startswith("中共", max(0, at - 2), at) else at

    def _name(self, body: Body, inherited: str) -> Iterator[tuple[str, int, str]]:
        """(full name, where it begins, what a list after it inherits) of the body; nothing if it is no single body."""
        text = self.text
        printed = self.located.printed[body.start : body.end]
        if body.kind in ("nation", "sub"):
            yield printed, body.start, ""
            return
        if body.kind in ("league", "office"):
            yield from self._named(body)
            return
        if body.kind in ("taiwan", "hongkong", "macau"):
            yield from self._overseas(body, printed)
            return
        if body.party and body.name[0] not in "委党" and not inherited:
            return
        place = self.ends.get(body.start)
        if body.kind in ("local", "party") and (place.path.split("/")[0] if place else self.province) in OVERSEAS:
            return
        counted = text[body.start - 1 : body.start] in COUNTED_ENDS and COUNTED.search(
            text[max(0, body.start - 8) : body.start]
        )
        if counted:
            for path in self.owners.counted(counted, body.start, body.name):
                yield self.owners.prefix(path) + printed, body.start, path
            return
        start, head = self._special(body, place) or self._head(body, place, inherited)
        if head:
            of_list = COMMITTEE_OF.match(printed) if body.kind == "party" else None
            yield head + printed, start, head + (of_list[0] if of_list else "")

    def _special(self, body: Body, place: Place | None) -> tuple[int, str] | None:
        """(start, owner) of a department of an administration, a zone, or the production corps."""
        text, start = self.text, body.start
        before = text[max(0, start - 6) : start]
        if place is not None or before[-1:] not in SPECIAL_ENDS:
            return None
        seat = SEATED.search(before) if body.kind == "local" else None
        owner = self.ends.get(start - len(seat[0])) if seat else None
        if seat and owner:
            return owner.start, self.owners.qualified(owner) + seat[0]
        zone = ZONE_LEVEL.search(before)
        if zone and self.owners.zone.endswith(zone[0]):
            return start - len(zone[0]), self.owners.zone
        if self.province.startswith("新疆"):
            division = DIVISION.search(before)
            if division:
                return start - len(division[0]), division[0]
            if before.endswith("兵团"):
                return start - 2, CORPS
        return None

    def _head(self, body: Body, place: Place | None, inherited: str) -> tuple[int, str]:
        """(start, owner) of a department by the region or level word before it, the list it is in, or the article."""
        text, left = self.text, self._left(body)
        level = _level(text, body.start)
        if place is not None and (
            place.name[-1:] in LEVELS or place.kind == "zone" or body.kind != "organ" or body.name == "公所"
        ):
            head = self.owners.qualified(place)
        elif body.start in self.located.unread and not inherited:
            left = self.located.unread[body.start]
            head = self.located.printed[left : body.start]
        elif level is not None:
            before = text[max(0, body.start - 6) : body.start - len(level[1])]
            path = "" if GENERIC.search(before) else self.owners.owner(level[1], body, inherited)
            head = self.owners.prefix(path) if path else ""
        elif inherited and body.kind != "organ":
            of_committee = inherited.endswith(("委", "党委"))
            if body.party and not of_committee:
                return left, ""
            head = inherited if body.party == of_committee else COMMITTEE_END.sub("", inherited)
        else:
            head = self._bare(body)
        if body.kind == "organ" and not self._organ_counts(body, place is not None, bool(inherited)):
            return left, ""
        return left, head

    def _named(self, body: Body) -> Iterator[tuple[str, int, str]]:
        """League committees (团市委 → 共青团扬州市委), and street and town offices, which bear a name of their own."""
        kinds = gazetteer().kinds
        if body.kind == "office":
            place = self.ends.get(body.start)
            path = place.path if place else ""
            if not path:
                before = self.owners.before(body.start)
                own = self.owners.own("")
                path = before.path if before and kinds[before.path] == "d" else own[0] if own else ""
            if path and kinds[path] == "d":
                printed = self.located.printed[body.start : body.end]
                yield self.owners.prefix(path) + printed, place.start if place else body.start, ""
            return
        match = LEAGUE.match(self.text, body.start)
        if match is None:
            return
        stop = match.end("of")
        counted = COUNTED.search(self.text[max(0, stop - 8) : stop]) if match["of"] else None
        if counted:
            for path in self.owners.counted(counted, stop, ""):
                yield "共青团" + self.owners.prefix(path) + "委", body.start, ""
            return
        if match["level"] or match["of"]:
            path = self.owners.owner(match["level"] or match["of"], body, "")
        else:
            place = self.ends.get(match.end("region"))
            path = place.path if place else ""
        if path:
            yield "共青团" + self.owners.prefix(path) + "委", body.start, ""

    def _bare(self, body: Body) -> str:
        """What a department without any region or level before it belongs to."""
        before = self.text[max(0, body.start - 4) : body.start]
        if (
            body.kind != "local"
            or body.name[-1] not in "厅局"
            or BARE_BAD.search(before)
            or not BARE_OK.search(before)
            or not self.located.regions
        ):
            return ""
        if body.name.endswith("厅"):
            provinces = self.owners.provinces()
            return self.owners.prefix(provinces[0]) if len(provinces) == 1 else ""
        path = self.located.regions[0]
        if len(self.located.regions) > 1 or ("/" not in path and not path.endswith("市")):
            return ""
        return self.owners.prefix(path)

    def _organ_counts(self, body: Body, named: bool, listed: bool) -> bool:
        """Whether 政府 or 委 means the body itself here, not 政府购买 or 市委书记."""
        text, end = self.text, body.end
        if PRAISE.match(text, end):
            return False
        if body.name in ("政府", "人民政府"):
            if NOT_ITSELF.match(text, end):
                return False
            return named or listed or body.name == "人民政府" or bool(STRONG.match(text, end))
        if body.name in ("委", "党委"):
            return named and bool(COMMITTEE_ACTS.match(text, end))
        if body.name in ("管委会", "管理委员会", "公安分局", "公所"):
            return named
        return named or not text.startswith(("部门", "系统", "机关"), end)

    def _overseas(self, body: Body, printed: str) -> Iterator[tuple[str, int, str]]:
        """Bodies of Taiwan, Hong Kong and Macau."""
        shown = full_name(body.name, self.traditional) or printed
        if body.kind in ("hongkong", "macau"):
            yield GOVERNMENT[self.province][0 if self.traditional else 1] + shown, self._left(body), ""
            return
        if not body.local:
            above = next((size for size in (5, 4, 3) if self._is_ministry(body.start - size, body.start)), 0)
            ministry = MINISTRY.match(body.name)
            if ministry and is_national(ministry[0], self.province):
                yield printed[: ministry.end()], body.start, ""
            start = body.start - above
            yield (self.located.printed[start : body.start] if shown == printed else "") + shown, start, ""
            return
        at = body.start
        while self.text.startswith("政府", max(0, at - 2), at):
            at -= 2
        place = self.ends.get(at)
        if body.name == "府":
            if place and place.part != "title" and within(place.path, self.province):
                yield self.owners.qualified(place) + "政府", place.start, ""
            return
        if place and not within(place.path, self.province):
            yield self.owners.qualified(place) + shown, place.start, ""
            return
        path = place.path if place else next((item for item in self.located.regions if "/" in item), "")
        owner = next((item for item in reversed(ancestors(path)) if gazetteer().kinds[item] == "c"), "") if path else ""
        if owner and (place or not GENERIC.search(self.text[max(0, at - 3) : at])):
            yield self.owners.prefix(owner) + "政府" + shown, place.start if place else body.start, ""

    def _is_ministry(self, start: int, end: int) -> bool:
        """Whether a ministry stands right before one of its bodies: 勞動部勞動力發展署."""
        before = self.text[max(0, start) : end]
        return len(before) == end - start and before[-1] == "部" and is_national(before, self.province)

    def _free(self) -> list[Body]:
        """Departments that the lists do not have, right after a region; town and street offices by name."""
        text = self.text
        found = []
        for match in LEAGUE.finditer(text) if LEAGUE_MAY.search(text) else ():
            found.append(Body(match.start(), match.end(), match[0], "league"))
        for match in LOCAL_OFFICE.finditer(text) if any(map(text.__contains__, LOCAL_OFFICES)) else ():
            before = OFFICE_NAME.search(text[max(0, match.start() - 7) : match.start()])
            name = OFFICE_STOP.sub("", before[0]) if before else ""
            if len(name) > 1:
                found.append(Body(match.start() - len(name), match.end(), name + match[0], "office"))
        if self.province == "台湾省":
            for pattern in (COUNTY_OFFICE, COUNTY_HALL):
                found += [Body(hit.start(), hit.end(), hit[0], "taiwan") for hit in pattern.finditer(text)]
        ends = [place.end for place in self.owners.inside if place.name[-1:] in LEVELS]
        if any(map(text.__contains__, FREE_ENDS)):
            ends += [
                hit.end()
                for hit in FREE_LEVEL.finditer(text)
                if not (hit.start() and FREE_BEFORE.match(text, hit.start() - 1))
            ]
        for end in ends:
            free = FREE.match(text, end)
            if free:
                found.append(Body(end, free.end(), free[0], "local"))
        return found

    def _issues(self, end: int) -> int:
        """2 if the sentence goes on with a verb of issuing, 1 with another act of the agency, else 0."""
        match = REACH.match(self.text, end, end + 150)
        stop = match.end() if match else end
        clause = TITLES.sub("", self.text[end:stop])[:30]
        if STRONG.search(clause) or BACKED.match(self.text, stop):
            return 2
        return 1 if SOFT.search(clause) else 0
