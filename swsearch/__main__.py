"""`python -m swsearch` is the command `swsearch`."""

from swsearch.cli import main

if __name__ == "__main__":
    main()
