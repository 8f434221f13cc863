"""Does correcting thirty digits help? `python -m training.studies.writers STROKES.npz` lets ten writers try it.

Each writer's drawings are halved at random. From one half come the thirty that the person corrects or confirms: those
that the weights misread come first, since a wrong reading is what people correct, and others of that half fill the
thirty up. The network is fine-tuned on these. The other half, which neither has seen, is read before and after.

Which ten of the writers these are, and which drawings are in which half, follows from a fixed seed. The method was
tuned on the writers that are left over. STROKES.npz is a strokes file with writers, as `data/samples.py`
tells. Nothing that is learned here is kept.
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
from ..fine_tuning import fine_tune, too_much_lost
from ..finetune import origin, right
from ..parallel.network import usable_cores
from ..trainer import split

SEED = 0
WRITERS = 10
CORRECTIONS = 30


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(prog="python -m training.studies.writers", description="Let ten writers correct thirty digits.")
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
    """Print a line for each writer, and what they come to together."""
    header = DigitClassifier.load(weights).header
    recipe, name = origin(header, weights)
    dataset = load_dataset(name)
    _, held_back = split(len(dataset.train_images))
    validation = dataset.train_images[held_back], dataset.train_labels[held_back]
    images, labels = load_samples(strokes)
    writer = load_writers(strokes)
    print("writer  drawings  misread before  after  corrected  validation before  after  seconds")
    outcomes = []
    for who in chosen(writer):
        network = DigitClassifier.load(weights).network
        corrections, rest = halves(np.flatnonzero(writer == who), [SEED, who])
        misread = DigitClassifier(network).predict(images[corrections]) != labels[corrections]
        corrections = corrected(corrections, misread)
        before = right(network, images[rest], labels[rest]), right(network, *validation)
        started = time.perf_counter()
        for _ in fine_tune(network, recipe, dataset, images[corrections], labels[corrections], SEED, threads):
            pass
        seconds = time.perf_counter() - started
        after = right(network, images[rest], labels[rest]), right(network, *validation)
        kept = not too_much_lost(before[1], after[1], len(held_back))
        # Refused weights are not kept: this person goes on with what they had.
        errors = len(rest) - before[0], len(rest) - (after if kept else before)[0]
        outcomes.append(((after[1] - before[1]) / len(held_back), *errors))
        print(
            f"{who:6} {len(rest):9} {errors[0]:15} {errors[1]:6} {min(misread.sum(), CORRECTIONS):10} "
            f"{before[1] / len(held_back):18.2%} {after[1] / len(held_back):6.2%} {seconds:8.0f}"
            f"{'' if kept else '  refused'}",
            flush=True,
        )
    change, errors_before, errors_after = np.mean(outcomes, axis=0)
    print(
        f"On average {errors_before:.1f} errors before and {errors_after:.1f} after; "
        f"validation accuracy changes by {100 * change:+.2f} points, {100 * min(outcomes)[0]:+.2f} at worst"
    )


def chosen(writer: NDArray[np.integer]) -> list[int]:
    """The writers that take part."""
    return np.random.default_rng(SEED).permutation(np.unique(writer))[:WRITERS].tolist()


def halves(rows: NDArray[np.intp], seed: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows in two halves at random: to learn from, and to measure with."""
    rows = np.random.default_rng(seed).permutation(rows)
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def corrected(rows: NDArray[np.intp], misread: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Thirty of the rows, those misread before the others."""
    return np.concatenate([rows[misread], rows[~misread]])[:CORRECTIONS]


if __name__ == "__main__":
    sys.exit(main())
