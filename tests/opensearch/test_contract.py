"""The contract of all engines, on a real node, as it stands in tests/test_engine_contract.py."""

import itertools

import pytest
from test_engine_contract import *  # noqa: F403

from swsearch.engines.opensearch.store import OpenSearchEngine


@pytest.fixture
def make_engine(base_url, url, drop, ask):
    """A new, empty engine, to be closed by the caller; its generations go with it.

    Names are used again, since making an index for a lock takes as long as ten queries.
    """
    names = (f"{url.rpartition('/')[2]}-{number}" for number in itertools.count())
    free = []

    class Passing(OpenSearchEngine):
        def close(self):
            super().close()
            drop(f"{self._alias}-g")
            free.append(self._alias)

    return lambda: Passing(f"{base_url}/{free.pop() if free else next(names)}", write=True)
