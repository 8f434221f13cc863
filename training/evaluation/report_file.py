"""The accuracy report as a file: what `report.json` holds, written and read, and where the reports of a run are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from model.files import write_whole

from ..files import RUNS
from ..json_numbers import Natural
from ..pictures import from_png
from ..runs.progress import Epoch
from .scores import Answer, Evaluation

Fact = str | int | float | None


class DamagedReport(ValueError):
    """The file is no report that can be shown; the message names it and the cure."""


@dataclass(frozen=True)
class PicturedAnswer(Answer):
    """An answer with what was read: a PNG of 28×28 pixels, dark ink on white paper."""

    picture: bytes

    def __post_init__(self) -> None:
        from_png(self.picture)


@dataclass(frozen=True, kw_only=True)
class Report(Evaluation):
    """How well one weights file reads one data set, and where both come from.

    Attributes:
        format: another number means another version of this program.
        dataset: its name, or the path of the user's own pictures.
        training: how the network was trained, as its weights file tells it.
        versions: of what it was measured with.
        seconds_per_10000: None where no picture was read.
    """

    format: Literal[2]
    created: str
    weights: str
    dataset: str
    about_dataset: str
    training: dict[str, Fact]
    versions: str
    parameters: Natural
    seconds_per_10000: float | None
    mistakes: Sequence[PicturedAnswer]
    examples: Sequence[PicturedAnswer]
    history: list[Epoch]


def save_report(path: Path, report: Report) -> None:
    """Write the report whole or not at all.

    Raises:
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(report), indent=1))


def read_report(path: Path) -> Report:
    """The report in a `report.json`.

    Raises:
        DamagedReport: the file cannot be read, or does not hold what a `Report` does.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, ValueError, RecursionError):
        raise DamagedReport(f"{path} is damaged, or from another version of this program: evaluate again") from None


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


def list_reports(runs: Path) -> list[Path]:
    """Every `report.json` below `runs`, the newest first."""
    return sorted(runs.glob("*/report/**/report.json"), key=lambda path: path.stat().st_mtime, reverse=True)


def report_name(path: Path, runs: Path) -> str:
    """`runs/quick/report/usps/report.json` → "quick on usps, 3 May 2025, 14:05"; no "on" for a run's own data set."""
    run, _, *dataset, _ = path.relative_to(runs).parts
    written = datetime.fromtimestamp(path.stat().st_mtime)
    return f"{' on '.join([run, *dataset])}, {written.day} {written:%B %Y, %H:%M}"
