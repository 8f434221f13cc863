"""What the command lines of this room share."""

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, not below a page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}: --help lists what there is\n")
