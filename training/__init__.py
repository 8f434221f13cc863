"""What happens before the app: recipes, the training loop, checkpoints, evaluation and reports."""
