"""Importers: one module per recorded layout, each ending in EVENT rows."""
