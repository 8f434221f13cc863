"""What somebody drew, read: strokes parted into digits, and each digit read. Where `data` and `model` meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.ink import strokes_to_image
from data.segmentation import Strokes, segment
from model.classifier import DigitClassifier
from model.reading import Reading


@dataclass(frozen=True, eq=False)
class DrawnDigit:
    """One digit of a drawing: its strokes, the picture that the network sees, and what it reads there."""

    strokes: Strokes  # none where a picture was uploaded
    image: NDArray[np.uint8]  # (28, 28)
    reading: Reading

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in the strokes' unit."""
        points = np.concatenate(self.strokes)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return left, top, right, bottom


def read_drawing(classifier: DigitClassifier, strokes: Sequence[NDArray[np.float64]]) -> list[DrawnDigit]:
    """The digits in the strokes, from left to right; none where there is no point."""

    def read(groups: list[Strokes]) -> list[DrawnDigit]:
        images = np.stack([picture(group) for group in groups])
        return [DrawnDigit(*each) for each in zip(groups, images, classifier.read(images), strict=True)]

    def certainty(groups: list[Strokes]) -> list[float]:
        return [digit.reading.probability for digit in read(groups)]

    groups = segment(strokes, certainty)
    return read(groups) if groups else []


def picture(group: Strokes) -> NDArray[np.uint8]:
    image = strokes_to_image(group)
    assert image is not None  # a group has points
    return image
