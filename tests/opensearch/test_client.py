"""What can be wrong between us and a cluster, each a sentence of ours, none with a secret in it."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
import warnings
from contextlib import suppress

import pytest

from swsearch.engines.opensearch import client
from swsearch.engines.opensearch.client import Address, Cluster
from swsearch.errors import EngineError, EngineUnavailable, IndexMissing, SettingError, SwsearchError

SECRET = "geheim-49"
HELLO = {"version": {"distribution": "opensearch", "number": "2.19.1"}}


class Fake:
    """A server that answers each request with the next of `answers` (status, body), the last one for ever."""

    def __init__(self, *answers, context=None):
        self.answers = list(answers)
        self.asked = []
        self.wait_s = 0.0
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                fake.asked.append(
                    (
                        self.command,
                        self.path,
                        self.rfile.read(length),
                        {name.lower(): value for name, value in self.headers.items()},
                    )
                )
                time.sleep(fake.wait_s)
                status, body = fake.answers[0] if len(fake.answers) == 1 else fake.answers.pop(0)
                text = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                self.send_header("Content-Length", str(len(text)))
                with suppress(BrokenPipeError):  # who asked has given up
                    self.end_headers()
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def cluster(self, scheme="http", **environment):
        url = f"opensearch+{scheme}://127.0.0.1:{self.server.server_port}/articles"
        env = {"SWSEARCH_OPENSEARCH_USER": "me", "SWSEARCH_OPENSEARCH_PASSWORD": SECRET, **environment}
        return Cluster(Address.of(url, env))


@pytest.fixture
def fake():
    made = []

    def make(*answers, **options):
        made.append(Fake(*answers, **options))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(client, "BUSY_SECONDS", 0.5)
    monkeypatch.setattr(client, "PAUSE_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("opensearch+http://localhost/Articles", "Articles cannot be the name of an index"),
        ("opensearch+http://localhost/", "nothing cannot be the name"),
        ("opensearch+http://localhost/a/b", "a/b cannot be"),
        ("opensearch+http://localhost/_all", "_all cannot be"),
        ("opensearch+http://localhost/*", "cannot be the name"),
        ("opensearch+http:///articles", "is no host"),
        ("opensearch+http://localhost:port/articles", "is no host"),
        (f"opensearch+https://me:{SECRET}@localhost/articles", "SWSEARCH_OPENSEARCH_PASSWORD"),
    ],
)
def test_addresses_that_are_none(url, words):
    with pytest.raises(SettingError, match=words.replace("*", ".")) as caught:
        Address.of(url, {})
    assert SECRET not in str(caught.value)


def test_an_address():
    address = Address.of("opensearch+https://a:9201,[::1]/news", {"SWSEARCH_OPENSEARCH_PASSWORD": SECRET})
    assert address.hosts == (("a", 9201), ("::1", 9200))
    assert address.url == "opensearch+https://a:9201,[::1]:9200/news"
    assert address.tls
    assert SECRET not in repr(address)
    with pytest.raises(SettingError, match="SHARDS is 'many'"):
        Address.of("opensearch+http://a/news", {"SWSEARCH_OPENSEARCH_SHARDS": "many"})


ERRORS = [
    ((401, "Unauthorized"), EngineUnavailable, "refuses the user or the password"),
    ((403, {"error": {"reason": "no permissions for [x]"}}), EngineUnavailable, "may not do this"),
    (
        (403, {"error": {"reason": "index [x] blocked by: [read-only / allow delete]"}}),
        EngineError,
        "disk is nearly full",
    ),
    (
        (429, {"error": {"reason": "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage]"}}),
        EngineError,
        "is read-only, which OpenSearch makes it when a disk is nearly full",
    ),
    ((404, {"error": {"reason": "no such index"}}), IndexMissing, "no index at"),
    ((413, ""), EngineError, "http.max_content_length"),
    ((429, {"error": {"reason": "rejected"}}), EngineUnavailable, "too busy"),
    ((503, {"error": {"reason": "shutting down"}}), EngineUnavailable, "cannot answer now: shutting down"),
    (
        (503, {"error": {"reason": "Search rejected due to missing shards [[articles][1], [articles][4]]"}}),
        EngineError,
        "2 shards of articles missing",
    ),
    (
        (400, {"error": {"root_cause": [{"reason": "why\nso"}], "reason": "all"}}),
        EngineError,
        "answered 400: why so; all",
    ),
    ((200, "<html>"), EngineUnavailable, "is not OpenSearch"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), ERRORS)
def test_errors_are_ours(fake, answer, kind, words):
    cluster = fake(answer).cluster()
    with pytest.raises(kind, match=words) as caught:
        cluster.ask("POST", "/articles/_search", {})
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    cluster.close()


def test_a_storm_is_waited_out(fake):
    server = fake((429, {}), (503, {}), (200, {"all": "well"}))
    cluster = server.cluster()
    assert cluster.ask("GET", "/x") == {"all": "well"}
    assert len(server.asked) == 3
    cluster.close()


def test_every_exception_of_the_library_is_mapped():
    """What it may raise from a request is a TransportError, a SerializationError or an OpenSearchException."""
    import opensearchpy.exceptions as theirs

    for kind in vars(theirs).values():
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning):
            of_requests = (theirs.OpenSearchException, theirs.ImproperlyConfigured, theirs.OpenSearchDslException)
            assert issubclass(kind, (*of_requests, ValueError))


def test_nothing_listens_there(fake):
    server = fake((200, HELLO))
    cluster = server.cluster()
    server.server.shutdown()
    server.server.server_close()
    with pytest.raises(EngineUnavailable, match="nothing answers at"):
        cluster.greet()


@pytest.mark.parametrize("answer", [{"version": {"number": "8.1.0"}}, {"tagline": "hi"}, [1], "hello"])
def test_something_else_listens_there(fake, answer):
    with pytest.raises(EngineUnavailable, match="is not OpenSearch"):
        fake((200, answer)).cluster().greet()


def test_a_version_that_was_not_tried_is_a_warning(fake):
    told = {"version": {"distribution": "opensearch", "number": "7.0.0"}}
    with pytest.warns(UserWarning, match=r"not with 7\.0\.0"):
        fake((200, told)).cluster().greet()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fake((200, HELLO)).cluster().greet()


@pytest.mark.parametrize(
    "answer",
    [
        {"timed_out": True, "_shards": {"total": 1, "successful": 1, "failed": 0}},
        {"timed_out": False, "_shards": {"total": 3, "successful": 2, "failed": 0}},
        {
            "timed_out": False,
            "_shards": {"total": 3, "successful": 2, "failed": 1, "failures": [{"reason": {"reason": "broken"}}]},
        },
    ],
)
def test_a_partial_answer_is_an_error(fake, answer):
    server = fake((200, {**answer, "hits": {"hits": []}}))
    with pytest.raises(EngineError, match=r"1 of 3 shards|did not finish"):
        server.cluster().search("articles", {})
    assert "allow_partial_search_results=false" in server.asked[0][1]


def test_items_that_are_refused_for_now_are_sent_again(fake):
    ok, busy = {"index": {"status": 201, "result": "created"}}, {"index": {"status": 429, "error": {}}}
    server = fake((200, {"items": [ok, busy]}), (200, {"items": [ok]}))
    assert server.cluster().bulk("articles", [("1", {"id": "a"}), ("2", {"id": "b"})]) == ["created", "created"]
    assert server.asked[1][2].count(b"\n") == 2


def test_an_item_that_is_refused_is_named(fake):
    bad = {"index": {"status": 400, "error": {"reason": "too long"}}}
    with pytest.raises(EngineError, match="b was not stored: too long"):
        fake((200, {"items": [bad]})).cluster().bulk("articles", [("2", {"id": "b"})])


def test_a_full_disk_is_not_waited_for(fake):
    reason = "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark];"
    server = fake((200, {"items": [{"index": {"status": 429, "error": {"reason": reason}}}]}))
    with pytest.raises(EngineError, match="a disk is nearly full: make room"):
        server.cluster().bulk("articles", [("2", {"id": "b"})])
    assert len(server.asked) == 1


def test_a_cluster_that_stays_busy_is_given_up(fake):
    server = fake((200, {"items": [{"index": {"status": 429, "error": {"reason": "rejected execution"}}}]}))
    with pytest.raises(EngineUnavailable, match="too busy for"):
        server.cluster().bulk("articles", [("2", {"id": "b"})])
    assert len(server.asked) > 2


def test_user_and_password_in_any_script(fake):
    server = fake((200, HELLO))
    server.cluster(SWSEARCH_OPENSEARCH_USER="编辑", SWSEARCH_OPENSEARCH_PASSWORD="密码:1").greet()
    scheme, _, value = server.asked[0][3]["authorization"].partition(" ")
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", "编辑:密码:1")


@pytest.mark.parametrize("key", [f"{SECRET}\nx", f"{SECRET} x", f"密{SECRET}"])
def test_a_key_that_no_header_holds_is_refused_and_not_shown(key):
    with pytest.raises(SettingError, match="SWSEARCH_OPENSEARCH_API_KEY holds characters") as caught:
        Address.of("opensearch+http://a/news", {"SWSEARCH_OPENSEARCH_API_KEY": key})
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)


def test_a_cluster_that_does_not_answer_in_time(fake):
    server = fake((200, HELLO))
    server.wait_s = 2
    with pytest.raises(EngineUnavailable, match=r"did not answer within 0\.3 seconds"):
        server.cluster().ask("GET", "/", timeout_s=0.3)


def test_an_api_key_goes_into_the_header_and_nowhere_else(fake):
    server = fake((200, HELLO))
    cluster = server.cluster(SWSEARCH_OPENSEARCH_API_KEY=SECRET)
    cluster.greet()
    assert server.asked[0][3]["authorization"] == f"ApiKey {SECRET}"
    assert SECRET not in repr(cluster.__dict__["address"])


def test_a_certificate_that_is_not_trusted(fake, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = fake((200, HELLO), context=context)
    with pytest.raises(EngineUnavailable, match="is not trusted: name the file of its authority") as caught:
        server.cluster("https").greet()
    assert SECRET not in str(caught.value)
    server.cluster("https", SWSEARCH_OPENSEARCH_CA=str(certificate)).greet()
    for wrong in (tmp_path / "none.pem", key):
        with pytest.raises(SwsearchError):
            server.cluster("https", SWSEARCH_OPENSEARCH_CA=str(wrong)).greet()
