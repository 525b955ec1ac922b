"""A real node for all tests of this folder, which only `make test-opensearch` collects.

SWSEARCH_TEST_CLUSTER is "start" (one is started here for all workers, and stopped by its own process id) or the address
of one that runs already, http://127.0.0.1:9250.
"""

import os
import sys
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CLUSTER = os.environ.get("SWSEARCH_TEST_CLUSTER", "")
collect_ignore_glob = [] if CLUSTER else ["test_*.py"]
sys.path[:0] = [str(ROOT / "tools/opensearch-node"), str(ROOT / "tests")]


def pytest_configure(config):
    if CLUSTER != "start" or config.option.collectonly:
        return
    from nodes import NodeError, Nodes

    try:
        nodes = Nodes()
    except NodeError as error:
        pytest.exit(str(error), returncode=1)
    config.add_cleanup(nodes.stop)
    os.environ["SWSEARCH_TEST_CLUSTER"] = f"http://127.0.0.1:{nodes.http}"  # which workers inherit


@pytest.fixture(scope="session")
def base_url():
    """`opensearch+http://HOST:PORT` of a node."""
    return f"opensearch+{os.environ['SWSEARCH_TEST_CLUSTER']}"


@pytest.fixture(scope="session")
def ask(base_url):
    """(method, path, body) -> answer, past the engine."""
    from opensearchpy import OpenSearch

    client = OpenSearch(base_url.removeprefix("opensearch+"), timeout=60)
    yield lambda method, path, body=None, **params: client.transport.perform_request(
        method, path, params=params, body=body
    )
    client.close()


@pytest.fixture(scope="session")
def drop(ask):
    """Delete all that was made under a name."""

    def drop(name):
        found = ask("GET", f"/{name}*", expand_wildcards="all", allow_no_indices="true")
        if found:
            ask("DELETE", "/" + ",".join(found))

    return drop


@pytest.fixture
def url(base_url, drop):
    """The address of a new index, which is deleted at the end."""
    name = f"t{uuid.uuid4().hex[:12]}"
    yield f"{base_url}/{name}"
    drop(name)
