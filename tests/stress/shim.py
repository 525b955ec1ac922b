"""The command line with a page pipeline that waits, dies or hangs on some pages: `python shim.py MODE rebuild …`.

Modes act on the seed named p2.txt: `dies` ends the process, `fails` raises, `hangs` keeps the interpreter lock inside
one long regular expression match. `waits` takes a minute for every page.
"""

import os
import re
import sys
import time

import swsearch.index as index
from swsearch.cli import main

read_seed = index.read_seed


def read(seed):
    mode = os.environ["SHIM_MODE"]
    if mode == "waits":
        print("reading", file=sys.stderr, flush=True)
        time.sleep(60)
    if seed.file == "p2.txt":
        if mode == "dies":
            os._exit(7)
        if mode == "fails":
            raise ZeroDivisionError("a mistake of ours")
        if mode == "hangs":
            print("reading", file=sys.stderr, flush=True)
            re.match("(a+)+b", "a" * 60)
    return read_seed(seed)


if __name__ == "__main__":
    index.read_seed = read
    main()
