"""The core: pure functions over arrays. Imports numpy, numba and the vocabulary alone."""
