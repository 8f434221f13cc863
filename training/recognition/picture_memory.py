"""Memory and time that large pictures take: `python -m training.recognition.picture_memory`.

Each picture is read in a process of its own. HEIC is measured if pillow-heif is installed. Linux only: the peak is read
from /proc, since `getrusage` would include the memory of the parent process.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, features

from data.pictures import can_open_heif
from model.classifier import DigitClassifier

from ..cli import Parser
from .picture import read_picture

SIZES = {12: (4000, 3000), 50: (8160, 6120)}  # megapixels: width and height
SUFFIXES = ("jpg", "png", "webp", "tif", "heic")


def main(arguments: list[str] | None = None) -> int:
    """Without a file, measure every format; with one, read it and print its row. Returns the exit status."""
    parser = Parser(prog="python -m training.recognition.picture_memory", description="Measure large pictures.")
    parser.add_argument("file", nargs="?", type=Path, help="measure this picture only")
    options = parser.parse_args(arguments)
    if options.file:
        print(measured(options.file))
        return 0
    suffixes = [suffix for suffix in SUFFIXES if suffix != "heic" or can_open_heif()]
    suffixes = [suffix for suffix in suffixes if suffix != "webp" or features.check("webp")]
    with tempfile.TemporaryDirectory() as folder:
        for megapixels, (width, height) in SIZES.items():
            picture = written_page(width, height)
            for suffix in suffixes:
                file = Path(folder) / f"{megapixels}-megapixels.{suffix}"
                picture.save(file)
                subprocess.run([sys.executable, "-m", "training.recognition.picture_memory", str(file)], check=True)
    return 0


def written_page(width: int, height: int) -> Image.Image:
    """A dark stroke on light paper with grain."""
    grey = np.random.default_rng(0).integers(225, 245, (height, width), np.uint8)
    grey[height // 4 : 3 * height // 4, width * 48 // 100 : width * 52 // 100] -= 200
    return Image.fromarray(grey).convert("RGB")


def measured(file: Path) -> str:
    """A row: the file, the seconds that reading it takes, and the megabytes that it adds to a process ready to read."""
    classifier = DigitClassifier.load("best")
    read_picture(classifier, np.asarray(written_page(150, 200)))  # the first picture loads modules
    before, start = peak_memory(), time.perf_counter()
    read_picture(classifier, file.read_bytes())
    seconds = time.perf_counter() - start
    return f"{file.name:20}{seconds:8.2f} s{peak_memory() - before:8} MB"


def peak_memory() -> int:
    """The highest memory of this process so far, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    sys.exit(main())
