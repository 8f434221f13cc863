"""The accuracy report as a file: the contents of `report.json`, its reader and writer, and the folders of reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from data.datasets import DATASETS
from model.files import write_whole

from ..files import RUNS, modified
from ..json_numbers import Natural
from ..pictures import from_png
from ..runs.progress import Epoch
from .scores import Answer, Answering, Evaluation

MOST_NAMES = 20  # of unread files
FILES = "files"  # the subfolder of reports on files and folders: no data set has that name
Fact = str | int | float | None


class DamagedReport(ValueError):
    """The report cannot be shown; the message names the file and the cure."""


@dataclass(frozen=True)
class PicturedAnswer(Answer):
    """An answer with the network's input: a PNG of 28×28 pixels, dark ink on white paper."""

    picture: bytes

    def __post_init__(self) -> None:
        from_png(self.picture)


@dataclass(frozen=True, kw_only=True)
class Report(Evaluation):
    """The metrics of a weights file on a data set, and the facts about both.

    Attributes:
        format: the version of the file format.
        dataset: the name of the data set, or the path of the user's own images.
        training: how the network was trained, from the header of its weights file.
        versions: the versions of Python and of the packages used for the evaluation.
        seconds_per_10000: time for 10,000 images.
        answering: what the app would show for these images.
        unread: the files that could not be read, each with the reason; they count nowhere else.
    """

    format: Literal[3]
    created: str
    weights: str
    dataset: str
    about_dataset: str
    training: dict[str, Fact]
    versions: str
    parameters: Natural
    seconds_per_10000: float
    answering: Answering
    unread: list[str]
    mistakes: Sequence[PicturedAnswer]
    examples: Sequence[PicturedAnswer]
    history: list[Epoch]


def save_report(path: Path, report: Report) -> None:
    """Write the report atomically.

    Raises:
        OSError: the disk is full or read-only; an older file at `path` is unchanged.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(report), indent=1))


def read_report(path: Path) -> Report:
    """Read a `report.json`.

    Raises:
        DamagedReport: the file cannot be read, or is not a valid `Report`.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, ValueError, RecursionError):
        raise DamagedReport(f"{path} is damaged, or from another version of this program: measure again") from None


def report_folder(weights: Path, dataset: str | None = None) -> Path:
    """The folder of a report: `runs/<name>/report/`, with a subfolder if the data set is not the network's own.

    A file or folder `/home/me/digits` has the subfolder `files/home/me/digits`: so no two data sets share one.

    For a weights file outside `runs/<name>/`, the name is made from its path: `model/pretrained/quick.npz` gives
    `runs/pretrained-quick/report/`.
    """
    path = weights.resolve()
    if path.name == "weights.npz" and path.parent.parent.name == RUNS.name:
        folder = weights.parent / "report"
    else:
        folder = RUNS / f"{path.parent.name}-{path.stem}" / "report"
    if not dataset:
        return folder
    if dataset in DATASETS:
        return folder / dataset
    path = Path(dataset).resolve()
    return folder / FILES / path.relative_to(path.anchor)


def list_reports(runs: Path) -> list[Path]:
    """Every `report.json` in `runs`, newest first."""
    return sorted(runs.glob("*/report/**/report.json"), key=modified, reverse=True)


def report_name(path: Path, runs: Path) -> str:
    """`runs/quick/report/usps/report.json` → "quick on usps, 3 May 2025, 14:05"; no "on" for a run's own data set.

    Files and folders have their path, from the working folder where they are in it.
    """
    run, _, *dataset, _ = path.relative_to(runs).parts
    written = datetime.fromtimestamp(modified(path))
    return f"{' on '.join([run, *_shown(dataset)])}, {written.day} {written:%B %Y, %H:%M}"


def _shown(dataset: list[str]) -> list[str]:
    if dataset[:1] != [FILES]:
        return dataset
    path, here = Path(Path.cwd().anchor, *dataset[1:]), Path.cwd()
    return [str(path.relative_to(here) if here in path.parents else path)]


def unread_lines(report: Report) -> list[str]:
    """The files that could not be read, at most `MOST_NAMES` of them, and how many more there are."""
    more = len(report.unread) - MOST_NAMES
    return report.unread[:MOST_NAMES] + ([f"and {more:,} more, which report.json names"] if more > 0 else [])
