"""Training runs, each a folder in `runs/`: start, watch, stop and resume them."""
