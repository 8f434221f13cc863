"""What several runs say together: seeds, writers, model cards."""
