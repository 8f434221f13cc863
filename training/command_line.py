"""What the command lines of this room share."""

import argparse
import re
from typing import NoReturn


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
