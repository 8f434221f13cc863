"""What the pages are built from: the drawing pad and other controls."""
