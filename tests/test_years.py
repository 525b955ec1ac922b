"""Years: all spellings, the one the article reports on, and those that never are."""

from __future__ import annotations

import pytest

from swsearch.pages.years import find_years


@pytest.mark.parametrize(
    ("text", "year"), [("2024年11月5日，中央社会工作会议召开。", 2024), ("到2027年年底，实现全覆盖。", None)]
)
def test_year(text: str, year: int | None) -> None:
    assert find_years("", [text])[0] == year
