"""The one seam to opensearch-py: a URL and the environment become a connection, its errors become ours.

Every call has a timeout, every answer is looked at: an answer of a part of the shards is an error, never a result.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from swsearch.errors import EngineError, EngineUnavailable, IndexMissing, SettingError
from swsearch.settings import QUERY_SECONDS

ENGINE = "opensearch"
SCHEMES = ("opensearch+https", "opensearch+http")
TRIED = ("2.19", "3.8")

CALL_SECONDS = 60.0
"""Cloning, refreshing and counting may take so long; a query has QUERY_SECONDS."""

BUSY_SECONDS = 30.0
"""How long a cluster may say 429 or 503 before we give up; the pause between two tries doubles from PAUSE_SECONDS."""

PAUSE_SECONDS = 0.2

Answer = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """Where a cluster is, which alias in it is the index, and how to prove who we are; secrets are never shown."""

    hosts: tuple[tuple[str, int], ...]
    alias: str
    tls: bool = True
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca: str | None = None
    shards: int = 1
    replicas: int | None = None

    @classmethod
    def of(cls, url: str, environment: Mapping[str, str] | None = None) -> Address:
        """What `opensearch+https://HOST:PORT[,HOST:PORT…]/NAME` and SWSEARCH_OPENSEARCH_… say.

        Raises SettingError, without the password in its text.
        """
        env = os.environ if environment is None else environment
        parts = urlsplit(url)
        if "@" in parts.netloc:
            shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
            raise SettingError(
                f"{shown}: user and password do not belong into the address, which is printed and logged: "
                "set SWSEARCH_OPENSEARCH_USER and SWSEARCH_OPENSEARCH_PASSWORD",
                "index",
                shown,
            )
        alias = parts.path.strip("/")
        if not _NAME.fullmatch(alias):
            raise SettingError(
                f"{url}: {alias or 'nothing'} cannot be the name of an index; give "
                f"{parts.scheme}://{parts.netloc or 'HOST:9200'}/NAME, a name of small letters, digits, - and _",
                "index",
                alias,
            )
        tls = parts.scheme == SCHEMES[0]
        return cls(
            hosts=tuple(_host(url, one, tls) for one in parts.netloc.split(",")),
            alias=alias,
            tls=tls,
            user=env.get("SWSEARCH_OPENSEARCH_USER"),
            password=env.get("SWSEARCH_OPENSEARCH_PASSWORD"),
            api_key=_key(env, "SWSEARCH_OPENSEARCH_API_KEY"),
            ca=env.get("SWSEARCH_OPENSEARCH_CA"),
            shards=_count(env, "SWSEARCH_OPENSEARCH_SHARDS", 1) or 1,
            replicas=_count(env, "SWSEARCH_OPENSEARCH_REPLICAS", None),
        )

    @property
    def url(self) -> str:
        """The address as it was given."""
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{SCHEMES[0] if self.tls else SCHEMES[1]}://{hosts}/{self.alias}"


_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


def _host(url: str, text: str, tls: bool) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        raise SettingError(f"{url}: {text or 'nothing'} is no host; give HOST:PORT", "index", text)
    return host, port or 9200


def _key(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name, "").strip()
    if not re.fullmatch(r"[!-~]*", value):  # as a header it would be refused, by an error that prints it
        raise SettingError(f"{name} holds characters that no key has", name)
    return value or None


def _count(env: Mapping[str, str], name: str, default: int | None) -> int | None:
    value = env.get(name)
    if value is None or value == "":
        return default
    if not value.isdecimal() or not value.isascii():
        raise SettingError(f"{name} is {value!r}: give a number", name, value)
    return int(value)


class Cluster:
    """A connection to a cluster. Safe to share between threads."""

    def __init__(self, address: Address) -> None:
        try:
            import opensearchpy
        except ImportError as error:
            raise EngineUnavailable(
                "opensearch-py is not installed: pip install 'swsearch[opensearch]'", ENGINE
            ) from error
        self.address = address
        self._errors = opensearchpy.exceptions
        options: dict[str, Any] = {}
        if address.api_key:
            options["headers"] = {"Authorization": f"ApiKey {address.api_key}"}
        elif address.user is not None:
            both = f"{address.user}:{address.password or ''}".encode("utf-8", "surrogateescape")
            options["headers"] = {"Authorization": f"Basic {base64.b64encode(both).decode()}"}
        if address.tls:
            options |= {"use_ssl": True, "verify_certs": True, "ssl_assert_hostname": None, "ssl_show_warn": True}
            if address.ca is not None:
                if not os.path.isfile(address.ca):
                    raise SettingError(f"SWSEARCH_OPENSEARCH_CA names {address.ca}, which is no file", "CA", address.ca)
                options["ca_certs"] = address.ca
        try:
            self._client = opensearchpy.OpenSearch(
                hosts=[{"host": host, "port": port} for host, port in address.hosts],
                timeout=CALL_SECONDS,
                max_retries=len(address.hosts),
                retry_on_status=(),
                retry_on_timeout=False,
                http_compress=False,
                pool_maxsize=8,
                **options,
            )
        except Exception as error:  # a CA file that is no certificate shows as ssl.SSLError or OSError
            raise EngineUnavailable(f"no connection to {address.url}: {error}", ENGINE) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def greet(self) -> None:
        """Make sure that OpenSearch answers; a version that was not tried is a warning."""
        try:
            told = self.ask("GET", "/")
        except IndexMissing:
            told = {}
        version = told.get("version") if isinstance(told.get("version"), dict) else None
        if version is None or version.get("distribution") != "opensearch":
            raise EngineUnavailable(f"what answers at {self.address.url} is not OpenSearch", ENGINE)
        release = str(version.get("number", ""))
        if ".".join(release.split(".")[:2]) not in TRIED:
            warnings.warn(f"swsearch was tried with OpenSearch {' and '.join(TRIED)}, not with {release}", stacklevel=4)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        timeout_s: float = CALL_SECONDS,
        **params: Any,
    ) -> Answer:
        """The answer to one request. A cluster that is busy is asked again for a while.

        Raises IndexMissing for 404, EngineUnavailable, EngineError.
        """
        query = {name: str(value).lower() if isinstance(value, bool) else value for name, value in params.items()}
        deadline = time.monotonic() + min(BUSY_SECONDS, timeout_s)
        pause = PAUSE_SECONDS
        while True:
            try:
                answer = self._client.transport.perform_request(
                    method, path, params={**query, "request_timeout": timeout_s}, body=body
                )
                if answer is False:  # a HEAD that found nothing
                    raise self._missing()
                if method != "HEAD" and not isinstance(answer, dict):
                    raise EngineUnavailable(f"what answers at {self.address.url} is not OpenSearch", ENGINE)
                return answer if isinstance(answer, dict) else {}
            except self._errors.TransportError as error:
                if not _busy(error) or time.monotonic() + pause > deadline:
                    raise self._ours(error, timeout_s) from error
            except self._errors.SerializationError as error:
                message = f"what answers at {self.address.url} is not OpenSearch: it sent no JSON"
                raise EngineUnavailable(message, ENGINE) from error
            except self._errors.OpenSearchException as error:
                raise EngineError(f"{self.address.url}: {error}", ENGINE) from error
            time.sleep(pause)
            pause *= 2

    def search(self, index: str | None, body: Mapping[str, Any], *, deadline: float | None = None) -> Answer:
        """The answer of all shards to a search on `index`, or on the point in time that `body` names.

        Raises EngineError when a shard is missing or failed, or the time was up.
        """
        left = QUERY_SECONDS if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise self._late()
        answer = self.ask(
            "POST",
            f"/{index}/_search" if index else "/_search",
            {"timeout": f"{max(1, int(left * 1000))}ms", **body},
            timeout_s=left + 5,
            allow_partial_search_results=False,
        )
        self.whole(answer)
        return answer

    def whole(self, answer: Answer) -> None:
        """Raises EngineError unless `answer` is that of all shards."""
        if answer.get("timed_out"):
            raise self._late()
        shards = answer.get("_shards", {})
        missing = shards.get("total", 0) - shards.get("successful", 0)
        if missing or shards.get("failed"):
            reasons = {str(one.get("reason", {}).get("reason", "")) for one in shards.get("failures", ())}
            told = f": {'; '.join(sorted(reasons))[:300]}" if reasons else ""
            raise EngineError(
                f"{max(missing, shards.get('failed', 0))} of {shards.get('total')} shards of "
                f"{self.address.alias} did not answer{told}",
                ENGINE,
            )

    def everywhere(self, path: str) -> None:
        """Refresh or flush all copies of all shards that there are; a replica still being copied is not among them."""
        shards = self.ask("POST", path).get("_shards", {})
        if shards.get("failed"):
            raise EngineError(f"{shards['failed']} shards of {self.address.alias} failed to {path[1:]}", ENGINE)

    def bulk(self, index: str, items: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """Store (`_id`, document) pairs in one request; what became of each: "created" or "updated".

        Items that the cluster is too busy for are sent again. Raises EngineError for one that it refuses.
        """
        waiting = list(items)
        done: list[str] = []
        deadline = time.monotonic() + BUSY_SECONDS
        pause = PAUSE_SECONDS
        while waiting:
            lines = (
                json.dumps(one, ensure_ascii=False, separators=(",", ":"))
                for id, document in waiting
                for one in ({"index": {"_id": id}}, document)
            )
            answer = self.ask("POST", f"/{index}/_bulk", "\n".join(lines) + "\n", require_alias=True)
            again = []
            for item, told in zip(waiting, answer["items"], strict=True):
                outcome = told["index"]
                if outcome["status"] == 429 and not _blocked(_reason(outcome.get("error"))):
                    again.append(item)
                elif outcome["status"] >= 300:
                    record = item[1].get("id") or item[1].get("file") or item[0]
                    raise self._refused(record, _reason(outcome.get("error")))
                else:
                    done.append(outcome["result"])
            waiting = again
            if waiting:
                if time.monotonic() + pause > deadline:
                    raise EngineUnavailable(
                        f"{self.address.url} was too busy for {BUSY_SECONDS:g} seconds: try again later", ENGINE
                    )
                time.sleep(pause)
                pause *= 2
        return done

    # ---- errors

    def _refused(self, record: Any, reason: str) -> EngineError:
        if _blocked(reason):
            return self._read_only(reason)
        return EngineError(f"{record} was not stored: {reason}", ENGINE)

    def _read_only(self, reason: str) -> EngineError:
        why = "which OpenSearch makes it when a disk is nearly full"
        return EngineError(f"{self.address.url} is read-only, {why}: make room ({reason})", ENGINE)

    def _missing(self) -> IndexMissing:
        where = self.address.url
        return IndexMissing(f"there is no index at {where}: make one with swsearch rebuild", where)

    def _late(self) -> EngineError:
        return EngineError(
            f"the cluster did not finish within {QUERY_SECONDS:g} seconds: make it more specific", ENGINE
        )

    def _ours(self, error: Any, timeout_s: float) -> Exception:
        """The error of ours that says what `error` of opensearch-py means."""
        where = self.address.url
        names = self._errors
        if isinstance(error, names.ConnectionTimeout):
            return EngineUnavailable(f"{where} did not answer within {timeout_s:g} seconds", ENGINE)
        if isinstance(error, names.SSLError):
            return EngineUnavailable(
                f"the certificate of {where} is not trusted: name the file of its authority in SWSEARCH_OPENSEARCH_CA "
                f"({_last(error)})",
                ENGINE,
            )
        if isinstance(error, names.ConnectionError):
            return EngineUnavailable(f"nothing answers at {where}: is the cluster running? ({_last(error)})", ENGINE)
        reason = _reason(error.info.get("error") if isinstance(error.info, dict) else error.info)
        match error.status_code:
            case 401:
                return EngineUnavailable(
                    f"{where} refuses the user or the password: see SWSEARCH_OPENSEARCH_USER, …_PASSWORD, …_API_KEY",
                    ENGINE,
                )
            case 403 | 429 if _blocked(reason):
                return self._read_only(reason)
            case 403:
                return EngineUnavailable(f"the user may not do this at {where}: {reason}", ENGINE)
            case 404:
                return self._missing()
            case 413:
                return EngineError(
                    f"an article is larger than {where} takes (http.max_content_length): make its page smaller", ENGINE
                )
            case 429:
                return EngineUnavailable(f"{where} is too busy: try again later ({reason})", ENGINE)
            case 503 if missing := sorted(set(_SHARD.findall(reason))):
                names_ = ", ".join(missing)
                return EngineError(
                    f"{len(missing)} shard{'s' * (len(missing) > 1)} of {self.address.alias} missing ({names_}): "
                    "no answer rather than a part of one; start the node that holds them",
                    ENGINE,
                )
            case 502 | 503 | 504:
                return EngineUnavailable(f"{where} cannot answer now: {reason}", ENGINE)
        return EngineError(f"{where} answered {error.status_code}: {reason}", ENGINE)


_SHARD = re.compile(r"\[[^\[\]]+\]\[\d+\]")


def _busy(error: Any) -> bool:
    """Whether asking again may help; missing shards and a full disk are told at once."""
    if error.status_code == 429:
        return not _blocked(str(error.info))
    return error.status_code == 503 and not _SHARD.search(str(error.info))


def _blocked(reason: str) -> bool:
    """Whether an index is blocked for writing: 403, or 429 where the disk is full."""
    return "blocked by" in reason or "read-only" in reason


def _reason(error: Any) -> str:
    """Why the cluster refused, on one line of at most 300 characters: the innermost reasons."""
    if not isinstance(error, dict):
        return " ".join(str(error or "no reason given").split())[:300]
    causes: Sequence[Any] = error.get("root_cause") or ()
    reasons = [str(cause.get("reason")) for cause in (*causes, error.get("caused_by") or {}, error) if cause]
    return " ".join("; ".join(dict.fromkeys(filter(None, reasons))).split())[:300]


def _last(error: Any) -> str:
    """The last words of a connection error: what lies before names our objects."""
    words = " ".join(str(error.info if error.info is not None else error).split())
    return words[-120:].rpartition(": ")[2].strip("')( ")
