"""Read many images: `python -m training.read scans/ --output readings.csv`.

Each row has the reading of one image, its verdict and probability, and the position of each digit; or, if the file
cannot be read, the reason. For Kaggle's digit-recognizer `test.csv`, the output is the `ImageId,Label` file to submit.
"""

import argparse
import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from data.labelled_pictures import visible
from model.classifier import DigitClassifier
from model.files import brief, replacing
from model.weights import WeightsError

from .cli import Parser, positive
from .cluster import ClusterError
from .extras import MissingExtra
from .files import WRITABLE
from .parallel.network import usable_cores
from .recognition.picture_files import SUFFIXES, PictureReading, read_pictures

FEW = 100  # images; fewer are read faster by one process than others start
ROWS_AT_ONCE = 2_000  # rows of Kaggle's file in memory
PIXELS = [f"pixel{i}" for i in range(784)]
COLUMNS = ("file", "reading", "verdict", "probability", "digits", "error")


class InputError(ValueError):
    """The input does not exist or has another format; the message names the cure."""


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 0, 1 if a cluster failed, 2 for bad input, 130 after Ctrl-C."""
    parser = Parser(prog="python -m training.read", description="Read images of digits.")
    add = parser.add_argument
    add("pictures", nargs="+", type=Path, help="image files, folders of them, or Kaggle's test.csv")
    add("--weights", default="best", help="a weights file, or best, quick, tiny or article (default: %(default)s)")
    add("--output", type=Path, help="the file to write, .csv or .jsonl (default: CSV on the terminal)")
    add("--jobs", type=positive, default=usable_cores(), help="number of processes (default: the cores, %(default)s)")
    add(
        "--scheduler",
        help="a Dask scheduler, tcp://host:8786, whose workers read instead; they need access to the files",
    )
    options = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    try:
        write(options.output, lines_of(options, verdicts))
    except (InputError, WeightsError, MissingExtra, ClusterError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ClusterError) else 2
    except BrokenPipeError:  # the reader of the output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(
            f"error: {options.output or 'the output'} cannot be written ({error.strerror or error}): {WRITABLE}",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130
    if broken := verdicts["error"]:
        print(f"{broken:,} of {verdicts.total():,} files could not be read: their rows say why", file=sys.stderr)
    return 0


def lines_of(options: argparse.Namespace, verdicts: Counter[str]) -> Iterator[str]:
    """The lines of the output; `verdicts` counts the verdicts meanwhile.

    Raises:
        InputError, WeightsError, MissingExtra, ClusterError: before the first line, unless a cluster fails later or a
            row of a table is wrong.
    """
    output, paths = options.output, options.pictures
    if output is not None and output.suffix not in (".csv", ".jsonl"):
        raise InputError(f"{output} must end in .csv or .jsonl: the suffix selects the format")
    classifier = DigitClassifier.load(options.weights)
    kaggle = [path for path in paths if path.suffix.lower() == ".csv"]
    as_json = output is not None and output.suffix == ".jsonl"
    if kaggle:
        if len(paths) > 1 or as_json:
            raise InputError(f"{kaggle[0]} must be the only input, and the output a .csv file")
        return label_lines(classifier, kaggle[0])
    files = picture_files(paths)
    jobs = options.jobs if len(files) > FEW else 1
    readings = read_pictures(classifier, files, jobs, options.scheduler)
    readings = counted(tqdm(readings, total=len(files), unit="picture", disable=None), verdicts)
    return json_lines(readings) if as_json else table_lines(readings)


def counted(readings: Iterable[PictureReading], verdicts: Counter[str]) -> Iterator[PictureReading]:
    for reading in readings:
        verdicts[reading.verdict] += 1
        yield reading


def write(path: Path | None, lines: Iterator[str]) -> None:
    """Write to a file, atomically, or to the terminal."""
    if path is None:
        sys.stdout.writelines(lines)
        return
    with replacing(path) as file:
        file.writelines(line.encode() for line in lines)


def picture_files(paths: Iterable[Path]) -> list[Path]:
    """The given files, and the images in the given folders and their subfolders, sorted; hidden files are skipped.

    Raises:
        InputError: a path does not exist, or a folder has no images.
    """
    files: list[Path] = []
    for path in paths:
        if os.path.isdir(path):  # unlike Path.is_dir, it says no of a name that is too long
            inside = [file for file in visible(path, "*") if file.suffix.lower() in SUFFIXES and file.is_file()]
            if not inside:
                raise InputError(f"{path} has no images ({', '.join(SUFFIXES)}): choose another folder")
            files += inside
        elif os.path.exists(path):
            files.append(path)
        else:
            raise InputError(f"there is no file or folder {path}: check the name")
    return files


def table_lines(readings: Iterable[PictureReading]) -> Iterator[str]:
    """CSV: one row per image, its digits as JSON."""
    yield csv_line(COLUMNS)
    for reading in readings:
        row = asdict(reading) | {"digits": json.dumps([asdict(digit) for digit in reading.digits])}
        yield csv_line(row[column] for column in COLUMNS)


def csv_line(values: Iterable[Any]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def json_lines(readings: Iterable[PictureReading]) -> Iterator[str]:
    """One JSON object per image."""
    for reading in readings:
        yield json.dumps(asdict(reading), ensure_ascii=False) + "\n"


def label_lines(classifier: DigitClassifier, file: Path) -> Iterator[str]:
    """Kaggle's rows: all images are digits, so each gets the likeliest digit."""
    image_id = 0
    for images in kaggle_pictures(file):
        if not image_id:
            yield "ImageId,Label\n"
        for digit in classifier.predict(images):
            image_id += 1
            yield f"{image_id},{digit}\n"


def kaggle_pictures(file: Path) -> Iterator[NDArray[np.uint8]]:
    """The images of Kaggle's `test.csv`, uint8 `(n, 28, 28)`, in chunks.

    Raises:
        InputError: the file is missing or has another format.
    """
    try:
        with pd.read_csv(file, chunksize=ROWS_AT_ONCE) as tables:
            for table in tables:
                if list(table.columns) != PIXELS:
                    raise ValueError("its columns are not pixel0 to pixel783")
                pixels = table.to_numpy()
                if pixels.dtype.kind not in "iu" or pixels.min() < 0 or pixels.max() > 255:
                    raise ValueError("its pixels are not all whole numbers from 0 to 255")
                yield pixels.astype(np.uint8).reshape(-1, 28, 28)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # including those of pandas
        raise InputError(f"{file} is not the test.csv of Kaggle's digit-recognizer ({brief(error)})") from None


if __name__ == "__main__":
    sys.exit(main())
