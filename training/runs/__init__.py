"""Training runs as folders below `runs/`: started, watched, stopped."""
