"""The accuracy report of a weights file on a data set, as an HTML page and as JSON."""

import math
import os
import platform
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.classifier import DigitClassifier
from model.files import write_whole
from model.reading import Reading

from ..files import WRITABLE
from ..formatting import readable
from ..pictures import to_png
from ..runs.progress import read_history
from .answering import count_answers
from .metrics import evaluate
from .report_file import Fact, PicturedAnswer, Report, report_folder, save_report
from .report_page import page
from .report_plots import LIGHT, mistakes_plot
from .scores import Answer
from .test_sets import about_images, load_images

CHUNK = 500  # images between two progress updates
TRAINING = (
    "dataset",
    "recipe",
    "settings",
    "seed",
    "epochs",
    "training_seconds",
    "validation_accuracy",
    "temperature",
    "commit",
    "versions",
)
PACKAGES = ("numpy", "scipy", "scikit-learn")


class ReportError(ValueError):
    """No report can be written; the message names the cause and the cure."""


def write_report(
    weights: str | os.PathLike[str],
    dataset: str | None = None,
    output: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Report, Path]:
    """Evaluate a weights file and write `report.json`, `report.html` and, if there are mistakes, `mistakes.png`.

    Args:
        dataset: a name in `data.datasets.DATASETS`, or the path of a folder or file as in `data.samples`; by default
            the data set that the network was trained on.
        output: the folder to write to, by default that of `report_folder`.
        progress: called repeatedly with the share of the images done, 0 to 1.

    Returns:
        The report, and the path of `report.html`.

    Raises:
        WeightsError, DatasetError, ReportError: a file cannot be read or written. An older report is unchanged.
    """
    weights = Path(weights)
    classifier = DigitClassifier.load(weights)
    own = str(classifier.header.get("dataset") or "mnist")
    dataset = dataset or own
    report = make_report(weights, classifier, dataset, progress)
    folder = Path(output) if output else report_folder(weights, None if dataset == own else dataset)
    html, mistakes = page(report), mistakes_plot(report.mistakes, LIGHT) if report.mistakes else None
    try:
        write_whole(folder / "report.html", html)
        save_report(folder / "report.json", report)
        if mistakes:
            write_whole(folder / "mistakes.png", mistakes)
        else:
            (folder / "mistakes.png").unlink(missing_ok=True)  # of the report before
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(f"cannot write to {folder} ({reason}): {WRITABLE}, or choose another --output") from None
    return report, folder / "report.html"


def make_report(weights: Path, classifier: DigitClassifier, dataset: str, progress: Callable[[float], None]) -> Report:
    """Read every image of the data set once, and compute the report."""
    try:
        history = read_history(weights.with_name("history.csv"))
    except ValueError as error:
        raise ReportError(str(error)) from None
    images, labels, unread = load_images(dataset)
    readings: list[Reading] = []
    start = time.perf_counter()
    for done in range(0, len(images), CHUNK):
        progress(done / len(images))
        readings += classifier.read(images[done : done + CHUNK])
    seconds = time.perf_counter() - start
    progress(1)
    blank = (images == 0).all(axis=(1, 2))
    evaluation = evaluate([reading.probabilities for reading in readings], labels, blank)
    answers = {name: pictured(getattr(evaluation, name), images) for name in ("mistakes", "examples")}
    return Report(
        **(vars(evaluation) | answers),
        format=3,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        weights=readable(weights),
        dataset=readable(dataset),
        about_dataset=readable(about_images(dataset)),
        training={name: fact(classifier.header.get(name)) for name in TRAINING},
        versions=as_text({"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}),
        parameters=classifier.network.parameter_count(),
        seconds_per_10000=seconds / len(images) * 10_000,
        answering=count_answers(readings, labels, blank),
        unread=unread,
        history=history,
    )


def pictured(answers: Iterable[Answer], images: NDArray[np.uint8]) -> list[PicturedAnswer]:
    """The answers, each with the network's input."""
    return [PicturedAnswer(**vars(answer), picture=to_png(255 - images[answer.index])) for answer in answers]


def fact(value: Any) -> Fact:
    """An entry of a weights file's header as a plain value: others as text, None for numbers that are not finite."""
    if isinstance(value, dict):
        return as_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, Fact) else str(value)


def as_text(value: dict[str, Any]) -> str:
    """{"numpy": "2.4.6", "scipy": "1.17.1"} → "numpy 2.4.6, scipy 1.17.1"."""
    return ", ".join(f"{name} {text}" for name, text in value.items())
