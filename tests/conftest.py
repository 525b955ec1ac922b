"""Fixtures that several files share: the repository's own seeds, segmented and indexed once a run."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"


@pytest.fixture(scope="session")
def seed_articles():
    """The articles of the five seed pages."""
    from swsearch import read_page, segment

    return [article for path in sorted(SEEDS.glob("*.txt")) for article in segment(read_page(path, SEEDS)).articles]


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory):
    """The path of an index of the five seed pages; read-only, please."""
    from swsearch import rebuild

    path = tmp_path_factory.mktemp("seeds") / "index"
    rebuild(SEEDS, index=path)
    return path
