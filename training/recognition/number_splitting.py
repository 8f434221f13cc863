"""Measures the splitting of strokes into digits: `python -m training.recognition.number_splitting WEIGHTS STROKES.npz`.

Single digits must not be split at all. Numbers are composed of two to five digits by the same writer, with several
spacings; in one of them half of the digits are connected to the digit before.
"""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.datasets import DatasetError
from data.samples import load_written_digits
from data.strokes import Strokes
from model.classifier import DigitClassifier
from model.weights import WeightsError

from ..cli import Parser
from .drawing import DrawnDigit, read_drawing

NUMBERS = 400  # per spacing
DIGITS = (2, 5)  # per number: fewest, most
TALL = 400  # thousandths of the pad's side
UNEVEN = 0.04  # standard deviation of the digits' vertical position, as a share of their height


@dataclass(frozen=True)
class Spacing:
    """The range of the gap between the boxes of two neighbouring digits, as a share of their height."""

    name: str
    narrowest: float
    widest: float
    connected: float = 0  # share of digits connected to the digit before


SPACINGS = (
    Spacing("natural", 0.15, 0.4),
    Spacing("tight", -0.02, 0.1),
    Spacing("touching", -0.1, 0.02),
    Spacing("connected", 0.1, 0.4, connected=0.5),
)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.recognition.number_splitting",
        description="Count how often strokes are split correctly.",
    )
    parser.add_argument("weights", help="the weights file of the network that decides ambiguous cases")
    parser.add_argument("strokes", help="a strokes file of single digits: data/samples.py describes the format")
    options = parser.parse_args(arguments)
    try:
        classifier = DigitClassifier.load(options.weights)
        drawings, labels, writers = load_written_digits(options.strokes)
    except (WeightsError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    drawings = [on_pad(drawing) for drawing in drawings]
    wrong = sum(len(read_drawing(classifier, strokes)) != 1 for strokes in drawings)
    print(f"single     {wrong} of {len(drawings):,} digits wrongly split")
    for spacing in SPACINGS:
        rng = np.random.default_rng(0)
        right = read = 0
        for _ in range(NUMBERS):
            same_writer = np.flatnonzero(writers == rng.choice(writers))
            chosen = rng.choice(same_writer, rng.integers(*DIGITS, endpoint=True))
            number = compose([drawings[i] for i in chosen], spacing, rng)
            digits = read_drawing(classifier, [stroke for stroke, _ in number])
            right += is_split_right(digits, number)
            read += [digit.reading.digit for digit in digits] == [labels[i] for i in chosen]
        shares = f"{right / NUMBERS:.1%} of {NUMBERS} numbers split right, {read / NUMBERS:.1%} read right"
        print(f"{spacing.name:9}  {shares}")
    return 0


def on_pad(digit: Strokes) -> Strokes:
    """The digit at the size at which people draw on the pad, in thousandths of the pad's side."""
    extent = max(np.ptp(np.concatenate(digit), axis=0))
    return [stroke * (TALL / extent) if extent else stroke for stroke in digit]


def compose(
    digits: list[Strokes], spacing: Spacing, rng: np.random.Generator
) -> list[tuple[NDArray, NDArray[np.intp]]]:
    """A number of these digits: its strokes, each with the place of the digit of every point, -1 in a ligature."""
    height = np.median([np.ptp(np.concatenate(digit)[:, 1]) for digit in digits])
    number: list[tuple[NDArray, NDArray[np.intp]]] = []
    right = 0.0
    for place, digit in enumerate(digits):
        points = np.concatenate(digit)
        gap = rng.uniform(spacing.narrowest, spacing.widest) * height
        feet = rng.normal(0, UNEVEN) * height
        move = np.array([right + gap - points[:, 0].min(), feet - points[:, 1].max()])
        moved = [stroke + move for stroke in digit]
        right = max(stroke[:, 0].max() for stroke in moved)
        strokes = [(stroke, np.full(len(stroke), place)) for stroke in moved]
        if number and rng.random() < spacing.connected:
            (before, places), (after, more) = number.pop(), strokes.pop(0)
            ligature = np.linspace(before[-1], after[0], 8)[1:-1]
            stroke = np.concatenate([before, ligature, after])
            number.append((stroke, np.concatenate([places, np.full(len(ligature), -1), more])))
        number += strokes
    return number


def is_split_right(digits: list[DrawnDigit], number: list[tuple[NDArray, NDArray[np.intp]]]) -> bool:
    """Whether each digit has its own points and, except at crossings, no others."""
    place_of = {tuple(point): place for stroke, places in number for point, place in zip(stroke, places, strict=True)}
    if len(digits) != max(place_of.values()) + 1:
        return False
    for place, digit in enumerate(digits):
        found = [place_of[tuple(point)] for stroke in digit.strokes for point in stroke]
        known = [found_place for found_place in found if found_place >= 0]
        if known.count(place) < 0.95 * len(known):
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
