"""Reads hostile files in a process of its own: what it says of each, and how much memory that takes.

`python -m tests.hostile.reader` answers each line of its input, a way of reading and the name of a file, with a line of
JSON. A file that ends the process, or another error than the one that the way of reading promises, is no answer. Linux
only: the memory is read from /proc.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data.datasets import DatasetError
from data.handwriting import HandwritingError
from data.handwriting_file import unpack
from data.pictures import PictureError
from data.samples import load_samples
from model import load_network
from model.classifier import DigitClassifier
from model.weights import WeightsError
from training.checkpoint import load_checkpoint
from training.recognition.picture import read_picture
from training.recognition.text import as_text

PROCESS = Path("/proc/self")
CLASSIFIER = DigitClassifier.load("tiny")
WAYS: dict[str, tuple[Callable[[Path], str], type[Exception]]] = {
    "samples": (lambda file: f"read {len(load_samples(file)[1])}", DatasetError),
    "export": (lambda file: f"read {len(unpack(file.read_bytes()))}", HandwritingError),
    "weights": (lambda file: f"read {len(load_network(file)[0].layers)}", WeightsError),
    "checkpoint": (lambda file: f"read {len(load_checkpoint(file)[0])}", WeightsError),
    "picture": (lambda file: f"read {as_text(read_picture(CLASSIFIER, file.read_bytes()))}", PictureError),
}


class Answer(NamedTuple):
    """The answer to a file: "read …" or the message of the refusal, and the megabytes that it took at most."""

    said: str
    megabytes: int


class Reader:
    """The process, seen from the one that starts it."""

    def __init__(self) -> None:
        # Freed memory goes back to the system at once, so that each file is measured by itself.
        environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
        command = [sys.executable, "-m", "tests.hostile.reader"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def read(self, way: str, file: Path) -> Answer:
        assert self.process.stdin
        assert self.process.stdout
        print(way, file, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, f"the process ended ({self.process.wait()})"
        return Answer(*json.loads(line))

    def close(self) -> None:
        self.process.communicate()


def megabytes(name: str) -> int:
    """The memory of this process now (VmRSS) or at most (VmHWM)."""
    return int((PROCESS / "status").read_text().partition(f"{name}:")[2].split()[0]) // 1024


def answer(way: str, file: Path) -> Answer:
    read, refusal = WAYS[way]
    (PROCESS / "clear_refs").write_text("5")  # the highest memory so far is forgotten
    before = megabytes("VmRSS")
    try:
        said = read(file)
    except refusal as error:
        said = str(error)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    return Answer(said, megabytes("VmHWM") - before)


if __name__ == "__main__":
    for line in sys.stdin:
        way, _, name = line.rstrip("\n").partition(" ")
        print(json.dumps(answer(way, Path(name))), flush=True)
