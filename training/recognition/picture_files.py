"""Reads image files one by one: the reading of each, or the reason why it failed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal

from threadpoolctl import threadpool_limits

from data.ink import PictureError
from model.classifier import DigitClassifier
from model.reading import Verdict

from ..cluster import each
from ..formatting import readable
from .drawing import DrawnDigit
from .picture import read_picture
from .text import as_text

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic")  # of image files in a folder
MOST_BYTES = 100 * 2**20
AT_ONCE = 16  # images per task of a process


@dataclass(frozen=True)
class FoundDigit:
    """One digit of an image: the reading, its probability and its position.

    Attributes:
        sign: ".", "," or "−" where it is one of these and no digit, else "".
        box: left, top, right and bottom, in pixels of the image as it was read: at most 800 a side.
    """

    digit: int
    verdict: Literal["digit", "unsure", "no digit"]
    probability: float
    box: tuple[float, float, float, float]
    sign: str = ""


@dataclass(frozen=True)
class PictureReading:
    """The reading of one image.

    Attributes:
        reading: as in the app: "7", "Unsure: 4 or 9", "20?6".
        verdict: "digit" if every digit is certain, "no digit" if all are refused, "blank" if there is no ink, "error",
            and "unsure" for all else.
        probability: of the least certain digit; None if there is no digit.
        error: why the image could not be read, else "".
    """

    file: str
    reading: str
    verdict: Literal["digit", "unsure", "no digit", "blank", "error"]
    probability: float | None
    digits: tuple[FoundDigit, ...]
    error: str = ""


def read_pictures(
    classifier: DigitClassifier, files: Iterable[str | Path], jobs: int = 1, scheduler: str | None = None
) -> Iterator[PictureReading]:
    """The readings of image files, in order; for a file that cannot be read, the reason.

    Args:
        jobs: the number of processes; 1 starts no other process.
        scheduler: the address of a Dask scheduler, whose workers read instead: they need access to the files.

    Raises:
        ClusterError, MissingExtra: as in `training.cluster.each`.
    """
    names = list(map(str, files))
    groups = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    # Processes that were started in another folder would not find relative names.
    read = partial(read_files, folder=Path.cwd())
    return chain.from_iterable(each(read, partial(given, classifier), groups, jobs, scheduler))


def given(classifier: DigitClassifier) -> DigitClassifier:
    """The classifier itself, as a function that the workers of a cluster can call."""
    return classifier


def read_files(classifier: DigitClassifier, files: Iterable[str], folder: Path) -> list[PictureReading]:
    with threadpool_limits(1, user_api="blas"):  # the same sums, whatever the number of processes
        return [read_file(classifier, file, folder) for file in files]


def read_file(classifier: DigitClassifier, file: str, folder: Path) -> PictureReading:
    """The reading of one file, whose name may be relative to the folder."""
    name = readable(file)
    try:
        path = folder / file
        if path.stat().st_size > MOST_BYTES:
            raise PictureError(f"the file is larger than {MOST_BYTES >> 20} MiB")
        digits = read_picture(classifier, path.read_bytes())
    except (OSError, PictureError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        return PictureReading(name, "", "error", None, (), str(reason))
    found = tuple(map(found_digit, digits))
    if not found:
        return PictureReading(name, "", "blank", None, ())
    counted = [digit for digit in found if not digit.sign] or found  # a point between digits takes no certainty away
    verdicts = {digit.verdict for digit in counted}
    verdict = counted[0].verdict if len(verdicts) == 1 else "unsure"
    return PictureReading(name, as_text(digits), verdict, min(digit.probability for digit in counted), found)


def found_digit(digit: DrawnDigit) -> FoundDigit:
    verdicts: dict[Verdict, Literal["digit", "unsure", "no digit"]] = {
        Verdict.DIGIT: "digit",
        Verdict.UNSURE: "unsure",
        Verdict.NO_DIGIT: "no digit",
    }
    reading = digit.reading
    return FoundDigit(reading.digit, verdicts[reading.verdict], round(reading.probability, 6), digit.box, digit.sign)
