"""Optional libraries, which only some commands need: a clear message if one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager


class MissingExtra(ModuleNotFoundError):
    """An optional library is not installed; the message names it and the cure."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Wraps the imports of the libraries of the extra `name`.

    Raises:
        MissingExtra: a library is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(f"the library {error.name} is missing: pip install 'digits-from-scratch[{name}]'") from None
