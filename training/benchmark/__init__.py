"""The benchmark: this project compared with PyTorch, scikit-learn and the article's algorithm on the same work."""
