"""Augmentation: pictures a little turned, sized, slanted and moved, so that a network never sees the same one twice.

Such a map of a picture is a linear map of its pixels: a sparse 784×784 matrix with four numbers a row, the bilinear
weights. To build and apply one for every image would cost more than the training step; instead an image shares its map
with those at the same position of the neighbouring batches. Within a batch all maps differ, and a product of one matrix
with dozens of pictures takes about a microsecond a picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

SIZE = 28  # pixels, both ways


@dataclass(frozen=True)
class Distortion:
    """How far pictures are changed at most, each way, drawn evenly: the affine distortions of Simard et al., "Best
    Practices for Convolutional Neural Networks", 2003.

    Attributes:
        rotation: degrees.
        scale: share of the size; width and height change apart.
        shear: pixels to the side for each pixel up.
        shift: pixels, both ways.
    """

    rotation: float
    scale: float
    shear: float
    shift: float

    def draw_map(self, rng: np.random.Generator) -> csr_array:
        """A random map: the float32 matrix that takes flattened pictures `(784, n)` to moved ones."""
        angle = np.radians(rng.uniform(-self.rotation, self.rotation))
        cos, sin = np.cos(angle), np.sin(angle)
        slant = rng.uniform(-self.shear, self.shear)
        # From a pixel of the result to the place in the picture that it is taken from, y before x.
        matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, 0], [slant, 1]])
        matrix *= rng.uniform(1 - self.scale, 1 + self.scale, size=2)
        centre = (SIZE - 1) / 2
        grid = np.indices((SIZE, SIZE)).reshape(2, -1) - centre  # y, x of each pixel
        places = matrix @ grid + centre + rng.uniform(-self.shift, self.shift, size=(2, 1))
        return bilinear(places)


def bilinear(places: NDArray[np.float64]) -> csr_array:
    """The matrix that reads a flattened picture at `places` `(2, 784)`, y and x in pixels; outside it is paper."""
    corner = np.floor(places)
    (y_far, x_far), (y, x) = places - corner, corner.astype(np.int32)
    columns = np.empty((places.shape[1], 4), np.int32)
    weights = np.empty((places.shape[1], 4), np.float32)
    for tap, (dy, dx) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        inside = (y + dy >= 0) & (y + dy < SIZE) & (x + dx >= 0) & (x + dx < SIZE)
        columns[:, tap] = np.where(inside, (y + dy) * SIZE + x + dx, 0)
        weights[:, tap] = inside * (y_far if dy else 1 - y_far) * (x_far if dx else 1 - x_far)
    rows = np.arange(0, columns.size + 1, 4, dtype=np.int32)
    return csr_array((weights.ravel(), columns.ravel(), rows), shape=(places.shape[1], SIZE * SIZE))


def augment(
    images: NDArray[np.uint8], batch_size: int, distortion: Distortion, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The pictures `(n, 28, 28)`, moved. Those `batch_size` apart share a map."""
    moved = np.empty((len(images), SIZE * SIZE), np.uint8)
    for position in range(min(batch_size, len(images))):
        pictures = images[position::batch_size].reshape(-1, SIZE * SIZE).T.astype(np.float32)  # (784, batches)
        moved[position::batch_size] = (distortion.draw_map(rng) @ pictures + np.float32(0.5)).T
    return moved.reshape(images.shape)
