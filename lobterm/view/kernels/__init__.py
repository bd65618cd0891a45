"""What the screens keep of the past, where it is looked at row by row: compiled as the engine is."""
