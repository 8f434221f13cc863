"""Measures how well pages and drawings are read: `python -m training.recognition.page_reading WEIGHTS STROKES.npz`.

The pages are synthetic: digits of the strokes file on paper, each page with one trouble of a photograph. With `--tune`,
only half of the writers and half of the troubles are used: thresholds are chosen on these. Without, the other half of
the writers is measured, on all troubles.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError
from data.lines import MINUS
from data.samples import load_written_digits
from data.strokes import Strokes
from model.classifier import DigitClassifier
from model.weights import WeightsError

from ..cli import Parser, positive
from ..formatting import percent
from .drawing import DrawnDigit, read_drawing
from .number_splitting import SPACINGS, compose
from .pages import PENS, make_page
from .picture import read_picture
from .text import as_text
from .troubles import ON_INK, ON_PAGE, TUNED

NATURAL, _, TOUCHING, _ = SPACINGS
PAGES = 200  # of each kind
OUTCOMES = ("right", "wrong", "unsure", "refused")


@dataclass(frozen=True)
class Writing:
    """Strokes, and the text that they show; `height` is that of a digit, in the strokes' unit."""

    strokes: Strokes
    text: str
    height: float


class Writers:
    """Composes the digits of some writers into numbers, of one writer each.

    Args:
        drawings, labels, writers: as `data.samples` loads them.
    """

    def __init__(self, drawings: list[Strokes], labels: NDArray, writers: NDArray) -> None:
        self.drawings, self.labels, self.writers = drawings, labels, writers

    def digit(self, rng: np.random.Generator) -> Writing:
        return self._writing([int(rng.integers(len(self.drawings)))], rng)

    def number(self, rng: np.random.Generator, touching: bool = False) -> Writing:
        """Two to five digits of one writer."""
        same = np.flatnonzero(self.writers == rng.choice(self.writers))
        return self._writing(rng.choice(same, rng.integers(2, 6)).tolist(), rng, touching)

    def touching(self, rng: np.random.Generator) -> Writing:
        return self.number(rng, touching=True)

    def lines(self, rng: np.random.Generator) -> Writing:
        """Two numbers of one to three digits, one above the other."""
        same = np.flatnonzero(self.writers == rng.choice(self.writers))
        upper, lower = (self._writing(rng.choice(same, rng.integers(1, 4)).tolist(), rng) for _ in range(2))
        tall = max(upper.height, lower.height)
        foot = max(stroke[:, 1].max() for stroke in upper.strokes)
        head = min(stroke[:, 1].min() for stroke in lower.strokes)
        move = np.array([rng.normal(0, 0.2) * tall, foot - head + rng.uniform(0.2, 0.8) * tall])
        strokes = [*upper.strokes, *(stroke + move for stroke in lower.strokes)]
        return Writing(strokes, f"{upper.text}\n{lower.text}", tall)

    def decimal(self, rng: np.random.Generator) -> Writing:
        """Two numbers of one or two digits with a point between them."""
        same = np.flatnonzero(self.writers == rng.choice(self.writers))
        whole, part = (self._writing(rng.choice(same, rng.integers(1, 3)).tolist(), rng) for _ in range(2))
        tall = max(whole.height, part.height)
        right = max(stroke[:, 0].max() for stroke in whole.strokes)
        foot = np.median([max(stroke[:, 1].max() for stroke in each.strokes) for each in (whole, part)])
        point = np.array([right + rng.uniform(0.15, 0.35) * tall, foot - rng.uniform(-0.05, 0.08) * tall])
        left = min(stroke[:, 0].min() for stroke in part.strokes)
        move = np.array([point[0] + rng.uniform(0.15, 0.35) * tall - left, 0])
        dot = np.stack([point, point + rng.normal(0, 0.02, 2) * tall])
        return Writing([*whole.strokes, dot, *(s + move for s in part.strokes)], f"{whole.text}.{part.text}", tall)

    def negative(self, rng: np.random.Generator) -> Writing:
        """A number of one to three digits with a minus sign before it."""
        same = np.flatnonzero(self.writers == rng.choice(self.writers))
        number = self._writing(rng.choice(same, rng.integers(1, 4)).tolist(), rng)
        points, tall = np.concatenate(number.strokes), number.height
        right, y = points[:, 0].min() - rng.uniform(0.25, 0.5) * tall, np.median(points[:, 1])
        left = right - rng.uniform(0.25, 0.6) * tall
        y += rng.normal(0, 0.05) * tall
        bar = np.array([[left, y + rng.normal(0, 0.03) * tall], [right, y + rng.normal(0, 0.03) * tall]])
        return Writing([bar, *number.strokes], MINUS + number.text, tall)

    def _writing(self, chosen: list[int], rng: np.random.Generator, touching: bool = False) -> Writing:
        digits = [self.drawings[i] for i in chosen]
        number = compose(digits, TOUCHING if touching else NATURAL, rng)
        height = float(np.median([np.ptp(np.concatenate(digit)[:, 1]) for digit in digits]))
        return Writing([stroke for stroke, _ in number], "".join(str(self.labels[i]) for i in chosen), height)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.recognition.page_reading",
        description="Count how synthetic pages and drawings are read.",
    )
    parser.add_argument("weights", help="the weights file whose network reads")
    parser.add_argument("strokes", help="a file of single digits and who wrote them: see data/samples.py")
    parser.add_argument("--pages", type=positive, default=PAGES, help="how many of each kind (default: %(default)s)")
    parser.add_argument(
        "--tune", action="store_true", help="use only the writers and troubles that thresholds are chosen on"
    )
    options = parser.parse_args(arguments)
    try:
        classifier = DigitClassifier.load(options.weights)
        drawings, labels, writers = load_written_digits(options.strokes)
        if len(np.unique(writers)) < 2:
            raise DatasetError(f"{options.strokes} has one writer: half of two or more is for choosing thresholds")
    except (WeightsError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    in_half = np.isin(writers, np.unique(writers)[0 if options.tune else 1 :: 2])
    half = Writers([drawings[i] for i in np.flatnonzero(in_half)], labels[in_half], writers[in_half])
    print(f"{'':26}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES))
    for name, read in kinds(classifier, half, options.tune):
        counts = Counter(read(np.random.default_rng([number, 0])) for number in range(options.pages))
        shares = "".join(f"{percent(counts[outcome] / options.pages):>10}" for outcome in OUTCOMES)
        print(f"{name:26}{shares}", flush=True)
    return 0


def kinds(
    classifier: DigitClassifier, half: Writers, tune: bool
) -> Iterator[tuple[str, Callable[[np.random.Generator], str]]]:
    """Each kind of page or drawing: its name, and a function that makes one, reads it and returns the outcome."""

    def page(
        write: Callable[[np.random.Generator], Writing], trouble: str, pen: str = "", tilted: bool = False
    ) -> Callable[..., str]:
        def read(rng: np.random.Generator) -> str:
            writing = write(rng)
            tool = PENS[pen or ("biro", "felt", "pencil")[rng.integers(3)]]
            content = make_page(writing.strokes, writing.height, tool, trouble, rng, tilted)
            return outcome(read_picture(classifier, content), writing.text)

        return read

    def drawing(write: Callable[[np.random.Generator], Writing]) -> Callable[..., str]:
        def read(rng: np.random.Generator) -> str:
            writing = write(rng)
            scale = 300 / writing.height  # the pad is 1000 wide, its pen 45
            return outcome(read_drawing(classifier, [stroke * scale for stroke in writing.strokes]), writing.text)

        return read

    for trouble in {**ON_PAGE, **ON_INK}:
        if trouble in TUNED or not tune:
            yield f"page, {trouble}", page(half.digit, trouble)
            yield f"page, {trouble}, tilted", page(half.digit, trouble, tilted=True)
    for pen in PENS:
        yield f"page, {pen}", page(half.digit, "clean", pen)
    several = {
        "number": half.number,
        "two lines": half.lines,
        "decimal point": half.decimal,
        "minus": half.negative,
        "touching": half.touching,
    }
    for name, write in several.items():
        yield f"page, {name}", page(write, "clean")
    for trouble in ("hard shadow", "ruled", "squared"):
        yield f"page, number, {trouble}", page(half.number, trouble)
    yield "page, decimal point, ruled", page(half.decimal, "ruled")
    for name, write in {"digit": half.digit, **several}.items():
        yield f"drawing, {name}", drawing(write)


def outcome(digits: list[DrawnDigit], text: str) -> str:
    """The outcome of a reading, one of `OUTCOMES`. Nothing but non-digits is refused; any digit withheld is unsure."""
    read = as_text(digits)
    if read == text:
        return "right"
    if not read or all(digit.reading.verdict.name == "NO_DIGIT" for digit in digits):
        return "refused"
    return "unsure" if "?" in read or "Unsure" in read else "wrong"


if __name__ == "__main__":
    sys.exit(main())
