"""Non-digit images drawn in the same way as the written digits, so that only their shape tells them from digits.

A quarter of them are random lines, which stand for the signs that are not in the list.
"""

import numpy as np
from numpy.typing import NDArray

from data.ink import SIZE

from .sign_skeletons import SIGNS
from .written_digits import Stroke, parse, write

RANDOM = 4  # every fourth image is a random line
POINTS = (4, 9)  # of a random line, end exclusive: with three points it could be a one or a seven
CORNERS = 0.3  # share of its points that are corners
ACROSS = 0.7  # its greatest width, as a share of its greatest height


def write_signs(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """`count` random signs in MNIST's frame: uint8 `(count, 28, 28)`."""
    names = list(SIGNS)
    images = np.empty((count, SIZE, SIZE), np.uint8)
    for i, image in enumerate(images):
        strokes = parse(SIGNS[names[rng.integers(len(names))]]) if i % RANDOM else random_line(rng)
        image[:] = write(strokes, 1, rng)[0]
    return images


def random_line(rng: np.random.Generator) -> list[Stroke]:
    """One or two strokes through random points."""
    strokes = []
    for _ in range(rng.integers(1, 3)):
        count = int(rng.integers(*POINTS))
        points = rng.uniform(0, 1, (count, 2)) * (ACROSS, 1)
        corners = {0, count - 1} | set(np.flatnonzero(rng.random(count) < CORNERS).tolist())
        strokes.append(Stroke(points, np.zeros((count, 1)), sorted(corners)))
    return strokes
