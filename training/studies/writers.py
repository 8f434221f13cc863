"""Does correcting thirty digits help? `python -m training.studies.writers STROKES.npz` simulates it for ten writers.

Each writer's drawings are split into two random halves. From one half come the thirty digits that the writer corrects
or confirms: first those that the network misreads, as people correct wrong readings, then others to fill up the thirty.
The network is fine-tuned on them. The accuracy on the other half is measured before and after.

The choice of the ten writers and the halves follow from a fixed seed. The method was tuned on the other writers.
STROKES.npz is a strokes file with writers, see `data/samples.py`. The fine-tuned networks are not saved.
"""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError, load_dataset
from data.samples import load_samples, load_writers
from model.classifier import DigitClassifier
from model.weights import WeightsError

from ..cli import Parser, positive
from ..fine_tuning import fell_too_far, fine_tune
from ..finetune import count_right, training_settings
from ..parallel.network import usable_cores
from ..trainer import split

SEED = 0
WRITERS = 10
CORRECTIONS = 30


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.studies.writers", description="Simulate ten writers who correct thirty digits each."
    )
    parser.add_argument("strokes", type=Path, help="a strokes file with the array writer")
    parser.add_argument("--weights", type=Path, default=Path("model/pretrained/best.npz"), help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the cores, %(default)s")
    options = parser.parse_args(arguments)
    try:
        simulate(options.strokes, options.weights, options.threads)
    except (DatasetError, WeightsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def simulate(strokes: Path, weights: Path, threads: int) -> None:
    """Print a line for each writer, and the average over all writers."""
    header = DigitClassifier.load(weights).header
    recipe, name = training_settings(header, weights)
    dataset = load_dataset(name)
    _, held_back = split(len(dataset.train_images))
    validation = dataset.train_images[held_back], dataset.train_labels[held_back]
    images, labels = load_samples(strokes)
    writer = load_writers(strokes)
    print("writer  drawings  misread before  after  corrected  validation before  after  seconds")
    outcomes = []
    for person in chosen_writers(writer):
        network = DigitClassifier.load(weights).network
        corrections, rest = halves(np.flatnonzero(writer == person), [SEED, person])
        misread = DigitClassifier(network).predict(images[corrections]) != labels[corrections]
        corrections = corrected(corrections, misread)
        before = count_right(network, images[rest], labels[rest]), count_right(network, *validation)
        started = time.perf_counter()
        for _ in fine_tune(network, recipe, dataset, images[corrections], labels[corrections], SEED, threads):
            pass
        seconds = time.perf_counter() - started
        after = count_right(network, images[rest], labels[rest]), count_right(network, *validation)
        kept = not fell_too_far(before[1], after[1], len(held_back))
        # A network whose accuracy fell too far is not kept: this writer keeps the old one.
        errors = len(rest) - before[0], len(rest) - (after if kept else before)[0]
        outcomes.append(((after[1] - before[1]) / len(held_back), *errors))
        print(
            f"{person:6} {len(rest):9} {errors[0]:15} {errors[1]:6} {min(misread.sum(), CORRECTIONS):10} "
            f"{before[1] / len(held_back):18.2%} {after[1] / len(held_back):6.2%} {seconds:8.0f}"
            f"{'' if kept else '  not kept'}",
            flush=True,
        )
    change, errors_before, errors_after = np.mean(outcomes, axis=0)
    print(
        f"On average {errors_before:.1f} errors before and {errors_after:.1f} after; "
        f"validation accuracy changes by {100 * change:+.2f} points, {100 * min(outcomes)[0]:+.2f} in the worst case"
    )


def chosen_writers(writer: NDArray[np.integer]) -> list[int]:
    """The writers in the simulation."""
    return np.random.default_rng(SEED).permutation(np.unique(writer))[:WRITERS].tolist()


def halves(rows: NDArray[np.intp], seed: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows in two random halves: for fine-tuning, and for measuring."""
    rows = np.random.default_rng(seed).permutation(rows)
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def corrected(rows: NDArray[np.intp], misread: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Thirty of the rows, misread ones first."""
    return np.concatenate([rows[misread], rows[~misread]])[:CORRECTIONS]


if __name__ == "__main__":
    sys.exit(main())
