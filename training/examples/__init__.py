"""What is learned beside a data set's own images: distorted ones, redrawn ones, and non-digit images."""
