"""Reads a picture of writing: finds the marks, splits them into digits and reads each digit."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data.cuts import Cuts
from data.ink import ink_to_image
from data.marks import find_marks
from data.parts import Part
from data.pictures import Picture, open_picture
from data.segmentation import segment_parts
from model.classifier import DigitClassifier
from model.reading import Verdict

from .drawing import HARDLY, DrawnDigit, certainty, refused

SURE_OF_A_SLICE = 0.98  # a digit cut off a mark is only believed from this probability on
SPECK = 3  # squared pen widths of ink: less than this is a speck, not a digit


def read_picture(classifier: DigitClassifier, content: Picture) -> list[DrawnDigit]:
    """The digits and signs in a picture, line by line and from left to right; none if there is no ink.

    Args:
        content: as `data.ink.picture_to_image` takes it.

    Raises:
        PictureError: the content is not a picture, or is damaged, empty or too large.
    """
    marks = find_marks(open_picture(content))
    if marks is None:
        return []
    cuts = Cuts(marks)

    def images(parts: list[Part]) -> NDArray[np.uint8]:
        return np.stack([ink_to_image(cuts.ink_of(part)) for part in parts])

    def certain(parts: list[Part]) -> list[float]:
        readings = classifier.read(images(parts))
        # A slice of any digit may look like a 1.
        return [
            sure * (HARDLY if reading.digit == 1 and cuts.leaves_some(part) else 1)
            for sure, reading, part in zip(certainty(readings, parts), readings, parts, strict=True)
        ]

    signs = segment_parts(cuts.parts(), certain)
    is_speck = (marks.labels > 0).sum() < SPECK * marks.pen_width**2
    digits = []
    seen = images([sign.part for sign in signs])
    for sign, image, reading in zip(signs, seen, classifier.read(seen), strict=True):
        part = sign.part
        read = reading
        if sign.sign or is_speck:
            read = refused(reading)
        elif reading.verdict is Verdict.DIGIT and reading.probability < SURE_OF_A_SLICE and cuts.leaves_some(part):
            read = replace(reading, verdict=Verdict.UNSURE)
        box = (part.left, part.top, part.right, part.bottom)
        digits.append(DrawnDigit([], image, read, box, sign.line, sign.sign.strip("?")))
    return digits
