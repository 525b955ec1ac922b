"""Pairs of characters are found the same with numpy and without."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swsearch.pages.pairs import Pairs

PAIRS = Pairs(
    dict.fromkeys(["北京", "京北", "南京", "昌市", "\U00020000京", "北\U00020000", "\U00025317海"], (3, 2))
)  # U+25317: 北 of another plane
texts = st.text(st.sampled_from("北京南昌市海 \n\U00025317\U00020000\U00030000\ud800a"), max_size=200)


def expected(text):
    return [(at, (3, 2)) for at in range(len(text) - 1) if text[at : at + 2] in PAIRS.lengths]


@pytest.fixture(params=["numpy", "pattern"])
def way(request, monkeypatch):
    """With numpy loaded, and as if it were not."""
    if request.param == "pattern":
        monkeypatch.delitem(sys.modules, "numpy", raising=False)
    else:
        import numpy  # noqa: F401
    return request.param


@pytest.mark.usefixtures("way")
@given(texts.map(lambda text: text * 3))
def test_places(text):
    assert PAIRS.places(text) == expected(text)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("text", ["", "北", "北京", "北京" * 100, "x" * 100 + "\U00020000京", "\U00030000京" * 40])
def test_places_of(text):
    assert PAIRS.places(text) == expected(text)
