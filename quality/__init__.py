"""Proof on whole corpora, too long for tests: `make quality`. Not part of the package; nothing imports it."""
