"""The contract of all engines, on a real node, as it stands in tests/test_engine_contract.py."""

import uuid

import pytest
from test_engine_contract import *  # noqa: F403

from swsearch.engines.opensearch.store import OpenSearchEngine


@pytest.fixture
def make_engine(base_url, drop):
    """A new, empty engine, to be closed by the caller; its indexes go with it."""

    class Passing(OpenSearchEngine):
        def close(self):
            super().close()
            drop(self._alias)

    return lambda: Passing(f"{base_url}/t{uuid.uuid4().hex[:12]}", write=True)
