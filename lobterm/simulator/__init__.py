"""Markets that never were."""
