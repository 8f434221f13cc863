"""How well a network reads a data set, and the report that shows it."""
