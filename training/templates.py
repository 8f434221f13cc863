"""Jinja templates, for the report's page and the model card."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

Filters = dict[str, Callable[..., str]]


def template(path: Path, filters: Filters) -> Template:
    """The template in a file. Values in a `.html.j2` are escaped; a missing value raises `jinja2.UndefinedError`."""
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=path.name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(path.name)
