"""Training images beyond a data set's own: distorted images, redrawn and written digits, and non-digit images."""
