"""The accuracy reports that `python -m training.evaluate` wrote: found, named and checked before a page shows them."""

import json
from base64 import b64decode
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from ..files import fits

FORMAT = 2
ENLARGED = 4  # times; a picture of 28×28 pixels is too small to be seen

Share = float | int | None  # None where a number is not defined
SCORE = {"digit": int, "images": int, "precision": Share, "recall": Share, "f1": Share}
EPOCH = dict.fromkeys(("epoch", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy"), Share)
READING = {"truth": int, "answer": int, "index": int, "probability": float, "picture": str}
# What pages need of a report.json, by example: a list stands for any number of what it holds.
SHAPE: Any = {
    "created": str,
    "weights": str,
    "dataset": str,
    "about_dataset": str,
    "training": dict,
    "versions": str,
    "parameters": int,
    "seconds_per_10000": Share,
    "images": int,
    "blank": int,
    "correct": int,
    "accuracy": float,
    "accuracy_interval": [float],
    "digits": [SCORE],
    "confusion": [[int]],
    "confused_pairs": [{"truth": int, "answer": int, "images": int}],
    "calibration": [{"probability": float, "accuracy": float, "images": int}],
    "calibration_error": Share,
    "mistakes": [READING],
    "examples": [READING],  # of each cell of the confusion matrix a few
    "history": [EPOCH],
}


class DamagedReport(ValueError):
    """The file is no report that can be shown; the message names it and the cure."""


def list_reports(root: Path) -> list[Path]:
    """Every `report.json` that runs left below `root`, the newest first."""
    return sorted(root.glob("*/report/**/report.json"), key=lambda path: path.stat().st_mtime, reverse=True)


def report_name(path: Path, root: Path) -> str:
    """`root/quick/report/usps/report.json` → "quick on usps, 3 May 2025, 14:05"; no "on" for a run's own data set."""
    run, _, *dataset, _ = path.relative_to(root).parts
    written = datetime.fromtimestamp(path.stat().st_mtime)
    return f"{' on '.join([run, *dataset])}, {written.day} {written:%B %Y, %H:%M}"


def read_report(path: Path) -> dict[str, Any]:
    """The report in a `report.json`, its pictures decoded and enlarged.

    Raises:
        DamagedReport: the file cannot be read or does not hold what `SHAPE` asks for.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if not fits(report, SHAPE) or report.get("format") != FORMAT or len(report["accuracy_interval"]) != 2:
            raise ValueError("it does not hold what a report does")
        if [len(row) for row in report["confusion"]] != [10] * 10 or len(report["digits"]) != 10:
            raise ValueError("there are ten digits")
        for reading in [*report["mistakes"], *report["examples"]]:
            reading["picture"] = enlarged(b64decode(reading["picture"]))
    except (OSError, ValueError, RecursionError):
        raise DamagedReport(f"{path} is damaged, or from another version of this program: evaluate again") from None
    return report


def enlarged(picture: bytes) -> Image.Image:
    """A PNG, every pixel of it a sharp square."""
    image = Image.open(BytesIO(picture), formats=["PNG"])
    return image.resize((image.width * ENLARGED, image.height * ENLARGED), Image.Resampling.NEAREST)
