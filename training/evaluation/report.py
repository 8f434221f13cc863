"""The accuracy report: how well one weights file reads one data set, as a page for people and as JSON for programs."""

import json
import math
import os
import platform
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from model.classifier import DigitClassifier
from model.files import write_whole

from ..files import RUNS, WRITABLE
from ..pictures import to_png
from ..runs.progress import read_history
from .metrics import evaluate
from .report_page import Report, page
from .report_plots import LIGHT, mistakes_plot
from .test_sets import about_images, load_images

FORMAT = 2
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
        dataset: a name in `DATASETS`, or the path of a folder or strokes file as in `data.samples`; by default the data
            set that the network was trained on.
        output: the folder to write to; `report_folder` chooses it by default.
        progress: is told the share of the pictures that is read, 0 to 1, again and again.

    Returns:
        What `report.json` holds, and the path of `report.html`.

    Raises:
        WeightsError, DatasetError, ReportError: something cannot be read or written. An older report still stands.
    """
    weights = Path(weights)
    classifier = DigitClassifier.load(weights)
    own = str(classifier.header.get("dataset") or "mnist")
    dataset = dataset or own
    report = make_report(weights, classifier, dataset, progress)
    folder = Path(output) if output else report_folder(weights, None if dataset == own else dataset)
    files: dict[str, str | bytes] = {
        "report.html": page(report),
        "report.json": json.dumps(report, indent=1, allow_nan=False),
    }
    if report["mistakes"]:
        files["mistakes.png"] = mistakes_plot(report["mistakes"], LIGHT)
    try:
        for name, content in files.items():
            write_whole(folder / name, content)
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(f"cannot write to {folder} ({reason}): {WRITABLE}, or choose another --output") from None
    return report, folder / "report.html"


def report_folder(weights: Path, dataset: str | None = None) -> Path:
    """Where a report goes: into `runs/<name>/report/`, for a data set that is not the network's own a folder deeper.

    A weights file outside of `runs/<name>/` makes its own name there: `model/pretrained/quick.npz` goes to
    `runs/pretrained-quick/report/`.
    """
    path = weights.resolve()
    if path.name == "weights.npz" and path.parent.parent.name == RUNS.name:
        folder = weights.parent / "report"
    else:
        folder = RUNS / f"{path.parent.name}-{path.stem}" / "report"
    return folder / Path(dataset).resolve().stem if dataset else folder


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
    evaluation = asdict(evaluate(probabilities, labels, blank))
    for reading in [*evaluation["mistakes"], *evaluation["examples"]]:
        reading["picture"] = b64encode(to_png(255 - images[reading["index"]])).decode()
    return finite(
        {
            "format": FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "weights": str(weights),
            "dataset": dataset,
            "about_dataset": about_images(dataset),
            "training": {name: in_words(classifier.header.get(name)) for name in TRAINING},
            "versions": in_words({"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}),
            "parameters": sum(array.size for array in classifier.network.parameters().values()),
            "seconds_per_10000": seconds / read * 10_000 if read else None,
            **evaluation,
            "history": history,
        }
    )


def in_words(value: Any) -> Any:
    """{"numpy": "2.4.6", "scipy": "1.17.1"} → "numpy 2.4.6, scipy 1.17.1"; what is no mapping stays as it is."""
    return ", ".join(f"{name} {each}" for name, each in value.items()) if isinstance(value, dict) else value


def finite(value: Any) -> Any:
    """The same data with None for the numbers that JSON does not know, NaN and the infinities."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
