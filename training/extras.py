"""Libraries that only some commands need: they are imported where they are used, and named where they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager


class MissingExtra(ModuleNotFoundError):
    """A library of an extra is not installed; the message names both."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around the imports of an extra's libraries.

    Raises:
        MissingExtra: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the library {error.name} is missing: pip install 'digits-from-scratch[{name}]'") from None
