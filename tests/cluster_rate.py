"""Pictures a second of a cluster of one and of two workers on this computer: `python -m tests.cluster_rate`."""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from model.classifier import DigitClassifier
from tests.running_cluster import running_cluster
from training.cli import Parser, positive
from training.examples.written_digits import write_digits
from training.recognition.picture_files import AT_ONCE, read_pictures


def main() -> int:
    parser = Parser(prog="python -m tests.cluster_rate", description="Pictures a second that a cluster reads.")
    parser.add_argument("--pictures", type=positive, default=2_000, help="default: %(default)s")
    parser.add_argument("--weights", default="best", help="default: %(default)s")
    options = parser.parse_args()
    classifier = DigitClassifier.load(options.weights)
    with TemporaryDirectory() as folder:
        files = save_pictures(Path(folder), options.pictures)
        print(f"one process without a cluster: {rate(classifier, files, None):.1f} pictures a second")
        for workers in (1, 2):
            place = Path(folder) / f"{workers}-workers"
            place.mkdir()
            with running_cluster(place, workers) as cluster:
                print(f"workers {workers}: {rate(classifier, files, cluster.scheduler):.1f} pictures a second")
    return 0


def save_pictures(folder: Path, count: int) -> list[Path]:
    """Written digits as dark ink on white paper."""
    files = [folder / f"{number}.png" for number in range(count)]
    digits = (np.arange(count) % 10).astype(np.uint8)
    for file, image in zip(files, write_digits(digits, np.random.default_rng(0)), strict=True):
        Image.fromarray(255 - np.pad(image, 10)).save(file)
    return files


def rate(classifier: DigitClassifier, files: list[Path], scheduler: str | None) -> float:
    """Pictures a second, once the workers have imported the project."""
    for _ in read_pictures(classifier, files[: 8 * AT_ONCE], scheduler=scheduler):
        pass
    started = time.perf_counter()
    return sum(1 for _ in read_pictures(classifier, files, scheduler=scheduler)) / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main())
