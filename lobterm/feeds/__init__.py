"""Sources of events, live or replayed."""
