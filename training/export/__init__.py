"""Weights for other runtimes."""
