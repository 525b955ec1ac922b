"""Write swsearch/pages/data/mojibake_words.tsv: what speaks for a character being genuine and not a broken mark.

Each line is a text of 1 to 4 characters and, for each of its characters that a broken font can stand for a mark with
(GB2312 rows 50 and 52), the logarithm of how often per million characters it is met in this company: with the
frequencies f of jieba's dictionary, ln(10^6 f(word)) - sum of ln f(other characters). The others have a `-`.
A single character stands for itself outside all words. Longer words that add nothing to a shorter one are left out.
Pieces of words that the dictionary lacks (OWN) count as certain.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from math import log
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUT = ROOT / "swsearch/pages/data/mojibake_words.tsv"
CELLS = {bytes([lead, trail]).decode("gb2312") for lead in (0xD2, 0xD4) for trail in range(0xA1, 0xFF)}
SELDOM = {2: 1, 3: 5, 4: 50}  # words by length, and how often each must be met to be worth its line
ENOUGH = 14.0  # nats: no mark is so frequent that a higher value would change anything
GAIN = 2.0  # nats: a word is kept where it speaks e^2 times louder than what shorter pieces say

CLASSICAL = {"曰": 2.0}  # the dictionary counted old novels too; a newspaper has it this seldom
OWN = Path(__file__).with_name("mojibake_own_words.txt")


def main() -> None:
    rows = [row.split(" ")[:2] for row in files("jieba").joinpath("dict.txt").read_text("utf-8").splitlines()]
    words = {word: int(frequency) for word, frequency in rows}
    total = sum(words.values())
    characters: Counter[str] = Counter()
    for word, frequency in words.items():
        for char in word:
            characters[char] += frequency
    size = sum(characters.values())

    kept: dict[str, dict[int, float]] = {char: {0: log(1e6 * words.get(char, 1) / total)} for char in sorted(CELLS)}
    for char, value in CLASSICAL.items():
        kept[char] = {0: value}
    candidates = [word for word in words if words[word] >= SELDOM.get(len(word), total) and CELLS & set(word)]
    for word in sorted(candidates, key=lambda word: (len(word), word)):
        values = {}
        for at, char in enumerate(word):
            if char in CELLS:
                company = sum(log(characters[other] / size) for place, other in enumerate(word) if place != at)
                value = min(ENOUGH, log(1e6 * words[word] / total) - company)
                if value > best_inside(kept, word, at) + GAIN:
                    values[at] = value
        if values:
            kept[word] = values
    own = (line for line in OWN.read_text("utf-8").splitlines() if not line.startswith("#"))
    for word in " ".join(own).split():
        values = {at: ENOUGH for at, char in enumerate(word) if char in CELLS}
        kept[word] = {**kept.get(word, {}), **values}
    lines = []
    for word, values in kept.items():
        numbers = " ".join(f"{values[at]:.1f}" if at in values else "-" for at in range(len(word)))
        lines.append(f"{word}\t{numbers}\n")
    OUT.write_text("".join(lines), "utf-8")


def best_inside(kept: dict[str, dict[int, float]], word: str, at: int) -> float:
    """The highest value that a shorter piece of the word gives the character at `at`."""
    best = kept[word[at]][0]
    for start in range(at + 1):
        for end in range(at + 1, len(word) + 1):
            if end - start < len(word):
                best = max(best, kept.get(word[start:end], {}).get(at - start, best))
    return best


if __name__ == "__main__":
    main()
