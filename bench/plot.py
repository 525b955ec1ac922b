"""The growth of a run as an SVG: three small charts, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.systems import TITLES

_COLORS = {"swsearch": "#c2410c", "tantivy-characters": "#1d4ed8"}
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 300, 220, 60, 60, 80

Points = list[tuple[float, float]]


def svg(sizes: Sequence[Mapping[str, Any]]) -> str:
    """The charts: ids of substrings, ids of phrases, time to index."""
    charts: list[tuple[str, dict[tuple[str, str], Points]]] = []
    for set_name in ("substrings", "phrases"):
        lines = {
            (name, key): [(size["articles"], size["systems"][name]["queries"][set_name]["ids"][key]) for size in sizes]
            for name in _COLORS
            for key in ("p50", "p95")
        }
        charts.append((f"ids, {set_name}, ms", lines))
    taken = {
        (name, "p50"): [(size["articles"], size["systems"][name]["built"]["seconds"]) for size in sizes]
        for name in _COLORS
    }
    charts.append(("indexing, one core, s", taken))
    width = len(charts) * (_WIDTH + _GAP) + _LEFT
    size = f'width="{width}" height="{_HEIGHT + 130}" font-family="sans-serif" font-size="12"'
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', '<rect width="100%" height="100%" fill="#fff"/>']
    for number, (title, lines) in enumerate(charts):
        out += _chart(_LEFT + number * (_WIDTH + _GAP), title, lines)
    for number, (name, color) in enumerate(_COLORS.items()):
        x, y = _LEFT + number * 300, _TOP + _HEIGHT + 52
        out.append(f'<line x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="{color}" stroke-width="2"/>')
        out.append(f'<text x="{x + 30}" y="{y}">{TITLES[name]} (dashed: p95)</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _chart(left: float, title: str, lines: Mapping[tuple[str, str], Points]) -> list[str]:
    points = [point for line in lines.values() for point in line]
    xs, ys = _ends([x for x, _ in points], 2), _ends([y for _, y in points], 10)

    def place(x: float, y: float) -> str:
        across = (math.log(x) - math.log(xs[0])) / (math.log(xs[-1]) - math.log(xs[0]))
        up = (math.log(max(y, 1e-6)) - math.log(ys[0])) / (math.log(ys[-1]) - math.log(ys[0]))
        return f"{left + across * _WIDTH:.1f},{_TOP + (1 - up) * _HEIGHT:.1f}"

    out = [f'<text x="{left}" y="{_TOP - 16}" font-weight="bold">{title}</text>']
    for y in ys:
        at = place(xs[0], y).partition(",")[2]
        out.append(f'<line x1="{left}" y1="{at}" x2="{left + _WIDTH}" y2="{at}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 6}" y="{float(at) + 4}" text-anchor="end">{y:g}</text>')
    for x in sorted({x for x, _ in points}):
        at = place(x, ys[0]).partition(",")[0]
        out.append(f'<line x1="{at}" y1="{_TOP}" x2="{at}" y2="{_TOP + _HEIGHT}" stroke="#eee"/>')
        shown = f"{x / 1000:.0f}k" if x >= 1000 else f"{x:g}"
        out.append(f'<text x="{at}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{shown}</text>')
    for (name, key), line in lines.items():
        dash = ' stroke-dasharray="5 4"' if key == "p95" else ""
        path = " ".join(place(x, y) for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{_COLORS[name]}" stroke-width="2"{dash}/>')
    return out


def _ends(values: Sequence[float], base: int) -> list[float]:
    """Powers of `base` that enclose the values, for the y axis; the least and largest value for the x axis."""
    least, most = max(min(values), 1e-6), max(*values, 1e-6)
    if base == 2:
        return [least, most if most > least else 2 * least]
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0**power for power in range(low, max(high, low + 1) + 1)]
