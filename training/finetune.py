"""Fine-tune a network on your handwriting: `python -m training.finetune --weights W --name N`.

The new network is saved as `runs/<N>/weights.npz`, but only if its accuracy on its original data set falls by at most
0.1 points. `runs/<N>/result.json` holds the result in either case, a `FineTuningResult`.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError, load_dataset
from data.handwriting import FILE
from data.samples import load_samples
from model.classifier import DigitClassifier
from model.files import clear_unfinished
from model.images import images_to_input
from model.network import Network
from model.weights import WeightsError, save_network

from . import fine_tuning
from .calibration import calibrate
from .cli import Parser, commit, natural, positive
from .files import RUNS, WRITABLE
from .fine_tuning import fell_too_far, fine_tune
from .parallel.network import WorkerLost, usable_cores
from .recipes import Recipe
from .runs.fine_tunings import FineTuningResult, RightBeforeAndAfter, write_result
from .runs.lock import Locked, locked
from .runs.run import LOCK, RunError, holds_a_run, run_name
from .trainer import split

STEPS_PER_LINE = 20


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 if the network is not kept, 2 for bad input, 130 after Ctrl-C."""
    parser = Parser(prog="python -m training.finetune", description="Fine-tune a network on your handwriting.")
    parser.add_argument("--weights", type=Path, required=True, help="the weights file to start from")
    parser.add_argument("--name", type=run_name, required=True, help="folder in runs/")
    parser.add_argument(
        "--digits",
        default=FILE,
        help="a handwriting file, strokes file or folder, as for training.evaluate (default: %(default)s)",
    )
    parser.add_argument("--seed", type=natural, default=0, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=usable_cores(), help="default: the cores, %(default)s")
    options = parser.parse_args(arguments)
    folder = RUNS / options.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / LOCK):
            clear_unfinished(folder)
            return run(options.weights, folder, options.digits, options.seed, options.threads)
    except Locked:
        print(f"error: the run in {folder} is running: use --name NAME to start another", file=sys.stderr)
        return 2
    except (DatasetError, RunError, WeightsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (FloatingPointError, WorkerLost) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error} ({folder}): {WRITABLE}, then start again", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def run(weights: Path, folder: Path, digits: str, seed: int, threads: int) -> int:
    """Fine-tune, measure before and after, and save the weights unless the accuracy fell too far."""
    if holds_a_run(folder):
        raise RunError(f"there is already a run in {folder}: use --name NAME to start another")
    classifier = DigitClassifier.load(weights)
    network, header = classifier.network, classifier.header
    recipe, name = training_settings(header, weights)
    images, labels = load_samples(digits)
    with_ink = images.any(axis=(1, 2))
    images, labels = images[with_ink], labels[with_ink]
    if not len(images):
        raise DatasetError(f"there is no ink in {digits}: draw some digits first")
    print(f"Learning {len(images):,} digits of {digits}, starting from {weights}", flush=True)
    dataset = load_dataset(name)
    _, held_back = split(len(dataset.train_images))
    validation = dataset.train_images[held_back], dataset.train_labels[held_back]
    before = count_right(network, *validation), count_right(network, images, labels)

    started = time.perf_counter()
    for step, loss in fine_tune(network, recipe, dataset, images, labels, seed, threads):
        if step % STEPS_PER_LINE == 0:
            print(f"Step {step} of {fine_tuning.STEPS}: loss {loss:.4f}", flush=True)
    seconds = round(time.perf_counter() - started, 2)
    if not network.is_finite():
        raise FloatingPointError(f"learning {digits} ended in numbers that are not finite: nothing was saved")

    after = count_right(network, *validation), count_right(network, images, labels)
    kept = not fell_too_far(before[0], after[0], len(held_back))
    about: dict[str, Any] = {"weights": str(weights), "dataset": dataset.name, "seconds": seconds}
    if kept:
        outputs = network.predict(images_to_input(validation[0]))
        changes = {
            "validation_accuracy": after[0] / len(held_back),
            **calibrate(outputs, validation[1]),
            "commit": commit(),
            "fine_tuning": {**about, "digits": len(images), "seed": seed, "threads": threads},
        }
        save_network(folder / "weights.npz", network, {**header, **changes})
    result = FineTuningResult(
        format=1,
        kept=kept,
        **about,
        validation=RightBeforeAndAfter(len(held_back), before[0], after[0]),
        own=RightBeforeAndAfter(len(images), before[1], after[1]),
    )
    write_result(folder / "result.json", result)
    print(describe(result, folder / "weights.npz"), flush=True)
    return 0 if kept else 1


def training_settings(header: dict[str, Any], weights: Path) -> tuple[Recipe, str]:
    """The recipe and the data set that the network was trained with, from the header of its weights file."""
    try:
        return Recipe.from_dict(header["settings"]), str(header["dataset"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise WeightsError(
            f"{weights} does not say how it was trained: choose weights written by `make train`"
        ) from None


def count_right(network: Network, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> int:
    """The number of images that the network reads right."""
    return int((network.predict(images_to_input(images)).argmax(axis=1) == labels).sum())


def describe(result: FineTuningResult, weights: Path) -> str:
    """The result as text for the terminal."""
    lines = []
    for count, name in ((result.own, "your digits"), (result.validation, f"validation images of {result.dataset}")):
        lines.append(f"Right of {count.images:,} {name}: {count.before:,} before, {count.after:,} after")
    if result.kept:
        lines.append(f"Saved as {weights}")
    else:
        lines.append(f"Not saved: the {result.dataset} accuracy fell by more than 0.1 points")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
