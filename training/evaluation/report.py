"""The accuracy report: how well one weights file reads one data set, as a page for people and as JSON for programs."""

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

from ..files import WRITABLE
from ..pictures import to_png
from ..runs.progress import read_history
from .metrics import evaluate
from .report_file import Fact, PicturedAnswer, Report, report_folder, save_report
from .report_page import page
from .report_plots import LIGHT, mistakes_plot
from .scores import Answer
from .test_sets import about_images, load_images

AT_ONCE = 500  # pictures read between two words about how far it is
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
    """There can be no report; the message names the cause and the cure."""


def write_report(
    weights: str | os.PathLike[str],
    dataset: str | None = None,
    output: str | os.PathLike[str] | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Report, Path]:
    """Evaluate a weights file and write `report.json` and `report.html`, and `mistakes.png` where there are any.

    Args:
        dataset: a name in `data.datasets.DATASETS`, or the path of a folder or strokes file as in `data.samples`; by
            default the data set that the network was trained on.
        output: the folder to write to; `report_folder` chooses it by default.
        progress: is told the share of the pictures that is read, 0 to 1, again and again.

    Returns:
        The report, and the path of `report.html`.

    Raises:
        WeightsError, DatasetError, ReportError: something cannot be read or written. An older report still stands.
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
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(f"cannot write to {folder} ({reason}): {WRITABLE}, or choose another --output") from None
    return report, folder / "report.html"


def make_report(weights: Path, classifier: DigitClassifier, dataset: str, progress: Callable[[float], None]) -> Report:
    """Read every picture of the data set once, and say how that went."""
    try:
        history = read_history(weights.with_name("history.csv"))
    except ValueError as error:
        raise ReportError(str(error)) from None
    images, labels = load_images(dataset)
    blank = ~images.any(axis=(1, 2))
    probabilities = np.zeros((len(images), 10))
    with_ink = np.flatnonzero(~blank)
    read = len(with_ink)
    start = time.perf_counter()
    for done in range(0, read, AT_ONCE):
        progress(done / read)
        rows = with_ink[done : done + AT_ONCE]
        probabilities[rows] = classifier.predict_proba(images[rows])
    seconds = time.perf_counter() - start
    progress(1)
    evaluation = evaluate(probabilities, labels, blank)
    answers = {name: pictured(getattr(evaluation, name), images) for name in ("mistakes", "examples")}
    return Report(
        **(vars(evaluation) | answers),
        format=2,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        weights=str(weights),
        dataset=dataset,
        about_dataset=about_images(dataset),
        training={name: fact(classifier.header.get(name)) for name in TRAINING},
        versions=in_words({"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}),
        parameters=sum(array.size for array in classifier.network.parameters().values()),
        seconds_per_10000=seconds / read * 10_000 if read else None,
        history=history,
    )


def pictured(answers: Iterable[Answer], images: NDArray[np.uint8]) -> list[PicturedAnswer]:
    """The answers, each with the pixels that the network saw."""
    return [PicturedAnswer(**vars(answer), picture=to_png(255 - images[answer.index])) for answer in answers]


def fact(value: Any) -> Fact:
    """A header's entry, for people: what JSON or a line cannot hold in words, and None for what is not finite."""
    if isinstance(value, dict):
        return in_words(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, Fact) else str(value)


def in_words(value: dict[str, Any]) -> str:
    """{"numpy": "2.4.6", "scipy": "1.17.1"} → "numpy 2.4.6, scipy 1.17.1"."""
    return ", ".join(f"{name} {each}" for name, each in value.items())
