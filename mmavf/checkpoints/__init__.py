"""Checkpoints: read safely, checked, found, matched with a model, converted."""
