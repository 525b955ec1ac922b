"""Fixtures that several files share: the repository's own seeds, segmented and indexed once a run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadlines: machines are noisy. Where a run decides about a change it must not depend on luck.
settings.register_profile("swsearch", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("swsearch")

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
