"""What a person may open: tapes, recordings, live symbols, past sessions, and what each looks like from afar."""
