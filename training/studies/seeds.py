"""Train a recipe with several seeds, and report how well they read: `python -m training.studies.seeds --recipe best`.

Each seed is a separate run, `runs/<recipe>-seed<seed>`. Several run at once, each on its own share of the cores: two
independent processes train more than one with two threads. With `--scheduler`, the workers of a Dask cluster train
them. Started again, a study resumes where it was stopped.
"""

import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError
from model.classifier import DigitClassifier
from model.files import write_whole
from model.weights import WeightsError

from ..cli import Parser, natural, positive
from ..cluster import ClusterError
from ..evaluation.metrics import accuracy_of_most_certain, evaluate
from ..evaluation.test_sets import load_images
from ..extras import MissingExtra
from ..files import RUNS, WRITABLE
from ..formatting import percent
from ..parallel.network import usable_cores
from ..recipes import RECIPES
from ..trainer import TrainingError
from .seeds_on_cluster import train_on_cluster

DATASET = "mnist"
SEEDS = (0, 1, 2, 3, 4)
MOST_CERTAIN = 0.98  # share of the answers that are given when the least certain ones are withheld


class StudyError(RuntimeError):
    """A run of the study failed; the message names the run and its log."""


@dataclass(frozen=True)
class Row:
    """The results of one seed, or of all seeds together, on one data set; shares of 1."""

    name: str
    accuracy: float
    worst_digit: float  # the lowest recall of a digit
    calibration_error: float
    most_certain: float  # the accuracy on the `MOST_CERTAIN` share of the images


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 if a run failed, 2 for bad input, 130 after Ctrl-C."""
    parser = Parser(prog="python -m training.studies.seeds", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--recipe", choices=RECIPES, default="best", help="default: %(default)s")
    parser.add_argument("--seeds", type=natural, nargs="+", default=SEEDS, help="default: 0 1 2 3 4")
    parser.add_argument("--threads", type=positive, default=1, help="threads per run (default: %(default)s)")
    parser.add_argument("--scheduler", help="a Dask scheduler, tcp://host:8786, whose workers train, a thread per run")
    parser.add_argument(
        "--datasets",
        nargs="+",
        default=(),
        help="test sets for the finished networks: mnist (its test images: use them once, when all choices have been "
        "made), usps, a folder of images, a file of strokes",
    )
    options = parser.parse_args(arguments)
    if options.scheduler is not None and options.threads != 1:
        parser.error("a worker of a cluster trains with one thread: leave out --threads")
    folder = RUNS / f"{options.recipe}-study"
    seeds = list(dict.fromkeys(options.seeds))
    folders = {seed: RUNS / f"{options.recipe}-seed{seed}" for seed in seeds}
    try:
        if options.scheduler is None:
            train_all(options.recipe, seeds, options.threads, folder)
        else:
            train_on_cluster(options.recipe, folders, DATASET, options.scheduler)
        classifiers = {seed: DigitClassifier.load(folders[seed] / "weights.npz") for seed in folders}
        rows = {dataset: measure(classifiers, *load_whole(dataset)) for dataset in options.datasets}
        table = as_table(options.recipe, classifiers, rows)
        write_whole(folder / "study.md", table)
        write_whole(
            folder / "study.json", json.dumps({name: [asdict(row) for row in rows[name]] for name in rows}, indent=1)
        )
    except OSError as error:
        print(f"error: {folder} cannot be written ({error.strerror or error}): {WRITABLE}", file=sys.stderr)
        return 1
    except (DatasetError, MissingExtra, WeightsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (ClusterError, StudyError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run the same command to resume.")
        return 130
    print(table)
    return 0


def load_whole(dataset: str) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    """The test images of a data set, and their labels.

    Raises:
        DatasetError: there is none, or one of its images cannot be read: a study leaves nothing out.
    """
    images, labels, unread = load_images(dataset)
    if unread:
        raise DatasetError(f"{unread[0]}: replace or remove it")
    return images, labels


def train_all(recipe: str, seeds: list[int], threads: int, folder: Path) -> None:
    """Train all seeds that are not finished, as many at once as the cores allow.

    Raises:
        StudyError: a run failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max(1, usable_cores() // threads)) as pool:
        statuses = list(pool.map(lambda seed: train_one(recipe, seed, threads, folder), seeds))
    for seed, status in zip(seeds, statuses, strict=True):
        if status == 130:
            raise KeyboardInterrupt
        if status:
            raise StudyError(f"seed {seed} was not finished: {folder / f'seed{seed}.log'} says why")


def train_one(recipe: str, seed: int, threads: int, folder: Path) -> int:
    """Start or resume `training.train` and wait for it. Returns its exit status.

    Weights without a checkpoint were trained elsewhere, and copied here to be measured.
    """
    name = f"{recipe}-seed{seed}"
    command = [sys.executable, "-m", "training.train", "--name", name]
    if (RUNS / name / "checkpoint.npz").exists():
        command.append("--resume")
    elif (RUNS / name / "weights.npz").exists():
        return 0
    else:
        command += ["--recipe", recipe, "--dataset", DATASET, "--seed", str(seed), "--threads", str(threads)]
    with (folder / f"seed{seed}.log").open("a") as log:
        return subprocess.run(command, stdout=log, stderr=log, check=False).returncode


def measure(
    classifiers: dict[int, DigitClassifier], images: NDArray[np.uint8], labels: NDArray[np.integer]
) -> list[Row]:
    """A row for each seed, one for their mean, and one for the ensemble, which averages their probabilities."""
    blank = ~images.any(axis=(1, 2))
    probabilities = [classifier.predict_proba(images) for classifier in classifiers.values()]

    def row(name: str, probabilities: NDArray[np.floating]) -> Row:
        evaluation = evaluate(probabilities, labels, blank)
        certain = accuracy_of_most_certain(probabilities, labels, MOST_CERTAIN)
        worst = min(digit.recall for digit in evaluation.digits if digit.recall is not None)
        error = evaluation.calibration_error
        return Row(name, evaluation.accuracy, worst, math.nan if error is None else error, certain)

    rows = [row(f"seed {seed}", read) for seed, read in zip(classifiers, probabilities, strict=True)]
    mean = np.mean([astuple(seed_row)[1:] for seed_row in rows], axis=0)
    return [*rows, Row("mean", *mean.tolist()), row("ensemble", np.mean(probabilities, axis=0))]


def as_table(recipe: str, classifiers: dict[int, DigitClassifier], rows: dict[str, list[Row]]) -> str:
    """The study in Markdown: how the seeds were trained, and a table for each data set."""
    headers = {seed: classifier.header for seed, classifier in classifiers.items()}
    lines = [f"# {recipe}: {len(headers)} seeds", "", "| seed | validation | training | commit |", "|---|---|---|---|"]
    for seed, header in headers.items():
        minutes = f"{header['training_seconds'] / 60:.1f} min on {header['threads']} threads"
        lines.append(f"| {seed} | {percent(header['validation_accuracy'])} | {minutes} | {header['commit']} |")
    accuracies = [header["validation_accuracy"] for header in headers.values()]
    hours = sum(header["training_seconds"] for header in headers.values()) / 3600
    lines.append(f"| mean | {mean_and_deviation(accuracies)} | {hours:.2f} h in total | |")
    for dataset, read in rows.items():
        spread = mean_and_deviation([row.accuracy for row in read[:-2]])
        lines += ["", f"## {dataset}", "", f"Accuracy, mean and standard deviation over the seeds: {spread}.", ""]
        columns = ("", "accuracy", "worst digit", "calibration error", f"{MOST_CERTAIN:.0%} most certain")
        lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        lines += [f"| {row.name} | {' | '.join(map(percent, astuple(row)[1:]))} |" for row in read]
    return "\n".join([*lines, ""])


def mean_and_deviation(shares: list[float]) -> str:
    """The mean and the sample's standard deviation."""
    if len(shares) == 1:
        return percent(shares[0])
    return f"{percent(float(np.mean(shares)))} ± {percent(float(np.std(shares, ddof=1)))}"


if __name__ == "__main__":
    sys.exit(main())
