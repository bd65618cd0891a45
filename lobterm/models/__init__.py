"""Cluster models: train, align, keep."""
