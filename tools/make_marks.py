"""Writes swsearch/text/data/marks.json: which code points vanish in a match form and which break it.

usage: python tools/make_marks.py

The classes follow docs: transparent = quotes, brackets, middle dots, spaces, format characters, variation selectors;
breaking = sentence and clause marks, ellipses, dashes, paragraph ends. They are written down, not looked up at run
time, because `unicodedata` differs between Python versions and an index must mean the same under all of them.
"""

import json
import sys
import unicodedata
from pathlib import Path

OUT = Path(__file__).parent.parent / "swsearch/text/data/marks.json"
QUOTES = "\"'`´′″‵‶〝〞〟"
ANGLES = "<>"
MIDDLE_DOTS = "·•‧∙⋅・･·"
BREAKS = "、。；：！？…;:!?｡､~‥⋯"  # `.` and `,` depend on their neighbours, see match.py; ， is folded to `,`
PARAGRAPH_ENDS = "\n\r\u2028\u2029¶"


def main() -> None:
    transparent, breaking = set(), set(map(ord, BREAKS + PARAGRAPH_ENDS))
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        category = unicodedata.category(char)
        if category in ("Cf", "Zs", "Ps", "Pe", "Pi", "Pf") or char.isspace():
            transparent.add(code)
        elif category == "Pd":
            breaking.add(code)
        elif "VARIATION SELECTOR" in unicodedata.name(char, ""):
            transparent.add(code)
    transparent |= set(map(ord, QUOTES + ANGLES + MIDDLE_DOTS))
    transparent -= breaking
    data = {"unicode": unicodedata.unidata_version, "transparent": ranges(transparent), "breaking": ranges(breaking)}
    OUT.write_text(json.dumps(data) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(transparent)} transparent, {len(breaking)} breaking, Unicode {data['unicode']}")


def ranges(codes: set[int]) -> list[list[int]]:
    """Ascending [first, last] pairs that hold exactly `codes`."""
    out: list[list[int]] = []
    for code in sorted(codes):
        if out and code == out[-1][1] + 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


if __name__ == "__main__":
    main()
