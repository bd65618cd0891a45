"""Widgets that draw arrays and numbers; they know Textual, Rich and numpy, and nothing of lobterm."""
