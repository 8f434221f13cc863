"""What the command lines of this room share."""

import argparse
import re
import subprocess
from typing import NoReturn

from .files import PROJECT


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, not below a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}: --help lists what there is\n")


def natural(text: str) -> int:
    """A whole number, for argparse."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError("must be a whole number of up to nine digits")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    if natural(text) == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def commit() -> str:
    """The commit of the code that trains, with a mark where it was changed since; "unknown" outside a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
