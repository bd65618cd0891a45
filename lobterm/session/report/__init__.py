"""One page about one session: data quality first, then what was earned, where it came from, and how sure that is."""
