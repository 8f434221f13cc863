"""Reads a drawing: splits its strokes into digits and reads each digit. Here `data` and `model` meet."""

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
    """One digit of a drawing: its strokes, the network's input, and the reading."""

    strokes: Strokes  # empty for an uploaded image
    image: NDArray[np.uint8]  # (28, 28)
    reading: Reading

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom, in the strokes' unit."""
        points = np.concatenate(self.strokes)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return left, top, right, bottom


def read_drawing(classifier: DigitClassifier, strokes: Sequence[NDArray[np.float64]]) -> list[DrawnDigit]:
    """The digits in the strokes, from left to right; empty if there are no points."""

    def read(groups: list[Strokes]) -> list[DrawnDigit]:
        images = np.stack([image_of(group) for group in groups])
        readings = classifier.read(images)
        return [DrawnDigit(*parts) for parts in zip(groups, images, readings, strict=True)]

    def certainty(groups: list[Strokes]) -> list[float]:
        return [digit.reading.probability for digit in read(groups)]

    groups = segment(strokes, certainty)
    return read(groups) if groups else []


def image_of(group: Strokes) -> NDArray[np.uint8]:
    image = strokes_to_image(group)
    assert image is not None  # a group has points
    return image
