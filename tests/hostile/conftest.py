"""How many hostile files and messages each test makes: a few hundred, or as many as HOSTILE says (`make torture`)."""

import os

COUNT = int(os.environ.get("HOSTILE", "0"))


def seeds(usual: int) -> range:
    """A number for each hostile thing: the same number makes the same thing again."""
    return range(COUNT or usual)
