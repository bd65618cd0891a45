"""A live session: feed, engines, logs and recordings of some symbols, and what a console may ask of them."""
