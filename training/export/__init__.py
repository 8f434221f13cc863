"""Export of weights for other runtimes."""
