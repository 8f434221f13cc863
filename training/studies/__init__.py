"""Studies of trained networks: several seeds, simulated writers, model cards."""
