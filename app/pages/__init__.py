"""The app's pages, one file each: scripts that read from top to bottom."""
