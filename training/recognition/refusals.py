"""Measures how many non-digit drawings are refused: `python -m training.recognition.refusals WEIGHTS STROKES.npz`."""

import sys
from collections import Counter

import numpy as np

from data.datasets import DatasetError
from data.samples import load_samples
from model.classifier import DigitClassifier
from model.reading import Verdict
from model.weights import WeightsError

from ..cli import Parser
from ..formatting import percent
from .drawing import read_drawing
from .non_digit_drawings import non_digit_samples

LEAST_REFUSED = 8  # kinds to name


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
    on_the_page = Counter(
        any(digit.reading.verdict is Verdict.NO_DIGIT for digit in read_drawing(classifier, strokes))
        for _, strokes in non_digits
    )
    print(f"{len(non_digits):,} non-digit drawings of {len(kinds)} kinds")
    print(f"  refused              {share(refused.total(), len(non_digits))}")
    print(f"  unsure               {share(verdicts[Verdict.UNSURE], len(non_digits))}")
    print(f"  refused at least in part, if read as a number  {share(on_the_page[True], len(non_digits))}")
    least = sorted(kinds, key=lambda name: refused[name] / kinds[name])[:LEAST_REFUSED]
    print(f"  least often refused  {', '.join(f'{name} {refused[name]}/{kinds[name]}' for name in least)}")

    readings = classifier.read(digits)
    verdicts = Counter(reading.verdict for reading in readings)
    right = np.array([reading.digit for reading in readings]) == labels
    answered = np.array([reading.verdict is Verdict.DIGIT for reading in readings])
    print(f"{len(labels):,} digits of {options.strokes}")
    print(f"  refused              {share(verdicts[Verdict.NO_DIGIT], len(labels))}")
    print(f"  unsure               {share(verdicts[Verdict.UNSURE], len(labels))}")
    print(f"  right, if answered   {share((right & answered).sum(), answered.sum())}")
    return 0


def share(part: int, whole: int) -> str:
    return percent(part / max(whole, 1))


if __name__ == "__main__":
    sys.exit(main())
