"""Writes swsearch/text/data/fold.tsv: a character, a tab, the character that stands for its class.

usage: python tools/make_fold.py [--review]

Beside it simplified.tsv, OpenCC's traditional characters and the simplified one preferred for each, in the same form.

Three layers, closed together so that the table is idempotent:
1. width and compatibility: what Unicode decomposes to one character under <wide>, <narrow>, <small>, <vertical>,
   CJK compatibility ideographs, Kangxi radicals and those of the radicals supplement that are whole characters;
2. lower case where it is one character;
3. script: union of OpenCC's character tables and of data/merged_pairs.tsv, less data/kept_apart.tsv.

The table is written down, not computed at run time: `unicodedata` differs between Python versions, OpenCC's tables
between its releases, and an index must mean the same under all of them. --review prints the classes to look at.
"""

import collections
import importlib.metadata
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import jieba
import opencc

DATA = Path(__file__).parent.parent / "swsearch/text/data"
OPENCC = Path(opencc.__file__).parent / "clib"
TABLES = [
    *("TSCharacters", "TSCharactersExt", "STCharacters", "CJK_Compatibility_Ideographs"),
    *("TWVariants", "TWVariantsRev", "HKVariants", "HKVariantsRev"),
]
WIDTH_TAGS = {"<wide>", "<narrow>", "<small>", "<vertical>"}
# Of the CJK radicals supplement Unicode decomposes only two, but PDFs are full of the others: whole characters only
# (from EquivalentUnifiedIdeograph.txt), no side forms such as U+2EA1, which is the water radical.
RADICALS = dict(
    zip(
        "⺁⺒⺠⻁⻄⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳⻲⻱⺟⺩⺮⺶⺝⺜⻗⺻⺽",
        "厂巳民虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟亀龜母王竹羊月日雨聿臼",
        strict=True,
    )
)
COMMON = 200  # summed frequency in jieba's dictionary above which a simplified character counts as everyday

Edges = list[tuple[str, str]]


def main() -> None:
    frequency, single, merged = frequencies(), single_targets(), merged_pairs()
    classes = close([*single.items(), *script_edges(), *merged], kept_apart())
    heads = {head for head, _ in merged}
    traditional = traditional_characters()
    table: dict[str, str] = {}
    for members in classes:
        # A width form or a capital never represents, the list's own choice does; then what jieba can read (劏, not 㓥),
        # then simplified, then common.
        rank = {c: (c in single, c not in heads, not plain(c), c in traditional, -frequency[c], c) for c in members}
        best = min(members, key=rank.__getitem__)
        table.update((char, best) for char in members)
    check(table)
    pairs = sorted((best, char) for char, best in table.items() if char != best)
    text = "".join(f"{char}\t{best}\n" for best, char in pairs)
    (DATA / "fold.tsv").write_text(text, encoding="utf-8", newline="\n")
    print(f"fold.tsv: {len(pairs)} characters in {len({best for best, _ in pairs})} classes,", end=" ")
    print(f"OpenCC {importlib.metadata.version('opencc')}, Unicode {unicodedata.unidata_version}")
    first = {char: targets[0] for char, targets in sorted(dump("TSCharacters").items())}
    text = "".join(f"{char}\t{best}\n" for char, best in first.items() if char != best and len(best) == 1)
    (DATA / "simplified.tsv").write_text(text, encoding="utf-8", newline="\n")
    if "--review" in sys.argv[1:]:
        review(classes, traditional, frequency)


def dump(name: str) -> dict[str, list[str]]:
    """One of OpenCC's compiled tables: key -> targets, the preferred one first."""
    with tempfile.NamedTemporaryFile() as out:
        command = [OPENCC / "bin/opencc_dict", "-i", OPENCC / f"share/opencc/{name}.ocd2", "-o", out.name]
        subprocess.run([*command, "-f", "ocd2", "-t", "text"], check=True, stdout=subprocess.DEVNULL)
        rows = (line.split("\t") for line in Path(out.name).read_text(encoding="utf-8").splitlines())
        return {row[0]: row[1].split(" ") for row in rows if len(row) == 2}


def script_edges() -> Edges:
    return [
        (key, target)
        for name in TABLES
        for key, targets in dump(name).items()
        for target in targets
        if len(key) == len(target) == 1
    ]


def single_targets() -> dict[str, str]:
    """Layers 1 and 2: characters that are one other character in width, compatibility or case."""
    out: dict[str, str] = dict(RADICALS)
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        parts = unicodedata.decomposition(char).split()
        kangxi = 0x2F00 <= code <= 0x2FDF or 0x2E80 <= code <= 0x2EFF
        ideograph = 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F
        if (len(parts) == 2 and (parts[0] in WIDTH_TAGS or kangxi)) or (len(parts) == 1 and ideograph):
            out[char] = chr(int(parts[-1], 16))
        elif char.lower() != char and len(char.lower()) == 1:
            out[char] = char.lower()
    return out


def rows(name: str) -> list[list[str]]:
    """The rows of one of our reviewed lists, without comments."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def merged_pairs() -> Edges:
    return [(head, char) for head, others, *_ in rows("merged_pairs.tsv") for char in others]


def kept_apart() -> set[frozenset[str]]:
    return {frozenset((head, char)) for head, others, *_ in rows("kept_apart.tsv") for char in others}


def close(edges: Edges, apart: set[frozenset[str]]) -> list[set[str]]:
    """The classes that `edges` make; fails if two characters kept apart meet all the same."""
    parent: dict[str, str] = {}

    def find(char: str) -> str:
        while parent.setdefault(char, char) != char:
            char = parent[char]
        return char

    for left, right in edges:
        if frozenset((left, right)) not in apart:
            parent[find(left)] = find(right)
    for pair in apart:
        if len({find(char) for char in pair}) == 1:
            sys.exit(f"kept_apart.tsv: {pair} meet by another way")
    classes: dict[str, set[str]] = collections.defaultdict(set)
    for char in list(parent):
        classes[find(char)].add(char)
    return list(classes.values())


def check(table: dict[str, str]) -> None:
    """Idempotent, one to one, and a line of the file stays a line."""
    for char, best in table.items():
        assert table[best] == best, (char, best)
        assert len(char) == len(best) == 1
        assert char not in "\t\n\r", char


def frequencies() -> collections.Counter[str]:
    counts: collections.Counter[str] = collections.Counter()
    with jieba.get_dict_file() as lines:
        for line in lines:
            word, count, *_ = line.decode("utf-8").split(" ")
            for char in word:
                counts[char] += int(count)
    return counts


def traditional_characters() -> set[str]:
    """Characters that OpenCC changes on the way to simplified."""
    return {key for key, targets in dump("TSCharacters").items() if targets[0] != key}


def plain(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fd5"


def review(classes: list[set[str]], traditional: set[str], frequency: collections.Counter[str]) -> None:
    def show(members: set[str]) -> str:
        ordered = sorted(members, key=lambda c: -frequency[c])
        return " ".join(f"{c}{frequency[c] or ''}" for c in ordered)

    print("\nbiggest classes")
    for members in sorted(classes, key=len, reverse=True)[:40]:
        print("  ", show(members))
    print("\nclasses with two everyday simplified characters")
    for members in classes:
        if sum(c not in traditional and frequency[c] >= COMMON for c in members) > 1:
            print("  ", show(members))


if __name__ == "__main__":
    main()
