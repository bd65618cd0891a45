"""Live Binance without sockets: addresses, subscriptions, deadlines, back-off, and a book that is right or unknown."""
