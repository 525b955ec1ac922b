"""Three nodes, one of which is stopped while others read and write: a whole answer or an error, never a part of one."""

import json
import threading
import time

import pytest
from nodes import Nodes

from swsearch import open_index, rebuild
from swsearch.engines.opensearch.client import Address, Cluster
from swsearch.errors import EngineError, SwsearchError

ARTICLES = 300
QUERIES = 500


@pytest.fixture(scope="module")
def three():
    with Nodes(3) as nodes:
        yield nodes


@pytest.fixture
def place(three, monkeypatch, request):
    """The address of a new index of three shards."""
    monkeypatch.setenv("SWSEARCH_OPENSEARCH_SHARDS", "3")
    return f"opensearch+http://{three.hosts}/{request.node.name.replace('test_', '')[:40].lower()}"


def seeds(folder, version):
    """Articles of a version, and their ids."""
    lines = [
        json.dumps(
            {"id": f"{version}-{at}", "title": "题", "body": f"社工站第{at}号，第{version}版"}, ensure_ascii=False
        )
        for at in range(ARTICLES)
    ]
    (folder / "a.jsonl").write_text("\n".join(lines), "utf-8")
    return {f"{version}-{at}" for at in range(ARTICLES)}


def wait_for_green(place):
    cluster = Cluster(Address.of(place))
    for _ in range(60):
        try:
            if cluster.ask("GET", "/_cluster/health", wait_for_status="green", timeout="1s")["status"] == "green":
                break
        except EngineError:
            time.sleep(1)
    cluster.close()


def wait_for_a_draft(place, rebuilding):
    """Until the next generation stands beside the one that is read."""
    address = Address.of(place)
    cluster = Cluster(address)
    while rebuilding.is_alive() and len(cluster.ask("GET", f"/{address.alias}-g*", allow_no_indices=True)) < 2:
        time.sleep(0.01)
    cluster.close()


def found(index):
    return {id for id, _ in index.ids("社工站", limit=None)[1]}


def test_a_node_stops_while_others_ask(three, place, tmp_path):
    expected = seeds(tmp_path, 0)
    rebuild(tmp_path, index=place)
    wait_for_green(place)
    errors = 0
    with open_index(place) as index:
        stopper = threading.Thread(target=three.close, args=(2,))
        for number in range(QUERIES):
            if number == QUERIES // 3:
                stopper.start()
            try:
                assert found(index) == expected
            except SwsearchError:
                errors += 1
        stopper.join()
        assert found(index) == expected
    assert errors < QUERIES // 2
    three.start(2)
    wait_for_green(place)


def test_a_node_stops_while_one_rebuilds(three, place, tmp_path):
    old = seeds(tmp_path, 0)
    rebuild(tmp_path, index=place)
    wait_for_green(place)
    new = seeds(tmp_path, 1)
    outcome = []

    def run():
        try:
            outcome.append(rebuild(tmp_path, index=place))
        except SwsearchError as error:
            outcome.append(error)

    rebuilding = threading.Thread(target=run)
    rebuilding.start()
    wait_for_a_draft(place, rebuilding)
    three.close(3)
    rebuilding.join()
    with open_index(place) as index:
        assert found(index) == (old if isinstance(outcome[0], SwsearchError) else new)
    three.start(3)
    wait_for_green(place)
    rebuild(tmp_path, index=place)
    with open_index(place) as index:
        assert found(index) == new
        assert index.check() == ()


def test_without_replicas_missing_shards_are_named(three, place, tmp_path, monkeypatch):
    monkeypatch.setenv("SWSEARCH_OPENSEARCH_REPLICAS", "0")
    expected = seeds(tmp_path, 0)
    rebuild(tmp_path, index=place)
    with open_index(place) as index:
        assert found(index) == expected
        three.close(2)
        told = set()
        for _ in range(20):
            try:
                assert found(index) == expected
            except EngineError as error:
                told.add(str(error))
            time.sleep(0.2)
        assert any("shard" in one and "missing" in one for one in told), told
        three.start(2)
        wait_for_green(place)
        assert found(index) == expected
