"""What is learned beside a data set's own images: distorted ones, redrawn ones, written ones, and non-digit images."""
