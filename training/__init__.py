"""Training and evaluation: recipes, the training loop, checkpoints, runs and reports."""
