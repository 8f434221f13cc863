"""Reading drawings: splitting strokes into digits, reading each digit, and measuring both."""
