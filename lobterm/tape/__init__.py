"""Tapes: the in-memory ring, the Parquet file, and what turns recordings into them."""
