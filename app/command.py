"""The command `digits`, which `pip install` brings: `digits train` is `python -m training.train`, and so on."""

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from training.cli import Parser

COMMANDS = {
    "train": ("training.train", "train a network"),
    "evaluate": ("training.evaluate", "write an accuracy report"),
    "read": ("training.read", "read pictures into a table"),
    "export": ("training.export.__main__", "write weights as ONNX or safetensors"),
    "app": ("app.__main__", "open the app, for this computer or for a network"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first argument names, with all others. Returns its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = Parser(prog="digits", description="Handwritten digits, read by a network written from scratch.")
    parser.add_argument("--version", action="version", version=f"digits-from-scratch {installed_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, what) in COMMANDS.items():
        commands.add_parser(name, help=what, add_help=False)
    options, _ = parser.parse_known_args(arguments[:1])  # each command reads its own options
    status: int = import_module(COMMANDS[options.command][0]).main(arguments[1:])
    return status


def installed_version() -> str:
    try:
        return version("digits-from-scratch")
    except PackageNotFoundError:
        return "(not installed)"
