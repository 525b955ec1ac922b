"""Writes swsearch/text/data/strait_opencc.tsv from OpenCC's phrase tables: in the form of strait_variants.tsv.

usage: python tools/make_strait_opencc.py

Left out: one character on either side, the same word after folding, names of persons and titles (with a dot between),
letters, counterparts that are everyday words of the mainland too (支持/支援: a search for one must not bring the
other) and those of strait_denied.txt.
"""

import collections
import subprocess
import tempfile
from pathlib import Path

import jieba
import opencc

from swsearch.text.fold import fold
from swsearch.text.words import simplified

OUT = Path(__file__).parent.parent / "swsearch/text/data/strait_opencc.tsv"
CLIB = Path(opencc.__file__).parent / "clib"
DENIED = Path(__file__).with_name("strait_denied.txt")
EVERYDAY = 100  # frequency in jieba's dictionary from which a counterpart is a mainland word of its own


def main() -> None:
    frequency = frequencies()
    lines = DENIED.read_text(encoding="utf-8").splitlines()
    denied = {word for line in lines if not line.startswith("#") for word in line.split()}
    pairs: dict[str, list[str]] = collections.defaultdict(list)
    for mainland, counterpart in sorted(set(phrase_pairs())):
        plain = simplified(mainland), simplified(counterpart)
        if (
            min(map(len, plain)) > 1
            and fold(mainland) != fold(counterpart)
            and not any(char.isascii() or char in "·-" for char in mainland + counterpart)
            and plain[0] not in denied
            and frequency.get(plain[1], 0) < EVERYDAY
            and counterpart not in pairs[plain[0]]
        ):
            pairs[plain[0]].append(counterpart)
    lines = [f"{mainland}\t=\t{' '.join(others)}\n" for mainland, others in sorted(pairs.items()) if others]
    OUT.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{OUT.name}: {len(lines)} words of the mainland, {sum(map(len, pairs.values()))} counterparts")


def phrase_pairs() -> list[tuple[str, str]]:
    """(mainland word, word of Taiwan or Hong Kong), both in OpenCC's standard traditional characters."""
    forth = [pair for name in ("TWPhrases", "HKPhrases") for pair in dump(name)]
    back = [(mainland, other) for name in ("TWPhrasesRev", "HKPhrasesRev") for other, mainland in dump(name)]
    return forth + back


def dump(name: str) -> list[tuple[str, str]]:
    with tempfile.NamedTemporaryFile() as out:
        command = [CLIB / "bin/opencc_dict", "-i", CLIB / f"share/opencc/{name}.ocd2", "-o", out.name]
        subprocess.run([*command, "-f", "ocd2", "-t", "text"], check=True, stdout=subprocess.DEVNULL)
        rows = (line.split("\t") for line in Path(out.name).read_text(encoding="utf-8").splitlines())
        return [(row[0], target) for row in rows if len(row) == 2 for target in row[1].split(" ")]


def frequencies() -> dict[str, int]:
    with jieba.get_dict_file() as lines:
        rows = (line.decode("utf-8").split(" ") for line in lines)
        return {word: int(count) for word, count, *_ in rows}


if __name__ == "__main__":
    main()
