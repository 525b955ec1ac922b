"""Write swsearch/pages/data/common_characters.txt: the characters that tell Chinese text from bytes read wrongly.

Two lines: the 1,000 characters that jieba's dictionary uses most (simplified, each word's frequency added to its
characters), and their traditional forms by OpenCC where they differ.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import opencc

OUT = Path(__file__).parent.parent / "swsearch/pages/data/common_characters.txt"
KEPT = 1000


def main() -> None:
    counts: Counter[str] = Counter()
    for row in files("jieba").joinpath("dict.txt").read_text("utf-8").splitlines():
        word, frequency = row.split(" ")[:2]
        for char in word:
            if "一" <= char <= "鿿":
                counts[char] += int(frequency)
    simplified = "".join(char for char, _ in counts.most_common(KEPT))
    taiwan, hong_kong = (opencc.OpenCC(name).convert(simplified) for name in ("s2tw", "s2hk"))
    traditional = "".join(dict.fromkeys(char for char in taiwan + hong_kong if char not in simplified))
    OUT.write_text(f"{simplified}\n{traditional}\n", "utf-8")


if __name__ == "__main__":
    main()
