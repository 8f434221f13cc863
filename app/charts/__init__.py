"""Charts and images for the pages."""
