"""One page of the app a file, a script that reads from top to bottom."""
