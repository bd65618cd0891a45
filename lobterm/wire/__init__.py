"""Binance's wire format without sockets: bytes to numbers, and the continuity rules of its books."""
