"""Reads a drawing: splits its strokes into digits and signs, and reads each digit. Here `data` and `model` meet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data.ink import strokes_to_image
from data.lines import is_dot
from data.parts import Part
from data.segmentation import segment_parts
from data.strokes import Strokes, parts_of, strokes_of
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict

from .letters import MEET, meet, one_by_one

# Width of each digit as a share of its height, between the middles of its lines: 99 % of MNIST's training images are
# narrower.
WIDEST = (1.53, 0.94, 1.85, 1.3, 1.3, 1.85, 1.21, 1.3, 1.3, 1.06)
HARDLY = 0.01  # times as likely
SPECK = 270  # thousandths of the pad's side, six times its pen's width: the strokes of a digit are longer together


@dataclass(frozen=True, eq=False)
class DrawnDigit:
    """One digit or sign of what was written: its picture that the network sees, and what it reads there."""

    strokes: Strokes  # none where it stands in a picture
    image: NDArray[np.uint8]  # (28, 28)
    reading: Reading
    box: tuple[float, float, float, float]  # left, top, right and bottom, in the strokes' unit or pixels
    line: int = 0  # counted from the top
    sign: str = ""  # which it is, where that is certain of what is no digit: ".", "," or "−"


def read_drawing(classifier: DigitClassifier, strokes: Sequence[NDArray[np.float64]]) -> list[DrawnDigit]:
    """The digits and signs in the strokes, line by line and from left to right; none where there is no point.

    Args:
        strokes: arrays `(k, 2)` of points, x right, y down, in thousandths of the pad's side.
    """
    strokes = [stroke for stroke in strokes if len(stroke)]

    def read(parts: list[Part]) -> tuple[NDArray[np.uint8], list[Reading]]:
        images = np.stack([image_of(strokes_of(part, strokes)) for part in parts])
        return images, classifier.read(images)

    parts = dots_joined(parts_of(strokes), strokes)
    signs = segment_parts(parts, lambda parts: certainty(read(parts)[1], parts))
    if not signs:
        return []
    images, readings = read([sign.part for sign in signs])
    single = one_by_one(signs, readings, strokes)
    if len(single) < len(signs):
        signs = single
        images, readings = read([sign.part for sign in signs])
    is_speck = sum(np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes) < SPECK
    digits = []
    for sign, image, reading in zip(signs, images, readings, strict=True):
        part = sign.part
        shown = refused(reading) if sign.sign or is_speck else reading
        box = (part.left, part.top, part.right, part.bottom)
        digits.append(DrawnDigit(strokes_of(part, strokes), image, shown, box, sign.line, sign.sign.strip("?")))
    return digits


def dots_joined(parts: list[Part], strokes: Strokes) -> list[Part]:
    """The parts, each dot that meets a larger one joined to it: the pen touched the pad before it was meant to draw."""
    unit = max((part.height for part in parts), default=0.0)
    dots = [part for part in parts if is_dot(part, unit)]
    if len(dots) == len(parts):
        return parts
    joined = [part for part in parts if part not in dots]
    for dot in dots:
        met = next((i for i, part in enumerate(joined) if meet(part, dot, strokes, MEET * unit)), None)
        if met is None:
            joined.append(dot)
        else:
            joined[met] += dot
    return joined


def certainty(readings: list[Reading], parts: list[Part]) -> list[float]:
    """How likely each part is the digit that it is read as.

    What is refused is hardly one, however likely its likeliest is, and neither is what is too wide for it.
    """
    return [
        reading.probability * (HARDLY if reading.verdict is Verdict.NO_DIGIT or too_wide(reading, part) else 1)
        for reading, part in zip(readings, parts, strict=True)
    ]


def too_wide(reading: Reading, part: Part) -> bool:
    """Whether hardly any digit of this kind is as wide for its height."""
    return part.width > WIDEST[reading.digit] * part.height


def refused(reading: Reading) -> Reading:
    return replace(reading, verdict=Verdict.NO_DIGIT)


def image_of(group: Strokes) -> NDArray[np.uint8]:
    image = strokes_to_image(group)
    assert image is not None  # a group has points
    return image
