"""The texts of the pages, as functions that need no page."""
