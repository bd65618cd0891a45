"""An exchange that speaks Binance's wire format: a tape written as its messages, and a loopback server of that shape."""
