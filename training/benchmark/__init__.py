"""The benchmark: this project's network beside PyTorch's and the article's own algorithm, on the same work."""
