"""Raw recordings: written every second, read back to the same bits, mended, kept as long as they are needed."""
