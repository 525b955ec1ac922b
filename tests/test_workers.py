"""Processes that work beside this one: whatever becomes of them, every item gets its answer and the run ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from swsearch import workers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and exit codes of POSIX")


@pytest.fixture(autouse=True)
def _no_hanging():
    """A run that waits for a dead process ends the test instead of waiting for ever."""
    signal.alarm(30)
    yield
    signal.alarm(0)


def task(item):
    """What the letter says; `number` is what comes back."""
    kind, number = item
    if kind == "dies":
        os._exit(3)
    if kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "cut off":  # in the middle of a long answer
        parent = multiprocessing.current_process()
        signal.signal(signal.SIGALRM, lambda *_: os._exit(4))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        return parent.name * 50_000_000
    if kind == "slow":
        time.sleep(0.1)
    return "x" * 2_000_000 if kind == "long" else number


def died(item):
    return f"died of {item[1]}"


def results(kinds, jobs=2):
    items = [(kind, number) for number, kind in enumerate(kinds)]
    given = list(workers.run(task, items, jobs, died))
    assert [item for item, _ in given] == items
    return [result for _, result in given]


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_answers_come_in_order(jobs):
    assert results(["slow", "ok", "ok", "slow", "ok", "ok", "ok"], jobs) == list(range(7))


@pytest.mark.parametrize("kind", ["dies", "killed", "cut off"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_process_that_dies_is_told_of_and_the_others_go_on(kind, jobs):
    assert results(["ok", kind, "ok", "slow", kind, "ok"], jobs) == [0, "died of 1", 2, 3, "died of 4", 5]


def test_all_of_them_may_die():
    assert results(["dies"] * 40, 3) == [f"died of {number}" for number in range(40)]


def test_long_answers_pass():
    assert [len(result) for result in results(["long"] * 6)] == [2_000_000] * 6


def test_a_process_that_died_between_items_is_replaced():
    """Killed while it waits, by hand or for want of memory: the next item is not to blame."""
    items = [("ok", number) for number in range(9)]
    given = workers.run(task, items, 1, died)
    assert next(given) == (items[0], 0)
    (process,) = multiprocessing.active_children()
    process.kill()
    process.join()
    assert [result for _, result in given] == list(range(1, 9))


def test_nobody_is_left_when_the_run_is_given_up():
    before = set(multiprocessing.active_children())
    given = workers.run(task, [("slow", number) for number in range(50)], 3, died)
    assert next(given)[1] == 0
    started = set(multiprocessing.active_children()) - before
    assert len(started) == 3
    given.close()
    assert not any(process.is_alive() for process in started)


def test_items_are_made_while_others_are_worked_on():
    """And no more of them than are needed: what is made waits in memory."""
    made = []

    def items():
        for number in range(200):
            made.append(number)
            yield "slow" if number == 0 else "ok", number

    given = workers.run(task, items(), 2, died)
    assert next(given)[1] == 0
    assert 4 < len(made) <= 2 * workers.AHEAD
    assert [result for _, result in given] == list(range(1, 200))


def test_an_error_in_making_items_ends_the_run():
    before = set(multiprocessing.active_children())

    def items():
        yield from (("ok", number) for number in range(10))
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(workers.run(task, items(), 2, died))
    assert set(multiprocessing.active_children()) <= before


def test_no_items_need_no_process():
    assert list(workers.run(task, iter(()), 3, died)) == []


INTERRUPTED = """
import os, signal, sys, threading, time
from swsearch import workers

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        pass

class Gone:
    def __del__(self):
        interrupt()

def wait(pipes, timeout, wait=workers.connection.wait):
    Gone()
    return wait(pipes, timeout)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    if sys.argv[1] == "fork":
        os.register_at_fork(after_in_parent=interrupt)
    else:
        workers.connection.wait = wait
    try:
        print(*workers.run(time.sleep, [20] * 3, 2, str))
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize("where", ["fork", "__del__"])
def test_an_interrupt_is_not_lost(tmp_path, where):
    """What a hook of `os.fork` or `__del__` raises would only be printed, and the wait that follows be long."""
    program = tmp_path / "program.py"
    program.write_text(INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, program, where], capture_output=True, text=True, env=environment, timeout=15)
    assert (done.stdout, done.stderr) == ("stopped\n", "")
