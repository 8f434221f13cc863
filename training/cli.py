"""Shared parts of the command lines."""

import argparse
import codecs
import io
import re
import subprocess
import sys
from typing import Any, NoReturn

from .files import PROJECT

# ASCII forms of the characters that the commands print, for consoles whose encoding lacks them.
ASCII = {"→": "->", "±": "+-", "≥": ">=", "≤": "<=", "×": "x", "−": "-", "–": "-", "’": "'", "µ": "u", "∂": "d"}


class Parser(argparse.ArgumentParser):
    """Reports an error in one line, without the usage text, on any console."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a notebook's stream is not, and prints every character
                stream.reconfigure(errors="to_ascii")

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}: --help lists the options\n")


def natural(text: str) -> int:
    """A whole number; a type for argparse."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError("must be a whole number of up to nine digits")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0; a type for argparse."""
    if natural(text) == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def to_ascii(error: UnicodeError) -> tuple[str, int]:
    """An error handler for `codecs`: replaces characters that the encoding lacks as in `ASCII`, others by `\\xe4`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = "".join(ASCII.get(character, character) for character in error.object[error.start : error.end])
    return text.encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error("to_ascii", to_ascii)


def commit() -> str:
    """The commit of this code, with "-dirty" if it was changed since; "unknown" outside a git checkout."""
    if not (PROJECT / ".git").exists():  # installed: a repository around it belongs to another project
        return "unknown"
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
