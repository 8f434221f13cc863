"""Charts and pictures that pages show."""
