"""`python -m training.finetune --weights W --name N`: let a network learn your handwriting, as `runs/<N>/weights.npz`.

Weights that read the data set they were trained on less well than before are not kept. `runs/<N>/result.json` says how
it went either way, in the form of `FineTuningResult`.
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
from .fine_tuning import fine_tune, too_much_lost
from .parallel.network import WorkerLost, usable_cores
from .recipes import Recipe
from .runs.fine_tunings import FineTuningResult, RightBeforeAndAfter, write_result
from .runs.lock import Locked, locked
from .runs.run import LOCK, RunError, run_name
from .trainer import split

STEPS_A_LINE = 20


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 where nothing is kept, 2 for bad input, 130 after Ctrl-C."""
    parser = Parser(prog="python -m training.finetune", description="Let a network learn your handwriting.")
    parser.add_argument("--weights", type=Path, required=True, help="the weights file to start from")
    parser.add_argument("--name", type=run_name, required=True, help="folder below runs/")
    parser.add_argument(
        "--digits",
        default=FILE,
        help="the handwriting file, or a folder or strokes file as for training.evaluate (default: %(default)s)",
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
        print(f"error: the run in {folder} is at work: --name NAME starts another", file=sys.stderr)
        return 2
    except (DatasetError, RunError, WeightsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except WorkerLost as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error} ({folder}): {WRITABLE}, and start again", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def run(weights: Path, folder: Path, digits: str, seed: int, threads: int) -> int:
    """Learn, measure before and after, and keep the weights or not."""
    for file in ("weights.npz", "checkpoint.npz", "result.json"):
        if (folder / file).exists():
            raise RunError(f"there is a run in {folder}: --name NAME starts another")
    classifier = DigitClassifier.load(weights)
    network, header = classifier.network, classifier.header
    recipe, name = origin(header, weights)
    images, labels = load_samples(digits)
    with_ink = images.any(axis=(1, 2))
    images, labels = images[with_ink], labels[with_ink]
    if not len(images):
        raise DatasetError(f"there is no ink in {digits}: draw some digits first")
    print(f"Learning {len(images):,} digits of {digits}, starting from {weights}", flush=True)
    dataset = load_dataset(name)
    _, held_back = split(len(dataset.train_images))
    validation = dataset.train_images[held_back], dataset.train_labels[held_back]
    before = right(network, *validation), right(network, images, labels)

    started = time.perf_counter()
    for step, loss in fine_tune(network, recipe, dataset, images, labels, seed, threads):
        if step % STEPS_A_LINE == 0:
            print(f"Step {step} of {fine_tuning.STEPS}: loss {loss:.4f}", flush=True)
    seconds = round(time.perf_counter() - started, 2)

    after = right(network, *validation), right(network, images, labels)
    kept = not too_much_lost(before[0], after[0], len(held_back)) and is_finite(network)
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
    print(in_words(result, folder / "weights.npz"), flush=True)
    return 0 if kept else 1


def origin(header: dict[str, Any], weights: Path) -> tuple[Recipe, str]:
    """How and on which data set the network was trained, as its weights file tells it."""
    try:
        return Recipe.from_dict(header["settings"]), str(header["dataset"])
    except (KeyError, TypeError, ValueError):
        raise WeightsError(f"{weights} does not say how it was trained: choose weights of `make train`") from None


def right(network: Network, images: NDArray[np.uint8], labels: NDArray[np.integer]) -> int:
    """How many of the pictures the network reads right."""
    return int((network.predict(images_to_input(images)).argmax(axis=1) == labels).sum())


def is_finite(network: Network) -> bool:
    return all(np.isfinite(parameter).all() for parameter in network.parameters().values())


def in_words(result: FineTuningResult, weights: Path) -> str:
    """How it went, for the terminal."""
    lines = []
    for count, what in (
        (result.own, "your digits"),
        (result.validation, f"the validation images of {result.dataset}"),
    ):
        lines.append(f"Right of {count.images:,} {what}: {count.before:,} before, {count.after:,} now")
    if result.kept:
        lines.append(f"Kept in {weights}")
    else:
        lines.append(f"Not kept: {result.dataset} is read less well, by more than 0.1 point")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
