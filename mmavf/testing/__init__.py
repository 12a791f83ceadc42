"""Checks that a model keeps its contract, and comparison with reference numbers."""
