"""The benchmark: swsearch beside what people would use instead, in one run. See README.md."""
