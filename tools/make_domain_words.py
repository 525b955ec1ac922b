"""Writes the frequencies of swsearch/text/data/domain_words.txt, in place.

usage: python tools/make_domain_words.py

A word's frequency is the least with which jieba's dictionary alone (no HMM) keeps it whole: enough to win against its
own parts, too little to tear its neighbours apart. Words that jieba's dictionary already keeps whole are dropped, so
that no entry changes one of its own (there jieba and rjieba count the total differently).
"""

from pathlib import Path

import jieba

PATH = Path(__file__).parent.parent / "swsearch/text/data/domain_words.txt"


def main() -> None:
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    lines, seen, dropped = [], set(), []
    for line in PATH.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            lines.append(line)
            continue
        word = line.split()[0]
        if word in seen or tokenizer.FREQ.get(word):
            dropped.append(word)
            continue
        seen.add(word)
        lines.append(f"{word} {tokenizer.suggest_freq(word)}")
    PATH.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(seen)} words; dropped {len(dropped)}: {' '.join(dropped)}")


if __name__ == "__main__":
    main()
