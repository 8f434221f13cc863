"""Measures how many non-digit drawings are refused: `python -m training.recognition.refusals WEIGHTS STROKES.npz`."""

import sys
from collections import Counter

import numpy as np

from data.datasets import DatasetError
from data.samples import load_samples
from data.strokes import Strokes
from model.classifier import DigitClassifier
from model.reading import Verdict
from model.weights import WeightsError

from ..cli import Parser
from ..formatting import percent
from .drawing import read_drawing
from .more_shapes import MORE_SHAPES
from .non_digit_drawings import SHAPES, drawings_by_three_hands, non_digit_samples
from .text import as_text

LEAST_REFUSED = 8  # kinds to name
PAD = 600  # thousandths of the pad's side: the size of a drawing


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, or 2 for bad input."""
    parser = Parser(
        prog="python -m training.recognition.refusals",
        description="Count non-digits and digits that are refused as non-digits.",
    )
    parser.add_argument("weights", help="the weights file to measure")
    parser.add_argument("strokes", help="a strokes file of real digits: data/samples.py describes the format")
    options = parser.parse_args(arguments)
    try:
        classifier = DigitClassifier.load(options.weights)
        digits, labels = load_samples(options.strokes)
    except (WeightsError, DatasetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    non_digits, images = non_digit_samples()
    kinds = Counter(name for name, _ in non_digits)
    readings = classifier.read(images)
    refused = Counter(
        name for (name, _), reading in zip(non_digits, readings, strict=True) if reading.verdict is Verdict.NO_DIGIT
    )
    verdicts = Counter(reading.verdict for reading in readings)
    print(f"{len(non_digits):,} non-digit drawings of {len(kinds)} kinds")
    print(f"  refused              {share(refused.total(), len(non_digits))}")
    print(f"  unsure               {share(verdicts[Verdict.UNSURE], len(non_digits))}")
    least = sorted(kinds, key=lambda name: refused[name] / kinds[name])[:LEAST_REFUSED]
    print(f"  least often refused  {', '.join(f'{name} {refused[name]}/{kinds[name]}' for name in least)}")

    for name, shapes in (("known", SHAPES), ("kept out", MORE_SHAPES)):
        print_page(classifier, name, drawings_by_three_hands(shapes))

    readings = classifier.read(digits)
    verdicts = Counter(reading.verdict for reading in readings)
    right = np.array([reading.digit for reading in readings]) == labels
    answered = np.array([reading.verdict is Verdict.DIGIT for reading in readings])
    print(f"{len(labels):,} digits of {options.strokes}")
    print(f"  refused              {share(verdicts[Verdict.NO_DIGIT], len(labels))}")
    print(f"  unsure               {share(verdicts[Verdict.UNSURE], len(labels))}")
    print(f"  right, if answered   {share((right & answered).sum(), answered.sum())}")
    return 0


def print_page(classifier: DigitClassifier, name: str, drawings: list[tuple[str, Strokes]]) -> None:
    """What the Draw page says of non-digits drawn by three hands."""
    said: dict[str, Counter[str]] = {"refused": Counter(), "partly": Counter(), "shown": Counter()}
    for kind, strokes in drawings:
        digits = read_drawing(classifier, [PAD * stroke for stroke in strokes])
        is_refused = all(digit.reading.verdict is Verdict.NO_DIGIT for digit in digits)
        is_number = as_text(digits).translate(dict.fromkeys(map(ord, "−.,\n"))).isdigit()
        said["refused" if is_refused else "shown" if is_number else "partly"][kind] += 1
    print(f"{len(drawings):,} non-digit drawings by three hands of {len(dict(drawings))} kinds, {name}, on the page")
    print(f"  refused              {share(said['refused'].total(), len(drawings))}")
    print(f"  unsure or in part    {share(said['partly'].total(), len(drawings))}")
    print(f"  shown as a number    {share(said['shown'].total(), len(drawings))}")
    print(f"  most often           {', '.join(f'{kind} {n}' for kind, n in said['shown'].most_common(LEAST_REFUSED))}")


def share(part: int, whole: int) -> str:
    return percent(part / max(whole, 1))


if __name__ == "__main__":
    sys.exit(main())
