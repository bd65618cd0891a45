"""lobterm: order flow and paper trading for Binance perpetuals, in the terminal."""

from lobterm import jit_cache

__version__ = "0.1.0"

jit_cache.pin()
